"""Rhythm cells: the onsets of a bar of 4/4 in sixteenths, drawn by weight and fitted to any meter."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from composers.dice import Dice
from composers.pulse import Pulse

Cell = tuple[int, ...]
"""Onsets in sixteenths of a bar of 4/4, 0..15; with any of 16..31 it is two bars long."""

Cells = Mapping[Cell, float]
"""Cells and how often each is taken."""

_BEATS_OF: Mapping[int, tuple[int, ...]] = {
    1: (0,), 3: (0, 2, 3), 4: (0, 1, 2, 3), 5: (0, 1, 1, 2, 3), 6: (0, 1, 1, 2, 3, 3), 7: (0, 1, 1, 1, 2, 3, 3),
}  # fmt: skip
"""Which beat of 4/4 each felt beat of another meter takes its onsets from: strong beats from strong ones."""


@lru_cache(maxsize=8192)
def fitted(cell: Cell, pulse: Pulse, bar: int = 0) -> tuple[int, ...]:
    """The steps within bar `bar` of a meter on which a cell has onsets, sorted.

    Meters of two felt beats (6/8, 2/4) take half a bar of 4/4 each, even bars the first; three beats take the first,
    third and fourth, five the first twice over. In a beat of three eighths the off-beat is the third eighth.
    """
    length = 2 if cell and cell[-1] >= 16 else 1
    count = len(pulse.beats)
    if count == 2:
        first = 2 * (bar % (2 * length))
        sources: tuple[int, ...] = (first, first + 1)
    else:
        first = 4 * (bar % length)
        sources = tuple(first + b for b in _BEATS_OF.get(count, tuple(k * 4 // count for k in range(count))))
    ends = (*pulse.beats[1:], pulse.steps)
    found = set()
    for start, end, source in zip(pulse.beats, ends, sources, strict=True):
        found |= {start + _place(at % 4, end - start) for at in cell if at // 4 == source}
    return tuple(sorted(found))


def _place(quarter: int, length: int) -> int:
    """A sixteenth of a beat of 12 steps in a beat of another length, on an eighth of it where that has three."""
    match length:
        case 18:
            return (0, 6, 12, 12)[quarter]
        case 9:
            return (0, 3, 6, 6)[quarter]
        case 6:
            return (0, 0, 3, 3)[quarter]
    return quarter * length // 4


def drawn(cells: Cells, lively: float, draw: Dice) -> Cell:
    """A cell by weight; `lively` 1 leaves the weights as they are, above it fuller cells come more often.

    Counted against the table's own mean number of onsets, in quarters of liveliness, so that sections whose energy
    differs a little share their cell.
    """
    level = round(lively * 4) / 4
    total = sum(cells.values())
    mean = sum(len(cell) * weight for cell, weight in cells.items()) / total
    lift = max(0.25, level) ** 1.6
    return draw.weighted(tuple(cells), [w * lift ** ((len(c) - mean) * 0.6) for c, w in cells.items()])


def varied(cell: Cell, draw: Dice, bar: int = 16) -> Cell:
    """A cell with one onset moved by a sixteenth or an eighth, left out or added; never its first."""
    kind = draw.random()
    if len(cell) > 2 and kind < 0.3:
        gone = 1 + int(draw.random() * (len(cell) - 1))
        return (*cell[:gone], *cell[gone + 1 :])
    if len(cell) > 1 and kind < 0.65:
        at = 1 + int(draw.random() * (len(cell) - 1))
        moved = cell[at] + draw.one_of((-2, 2, 2, 1, -1))
        if 0 < moved < bar and moved not in cell:
            return tuple(sorted((*cell[:at], moved, *cell[at + 1 :])))
        return cell
    added = draw.one_of((6, 10, 14, 14, 12, 7, 11, 15))
    return cell if added in cell else tuple(sorted((*cell, added)))
