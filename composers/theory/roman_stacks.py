"""What a Roman numeral sounds in a mode: its root in the scale and its notes above the root."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from composers.theory.chord_kinds import QUALITIES, ChordKind, kind_of, read_kind
from composers.theory.chords import Chord
from composers.theory.pitch import PitchName
from composers.theory.roman_figures import complete
from composers.theory.scales import SCALES

if TYPE_CHECKING:
    from composers.theory.roman_numeral import RomanNumeral

_MAJOR = SCALES["major"]
_FIFTHS = {"": (4, 7, None), "m": (3, 7, None), "o": (3, 6, None), "+": (4, 8, None), "o7": (3, 6, 9),
           "m7b5": (3, 6, 10), "7": (4, 7, 10), "maj7": (4, 7, 11), "m(maj7)": (3, 7, 11), "maj7#5": (4, 8, 11)}
"""Third, fifth and, where it is said, seventh in semitones."""
_RAISED = frozenset({"m", "o", "o7", "m7b5", "m(maj7)"})
_SIXTHS = {"It": ((0, 0), (2, 2), (4, 6)), "Ger": ((0, 0), (2, 2), (4, 6), (6, 9)),
           "Fr": ((0, 0), (2, 4), (4, 6), (6, 10)), "Sw": ((0, 0), (2, 3), (4, 5), (6, 9))}
"""Augmented sixths from their theoretical roots, (letters, semitones): thirds stacked on #4, #4, 2 and #2."""


class Stack(NamedTuple):
    """A chord above a tonic that is not said.

    root_steps, root_semitones  its root above the tonic
    steps, semitones            its notes above the root, ascending in semitones
    bass                        (steps, semitones) of the lowest above the root
    symbol                      (steps, semitones) of the chord symbol's root above the root
    """

    root_steps: int
    root_semitones: int
    steps: tuple[int, ...]
    semitones: tuple[int, ...]
    bass: tuple[int, int]
    symbol: tuple[int, int]


@lru_cache(maxsize=16384)
def stack(roman: RomanNumeral, mode: str) -> Stack:
    """The numeral without its `of` in a scale of the mode, by name in SCALES."""
    if roman.chart:
        return _chart(roman)
    scale = SCALES[mode]
    root = _root(roman, mode, scale)
    index = roman.degree - 1

    def of_key(number: int) -> int:
        place = index + number - 1
        return scale[place % 7] + 12 * (place // 7) - root

    full = complete(roman.figures)
    members: dict[int, tuple[int, int]] = {}
    sixth = dict(zip((1, 3, 5, 7), _SIXTHS[roman.name], strict=False)) if roman.name in _SIXTHS else None
    quality = "m" if roman.name == "Cad" and scale[2] == 3 else roman.quality
    said = dict(zip((3, 5, 7), _FIFTHS[quality], strict=True))
    for member, alter in full.members:
        if sixth is not None and member in sixth:
            members[member] = (sixth[member][0], sixth[member][1] + (alter or 0))
            continue
        semitones = 0 if member == 1 else of_key(member)
        if alter is not None:
            semitones = _altered(member, semitones, alter)
        elif said.get(member) is not None:
            semitones = said[member] or 0
        elif member == 7 and quality == "m" and semitones == 11:
            semitones = 10  # i7 and iv7 in major: a minor seventh, Kostka & Payne's mixture
        members[member] = (member - 1, semitones)
    for change in roman.changes:
        if not change.what:
            for member in (change.number, change.number + 7, change.number - 7):
                if member in members:
                    steps, semitones = members[member]
                    members[member] = (steps, _altered(member, semitones, change.alter))
                    break
    bass = members[full.members[0][0]]
    for change in roman.changes:
        if change.what == "no":
            members = {m: n for m, n in members.items() if (m - change.number) % 7}
    added = [(c.number - 1, of_key(c.number) + c.alter) for c in roman.changes if c.what == "add"]
    notes = {n[0] % 7 * 100 + n[1] % 12: n for n in (*members.values(), *added)}
    if bass not in notes.values() and notes:
        above = [((s - bass[0]) % 7, n) for s, n in ((n[0], n) for n in notes.values())]
        bass = min(above)[1]
    ordered = sorted(notes.values(), key=lambda n: (n[1], n[0]))
    symbol = (0, 0)
    if roman.name in _SIXTHS:
        symbol = (5 - roman.degree + 1, 8 - root)
    return Stack(index, root, tuple(s for s, _ in ordered), tuple(i for _, i in ordered), bass, symbol)


def _altered(member: int, semitones: int, alter: int) -> int:
    """A note of the key altered; tensions as chord symbols have them, against the major scale of the root.

    So b9 is a minor ninth also where the key has one: V9[b9] stands in many analyses of minor keys.
    """
    return 12 + _MAJOR[member - 8] + alter if member in (9, 11, 13) else semitones + alter


def _root(roman: RomanNumeral, mode: str, scale: tuple[int, ...]) -> int:
    """Semitones above the tonic, see the module of the value for sixth and seventh in minor."""
    if roman.name == "N":
        return 1
    natural, accidental = scale[roman.degree - 1], roman.accidental
    if roman.name or mode not in ("minor", "aeolian") or roman.degree < 6:
        return natural + accidental
    if accidental == 0:
        return natural + (roman.quality in _RAISED)
    return natural + accidental + (accidental < 0)


def _chart(roman: RomanNumeral) -> Stack:
    kind = kind_of(roman.quality)
    bass = (0, 0)
    if roman.figures:
        wanted = roman.figures[0].number - 1
        bass = next(((s, i) for s, i in zip(kind.steps, kind.intervals, strict=True) if s % 7 == wanted % 7), (0, 0))
    return Stack(roman.degree - 1, _MAJOR[roman.degree - 1] + roman.accidental, kind.steps, kind.intervals, bass,
                 (0, 0))  # fmt: skip


def chart_suffix(quality: str) -> str:
    """The suffix behind a numeral whose case says minor already: "m7" is "7", "m7b5" is "ø7"."""
    if quality.startswith("m7b5"):
        return "ø7" + quality[4:]
    return quality[1:] if quality.startswith("m") and not quality.startswith("maj") else quality


@lru_cache(maxsize=16384)
def kind(found: Stack) -> ChordKind:
    """Its chord on no root: the kind of the catalogue with these notes, else the nearest with add and no."""
    base = found.symbol
    notes = sorted((((i - base[1]) % 12 if base != (0, 0) else i), (s - base[0]) % 7 if base != (0, 0) else s)
                   for s, i in zip(found.steps, found.semitones, strict=True))
    return _named(tuple(i for i, _ in notes), tuple(s for _, s in notes))


@lru_cache(maxsize=1)
def _catalogue() -> dict[frozenset[tuple[int, int]], ChordKind]:
    """(letters, semitones) in the octave -> kind, the more usual first."""
    found: dict[frozenset[tuple[int, int]], ChordKind] = {}
    for suffix in (*QUALITIES, *(q + n for q in QUALITIES[:30] for n in ("no5", "no3"))):
        one, end = read_kind(suffix)
        if one is not None and end == len(suffix):
            found.setdefault(_octave(one.steps, one.intervals), one)
    return found


def _octave(steps: tuple[int, ...], intervals: tuple[int, ...]) -> frozenset[tuple[int, int]]:
    return frozenset((s % 7, i % 12) for s, i in zip(steps, intervals, strict=True))


def _named(intervals: tuple[int, ...], steps: tuple[int, ...]) -> ChordKind:
    """The kind with these notes; where the catalogue has none, what a symbol would say: "7no5addb6"."""
    notes = _octave(steps, intervals)
    known = _catalogue()
    if notes in known:
        return known[notes]
    if (sounds := frozenset(i % 12 for i in intervals)) and len(sounds) == len(notes):
        for one in known.values():
            if frozenset(i % 12 for i in one.intervals) == sounds:
                return ChordKind(one.quality, intervals, steps)
    best, left, more = min(
        ((one, k - notes, notes - k) for k, one in known.items() if one in known.values()),
        key=lambda c: (len(c[1]) + len(c[2]), len(c[1])),
    )
    adds = "".join("add" + _degree_name(s, i) for s, i in sorted(more))
    noes = "".join("no" + str(s + 1) for s, _ in sorted(left))
    text = best.quality + adds + noes
    one_, end = read_kind(text)
    if one_ is not None and end == len(text) and _octave(one_.steps, one_.intervals) == notes:
        return one_
    return ChordKind(text, intervals, steps)


def _degree_name(step: int, interval: int) -> str:
    from_major = (interval - _MAJOR[step] + 6) % 12 - 6
    return ("#" * from_major if from_major > 0 else "b" * -from_major) + str(step + 1 if step > 1 or step == 0 else 9)


def chord_on(tonic: PitchName, found: Stack) -> Chord:
    """The chord symbol of a stack above a tonic."""
    one = kind(found)
    steps, semitones = found.symbol
    root = tonic.up(found.root_steps + steps, found.root_semitones + semitones)
    low = tonic.up(found.root_steps + found.bass[0], found.root_semitones + found.bass[1])
    chord = Chord(root, one.quality, one.intervals, None if low == root else low)
    chord.__dict__["steps"] = one.steps
    return chord
