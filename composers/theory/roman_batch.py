"""Roman numerals by the million: arrays of pitch-class masks, basses and keys to numerals, by one table.

A mask has bit p set where pitch class p sounds (see batch). There is no spelling here: what sounds alike is read as
the vocabulary prefers it, so that Ab C Eb Gb over Ab in C is Ger65. A chord of the vocabulary that lacks its fifth, or
else its third, is still found. All functions are pure and may be called by any thread; the table is made at the first
use (some 60 milliseconds).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from composers.errors import MusicError
from composers.theory.pitch import PitchName
from composers.theory.roman_names import vocabulary
from composers.theory.roman_numeral import RomanNumeral
from composers.theory.roman_stacks import scale_mode, stack
from composers.theory.scales import Key

NO_ROMAN = -1
"""Where no numeral of the vocabulary has these notes."""
_MODES = ("major", "minor")


class Numerals(NamedTuple):
    """The vocabularies of major and minor behind each other, as `romans` numbers them, and facts of each.

    first_minor  where minor begins
    roots        pitch class above the tonic
    inversions   0..3
    applied      it has an `of`
    """

    numerals: tuple[RomanNumeral, ...]
    first_minor: int
    roots: NDArray[np.int8]
    inversions: NDArray[np.int8]
    applied: NDArray[np.bool_]


@lru_cache(maxsize=1)
def numerals() -> Numerals:
    """What the numbers stand for."""
    both = tuple(n for mode in _MODES for n in vocabulary(mode))
    first_minor = len(vocabulary("major"))
    keys = [Key(PitchName(0), _MODES[i >= first_minor]) for i in range(len(both))]
    return Numerals(
        both,
        first_minor,
        np.array([n.root(k).pitch_class for n, k in zip(both, keys, strict=True)], np.int8),
        np.array([n.inversion for n in both], np.int8),
        np.array([n.of is not None for n in both], np.bool_),
    )


@lru_cache(maxsize=1)
def _table() -> NDArray[np.int16]:
    """[minor, mask, bass], all above the tonic."""
    table = np.full((2, 4096, 12), NO_ROMAN, np.int16)
    known = numerals()
    for missing in ((), (4,), (2,), (2, 4)):  # letters above the root
        for index, numeral in enumerate(known.numerals):
            minor = int(index >= known.first_minor)
            root = int(known.roots[index])
            local = numeral.key_of(Key(PitchName(0), _MODES[minor])).mode
            found = stack(numeral, scale_mode(numeral, local))
            if missing and (numeral.name or len(set(found.steps)) < len(found.steps)):
                continue
            mask = 0
            for steps, semitones in zip(found.steps, found.semitones, strict=True):
                mask |= 0 if steps in missing else 1 << (root + semitones) % 12
            bass = (root + found.bass[1]) % 12
            if mask >> bass & 1 and table[minor, mask, bass] == NO_ROMAN:
                table[minor, mask, bass] = index
    return table


def romans(masks: ArrayLike, basses: ArrayLike, tonics: ArrayLike, minor: ArrayLike) -> NDArray[np.int16]:
    """Pitch-class masks, bass and tonic pitch classes (any integers) and whether the key is minor -> numbers.

    They are broadcast against each other; see `numerals` for what the numbers stand for, NO_ROMAN for none. A bass
    that is not in its mask counts as one more note. Raises MusicError for what is no mask.
    """
    wanted = np.asarray(masks)
    if wanted.size and (wanted.min() < 0 or wanted.max() > 4095):
        raise MusicError(f"pitch-class masks from {wanted.min()} to {wanted.max()}: give integers from 0 to 4095")
    tonic = np.mod(np.asarray(tonics, np.int32), 12)
    bass = np.mod(np.asarray(basses, np.int32) - tonic, 12)
    wide = wanted.astype(np.int32)
    above = ((wide >> tonic) | (wide << (12 - tonic))) & 4095 | (np.int32(1) << bass)
    found: NDArray[np.int16] = _table()[np.asarray(minor, np.bool_).astype(np.int8), above, bass]
    return found
