"""How much sounds: density, polyphony, range, how long neighbours rub."""

from __future__ import annotations

from collections.abc import Sequence

from composers.score import Note, Tick


def notes_a_bar(notes: Sequence[Note], bars: int) -> float:
    """Notes for each bar, empty bars too."""
    return len(notes) / bars


def range_semitones(notes: Sequence[Note]) -> int | None:
    """From the lowest to the highest pitch (pop melodies 18, Lieder 17, tunes 17, jazz solos 28)."""
    return max(n.pitch for n in notes) - min(n.pitch for n in notes) if notes else None


def polyphony(notes: Sequence[Note]) -> float | None:
    """Sounding notes on average while anything sounds, >= 1."""
    edges = sorted([(n.start, 1) for n in notes] + [(n.end, -1) for n in notes])
    sounding, before = 0, 0
    total: float = 0
    covered = 0
    for tick, change in edges:
        total += sounding * (tick - before)
        covered += (tick - before) if sounding else 0
        sounding += change
        before = tick
    return total / covered if covered else None


def silence_share(notes: Sequence[Note], end: Tick) -> float:
    """Share of the time until `end` in which nothing sounds, 0..1."""
    covered, until = 0, 0
    for note in sorted(notes):
        covered += max(0, min(note.end, end) - max(note.start, until))
        until = max(until, min(note.end, end))
    return 1.0 - covered / end


def longest_clash_s(notes: Sequence[Note], tick_ms: float) -> float:
    """Seconds of the longest time that two notes a semitone apart (an octave more too) sound together."""
    longest = 0
    sounding: list[Note] = []
    for note in sorted(notes):
        sounding = [other for other in sounding if other.end > note.start]
        for other in sounding:
            if abs(note.pitch - other.pitch) in (1, 13):
                longest = max(longest, min(note.end, other.end) - note.start)
        sounding.append(note)
    return longest * tick_ms / 1000.0
