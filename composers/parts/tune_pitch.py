"""The pitches of a musical idea: drawn note by note by interval, chord and contour; the idea again over other chords.

Leaps are answered by steps back (.59 to .68 in measured music) and tend upwards; the share of chord tones depends on
the place in the bar; one note is the highest.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import exp
from typing import NamedTuple

from composers.dice import Dice
from composers.harmony import STEPS, Region
from composers.parts.passage import Passage
from composers.parts.tune_rhythm import Rhythm, picked
from composers.parts.tune_style import TuneStyle

STRONG, BEAT, OFF, FINE = range(4)
"""Places in the bar: strong beat, other beat, off-beat eighth, finer."""

_WIDTH = 3.6
"""Semitones by which a line strays from its contour."""
_BLUES = 0b010011101001
_CADENCES = {"full": {0: 8.0, 4: 1.2, 3: 1.2}, "half": {7: 3.0, 2: 3.0, 11: 1.5, 10: 1.0}}


class Slot(NamedTuple):
    """A note whose pitch is sought. step: from the passage's beginning; place: in the bar, see STRONG .. FINE."""

    step: int
    length: int
    region: Region
    place: int


class Span(NamedTuple):
    """Where a tune lies: lowest and highest key, and the key that only the peak may reach."""

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
        found.append(Slot(step, length, region, place))
    return found


@lru_cache(maxsize=4096)
def pool(scale: int, tones: int, kind: str, minor: bool) -> int:
    """The pitch classes to sing over a chord, a 12-bit mask around the tonic: the key's scale, bent where the chord has
    notes of its own (over E7 in C there is G sharp and no G), or five of its notes and the chord's."""
    bent = scale
    for tone in range(12):
        if tones >> tone & 1 and not scale >> tone & 1:
            for near in ((tone + 1) % 12, (tone - 1) % 12):
                if not tones >> near & 1:
                    bent &= ~(1 << near)
            bent |= 1 << tone
    if kind == "blues":
        return _BLUES | tones
    if kind == "pentatonic":
        notes = [p for p in range(12) if scale >> p & 1]
        if len(notes) == 7:
            left_out = (1, 5) if minor else (3, 6)
            for degree in left_out:
                if not tones >> notes[degree] & 1:
                    bent &= ~(1 << notes[degree])
    return bent | tones


@lru_cache(maxsize=4096)
def _chord_factors(pitches: int, tones: int, share: float) -> tuple[float, ...]:
    """By pitch class: liking that gives chord tones their share, less for what rubs a semitone above one."""
    inside = bin(pitches & tones).count("1")
    outside = max(1, bin(pitches & ~tones).count("1"))
    factor = share / (1.0 - share) * outside / max(1, inside)
    found = []
    for pitch in range(12):
        if not pitches >> pitch & 1:
            found.append(0.0)
        elif tones >> pitch & 1:
            found.append(factor)
        else:
            found.append(0.4 if tones >> (pitch - 1) % 12 & 1 else 1.0)
    return tuple(found)


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
    for index, slot in enumerate(found):
        allowed = pool(passage.scale, slot.region.tones, style.scale, passage.minor)
        last = index == count - 1
        share = (style.on_strong, style.on_beat, style.off_beat, style.off_beat)[slot.place]
        if slot.length >= 12:
            share = max(share, 0.8)
        if last:
            share = 0.92
        likings = _chord_factors(allowed, slot.region.tones, share)
        if index == peak:
            keys.append(_top(span, likings, slot.region.tones, keys[-1] if keys else None))
            continue
        goals = _CADENCES.get(cadence, {}) if last else {}
        key = _drawn(slot, likings, style, span, contour[index], keys, draw, goals)
        keys.append(key)
    return keys[len(before) :]


def _top(span: Span, likings: Sequence[float], tones: int, before: int | None) -> int:
    """The chord tone nearest to the wanted peak, a third to an octave above what came before where it can be."""
    choices = [k for k in range(span.peak - 3, min(span.high, span.peak + 3) + 1) if tones >> k % 12 & 1]
    choices = choices or [k for k in range(span.peak - 3, span.peak + 4) if likings[k % 12] > 0] or [span.peak]
    return min(choices, key=lambda k: (abs(k - span.peak) + (0 if before is None or k > before else 4), -k))


def _drawn(
    slot: Slot,
    likings: Sequence[float],
    style: TuneStyle,
    span: Span,
    wanted: float,
    keys: Sequence[int],
    draw: Dice,
    goals: dict[int, float],
) -> int:
    previous = keys[-1] if keys else None
    move = keys[-1] - keys[-2] if len(keys) > 1 else 0
    low, high = span.low, span.peak - 1
    if previous is None:
        centre = round(wanted)
        choices = [k for k in range(max(low, centre - 6), min(high, centre + 6) + 1) if likings[k % 12]]
        weights = [likings[k % 12] * exp(-(((k - wanted) / 2.5) ** 2)) for k in choices]
    else:
        choices, weights = [], []
        for key in range(max(low, previous - 12), min(high, previous + 12) + 1):
            liking = likings[key % 12]
            if not liking:
                continue
            away = key - previous
            weight = style.intervals[abs(away)] * liking * exp(-0.5 * ((key - wanted) / _WIDTH) ** 2)
            weight *= _direction(away, move)
            if away == 0 and len(keys) > 2 and keys[-2] == keys[-3] == previous:
                weight *= 0.4
            choices.append(key)
            weights.append(weight)
    if goals:
        weights = [w * goals.get(k % 12, 0.25) for k, w in zip(choices, weights, strict=True)]
    if not choices or not any(weights):
        return _nearest(previous if previous is not None else round(wanted), likings, span)
    return picked(choices, weights, style.temperature, draw)


def _direction(away: int, move: int) -> float:
    """Leaps go up and are answered by a step back; steps fall a little more than they rise."""
    size = abs(away)
    if abs(move) >= 5:
        back = (away > 0) != (move > 0)
        if size == 0:
            return 0.8
        if size <= 2:
            return 2.0 if back else 0.9
        return 1.0 if back else 0.3 if size < 5 else 0.1
    if size >= 5:
        return 1.15 if away > 0 else 0.85
    if size and move and size <= 2:
        return 1.12 if (away > 0) == (move > 0) else 0.95
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
        for index, (slot, key, mask) in enumerate(zip(found, moved, masks, strict=True)):
            cost += _misfit(slot, key, mask) / (1.0 + 0.08 * len(found))
            if key < span.low or key > span.high or (index != peak and key >= span.peak and shift > 0):
                cost += 0.8
        if best is None or (cost, order) < best[:2]:
            best = (cost, order, moved)
    assert best is not None
    return [_mended(slot, key, mask, span) for slot, key, mask in zip(found, best[2], masks, strict=True)]


def _misfit(slot: Slot, key: int, mask: int) -> float:
    """How ill a note sits: 0 in the chord, most for a long one that rubs against it."""
    pitch, tones = key % 12, slot.region.tones
    if tones >> pitch & 1:
        return 0.0
    rubs = tones >> (pitch - 1) % 12 & 1
    heavy = slot.place == STRONG or slot.length >= 12
    if not mask >> pitch & 1:
        return 1.4 if heavy else 0.9
    if heavy:
        return 1.2 if rubs else 0.45
    return 0.3 if rubs else 0.1


def _mended(slot: Slot, key: int, mask: int, span: Span) -> int:
    pitch, tones = key % 12, slot.region.tones
    if tones >> pitch & 1:
        return key
    rubs = tones >> (pitch - 1) % 12 & 1
    long = slot.length >= 12 or (slot.place == STRONG and slot.length >= 9)
    if mask >> pitch & 1 and not (rubs and long):
        return key
    target = tones if long else mask
    choices = [k for k in range(key - 4, key + 5) if target >> k % 12 & 1 and span.low <= k <= span.high]
    return min(choices, key=lambda k: (abs(k - key), k)) if choices else key


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
