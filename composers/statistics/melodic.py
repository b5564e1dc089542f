"""How a line moves: intervals, steps and leaps, turns, runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from composers.score import PPQ, Note

LEAP = 5
"""Semitones from which a move is a leap: a fourth."""
_PHRASE_GAP = PPQ
_PHRASE_IOI = 2.5 * PPQ


def skyline(notes: Iterable[Note]) -> tuple[Note, ...]:
    """The highest of notes that begin together (within a 32nd): a line where a part doubles or plays chords."""
    found: list[Note] = []
    for note in sorted(notes):
        if found and note.start - found[-1].start < PPQ // 8:
            if note.pitch > found[-1].pitch:
                found[-1] = note._replace(start=found[-1].start)
        else:
            found.append(note)
    return tuple(found)


def intervals(notes: Sequence[Note]) -> list[int]:
    """Moves in semitones within phrases: not across a silence of a beat or an onset that comes 2.5 beats late."""
    return [
        b.pitch - a.pitch for a, b in pairwise(notes)
        if b.start - a.end < _PHRASE_GAP and b.start - a.start < _PHRASE_IOI
    ]  # fmt: skip


def histogram(moves: Sequence[int], most: int = 13) -> Mapping[int, float]:
    """Shares by absolute size, 0..`most` semitones (the last for all beyond); empty without moves."""
    counts = Counter(min(abs(move), most) for move in moves)
    return {size: counts[size] / len(moves) for size in range(most + 1)} if moves else {}


def steps_share(moves: Sequence[int]) -> float | None:
    """Share of repeats and steps (0, 1, 2 semitones), 0..1."""
    return _share([abs(move) <= 2 for move in moves])


def repeats_share(moves: Sequence[int]) -> float | None:
    return _share([move == 0 for move in moves])


def leaps_share(moves: Sequence[int]) -> float | None:
    """Share of leaps of a fourth and more, 0..1 (real lines .12 to .15)."""
    return _share([abs(move) >= LEAP for move in moves])


def leaps_up(moves: Sequence[int]) -> float | None:
    """Share of the leaps that go up, 0..1 (real lines .52 to .59)."""
    return _share([move > 0 for move in moves if abs(move) >= LEAP])


def leaps_answered(moves: Sequence[int]) -> float | None:
    """Share of leaps after which the line turns back, of those after which it moves at all, 0..1 (.59 to .68)."""
    return _share([(a > 0) != (b > 0) for a, b in pairwise(moves) if abs(a) >= LEAP and b])


def turns(moves: Sequence[int]) -> float | None:
    """Share of moves after which the line turns, 0..1 (tunes .49, jazz solos .43; random pitches about .67)."""
    return _share([(a > 0) != (b > 0) for a, b in pairwise(moves) if a and b])


def runs_share(moves: Sequence[int], least: int = 3) -> float | None:
    """Share of notes in scalar runs: `least` moves and more of 1 or 2 semitones in one direction (jazz solos .27)."""
    if not moves:
        return None
    inside: set[int] = set()
    first = 0
    for index in range(1, len(moves) + 1):
        goes_on = index < len(moves) and 1 <= abs(moves[index]) <= 2 and (moves[index] > 0) == (moves[first] > 0)
        if goes_on and 1 <= abs(moves[first]) <= 2:
            continue
        if index - first >= least and 1 <= abs(moves[first]) <= 2:
            inside.update(range(first, index + 1))
        first = index
    return len(inside) / (len(moves) + 1)


def _share(flags: Sequence[bool]) -> float | None:
    return sum(flags) / len(flags) if flags else None
