"""POP909: melody, bridge and piano of Chinese pop songs with chords. Research and tests only: no notes of it ship.

Its notes are played, and its files do not mark bars. Beats are found from the chords' beginnings, which lie on them,
downbeats from where chords change most; `meter_ok` where both are clear.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from composers.score import PPQ, Meter, Note
from composers.statistics.piece import ChordSpan, Piece, fineness_of
from composers.theory.chords import Chord
from models.corpora.entry import Entry, split_of
from models.corpora.folder import lines
from models.corpora.harte import parse_harte

_ROLES = {"MELODY": "melody", "BRIDGE": "comp", "PIANO": "comp"}
_NEAR = 0.1
"""Of a beat: what lies within this of the grid is on it."""
_LEAST_ON_BEATS = 0.9
_LEAST_ON_DOWNBEATS = 0.55
_LICENCE = "MIT on the annotations; the songs are in copyright: research and tests, ship no notes"


def pop909(folder: Path) -> Iterator[Entry]:
    """Songs in 4/4 as they are annotated; those whose grid is not clear have meter_ok False."""
    for row in lines(folder, "pop909/pop909.jsonl.gz"):
        yield _entry(row)


def _entry(row: dict[str, Any]) -> Entry:
    meter, per_quarter = Meter(), int(row["tpb"])
    bpm = float(row["tempo"][0][1])
    beat_s = 60.0 / bpm
    labels = [(float(a) / beat_s, float(b) / beat_s, parse_harte(label)) for a, b, label in row["chords"]]
    changes = [a for (a, _, chord), (_, _, before) in zip(labels[1:], labels, strict=False) if chord != before]
    offset, on_beats = _grid(changes)
    phase, on_downbeats = _downbeat(changes, offset)
    first = offset + phase
    while first > 0:
        first -= meter.beats
    moved = round(first * PPQ)  # <= 0: the tick of the bar line at or before the beginning
    tracks = {
        name: tuple(sorted(
            Note(round(start * PPQ / per_quarter) - moved, max(1, round(length * PPQ / per_quarter)), pitch, velocity)
            for pitch, start, length, velocity in notes
        ))
        for name, notes in row["tracks"].items()
    }  # fmt: skip
    chords = _chords(labels, first)
    end = max((n.end for notes in tracks.values() for n in notes), default=1)
    piece = Piece(
        meter=meter, bars=-(-end // meter.bar_ticks), tracks=tracks,
        roles={name: _ROLES.get(name, "comp") for name in tracks}, chords=chords,
        fineness=fineness_of(tracks.get("MELODY", ())), bpm=bpm, name=row["id"],
    )  # fmt: skip
    ok = len(row["tempo"]) == 1 and on_beats >= _LEAST_ON_BEATS and on_downbeats >= _LEAST_ON_DOWNBEATS
    return Entry(row["id"], "pop909", row["id"], _LICENCE, piece, split_of(row["id"]), "pop", meter_ok=ok)


def _grid(beats: Sequence[float]) -> tuple[float, float]:
    """The offset of the beats, 0..1, as the circular mean of where chords begin, and the share that is near it."""
    if len(beats) < 8:
        return 0.0, 0.0
    angle = math.atan2(sum(math.sin(2 * math.pi * b) for b in beats), sum(math.cos(2 * math.pi * b) for b in beats))
    offset = angle / (2 * math.pi) % 1.0
    near = sum(abs((b - offset + 0.5) % 1.0 - 0.5) <= _NEAR for b in beats)
    return offset, near / len(beats)


def _downbeat(beats: Sequence[float], offset: float) -> tuple[int, float]:
    """Which of four beats the chords change on most, and its share."""
    counts = [0] * 4
    for beat in beats:
        counts[round(beat - offset) % 4] += 1
    best = max(range(4), key=lambda i: counts[i])
    return best, counts[best] / max(1, sum(counts))


def _chords(labels: Sequence[tuple[float, float, Chord | None]], first: float) -> tuple[ChordSpan, ...]:
    """On whole beats of the grid, equal neighbours joined."""
    found: list[ChordSpan] = []
    for start, end, chord in labels:
        a, b = round(start - first) * PPQ, round(end - first) * PPQ
        if chord is None or b <= a:
            continue
        if found and found[-1].chord == chord and found[-1].end == a:
            found[-1] = found[-1]._replace(end=b)
        else:
            found.append(ChordSpan(max(a, found[-1].end if found else a), b, chord))
    return tuple(span for span in found if span.end > span.start)
