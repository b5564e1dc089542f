"""Random generators that depend on nothing but what they are asked for: the same on every machine and every run."""

from __future__ import annotations

import random
from collections.abc import Sequence
from hashlib import blake2b
from math import fsum
from typing import TypeVar

T = TypeVar("T")
_COLD = 0.05
"""Below this temperature the likeliest is taken."""


class Dice(random.Random):
    """A generator with the few draws that composers need.

    All draws are built on random(), the one method whose sequence Python keeps from version to version.

    temperature  of weighted(): 1 draws in proportion, 0 takes the likeliest, above 1 all are more alike
    """

    temperature = 1.0

    def at(self, temperature: float) -> Dice:
        """This generator, from now on drawing at a temperature (0..2)."""
        self.temperature = temperature
        return self

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def weighted(self, choices: Sequence[T], weights: Sequence[float]) -> T:
        """One of `choices`, with probability in proportion to its weight (>= 0, not all 0)."""
        if self.temperature != 1.0:
            weights = _heated(weights, self.temperature)
        left = self.random() * fsum(weights)  # sum() rounds otherwise from Python 3.12 on
        for choice, weight in zip(choices, weights, strict=True):
            left -= weight
            if left < 0:
                return choice
        return next(c for c, w in zip(reversed(choices), reversed(weights), strict=True) if w > 0)

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[int(self.random() * len(choices))]

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.random()

    def normal(self, deviation: float) -> float:
        """About normal around 0 (the sum of three uniforms: no tail beyond 3 deviations, which suits timing)."""
        random = self.random
        return (random() + random() + random() - 1.5) * 2.0 * deviation


def _heated(weights: Sequence[float], temperature: float) -> Sequence[float]:
    top = max(weights)
    if temperature <= _COLD:
        return [float(weight == top) for weight in weights]
    return [(weight / top) ** (1.0 / temperature) for weight in weights]


def dice(*identity: int | str) -> Dice:
    """The generator for a thing named by integers and words, e.g. dice(seed, "bass", section).

    Python's own hash() differs between runs; BLAKE2 does not.
    """
    digest = blake2b("\x1f".join(map(str, identity)).encode(), digest_size=8).digest()
    return Dice(int.from_bytes(digest, "big"))
