"""How voices move together and what they sound together: parallel fifths, dissonances of the outer voices."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

from composers.score import Note
from composers.statistics.piece import Piece

FIFTH = 7
_DISSONANT = frozenset((1, 2, 6, 10, 11))
"""Seconds, sevenths and the tritone, within an octave."""


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


def parallels_share(piece: Piece, interval: int = FIFTH) -> float | None:
    """Share of moves of two tracks in one direction, both moving, from one perfect interval to the same again. 0..1.

    interval: 7 for fifths, 0 for octaves and unisons, which orchestras play on purpose (doubling): quartets .006 and
    .13. Over all pairs of pitched tracks; None where no two voices move together. Chords count by their lowest note.
    """
    lines = [_lowest(notes) for track, notes in piece.tracks.items() if piece.roles[track] in _PITCHED]
    moves = parallels = 0
    for a, b in combinations(lines, 2):
        for (high, low), (then, beneath) in pairwise(_together(a, b)):
            if high != then and low != beneath:
                moves += 1
                same = (high - low) % 12 == interval == (then - beneath) % 12
                parallels += same and (then > high) == (beneath > low)
    return parallels / moves if moves else None


def dissonance_share(piece: Piece, least: int = 16) -> float | None:
    """Share of seconds, sevenths and tritones between the highest and the lowest pitch where the highest or the lowest
    changes. 0..1; quartets .20, their pitches shuffled .37. None of fewer than `least` such places."""
    notes = piece.of("pitched")
    found: list[tuple[int, int]] = []
    sounding: list[Note] = []
    index = 0
    for tick in sorted({n.start for n in notes}):
        sounding = [n for n in sounding if n.end > tick]
        while index < len(notes) and notes[index].start <= tick:
            sounding.append(notes[index])
            index += 1
        outer = min(n.pitch for n in sounding), max(n.pitch for n in sounding)
        if len(sounding) > 1 and (not found or found[-1] != outer):
            found.append(outer)
    wide = [(high - low) % 12 for low, high in found if high > low]
    return sum(span in _DISSONANT for span in wide) / len(wide) if len(wide) >= least else None


_PITCHED = ("melody", "comp", "bass")


def _lowest(notes: Sequence[Note]) -> list[Note]:
    found: list[Note] = []
    for note in sorted(notes, key=lambda n: (n.start, n.pitch)):
        if not found or note.start > found[-1].start:
            found.append(note)
    return found
