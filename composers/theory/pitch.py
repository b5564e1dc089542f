"""Pitch names as written by people: a letter and its accidentals. Integers inside, correct spelling outside."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from composers.errors import MusicError

LETTERS = "CDEFGAB"
LETTER_SEMITONES = (0, 2, 4, 5, 7, 9, 11)
"""Semitones of the letters above C; also the major scale."""
_LETTER_FIFTHS = (0, 2, 4, -1, 1, 3, 5)
KEYS = ("C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#", "F", "Bb", "Eb", "Ab", "Db", "Gb", "Cb")
"""The tonics in use: every one with a signature of at most seven signs in major or in minor."""
_ACCIDENTALS = {"#": 1, "♯": 1, "x": 2, "𝄪": 2, "b": -1, "♭": -1, "𝄫": -2}


class PitchName(NamedTuple):
    """A spelled pitch class, so that F# is not Gb.

    letter  0..6 = C D E F G A B
    alter   semitones by which the accidentals move it, e.g. -1 for a flat
    """

    letter: int
    alter: int = 0

    @property
    def pitch_class(self) -> int:
        """0..11 above C."""
        return (LETTER_SEMITONES[self.letter] + self.alter) % 12

    @property
    def fifths(self) -> int:
        """Place on the line of fifths: F -1, C 0, G 1, ... F# 6, Gb -6. As a major tonic: sharps in its signature."""
        return _LETTER_FIFTHS[self.letter] + 7 * self.alter

    def up(self, steps: int, semitones: int) -> PitchName:
        """The name `steps` letters and `semitones` higher: up(2, 3) is a minor third, up(1, 3) an augmented second."""
        letter = (self.letter + steps) % 7
        octaves = (self.letter + steps) // 7
        natural = LETTER_SEMITONES[letter] + 12 * octaves - LETTER_SEMITONES[self.letter]
        return PitchName(letter, self.alter + semitones - natural)

    def plain(self) -> PitchName:
        """The same key without double accidentals, E# or B# and Fb, as lead sheets prefer: Bbb becomes A.

        Cb stays: it is a usual key and the fourth of Gb.
        """
        if abs(self.alter) < 2 and self not in (_E_SHARP, _B_SHARP, _F_FLAT):
            return self
        return spell(self.pitch_class, flats=self.alter < 0)

    def __str__(self) -> str:
        return LETTERS[self.letter] + ("#" * self.alter if self.alter > 0 else "b" * -self.alter)


_E_SHARP, _B_SHARP, _F_FLAT = PitchName(2, 1), PitchName(6, 1), PitchName(3, -1)


def _twelve(names: str) -> tuple[PitchName, ...]:
    return tuple(PitchName(LETTERS.index(n[0]), n.count("#") - n.count("b")) for n in names.split())


_WITH_SHARPS = _twelve("C C# D D# E F F# G G# A A# B")
_WITH_FLATS = _twelve("C Db D Eb E F Gb G Ab A Bb B")


def spell(pitch_class: int, *, flats: bool) -> PitchName:
    """A name with at most one accidental for a pitch class (any integer, taken modulo 12)."""
    return (_WITH_FLATS if flats else _WITH_SHARPS)[pitch_class % 12]


def read_pitch_name(text: str, at: int = 0) -> tuple[PitchName, int] | None:
    """The name that begins at text[at] and the index behind it; None where no letter A..G stands."""
    if at >= len(text) or text[at] not in LETTERS:
        return None
    letter, alter, end = LETTERS.index(text[at]), 0, at + 1
    while end < len(text) and text[end] in _ACCIDENTALS and abs(alter + _ACCIDENTALS[text[end]]) > abs(alter):
        alter += _ACCIDENTALS[text[end]]
        end += 1
    return PitchName(letter, alter), end


@lru_cache(maxsize=256)
def parse_pitch_name(text: str) -> PitchName:
    """ "Eb", "f#", "B♭" -> PitchName. Raises MusicError for anything else."""
    trimmed = text.strip()
    found = read_pitch_name(trimmed[:1].upper() + trimmed[1:])
    if found is None or found[1] != len(trimmed):
        raise MusicError(f"pitch {text!r} is not a name: write a letter A to G with # or b, for example C, Eb, F#")
    return found[0]
