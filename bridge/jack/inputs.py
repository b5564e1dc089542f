"""What our clock inputs on JACK are connected to: hardware or software, one master or several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bridge.driver import PortState
from bridge.frame_line import NS
from bridge.jack.lib import capture_latency, jack
from bridge.session import CLOCK_IN


class JackInputs:
    """Asks the server, some 0.1 ms a port: for any thread but JACK's own."""

    def __init__(self, client: Any, ports: Iterable[tuple[str, Any]]) -> None:
        """ports: (our name, jack port) of all MIDI inputs; those called "clock in", "clock in 2", ... count."""
        self._client = client
        self._ports = [(name, port) for name, port in ports if name == CLOCK_IN or name.startswith(f"{CLOCK_IN} ")]
        self._told: dict[str, tuple[str, ...]] = {}

    def compensation_ns(self, playback_frames: int, rate: int) -> Mapping[str, int]:
        """By input: how much earlier than its clock says the music must be written to be heard with its master.

        A master that comes by hardware has its beat in the room: what it sends is heard here a capture latency later,
        and what we answer sounds `playback_frames` after that. A program in the same graph plays through the same
        outputs, as late as we do: 0.
        """
        found = {}
        for name, port in self._ports:
            hardware = [capture_latency(other) for other in self._connections(port) if other.is_physical]
            frames = max(hardware) + playback_frames if hardware else 0
            found[name] = frames * NS // rate
        return found

    def news(self, states: Iterable[PortState]) -> list[str]:
        """What to tell people, once each time: inputs that more than one port is connected to."""
        crowds = dict(crowded(states))
        told = [f"{' and '.join(map(repr, theirs))} are connected to {name} at once: disconnect all but one, or give "
                f"each its own [[clock.in]]" for name, theirs in crowds.items() if self._told.get(name) != theirs]
        self._told = crowds
        return told

    def _connections(self, port: Any) -> Sequence[Any]:
        try:
            return list(self._client.get_all_connections(port))
        except jack.JackError:
            return ()  # one of them went away in this instant


def crowded(states: Iterable[PortState]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(our clock input, the ports connected to it) where they are more than one: their clocks come as one mixture."""
    return tuple((s.name, s.connected) for s in states
                 if len(s.connected) > 1 and (s.name == CLOCK_IN or s.name.startswith(f"{CLOCK_IN} ")))
