"""A file's own ticks as ours: exact whole numbers, from the beginning each time, so that nothing drifts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from fractions import Fraction

from composers.score import PPQ, Tick
from composers.smf.problems import Report

_FRAME_RATES = {24: Fraction(24), 25: Fraction(25), 29: Fraction(30_000, 1001), 30: Fraction(30)}
"""SMPTE frames a second; 29 is 30 drop-frame, which runs at 29.97."""
_USUAL_RATE = 25
_TEMPO = 500_000

Scale = Callable[[int], Tick]


def is_smpte(division: int) -> bool:
    """Whether a file counts frames, not ticks to the quarter."""
    return division >= 0x8000


def ticks_of_second(division: int, report: Report) -> Fraction:
    """Of a file that counts SMPTE frames."""
    frames, parts = 256 - (division >> 8), division & 0xFF
    if frames not in _FRAME_RATES:
        report.add(0, None, f"{frames} SMPTE frames a second are not 24, 25, 29 or 30: read as {_USUAL_RATE}")
        frames = _USUAL_RATE
    if parts == 0:
        report.add(0, None, "no ticks to the SMPTE frame: read as 1")
        parts = 1
    return _FRAME_RATES[frames] * parts


def beats(division: int) -> Scale:
    """Scale of a file that counts ticks to the quarter; halves are rounded up."""
    if division == PPQ:
        return lambda raw: raw
    return lambda raw: (2 * PPQ * raw + division) // (2 * division)


def frames(rate: Fraction, tempi: Sequence[tuple[int, int]]) -> Scale:
    """Scale of a file that counts time: each stretch by the tempo that holds in it.

    rate   raw ticks a second
    tempi  (raw tick, microseconds to the quarter), in order; 120 BPM before the first
    """
    starts, places, speeds = [0], [Fraction(0)], [PPQ * 1_000_000 / (_TEMPO * rate)]
    for raw, tempo in tempi:
        places.append(places[-1] + (raw - starts[-1]) * speeds[-1])
        starts.append(raw)
        speeds.append(PPQ * 1_000_000 / (tempo * rate))

    def scale(raw: int) -> Tick:
        index = bisect_right(starts, raw) - 1
        return int(places[index] + (raw - starts[index]) * speeds[index] + Fraction(1, 2))

    return scale
