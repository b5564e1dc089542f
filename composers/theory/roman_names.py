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
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from composers.errors import MusicError
from composers.theory.chords import Chord
from composers.theory.pitch import Pitch, PitchName
from composers.theory.roman_figures import Figure
from composers.theory.roman_numeral import AUGMENTED_SIXTHS, RomanNumeral
from composers.theory.roman_reading import parse_roman
from composers.theory.roman_written import chart_numeral, written
from composers.theory.scales import Key

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
_LOWEST = 24
"""Bit of the tonic on the line of fifths; 24 fifths below it reach a third below seven flats' flattest spellings."""
_BIT = {PitchName(letter, alter): 1 << (PitchName(letter, alter).fifths + 2 * _LOWEST)
        for letter in range(7) for alter in range(-4, 5)}  # fmt: skip
_SYMMETRIC = frozenset({0b001001001001, 0b000100010001})
"""A diminished seventh and an augmented triad on 0: any of their notes can be the root."""


class Spelled(NamedTuple):
    """Notes and the lowest of them; the root where it is known."""

    notes: tuple[PitchName, ...]
    bass: PitchName
    root: PitchName | None = None


class _Tables(NamedTuple):
    numerals: tuple[RomanNumeral, ...]
    roots: tuple[int, ...]  # pitch classes above the tonic
    spelled: dict[tuple[int, int], tuple[int, ...]]  # (bits on the line of fifths, bass bit) -> numerals
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
    """All usual numerals of a mode ("major" or "minor") with their inversions, the preferred first."""
    return _tables(mode).numerals


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
        place = _bits(notes), _BIT[bass]
        spelled[place] = (*spelled.get(place, ()), index)
        sound = sum({1 << n.pitch_class for n in notes}), bass.pitch_class
        sounding[sound] = (*sounding.get(sound, ()), index)
    return _Tables(tuple(numerals), tuple(roots), spelled, sounding)


def _bits(notes: Iterable[PitchName]) -> int:
    mask = 0
    for note in notes:
        mask |= _BIT[note]
    return mask


def roman_of(
    sounding: Chord | Iterable[PitchName | Pitch], key: Key, *, following: Chord | None = None, chart: bool = False
) -> RomanNumeral:
    """The Roman numeral of a chord, or of notes (the first the lowest), in a key.

    With `following`, the chord behind it, an applied chord is preferred where it resolves (C7 to F in C minor's V7/iv,
    C major before F minor V/iv) and a tonic six-four before the dominant is Cad64. With `chart` as lead sheets write
    it. Raises MusicError where there is no note.
    """
    found = _spelled(sounding)
    if chart:
        return _chart(sounding, found, key)
    numerals = _readings(found, key)
    return numerals[0] if following is None else _resolving(numerals, found, key, following)


def romans_of(sounding: Chord | Iterable[PitchName | Pitch], key: Key) -> tuple[RomanNumeral, ...]:
    """All readings that the vocabulary has for exactly these notes, the preferred first; one at least."""
    return _readings(_spelled(sounding), key)


def _spelled(sounding: Chord | Iterable[PitchName | Pitch]) -> Spelled:
    if isinstance(sounding, Chord):
        return Spelled(sounding.notes, sounding.bass or sounding.root, sounding.root)
    notes = tuple(n.name if isinstance(n, Pitch) else n for n in sounding)
    if not notes:
        raise MusicError("no notes have no Roman numeral: give one note at least, the lowest first")
    return Spelled(notes, notes[0])


def _readings(found: Spelled, key: Key) -> tuple[RomanNumeral, ...]:
    notes = (*found.notes, found.bass) if found.bass not in found.notes else found.notes
    if key.mode in ("major", "minor", "ionian", "aeolian"):
        tables = _tables("major" if key.mode in ("major", "ionian") else "minor")
        shift = key.tonic.fifths
        mask, bass = _bits(notes), _BIT[found.bass]
        place = (mask >> shift, bass >> shift) if shift >= 0 else (mask << -shift, bass << -shift)
        indexes = tables.spelled.get(place)
        tonic = key.tonic.pitch_class
        root = None if found.root is None else (found.root.pitch_class - tonic) % 12
        if indexes is None:
            sound = sum({1 << (n.pitch_class - tonic) % 12 for n in notes}), (found.bass.pitch_class - tonic) % 12
            indexes = tables.sounding.get(sound, ())
            if root is not None and _on(sound[0], root) in _SYMMETRIC:
                root = None
            spelled = False
        else:
            spelled = True
        numerals = tuple(
            tables.numerals[i]
            for i in indexes
            if root is None or tables.roots[i] == root or (spelled and tables.numerals[i].name in AUGMENTED_SIXTHS)
        )
        if numerals:
            return numerals
    return (_written_out(notes, found, key),)


def _on(mask: int, root: int) -> int:
    return (mask >> root | mask << (12 - root)) & 4095


def _written_out(notes: tuple[PitchName, ...], found: Spelled, key: Key) -> RomanNumeral:
    """On the root that is known, else on the one that needs fewest brackets, the bass before the others."""
    roots = [found.root] if found.root else [found.bass, *(n for n in notes if n != found.bass)]
    numerals = []
    for root in roots:
        above = frozenset(_above(root, n) for n in notes)
        numerals.append(written(_above(key.tonic, root), above, _above(root, found.bass), key.mode))
    return min(numerals, key=lambda n: len(n.changes) + 3 * (n.inversion > 3))


def _above(low: PitchName, high: PitchName) -> tuple[int, int]:
    return (high.letter - low.letter) % 7, (high.pitch_class - low.pitch_class) % 12


def _chart(sounding: Chord | Iterable[PitchName | Pitch], found: Spelled, key: Key) -> RomanNumeral:
    if not isinstance(sounding, Chord):
        numeral = _readings(found, key)[0]
        sounding = numeral.chord(key)
    bass = (sounding.bass.letter - sounding.root.letter) % 7 if sounding.bass in sounding.notes else None
    return chart_numeral(_above(key.tonic, sounding.root), sounding.quality, bass)


def _resolving(
    numerals: tuple[RomanNumeral, ...], found: Spelled, key: Key, following: Chord
) -> RomanNumeral:
    """What suits the chord behind it."""
    first = numerals[0]
    goal, dominant = following.root.pitch_class, (key.tonic.pitch_class + 7) % 12
    tonic_64 = first.degree == 1 and first.inversion == 2 and not (first.of or first.accidental or first.changes)
    if tonic_64 and goal == dominant and 4 in following.intervals and len(first.figures) == 2:
        same_bass = (following.bass or following.root).pitch_class == found.bass.pitch_class
        if same_bass and first.quality == ("m" if key.mode in ("minor", "aeolian") else ""):
            return RomanNumeral(1, 0, "", (Figure(6), Figure(4)), name="Cad")
    if first.of is None:
        own = first.root(key).pitch_class in key.scale.pitch_classes
        for numeral in numerals[1:]:
            if numeral.of and numeral.of.root(key).pitch_class == goal and not (own and _diatonic(first, key)):
                return numeral
    else:
        for numeral in numerals:
            if numeral.of and numeral.of.root(key).pitch_class == goal:
                return replace(numeral)
    return first


def _diatonic(numeral: RomanNumeral, key: Key) -> bool:
    return all(n.pitch_class in key.scale.pitch_classes for n in numeral.notes(key))
