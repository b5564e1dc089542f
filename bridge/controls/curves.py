"""From how far a control is on its way to a parameter's value, and back."""

from __future__ import annotations

import itertools
import math
from typing import Literal

CurveName = Literal["linear", "log", "exponential", "stepped", "toggle", "bipolar", "fader"]
_TAPER = 100.0
"""Of `exponential`: the last half of the way is 10 times the first, as on a volume potentiometer with audio taper."""
_FADER = ((1.0, 0.0), (0.75, 10.0), (0.5, 20.0), (0.375, 30.0), (0.25, 40.0), (0.15, 50.0), (0.075, 60.0))
"""Share of a fader's way, and dB below its top there: the scale of mixing desks' faders (IEC 60268-18's meter scale,
with its top at the fader's)."""


def value_at(share: float, low: float, high: float, curve: CurveName = "linear", steps: int = 0,
             centre: float | None = None) -> float:
    """The value for a share of 0..1.

    linear       low to high in equal steps; low may be the greater
    log          in equal ratios, as pitches are: low and high are both above 0, or both below
    exponential  slow at low, fast at high, also where low is 0
    stepped      `steps` values (at least 2), each with an equal share of the way
    toggle       low in the lower half, high in the upper
    bipolar      the middle of the way is `centre` (default: half-way), with a straight line to each end
    fader        dB as a mixing desk's fader has them: the upper half is 20 dB, and low is its off
    """
    share = min(max(share, 0.0), 1.0)
    if curve == "log":
        return low * math.pow(high / low, share)
    if curve == "exponential":
        return low + (high - low) * (math.pow(_TAPER, share) - 1) / (_TAPER - 1)
    if curve == "stepped":
        return low + (high - low) * min(int(share * steps), steps - 1) / (steps - 1)
    if curve == "toggle":
        return high if share >= 0.5 else low
    if curve == "bipolar":
        middle = (low + high) / 2 if centre is None else centre
        return low + (middle - low) * 2 * share if share <= 0.5 else middle + (high - middle) * (2 * share - 1)
    if curve == "fader":
        return _fader_value(share, low, high)
    return low + (high - low) * share


def share_at(value: float, low: float, high: float, curve: CurveName = "linear", steps: int = 0,
             centre: float | None = None) -> float:
    """Where a control stands for a value: the inverse of value_at(), for feedback and soft take-over. Values outside
    are at the end that is nearer."""
    if low == high:
        return 0.0
    value = min(max(value, min(low, high)), max(low, high))
    if curve == "log":
        return math.log(value / low) / math.log(high / low)
    way = (value - low) / (high - low)
    if curve == "exponential":
        return math.log(1 + way * (_TAPER - 1)) / math.log(_TAPER)
    if curve == "stepped":
        place = round(way * (steps - 1))
        return place / (steps - 1)
    if curve == "toggle":
        return float(way >= 0.5)
    if curve == "bipolar":
        middle = (low + high) / 2 if centre is None else centre
        if (value - middle) * (high - low) <= 0:
            return 0.5 if middle == low else 0.5 * (value - low) / (middle - low)
        return 0.5 + 0.5 * (value - middle) / (high - middle)
    if curve == "fader":
        return _fader_share(value, low, high)
    return way


def _fader_points(low: float, high: float) -> list[tuple[float, float]]:
    """From the top to the bottom; a fader may be turned round (low the greater)."""
    span = abs(high - low)
    sign = 1.0 if high > low else -1.0
    return [*((share, high - sign * below) for share, below in _FADER if below < span), (0.0, low)]


def _fader_value(share: float, low: float, high: float) -> float:
    points = _fader_points(low, high)
    for (above, most), (below, least) in itertools.pairwise(points):
        if share >= below:
            return least + (most - least) * (share - below) / (above - below)
    return low


def _fader_share(value: float, low: float, high: float) -> float:
    points = _fader_points(low, high)
    for (above, most), (below, least) in itertools.pairwise(points):
        if min(least, most) <= value <= max(least, most):
            return below + (above - below) * (value - least) / (most - least)
    return 0.0
