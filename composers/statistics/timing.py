"""Micro-timing: how far notes lie from the grid, how that wanders, and how eighths and sixteenths swing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, median, pstdev
from typing import NamedTuple

from composers.score import PPQ, Meter, Note, Tick
from composers.statistics.grid import place


class Timing(NamedTuple):
    """mean_ms < 0 is early; lag1: autocorrelation of deviations in playing order, None of too few or of no spread."""

    mean_ms: float
    sd_ms: float
    lag1: float | None
    notes: int


def autocorrelation(values: Sequence[float], lag: int = 1) -> float | None:
    """-1..1: 0 for white noise, .4 to .7 for hands. None of fewer than `lag` + 2 values or of equal ones."""
    if len(values) < lag + 2:
        return None
    mean = fmean(values)
    centred = [value - mean for value in values]
    power = sum(value * value for value in centred)
    return sum(a * b for a, b in zip(centred, centred[lag:], strict=False)) / power if power > 1e-9 else None


def deviations(notes: Sequence[Note], unit_ticks: Tick = PPQ, swing: float = 0.5) -> list[float]:
    """Ticks from the nearest of a unit's beginning and its off-beat at the share `swing` of it, in playing order."""
    found = []
    for note in notes:
        phase = note.start % unit_ticks
        found.append(min((phase - at for at in (0.0, unit_ticks * swing, float(unit_ticks))), key=abs))
    return found


def timing(notes: Sequence[Note], tick_ms: float, unit_ticks: Tick = PPQ, swing: float = 0.5) -> Timing | None:
    """Of notes on a grid of half units; with PPQ // 2 sixteenths count. None without notes."""
    if not notes:
        return None
    found = [ticks * tick_ms for ticks in deviations(notes, unit_ticks, swing)]
    return Timing(fmean(found), pstdev(found), autocorrelation(found), len(found))


def timing_by_step(notes: Sequence[Note], meter: Meter, fineness: int, tick_ms: float) -> Mapping[int, Timing]:
    """The same by the step of the bar that is nearest; lag1 runs from bar to bar."""
    by_step: dict[int, list[float]] = {}
    for note in notes:
        bar, step = place(note.start, meter, fineness)
        written = bar * meter.bar_ticks + step * PPQ / fineness
        by_step.setdefault(step, []).append((note.start - written) * tick_ms)
    return {
        step: Timing(fmean(found), pstdev(found), autocorrelation(found), len(found))
        for step, found in sorted(by_step.items())
    }


def swing_ratio(notes: Sequence[Note], unit_ticks: Tick = PPQ) -> float | None:
    """Median of long : short over units with exactly one note between two that begin units; 1 is straight.

    With PPQ for swung eighths, PPQ // 2 for sixteenths. A note belongs to a unit's beginning within a sixth of it.
    None below four such units.
    """
    near = unit_ticks / 6
    first: dict[int, Tick] = {}
    inner: dict[int, list[Tick]] = {}
    for note in notes:
        unit, phase = divmod(note.start, unit_ticks)
        if phase <= near:
            first.setdefault(unit, note.start)
        elif phase >= unit_ticks - near:
            first.setdefault(unit + 1, note.start)
        else:
            inner.setdefault(unit, []).append(note.start)
    ratios = []
    for unit, between in inner.items():
        if len(set(between)) == 1 and unit in first and unit + 1 in first and between[0] - first[unit] > 0:
            long, short = between[0] - first[unit], first[unit + 1] - between[0]
            if short > 0 and 0.4 < long / short < 5:
                ratios.append(long / short)
    return median(ratios) if len(ratios) >= 4 else None
