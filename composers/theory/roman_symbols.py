"""From a Roman numeral's notes to a chord symbol: the kind of the catalogue, or the nearest with add and no."""

from __future__ import annotations

from functools import lru_cache

from composers.theory.chord_kinds import QUALITIES, ChordKind, read_kind
from composers.theory.chords import Chord
from composers.theory.pitch import LETTER_SEMITONES, PitchName
from composers.theory.roman_figures import signs
from composers.theory.roman_stacks import Note, Stack

_WITH_GAPS = 30
"""So many kinds of the catalogue, the most usual ones, are known without their fifth or third, too."""


@lru_cache(maxsize=16384)
def kind(found: Stack) -> ChordKind:
    """Its chord on no root. Where no symbol has these notes the quality is one that the parser may not read."""
    steps, semitones = found.symbol
    notes = []
    for step, interval in zip(found.steps, found.semitones, strict=True):
        if found.symbol == (0, 0):
            notes.append((interval, step))
        else:  # counted from another root: back into one octave
            octave, letter = divmod(step - steps, 7)
            notes.append((interval - semitones - 12 * octave, letter))
    notes.sort()
    return _named(tuple(i for i, _ in notes), tuple(s for _, s in notes))


@lru_cache(maxsize=1)
def _catalogue() -> dict[frozenset[Note], ChordKind]:
    """Notes in one octave -> kind, the more usual first."""
    found: dict[frozenset[Note], ChordKind] = {}
    for suffix in (*QUALITIES, *(q + n for q in QUALITIES[:_WITH_GAPS] for n in ("no5", "no3"))):
        one, end = read_kind(suffix)
        if one is not None and end == len(suffix):
            found.setdefault(_octave(one.steps, one.intervals), one)
    return found


def _octave(steps: tuple[int, ...], intervals: tuple[int, ...]) -> frozenset[Note]:
    return frozenset((s % 7, i % 12) for s, i in zip(steps, intervals, strict=True))


def _named(intervals: tuple[int, ...], steps: tuple[int, ...]) -> ChordKind:
    """The kind with these notes; else one that sounds so; else what a symbol would say: "7add6no5"."""
    notes, known = _octave(steps, intervals), _catalogue()
    if notes in known:
        return known[notes]
    sounding = {i % 12 for i in intervals}
    for one in known.values():
        if {i % 12 for i in one.intervals} == sounding and len(sounding) == len(notes):
            return ChordKind(one.quality, intervals, steps)
    near = min(known, key=lambda k: (len(k ^ notes), len(k - notes)))
    text = known[near].quality
    degrees = {0: 8, 1: 9, 3: 11, 5: 13} if any(step == 6 for step, _ in notes) else {0: 8, 1: 9}
    text += "".join(f"add{_degree(*note, degrees)}" for note in sorted(notes - near))
    text += "".join(f"no{step + 1}" for step, _ in sorted(near - notes))
    read, end = read_kind(text)
    if read is not None and end == len(text) and _octave(read.steps, read.intervals) == notes:
        return read
    return ChordKind(text, intervals, steps)


def _degree(step: int, interval: int, names: dict[int, int]) -> str:
    alter = (interval - LETTER_SEMITONES[step] + 6) % 12 - 6
    return signs(alter) + str(names.get(step, step + 1))


def chord_on(tonic: PitchName, found: Stack) -> Chord:
    """The chord of a stack above a tonic."""
    one = kind(found)
    steps, semitones = found.symbol
    root = tonic.up(found.root_steps + steps, found.root_semitones + semitones)
    low = tonic.up(found.root_steps + found.bass[0], found.root_semitones + found.bass[1])
    chord = Chord(root, one.quality, one.intervals, None if low == root else low)
    chord.__dict__["steps"] = one.steps  # spelled as here also where the quality alone would say otherwise
    return chord


def chart_suffix(quality: str) -> str:
    """The suffix behind a numeral whose case says minor already: "m7" is "7", "m7b5" is "ø7"."""
    if quality.startswith("m7b5"):
        return "ø7" + quality[4:]
    return quality[1:] if quality.startswith("m") and not quality.startswith("maj") else quality
