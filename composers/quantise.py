"""Quantising: what was played, drawn to a grid as far as one likes, straight or swung."""

from __future__ import annotations

import re
from typing import NamedTuple

from composers.errors import MusicError
from composers.score import PPQ

GRIDS = ("1/2", "1/4", "1/8", "1/16", "1/32", "1/4t", "1/8t", "1/16t")
"""As people write them; t: triplets."""


class Grid(NamedTuple):
    """step: ticks from line to line, 0 for no grid; strength 0..1, how much of the way to the line is gone; swing:
    share of the pair before its second line, 0.5 (straight) .. 0.75."""

    step: int = 0
    strength: float = 1.0
    swing: float = 0.5

    @staticmethod
    def parse(text: str, strength: float = 1.0, swing: float = 0.5) -> Grid:
        """"off", or one of GRIDS. Raises MusicError: another one, or triplets that swing."""
        if text == "off":
            return Grid()
        found = re.fullmatch(r"1/(\d+)(t?)", text)
        if text not in GRIDS or found is None:
            raise MusicError(f"quantise = {text!r} is no grid: choose off, {', '.join(GRIDS)}")
        step = PPQ * 4 // int(found[1])
        if found[2]:
            if swing != 0.5:
                raise MusicError(f"quantise = {text!r} does not swing: leave swing at 0.5, or take {text[:-1]}")
            step = step * 2 // 3
        return Grid(step, strength, swing)

    def nearest(self, tick: float) -> float:
        """The line that is nearest."""
        if not self.step:
            return tick
        pair = 2 * self.step
        first = tick // pair * pair
        lines = (first, first + self.swing * pair, first + pair)
        return min(lines, key=lambda line: abs(line - tick))

    def drawn(self, tick: float) -> int:
        """Where a note that began at `tick` begins; whole ticks, not before 0."""
        return max(0, round(tick + self.strength * (self.nearest(tick) - tick)))
