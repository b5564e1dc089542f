"""Chords by the million: arrays of roots and kinds to pitch-class masks, spellings and symbols, and back.

Kinds are counted as in chord_kinds.QUALITIES, pitch classes are 0..11 above C, names are places on the line of fifths
(PitchName.fifths). A mask has bit p set where pitch class p sounds. All functions are pure and may be called by any
thread; the tables are made at the first use (some milliseconds).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from composers.errors import MusicError
from composers.theory.chord_kinds import QUALITIES, kind_of
from composers.theory.chords import Chord, parse_chord
from composers.theory.pitch import PitchName, of_fifths

NO_CHORD = -1
"""Root and kind where no chord of the catalogue has exactly these notes."""
NO_NOTE = -128
"""Fills the rows of `spelled` behind a chord's last note."""
MOST_NOTES = 8

_INDEX = {quality: index for index, quality in enumerate(QUALITIES)}


class _Tables(NamedTuple):
    masks: NDArray[np.uint16]  # [kind, root]
    fifths: NDArray[np.int8]  # [kind, note] above the root on the line of fifths
    named: NDArray[np.int16]  # [mask, bass + 1] -> kind * 12 + root; bass 0 = not known


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    masks = np.zeros((len(QUALITIES), 12), np.uint16)
    fifths = np.full((len(QUALITIES), MOST_NOTES), NO_NOTE, np.int8)
    named = np.full((4096, 13), NO_CHORD, np.int16)
    for index, quality in enumerate(QUALITIES):
        kind = kind_of(quality)
        places = sorted({i % 12 for i in kind.intervals})
        for root in range(12):
            masks[index, root] = sum(1 << (p + root) % 12 for p in places)
        for note, (steps, semitones) in enumerate(zip(kind.steps, kind.intervals, strict=True)):
            fifths[index, note] = PitchName(0).up(steps, semitones).fifths
    for index in reversed(range(len(QUALITIES))):  # the more usual kind is written last and stays
        for root in reversed(range(12)):
            named[masks[index, root], :] = index * 12 + root
    for index in reversed(range(len(QUALITIES))):
        for root in range(12):
            named[masks[index, root], root + 1] = index * 12 + root
    return _Tables(masks, fifths, named)


def kind_index(quality: str) -> int:
    """The number of a kind, see kind_of for how it may be written. Raises MusicError."""
    kind = kind_of(quality)
    if kind.quality not in _INDEX:
        raise MusicError(
            f"chord quality {quality!r} is not in the catalogue: take one of chord_kinds.QUALITIES, for example m7b5"
        )
    return _INDEX[kind.quality]


def encode(chords: Iterable[Chord | str]) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Chords or symbols -> (root pitch classes, kinds); slash basses are left out. Raises MusicError."""
    pairs = [_code(c) for c in chords]
    both = np.array(pairs, np.int16).reshape(-1, 2)
    return both[:, 0], both[:, 1]


@lru_cache(maxsize=4096)
def _code(chord: Chord | str) -> tuple[int, int]:
    value = parse_chord(chord) if isinstance(chord, str) else chord
    return value.root.pitch_class, kind_index(value.quality)


def masks(roots: ArrayLike, kinds: ArrayLike) -> NDArray[np.uint16]:
    """Root pitch classes (any integers) and kinds, broadcast against each other -> pitch-class masks.

    Raises MusicError for a kind that is none.
    """
    table = _tables().masks
    found: NDArray[np.uint16] = table[_checked(kinds), np.mod(np.asarray(roots), 12)]
    return found


def chords(
    pitch_class_masks: ArrayLike, basses: ArrayLike | None = None
) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Masks -> (roots, kinds), NO_CHORD in both where no chord has exactly these notes.

    Where several have (C6 and Am7, C+ and E+, Csus2 and Gsus4) the one whose root is the bass, given as pitch classes;
    else the most usual kind, then the lowest root. Raises MusicError for what is no mask.
    """
    wanted = np.asarray(pitch_class_masks)
    if wanted.size and (wanted.min() < 0 or wanted.max() > 4095):
        raise MusicError(f"pitch-class masks from {wanted.min()} to {wanted.max()}: give integers from 0 to 4095")
    bass = np.zeros((), np.int16) if basses is None else np.mod(np.asarray(basses), 12) + 1
    found = _tables().named[wanted, bass]
    none = found == NO_CHORD
    kinds, roots = np.divmod(found, np.int16(12))
    return np.where(none, NO_CHORD, roots).astype(np.int16), np.where(none, NO_CHORD, kinds).astype(np.int16)


def every_chord(pitch_class_mask: int) -> tuple[tuple[int, int], ...]:
    """All (root, kind) with exactly these notes, the most usual kind first."""
    kinds, roots = np.nonzero(_tables().masks == pitch_class_mask)
    return tuple(zip(roots.tolist(), kinds.tolist(), strict=True))


def spelled(root_fifths: ArrayLike, kinds: ArrayLike) -> NDArray[np.int8]:
    """Roots on the line of fifths and kinds -> the notes on it, [..., MOST_NOTES], NO_NOTE behind the last.

    Roots go from -64 to 64, far more than seven flats or sharps. Raises MusicError for a kind that is none.
    """
    above = _tables().fifths[_checked(kinds)]
    return np.where(above == NO_NOTE, NO_NOTE, above + np.asarray(root_fifths, np.int8)[..., None]).astype(np.int8)


def pitch_classes_of(fifths: ArrayLike) -> NDArray[np.int64]:
    """Places on the line of fifths -> pitch classes."""
    return np.mod(np.asarray(fifths, np.int64) * 7, 12)


def names(fifths: Sequence[int] | NDArray[np.int8]) -> tuple[PitchName, ...]:
    """One row of `spelled` as names."""
    return tuple(of_fifths(int(f)) for f in fifths if f != NO_NOTE)


def _checked(kinds: ArrayLike) -> NDArray[np.generic]:
    numbers = np.asarray(kinds)
    if numbers.size and (numbers.min() < 0 or numbers.max() >= len(QUALITIES)):
        raise MusicError(
            f"chord kinds from {numbers.min()} to {numbers.max()}: there are 0 to {len(QUALITIES) - 1} in QUALITIES"
        )
    return numbers
