"""Real music beside ours: the same measures over stretches of the corpora's pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from composers.statistics.measures import MEASURES, measured
from composers.statistics.piece import Piece
from composers.statistics.references import (
    AMBIENT_GROOVES,
    EDM_GROOVES,
    HIP_HOP_GROOVES,
    JAZZ_SOLOS,
    Aggregate,
)
from models.corpora import Entry, read
from models.errors import CorpusError


class Source(NamedTuple):
    """Pieces to compare with.

    corpus, style   of Entry: `style` begins with this
    scopes          what of them may be compared
    """

    name: str
    corpus: str
    style: str
    scopes: tuple[str, ...]


_NOTES = ("pitched", "melody", "voices")
_POP = (Source("POP909", "pop909", "", (*_NOTES, "chords")),
        Source("Billboard", "chords_billboard", "", ("chords",)))  # fmt: skip
_ROMAN = Source("When in Rome", "chords_when_in_rome", "", ("chords",))
SOURCES: Mapping[str, tuple[Source, ...]] = {
    "pop/rock": (*_POP, Source("Groove MIDI rock", "groove_midi", "rock", ("drums",))),
    "hip-hop": (Source("Groove MIDI hip-hop", "groove_midi", "hiphop", ("drums",)),),
    "EDM": (Source("Groove MIDI dance", "groove_midi", "dance", ("drums",)),),
    "classical voices": (Source("quartets", "openscore_quartets", "", _NOTES), _ROMAN),
    "classical piano": (Source("Lieder", "openscore_lieder", "", _NOTES), _ROMAN),
    "jazz": (Source("Groove MIDI jazz", "groove_midi", "jazz", ("drums",)),),
    "jazz solo": (), "jazz head": (), "ambient": (),
}  # fmt: skip
"""By profile of gates. No corpus with notes of jazz bands, hip-hop, EDM or ambient music may be used; jazz solos have
published aggregates."""
PUBLISHED: Mapping[str, tuple[str, Mapping[str, Aggregate]]] = {
    "jazz solo": ("Weimar Jazz Database", JAZZ_SOLOS), "EDM": ("MMA EDM grooves", EDM_GROOVES),
    "hip-hop": ("MMA hip-hop grooves", HIP_HOP_GROOVES), "ambient": ("MMA ambient grooves", AMBIENT_GROOVES),
}  # fmt: skip
_WRITTEN = "MMA's are four bars of written accompaniment, medians only, without a melody"
MISSING: Mapping[str, str] = {
    "pop/rock": "No drums with the notes of the same piece; no bass.",
    "hip-hop": f"No notes of hip-hop that may be used: no melody, no harmony, no form. {_WRITTEN}.",
    "EDM": f"No notes of EDM that may be used: no melody, no harmony, no measured lengths of sections. {_WRITTEN}; "
    "Groove MIDI's dance is 7 takes of a drummer, no machine's.",
    "classical voices": "Velocities and timing: scores have none. The chords are other pieces' than the notes.",
    "classical piano": "Velocities and timing: scores have none. Solo piano: the reference is a singer's and a "
    "pianist's. The chords are other pieces' than the notes.",
    "jazz": "No notes of a jazz band that may be used: no comping, no bass, no chords of whole tunes.",
    "jazz solo": "The solos' notes: their published aggregates stand for them.",
    "jazz head": "No heads that may be used: no reference at all.",
    "ambient": f"No notes of ambient music that may be used: no melody, no harmony, no time scales. {_WRITTEN}, in "
    "bars of a steady beat: no drone, no loop of its own length is among them.",
}  # fmt: skip
"""By profile, what our pieces could not be compared with."""
_LEAST_BARS = 8


def stretch(entry: Entry, bars: int) -> Piece | None:
    """`bars` bars from where the melody (or whatever there is) begins; None of a piece that is shorter than 8."""
    piece = entry.piece
    notes = piece.of("melody") or piece.of("pitched", "drums")
    first = notes[0].start // piece.meter.bar_ticks if notes else 0
    count = min(bars, piece.bars - first)
    return piece.between(first, count) if count >= _LEAST_BARS else None


def pieces(source: Source, bars: int, count: int, folder: Path | None = None) -> Iterator[Piece]:
    """Up to `count` stretches, spread over the corpus. Raises CorpusError where there is no data."""
    wanted = (
        entry for entry in read(source.corpus, folder, broken_meter=source.corpus == "openscore_quartets")
        if entry.style.startswith(source.style) and not entry.style.endswith(" fill")
    )  # fmt: skip
    found = (piece for entry in wanted if (piece := stretch(entry, bars)) is not None)
    every = {"pop909": 3, "openscore_lieder": 9, "chords_billboard": 5, "chords_when_in_rome": 6}.get(source.corpus, 1)
    return islice(found, 0, count * every, every)


@cache
def _measured(source: Source, bars: int, count: int, folder: Path | None) -> Mapping[str, list[float]]:
    names = [measure.name for measure in MEASURES.values() if measure.scope in source.scopes]
    found: dict[str, list[float]] = {name: [] for name in names}
    for piece in pieces(source, bars, count, folder):
        for name, value in measured(piece, names).items():
            if value is not None:
                found[name].append(value)
    return {name: values for name, values in found.items() if values}


def real(
    profile: str, bars: int, count: int, folder: Path | None = None, tell: Callable[[str], None] = print,
) -> Mapping[str, Mapping[str, list[float] | Aggregate]]:
    """Name of a corpus -> measure -> values of its pieces (or published aggregates). Says what data is missing."""
    found: dict[str, Mapping[str, list[float] | Aggregate]] = {}
    if profile in PUBLISHED:
        name, aggregates = PUBLISHED[profile]
        found[name] = dict(aggregates)
    for source in SOURCES[profile]:
        tell(f"  {source.name}")
        try:
            found[source.name] = dict(_measured(source, bars, count, folder))
        except CorpusError as missing:
            tell(f"  left out: {missing}")
    return found
