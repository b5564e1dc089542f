"""What it costs to go from each voicing of a chord to each of the next: motion, and the rules between two moments.

The same rules as `voice_rules.check` has them, here for all pairs of voicings at once. Arrays are (n, m): n voicings
before, m after.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from composers.theory.chords import Chord
from composers.theory.satb import Duty, duties
from composers.theory.scales import Key
from composers.theory.voice_candidates import Candidates, Costs, candidates
from composers.theory.voice_styles import Style, Voice

BROKEN = 100_000
"""What a broken rule costs: more than thousands of chords without one."""

_STEPS, _SEMITONES = 64, 110
"""Largest melodic interval that the tables hold, either way: beyond any compass of an instrument."""
_SIZES = np.array((0, 2, 4, 5, 7, 9, 11))
_PERFECT = np.array((True, False, False, True, True, False, False))
_SMALL = 40_000
"""Elements of a matrix that is worth remembering."""
_AT_ONCE = 2_000_000
"""Elements of the largest intermediate array: longer ones are made in slices."""


@lru_cache(maxsize=64)
def _melodic(style: Style, bass: bool, top: bool) -> Costs:
    """The cost of every melodic interval (letters, semitones) in a voice."""
    rules, weights = style.rules, style.weights
    steps = np.arange(-_STEPS, _STEPS + 1)[:, None]
    semitones = np.arange(-_SEMITONES, _SEMITONES + 1)[None, :]
    octaves, step = np.divmod(np.abs(steps), 7)
    alter = np.where(steps < 0, -semitones, semitones) - 12 * octaves - _SIZES[step]
    alter = np.where(steps == 0, np.abs(semitones), alter)
    augmented = alter > (steps == 0)
    diminished = (steps != 0) & (alter < np.where(_PERFECT[step], 0, -1))
    distance = np.abs(semitones)
    cost = weights.semitone * distance + weights.diminished * diminished
    if not (bass and style.bass):
        cost = cost + weights.leap * (distance > 4)
    if top:
        cost = cost + weights.top_leap * (np.abs(steps) > 1)
    if rules.augmented:
        cost = cost + BROKEN * augmented
    if rules.max_leap is not None:
        widest = max(rules.max_leap, 12) if bass and style.bass else rules.max_leap
        cost = cost + BROKEN * ((distance > widest) | (np.abs(steps) == 6))
    return cost.astype(np.int32)


def _voice(
    before: Candidates, after: Candidates, place: int, owed: tuple[Duty, ...], style: Style, count: int
) -> Costs:
    """The cost of each pitch of one voice going to each of its next."""
    one, two = before.reaches[place], after.reaches[place]
    steps = two.diatonic[None, :] - one.diatonic[:, None]
    semitones = two.midi[None, :] - one.midi[:, None]
    table = _melodic(style, place == 0, place == count - 1)
    cost = table[steps + _STEPS, semitones + _SEMITONES]
    if style.weights.common_tone:
        after_names = set(after.names)
        kept = np.array([before.names[m] in after_names for m in one.member])
        cost = cost + style.weights.common_tone * (kept[:, None] & (semitones != 0))
    for duty in owed:
        rows = np.array([before.names[m] == duty.name for m in one.member])
        if rows.any():
            done = np.zeros(steps.shape, dtype=bool)
            for way in duty.ways:
                done |= (steps == way.steps) & (semitones == way.semitones)
            rule = style.rules.leading_tone if duty.kind == "leading tone" else style.rules.seventh
            cost = cost + (BROKEN if rule else style.weights.tendency) * (rows[:, None] & ~done)
    return cost


def _perfects(one: Candidates, low: NDArray[np.intp], high: NDArray[np.intp]) -> NDArray[np.int8]:
    """(pairs, n): 1 where the two voices form a perfect fifth, 2 a unison or octave, 0 otherwise; as spelled."""
    semitones = (one.midi[high] - one.midi[low]) % 12
    steps = (one.diatonic[high] - one.diatonic[low]) % 7
    kind = (semitones == 7) & (steps == 4)
    return kind.astype(np.int8) + 2 * ((semitones == 0) & (steps == 0)).astype(np.int8)


def transition(
    before: Candidates, after: Candidates, chord: Chord, following: Chord, key: Key | None, style: Style
) -> Costs:
    """(n, m) costs; those of broken rules are multiples of BROKEN on top."""
    count = len(before.reaches)
    owed = duties(chord, following, key)
    cost = np.zeros((before.midi.shape[1], after.midi.shape[1]), dtype=np.int32)
    for place in range(count):
        table = _voice(before, after, place, owed, style, count)
        cost += table.take(before.index[place], axis=0).take(after.index[place], axis=1)
    pairs = count * (count - 1) // 2
    rows = max(1, _AT_ONCE // max(1, pairs * cost.shape[1]))
    for first in range(0, len(cost), rows):
        part = slice(first, first + rows)
        cost[part] += _pairs(_columns(before, part), after, style)
    return cost


def _columns(one: Candidates, part: slice) -> Candidates:
    return one._replace(midi=one.midi[:, part], diatonic=one.diatonic[:, part])


def _pairs(before: Candidates, after: Candidates, style: Style) -> Costs:
    """What two voices do together."""
    rules, weights = style.rules, style.weights
    count = len(before.midi)
    moved = np.sign(after.midi[:, None, :] - before.midi[:, :, None]).astype(np.int8)
    cost = np.zeros(moved.shape[1:], dtype=np.int32)
    if weights.same_way:
        cost += weights.same_way * (np.abs(moved.sum(axis=0, dtype=np.int8)) == count)
    outer = (moved[0] == moved[-1]) & (moved[0] != 0)
    if weights.outer_similar:
        cost += weights.outer_similar * outer
    if rules.overlap:
        over = (after.midi[:-1, None, :] > before.midi[1:, :, None]) | (after.midi[1:, None, :] < before.midi[:-1, :, None])
        cost += BROKEN * over.sum(axis=0, dtype=np.int32)
    if not (rules.parallels or rules.direct or weights.direct or weights.unequal):
        return cost
    low, high = np.triu_indices(count, 1)
    was, becomes = _perfects(before, low, high)[:, :, None], _perfects(after, low, high)[:, None, :]
    together = moved[low] * moved[high]
    same = (was == becomes) & (was > 0)
    if rules.parallels:
        cost += BROKEN * (same & (together != 0)).sum(axis=0, dtype=np.int32)
    similar = together > 0
    if rules.direct or weights.direct:
        leaps = np.abs(after.diatonic[:, None, :] - before.diatonic[:, :, None]) > 1
        direct = similar & (becomes > 0) & ~same & leaps[high]
        top = (low == 0) & (high == count - 1)
        if rules.direct:
            cost += BROKEN * direct[top][0]
            cost += weights.direct * direct[~top].sum(axis=0, dtype=np.int32)
        else:
            cost += weights.direct * direct.sum(axis=0, dtype=np.int32)
    if weights.unequal:
        wide, steps = before.midi[high] - before.midi[low], before.diatonic[high] - before.diatonic[low]
        narrow = ((wide % 12 == 6) & (steps % 7 == 4))[:, :, None]
        cost += weights.unequal * (similar & narrow & (becomes == 1)).sum(axis=0, dtype=np.int32)
    return cost


def between(chord: Chord, following: Chord, key: Key | None, style: Style, voices: tuple[Voice, ...]) -> Costs:
    """`transition` of all voicings of two chords; small ones are remembered."""
    before, after = candidates(chord, key, style, voices), candidates(following, key, style, voices)
    if len(before.cost) * len(after.cost) <= _SMALL:
        return _remembered(chord, following, key, style, voices)
    return transition(before, after, chord, following, key, style)


@lru_cache(maxsize=256)
def _remembered(chord: Chord, following: Chord, key: Key | None, style: Style, voices: tuple[Voice, ...]) -> Costs:
    return transition(
        candidates(chord, key, style, voices), candidates(following, key, style, voices), chord, following, key, style
    )
