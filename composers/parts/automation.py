"""Parameters of the mix that follow the form: filters that open, a high-pass that thins a build, a hall that grows.

Each bar says where its parameters stand or which way they go, so that a jump into any bar sounds as if it had been
reached by playing. A path that the rig does not have moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from composers.dice import dice
from composers.parts.passage import Passage, Sweep

OPEN_HZ = 20000.0
"""A low-pass that lets everything through; the cut-off of the effect "filter" where it stands still."""


class Course(NamedTuple):
    """From one value to another in the course of a section; `log`: by ratios (frequencies). share: of the section's
    length, at its end, in which it moves; before that it stands at `start`."""

    start: float
    end: float
    log: bool = True
    share: float = 1.0

    def at(self, place: float) -> float:
        """The value at 0..1 of the section."""
        way = min(1.0, max(0.0, (place - (1.0 - self.share)) / self.share)) if self.share > 0.0 else 1.0
        if self.log:
            return float(self.start * (self.end / self.start) ** way)
        return self.start + (self.end - self.start) * way


Courses = Mapping[str, Mapping[str, Course]]
"""By role and path."""


def sweeps(passage: Passage, courses: Courses, still: Mapping[str, float]) -> list[Sweep]:
    """What a part's paths do in a passage, bar by bar. still: by path, the value where a role has no course."""
    found: list[Sweep] = []
    own = courses.get(passage.role, {})
    for path, value in still.items():
        course = own.get(path, Course(value, value, log=False))
        found += moved(passage, path, course)
    return sorted(found)


def moved(passage: Passage, path: str, course: Course) -> Sequence[Sweep]:
    bars, steps = max(1, passage.bars), passage.bar_steps
    found: list[Sweep] = []
    for bar in range(passage.bars):
        begin, end = course.at(bar / bars), course.at((bar + 1) / bars)
        if begin == end:
            found.append(Sweep(bar * steps, 0, path, begin))
        else:
            found.append(Sweep(bar * steps, steps, path, end, begin))
    return found


_WOBBLES = ((12, 0.3), (6, 0.35), (4, 0.2), (3, 0.15))
"""Steps of a cycle (quarters, eighths, their triplets, sixteenths), with weights."""


def wobbled(passage: Passage, path: str, low: float, high: float) -> list[Sweep]:
    """A wobble bass: the parameter up and down in note values that change from half bar to half bar, the same every
    four bars."""
    found: list[Sweep] = []
    half = max(1, passage.bar_steps // 2)
    for bar in range(passage.bars):
        for part, start in enumerate(range(0, passage.bar_steps, half)):
            draw = dice(passage.seed, "wobble", passage.name, bar % 4, part)
            cycle = draw.weighted([steps for steps, _ in _WOBBLES], [weight for _, weight in _WOBBLES])
            end = min(passage.bar_steps, start + half)
            for at in range(start, end, cycle):
                up = max(1, cycle // 2)
                step = bar * passage.bar_steps + at
                found.append(Sweep(step, up, path, high, low))
                if at + up < end:
                    found.append(Sweep(step + up, min(cycle - up, end - at - up), path, low, high))
    return found
