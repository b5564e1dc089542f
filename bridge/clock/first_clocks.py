"""The first clocks of a port, of which nothing is known yet, judged together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from bridge.clock.miscounts import find_miscount
from bridge.clock.regression import FASTEST_NS, Arrival, line_through

FIRST_CLOCKS = 8
"""So many are judged together; where they are noisy, twice as many once more."""
_NOISY = 0.1
"""In intervals: less than this around their line, none of them was lost or doubled."""


class Judged(NamedTuple):
    """The clocks that count, rightly numbered; by how much the last one's number has changed; the noise in ns^2."""

    points: Sequence[Arrival]
    slip: int
    variance: float


def judge(points: Sequence[Arrival], interval_ns: float, floor_ns: float, better: float) -> Judged:
    """Were some of them lost or doubled? Then the squares around a line fall to `better` with another numbering.

    interval_ns  as the filter has it by now
    floor_ns     the least noise that a port can have
    """
    count = len(points)
    best = error = line_through(points).squares(points)
    kept, slip = points, 0
    packed = sum(b.ns - a.ns < FASTEST_NS / 4.0 for a, b in pairwise(points))
    if packed < count // 3 and error > count * (_NOISY * interval_ns) ** 2:
        found = find_miscount(points, better)
        if found is not None:
            kept, slip = found
            best = line_through(kept).squares(kept)
    late = kept[-FIRST_CLOCKS // 2 :]
    squares = line_through(late).squares(late)
    if packed < 2 and squares < 16.0 * floor_ns**2 < best / 50.0:
        best, kept = squares, late  # an exact port, and a tempo that is not what it was
    return Judged(kept, slip, best / (len(kept) - 2))
