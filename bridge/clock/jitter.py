"""What a port does to a clock's arrivals: how noisy they are, and how late the mean is after the early edge."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from math import sqrt

FLOOR_NS = 25_000.0
"""No port is believed to be better than this: a clock on a frame of 44.1 kHz is rounded by up to 23 us."""
_COARSE_NS = 1_000_000
"""The grain of WinMM's stamps and of USB's frames. Where all intervals are whole milliseconds and not all the same,"""
_COARSE_FLOOR_NS = 600_000.0
"""that much noise is there even when clocks agree: twice the standard deviation of a uniform millisecond,
which comes as a saw and not as noise."""
_MEMORY = 64
"""Clocks over which the noise is averaged, once so many have come."""
_EDGE_MEMORY = 192
_EDGE = 0.05
"""The quantile taken for the early edge. At half-normal delays of 1 ms it lies 0.06 ms after the true edge and is
known to 0.02 ms; the minimum would be nearer, and would follow one stray early clock."""
_DEADBAND_NS = 50_000.0
"""Rounding to frames and to microseconds is no delay."""
_CALM = 4.0
"""No change is looked for while the last eight residuals add up to less than this many standard deviations: one
clock in six passes by chance, and a change that the test would find adds up to eight."""
_CLIP = 4.5
"""In standard deviations: what one residual may teach at most."""


class Jitter:
    """Residuals in, noise and edge out; both belong to the port and outlive a change of tempo.

    Jitter mostly delays, so that the mean arrival is late; NTP's clock filter and Link's measurement take the early
    ones for the same reason. Bounded memory; two bisections a clock.
    """

    __slots__ = ("_coarse", "_gap_ns", "_heard", "_order", "_sorted", "_uneven", "_variance", "sd_ns")

    def __init__(self) -> None:
        self.sd_ns = FLOOR_NS
        """Standard deviation of an arrival around the line of the means; at least FLOOR_NS."""
        self._variance = 0.0
        self._heard = 0
        self._gap_ns = 0
        self._coarse = self._uneven = 0
        self._order: deque[float] = deque()
        self._sorted: list[float] = []

    @property
    def heard(self) -> int:
        """Residuals learned from, at most 64."""
        return self._heard

    @property
    def edge_ns(self) -> float:
        """How much earlier than the mean the early edge is."""
        if not self._sorted:
            return 0.0
        edge = -self._sorted[int(_EDGE * len(self._sorted))] - _DEADBAND_NS
        return edge if edge > 0.0 else 0.0

    @property
    def floor_ns(self) -> float:
        return _COARSE_FLOOR_NS if self._coarse >= 6 and self._uneven else FLOOR_NS

    def observe(self, gap_ns: int) -> None:
        """The time between two stamps: is it whole milliseconds again?"""
        self._coarse = self._coarse + 1 if (gap_ns + 1000) % _COARSE_NS <= 2000 else 0
        uneven = self._gap_ns and abs(gap_ns - self._gap_ns) > _COARSE_NS // 2
        self._uneven = 256 if uneven else max(0, self._uneven - 1)
        self._gap_ns = gap_ns
        if self.sd_ns < self.floor_ns:
            self.sd_ns = self.floor_ns

    def learn(self, residual_ns: float, leverage: float, settled: bool) -> None:
        """An arrival after (+) or before (-) its prediction, whose own variance is `leverage` times an arrival's.

        `settled`: the line is good enough for the residual to tell of the edge.
        """
        error = residual_ns * residual_ns / (1.0 + leverage)
        if self._heard >= 8:
            error = min(error, _CLIP * _CLIP * self.sd_ns * self.sd_ns)
        if self._heard < _MEMORY:
            self._heard += 1
        self._variance += (error - self._variance) / self._heard
        self.sd_ns = max(self.floor_ns, sqrt(self._variance))
        if settled:
            self._order.append(residual_ns)
            insort(self._sorted, residual_ns)
            if len(self._order) > _EDGE_MEMORY:
                self._drop(self._order.popleft())

    def begin(self, variance: float) -> None:
        """What the first clocks, judged together, say of the noise in ns^2, in place of each on its own."""
        self._variance = variance
        self._heard = max(self._heard, 8)
        self.sd_ns = max(self.floor_ns, sqrt(variance))

    def forget(self) -> None:
        """The port has become another one; what comes next says how noisy."""
        self._heard = 0
        self._order.clear()
        self._sorted.clear()

    def unlearn(self, count: int) -> None:
        """The last `count` residuals told of a change of tempo, not of the edge."""
        for _ in range(min(count, len(self._order))):
            self._drop(self._order.pop())

    def _drop(self, residual_ns: float) -> None:
        del self._sorted[bisect_left(self._sorted, residual_ns)]


class Drift:
    """The sum of the last eight residuals: near zero unless the tempo is changing."""

    __slots__ = ("_recent", "_sum")

    def __init__(self) -> None:
        self._recent = [0.0] * 8
        self._sum = 0.0

    def restart(self) -> None:
        """Another line."""
        self._recent, self._sum = [0.0] * 8, 0.0

    def add(self, clock: int, residual_ns: float, sd_ns: float) -> tuple[bool, float]:
        """A residual. Whether the last ones give no sign of a change; and how it differs from the one before."""
        recent = self._recent
        before = recent[clock - 1 & 7]
        self._sum += residual_ns - recent[clock & 7]
        recent[clock & 7] = residual_ns
        return abs(self._sum) < _CALM * sd_ns, residual_ns - before
