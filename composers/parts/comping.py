"""Jazz comping: rhythm cells kept for some bars, chords anticipated, voicings led smoothly, room for the lead.

The rhythm is thought in eighths; the voicings are absolute MIDI keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from composers.dice import Dice, dice
from composers.errors import MusicError
from composers.harmony import STEPS
from composers.instrumentation import GUITARS
from composers.parts.lead import compass
from composers.parts.passage import Event, Passage
from composers.theory.chord_shapes import quartal
from composers.theory.chords import Chord
from composers.theory.voicings import drop2, is_clear, motion, rootless, smoothest

EIGHTH = STEPS // 2

Cell = tuple[int, ...]
"""Onsets of a bar in eighths."""


@dataclass(frozen=True, slots=True)
class CompStyle:
    """How a player comps.

    head, solo   by beats of the bar: cells with weights, behind a tune and behind a solo
    pairs        two-bar figures instead of cells, either bar first (bossa nova); a passage keeps one
    anticipated  share of downbeats that come an eighth early, with the new chord
    short        share of chords that are struck and let go (above an energy of .4)
    voicing      "rootless" (forms A and B), "open" (their second voice an octave lower)
    level        velocity at energy 0
    guitar       what a guitarist does in place of this, None: the same
    strolls      share of first solo sections in which he lays out
    busy         notes a bar of the lead above which the comp halves
    """

    head: Mapping[int, Mapping[Cell, float]]
    solo: Mapping[int, Mapping[Cell, float]]
    pairs: Mapping[tuple[Cell, Cell], float] | None = None
    anticipated: float = 0.33
    short: float = 0.6
    voicing: str = "rootless"
    level: float = 58.0
    guitar: CompStyle | None = None
    strolls: float = 0.0
    busy: int = 8


_HEAD_4: dict[Cell, float] = {
    (0,): 0.2, (0, 3): 0.2, (0, 4): 0.08, (0, 5): 0.08, (0, 6): 0.1, (3,): 0.1, (3, 7): 0.08, (7,): 0.06, (): 0.1,
}  # fmt: skip
_SOLO_4: dict[Cell, float] = {
    (0, 3): 0.12, (1, 4): 0.08, (2, 5): 0.06, (3, 6): 0.06, (4, 7): 0.06, (3, 7): 0.1, (0, 5): 0.05, (0, 6): 0.05,
    (1,): 0.05, (3,): 0.08, (7,): 0.08, (1, 3, 6): 0.06, (0, 3, 5): 0.04, (2, 5, 7): 0.04, (1, 5): 0.05, (): 0.1,
    (1, 4, 7): 0.04,
}  # fmt: skip
_HEAD_3: dict[Cell, float] = {(0,): 0.25, (0, 3): 0.3, (2,): 0.1, (2, 4): 0.12, (0, 5): 0.08, (3,): 0.1, (): 0.08}
_SOLO_3: dict[Cell, float] = {
    (0, 3): 0.2, (3,): 0.15, (1, 4): 0.12, (2, 5): 0.1, (2, 4): 0.1, (1,): 0.08, (5,): 0.07, (1, 3): 0.08, (3, 5): 0.07,
    (): 0.08,
}  # fmt: skip
_HEAD_5: dict[Cell, float] = {(0, 3, 6, 8): 0.4, (0, 3, 6): 0.3, (0, 3, 8): 0.15, (0, 6): 0.1, (3, 6): 0.05}
_SOLO_5: dict[Cell, float] = {
    (0, 3, 6, 8): 0.18, (0, 3, 6): 0.16, (3, 6): 0.14, (3, 8): 0.1, (1, 4, 7): 0.1, (3, 5, 9): 0.08, (2, 5, 8): 0.08,
    (1, 6): 0.06, (3,): 0.05, (): 0.05,
}  # fmt: skip
"""Weights: share of bars in written swing styles, and the Charleston with its shifts, see MUSIC's cell table."""

_GARLAND: dict[Cell, float] = {(3, 7): 0.6, (3,): 0.12, (7,): 0.12, (0, 3, 7): 0.08, (): 0.08}
"""Off-beats of 2 and 4, as Red Garland's left hand has them."""
_FOUR: dict[Cell, float] = {(0, 2, 4, 6): 1.0}
"""Four to the bar, as Freddie Green strums it."""

MEDIUM = CompStyle(
    {4: _HEAD_4, 5: _HEAD_5}, {4: _SOLO_4, 5: _SOLO_5},
    guitar=CompStyle({4: _FOUR, 5: _HEAD_5}, {4: {**_SOLO_4, (0, 2, 4, 6): 0.9}, 5: _SOLO_5}, anticipated=0.0,
                     short=0.85, voicing="open", level=48.0), strolls=0.08,
)  # fmt: skip
UP = CompStyle(
    {4: {(0,): 0.2, (0, 3): 0.15, (3,): 0.12, (7,): 0.12, (0, 5): 0.08, (3, 7): 0.08, (): 0.25}},
    {4: {(3,): 0.14, (7,): 0.12, (0, 3): 0.09, (3, 6): 0.06, (1,): 0.08, (5,): 0.08, (3, 7): 0.08, (1, 4): 0.05,
         (2, 5): 0.04, (): 0.26}},
    anticipated=0.4, short=0.78, level=60.0, strolls=0.12, busy=6,
)  # fmt: skip
BALLAD = CompStyle(
    {4: {(0,): 0.42, (0, 4): 0.3, (0, 5): 0.08, (0, 3): 0.05, (0, 4, 6): 0.06, (0, 7): 0.05, (0, 2, 4): 0.04}},
    {4: {(0,): 0.26, (0, 4): 0.22, (0, 5): 0.12, (0, 3): 0.1, (0, 3, 6): 0.08, (1, 4): 0.06, (0, 7): 0.06,
         (0, 2, 5): 0.05, (3,): 0.05}},
    anticipated=0.14, short=0.08, voicing="open", level=42.0, busy=16,
)  # fmt: skip
WALTZ = CompStyle({3: _HEAD_3}, {3: _SOLO_3}, anticipated=0.22, short=0.55)
BOSSA = CompStyle(
    {4: _HEAD_4}, {4: _SOLO_4},
    pairs={((0, 3, 4, 7), (1, 4, 5)): 0.4, ((0, 3, 4, 7), (1, 4, 6)): 0.25, ((0, 3, 6), (1, 4, 7)): 0.2,
           ((0, 3), (0, 3, 7)): 0.15},
    anticipated=0.0, short=0.45, level=48.0, busy=12, voicing="rootless",
)  # fmt: skip
BOSSA = replace(BOSSA, guitar=replace(BOSSA, voicing="open"))


def comping(passage: Passage, style: CompStyle, lead: Sequence[Event], *, tonic: int, rooted: bool) -> list[Event]:
    """The comp of a passage, sorted: chords as simultaneous events, in absolute MIDI keys.

    lead    the melody in the same steps and around C (its keys + `tonic` are absolute); empty where nobody leads
    tonic   semitones that the piece stands from C, -5..6
    rooted  whether the left hand adds roots, because no bass plays
    """
    if style.guitar is not None and passage.sounds.get("comp") in GUITARS:
        style = style.guitar
    draw = dice(passage.seed, "comp", *passage.identity)
    if passage.role == "ending":
        hits = _ending_hits(passage)
    elif passage.role == "solo" and passage.turn == 0 and draw.chance(style.strolls) and passage.bars >= 8:
        hits = []
    else:
        hits = _hits(passage, style, lead, draw)
    return _voiced(passage, style, hits, lead, tonic, draw, rooted=rooted)


def _hits(passage: Passage, style: CompStyle, lead: Sequence[Event], draw: Dice) -> list[tuple[int, float]]:
    """Onsets as (step, accent in velocity)."""
    written = passage.role in ("head", "out", "intro", "tag")
    eighths = passage.bar_steps // EIGHTH
    counts = [0] * (passage.bars + 1)
    for note in lead:
        counts[min(passage.bars, note.step // passage.bar_steps)] += 1
    cells = _cells(passage, style, draw, written=written)
    found: dict[int, float] = {}
    for bar in range(passage.bars):
        if passage.drums_alone(bar):
            continue
        cell = cells[bar]
        if bar % 4 >= 2 and cell and len(cell) < 4 and draw.chance(0.3):  # the second half of a four varies the first
            cell = _varied(cell, eighths, draw)
        if counts[bar] > style.busy or passage.role == "bass-solo":
            cell = cell[: max(1, len(cell) // 2)] if cell else cell
        for at in cell:
            step = bar * passage.bar_steps + at * EIGHTH
            if at == 0 and bar > 0 and not passage.drums_alone(bar - 1) and draw.chance(style.anticipated):
                step -= EIGHTH
            accent = 4.0 if at % 2 or (len(cell) >= 4 and at % 4 == 2) else 0.0
            found.setdefault(step, accent)
    if not written and style.short > 0.2 and passage.role != "bass-solo":
        _answer(passage, lead, found, draw)
    return sorted(found.items())


def _cells(passage: Passage, style: CompStyle, draw: Dice, *, written: bool) -> list[Cell]:
    """One cell a bar: a pair of them, kept for two or four bars; of figures always the same."""
    if style.pairs is not None and passage.beats == 4:
        figure = dice(passage.seed, "comp figure").weighted(tuple(style.pairs), tuple(style.pairs.values()))
        return [figure[bar % 2] for bar in range(passage.bars)]
    table = (style.head if written else style.solo)[passage.beats]
    if not written and passage.beats == 4 and style.short > 0.5 and draw.chance(0.15):
        table = _GARLAND
    cells: list[Cell] = []
    while len(cells) < passage.bars:
        pair = [_cell(table, passage, draw), _cell(table, passage, draw)]
        cells.extend(pair * (2 if draw.chance(0.55) else 1))
    return cells


def _cell(table: Mapping[Cell, float], passage: Passage, draw: Dice) -> Cell:
    """Hot and dense passages prefer fuller cells, cool ones sparser."""
    lift = 2.0 ** ((passage.energy - 0.55) * 2 + 3.0 * (passage.density - 0.5))
    return draw.weighted(tuple(table), [weight * lift ** (len(cell) - 1.5) for cell, weight in table.items()])


def _varied(cell: Cell, eighths: int, draw: Dice) -> Cell:
    if len(cell) > 1 and draw.chance(0.4):
        return cell[:-1]
    at = int(draw.random() * len(cell))
    moved = cell[at] + draw.one_of((-1, 1))
    if 0 < moved < eighths and moved not in cell:
        return tuple(sorted((*cell[:at], moved, *cell[at + 1 :])))
    return cell


def _answer(passage: Passage, lead: Sequence[Event], found: dict[int, float], draw: Dice) -> None:
    """One or two chords in the holes of the lead, half a beat to a beat and a half after a phrase ends."""
    for note, following in pairwise(lead):
        hole = following.step - note.end
        if hole < 2 * STEPS or draw.chance(0.35):
            continue
        first = (note.end // EIGHTH + draw.one_of((1, 2, 3))) * EIGHTH
        for step in (first, first + 3 * EIGHTH):
            if passage.drums_alone(step // passage.bar_steps):
                break
            if step < following.step - EIGHTH and step < passage.steps and step - EIGHTH not in found:
                found.setdefault(step, 8.0)
            if not draw.chance(0.5):
                break


def _ending_hits(passage: Passage) -> list[tuple[int, float]]:
    final = passage.regions[-1].start
    return [*((region.start, 4.0) for region in passage.regions[:-1]), (final, 12.0)]


def _voiced(
    passage: Passage, style: CompStyle, hits: list[tuple[int, float]], lead: Sequence[Event], tonic: int, draw: Dice, *,
    rooted: bool,
) -> list[Event]:  # fmt: skip
    events: list[Event] = []
    voices: tuple[int, ...] | None = None
    around = compass(passage).high < _LOW_LEAD
    at = 0
    for index, (step, accent) in enumerate(hits):
        until = hits[index + 1][0] if index + 1 < len(hits) else passage.steps + EIGHTH
        region = passage.at(step)
        if step % STEPS and region.end - step <= EIGHTH:  # an off-beat just before a change belongs to it
            region = passage.at(region.end)
        voices = voiced(region.chord, voices, style.voicing, int(draw.random() * 3))
        held = step == passage.regions[-1].start and passage.role == "ending"
        gap = until - step
        if held:
            length = passage.steps - step
        elif draw.chance(style.short if passage.energy > 0.4 else style.short * 2 / 3):
            length = min(gap, draw.one_of((3, 4, 5)))
        elif style.short < 0.2:  # sustained until the chord changes or the next one is struck
            length = max(3, min(gap - 1, max(region.end, step + STEPS) - step))
        else:
            length = max(3, min(gap - 1, 2 * STEPS + EIGHTH, max(region.end, step + STEPS) - step))
        while at < len(lead) and lead[at].end <= step:
            at += 1
        sounding = [e.pitch + tonic for e in lead[at : at + 6] if e.step < step + min(length, STEPS) and e.end > step]
        if around:
            kept = [v for v in voices if all(abs(v - key) > 2 for key in sounding)]
        else:
            ceiling = min(sounding) - 2 if sounding else 127
            kept = [v for v in voices if v < ceiling]
        if len(kept) < 2:
            kept = list(voices[:2])
        velocity = style.level + 18.0 * passage.energy_at(step // passage.bar_steps) + accent
        if rooted:
            bass = _root_below(region.chord.bass_pitch_class, kept[0])
            events.append(Event(step, length, bass, velocity - 4))
        for place, key in enumerate(kept):
            top = place == len(kept) - 1
            events.append(Event(step, length, key, velocity + (3.0 if top else -5.0)))
    return events


_LOW_LEAD = 72
"""A lead whose highest key is below this lies among the comp's voices: they keep off its note instead of under it."""
_OPEN_LOW, _OPEN_HIGH = 45, 69
_MODAL_LOW, _MODAL_HIGH = 48, 68


def voiced(chord: Chord, previous: tuple[int, ...] | None, voicing: str, variant: int = 0) -> tuple[int, ...]:
    """The keys, ascending, that move least from `previous`.

    Suspended and eleventh chords, which stand for a mode, are stacks of fourths; `variant` 0..2 moves those about, as
    players do where the harmony stands still.
    """
    if chord.family == "suspended" or 17 in chord.intervals:
        stacks = _stacks(chord)
        if stacks:
            near = previous or (64,)
            ranked = sorted(stacks, key=lambda keys: (abs(keys[-1] - near[-1]), keys))
            return ranked[min(variant, len(ranked) - 1)]
    if voicing == "open":
        return _open(chord, previous)
    return smoothest(chord, previous, rooted=False)


@lru_cache(maxsize=512)
def _stacks(chord: Chord) -> tuple[tuple[int, ...], ...]:
    """Fourths on the keys that comping hands use, in all places."""
    root = chord.root.pitch_class
    found = set()
    for inversion in range(4):
        try:
            shape = quartal(chord, inversion)
        except MusicError:  # there are no more
            break
        for octave in range(24, 84, 12):
            keys = tuple(octave + root + i for i in shape)
            if keys[0] >= _MODAL_LOW and keys[-1] <= _MODAL_HIGH and is_clear(keys):
                found.add(keys)
    return tuple(sorted(found))


@lru_cache(maxsize=4096)
def _open(chord: Chord, previous: tuple[int, ...] | None) -> tuple[int, ...]:
    """Drop 2 of the rootless forms: wide, as guitarists grip and pianists sustain them."""
    root = chord.root.pitch_class
    best: tuple[float, tuple[int, ...]] | None = None
    for shape in rootless(chord):
        for inverted in _rotations(shape):
            dropped = drop2(inverted)
            for octave in range(24, 84, 12):
                keys = tuple(octave + root + i for i in dropped)
                if keys[0] < _OPEN_LOW or keys[-1] > _OPEN_HIGH or not is_clear(keys):
                    continue
                cost = abs(keys[-1] - 65.0) if previous is None else motion(previous, keys)
                cost += 0.02 * abs(keys[-1] - 65.0)
                if best is None or (cost, keys) < best:
                    best = (cost, keys)
    return best[1] if best is not None else smoothest(chord, previous, rooted=False)


def _rotations(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """A close position and its inversions."""
    found, now = [], shape
    for _ in shape:
        found.append(now)
        now = tuple(sorted((*now[1:], now[0] + 12)))
    return found


def _root_below(pitch_class: int, lowest: int) -> int:
    """The root between 36 and 47, below the hand."""
    key = 36 + pitch_class % 12
    return key if key < lowest else key - 12
