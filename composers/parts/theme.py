"""Themes made of motifs: a basic idea said, answered, broken into fragments, turned round, put through keys.

A motif is a rhythm with its marks and a shape in diatonic steps. It is drawn from the material's letter alone, so that
it comes back wherever its letter is worked on; each statement finds its keys over the chords that are there
(`line_search`). Rhythms: half bars of Lieder and of first violins. Around a tonic of C, in the section's own key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import pi, sin
from typing import NamedTuple

from composers.dice import Dice, dice
from composers.harmony import STEPS, Region
from composers.parts.line_search import Spot, find_line
from composers.parts.phrase_plan import Unit, units
from composers.parts.tune_rhythm import idea_rhythm
from composers.parts.tune_style import SONG_TUNE, Rhythms, TuneStyle
from composers.pulse import Pulse

EIGHTH = STEPS // 2
_SAME = 0.6
"""Chance that an idea that comes again over the same chords has the very same keys."""


class Motif(NamedTuple):
    """What makes an idea known. onsets: (step, length) from its first bar line; moves: diatonic steps from each note to
    the next; marks: how each note is played; bars: that it fills."""

    onsets: tuple[tuple[int, int], ...]
    moves: tuple[int, ...]
    marks: tuple[str, ...]
    bars: int


class Tone(NamedTuple):
    """A note of a theme as it is meant; `unit` is the phrase's unit that it belongs to, `kind` that unit's."""

    step: int
    length: int
    pitch: int
    mark: str
    unit: int
    kind: str

    @property
    def end(self) -> int:
        return self.step + self.length


@dataclass(frozen=True, slots=True)
class Character:
    """What a theme of one kind is like.

    notes     a bar of four quarters
    centre    key around C about which it lies
    slurred   chance that its notes are slurred
    gestures  weights of what its idea opens with, see _OPENINGS
    """

    notes: float
    centre: float
    slurred: float
    gestures: Mapping[str, float]


FIRST = Character(5.0, 74.0, 0.4, {"triad": 1.2, "scale": 0.9, "turn": 0.7, "free": 0.8})
SECOND = Character(4.0, 73.0, 0.75, {"triad": 0.4, "scale": 1.0, "turn": 0.9, "free": 1.2})
CLOSING = Character(5.4, 75.0, 0.35, {"triad": 0.6, "scale": 1.4, "turn": 0.8, "free": 0.6})
DANCE = Character(3.8, 73.0, 0.5, {"triad": 0.9, "scale": 0.9, "turn": 0.6, "free": 0.8})

_FIRST_HALF = {
    (0,): 14.0, (0, 4): 19.0, (0, 6): 10.0, (0, 4, 6): 9.0, (0, 2, 4, 6): 14.0, (0, 2, 4): 6.0, (0, 6, 7): 5.0,
    (0, 3, 4): 1.5, (0, 3, 4, 6): 1.5, (0, 4, 5, 6, 7): 4.0, (0, 2, 4, 5, 6, 7): 2.0, (2, 4, 6): 2.0,
}  # fmt: skip
_SECOND_HALF = {
    (0, 4): 18.0, (0,): 12.0, (): 6.0, (0, 6): 9.0, (0, 4, 6): 9.0, (0, 2, 4, 6): 14.0, (0, 2, 4): 5.0, (6,): 3.0,
    (4, 6): 3.0, (0, 4, 5, 6, 7): 3.0, (0, 1, 2, 3, 4): 3.0, (0, 1, 2, 3, 4, 6): 2.0,
}  # fmt: skip
_BEAT = {(0,): 44, (0, 2): 24, (): 10, (0, 3): 6, (0, 1, 2, 3): 5, (0, 2, 3): 3}
_LONG = {(0,): 18, (0, 4): 22, (0, 2, 4): 26, (0, 3, 4): 5, (): 3, (0, 2): 4, (0, 1, 2, 3, 4, 5): 3}
_RHYTHMS: TuneStyle = replace(SONG_TUNE, rhythms=Rhythms(_FIRST_HALF, _SECOND_HALF, _BEAT, _LONG))

_TURNS = {-5: 0.015, -4: 0.03, -3: 0.05, -2: 0.13, -1: 0.28, 0: 0.11, 1: 0.2, 2: 0.1, 3: 0.06, 4: 0.035, 5: 0.03,
          7: 0.015}  # fmt: skip
"""Diatonic moves of an idea (quartets' first violins: repeats .11, steps .52, fourths and more .18; down by step
rather, up by leap)."""
_OPENINGS: Mapping[str, tuple[tuple[int, ...], ...]] = {
    "triad": ((2, 2), (2, 2, 3), (-2, 2, 2), (4, -2, -2), (0, 2, 2), (3, 2)),
    "scale": ((1, 1, 1), (-1, -1, -1), (1, 1, 1, 1), (-1, -1, -1, -1)),
    "turn": ((1, -1, -1, 1), (-1, 1, 1, -1), (1, -1), (-1, 1)),
    "free": ((),),
}


@lru_cache(maxsize=256)
def motif_of(seed: int, letter: str, pulse: Pulse, character: str, bars: int = 2, notes: float = 1.0) -> Motif:
    """The idea that a letter stands for. character: see CHARACTERS; notes: of its usual measure."""
    like = CHARACTERS[character]
    draw = dice(seed, "motif", letter, bars)
    breath = draw.one_of((3, 3, 6, 6)) if bars > 1 else 3
    rhythm = idea_rhythm(pulse, bars, _RHYTHMS, like.notes * notes, 0.35, breath, draw)
    onsets = tuple((at, length) for at, length in rhythm)
    if onsets[0][0] > 0:  # an idea begins on its beat
        onsets = ((0, min(onsets[0][0], 24)), *onsets)
    return Motif(onsets, _shape(len(onsets) - 1, like, draw), _marks(onsets, pulse, like.slurred, draw), bars)


def _shape(count: int, like: Character, draw: Dice) -> tuple[int, ...]:
    gestures = like.gestures
    kind = draw.weighted(tuple(gestures), tuple(gestures.values()))
    found = list(draw.one_of(_OPENINGS[kind]))[:count]
    while len(found) < count:
        last = found[-1] if found else 0
        weights = []
        for move, weight in _TURNS.items():
            if abs(last) >= 3 and move * last > 0:
                weight *= 0.25  # a leap is answered
            elif abs(last) == 1 and move == last:
                weight *= 2.3  # what runs goes on
            if abs(sum(found) + move) > 6:
                weight *= 0.15
            weights.append(weight)
        found.append(draw.weighted(tuple(_TURNS), weights))
    return tuple(found)


def _marks(onsets: Sequence[tuple[int, int]], pulse: Pulse, slurred: float, draw: Dice) -> tuple[str, ...]:
    """Slurs within beats or over a bar, staccato on what is short and stands alone."""
    legato = draw.chance(slurred)
    dotted = draw.chance(0.5)
    found: list[str] = []
    for place, (at, length) in enumerate(onsets):
        onbeat = pulse.is_beat(at)
        if length >= STEPS:
            found.append("slur" if legato and place + 1 < len(onsets) else "plain")
        elif legato:
            found.append("slur")
        elif not onbeat:
            found.append("staccato" if dotted else "plain")
        else:
            found.append("slur" if not dotted or draw.chance(0.6) else "staccato")
    return tuple(found)


CHARACTERS: Mapping[str, Character] = {"first": FIRST, "second": SECOND, "closing": CLOSING, "dance": DANCE}
_SOURCE = {"T": "A", "D": "A", "R": "A", "K": "A", "C": "C", "M": "A"}
"""Letters that are made of another's idea: transition, development, retransition, coda."""


def character_of(role: str, letter: str) -> str:
    if role in ("minuet", "trio"):
        return "dance"
    return {"B": "second", "E": "second", "C": "closing"}.get(letter, "first")


class Setting(NamedTuple):
    """All that a theme depends on; hashable. low, high: keys; bass: (step, key) of the structural bass."""

    seed: int
    role: str
    letter: str
    bars: int
    written: int
    pulse: Pulse
    regions: tuple[Region, ...]
    minor: bool
    low: int
    high: int
    centre: float
    density: float
    bass: tuple[tuple[int, int], ...]


@lru_cache(maxsize=128)
def theme(where: Setting) -> tuple[Tone, ...]:
    """The tune of a section, sorted, one voice."""
    found: list[Tone] = []
    ideas: dict[tuple[str, tuple[int, ...]], tuple[int, ...]] = {}
    plan = units(where.seed, where.role, where.letter, max(where.written, where.bars))
    total = where.bars * where.pulse.steps
    for number, unit in enumerate(plan):
        if unit.bar >= where.bars:
            break
        statement = _statement(where, unit)
        start = unit.bar * where.pulse.steps
        shown = [(at, n, m, k) for at, n, m, k in statement if start + at < total]
        if not shown:
            continue
        spots = _spots(where, unit, number, shown, plan)
        chords = tuple(spot.tones for spot in spots)
        again = ideas.get((unit.kind + unit.cadence, chords)) if unit.kind in ("idea", "contrast") else None
        draw = dice(where.seed, "line", where.letter, number)
        before = found[-1].pitch if found else None
        if again is not None and draw.chance(_SAME):
            keys = again
        else:
            if again is not None:  # a little otherwise
                spots = [s._replace(target=key + 0.0) for s, key in zip(spots, again, strict=True)]
            keys = tuple(find_line(spots, where.low, where.high, draw, before))
            ideas.setdefault((unit.kind + unit.cadence, chords), keys)
        for (at, length, _, mark), key in zip(shown, keys, strict=True):
            found.append(Tone(start + at, min(length, total - start - at), key, mark, number, unit.kind))
    return tuple(_one_voice(found))


def _one_voice(tones: Sequence[Tone]) -> list[Tone]:
    kept: list[Tone] = []
    for tone in tones:
        if kept and kept[-1].end > tone.step:
            kept[-1] = kept[-1]._replace(length=tone.step - kept[-1].step)
        kept.append(tone)
    return kept


_Row = tuple[int, int, "int | None", str]
"""A note of a statement: step, length, the move that leads to it, mark."""


def _rows(motif: Motif, shift: int = 0, *, turned: bool = False, until: int | None = None) -> list[_Row]:
    sign = -1 if turned else 1
    found: list[_Row] = []
    for place, (at, length) in enumerate(motif.onsets):
        if until is not None and at >= until:
            break
        move = None if not place else sign * motif.moves[place - 1]
        room = length if until is None else min(length, until - at)
        found.append((at + shift, room, move, motif.marks[place]))
    return found


def _statement(where: Setting, unit: Unit) -> list[_Row]:
    """The notes of a unit without keys: which motif, and what is done with it."""
    pulse, bar = where.pulse, where.pulse.steps
    source = _SOURCE.get(where.letter, where.letter)
    role = "theme" if source != where.letter else where.role
    character = character_of(role if where.role not in ("minuet", "trio") else where.role, source)
    notes = 4.0 ** ((where.density - 0.5) * 0.6)
    idea = motif_of(where.seed, source, pulse, character, 2, notes)
    kind = unit.kind
    span = unit.bars * bar
    if kind in ("idea", "answer", "digression"):
        return _cut(_rows(idea), span)
    if kind == "fragment":
        head = _rows(idea, until=bar)
        return [row for k in range(unit.bars) for row in _shifted(head, k * bar)]
    if kind == "work":
        return _worked(where, unit, idea)
    if kind == "pedal":
        return _over_pedal(where, unit, idea)
    if kind == "echo":
        return [(k * bar, bar - EIGHTH, None, "plain") for k in range(unit.bars)] if unit.bars < 3 else _cut(
            [row for k in range(0, unit.bars, 2) for row in _shifted(_rows(idea), k * bar)], span)  # fmt: skip
    other = motif_of(where.seed, f"{source}{'h' if unit.cadence == 'half' else 'c'}", pulse, character, 2, notes)
    return _closed(_cut(_rows(other), span), unit, pulse)


def _shifted(rows: Sequence[_Row], by: int) -> list[_Row]:
    return [(at + by, length, None if not k else move, mark) for k, (at, length, move, mark) in enumerate(rows)]


def _cut(rows: Sequence[_Row], span: int) -> list[_Row]:
    return [(at, min(length, span - at), move, mark) for at, length, move, mark in rows if at < span]


def _closed(rows: Sequence[_Row], unit: Unit, pulse: Pulse) -> list[_Row]:
    """A cadence: runs on to its last bar line, and stays there."""
    last = (unit.bars - 1) * pulse.steps
    kept = [row for row in rows if row[0] < last]
    if not kept and last:
        kept = [(0, last, None, "plain")]
    hold = pulse.steps - EIGHTH if unit.cadence != "full" or len(pulse.beats) == 1 else pulse.beats[-1]
    return [*kept, (last, max(EIGHTH, hold), -1 if kept else None, "plain")]


def _worked(where: Setting, unit: Unit, idea: Motif) -> list[_Row]:
    """Development: the first theme's head, inverted, in sequence, broken, or the second theme's."""
    bar = where.pulse.steps
    draw = dice(where.seed, "work", where.letter, unit.turn // 2)
    kind = draw.weighted(("sequence", "inverted", "halves", "second"), (0.38, 0.24, 0.22, 0.16))
    if unit.bars == 1:
        return _rows(idea, until=bar)
    if kind == "second":
        return _cut(_rows(motif_of(where.seed, "B", where.pulse, "second")), 2 * bar)
    if kind == "inverted":
        return _cut(_rows(idea, turned=True), 2 * bar)
    if kind == "halves":
        half = where.pulse.beats[len(where.pulse.beats) // 2] if len(where.pulse.beats) > 1 else bar
        pieces = [0, half] if half < bar else [0]
        head = _rows(idea, until=half)
        rows = [row for k in range(2) for at in pieces for row in _shifted(head, k * bar + at)]
        return [row for row in rows if row[0] < 2 * bar]
    head = _rows(idea, until=bar)
    return [*head, *_shifted(head, bar)]


def _over_pedal(where: Setting, unit: Unit, idea: Motif) -> list[_Row]:
    bar = where.pulse.steps
    head = _rows(idea, until=bar)
    rows: list[_Row] = [row for k in range(unit.bars - 1) for row in _shifted(head, k * bar)]
    return [*rows, ((unit.bars - 1) * bar, max(EIGHTH, bar - STEPS), -1, "plain")]


# Keys -------------------------------------------------------------------------------------------------------------

_AIM = {"half": 0b100010000100, "full": 0b1, "deceptive": 0b1, "open": 0b10010001}
"""Where cadences end: the dominant's notes, the tonic."""


def _way(rows: Sequence[_Row]) -> list[float]:
    """How far each note of a statement lies above its mean, in semitones, by its moves."""
    found = [0.0]
    for _, _, move, _ in rows[1:]:
        found.append(found[-1] + (move or 0) * 12 / 7)
    mean = sum(found) / len(found)
    return [height - mean for height in found]


def _spots(where: Setting, unit: Unit, number: int, rows: Sequence[_Row], plan: Sequence[Unit]) -> list[Spot]:
    pulse = where.pulse
    start = unit.bar * pulse.steps
    index = 0
    regions = where.regions
    found: list[Spot] = []
    bass = where.bass
    below = 0
    phrase = max(4, plan[-1].end if plan[-1].end < 8 else 8) * pulse.steps
    way = _way(rows)
    closes = unit.cadence in ("full", "deceptive", "half") and unit.kind != "pedal"
    for place, (at, _, move, _) in enumerate(rows):
        step = start + at
        while index + 1 < len(regions) and regions[index].end <= step:
            index += 1
        region = regions[index]
        while below + 1 < len(bass) and bass[below + 1][0] <= step:
            below += 1
        now = bass[below][1] if bass else 0
        was = bass[below - 1][1] if bass and below and bass[below][0] == step else now
        arc = sin(pi * ((step % phrase) / phrase) ** 0.8)
        target = where.centre - 2.5 + 5.0 * arc + way[place]
        if unit.kind == "fragment":
            target += 2.0 * (at // pulse.steps)
        elif unit.kind == "work":
            target += 2.0 * (at // pulse.steps) + (unit.turn % 2)
        only = 0
        accent = 1.25 if pulse.is_strong(step) or step == region.start else 0.9 if pulse.is_beat(step) else 0.4
        if closes and place == len(rows) - 1:
            only = _AIM[unit.cadence] & region.tones or region.tones
            target = where.centre - 2.0
        elif closes and unit.cadence == "full" and place >= len(rows) - 3:
            target = where.centre - 1.0
            if place == len(rows) - 2 and region.tones >> 7 & region.tones >> 11 & 1:
                only = 0b100000000100 & region.scale
        others = ((was, now),) if bass else ()
        found.append(Spot(region.tones, region.scale, accent, target, move, others, only))
    return found
