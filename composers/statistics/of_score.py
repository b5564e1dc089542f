"""A whole piece (composers.piece) as what is measured: one meter, roles by instrument, chords from its symbols."""

from __future__ import annotations

from itertools import pairwise

from composers import piece as whole
from composers.instrumentation import BASSES, EFFECTS, plain
from composers.statistics.melodic import skyline
from composers.statistics.piece import ChordSpan, Piece, fineness_of
from composers.theory.chords import NoChord, PolyChord, parse_symbol


def of_score(piece: whole.Piece, melody: str | None = None) -> Piece:
    """In the piece's first meter. melody: the track that sings; None: the highest of those whose notes come singly.

    Bass is what an instrument of that name plays, drums what the piece says; all else comps. Raises MusicError for a
    chord symbol that is none.
    """
    meter = piece.meters[0][1]
    bars = max(1, -(-piece.length // meter.bar_ticks))
    end = bars * meter.bar_ticks
    lead = melody or _sings(piece)
    tracks, roles = {}, {}
    for track in piece.tracks:
        word = plain(track.instrument or track.name)
        tracks[track.name] = tuple(n for n in track.clip.notes if 0 <= n.start < end)
        roles[track.name] = (
            "drums" if track.is_drums else "melody" if track.name == lead else "fx" if word in EFFECTS
            else "bass" if word in BASSES else "comp"
        )  # fmt: skip
    spans = []
    for (start, symbol), (until, _) in pairwise([*piece.chords, (end, "")]):
        meant = parse_symbol(symbol)
        chord = None if isinstance(meant, NoChord) else meant.lower if isinstance(meant, PolyChord) else meant
        if chord is not None and start < min(until, end):
            spans.append(ChordSpan(start, min(until, end), chord))
    return Piece(meter=meter, bars=bars, tracks=tracks, roles=roles, chords=tuple(spans), bpm=piece.tempi[0][1],
                 fineness=fineness_of(n for notes in tracks.values() for n in notes), name=piece.title)  # fmt: skip


def _sings(piece: whole.Piece) -> str | None:
    """The highest on average of the tracks of which nine notes in ten begin alone; None where there is none."""
    found = []
    for track in piece.tracks:
        notes = track.clip.notes
        if notes and not track.is_drums and len(skyline(notes)) >= 0.9 * len(notes):
            found.append((sum(n.pitch for n in notes) / len(notes), track.name))
    return max(found)[1] if found else None
