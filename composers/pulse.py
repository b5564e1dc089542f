"""Where a meter's felt beats are: 6/8 has two, 7/8 three of unequal length."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from composers.score import PPQ, Meter

STEPS = 12
"""Steps to a quarter note, on which parts are written: 6 = the off-beat eighth (swung when played), 4 and 8 = triplets,
3 and 9 = sixteenths. What is finer is written as strokes of one event."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """A meter in steps.

    steps   of a bar
    beats   the steps on which beats are felt, the first 0
    strong  those of them that are accented: 1 and 3 of four, 1 of three, 1 and 4 of five (3 + 2)
    unit    steps of the meter's written unit (12 for quarters, 6 for eighths)
    """

    meter: Meter
    steps: int
    beats: tuple[int, ...]
    strong: frozenset[int]
    unit: int

    def nearest(self, step: float) -> int:
        """The felt beat of the bar nearest to `step`; the later of two."""
        return min(self.beats, key=lambda beat: (abs(beat - step), -beat))

    def is_strong(self, step: int) -> bool:
        return step % self.steps in self.strong

    def is_beat(self, step: int) -> bool:
        return step % self.steps in self.beats

    @property
    def backbeats(self) -> tuple[int, ...]:
        """Where the snare belongs: 2 and 4 of four, the second of two, the last group of an odd bar."""
        if len(self.beats) == 4:
            return self.beats[1::2]
        if len(self.beats) == 3:
            return self.beats[1:] if self.meter.unit == 4 else self.beats[1:2]
        if len(self.beats) == 5:
            return (self.beats[1], self.beats[3])
        return self.beats[1::2] or (self.steps // 2,)


@lru_cache(maxsize=64)
def pulse_of(meter: Meter) -> Pulse:
    """Eighth and shorter units are felt in groups of three (6/8, 9/8, 12/8) or of two and at last three (5/8, 7/8)."""
    unit = STEPS * 4 // meter.unit if meter.unit <= 16 else 1
    steps = meter.bar_ticks * STEPS // PPQ
    groups = _groups(meter)
    beats, at = [], 0
    for group in groups:
        beats.append(at * unit)
        at += group
    return Pulse(meter, steps, tuple(beats), frozenset(_strong(tuple(beats))), unit)


def _groups(meter: Meter) -> tuple[int, ...]:
    if meter.unit < 8:
        return (1,) * meter.beats
    if meter.beats % 3 == 0:
        return (3,) * (meter.beats // 3)
    twos, odd = divmod(meter.beats, 2)
    if not odd:
        return (2,) * twos
    return (meter.beats,) if meter.beats == 1 else (*(2,) * (twos - 1), 3)


def _strong(beats: tuple[int, ...]) -> tuple[int, ...]:
    match len(beats):
        case 4:
            return beats[::2]
        case 5:
            return (beats[0], beats[3])
        case 6 | 8:
            return beats[:: len(beats) // 2]
        case 7:
            return (beats[0], beats[4])
    return beats[:1]
