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
from composers.theory.voice_candidates import Candidates, Costs, Ints, candidates, pairs_of
from composers.theory.voice_styles import Style, Voice

BROKEN = 100_000
"""What a broken rule costs: more than thousands of chords without one."""

_STEPS, _SEMITONES = 64, 110
"""Largest melodic interval that the tables hold, either way: beyond any compass of an instrument."""
_WHOLE = (2 * _STEPS + 1) * (2 * _SEMITONES + 1)
_ORIGIN = _STEPS * (2 * _SEMITONES + 1) + _SEMITONES
"""Elements of a table, and its middle: no motion."""
_SIZES = np.array((0, 2, 4, 5, 7, 9, 11))
_PERFECT = np.array((True, False, False, True, True, False, False))
_SMALL = 40_000
"""Elements of a matrix that is worth remembering."""
_AT_ONCE = 2_000_000
"""Elements of the largest intermediate array: longer ones are made in slices."""


@lru_cache(maxsize=64)
def _melodic(style: Style, count: int) -> Costs:
    """(voices, intervals) the cost of every melodic interval in each voice; see `_intervals`."""
    rules, weights = style.rules, style.weights
    steps = np.arange(-_STEPS, _STEPS + 1)[:, None]
    semitones = np.arange(-_SEMITONES, _SEMITONES + 1)[None, :]
    octaves, step = np.divmod(np.abs(steps), 7)
    alter = np.where(steps < 0, -semitones, semitones) - 12 * octaves - _SIZES[step]
    alter = np.where(steps == 0, np.abs(semitones), alter)
    diminished = (steps != 0) & (alter < np.where(_PERFECT[step], 0, -1))
    distance = np.abs(semitones)
    made = []
    for place in range(count):
        bass = place == 0 and style.bass
        cost = weights.semitone * distance + weights.diminished * diminished
        if not bass:
            cost = cost + weights.leap * (distance > 4)
        if place == count - 1:
            cost = cost + weights.top_leap * (np.abs(steps) > 1)
        if rules.augmented:
            cost = cost + BROKEN * (alter > (steps == 0))
        if rules.max_leap is not None:
            widest = max(rules.max_leap, 12) if bass else rules.max_leap
            cost = cost + BROKEN * ((distance > widest) | (np.abs(steps) == 6))
        made.append(cost.astype(np.int32).ravel())
    return np.concatenate(made)


def transition(
    before: Candidates, after: Candidates, chord: Chord, following: Chord, key: Key | None, style: Style
) -> Costs:
    """(n, m) costs; those of broken rules are multiples of BROKEN on top."""
    count = len(before.midi)
    owed = duties(chord, following, key)
    shared = np.array([name in after.names for name in before.names])
    cost = np.zeros((before.midi.shape[1], after.midi.shape[1]), dtype=np.int32)
    rows = max(1, _AT_ONCE // max(1, count * count * cost.shape[1]))
    for first in range(0, len(cost), rows):
        part = slice(first, first + rows)
        few = before if rows >= len(cost) else before.part(part)
        semitones = after.midi[:, None, :] - few.midi[:, :, None]
        steps = after.diatonic[:, None, :] - few.diatonic[:, :, None]
        cost[part] = _melodies(few, semitones, steps, shared, owed, style)
        cost[part] += _pairs(few, after, semitones, steps, style)
    return cost


def _melodies(
    before: Candidates, semitones: Ints, steps: Ints, shared: NDArray[np.bool_], owed: tuple[Duty, ...], style: Style
) -> Costs:
    """What each voice sings; `shared` members of the chord are in the next one, too. Arrays are (voices, n, m)."""
    where = steps.astype(np.int32)
    where *= 2 * _SEMITONES + 1
    where += semitones
    where += _ORIGIN + _WHOLE * np.arange(len(where), dtype=np.int32)[:, None, None]
    each = _melodic(style, len(where)).take(where)
    if style.weights.common_tone:
        each += style.weights.common_tone * (shared[before.member][:, :, None] & (semitones != 0))
    for duty in owed:
        done = np.zeros(steps.shape, dtype=bool)
        for way in duty.ways:
            done |= (steps == way.steps) & (semitones == way.semitones)
        rule = style.rules.leading_tone if duty.kind == "leading tone" else style.rules.seventh
        has = before.member == before.names.index(duty.name)
        each += (BROKEN if rule else style.weights.tendency) * (has[:, :, None] & ~done)
    summed: Costs = each.sum(axis=0, dtype=np.int32)
    return summed


def _pairs(before: Candidates, after: Candidates, semitones: Ints, steps: Ints, style: Style) -> Costs:
    """What two voices do together."""
    rules, weights = style.rules, style.weights
    count = len(before.midi)
    moved = np.sign(semitones).astype(np.int8)
    cost = np.zeros(moved.shape[1:], dtype=np.int32)
    if weights.same_way:
        cost += weights.same_way * (np.abs(moved.sum(axis=0, dtype=np.int8)) == count)
    if weights.outer_similar:
        cost += weights.outer_similar * (moved[0] * moved[-1] > 0)
    if rules.overlap:
        above = after.midi[:-1, None, :] > before.midi[1:, :, None]
        below = after.midi[1:, None, :] < before.midi[:-1, :, None]
        cost += BROKEN * (above.sum(axis=0, dtype=np.int32) + below.sum(axis=0, dtype=np.int32))
    if not (rules.parallels or rules.direct or weights.direct or weights.unequal):
        return cost
    low, high = pairs_of(count)
    was, becomes = before.perfect[:, :, None], after.perfect[:, None, :]
    together = moved[low] * moved[high]
    same = (was == becomes) & (was > 0)
    if rules.parallels:
        cost += BROKEN * (same & (together != 0)).sum(axis=0, dtype=np.int32)
    similar = together > 0
    if rules.direct or weights.direct:
        leaps = np.abs(steps) > 1
        direct = similar & (becomes > 0) & ~same & leaps[high]
        cost += weights.direct * direct.sum(axis=0, dtype=np.int32)
        if rules.direct:  # of the outer voices, the pair at count - 2
            cost += (BROKEN - weights.direct) * direct[count - 2]
    if weights.unequal:
        narrow = before.diminished[:, :, None]
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
