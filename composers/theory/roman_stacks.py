"""What a Roman numeral sounds in a mode: its root in the scale and its notes above the root, without any key yet."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from composers.theory.chord_kinds import kind_of
from composers.theory.roman_figures import complete
from composers.theory.scales import SCALES

if TYPE_CHECKING:
    from composers.theory.roman_numeral import RomanNumeral

_MAJOR = SCALES["major"]
SAID: dict[str, tuple[int, int, int | None]] = {
    "": (4, 7, None), "m": (3, 7, None), "o": (3, 6, None), "+": (4, 8, None), "o7": (3, 6, 9), "m7b5": (3, 6, 10),
    "7": (4, 7, 10), "maj7": (4, 7, 11), "m(maj7)": (3, 7, 11), "maj7#5": (4, 8, 11),
}  # fmt: skip
"""Third, fifth and, where it is said, seventh that the case and sign of a figured numeral say, in semitones."""
RAISED = frozenset({"m", "o", "o7", "m7b5", "m(maj7)"})
"""Qualities that stand on the raised sixth and seventh degree of minor."""
SIXTHS: dict[str, tuple[tuple[int, int], ...]] = {
    "It": ((0, 0), (2, 2), (4, 6)), "Ger": ((0, 0), (2, 2), (4, 6), (6, 9)),
    "Fr": ((0, 0), (2, 4), (4, 6), (6, 10)), "Sw": ((0, 0), (2, 3), (4, 5), (6, 9)),
}  # fmt: skip
"""Augmented sixths as thirds stacked on the raised fourth, the fourth, the second and the raised second degree."""

Note = tuple[int, int]
"""(letters, semitones) above a root."""


class Stack(NamedTuple):
    """A chord above a tonic that is not said.

    root_steps, root_semitones  its root above the tonic
    steps, semitones            its notes above the root, ascending in semitones
    bass                        the lowest above the root
    symbol                      the root of its chord symbol above the root; (0, 0) but for augmented sixths
    """

    root_steps: int
    root_semitones: int
    steps: tuple[int, ...]
    semitones: tuple[int, ...]
    bass: Note
    symbol: Note = (0, 0)


def major_or_minor(mode: str) -> str:
    """Which of the two a mode by name in SCALES is nearer to: what its third says."""
    return "minor" if SCALES[mode][2] == 3 else "major"


def scale_mode(roman: RomanNumeral, local_mode: str) -> str:
    """The mode whose scale its figures and brackets count in: augmented sixths are minor's own."""
    return "minor" if roman.name in SIXTHS else local_mode


@lru_cache(maxsize=16384)
def stack(roman: RomanNumeral, mode: str) -> Stack:
    """The numeral without its `of` in a scale of the mode, by name in SCALES."""
    if roman.chart:
        return _chart(roman)
    scale = SCALES[mode]
    root = _root(roman, mode, scale)
    members = _members(roman, root, scale)
    for change in roman.changes:
        if not change.what:
            _alter(members, change.number, change.alter)
    bass = members[complete(roman.figures).members[0][0]]
    left_out = {(c.number - 1) % 7 for c in roman.changes if c.what == "no"}
    notes = {_in_octave(note): note for member, note in members.items() if (member - 1) % 7 not in left_out}
    for change in roman.changes:
        if change.what == "add":
            note = change.number - 1, _of_key(roman.degree, change.number, root, scale) + change.alter
            notes[_in_octave(note)] = note
    if (bass[0] % 7) in left_out and notes:  # the next above sounds lowest then
        bass = min(notes.values(), key=lambda note: (note[0] - bass[0]) % 7)
    ordered = sorted(notes.values(), key=lambda note: (note[1], note[0]))
    return Stack(
        roman.degree - 1,
        root,
        tuple(steps for steps, _ in ordered),
        tuple(semitones for _, semitones in ordered),
        bass,
        (6 - roman.degree, 8 - root) if roman.name in SIXTHS else (0, 0),
    )


def _members(roman: RomanNumeral, root: int, scale: tuple[int, ...]) -> dict[int, Note]:
    """What case, sign and figures name, by member: 1, 3, 5, ..., the lowest first."""
    sixth = dict(zip((1, 3, 5, 7), SIXTHS.get(roman.name, ()), strict=False))
    quality = "m" if roman.name == "Cad" and scale[2] == 3 else roman.quality
    said = dict(zip((3, 5, 7), SAID[quality], strict=True))
    members: dict[int, Note] = {}
    for member, alter in complete(roman.figures).members:
        if member in sixth:
            members[member] = sixth[member]
            if alter is not None:
                _alter(members, member, alter)
            continue
        semitones = 0 if member == 1 else _of_key(roman.degree, member, root, scale)
        fixed = said.get(member)
        if alter is not None:
            semitones = _altered(member, semitones, alter)
        elif fixed is not None:
            semitones = fixed
        elif member == 7 and quality == "m" and semitones == 11:
            semitones = 10  # i7 and iv7 in major: a minor seventh, Kostka & Payne's mixture
        members[member] = (member - 1, semitones)
    return members


def _of_key(degree: int, number: int, root: int, scale: tuple[int, ...]) -> int:
    """The key's note `number` letters above a degree, counted from 1, in semitones above the root."""
    octaves, place = divmod(degree + number - 2, 7)
    return scale[place] + 12 * octaves - root


def _alter(members: dict[int, Note], number: int, alter: int) -> None:
    """Move a member, in whatever octave the chord has it; a 9 in brackets is no 2."""
    member = next((m for m in (number, number + 7, number - 7) if m in members), None)
    if member is not None:
        steps, semitones = members[member]
        members[member] = steps, _altered(member, semitones, alter)


def _altered(member: int, semitones: int, alter: int) -> int:
    """A note of the key altered; tensions as chord symbols have them, against the major scale of the root.

    So b9 is a minor ninth also where the key has one: V9[b9] stands in many analyses of minor keys.
    """
    return 12 + _MAJOR[member - 8] + alter if member in (9, 11, 13) else semitones + alter


def _in_octave(note: Note) -> Note:
    return note[0] % 7, note[1] % 12


def _root(roman: RomanNumeral, mode: str, scale: tuple[int, ...]) -> int:
    """Semitones above the tonic, see roman_numeral for the sixth and seventh degree of minor."""
    if roman.name == "N":
        return 1
    natural, accidental = scale[roman.degree - 1], roman.accidental
    if roman.name or mode not in ("minor", "aeolian") or roman.degree < 6:
        return natural + accidental
    if accidental == 0:
        return natural + (roman.quality in RAISED)
    return natural + accidental + (accidental < 0)


def _chart(roman: RomanNumeral) -> Stack:
    kind = kind_of(roman.quality)
    bass = (0, 0)
    if roman.figures:
        wanted = (roman.figures[0].number - 1) % 7
        bass = next(n for n in zip(kind.steps, kind.intervals, strict=True) if n[0] % 7 == wanted)
    return Stack(roman.degree - 1, _MAJOR[roman.degree - 1] + roman.accidental, kind.steps, kind.intervals, bass)
