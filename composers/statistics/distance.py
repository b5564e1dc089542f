"""How different two pieces are: their melodies, their bars, their chords. 0 the same, 1 nothing in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import replace
from itertools import combinations, pairwise

from composers.score import PPQ
from composers.statistics.grid import contents, jaccard
from composers.statistics.melodic import skyline
from composers.statistics.piece import Piece
from composers.statistics.repetition import bar_chords
from composers.statistics.tonality import home, windows

_CELL = 4


def melody_distance(a: Piece, b: Piece) -> float | None:
    """1 - the share of cells of four notes (moves and onset intervals) in common; no key, no place in the bar."""
    mine, theirs = _cells(a), _cells(b)
    return _apart(mine, theirs) if mine and theirs else None


def bars_distance(a: Piece, b: Piece) -> float | None:
    """1 - the mean Jaccard of each bar of one, all pitched notes, with the most similar bar of the other.

    Both are moved to the same tonic first. Symmetric: the mean of both ways.
    """
    mine, theirs = _bars(a), _bars(b)
    if not mine or not theirs:
        return None
    ways = [
        sum(max(jaccard(bar, other) for other in others) for bar in bars) / len(bars)
        for bars, others in ((mine, theirs), (theirs, mine))
    ]
    return 1.0 - sum(ways) / 2


def chords_distance(a: Piece, b: Piece) -> float | None:
    """1 - the share of moves from chord to chord (kinds, semitones between roots) in common; no key, no place."""
    mine, theirs = _progression(a), _progression(b)
    return _apart(mine, theirs) if mine and theirs else None


def repeated(piece: Piece, bars: int) -> Piece:
    """The first bars again and again: what a piece of little invention is like."""
    bar_ticks = piece.meter.bar_ticks
    loop = piece.between(0, bars)
    times = -(-piece.bars // bars)
    tracks = {
        name: tuple(n._replace(start=n.start + k * bars * bar_ticks) for k in range(times) for n in notes
                    if n.start + k * bars * bar_ticks < piece.end)
        for name, notes in loop.tracks.items()
    }  # fmt: skip
    chords = tuple(
        c._replace(start=c.start + k * bars * bar_ticks, end=c.end + k * bars * bar_ticks)
        for k in range(times) for c in loop.chords
    )  # fmt: skip
    return replace(piece.playing(tracks), chords=chords)


def _cells(piece: Piece) -> Counter[Hashable]:
    line = skyline(piece.of("melody"))
    moves = [(b.pitch - a.pitch, round((b.start - a.start) * piece.fineness / PPQ)) for a, b in pairwise(line)]
    return Counter(tuple(moves[i : i + _CELL - 1]) for i in range(len(moves) - _CELL + 2))


def _bars(piece: Piece) -> list[frozenset[tuple[int, int]]]:
    notes = piece.of("pitched")
    tonic = home([sum(column) for column in zip(*windows(notes, 1 << 40), strict=True)]) if notes else 0
    down = (n._replace(pitch=n.pitch - (tonic + 5) % 12 + 5) for n in notes)
    return [bar for bar in contents(down, piece.meter, piece.bars, piece.fineness) if bar]


def _progression(piece: Piece) -> Counter[Hashable]:
    named = [(name, bass) for bar in bar_chords(piece) for _, name, bass in bar]
    moves: list[Hashable] = []
    for (before, _), (after, _) in pairwise(named):
        if before != after:
            (root, _, kind), (then, _, following) = before.partition(" "), after.partition(" ")
            moves.append((kind, following, (int(then) - int(root)) % 12))
    return Counter(tuple(moves[i : i + 2]) for i in range(len(moves) - 1))


def _apart(mine: Counter[Hashable], theirs: Counter[Hashable]) -> float:
    return 1.0 - (mine & theirs).total() / max(mine.total(), theirs.total())


DISTANCES = {"melody": melody_distance, "bars": bars_distance, "chords": chords_distance}
"""What of two pieces is compared -> how."""


def pair_distances(pieces: Sequence[Piece], of: str) -> list[float]:
    """Of all pairs where there is something to compare; `of`: a name in DISTANCES."""
    compare = DISTANCES[of]
    return [apart for a, b in combinations(pieces, 2) if (apart := compare(a, b)) is not None]
