"""Notes that may ring for long: what of a chord and its scale rubs against nothing, in what register."""

from __future__ import annotations

from functools import lru_cache

from composers.harmony import Region
from composers.parts.passage import Lane, Passage

_ORDER = (4, 3, 6, 11, 10, 2, 7, 9, 5, 8, 1, 0)
"""Semitones above a chord's root, the first that are kept: its colour before its fifth and its root, which is below."""


@lru_cache(maxsize=4096)
def _calm(root: int, tones: int, scale: int) -> tuple[int, int]:
    kept = 0
    for offered in (tones, scale):
        for above in _ORDER:
            key = (root + above) % 12
            beside = 1 << (key + 1) % 12 | 1 << (key - 1) % 12
            if offered >> key & 1 and not kept & beside:
                kept |= 1 << key
    return kept & tones, kept


def _asked(passage: Passage, region: Region) -> tuple[int, int]:
    """What is kept of the chord, and of the scale with it."""
    root = (region.chord.root.pitch_class - passage.tonic) % 12
    tones = 0
    for interval in region.chord.intervals:
        tones |= 1 << (root + interval) % 12
    return _calm(root, tones, region.scale)


def calm_chord(passage: Passage, region: Region) -> int:
    """A chord's tones, tensions too, of which no two are a semitone apart: a mask relative to the tonic."""
    return _asked(passage, region)[0]


def calm(passage: Passage, region: Region) -> int:
    """The same with those tones of the scale that are no semitone from any of them or of each other."""
    return _asked(passage, region)[1]


def rings(passage: Passage, step: int, end: int, pitch: int, least: int) -> int:
    """The step until which a key may ring on from `step`: `end`, or before a harmony that it rubs against."""
    region = passage.at(step)
    while region.end < end and region.start < passage.steps:
        region = passage.next_to(region)
        if not calm(passage, region) >> pitch % 12 & 1:
            return max(region.start, step + least)
    return end


@lru_cache(maxsize=16384)
def settled(key: int, mask: int, low: int, high: int) -> int:
    """The key of the mask that is nearest, the lower of two, in low..high; where none is there, `key` as it is."""
    offered = [k for k in range(low, high + 1) if mask >> k % 12 & 1]
    return min(offered, key=lambda k: (abs(k - key), k)) if offered else key


def reach(passage: Passage, part: str, low: int, high: int) -> Lane:
    """Keys around a tonic of C for a part, `low`..`high` as far as its instrument has them with ease; an octave at
    least. So that a key changes no note where the instrument has room."""
    own = passage.lanes.get(part)
    if own is None:
        return Lane(low, high)
    bottom, top = max(own.low - passage.tonic, low), min(own.high - passage.tonic, high)
    return Lane(bottom, top) if top - bottom >= 12 else Lane(own.low - passage.tonic, own.high - passage.tonic)
