"""Where the bars and the seconds of a piece lie: its meters and tempi as they change. Exact in ticks, no clock."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from composers.errors import MusicError
from composers.score import PPQ, Meter, Span, Tick

_Value = TypeVar("_Value")

TempoStep = tuple[Tick, float]
MeterStep = tuple[Tick, Meter]


@dataclass(frozen=True, slots=True)
class TimeMap:
    """Tempi and meters, each from a tick on; both begin at tick 0.

    tempi   (tick, quarter notes a minute), ticks ascending
    meters  (tick, meter), ticks ascending. Bars are counted anew at each, so that the one before may be cut short: an
            upbeat of one beat before 4/4 is (0, 4/4), (960, 4/4)

    Raises MusicError for a map that does not begin at 0, runs backwards, or has a tempo that is no positive number.
    """

    tempi: tuple[TempoStep, ...] = ((0, 120.0),)
    meters: tuple[MeterStep, ...] = ((0, Meter()),)
    _seconds: tuple[float, ...] = field(init=False, repr=False, compare=False)
    _bars: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, ticks in (("tempi", [t for t, _ in self.tempi]), ("meters", [t for t, _ in self.meters])):
            if not ticks or ticks[0] != 0:
                raise MusicError(f"{name} = {getattr(self, name)} do not begin at tick 0: give the first one there")
            if any(a >= b for a, b in pairwise(ticks)):
                raise MusicError(f"{name} run backwards or twice over the same tick: give them with ascending ticks")
        for tick, bpm in self.tempi:
            if not (math.isfinite(bpm) and bpm > 0):
                raise MusicError(f"bpm = {bpm} at tick {tick} is no tempo: give quarter notes a minute above 0")
        seconds, bars = [0.0], [0]
        for (begin, bpm), (end, _) in pairwise(self.tempi):
            seconds.append(seconds[-1] + (end - begin) * 60 / (bpm * PPQ))
        for (begin, meter), (end, _) in pairwise(self.meters):
            bars.append(bars[-1] + -(-(end - begin) // meter.bar_ticks))
        object.__setattr__(self, "_seconds", tuple(seconds))
        object.__setattr__(self, "_bars", tuple(bars))

    def bpm_at(self, tick: Tick) -> float:
        """Quarter notes a minute."""
        return self.tempi[_step(self.tempi, tick)][1]

    def meter_at(self, tick: Tick) -> Meter:
        return self.meters[_step(self.meters, tick)][1]

    def seconds(self, tick: Tick) -> float:
        """From tick 0 to a tick. Before 0 and behind the last step the tempo goes on."""
        index = _step(self.tempi, tick)
        begin, bpm = self.tempi[index]
        return self._seconds[index] + (tick - begin) * 60 / (bpm * PPQ)

    def tick_at(self, seconds: float) -> Tick:
        """The tick nearest to a time: what `seconds` gave comes back."""
        index = max(0, bisect_right(self._seconds, seconds) - 1)
        begin, bpm = self.tempi[index]
        return begin + round((seconds - self._seconds[index]) * bpm * PPQ / 60)

    def bar_at(self, tick: Tick) -> int:
        """Index of the bar that a tick lies in, from 0; below 0 before the piece."""
        index = _step(self.meters, tick)
        begin, meter = self.meters[index]
        return self._bars[index] + (tick - begin) // meter.bar_ticks

    def bar_span(self, index: int) -> Span:
        """Where bar `index` lies; the last meter goes on for ever."""
        place = max(0, bisect_right(self._bars, index) - 1)
        begin, meter = self.meters[place]
        start = begin + (index - self._bars[place]) * meter.bar_ticks
        end = start + meter.bar_ticks
        return Span(start, min(end, self.meters[place + 1][0]) if place + 1 < len(self.meters) else end)

    def bars_to(self, tick: Tick) -> int:
        """How many bars begin before a tick: the number of bars of a piece that ends there."""
        return self.bar_at(tick - 1) + 1 if tick > 0 else 0

    def meters_of(self, span: Span) -> tuple[MeterStep, ...]:
        """Of a part, counted from its start; where it begins within a bar, the next bar line stays one."""
        steps = steps_within(self.meters, span)
        line = self.bar_span(self.bar_at(span.start)).end
        if span.start == self.bar_span(self.bar_at(span.start)).start or line >= span.end:
            return steps
        return tuple(sorted({line - span.start: steps[0][1], **dict(steps)}.items(), key=lambda step: step[0]))


def _step(steps: tuple[tuple[Tick, _Value], ...], tick: Tick) -> int:
    """Index of the step in force at a tick, 0 before the first."""
    return max(0, bisect_right(steps, tick, key=lambda step: step[0]) - 1)


def steps_from_zero(steps: Iterable[tuple[Tick, _Value]], default: _Value) -> tuple[tuple[Tick, _Value], ...]:
    """Steps in any order as a map: sorted, the last one of a tick, `default` at 0 where none stands there or before."""
    found: dict[Tick, _Value] = {0: default}
    for tick, value in sorted(steps, key=lambda step: step[0]):
        found[max(0, tick)] = value
    return tuple(sorted(found.items(), key=lambda step: step[0]))


def steps_within(
    steps: tuple[tuple[Tick, _Value], ...], span: Span, *, held: bool = True
) -> tuple[tuple[Tick, _Value], ...]:
    """Steps of a span, counted from its start; with `held` what was in force before stands at 0."""
    inside = tuple((tick - span.start, value) for tick, value in steps if span.start <= tick < span.end)
    before = [value for tick, value in steps if tick < span.start]
    return ((0, before[-1]), *inside) if held and before and (not inside or inside[0][0] > 0) else inside


def later(steps: tuple[tuple[Tick, _Value], ...], ticks: Tick) -> tuple[tuple[Tick, _Value], ...]:
    """The same steps, `ticks` later."""
    return tuple((tick + ticks, value) for tick, value in steps)
