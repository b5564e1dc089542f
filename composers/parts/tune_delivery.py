"""A tune as it is sung this time: other words, more or fewer notes, ornaments, loud and soft."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sin

from composers.dice import Dice, dice
from composers.harmony import STEPS
from composers.parts.passage import Event, Passage
from composers.parts.tune_form import Sung
from composers.parts.tune_pitch import pool
from composers.parts.tune_style import TuneStyle

_REWORDED = {"verse": 0.3, "pre-chorus": 0.15, "bridge": 0.15}
"""Chance a bar that a section sung before has other words: a note more, a note less, a note early; choruses stay."""
_USUAL = 1.08
"""Liveliness at an energy of .6 and a density of .5."""
_AS_IT_IS = (0.78, 1.32)
"""Between these shares of the usual liveliness the tune is sung as it is: energy alone changes no tune."""
_EIGHTH = STEPS // 2


def reworded(passage: Passage, sung: list[Sung]) -> list[Sung]:
    """The tune with another verse's syllables, where this is not the first."""
    chance = _REWORDED.get(passage.role, 0.0) * (0.5 + passage.complexity)
    if not chance or (passage.chorus <= 0 and passage.turn == 0):
        return sung
    draw = dice(passage.seed, "tune words", *passage.identity)
    found = list(sung)
    for bar in range(passage.bars):
        wanted, kind, which = draw.chance(chance), draw.random(), draw.random()
        inside = [
            k for k in range(1, len(found) - 1)
            if found[k].step // passage.bar_steps == bar and not found[k].peak and found[k + 1].step == found[k].end
        ]  # fmt: skip
        if wanted and inside:
            _reword(passage, found, inside[int(which * len(inside))], kind)
    return found


def _reword(passage: Passage, found: list[Sung], k: int, kind: float) -> None:
    """Note k split in two, joined to the one before, or sung an eighth early."""
    note, last = found[k], found[k - 1]
    if kind < 0.4 and note.length >= 6:
        half = note.length // 2 // 3 * 3
        found[k : k + 1] = [note._replace(length=half), Sung(note.step + half, note.length - half, note.pitch)]
    elif kind < 0.7 and last.end == note.step and last.length + note.length <= 2 * STEPS:
        found[k - 1 : k + 1] = [last._replace(length=last.length + note.length)]
    elif note.step % STEPS == 0 and note.step - last.step >= 9 and passage.at(note.step).start != note.step:
        found[k - 1] = last._replace(length=min(last.length, note.step - _EIGHTH - last.step))
        found[k] = note._replace(step=note.step - _EIGHTH, length=note.length + _EIGHTH)


def more_or_less(passage: Passage, sung: list[Sung], style: TuneStyle) -> list[Sung]:
    """Fewer notes when all play less: the light ones go; more when all play more: steps between, notes sung again.

    In quarters of liveliness, so that a chorus a little hotter than the last is the same chorus.
    """
    lively = passage.lively(0) / _USUAL
    if _AS_IT_IS[0] <= lively <= _AS_IT_IS[1] or len(sung) < 3:
        return sung
    level = round(lively * 4) / 4
    draw = dice(passage.seed, "tune density", *passage.material)
    return _thinned(passage, sung, level, draw) if level < 1.0 else _divided(passage, sung, level, style, draw)


def _thinned(passage: Passage, sung: Sequence[Sung], level: float, draw: Dice) -> list[Sung]:
    light = sorted(
        (_weight(passage, note) + 0.5 * draw.random(), k)
        for k, note in enumerate(sung[1:-1], 1)
        if not note.peak and sung[k + 1].step - note.end < _EIGHTH
    )
    gone = {k for _, k in light[: int(len(sung) * (1.0 - level) * 0.8)]}
    kept: list[Sung] = []
    for k, note in enumerate(sung):
        if k not in gone:
            kept.append(note)
        elif kept and kept[-1].end == note.step:
            kept[-1] = kept[-1]._replace(length=min(note.end - kept[-1].step, 2 * STEPS))
    return kept


def _weight(passage: Passage, note: Sung) -> float:
    """How much a note would be missed."""
    within, pulse = note.step % passage.bar_steps, passage.pulse
    place = 3.0 * (within in pulse.strong) or 2.0 * (within in pulse.beats) or float(within % _EIGHTH == 0)
    return place + note.length / STEPS


def _divided(passage: Passage, sung: Sequence[Sung], level: float, style: TuneStyle, draw: Dice) -> list[Sung]:
    share = min(0.6, (level - 1.0) * 0.7)
    found: list[Sung] = []
    for note, then in zip(sung, (*sung[1:], None), strict=True):
        half = note.length // 2 // 3 * 3
        if then is None or half < 3 or then.step > note.end or not draw.chance(share):
            found.append(note)
            continue
        low, high = sorted((note.pitch, then.pitch))
        mask = pool(passage.scale, passage.at(note.step).tones, style.scale, passage.minor)
        between = [key for key in range(low + 1, high) if mask >> key % 12 & 1]
        key = between[len(between) // 2] if between else note.pitch
        found += [note._replace(length=half), Sung(note.step + half, note.length - half, key)]
    return found


def delivered(passage: Passage, sung: Sequence[Sung], style: TuneStyle) -> list[Event]:
    """Velocities: an arc over each phrase, the peak and long notes a little louder; ornaments by complexity."""
    draw = dice(passage.seed, "tune touch", *passage.identity)
    chance = style.ornaments * passage.complexity * 2
    found: list[Event] = []
    for phrase in _phrases(sung):
        for place, note in enumerate(phrase):
            velocity = style.velocity - 5.0 + 7.0 * sin(pi * (place + 0.5) / len(phrase)) + 5.0 * note.peak
            velocity += 18.0 * (passage.energy_at(note.step // passage.bar_steps) - 0.6)
            velocity += 3.0 * passage.strong(note.step) - 3.0 * (note.length <= 3)
            grace = None
            if draw.chance(chance) and note.length >= 9:
                mask = pool(passage.scale, passage.at(note.step).tones, style.scale, passage.minor)
                grace = next((note.pitch - k for k in (1, 2, 3) if mask >> (note.pitch - k) % 12 & 1), None)
            found.append(Event(note.step, note.length, note.pitch, velocity, grace=grace))
    return found


def _phrases(sung: Sequence[Sung]) -> list[list[Sung]]:
    """Notes between silences of half a beat."""
    found: list[list[Sung]] = []
    for note in sung:
        if found and note.step - found[-1][-1].end < _EIGHTH:
            found[-1].append(note)
        else:
            found.append([note])
    return found
