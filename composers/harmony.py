"""Harmony in time: charts in Roman numerals made into chords of a key, and the chord at any step of a passage."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from composers.errors import MusicError
from composers.pulse import STEPS as STEPS
from composers.pulse import Pulse, pulse_of
from composers.score import Meter
from composers.theory.chords import Chord, parse_chord
from composers.theory.pitch import LETTER_SEMITONES
from composers.theory.scales import Key, chord_scale

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


def regions(bars: Sequence[Bar], following: Chord, key: Key, meter: Meter) -> tuple[Region, ...]:
    """The chords of consecutive bars. `following` is what comes after the last.

    Chords that share a bar change on its felt beats: two in halves of 4/4, 2 + 1 beats of 3/4, 2 + 2 + 3 eighths of 7/8
    at the third group. An equal chord that goes on is one region only within its bar, because lines are thought in
    bars.
    """
    pulse = pulse_of(meter)
    written: list[tuple[int, Chord]] = []
    for index, bar in enumerate(bars):
        first = index * pulse.steps
        written.extend((first + at, chord) for at, chord in _changes(bar, pulse))
    ends = [at for at, _ in written[1:]] + [len(bars) * pulse.steps]
    after = [chord for _, chord in written[1:]] + [following]
    return tuple(
        Region(at, end, chord, *_relative(chord, then, key))
        for (at, chord), end, then in zip(written, ends, after, strict=True)
    )


def _changes(bar: Bar, pulse: Pulse) -> list[tuple[int, Chord]]:
    """(step, chord) of a bar; a chord that goes on is named once."""
    found: list[tuple[int, Chord]] = []
    for at, chord in zip(splits(len(bar), pulse), bar, strict=True):
        if not found or found[-1][1] != chord:
            found.append((at, chord))
    return found


@lru_cache(maxsize=128)
def splits(chords: int, pulse: Pulse) -> tuple[int, ...]:
    """The steps on which the chords of one bar begin."""
    if chords > len(pulse.beats):
        return tuple(pulse.steps * k // chords for k in range(chords))
    places = [0]
    for k in range(1, chords):
        wanted = pulse.steps * k / chords
        free = [beat for beat in pulse.beats if beat > places[-1]]
        left = chords - k - 1  # beats that the chords after this one need
        free = free[: len(free) - left]
        places.append(min(free, key=lambda beat: (abs(beat - wanted), -beat)))
    return tuple(places)


def chord_beats(bar: Bar, meter: Meter) -> tuple[tuple[float, str], ...]:
    """A bar for readers: (beat of the meter counted from 0, symbol)."""
    pulse = pulse_of(meter)
    return tuple((at / pulse.unit, str(chord)) for at, chord in _changes(bar, pulse))
