"""Velocity curves: how hard a key was struck -> how loud its note is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

CURVES = {"linear": 1.0, "soft": 0.6, "hard": 1.7}
"""Exponents of the share 0..1. soft: a light touch is louder already; hard: loud only when struck hard. Our own choice:
they move the middle (64) to 84 and 40, about what keyboards call soft 2 and hard 2."""

Velocity = str | int | Sequence[Sequence[float]]


def velocity_curve(velocity: Velocity) -> tuple[float, ...]:
    """What each velocity 0..127 becomes, 1..127 (the first is not used). velocity: one of CURVES, a number (all are so
    loud), or points (in, out), both 1..127, with straight lines between them, level before the first and after the
    last. Raises ValueError for a word that is none of them."""
    if isinstance(velocity, str):
        if velocity not in CURVES:
            raise ValueError(velocity)
        exponent = CURVES[velocity]
        return (1.0, *(1.0 + 126.0 * ((v - 1) / 126.0) ** exponent for v in range(1, 128)))
    if isinstance(velocity, int):
        return (float(velocity),) * 128
    points = [(float(point[0]), float(point[1])) for point in velocity]
    return tuple(_between(points, float(v)) for v in range(128))


def _between(points: Sequence[tuple[float, float]], v: float) -> float:
    if v <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if v <= x1:
            return y0 + (y1 - y0) * (v - x0) / (x1 - x0)
    return points[-1][1]
