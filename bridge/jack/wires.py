"""Connections of our JACK ports to other programs' ports that come, go and come back."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Container, Iterable
from typing import Any, Literal, NamedTuple

from bridge.errors import PortError
from bridge.jack.client import names
from bridge.jack.lib import jack
from bridge.ports.midi_systems import find_port

Side = Literal["to", "from"]

_RESCAN_S = 1.0
"""A look at the ports also without a notification: one may be lost when a server is overloaded."""
_SETTLE_S = 0.02
"""A client registers its ports one by one: wait for the rest before looking."""


class Wire(NamedTuple):
    """A connection that is wanted, and how it stands.

    ours       full name of our port
    side       "to" their input port, or "from" their output port
    pattern    the name asked for: exact, or a part that fits one port only; a number is the n-th physical playback port
    audio      an audio port, not a MIDI port
    theirs     full name of the port found; "" while there is none
    connected  False from when their port vanishes until it is back and connected again
    """

    ours: str
    side: Side
    pattern: str | int
    audio: bool = False
    theirs: str = ""
    connected: bool = False


class JackWires:
    """Connects on start, and again whenever a port that vanished is back; what a user disconnects stays so.

    JACK forbids calls into the server from its notifications: notice() only wakes the thread that connects.
    """

    def __init__(self, client: Any, wires: list[Wire], *, eager: bool = True) -> None:
        """eager: start() raises PortError for a named port that is not there; otherwise it is waited for."""
        self._client = client
        self._wires = wires
        self._eager = eager
        self._wake = threading.Event()
        self._new: deque[str] = deque(maxlen=256)  # names registered since the last look
        self._running = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="jack wires", daemon=True)
        self.changes = 0
        """How often a port was registered or unregistered."""
        self.reconnected = 0
        """How often a port that had vanished was connected again."""

    @property
    def state(self) -> tuple[Wire, ...]:
        """All wires as they stand. Any thread."""
        return tuple(self._wires)

    def start(self) -> None:
        """Connect what is there, once the client is active. Raises PortError (see eager). Blocks for some ms."""
        for index, wire in enumerate(self._wires):
            if self._eager and isinstance(wire.pattern, str):
                find_port(wire.pattern, self._candidates(wire), self._what(wire))
            self._wires[index] = self._tend(wire)
        self._running = True
        self._thread.start()

    def add(self, wires: Iterable[Wire]) -> None:
        """More, connected at once where that is possible. Blocks for some ms. Raises PortError for a named port that is
        not there; then none is added."""
        wires = list(wires)
        for wire in wires:
            if isinstance(wire.pattern, str):
                find_port(wire.pattern, self._candidates(wire), self._what(wire))
        with self._lock:
            self._wires += [self._tend(wire) for wire in wires]

    def drop(self, ours: Container[str]) -> None:
        """Ports of ours, by full name, are to be connected no more."""
        with self._lock:
            self._wires[:] = [wire for wire in self._wires if wire.ours not in ours]

    def notice(self, port: Any, registered: bool) -> None:
        """JACK's port registration callback. Never blocks."""
        if registered and port is not None:
            self._new.append(port.name)
        self.changes += 1
        self._wake.set()

    def stop(self) -> None:
        """End the thread; idempotent. Waits at most a second."""
        if self._running:
            self._running = False
            self._wake.set()
            if self._thread is not threading.current_thread():
                self._thread.join(1.0)

    def _run(self) -> None:
        stop = threading.Event()
        while self._running:
            if self._wake.wait(_RESCAN_S) and self._running:
                stop.wait(_SETTLE_S)
                self._wake.clear()
            if not self._running:
                return
            fresh = {self._new.popleft() for _ in range(len(self._new))}
            with self._lock:
                for index, wire in enumerate(self._wires):
                    if wire.theirs in fresh:  # gone and back since the last look
                        wire = wire._replace(connected=False)
                    tended = self._tend(wire)
                    if tended.connected and not wire.connected and wire.theirs:
                        self.reconnected += 1
                    self._wires[index] = tended

    def _tend(self, wire: Wire) -> Wire:
        """The wire after a look at the ports: vanished, connected (again), or as it was."""
        candidates = self._candidates(wire)
        if wire.connected and wire.theirs in candidates:
            return wire
        theirs = self._find(wire, candidates)
        if theirs is None:
            return wire._replace(connected=False)
        ends = (wire.ours, theirs) if wire.side == "to" else (theirs, wire.ours)
        try:
            self._client.connect(*ends)
        except jack.JackError:
            port_names = {port.name for port in self._client.get_all_connections(wire.ours)}
            return wire._replace(theirs=theirs, connected=theirs in port_names)
        return wire._replace(theirs=theirs, connected=True)

    def _candidates(self, wire: Wire) -> list[str]:
        if isinstance(wire.pattern, int):
            return names(self._client, is_audio=True, is_input=True, is_physical=True)
        kind = {"is_audio": True} if wire.audio else {"is_midi": True}
        return names(self._client, is_output=wire.side == "from", is_input=wire.side == "to", **kind)

    def _find(self, wire: Wire, candidates: list[str]) -> str | None:
        if isinstance(wire.pattern, int):
            return candidates[wire.pattern] if wire.pattern < len(candidates) else None
        if wire.theirs in candidates:
            return wire.theirs
        try:
            return find_port(wire.pattern, candidates, self._what(wire))
        except PortError:
            return None

    def _what(self, wire: Wire) -> str:
        return f"JACK {'input' if wire.side == 'to' else 'output'} port"
