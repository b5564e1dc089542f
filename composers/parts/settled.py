"""Notes that may ring for long: what of a chord and its scale rubs against nothing."""

from __future__ import annotations

from functools import lru_cache

from composers.harmony import Region


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
