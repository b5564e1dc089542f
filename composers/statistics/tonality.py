"""Is it in a key: entropy, key fit and diatonic share of pitch classes in windows of bars, weighted by duration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log2, sqrt

from composers.score import Note, Tick

MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""Krumhansl & Kessler's probe-tone ratings (1982)."""
_DIATONIC = (0, 2, 4, 5, 7, 9, 11)

Weights = list[float]


def windows(notes: Iterable[Note], window_ticks: Tick) -> list[Weights]:
    """Ticks that each pitch class sounds in each window that has notes; a note counts in every window it reaches."""
    found: dict[int, Weights] = {}
    for note in notes:
        for index in range(note.start // window_ticks, (note.end - 1) // window_ticks + 1):
            inside = min(note.end, (index + 1) * window_ticks) - max(note.start, index * window_ticks)
            found.setdefault(index, [0.0] * 12)[note.pitch % 12] += inside
    return [found[index] for index in sorted(found)]


def entropy(weights: Sequence[float]) -> float:
    """Shannon's, in bits: 0 for one pitch class, 3.58 for all twelve alike."""
    total = sum(weights)
    return -sum(w / total * log2(w / total) for w in weights if w > 0)


def key_fit(weights: Sequence[float]) -> float | None:
    """The best Pearson correlation with the 24 key profiles (Krumhansl & Schmuckler); None for all alike."""
    if min(weights) == max(weights):
        return None
    return max(_correlation([*weights[k:], *weights[:k]], p) for k in range(12) for p in (MAJOR_PROFILE, MINOR_PROFILE))


def home(weights: Sequence[float]) -> int:
    """Pitch class of the best key's tonic, of its relative major where that is minor (0 for nothing to tell by)."""
    if min(weights) == max(weights):
        return 0
    turned = [[*weights[k:], *weights[:k]] for k in range(12)]
    fits = [(_correlation(turned[k], MAJOR_PROFILE), k) for k in range(12)]
    fits += [(_correlation(turned[k], MINOR_PROFILE), (k + 3) % 12) for k in range(12)]
    return max(fits)[1]


def diatonic_share(weights: Sequence[float]) -> float:
    """Share of the time in the best of the twelve diatonic sets, 0..1 (even pitches: 7/12)."""
    return max(sum(weights[(k + i) % 12] for i in _DIATONIC) for k in range(12)) / sum(weights)


def mean_entropy(notes: Iterable[Note], window_ticks: Tick) -> float | None:
    """Bits; `ent4` with windows of four bars."""
    return _mean([entropy(w) for w in windows(notes, window_ticks)])


def mean_key_fit(notes: Iterable[Note], window_ticks: Tick) -> float | None:
    """-1..1; `key4` with windows of four bars. Windows of one pitch class tell nothing and are left out."""
    told = (w for w in windows(notes, window_ticks) if sum(1 for x in w if x) > 1)
    return _mean([fit for fit in map(key_fit, told) if fit is not None])


def mean_diatonic_share(notes: Iterable[Note], window_ticks: Tick) -> float | None:
    """0..1; `dia4` with windows of four bars."""
    return _mean([diatonic_share(w) for w in windows(notes, window_ticks)])


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _correlation(a: Sequence[float], b: Sequence[float]) -> float:
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    top = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    return top / sqrt(sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b))
