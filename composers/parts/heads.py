"""Heads: tunes made of two-bar ideas that return, their last bars said again as a tag, and the note they end on.

Around a tonic of C. All draws of a tune derive from its letter, so that it comes back as it was. Phrases: state,
repeat, depart on the third time; cadences on chord tones; about half of all bars of a head occurred before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi, sin

from composers.dice import Dice, dice
from composers.harmony import Region
from composers.parts.lead import EIGHTH, Compass, Rhythm, compass, dynamics, one_voice
from composers.parts.lines import HEAD, Style, groups, line, settle, slots, steps_from
from composers.parts.passage import Event, Passage
from composers.pulse import STEPS

Cell = tuple[int, ...]
"""Onsets of a bar in eighths."""


@dataclass(frozen=True, slots=True)
class HeadStyle:
    """How a tune moves.

    openings, answers  by beats of the bar: the first and the second bar of an idea, with weights
    hold               quarters that a note lasts at most
    level              velocity
    """

    openings: Mapping[int, Mapping[Cell, float]]
    answers: Mapping[int, Mapping[Cell, float]]
    hold: float = 2.0
    level: float = 84.0


_OPENINGS_3: dict[Cell, float] = {
    (0, 3, 4): 1, (0, 2, 4, 5): 1, (0, 2, 3, 4): 1, (1, 2, 3, 4, 5): 0.8, (2, 3, 4, 5): 0.8, (0, 3, 5): 0.8,
    (0, 1, 2, 4): 1, (0, 2, 4): 0.8,
}  # fmt: skip
_ANSWERS_3: dict[Cell, float] = {(0,): 1, (0, 2): 0.8, (0, 3): 0.8, (): 0.5, (0, 1, 2): 0.7, (1,): 0.5}
_OPENINGS_5: dict[Cell, float] = {
    (0, 3, 6, 8): 1, (0, 1, 2, 3, 6): 1, (0, 3, 5, 6, 8): 1, (1, 2, 3, 4, 6, 8): 0.8, (2, 3, 4, 6): 0.8,
    (0, 2, 3, 6, 7): 0.8, (0, 3, 6, 7, 8, 9): 0.7,
}  # fmt: skip
_ANSWERS_5: dict[Cell, float] = {(0,): 1, (0, 3): 1, (0, 3, 6): 0.8, (): 0.5, (0, 1, 3): 0.7, (0, 6): 0.7, (1, 3): 0.5}

MEDIUM = HeadStyle(
    {
        3: _OPENINGS_3,
        4: {
            (0, 3, 4, 6): 1, (0, 2, 3, 5): 1, (1, 2, 3, 5, 7): 1, (0, 3, 6, 7): 1, (2, 3, 4, 5, 7): 1,
            (0, 1, 2, 3, 5): 1, (1, 3, 4, 7): 1, (0, 2, 4, 5, 7): 0.8, (3, 4, 5, 7): 0.8, (0, 3, 5, 7): 1,
            (0, 1, 3, 4, 6): 0.7, (2, 4, 5, 6, 7): 0.7, (0, 4, 5, 7): 0.8, (1, 2, 3, 4, 5, 7): 0.7,
        },
        5: _OPENINGS_5,
    },
    {
        3: _ANSWERS_3,
        4: {(0,): 1, (1,): 0.7, (0, 3): 1, (0, 1, 3): 0.8, (0, 2, 3): 0.9, (1, 3): 0.8, (0, 1): 0.7, (): 0.7,
            (0, 2, 3, 5): 0.4},
        5: _ANSWERS_5,
    },
)  # fmt: skip
WALTZ = HeadStyle({3: _OPENINGS_3}, {3: {**_ANSWERS_3, (0,): 1.6}}, hold=3.0)
BALLAD = HeadStyle(
    {4: {(0, 4, 6): 1, (0, 3, 4): 1, (0, 4, 5, 6): 1, (0, 5, 6, 7): 1, (2, 3, 4): 0.8, (0, 2, 3, 4): 0.8,
         (1, 2, 3, 4, 6): 0.7, (0, 6, 7): 0.8, (0, 3, 4, 6, 7): 0.8, (4, 5, 6, 7): 0.5}},
    {4: {(0,): 1.6, (0, 4): 1, (0, 6): 0.7, (0, 2): 0.8, (0, 3, 4): 0.7, (1, 2): 0.5, (): 0.2}},
    hold=4.0, level=72.0,
)  # fmt: skip
UP = HeadStyle(
    {4: {(0, 1, 2, 3, 4, 5, 7): 1, (1, 2, 3, 4, 5, 6, 7): 1, (0, 1, 2, 3, 5): 1, (0, 2, 3, 4, 5, 7): 1,
         (1, 2, 3, 5, 6, 7): 0.9, (3, 4, 5, 6, 7): 0.8, (0, 1, 3, 4, 5, 7): 1, (0, 3, 4, 5, 7): 0.8,
         (2, 3, 4, 5, 6, 7): 0.7}},
    {4: {(0, 1): 1, (0, 1, 2, 3): 1, (0, 1, 3): 1, (0,): 0.8, (1,): 0.6, (0, 2, 3): 0.8, (0, 1, 2, 3, 5): 0.7,
         (): 0.5}},
    level=86.0,
)  # fmt: skip
BOSSA = HeadStyle(
    {4: {(0, 3, 6): 1, (0, 3, 4, 7): 1, (1, 3, 5, 7): 0.8, (3, 5, 7): 0.8, (0, 1, 3, 6, 7): 1, (2, 3, 5, 6): 0.8,
         (0, 3, 5, 6): 1, (1, 2, 3, 6): 0.8, (3, 4, 6, 7): 0.7, (0, 2, 3, 6, 7): 0.7}},
    {4: {(0,): 1, (1,): 0.6, (0, 3): 1, (0, 3, 6): 0.6, (1, 3): 0.6, (): 0.6, (2, 3): 0.5}},
    hold=3.5, level=76.0,
)  # fmt: skip
_UNIT_PLANS = {
    1: ("a",), 2: ("ab",), 3: ("aab", "aba"), 4: ("aabc", "abac", "aaba", "abac"), 5: ("aabac",),
    6: ("ababcd", "aabacd", "abacad"), 7: ("ababacd",), 8: ("aabcaabd",),
}  # fmt: skip
"""Which two-bar ideas a section states and returns to (the rule of three: state, repeat, depart)."""


def head(passage: Passage, style: HeadStyle) -> list[Event]:
    """The tune of a passage: one voice, sorted, nothing overlapping. The roles "tag" and "ending" close it."""
    keys = compass(passage)
    if passage.role == "ending":
        return _ending(passage, style, keys)
    if passage.role == "tag":
        return _tag(passage, style, keys)
    units = max(1, passage.written // 2)
    tune = ("tune", passage.name, passage.beats)
    plan = dice(passage.seed, *tune).one_of(_UNIT_PLANS.get(units, ("aabc" * (units // 4 + 1),)))[:units]
    events: list[Event] = []
    home = keys.centre - 2 + dice(passage.seed, *tune, "home").between(-3, 3)
    for index, letter in enumerate(plan):
        draw = dice(passage.seed, *tune, letter).at(passage.temperature)
        start = index * 2 * passage.bar_steps
        if start >= passage.steps:
            break
        closing = index == len(plan) - 1
        rhythm = _unit_rhythm(passage, start, style, draw, closing=closing)
        climb = 3.5 * sin(pi * min(1.0, (index + 0.5) / len(plan) / 0.9))  # the peak past the middle
        entry = home + {"a": 0.0, "b": 2.0, "c": 4.0, "d": 0.0}[letter]
        if rhythm:
            events += _sung(passage, rhythm, entry, climb, style, keys, draw, closing=closing)
    return one_voice(events, passage.steps)


def _unit_rhythm(passage: Passage, start: int, style: HeadStyle, draw: Dice, *, closing: bool) -> Rhythm:
    openings, answers = style.openings[passage.beats], style.answers[passage.beats]
    first = draw.weighted(tuple(openings), tuple(openings.values()))
    second = draw.weighted(tuple(answers), tuple(answers.values()))
    if closing:
        second = (0,)
    at = [start + i * EIGHTH for i in first] + [start + passage.bar_steps + i * EIGHTH for i in second]
    at = [step for step in at if step < passage.steps]
    longest = round(style.hold * STEPS)
    rhythm = []
    for index, step in enumerate(at):
        gap = at[index + 1] - step if index + 1 < len(at) else draw.one_of((12, 18, 24, longest))
        rhythm.append((step, min(gap, longest, passage.steps - step)))
    return rhythm


def _sung(
    passage: Passage, rhythm: Rhythm, entry: float, climb: float, style: HeadStyle, keys: Compass, draw: Dice, *,
    closing: bool,
) -> list[Event]:  # fmt: skip
    found = slots(passage, rhythm)
    gathered = groups(passage, found)
    count = len(gathered)
    contour = [entry + climb * sin(pi * (i + 0.5) / count) for i in range(count)]
    thought = _thought(passage, keys)
    pitches, _ = line(gathered, round(entry), contour, thought, draw)
    last = found[-1].region
    if closing and passage.closes:
        pitches[-1] = _cadence(pitches[-1], last, keys)
    elif len(pitches) > 1:
        pitches[-1] = settle(pitches[-1], last, pitches[-2], thought, draw)
    return dynamics(rhythm, pitches, style.level, draw)


def _thought(passage: Passage, keys: Compass) -> Style:
    """In the compass, and at home in the key: a tune tells it more plainly than the chords do."""
    return HEAD._replace(low=keys.low, high=keys.high, home=0b10010001 if not passage.minor else 0b10001001, homely=2.2)


def _cadence(key: int, region: Region, keys: Compass) -> int:
    """Home: the chord tone nearest to where the line was."""
    up, down = steps_from(region.tones)
    if region.tones >> key % 12 & 1:
        return key
    return key - down[key % 12] if key - down[key % 12] >= keys.low else key + up[key % 12]


def _tag(passage: Passage, style: HeadStyle, keys: Compass) -> list[Event]:
    """Two bars of the tune's manner, the same each time, so that everybody knows what is coming."""
    events: list[Event] = []
    for start in range(0, passage.steps, 2 * passage.bar_steps):
        draw = dice(passage.seed, "tune", "tag", passage.beats)
        rhythm = _unit_rhythm(passage, start, style, draw, closing=False)
        if rhythm:
            events += _sung(passage, rhythm, keys.centre + 1, 2.0, style, keys, draw, closing=False)
    return one_voice(events, passage.steps)


def _ending(passage: Passage, style: HeadStyle, keys: Compass) -> list[Event]:
    """A short cadence into the final note, which is held."""
    draw = dice(passage.seed, "melody", "ending")
    final = passage.regions[-1]
    home = keys.centre
    rhythm: Rhythm = [(step, EIGHTH) for step in (0, 6, 12, 18) if final.start >= 3 * STEPS]
    pitches: list[int] = []
    if rhythm:
        gathered = groups(passage, slots(passage, rhythm))
        thought = _thought(passage, keys)
        pitches, _ = line(gathered, round(home) + 3, [home + 2.0] * len(gathered), thought, draw)
    last = _cadence(pitches[-1] if pitches else round(home), final, keys)
    events = dynamics([*rhythm, (final.start, final.end - final.start)], [*pitches, last], style.level, draw)
    return one_voice(events, passage.steps)
