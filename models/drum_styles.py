"""What style do drums sound like to one who knows Groove MIDI: a small classifier, trained in seconds.

Multinomial logistic regression on windows of four bars in 4/4: which drum on which of 24 places of the bar (quarters,
their thirds and fourths), how dense, how alike the bars are ("pattern"); and with velocities and deviations from the
grid beside ("played"). It is an instrument to measure with, not a part of any composer.

Styles that one word names differently from what is played are left out of training: jazz/funk, jazz/fusion,
jazz/linear, jazz/march and jazz/klezmer. Isolated fills are left out too.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from composers.score import PPQ, Meter, Note
from composers.statistics.drums import CLASSES, class_of
from models.corpora import read

Floats = NDArray[np.float64]
STYLES = ("jazz", "rock", "hip-hop", "funk/soul", "latin")
WINDOW_BARS = 4
_METER = Meter()
_PLACES = (0.0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1.0)
"""Of a quarter; the last is the next one's first."""
_PLACE_NAMES = ("", "+1/4", "+1/3", "+1/2", "+2/3", "+3/4")
_EDGES = tuple((a + b) / 2 for a, b in pairwise(_PLACES))
_PER_BEAT = len(_PLACES) - 1
_EARLY = PPQ // 16
"""What is played this much before a bar line belongs behind it."""
_LEAST_HITS = 4
_PRIMARY = {
    "jazz": "jazz", "rock": "rock", "punk": "rock", "country": "rock", "pop": "rock", "blues": "rock",
    "hiphop": "hip-hop", "funk": "funk/soul", "neworleans": "funk/soul", "soul": "funk/soul", "gospel": "funk/soul",
    "latin": "latin", "afrocuban": "latin", "reggae": "latin", "afrobeat": "latin", "highlife": "latin",
}  # fmt: skip
_NOT_JAZZ = ("funk", "fusion", "linear", "march", "klezmer")
_DECAY, _STEP, _STEPS = 1e-2, 0.02, 250


def style_of(label: str) -> str | None:
    """Groove MIDI's "primary/secondary" as one of STYLES; None for what is left out."""
    primary, _, secondary = label.partition("/")
    if label.endswith(" fill") or (primary == "jazz" and secondary in _NOT_JAZZ):
        return None
    return _PRIMARY.get(primary)


class Window(NamedTuple):
    """pattern  which places are hit, density, likeness of bars; played  velocities and timing"""

    pattern: Floats
    played: Floats

    def features(self, *, timing: bool) -> Floats:
        return np.concatenate([self.pattern, self.played]) if timing else self.pattern


def window(notes: Iterable[Note], first_bar: int = 0, bars: int = WINDOW_BARS) -> Window | None:
    """Four bars of 4/4 as numbers; None for fewer than four hits a bar."""
    kinds, places = len(CLASSES), _METER.beats * _PER_BEAT
    hit = np.zeros((bars, kinds, places))
    loud = np.zeros((kinds, places))
    late: list[list[float]] = [[] for _ in CLASSES]
    force: list[list[float]] = [[] for _ in CLASSES]
    count = 0
    for note in notes:
        beat, phase = divmod(note.start / PPQ - first_bar * _METER.beats, 1.0)
        place = bisect(_EDGES, phase)
        offset = phase - _PLACES[place]
        at = int(beat) * _PER_BEAT + place
        bar, within = divmod(at, places)
        if not 0 <= bar < bars:
            continue
        kind = class_of(note.pitch)
        hit[bar, kind, within] = 1
        loud[kind, within] = max(loud[kind, within], note.velocity / 127)
        late[kind].append(offset)
        force[kind].append(note.velocity / 127)
        count += 1
    if count < _LEAST_HITS * bars:
        return None
    mean = hit.mean(0)
    beats = mean.reshape(kinds, 2, 2, _PER_BEAT)
    shared = [np.minimum(hit[0], other).sum() / max(1.0, np.maximum(hit[0], other).sum()) for other in hit[1:]]
    pattern = np.concatenate([
        mean.ravel(), beats.mean(1).ravel(), beats.mean((1, 2)).ravel(), hit.sum((0, 2)) / bars / 8,
        [float(np.mean(shared))],
    ])  # fmt: skip
    played = np.concatenate([
        loud.ravel(), [np.mean(f) if f else 0.0 for f in force], [np.std(f) if f else 0.0 for f in force],
        [np.mean([v < 60 / 127 for v in f]) if f else 0.0 for f in force],
        [4 * np.mean(o) if o else 0.0 for o in late], [8 * np.std(o) if o else 0.0 for o in late],
    ])  # fmt: skip
    return Window(pattern, played)


def feature_names() -> list[str]:
    """What each number of a window is, pattern first."""
    where = [f"{beat + 1}{place}" for beat in range(_METER.beats) for place in _PLACE_NAMES]
    pairs = [f"{pair}{place}" for pair in ("1,3", "2,4") for place in _PLACE_NAMES]
    pattern = (
        [f"{k} {w}" for k in CLASSES for w in where] + [f"{k} {w}" for k in CLASSES for w in pairs]
        + [f"{k} any{p}" for k in CLASSES for p in _PLACE_NAMES] + [f"{k} density" for k in CLASSES] + ["likeness"]
    )  # fmt: skip
    words = ("velocity", "velocity spread", "ghosts", "lateness", "timing spread")
    loud = [f"{k} velocity {w}" for k in CLASSES for w in where]
    return pattern + loud + [f"{k} {w}" for w in words for k in CLASSES]


def windows(notes: Sequence[Note], bars: int) -> list[Window]:
    """All windows of a part in 4/4, one after the other."""
    by_window: dict[int, list[Note]] = {}
    ticks = WINDOW_BARS * _METER.bar_ticks
    for note in notes:
        by_window.setdefault((note.start + _EARLY) // ticks, []).append(note)
    found = (window(by_window.get(i, ()), i * WINDOW_BARS) for i in range(bars // WINDOW_BARS))
    return [each for each in found if each is not None]


class Examples(NamedTuple):
    """Windows of takes: features by row; `styles` indices into STYLES; `takes` their ids."""

    windows: tuple[Window, ...]
    styles: NDArray[np.int64]
    takes: tuple[str, ...]

    def features(self, *, timing: bool) -> Floats:
        return np.array([each.features(timing=timing) for each in self.windows])


def examples(splits: Sequence[str], folder: Path | None = None) -> Examples:
    """Groove MIDI's takes in 4/4 of some of its official splits. Raises CorpusError where the data is missing."""
    found: list[tuple[Window, int, str]] = []
    for entry in read("groove_midi", folder):
        style = style_of(entry.style)
        if style is not None and entry.split in splits and entry.piece.meter == _METER:
            row = windows(entry.piece.of("drums"), entry.piece.bars)
            found += [(each, STYLES.index(style), entry.id) for each in row]
    return Examples(tuple(w for w, _, _ in found), np.array([s for _, s, _ in found], np.int64),
                    tuple(t for _, _, t in found))  # fmt: skip


@dataclass(frozen=True)
class DrumStyles:
    """A trained classifier. timing: it was given velocities and deviations too."""

    timing: bool
    mean: Floats
    scale: Floats
    weights: Floats
    bias: Floats

    def probabilities(self, given: Sequence[Window]) -> Floats:
        """[windows, STYLES], rows sum to 1."""
        rows = (np.array([each.features(timing=self.timing) for each in given]) - self.mean) / self.scale
        return _softmax(rows @ self.weights + self.bias)

    def name(self, given: Sequence[Window], among: Sequence[str] = STYLES) -> str:
        """The style of a part from all of its windows, one of `among`."""
        chances = self.probabilities(given).mean(0)
        return max(among, key=lambda style: chances[STYLES.index(style)])

    def deciding(self, given: Sequence[Window], style: str, count: int = 5) -> list[tuple[str, float]]:
        """The features that speak most for a style in these windows, with their mean contribution (log odds)."""
        rows = (np.array([each.features(timing=self.timing) for each in given]) - self.mean) / self.scale
        against_others = self.weights[:, STYLES.index(style)] - self.weights.mean(1)
        speaks = rows.mean(0) * against_others
        names = feature_names()
        return [(names[i], round(float(speaks[i]), 3)) for i in np.argsort(-speaks)[:count]]


def train(given: Examples, *, timing: bool) -> DrumStyles:
    """Weighted so that every style counts alike, and long takes no more than the root of their length. Adam, L2."""
    rows = given.features(timing=timing)
    mean, scale = rows.mean(0), rows.std(0) + 0.05
    rows = (rows - mean) / scale
    share = _shares(given)
    wanted = np.eye(len(STYLES))[given.styles]
    weights, bias = np.zeros((rows.shape[1], len(STYLES))), np.zeros(len(STYLES))
    moments = [np.zeros_like(weights), np.zeros_like(weights), np.zeros_like(bias), np.zeros_like(bias)]
    for step in range(1, _STEPS + 1):
        error = (_softmax(rows @ weights + bias) - wanted) * share[:, None]
        slopes = (rows.T @ error + _DECAY * weights, error.sum(0))
        for at, (value, slope) in enumerate(zip((weights, bias), slopes, strict=True)):
            moments[2 * at] = 0.9 * moments[2 * at] + 0.1 * slope
            moments[2 * at + 1] = 0.999 * moments[2 * at + 1] + 0.001 * slope**2
            ahead = moments[2 * at] / (1 - 0.9**step)
            value -= _STEP * ahead / (np.sqrt(moments[2 * at + 1] / (1 - 0.999**step)) + 1e-8)
    return DrumStyles(timing, mean, scale, weights, bias)


def _shares(given: Examples) -> Floats:
    """Weight of each window, 1 in all."""
    lengths = {take: given.takes.count(take) for take in set(given.takes)}
    share = np.array([1 / np.sqrt(lengths[take]) for take in given.takes])
    for style in range(len(STYLES)):
        mine = given.styles == style
        if mine.any():
            share[mine] /= share[mine].sum()
    return np.asarray(share / share.sum())


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(raised / raised.sum(1, keepdims=True))


class Trial(NamedTuple):
    """How a classifier fares on examples: shares of windows and of takes that it names right; the mean over styles;
    takes[style][named as] counts."""

    windows: float
    takes: float
    mean_of_styles: float
    confusion: dict[str, dict[str, int]]


def trial(classifier: DrumStyles, given: Examples) -> Trial:
    """On examples that it has not seen."""
    chances = classifier.probabilities(given.windows)
    right = chances.argmax(1) == given.styles
    confusion = {style: dict.fromkeys(STYLES, 0) for style in STYLES}
    takes = np.array(given.takes)
    for take in sorted(set(given.takes)):
        mine = takes == take
        true = STYLES[int(given.styles[mine][0])]
        confusion[true][STYLES[int(chances[mine].mean(0).argmax())]] += 1
    shares = [row[style] / sum(row.values()) for style, row in confusion.items() if sum(row.values())]
    named = sum(row[style] for style, row in confusion.items())
    return Trial(float(right.mean()), named / len(set(given.takes)), float(np.mean(shares)), confusion)
