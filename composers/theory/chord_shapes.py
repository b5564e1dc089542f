"""Ways to lay out a chord in semitones above its root: close, drops, shell, quartal, cluster, spread, upper structure.

After the arranging books in use: Levine, The Jazz Piano Book; Pease & Pullig, Modern Jazz Voicings; Nettles & Graf,
The Chord Scale Theory. A shape knows no register: `voicings.voice` puts it on an instrument. Pure functions.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from composers.errors import MusicError
from composers.theory.chords import Chord, PolyChord

Shape = tuple[int, ...]
"""Semitones above the root, ascending."""

_TRIADS = {"": (0, 4, 7), "m": (0, 3, 7), "+": (0, 4, 8)}


def core(chord: Chord) -> tuple[int, int, int]:
    """Third (or suspension), fifth and seventh (or sixth); a triad lends its sixth, minor its seventh."""
    has = set(chord.intervals)
    third = next((i for i in (4, 3, 5, 2) if i in has), 7)
    fifth = next((i for i in (7, 6, 8) if i in has), 7)
    seventh = next((i for i in (10, 11, 9) if i in has), 9 if third == 4 else 10)
    return third, fifth, seventh


def rotated(shape: Shape, inversion: int) -> Shape:
    """A close position with its lowest `inversion` voices an octave higher. Raises MusicError beyond its voices."""
    if not 0 <= inversion < len(shape):
        raise MusicError(f"inversion {inversion} of {len(shape)} voices: give 0 to {len(shape) - 1}")
    return shape[inversion:] + tuple(i + 12 for i in shape[:inversion])


def close(chord: Chord, inversion: int = 0) -> Shape:
    """Up to four voices within an octave, the lowest ones `inversion` times moved up.

    A triad has three. Tensions stand for what they colour: a ninth for the root, a thirteenth, else an eleventh, for
    the fifth (Pease & Pullig, four-way close); with three basic tones (add9) nothing gives way.
    """
    voices = list(chord.tones)
    ninth = next((i for i in (15, 14, 13) if i in chord.intervals), None)
    upper = next((i for i in (21, 20, 18, 17) if i in chord.intervals), None)
    voices += [t for t in (ninth, upper) if t is not None]
    for given in (*((0,) if ninth else ()), *((7, 6, 8) if upper else ()), 7):
        if len(voices) > 4 and given in voices:
            voices.remove(given)
    return rotated(tuple(sorted({v % 12 for v in voices})), inversion)


def drop(close_position: Shape, *which: int) -> Shape:
    """Voices counted from the top, 1 the highest, an octave lower: drop(c, 2), drop(c, 3), drop(c, 2, 4).

    Raises MusicError where there are not so many voices.
    """
    voices = sorted(close_position, reverse=True)
    if max(which) > len(voices):
        raise MusicError(f"drop {'+'.join(map(str, which))} of {len(voices)} voices: take a chord with {max(which)}")
    return tuple(sorted(v - 12 if place in which else v for place, v in enumerate(voices, 1)))


def shell(chord: Chord, inversion: int = 0) -> Shape:
    """Root, third (or suspension) and seventh (or sixth); with `inversion` 1 the third a tenth up (Bud Powell)."""
    third, fifth, seventh = core(chord)
    if inversion not in (0, 1):
        raise MusicError(f"form {inversion} of a shell: give 0 (1 3 7) or 1 (1 7 10)")
    if fifth != 7 and seventh not in chord.intervals:
        seventh = fifth  # a diminished or augmented triad is itself
    return tuple(sorted({0, third + 12 * inversion, seventh}))


def available(chord: Chord) -> frozenset[int]:
    """The chord's notes and the tensions that its family takes without a clash, 0..11 above the root.

    Nettles & Graf: a whole step above a chord tone; a symbol's own tensions exclude their rivals.
    """
    has = {i % 12 for i in chord.intervals}
    family = chord.family
    more: set[int] = set()
    if family in ("major", "dominant", "suspended", "minor"):
        altered_ninth = 1 in has or (family == "dominant" and 3 in has)
        more |= set() if altered_ninth else {2}
    if family in ("major", "dominant", "suspended") and 8 not in has:
        more.add(9)
    if family == "minor":
        more |= {5, 9} if has & {9, 11} else {5}
    if family == "half-diminished":
        more |= {5, 8}
    if family == "diminished":
        more |= {2, 5, 8, 11}
    if 8 in has and family in ("major", "dominant"):
        more.add(6)  # whole tone, lydian augmented
    return frozenset(has | more)


def _guides(chord: Chord) -> set[int]:
    third, _, seventh = core(chord)
    return {third, seventh} & set(chord.intervals)


@lru_cache(maxsize=4096)
def quartal(chord: Chord, inversion: int = 0, voices: int = 4) -> Shape:
    """A stack of fourths, perfect or augmented, a third allowed on top, from what is `available`.

    The stacks with most guide tones, then most perfect fourths, then most tones of the chord come first; `inversion`
    counts down that list (Levine: any note of the scale may be the lowest). An eleventh chord in five voices gives
    "So What". Fewer voices where no stack is as high. Raises MusicError beyond the last.
    """
    notes, guides = available(chord), _guides(chord)
    tones = {i % 12 for i in chord.intervals}
    stacks: list[Shape] = []
    for count in range(voices, 1, -1):
        stacks = [(s,) for s in sorted(notes)]
        for place in range(1, count):
            gaps = (5, 6, 4) if place == count - 1 and count > 2 else (5, 6)
            stacks = [
                (*s, s[-1] + gap)
                for s in stacks
                for gap in gaps
                if (s[-1] + gap) % 12 in notes and (s[-1] + gap) % 12 not in {v % 12 for v in s}
            ]
        if stacks:
            break

    def rank(stack: Shape) -> tuple[int, int, int, int]:
        classes = {v % 12 for v in stack}
        gaps = [b - a for a, b in pairwise(stack)]
        return -len(classes & guides), sum(g != 5 for g in gaps), -len(classes & tones), stack[0]

    return _pick(sorted(stacks, key=rank), inversion, chord, "quartal voicing")


@lru_cache(maxsize=4096)
def cluster(chord: Chord, inversion: int = 0, voices: int = 4) -> Shape:
    """Neighbours among what is `available`, in seconds (a third where there is no second between).

    The ones with most guide tones, then fewest thirds, then the narrowest first; `inversion` counts down that list.
    Fewer voices, three at least, where gaps would be wider. Raises MusicError where there are none (C5).
    """
    notes, guides = sorted(available(chord)), _guides(chord)
    found: list[Shape] = []
    for count in range(min(voices, len(notes)), 2, -1):
        turn = notes + [n + 12 for n in notes]
        windows = (tuple(turn[at : at + count]) for at in range(len(notes)))
        found = [w for w in windows if all(b - a <= 3 for a, b in pairwise(w))]
        if found:
            break

    def rank(window: Shape) -> tuple[int, int, int, int]:
        thirds = sum(b - a > 2 for a, b in pairwise(window))
        return -len({v % 12 for v in window} & guides), thirds, window[-1] - window[0], window[0]

    return _pick(sorted(found, key=rank), inversion, chord, "cluster")


def _pick(shapes: list[Shape], which: int, chord: Chord, what: str) -> Shape:
    if not 0 <= which < len(shapes):
        known = f"give 0 to {len(shapes) - 1}" if shapes else "take a chord with more notes"
        raise MusicError(f"chord {chord} has no {what} {which}: {known}")
    return shapes[which]


def spread(chord: Chord, inversion: int = 0) -> Shape:
    """Wide apart over two octaves and more: every second tone of the close position low, the others an octave up.

    C7 is 0 7 16 22. Tensions follow on top; with two of them or more the perfect fifth gives way.
    """
    tensions = [i for i in chord.intervals if i >= 12]
    basic = tuple(i for i in chord.tones if not (i == 7 and len(tensions) > 1))
    turned = rotated(basic, inversion)
    voices = [*turned[::2], *(v + 12 for v in turned[1::2])]
    for tension in tensions:
        top = max(voices)
        voices.append(top + 2 + (tension - top - 2) % 12)
    return tuple(sorted(voices))


class UpperStructure(NamedTuple):
    """A triad over the guide tones: its root in semitones above the chord's, "" or "m" or "+", what it adds."""

    root: int
    quality: str
    tensions: tuple[int, ...]


@lru_cache(maxsize=4096)
def upper_structures(chord: Chord) -> tuple[UpperStructure, ...]:
    """The triads that colour the chord, the ones with most tensions first (Levine's table, found by search).

    C7 has D (9 #11 13), Ab (b13 and #9 beside the root), Gb (#11 b9 beside the seventh), F#m, Ebm, A, Eb, Dbm, ...
    """
    has = {i % 12 for i in chord.intervals}
    third, _, seventh = core(chord)
    allowed = set(available(chord)) | {third, seventh}
    if chord.family == "dominant":
        named = {i for i in chord.intervals if i > 12}
        allowed |= {1, 3} if 14 not in named else set()
        if named & {13, 15}:
            allowed |= {1, 3}
        allowed |= {8} if not named & {21} and 9 not in has else set()
        allowed |= {6} if 5 not in has else set()
    elif chord.family == "major" and 5 not in has:
        allowed.add(6)  # lydian
    basic = {*chord.tones, third, seventh}
    found = []
    for quality, tones in _TRIADS.items():
        for root in range(12):
            classes = [(root + i) % 12 for i in tones]
            added = tuple(sorted(set(classes) - basic))
            if added and set(classes) <= allowed:
                found.append(UpperStructure(root, quality, added))
    return tuple(sorted(found, key=lambda u: (-len(u.tensions), list(_TRIADS).index(u.quality), u.root)))


def upper_structure(chord: Chord, inversion: int = 0, triad: UpperStructure | None = None) -> Shape:
    """Third and seventh below, the triad (the first of `upper_structures`, or a given one) in an inversion above.

    Raises MusicError where no triad fits the chord.
    """
    known = upper_structures(chord)
    if not known and triad is None:
        raise MusicError(f"chord {chord} takes no upper structure: give a chord with a third and a seventh")
    chosen = triad or known[0]
    third, _, seventh = core(chord)
    low = tuple(sorted({third, seventh}))
    turned = rotated(tuple(chosen.root + i for i in _TRIADS[chosen.quality]), inversion)
    lift = low[-1] + 1 + (turned[0] - low[-1] - 1) % 12 - turned[0]
    return (*low, *(i + lift for i in turned))


def stacked(poly: PolyChord, inversion: int = 0) -> Shape:
    """A poly chord as pianists play it: the lower chord close on its root, the upper one close above, inverted.

    Semitones above the lower chord's root. A note that both have is played by both hands.
    """
    low = close(poly.lower)
    apart = (poly.upper.root.pitch_class - poly.lower.root.pitch_class) % 12
    high = tuple(apart + i for i in close(poly.upper, inversion))
    lift = low[-1] + 1 + (high[0] - low[-1] - 1) % 12 - high[0]
    return (*low, *(i + lift for i in high))
