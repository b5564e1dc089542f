"""Two masters' clocks in one stream, told apart: cables merged, or two programs connected to one input."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from math import ceil
from typing import NamedTuple

from bridge.clock.regression import FASTEST_NS, SLOWEST_NS, Arrival, Line, line_through

_KEPT = 48
_EACH = 12
"""The stream is looked at each time so many have come."""
_LEAST = 9
"""Clocks of a second master that make it one."""
_NEAR = 0.15
"""A clock is of a grid if it comes within this part of an interval of its place."""
_EVEN = 0.05
"""Standard deviation around a grid, in intervals, at most: 1 ms at 120 BPM."""
_OTHER = 0.02
"""Tempi that differ by less cannot be told from one master's clocks, every other one of them late."""
_REGULAR = 0.2
"""Gaps that all differ by less than this part from their mean are those of one master."""
_LOST = 1, 0.05
"""Clocks of a grid that may be missing, and the part of it; likewise clocks that belong to neither."""
_FROM, _STEPS, _TRIES = 2, 7, 3
"""The first clocks of the stream, one of which begins a grid; how far after it the next one may be; and how many grids
found are looked at: in noise there are many."""
_GRAIN = 0.04
"""Gaps that are so near to multiples of the smallest one are of whole blocks, or of a clock of which some are lost."""
_COARSE = 0.35
"""Of the mean gap: a finer grain makes no clock look like two."""
_AGAIN = 0.01
"""Seen twice, the two tempi agree within this part."""
_GONE = 4.0
"""Intervals after which the second master has stopped."""
_PHASE, _TEMPO = 0.4, 0.1
"""Of each clock's error, what moves the second master's grid and its interval."""


class _Grid(NamedTuple):
    """Clocks of one master: places in the stream, and their numbers from the first one on."""

    places: list[int]
    slots: list[int]
    line: Line


class Told(NamedTuple):
    """The stream's arrivals told apart: which of them (by place) are the first and the second master's."""

    one: _Grid
    two: _Grid


def tell_apart(stamps: Sequence[int]) -> Told | None:
    """The two even grids, of different tempi, that together explain the stream; both still going on at its end.

    None where one master explains it, or two do not. About 0.3 ms for 48 arrivals that are not even.
    """
    if _of_one(stamps):
        return None
    tried = 0
    for begin in range(_FROM):
        for step in range(1, _STEPS):
            one = _walk(stamps, begin, begin + step)
            if one is None:
                continue
            taken = set(one.places)
            left = [place for place in range(len(stamps)) if place not in taken]
            if len(left) < _LEAST or tried == _TRIES:
                return None
            tried += 1
            two = _second([stamps[place] for place in left], one.line.interval_ns)
            if two is not None:
                return Told(one, two._replace(places=[left[place] for place in two.places]))
    return None


def _of_one(stamps: Sequence[int]) -> bool:
    """Whether the gaps are those of one clock: even, or all of them multiples of one grain (lost clocks, blocks)."""
    gaps = [b - a for a, b in pairwise(stamps)]
    mean = sum(gaps) / len(gaps)
    if max(gaps) - min(gaps) < 2.0 * _REGULAR * mean:
        return True
    grain = min((gap for gap in gaps if gap > FASTEST_NS / 10.0), default=0)
    return grain > _COARSE * mean and all(abs(gap / grain - round(gap / grain)) < _GRAIN for gap in gaps)


def _second(stamps: Sequence[int], other_ns: float) -> _Grid | None:
    """The grid of nearly all of these, if it is of another tempo."""
    for begin in range(_FROM):
        for step in (1, 2):
            two = _walk(stamps, begin, begin + step)
            if (two is not None and abs(two.line.interval_ns / other_ns - 1.0) >= _OTHER
                    and len(stamps) - len(two.places) <= _LOST[0] + _LOST[1] * len(stamps)):
                return two
    return None


def _walk(stamps: Sequence[int], first: int, second: int) -> _Grid | None:
    """The grid that begins with these two clocks and goes on to the end of the stream, if there is one."""
    if second >= len(stamps):
        return None
    interval = float(stamps[second] - stamps[first])
    if not FASTEST_NS <= interval <= SLOWEST_NS:
        return None
    places, slots = [first, second], [0, 1]
    expected, slot, place, end = stamps[second] + interval, 2, second + 1, len(stamps)
    missing = 0
    while place < end:
        near = _NEAR * interval
        while place < end and stamps[place] < expected - near:
            place += 1
        if place == end:
            break
        while place + 1 < end and abs(stamps[place + 1] - expected) < abs(stamps[place] - expected):
            place += 1
        error = stamps[place] - expected
        if error <= near:
            places.append(place)
            slots.append(slot)
            place += 1
            expected += _PHASE * error
            interval += _TEMPO * error
        else:
            missing += 1
            if missing > _LOST[0] + _LOST[1] * slot:
                return None
        slot += 1
        expected += interval
    if len(places) < _LEAST or stamps[-1] - stamps[places[-1]] > 1.5 * interval:
        return None
    points = [Arrival(slot, stamps[place]) for place, slot in zip(places, slots, strict=True)]
    line = line_through(points)
    return _Grid(places, slots, line) if line.squares(points) <= len(points) * (_EVEN * interval) ** 2 else None


class _Heard(NamedTuple):
    ns: int
    clock: int
    begins: bool
    interval_ns: float


class Interleave:
    """Remembers what came, looks now and then whether it is of two masters, and then says of each clock whose it is.

    Called from the engine's thread: bounded memory, a microsecond a clock but for the looks (see tell_apart).
    """

    __slots__ = ("_arrivals", "_expected", "_interval", "_next", "_seen", "two")

    def __init__(self) -> None:
        self._arrivals: deque[_Heard] = deque(maxlen=_KEPT)
        self._next = _KEPT // 2
        self._seen: list[float] | None = None  # the intervals, where the last look has told two apart
        self.two = False
        """Whether two masters send at present."""
        self._expected = 0.0  # of the second one: its next clock
        self._interval = 0.0

    def reset(self) -> None:
        """There was a pause, or the clock was lost."""
        self._arrivals.clear()
        self._next = _KEPT // 2
        self._seen = None
        self.two = False

    def heard(self, ns: int, clock: int, begins: bool, interval_ns: float) -> bool:
        """A clock that was counted as number `clock`; `begins`: play did with it; the tempo believed in before it.

        Returns whether it is time to sort().
        """
        if self.two:
            return False
        self._arrivals.append(_Heard(ns, clock, begins, interval_ns))
        self._next -= 1
        if self._next > 0:
            return False
        self._next = _EACH
        return True

    def sort(self, interval_ns: float) -> list[Arrival]:
        """If two masters send, the clocks of the one to follow, rightly numbered; else none.

        It is the one that goes by `interval_ns`, which is followed, else the one that is nearer to what was followed,
        or guessed, before.
        """
        arrivals = list(self._arrivals)
        told = tell_apart([each.ns for each in arrivals])
        before, self._seen = self._seen, told and sorted(grid.line.interval_ns for grid in told)
        if told is None or before is None or self._seen is None or any(
                abs(a / b - 1.0) > _AGAIN for a, b in zip(before, self._seen, strict=True)):
            return []
        off = [abs(grid.line.interval_ns / interval_ns - 1.0) for grid in told]
        if min(off) > _OTHER / 2.0:
            off = [abs(grid.line.interval_ns / arrivals[0].interval_ns - 1.0) for grid in told]
        own, other = told if off[0] <= off[1] else (told.two, told.one)
        self.two = True
        self._interval = other.line.interval_ns
        self._expected = other.line.at(other.slots[-1] + 1)
        points = [Arrival(slot, arrivals[place].ns) for place, slot in zip(own.places, own.slots, strict=True)]
        begun = next((each for each in reversed(arrivals) if each.begins), None)
        if begun is None:
            shift = arrivals[own.places[0]].clock
        else:  # the first one then, or after it, was the first of the music
            first = ceil((begun.ns - own.line.ns) / own.line.interval_ns - _NEAR)
            shift = begun.clock - first
            points = [p for p in points if p.clock >= first]
        self._arrivals.clear()
        self._next = _KEPT // 2
        return [Arrival(p.clock + shift, p.ns) for p in points]

    def others(self, ns: int, expected_ns: float) -> bool:
        """Whether a clock is the second master's, where the first one's next is expected then."""
        if not self.two:
            return False
        if ns - self._expected > _GONE * self._interval:
            self.reset()
            return False
        missed = max(0, round((ns - self._expected) / self._interval))
        error = ns - self._expected - missed * self._interval
        if abs(error) > _NEAR * self._interval or abs(ns - expected_ns) <= abs(error):
            return False
        self._interval += _TEMPO * error
        self._expected = ns - (1.0 - _PHASE) * error + self._interval
        return True
