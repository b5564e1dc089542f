"""Which of a few arrivals were lost or doubled clocks, judged together, when nothing is known from before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bridge.clock.regression import Arrival

_SHIFTS = (-1, 1, 2)
"""One doubled, one lost, two lost at a place."""
_TOGETHER, _DOUBLED = 0.1, 0.35
"""A clock that comes within this part of the usual gap after another is probably its double: what is left of the
squares then weighs so much less."""
_PAIR = 0.5
"""Two places must explain twice as much more than the best one as that one must more than none."""


class Miscount(NamedTuple):
    """The arrivals renumbered, and by how much the last one's number has changed."""

    points: list[Arrival]
    slip: int


def find_miscount(points: Sequence[Arrival], better: float) -> Miscount | None:
    """The renumbering by one or two shifts with which a line fits best, if the squares fall to `better`; else None.

    Clock numbers are regressed on times, so that a shift from some arrival on adds a step to the left side, and the
    squares after any shifts follow from the residuals, the steps' and their products alone. A step before the last
    arrival only is none: it may just be late. About 0.3 ms, once or twice a port.
    """
    n = len(points)
    ns = np.array([p.ns - points[0].ns for p in points], float)
    clocks = np.array([p.clock - points[0].clock for p in points], float)
    even = ns - ns.mean()
    even /= np.sqrt(even @ even)  # with the constant, an orthonormal base of all lines
    steps = np.tri(n, n - 2, -1)  # column i: 1 after arrival i
    residual = clocks - clocks.mean()
    residual -= even * (even @ residual)
    steps -= steps.mean(axis=0)
    steps -= np.outer(even, even @ steps)
    error = float(residual @ residual)
    if not error:
        return None
    cross, gram = steps.T @ residual, steps.T @ steps
    own = np.diag(gram)
    gaps = np.diff(ns)
    usual = float(np.sort(gaps)[len(gaps) // 2])
    weight = {-1: np.where(gaps[: n - 2] < _TOGETHER * usual, _DOUBLED, 1.0), 1: np.ones(n - 2)}
    weight[2] = weight[1]
    limit = better
    found: tuple[tuple[int, int], ...] = ()
    least = 1.0
    for shift in _SHIFTS:
        left = weight[shift] * (error + 2.0 * shift * cross + shift * shift * own) / error
        at = int(np.argmin(left))
        least = min(least, float(left[at]))
        if left[at] < limit:
            limit, found = float(left[at]), ((at, shift),)
    limit = _PAIR * better * least
    for first in (-1, 1):
        for second in (-1, 1):
            left = (error + 2.0 * (first * cross[:, None] + second * cross[None, :]) + own[:, None] + own[None, :]
                    + 2.0 * first * second * gram) * weight[first][:, None] * weight[second][None, :] / error
            left[np.tril_indices(n - 2)] = np.inf
            at, then = (int(index) for index in np.unravel_index(int(np.argmin(left)), left.shape))
            if left[at, then] < limit:
                limit, found = float(left[at, then]), ((at, first), (then, second))
    if not found:
        return None
    shifted = [Arrival(p.clock + sum(shift for after, shift in found if k > after), p.ns) for k, p in enumerate(points)]
    return Miscount(shifted, sum(shift for _, shift in found))
