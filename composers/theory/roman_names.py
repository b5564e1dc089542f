"""The way back: which Roman numeral a chord, or some notes, is in a key.

First the vocabulary: the numerals of the harmony books with their inversions (Kostka & Payne; Aldwell & Schachter), in
the order in which an analyst tries them: the key's own chords, applied dominants, mixture, Neapolitan, augmented
sixths, and so on. It is laid out on the line of fifths, so that spelling decides: Ab C Eb F# in C is Ger65,
Ab C Eb Gb V7/bII. Notes that no numeral spells are looked up as pitch classes, where Ger65 stands first. What is in
neither is written out with brackets from its root up: V7[no3][add4].

Pure; the tables are made at the first use of a mode (some tens of milliseconds).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from composers.errors import MusicError
from composers.theory.chord_kinds import steps_of
from composers.theory.chords import Chord
from composers.theory.pitch import Pitch, PitchName, of_fifths
from composers.theory.roman_figures import Figure
from composers.theory.roman_numeral import AUGMENTED_SIXTHS, RomanNumeral
from composers.theory.roman_reading import parse_roman
from composers.theory.roman_stacks import major_or_minor
from composers.theory.roman_written import chart_numeral, written
from composers.theory.scales import MODES, Key

_OWN = {
    "major": "I V IV ii vi viio iii  V7 ii7 viiø7 IM7 IVM7 vi7 iii7  V9",
    "minor": "i V iv iio VI viio III VII v IV ii III+ vio  V7 iiø7 viio7 i7 iv7 VIM7 IIIM7 viø7 IVd7 ii7 v7 iM7 III+M7 "
    " V9",
}
"""The key's chords, in minor with both forms of the sixth and seventh degree."""
_TONICIZED = {"major": ("V", "ii", "vi", "IV", "iii"), "minor": ("V", "iv", "III", "VI", "VII", "v")}
_FARTHER = {"major": ("bII", "bVI", "bIII", "bVII", "iv"), "minor": ("bII", "ii")}
_APPLIED = "V viio V7 viio7 viiø7 V9 V+ V+7"
_MIXED = {
    "major": "i iv bVI bIII bVII iio v I+ IV+ V+ viio7 iiø7 iv7 i7 bVIM7 bIIIM7 v7 V+7 V9[b9] bII bIIM7",
    "minor": "I viiø7 vi bII bIIM7",
}
_LAST = "V+ V+7 I+ IV+ VI+ II III VI VII #ivo7 #ivø7 #iio7 #io7"
_SIXTHS = ("It6", "It64", "It53", "Ger65", "Ger43", "Ger42", "Ger7", "Fr43", "Fr42", "Fr7", "Fr65", "Sw43")
_INVERSIONS = {3: ("", "6", "64"), 4: ("7", "65", "43", "42")}
_CENTRE = 96
"""Bit of the tonic where notes are bits on the line of fifths: room for quadruple accidentals in any key."""


class _Fifths(dict[PitchName, int]):
    """PitchName.fifths by look-up: five times faster than reckoning it for every note."""

    def __missing__(self, name: PitchName) -> int:
        return name.fifths


_FIFTHS = _Fifths({n: n.fifths for n in (PitchName(letter, alter) for letter in range(7) for alter in range(-3, 4))})
_SYMMETRIC = frozenset({0b001001001001, 0b000100010001})
"""A diminished seventh and an augmented triad on 0: any of their notes can be the root."""


CADENTIAL = RomanNumeral(1, 0, "", (Figure(6), Figure(4)), name="Cad")
"""The six-four on the dominant."""
_TONIC_64 = {"major": RomanNumeral(1, 0, "", CADENTIAL.figures), "minor": RomanNumeral(1, 0, "m", CADENTIAL.figures)}
_C = {mode: Key(PitchName(0), mode) for mode in (*MODES, "locrian")}
"""Numerals are named above C: they depend on places above the tonic alone."""


class _Place(NamedTuple):
    """Where notes lie on the line of fifths from the tonic; all that a numeral depends on beside the mode."""

    bits: int
    bass: int  # fifths above the tonic
    root: int | None  # the same, where it is known


class _Tables(NamedTuple):
    numerals: tuple[RomanNumeral, ...]
    roots: tuple[int, ...]  # pitch classes above the tonic
    spelled: dict[tuple[int, int], tuple[int, ...]]  # (bits, bass) on the line of fifths -> numerals
    sounding: dict[tuple[int, int], tuple[int, ...]]  # (pitch-class mask, bass) -> numerals


def _inversions(numeral: str) -> Iterator[str]:
    """ "V7" -> V7 V65 V43 V42; what has brackets or a ninth stays in root position."""
    if numeral.endswith("]") or numeral[-1] == "9":
        yield numeral
    elif numeral[-1] == "7":
        yield from (numeral[:-1] + figures for figures in _INVERSIONS[4])
    else:
        yield from (numeral + figures for figures in _INVERSIONS[3])


def vocabulary(mode: str) -> tuple[RomanNumeral, ...]:
    """All usual numerals of major or minor (other modes: what their third is nearer to) with their inversions.

    The preferred stand first.
    """
    return _tables(major_or_minor(mode)).numerals


def _texts(mode: str) -> Iterator[str]:
    for numeral in _OWN[mode].split():
        yield from _inversions(numeral)
    yield from _SIXTHS
    yield "N6"
    for numeral in _MIXED[mode].split():
        yield from _inversions(numeral)
    for target in _TONICIZED[mode] + _FARTHER[mode]:
        for numeral in _APPLIED.split():
            yield from (f"{text}/{target}" for text in _inversions(numeral))
    for numeral in _LAST.split():
        yield from _inversions(numeral)
    for target in _TONICIZED[mode]:
        yield from (f"{text}/{target}" for text in _SIXTHS)


@lru_cache(maxsize=2)
def _tables(mode: str) -> _Tables:
    key = Key(PitchName(0), mode)
    numerals: list[RomanNumeral] = []
    roots: list[int] = []
    spelled: dict[tuple[int, int], tuple[int, ...]] = {}
    sounding: dict[tuple[int, int], tuple[int, ...]] = {}
    for text in _texts(mode):
        numeral = parse_roman(text)
        notes, bass = numeral.notes(key), numeral.bass(key)
        index = len(numerals)
        numerals.append(numeral)
        roots.append(numeral.root(key).pitch_class)
        place = sum({1 << n.fifths + _CENTRE for n in notes}), bass.fifths
        spelled[place] = (*spelled.get(place, ()), index)
        sound = sum({1 << n.pitch_class for n in notes}), bass.pitch_class
        sounding[sound] = (*sounding.get(sound, ()), index)
    return _Tables(tuple(numerals), tuple(roots), spelled, sounding)


def roman_of(
    sounding: Chord | Iterable[PitchName | Pitch], key: Key, *, following: Chord | None = None, chart: bool = False
) -> RomanNumeral:
    """The Roman numeral of a chord, or of notes (the first the lowest), in a key.

    With `following`, the chord behind it, an applied chord is preferred where it resolves (C7 to F in C minor's V7/iv,
    C major before F minor V/iv) and a tonic six-four before the dominant is Cad64. With `chart` as lead sheets write
    it. Raises MusicError where there is no note.
    """
    place = _place(sounding, key)
    if chart:
        return _chart(sounding, place, key)
    numerals = _readings(place, key.mode)
    return numerals[0] if following is None else _resolving(numerals, place, key, following)


def romans_of(sounding: Chord | Iterable[PitchName | Pitch], key: Key) -> tuple[RomanNumeral, ...]:
    """All readings that the vocabulary has for exactly these notes, the preferred first; one at least."""
    return _readings(_place(sounding, key), key.mode)


def _place(sounding: Chord | Iterable[PitchName | Pitch], key: Key) -> _Place:
    tonic = _FIFTHS[key.tonic]
    if isinstance(sounding, Chord):
        root = _FIFTHS[sounding.root] - tonic
        bits = _kind_bits(sounding.quality, sounding.intervals, sounding.__dict__.get("steps")) << root + _CENTRE
        if sounding.bass is None:
            return _Place(bits >> _CENTRE, root, root)
        bass = _FIFTHS[sounding.bass] - tonic
        return _Place(bits >> _CENTRE | 1 << bass + _CENTRE, bass, root)
    notes = [_FIFTHS[n.name if isinstance(n, Pitch) else n] for n in sounding]
    if not notes:
        raise MusicError("no notes have no Roman numeral: give one note at least, the lowest first")
    bits, shift = 0, _CENTRE - tonic
    for note in notes:
        bits |= 1 << note + shift
    return _Place(bits, notes[0] - tonic, None)


@lru_cache(maxsize=1024)
def _kind_bits(quality: str, intervals: tuple[int, ...], steps: tuple[int, ...] | None) -> int:
    """A chord's notes on the line of fifths above its root."""
    pairs = zip(steps or steps_of(quality, intervals), intervals, strict=True)
    return sum({1 << PitchName(0).up(s, i).fifths + _CENTRE for s, i in pairs})


@lru_cache(maxsize=32768)
def _readings(place: _Place, mode: str) -> tuple[RomanNumeral, ...]:
    notes = [f - _CENTRE for f in range(place.bits.bit_length()) if place.bits >> f & 1]
    if mode in ("major", "minor", "ionian", "aeolian"):
        tables = _tables(major_or_minor(mode))
        indexes = tables.spelled.get((place.bits, place.bass))
        root = None if place.root is None else place.root * 7 % 12
        spelled = indexes is not None
        if indexes is None:
            mask = sum({1 << f * 7 % 12 for f in notes})
            indexes = tables.sounding.get((mask, place.bass * 7 % 12), ())
            if root is not None and (mask >> root | mask << (12 - root)) & 4095 in _SYMMETRIC:
                root = None
        numerals = tuple(
            tables.numerals[i]
            for i in indexes
            if root is None or tables.roots[i] == root or (spelled and tables.numerals[i].name in AUGMENTED_SIXTHS)
        )
        if numerals:
            return numerals
    return (_written_out([of_fifths(f) for f in notes], place, mode),)


def _written_out(notes: list[PitchName], place: _Place, mode: str) -> RomanNumeral:
    """On the root that is known, else on the one that needs fewest brackets, the bass before the others."""
    tonic, bass = PitchName(0), of_fifths(place.bass)
    roots = [bass, *(n for n in notes if n != bass)] if place.root is None else [of_fifths(place.root)]
    numerals = []
    for root in roots:
        above = frozenset(_above(root, n) for n in notes)
        numerals.append(written(_above(tonic, root), above, _above(root, bass), mode))
    return min(numerals, key=lambda n: len(n.changes))


def _above(low: PitchName, high: PitchName) -> tuple[int, int]:
    return (high.letter - low.letter) % 7, (high.pitch_class - low.pitch_class) % 12


def _chart(sounding: Chord | Iterable[PitchName | Pitch], place: _Place, key: Key) -> RomanNumeral:
    chord = sounding if isinstance(sounding, Chord) else _readings(place, key.mode)[0].chord(key)
    bass = (chord.bass.letter - chord.root.letter) % 7 if chord.bass in chord.notes and chord.bass else None
    return chart_numeral(_above(key.tonic, chord.root), chord.quality, bass)


def _resolving(numerals: tuple[RomanNumeral, ...], place: _Place, key: Key, following: Chord) -> RomanNumeral:
    """The reading that the chord behind it bears out."""
    first, tonic = numerals[0], key.tonic.pitch_class
    goal = (following.root.pitch_class - tonic) % 12
    major, bass = 4 in following.intervals, (following.bass_pitch_class - tonic) % 12
    dominant = goal == 7 and major
    if first == _TONIC_64[major_or_minor(key.mode)] and dominant and bass == 7:
        return CADENTIAL
    if (dominant or (goal == 0 and bass == 7)) and not first.name:  # Ab7 before G, spelled with Gb
        mask = sum({1 << (f - _CENTRE) * 7 % 12 for f in range(place.bits.bit_length()) if place.bits >> f & 1})
        tables = _tables(major_or_minor(key.mode))
        for index in tables.sounding.get((mask, place.bass * 7 % 12), ()):
            if tables.numerals[index].name in AUGMENTED_SIXTHS and not tables.numerals[index].of:
                return tables.numerals[index]
    resolving = [n for n in numerals if n.of and n.of.root(_C[key.mode]).pitch_class == goal]
    if first.of:
        own = [n for n in numerals if not n.of]  # a common-tone diminished seventh: #iio7 to I
        return (resolving or (own if goal == 0 else []) or [first])[0]
    diatonic = all(n.pitch_class in _C[key.mode].scale.pitch_classes for n in first.notes(_C[key.mode]))
    return first if diatonic or not resolving else resolving[0]
