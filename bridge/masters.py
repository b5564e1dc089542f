"""Which MIDI clock leads: a follower for each source, one leader, and no coup while it is alive."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.follower import Change, ClockFollower, Event, State
from bridge.midi_bytes import CLOCK, SONG_POSITION, MidiParser
from bridge.tempo import TempoLine

_RIVAL_NS = 2_000_000_000
_HEARD_NS = 1_000_000_000


class Masters:
    """All sources of clock. The one that last sent Start or Continue leads, unless another one does and still runs.

    `leader` is the follower of the master that leads, `name` its port; None and "" on one's own. Called from the
    engine's thread.
    """

    __slots__ = ("_bpm", "_sources", "leader", "name", "notices")

    def __init__(self, bpm: float) -> None:
        self.leader: ClockFollower | None = None
        self.name = ""
        self.notices: list[str] = []
        self._bpm = bpm
        self._sources: dict[str, tuple[MidiParser, ClockFollower]] = {}

    @property
    def running(self) -> bool:
        """A master leads and runs, or is about to."""
        return self.leader is not None and self.leader.state in (State.RUNNING, State.ARMED)

    @property
    def lost(self) -> bool:
        return self.leader is not None and self.leader.state is State.LOST

    @property
    def state(self) -> str:
        """See inbox.EngineStatus.clock."""
        if self.leader is None:
            return "own"
        return {State.RUNNING: "following", State.LOST: "lost"}.get(self.leader.state, self.leader.state.value)

    def heard(self, now_ns: int) -> bool:
        """Whether any clock has come within the last second."""
        times = [f.heard_ns for _, f in self._sources.values() if f.heard_ns is not None]
        return any(now_ns - ns < _HEARD_NS for ns in times)

    def hear(self, ns: int, source: str, data: bytes) -> Iterator[tuple[Event, ClockFollower]]:
        """Bytes from a source. Yields what changes, where it is the leader's or may become so."""
        parser, follower = self._source(source)
        for message in parser.feed(data):
            if message[0] < CLOCK and message[0] != SONG_POSITION:
                continue
            event = follower.feed(ns, message)
            if event is None:
                continue
            if self._rival(follower, ns):
                if event.change is Change.STARTED:
                    self.notices.append(f"{source} sent Start, but {self.name} leads: stop that one first")
                continue
            if event.change is Change.STARTED:
                self.leader, self.name = follower, source
            yield event, follower

    def release(self) -> None:
        """Nobody leads: the own tempo holds."""
        self.leader, self.name = None, ""

    def resume(self, source: str, line: TempoLine) -> None:
        """`source` led an engine that died, and may still run along `line`."""
        _, follower = self._source(source)
        follower.resume(line.tick0, line.ns0, line.bpm)
        self.leader, self.name = follower, source

    def _source(self, source: str) -> tuple[MidiParser, ClockFollower]:
        pair = self._sources.get(source)
        if pair is None:
            pair = self._sources[source] = (MidiParser(), ClockFollower(self._bpm))
        return pair

    def _rival(self, follower: ClockFollower, ns: int) -> bool:
        """Whether another master leads and is alive."""
        leader = self.leader
        return (
            leader is not None
            and leader is not follower
            and leader.state is State.RUNNING
            and leader.heard_ns is not None
            and ns - leader.heard_ns < _RIVAL_NS
        )
