"""Chord labels as corpora of recordings write them (Harte et al. 2005): "Ab:min7/b3" and the like."""

from __future__ import annotations

import re
from functools import lru_cache

from composers.errors import MusicError
from composers.theory.chords import Chord, parse_chord
from composers.theory.pitch import parse_pitch_name

_LABEL = re.compile(r"(?P<root>[A-G][b#]*):?(?P<kind>[^/(:]*)(?:\((?P<added>[^)]*)\))?(?:/(?P<bass>[b#]*\d+))?")
_KINDS = {
    "": "", "maj": "", "min": "m", "dim": "dim", "aug": "aug", "maj7": "maj7", "min7": "m7", "7": "7", "dim7": "dim7",
    "hdim7": "m7b5", "hdim": "m7b5", "minmaj7": "mMaj7", "maj6": "6", "min6": "m6", "9": "9", "maj9": "maj9",
    "min9": "m9", "sus4": "sus4", "sus2": "sus2", "5": "5", "1": "5", "11": "11", "min11": "m11", "maj11": "maj9",
    "13": "13", "min13": "m13", "maj13": "maj13", "7sus4": "7sus4", "sus4sus2": "sus4",
}  # fmt: skip
_WITH = {
    ("sus4", "b7"): "7sus4", ("sus4", "b7,9"): "9sus4", ("sus4", "9"): "sus4", ("maj", "9"): "add9",
    ("maj6", "9"): "6/9", ("min", "9"): "madd9", ("7", "#9"): "7#9", ("7", "b9"): "7b9", ("aug", "b7"): "7#5",
    ("min7", "11"): "m11", ("7", "13"): "13", ("min", "b7"): "m7", ("maj", "b7"): "7", ("5", "b7"): "7",
    ("sus2", "b7"): "9sus4", ("7", "#11"): "7#11", ("7", "b13"): "7b13",
}  # fmt: skip
_DEGREES = (0, 0, 2, 4, 5, 7, 9, 11)


@lru_cache(maxsize=4096)
def parse_harte(label: str) -> Chord | None:
    """The chord; None for "N" and "X". What is added beyond the kinds we name is left out, and so is a bass that is
    the root. Raises MusicError for what is no label."""
    if label in ("N", "X", "*", "&pause"):
        return None
    found = _LABEL.fullmatch(label)
    if found is None or found["kind"] not in _KINDS:
        raise MusicError(f"{label!r} is not a chord label: write for example Ab:min7/b3, C:maj or N")
    added = (found["added"] or "").replace(" ", "")
    kind = _WITH.get((found["kind"], added), _KINDS[found["kind"]])
    chord = parse_chord(f"{found['root']}{kind}")
    if not found["bass"] or found["bass"] == "1":
        return chord
    signs, degree = re.fullmatch(r"([b#]*)(\d+)", found["bass"]).groups()  # type: ignore[union-attr]
    number = (int(degree) - 1) % 7 + 1
    semitones = _DEGREES[number] + signs.count("#") - signs.count("b")
    bass = parse_pitch_name(found["root"]).up(number - 1, semitones).plain()
    return Chord(chord.root, chord.quality, chord.intervals, bass)
