"""Random diatonic progressions in major and minor: functional, with inversions, sevenths and applied dominants."""

from __future__ import annotations

import random
from itertools import pairwise

from composers.theory.chords import Chord, parse_chord
from composers.theory.pitch import KEYS
from composers.theory.satb import duties, leading_tones, seventh_of
from composers.theory.scales import Key
from composers.theory.voice_motion import is_augmented

MAJOR = {"I": (0, 0, ("", "maj7")), "ii": (1, 2, ("m", "m7")), "iii": (2, 4, ("m",)), "IV": (3, 5, ("", "maj7")),
         "V": (4, 7, ("", "7", "7")), "vi": (5, 9, ("m", "m7")), "vii": (6, 11, ("o", "m7b5"))}  # fmt: skip
MINOR = {"I": (0, 0, ("m",)), "ii": (1, 2, ("o", "m7b5")), "iii": (2, 3, ("",)), "IV": (3, 5, ("m", "m7")),
         "V": (4, 7, ("", "7", "7")), "vi": (5, 8, ("", "maj7")), "vii": (6, 11, ("o", "o7"))}  # fmt: skip
AFTER = {"I": ("ii", "iii", "IV", "V", "vi", "vii"), "ii": ("V", "V", "vii"), "iii": ("vi", "IV"),
         "IV": ("ii", "V", "I", "vii"), "V": ("I", "I", "vi"), "vi": ("ii", "IV"), "vii": ("I",)}  # fmt: skip
APPLIED = ("ii", "IV", "V", "vi")
"""What an applied dominant may go to (in minor not ii, which is diminished)."""


def _chord(key: Key, degree: str, kind: random.Random) -> Chord:
    steps, semitones, qualities = (MINOR if key.mode == "minor" else MAJOR)[degree]
    chord = parse_chord(str(key.tonic.up(steps, semitones)) + kind.choice(qualities))
    if chord.quality == "o":
        return chord.inverted(1)
    if len(chord.intervals) == 4:
        return chord.inverted(kind.choice((0, 0, 1, 2, 3)))
    return chord.inverted(kind.choice((0, 0, 0, 1)))


def _fits(one: Chord, two: Chord, key: Key) -> bool:
    """Whether two chords can follow each other as written.

    A tendency note in the bass needs its resolution in the next bass, one above it a resolution that does not double a
    tendency note there; the bass has no augmented interval.
    """
    bass, low = one.bass or one.root, two.bass or two.root
    alone = {low} & (leading_tones(two, key) | {seventh_of(two)})
    if len(two.intervals) == 4 and (two.inversion or 7 not in two.intervals):
        alone = {low}  # every note is needed once
    for duty in duties(one, two, key):
        goals = {duty.name.up(w.steps, w.semitones) for w in duty.ways}
        if low not in goals if duty.name == bass else goals <= alone:
            return False
    if one.inversion == 1 and seventh_of(one) and bass.interval_to(seventh_of(one)).semitones == 7:
        sinks = seventh_of(one).letter - 1
        if low.letter == (bass.letter - 1) % 7 and any(n.letter == sinks % 7 for n in two.notes):
            return False  # the seventh is a fifth above the bass and sinks with it
    up = bass.interval_to(low)
    ways = [i for i in (up, -up.inverted) if abs(i.steps) != 6]
    return not all(is_augmented(i) for i in ways)


def progression(seed: int) -> tuple[Key, list[Chord]]:
    """A key, and 8 to 12 chords that begin and end on its tonic triad."""
    dice = random.Random(seed)
    mode = dice.choice(("major", "minor"))
    key = Key.parse(dice.choice([k for k in KEYS if abs(Key.parse(k, mode).fifths) <= 5]), mode)
    tonic = parse_chord(str(key.tonic) + ("m" if mode == "minor" else ""))
    chords, degree = [tonic], "I"
    for _ in range(60):
        if len(chords) >= 12:
            break
        following = dice.choice(AFTER[degree])
        two = _chord(key, following, dice)
        passing: list[Chord] = []
        if degree != "V" and following in APPLIED and two.quality in ("", "m") and dice.random() < 0.25:
            passing = [parse_chord(f"{two.root.up(4, 7)}7").inverted(dice.choice((0, 1, 2)))]
        elif following == "V" and dice.random() < 0.2:
            passing = [tonic.inverted(2)]
            two = parse_chord(str(two.root) + dice.choice(("", "7")))
        if degree == "V" and following == "vi" and (two.bass or chords[-1].bass):
            continue
        if not all(_fits(a, b, key) for a, b in pairwise([chords[-1], *passing, two])):
            continue
        chords += passing
        chords.append(two)
        degree = following
        if len(chords) >= 7 and degree in ("V", "vii") and _fits(two, tonic, key):
            break
    if degree not in ("V", "vii") or not _fits(chords[-1], tonic, key):
        return progression(seed + 10_000)
    return key, [*chords, tonic]
