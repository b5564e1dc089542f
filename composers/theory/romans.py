"""Roman numerals, in and out: what other modules import. The value itself is in roman_numeral."""

from __future__ import annotations

from composers.theory.roman_numeral import AUGMENTED_SIXTHS, NUMERALS, Change, RomanNumeral
from composers.theory.roman_reading import parse_roman

__all__ = ["AUGMENTED_SIXTHS", "NUMERALS", "Change", "RomanNumeral", "parse_roman"]
