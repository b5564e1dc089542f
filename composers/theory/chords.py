"""Chords: a value with correct spelling, and the usual symbols parsed and printed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from composers.errors import MusicError
from composers.theory.pitch import PitchName, read_pitch_name

# Longest first, because "maj" begins with "m" and "min" with "mi".
_BASES = (
    ("maj", "maj"), ("Maj", "maj"), ("min", "m"), ("dim", "o"), ("aug", "+"), ("ma", "maj"), ("mi", "m"),
    ("M", "maj"), ("Δ", "maj"), ("△", "maj"), ("^", "maj"), ("m", "m"), ("-", "m"), ("−", "m"), ("°", "o"),
    ("o", "o"), ("ø", "h"), ("Ø", "h"), ("+", "+"),
)  # fmt: skip
_NUMBER = re.compile(r"6/9|69|13|11|[5679]")
_MAJOR_SEVENTH = re.compile(r"\(?(?:maj|Maj|ma|M|Δ|△|\^)7?\)?(?=$|[^0-9])")
_MODIFIER = re.compile(
    r"(?P<sus>sus(?:[24])?)|(?P<alt>alt)|(?P<add>add|\(add)(?P<added>2|4|6|9|#?11|13)|(?P<no>no|omit)(?P<left>[35])"
    r"|(?P<sign>[b#♭♯+-])(?P<degree>13|11|[569])|(?P<punctuation>[(), ])"
)
_TENSIONS = {"7": (), "9": (14,), "11": (14, 17), "13": (14, 21)}
_DEGREES = {"2": 14, "4": 17, "6": 9, "9": 14, "11": 17, "#11": 18, "13": 21}
_ALTERED = {"b9": 13, "#9": 15, "#11": 18, "b13": 20, "b6": 8}
_HELP = "write for example C, Cm, C7, Cmaj7, Cm7b5, Co7, C13, C7alt, C6/9, Cm(maj7), Csus4, C/E"


@dataclass(frozen=True)
class Chord:
    """A chord symbol as a value. (No slots: its derived sets are cached on first use.)

    root       spelled root
    quality    the canonical suffix, "" for a major triad: "m7b5", "maj7", "7alt", "6/9", ...
    intervals  semitones above the root, ascending, tensions above the octave (9 = 14, 11 = 17, 13 = 21)
    bass       spelled slash bass, or None
    """

    root: PitchName
    quality: str
    intervals: tuple[int, ...] = field(compare=False)
    bass: PitchName | None = None

    @cached_property
    def family(self) -> str:
        """What it does: "major", "minor", "dominant", "half-diminished", "diminished", "suspended" or "power"."""
        has = set(self.intervals)
        if 4 in has:
            return "dominant" if 10 in has else "major"
        if 3 in has:
            if 6 in has and 7 not in has:
                return "half-diminished" if 10 in has else "diminished"
            return "minor"
        return "suspended" if has & {2, 5} else "power"

    @cached_property
    def tones(self) -> tuple[int, ...]:
        """The basic tones within the octave (root, third or suspension, fifth, sixth or seventh), in semitones."""
        return tuple(i for i in self.intervals if i < 12)

    @cached_property
    def pitch_classes(self) -> frozenset[int]:
        """Everything named by the symbol, slash bass included, 0..11 above C."""
        found = {(self.root.pitch_class + i) % 12 for i in self.intervals}
        return frozenset(found | {self.bass.pitch_class} if self.bass else found)

    @cached_property
    def bass_pitch_class(self) -> int:
        return (self.bass or self.root).pitch_class

    def transposed(self, steps: int, semitones: int) -> Chord:
        """The same chord up an interval (see PitchName.up), spelled without double accidentals."""
        bass = self.bass.up(steps, semitones).plain() if self.bass else None
        return Chord(self.root.up(steps, semitones).plain(), self.quality, self.intervals, bass)

    def on(self, root: PitchName) -> Chord:
        """The same quality on another root, without a slash."""
        return Chord(root, self.quality, self.intervals)

    def __str__(self) -> str:
        return f"{self.root}{self.quality}" + (f"/{self.bass}" if self.bass else "")


def _not_understood(text: str, at: int) -> MusicError:
    what = f"{text[at:]!r} (character {at + 1})" if at < len(text) else "its end"
    return MusicError(f"chord {text!r} is not understood from {what} on: {_HELP}")


@lru_cache(maxsize=4096)
def parse_chord(text: str) -> Chord:
    """A symbol -> Chord. Takes the spellings in use (Cmin7, C-7, Cm7; CΔ, CM7, Cmaj7; Cø, Cm7b5; C°7, Cdim7; C+7).

    A 13th leaves out the 11th (it clashes with the third), as players do. Raises MusicError that says where it
    stopped understanding.
    """
    found = read_pitch_name(text)
    if found is None:
        raise _not_understood(text, 0)
    root, at = found
    base, at, named = _base(text, at)
    third, fifth, seventh = {"m": 3, "o": 3, "h": 3}.get(base, 4), {"o": 6, "h": 6, "+": 8}.get(base, 7), 0
    above: set[int] = set()
    number = ""
    if base == "m" and (match := _MAJOR_SEVENTH.match(text, at)):
        seventh, at, number = 11, match.end(), "(maj7)"
    elif match := _NUMBER.match(text, at):
        number, at = match.group().replace("69", "6/9").replace("6/9/9", "6/9"), match.end()
        if number == "5" and base == "":
            third = 0
        elif number == "5" or (number.startswith("6") and base in ("o", "h", "+")):
            raise _not_understood(text, match.start())
        elif number.startswith("6"):
            above |= {9} if number == "6" else {9, 14}
        else:
            seventh = {"maj": 11, "o": 9}.get(base, 10)
            above |= set(_TENSIONS[number])
            if number == "13" and base == "m":
                above.add(17)
    elif base == "h" or named in ("Δ", "△", "^"):
        seventh, number = (10 if base == "h" else 11), "7"
    suspended = ""
    alterations: list[str] = []
    removed: set[int] = set()
    while at < len(text) and text[at] != "/":
        match = _MODIFIER.match(text, at)
        if match is None:
            raise _not_understood(text, at)
        if match["sus"]:
            suspended = "sus2" if match["sus"] == "sus2" else "sus4"
        elif match["alt"]:
            if seventh not in (0, 10) or third != 4:
                raise _not_understood(text, at)
            seventh, number, fifth = 10, number or "7", 0
            above |= {13, 15, 18, 20}
            alterations.append("alt")
        elif match["add"]:
            above.add(_DEGREES[match["added"]])
            alterations.append(f"add{match['added']}")
        elif match["no"]:
            removed.add(int(match["left"]))
            alterations.append(f"no{match['left']}")
        elif match["sign"]:
            alteration = ("b" if match["sign"] in "b♭-" else "#") + match["degree"]
            if alteration == "b5":
                fifth = 6
            elif alteration == "#5":
                fifth = 8
            elif alteration in _ALTERED:
                above -= {14} if alteration.endswith("9") else {17} if alteration == "#11" else {21}
                above.add(_ALTERED[alteration])
            else:
                raise _not_understood(text, at)
            alterations.append(alteration)
        at = match.end()
    bass = None
    if at < len(text):
        low = read_pitch_name(text, at + 1)
        if low is None or low[1] != len(text):
            raise _not_understood(text, at)
        bass = low[0]
    if base == "h":
        base, alterations = "m", ["b5", *alterations]
    if base == "+" and number:
        base, alterations = "", ["#5", *alterations]
    if base == "maj" and not seventh and not number:
        base = ""
    if base == "maj" and number.startswith("6"):
        base = ""
    if suspended:
        third = 2 if suspended == "sus2" else 5
    if 3 in removed:
        third = 0
    if 5 in removed:
        fifth = 0
    intervals = tuple(sorted({0, third, fifth, seventh} | above))
    order = {"b5": 0, "#5": 1, "b9": 2, "#9": 3, "#11": 4, "b6": 5, "b13": 6}
    alterations = sorted(dict.fromkeys(alterations), key=lambda a: (order.get(a, 9), a))
    return Chord(root, base + number + suspended + "".join(alterations), intervals, bass)


def _base(text: str, at: int) -> tuple[str, int, str]:
    for spelled, base in _BASES:
        if text.startswith(spelled, at) and not (spelled == "ma" and text.startswith("malt", at)):
            return base, at + len(spelled), spelled
    return "", at, ""
