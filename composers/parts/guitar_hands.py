"""A guitarist's hands: the left one's grips for a passage, the right one's strokes. Absolute keys."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from composers.dice import Dice
from composers.harmony import Region
from composers.parts.fretboard import CRUNCH, FULL, HIGH, Grip, Shape, capo_for, fingered, grips, power_grip
from composers.parts.passage import Event, Passage
from composers.pulse import STEPS, Pulse

EIGHTH, SIXTEENTH = STEPS // 2, STEPS // 4
MUTED_VELOCITY, OPEN_VELOCITY = 70.0, 100.0
_UP_SOFTER = 12.0
_UP_STRINGS = (3, 3, 4)
DISTORTED = frozenset({
    "overdriven-guitar", "overdrive-guitar", "rock-guitar", "crunch-guitar", "distortion-guitar", "lead-guitar",
    "metal-guitar", "power-guitar", "power-chords",
})  # fmt: skip
"""Sounds on which low thirds turn to mud."""


class Stroke(NamedTuple):
    """One movement of the right hand within a bar.

    step, length  in steps of the bar; what it strikes rings for so long, or until the next stroke
    down    over all strings of the grip, else up over the highest three or four
    level   0..1 between MUTED_VELOCITY and OPEN_VELOCITY
    muted   palm or left hand dampens it: short and dark
    """

    step: int
    length: int
    down: bool = True
    level: float = 1.0
    muted: bool = False


# The left hand ----------------------------------------------------------------------------------------------------


def fifth(region: Region) -> int:
    """Semitones of the chord's fifth."""
    has = region.chord.intervals
    return next((i for i in (7, 6, 8) if i in has), 7)


def power(passage: Passage) -> list[Grip]:
    return fingered([power_grip(r.chord.root.pitch_class, fifth(r)) for r in passage.regions])


def held_grips(passage: Passage, *, capo: bool, shape: Shape | None = None) -> list[Grip]:
    """A full grip for each region."""
    if shape is None:
        shape = CRUNCH if passage.sounds.get("comp") in DISTORTED else FULL
    fret = capo_for(passage.tonic % 12, passage.minor) if capo and shape is not HIGH else 0
    return fingered([grips(r.chord, shape, fret) for r in passage.regions])


def grip_at(passage: Passage, held: Sequence[Grip], step: int) -> Grip:
    """The grip of the region at a step; past the end the last one."""
    return held[bisect_right(passage.starts, step) - 1]


# The right hand ---------------------------------------------------------------------------------------------------


def struck(step: int, stroke: Stroke, grip: Grip, energy: float, draw: Dice) -> list[Event]:
    """A stroke's events, from the lowest string up; a hand that strums turns up-strokes round."""
    loud = MUTED_VELOCITY + (OPEN_VELOCITY - MUTED_VELOCITY) * stroke.level + 24.0 * (energy - 0.6)
    keys = grip.keys
    if not stroke.down:
        keys = keys[-draw.one_of(_UP_STRINGS) :]
        loud -= _UP_SOFTER
    length = max(2, min(stroke.length, SIXTEENTH)) if stroke.muted else max(1, stroke.length)
    return [Event(step, length, key, loud - 1.0 * index) for index, key in enumerate(keys)]


def strokes_over(
    passage: Passage, held: Sequence[Grip], bars: Sequence[Sequence[Stroke]], push: bool, draw: Dice
) -> list[Event]:
    """Bars of strokes over the grips. push: what comes off the beat just before a bar line is the next bar's."""
    events: list[Event] = []
    for bar, strokes in enumerate(bars):
        first = bar * passage.bar_steps
        energy = passage.energy_at(bar)
        for stroke in strokes:
            step = first + stroke.step
            region = passage.at(step)
            length = stroke.length
            grip = grip_at(passage, held, step)
            early = push and not stroke.muted and passage.bar_steps - stroke.step <= EIGHTH and bar + 1 < passage.bars
            if early:
                grip = grip_at(passage, held, first + passage.bar_steps)
            elif region.end > step and not stroke.muted:
                length = min(length, region.end - step)
            events += struck(step, stroke._replace(length=length), grip, energy, draw)
    return events


def lengthened(strokes: Sequence[Stroke], steps: int, longest: int) -> tuple[Stroke, ...]:
    """Each rings until the next."""
    ends = [s.step for s in strokes[1:]] + [steps]
    return tuple(s._replace(length=min(longest, end - s.step)) for s, end in zip(strokes, ends, strict=True))


def accented(pulse: Pulse, draw: Dice) -> tuple[int, ...]:
    """Where palm-muted eighths open: the groups of an odd bar, else one of the usual syncopations."""
    if pulse.steps == 4 * STEPS and len(pulse.beats) == 4:
        cell = draw.weighted(
            ((0, 3, 6), (0, 6), (0, 3), (0, 5), (0, 4), (0, 3, 4, 6), (0, 2, 5), (0, 4, 7)),
            (3.0, 1.5, 2.0, 1.0, 1.0, 1.0, 0.8, 1.0),
        )
        return tuple(at * EIGHTH for at in cell)
    strong = sorted(pulse.strong) if pulse.meter.unit == 4 and len(pulse.beats) > 4 else list(pulse.beats)
    off = [step for step in range(EIGHTH, pulse.steps, EIGHTH) if step not in strong]
    return tuple(sorted({*strong, *([draw.one_of(off)] if off and draw.chance(0.4) else [])}))


def by_bars(passage: Passage, usual: Sequence[Stroke], other: Sequence[Stroke]) -> list[Sequence[Stroke]]:
    """The same in three bars of four, another in the fourth."""
    return [other if bar % 4 == 3 else usual for bar in range(passage.bars)]


def with_changes(
    passage: Passage, held: Sequence[Grip], events: list[Event], push: bool, draw: Dice
) -> list[Event]:
    """A stroke on each change of chord that has none, and was not pushed."""
    taken = {event.step for event in events}
    added: list[Event] = []
    for region, grip in zip(passage.regions, held, strict=True):
        pushed = push and region.start % passage.bar_steps == 0 and region.start - EIGHTH in taken
        if region.start not in taken and not pushed:
            later = min((s for s in taken if s > region.start), default=region.end)
            length = min(later, region.end) - region.start
            energy = passage.energy_at(region.start // passage.bar_steps)
            added += struck(region.start, Stroke(0, length, True, 0.85), grip, energy, draw)
    return sorted([*events, *added], key=lambda e: e.step) if added else events
