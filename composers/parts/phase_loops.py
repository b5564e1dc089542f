"""Loops of lengths that have no common measure: each repeats, all together never do.

After Brian Eno's Music for Airports (1978: tapes of 23.5, 25.875 and 29.9375 seconds, as he tells it) and Steve
Reich's phasing (Piano Phase, 1967: two players of one pattern, one a little slower). A loop counts from the piece's
first bar, so any bar can be asked for first. Writes keys around a tonic of C.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from composers.dice import Dice, dice
from composers.parts.passage import Event, Passage, Written
from composers.parts.settled import calm, reach, rings, settled
from composers.pulse import STEPS

_RESTING = 2
"""Bars at the end of an ending in which no loop comes round any more."""


@dataclass(frozen=True, slots=True)
class LoopStyle:
    """What goes round.

    loops           how many there are
    shortest, longest  steps of a loop's length, which is a prime number of them
    notes           the most that one has; 1..4
    gap             steps between its notes, from so many to three times as many
    ring            steps that a note rings, as far as the harmony allows
    low, high       keys as sounding
    velocity        of a first note; the others are softer
    kept            share of the times round that are heard, at the style's own energy
    """

    loops: int = 4
    shortest: int = 211
    longest: int = 379
    notes: int = 3
    gap: int = 11
    ring: int = 60
    low: int = 60
    high: int = 88
    velocity: float = 54.0
    kept: float = 0.85


@dataclass(frozen=True, slots=True)
class PhasingStyle:
    """Two voices of one pattern.

    slots, slot    places of the pattern and the steps of each; filled: share of them that sound
    slower         steps that the second voice loses each time round
    ring, low, high, velocity  see LoopStyle
    """

    slots: tuple[int, ...] = (5, 7, 8)
    slot: int = STEPS
    filled: float = 0.62
    slower: int = 1
    ring: int = 18
    low: int = 60
    high: int = 81
    velocity: float = 50.0


def phase_loops(passage: Passage, part: str, style: LoopStyle) -> Written:
    """What a part's loops bring in a passage, sorted."""
    low, high = reach(passage, part, style.low, style.high)
    start, last = passage.first_bar * passage.bar_steps, _last(passage)
    events: list[Event] = []
    for number in range(style.loops):
        draw = dice(passage.seed, "loop", part, number)
        length = draw.one_of(_primes(style.shortest, style.longest))
        rows = _row(draw, style, low, high)
        first = int(draw.random() * length)
        spread = rows[-1][0]
        for turn in range((start - first - spread) // length, (start + last - first) // length + 1):
            again = dice(passage.seed, "turn", part, number, turn)
            heard, louder = again.random(), again.normal(4.0)
            for at, key, loud in rows:
                step = first + turn * length + at - start
                if 0 <= step < last and heard < style.kept * passage.lively(step // passage.bar_steps):
                    events.append(_rung(passage, step, key, loud + louder, style.ring, low, high))
    return Written(_one_each(events))


def phasing(passage: Passage, part: str, style: PhasingStyle) -> Written:
    """Both voices of a pattern; the second is late by another `slower` steps each time round."""
    low, high = reach(passage, part, style.low, style.high)
    start, last = passage.first_bar * passage.bar_steps, _last(passage)
    draw = dice(passage.seed, "phasing", part)
    slots = draw.one_of(style.slots)
    near = draw.between(low + 4, high - 4)
    row = [(slot * style.slot, round(near + draw.normal(5.0)), draw.normal(5.0)) for slot in range(slots)
           if draw.chance(style.filled) or slot == 0]  # fmt: skip
    events: list[Event] = []
    for voice in range(2):
        length = slots * style.slot + voice * style.slower
        for turn in range(start // length - 1, (start + last) // length + 1):
            for at, key, loud in row:
                step = turn * length + at - start
                if 0 <= step < last:
                    softer = style.velocity + loud - 7.0 * voice
                    events.append(_rung(passage, step, key, softer, style.ring, low, high))
    return Written(_one_each(events))


def _last(passage: Passage) -> int:
    """The step from which on nothing is struck."""
    rest = _RESTING * passage.bar_steps if passage.role == "ending" else 0
    return max(0, passage.steps - rest)


def _row(draw: Dice, style: LoopStyle, low: int, high: int) -> list[tuple[int, int, float]]:
    """(step, key, velocity) of a loop's notes."""
    count = 1 + int(draw.random() * style.notes)
    key = draw.between(low + 3, high - 3)
    found: list[tuple[int, int, float]] = []
    at = 0
    for index in range(count):
        found.append((at, round(key), style.velocity + draw.normal(4.0) - 4.0 * index))
        at += round(style.gap * draw.between(1.0, 3.0))
        key += draw.weighted((-7, -5, -3, -2, 2, 3, 5, 7), (1, 2, 2, 3, 3, 2, 2, 1))
        if not low <= key <= high:
            key = draw.between(low + 3, high - 3)
    return found


def _rung(passage: Passage, step: int, key: int, loud: float, ring: int, low: int, high: int) -> Event:
    """A note on the nearest key that may ring here, for as long as it may."""
    pitch = settled(key, calm(passage, passage.at(step)), low, high)
    end = rings(passage, step, step + ring, pitch, STEPS)
    loud += 14.0 * (passage.energy_at(step // passage.bar_steps) - 0.45)
    return Event(step, end - step, pitch, min(110.0, max(14.0, loud)))


def _one_each(events: Iterable[Event]) -> list[Event]:
    """Sorted, without a second stroke of one key at one step."""
    return sorted({(e.step, e.pitch): e for e in events}.values())


@lru_cache(maxsize=32)
def _primes(low: int, high: int) -> tuple[int, ...]:
    return tuple(n for n in range(low, high + 1) if all(n % d for d in range(2, int(n**0.5) + 1)))
