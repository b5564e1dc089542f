"""A guitar's neck: which chords a left hand can hold, where, and how well one grip follows another.

Sounding keys throughout. A grip covers neighbouring strings without a gap, so that a pick may sweep over it; fingers
reach over four frets, and a barre is one finger. Open strings and the shapes of E, A, D, G and C come out of the search
themselves, because they cost the hand least.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from composers.theory.chords import Chord

STRINGS = (40, 45, 50, 55, 59, 64)
"""The open strings in standard tuning, the lowest first."""
REACH = 3
"""Frets between the lowest and the highest finger."""
FINGERS = 4
LAST_FRET = 12
_LOWEST_THIRD = 57
"""Below this key distortion turns thirds to mud."""
_FULL_STRINGS = 4
_KEPT = 5


class Grip(NamedTuple):
    """Fingers on the neck.

    frets  of each string from the lowest, None: it is not struck; 0 is the open string (or the capo)
    keys   what the struck strings sound, from the lowest string up
    capo   the fret on which a capo lies
    """

    frets: tuple[int | None, ...]
    keys: tuple[int, ...]
    capo: int = 0

    @property
    def hand(self) -> int:
        """The lowest fret that a finger holds, 0 where all strings are open."""
        return min((fret for fret in self.frets if fret), default=0)

    @property
    def reach(self) -> int:
        """Frets from the lowest to the highest finger."""
        held = [fret for fret in self.frets if fret]
        return max(held) - min(held) if held else 0

    @property
    def fingers(self) -> int:
        """How many it takes: one lies flat over all strings at the lowest fret, if no open string is between them."""
        held = [fret for fret in self.frets if fret]
        if not held:
            return 0
        lowest = min(held)
        at = [index for index, fret in enumerate(self.frets) if fret == lowest]
        flat = len(at) > 1 and all(self.frets[i] != 0 for i in range(at[0], at[-1] + 1))
        return len(held) - (len(at) - 1 if flat else 0)

    @property
    def open_strings(self) -> int:
        return sum(fret == 0 for fret in self.frets)

    @property
    def playable(self) -> bool:
        """Whether a hand can hold it and a pick sweep over it."""
        struck = [index for index, fret in enumerate(self.frets) if fret is not None]
        gaps = struck and struck[-1] - struck[0] + 1 != len(struck)
        return bool(struck) and not gaps and self.reach <= REACH and self.fingers <= FINGERS


class Shape(NamedTuple):
    """What is asked of a grip.

    lowest, highest  strings that may be struck, 0..5
    least            strings that must be struck
    rooted           whether the bass lies lowest
    crunch           whether thirds must lie high enough for a distorted sound
    """

    lowest: int = 0
    highest: int = 5
    least: int = _FULL_STRINGS
    rooted: bool = True
    crunch: bool = False


FULL = Shape()
CRUNCH = Shape(crunch=True)
HIGH = Shape(lowest=2, least=3, rooted=False)
"""Three or four strings at the top: funk's and reggae's chords, and what is added to a fuller one."""


@lru_cache(maxsize=128)
def power_grip(root: int, fifth: int, *, low: int = STRINGS[0]) -> tuple[Grip, ...]:
    """Root, fifth and octave on the two lowest strings on which the root lies within twelve frets of the nut.

    root   pitch class; fifth: semitones above it (7, of a diminished chord 6, of an augmented one 8)
    low    key below which nothing is wanted
    """
    found = []
    for string in range(3):
        fret = (root - STRINGS[string]) % 12
        key = STRINGS[string] + fret
        if key < low:
            continue
        frets: list[int | None] = [None] * len(STRINGS)
        for above, interval in enumerate((0, fifth, 12)):
            frets[string + above] = key + interval - STRINGS[string + above]
        if not all(0 <= f <= LAST_FRET for f in frets if f is not None):
            continue
        grip = Grip(tuple(frets), (key, key + fifth, key + 12))
        if grip.playable:
            found.append(grip)
    return tuple(found)


def grips(chord: Chord, shape: Shape = FULL, capo: int = 0) -> tuple[Grip, ...]:
    """Ways to hold a chord, the easiest first; at most five, never none. Takes a millisecond, once a chord."""
    root = chord.root.pitch_class
    return _grips(root, chord.bass_pitch_class, chord.intervals, shape, capo)


@lru_cache(maxsize=2048)
def _grips(root: int, bass: int, intervals: tuple[int, ...], shape: Shape, capo: int) -> tuple[Grip, ...]:
    tones = [(root + i) % 12 for i in intervals]
    for needed, allowed, rooted in _demands(root, bass, intervals, shape):
        found = _search(frozenset(allowed), frozenset(needed), bass, rooted, shape, capo)
        if found:
            return tuple(sorted(found, key=lambda grip: (_cost(grip), grip.keys))[:_KEPT])
    return power_grip(root, 7 if (root + 7) % 12 in tones else tones[-1] - root) or power_grip(root, 7)


def _demands(root: int, bass: int, intervals: tuple[int, ...], shape: Shape) -> list[tuple[list[int], list[int], bool]]:
    """What must sound, what may, and whether the bass lies lowest: all there is first, then less and less."""
    classes = {i: (root + i) % 12 for i in intervals}
    inner = [c for i, c in classes.items() if i % 12 not in (0, 7)]
    colours = [c for i, c in classes.items() if i in (3, 4) or i in (9, 10, 11)] or inner
    allowed = [*classes.values(), bass]
    rows = [([*inner, root], allowed, shape.rooted), (inner, allowed, shape.rooted),
            (colours, allowed, shape.rooted), (inner[:2], allowed, shape.rooted)]  # fmt: skip
    if shape.rooted and bass != root:  # the bass player has it
        rows += [(inner, list(classes.values()), False), (colours[:2], list(classes.values()), False)]
    return rows


def _search(
    allowed: frozenset[int], needed: frozenset[int], bass: int, rooted: bool, shape: Shape, capo: int
) -> set[Grip]:
    found: set[Grip] = set()
    opened = [key + capo for key in STRINGS]
    for position in range(1, LAST_FRET - REACH - capo + 1):
        reachable = [
            [fret for fret in (0, *range(position, position + REACH + 1)) if (opened[s] + fret) % 12 in allowed]
            for s in range(len(STRINGS))
        ]
        for lowest in range(shape.lowest, shape.highest - shape.least + 2):
            _extend(found, (), lowest, reachable, opened, (needed, bass if rooted else -1), shape, capo)
    return found


def _extend(
    found: set[Grip], frets: tuple[int, ...], lowest: int, reachable: Sequence[Sequence[int]], opened: Sequence[int],
    wanted: tuple[frozenset[int], int], shape: Shape, capo: int,
) -> None:  # fmt: skip
    """All grips from string `lowest` up that begin with `frets`."""
    string = lowest + len(frets)
    if len(frets) >= shape.least:
        keys = tuple(opened[lowest + i] + fret for i, fret in enumerate(frets))
        if wanted[0] <= {key % 12 for key in keys}:
            row = (None,) * lowest + frets + (None,) * (len(STRINGS) - string)
            grip = Grip(row, keys, capo)
            if grip.fingers <= FINGERS and not (shape.crunch and _muddy(keys)):
                found.add(grip)
    if string > shape.highest:
        return
    for fret in reachable[string]:
        key = opened[string] + fret
        if not frets and wanted[1] >= 0 and key % 12 != wanted[1]:
            continue
        if frets and key <= opened[string - 1] + frets[-1]:  # no key twice, none crossed
            continue
        _extend(found, (*frets, fret), lowest, reachable, opened, wanted, shape, capo)


def _muddy(keys: Sequence[int]) -> bool:
    """Whether thirds or seconds lie too low for a distorted sound."""
    return any(b - a <= 4 and b < _LOWEST_THIRD for a, b in pairwise(keys)) or any(
        (key - keys[0]) % 12 in (3, 4) and key < _LOWEST_THIRD for key in keys[1:]
    )


def _cost(grip: Grip) -> float:
    """How much a grip asks of the hand: fingers, reach, height; strings left out cost sound."""
    struck = sum(fret is not None for fret in grip.frets)
    high = sum(fret for fret in grip.frets if fret) / max(1, struck)
    return grip.fingers + 0.8 * grip.reach + 0.45 * high - 1.1 * struck - 0.5 * grip.open_strings


@lru_cache(maxsize=65536)
def move(before: Grip, after: Grip) -> float:
    """How far the hand travels from one grip to the next, in frets; a finger that stays makes it easier."""
    kept = sum(a == b and a not in (None, 0) for a, b in zip(before.frets, after.frets, strict=True))
    from_, to = before.hand, after.hand
    travel = abs(to - from_) if from_ and to else 0.5 * max(from_, to)
    tops = abs(after.keys[-1] - before.keys[-1])
    return travel + 0.35 * tops - 0.5 * kept


def fingered(chords: Sequence[tuple[Grip, ...]]) -> list[Grip]:
    """One grip for each chord, so that all of them together are the easiest to play (a shortest path)."""
    return list(_fingered(tuple(chords)))


@lru_cache(maxsize=256)
def _fingered(chords: tuple[tuple[Grip, ...], ...]) -> tuple[Grip, ...]:
    if not chords:
        return ()
    costs = [0.6 * rank + 0.3 * _cost(grip) for rank, grip in enumerate(chords[0])]
    back: list[list[int]] = []
    for before, options in pairwise(chords):
        paths = [min((costs[i] + move(grip, option), i) for i, grip in enumerate(before)) for option in options]
        back.append([i for _, i in paths])
        costs = [cost + 0.6 * rank for rank, (cost, _) in enumerate(paths)]
    at = min(range(len(costs)), key=costs.__getitem__)
    found = [chords[-1][at]]
    for options, links in zip(reversed(chords[:-1]), reversed(back), strict=True):
        at = links[at]
        found.append(options[at])
    return tuple(found[::-1])


@lru_cache(maxsize=256)
def capo_for(tonic: int, minor: bool) -> int:
    """The fret for a capo with which a key's chords are open ones, 0..5, by the tonic's pitch class.

    Songs in G, C, D, A and E (E, A and D minor) need none; all others are played in the nearest of these below.
    """
    easy = (4, 9, 2) if minor else (7, 0, 2, 9, 4)
    return min(range(6), key=lambda fret: (0 if (tonic - fret) % 12 in easy else 1, fret))
