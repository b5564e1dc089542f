"""Where phrases end: long last notes, breaths and cadences, as human analysts mark them.

What a listener hears as closing is longer than what went before (Lerdahl & Jackendoff's proximity rules,
Cambouropoulos's boundary model) and rests on a cadence; a small network weighs both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from composers.theory.analysis.decoder import LABELS, Span
from composers.theory.analysis.features import window
from composers.theory.analysis.grid import LEVELS, Flags, Floats, Grid, Ints
from composers.theory.analysis.network import Gate

PHRASE_FEATURES = LEVELS + 26
LEAST_BEATS = 3
"""No phrase is shorter."""
_LONG = 16
_DOMINANTS = (LABELS.index("major"), LABELS.index("dominant"))


def phrase_features(grid: Grid, spans: Sequence[Span]) -> Floats:
    """[slices, PHRASE_FEATURES]: what tells that one phrase ended and another begins with the slice."""
    count = len(grid)
    level = np.eye(LEVELS, dtype=np.float32)[grid.level]
    begin = np.searchsorted(grid.starts, grid.note_start, side="right") - 1
    length = (grid.note_end - grid.note_start) / np.diff(grid.starts)[begin]
    over = np.clip(np.searchsorted(grid.starts, grid.note_end, side="left"), 0, count)
    onset = grid.onsets > 0
    since = np.minimum(_since(onset), _LONG)  # slices since something began, before this one
    top = grid.highest
    top_since = np.minimum(_since(_changes(top)), _LONG)
    ended = np.bincount(over, weights=np.minimum(length, _LONG), minlength=count + 1)[:count]
    ends = np.bincount(over, minlength=count + 1)[:count]
    starting = np.bincount(begin, weights=np.minimum(length, _LONG), minlength=count)
    rest = grid.lowest < 0
    busy = window(grid.onsets[:, None], -8, 9)[:, 0]
    number = np.zeros(count, np.int64)
    for i, s in enumerate(spans):
        number[s.first : s.end] = i
    before = np.maximum(number - (np.arange(count) == np.array([s.first for s in spans])[number]), 0)
    earlier = np.maximum(before - 1, 0)
    chords, keys = (np.array([getattr(s, f) for s in spans]) for f in ("chord", "key"))
    duration = np.array([s.end - s.first for s in spans])
    root, label = chords // len(LABELS), chords % len(LABELS)
    above = (root - keys // 2) % 12
    dominant = (above == 7) & np.isin(label, _DOMINANTS)
    tonic = (above == 0) & (label < 2)
    new_chord = number != np.concatenate([[-1], number[:-1]])
    bass = grid.lowest % 12
    root_bass = np.concatenate([[False], bass[:-1] == root[number[:-1]]])
    columns = [
        since / 4, since >= 2, since >= 4, top_since / 4, top_since >= 2, top_since >= 4,
        np.minimum(ended / np.maximum(ends, 1), 8) / 4,
        np.minimum(ends, 6) / 3, np.minimum(grid.onsets, 6) / 3, starting / np.maximum(grid.onsets, 1) / 4,
        np.concatenate([[0], rest[:-1]]), rest, np.minimum(since / 2 * busy, 8) / 2, busy / 2,
        np.minimum(duration[before], _LONG) / 8, new_chord, tonic[before], dominant[before],
        tonic[before] & dominant[earlier], root_bass, root_bass & tonic[before],
        tonic[before] & dominant[earlier] & root_bass,
        grid.level[np.maximum(np.arange(count) - since.astype(int), 0)] / 3, keys[number] != keys[before],
        np.minimum(np.abs(top - np.concatenate([top[:1], top[:-1]])), 12) / 6, np.arange(count) < 4,
    ]  # fmt: skip
    return np.concatenate([level, np.stack([np.asarray(c, np.float32) for c in columns], axis=1)], axis=1)


def phrase_starts(grid: Grid, odds: Floats) -> list[int]:
    """Slices with which phrases begin, the first of the piece included, given how likely each is (log-odds).

    The best set of places at least LEAST_BEATS apart, found exactly (dynamic programming).
    """
    count = len(grid)
    beats = grid.beat
    best = np.zeros(count + 1)
    chosen = np.zeros(count, bool)
    reach = np.searchsorted(beats, beats - LEAST_BEATS, side="right")  # first slice too near to each
    for t in range(count):
        best[t + 1] = best[t]
        if t and odds[t] > 0 and beats[t] >= LEAST_BEATS:
            value = best[reach[t]] + odds[t]
            if value > best[t + 1]:
                best[t + 1], chosen[t] = value, True
    starts, t = [], count - 1
    while t > 0:
        if chosen[t]:
            starts.append(t)
            t = int(reach[t]) - 1
        else:
            t -= 1
    return [0, *reversed(starts)]


def listen(grid: Grid, spans: Sequence[Span], gate: Gate) -> list[int]:
    """Slices with which phrases begin."""
    return phrase_starts(grid, gate.log_odds(phrase_features(grid, spans)))


def _changes(keys: Ints) -> Flags:
    return np.concatenate([[True], keys[1:] != keys[:-1]])


def _since(events: Flags) -> Floats:
    """Slices from the last event before each slice to it."""
    at = np.arange(len(events))
    last = np.maximum.accumulate(np.where(events, at, 0))
    return np.asarray(at - np.concatenate([[0], last[:-1]]), np.float32)
