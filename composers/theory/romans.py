"""Roman numerals, in and out: what other modules import.

    parse_roman("V65/ii").chord(Key.parse("Eb"))     C7/E
    roman_of(parse_chord("C7/E"), Key.parse("Eb"))   V65/ii

The value with its conventions is in roman_numeral, reading in roman_reading, the way back in roman_names, arrays of
them in roman_batch.
"""

from __future__ import annotations

from composers.theory.roman_names import roman_of, romans_of, vocabulary
from composers.theory.roman_numeral import AUGMENTED_SIXTHS, NUMERALS, Change, RomanNumeral
from composers.theory.roman_reading import parse_roman

__all__ = ["AUGMENTED_SIXTHS", "NUMERALS", "Change", "RomanNumeral", "parse_roman", "roman_of", "romans_of",
           "vocabulary"]  # fmt: skip
