"""Pitch names as written by people: a letter and its accidentals. Integers inside, correct spelling outside."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import NamedTuple

from composers.errors import MusicError
from composers.theory.intervals import Interval

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

    def transposed(self, interval: Interval) -> PitchName:
        """Up by the interval (down, where it goes down)."""
        return self.up(interval.steps, interval.semitones)

    def interval_to(self, other: PitchName) -> Interval:
        """From here up to the next `other`, less than an octave: C to E is M3, E to C m6, C to B# A7, C to Cb d8."""
        steps = (other.letter - self.letter) % 7
        natural = LETTER_SEMITONES[other.letter] - LETTER_SEMITONES[self.letter]
        semitones = natural + (12 if natural < 0 else 0) + other.alter - self.alter
        return Interval(7, semitones + 12) if steps == 0 and semitones < 0 else Interval(steps, semitones)

    @property
    def enharmonics(self) -> tuple[PitchName, ...]:
        """The other names of this key with at most two accidentals, by letter: C# -> Db, B##."""
        found = (PitchName(letter, (self.pitch_class - LETTER_SEMITONES[letter] + 6) % 12 - 6) for letter in range(7))
        return tuple(n for n in found if abs(n.alter) <= 2 and n != self)

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


_SCIENTIFIC = re.compile(r"(?P<name>[A-Ga-g][#♯x𝄪b♭𝄫]*)(?P<octave>-?\d{1,2})(?P<cents>[+-]\d+(?:\.\d+)?c)?")


class Pitch(NamedTuple):
    """A spelled pitch in its octave, in scientific pitch notation: C4 is middle C, B#3 the same key.

    octave  of the letter: it changes between B and C, also for Cb4 (= B3) and B#3 (= C4)
    cents   above (below) the key in equal temperament
    """

    name: PitchName
    octave: int
    cents: float = 0.0

    @staticmethod
    def parse(text: str) -> Pitch:
        """ "C4", "Eb5", "F#-1", "E4-50c" (a quarter tone lower). Raises MusicError."""
        match = _SCIENTIFIC.fullmatch(text.strip())
        if match is None:
            raise MusicError(f"pitch {text!r} is not one: write a letter, # or b, and an octave, for example C4 or Eb5")
        cents = float(match["cents"][:-1]) if match["cents"] else 0.0
        return Pitch(parse_pitch_name(match["name"]), int(match["octave"]), cents)

    @staticmethod
    def of_midi(key: int, *, flats: bool = False) -> Pitch:
        """The pitch of a MIDI key, with a sharp or a flat where it needs one."""
        return Pitch(spell(key, flats=flats), key // 12 - 1)

    @property
    def midi(self) -> int:
        """The MIDI key (60 = C4); below 0 or above 127 there is none, but the number goes on."""
        return 12 * (self.octave + 1) + LETTER_SEMITONES[self.name.letter] + self.name.alter

    @property
    def hz(self) -> float:
        """In equal temperament with A4 = 440 Hz."""
        return float(440.0 * 2 ** ((self.midi - 69 + self.cents / 100) / 12))

    @property
    def diatonic(self) -> int:
        """Place on the staff: letters above C0."""
        return 7 * self.octave + self.name.letter

    def transposed(self, interval: Interval) -> Pitch:
        """Up by the interval (down, where it goes down), spelled as it says."""
        octave = (self.diatonic + interval.steps) // 7
        return Pitch(self.name.transposed(interval), octave, self.cents)

    def interval_to(self, other: Pitch) -> Interval:
        """From here to `other`, up or down, compound where it is far."""
        return Interval(other.diatonic - self.diatonic, other.midi - self.midi)

    def __str__(self) -> str:
        cents = f"{self.cents:+g}c" if self.cents else ""
        return f"{self.name}{self.octave}{cents}"


def cents_between(low_hz: float, high_hz: float) -> float:
    """1200 log2 of the ratio. Raises MusicError for what is no frequency."""
    if low_hz <= 0 or high_hz <= 0:
        raise MusicError(f"{low_hz} and {high_hz} Hz have no interval: give two frequencies above 0")
    return 1200 * math.log2(high_hz / low_hz)


def circle_of_fifths(start: PitchName | None = None, *, flats_from: int = 6) -> tuple[PitchName, ...]:
    """The twelve major keys clockwise, a fifth up each time, from C (or `start`).

    From `flats_from` fifths above C on flats are written instead of sharps: 6 gives ... B, Gb, Db, Ab; 7 F# for Gb.
    """
    first = (start or PitchName(0)).fifths
    places = ((first + i + 12 - flats_from) % 12 + flats_from - 12 for i in range(12))
    return tuple(of_fifths(place) for place in places)


def of_fifths(fifths: int) -> PitchName:
    """The name at a place on the line of fifths: 0 C, 1 G, 6 F#, -6 Gb, 12 B#."""
    letter = (0, 4, 1, 5, 2, 6, 3)[fifths % 7]
    return PitchName(letter, (fifths - _LETTER_FIFTHS[letter]) // 7)
