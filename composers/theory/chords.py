"""Chords: a value with correct spelling, and the usual symbols parsed and printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Generic, TypeVar, overload

from composers.errors import MusicError
from composers.theory.chord_kinds import ChordKind, read_kind, steps_of
from composers.theory.pitch import PitchName, read_pitch_name

_HELP = "write for example C, Cm, C7, Cmaj7, Cm7b5, Co7, C13, C7alt, C6/9, Cm(maj7), Csus4, C/E"
_NO_CHORD = frozenset({"N.C.", "N.C", "NC", "n.c.", "n.c", "nc", "NoChord", "no chord"})
_SIGNS = str.maketrans({"#": "♯", "b": "♭"})


_MOST_ALTERED = 3
_MADE = [[PitchName(letter, alter) for alter in (*range(10), *range(-10, 0))] for letter in range(7)]
"""Names made once, by letter and alteration (negative ones from the end), for roots of up to three accidentals."""
_T = TypeVar("_T")


class _Kept(Generic[_T]):
    """A property that is computed once and then stands in the value's own dictionary.

    functools.cached_property without its lock, which up to Python 3.11 costs more than most of these properties. Two
    threads may compute the same value twice.
    """

    def __init__(self, compute: Callable[[Any], _T]) -> None:
        self._compute, self.__doc__ = compute, compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, value: None, owner: type) -> _Kept[_T]: ...
    @overload
    def __get__(self, value: object, owner: type) -> _T: ...
    def __get__(self, value: object | None, owner: type) -> _T | _Kept[_T]:
        if value is None:
            return self
        found = value.__dict__[self._name] = self._compute(value)
        return found


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

    @_Kept
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

    @_Kept
    def tones(self) -> tuple[int, ...]:
        """The basic tones within the octave (root, third or suspension, fifth, sixth or seventh), in semitones."""
        return tuple(i for i in self.intervals if i < 12)

    @_Kept
    def steps(self) -> tuple[int, ...]:
        """Letters above the root with which each interval is spelled."""
        return steps_of(self.quality, self.intervals)

    @_Kept
    def notes(self) -> tuple[PitchName, ...]:
        """The spelled notes from the root up, without a slash bass: Cm7b5 is C Eb Gb Bb, C7#9 C E G Bb D#."""
        letter, alter = self.root
        natural = _on_natural(letter, self.steps, self.intervals)
        if not alter:
            return natural
        if -_MOST_ALTERED <= alter <= _MOST_ALTERED:
            return tuple([_MADE[step][a + alter] for step, a in natural])
        return tuple([PitchName(step, a + alter) for step, a in natural])

    @_Kept
    def stack(self) -> tuple[PitchName, ...]:
        """The notes as a stack of thirds names them: an added second or fourth is counted behind the seventh."""
        if 2 not in self.intervals and 5 not in self.intervals:
            return self.notes
        full = any(i in (3, 4) for i in self.intervals)
        late = [n for n, i in zip(self.notes, self.intervals, strict=True) if full and i in (2, 5)]
        return (*(n for n in self.notes if n not in late), *late)

    @_Kept
    def notes_from_bass(self) -> tuple[PitchName, ...]:
        """The same from the bass up: C7/E is E G Bb C, C/D is D C E G."""
        bass = self.bass
        if bass is None:
            return self.stack if 2 in self.intervals or 5 in self.intervals else self.notes
        if bass not in self.stack:
            return (bass, *self.stack)
        at = self.stack.index(bass)
        return self.stack[at:] + self.stack[:at]

    @property
    def inversion(self) -> int | None:
        """0 in root position, 1 with the third (or suspension) in the bass, ...; None over a foreign bass."""
        bass = self.bass or self.root
        return self.stack.index(bass) if bass in self.stack else None

    def inverted(self, inversion: int) -> Chord:
        """The same chord with another of its notes in the bass (see `stack`). Raises MusicError beyond the last."""
        if not 0 <= inversion < len(self.stack):
            raise MusicError(
                f"chord {self} has no inversion {inversion}: it has {len(self.stack)} notes, so give 0 to "
                f"{len(self.stack) - 1}"
            )
        return Chord(self.root, self.quality, self.intervals, self.stack[inversion] if inversion else None)

    @_Kept
    def pitch_classes(self) -> frozenset[int]:
        """Everything named by the symbol, slash bass included, 0..11 above C."""
        found = {(self.root.pitch_class + i) % 12 for i in self.intervals}
        return frozenset(found | {self.bass.pitch_class} if self.bass else found)

    @_Kept
    def bass_pitch_class(self) -> int:
        return (self.bass or self.root).pitch_class

    def transposed(self, steps: int, semitones: int) -> Chord:
        """The same chord up an interval (see PitchName.up), spelled without double accidentals."""
        bass = self.bass.up(steps, semitones).plain() if self.bass else None
        return Chord(self.root.up(steps, semitones).plain(), self.quality, self.intervals, bass)

    def on(self, root: PitchName) -> Chord:
        """The same quality on another root, without a slash."""
        return Chord(root, self.quality, self.intervals)

    @property
    def unicode(self) -> str:
        """With music signs: "E♭ø7/B♭♭". parse_chord reads it back."""
        return self._written(ChordKind(self.quality, self.intervals, self.steps).unicode)

    @property
    def shorthand(self) -> str:
        """As jazz musicians write it: "C-7", "E♭Δ7", "F♯ø7", "B°7". parse_chord reads it back."""
        return self._written(ChordKind(self.quality, self.intervals, self.steps).shorthand)

    def _written(self, quality: str) -> str:
        bass = "/" + str(self.bass).translate(_SIGNS) if self.bass else ""
        return str(self.root).translate(_SIGNS) + quality + bass

    def __str__(self) -> str:
        return f"{self.root}{self.quality}" + (f"/{self.bass}" if self.bass else "")


@lru_cache(maxsize=8192)
def _on_natural(letter: int, steps: tuple[int, ...], intervals: tuple[int, ...]) -> tuple[PitchName, ...]:
    """A kind's notes on a letter without accidentals; the root's own then alter all of them alike."""
    root = PitchName(letter)
    return tuple([root.up(s, i) for s, i in zip(steps, intervals, strict=True)])


@dataclass(frozen=True)
class PolyChord:
    """Two chords at once: "D|C7" is a D triad over C7."""

    upper: Chord
    lower: Chord

    @property
    def notes(self) -> tuple[PitchName, ...]:
        """The lower chord's from its bass up, then what the upper one adds."""
        low = self.lower.notes_from_bass
        return low + tuple(n for n in self.upper.notes_from_bass if n not in low)

    @property
    def pitch_classes(self) -> frozenset[int]:
        return self.upper.pitch_classes | self.lower.pitch_classes

    @property
    def bass_pitch_class(self) -> int:
        return self.lower.bass_pitch_class

    def transposed(self, steps: int, semitones: int) -> PolyChord:
        """Both up an interval, see Chord.transposed."""
        return PolyChord(self.upper.transposed(steps, semitones), self.lower.transposed(steps, semitones))

    @property
    def unicode(self) -> str:
        return f"{self.upper.unicode}|{self.lower.unicode}"

    @property
    def shorthand(self) -> str:
        return f"{self.upper.shorthand}|{self.lower.shorthand}"

    def __str__(self) -> str:
        return f"{self.upper}|{self.lower}"


@dataclass(frozen=True, slots=True)
class NoChord:
    """ "N.C.": a place where no chord is played."""

    @property
    def notes(self) -> tuple[PitchName, ...]:
        return ()

    @property
    def pitch_classes(self) -> frozenset[int]:
        return frozenset()

    def transposed(self, steps: int, semitones: int) -> NoChord:
        """Still no chord."""
        return self

    @property
    def unicode(self) -> str:
        return "N.C."

    @property
    def shorthand(self) -> str:
        return "N.C."

    def __str__(self) -> str:
        return "N.C."


Symbol = Chord | PolyChord | NoChord
"""What can stand above a bar."""


def _not_understood(text: str, at: int) -> MusicError:
    what = f"{text[at:]!r} (character {at + 1})" if at < len(text) else "its end"
    return MusicError(f"chord {text!r} is not understood from {what} on: {_HELP}")


def _read(text: str, start: int) -> tuple[Chord, int]:
    """The chord, with its slash bass, that begins at text[start], and where it ends. Raises MusicError."""
    found = read_pitch_name(text, start)
    if found is None:
        raise _not_understood(text, start)
    root, at = found
    kind, read = read_kind(text[at:])
    at += read
    if kind is None:
        raise _not_understood(text, at)
    bass = None
    if at < len(text) and text[at] == "/":
        low = read_pitch_name(text, at + 1)
        if low is None:
            raise _not_understood(text, at)
        bass, at = low
    chord = Chord(root, kind.quality, kind.intervals, bass)
    chord.__dict__["steps"] = kind.steps  # what the cached property would find again
    return chord, at


@lru_cache(maxsize=4096)
def parse_chord(text: str) -> Chord:
    """A symbol of one chord -> Chord. Takes the spellings in use (Cmin7, C-7, Cm7; CΔ, CM7, Cmaj7; Cø; C°7; C+7).

    A 13th leaves out the 11th where that clashes with a major third, as players do. Raises MusicError that says where
    it stopped understanding. For poly chords and "N.C." see parse_symbol.
    """
    chord, at = _read(text, 0)
    if at < len(text):
        raise _not_understood(text, at)
    return chord


@lru_cache(maxsize=4096)
def parse_symbol(text: str) -> Symbol:
    """Any symbol of a chart: as parse_chord, and "D|C7" (also "D/C7", which can be no bass), and "N.C.".

    Raises MusicError that says where it stopped understanding.
    """
    if text in _NO_CHORD:
        return NoChord()
    chord, at = _read(text, 0)
    if at == len(text):
        return chord
    if text[at] == "|":
        lower, end = _read(text, at + 1)
    elif chord.bass and "/" in text[:at]:
        slash = text.rindex("/", 0, at)
        (lower, end), chord = _read(text, slash + 1), Chord(chord.root, chord.quality, chord.intervals)
        if not lower.quality:  # C/E/G
            raise _not_understood(text, at)
    else:
        raise _not_understood(text, at)
    if end < len(text):
        raise _not_understood(text, end)
    return PolyChord(chord, lower)
