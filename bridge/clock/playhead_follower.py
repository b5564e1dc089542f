"""Follows another program's transport, block by block: playheads in, tempo line and transport state out. Sans I/O."""

from __future__ import annotations

from math import ceil

from bridge.clock.follower import LOST_NS, Change, Event, State
from bridge.clock.timecode_follower import EARLY_TICKS, JUMP_NS, LEAD_NS
from bridge.driver import Playhead
from bridge.tempo import TempoLine
from composers.score import PPQ

_NEWS_NS = 60_000_000
"""A Link session's new tempo is heard of so late at most: it moves the music by less than that, and is no jump."""
_SAME_NS = 2_000.0
"""A playhead so near to the line is on it: doubles and whole nanoseconds, no news. A tenth of a frame."""


class PlayheadFollower:
    """JACK's transport or Link's session, as it stands at each block.

    A playhead that only knows seconds is at seconds x the session's tempo; a new tempo moves a rolling music at once
    (as with MTC). With `bar_ticks` the music falls in at the next bar line of a transport that is met rolling,
    instead of at once. Called from the engine's thread; allocates little, never blocks.
    """

    __slots__ = ("_bar_ticks", "_heard_ns", "_own_bpm", "_tick", "has_tempo", "line", "state")

    def __init__(self, bpm: float = 120.0, bar_ticks: int = 0) -> None:
        self.state = State.STOPPED
        self.line = TempoLine(bpm, 0.0, 0)
        self._own_bpm = bpm
        self._bar_ticks = bar_ticks
        self._tick: float | None = None  # where it stands while stopped
        self._heard_ns: int | None = None
        self.has_tempo = False
        """Whether the last playhead had a tempo of its own."""

    @property
    def bpm(self) -> float:
        """The session's tempo, for a playhead that has none."""
        return self._own_bpm

    @bpm.setter
    def bpm(self, bpm: float) -> None:
        self._own_bpm = bpm

    @property
    def limit(self) -> None:
        """Never: a playhead says all."""
        return None

    @property
    def heard_ns(self) -> int | None:
        """The time of the last playhead, or None."""
        return self._heard_ns

    @property
    def jitter_ms(self) -> float:
        """Exact by nature."""
        return 0.0

    def check(self, now_ns: int) -> bool:
        """True once, when a rolling transport is seen no more: its server or library has gone."""
        if self.state is not State.RUNNING or self._heard_ns is None or now_ns - self._heard_ns <= LOST_NS:
            return False
        self.state = State.LOST
        return True

    def resume(self, tick: float, ns: int, bpm: float) -> None:
        """Take over from a follower that was running in an engine that died. Lost until the next playhead."""
        self.state = State.LOST
        self.line = TempoLine(bpm, tick, ns)

    def see(self, playhead: Playhead) -> Event | None:
        """What has changed since the last one."""
        ns = self._heard_ns = playhead.ns
        self.has_tempo = playhead.bpm is not None
        bpm = playhead.bpm if playhead.bpm is not None else self._own_bpm
        tick = playhead.tick if playhead.tick is not None else playhead.seconds * bpm * (PPQ / 60.0)
        if not playhead.playing:
            return self._stand(ns, tick, bpm)
        state, before = self.state, self.line
        if tick * 60e9 / (bpm * PPQ) < -LEAD_NS:
            self.line, self.state = TempoLine(bpm, tick, ns), State.ARMED
            if state is State.ARMED:
                return None
            return Event(Change.LOCATED if state is State.STOPPED else Change.STOPPED, ns, 0)
        self.state = State.RUNNING
        away_ns = abs(tick - before.tick_at(ns)) * before.ns_per_tick
        far_ns = _NEWS_NS if self._bar_ticks and bpm != before.bpm else JUMP_NS
        if state in (State.RUNNING, State.LOST) and away_ns <= far_ns:
            if bpm != before.bpm or away_ns > _SAME_NS:
                self.line = TempoLine(bpm, tick, ns)
            elif state is State.RUNNING:
                return None
            return Event(Change.TEMPO if state is State.RUNNING else Change.FOUND, ns, self._first(tick))
        self.line = TempoLine(bpm, tick, ns)
        self._tick = None
        first = self._first(tick)
        if self._bar_ticks and state is not State.RUNNING:
            first += -first % self._bar_ticks
        return Event(Change.STARTED, ns, first)

    def _stand(self, ns: int, tick: float, bpm: float) -> Event | None:
        """It does not roll: it has just stopped, was moved, or nothing happens."""
        was, before = self.state, self._tick
        self.state, self._tick = State.STOPPED, tick
        if was in (State.RUNNING, State.LOST):
            self.line = TempoLine(bpm, tick, ns)
            return Event(Change.STOPPED, ns, self._first(tick))
        if before is None or abs(tick - before) > EARLY_TICKS:
            self.line = TempoLine(bpm, tick, ns)
            return Event(Change.LOCATED, ns, self._first(tick))
        self._tick = before
        return None

    @staticmethod
    def _first(tick: float) -> int:
        """The first tick to be played from a position on."""
        return max(0, ceil(tick - EARLY_TICKS))
