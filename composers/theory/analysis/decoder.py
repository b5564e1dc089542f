"""From what the networks hear to the likeliest chords and keys: two exact searches (Viterbi), one after the other.

The first cuts time into harmonic spans: over all 144 chords, slice by slice, a chord stays or gives way where the
boundary network hears a new one. The second reads the spans: over 24 keys times each span's likeliest chords it weighs
what was heard against how chords follow each other within a key (counted in human analyses) and against the price of a
modulation; the chord before a change of key counts in the new key too, as a pivot (Aldwell & Schachter, ch. 27).
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from composers.theory.analysis.grid import Floats

LABELS = (
    "major", "minor", "diminished", "augmented", "dominant", "major seventh", "minor seventh", "half-diminished",
    "fully diminished", "minor-major seventh", "French sixth", "augmented seventh",
)  # fmt: skip
"""The chords that are told apart here; a chord is root * len(LABELS) + label, a key tonic * 2 + (1 in minor)."""
CHORDS = 12 * len(LABELS)
KEYS = 24


class Decoding(NamedTuple):
    """How much each voice counts; chosen on held-back training pieces (learn_harmony.is_dev).

    heard, boundary, leaving          in the first search: the chords, the boundaries, the price of a new chord
    span_heard, key_heard, moves      in the second: chords, keys, how chords follow each other
    modulation                        the price of a change of key beside its rarity
    candidates                        chords tried in each span
    """

    heard: float = 1.2
    boundary: float = 0.5
    leaving: float = 0.6
    span_heard: float = 1.2
    key_heard: float = 0.25
    moves: float = 1.3
    modulation: float = 2.0
    candidates: int = 8


class Tables(NamedTuple):
    """Log-probabilities.

    moves   [2, CHORDS, CHORDS] from a chord to the next, both relative to the tonic; 0 major, 1 minor
    starts  [2, CHORDS] of the first chord
    keys    [KEYS, KEYS] from a key to another, the diagonal 0
    """

    moves: Floats
    starts: Floats
    keys: Floats


class Span(NamedTuple):
    """Slices first..end of one chord in one key."""

    first: int
    end: int
    chord: int
    key: int


def make_tables(double_moves: Floats, starts: Floats, keys: Floats) -> Tables:
    """Smoothed logarithms of counts, moves in halves, since a pivot counts a half.

    Witten-Bell: what follows a rare chord is taken from what is frequent.
    """
    moves = double_moves / 2
    single = moves.sum(1) + starts + 0.05
    single /= single.sum(1, keepdims=True)
    seen = (moves > 0).sum(2, keepdims=True) + 1.0
    total = moves.sum(2, keepdims=True)
    mixed = (moves + seen * single[:, None]) / (total + seen)
    change = keys.reshape(2, 12, 2) + 0.3
    change[0, 0, 0] = change[1, 0, 1] = 0
    change /= change.sum((1, 2), keepdims=True)
    table = np.zeros((KEYS, KEYS))
    for old in range(KEYS):
        for new in range(KEYS):
            if old != new:
                table[old, new] = np.log(change[old % 2, (new // 2 - old // 2) % 12, new % 2])
    return Tables(np.log(mixed).astype(np.float32), np.log(single).astype(np.float32), table.astype(np.float32))


def cut(heard: Floats, boundary: Floats, weights: Decoding) -> list[tuple[int, int]]:
    """Spans (first, end) of slices. heard [slices, CHORDS] log-probabilities, boundary [slices] log-odds."""
    count = len(heard)
    emission = heard * weights.heard
    odds = np.clip(boundary * weights.boundary, -12, 12)
    go, stay = -np.log1p(np.exp(-odds)), -np.log1p(np.exp(odds))
    score = emission[0].copy()
    came = np.empty((count, CHORDS), np.int16)
    own = np.arange(CHORDS, dtype=np.int16)
    for t in range(1, count):
        best = int(score.argmax())
        leave = score[best] + go[t] - weights.leaving
        score += stay[t]
        left = score < leave
        came[t] = np.where(left, best, own)
        np.maximum(score, leave, out=score)
        score += emission[t]
    chord, edges = int(score.argmax()), [count]
    for t in range(count - 1, 0, -1):
        before = int(came[t, chord])
        if before != chord:
            edges.append(t)
            chord = before
    edges.append(0)
    edges.reverse()
    return list(pairwise(edges))


_TONIC = np.arange(KEYS) // 2
_MODE = np.arange(KEYS) % 2
_AT_ONCE = 256
"""Spans whose transitions are looked up together: some megabytes."""


def read(
    spans: list[tuple[int, int]], heard: Floats, keys: Floats, tables: Tables, weights: Decoding
) -> list[Span]:
    """The likeliest chord and key of each span."""
    firsts = np.array([a for a, _ in spans])
    chord_sum = np.add.reduceat(heard, firsts, axis=0)
    key_sum = np.add.reduceat(keys, firsts, axis=0) * weights.key_heard
    many = weights.candidates
    top = np.argpartition(-chord_sum, many, axis=1)[:, :many]
    emission = np.take_along_axis(chord_sum, top, 1) * weights.span_heard
    labels = len(LABELS)
    relative = ((top[:, None, :] // labels - _TONIC[None, :, None]) % 12) * labels + top[:, None, :] % labels
    table = tables.moves * np.float32(weights.moves)
    change = np.ascontiguousarray((tables.keys - weights.modulation).T)  # [new key, old key]
    np.fill_diagonal(change, 0)
    score = tables.starts[_MODE[:, None], relative[0]] * weights.moves + emission[0] + key_sum[0][:, None]
    came_key, came_chord = (np.empty((len(spans), KEYS, many), np.int16) for _ in range(2))
    new = np.arange(KEYS)[:, None]
    for i in range(1, len(spans)):
        if (i - 1) % _AT_ONCE == 0:
            rows = relative[i - 1 : i + _AT_ONCE]
            moves = table[_MODE[None, :, None, None], rows[:-1, :, None, :], rows[1:, :, :, None]]
            given = emission[i : i + _AT_ONCE, None, :] + key_sum[i : i + _AT_ONCE, :, None]
        over = change[:, None, :] + score.T[None]  # [new key, old chord, old key]
        from_key = over.argmax(2)
        steps = moves[(i - 1) % _AT_ONCE] + over.max(2)[:, None, :]  # [key, new chord, old chord]
        from_chord = steps.argmax(2)
        score = steps.max(2) + given[(i - 1) % _AT_ONCE]
        came_chord[i], came_key[i] = from_chord, from_key[new, from_chord]
    key, place = divmod(int(score.argmax()), many)
    found = []
    for i in range(len(spans) - 1, -1, -1):
        found.append(Span(*spans[i], int(top[i, place]), key))
        if i:
            key, place = int(came_key[i, key, place]), int(came_chord[i, key, place])
    found.reverse()
    return merged(found)


def merged(spans: list[Span]) -> list[Span]:
    """Neighbours of the same chord and key made one."""
    found: list[Span] = []
    for span in spans:
        if found and found[-1][2:] == span[2:]:
            found[-1] = found[-1]._replace(end=span.end)
        else:
            found.append(span)
    return found
