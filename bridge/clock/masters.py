"""Who leads: a follower for each master that the session's source allows, one leader, and no coup while it is alive."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.clock.follower import Change, ClockFollower, Event, State
from bridge.clock.master import Follower
from bridge.clock.mtc import QUARTER_FRAME, Timecode
from bridge.clock.playhead_follower import PlayheadFollower
from bridge.clock.timecode_follower import TimecodeFollower
from bridge.driver import Playhead
from bridge.midi_bytes import CLOCK, CONTINUE, SONG_POSITION, START, MidiParser
from bridge.tempo import TempoLine

LINK_BAR_TICKS = 3840
"""Four beats, Link's usual quantum."""
_NS = 1_000_000_000
_RIVAL_NS = 2 * _NS
_HEARD_NS = _NS
_CLOCK_SOURCES = ("auto", "midi")
_PLAYHEAD_SOURCES = ("jack", "link")


class Masters:
    """All masters. The one that last began to play leads, unless another one does and still runs.

    A leader that falls silent without a Stop is succeeded, after two seconds, by a clock that plays already.

    `leader` is the follower of the master that leads, `name` its port or program; None and "" on one's own. By
    `source` (session.Clock): "auto" and "midi" follow MIDI clocks, "mtc" follows time code, "jack" and "link" the
    playheads that come with the blocks; what comes in and is not followed is said once. Called from the engine's
    thread: hear() for each message, see() for each playhead, elapse() once a block.
    """

    __slots__ = ("_bpm", "_hinted", "_merged", "_playhead", "_rivals", "_sources", "_start", "leader", "name",
                 "notices", "source", "succession")

    def __init__(
        self,
        bpm: float,
        source: str = "auto",
        *,
        mtc_start: str = "00:00:00:00",
        bar_ticks: int = LINK_BAR_TICKS,
    ) -> None:
        """bpm        the session's tempo: the first guess, and that of masters that have none (MTC, JACK's seconds)
        mtc_start  the time code of bar 1; raises SessionError
        bar_ticks  Link's quantum: a session met playing is joined at a multiple of it
        """
        self.source = source
        self.leader: Follower | None = None
        self.name = ""
        self.notices: list[str] = []
        self._bpm = bpm
        self._start = Timecode.parse(mtc_start, "clock.mtc_start")
        self._sources: dict[str, tuple[MidiParser, ClockFollower | TimecodeFollower]] = {}
        self._playhead = PlayheadFollower(bpm, bar_ticks if source == "link" else 0)
        self.succession = True
        """Whether a clock that plays may lead when the leader has fallen silent; else it takes another Start."""
        self._hinted: set[str] = set()
        self._merged: set[str] = set()
        self._rivals: set[str] = set()

    @property
    def bpm(self) -> float:
        """The session's tempo. Set it when a user does: MTC and playheads that know only seconds are counted by it."""
        return self._bpm

    @bpm.setter
    def bpm(self, bpm: float) -> None:
        self._bpm = self._playhead.bpm = bpm
        for _, follower in self._sources.values():
            if isinstance(follower, TimecodeFollower):
                follower.bpm = bpm

    @property
    def own_tempo(self) -> bool:
        """The music goes by the session's tempo: on one's own, and under a leader that has only the time of day."""
        leader = self.leader
        return leader is None or isinstance(leader, TimecodeFollower) or (
            isinstance(leader, PlayheadFollower) and not leader.has_tempo)

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
            return "own" if self.source in ("auto", "internal") else "waiting"
        return {State.RUNNING: "following", State.LOST: "lost"}.get(self.leader.state, self.leader.state.value)

    @property
    def jitter_ms(self) -> float:
        """Standard deviation of the leader's arrivals around its line; 0 on one's own."""
        return self.leader.jitter_ms if self.leader is not None else 0.0

    def heard(self, now_ns: int) -> bool:
        """Whether any master has been heard within the last second."""
        times = [f.heard_ns for _, f in self._sources.values()] + [self._playhead.heard_ns]
        return any(ns is not None and now_ns - ns < _HEARD_NS for ns in times)

    def hear(self, ns: int, source: str, data: bytes) -> Iterator[tuple[Event, Follower]]:
        """Bytes from a port. Yields what changes, where it is the leader's or may become so."""
        if self.source == "internal":
            return
        parser, follower = self._source(source)
        for message in parser.feed(data):
            status = message[0]
            event = None
            if isinstance(follower, TimecodeFollower):
                if status in (QUARTER_FRAME, 0xF0):
                    event = follower.feed(ns, message)
                elif status in (START, CONTINUE):
                    self._hint(source, "MIDI clock", "midi")
            elif status == QUARTER_FRAME:
                self._hint(source, "MTC", "mtc")
            elif self.source not in _CLOCK_SOURCES:
                if status in (START, CONTINUE):
                    self._hint(source, "MIDI clock", "midi")
            elif status >= CLOCK or status == SONG_POSITION:
                event = follower.feed(ns, message)
                if follower.merged and source not in self._merged:
                    self._merged.add(source)
                    self.notices.append(f"two masters seem to send clock to {source}: disconnect one")
                if event is not None and self._succeeds(event, follower, ns):
                    self.notices.append(f"{self.name} has been silent for {_RIVAL_NS // _NS} s: {source} leads now")
                    event = event._replace(change=Change.STARTED)
            if event is not None and self._allows(event, follower, source, ns):
                yield event, follower

    def see(self, playhead: Playhead) -> Iterator[tuple[Event, Follower]]:
        """The playhead that came with a block, on the same clock. Yields as hear() does."""
        if self.source not in _PLAYHEAD_SOURCES:
            return
        event = self._playhead.see(playhead)
        if event is not None and self._allows(event, self._playhead, playhead.source, playhead.ns):
            yield event, self._playhead

    def elapse(self, now_ns: int) -> Iterator[tuple[Event, Follower]]:
        """Time has passed, whatever came: once a block, after hear(). An MTC master that stops merely falls silent."""
        if self.source != "mtc":
            return
        for _, follower in self._sources.values():
            if isinstance(follower, TimecodeFollower):
                event = follower.elapse(now_ns)
                if event is not None and (self.leader is None or self.leader is follower):
                    yield event, follower

    def release(self) -> None:
        """Nobody leads: the own tempo holds."""
        self.leader, self.name = None, ""

    def resume(self, source: str, line: TempoLine) -> None:
        """`source` led an engine that died, and may still run along `line`."""
        follower: Follower = self._playhead if self.source in _PLAYHEAD_SOURCES else self._source(source)[1]
        follower.resume(line.tick0, line.ns0, line.bpm)
        self.leader, self.name = follower, source

    def _source(self, source: str) -> tuple[MidiParser, ClockFollower | TimecodeFollower]:
        pair = self._sources.get(source)
        if pair is None:
            follower = (TimecodeFollower(self._bpm, self._start) if self.source == "mtc" else ClockFollower(self._bpm))
            pair = self._sources[source] = (MidiParser(), follower)
        return pair

    def _allows(self, event: Event, follower: Follower, source: str, ns: int) -> bool:
        """Whether the event counts; one that begins to play, while nobody else leads, leads from now on."""
        started = event.change is Change.STARTED
        if self._rival(follower, ns):
            if started and source not in self._rivals:
                self._rivals.add(source)
                what = "sent Start" if isinstance(follower, ClockFollower) else "began to play"
                self.notices.append(f"{source} {what}, but {self.name} leads: stop that one first")
            return False
        if started:
            self.leader, self.name = follower, source
            self._rivals.clear()
            if isinstance(follower, ClockFollower) and not follower.merged:
                self._merged.discard(source)
        return True

    def _succeeds(self, event: Event, follower: ClockFollower, ns: int) -> bool:
        """Whether a clock that has been refused while another one led is to lead now, since that one has gone."""
        leader = self.leader
        return (
            self.succession
            and leader is not None
            and leader is not follower
            and leader.state is State.LOST
            and leader.heard_ns is not None
            and ns - leader.heard_ns >= _RIVAL_NS
            and follower.state is State.RUNNING
            and event.change in (Change.TEMPO, Change.FOUND)
        )

    def _hint(self, source: str, what: str, setting: str) -> None:
        """Something comes in that could be followed: say so, once for each."""
        if self.leader is None and what not in self._hinted:
            self._hinted.add(what)
            self.notices.append(f'{what} comes in at {source}: source = "{setting}" under [clock] follows it')

    def _rival(self, follower: Follower, ns: int) -> bool:
        """Whether another master leads and is alive."""
        leader = self.leader
        return (
            leader is not None
            and leader is not follower
            and leader.state is State.RUNNING
            and leader.heard_ns is not None
            and ns - leader.heard_ns < _RIVAL_NS
        )
