"""Equalizer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import ClassVar

from instruments.effects.sections import (
    Section,
    high_passes,
    high_shelf,
    low_passes,
    low_shelf,
    peak,
    ring_s,
)
from instruments.native_effect import NativeEffect
from instruments.parameter import Choice, Parameter

_SLOPE = Parameter("dB an octave: 12 or 24, between them a blend", 12, 24, 12)


class Equalizer(NativeEffect):
    """High-pass, low shelf, two peaks, high shelf, low-pass. A band at 0 dB, a pass at its end of the range is off.

    Responses are the Audio EQ Cookbook's. The passes come in gradually, the one from 10 to 20 Hz, the other from 20000
    down to 18000 Hz, so that a sweep from the end does not click.
    """

    NAME = "eq"
    PARAMETERS: ClassVar[Mapping[str, Parameter | Choice]] = {
        "high_pass_hz": Parameter("Hz; 10 = off", 10, 2000, 10, log=True),
        "high_pass_slope": _SLOPE,
        "low_hz": Parameter("Hz", 20, 1000, 120, log=True),
        "low_db": Parameter("dB", -24, 24, 0),
        "mid_hz": Parameter("Hz", 50, 10000, 400, log=True),
        "mid_db": Parameter("dB", -24, 24, 0),
        "mid_q": Parameter("", 0.1, 20, 1, log=True),
        "presence_hz": Parameter("Hz", 200, 18000, 3000, log=True),
        "presence_db": Parameter("dB", -24, 24, 0),
        "presence_q": Parameter("", 0.1, 20, 1, log=True),
        "high_hz": Parameter("Hz", 1000, 18000, 8000, log=True),
        "high_db": Parameter("dB", -24, 24, 0),
        "low_pass_hz": Parameter("Hz; 20000 = off", 500, 20000, 20000, log=True),
        "low_pass_slope": _SLOPE,
    }
    KERNEL = "equalizers:equalize"
    STATE = 32
    TEMPO = False

    def size(self) -> None:
        seconds = sum(ring_s(section, self.rate) for section in self._sections(self.values, float(self.rate)))
        self.tail = int((0.05 + seconds) * self.rate)

    def _sections(self, v: Mapping[str, float], rate: float) -> Sequence[Section]:
        low_cut = min(1.0, math.log2(v["high_pass_hz"] / 10))
        high_cut = min(1.0, math.log(v["low_pass_hz"] / 20000) / math.log(0.9))
        return (
            *high_passes(v["high_pass_hz"], v["high_pass_slope"], rate, low_cut),
            low_shelf(v["low_hz"], v["low_db"], rate),
            peak(v["mid_hz"], v["mid_db"], v["mid_q"], rate),
            peak(v["presence_hz"], v["presence_db"], v["presence_q"], rate),
            high_shelf(v["high_hz"], v["high_db"], rate),
            *low_passes(v["low_pass_hz"], v["low_pass_slope"], rate, high_cut),
        )

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        return tuple(chain.from_iterable(self._sections(values, rate)))
