"""Follows one MIDI clock: stamped messages in, tempo line and transport state out. Sans I/O, fed with time."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from bridge import midi_bytes
from bridge.clock.interleave import Interleave
from bridge.clock.tempo_filter import TempoFilter
from bridge.midi_bytes import CLOCK_TICKS, SPP_TICKS
from bridge.tempo import MIN_BPM, TempoLine

LOST_NS = 250_000_000
"""No clock for this long while running is a loss (Ardour's figure); at slow tempi, LOST_CLOCKS of them."""
LOST_CLOCKS = 4.5
"""Packets of four clocks, the largest that are met (C38), are no loss."""
_UNKNOWN_NS = LOST_CLOCKS * 60e9 / (24 * MIN_BPM)
"""While little is known of a port, a clock may be so long in coming."""
_BURST = 0.25
"""Clocks that follow a silence at less than this many intervals are those that were missed, held up on their way."""

_STRAYED = 48
"""Clocks since strays have become the rule: so many are another master's, fewer a bad stretch."""


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
    running, or while the clock is lost, moves the music at the next clock, or at the Continue if a Stop comes first.
    Called from the engine's thread; allocates little, never blocks.
    """

    __slots__ = ("_base_clock", "_base_tick", "_burst", "_count", "_credit", "_filter", "_interleave",
                 "_last_ns", "_next_tick", "_restarts", "_seek", "_strayed", "_unknown", "line", "state")

    def __init__(self, bpm: float = 120.0) -> None:
        self.state = State.STOPPED
        self.line = TempoLine(bpm, 0.0, 0)
        self._filter = TempoFilter(60e9 / (bpm * 24))
        self._interleave = Interleave()
        self._strayed = 0
        self._count = 0
        self._credit = 0
        self._burst = False
        self._base_clock = 0
        self._base_tick = 0
        self._next_tick = 0
        self._seek = False
        self._restarts = False  # Start has come while running: the music goes on until its clock
        self._unknown = False  # play has begun on a guess of the tempo, and no clock has told it yet
        self._last_ns: int | None = None

    @property
    def heard_ns(self) -> int | None:
        """When the last clock came, or None."""
        return self._last_ns

    @property
    def jitter_ms(self) -> float:
        """Standard deviation of the clocks' arrivals around the line."""
        return self._filter.jitter.sd_ns / 1e6

    @property
    def merged(self) -> bool:
        """Whether the clocks of two masters come by this input, and have for a while; then one of them is followed."""
        return self._interleave.two or self._strayed >= _STRAYED

    @property
    def limit(self) -> float | None:
        """Where the music must wait for the next clock: after a Start whose tempo only the second clock will tell.

        The guess may be too fast, and what has been played cannot be taken back. By a port that is known to be noisy
        the clock may be late, and is waited for only after that. None: go on along the line.
        """
        if not self._unknown or self.state is not State.RUNNING:
            return None
        clock = self._filter
        noise = clock.gate_ns() / clock.interval_ns if clock.knows_noise and clock.rough else 0.0
        return self._tick(self._count + 1) + noise * CLOCK_TICKS

    def resume(self, tick: float, ns: int, bpm: float) -> None:
        """Take over from a follower that was running: the music was at `tick` at `ns`. Lost until the next clock."""
        self.state = State.LOST
        self.line = TempoLine(bpm, tick, ns)
        self._base_clock = self._count
        self._base_tick = int(tick // CLOCK_TICKS) * CLOCK_TICKS
        self._next_tick = self._base_tick
        self._last_ns = self.line.ns_at(self._base_tick)
        self._filter.hold(self._count, self._last_ns, 60e9 / (bpm * 24))

    def feed(self, ns: int, data: bytes) -> Event | None:
        """One message, stamped. Returns what it changed, if anything."""
        match data[0] if data else 0:
            case midi_bytes.CLOCK:
                return self._clock(ns)
            case midi_bytes.START:
                self._next_tick = 0
                self._seek = False
                self._restarts = self.state is State.RUNNING or (self.state is State.ARMED and self._restarts)
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
                if self.state is State.RUNNING and not self._seek:
                    self._next_tick = self._tick(self._count + 1)
                self._seek = self._restarts = False
                self.state = State.STOPPED
                return Event(Change.STOPPED, ns, self._next_tick)
            case midi_bytes.SONG_POSITION if len(data) == 3:
                self._next_tick = (data[1] | data[2] << 7) * SPP_TICKS
                self._seek = self.state in (State.RUNNING, State.LOST)
                return None if self.state is State.RUNNING else Event(Change.LOCATED, ns, self._next_tick)
        return None

    def check(self, now_ns: int) -> bool:
        """True once, when a running clock has just been lost."""
        runs = self.state is State.RUNNING or (self.state is State.ARMED and self._restarts)
        if not runs or self._last_ns is None or now_ns - self._last_ns <= self._patience_ns:
            return False
        if self._restarts:
            self._restarts, self._seek = False, True
        elif not self._seek:
            self._next_tick = self._tick(self._count + 1)  # for a Stop or Continue, should one come before a clock
        self.state = State.LOST
        self._interleave.reset()
        return True

    @property
    def _patience_ns(self) -> float:
        patience = LOST_CLOCKS * self._filter.interval_ns
        return max(LOST_NS, patience if self._filter.knows_noise else max(patience, _UNKNOWN_NS))

    def _tick(self, clock: int) -> int:
        return self._base_tick + (clock - self._base_clock) * CLOCK_TICKS

    def _clock(self, ns: int) -> Event:
        change = Change.TEMPO
        last = self._last_ns
        if self._interleave.two and self._interleave.others(ns, self._filter.mean_ns(self._count + 1)):
            if last is not None and ns - last <= self._patience_ns:
                return Event(change, ns, self._tick(self._count))
            self._interleave.reset()  # the one that was followed has gone
        self._last_ns = ns
        going = self.state is State.RUNNING and not self._seek
        if going and self._credit and last is not None and ns - last < _BURST * self._filter.interval_ns:
            self._credit -= 1
            self._burst = True
            return Event(change, ns, self._tick(self._count))
        if self._burst and self._credit == 1:
            self._count -= 1  # the first of them came between two clocks, and was numbered as the later one
        self._credit, self._burst = 0, False
        self._count += 1
        silent = last is not None and ns - last > self._patience_ns
        if self.state is State.LOST or (silent and self.state is State.RUNNING):
            self.state = State.RUNNING
            change = Change.FOUND
            before = self._count
            self._find(ns)
            self._credit = self._count - before
        elif silent:
            self._interleave.reset()
            self._filter.regrid()  # a pause while stopped
        if self.state is State.ARMED or self._seek:
            if not self._find(ns):
                self._filter.regrid()  # the master began its grid anew
            change = Change.STARTED
            self.state = State.RUNNING
            self._seek = self._restarts = False
            self._base_clock = self._count
            self._base_tick = self._next_tick
        interval_ns = self._filter.interval_ns
        self._count += self._filter.add(self._count, ns)
        self._strayed = self._strayed + 1 if self._filter.strays else 0
        if self._interleave.heard(ns, self._count, change is Change.STARTED, interval_ns):
            own = self._interleave.sort(self._filter.interval_ns)
            if own:
                self._filter.restart(own)
                self._count = own[-1].clock
        self._unknown = (self._unknown or change is Change.STARTED) and not self._filter.begun
        self._draw()
        return Event(change, ns, self._tick(self._count))

    def _find(self, ns: int) -> bool:
        """Number this clock by the time since the last ones. Returns whether it is on their grid."""
        late = ns - self._filter.mean_ns(self._count)
        missed = round(late / self._filter.interval_ns)
        self._count += max(0, missed)
        return abs(late - missed * self._filter.interval_ns) <= self._filter.gate_ns()

    def _draw(self) -> None:
        """The line through the newest clock, as the filter sees it."""
        clock = self._filter
        phase = clock.phase_ns(self._count)
        ns = round(phase)
        bpm = 60e9 / (24 * clock.interval_ns)
        self.line = TempoLine(bpm, self._tick(self._count) + (ns - phase) * CLOCK_TICKS / clock.interval_ns, ns)
