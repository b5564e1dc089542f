"""Melodic lines over chords, as improvisers think them: groups of up to four notes that begin on a strong beat,
move by scale, chord and half step, and lead into the next group by step, enclosure or approach.

Pitches are MIDI keys around a tonic of C. Interval figures: Weimar Jazz Database.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from composers.dice import Dice
from composers.harmony import STEPS, Region
from composers.parts.passage import Passage

LOW, HIGH = 57, 80
"""Keys of a lead before transposition by -5..+6, where its instrument says no other: 52..86 in all keys together."""

_MOVE = (0.07, 0.25, 0.16, 0.2, 0.12, 0.09, 0.025, 0.035, 0.012, 0.008, 0.004, 0.002, 0.004)
"""Liking for an interval of 0..12 semitones between groups: set so that whole solos come near the shares of jazz
solos (.05 .28 .29 .17 .09 .06 .015 .02; leaps of 5 and more .127), since inside groups steps abound."""

Moves = str
"""u d: a scale step up, down; U D: a chord tone up, down; J j: over a chord tone to the next, up, down (a leap);
+ -: a semitone up, down; r: the same again.
A final A approaches the next group by a semitone, a final E encloses its first note (from above, then below)."""

_SOLO_MOVES: dict[int, dict[Moves, float]] = {
    1: {"": 1.0},
    2: {"d": 1.8, "u": 1.3, "U": 2.0, "D": 1.8, "-": 0.7, "+": 0.6, "r": 1.4, "A": 1.2, "J": 1.1, "j": 0.9},
    3: {"dd": 2.0, "uu": 1.4, "UU": 2.9, "DD": 2.1, "Ud": 1.3, "Du": 1.0, "ud": 0.9, "du": 1.1, "d-": 0.8, "uU": 1.0,
        "--": 0.5, "rd": 0.5, "UA": 0.9, "dA": 0.8, "E": 1.0, "Jd": 1.5, "jU": 1.0, "dJ": 0.9, "JD": 0.8, "uj": 0.7},
    4: {"ddd": 2.9, "uuu": 1.7, "UUU": 4.6, "DDD": 3.4, "Jdd": 2.0, "dJd": 1.4, "jUU": 1.0, "UJd": 1.0, "ddJ": 1.2,
        "Ujd": 1.0, "juu": 0.8, "DJd": 0.8, "uuj": 0.7, "JDd": 0.9, "UUd": 1.9, "uuU": 1.4, "dUU": 1.4, "Udd": 1.6,
        "UDd": 0.8, "dud": 0.5, "udd": 1.0, "duu": 0.7, "UUD": 0.7, "Duu": 0.9, "-dd": 0.9, "d--": 0.9, "---": 0.5,
        "+++": 0.4, "dUd": 0.9, "rdd": 0.6, "UdA": 1.0, "ddA": 0.8, "uUA": 0.9, "uE": 0.5, "dE": 0.6, "UE": 1.0,
        "DE": 0.8},
}  # fmt: skip
_HEAD_MOVES: dict[int, dict[Moves, float]] = {
    1: {"": 1.0},
    2: {"d": 2.2, "u": 2.6, "U": 1.8, "D": 1.2, "r": 1.0, "A": 0.3, "J": 1.3, "j": 0.9},
    3: {"dd": 1.6, "uu": 1.6, "UU": 1.2, "Ud": 1.2, "ud": 1.2, "du": 1.4, "rd": 0.6, "rr": 0.3, "Du": 0.9, "E": 0.4,
        "Jd": 1.6, "uJ": 0.8, "jU": 0.9, "dJ": 0.8},
    4: {"ddd": 1.6, "uuu": 1.4, "udd": 1.3, "Udd": 1.4, "duu": 1.2, "UUd": 1.2, "rud": 0.6, "dud": 0.8, "uUd": 0.8,
        "Jdd": 1.5, "dJd": 1.0, "UJd": 0.9, "jUu": 0.8, "JDu": 0.6},
}  # fmt: skip
MAX_GROUP = 4


class Slot(NamedTuple):
    """A note whose pitch is to be found: its step and length, and the chord it belongs to."""

    step: int
    length: int
    region: Region


class Style(NamedTuple):
    """How a line is thought.

    moves       the group shapes and their weights, by number of notes
    chord_tone  liking for chord tones (over other notes of the scale) where a group begins
    reach       how far the line follows the wanted contour: larger = looser
    low, high   its lowest and highest key, before transposition
    home        pitch classes as a mask, the tonic's triad, and
    homely      liking for them where a group begins, which tells the ear the key
    """

    moves: dict[int, dict[Moves, float]]
    chord_tone: float
    reach: float
    low: int = LOW
    high: int = HIGH
    home: int = 0
    homely: float = 1.0


SOLO = Style(_SOLO_MOVES, 0.8, 8.0)
HEAD = Style(_HEAD_MOVES, 2.2, 5.0)


@lru_cache(maxsize=2048)
def steps_from(pitch_classes: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """For each of the 12 pitch classes the semitones up, and down, to the next member of a 12-bit mask."""
    up = tuple(next(i for i in range(1, 13) if pitch_classes >> (p + i) % 12 & 1) for p in range(12))
    down = tuple(next(i for i in range(1, 13) if pitch_classes >> (p - i) % 12 & 1) for p in range(12))
    return up, down


def slots(passage: Passage, rhythm: Sequence[tuple[int, int]]) -> list[Slot]:
    """The chord of each (step, length): an off-beat note held over a change anticipates the new chord."""
    found = []
    for step, length in rhythm:
        region = passage.at(step)
        if step % STEPS and length > STEPS // 2 and step + STEPS // 2 >= region.end:
            region = passage.at(region.end)
        found.append(Slot(step, length, region))
    return found


def groups(passage: Passage, found: Sequence[Slot]) -> list[list[Slot]]:
    """Slots gathered from strong beat to strong beat and chord to chord, at most four in a group."""
    gathered: list[list[Slot]] = []
    for slot in found:
        last = gathered[-1] if gathered else None
        if (
            last is None
            or len(last) == MAX_GROUP
            or passage.strong(slot.step)
            or slot.region.start != last[-1].region.start
            or slot.step - last[-1].step > 2 * STEPS
        ):
            gathered.append([slot])
        else:
            last.append(slot)
    return gathered


def line(
    gathered: Sequence[Sequence[Slot]],
    before: int,
    contour: Sequence[float],
    style: Style,
    draw: Dice,
    shapes: Sequence[Moves] = (),
) -> tuple[list[int], list[Moves]]:
    """Pitches for the slots of `gathered`, and the shapes used.

    before   the key sounded last, near which the line begins
    contour  the key wanted at each group
    shapes   the shapes of an earlier phrase, to be used again where the groups have as many notes (a motif)
    """
    pitches: list[int] = []
    used: list[Moves] = []
    forced: int | None = None
    before = max(style.low, min(style.high, before))
    for index, group in enumerate(gathered):
        region = group[0].region
        first = _first(region, before, contour[index], style, draw) if forced is None else forced
        following = gathered[index + 1][0].region if index + 1 < len(gathered) else None
        motif = shapes[index : index + 1]
        shape, keys, forced = _shape(group, first, contour[index], following, style, draw, before, motif)
        pitches += keys
        used.append(shape)
        before = keys[-1]
    return pitches, used


def _first(region: Region, before: int, wanted: float, style: Style, draw: Dice) -> int:
    """Where a group begins: near the last note, on a chord tone or a note of the scale, towards the contour."""
    low, high = max(style.low, before - 9), min(style.high, before + 9)
    weights = []
    for pitch in range(low, high + 1):
        bit = pitch % 12
        if region.tones >> bit & 1:
            weight = style.chord_tone
        elif region.scale >> bit & 1:
            weight = 0.25 if region.tones >> (bit - 1) % 12 & 1 else 1.0  # a semitone above a chord tone: avoid
        else:
            weight = 0.02
        weight *= _MOVE[abs(pitch - before)] * (style.homely if style.home >> bit & 1 else 1.0)
        weights.append(weight * 2.0 ** (-abs(pitch - wanted) / style.reach))
    return draw.weighted(range(low, high + 1), weights)


def _shape(
    group: Sequence[Slot],
    first: int,
    wanted: float,
    following: Region | None,
    style: Style,
    draw: Dice,
    before: int,
    motif: Sequence[Moves],
) -> tuple[Moves, list[int], int | None]:
    """The moves of one group: drawn by weight, by where they end, and by how they lead into the next chord."""
    table = style.moves[len(group)]
    region = group[0].region
    if motif and motif[0] in table and (following is not None or motif[0][-1:] not in ("A", "E")):
        keys, forced = _trace(motif[0], first, region, following, style, draw)
        if min(keys) >= style.low and max(keys) <= style.high:
            return motif[0], keys, forced
    candidates: list[tuple[Moves, list[int], int | None]] = []
    weights: list[float] = []
    came_up = first > before
    for moves, weight in table.items():
        if following is None and moves[-1:] in ("A", "E"):
            continue
        keys, forced = _trace(moves, first, region, following, style, draw)
        last = keys[-1]
        if min(keys) < style.low or max(keys) > style.high:
            continue
        if len(keys) > 1 and keys[0] == keys[-1] and moves[-1] in "AE":
            continue
        weight *= 2.0 ** (-abs((last + first) / 2 - wanted) / style.reach)
        if following is not None and forced is None:
            up, down = steps_from(following.tones)
            near = 0 if following.tones >> last % 12 & 1 else min(up[last % 12], down[last % 12])
            weight *= (0.8, 1.2, 1.0, 0.6, 0.5, 0.4, 0.4)[min(6, near)]
        if len(keys) > 1 and abs(first - before) <= 4 and first != before and (keys[1] > first) == came_up:
            weight *= 1.8  # lines run on more often than they turn (turn rate .43)
        candidates.append((moves, keys, forced))
        weights.append(weight)
    if not candidates:
        return "", [first] * len(group), None
    return draw.weighted(candidates, weights)


def _trace(
    moves: Moves, first: int, region: Region, following: Region | None, style: Style, draw: Dice
) -> tuple[list[int], int | None]:
    """The keys of a shape from `first`, and the key that the next group must begin on, if the shape says so."""
    scale_up, scale_down = steps_from(region.scale)
    tone_up, tone_down = steps_from(region.tones)
    keys = [first]
    key = first
    for move in moves:
        if move == "d":
            key -= scale_down[key % 12]
        elif move == "u":
            key += scale_up[key % 12]
        elif move == "U":
            key += tone_up[key % 12]
        elif move == "D":
            key -= tone_down[key % 12]
        elif move == "J":
            key += tone_up[key % 12]
            key += tone_up[key % 12]
        elif move == "j":
            key -= tone_down[key % 12]
            key -= tone_down[key % 12]
        elif move == "-":
            key -= 1
        elif move == "+":
            key += 1
        elif move in "AE" and following is not None:
            target = _target(key, following, style, draw)
            if move == "E":
                keys.append(target + min(2, steps_from(following.scale)[0][target % 12]))
                keys.append(target - 1)
            else:
                keys.append(target - 1 if key < target or draw.chance(0.3) else target + 1)
            return keys, target
        keys.append(key)
    return keys, None


def _target(key: int, following: Region, style: Style, draw: Dice) -> int:
    """A chord tone of the coming chord within reach: the nearest below or above."""
    up, down = steps_from(following.tones)
    above, below = key + up[key % 12], key - down[key % 12]
    if above > style.high - 2:
        return below
    if below < style.low + 2:
        return above
    return above if draw.chance(0.45) else below


def settle(key: int, region: Region, before: int, style: Style, draw: Dice) -> int:
    """The last note of a phrase moved to the nearest chord tone, three times in ten: most lie on one as it is."""
    if region.tones >> key % 12 & 1 or draw.chance(0.7):
        return key
    up, down = steps_from(region.tones)
    below, above = key - down[key % 12], key + up[key % 12]
    if below == before or below < style.low:
        return above
    return below if key - below <= above - key or above == before or above > style.high else above
