"""Where a clock's tempo was steady: stretches of numbered clocks, each a straight line. Pure functions and values."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bridge.watch.grid import ClockGrid

PPQ_CLOCKS = 24
STEADY_CLOCKS = 4 * PPQ_CLOCKS
"""A stretch shorter than four beats is a tempo on its way to another."""
_TESTS = ((24, 1e-3), (96, 5e-4), (384, 2e-4))
"""The last so many clocks are held against the stretch before them; smaller changes (a part of the tempo) are noise of
the master's that the stretch averages over: 1e-3 is 0.12 BPM at 120."""
_CHOW = 25.0
"""The F statistic of G. C. Chow, "Tests of equality between sets of coefficients in two linear regressions",
Econometrica 28 (1960), above which the last clocks are on another line; F(2, 50) exceeds it once in 10^7."""
_FLOOR_NS = 5_000.0
"""Residuals are not believed to be smaller: stamps are rounded to frames (21 us at 48 kHz, 6 us rms)."""

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """The least-squares line through clocks: interval_ns and its standard error, and the sum of squares left over."""

    interval_ns: float
    error_ns: float
    squares_ns2: float

    @property
    def bpm(self) -> float:
        return 60e9 / (PPQ_CLOCKS * self.interval_ns)

    @property
    def error_ppm(self) -> float:
        return self.error_ns / self.interval_ns * 1e6


def fit(index: Column, ns: Column) -> Line:
    """Two clocks at least, of one run. The error assumes that each clock's lateness is its own."""
    count = len(index)
    x = index - index.mean()
    y = ns - ns.mean()
    spread = float(x @ x)
    slope = float(x @ y) / spread
    left = y - slope * x
    squares = float(left @ left)
    noise = max(squares / max(1, count - 2), _FLOOR_NS * _FLOOR_NS)
    return Line(slope, (noise / spread) ** 0.5, squares)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows first..last (half open) of a ClockGrid on one line, by the reference clock and by the machine's."""

    first: int
    last: int
    start_ns: int
    end_ns: int
    line: Line
    machine: Line

    @property
    def clocks(self) -> int:
        return self.last - self.first

    @property
    def steady(self) -> bool:
        return self.clocks >= STEADY_CLOCKS


class Stretches:
    """Finds the stretches of a growing grid; called now and then, and at the end. One thread."""

    def __init__(self, grid: ClockGrid) -> None:
        self._grid = grid
        self._bounds: list[int] = []
        """First rows of the stretches."""
        self._seen = 0

    def update(self) -> None:
        """Look at the rows that have come since the last call."""
        grid = self._grid
        while self._seen < len(grid):
            row = self._seen
            if row == 0 or grid.run[row] != grid.run[row - 1]:
                self._bounds.append(row)
            self._seen += 1
            if (self._seen - self._bounds[-1]) % PPQ_CLOCKS == 0:
                self._test()

    def all(self) -> list[Stretch]:
        """As of the last update(); those of one clock are left out."""
        edges = [*self._bounds, self._seen]
        return [self._stretch(a, b) for a, b in pairwise(edges) if b - a > 1]

    def last(self) -> Stretch | None:
        """The present one, or None before its second clock."""
        if not self._bounds or self._seen - self._bounds[-1] < 2:
            return None
        return self._stretch(self._bounds[-1], self._seen)

    def _columns(self, first: int, last: int) -> tuple[Column, Column]:
        """Number and ns relative to the first row."""
        grid = self._grid
        index = np.array(grid.index[first:last], np.int64)
        ns = np.array(grid.ns[first:last], np.int64)
        return (index - index[0]).astype(float), (ns - ns[0]).astype(float)

    def _stretch(self, first: int, last: int) -> Stretch:
        grid = self._grid
        index, ns = self._columns(first, last)
        machine = np.array(grid.machine_ns[first:last], np.int64)
        line = fit(index, ns)
        return Stretch(first, last, grid.ns[first], grid.ns[last - 1], line,
                       fit(index, (machine - machine[0]).astype(float)))

    def _test(self) -> None:
        first, last = self._bounds[-1], self._seen
        for tail, least in _TESTS:
            if last - first < 2 * tail:
                return
            # Enough before the tail for a line, no more: a clock that wanders over hours is not two tempos.
            begin = max(first, last - 9 * tail)
            index, ns = self._columns(begin, last)
            if _changed(index, ns, tail, least):
                self._bounds.append(begin + _split(index, ns, 2 * tail))
                return


def _changed(index: Column, ns: Column, tail: int, least: float) -> bool:
    head, end, whole = fit(index[:-tail], ns[:-tail]), fit(index[-tail:], ns[-tail:]), fit(index, ns)
    if abs(end.interval_ns / head.interval_ns - 1.0) < least:
        return False
    squares = max(head.squares_ns2 + end.squares_ns2, len(index) * _FLOOR_NS**2)
    return (whole.squares_ns2 - squares) / 2.0 > _CHOW * squares / (len(index) - 4)


def _split(index: Column, ns: Column, window: int) -> int:
    """The row, within the last `window`, at which two lines leave the least squares."""

    def squares(row: int) -> float:
        return fit(index[:row], ns[:row]).squares_ns2 + fit(index[row:], ns[row:]).squares_ns2

    rows = range(max(2, len(index) - window), len(index) - 4, max(1, window // 64))
    return min(rows, key=squares)
