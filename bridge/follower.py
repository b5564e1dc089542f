"""Follows one MIDI clock: stamped messages in, tempo line and transport state out. Sans I/O, fed with time."""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import NamedTuple

from bridge import midi_bytes
from bridge.midi_bytes import CLOCK_TICKS, SPP_TICKS
from bridge.tempo import MAX_BPM, MIN_BPM, TempoLine

WINDOW = 48
"""Clocks in the regression: two beats. 0.036 BPM sd at 1 ms jitter, against 0.16 for a second-order loop."""
LOST_NS = 250_000_000
"""No clock for this long while running is a loss (Ardour's figure); at slow tempi, LOST_CLOCKS of them."""
LOST_CLOCKS = 3.0
_SETTLED = 8
"""Clocks in the window before a gap is believed to be lost clocks."""
_QUICK = 4
"""Same-signed large residuals in a row that mean a new tempo; the regression starts again from these."""


class State(Enum):
    STOPPED = "stopped"
    ARMED = "armed"
    """Start or Continue has come; the next clock is the downbeat."""
    RUNNING = "running"
    LOST = "lost"


class Change(Enum):
    """What a message changed."""

    STARTED = 1
    """The clock after Start or Continue: the music is at `tick` at `ns`."""
    STOPPED = 2
    LOCATED = 3
    """A song position while stopped, or a Start that awaits its clock: `tick` will be the next position."""
    TEMPO = 4
    FOUND = 5
    """Clocks came again after a loss."""


class Event(NamedTuple):
    change: Change
    ns: int
    tick: int


class ClockFollower:
    """States as in the MIDI 1.0 specification: the first F8 *after* FA is the downbeat; F2 counts sixteenths.

    Clocks while stopped keep the tempo warm and move nothing. SPP 0 + Continue is a Start. A song position while
    running moves the music at the next clock. Called from the engine's thread; allocates little, never blocks.
    """

    __slots__ = (
        "_base_clock", "_base_tick", "_count", "_last_ns", "_missing", "_next_tick", "_points", "_residuals", "_seek",
        "line", "state",
    )

    def __init__(self, bpm: float = 120.0) -> None:
        self.state = State.STOPPED
        self.line = TempoLine(bpm, 0.0, 0)
        self._points: deque[tuple[int, int]] = deque(maxlen=WINDOW)
        self._residuals: deque[int] = deque(maxlen=_QUICK)
        self._count = 0
        self._base_clock = 0
        self._base_tick = 0
        self._next_tick = 0
        self._missing = 0
        self._seek = False
        self._last_ns: int | None = None

    @property
    def heard_ns(self) -> int | None:
        """When the last clock came, or None."""
        return self._last_ns

    def resume(self, tick: float, ns: int, bpm: float) -> None:
        """Take over from a follower that was running: the music was at `tick` at `ns`. Lost until the next clock."""
        self.state = State.LOST
        self.line = TempoLine(bpm, tick, ns)
        self._base_clock = self._count
        self._base_tick = int(tick // CLOCK_TICKS) * CLOCK_TICKS
        self._last_ns = self.line.ns_at(self._base_tick)

    def feed(self, ns: int, data: bytes) -> Event | None:
        """One message, stamped. Returns what it changed, if anything."""
        match data[0] if data else 0:
            case midi_bytes.CLOCK:
                return self._clock(ns)
            case midi_bytes.START:
                self._next_tick = 0
                self.state = State.ARMED
                return Event(Change.LOCATED, ns, 0)
            case midi_bytes.CONTINUE:
                if self.state is State.RUNNING:
                    return None
                self.state = State.ARMED
                return Event(Change.LOCATED, ns, self._next_tick)
            case midi_bytes.STOP:
                if self.state is State.STOPPED:
                    return None
                if self.state in (State.RUNNING, State.LOST):
                    clocks = self._count - self._base_clock + 1  # the clock after Continue is the next in the count
                    self._next_tick = self._base_tick + clocks * CLOCK_TICKS
                self.state = State.STOPPED
                return Event(Change.STOPPED, ns, self._next_tick)
            case midi_bytes.SONG_POSITION if len(data) == 3:
                self._next_tick = (data[1] | data[2] << 7) * SPP_TICKS
                if self.state is State.RUNNING:
                    self._seek = True
                    return None
                return Event(Change.LOCATED, ns, self._next_tick)
        return None

    def check(self, now_ns: int) -> bool:
        """True once, when a running clock has just been lost."""
        if self.state is not State.RUNNING or self._last_ns is None:
            return False
        limit = max(LOST_NS, round(LOST_CLOCKS * self._interval_ns()))
        if now_ns - self._last_ns <= limit:
            return False
        self.state = State.LOST
        return True

    def _interval_ns(self) -> float:
        return CLOCK_TICKS * self.line.ns_per_tick

    def _clock(self, ns: int) -> Event | None:
        change = Change.TEMPO
        last, self._last_ns = self._last_ns, ns
        if self.state is State.LOST:
            self.state = State.RUNNING
            change = Change.FOUND
            missed = max(1, round((ns - last) / self._interval_ns())) if last is not None else 1
            self._count += missed
            self._points.clear()
        else:
            self._count += 1
            if last is not None and ns - last > max(LOST_NS, LOST_CLOCKS * self._interval_ns()):
                self._points.clear()  # a pause while stopped: the phase is new, the tempo is kept as a guess
            self._mind_gap(ns)
        if self.state is State.ARMED or self._seek:
            change = Change.STARTED
            self.state = State.RUNNING
            self._seek = False
            self._base_clock = self._count
            self._base_tick = self._next_tick
            if self._points and abs(ns - self._predict(self._count)) > 0.1 * self._interval_ns():
                self._points.clear()  # the master restarted its grid with the Start
        self._add(ns)
        self._fit()
        tick = self._base_tick + (self._count - self._base_clock) * CLOCK_TICKS
        return Event(change, ns, tick)

    def _mind_gap(self, ns: int) -> None:
        """A clock whole intervals late, on a settled line, means that those before it were lost on the way.

        Twice running it means a slower tempo instead: then the count goes back to what was really heard.
        """
        missing, before = 0, self._missing
        if len(self._points) >= _SETTLED:
            late = (ns - self._predict(self._count)) / self._interval_ns()
            if before and late > 0.5:
                self._count -= before
                self._points.clear()
                self._residuals.clear()
            elif abs(late - round(late)) <= 0.15:
                missing = max(0, round(late))
        self._count += missing
        self._missing = missing

    def _predict(self, clock: int) -> float:
        tick = self._base_tick + (clock - self._base_clock) * CLOCK_TICKS
        return self.line.ns0 + (tick - self.line.tick0) * self.line.ns_per_tick

    def _add(self, ns: int) -> None:
        """Append the clock; where the residuals say that the tempo has changed, forget what came before."""
        if len(self._points) >= _QUICK:
            residual = round(ns - self._predict(self._count))
            self._residuals.append(residual)
            if abs(residual) > 0.45 * self._interval_ns():  # cannot be jitter: a drop, or a large step of tempo
                floor = 1
            else:
                floor = 2 if len(self._points) < WINDOW // 2 else 3
            recent = list(self._residuals)[-floor:]
            big = max(0.03 * self._interval_ns(), 3.0 * self._spread())
            same = len(recent) == floor and (all(r > big for r in recent) or all(r < -big for r in recent))
            if same:
                keep = list(self._points)[-floor:]
                self._points.clear()
                self._points.extend(keep)
                self._residuals.clear()
        else:
            self._residuals.clear()
        self._points.append((self._count, ns))

    def _spread(self) -> float:
        """Mean absolute deviation of the window from its own line, in ns: what this master's jitter is."""
        points = self._points
        return sum(abs(ns - self._predict(clock)) for clock, ns in points) / len(points) * 1.25

    def _fit(self) -> None:
        """Least squares over the window: ns as a function of the clock's index."""
        points = self._points
        n = len(points)
        clock0, ns0 = points[-1]
        tick0 = self._base_tick + (clock0 - self._base_clock) * CLOCK_TICKS
        if n < 2:
            self.line = TempoLine(self.line.bpm, tick0, ns0)
            return
        sx = sy = sxx = sxy = 0.0
        for clock, ns in points:
            x = clock - clock0
            y = ns - ns0
            sx += x
            sy += y
            sxx += x * x
            sxy += x * y
        slope = (n * sxy - sx * sy) / (n * sxx - sx * sx)
        bpm = 60e9 / (slope * 24) if slope > 0 else 0.0
        if not MIN_BPM * 0.5 <= bpm <= MAX_BPM * 2:
            return  # doubled or bunched clocks: no tempo; the last line stays
        self.line = TempoLine(bpm, tick0, ns0 + round((sy - slope * sx) / n))

