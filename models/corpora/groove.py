"""The Groove MIDI Dataset: human drumming with micro-timing, styles and an official split (Gillick et al. 2019)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from composers.score import PPQ, Meter, Note
from composers.statistics.piece import Piece, fineness_of
from models.corpora.entry import Entry
from models.corpora.folder import lines

_LENGTH = PPQ // 8
"""Drums have no length to speak of."""


def groove_midi(folder: Path) -> Iterator[Entry]:
    """Takes as one track of drums. `style` is "primary/secondary", then " fill" where the file is an isolated fill."""
    for row in lines(folder, "groove_midi/groove.jsonl.gz"):
        meter = Meter.parse(row["ts"].replace("-", "/"))
        notes = tuple(sorted(
            Note(round(tick * PPQ / row["tpb"]), _LENGTH, key, velocity, 9) for key, tick, velocity in row["ev"]
        ))  # fmt: skip
        bars = max(1, -(-(notes[-1].start + 1) // meter.bar_ticks)) if notes else 1
        piece = Piece(meter, bars, {"drums": notes}, {"drums": "drums"}, fineness=fineness_of(notes),
                      bpm=float(row["bpm"]), name=row["id"])  # fmt: skip
        style = row["style"] + (" fill" if row["beat_type"] == "fill" else "")
        yield Entry(row["id"], "groove_midi", row["id"], "CC BY 4.0", piece, row["split"], style)
