"""Plate: Dattorro's reverb, dense at once and without walls."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

from instruments.block import CONTROL_FRAMES
from instruments.native_effect import NativeEffect, power
from instruments.parameter import Choice, Parameter

_CELL = 32
_LONGEST, _LONGEST_INPUT = 4453, 379
_RATE = 29761
"""That its numbers were published for."""


class Plate(NativeEffect):
    """Hears the middle, and answers on both sides (see kernels/plates.py). Everything may be automated."""

    NAME = "plate"
    PARAMETERS: ClassVar[Mapping[str, Parameter | Choice]] = {
        "t60_s": Parameter("s at 1 kHz", 0.2, 20, 1.4, log=True),
        "damping": Parameter("T60 at 8 kHz over T60 at 1 kHz", 0.1, 1, 0.5),
        "predelay_ms": Parameter("ms", 0, 200, 20, glide_ms=200),
        "modulation": Parameter("0 still .. 1 swaying", 0, 1, 0.5, glide_ms=200),
        "high_pass_hz": Parameter("Hz of the return", 10, 1000, 200, log=True),
        "low_pass_hz": Parameter("Hz of the return", 1000, 20000, 9000, log=True),
        "mix": Parameter("0 dry .. 1 wet only, equal power", 0, 1, 0.2),
    }
    KERNEL = "plates:plate"
    STATE = 35
    _SWAY = 40.0
    _LEVEL = 1.0
    _rings: tuple[float, ...] = ()

    def size(self) -> None:
        scale = self.rate / _RATE
        tank = power(_LONGEST * scale + 3 * _CELL)
        small = power(max(_CELL, _LONGEST_INPUT * scale) + 3 * _CELL)
        pre = power(0.2 * self.rate + 4 * _CELL)
        self._rings = (tank, small, pre)
        self.memory = power(8 * tank + 4 * small + pre + 8 * _CELL)
        self.tail = int((self.values["t60_s"] * 1.2 + self.values["predelay_ms"] / 1000 + 0.5) * self.rate)

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        decay = -3 * math.log(10) / (values["t60_s"] * rate)
        angle = values["mix"] * math.pi / 2
        return (
            decay, decay / values["damping"], rate / _RATE, self._SWAY * values["modulation"] * rate / _RATE,
            1 - math.exp(-2 * math.pi * values["high_pass_hz"] / rate),
            1 - math.exp(-2 * math.pi * min(values["low_pass_hz"], 0.45 * rate) / rate),
            math.cos(angle) if values["mix"] < 1 else 0.0, math.sin(angle), 4 * CONTROL_FRAMES / rate,
            math.cos(2 * math.pi * 1400 / rate), math.cos(2 * math.pi * min(8000 / rate, 0.45)),
            values["predelay_ms"] * rate / 1000, self._LEVEL, *self._rings,
        )
