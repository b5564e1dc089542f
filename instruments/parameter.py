"""A parameter: a number with its unit, range, default and glide, or a word out of a few."""

from __future__ import annotations

import math
from typing import NamedTuple

from instruments.errors import InstrumentError


class Parameter(NamedTuple):
    """A number.

    unit      "dB", "Hz", "ms" ..., with a word on what the ends mean where that is not plain
    low, high the range, both ends included
    default   None: it must be given
    whole     whole numbers only
    log       glides, knobs and controllers go by its logarithm (frequencies, times)
    glide_ms  a change by hand takes so long, in a straight line of the value (its logarithm, if log): no zipper noise
    """

    unit: str
    low: float
    high: float
    default: float | None
    whole: bool = False
    log: bool = False
    glide_ms: float = 20.0

    def checked(self, place: str, value: object) -> float:
        """The value as a float. Raises InstrumentError that names the place, the value and the range."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not self.low <= value <= self.high:
            unit = f" ({self.unit})" if self.unit else ""
            raise InstrumentError(f"{place} = {value!r} does not fit: give a number from {self.low:g} to "
                                  f"{self.high:g}{unit}")
        if self.whole and value != round(value):
            raise InstrumentError(f"{place} = {value!r} does not fit: give a whole number from {self.low:g} to "
                                  f"{self.high:g}")
        return float(value)

    def at(self, share: float) -> float:
        """The value at 0 (low) .. 1 (high) of a knob's way."""
        if self.log:
            return float(self.low * (self.high / self.low) ** share)
        value = self.low + share * (self.high - self.low)
        return float(round(value)) if self.whole else value

    def between(self, a: float, b: float, share: float) -> float:
        """From a (share 0) to b (share 1), as the value glides."""
        if share >= 1:
            return b
        if self.log and a > 0 and b > 0:
            return math.exp(math.log(a) + share * (math.log(b) - math.log(a)))
        return a + share * (b - a)


class Choice(NamedTuple):
    """A word. As a number (automation, controllers) it is its place in `words`, from 0."""

    words: tuple[str, ...]
    default: str
