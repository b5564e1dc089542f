"""How voices move together: parallel fifths and octaves, crossings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

from composers.score import Note
from composers.statistics.piece import Piece


def _together(a: Sequence[Note], b: Sequence[Note]) -> list[tuple[int, int]]:
    """(upper, lower) pitches where either voice begins a note while both sound."""
    found: list[tuple[int, int]] = []
    ticks = sorted({n.start for n in (*a, *b)})
    i = j = 0
    for tick in ticks:
        while i + 1 < len(a) and a[i + 1].start <= tick:
            i += 1
        while j + 1 < len(b) and b[j + 1].start <= tick:
            j += 1
        if a and b and a[i].start <= tick < a[i].end and b[j].start <= tick < b[j].end:
            found.append((a[i].pitch, b[j].pitch))
    return found


def parallels_share(piece: Piece) -> float | None:
    """Share of moves of two tracks in one direction, both moving, from a perfect fifth or octave to another. 0..1.

    Over all pairs of pitched tracks; None where no two voices move together. Chords count by their lowest note.
    """
    lines = [_line(notes) for track, notes in piece.tracks.items() if piece.roles[track] != "drums"]
    moves = parallels = 0
    for a, b in combinations(lines, 2):
        for (high, low), (then, beneath) in pairwise(_together(a, b)):
            if high != then and low != beneath:
                moves += 1
                perfect = (high - low) % 12 in (0, 7) and (then - beneath) % 12 == (high - low) % 12
                parallels += perfect and (then > high) == (beneath > low)
    return parallels / moves if moves else None


def _line(notes: Sequence[Note]) -> list[Note]:
    found: list[Note] = []
    for note in sorted(notes, key=lambda n: (n.start, n.pitch)):
        if not found or note.start > found[-1].start:
            found.append(note)
    return found
