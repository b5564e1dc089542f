"""What comes again: bars that occurred before, exactly or in their rhythm, and chords four bars later; how chords
follow each other."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise

from composers.statistics.piece import ChordSpan, Piece


def repeated_share(bars: Sequence[Hashable]) -> float | None:
    """Share of the bars that are not empty whose content occurred before; `rep`, and of masks `rrep`. 0..1."""
    seen: set[Hashable] = set()
    count = again = 0
    for content in bars:
        if content:
            count += 1
            again += content in seen
            seen.add(content)
    return again / count if count else None


def neighbours_equal(bars: Sequence[Hashable]) -> float | None:
    """Share of the bars that are exactly their neighbour before, 0..1."""
    pairs = [(a, b) for a, b in pairwise(bars) if a or b]
    return sum(a == b for a, b in pairs) / len(pairs) if pairs else None


def bar_chords(piece: Piece) -> list[tuple[tuple[int, str, int], ...]]:
    """What stands above each bar, from before too: (tick within the bar, root and kind of chord, bass pitch class)."""
    bar_ticks = piece.meter.bar_ticks
    found: list[list[tuple[int, str, int]]] = [[] for _ in range(piece.bars)]
    for span in piece.chords:
        for bar in range(max(0, span.start // bar_ticks), min(piece.bars, -(-span.end // bar_ticks))):
            found[bar].append((max(0, span.start - bar * bar_ticks), *_named(span)))
    return [tuple(chords) for chords in found]


def chords_equal(piece: Piece, distance: int = 4) -> float | None:
    """Share of bars with the same chords at the same places as `distance` bars before, 0..1; None without chords."""
    bars = bar_chords(piece)
    pairs = [(a, b) for a, b in zip(bars, bars[distance:], strict=False) if a and b]
    return sum(a == b for a, b in pairs) / len(pairs) if pairs else None


def chords_a_bar(piece: Piece) -> float | None:
    """Changes of chord a bar (quartets and sonatas 2.0, Lieder 1.8); None without chords."""
    changes = sum(not _same(a, b) for a, b in pairwise(piece.chords))
    return (changes + 1) / piece.bars if piece.chords else None


def resolved_share(piece: Piece, least: int = 4) -> float | None:
    """Share of dominant sevenths followed by the chord a fifth below, or a semitone (the tritone substitute). 0..1.

    Of changes to another root; None of fewer than `least` such chords. In classical works V7 > I .76 in major.
    """
    moves = [
        (b.chord.root.pitch_class - a.chord.root.pitch_class) % 12
        for a, b in pairwise(piece.chords) if _DOMINANT.issubset(a.chord.tones)
    ]  # fmt: skip
    left = [move for move in moves if move]
    return sum(move in _RESOLUTIONS for move in left) / len(left) if len(left) >= least else None


_DOMINANT = frozenset((4, 10))
_RESOLUTIONS = (5, 11)


def _same(a: ChordSpan, b: ChordSpan) -> bool:
    return _named(a) == _named(b)


def _named(span: ChordSpan) -> tuple[str, int]:
    return f"{span.chord.root.pitch_class} {span.chord.intervals}", span.chord.bass_pitch_class
