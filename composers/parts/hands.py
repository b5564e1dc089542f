"""Chords under hands: every placing of a chord's notes in a lane, and the one that moves least from the last.

Upper structures on recorded pop piano span 7 to 10 semitones with a top between 63 and 71, and each voice moves 1 to
1.5 semitones between chords (POP909, MMA); low-interval limits are common teaching.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from composers.theory.chord_shapes import Shape, close, core, drop, rotated
from composers.theory.chords import Chord
from composers.theory.voicings import LOW_INTERVAL_LIMITS, rootless

Keys = tuple[int, ...]

SHAPES = ("close", "open", "rootless", "planed", "power", "shell")


def classes(chord: Chord, voices: int) -> tuple[int, ...]:
    """Which of a chord's tones so many voices take, semitones above its root, 0..11.

    The bass has the root: three voices of a seventh chord take its third, fifth and seventh, two its third and seventh
    (of a triad root and third). Four take a tension that the symbol names for the root.
    """
    third, fifth, seventh = core(chord)
    triad = len(chord.tones) <= 3
    tensions = [i for i in chord.intervals if i > 12]
    if chord.family == "power":
        return (0, 7)
    if voices <= 2:
        return (0, third) if triad else (third, seventh)
    if voices == 3:
        if tensions:
            return tuple(sorted({third, seventh, tensions[0] % 12}))
        if triad:
            return tuple(sorted({i % 12 for i in chord.tones}))
        return tuple(sorted({third, fifth, seventh}))
    return close(chord)


@lru_cache(maxsize=4096)
def placings(chord: Chord, low: int, high: int, shape: str, voices: int) -> tuple[Keys, ...]:
    """Every way to lay a chord out so within low..high that sounds clear; never empty.

    shape  "close" (within an octave), "open" (its second voice from the top an octave lower), "rootless" (jazz forms),
           "planed" (one form, moved in parallel), "power" (root, fifth, octave), "shell" (third and seventh)
    """
    shapes = _shapes(chord, shape, voices)
    root = chord.root.pitch_class
    found: list[Keys] = []
    muddy: list[Keys] = []
    for form in shapes:
        for octave in range(-12, 108, 12):
            keys = tuple(octave + root + i for i in form)
            if keys[0] >= low and keys[-1] <= high:
                (found if clear(keys) else muddy).append(keys)
    if found or muddy:
        return tuple(found or dict.fromkeys(_cleared(keys) for keys in muddy))
    middle = (low + high) // 2  # a lane too narrow for the shape: its tones one by one, as near as they go
    keys = tuple(sorted({middle - 5 + (root + i - middle + 5) % 12 for i in shapes[0]}))
    return (_cleared(tuple(k for k in keys if low <= k <= high) or keys[:1]),)


def _shapes(chord: Chord, shape: str, voices: int) -> list[Shape]:
    if shape == "power":
        return [(0, 7, 12), (0, 7)]
    if shape == "shell":
        third, _, seventh = core(chord)
        pair = tuple(sorted((third, seventh if len(chord.tones) > 3 else 12)))
        return [pair, tuple(sorted((pair[1], pair[0] + 12)))]
    if shape == "rootless" and len(chord.tones) > 3:
        return list(rootless(chord))
    tones = classes(chord, voices)
    if shape == "planed":
        return [tones]
    turned = [rotated(tones, k) for k in range(len(tones))]
    if voices > len(tones) and len(tones) == 3:  # the root or the fifth doubled at the octave, never the third
        turned = [(*t, t[0] + 12) for k, t in enumerate(turned) if t[0] % 12 not in (3, 4)]
    if shape == "open" and len(tones) > 2:
        return [drop(t, 2) for t in turned]
    return turned


def clear(keys: Sequence[int]) -> bool:
    """Whether the neighbours keep the low-interval limits."""
    return all(a >= LOW_INTERVAL_LIMITS.get(b - a, 0) for a, b in pairwise(keys))


def _cleared(keys: Keys) -> Keys:
    """From above, without the keys that lie too close below their neighbour for their register."""
    kept = [keys[-1]]
    for key in reversed(keys[:-1]):
        if key >= LOW_INTERVAL_LIMITS.get(kept[0] - key, 0):
            kept.insert(0, key)
    return tuple(kept)


@lru_cache(maxsize=16384)
def led(
    chord: Chord, previous: Keys | None, low: int, high: int, shape: str = "close", voices: int = 3, top: int = 66
) -> Keys:
    """The placing that moves least from `previous`; without one, the one whose highest key is nearest to `top`."""
    best: tuple[float, Keys] | None = None
    for keys in placings(chord, low, high, shape, voices):
        stray = abs(keys[-1] - top)
        cost = float(stray)
        if previous is not None:
            cost = _motion(previous, keys) + 0.6 * max(0, abs(keys[-1] - previous[-1]) - 2) + 0.06 * stray
        if best is None or (cost, keys) < best:
            best = (cost, keys)
    assert best is not None
    return best[1]


def _motion(before: Keys, after: Keys) -> float:
    if len(before) == len(after):
        return sum(abs(a - b) for a, b in zip(before, after, strict=True)) / len(after)
    return sum(min(abs(a - b) for b in before) for a in after) / len(after)
