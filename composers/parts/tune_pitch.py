"""The pitches of a musical idea: drawn note by note by interval, chord and contour; the idea again over other chords.

Leaps are answered by steps back (.59 to .68 in measured music) and tend upwards; the share of chord tones depends on
the place in the bar; one note is the highest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import exp
from typing import NamedTuple

from composers.dice import Dice
from composers.harmony import STEPS, Region, mask
from composers.parts.passage import Passage
from composers.parts.tune_rhythm import Rhythm, picked
from composers.parts.tune_style import TuneStyle

STRONG, BEAT, OFF, FINE = range(4)
"""Places in the bar: strong beat, other beat, off-beat eighth, finer."""

_WIDTH = 4.6
"""Semitones by which a line strays from its contour."""
_NEAR = tuple(exp(-0.5 * (k / 4 / _WIDTH) ** 2) for k in range(128))
"""Liking by distance from the contour, in quarters of a semitone."""
_LONG = STEPS
_REPEATED = (1.0, 1.05, 0.5, 0.08)
"""Liking for a key that was just sung so many times in a row."""
_GRAVITY = {0: 1.4, 7: 1.15, 2: 1.05}
"""Pitch classes that the key draws a line to, whatever the chord."""
_SELDOM = 0.3
_BLUES = 0b010011101001
_CADENCES = {"full": {0: 8.0, 4: 1.2, 3: 1.2}, "half": {7: 3.0, 2: 3.0, 11: 1.5, 10: 1.0}}


class Slot(NamedTuple):
    """A note whose pitch is sought.

    step    from the passage's beginning
    place   in the bar, see STRONG .. FINE
    rubs    pitch classes around the tonic, as a mask, that would rub against the chord if they were held
    """

    step: int
    length: int
    region: Region
    place: int
    rubs: int


class Span(NamedTuple):
    """Where a tune lies: lowest and highest key, and the key up from which only the peak may be."""

    low: int
    high: int
    peak: int


def slots(passage: Passage, start: int, rhythm: Rhythm) -> list[Slot]:
    """The notes of a rhythm that begins at step `start`; a syncopation held into a chord belongs to that chord."""
    found = []
    bar_steps, pulse = passage.bar_steps, passage.pulse
    for offset, length in rhythm:
        step = start + offset
        region = passage.at(max(0, step))
        if step % STEPS and length > STEPS // 4 and step + STEPS // 2 >= region.end and step + length > region.end:
            region = passage.at(region.end)
        within = step % bar_steps
        place = (
            STRONG if within in pulse.strong else BEAT if within in pulse.beats else OFF if within % 6 == 0 else FINE
        )
        root = (region.chord.root.pitch_class - passage.tonic) % 12
        found.append(Slot(step, length, region, place, rubbing(region.tones, root)))
    return found


@lru_cache(maxsize=1024)
def rubbing(tones: int, root: int) -> int:
    """What is no tone of a chord and lies a semitone above one, or a tritone from its root, as a mask."""
    found = 1 << (root + 6) % 12
    for tone in range(12):
        if tones >> tone & 1:
            found |= 1 << (tone + 1) % 12
    return found & ~tones


@lru_cache(maxsize=4096)
def pool(scale: int, tones: int, kind: str, minor: bool) -> int:
    """The pitch classes to sing over a chord, a 12-bit mask around the tonic: the key's scale, bent where the chord has
    notes of its own (over E7 in C there is G sharp and no G), or the blues scale and the chord's notes."""
    bent = scale
    for tone in range(12):
        if tones >> tone & 1 and not scale >> tone & 1:
            for near in ((tone + 1) % 12, (tone - 1) % 12):
                if not tones >> near & 1:
                    bent &= ~(1 << near)
            bent |= 1 << tone
    return (_BLUES if kind == "blues" else bent) | tones


@lru_cache(maxsize=256)
def _seldom(scale: int, kind: str, minor: bool) -> int:
    """The two notes that a pentatonic tune only passes through, as a mask: 4 and 7 in major, 2 and 6 in minor."""
    notes = [p for p in range(12) if scale >> p & 1]
    if kind != "pentatonic" or len(notes) != 7:
        return 0
    return mask(notes[degree] for degree in ((1, 5) if minor else (3, 6)))


@lru_cache(maxsize=4096)
def _chord_factors(pitches: int, tones: int, share: float, rubs: int, liking: float, seldom: int) -> tuple[float, ...]:
    """By pitch class: liking that gives chord tones their share, `liking` for what rubs, little for what is seldom."""
    inside = bin(pitches & tones).count("1")
    outside = max(1, bin(pitches & ~tones).count("1"))
    factor = 1.2 * share / (1.0 - share) * outside / max(1, inside)
    found = []
    for pitch in range(12):
        if not pitches >> pitch & 1:
            found.append(0.0)
        elif tones >> pitch & 1:
            found.append(factor * _GRAVITY.get(pitch, 1.0))
        else:
            found.append((liking if rubs >> pitch & 1 else 1.0) * _GRAVITY.get(pitch, 1.0))
            found[-1] *= _SELDOM if seldom >> pitch & 1 else 1.0
    return tuple(found)


def _passing(slot: Slot) -> bool:
    """Whether a note is over so soon that it may rub."""
    return slot.length < 9 or (slot.length < _LONG and slot.place != STRONG)


def sing(
    passage: Passage,
    found: Sequence[Slot],
    style: TuneStyle,
    span: Span,
    contour: Sequence[float],
    before: Sequence[int],
    draw: Dice,
    *,
    peak: int = -1,
    cadence: str = "",
) -> list[int]:
    """Keys for the slots.

    contour  the key wanted at each slot
    before   the last keys sung, the latest last; may be empty
    peak     the slot that has the highest key, or -1
    cadence  "full" (home), "half" (the dominant's notes) or "" of the last slot
    """
    keys = list(before)
    count = len(found)
    seldom = _seldom(passage.scale, style.scale, passage.minor)
    for index, slot in enumerate(found):
        allowed = pool(passage.scale, slot.region.tones, style.scale, passage.minor)
        last = index == count - 1
        share = (style.on_strong, style.on_beat, style.off_beat, min(0.8, style.off_beat + 0.08))[slot.place]
        if slot.length >= _LONG:
            share = max(share, style.on_strong)
        if last:
            share = 0.92
        likings = _chord_factors(allowed, slot.region.tones, share, slot.rubs, 0.6 if _passing(slot) else 0.0, seldom)
        if index == peak:
            keys.append(_top(span, likings, slot.region.tones, keys[-1] if keys else None))
            continue
        goals = _CADENCES.get(cadence, {}) if last else {}
        key = _drawn(allowed, likings, style, span, contour[index], keys, draw, goals)
        keys.append(key)
    return keys[len(before) :]


def _top(span: Span, likings: Sequence[float], tones: int, before: int | None) -> int:
    """The chord tone nearest to the wanted peak, a third to an octave above what came before where it can be."""
    choices = [k for k in range(span.peak, span.high + 1) if tones >> k % 12 & 1]
    choices = choices or [k for k in range(span.peak, span.high + 1) if likings[k % 12] > 0] or [span.peak]
    return min(choices, key=lambda k: (k <= span.peak + 3, k) if before is None else (abs(k - before) > 9, k))


def _drawn(
    allowed: int,
    likings: Sequence[float],
    style: TuneStyle,
    span: Span,
    wanted: float,
    keys: Sequence[int],
    draw: Dice,
    goals: Mapping[int, float],
) -> int:
    """The next key, by interval, chord, contour and where the line came from."""
    low, high = span.low, span.peak - 1
    weights: list[float] = []
    if not keys:
        start, stop = max(low, round(wanted) - 6), min(high, round(wanted) + 6)
        weights = [likings[k % 12] * exp(-(((k - wanted) / 2.5) ** 2)) for k in range(start, stop + 1)]
    else:
        previous = keys[-1]
        start, stop = max(low, previous - 12), min(high, previous + 12)
        moves = _moves(tuple(style.intervals), allowed, previous - keys[-2] if len(keys) > 1 else 0)
        run = min(3, len(keys), next((k for k, key in enumerate(reversed(keys[-3:])) if key != previous), 3))
        for key in range(start, stop + 1):
            liking = likings[key % 12]
            if liking:
                liking *= moves[key - previous + 12] * _NEAR[min(127, int(4.0 * abs(key - wanted)))]
                if key == previous:
                    liking *= _REPEATED[run]
            weights.append(liking)
    if goals:
        weights = [w * goals.get((start + k) % 12, 0.25) for k, w in enumerate(weights)]
    if not any(weights):
        return _nearest(keys[-1] if keys else round(wanted), likings, span)
    return picked(range(start, stop + 1), weights, style.temperature, draw)


@lru_cache(maxsize=4096)
def _moves(intervals: tuple[float, ...], allowed: int, before: int) -> tuple[float, ...]:
    """Weights of moves by -12..12 semitones after a move by `before`, so that a scale gets the intervals' shares.

    A scale has each interval on some of its notes only (a semitone on two of seven): the weights make up for it.
    """
    notes = [p for p in range(12) if allowed >> p & 1]
    shares = []
    for size in range(13):
        places = sum(allowed >> (p + size) % 12 & 1 for p in notes)
        shares.append(intervals[size] * len(notes) / places if places else 0.0)
    return tuple(shares[abs(away)] * _direction(away, before) for away in range(-12, 13))


def _direction(away: int, move: int) -> float:
    """Leaps go up and are answered by a step back; lines go on more often than a walk among few notes would."""
    size = abs(away)
    if abs(move) >= 5:
        back = (away > 0) != (move > 0)
        if size == 0:
            return 0.8
        if size <= 2:
            return 0.6 if back else 1.3
        return 0.6 if back else 0.45 if size < 5 else 0.12
    if size >= 5:  # a half more, since contour and range take some
        factor = 2.3 if away > 0 else 1.05
        return factor * (1.2 if move * away < 0 else 1.0)
    if size and move:
        return 2.3 if (away > 0) == (move > 0) else 0.5
    return 1.0


def _nearest(key: int, likings: Sequence[float], span: Span) -> int:
    choices = [k for k in range(span.low, span.high + 1) if likings[k % 12]] or [key]
    return min(choices, key=lambda k: (abs(k - key), k))


# Again ------------------------------------------------------------------------------------------------------------

_SHIFTS = (0, -1, 1, -2, 2, 3, -3)
"""Steps of the scale by which an idea may move when it comes again."""


def again(
    passage: Passage, found: Sequence[Slot], keys: Sequence[int], style: TuneStyle, span: Span, peak: int = -1
) -> list[int]:
    """An idea over other chords: as it was if it can be, else moved by steps of the scale (a sequence), and then the
    few notes that still rub put right."""
    masks = [pool(passage.scale, slot.region.tones, style.scale, passage.minor) for slot in found]
    strict = 0.35 + 0.5 * style.repeat
    best: tuple[float, int, list[int]] | None = None
    for order, shift in enumerate(_SHIFTS):
        moved = [_shifted(key, shift, passage.scale) for key in keys]
        cost = strict * min(1, abs(shift)) + 0.15 * abs(shift)
        for index, (slot, key, allowed) in enumerate(zip(found, moved, masks, strict=True)):
            cost += _misfit(slot, key, allowed) / (1.0 + 0.08 * len(found))
            if key < span.low or key > span.high or (index != peak and key >= span.peak):
                cost += 1.0
        if best is None or (cost, order) < best[:2]:
            best = (cost, order, moved)
    assert best is not None
    highest = [span.high if index == peak else span.peak - 1 for index in range(len(found))]
    return [_mended(*each, span.low) for each in zip(found, best[2], masks, highest, strict=True)]


def _misfit(slot: Slot, key: int, allowed: int) -> float:
    """How ill a note sits: 0 in the chord, most for a long one that rubs against it."""
    pitch, tones = key % 12, slot.region.tones
    if tones >> pitch & 1:
        return 0.0
    rubs = slot.rubs >> pitch & 1
    heavy = slot.place == STRONG or slot.length >= _LONG
    if not allowed >> pitch & 1:
        return 1.4 if heavy else 0.9
    if heavy:
        return 1.2 if rubs else 0.45
    return 0.3 if rubs else 0.1


def _mended(slot: Slot, key: int, allowed: int, high: int, low: int) -> int:
    """The key, or the nearest that fits: a long note must be of the chord or rub with nothing in it."""
    pitch, tones = key % 12, slot.region.tones
    inside = low <= key <= high
    if tones >> pitch & 1 and inside:
        return key
    rubs = slot.rubs >> pitch & 1
    if allowed >> pitch & 1 and inside and (not rubs or _passing(slot)):
        return key
    target = allowed if _passing(slot) else tones
    choices = [k for k in range(key - 7, key + 8) if target >> k % 12 & 1 and low <= k <= high]
    return min(choices, key=lambda k: (abs(k - key), k)) if choices else min(high, max(low, key))


@lru_cache(maxsize=8192)
def _shifted(key: int, shift: int, scale: int) -> int:
    """A key so many steps of a scale higher; what is not of the scale keeps its distance from the note below."""
    off = 0
    while not scale >> (key - off) % 12 & 1:
        off += 1
    key -= off
    step = 1 if shift > 0 else -1
    for _ in range(abs(shift)):
        key += step
        while not scale >> key % 12 & 1:
            key += step
    return key + off
