"""The room: the stereo reverb that strips share, and an effect of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from instruments.block import AudioBlock, Transport
from instruments.parameter import Parameter
from instruments.stage import Stage, power


class Reverb(Stage):
    """A stereo room (see kernels/reverbs.py). size, t60 and damping take effect at prepare(); mix glides in 20 ms."""

    NAME = "reverb"
    PARAMETERS: ClassVar[Mapping[str, Parameter]] = {
        "t60_s": Parameter("s at 1 kHz", 0.1, 20, 0.75),
        "damping": Parameter("T60 at 8 kHz over T60 at 1 kHz", 0.1, 1, 0.6),
        "size": Parameter("1 = a room of 8 to 40 ms lines", 0.3, 4, 1),
        "predelay_ms": Parameter("ms", 0, 200, 10),
        "early": Parameter("level of early reflections", 0, 1, 0.5),
        "high_pass_hz": Parameter("Hz of the return", 10, 1000, 150),
        "low_pass_hz": Parameter("Hz of the return", 1000, 20000, 8000),
        "mix": Parameter("0 dry .. 1 wet only", 0, 1, 0.2),
    }
    # Mutually prime-ish frames at 48 kHz, 8 to 40 ms; Jot's condition is that no two share a factor.
    _LINES = (577, 743, 929, 1109, 1301, 1523, 1709, 1907)
    _ALLPASS = ((142, 379, 277), (151, 353, 299))
    _TAPS_MS = ((4.3, 8.9, 13.7, 19.1, 25.3, 33.1, 42.7, 55.9), (5.1, 7.7, 15.1, 17.9, 27.7, 31.3, 45.1, 52.3))

    def _allocate(self) -> None:
        from instruments.kernels.reverbs import SHORTEST, reverberate

        self._kernel = reverberate

        scale = self._rate / 48000
        size = self._values["size"]
        pre = self._values["predelay_ms"] * self._rate / 1000
        taps = [[int(ms * size * self._rate / 1000 + pre) for ms in row] + [int(pre) + 1] for row in self._TAPS_MS]
        self._taps = np.array(taps, np.int64)
        signs = np.array([[1, -1, 1, 1, -1, 1, -1, 1], [1, 1, -1, 1, -1, -1, 1, -1]], np.float32)
        self._tap_gains = np.array(signs * 10 ** (-np.array(self._TAPS_MS) / 55), np.float32)
        self._depth = max(1.0, 6 * scale)
        least = SHORTEST + 4 * self._depth
        self._lengths = np.array([max(least, int(n * scale * size)) for n in self._LINES], np.int64)
        self._ap_lengths = np.array([[max(SHORTEST, int(n * scale)) for n in row] for row in self._ALLPASS], np.int64)
        self._pre = np.zeros((2, power(self._taps.max() + 64)), np.float32)
        self._ap = np.zeros((2, 3, power(self._ap_lengths.max() + 64)), np.float32)
        self._lines = np.zeros((8, power(self._lengths.max() + 4 * self._depth + 64)), np.float32)
        self._memory, self._state = np.zeros(8, np.float32), np.zeros(6)
        self._w, self._rows = np.zeros((5, 32), np.float32), np.zeros((32, 8), np.float32)
        self._levels = np.zeros(9)
        self._clock = np.zeros(1, np.int64)
        t60, ratio = self._values["t60_s"], self._values["damping"]
        w1, w8 = 2 * math.pi * 1000 / self._rate, 2 * math.pi * min(8000 / self._rate, 0.45)
        self._feedback, self._damping = np.zeros(8, np.float32), np.zeros(8, np.float32)
        for k, d in enumerate(self._lengths):
            low, high = (10 ** (-3 * float(d) / (t * self._rate)) for t in (t60, t60 * ratio))
            # One-pole whose gain falls from `low` at 1 kHz to `high` at 8 kHz: bisection on its coefficient.
            a, b = 0.0, 0.98
            for _ in range(40):
                m = (a + b) / 2
                if _pole(m, w8) / _pole(m, w1) > high / low:
                    a = m
                else:
                    b = m
            self._damping[k] = a
            self._feedback[k] = min(0.9995, low / _pole(a, w1))
        self.tail = int((t60 * 1.2 + 0.2) * self._rate)

    def _update(self) -> None:
        mix = self._values["mix"]
        self._levels[2] = math.sin(mix * math.pi / 2) if mix < 1 else 1.0
        self._levels[3] = math.cos(mix * math.pi / 2) if mix < 1 else 0.0
        self._levels[4] = 1 - math.exp(-1 / (0.02 * self._rate))
        self._levels[5] = self._values["early"]
        self._levels[6] = 1 - math.exp(-2 * math.pi * self._values["high_pass_hz"] / self._rate)
        self._levels[7] = 1 - math.exp(-2 * math.pi * self._values["low_pass_hz"] / self._rate)
        self._levels[8] = self._depth

    def reset(self) -> None:
        if not self._rate:
            return
        for array in (self._pre, self._ap, self._lines, self._memory, self._state, self._clock):
            array.fill(0)
        self._levels[:2] = self._levels[2:4]

    def _run(self, block: AudioBlock, frames: int, transport: Transport) -> None:
        self._kernel(
            block, self._pre, self._ap, self._lines, self._lengths, self._taps, self._tap_gains, self._ap_lengths,
            self._feedback, self._damping, self._memory, self._state, self._levels, self._w, self._rows, self._clock,
            frames, transport.frame, float(self._rate),
        )


def _pole(b: float, w: float) -> float:
    """|H| of (1 - b) / (1 - b z^-1) at w radians a frame."""
    return (1 - b) / math.sqrt(1 - 2 * b * math.cos(w) + b * b)
