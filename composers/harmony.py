"""Harmony in time: charts in Roman numerals made into chords of a key, and the chord at any step of a passage."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from composers.errors import MusicError
from composers.theory.chords import Chord, parse_chord
from composers.theory.pitch import LETTER_SEMITONES
from composers.theory.scales import Key, chord_scale

STEPS = 12
"""Steps to a beat on which parts are written: 6 = the off-beat eighth (swung when played), 4 and 8 = triplets,
3 and 9 = sixteenths."""

_ROMAN = re.compile(r"(?P<accidental>[b#]?)(?P<numeral>VII|VI|IV|V|III|II|I)(?P<quality>.*)")
_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")

Bar = tuple[Chord, ...]
"""The chords of a bar: one, or two that share it."""


@lru_cache(maxsize=2048)
def parse_roman(text: str, key: Key) -> Chord:
    """ "bVII13" in Eb -> Db13. Numerals count the degrees of the major scale in every mode; the quality is written out.

    Raises MusicError for what is no numeral or no quality.
    """
    match = _ROMAN.fullmatch(text)
    if match is None:
        raise MusicError(f"{text!r} is not a Roman numeral with a quality: write for example IIm7, bVII13, #IVo7")
    degree = _NUMERALS.index(match["numeral"])
    semitones = LETTER_SEMITONES[degree] + {"b": -1, "#": 1, "": 0}[match["accidental"]]
    return parse_chord(f"{key.tonic.up(degree, semitones).plain()}{match['quality']}")


@lru_cache(maxsize=512)
def parse_chart(text: str, key: Key) -> tuple[Bar, ...]:
    """ "Imaj7 VI7 | IIm7 V7" -> bars of chords in `key`. Raises MusicError for an empty bar or an unknown chord."""
    bars = tuple(tuple(parse_roman(word, key) for word in bar.split()) for bar in text.split("|"))
    if not all(bars):
        raise MusicError(f"chart {text!r} has an empty bar: write a chord in each, with | between bars")
    return bars


class Region(NamedTuple):
    """A chord while it lasts, ready for the parts that compose around a tonic of C.

    start, end  steps from the passage's beginning
    chord       as it sounds, in the key
    root        pitch class of the bass note relative to the tonic, 0..11
    tones       12-bit mask of the basic chord tones relative to the tonic (bit 0 = the tonic)
    scale       12-bit mask of the chord scale relative to the tonic
    """

    start: int
    end: int
    chord: Chord
    root: int
    tones: int
    scale: int


def mask(pitch_classes: Iterable[int]) -> int:
    """Pitch classes (any integers) as a 12-bit mask."""
    bits = 0
    for pitch_class in pitch_classes:
        bits |= 1 << (pitch_class % 12)
    return bits


@lru_cache(maxsize=4096)
def _relative(chord: Chord, following: Chord | None, key: Key) -> tuple[int, int, int]:
    tonic, root = key.tonic.pitch_class, chord.root.pitch_class
    tones = mask(root + i - tonic for i in chord.tones)
    scale = mask(p - tonic for p in chord_scale(chord, following, key).pitch_classes)
    return (chord.bass_pitch_class - tonic) % 12, tones, scale | tones


def regions(bars: Sequence[Bar], following: Chord, key: Key, beats: int) -> tuple[Region, ...]:
    """The chords of consecutive bars of `beats` beats. `following` is what comes after the last.

    Two chords share 4/4 in halves and 3/4 as 2 + 1; an equal chord that goes on is one region only within its bar,
    because lines are thought in bars.
    """
    written: list[tuple[int, Chord]] = []
    for index, bar in enumerate(bars):
        first = index * beats
        splits = [0] if len(bar) == 1 else [beats * k // len(bar) for k in range(len(bar))]
        if len(bar) == 2 and beats == 3:
            splits = [0, 2]
        written.extend((first + at, chord) for at, chord in zip(splits, bar, strict=True))
    ends = [at for at, _ in written[1:]] + [len(bars) * beats]
    after = [chord for _, chord in written[1:]] + [following]
    return tuple(
        Region(at * STEPS, end * STEPS, chord, *_relative(chord, then, key))
        for (at, chord), end, then in zip(written, ends, after, strict=True)
    )


def chord_beats(bar: Bar, beats: int) -> tuple[tuple[float, str], ...]:
    """A bar for readers: (beat counted from 0, symbol)."""
    found = regions((bar,), bar[-1], Key(bar[0].root), beats)
    return tuple((region.start / STEPS, str(region.chord)) for region in found)
