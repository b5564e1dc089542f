"""From the page to the hand: swing, micro-timing that wanders as people's does, velocities that breathe.

Hands are values (hand.py), what they do with each note is in strokes.py; here a part's events go to its hands.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from composers.dice import Dice, dice
from composers.parts.hand import Hand as Hand
from composers.parts.hand import Place as Place
from composers.parts.passage import Event, Written
from composers.parts.strokes import strokes
from composers.parts.turns import controls_of, ramp
from composers.pulse import STEPS
from composers.score import Control, Note, Ramp, Tick

_BODY = 0.75
"""What is left of a drummer's common wander after an eighth."""


class Played(NamedTuple):
    """Notes, controls and ramps of a passage, absolute ticks."""

    notes: list[Note]
    controls: list[Control]
    ramps: list[Ramp]


LEAD = Hand("lead", 3.0, 14.0, 7.0, 5.0, 0.88, 0.9)
COMP = Hand("comp", 4.0, 0.0, 6.0, 4.0, 0.9)
BASS = Hand("bass", 4.0, 0.0, 5.0, 4.0, 0.92)
RIDE = Hand("ride", 2.0, 0.0, 5.0, 4.0)
SNARE = Hand("snare", 0.0, 0.0, 8.0, 4.0)
KICK = Hand("kick", -2.0, 0.0, 6.0, 3.0)
PEDAL_HAT = Hand("pedal hat", -8.0, 0.0, 4.0, 3.0)


def play(
    written: Written, hand: Hand | Mapping[int, Hand], place: Place, channel: int, *draws: int | str,
    until: Tick | None = None,
) -> Played:  # fmt: skip
    """What is written as it is played: each note starts inside the bar it is written in.

    Events of one step are one stroke and share its deviation, rolled from the bottom by a few milliseconds. What is
    drawn depends on the strokes alone, not on how many voices each has. hand: by key where drums have one each; the
    hand of key 0 plays the others. until: notes of bars that begin after this tick are not wanted.
    """
    notes: list[Note] = []
    if isinstance(hand, Hand):
        notes = strokes(written.events, hand, place, channel, dice(*draws), until=until)
    else:
        by_hand: dict[Hand, list[Event]] = {}
        by_key: dict[int, list[Event]] = {}
        for event in written.events:
            if event.pitch not in by_key:
                by_key[event.pitch] = by_hand.setdefault(hand.get(event.pitch, hand[0]), [])
            by_key[event.pitch].append(event)
        common = any(each.together for each in by_hand)
        body = _body(written.events, dice(*draws, "body")) if common else None
        for each, events in by_hand.items():
            notes += strokes(events, each, place, channel, dice(*draws, each.name), body, until)
    controls = controls_of(written.turns, place.first_tick, place.feel, place.bend_range, channel)
    ramps = [ramp(sweep, place.first_tick, place.feel) for sweep in written.sweeps]
    return Played(notes, controls, ramps)


def _body(events: Sequence[Event], draw: Dice) -> Mapping[int, float]:
    """How a drummer as a whole wanders: by step, with a deviation of 1, alike for as long as an eighth or two."""
    found: dict[int, float] = {}
    level, before = draw.normal(1.0), 0
    for step in sorted({event.step for event in events}):
        kept = _BODY ** ((step - before) * 2 / STEPS)
        level = kept * level + draw.normal(math.sqrt(1.0 - kept * kept))
        found[step], before = level, step
    return found
