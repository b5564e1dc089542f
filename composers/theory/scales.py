"""Scales that jazz needs, keys with modes, and the scale that fits a chord where it stands."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from composers.errors import MusicError
from composers.theory.chords import Chord
from composers.theory.modes import find_mode
from composers.theory.pitch import PitchName, parse_pitch_name

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "ionian": (0, 2, 4, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "aeolian": (0, 2, 3, 5, 7, 8, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "phrygian dominant": (0, 1, 4, 5, 7, 8, 10),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "dorian b2": (0, 1, 3, 5, 7, 9, 10),
    "lydian augmented": (0, 2, 4, 6, 8, 9, 11),
    "lydian dominant": (0, 2, 4, 6, 7, 9, 10),
    "mixolydian b6": (0, 2, 4, 5, 7, 8, 10),
    "locrian #2": (0, 2, 3, 5, 6, 8, 10),
    "altered": (0, 1, 3, 4, 6, 8, 10),
    "whole tone": (0, 2, 4, 6, 8, 10),
    "half-whole diminished": (0, 1, 3, 4, 6, 7, 9, 10),
    "whole-half diminished": (0, 2, 3, 5, 6, 8, 9, 11),
    "bebop dominant": (0, 2, 4, 5, 7, 9, 10, 11),
    "bebop major": (0, 2, 4, 5, 7, 8, 9, 11),
    "bebop dorian": (0, 2, 3, 4, 5, 7, 9, 10),
    "bebop melodic minor": (0, 2, 3, 5, 7, 8, 9, 11),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "chromatic": tuple(range(12)),
}
"""Semitones above the tonic. Bebop scales after David Baker's naming."""

_SIGNATURE = {"ionian": 0, "major": 0, "dorian": -2, "phrygian": -4, "lydian": 1, "mixolydian": -1, "aeolian": -3,
              "minor": -3, "locrian": -5}  # fmt: skip

_CHURCH = {fifths: name for name, fifths in _SIGNATURE.items()}

MODES = ("major", "minor", "dorian", "mixolydian", "lydian", "phrygian", "ionian", "aeolian")
"""Modes that a piece may stand in. (A key may be locrian, but no genre rests on a diminished tonic.)"""


class Scale(NamedTuple):
    """A scale on a root: its pitch class 0..11, its name in SCALES, its semitones above the root."""

    root: int
    name: str
    intervals: tuple[int, ...]

    @property
    def pitch_classes(self) -> frozenset[int]:
        return frozenset((self.root + i) % 12 for i in self.intervals)

    def mode(self, degree: int) -> tuple[int, ...]:
        """The intervals counted from another degree (1 = the tonic): major's mode 2 is dorian's intervals."""
        start = self.intervals[(degree - 1) % len(self.intervals)]
        return tuple(sorted((i - start) % 12 for i in self.intervals))


def scale(root: int, name: str) -> Scale:
    """The scale on a pitch class. Raises MusicError that lists the known names."""
    try:
        return Scale(root % 12, name, SCALES[name])
    except KeyError:
        raise MusicError(f"scale {name!r} is not known: choose one of {', '.join(sorted(SCALES))}") from None


class Key(NamedTuple):
    """A tonic and a mode by name, e.g. Eb minor."""

    tonic: PitchName
    mode: str = "major"

    @staticmethod
    def parse(tonic: str, mode: str = "major") -> Key:
        """Key.parse("Eb", "minor"), Key.parse("D", "hijaz"). Raises MusicError for a tonic or mode that is none."""
        return Key(parse_pitch_name(tonic), mode if mode in _SIGNATURE else find_mode(mode).name)

    @property
    def fifths(self) -> int:
        """Sharps (positive) or flats (negative) of the key signature; beyond 7 there is none in print.

        Of a mode that has no signature of its own, hijaz say: the one that spells most of its notes.
        """
        return self.tonic.fifths + (_SIGNATURE[self.mode] if self.mode in _SIGNATURE else _nearest_signature(self.mode))

    @property
    def scale(self) -> Scale:
        """Of a mode with notes between the keys, or other ones going down: all its keys, on the nearest."""
        if self.mode in _SIGNATURE:
            return scale(self.tonic.pitch_class, self.mode)
        return Scale(self.tonic.pitch_class, self.mode, find_mode(self.mode).keys)


@lru_cache(maxsize=256)
def _nearest_signature(mode: str) -> int:
    """Fifths from the tonic's major signature."""
    keys = set(find_mode(mode).keys)
    return max(sorted(set(_SIGNATURE.values()), key=abs), key=lambda f: len(keys & set(SCALES[_CHURCH[f]])))


@lru_cache(maxsize=4096)
def chord_scale(chord: Chord, following: Chord | None = None, key: Key | None = None) -> Scale:
    """The scale an improviser takes for `chord` before `following` in `key`.

    Common chord-scale teaching (Nettles & Graf, Levine): alterations in the symbol decide; a dominant that falls
    a fifth to minor is altered by b9 b13, one that falls a semitone or stands still on bII, bVI, bVII is lydian
    dominant; m7 on the third and sixth of a major key take its own phrygian and aeolian; IV and bII, bIII, bVI
    majors are lydian; the rest as the family says.
    """
    root = chord.root.pitch_class
    degree = (root - key.tonic.pitch_class) % 12 if key else None
    return scale(root, _scale_name(chord, following, degree, key.mode if key else "major"))


def _scale_name(chord: Chord, following: Chord | None, degree: int | None, mode: str) -> str:
    has, family = set(chord.intervals), chord.family
    modal = mode in ("dorian", "phrygian", "lydian", "mixolydian")
    if family == "diminished":
        return "whole-half diminished"
    if family == "half-diminished":
        return "locrian #2"
    if family == "suspended":
        return "dorian b2" if 13 in has else "mixolydian"
    if family == "minor":
        if 11 in has:
            return "melodic minor"
        if modal and degree == 0 and mode in ("dorian", "phrygian"):
            return mode
        if 9 in has:
            return "melodic minor" if degree in (0, 5) else "dorian"
        if not modal and mode in ("major", "ionian") and degree in (4, 9):
            return "phrygian" if degree == 4 else "aeolian"
        return "dorian"
    if family == "dominant":
        return _dominant_scale(chord, following, degree)
    if 8 in has:
        return "lydian augmented"
    if 18 in has or degree in (1, 3, 5, 8, 10) or (modal and mode == "lydian" and degree == 0):
        return "lydian"
    return "major"


def _dominant_scale(chord: Chord, following: Chord | None, degree: int | None) -> str:
    has = set(chord.intervals)
    falls = (chord.root.pitch_class - following.root.pitch_class) % 12 if following else None
    to_minor = following is not None and following.family in ("minor", "half-diminished")
    if {13, 15} <= has or 20 in has:
        return "altered" if 15 in has or 18 in has else "phrygian dominant"
    if 13 in has or 15 in has:
        return "phrygian dominant" if to_minor and falls == 7 and 21 not in has else "half-whole diminished"
    if 8 in has:
        return "whole tone"
    if 18 in has or 6 in has or falls == 1 or (degree in (1, 8, 10) and falls != 7):
        return "lydian dominant"
    if to_minor and falls == 7 and 14 not in has and 21 not in has and degree in (0, 4, 9, 11):
        return "mixolydian b6"
    return "mixolydian"
