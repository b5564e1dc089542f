"""Stereo width: wider or narrower, and one bass for both sides."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

from instruments.native_effect import NativeEffect
from instruments.parameter import Choice, Parameter


class Width(NativeEffect):
    """Middle and side against each other; below mono_below_hz (6 dB/oct) there is only the middle.

    Power is kept for a signal that is as loud in the side as in the middle: gains sqrt(2) (sin, cos)(width pi / 4) over
    the same at width 1.
    """

    NAME = "width"
    PARAMETERS: ClassVar[Mapping[str, Parameter | Choice]] = {
        "width": Parameter("0 mono .. 1 as it is .. 2 side only", 0, 2, 1),
        "mono_below_hz": Parameter("Hz; 10 = off", 10, 500, 10, log=True),
    }
    KERNEL = "widths:width"
    TEMPO = False

    def size(self) -> None:
        self.tail = int(0.1 * self.rate)

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        width, hz = values["width"], values["mono_below_hz"]
        if width == 1:
            middle = side = 1.0
        else:
            angle = width * math.pi / 4
            middle, side = math.cos(angle) * 2**0.5, math.sin(angle) * 2**0.5
        return middle, side, 1 - math.exp(-2 * math.pi * hz / rate), min(1.0, max(0.0, math.log2(hz / 10)))
