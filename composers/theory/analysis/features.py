"""What the listening networks see of each slice: pitch classes of the slice, around it, below it, and its metre.

All blocks are [slices, 12] by pitch class, so that the same network can hear them from each of the twelve roots.
"""

from __future__ import annotations

import numpy as np

from composers.theory.analysis.grid import LEVELS, Floats, Grid, Ints

CHORD_BLOCKS = 20
CHORD_EXTRAS = LEVELS + 2
KEY_BLOCKS = 41
BOUNDARY_FEATURES = 2 * LEVELS + 12
_GROUPS = ((0, 5), (1, 6, 9), (2, 7, 8), (4, 11))
"""Labels that say the same of a key: major, minor, diminished, dominant."""
_AROUND = ((0, 4), (0, 16), (0, 48), (-4, 0), (-16, 0), (-48, 0))


def chord_blocks(grid: Grid) -> Floats:
    """[slices, CHORD_BLOCKS, 12]."""
    sounding, lowest = grid.sounding, one_hot(grid.lowest)
    beat, beat_bass = by_group(grid.beat, sounding), _lowest_of(grid.beat, grid.lowest)
    bar = by_group(grid.bar, sounding)
    blocks = [
        sounding, grid.beginning, grid.held, grid.stepping, lowest, beat, beat_bass, bar,
        shifted(sounding, 1), shifted(sounding, 2), shifted(sounding, -1), shifted(sounding, -2),
        shifted(lowest, 1), shifted(lowest, -1), shifted(grid.beginning, -1), shifted(grid.stepping, -1),
        window(sounding, -6, -2), window(sounding, 3, 7), window(sounding, -24, 25), window(lowest, -3, 4),
    ]  # fmt: skip
    return np.stack(blocks, axis=1)


def chord_extras(grid: Grid) -> Floats:
    """[slices, CHORD_EXTRAS]: the metrical level, how much sounds, how much begins."""
    return np.concatenate([
        np.eye(LEVELS, dtype=np.float32)[grid.level],
        np.minimum(grid.sounding.sum(1), 8)[:, None] / 4, np.minimum(grid.onsets, 8)[:, None] / 4,
    ], axis=1)  # fmt: skip


def key_blocks(grid: Grid, heard: Floats) -> Floats:
    """[slices, KEY_BLOCKS, 12]: what sounds, within ever wider windows before and after, and in the whole piece; and
    which chords are heard there. `heard` [slices, 12, labels] are the chord network's log-probabilities."""
    sounding, lowest = grid.sounding, one_hot(grid.lowest)
    whole = np.broadcast_to(_unit(sounding.mean(0, keepdims=True)), sounding.shape)
    last = np.broadcast_to(_unit(sounding[-4:].mean(0, keepdims=True)), sounding.shape)
    spans = [(0, 2), (0, 4), (0, 8), (0, 16), (0, 32), (-2, 0), (-4, 0), (-8, 0), (-16, 0), (-32, 0), (-64, 65)]
    basses = [(0, 8), (-8, 0), (-2, 3)]
    blocks = [_unit(window(sounding, a, b)) for a, b in spans] + [_unit(window(lowest, a, b)) for a, b in basses]
    blocks += [_unit(by_group(grid.bar, sounding)), whole, last]
    likely = np.exp(heard)
    kinds = [likely[:, :, list(group)].sum(2) for group in _GROUPS]
    blocks += [window(kind, a, b) for a, b in _AROUND for kind in kinds]
    return np.stack(blocks, axis=1)


def boundary_features(grid: Grid) -> Floats:
    """[slices, BOUNDARY_FEATURES]: what tells that a new chord begins with the slice."""
    level = np.eye(LEVELS, dtype=np.float32)[grid.level]
    sounding, before = grid.sounding, shifted(grid.sounding, 1)
    low = grid.lowest
    previous = np.concatenate([low[:1], low[:-1]])
    onsets = np.minimum(grid.onsets, 6) / 3
    changed = (low != previous) & (low >= 0)
    leap = np.minimum(np.abs(low - previous), 12) / 12
    columns = [
        onsets, changed, leap, grid.beginning[np.arange(len(low)), low % 12] * (low >= 0),
        cosine(sounding, before), cosine(sounding, shifted(sounding, -1)),
        *(cosine(window(sounding, 0, n), window(sounding, -n, 0)) for n in (2, 4, 8)),
        np.append(onsets[1:], 0), np.append(0, onsets[:-1]),
        np.minimum((sounding * (before == 0)).sum(1), 4) / 2,
    ]  # fmt: skip
    stack = np.stack([np.asarray(c, np.float32) for c in columns], axis=1)
    return np.concatenate([level, level * onsets[:, None], stack], axis=1).astype(np.float32)


def one_hot(keys: Ints) -> Floats:
    """[n, 12] of keys, zeros for -1."""
    found = np.eye(12, dtype=np.float32)[keys % 12]
    found[keys < 0] = 0
    return found


def shifted(block: Floats, by: int) -> Floats:
    """The rows `by` slices earlier (later, below 0); zeros from outside."""
    found = np.zeros_like(block)
    if by > 0:
        found[by:] = block[:-by]
    else:
        found[:by] = block[-by:]
    return found


def window(block: Floats, first: int, end: int) -> Floats:
    """Means over the slices from `first` to before `end`, counted from each; outside nothing sounds."""
    total = np.concatenate([np.zeros((1, block.shape[1])), np.cumsum(block, axis=0, dtype=np.float64)])
    at = np.arange(len(block))
    low, high = np.clip(at + first, 0, len(block)), np.clip(at + end, 0, len(block))
    return np.asarray((total[high] - total[low]) / (end - first), np.float32)


def by_group(group: Ints, block: Floats) -> Floats:
    """The mean over the slices of the same (ascending) group, for each slice."""
    edges = np.flatnonzero(np.diff(group, prepend=group[0] - 1))
    sizes = np.diff(np.append(edges, len(group)))
    means = np.add.reduceat(block, edges, axis=0) / sizes[:, None]
    return np.asarray(np.repeat(means, sizes, axis=0), np.float32)


def _lowest_of(group: Ints, lowest: Ints) -> Floats:
    """One-hot of the lowest key of the group."""
    edges = np.flatnonzero(np.diff(group, prepend=group[0] - 1))
    sizes = np.diff(np.append(edges, len(group)))
    least = np.minimum.reduceat(np.where(lowest < 0, 1000, lowest), edges)
    return one_hot(np.repeat(np.where(least == 1000, -1, least), sizes))


def _unit(block: Floats) -> Floats:
    return np.asarray(block / (block.sum(1, keepdims=True) + 0.05), np.float32)


def cosine(a: Floats, b: Floats) -> Floats:
    """[rows]"""
    norms = np.sqrt((a * a).sum(1) * (b * b).sum(1))
    return np.asarray((a * b).sum(1) / np.maximum(norms, 1e-6), np.float32)
