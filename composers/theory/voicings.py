"""Jazz voicings for the keyboard: shells, rootless A and B, drop 2, chosen by the smallest motion."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from composers.theory.chords import Chord

LOW, HIGH = 49, 67
"""Where a comping hand lives: MUSIC's comp lane, so that the bass keeps what is below and the lead what is above."""

_LOWEST = {1: 52, 2: 51, 3: 48, 4: 46, 5: 46, 6: 46, 7: 34, 8: 43, 9: 41, 10: 41, 11: 41}
"""Low-interval limits: the lowest key on which each interval (semitones) still sounds clear."""

_MAX_TOP_MOVE = 3


def shell(chord: Chord) -> tuple[int, ...]:
    """Root, third (or suspension) and seventh (or sixth) in semitones above the root."""
    third, _, seventh = _core(chord)
    return tuple(sorted({0, third, seventh}))


def rootless(chord: Chord) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Forms A (third lowest) and B (seventh lowest): four notes without the root, semitones above it.

    The symbol's own tensions decide; where it names none, the usual ninth (and a dominant's thirteenth) is added.
    """
    has, family = set(chord.intervals), chord.family
    third, fifth, seventh = _core(chord)
    if family == "diminished":
        a: tuple[int, ...] = (3, 6, 9, 12) if 9 in has or 10 not in has else (3, 6, 10, 12)
    elif family == "half-diminished":
        a = (3, 6, 10, 12)
    elif family == "dominant":
        ninth = 15 if 15 in has else 13 if 13 in has else 14
        middle = 8 if has & {8, 20} else 6 if has & {6, 18} else 9 if ninth == 14 or 21 in has else 7
        a = (4, middle, 10, ninth)
    elif family == "suspended":
        ninth = 13 if 13 in has else 12 if third == 2 else 14
        a = (third, 7 if 13 in has else 9, 10, ninth)
    elif family == "minor" and 17 in has:
        a = (3, 5, 10, 14)
    elif family == "major" and 18 in has:
        a = (4, 6, 11, 14)
    else:
        a = (third, fifth, seventh, 14)  # a power chord lends its fifth for the third: three voices
    a = tuple(sorted(set(a)))
    low = [i for i in a if i < 10]
    b = tuple(sorted([*(i for i in a if i >= 10), *(i + 12 for i in low)]))
    return a, b


def close(chord: Chord) -> tuple[int, ...]:
    """The basic tones in close position on the root."""
    return chord.tones


def drop2(close_position: tuple[int, ...]) -> tuple[int, ...]:
    """The second voice from the top an octave lower: any close four-note voicing opened for two hands."""
    voices = sorted(close_position)
    return tuple(sorted([*voices[:-2], voices[-2] - 12, voices[-1]]))


def quartal(chord: Chord) -> tuple[int, ...] | None:
    """ "So what": three fourths and a major third, 0 5 10 15 19 on an eleventh chord; None for any other."""
    return (0, 5, 10, 15, 19) if chord.family == "minor" and 17 in chord.intervals else None


def _core(chord: Chord) -> tuple[int, int, int]:
    """Third (or suspension), fifth and seventh (or sixth); a triad lends its sixth, minor its seventh."""
    has = set(chord.intervals)
    third = next((i for i in (4, 3, 5, 2) if i in has), 7)
    fifth = next((i for i in (7, 6, 8) if i in has), 7)
    seventh = next((i for i in (10, 11, 9) if i in has), 9 if third == 4 else 10)
    return third, fifth, seventh


def is_clear(voices: tuple[int, ...]) -> bool:
    """Whether each pair of neighbours keeps the low-interval limits, and no gap exceeds an octave."""
    return all(high - low <= 12 and low >= _LOWEST.get(high - low, 0) for low, high in pairwise(voices))


def motion(before: tuple[int, ...], after: tuple[int, ...]) -> float:
    """Mean semitones that each voice of `after` moves from the nearest voice of `before`."""
    if len(before) == len(after):
        return sum(abs(a - b) for a, b in zip(before, after, strict=True)) / len(after)
    return sum(min(abs(a - b) for b in before) for a in after) / len(after)


@lru_cache(maxsize=8192)
def smoothest(
    chord: Chord, previous: tuple[int, ...] | None, *, low: int = LOW, high: int = HIGH, rooted: bool = False
) -> tuple[int, ...]:
    """The MIDI keys, ascending, of the voicing of `chord` that moves least from `previous` within low..high.

    Without a previous voicing the one whose top lies nearest to 64 is taken (upper structures in recorded piano
    have a median top of 66). With `rooted` a shell on the root stands below (for a keyboard without a bassist).
    """
    root = chord.root.pitch_class
    shapes: list[tuple[int, ...]] = list(rootless(chord))
    if chord.family == "diminished":
        shapes = [tuple(sorted((3 * k + i) for i in (0, 3, 6, 9))) for k in range(4)]
    stack = quartal(chord)
    if stack is not None:
        shapes.append(stack[1:])
    best: tuple[float, tuple[int, ...]] | None = None
    for shape in shapes:
        for octave in range(24, 84, 12):
            voices = tuple(octave + root + i for i in shape)
            if voices[0] < low or voices[-1] > high or not is_clear(voices):
                continue
            if previous is None:
                cost = abs(voices[-1] - 64.0)
            else:
                top = abs(voices[-1] - previous[-1])
                cost = motion(previous, voices) + 2.0 * max(0, top - _MAX_TOP_MOVE) + 0.02 * abs(voices[-1] - 64)
            if best is None or (cost, voices) < best:
                best = (cost, voices)
    if best is None:  # a narrow range: the guide tones alone, as near the middle as they go
        third, _, seventh = _core(chord)
        keys = sorted(_nearest(root + i, (low + high) // 2) for i in (third, seventh))
        return tuple(keys)
    if not rooted:
        return best[1]
    return (_nearest(chord.bass_pitch_class, 41), *best[1])


def _nearest(pitch_class: int, middle: int) -> int:
    """The key of a pitch class nearest to `middle`."""
    return middle - 5 + (pitch_class - (middle - 5)) % 12
