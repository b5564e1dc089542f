"""Played notes on the steps of a lead sheet: bars of any meter made into one, without swing and the hand's tremble."""

from __future__ import annotations

from bisect import bisect_right
from cmath import exp
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import pi
from statistics import median

from composers.lead_sheet import SheetNote
from composers.piece import Piece
from composers.pulse import STEPS, pulse_of
from composers.score import PPQ, Meter, Note, Span, Tick

_STEP = PPQ / STEPS
_SWUNG = 0.57
"""From here on the second eighth of a pair is late on purpose (straight players lie at .5 +- .04)."""
_PAIRS = 12
_TRIPLET = 0.6
"""Steps by which a triplet's place must be nearer than a sixteenth's."""


@dataclass(frozen=True, slots=True)
class Bars:
    """The bars of a piece, each as one of a lead sheet.

    meter  of the sheet: the one that holds longest
    spans  of the piece's bars; a first bar that is short is an upbeat and ends with its bar
    share  of a quarter that the first eighth takes: .5, or more where the piece swings
    """

    meter: Meter
    spans: tuple[Span, ...]
    meters: tuple[Meter, ...]
    share: float = 0.5

    @staticmethod
    def of(piece: Piece, notes: Sequence[Note]) -> Bars:
        """notes: by which the swing is measured."""
        spans = tuple(piece.bar_spans())
        meters = tuple(piece.time.meter_at(span.start) for span in spans)
        ticks: Counter[Meter] = Counter()
        for span, meter in zip(spans, meters, strict=True):
            ticks[meter] += span.length
        main = max(ticks, key=lambda m: ticks[m])
        return Bars(main, spans, meters, swing_of(notes))

    def step(self, tick: Tick) -> float:
        """Steps from the sheet's beginning, swing taken out; no rounding."""
        index = max(0, bisect_right(self.spans, tick, key=lambda span: span.start) - 1)
        span, meter = self.spans[index], self.meters[index]
        inside = (tick - span.start) / _STEP
        if index == 0 and span.length < meter.bar_ticks:
            inside += (meter.bar_ticks - span.length) / _STEP
        steps = pulse_of(self.meter).steps
        if meter != self.meter:
            inside = min(warped(inside, meter, self.meter), steps - 1.0)
        return index * steps + self._straight(inside)

    def _straight(self, inside: float) -> float:
        if self.share <= 0.5:
            return inside
        beat, within = divmod(inside, STEPS)
        late = self.share * STEPS
        if within <= late:
            return beat * STEPS + within * (STEPS / 2) / late
        return beat * STEPS + STEPS / 2 + (within - late) * (STEPS / 2) / (STEPS - late)


def swing_of(notes: Iterable[Note]) -> float:
    """Share of the quarter before the off-beat eighth, as the quarters show it that have just these two notes.

    .5 where they are straight, or where there are too few to tell.
    """
    starts = sorted({n.start for n in notes})
    quarters: dict[int, list[float]] = {}
    for start in starts:
        beat, within = divmod(start + PPQ // 10, PPQ)
        quarters.setdefault(beat, []).append((within - PPQ // 10) / PPQ)
    places = [p[-1] for p in quarters.values() if len(p) == 2 and p[0] < 0.12 and 0.4 < p[1] < 0.72]
    if len(places) < _PAIRS:
        return 0.5
    middle = median(places)
    near = sum(abs(p - middle) < 0.07 for p in places)
    return middle if middle >= _SWUNG and near >= 0.6 * len(places) else 0.5


@lru_cache(maxsize=64)
def anchors(source: Meter, target: Meter) -> tuple[tuple[float, float], ...]:
    """Where the beats of a bar of one meter lie in a bar of another, (step, step), ends included.

    Beat goes to beat; where the target has more, the first ones take two (a waltz in four: half, quarter, quarter);
    where it has fewer, the last ones share one. Three eighths that become two quarters are long, short, short.
    """
    a, b = pulse_of(source), pulse_of(target)
    mine, theirs = [*a.beats, a.steps], [*b.beats, b.steps]
    count, room = len(a.beats), len(b.beats)
    places: list[float]
    if room >= count:
        extra = room - count
        each = [1 + extra // count + (1 if i < extra % count else 0) for i in range(count)]
        at = [sum(each[:i]) for i in range(count + 1)]
        places = [float(theirs[i]) for i in at]
    else:
        places = [float(theirs[i]) for i in range(room)]
        left = count - room + 1
        begin, end = places[-1], float(b.steps)
        places = [*places[:-1], *(begin + (end - begin) * k / left for k in range(left)), end]
    found: list[tuple[float, float]] = []
    for i in range(count):
        found.append((float(mine[i]), places[i]))
        length, room_steps = mine[i + 1] - mine[i], places[i + 1] - places[i]
        if length == 18 and room_steps == 24:  # three eighths in two quarters
            found += [(mine[i] + 6.0, places[i] + 12.0), (mine[i] + 12.0, places[i] + 18.0)]
    return (*found, (float(a.steps), float(b.steps)))


def warped(inside: float, source: Meter, target: Meter) -> float:
    """A step of a bar of one meter in a bar of another."""
    table = anchors(source, target)
    index = min(len(table) - 2, max(0, bisect_right(table, inside, key=lambda row: row[0]) - 1))
    (a, b), (c, d) = table[index], table[index + 1]
    return b + (inside - a) * (d - b) / (c - a)


def gridded(notes: Sequence[Note], bars: Bars) -> tuple[SheetNote, ...]:
    """One voice on sixteenths, or eighth triplets where a quarter's notes lie on them."""
    raw = [(bars.step(n.start), bars.step(n.end), n) for n in notes]
    quarters: dict[int, list[float]] = {}
    for start, _, _ in raw:
        quarters.setdefault(int((start + 1.0) // STEPS), []).append((start + 1.0) % STEPS - 1.0)
    triplet = {q for q, places in quarters.items() if _is_triplet(places)}
    found: list[SheetNote] = []
    last = len(bars.spans) * pulse_of(bars.meter).steps - 1
    for start, end, note in raw:
        unit = 4 if int((start + 1.0) // STEPS) in triplet else 3
        step = min(max(0, round(start / unit) * unit), last)
        finish = max(step + 2, round(end))
        if found and found[-1].step >= step:  # two on one step: the longer stays
            if finish - step <= found[-1].length:
                continue
            step = found.pop().step
        if found and found[-1].end > step:
            found[-1] = found[-1]._replace(length=step - found[-1].step)
        found.append(SheetNote(step, finish - step, note.pitch, note.velocity))
    return tuple(found)


def _is_triplet(places: Sequence[float]) -> bool:
    inner = [p for p in places if 1.5 < p < STEPS - 1.5]
    if not inner:
        return False
    triple = sum(abs(p - round(p / 4) * 4) for p in inner)
    straight = sum(abs(p - round(p / 3) * 3) for p in inner)
    return triple + _TRIPLET * len(inner) < straight


def on_grid(notes: Sequence[Note], bars: Bars) -> float:
    """How far the onsets keep to one place of the sixteenths or of the triplets, 0..1: the length of their mean vector
    on the circle (Fisher 1993). 1 on the grid, .8 and more as people play to a click, near 0 in free time."""
    if not notes:
        return 1.0
    places = [bars.step(note.start) for note in notes]
    return max(abs(sum(exp(2j * pi * place / unit) for place in places)) for unit in (3, 4)) / len(places)
