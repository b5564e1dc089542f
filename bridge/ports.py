"""MIDI ports outside JACK, by python-rtmidi: virtual ports, ports by name, and those that come back."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from bridge.driver import MidiIn, MidiOut, PortState
from bridge.errors import DeviceError, PortError
from bridge.midi_sender import Due, MidiSender
from bridge.midi_systems import MidiApi, choose_api, find_port, list_ports, rtmidi_module

NS = 1_000_000_000

CLOCK_PORT = "clock in"
"""What MidiIn.source says of messages on the clock input, on every driver."""
LOOPMIDI = (
    "Windows has no virtual MIDI ports: install loopMIDI (https://www.tobias-erichsen.de/software/loopmidi.html), "
    "create a port in it, and name that port in the session"
)
_WATCH_S = 1.0
_INBOX = 4096
"""Messages kept until the next block: at 31,250 baud a DIN port needs a second and a half to fill it."""


class _Port:
    """One of our ports: what it is called, what it is tied to, and the RtMidi object while it is open."""

    def __init__(self, name: str, pattern: str | None) -> None:
        self.name = name
        self.pattern = pattern
        self.handle: Any = None
        self.theirs = ""
        """The existing port that it was opened on; "" for a virtual one."""


class MidiPorts:
    """Our MIDI outputs (one a track) and inputs (the clock) on ALSA, CoreMIDI, WinMM, or JACK through RtMidi.

    A port tied to an existing one by `connect` opens that; the others are virtual: "Sideman piano", "Sideman clock".
    An existing port that vanishes is looked for once a second and opened again. Incoming messages are stamped with
    time.monotonic_ns() first thing in RtMidi's callback (its own delta times are wrong on some systems).
    """

    def __init__(
        self,
        out_ports: Sequence[str] = (),
        *,
        in_ports: Sequence[str] = (CLOCK_PORT,),
        clock_source: str | None = None,
        connect: Mapping[str, str] | None = None,
        api: str | None = None,
        client_name: str = "Sideman",
    ) -> None:
        """Nothing is opened yet. The arguments are those of JackDriver; api is a name of midi_apis(), None the best."""
        wanted = dict(connect or {})
        if clock_source is not None and in_ports:
            wanted[in_ports[0]] = clock_source
        for ours in wanted:
            if ours not in out_ports and ours not in in_ports:
                raise PortError(
                    f"connect: {ours!r} is no port of ours: name one of {', '.join(map(repr, [*out_ports, *in_ports]))}"
                )
        self._outs = [_Port(name, wanted.get(name)) for name in out_ports]
        self._ins = [_Port(name, wanted.get(name)) for name in in_ports]
        self._api_name = api
        self._api: MidiApi | None = None
        self._client_name = client_name
        self._inbox: deque[MidiIn] = deque(maxlen=_INBOX)
        self._sender = MidiSender(self._send_now)
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None
        self.name = "no MIDI ports"
        """For people: the MIDI system in use, or why there is none."""
        self.dropped = 0
        """Incoming messages thrown away because no block took them in time."""
        self.vanished = 0
        self.reconnected = 0
        """How often a named port went away, and came back."""

    # --- status, for any thread

    @property
    def missing(self) -> tuple[str, ...]:
        """Existing ports that were named and are not open at present."""
        return tuple(p.pattern for p in [*self._outs, *self._ins] if p.pattern is not None and p.handle is None)

    @property
    def port_states(self) -> tuple[PortState, ...]:
        """All ports of ours, outputs first. Who listens to a virtual port nobody tells."""
        return tuple(PortState(p.name, p.pattern or "", (p.theirs,) if p.handle is not None and p.theirs else ())
                     for p in [*self._outs, *self._ins])

    @property
    def late_ms(self) -> tuple[float, float, float]:
        """p50, p99 and worst delay of sending after the due time, of the last 4,096 messages."""
        p50, p99, worst = self._sender.lateness.percentile_ms(50, 99, 100)
        return p50, p99, worst

    @property
    def failed(self) -> int:
        """Messages that a port refused or that had no open port."""
        return self._sender.failed

    # --- life, for the main thread of the engine's process

    def start(self) -> None:
        """Open all ports. Without any MIDI system there are none, unless one was asked for by name.

        Raises PortError for a named port that does not exist, DeviceError for a system asked for that does not answer.
        """
        named = [port for port in [*self._outs, *self._ins] if port.pattern is not None]
        try:
            self._api = choose_api(self._api_name)
        except DeviceError as error:
            self.name = str(error)
            if self._api_name is not None:
                raise
            if named:
                raise PortError(f"MIDI port {named[0].pattern!r} cannot be opened: {error}") from None
            return
        self.name = self._api.label
        virtual = sys.platform != "win32"
        if not virtual and len(named) < len(self._outs) + len(self._ins):
            self.name += f" ({LOOPMIDI})"
        try:
            there = list_ports(self._api)
            for port in self._outs:
                if port.pattern is not None:
                    self._open_existing(port, self._output, there.outputs)
                elif virtual:
                    port.handle = self._open_virtual(port, self._output)
            for port in self._ins:
                if port.pattern is not None:
                    self._open_existing(port, self._input, there.inputs)
                elif virtual:
                    port.handle = self._open_virtual(port, self._input)
        except BaseException:
            self._close()
            raise
        self._sender.start()
        if named:
            self._watcher = threading.Thread(target=self._watch, name="midi ports", daemon=True)
            self._watcher.start()

    def stop(self, last: Sequence[MidiOut] = ()) -> None:
        """Send `last` at once and close all ports. Idempotent. Blocks for some ms."""
        self._stop.set()
        if self._watcher is not None:
            self._watcher.join(2.0)
            self._watcher = None
        self._sender.stop(Due(0, event.port, event.data) for event in last)
        self._close()

    # --- the audio thread's side: neither blocks

    def take(self) -> list[MidiIn]:
        """What has arrived since the last call, in order of ns."""
        inbox = self._inbox
        messages = [inbox.popleft() for _ in range(len(inbox))]
        messages.sort(key=attrgetter("ns"))  # several inputs are filled by as many threads
        return messages

    def send(self, events: Sequence[MidiOut], ns0: int, rate: int) -> None:
        """Send each event at the time of its frame; the block's first frame is at monotonic ns0."""
        if events:
            self._sender.put(
                Due(ns0 + event.offset * NS // rate, event.port, event.data) for event in events
            )

    # --- inside

    def _send_now(self, port: int, data: bytes) -> None:
        """On the sender's thread."""
        self._outs[port].handle.send_message(data)

    def _receive(self, source: str) -> Callable[[tuple[list[int], float], object], None]:
        inbox = self._inbox

        def callback(event: tuple[list[int], float], _data: object) -> None:
            ns = time.monotonic_ns()
            if len(inbox) == _INBOX:
                self.dropped += 1
            inbox.append(MidiIn(ns, source, bytes(event[0])))

        return callback

    def _output(self, _port: _Port) -> Any:
        assert self._api is not None
        return rtmidi_module().MidiOut(self._api.number, name=self._client_name)

    def _input(self, port: _Port) -> Any:
        assert self._api is not None
        handle = rtmidi_module().MidiIn(self._api.number, name=self._client_name, queue_size_limit=1024)
        handle.ignore_types(sysex=False, timing=False, active_sense=True)
        handle.set_callback(self._receive(port.name))
        return handle

    def _label(self, port: _Port) -> str:
        return f"{self._client_name} {'clock' if port.name == CLOCK_PORT else port.name}"

    def _open_virtual(self, port: _Port, make: Callable[[_Port], Any]) -> Any:
        handle = make(port)
        try:
            handle.open_virtual_port(self._label(port))
        except Exception as error:
            handle.delete()
            label = self._label(port)
            raise PortError(f"virtual MIDI port {label!r} cannot be made on {self.name}: {error}") from error
        return handle

    def _open_existing(self, port: _Port, make: Callable[[_Port], Any], names: Sequence[str]) -> None:
        assert port.pattern is not None
        foreign = [name for name in names if not name.startswith(f"{self._client_name}:")]
        what = "MIDI output port" if port in self._outs else "MIDI input port"
        theirs = port.theirs if port.theirs in foreign else find_port(port.pattern, foreign, what)
        handle = make(port)
        try:
            # The list that the handle itself sees now: a port may have come between, and numbers shift.
            handle.open_port(list(handle.get_ports()).index(theirs), name=self._label(port))
        except Exception as error:
            handle.delete()
            raise PortError(f"{what} {theirs!r} cannot be opened: {error}; another program may hold it") from error
        port.handle, port.theirs = handle, theirs

    def _watch(self) -> None:
        """Own thread: see whether the named ports are there, once a second; RtMidi tells nobody."""
        assert self._api is not None
        rtmidi = rtmidi_module()
        out = rtmidi.MidiOut(self._api.number, name="Sideman look")
        inn = rtmidi.MidiIn(self._api.number, name="Sideman look")
        sides = ((self._outs, out, self._output), (self._ins, inn, self._input))
        while not self._stop.wait(_WATCH_S):
            for ports, look, make in sides:
                named = [port for port in ports if port.pattern is not None]
                if named:
                    self._tend(named, list(look.get_ports()), make)
        out.delete()
        inn.delete()

    def _tend(self, ports: Sequence[_Port], names: Sequence[str], make: Callable[[_Port], Any]) -> None:
        for port in ports:
            if port.handle is not None and port.theirs not in names:
                self.vanished += 1
                # Only let go of it: the sender may be using it this instant, and the last reference deletes it.
                port.handle = None
            elif port.handle is None:
                try:
                    self._open_existing(port, make, names)
                except PortError:
                    continue  # not back yet
                self.reconnected += 1

    def _close(self) -> None:
        for port in [*self._outs, *self._ins]:
            handle, port.handle = port.handle, None
            if handle is not None:
                handle.delete()
