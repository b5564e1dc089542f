"""Chords for a melody that has none: the likeliest row of chords that its notes and the style's harmony allow.

A Viterbi search over the beats on which chords may change: what a chord earns is the weight of the melody's notes that
belong to it (longer and stronger notes count more; a semitone above a chord tone costs), what it costs is how seldom
the style goes there from the chord before. Melody to chords by hidden Markov models is Simon, Morris & Basu's (2008,
MySong) and older.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import log

from composers.errors import MusicError
from composers.harmony import Bar
from composers.pulse import pulse_of
from composers.score import PPQ, Meter, Note
from composers.theory.charts import chord_of
from composers.theory.chords import Chord
from composers.theory.scales import Key

_STEP = PPQ // 12

_POP = {
    "I": {"IV": 0.35, "V": 0.19, "bVII": 0.06, "VIm": 0.12, "IIm": 0.08, "IIIm": 0.04, "I": 0.16},
    "IIm": {"V": 0.4, "I": 0.18, "IV": 0.14, "VIm": 0.1, "IIIm": 0.06, "IIm": 0.12},
    "IIIm": {"VIm": 0.4, "IV": 0.3, "IIm": 0.12, "I": 0.08, "IIIm": 0.1},
    "IV": {"I": 0.42, "V": 0.28, "IIm": 0.07, "VIm": 0.06, "bVII": 0.04, "IIIm": 0.04, "IV": 0.09},
    "V": {"I": 0.48, "IV": 0.2, "VIm": 0.14, "IIm": 0.05, "V": 0.13},
    "VIm": {"IV": 0.3, "V": 0.18, "IIm": 0.18, "I": 0.14, "IIIm": 0.08, "VIm": 0.12},
    "bVII": {"IV": 0.35, "I": 0.4, "V": 0.1, "bVII": 0.15},
}
_JAZZ = {
    "Imaj7": {"IIm7": 0.2, "VIm7": 0.14, "IVmaj7": 0.14, "VI7": 0.1, "IIIm7": 0.08, "V7": 0.1, "I7": 0.06,
              "Imaj7": 0.18},
    "IIm7": {"V7": 0.7, "IIIm7": 0.06, "Imaj7": 0.06, "IIm7": 0.18},
    "IIIm7": {"VI7": 0.5, "VIm7": 0.25, "IIm7": 0.13, "IIIm7": 0.12},
    "IVmaj7": {"Imaj7": 0.25, "IVm7": 0.15, "IIm7": 0.2, "V7": 0.15, "IIIm7": 0.13, "IVmaj7": 0.12},
    "IVm7": {"bVII7": 0.4, "Imaj7": 0.35, "V7": 0.1, "IVm7": 0.15},
    "V7": {"Imaj7": 0.66, "IIIm7": 0.08, "VIm7": 0.08, "IIm7": 0.05, "V7": 0.13},
    "VI7": {"IIm7": 0.7, "II7": 0.18, "VI7": 0.12},
    "VIm7": {"IIm7": 0.4, "II7": 0.26, "IVmaj7": 0.1, "V7": 0.1, "VIm7": 0.14},
    "II7": {"V7": 0.45, "IIm7": 0.4, "II7": 0.15},
    "I7": {"IVmaj7": 0.75, "IVm7": 0.1, "I7": 0.15},
    "bVII7": {"Imaj7": 0.7, "IIIm7": 0.12, "bVII7": 0.18},
}
_MINOR = {
    "Im": {"IVm": 0.2, "V": 0.2, "bVI": 0.18, "bVII": 0.18, "bIII": 0.08, "Im": 0.16},
    "IVm": {"Im": 0.35, "V": 0.28, "bVII": 0.15, "bVI": 0.07, "IVm": 0.15},
    "V": {"Im": 0.62, "bVI": 0.14, "IVm": 0.1, "V": 0.14},
    "bVI": {"bVII": 0.34, "V": 0.2, "Im": 0.14, "IVm": 0.1, "bIII": 0.1, "bVI": 0.12},
    "bVII": {"Im": 0.38, "bIII": 0.28, "bVI": 0.2, "bVII": 0.14},
    "bIII": {"bVII": 0.28, "bVI": 0.26, "IVm": 0.2, "Im": 0.14, "bIII": 0.12},
}
_JAZZ_MINOR = {
    "Im7": {"IIm7b5": 0.25, "IVm7": 0.25, "bVImaj7": 0.14, "V7b9": 0.12, "bVII7": 0.08, "Im7": 0.16},
    "IIm7b5": {"V7b9": 0.85, "IIm7b5": 0.15},
    "V7b9": {"Im7": 0.78, "bVImaj7": 0.08, "V7b9": 0.14},
    "IVm7": {"bVII7": 0.35, "V7b9": 0.2, "Im7": 0.3, "IVm7": 0.15},
    "bVII7": {"bIIImaj7": 0.55, "Im7": 0.3, "bVII7": 0.15},
    "bIIImaj7": {"bVImaj7": 0.45, "IVm7": 0.2, "IIm7b5": 0.2, "bIIImaj7": 0.15},
    "bVImaj7": {"IIm7b5": 0.4, "V7b9": 0.3, "IVm7": 0.15, "bVImaj7": 0.15},
}
"""Probabilities of the next chord: pop and rock from Billboard and POP909, jazz from 2,614 tunes, rounded; what is left
over goes to all others."""
_ELSEWHERE = 0.004
_FIT = 5.0
"""How much a melody's fit weighs against a transition."""
_AVOID = 0.7


def harmonised(
    notes: Sequence[Note], key: Key, meter: Meter, bars: int, style: str = "pop", *, per_bar: int = 1
) -> tuple[Bar, ...]:
    """Chords for `bars` bars of a melody that begins at tick 0, `per_bar` (1 or 2) in each, home at the end.

    style  "jazz": sevenths; all others: triads. A bar without notes takes what its neighbours suggest.

    Raises MusicError for bars < 1.
    """
    if bars < 1:
        raise MusicError(f"bars = {bars} has no room for a chord: give 1 or more")
    minor = key.scale.pitch_classes.issuperset({(key.tonic.pitch_class + 3) % 12})
    table = _table(style, minor)
    names = tuple(table)
    pulse = pulse_of(meter)
    cuts = (0,) if per_bar == 1 or len(pulse.beats) < 2 else (0, pulse.beats[len(pulse.beats) // 2])
    slots = [(bar * meter.bar_ticks + cut * _STEP, bar * meter.bar_ticks
              + (cuts[k + 1] * _STEP if k + 1 < len(cuts) else meter.bar_ticks))
             for bar in range(bars) for k, cut in enumerate(cuts)]  # fmt: skip
    chords = {name: chord_of(name, key) for name in names}
    fits = [_fits(notes, start, end, chords, pulse.beats, meter) for start, end in slots]
    row = _best(names, table, fits, home=names[0])
    found: list[Bar] = []
    for bar in range(bars):
        inside = [chords[name] for name in row[bar * len(cuts) : (bar + 1) * len(cuts)]]
        found.append(tuple(inside[:1] if all(c == inside[0] for c in inside) else inside))
    return tuple(found)


def _table(style: str, minor: bool) -> Mapping[str, Mapping[str, float]]:
    if style == "jazz":
        return _JAZZ_MINOR if minor else _JAZZ
    return _MINOR if minor else _POP


def _fits(
    notes: Sequence[Note], start: int, end: int, chords: Mapping[str, Chord], beats: Sequence[int], meter: Meter
) -> dict[str, float]:
    """-1..1 for each chord: how the notes that sound in the slot belong to it."""
    weighted: list[tuple[int, float]] = []
    for note in notes:
        overlap = min(note.end, end) - max(note.start, start)
        if overlap <= 0:
            continue
        within = note.start % meter.bar_ticks
        accent = 2.0 if within == 0 else 1.4 if within // _STEP in beats and within % _STEP == 0 else 1.0
        weighted.append((note.pitch % 12, overlap**0.5 * (accent if note.start >= start else 0.8)))
    total = sum(weight for _, weight in weighted)
    if not total:
        return dict.fromkeys(chords, 0.0)
    return {name: sum(weight * _worth(pitch, chord) for pitch, weight in weighted) / total
            for name, chord in chords.items()}  # fmt: skip


@lru_cache(maxsize=4096)
def _worth(pitch_class: int, chord: Chord) -> float:
    above = (pitch_class - chord.root.pitch_class) % 12
    if above in chord.tones:
        return 1.0
    return -_AVOID if any((above - tone) % 12 == 1 for tone in chord.tones) else -0.1


def _best(
    names: Sequence[str], table: Mapping[str, Mapping[str, float]], fits: Sequence[Mapping[str, float]], home: str
) -> list[str]:
    """The row with the most fit and the likeliest moves, from home (mostly) to home."""
    scores = {name: _FIT * fits[0][name] + (0.0 if name == home else -1.5) for name in names}
    back: list[dict[str, str]] = []
    for index in range(1, len(fits)):
        nearest: dict[str, str] = {}
        fresh: dict[str, float] = {}
        for name in names:
            arrivals = {b: scores[b] + log(table[b].get(name, _ELSEWHERE)) for b in names}
            before = max(arrivals, key=arrivals.__getitem__)
            nearest[name] = before
            fresh[name] = arrivals[before] + _FIT * fits[index][name]
        scores = fresh
        back.append(nearest)
    last = max(names, key=lambda name: scores[name] + (2.0 if name == home else 0.0))
    row = [last]
    for nearest in reversed(back):
        row.append(nearest[row[-1]])
    return row[::-1]
