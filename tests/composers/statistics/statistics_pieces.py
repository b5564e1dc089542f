"""Small pieces for tests of statistics."""

from __future__ import annotations

from collections.abc import Sequence

from composers.score import PPQ, Meter, Note
from composers.statistics.piece import ChordSpan, Piece
from composers.theory.chords import parse_chord

BAR = 4 * PPQ
COMMON = Meter()


def line(pitches: Sequence[int], step: int = PPQ, length: int | None = None, start: int = 0) -> tuple[Note, ...]:
    """Pitches one after the other; 0 is a rest."""
    return tuple(
        Note(start + i * step, length or step, pitch, 80.0) for i, pitch in enumerate(pitches) if pitch
    )


def piece(
    melody: Sequence[Note] = (), *, drums: Sequence[Note] = (), comp: Sequence[Note] = (), chords: Sequence[str] = (),
    bars: int = 8, meter: Meter = COMMON, fineness: int = 4, bpm: float = 120.0, name: str = "test",
) -> Piece:
    """One chord a bar."""
    bar = meter.bar_ticks
    spans = tuple(ChordSpan(i * bar, (i + 1) * bar, parse_chord(symbol)) for i, symbol in enumerate(chords))
    return Piece(meter, bars, {"lead": tuple(melody), "keys": tuple(comp), "kit": tuple(drums)},
                 {"lead": "melody", "keys": "comp", "kit": "drums"}, spans, fineness=fineness, bpm=bpm, name=name)


def beat_hits(key: int, steps: Sequence[int], bars: int = 1, velocity: float = 90.0, first: int = 0) -> list[Note]:
    """Sixteenths of each of some bars."""
    return [Note((first + bar) * BAR + s * PPQ // 4, 60, key, velocity, 9) for bar in range(bars) for s in steps]
