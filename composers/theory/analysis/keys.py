"""Keys of music: profiles of pitch classes, correlated with what sounds, and the likeliest course of keys in time.

Profiles (how well each degree fits a key, C upwards):
- Krumhansl & Kessler 1982, listeners' ratings (Krumhansl, Cognitive Foundations of Musical Pitch, 1990)
- Temperley's from the Kostka-Payne corpus (Temperley, Music and Probability, 2007)
- Albrecht & Shanahan 2013, counted in 982 classical works
- "when-in-rome": time that degrees sound in keys of human analyses, the training split (learn_harmony.py in the tests)

`find_key` and `key_course` are the classical way and need nothing but a profile; analyze_harmony's own networks and its
joint search of chords and keys do better (see the evaluation). Pure, any thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from composers.errors import MusicError
from composers.score import Meter, Span
from composers.theory.analysis.grid import Floats, Grid, Ints, MeterChange, make_grid
from composers.theory.analysis.notes import Source, read_notes
from composers.theory.analysis.spelling import home_key
from composers.theory.scales import SCALES, Key, Scale, scale

PROFILES: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "krumhansl-kessler": (
        (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
        (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
    ),
    "temperley-kostka-payne": (
        (0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400),
        (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330),
    ),
    "albrecht-shanahan": (
        (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
        (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
    ),
    "when-in-rome": (
        (0.2213, 0.0061, 0.1155, 0.0082, 0.1414, 0.0963, 0.0116, 0.2269, 0.0106, 0.0767, 0.0085, 0.0768),
        (0.2113, 0.0064, 0.1207, 0.1195, 0.0167, 0.0937, 0.0105, 0.2404, 0.0607, 0.0152, 0.0348, 0.0701),
    ),
}
"""Name -> (major, minor)."""
_WINDOW_BARS = 2
_STAY = 12.0
"""What a change of key costs in key_course, against correlations summed over bars times _SHARP."""
_SHARP = 10.0
_BETTER = 0.04
"""A rarer scale must leave this much less of the sounding time outside."""
_SCALES = {
    "major": ("major", "mixolydian", "lydian"),
    "minor": ("minor", "harmonic minor", "dorian", "melodic minor", "phrygian"),
}


class KeyGuess(NamedTuple):
    """A key and its correlation with what sounds, -1..1."""

    key: Key
    correlation: float

    def __str__(self) -> str:
        return f"{self.key.tonic} {self.key.mode} ({self.correlation:.2f})"


class KeyStretch(NamedTuple):
    """A key while it holds, ticks."""

    span: Span
    key: Key


def correlations(weights: Floats, profile: str = "albrecht-shanahan") -> Floats:
    """[n, 24] Pearson correlations of [n, 12] pitch-class weights with every key (tonic * 2 + 1 in minor).

    Raises MusicError for an unknown profile.
    """
    if profile not in PROFILES:
        raise MusicError(f"key profile {profile!r} is not known: choose one of {', '.join(PROFILES)}")
    table = np.array(PROFILES[profile])
    keys = np.stack([np.roll(table[k % 2], k // 2) for k in range(24)])
    keys = keys - keys.mean(1, keepdims=True)
    given = weights - weights.mean(1, keepdims=True)
    norm = np.sqrt((given**2).sum(1))[:, None] * np.sqrt((keys**2).sum(1))[None]
    return np.asarray(given @ keys.T / np.maximum(norm, 1e-9), np.float32)


def find_key(notes: Source, profile: str = "albrecht-shanahan", *, count: int = 1) -> tuple[KeyGuess, ...]:
    """The keys that fit the whole best, the best first (Krumhansl & Schmuckler's algorithm with any profile).

    `notes` as for analyze_harmony. Raises MusicError.
    """
    played = read_notes(notes)
    weights = np.zeros((1, 12), np.float32)
    for note in played.notes:
        weights[0, note.pitch % 12] += note.length
    row = correlations(weights, profile)[0]
    order = np.argsort(-row, kind="stable")[:count]
    return tuple(KeyGuess(home_key(int(k) // 2, bool(k % 2), played.signs), float(row[k])) for k in order)


def key_course(
    notes: Source, meter: Meter | Sequence[MeterChange] | None = None, profile: str = "albrecht-shanahan"
) -> tuple[KeyStretch, ...]:
    """The likeliest keys in time by profiles alone: correlations in windows around each bar, and a price for each
    change (Temperley 2001, as a Viterbi search)."""
    played = read_notes(notes)
    if meter is None or isinstance(meter, Meter):
        meter = (MeterChange(0, meter or played.meter or Meter()),)
    grid = make_grid(played.notes, meter)
    codes = course(grid, profile)
    edges = np.flatnonzero(np.diff(codes, prepend=-1))
    ends = np.append(edges[1:], len(codes))
    found = []
    for a, b in zip(edges, ends, strict=True):
        key = home_key(int(codes[a]) // 2, bool(codes[a] % 2), played.signs)
        found.append(KeyStretch(Span(int(grid.starts[a]), int(grid.starts[b])), key))
    return tuple(found)


def course(grid: Grid, profile: str) -> Ints:
    """[slices] key codes (tonic * 2 + 1 in minor) of key_course."""
    edges = np.flatnonzero(np.diff(grid.bar, prepend=grid.bar[0] - 1))
    sizes = np.diff(np.append(edges, len(grid)))
    bars = np.add.reduceat(grid.sounding, edges, axis=0)
    total = np.concatenate([np.zeros((1, 12)), np.cumsum(bars, axis=0)])
    at = np.arange(len(bars))
    low, high = np.maximum(at - _WINDOW_BARS, 0), np.minimum(at + _WINDOW_BARS + 1, len(bars))
    fits = correlations((total[high] - total[low]).astype(np.float32), profile) * _SHARP
    score, came = fits[0].copy(), np.zeros((len(bars), 24), np.int64)
    for i in range(1, len(bars)):
        best = int(score.argmax())
        moved = score[best] - _STAY
        came[i] = np.where(score < moved, best, np.arange(24))
        score = np.maximum(score, moved) + fits[i]
    code = int(score.argmax())
    codes = np.zeros(len(bars), np.int64)
    for i in range(len(bars) - 1, -1, -1):
        codes[i] = code
        code = int(came[i, code])
    return np.repeat(codes, sizes)


def scale_of(weights: Floats, key: Key) -> Scale:
    """The scale on the key's tonic that [12] pitch-class weights keep to: the key's own unless a mode fits clearly
    better."""
    tonic = key.tonic.pitch_class
    total = float(weights.sum()) or 1.0
    best, least = key.mode, 0.0
    for i, name in enumerate(_SCALES[key.mode]):
        inside = sum(float(weights[(tonic + step) % 12]) for step in SCALES[name])
        outside = 1 - inside / total
        if i == 0 or outside < least - _BETTER:
            best, least = name, outside
    return scale(tonic, best)
