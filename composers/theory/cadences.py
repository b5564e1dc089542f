"""Cadences in a row of Roman numerals.

Kinds and conditions after Kostka & Payne, Tonal Harmony (authentic, half, deceptive, plagal, Phrygian), evasion after
Schmalfeldt ("one more time": after the cadential dominant the tonic comes in inversion), the backdoor after Levine.
Where phrases end decides between a cadence and a passing dominant: give it when it is known. Pure; any thread.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from composers.theory.functions import Source, function_of
from composers.theory.pitch import PitchName
from composers.theory.roman_numeral import RomanNumeral
from composers.theory.roman_stacks import major_or_minor
from composers.theory.scales import Key


class Kind(StrEnum):
    """Kinds of cadences."""

    PERFECT = "perfect authentic"
    IMPERFECT = "imperfect authentic"
    AUTHENTIC = "authentic"
    """V-I in root position, but nobody said what the soprano has."""
    HALF = "half"
    PHRYGIAN = "Phrygian half"
    DECEPTIVE = "deceptive"
    PLAGAL = "plagal"
    BACKDOOR = "backdoor"
    EVADED = "evaded"


class Moment(NamedTuple):
    """A harmony in time.

    strength  of its beat, 0..1: 1 the first of the bar, 0.5 the middle, 0.25 other beats, less off the beat
    soprano   scale degree 1..7 of the highest voice, where it is known
    """

    roman: RomanNumeral
    strength: float = 1.0
    soprano: int | None = None


@dataclass(frozen=True, slots=True)
class Cadence:
    """Where it arrives.

    kind      see Kind
    index     of the harmony that ends it (in a half cadence the dominant)
    approach  of the harmony before that it comes from
    of        the numeral in whose key it stands, where that is not the home key
    """

    kind: Kind
    index: int
    approach: int
    of: RomanNumeral | None = None


_C = {mode: Key(PitchName(0), mode) for mode in ("major", "minor")}


class _Place(NamedTuple):
    """A harmony in the key in which it stands; a cadential six-four counts to its dominant."""

    root: int
    bass: int
    has: frozenset[int]
    of: RomanNumeral | None
    cadential: bool

    @property
    def dominant(self) -> bool:
        return self.root == 7 and (4 in self.has or self.cadential)

    @property
    def in_root_position(self) -> bool:
        return self.bass == self.root

    @property
    def tonic(self) -> bool:
        return self.root == 0 and bool(self.has & {3, 4}) and 10 not in self.has


class _Run(NamedTuple):
    """Neighbours on one root: the first and last index."""

    first: int
    last: int


def cadences(
    moments: Sequence[Moment], mode: str = "major", ends: Collection[int] | None = None
) -> tuple[Cadence, ...]:
    """All cadences in a row of harmonies of one key, `mode` "major" or "minor", in order.

    `ends` are the indexes of the harmonies that end phrases: cadences close there (an evaded one does not, a deceptive
    one may stand before). Without it the last harmony ends one, and a dominant in root position that goes to a tonic in
    root position on no weaker a beat is taken for a cadence wherever it stands.
    """
    mode = major_or_minor(mode)
    places = [
        _place(m.roman, after.roman if after else None, mode)
        for m, after in zip(moments, [*moments[1:], None], strict=True)
    ]
    final = {len(moments) - 1} if ends is None else set(ends)
    runs = _runs(places)
    found = []
    for number, run in enumerate(runs):
        before = runs[number - 1] if number else None
        at_end = any(run.first <= end <= run.last for end in final)
        if before is None:
            kind = Kind.HALF if at_end and places[run.last].dominant and run.last > run.first else None
            approach = run.first
        else:
            firm = at_end or (ends is None and moments[run.first].strength >= moments[before.last].strength)
            kind = _arrival(places, moments, before, run, firm=firm, at_end=at_end)
            approach = before.last
        if kind is not None:
            index = run.last if kind in (Kind.HALF, Kind.PHRYGIAN) else run.first
            found.append(Cadence(kind, index, approach, _key_of(places, before, run, kind)))
    return tuple(found)


def _place(roman: RomanNumeral, following: RomanNumeral | None, mode: str) -> _Place:
    key = _C[mode]
    local = roman.key_of(key)
    tonic = local.tonic.pitch_class
    has = frozenset(i % 12 for i in roman.kind(mode).intervals)
    goal = following if following and following.of == roman.of and following.degree == 5 else None
    label = function_of(replace(roman, of=None), local.mode, replace(goal, of=None) if goal else None)
    if label.source is Source.CADENTIAL:
        return _Place(7, 7, has, roman.of, True)
    if roman.of and following and function_of(roman, mode, following).source is Source.BACKDOOR:
        return _Place(10, roman.bass(key).pitch_class, has, None, False)
    root = (roman.root(key).pitch_class - tonic) % 12
    return _Place(root, (roman.bass(key).pitch_class - tonic) % 12, has, roman.of, False)


def _runs(places: Sequence[_Place]) -> list[_Run]:
    runs: list[_Run] = []
    for index, here in enumerate(places):
        last = places[index - 1] if runs else None
        same = last is not None and (last.root, last.of) == (here.root, here.of)
        if last and same and (last.cadential or (3 in last.has) == (3 in here.has)):
            runs[-1] = _Run(runs[-1].first, index)
        else:
            runs.append(_Run(index, index))
    return runs


def _arrival(
    places: Sequence[_Place], moments: Sequence[Moment], before: _Run, run: _Run, *, firm: bool, at_end: bool
) -> Kind | None:
    """The kind of cadence that `run` makes behind `before`, if it makes one."""
    last, here = places[before.last], places[run.first]
    roman, soprano = moments[run.first].roman, moments[run.first].soprano
    tonicized = here.of is None and last.of is not None and _same_chord(last.of, roman)
    if here.dominant and at_end:
        phrygian = last.root == 5 and 3 in last.has and last.bass == 8 and last.of == here.of
        return Kind.PHRYGIAN if phrygian else Kind.HALF
    if last.of != here.of and not (tonicized and at_end):
        return None
    prepared = any(places[i].cadential for i in range(before.first, before.last + 1))
    if here.tonic or tonicized:
        if last.dominant and last.in_root_position and here.in_root_position:
            if not firm:
                return None
            first = roman.degree if tonicized else 1
            return Kind.AUTHENTIC if soprano is None else Kind.PERFECT if soprano == first else Kind.IMPERFECT
        if prepared and last.dominant and not at_end:
            return Kind.EVADED
        return _weaker(last, firm=firm, at_end=at_end)
    if last.dominant and last.in_root_position:
        if here.root in (8, 9) and here.in_root_position and firm:
            return Kind.DECEPTIVE
        if here.root == 5 and here.bass in (8, 9) and (at_end or prepared):
            return Kind.DECEPTIVE
    return None


def _weaker(last: _Place, *, firm: bool, at_end: bool) -> Kind | None:
    """Cadences to the tonic without the dominant's root in the bass of the one and the tonic's in the other."""
    if firm and {4, 10} <= last.has and last.root in (1, 10):
        return Kind.BACKDOOR if last.root == 10 else Kind.IMPERFECT  # a tritone substitute
    if not at_end:
        return None
    if last.dominant or (last.root == 11 and 6 in last.has):
        return Kind.IMPERFECT
    return Kind.PLAGAL if last.root == 5 and last.has & {3, 4} else None


def _same_chord(tonic: RomanNumeral, roman: RomanNumeral) -> bool:
    return (tonic.degree, tonic.accidental, tonic.of) == (roman.degree, roman.accidental, roman.of)


def _key_of(places: Sequence[_Place], before: _Run | None, run: _Run, kind: Kind) -> RomanNumeral | None:
    """The numeral that is tonic there; a half cadence stands in the key of its dominant."""
    here = places[run.first].of
    if here is not None or before is None or kind in (Kind.HALF, Kind.PHRYGIAN):
        return here
    return places[before.last].of
