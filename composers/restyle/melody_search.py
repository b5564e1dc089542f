"""Which of a piece's tracks has the tune, and the tune as one voice.

Features of a track and their weights: after Rizo, Ponce de Leon, Perez-Sancho, Pertusa & Inesta (2006), "A pattern
recognition approach for melody track selection in MIDI files": how much of the time it sounds, how far it is one voice,
how high it lies, how it moves.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import exp, log2
from statistics import median
from typing import NamedTuple

from composers.general_midi import DRUM_CHANNEL
from composers.piece import Piece, Track
from composers.score import PPQ, Note, Tick

_CHORD = PPQ // 12
"""What begins so near together is struck together."""
_OVERLAPS = 0.1
"""Share of notes of one voice that may ring into the next by more than a quarter of their length."""
_NAMED = re.compile(r"melod|vocal|voice|voix|sing|lead|solo|tune|gesang|canto|head|topline", re.IGNORECASE)
_NAMED_NOT = re.compile(r"bass|drum|perc|pad|chord|accomp|comp\b|rhythm|strum|back|\blh\b|left|organ\b", re.IGNORECASE)
_WEIGHTS: Mapping[str, float] = {
    "named": 2.5, "one_voice": 2.0, "top": 2.0, "covers": 1.2, "height": 1.2, "steps": 1.0, "variety": 0.8,
    "pace": 0.8,
}  # fmt: skip


class Melody(NamedTuple):
    """The tune of a piece.

    track   its name
    notes   one voice, sorted, each ending before the next begins
    whole   the track is one voice; else the notes are its top line
    score   how much speaks for it, 0..1; clear: how far it is ahead of the next track, 0..1
    """

    track: str
    notes: tuple[Note, ...]
    whole: bool
    score: float
    clear: float


def pitched(piece: Piece) -> tuple[Track, ...]:
    """Tracks that have notes with a pitch."""
    return tuple(
        t for t in piece.tracks if not t.is_drums and any(n.channel != DRUM_CHANNEL for n in t.clip.notes)
    )


def find_melody(piece: Piece) -> Melody | None:
    """The likeliest track, and its line; None where nothing has a pitch."""
    tracks = pitched(piece)
    if not tracks:
        return None
    scores = scored(piece, tracks)
    order = sorted(tracks, key=lambda t: -scores[t.name])
    best = order[0]
    ahead = scores[best.name] - (scores[order[1].name] if len(order) > 1 else 0.0)
    notes = [n for n in best.clip.notes if n.channel != DRUM_CHANNEL]
    line = top_line(notes)
    return Melody(best.name, line, len(line) >= 0.9 * len(notes), scores[best.name], ahead)


def scored(piece: Piece, tracks: Sequence[Track]) -> dict[str, float]:
    """By name, 0..1."""
    features = features_of(piece, tracks)
    total = sum(_WEIGHTS.values())
    return {name: sum(_WEIGHTS[k] * v for k, v in found.items()) / total for name, found in features.items()}


def features_of(piece: Piece, tracks: Sequence[Track]) -> dict[str, dict[str, float]]:
    """By track, each feature 0..1 (1 is like a tune)."""
    bar = max(1, piece.length // max(1, piece.bars))
    lines = {t.name: top_line(t.clip.notes) for t in tracks}
    bars = len({n.start // bar for t in tracks for n in t.clip.notes}) or 1
    found: dict[str, dict[str, float]] = {}
    for track in tracks:
        notes, line = track.clip.notes, lines[track.name]
        moves = [abs(b.pitch - a.pitch) for a, b in pairwise(line)]
        mine = len({n.start // bar for n in line})
        counts = Counter(n.pitch for n in line)
        entropy = -sum(c / len(line) * log2(c / len(line)) for c in counts.values())
        rate = len(line) / max(1, mine) / (bar / PPQ)
        named = 1.0 if _NAMED.search(track.name) else 0.0 if _NAMED_NOT.search(track.name) else 0.5
        found[track.name] = {
            "named": named,
            "one_voice": _one_voice(notes),
            "top": _on_top(line, [lines[t.name] for t in tracks if t.name != track.name]),
            "covers": mine / bars,
            "height": exp(-(((sum(n.pitch for n in line) / len(line) - 70.0) / 12.0) ** 2)),
            "steps": sum(m <= 4 for m in moves) / len(moves) if moves else 0.0,
            "variety": min(1.0, entropy / 3.0),
            "pace": exp(-(log2(max(0.05, rate) / 1.3) ** 2) / 2.0),
        }  # fmt: skip
    return found


def _one_voice(notes: Sequence[Note]) -> float:
    """Share of notes that sound alone: neither struck with another nor into one that goes on."""
    alone, until = 0, 0
    for index, note in enumerate(notes):
        beside = index + 1 < len(notes) and notes[index + 1].start - note.start < _CHORD
        if not beside and note.start >= until - _CHORD:
            alone += 1
        until = max(until, note.end)
    return alone / len(notes)


def _on_top(line: Sequence[Note], others: Sequence[Sequence[Note]]) -> float:
    """Share of the notes over which no other line sounds as they begin."""
    starts = [[n.start for n in other] for other in others]
    free = 0
    for note in line:
        above = False
        for other, at in zip(others, starts, strict=True):
            index = bisect_right(at, note.start + _CHORD) - 1
            if index >= 0 and other[index].end > note.start + _CHORD and other[index].pitch > note.pitch:
                above = True
                break
        free += not above
    return free / len(line) if line else 0.0


def top_line(notes: Sequence[Note]) -> tuple[Note, ...]:
    """The highest voice of some notes: no inner notes under one that is held, nor the accompaniment of its rests.

    A note goes that lies more than a tone below one that sounds on, or more than a ninth below the middle of what is
    highest within eight quarters of it.
    """
    tops: list[Note] = []
    for note in sorted(notes):
        if tops and note.start - tops[-1].start < _CHORD:
            if note.pitch > tops[-1].pitch:
                tops[-1] = note
        else:
            tops.append(note)
    over = sum(a.end - b.start > max(_CHORD, a.length // 4) for a, b in pairwise(tops))
    if len(tops) == len(notes) and over <= _OVERLAPS * len(tops):  # one voice, played legato
        return _ended(tops)
    held: list[Note] = []
    for note in tops:
        if held and held[-1].end - note.start > _CHORD and note.pitch < held[-1].pitch - 2:
            continue
        held.append(note)
    starts = [n.start for n in held]
    kept: list[Note] = []
    for note in held:
        near = held[bisect_left(starts, note.start - 8 * PPQ) : bisect_right(starts, note.start + 8 * PPQ)]
        if note.pitch >= median(n.pitch for n in near) - 14:
            kept.append(note)
    return _ended(kept)


def _ended(notes: Sequence[Note]) -> tuple[Note, ...]:
    """Each ends before the next."""
    found: list[Note] = []
    for index, note in enumerate(notes):
        limit: Tick = notes[index + 1].start if index + 1 < len(notes) else note.end
        found.append(note if note.end <= limit else note._replace(length=max(1, limit - note.start)))
    return tuple(found)
