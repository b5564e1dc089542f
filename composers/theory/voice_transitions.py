"""What it costs to go from each voicing of a chord to each of the next: motion, and the rules between two moments.

The same rules as `voice_rules.check` has them, here for all pairs of voicings at once. Arrays are (n, m): n voicings
before, m after.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from composers.theory.chords import Chord
from composers.theory.satb import Duty, duties
from composers.theory.scales import Key
from composers.theory.voice_candidates import BROKEN, WIDTH, Candidates, Costs, candidates, pairs_of
from composers.theory.voice_styles import Style, Voice

_STEPS, _SEMITONES = 70, 127
"""Largest melodic interval that the tables hold, either way: more than the keys there are."""
_ORIGIN = _STEPS * WIDTH + _SEMITONES
_WHOLE = (2 * _STEPS + 1) * WIDTH
"""A table's middle, no motion; and its length."""
_SIZES = np.array((0, 2, 4, 5, 7, 9, 11))
_PERFECT = np.array((True, False, False, True, True, False, False))
_FLAGS = 32
"""Bits of an entry that are its cost. Above them stand, 8 for each, the voices that rise, that fall, that leap."""
_SMALL = 40_000
"""Elements of a matrix that is worth remembering."""
_AT_ONCE = 500_000
"""Elements of the largest intermediate array: longer ones are made in slices."""


@lru_cache(maxsize=64)
def _melodic(style: Style, count: int) -> NDArray[np.int64]:
    """For each voice every melodic interval's cost, with the flags of what the voice does; see `transition`."""
    rules, weights = style.rules, style.weights
    steps = np.arange(-_STEPS, _STEPS + 1)[:, None]
    semitones = np.arange(WIDTH)[None, :] - _SEMITONES
    octaves, step = np.divmod(np.abs(steps), 7)
    alter = np.where(steps < 0, -semitones, semitones) - 12 * octaves - _SIZES[step]
    alter = np.where(steps == 0, np.abs(semitones), alter)
    diminished = (steps != 0) & (alter < np.where(_PERFECT[step], 0, -1))
    distance, leap = np.abs(semitones), np.abs(steps) > 1
    made = []
    for place in range(count):
        bass = place == 0 and style.bass
        cost = weights.semitone * distance + weights.diminished * diminished
        if not bass:
            cost = cost + weights.leap * (distance > 4)
        if place == count - 1:
            cost = cost + weights.top_leap * leap
        if rules.augmented:
            cost = cost + BROKEN * (alter > (steps == 0))
        if rules.max_leap is not None:
            widest = max(rules.max_leap, 12) if bass else rules.max_leap
            cost = cost + BROKEN * ((distance > widest) | (np.abs(steps) == 6))
        flags = (semitones > 0) + 256 * (semitones < 0) + 65536 * leap.astype(np.int64)
        made.append((cost.astype(np.int64) + (flags << (_FLAGS + place))).ravel())
    return np.concatenate(made)


class _Tables(NamedTuple):
    """What sets of voices (as bits) mean for the pairs among them, and what that costs.

    both, upper     the pairs whose voices are both in the set; whose upper voice is
    together        cost of voices that all go one way
    size            how many bits are set
    direct          cost of a set of pairs that come to a perfect interval in similar motion by leap
    """

    both: NDArray[np.intp]
    upper: NDArray[np.intp]
    together: Costs
    size: Costs
    direct: Costs


@lru_cache(maxsize=64)
def _tables(style: Style, count: int) -> _Tables:
    low, high = pairs_of(count)
    bits = 1 << np.arange(len(low))
    voices = (np.arange(1 << count)[:, None] >> np.arange(count)) & 1
    pairs = (np.arange(1 << max(count, len(low)))[:, None] >> np.arange(max(count, len(low)))) & 1
    together = style.weights.same_way * voices.all(axis=1) + style.weights.outer_similar * voices[:, 0] * voices[:, -1]
    direct = style.weights.direct * pairs.sum(axis=1)
    if style.rules.direct:  # of the outer voices
        direct += (BROKEN - style.weights.direct) * pairs[:, count - 2]
    return _Tables(
        (voices[:, low] & voices[:, high]) @ bits, voices[:, high] @ bits,
        together.astype(np.int32), pairs.sum(axis=1).astype(np.int32), direct.astype(np.int32),
    )  # fmt: skip


def transition(
    before: Candidates, after: Candidates, chord: Chord, following: Chord, key: Key | None, style: Style
) -> Costs:
    """(n, m) costs; those of broken rules are multiples of BROKEN on top."""
    count, wide = len(before.midi), after.midi.shape[1]
    owed = duties(chord, following, key)
    cost = np.empty((before.midi.shape[1], wide), dtype=np.int32)
    rows = max(1, _AT_ONCE // (count * max(1, wide)))
    for first in range(0, len(cost), rows):
        part = slice(first, first + rows)
        cost[part] = _block(before, part, after, owed, style)
    return cost


def _block(before: Candidates, part: slice, after: Candidates, owed: tuple[Duty, ...], style: Style) -> Costs:
    """Some rows of `transition`."""
    rules, weights, count = style.rules, style.weights, len(before.midi)
    tables, member = _tables(style, count), before.member[:, part]
    where = after.pitch[:, None, :] - (before.pitch[:, part] - _starts(count))[:, :, None]
    summed = _melodic(style, count).take(where).sum(axis=0)
    cost: Costs = summed.astype(np.int32)  # the lower half
    flags = summed >> _FLAGS
    up, down, leaps = flags & 255, (flags >> 8) & 255, flags >> 16
    moved = up | down
    if weights.same_way or weights.outer_similar:
        cost += tables.together.take(up)
        cost += tables.together.take(down)
    if weights.common_tone:
        shared = np.array([name in after.names for name in before.names])
        leaving = (1 << np.arange(count)) @ shared[member]
        cost += weights.common_tone * tables.size.take(leaving[:, None] & moved)
    for duty in owed:
        has = (member == before.names.index(duty.name))[:, :, None]
        for way in duty.ways:
            has = has & (where != _starts(count)[:, :, None] + (way.steps * WIDTH + way.semitones))
        rule = rules.leading_tone if duty.kind == "leading tone" else rules.seventh
        cost += (BROKEN if rule else weights.tendency) * has.sum(axis=0, dtype=np.int32)
    if rules.overlap:
        midi = before.midi[:, part, None]
        over = (after.midi[:-1, None, :] > midi[1:]).sum(axis=0, dtype=np.int32)
        over += (after.midi[1:, None, :] < midi[:-1]).sum(axis=0, dtype=np.int32)
        cost += BROKEN * over
    if rules.parallels or rules.direct or weights.direct or weights.unequal:
        fifths = before.fifths[part, None] & after.fifths
        same = fifths | (before.octaves[part, None] & after.octaves)
        if rules.parallels:
            cost += BROKEN * tables.size.take(same & tables.both.take(moved))
        similar = tables.both.take(up) | tables.both.take(down)
        if rules.direct or weights.direct:
            cost += tables.direct.take(similar & (after.fifths | after.octaves) & ~same & tables.upper.take(leaps))
        if weights.unequal:
            cost += weights.unequal * tables.size.take(similar & before.diminished[part, None] & after.fifths)
    return cost


@lru_cache(maxsize=16)
def _starts(count: int) -> NDArray[np.intp]:
    """Where each voice's table has its middle."""
    return (_ORIGIN + _WHOLE * np.arange(count))[:, None]


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
