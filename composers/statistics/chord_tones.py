"""How a line fits the chords: shares of chord and scale tones by metric position and at phrase ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from composers.score import PPQ, Note
from composers.statistics.meter_places import PLACES, place_of
from composers.statistics.phrases import phrases
from composers.statistics.piece import Piece
from composers.theory.chords import Chord
from composers.theory.scales import chord_scale


def chord_of(piece: Piece, note: Note) -> Chord | None:
    """The chord at the step that a note means: one played a little early is meant where it is written."""
    step = PPQ / piece.fineness
    return piece.chord_at(min(piece.end - 1, round(round(note.start / step) * step)))


def is_chord_tone(note: Note, chord: Chord) -> bool:
    """Of the basic tones (third, fifth, sixth or seventh); an added ninth does not count."""
    return (note.pitch - chord.root.pitch_class) % 12 in chord.tones


def by_place(piece: Piece, notes: Sequence[Note]) -> Mapping[str, float]:
    """Shares of chord tones by metric position, of positions that have notes over a chord. 0..1.

    Pop melodies (POP909, triads) .78 downbeat, .74 strong, .66 beats, .60, .59; pitches at random .27.
    """
    hits: dict[str, list[bool]] = {name: [] for name in PLACES}
    for note in notes:
        chord = chord_of(piece, note)
        if chord is not None:
            hits[place_of(note.start, piece.meter, piece.fineness)].append(is_chord_tone(note, chord))
    return {name: sum(found) / len(found) for name, found in hits.items() if found}


def share_at(piece: Piece, notes: Sequence[Note], *places: str) -> float | None:
    """Share of chord tones among the notes at some positions (all without any), 0..1; None where there are none."""
    found = [
        is_chord_tone(note, chord) for note in notes
        if (not places or place_of(note.start, piece.meter, piece.fineness) in places)
        and (chord := chord_of(piece, note)) is not None
    ]  # fmt: skip
    return sum(found) / len(found) if found else None


def share_at_ends(piece: Piece, notes: Sequence[Note]) -> float | None:
    """Share of phrases' last notes that are chord tones (jazz solos .62), 0..1."""
    return share_at(piece, [phrase[-1] for phrase in phrases(notes)])


def in_scale(piece: Piece, notes: Sequence[Note]) -> float | None:
    """Share of notes in the scale that goes with the chord (jazz solos .79, pitches at random .58), 0..1."""
    found = []
    for note in notes:
        chord = chord_of(piece, note)
        if chord is not None:
            found.append(note.pitch % 12 in _scale(chord))
    return sum(found) / len(found) if found else None


@lru_cache(maxsize=4096)
def _scale(chord: Chord) -> frozenset[int]:
    return frozenset(chord_scale(chord, None).pitch_classes) | frozenset(chord.pitch_classes)
