"""Bars as sets of steps: where notes begin, rounded to a grid."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

from composers.score import PPQ, Meter, Note

T = TypeVar("T", bound=Hashable)


def steps_in_bar(meter: Meter, fineness: int) -> int:
    """Steps of a quarter / `fineness` in a bar: 16 in 4/4 with 4, 12 with 3. A broken last step counts."""
    return -(-meter.bar_ticks * fineness // PPQ)


def place(tick: int, meter: Meter, fineness: int) -> tuple[int, int]:
    """(bar, step): what is nearest to the next downbeat belongs to the next bar."""
    bar, within = divmod(tick, meter.bar_ticks)
    step = round(within * fineness / PPQ)
    return (bar, step) if step < steps_in_bar(meter, fineness) else (bar + 1, 0)


def masks(notes: Iterable[Note], meter: Meter, bars: int, fineness: int) -> list[frozenset[int]]:
    """One set of steps a bar. An anticipated downbeat of the bar after the last stays in the last bar's last step."""
    return [frozenset(step for step, _ in content) for content in contents(notes, meter, bars, fineness)]


def contents(notes: Iterable[Note], meter: Meter, bars: int, fineness: int) -> list[frozenset[tuple[int, int]]]:
    """One set of (step, pitch) a bar."""
    found: list[set[tuple[int, int]]] = [set() for _ in range(bars)]
    bar_ticks, steps = meter.bar_ticks, steps_in_bar(meter, fineness)
    for note in notes:
        bar, within = divmod(note.start, bar_ticks)  # as `place` does, a hundred thousand times in a table
        step = round(within * fineness / PPQ)
        if step >= steps:
            bar, step = bar + 1, 0
        if bar >= bars:
            bar, step = bars - 1, steps - 1
        found[bar].add((step, note.pitch))
    return [frozenset(content) for content in found]


def jaccard(a: frozenset[T], b: frozenset[T]) -> float:
    """Shared of all, 0..1; 1 for two that are empty."""
    return len(a & b) / len(a | b) if a or b else 1.0


def mean_jaccard(bars: Sequence[frozenset[T]], distance: int = 1) -> float | None:
    """Mean over pairs of bars at a distance where either has something; `jac`, `lag1`, `lag4`, `lag8`."""
    pairs = [(a, b) for a, b in zip(bars, bars[distance:], strict=False) if a or b]
    return sum(jaccard(a, b) for a, b in pairs) / len(pairs) if pairs else None


def groove(bars: Sequence[frozenset[int]], steps: int) -> float | None:
    """1 - Hamming distance / steps of neighbouring bars' onset masks where either has something; 0..1, 1 = the same.

    Groove consistency of Wu & Yang (2020), "The Jazz Transformer on the Front Line".
    """
    pairs = [(a, b) for a, b in pairwise(bars) if a or b]
    return 1.0 - sum(len(a ^ b) for a, b in pairs) / len(pairs) / steps if pairs else None
