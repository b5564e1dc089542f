"""Intervals as musicians name them: a number of letters and a quality, from the unison to any compound."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from composers.errors import MusicError

_PERFECT = (0, 3, 4)
"""Unison, fourth and fifth (and their compounds) are perfect where others are major."""
_SIZES = (0, 2, 4, 5, 7, 9, 11)
"""Semitones of the perfect or major interval of each number."""
_NUMBERS = ("Unison", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Octave", "Ninth", "Tenth", "Eleventh",
            "Twelfth", "Thirteenth", "Fourteenth", "Fifteenth")
_WORDS = {"P": "Perfect", "M": "Major", "m": "Minor", "A": "Augmented", "d": "Diminished"}
_TIMES = ("", "", "Doubly ", "Triply ", "Quadruply ")
_SHORT = re.compile(r"(?P<down>-?)(?P<quality>P|M|m|A{1,4}|d{1,4})(?P<number>\d{1,2})")
_TRITONES = ("TT", "TRITONE")
_HELP = "write m3, P5, A4, d7, M10, or -m3 downwards (P perfect, M major, m minor, A augmented, d diminished)"


class Interval(NamedTuple):
    """A spelled interval.

    steps      letters from the lower to the upper note: a third is 2, a fifth 4, an octave 7; negative downwards
    semitones  what it sounds; negative downwards
    """

    steps: int
    semitones: int

    @staticmethod
    def parse(text: str) -> Interval:
        """ "P5", "m3", "A4", "dd7", "M10", "-m3", "TT" (a tritone, as an augmented fourth). Raises MusicError."""
        return _parse(text.strip())

    @property
    def number(self) -> int:
        """1 for a unison, 3 for a third, 10 for a tenth; without direction."""
        return abs(self.steps) + 1

    @property
    def alter(self) -> int:
        """Semitones by which it is wider than the perfect or major interval of its number."""
        octaves, step = divmod(abs(self.steps), 7)
        width = -self.semitones if self.down else self.semitones
        return width - 12 * octaves - _SIZES[step]

    @property
    def down(self) -> bool:
        return self.steps < 0 or (self.steps == 0 and self.semitones < 0)

    @property
    def quality(self) -> str:
        """ "P", "M", "m", "A", "d", or more of the last two for doubly and further."""
        alter, perfect = self.alter, abs(self.steps) % 7 in _PERFECT
        if alter == 0:
            return "P" if perfect else "M"
        if alter > 0:
            return "A" * alter
        return "d" * -alter if perfect else "m" if alter == -1 else "d" * (-alter - 1)

    @property
    def name(self) -> str:
        """ "Perfect Fifth", "Doubly Augmented Fourth", "Minor Tenth", "Major Seventeenth" as "Major 17th"."""
        quality, number = self.quality, self.number
        ordinal = _NUMBERS[number - 1] if number <= len(_NUMBERS) else f"{number}{_ordinal(number)}"
        times = _TIMES[len(quality)] if len(quality) < len(_TIMES) else f"{len(quality)}-times "
        return f"{times}{_WORDS[quality[0]]} {ordinal}"

    @property
    def compound(self) -> bool:
        """Wider than an octave."""
        return abs(self.steps) > 7

    @property
    def simple(self) -> Interval:
        """Without whole octaves: a tenth is a third. An octave stays one."""
        if abs(self.steps) <= 7:
            return self
        octaves = (abs(self.steps) - 1) // 7
        sign = -1 if self.down else 1
        return Interval(self.steps - sign * 7 * octaves, self.semitones - sign * 12 * octaves)

    @property
    def inverted(self) -> Interval:
        """What is left to the octave (or octaves): a third becomes a sixth, minor becomes major."""
        octaves = max(1, -(-abs(self.steps) // 7))
        sign = -1 if self.down else 1
        return Interval(sign * 7 * octaves - self.steps, sign * 12 * octaves - self.semitones)

    @property
    def cents(self) -> float:
        """In equal temperament."""
        return 100.0 * self.semitones

    def __neg__(self) -> Interval:
        return Interval(-self.steps, -self.semitones)

    def __str__(self) -> str:
        return f"{'-' if self.down else ''}{self.quality}{self.number}"


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


@lru_cache(maxsize=1024)
def _parse(text: str) -> Interval:
    if text.upper() in _TRITONES:
        return Interval(3, 6)
    match = _SHORT.fullmatch(text)
    if match is None or int(match["number"]) == 0:
        raise MusicError(f"interval {text!r} is not one: {_HELP}")
    quality, number = match["quality"], int(match["number"])
    octaves, step = divmod(number - 1, 7)
    perfect = step in _PERFECT
    if (quality == "P") != perfect and quality in ("P", "M", "m"):
        kind = "perfect" if perfect else "major or minor"
        raise MusicError(f"interval {text!r} is not one: a {_NUMBERS[step].lower()} is {kind}; {_HELP}")
    widen = {"P": 0, "M": 0, "m": -1}.get(quality)
    if widen is None:
        widen = len(quality) if quality[0] == "A" else -len(quality) - (not perfect)
    if number == 1 and widen < 0:
        raise MusicError(f"interval {text!r} is not one: a unison cannot be diminished; write -A1 for one downwards")
    up = Interval(number - 1, 12 * octaves + _SIZES[step] + widen)
    return -up if match["down"] else up


NAMED: tuple[str, ...] = ("P1", "m2", "M2", "m3", "M3", "P4", "TT", "P5", "m6", "M6", "m7", "M7", "P8")
"""The thirteen of an octave, by their usual short names; index = semitones."""


def interval_of(semitones: int) -> Interval:
    """The usual spelling of so many semitones up or down (6: an augmented fourth); compounds, too."""
    octaves, rest = divmod(abs(semitones), 12)
    plain = _parse(NAMED[rest])
    up = Interval(plain.steps + 7 * octaves, plain.semitones + 12 * octaves)
    return -up if semitones < 0 else up
