"""Voicings on keys: every shape within an instrument's compass, and a jazz pianist's chosen by the smallest motion."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from composers.errors import MusicError
from composers.registers import Register, register_of
from composers.theory.chord_shapes import (
    Shape,
    close,
    cluster,
    core,
    drop,
    quartal,
    shell,
    spread,
    stacked,
    upper_structure,
)
from composers.theory.chords import Chord, PolyChord
from composers.theory.pitch import Pitch, PitchName

LOW, HIGH = 49, 67
"""Where a comping hand lives: MUSIC's comp lane, so that the bass keeps what is below and the lead what is above."""

LOW_INTERVAL_LIMITS = {1: 52, 2: 51, 3: 48, 4: 46, 5: 46, 6: 46, 7: 34, 8: 43, 9: 41, 10: 41, 11: 41}
"""Low-interval limits: the lowest key on which each interval (semitones) still sounds clear."""

_MAX_TOP_MOVE = 3


def rootless(chord: Chord) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Forms A (third lowest) and B (seventh lowest): four notes without the root, semitones above it.

    The symbol's own tensions decide; where it names none, the usual ninth (and a dominant's thirteenth) is added.
    """
    has, family = set(chord.intervals), chord.family
    third, fifth, seventh = core(chord)
    second = 13 if 13 in has else 14
    if family == "diminished":
        a: tuple[int, ...] = (3, 6, 11, 14) if 11 in has else (3, 6, 9, 12)
    elif family == "half-diminished":
        a = (3, 6, 10, 14 if 14 in has else 12)
    elif family == "dominant":
        ninth = 15 if 15 in has else 13 if 13 in has else 14
        middle = 8 if has & {8, 20} else 6 if has & {6, 18} else 9 if ninth == 14 or 21 in has else 7
        a = (4, middle, 10, ninth)
    elif family == "suspended":
        ninth = 13 if 13 in has else 12 if third == 2 else 14
        a = (third, 7 if 13 in has else 9, 11 if 11 in has else 10, ninth)
    elif family == "minor" and 17 in has:
        a = (3, 5, seventh, second)
    elif family == "major" and 18 in has:
        a = (4, 6, 11, second)
    else:
        a = (third, fifth, seventh, second)  # a power chord lends its fifth for the third: three voices
    a = tuple(sorted(set(a)))
    low = [i for i in a if i < 10]
    b = tuple(sorted([*(i for i in a if i >= 10), *(i + 12 for i in low)]))
    return a, b


def drop2(close_position: tuple[int, ...]) -> tuple[int, ...]:
    """The second voice from the top an octave lower: any close four-note voicing opened for two hands."""
    return drop(close_position, 2)


def so_what(chord: Chord) -> tuple[int, ...] | None:
    """ "So what": three fourths and a major third, 0 5 10 15 19 on an eleventh chord; None for any other."""
    return (0, 5, 10, 15, 19) if chord.family == "minor" and 17 in chord.intervals else None


def is_clear(voices: tuple[int, ...]) -> bool:
    """Whether each pair of neighbours keeps the low-interval limits, and no gap exceeds an octave."""
    return all(high - low <= 12 and low >= LOW_INTERVAL_LIMITS.get(high - low, 0) for low, high in pairwise(voices))


def motion(before: tuple[int, ...], after: tuple[int, ...]) -> float:
    """Mean semitones that each voice of `after` moves from the nearest voice of `before`."""
    if len(before) == len(after):
        return sum(abs(a - b) for a, b in zip(before, after, strict=True)) / len(after)
    return sum(min(abs(a - b) for b in before) for a in after) / len(after)


@lru_cache(maxsize=8192)
def smoothest(
    chord: Chord, previous: tuple[int, ...] | None, *, low: int = LOW, high: int = HIGH, rooted: bool = False
) -> tuple[int, ...]:
    """The MIDI keys, ascending, of the voicing of `chord` that moves least from `previous` within low..high.

    Without a previous voicing the one whose top lies nearest to 64 is taken (upper structures in recorded piano
    have a median top of 66). With `rooted` a shell on the root stands below (for a keyboard without a bassist).
    """
    root = chord.root.pitch_class
    shapes: list[tuple[int, ...]] = list(rootless(chord))
    if chord.family == "diminished" and 11 not in chord.intervals:
        shapes = [tuple(sorted((3 * k + i) for i in (0, 3, 6, 9))) for k in range(4)]
    stack = so_what(chord)
    if stack is not None:
        shapes.append(stack[1:])
    best: tuple[float, tuple[int, ...]] | None = None
    for shape in shapes:
        for octave in range(24, 84, 12):
            voices = tuple(octave + root + i for i in shape)
            if voices[0] < low or voices[-1] > high or not is_clear(voices):
                continue
            if previous is None:
                cost = abs(voices[-1] - 64.0)
            else:
                top = abs(voices[-1] - previous[-1])
                cost = motion(previous, voices) + 2.0 * max(0, top - _MAX_TOP_MOVE) + 0.02 * abs(voices[-1] - 64)
            if best is None or (cost, voices) < best:
                best = (cost, voices)
    if best is None:  # a narrow range: the guide tones alone, as near the middle as they go
        third, _, seventh = core(chord)
        keys = sorted(_nearest(root + i, (low + high) // 2) for i in (third, seventh))
        return tuple(keys)
    if not rooted:
        return best[1]
    return (_nearest(chord.bass_pitch_class, 41), *best[1])


def _nearest(pitch_class: int, middle: int) -> int:
    """The key of a pitch class nearest to `middle`."""
    return middle - 5 + (pitch_class - (middle - 5)) % 12


class Voicing(NamedTuple):
    """A chord on an instrument: MIDI keys, ascending."""

    chord: Chord | PolyChord
    style: str
    keys: tuple[int, ...]

    @property
    def pitches(self) -> tuple[Pitch, ...]:
        """The keys spelled as the chord says, tensions that it does not name by custom (C7 with D over it: F#)."""
        lowest = self.chord.lower if isinstance(self.chord, PolyChord) else self.chord
        named = {n.pitch_class: n for n in self.chord.notes}
        if lowest.bass:
            named.setdefault(lowest.bass.pitch_class, lowest.bass)
        found = []
        for key in self.keys:
            above = (key - lowest.root.pitch_class) % 12
            name = named.get(key % 12) or lowest.root.up(_TENSION_STEPS[above], above)
            found.append(_in_octave(name, key))
        return tuple(found)

    def __str__(self) -> str:
        return " ".join(map(str, self.pitches))


_TENSION_STEPS = (0, 1, 1, 1, 2, 3, 3, 4, 5, 5, 6, 6)
"""Letters of what a voicing adds: b9 9 #9 3 11 #11 5 b13 13 b7 7."""


def _in_octave(name: PitchName, key: int) -> Pitch:
    return Pitch(name, (key - name.alter) // 12 - 1)


def _form(index: int) -> Callable[[Chord, int], Shape]:
    def shape(chord: Chord, inversion: int) -> Shape:
        if inversion:
            raise MusicError(f"inversion {inversion} of a rootless voicing: form B is form A's; give 0")
        return rootless(chord)[index]

    return shape


STYLES: dict[str, Callable[[Chord, int], Shape]] = {
    "close": close,
    "drop-2": lambda chord, inversion: drop(close(chord, inversion), 2),
    "drop-3": lambda chord, inversion: drop(close(chord, inversion), 3),
    "drop-2-4": lambda chord, inversion: drop(close(chord, inversion), 2, 4),
    "quartal": quartal,
    "cluster": cluster,
    "spread": spread,
    "shell": shell,
    "rootless-a": _form(0),
    "rootless-b": _form(1),
    "upper-structure": upper_structure,
}
"""Shape of a chord and an inversion (its meaning is the shape's) by name."""


def voice(
    chord: Chord | PolyChord,
    style: str = "close",
    *,
    inversion: int = 0,
    instrument: str | Register = "piano",
    near: float | None = None,
) -> Voicing:
    """The chord in a style on an instrument's keys, its mean as near to `near` as can be (the compass's middle).

    A slash bass is the lowest note: as an inversion where the style has one with it, else added below. A poly chord has
    one style, close: the upper chord, in the inversion, above the lower. Placings within the easy compass come first,
    then those that keep the low-interval limits. Raises MusicError for an unknown style or instrument, an inversion
    that there is none, and a chord that does not fit.
    """
    try:
        make = STYLES[style]
    except KeyError:
        raise MusicError(f"voicing {style!r} is not known: choose one of {', '.join(STYLES)}") from None
    compass = register_of(instrument) if isinstance(instrument, str) else instrument
    middle = (compass.easy_lowest + compass.easy_highest) / 2 if near is None else near
    if isinstance(chord, PolyChord):
        if style != "close":
            raise MusicError(f"poly chord {chord} in {style}: one chord stands close above the other; give close")
        below, shape = chord.lower, stacked(chord, inversion)
    else:
        below, shape = chord, make(chord, inversion)
        if chord.bass and not inversion:
            shape = _over_its_bass(chord, style, shape)
    root = below.root.pitch_class
    if below.bass and (gap := (root + shape[0] - below.bass.pitch_class) % 12):
        shape = (shape[0] - (gap if gap > 2 else gap + 12), *shape)
    best: tuple[tuple[bool, bool, float, int], tuple[int, ...]] | None = None
    for octave in range(-24, 128, 12):
        keys = tuple(octave + root + i for i in shape)
        if keys[0] < compass.lowest or keys[-1] > compass.highest:
            continue
        easy = keys[0] >= compass.easy_lowest and keys[-1] <= compass.easy_highest
        cost = (not easy, not is_clear(keys[1:]) or not _low_enough(keys), abs(sum(keys) / len(keys) - middle), keys[0])
        if best is None or cost < best[0]:
            best = (cost, keys)
    if best is None:
        raise MusicError(
            f"chord {chord} in {style} spans {shape[-1] - shape[0]} semitones and does not fit into the keys "
            f"{compass.lowest} to {compass.highest}: take another voicing or inversion, or a wider instrument"
        )
    return Voicing(chord, style, best[1])


def _low_enough(keys: tuple[int, ...]) -> bool:
    """Whether the two lowest keep the limit; the bass may be far below."""
    return len(keys) < 2 or keys[0] >= LOW_INTERVAL_LIMITS.get(keys[1] - keys[0], 0)


def _over_its_bass(chord: Chord, style: str, shape: Shape) -> Shape:
    """The inversion with the slash bass lowest, where the style inverts and has it; else the shape as it is."""
    if style not in ("close", "drop-2", "drop-3", "drop-2-4", "spread"):
        return shape
    wanted = (chord.bass_pitch_class - chord.root.pitch_class) % 12
    for inversion in range(len(chord.tones)):
        try:
            turned = STYLES[style](chord, inversion)
        except MusicError:  # fewer voices than tones
            break
        if turned[0] % 12 == wanted:
            return turned
    return shape
