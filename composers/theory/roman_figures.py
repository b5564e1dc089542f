"""Figured bass: the numbers behind a Roman numeral, read, completed and brought to their shortest form.

Numbers count letters above the bass, 1 being the bass itself. Shorthands as in every harmony book (Kostka & Payne;
Aldwell & Schachter): nothing or 5 is 5 3, 6 is 6 3, 7 is 7 5 3, 65 is 6 5 3, 43 is 6 4 3, 42 or 2 is 6 4 2. Pure.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

_SHORT: dict[tuple[int, ...], tuple[int, ...]] = {
    (): (5, 3), (5,): (5, 3), (3,): (5, 3), (4,): (5, 4), (6,): (6, 3), (7,): (7, 5, 3), (7, 5): (7, 5, 3),
    (7, 3): (7, 5, 3), (9,): (9, 7, 5, 3), (9, 7): (9, 7, 5, 3), (11,): (11, 9, 7, 5, 3), (13,): (13, 11, 9, 7, 5, 3),
    (6, 5): (6, 5, 3), (4, 3): (6, 4, 3), (4, 2): (6, 4, 2), (2,): (6, 4, 2),
}  # fmt: skip
_SHORTEST = {
    (5, 3): (), (5, 4): (5, 4), (6, 3): (6,), (7, 5, 3): (7,), (9, 7, 5, 3): (9,), (11, 9, 7, 5, 3): (11,),
    (13, 11, 9, 7, 5, 3): (13,), (6, 5, 3): (6, 5), (6, 4, 3): (4, 3), (6, 4, 2): (4, 2),
}  # fmt: skip
_ROOTS = {
    (6, 3): 6, (6, 4): 4,
    (6, 5, 3): 6, (6, 4, 3): 4, (6, 4, 2): 2,
    (7, 6, 5, 3): 6, (6, 5, 4, 3): 4, (6, 4, 3, 2): 2,
}  # fmt: skip
"""Where the root lies above the bass in inversions of triads, sevenths and ninths; in all others the bass is it."""
_ADDED = {1: 1, 3: 3, 5: 5, 7: 7, 2: 9, 4: 11, 6: 13}


class Figure(NamedTuple):
    """A number above the bass and the semitones by which its accidentals move it."""

    number: int
    alter: int = 0

    def __str__(self) -> str:
        return signs(self.alter) + str(self.number)


class Figures(NamedTuple):
    """Figures in full.

    above      all of them, the highest number first
    root       where the root lies above the bass: 1 is the bass
    members    (member of the chord 1, 3, 5, 7, 9, ..., its figure's alteration or None), from the bass up
    """

    above: tuple[Figure, ...]
    root: int
    members: tuple[tuple[int, int | None], ...]

    @property
    def inversion(self) -> int:
        """0 with the root in the bass, 1 the third, 2 the fifth, 3 the seventh."""
        return {1: 0, 6: 1, 4: 2, 2: 3}[self.root]


def signs(alter: int) -> str:
    """ "##" for 2, "b" for -1."""
    return "#" * alter if alter > 0 else "b" * -alter


@lru_cache(maxsize=1024)
def complete(written: tuple[Figure, ...]) -> Figures:
    """What figures, in any order, stand for."""
    alters = {f.number: f.alter for f in written}
    numbers = tuple(sorted(alters, reverse=True))
    numbers = _SHORT.get(numbers, numbers)
    if numbers[0] in (9, 11, 13) and not {2, 4, 6} & set(numbers):  # 9 5, b9 7 and the like: all thirds below
        numbers = tuple(range(numbers[0], 1, -2))
    root = _ROOTS.get(numbers, 1)
    members = []
    for number in (1, *reversed(numbers)):
        member = (number - root) % 7 + 1 if root > 1 else number
        alter = alters.get(number)
        members.append((_ADDED[member] if root > 1 else member, alter or None))
    return Figures(tuple(Figure(n, alters.get(n, 0)) for n in numbers), root, tuple(members))


@lru_cache(maxsize=1024)
def shortest(written: tuple[Figure, ...]) -> tuple[Figure, ...]:
    """The usual shorthand of the same: (6, 5, 3) becomes 6 5; what is altered stays."""
    full = complete(written).above
    needed = _SHORTEST.get(tuple(f.number for f in full), ())
    short = tuple(f for f in full if f.alter or f.number in needed)
    return short if complete(short).above == full else full
