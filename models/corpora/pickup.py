"""Where the first downbeat is in a score that does not mark its pickup."""

from __future__ import annotations

from collections.abc import Sequence

from composers.score import PPQ, Meter, Note, Tick

_STEP = PPQ // 4
_CHANGE = 1.03
"""A pickup has to explain this much more than a start on the downbeat, which is the rule."""


def pickup_ticks(notes: Sequence[Note], meter: Meter) -> Tick:
    """Ticks before the first downbeat, 0 <= ticks < a bar: where most of what is long and low begins with a bar.

    Each onset counts by its length (up to a bar) and twice where nothing lower sounds with it; the phase of the bar
    with the most wins (after the phenomenal accents of Lerdahl & Jackendoff 1983: length and bass).
    """
    bar = meter.bar_ticks
    if not notes or bar % _STEP:
        return 0
    lowest: dict[int, int] = {}
    for note in notes:
        lowest[note.start] = min(lowest.get(note.start, 128), note.pitch)
    phases = [0.0] * (bar // _STEP)
    for note in notes:
        if note.start % _STEP == 0:
            weight = min(note.length, bar) * (2 if lowest[note.start] == note.pitch else 1)
            phases[note.start % bar // _STEP] += weight
    best = max(range(len(phases)), key=lambda i: (phases[i] * (_CHANGE if i == 0 else 1.0), -i))
    return best * _STEP
