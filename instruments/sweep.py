"""The low-pass on the mix that is swept while people listen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from instruments.block import AudioBlock, Transport
from instruments.parameter import Parameter
from instruments.stage import Stage


class Sweep(Stage):
    """24 dB/oct, two TPT state-variable filters in series; parameters glide in about 8 ms."""

    NAME = "filter"
    PARAMETERS: ClassVar[Mapping[str, Parameter]] = {
        "cutoff_hz": Parameter("Hz", 20, 20000, 20000, log=True),
        "resonance": Parameter("0 flat .. 1 a peak of 20 dB", 0, 1, 0),
    }

    def _allocate(self) -> None:
        from instruments.kernels.filters import sweep

        self._kernel = sweep
        self._numbers = np.array([1.0, 14.0, 1.4, 1.0, 14.0, 1.4, 1 - math.exp(-1 / (0.008 * self._rate))])
        self._states = np.zeros(8)
        self.tail = int(0.2 * self._rate)

    def _update(self) -> None:
        self._numbers[4] = math.log2(self._values["cutoff_hz"])
        self._numbers[5] = 1 / (0.7071 * (10 / 0.7071) ** self._values["resonance"])

    def reset(self) -> None:
        if self._rate:
            self._states[:] = 0
            self._numbers[:3] = self._numbers[3:6]

    def _run(self, block: AudioBlock, frames: int, transport: Transport) -> None:
        self._kernel(block, self._numbers, self._states, frames, float(self._rate))
