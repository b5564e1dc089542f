"""The process that a plug-in lives in: its main thread loads it and plays it, so that a crash or a hang stays there.

`PluginProcess` is the near end's handle, for the thread that keeps the plug-in; `run` is what the child executes.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import numpy as np

from instruments.block import AudioBlock, InstrumentError, Transport
from instruments.hosts.function_host import FunctionHost, FunctionSpec
from instruments.hosts.host import ParamValue, PluginHost
from instruments.plugin_link import (
    MESSAGE,
    PLUGIN_FRAMES,
    Answer,
    Ask,
    Link,
    Message,
    SharedRings,
    pack,
    unpack,
)

GONE_S = 0.5
"""How long a process that was asked to end may take before it is killed."""


@dataclass(frozen=True, slots=True)
class PluginSpec:
    """What to load and how to play it.

    load_timeout_s  a plug-in that takes longer to load counts as hung
    function        what is played instead of a plug-in; path then only says where it is from
    """

    path: Path
    rate: int
    params: Mapping[str, ParamValue] = field(default_factory=dict)
    plugin_name: str | None = None
    ring_frames: int = 8192
    load_timeout_s: float = 30.0
    function: FunctionSpec | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """What the child says when it has loaded: the plug-in's own latency in frames, and what took how long."""

    name: str
    vendor: str
    version: str
    latency: int
    load_s: float


class PluginProcess:
    """A plug-in's process. All methods belong to one thread (any but the audio thread): they may block for long."""

    def __init__(self, spec: PluginSpec) -> None:
        """Spawn it; returns in about 10 ms, with the plug-in yet to be loaded."""
        context = multiprocessing.get_context("spawn")
        if multiprocessing.current_process().daemon:
            # Daemonic processes are refused children, lest those be orphaned; these end by themselves.
            multiprocessing.current_process().daemon = False
        self.started_s = time.monotonic()
        near, far = socket.socketpair()
        self.control, control = context.Pipe()
        alive, self._alive = context.Pipe(duplex=False)
        self.output, output = context.Pipe(duplex=False)
        self._rings = SharedRings(spec.ring_frames)
        self._sock = near
        self._linked = False
        self._words = bytearray()
        self._process = context.Process(
            target=run, args=(spec, self._rings.name, far, control, alive, output), daemon=True,
            name=f"sideman plug-in {spec.path.stem}",
        )
        try:
            self._process.start()
        except BaseException:
            self._rings.unlink()
            self._rings.close()
            for end in (near, self.control, self._alive, self.output):
                end.close()
            raise
        finally:
            for theirs in (far, control, alive, output):
                theirs.close()
        if os.name == "posix":
            os.set_blocking(self.output.fileno(), False)
        # Whatever way this process exits: multiprocessing would wait for a child that is stopped.
        self._at_exit = Finalize(self, self._process.kill, exitpriority=100)
        self.pid = self._process.pid
        self.sentinel = self._process.sentinel

    def attached(self) -> None:
        """The child has attached to the shared memory: its name can go."""
        self._rings.unlink()

    def link(self, latency: int) -> Link:
        """The audio's way to the plug-in, for the audio thread; who takes it closes it. Once only."""
        self._linked = True
        return Link(self._sock, self._rings, latency)

    def command(self, name: str, value: object) -> None:
        """Send a command to the plug-in once it is ready: by the pipe, and a message wakes the child for it."""
        with contextlib.suppress(OSError):  # it is gone or stuck, which the sentinel and the audio thread notice
            self.control.send((name, value))
            self._sock.send(pack(Message(Ask.COMMAND, 0, 0)))

    def words(self) -> str:
        """What the process has printed last, up to 4 kB; empties the pipe, never blocks."""
        with contextlib.suppress(OSError):
            while os.name == "posix" and (data := os.read(self.output.fileno(), 1 << 16)):
                self._words += data
        del self._words[:-4096]
        return self._words.decode(errors="replace")

    def kill(self) -> None:
        """End it at once, even if it is stopped."""
        self._process.kill()

    def end(self, *, gently: bool) -> int:
        """Let it end (gently: it may take GONE_S) or kill it; give everything back. Its exit code, -9 for SIGKILL."""
        self._alive.close()
        self._rings.unlink()
        if not self._linked:
            self._sock.close()
            self._rings.close()
        if gently:
            self._process.join(GONE_S)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        code = self._process.exitcode
        self.words()
        self._at_exit.cancel()
        self._process.close()
        self.control.close()
        self.output.close()
        return 0 if code is None else code


def run(spec: PluginSpec, shm: str, sock: socket.socket, control: Connection[Any, Any], alive: Connection[Any, Any],
        output: Connection[Any, Any]) -> None:
    """The child: load, say so, play until the engine's end of `sock` or `alive` closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setpgid"):
        # A group of its own: the terminal's Ctrl-C does not reach it, and if the engine dies while the child is stopped
        # (SIGSTOP), POSIX wakes the orphaned group with SIGHUP and SIGCONT, which ends it.
        os.setpgid(0, 0)
    _catch_output(output)
    faulthandler.enable(2)
    # Both of these work while a plug-in hangs: the second even if it holds the interpreter's lock.
    threading.Thread(target=_end_with, args=(alive,), name="end with engine", daemon=True).start()
    faulthandler.dump_traceback_later(spec.load_timeout_s + 10.0, exit=True, file=2)
    status = 0
    try:
        rings = SharedRings(spec.ring_frames, shm)
        control.send(("attached", None))
        host = _load(spec, control)
        faulthandler.cancel_dump_traceback_later()
        if host is not None:
            gc.freeze()
            gc.disable()
            Player(host, rings, sock, control, spec.rate).play()
    except BaseException as error:
        status = 1
        with contextlib.suppress(OSError):
            why = str(error) if isinstance(error, InstrumentError) else f"{type(error).__name__}: {error}"
            control.send(("failed", why))
    # Without the plug-in's destructors, which are where plug-ins crash most and hang.
    os._exit(status)


def _load(spec: PluginSpec, control: Connection[Any, Any]) -> PluginHost | None:
    began = time.perf_counter()
    try:
        host = _host(spec)
        host.set_params(spec.params)
        host.prepare(spec.rate, PLUGIN_FRAMES)
    except InstrumentError as error:
        control.send(("refused", str(error)))
        return None
    control.send(("ready", Ready(host.name, host.vendor, host.version, host.latency, time.perf_counter() - began)))
    return host


def _host(spec: PluginSpec) -> PluginHost:
    if spec.function is not None:
        return FunctionHost(spec.function)
    from instruments.hosts.pedalboard_host import PedalboardHost

    return PedalboardHost(spec.path, spec.plugin_name, spec.load_timeout_s)


class Player:
    """Plays one plug-in for one Link, in calls of PLUGIN_FRAMES frames."""

    def __init__(self, host: PluginHost, rings: SharedRings, sock: socket.socket, control: Connection[Any, Any],
                 rate: int) -> None:
        self._host, self._rings, self._sock, self._control, self._rate = host, rings, sock, control, rate
        self._audio: AudioBlock = np.zeros((2, PLUGIN_FRAMES), np.float32)
        self._position = 0
        self._played = False

    def play(self) -> None:
        """Until the other end closes."""
        self._sock.settimeout(None)
        rest = b""
        while True:
            try:
                data = self._sock.recv(1 << 16)
            except ConnectionError:
                return
            if not data:
                return
            data = rest + data
            whole = len(data) - len(data) % MESSAGE.size
            rest = data[whole:]
            for offset in range(0, whole, MESSAGE.size):
                self.hear(unpack(data, offset))

    def hear(self, message: Message) -> None:
        match message.kind:
            case Ask.AUDIO:
                self._sound(message)
            case Ask.START | Ask.SKIP:
                if message.kind == Ask.START and self._played:
                    self._host.reset()
                    self._played = False
                self._position = message.position
            case Ask.COMMAND:
                name, value = self._control.recv()
                if name == "params":
                    try:
                        self._host.set_params(value)
                        self._control.send(("params", ""))
                    except InstrumentError as error:
                        self._control.send(("params", str(error)))

    def _sound(self, message: Message) -> None:
        kind = Answer.DONE
        audio, rings, at = self._audio, self._rings, message.transport
        start_position = message.position - message.frames
        beats_per_frame = at.bpm / 60.0 / self._rate if at.playing else 0.0
        while self._position + PLUGIN_FRAMES <= message.position:
            ahead = self._position - start_position
            rings.input.read(self._position, audio)
            self._host.process(audio, Transport(
                at.frame + ahead, at.beat + ahead * beats_per_frame, at.bpm, at.beats_per_bar, at.beat_unit, at.playing
            ))
            self._played = True
            if not np.isfinite(audio).all():
                audio[:] = 0.0
                kind = Answer.BROKEN
            rings.output.write(self._position, audio)
            self._position += PLUGIN_FRAMES
        self._sock.sendall(pack(Message(kind, message.epoch, self._position)))


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
