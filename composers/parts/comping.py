"""Jazz comping: rhythm cells kept for some bars, chords anticipated, rootless voicings led smoothly, room for the lead.

The rhythm is thought in eighths; the voicings are absolute MIDI keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from composers.dice import Dice, dice
from composers.harmony import STEPS
from composers.parts.passage import Event, Passage
from composers.theory.voicings import smoothest

EIGHTH = STEPS // 2

Cell = tuple[int, ...]

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
"""Weights: share of bars in written swing styles, and the Charleston with its shifts, see MUSIC's cell table."""

_BUSY_NOTES = 8
_ANTICIPATED = 0.33


def comping(passage: Passage, lead: Sequence[Event], *, tonic: int, rooted: bool) -> list[Event]:
    """The comp of a passage, sorted: chords as simultaneous events, in absolute MIDI keys.

    lead    the melody in the same steps and around C (its keys + `tonic` are absolute); empty where nobody leads
    tonic   semitones that the piece stands from C, -5..6
    rooted  whether the left hand adds roots, because no bass plays
    """
    draw = dice(passage.seed, "comp", *passage.identity)
    if passage.role == "ending":
        hits = _ending_hits(passage)
    else:
        hits = _hits(passage, lead, draw)
    return _voiced(passage, hits, lead, tonic, draw, rooted=rooted)


def _hits(passage: Passage, lead: Sequence[Event], draw: Dice) -> list[tuple[int, float]]:
    """Onsets as (step, accent in velocity)."""
    written = passage.role in ("head", "out", "intro")
    table = (_HEAD_4 if written else _SOLO_4) if passage.beats == 4 else (_HEAD_3 if written else _SOLO_3)
    eighths = passage.beats * 2
    counts = [0] * (passage.bars + 1)
    for note in lead:
        counts[min(passage.bars, note.step // passage.bar_steps)] += 1
    cells: list[Cell] = []
    while len(cells) < passage.bars:  # a pair of cells, kept for two or four bars
        pair = [_cell(table, passage, draw), _cell(table, passage, draw)]
        kept = pair * (2 if draw.chance(0.55) else 1)
        cells.extend(kept)
    found: dict[int, float] = {}
    for bar in range(passage.bars):
        if passage.drums_alone(bar):
            continue
        cell = cells[bar]
        if bar % 4 >= 2 and cell and draw.chance(0.3):  # the second half of a four varies the first
            cell = _varied(cell, eighths, draw)
        if counts[bar] > _BUSY_NOTES:
            cell = cell[: max(1, len(cell) // 2)] if cell else cell
        for at in cell:
            step = bar * passage.bar_steps + at * EIGHTH
            if at == 0 and bar > 0 and not passage.drums_alone(bar - 1) and draw.chance(_ANTICIPATED):
                step -= EIGHTH
            found.setdefault(step, 4.0 if at % 2 else 0.0)
    if not written:
        _answer(passage, lead, found, draw)
    return sorted(found.items())


def _cell(table: dict[Cell, float], passage: Passage, draw: Dice) -> Cell:
    """Hot passages prefer fuller cells, cool ones sparser."""
    lift = 2.0 ** ((passage.energy - 0.55) * 2)
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
            if step < following.step - EIGHTH and step < passage.steps and step - EIGHTH not in found:
                found.setdefault(step, 8.0)
            if not draw.chance(0.5):
                break


def _ending_hits(passage: Passage) -> list[tuple[int, float]]:
    final = passage.regions[-1].start
    return [*((region.start, 4.0) for region in passage.regions[:-1]), (final, 12.0)]


def _voiced(
    passage: Passage, hits: list[tuple[int, float]], lead: Sequence[Event], tonic: int, draw: Dice, *, rooted: bool
) -> list[Event]:
    events: list[Event] = []
    voices: tuple[int, ...] | None = None
    at = 0
    for index, (step, accent) in enumerate(hits):
        until = hits[index + 1][0] if index + 1 < len(hits) else passage.steps + EIGHTH
        region = passage.at(step)
        if step % STEPS and region.end - step <= EIGHTH:  # an off-beat just before a change belongs to it
            region = passage.at(region.end)
        voices = smoothest(region.chord, voices, rooted=False)
        held = step == passage.regions[-1].start and passage.role == "ending"
        gap = until - step
        if held:
            length = passage.steps - step
        elif draw.chance(0.6 if passage.energy > 0.4 else 0.4):
            length = min(gap, draw.one_of((3, 4, 5)))
        else:
            length = max(3, min(gap - 1, 2 * STEPS + EIGHTH, max(region.end, step + STEPS) - step))
        while at < len(lead) and lead[at].end <= step:
            at += 1
        sounding = [e.pitch + tonic for e in lead[at : at + 6] if e.step < step + min(length, STEPS) and e.end > step]
        ceiling = min(sounding) - 2 if sounding else 127
        kept = [v for v in voices if v < ceiling]
        if len(kept) < 2:
            kept = list(voices[:2])
        velocity = 58.0 + 18.0 * passage.energy_at(step // passage.bar_steps) + accent
        if rooted:
            bass = _root_below(region.chord.bass_pitch_class, kept[0])
            events.append(Event(step, length, bass, velocity - 4))
        for place, key in enumerate(kept):
            top = place == len(kept) - 1
            events.append(Event(step, length, key, velocity + (3.0 if top else -5.0)))
    return events


def _root_below(pitch_class: int, lowest: int) -> int:
    """The root between 36 and 47, below the hand."""
    key = 36 + pitch_class % 12
    return key if key < lowest else key - 12
