"""Theory for readers in a terminal: rows of scales, chords and progressions, and a keyboard drawn in text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from composers.theory.chord_kinds import NAMES
from composers.theory.chords import Chord
from composers.theory.functions import function_of
from composers.theory.intervals import Interval
from composers.theory.pitch import LETTER_SEMITONES, PitchName
from composers.theory.progressions import Progression
from composers.theory.romans import parse_roman
from composers.theory.scale_types import ScaleNote, ScaleType, SpelledScale, interval_names

Row = dict[str, Any]
_WHITE = (0, 2, 4, 5, 7, 9, 11)
_KEY_WIDTH = 4


def degree_name(steps: int, semitones: int) -> str:
    """A degree as musicians count it: "1", "b3", "#11"."""
    alter = semitones - LETTER_SEMITONES[steps % 7] - 12 * (steps // 7)
    return ("#" * alter if alter > 0 else "b" * -alter) + str(steps + 1)


def scale_rows(scale: SpelledScale) -> list[Row]:
    """Degree, note, interval and cents above the tonic, and the step to the next degree."""
    roles = {degree: role for role, degree in scale.type.roles.items()}
    steps = scale.type.pattern.split("-")
    return [
        {"degree": number, "note": str(note), "interval": interval, "cents": cents, "step": step,
         "role": roles.get(number, "")}
        for number, (note, interval, cents, step) in enumerate(
            zip(scale, interval_names(scale.type), scale.type.cents, steps, strict=True), 1)
    ]  # fmt: skip


def scale_data(scale: SpelledScale, diatonic: Progression | None) -> Row:
    """For JSON."""
    kind = scale.type
    down = kind.descending
    return {
        "name": scale.name, "tonic": str(scale.tonic), "scale": kind.name, "family": kind.family,
        "aliases": list(kind.aliases), "source": kind.source, "pattern": kind.pattern, "notes": list(map(str, scale)),
        "cents": list(kind.cents), "descending": list(map(str, scale.descending)) if down else None,
        "roles": dict(kind.roles), "degrees": scale_rows(scale),
        "chords": None if diatonic is None else list(map(str, diatonic)),
    }  # fmt: skip


def type_row(kind: ScaleType) -> Row:
    """A line of the list of scales."""
    return {"name": kind.name, "family": kind.family, "on_c": " ".join(map(str, kind.on("C"))),
            "aliases": list(kind.aliases)}


def chord_rows(chord: Chord) -> list[Row]:
    """Note, degree, interval and semitones above the root, from the root up, and the bass where it is another note."""
    rows = [
        {"note": str(note), "degree": degree_name(steps, semitones), "interval": Interval(steps, semitones).name,
         "semitones": semitones}
        for note, steps, semitones in zip(chord.notes, chord.steps, chord.intervals, strict=True)
    ]  # fmt: skip
    if chord.bass is not None and chord.bass not in chord.notes:
        rows.insert(0, {"note": str(chord.bass), "degree": "bass", "interval": "", "semitones": None})
    return rows


def chord_data(chord: Chord, scales: Sequence[SpelledScale], roman: str | None) -> Row:
    """For JSON."""
    return {
        "chord": str(chord), "root": str(chord.root), "quality": chord.quality, "name": NAMES.get(chord.quality),
        "family": chord.family, "unicode": chord.unicode, "shorthand": chord.shorthand, "inversion": chord.inversion,
        "bass": str(chord.bass or chord.root), "notes": list(map(str, chord.notes_from_bass)),
        "tones": chord_rows(chord),
        "scales": [s.name for s in scales], "roman": roman,
    }  # fmt: skip


def progression_rows(progression: Progression) -> list[Row]:
    """Bar, chord, numeral, function, notes."""
    romans = [parse_roman(n, chart=True) for n in progression.numerals]
    minor = progression.key.mode in ("minor", "aeolian", "dorian", "phrygian", "locrian")
    rows: list[Row] = []
    index = 0
    for bar, count in enumerate(progression.bars, 1):
        for _ in range(count):
            after = romans[index + 1] if index + 1 < len(romans) else None
            label = function_of(romans[index], "minor" if minor else "major", after)
            chord = progression[index]
            rows.append({"bar": bar, "chord": str(chord), "numeral": progression.numerals[index],
                         "function": str(label), "notes": " ".join(map(str, chord.notes_from_bass))})  # fmt: skip
            index += 1
    return rows


def keyboard(marks: Mapping[int, str]) -> str:
    """A piano from the C or F at or below the lowest marked key to the B or E at or above the highest, in text.

    marks  MIDI key -> what is written at it (a note's name). Raises ValueError for no keys.
    """
    low, high = min(marks), max(marks)
    first = next(k for k in range(low, low - 12, -1) if k % 12 in (0, 5))
    last = next(k for k in range(high, high + 12) if k % 12 in (4, 11))
    whites = [k for k in range(first, last + 1) if k % 12 in _WHITE]
    width = _KEY_WIDTH * len(whites) + 1
    above, black, white, below = ([" "] * width for _ in range(4))
    for index, key in enumerate(whites):
        left = _KEY_WIDTH * index
        black[left] = white[left] = "|"
        if key in marks:
            white[left + 2] = "●"
            _write(below, left + 2, marks[key])
    black[-1] = white[-1] = "|"
    for index, key in enumerate(whites[:-1]):
        if whites[index + 1] - key == 2:
            left = _KEY_WIDTH * (index + 1)
            black[left - 1 : left + 2] = "█●█" if key + 1 in marks else "███"
            if key + 1 in marks:
                _write(above, left, marks[key + 1])
    lines = ["".join(line).rstrip() for line in (above, black, black, white, below)]
    lines[1] = lines[1].replace("●", "█")
    return "\n".join(line for line in lines if line)


def _write(line: list[str], middle: int, text: str) -> None:
    start = max(0, middle - (len(text) - 1) // 2)
    line += [" "] * max(0, start + len(text) - len(line))
    line[start : start + len(text)] = text


def marks_of(notes: Iterable[ScaleNote | PitchName], lowest: int = 60) -> dict[int, str]:
    """Notes that rise from the first one at or above a key: what `keyboard` takes."""
    found: dict[int, str] = {}
    key = lowest - 1
    for note in notes:
        name = note.name if isinstance(note, ScaleNote) else note
        key += 1 + (name.pitch_class - key - 1) % 12
        found[key] = str(note)
    return found
