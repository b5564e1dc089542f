"""Metric positions: downbeat, the strong beat in mid-bar, other beats, off-beat eighths and sixteenths, any meter."""

from __future__ import annotations

from composers.score import PPQ, Meter, Tick
from composers.statistics.grid import place

PLACES = ("downbeat", "strong", "beat", "off-8th", "off-16th")


def tactus(meter: Meter) -> Tick:
    """Ticks of what one taps: the unit, a dotted one in 6/8, 9/8 and 12/8; eighths in 5/8 and 7/8."""
    compound = meter.unit >= 8 and meter.beats % 3 == 0 and meter.beats > 3
    return meter.beat_ticks * (3 if compound else 1)


def place_of(tick: Tick, meter: Meter, fineness: int = 4) -> str:
    """One of PLACES. In a swung grid (3) the last third of a beat is the off-beat eighth.

    "strong" is the middle of a bar of an even number of beats from four on (beat 3 of 4/4), or beat 2 of 6/8 and 2/2.
    """
    step_ticks = PPQ / fineness
    _, step = place(tick, meter, fineness)
    within = round(step * step_ticks)
    if within == 0:
        return "downbeat"
    beat = tactus(meter)
    if within % beat == 0:
        beats = meter.bar_ticks // beat
        long = beats >= 4 or (beats == 2 and (meter.unit == 2 or beat != meter.beat_ticks))
        return "strong" if long and beats % 2 == 0 and within * 2 == meter.bar_ticks else "beat"
    if fineness == 3:
        return "off-8th" if within % PPQ == round(2 * step_ticks) else "off-16th"
    return "off-8th" if within % (PPQ // 2) == 0 else "off-16th"
