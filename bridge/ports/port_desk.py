"""Our MIDI ports outside JACK-Client, in the process that holds them: opened, looked after, opened again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from bridge.errors import DeviceError, PortError
from bridge.ports.midi_port_system import InPort, OutPort, PortNames, PortObserver, PortSystem, is_ours
from bridge.ports.midi_systems import (
    MidiApi,
    choose_api,
    find_port,
    names_library,
    open_ears,
    open_observer,
    open_system,
)
from bridge.ports.port_news import PortNews
from instruments.system_clock import clock_ns

NS = 1_000_000_000

CLOCK_PORT = "clock in"
"""What MidiIn.source says of messages on the (first) clock input, on every driver."""
LOOPMIDI = (
    "Windows has no virtual MIDI ports: install loopMIDI (https://www.tobias-erichsen.de/software/loopmidi.html), "
    "create a port in it, and name that port in the session"
)
_LOOK_NS = 1 * NS
"""Without an observer the list of ports is read so often; with one, that is a second opinion."""


class PortWish(NamedTuple):
    """One of our ports: its name, and the existing port (or a part of its name) that it is tied to; None: virtual."""

    name: str
    pattern: str | None


class PortSide(NamedTuple):
    """How a port stands: open or not, and on which existing port ("" for a virtual one)."""

    is_open: bool
    theirs: str


class _Port:
    def __init__(self, wish: PortWish) -> None:
        self.name, self.pattern = wish
        self.handle: Any = None
        self.theirs = ""
        """The existing port that it was opened on last; "" for a virtual one."""


def _let_go(ports: Iterable[_Port]) -> None:
    for port in ports:
        handle, port.handle = port.handle, None
        if handle is not None:
            handle.close()


class PortDesk:
    """Our outputs (one a track, then the clock's) and inputs, by whichever MIDI system answers.

    A port tied to an existing one opens that; the others are virtual: "Sideman piano", "Sideman clock in". look()
    notices when ports come and go, opens again what came back, and keeps notices for people. Everything is for one
    thread, except that `heard` may be called on the library's.
    """

    def __init__(
        self,
        outs: Sequence[PortWish],
        ins: Sequence[PortWish],
        heard: Callable[[int, int, bytes], None],
        *,
        api: str | None = None,
        client: str = "Sideman",
        assist: bool = True,
    ) -> None:
        """Nothing is opened yet. heard(number of the input, ns, message). api: as for choose_api(). assist: where
        pylibremidi is installed, let it tell of hot-plug, and hear, unless api insists on a library."""
        self._outs = [_Port(wish) for wish in outs]
        self._ins = [_Port(wish) for wish in ins]
        self._heard = heard
        self._api_name = api
        self._client = client
        self._assist = assist
        self._system: PortSystem | None = None
        self._ears: PortSystem | None = None
        """Another library for the inputs."""
        self._observer: PortObserver | None = None
        self._known = PortNames([], [])
        self._news = PortNews((), lambda _name: True)
        self._looked_ns = 0
        self._gone: set[str] = set()
        """Names of ports that went since the last look, though some may be back already."""
        self.name = "no MIDI ports"
        """For people: the MIDI system in use and the library, or why there is none."""
        self.vanished = 0
        self.reconnected = 0
        """How often a named port went away, and came back."""
        self.notices: list[str] = []
        """What people should be told of ports that came or went; the reader empties it."""

    @property
    def polled(self) -> bool:
        return any(system.polled for system in (self._system, self._ears) if system is not None)

    @property
    def sides(self) -> tuple[PortSide, ...]:
        """Outputs first."""
        return tuple(PortSide(p.handle is not None, p.theirs if p.handle is not None else "")
                     for p in [*self._outs, *self._ins])

    @property
    def missing(self) -> tuple[str, ...]:
        """Existing ports that were named and are not open at present."""
        return tuple(p.pattern for p in [*self._outs, *self._ins] if p.pattern is not None and p.handle is None)

    def open(self, lenient: bool = False) -> None:
        """Open all ports. Without any MIDI system there are none, unless one was asked for by name.

        lenient: a named port that is not there is no reason to fail; look() opens it when it comes.
        Raises PortError for a port that cannot be had, DeviceError for a system asked for that does not answer.
        """
        named = [port for port in [*self._outs, *self._ins] if port.pattern is not None]
        try:
            api = choose_api(self._api_name)
        except DeviceError as error:
            self.name = str(error)
            if self._api_name is not None:
                raise
            if named and not lenient:
                raise PortError(f"MIDI port {named[0].pattern!r} cannot be opened: {error}") from None
            return
        try:
            self._open_all(api, lenient)
        except BaseException:
            self.close()
            raise

    def _open_all(self, api: MidiApi, lenient: bool) -> None:
        self._system = system = open_system(api, self._client)
        self.name = api.label
        # First, while no callback of an input waits for the interpreter, which pylibremidi and RtMidi keep while they
        # open: where the system waits for the callback (JACK), that would never end.
        if self._assist:
            self._observer = open_observer(api)
            self._ears = open_ears(api, self._client) if self._ins and not names_library(self._api_name) else None
            if self._ears is not None:
                self.name += f", heard by {self._ears.label.rpartition(' ')[2]}"
        ports = [*self._outs, *self._ins]
        if not system.virtual and any(port.pattern is None for port in ports):
            self.name += f" ({LOOPMIDI})"
        self._known = system.names()
        self._news = PortNews([*self._known.outputs, *self._known.inputs], lambda name: is_ours(name, self._client))
        for port in ports:
            if not port.name:
                continue
            if port.pattern is None:
                if system.virtual:
                    self._open_virtual(port)
                continue
            try:
                self._open_existing(port, self._known)
            except PortError:
                if not lenient:
                    raise
        self._looked_ns = clock_ns()
        if self._observer is not None:
            self._observer.take()  # our own ports

    def change(self, outs: Sequence[PortWish]) -> None:
        """Open outputs that are new behind, and those in places that were free; close those whose name is "" now.
        Blocks for some ms a port. Raises PortError, with everything as it was."""
        wanted = [port if wish == (port.name, port.pattern) else _Port(wish)
                  for port, wish in zip(self._outs, outs, strict=False)]
        wanted += [_Port(wish) for wish in outs[len(self._outs) :]]
        before, self._outs = self._outs, wanted
        fresh = [port for port in wanted if port not in before and port.name]
        try:
            for port in fresh:
                if self._system is None:
                    break
                if port.pattern is not None:
                    self._open_existing(port, self._system.names())
                elif self._system.virtual:
                    self._open_virtual(port)
        except PortError:
            self._outs = before
            _let_go(fresh)
            raise
        _let_go(port for port in before if port not in wanted)
        if self._observer is not None:
            self._observer.take()

    def send(self, port: int, data: bytes) -> None:
        """By our output number `port`. Raises OSError, or what the library does, where that is not possible."""
        handle: OutPort | None = self._outs[port].handle
        if handle is None:
            raise OSError(f"port {self._outs[port].name!r} is not open")
        handle.send(data)

    def rehearse(self, port: int, _data: bytes) -> None:
        """All that send() does, but to send: see MidiSender."""
        handle: OutPort | None = self._outs[port].handle
        if handle is not None:
            handle.rehearse()

    def poll(self) -> None:
        """Let what arrived be heard, where the library does not call by itself."""
        for system in (self._system, self._ears):
            if system is not None:
                system.poll()

    def wants_look(self, now_ns: int) -> bool:
        """Is it time for look()? Does not block."""
        if self._system is None:
            return False
        if self._observer is not None and (gone := self._observer.take()) is not None:
            self._gone |= gone
            return True
        return now_ns - self._looked_ns >= _LOOK_NS

    def look(self, now_ns: int) -> None:
        """See which ports there are: open what came back, let go of what went. Blocks for some ms if any did."""
        if self._system is None:
            return
        self._looked_ns = now_ns
        there, before = self._system.names(), self._known
        gone, self._gone, self._known = self._gone, set(), there
        if there == before and not gone and not self.missing:
            return
        tied = {port.theirs for port in [*self._outs, *self._ins]}
        self.notices += self._news.update([*there.outputs, *there.inputs], tied)
        for port in [*self._outs, *self._ins]:
            if port.pattern is not None:
                self._tend(port, there, gone)

    def close(self) -> None:
        """Idempotent."""
        _let_go([*self._outs, *self._ins])
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.close()
        for system in (self._ears, self._system):
            if system is not None:
                system.close()
        self._system = self._ears = None

    # --- inside

    def _label(self, port: _Port) -> str:
        return f"{self._client} {port.name}"

    def _new(self, port: _Port, theirs: str | None) -> OutPort | InPort:
        assert self._system is not None
        if port in self._outs:
            return self._system.open_out(self._label(port), theirs)
        number, all_heard = self._ins.index(port), self._heard

        def heard(ns: int, data: bytes) -> None:
            all_heard(number, ns, data)

        if self._ears is not None:
            with contextlib.suppress(OSError):  # it may know the port by another name, or not at all
                return self._ears.open_in(self._label(port), theirs, heard)
        return self._system.open_in(self._label(port), theirs, heard)

    def _open_virtual(self, port: _Port) -> None:
        try:
            port.handle = self._new(port, None)
        except OSError as error:
            label = self._label(port)
            raise PortError(f"virtual MIDI port {label!r} cannot be made on {self.name}: {error}") from error

    def _open_existing(self, port: _Port, there: PortNames) -> None:
        assert port.pattern is not None
        is_out = port in self._outs
        what = "MIDI output port" if is_out else "MIDI input port"
        foreign = [n for n in (there.outputs if is_out else there.inputs) if not is_ours(n, self._client)]
        theirs = port.theirs if port.theirs in foreign else find_port(port.pattern, foreign, what)
        try:
            port.handle = self._new(port, theirs)
        except OSError as error:
            raise PortError(f"{what} {theirs!r} cannot be opened: {error}; another program may hold it") from error
        port.theirs = theirs

    def _tend(self, port: _Port, there: PortNames, gone: set[str]) -> None:
        if port.handle is not None:
            if port.theirs in (there.outputs if port in self._outs else there.inputs) and port.theirs not in gone:
                return
            self.vanished += 1
            handle, port.handle = port.handle, None
            handle.close()
        try:
            self._open_existing(port, there)  # a device may have come back within the look, under another number
        except PortError:
            return  # not back yet
        self.reconnected += 1
