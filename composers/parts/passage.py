"""What a part is given to compose over, and what it writes: events on a grid, not yet played."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

from composers.harmony import STEPS, Region


class Event(NamedTuple):
    """A written note: `step` and `length` in steps (12 a beat) from the passage's beginning, before any swing."""

    step: int
    length: int
    pitch: int
    velocity: float

    @property
    def end(self) -> int:
        return self.step + self.length


@dataclass(frozen=True, slots=True)
class Passage:
    """A section as a part sees it.

    seed, identity  what its random generators derive from: the plan's seed and the section's place or letter
    beats, bars     beats in a bar, bars to write; `written` are the bars that its form has
    role, name      see forms.Section; `turn` counts earlier passages of the same letter in the chorus
    regions         the harmony; beyond it comes `following`, a region of the next passage (steps from this one's start)
    blues           whether the form is a blues: some phrases take the tonic's blues scale over every chord
    energy          0..1, the plan's energy already in it; it grows to `energy_end`
    """

    seed: int
    identity: tuple[int | str, ...]
    beats: int
    bars: int
    written: int
    role: str
    name: str
    turn: int
    chorus: int
    closes: bool
    blues: bool
    regions: tuple[Region, ...]
    following: Region
    energy: float
    energy_end: float
    starts: tuple[int, ...]

    @property
    def bar_steps(self) -> int:
        return self.beats * STEPS

    @property
    def steps(self) -> int:
        return self.bars * self.bar_steps

    def at(self, step: int) -> Region:
        """The chord at a step; past the end the one that follows."""
        if step >= self.steps:
            return self.following
        return self.regions[bisect_right(self.starts, step) - 1]

    def after(self, region: Region) -> Region:
        """The chord after `region`."""
        return self.at(region.end)

    def strong(self, step: int) -> bool:
        """Whether a step is a strong beat: 1 and 3 of four, 1 of three."""
        within = step % self.bar_steps
        return within == 0 or (self.beats == 4 and within == 2 * STEPS)

    def drums_alone(self, bar: int) -> bool:
        """Whether the drummer has this bar to himself: every second four of a trading chorus."""
        return self.role == "trade" and bar // 4 % 2 == 1

    def energy_at(self, bar: int) -> float:
        return self.energy + (self.energy_end - self.energy) * bar / max(1, self.bars)
