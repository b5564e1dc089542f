"""Scores in notation: OpenScore Lieder and string quartets, Polish scores, old books of tunes.

Their files count 48 ticks to the quarter and give one meter, the first. Whether it holds throughout is told by the
bars and the length; a pickup is guessed (`pickup_ticks`), because the files do not mark it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from composers.errors import MusicError
from composers.score import PPQ, Meter, Note, Tick
from composers.statistics.piece import Piece, fineness_of
from composers.theory.scales import Key
from models.corpora.entry import Entry, split_of
from models.corpora.folder import lines
from models.corpora.pickup import pickup_ticks

_FILE_PPQ = 48
_VELOCITY = 80.0
"""Notation carries no velocities."""
_OPENING_BARS = 32
"""Where the first meter may be expected to hold, so that the pickup is guessed from."""
_VOICE = re.compile(r"voice|voix|sing|gesang|chant|sopran|alt|tenor|barit|bass|canto|mezzo|stimme", re.IGNORECASE)
_ABC_MODES = {"": "major", "m": "minor", "min": "minor", "mix": "mixolydian", "dor": "dorian", "phr": "phrygian",
              "lyd": "lydian", "loc": "locrian", "maj": "major"}  # fmt: skip


def lieder(folder: Path) -> Iterator[Entry]:
    """OpenScore Lieder: the voice is the melody, the piano comps."""
    for row in lines(folder, "openscore_lieder/lieder.jsonl.gz"):
        names = [" ".join(str(name).split()) for name in row["parts"]]
        sung = next((i for i, name in enumerate(names) if _VOICE.search(name)), 0)
        roles = ["melody" if i == sung else "comp" for i in range(max(len(names), 2))]
        yield _entry("openscore_lieder", row["file"], row, roles, "CC0 1.0", fifths=_fifths(row["fifths"]))


def quartets(folder: Path) -> Iterator[Entry]:
    """OpenScore string quartets, all movements of a work in one piece: bar lines hold only for some."""
    for row in lines(folder, "openscore_quartets/quartets.jsonl.gz"):
        roles = ["melody", "comp", "comp", "bass"]
        yield _entry("openscore_quartets", row["file"], row, roles, "CC0 1.0", fifths=_fifths(row["fifths"]))


def polish(folder: Path) -> Iterator[Entry]:
    """Polish Music Heritage in Open Access: the top staff is called melody, the lowest bass."""
    for row in lines(folder, "polish_scores/polish.jsonl.gz"):
        count = max(1, int(row["parts"]))
        roles = ["melody", *["comp"] * (count - 2), "bass"][:count] if count > 2 else ["melody", "comp"][:count]
        yield _entry("polish_scores", row["file"], row, roles, row["lic"] or "CC BY 4.0 (of the whole set)",
                     style=row["genre"], key=_humdrum_key(row["key"]))  # fmt: skip


def folk(folder: Path) -> Iterator[Entry]:
    """Ryan's, O'Neill's, Aird's and other old books: melodies."""
    for row in lines(folder, "folk_abc/abc_melodies.jsonl.gz"):
        licence = "public-domain tune; no licence on the transcription"
        name = f"{row['file']}:{row['id']}"
        yield _entry("folk_abc", name, {**row, "parts": 1}, ["melody"], licence, style=row["rhythm"],
                     key=_abc_key(row["key"]), meter_ok=bool(row["meter_ok"]))  # fmt: skip


def _entry(
    corpus: str, name: str, row: dict[str, Any], roles: list[str], licence: str, *, style: str = "",
    key: Key | None = None, fifths: int | None = None, meter_ok: bool | None = None,
) -> Entry:
    try:
        meter, known = Meter.parse(row["meter"] or ""), True
    except MusicError:
        meter, known = Meter(), False
    scale = PPQ // _FILE_PPQ
    parts: dict[int, list[Note]] = {}
    for pitch, start, length, *part in row["notes"]:
        if length > 0 and 0 <= pitch <= 127:
            note = Note(round(start * scale), max(1, round(length * scale)), pitch, _VELOCITY)
            parts.setdefault(part[0] if part else 0, []).append(note)
    end = max((n.end for notes in parts.values() for n in notes), default=0)
    written = int(row["bars"]) * meter.bar_ticks
    opening = [n for notes in parts.values() for n in notes if n.start < _OPENING_BARS * meter.bar_ticks]
    pickup = pickup_ticks(opening, meter) if known else 0
    moved = {part: tuple(sorted(n._replace(start=n.start + _lead(pickup, meter)) for n in notes))
             for part, notes in parts.items()}  # fmt: skip
    tracks = {f"part {part}": notes for part, notes in sorted(moved.items())}
    bars = -(-(end + _lead(pickup, meter)) // meter.bar_ticks)
    piece = Piece(
        meter=meter, bars=bars, tracks=tracks, fineness=fineness_of(n for notes in tracks.values() for n in notes),
        roles={f"part {part}": roles[part] if part < len(roles) else "comp" for part in sorted(moved)},
        bpm=_bpm(row.get("tempo")), name=name,
    )  # fmt: skip
    fits = known and abs(end - written) <= meter.bar_ticks
    return Entry(name, corpus, str(row["title"]), licence, piece, split_of(name), style, key, fifths,
                 duplicate=bool(row.get("dup")), meter_ok=fits if meter_ok is None else meter_ok and known)  # fmt: skip


def _lead(pickup: Tick, meter: Meter) -> Tick:
    """Ticks of silence before a pickup, so that it ends with its bar."""
    return meter.bar_ticks - pickup if pickup else 0


def _bpm(text: str | float | None) -> float:
    """The first number of what the file says ("1/4=120" speaks of the quarter); 100 where it says nothing."""
    found = re.search(r"(?:=\s*)?(\d+(?:\.\d+)?)\s*$", str(text or ""))
    return min(400.0, max(10.0, float(found[1]))) if found else 100.0


def _fifths(text: str | None) -> int | None:
    return int(text) if text else None


def _humdrum_key(text: str | None) -> Key | None:
    """ "B-" -> Bb major, "f#" -> F# minor."""
    if not text or not re.fullmatch(r"[A-Ga-g][-#]?", text):
        return None
    return Key.parse(text[0].upper() + text[1:].replace("-", "b"), "major" if text[0].isupper() else "minor")


def _abc_key(text: str | None) -> Key | None:
    """ "Amix" -> A mixolydian, "F#m" -> F# minor."""
    found = re.fullmatch(r"([A-G][b#]?)([a-z]*)", text or "")
    if found is None or found[2].lower()[:3] not in _ABC_MODES:
        return None
    return Key.parse(found[1], _ABC_MODES[found[2].lower()[:3]])
