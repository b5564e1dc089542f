"""Slow automation: filters, sends and places that move over minutes and never come back the same way.

Each parameter follows the sum of two sines of the bar whose periods have no common measure, so any bar can be asked
for first, and a jump sounds as if it had been played there. A path that the rig does not have moves nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from composers.dice import dice
from composers.parts.passage import Passage, Sweep

_GOLDEN = (1 + math.sqrt(5)) / 2


class Tide(NamedTuple):
    """low, high: where it goes; bars: of its slower wave, the quicker is shorter by the golden section; log: moves by
    ratios (frequencies); energy: share of the way that the passage's energy takes."""

    low: float
    high: float
    bars: float
    log: bool = False
    energy: float = 0.0


def tides(passage: Passage, part: str, courses: Mapping[str, Tide]) -> list[Sweep]:
    """One sweep a bar and path, from where it is at the bar's beginning to where it is at its end."""
    found: list[Sweep] = []
    for path, tide in courses.items():
        draw = dice(passage.seed, "tide", part, path)
        phases = draw.random(), draw.random()
        places = [_place(passage, tide, phases, bar) for bar in range(passage.bars + 1)]
        found += [Sweep(bar * passage.bar_steps, passage.bar_steps, path, places[bar + 1], places[bar])
                  for bar in range(passage.bars)]  # fmt: skip
    return sorted(found)


def _place(passage: Passage, tide: Tide, phases: tuple[float, float], bar: int) -> float:
    at = (passage.first_bar + bar) / tide.bars
    wave = 0.6 * math.sin(2 * math.pi * (at + phases[0])) + 0.4 * math.sin(2 * math.pi * (at * _GOLDEN + phases[1]))
    share = (1.0 - tide.energy) * (0.5 + 0.5 * wave) + tide.energy * passage.energy_at(bar)
    share = min(1.0, max(0.0, share))
    if tide.log:
        return float(tide.low * (tide.high / tide.low) ** share)
    return tide.low + (tide.high - tide.low) * share
