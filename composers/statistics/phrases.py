"""Where a line breathes: phrases, their lengths and shapes, the rests between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import mean, median

from composers.score import PPQ, Note, Tick

_REST = 0.45 * PPQ
"""A silence from which a new phrase begins: half a beat, less what an early entry takes of it."""
_LATE = 2.5 * PPQ


def phrases(notes: Sequence[Note]) -> list[list[Note]]:
    """Notes of a line between silences of half a beat, or entries 2.5 beats late."""
    found: list[list[Note]] = []
    for note in notes:
        if found and note.start - found[-1][-1].end < _REST and note.start - found[-1][-1].start < _LATE:
            found[-1].append(note)
        else:
            found.append([note])
    return found


def median_notes(notes: Sequence[Note]) -> float | None:
    """Notes in a phrase (pop 8, Lieder 9, jazz solos 13)."""
    found = phrases(notes)
    return float(median(len(phrase) for phrase in found)) if found else None


def median_beats(notes: Sequence[Note]) -> float | None:
    """Quarter notes from a phrase's first onset to its last end (pop 5.5, jazz solos 6, Lieder 7.5)."""
    found = phrases(notes)
    return median((p[-1].end - p[0].start) / PPQ for p in found) if found else None


def median_rest(notes: Sequence[Note]) -> float | None:
    """Quarter notes of silence between phrases (pop .9, Lieder 1); None for a line in one breath."""
    rests = [(b[0].start - a[-1].end) / PPQ for a, b in pairwise(phrases(notes))]
    return median(rests) if rests else None


def breathing_share(notes: Sequence[Note], bars: int, bar_ticks: Tick, span_bars: int = 4) -> float | None:
    """Share of spans of four bars, with notes in them, that hold a silence of half a quarter or more. 0..1."""
    found = []
    for start in range(0, bars * bar_ticks, span_bars * bar_ticks):
        end = min(start + span_bars * bar_ticks, bars * bar_ticks)
        inside = sorted(n for n in notes if n.start < end and n.end > start)
        if inside:
            sounding, longest = start, 0
            for note in inside:
                longest = max(longest, note.start - sounding)
                sounding = max(sounding, note.end)
            found.append(max(longest, end - sounding) >= PPQ // 2)
    return sum(found) / len(found) if found else None


def contours(notes: Sequence[Note]) -> Mapping[str, float]:
    """Shares of phrases of three notes and more that are convex, descending, ascending or concave (Huron 1996).

    Huron compares a phrase's first and last note with the mean of those between.
    """
    found = []
    for phrase in phrases(notes):
        if len(phrase) >= 3:
            first, last = phrase[0].pitch, phrase[-1].pitch
            middle = mean(n.pitch for n in phrase[1:-1])
            if middle > first and middle > last:
                found.append("convex")
            elif middle < first and middle < last:
                found.append("concave")
            else:
                found.append("ascending" if first < last else "descending")
    kinds = ("convex", "descending", "ascending", "concave")
    return {kind: found.count(kind) / len(found) for kind in kinds} if found else {}


def peak_place(notes: Sequence[Note]) -> float | None:
    """Where in a phrase of four notes and more its highest note lies, 0..1, mean (tunes and Lieder .43, pop .33)."""
    found = [
        max(range(len(phrase)), key=lambda i: (phrase[i].pitch, -i)) / (len(phrase) - 1)
        for phrase in phrases(notes) if len(phrase) >= 4
    ]  # fmt: skip
    return mean(found) if found else None
