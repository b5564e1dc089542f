"""How long: inter-onset intervals and durations in quarter notes, rounded to a grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from composers.score import PPQ, Note


def onset_intervals(notes: Sequence[Note]) -> list[int]:
    """Ticks from onset to onset; notes that begin within a 64th of each other are one."""
    starts: list[int] = []
    for note in notes:
        if not starts or note.start - starts[-1] > PPQ // 16:
            starts.append(note.start)
    return [b - a for a, b in pairwise(starts)]


def histogram(ticks: Sequence[int], fineness: int = 4, most: float = 4.0) -> Mapping[float, float]:
    """Shares by length in quarter notes on a grid of 1 / `fineness`, most common first; `most` for all beyond."""
    counts = Counter(min(most, round(max(1, round(t * fineness / PPQ)) / fineness, 3)) for t in ticks)
    return {length: count / len(ticks) for length, count in counts.most_common()}


def articulation(notes: Sequence[Note]) -> float | None:
    """Median of sounding length / inter-onset interval within phrases (jazz solos .85); None of less than two notes."""
    ratios = sorted(a.length / (b.start - a.start) for a, b in pairwise(notes) if 0 < b.start - a.start < 2.5 * PPQ)
    return ratios[len(ratios) // 2] if ratios else None
