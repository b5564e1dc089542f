"""Follows MIDI Time Code: stamped messages in, tempo line and transport state out. Sans I/O, fed with time."""

from __future__ import annotations

from math import ceil

from bridge.clock.follower import Change, Event, State
from bridge.clock.mtc import PIECES, QUARTER_FRAME, Rate, Timecode, read_full_frame
from bridge.clock.mtc_reader import Move, MtcReader
from bridge.clock.tempo_filter import TempoFilter
from bridge.tempo import TempoLine
from composers.score import PPQ

SILENT_QUARTERS = 16
"""Quarter frames (four frames, 133 to 167 ms) without one: the master has stopped."""
LEAD_NS = 50_000_000
"""Before mtc_start: from here on the music counts as started, so that the first note is not late."""
EARLY_TICKS = 0.25
"""A note so little before the first position heard is played, not skipped."""
JUMP_NS = 5_000_000
"""The position turns out to be another one, by more: a jump and no correction."""
_YOUNG = 16
"""Quarter frames of which the nominal rate tells more than their own regression."""
_VARISPEED = 0.03
"""Unless the regression of half of them is so far from it."""
_GRACE_NS = 500_000_000


class TimecodeFollower:
    """Position is (time code - start) x the session's tempo, always: the same code is the same bar.

    So a new tempo moves a rolling music at once, to where it would be had it been played at that tempo from the
    start. A master at another speed than its rate says (varispeed) is followed: the line's bpm scales. MTC has no
    stop message: silence is stop, also where a cable was pulled. Running backwards is stopped, too. Codes before the
    start wait for it. Called from the engine's thread; allocates little, never blocks.
    """

    __slots__ = ("_bpm", "_count", "_filter", "_grace", "_last_ns", "_moved", "_reader", "_speed", "_start", "_young",
                 "line", "state")

    def __init__(self, bpm: float = 120.0, start: Timecode = Timecode(0, 0, 0, 0)) -> None:  # noqa: B008 - immutable
        """bpm: the session's tempo; start: the code of bar 1."""
        self.state = State.STOPPED
        self.line = TempoLine(bpm, 0.0, 0)
        self._bpm = bpm
        self._start = start
        self._reader = MtcReader()
        self._filter = TempoFilter(Rate.FPS_25.quarter_ns)
        self._young: list[tuple[int, int]] = []
        self._speed = 1.0
        self._count = 0  # of the filter: also what came before the position was known
        self._last_ns: int | None = None
        self._grace = False
        self._moved = False  # the position, not only the estimate of it

    @property
    def bpm(self) -> float:
        """The session's tempo. A new one takes effect at the next message."""
        return self._bpm

    @bpm.setter
    def bpm(self, bpm: float) -> None:
        self._moved = self._moved or bpm != self._bpm
        self._bpm = bpm

    @property
    def limit(self) -> None:
        """Never: the tempo is known."""
        return None

    @property
    def heard_ns(self) -> int | None:
        """When the last quarter frame came, or None."""
        return self._last_ns

    @property
    def jitter_ms(self) -> float:
        """Standard deviation of the quarter frames' arrivals around the line."""
        return self._filter.jitter.sd_ns / 1e6

    def check(self, now_ns: int) -> bool:
        """Never lost: silence is stop (elapse)."""
        return False

    def resume(self, tick: float, ns: int, bpm: float) -> None:
        """Take over from a follower that was running: the music was at `tick` at `ns`."""
        self.state = State.LOST
        self.line = TempoLine(bpm, tick, ns)
        self._last_ns = None
        self._grace = True

    def elapse(self, now_ns: int) -> Event | None:
        """Time passes: STOPPED where the master was last heard, once it has been silent for four frames."""
        if self._grace:
            self._grace = False
            self._last_ns = now_ns + _GRACE_NS
        if self.state is State.STOPPED or self._last_ns is None or now_ns - self._last_ns <= self._patience_ns:
            return None
        was, self.state = self.state, State.STOPPED
        if was is State.ARMED:
            return None
        tick = self._tick(self._reader.quarter) if self._reader.located else self.line.tick_at(now_ns)
        return Event(Change.STOPPED, now_ns, max(0, ceil(tick - EARLY_TICKS)))

    def feed(self, ns: int, message: bytes) -> Event | None:
        """One message, stamped. Returns what it changed, if anything."""
        if len(message) == 2 and message[0] == QUARTER_FRAME:
            return self._quarter_frame(ns, message[1])
        full = read_full_frame(message)
        if full is None:
            return None
        code, rate = full
        self._reader.announce(code, rate)
        quarter = 4 * code.frame(rate)
        if self.state in (State.STOPPED, State.ARMED):
            self._reader.pause()
            self._expect(rate)
        return Event(Change.LOCATED, ns, max(0, ceil(self._tick(quarter, rate) - EARLY_TICKS)))

    @property
    def _patience_ns(self) -> float:
        return SILENT_QUARTERS * self._reader.rate.quarter_ns

    def _tick(self, quarter: int, rate: Rate | None = None) -> float:
        """The music's position; negative before the start, unless the master has passed midnight since."""
        rate = rate or self._reader.rate
        after = quarter - 4 * self._start.frame(rate)
        if after < -2 * rate.day_frames:
            after += 4 * rate.day_frames
        return after * rate.quarter_ns * self._bpm * (PPQ / 60e9)

    def _expect(self, rate: Rate) -> None:
        """Pieces begin anew, at this rate if at full speed."""
        if abs(self._filter.interval_ns / rate.quarter_ns - 1.0) > _VARISPEED:
            self._speed = 1.0
            self._filter.hold(self._count, 0.0, rate.quarter_ns)
        self._young.clear()

    def _quarter_frame(self, ns: int, data: int) -> Event | None:
        last, self._last_ns = self._last_ns, ns
        self._grace = False
        reader = self._reader
        if last is None or ns - last > self._patience_ns:
            reader.pause()
            self._restart()
        elapsed = 1.0 if last is None else (ns - last) / self._filter.interval_ns
        move, step = reader.feed(data, elapsed)
        if move is Move.REPEATED:
            return None
        if move is Move.BACKWARD:
            return self._backward(ns)
        self._count += step
        slip = self._filter.add(self._count, ns)
        if slip:
            self._count += slip
            self._young.clear()
            if slip % PIECES == 0:
                reader.skip(slip)
        if len(self._young) < _YOUNG:
            self._young.append((self._count, ns))
        if move is Move.UNKNOWN:
            return None
        self._moved = self._moved or move is Move.LOCATED
        return self._follow(ns)

    def _restart(self) -> None:
        self._filter.regrid()
        self._young.clear()

    def _backward(self, ns: int) -> Event | None:
        self._restart()
        if not self._reader.reversed or self.state is State.STOPPED:
            return None
        was, self.state = self.state, State.STOPPED
        if was is State.ARMED:
            return None
        return Event(Change.STOPPED, ns, max(0, ceil(self._tick(self._reader.quarter))))

    def _follow(self, ns: int) -> Event | None:
        """The position is known: draw the line, and say what that means for the music."""
        before = self.line
        self._draw()
        tick = self.line.tick_at(ns)
        waits = tick * self.line.ns_per_tick < -LEAD_NS
        state = self.state
        if waits:
            self.state = State.ARMED
            if state is State.ARMED:
                return None
            return Event(Change.LOCATED if state is State.STOPPED else Change.STOPPED, ns, 0)
        self.state = State.RUNNING
        moved = self._moved and abs(tick - before.tick_at(ns)) * self.line.ns_per_tick > JUMP_NS
        self._moved = False
        start = max(0, ceil(tick - EARLY_TICKS))
        if state is State.RUNNING and not moved:
            return Event(Change.TEMPO, ns, start)
        if state is State.LOST and not moved:
            return Event(Change.FOUND, ns, start)
        return Event(Change.STARTED, ns, start)

    def _draw(self) -> None:
        """The line through the newest quarter frame, as the filter sees it."""
        nominal = self._reader.rate.quarter_ns
        interval = self._filter.interval_ns
        young = self._young
        guess = nominal * self._speed
        if len(young) < _YOUNG and (len(young) < _YOUNG / 2 or abs(interval / guess - 1.0) < _VARISPEED):
            interval = guess
            phase = min(ns + (self._count - count) * guess for count, ns in young)
        else:
            self._speed = interval / nominal
            phase = self._filter.phase_ns(self._count)
        ns = round(phase)
        bpm = self._bpm * nominal / interval
        ticks = self._tick(self._reader.quarter)
        self.line = TempoLine(bpm, ticks + (ns - phase) * self._bpm * nominal / interval * (PPQ / 60e9), ns)
