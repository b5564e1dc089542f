"""The first tempo delay. Effects by name: instruments/effects/registry.py."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from instruments.block import AudioBlock, Transport
from instruments.effects.registry import effect_names as effect_names
from instruments.effects.registry import make_effect as make_effect
from instruments.parameter import Parameter
from instruments.stage import Stage, power


class Delay(Stage):
    """Echoes in beats of the transport's tempo; a new tempo glides there in 150 ms, like tape."""

    NAME = "delay"
    PARAMETERS: ClassVar[Mapping[str, Parameter]] = {
        "beats": Parameter("quarter notes", 0.0625, 4, 0.75),
        "feedback": Parameter("share", 0, 0.95, 0.35),
        "ping_pong": Parameter("0 straight .. 1 from side to side", 0, 1, 0),
        "low_pass_hz": Parameter("Hz in the loop", 200, 20000, 5000),
        "high_pass_hz": Parameter("Hz in the loop", 10, 2000, 200),
        "mix": Parameter("level of the echoes", 0, 1, 0.2),
    }
    _LONGEST_S = 6.0

    def _allocate(self) -> None:
        from instruments.kernels.filters import echo

        self._kernel = echo
        self._lines = np.zeros((2, power(self._LONGEST_S * self._rate + 8)), np.float32)
        self._numbers = np.zeros(15)
        self._clock = np.zeros(1, np.int64)
        self._fresh = True

    def _update(self) -> None:
        v, n = self._values, self._numbers
        n[4] = 1 - math.exp(-1 / (0.15 * self._rate))
        n[5], n[6], n[7], n[8] = v["feedback"], v["ping_pong"], v["mix"], 1.0
        n[9] = 1 - math.exp(-2 * math.pi * v["low_pass_hz"] / self._rate)
        n[10] = 1 - math.exp(-2 * math.pi * v["high_pass_hz"] / self._rate)
        times = math.log(1e-3) / math.log(max(v["feedback"], 1e-3))
        self.tail = int((times + 1) * min(v["beats"] * 1.5, self._LONGEST_S) * self._rate)

    def reset(self) -> None:
        if self._rate:
            self._lines[:] = 0
            self._numbers[11:] = 0
            self._clock[:] = 0
            self._fresh = True

    def _run(self, block: AudioBlock, frames: int, transport: Transport) -> None:
        seconds = min(self._LONGEST_S, self._values["beats"] * 60 / max(transport.bpm, 10))
        self._numbers[2:4] = seconds * self._rate
        if self._fresh:
            self._numbers[:2] = self._numbers[2:4]
            self._fresh = False
        self._kernel(block, self._lines, self._numbers, self._clock, frames)
