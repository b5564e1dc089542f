"""Strict writing: four voices without a fault, and counterpoint in species over a cantus firmus, as keys that sound.

Both come from the theory modules that write and check them (composers.theory.voice_leading, .counterpoint), so that
nothing here can break a rule that is checked there.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from composers.dice import Dice, dice
from composers.errors import MusicError
from composers.harmony import STEPS
from composers.registers import Register
from composers.theory.chords import Chord
from composers.theory.counterpoint.cantus import Cantus, Mode, mode_on
from composers.theory.pitch import Pitch, PitchName
from composers.theory.scales import Key

EIGHTH = STEPS // 2
PARTS = ("bass", "pad", "counter", "melody")
"""Bass, tenor, alto, soprano."""
_NAMES = ("bass", "tenor", "alto", "soprano")
_CHOIR = (Register(40, 64, 43, 60), Register(48, 69, 50, 66), Register(55, 74, 57, 70), Register(60, 81, 62, 77))
"""The choir's compasses; the alto no lower than a violin."""
_PASSING = 0.6
_TRIES = 8


class Voiced(NamedTuple):
    """A note of a voice (0 the bass): step, length, key."""

    step: int
    length: int
    voice: int
    key: int


Lanes = tuple[tuple[int, int] | None, ...]
"""What each voice's instrument plays with ease, lowest voice first; None: not known."""


Choir = tuple[tuple[str, Register], ...]
"""Voices by name with their compasses, lowest first."""


def choir_of(lanes: Lanes) -> Choir:
    """The voices as far as their instruments reach."""
    found: list[tuple[str, Register]] = []
    for name, register, lane in zip(_NAMES, _CHOIR, lanes, strict=True):
        if lane is not None:
            low, high = max(register.lowest, lane[0]), min(register.highest, lane[1])
            if high - low >= 14:
                register = Register(low, high, max(low, register.easy_lowest), min(high, register.easy_highest))
        found.append((name, register))
    return tuple(found)


@lru_cache(maxsize=256)
def four_voices(
    seed: int, name: str, chords: tuple[tuple[int, int, Chord], ...], key: Key, voices: Choir
) -> tuple[Voiced, ...] | None:
    """Chords (start, end, chord) in four voices that break no rule of classical part writing, with passing notes that
    break none either; None where there is no such way. Some milliseconds."""
    from composers.theory.voice_leading import lead  # numpy, which the other styles do without
    from composers.theory.voice_rules import Sonority, check
    from composers.theory.voice_styles import Voice

    choir = [Voice(who, register) for who, register in voices]
    try:
        leading = lead([chord for _, _, chord in chords], voices=choir, key=key)
    except MusicError:
        return None
    draw = dice(seed, "passing notes", name)
    moments = list(leading.sonorities)
    lines: list[list[Voiced]] = [[] for _ in choir]
    scale = {n.pitch_class: n for n in mode_on(key.mode, key.tonic).degrees}
    for at, (start, end, _) in enumerate(chords):
        middle = start + (end - start) // 2
        between: list[Pitch | None] = [None] * len(choir)
        if at + 1 < len(chords) and (end - start) % 12 == 0 and end == chords[at + 1][0]:
            for voice in range(len(choir)):
                one, two = leading.voicings[at][voice], leading.voicings[at + 1][voice]
                wanted = draw.chance(_PASSING)
                if not wanted or abs(one.diatonic - two.diatonic) != 2:
                    continue
                passing = _between(one, two, scale)
                if passing is None:
                    continue
                trial = [*between]
                trial[voice] = passing
                row = tuple(t or p for t, p in zip(trial, leading.voicings[at], strict=True))
                three = [moments[at], Sonority(at + 1, 1.5, row), moments[at + 1]._replace(chord=None)]
                if not check(three, voices=choir, key=key):
                    between = trial
        for voice, pitch in enumerate(leading.voicings[at]):
            passing = between[voice]
            length = end - start if passing is None else middle - start
            lines[voice].append(Voiced(start, length, voice, pitch.midi))
            if passing is not None:
                lines[voice].append(Voiced(middle, end - middle, voice, passing.midi))
    return tuple(sorted(v for line in lines for v in line))


def _between(one: Pitch, two: Pitch, scale: Mapping[int, PitchName]) -> Pitch | None:
    """The note of the scale between two a third apart, a step from both."""
    low, high = sorted((one.midi, two.midi))
    for midi in range(low + 1, high):
        name = scale.get(midi % 12)
        if name is not None and midi - low <= 2 and high - midi <= 2:
            pitch = Pitch(name, (midi - name.alter) // 12 - 1)
            if abs(pitch.diatonic - one.diatonic) == 1 == abs(pitch.diatonic - two.diatonic):
                return pitch
    return None


# Species ----------------------------------------------------------------------------------------------------------

_STEPS_OF = (1, 1, 1, -1, -1, -1, 2, -2, 3, 4, -3)
_SHORT = {4: (0, 2, 1, 0), 5: (0, 2, 3, 1, 0), 6: (0, 2, 1, 3, 1, 0)}


@lru_cache(maxsize=128)
def cantus_of(seed: int, name: str, bars: int, mode: str, final: PitchName, take: int = 0) -> Cantus:
    """A cantus firmus of so many whole notes (4 to 32): by steps mostly, one climax, home by step from above."""
    church = mode_on(mode, final)
    draw = dice(seed, "cantus", name, take)
    for _ in range(4000):
        degrees = _SHORT[bars] if bars in _SHORT else _walk(bars, draw)
        if degrees is None:
            continue
        try:
            return Cantus.parse(" ".join(str(_pitch(church, d)) for d in degrees), mode, name=f"cantus {name}")
        except MusicError:
            if bars in _SHORT:
                break
    return Cantus.parse(" ".join(str(_pitch(church, d)) for d in (0, 1, *([2, 1] * (bars // 2))[: bars - 3], 0)), mode)


def _walk(bars: int, draw: Dice) -> tuple[int, ...] | None:
    degrees = [0]
    while len(degrees) < bars - 2:
        degrees.append(degrees[-1] + draw.one_of(_STEPS_OF))
    degrees += [1, 0]
    top = max(degrees)
    if degrees.count(top) != 1 or not 3 <= top <= 7 or min(degrees) < -2:
        return None
    moves = [b - a for a, b in itertools.pairwise(degrees)]
    if any(abs(m) > 4 or not m for m in moves) or sum(abs(m) > 1 for m in moves) > max(2, bars // 3):
        return None
    if any(abs(a) > 1 and a * b > 0 for a, b in itertools.pairwise(moves)):
        return None
    if any(len({m > 0 for m in moves[k : k + 4]}) == 1 for k in range(len(moves) - 3)):
        return None
    return tuple(degrees)


def _pitch(mode: Mode, degree: int) -> Pitch:
    octave, place = divmod(degree, 7)
    name = mode.degrees[place]
    return Pitch(name, 3 + octave + (name.letter < mode.final.letter))


@lru_cache(maxsize=128)
def species(
    seed: int, name: str, bars: int, mode: str, final: PitchName, kind: int, above: bool
) -> tuple[tuple[Voiced, ...], int] | None:
    """A cantus and a counterpoint of a species (1 to 5) that breaks no rule, the lower voice 0, the upper 3, and which
    take of the cantus it is written over; None where none is found. 10 to 400 ms."""
    from composers.theory.counterpoint.generator import generate  # numpy, too

    for take in range(_TRIES):
        cantus = cantus_of(seed, name, bars, mode, final, take)
        try:
            written = generate(cantus, kind, above=above, seed=seed)
        except MusicError:
            continue
        own, other = (3, 0) if above else (0, 3)
        voices = [Voiced(8 * EIGHTH * bar, 8 * EIGHTH, other, pitch.midi) for bar, pitch in enumerate(cantus.pitches)]
        voices += [Voiced(s.start * EIGHTH, s.length * EIGHTH, own, pitch.midi) for s, pitch in written.tones]
        return tuple(sorted(voices)), take
    return None


def octave_for(notes: Sequence[Voiced], lanes: Sequence[tuple[int, int] | None]) -> int:
    """By how many semitones (whole octaves) notes have to move to lie in their voices' lanes, as far as may be."""

    def outside(up: int) -> int:
        total = 0
        for note in notes:
            lane = lanes[note.voice] or (_CHOIR[note.voice].lowest, _CHOIR[note.voice].highest)
            total += max(0, lane[0] - note.key - up) + max(0, note.key + up - lane[1])
        return total

    return min((0, 12, -12, 24), key=lambda up: (outside(up), abs(up)))
