"""Whether other seeds are other pieces: distances of melodies, bars and chords, beside those within a piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.bench.figures import quantile
from composers.statistics.distance import DISTANCES, pair_distances, repeated
from composers.statistics.piece import Piece

LEAST = 0.5
"""Half of the way to nothing in common: what is nearer is a version of the same piece."""


def distances(pieces: Sequence[Piece], real: Sequence[Piece] = ()) -> dict[str, Any]:
    """By what is compared (melody, bars, chords), 0 the same, 1 nothing in common:

    seeds          median over all pairs of pieces; nearest: of the two most alike
    halves         median distance of a piece's first half from its second
    repeated       median distance of a piece from its first four bars again and again
    real           median over pairs of real pieces, where there are some
    different      pieces of which no other is nearer than LEAST
    """
    return {of: _of(of, pieces, real) for of in DISTANCES}


def _of(of: str, pieces: Sequence[Piece], real: Sequence[Piece]) -> Mapping[str, float | int | None] | None:
    compare = DISTANCES[of]
    pairs = pair_distances(pieces, of)
    if not pairs:
        return None
    half = [compare(p.between(0, p.bars // 2), p.between(p.bars // 2, p.bars - p.bars // 2)) for p in pieces]
    again = [compare(p, repeated(p, 4)) for p in pieces]
    nearest = [_nearest([compare(a, b) for b in pieces if b is not a]) for a in pieces]
    return {
        "seeds": _median(pairs), "nearest": round(min(pairs), 3), "halves": _median([x for x in half if x is not None]),
        "repeated": _median([x for x in again if x is not None]), "real": _median(pair_distances(real, of)),
        "different": sum(1 for x in nearest if x is not None and x >= LEAST), "pieces": len(pieces),
    }  # fmt: skip


def _nearest(values: Sequence[float | None]) -> float | None:
    return min((value for value in values if value is not None), default=None)


def _median(values: Sequence[float]) -> float | None:
    return round(quantile(values, 0.5), 3) if values else None
