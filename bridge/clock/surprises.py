"""The last arrivals as they came, and whether a port has become another one: noisier, or calm."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from bridge.clock.regression import FASTEST_NS, SLOWEST_NS, Arrival, Regression, line_through

_KEPT = 16
_FEW, _SURPRISED = 8, 5
"""So many of the last few arrivals were far from where they were expected: no hypothesis of one event explains that."""
_SAME_TEMPO = 0.08
"""Noise alone moves the tempo by less than this part, seen over eight clocks."""
_ANEW, _AS_NOISY = 4, 2.0
"""Clocks that make a new line after a restart, and how noisy it may be, in variances of the noise believed in."""
_NOISIER = 4.0
"""By how much more than the variance believed in, or how much less than that around the line believed in, arrivals
vary around a line of their own that takes its place."""
_TOO_NOISY = 0.3
"""In intervals: beyond this the arrivals may be anything."""
_LARGEST, _PACKETS = 5, 3
"""Packets of up to so many clocks, so many of them among the arrivals kept: others are bursts after a stall."""
_BENT = 0.1
"""A parabola that leaves less than this part of the variance is a ramp of tempo and no noise."""


class Surprises:
    """Remembers arrivals with the numbers they would have if each counted one, whatever was concluded meanwhile.

    Constant memory and time, but in `misjudged`, which is asked only amid surprises.
    """

    __slots__ = ("_arrivals", "_bits", "_fresh", "_slips")

    def __init__(self) -> None:
        self._arrivals: deque[tuple[Arrival, int, float]] = deque(maxlen=_KEPT)
        self._bits = 0
        self._slips = 0
        self._fresh = True

    def restart(self) -> None:
        """The master may begin a new grid and a new tempo here."""
        self._arrivals.clear()
        self._bits = 0
        self._slips = 0
        self._fresh = True

    def slipped(self, clocks: int, since: int) -> None:
        """The count was corrected by so many clocks, for the last `since` arrivals."""
        self._slips += clocks
        for at in range(-min(since, len(self._arrivals)), 0):
            arrival, slips, interval_ns = self._arrivals[at]
            self._arrivals[at] = arrival, slips + clocks, interval_ns

    def heard(self, arrival: Arrival, interval_ns: float) -> None:
        """An arrival, as it is numbered now, and the tempo believed in before it."""
        if len(self._arrivals) == _KEPT:
            self._fresh = False
        self._arrivals.append((Arrival(arrival.clock - self._slips, arrival.ns), self._slips, interval_ns))
        self._bits = self._bits << 1 & 0xFFFF

    def surprise(self) -> bool:
        """The last arrival was not expected. Returns whether that has become the rule."""
        self._bits |= 1
        return len(self._arrivals) >= _FEW and (self._bits & 0xFF).bit_count() >= _SURPRISED

    def anew(self, sd_ns: float) -> tuple[Sequence[Arrival], int] | None:
        """All arrivals since the restart, where they lie on one line, whatever the tempo was before; and by how much
        the count, as corrected meanwhile, is wrong then."""
        if not self._fresh or len(self._arrivals) < _ANEW:
            return None
        points, slip = self._plain(len(self._arrivals))
        line = line_through(points)
        if not FASTEST_NS <= line.interval_ns <= SLOWEST_NS:
            return None
        return (points, slip) if line.squares(points) < _AS_NOISY * sd_ns**2 * (len(points) - 2) else None

    def misjudged(self, present: Regression, sd_ns: float) -> tuple[Sequence[Arrival], int] | None:
        """The last arrivals, where they lie on one line of the tempo there was: but for more noise than `sd_ns`, for
        packets, or because `present` is wrong; and by how much the count of clocks, as corrected, is wrong then."""
        points, slip = self._plain(_KEPT)
        packed = len(points) == _KEPT and 2 <= _longest(points) <= _LARGEST and _ends(points) >= _PACKETS
        if not packed:
            points, slip = self._plain(_FEW)
            if _longest(points) > 2:
                return None  # a burst after a stall
        line = line_through(points)
        interval = line.interval_ns
        if not FASTEST_NS <= interval <= SLOWEST_NS:
            return None
        tempos = present.interval_ns, self._arrivals[0][2]  # that of now, and that of before the surprises
        if not self._fresh and not any(abs(interval - tempo) <= _SAME_TEMPO * tempo for tempo in tempos):
            return None
        n = len(points)
        residuals = [p.ns - line.at(p.clock) for p in points]
        squares = sum(r * r for r in residuals)
        limit = _LARGEST / 3.0 if packed else _TOO_NOISY
        if squares / (n - 2) >= (limit * interval) ** 2:
            return None
        late = [p.ns - present.mean_ns(p.clock) for p in points]
        now = sum((each - sum(late) / n) ** 2 for each in late)  # lost or doubled clocks shift all, and bend nothing
        if squares / (n - 2) < _NOISIER * sd_ns**2 and squares > now / _NOISIER:
            return None
        bend = sum(r * (points[-1].clock - p.clock) ** 2 for r, p in zip(residuals, points, strict=True))
        norm = n * (n * n - 1.0) * (n * n - 4.0) / 180.0
        return None if squares - bend * bend / norm < _BENT * squares else (points, slip)

    def _plain(self, count: int) -> tuple[list[Arrival], int]:
        """The last ones, numbered on from the first of them as if each counted one."""
        kept = list(self._arrivals)[-count:]
        slips = kept[0][1]
        return [Arrival(arrival.clock + slips, arrival.ns) for arrival, _, _ in kept], slips - self._slips


def _close(points: Sequence[Arrival]) -> list[bool]:
    """Which of them came together with the one before."""
    return [b.ns - a.ns < FASTEST_NS / 4.0 for a, b in pairwise(points)]


def _longest(points: Sequence[Arrival]) -> int:
    """Clocks in the largest packet."""
    longest = run = 1
    for close in _close(points):
        run = run + 1 if close else 1
        longest = max(longest, run)
    return longest


def _ends(points: Sequence[Arrival]) -> int:
    """Packets of several clocks that are over."""
    return sum(a and not b for a, b in pairwise(_close(points)))
