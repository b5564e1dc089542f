"""Notes that may ring for long: what of a chord and its scale rubs against nothing, in what register."""

from __future__ import annotations

from functools import lru_cache

from composers.harmony import Region
from composers.parts.passage import Lane, Passage


@lru_cache(maxsize=4096)
def _calm(tones: int, scale: int) -> int:
    """A chord's tones, and those of its scale that are no semitone from any of them or of each other."""
    kept = tones
    for key in (7, 2, 9, 0, 4, 5, 10, 3, 11, 8, 1, 6):
        beside = 1 << (key + 1) % 12 | 1 << (key - 1) % 12
        if scale >> key & 1 and not kept & beside:
            kept |= 1 << key
    return kept


def calm(region: Region) -> int:
    """A mask of pitch classes relative to the tonic that may ring together over this region."""
    return _calm(region.tones, region.scale)


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
