"""What runs in a process of plug-ins: load each, say so, play until the engine's end closes."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import os
import queue
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

from instruments.block import InstrumentError
from instruments.hosts.function_host import FunctionHost
from instruments.hosts.host import PluginHost
from instruments.plugins.messages import MESSAGE_BYTES, PLUGIN_FRAMES
from instruments.plugins.parameters import describe, standing
from instruments.plugins.player import Player
from instruments.plugins.rings import Rings, SharedRings
from instruments.plugins.slot import HostSpec, Ready, SlotSpec


class _Voice:
    """Sends to the engine from a thread of its own: a state of megabytes must not hold up the sound."""

    def __init__(self, control: Connection[Any, Any]) -> None:
        self._control = control
        self._words: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="speak", daemon=True)
        self._thread.start()

    def say(self, slot: int | None, name: str, value: object = None) -> None:
        self._words.put((slot, name, value))

    def finish(self) -> None:
        """Until all has been said."""
        self._words.put(None)
        self._thread.join(2.0)

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while (words := self._words.get()) is not None:
                self._control.send(words)


class _Seat:
    """A player, its socket and its place among the others."""

    def __init__(self, slot: int, player: Player, rings: Rings, sock: socket.socket) -> None:
        self.slot, self.player, self.rings, self.sock = slot, player, rings, sock
        self._rest = b""

    def wake(self) -> bool:
        """Take what has come (or wait for it), play, answer. False when the engine's end is closed."""
        try:
            data = self.sock.recv(1 << 16)
        except ConnectionError:
            return False
        if not data:
            return False
        if self._rest:
            data = self._rest + data
        whole = len(data) - len(data) % MESSAGE_BYTES
        self._rest = data[whole:]
        player, busy = self.player, self.rings.busy
        busy[0] = 1
        player.hear(data, whole)
        busy[0] = 0
        if not self._answer():
            return False
        busy[0] = 1
        player.idle()
        busy[0] = 0
        return self._answer()

    def _answer(self) -> bool:
        if self.player.answers:
            try:
                self.sock.sendall(self.player.answers)
            except ConnectionError:
                return False
            self.player.answers.clear()
        return True


def run(specs: Sequence[SlotSpec], rate: int, ring_frames: int, memory_bytes: int, memories: Sequence[str],
        socks: Sequence[socket.socket], control: Connection[Any, Any], alive: Connection[Any, Any],
        output: Connection[Any, Any]) -> None:
    """The child: until the engine's ends of all sockets, or of `alive`, close."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setpgid"):
        # A group of its own: the terminal's Ctrl-C does not reach it, and if the engine dies while the child is stopped
        # (SIGSTOP), POSIX wakes the orphaned group with SIGHUP and SIGCONT, which ends it.
        os.setpgid(0, 0)
    _catch_output(output)
    faulthandler.enable(2)
    _limit_memory(memory_bytes)
    # Both of these work while a plug-in hangs: the second even if it holds the interpreter's lock.
    threading.Thread(target=_end_with, args=(alive,), name="end with engine", daemon=True).start()
    voice = _Voice(control)
    status = 0
    try:
        rings = [SharedRings(ring_frames, name) for name in memories]
        voice.say(None, "attached")
        seats = [seat for slot, spec in enumerate(specs)
                 if (seat := _seat(slot, spec, rings[slot], socks[slot], rate, control, voice)) is not None]
        gc.freeze()
        gc.disable()
        voice.say(None, "serving")
        _serve(seats)
    except BaseException as error:
        status = 1
        voice.say(None, "failed", _why(error))
    voice.finish()
    # Without the plug-ins' destructors, which are where plug-ins crash most and hang.
    os._exit(status)


def _why(error: BaseException) -> str:
    if isinstance(error, InstrumentError):
        return str(error)
    if isinstance(error, MemoryError):
        return "it asked for more memory than there is for it"
    return f"{type(error).__name__}: {error}"


def _seat(slot: int, spec: SlotSpec, rings: Rings, sock: socket.socket, rate: int, control: Connection[Any, Any],
          voice: _Voice) -> _Seat | None:
    """Load a plug-in; None where it is refused."""
    began = time.perf_counter()
    voice.say(slot, "loading")
    rings.busy[0] = 1
    faulthandler.dump_traceback_later(spec.host.load_timeout_s + 10.0, exit=True, file=2)
    try:
        host = load(spec, rate)
        described = describe(host) if spec.known is None else spec.known

        def say(name: str, value: object) -> None:
            if name == "command":
                to, command, given = control.recv()
                players[to].obey(command, given)
            else:
                voice.say(slot, name, value)

        players = _PLAYERS
        player = players[slot] = Player(host, rings, rate, say, described)
        player.begin()
    except InstrumentError as error:
        voice.say(slot, "refused", str(error))
        return None
    finally:
        rings.busy[0] = 0
        faulthandler.cancel_dump_traceback_later()
    voice.say(slot, "ready", Ready(
        host.name, host.vendor, host.version, host.latency, time.perf_counter() - began, host.is_instrument,
        host.takes_key, host.sends_midi, host.follows_tempo, described,
        () if spec.known is None else standing(host, described)))
    return _Seat(slot, player, rings, sock)


_PLAYERS: dict[int, Player] = {}
"""By slot: a command may be announced by another plug-in's socket than its own."""


def load(spec: SlotSpec, rate: int) -> PluginHost:
    """The plug-in, set and prepared. Raises InstrumentError."""
    host = make_host(spec.host)
    if spec.state is not None:
        host.load_state(spec.state)
    if spec.preset is not None:
        host.load_preset(spec.preset)
    host.set_params(spec.params)
    host.prepare(rate, PLUGIN_FRAMES)
    return host


def make_host(spec: HostSpec) -> PluginHost:
    """Raises InstrumentError."""
    if spec.function is not None:
        return FunctionHost(spec.function)
    assert spec.adapter is not None
    module, name = spec.adapter
    host: PluginHost = getattr(importlib.import_module(module), name)(spec.path, spec.which, spec.load_timeout_s)
    return host


def _serve(seats: list[_Seat]) -> None:
    for seat in seats:
        seat.sock.settimeout(None)
    if len(seats) == 1:
        while seats[0].wake():
            pass
        return
    by_socket = {seat.sock: seat for seat in seats}
    while by_socket:
        for sock in select.select(list(by_socket), (), ())[0]:
            if not by_socket[sock].wake():
                del by_socket[sock]


def _limit_memory(memory_bytes: int) -> None:
    """The engine watches what the process really takes, four times a second; this is for what is faster than that."""
    if not sys.platform.startswith("linux"):
        return
    import resource

    limit = 2 * memory_bytes
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if hard == resource.RLIM_INFINITY or hard > limit:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def _end_with(alive: Connection[Any, Any]) -> None:
    with contextlib.suppress(EOFError, OSError):
        alive.recv_bytes()
    os._exit(0)


def _catch_output(output: Connection[Any, Any]) -> None:
    """Send what the plug-in prints into the pipe; what does not fit is lost rather than waited for."""
    sys.stdin = open(os.devnull)  # noqa: SIM115, PTH123 - for the life of the process
    if os.name == "posix":
        os.set_blocking(output.fileno(), False)
        target = output.fileno()
    else:
        target = os.open(os.devnull, os.O_WRONLY)  # a pipe's handle there is no descriptor
    for standard in (1, 2):
        os.dup2(target, standard)
