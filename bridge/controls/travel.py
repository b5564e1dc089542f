"""How a control's way and its parameter's range go together: what the mapping says, else as the parameter wants it."""

from __future__ import annotations

import math
from typing import NamedTuple

from bridge.controls.curves import CurveName, share_at, value_at
from bridge.controls.gestures import NARROW
from bridge.controls.mapping import Mapped
from bridge.errors import MessageError
from bridge.parameter_paths import ParameterInfo


class Travel(NamedTuple):
    """A way of 0..1 along a parameter's values; see curves. info: the parameter, None where it takes words alone."""

    low: float
    high: float
    curve: CurveName
    steps: int
    centre: float | None
    info: ParameterInfo | None

    def value(self, share: float) -> float:
        """Within what the parameter can be."""
        return fitted(value_at(share, self.low, self.high, self.curve, self.steps, self.centre), self.info)

    def share(self, value: float) -> float:
        return share_at(value, self.low, self.high, self.curve, self.steps, self.centre)

    def rest(self, value: float) -> float:
        """Where a control rests that turned it to this value: the middle of a step's stretch."""
        share = self.share(value)
        return step_middle(share, self.steps) if self.curve == "stepped" else share


def travel_of(mapped: Mapped, info: ParameterInfo | None) -> Travel:
    """Raises MessageError for a parameter without a range, or one that the curve cannot go."""
    low, high = range_of(mapped, info)
    curve, steps = mapped.curve, mapped.steps or 0
    if curve is None:
        if mapped.centre is not None:
            curve = "bipolar"
        elif steps or (info is not None and (info.words or (info.whole and abs(high - low) < NARROW))):
            curve = "stepped"
        else:
            curve = "log" if info is not None and info.log and low * high > 0 else "linear"
    if curve == "log" and not low * high > 0:
        raise MessageError(f"{mapped.path} goes from {low:g} to {high:g}, where curve = 'log' cannot go: give the "
                           f"mapping a low above 0, or curve = 'exponential'")
    if curve == "stepped" and not steps:
        steps = max(2, round(abs(high - low)) + 1) if info is None or info.whole or info.words else 2
    return Travel(low, high, curve, steps, mapped.centre, info)


def range_of(mapped: Mapped, info: ParameterInfo | None) -> tuple[float, float]:
    """The two ends. Raises MessageError."""
    low, high = mapped.low, mapped.high
    if info is not None:
        low, high = info.low if low is None else low, info.high if high is None else high
    if low is None or high is None:
        raise MessageError(f"{mapped.path} is no number: give the mapping a value")
    return low, high


def step_middle(share: float, steps: int) -> float:
    """The middle of the stretch of the way that belongs to a step."""
    place = min(max(round(share * (steps - 1)), 0), steps - 1)
    return (place + 0.5) / steps


def fitted(value: float, info: ParameterInfo | None) -> float:
    if info is None:
        return value
    value = min(max(value, info.low), info.high)
    return float(math.floor(value + 0.5)) if info.whole else value
