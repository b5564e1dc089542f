"""Charts in numerals: "I-vi-IV-V", "IIm7 V7 | Imaj7", "V7/V V7 I/5": chords of no key yet, in bars.

Each word is a numeral as lead sheets write it (`romans.parse_roman` with chart=True): degrees count along the major
scale in every mode, so that a lowered one says so (bVII), behind it stands a chord symbol's suffix.
"""

from __future__ import annotations

import re
from functools import lru_cache

from composers.errors import MusicError
from composers.theory.chords import Chord
from composers.theory.pitch import LETTER_SEMITONES
from composers.theory.romans import NUMERALS, parse_roman
from composers.theory.scales import Key

_DEGREE = r"[b#♭♯]*(?:VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)"
_SEPARATOR = re.compile(rf"\s*[-–—→>,]+\s*(?={_DEGREE})|\s+")

Chart = tuple[tuple[str, ...], ...]
"""Numerals in bars."""


@lru_cache(maxsize=1024)
def parse_chart(text: str) -> Chart:
    """ "I VI7 | ii V" or "ii-V-I" -> bars of numerals; without any "|" each numeral has a bar of its own.

    Raises MusicError for an empty bar and for what is no numeral.
    """
    inside = text.strip().removeprefix("|").removesuffix("|")
    words = [[word for word in _SEPARATOR.split(bar.strip()) if word] for bar in inside.split("|")]
    if not all(words):
        raise MusicError(f"chart {text!r} has an empty bar: write a numeral in each, with | between bars")
    for word in (w for bar in words for w in bar):
        parse_roman(word, chart=True)
    if "|" not in text:
        return tuple((word,) for word in words[0])
    return tuple(map(tuple, words))


@lru_cache(maxsize=8192)
def chord_of(numeral: str, key: Key) -> Chord:
    """The chord of a chart's numeral in a key, without double accidentals, as lead sheets have it: bVI in Gb is D."""
    chord = parse_roman(numeral, chart=True).chord(Key(key.tonic))
    root = chord.root.plain()
    if root == chord.root:
        return chord
    return Chord(root, chord.quality, chord.intervals).inverted(chord.inversion or 0)


@lru_cache(maxsize=4096)
def numeral_of(chord: Chord, key: Key) -> str:
    """The chord as a chart's numeral of the key's tonic: F7 in C is "IV7", C/E "I/3"; chord_of finds it again.

    A bass that is no note of the chord is left out.
    """
    steps = (chord.root.letter - key.tonic.letter) % 7
    alter = (chord.root.pitch_class - key.tonic.pitch_class - LETTER_SEMITONES[steps] + 6) % 12 - 6
    bass = ""
    if chord.bass is not None and chord.inversion:
        member = 1 + (chord.bass.letter - chord.root.letter) % 7
        bass = f"/{member}" if member in (3, 5, 7) else ""
    return f"{'#' * alter}{'b' * -alter}{NUMERALS[steps]}{chord.quality}{bass}"
