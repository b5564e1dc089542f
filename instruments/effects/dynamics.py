"""What compressor, gate and limiter share: a reduction to read, filters for the key, one-pole times, look-ahead."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from instruments.native_effect import NativeEffect, power
from instruments.parameter import Choice, Parameter

CHUNK = 64
"""As in kernels/levels.py, which may not be imported here: it needs numba."""


class Dynamics(NativeEffect):
    """A gain that follows a level. The first state of the kernel is the greatest reduction since it was last read."""

    _state: NDArray[np.float64] | None = None

    def start(self, state: NDArray[np.float64], memory: NDArray[np.float32]) -> None:
        self._state = state

    def reduction_db(self) -> float:
        """The greatest gain reduction since the last call, dB >= 0. For meters; in the thread that runs the rack."""
        if self._state is None:
            return 0.0
        worst = float(self._state[0])
        self._state[0] = 0.0
        return worst

    def look_ahead(self) -> None:
        """Of size(): latency and memory for the parameter lookahead_ms, as the kernels of levels.py want it."""
        self.latency = round(self.values["lookahead_ms"] / 1000 * self.rate)
        self.tail = self.latency
        self.memory = 4 * power(self.latency + CHUNK)


KEY: Mapping[str, Parameter | Choice] = {
    "key_high_pass_hz": Parameter("Hz, 12 dB/oct, of what is listened to; 10 = off", 10, 5000, 10, log=True),
    "key_low_pass_hz": Parameter("Hz, 12 dB/oct, of what is listened to; 20000 = off", 50, 20000, 20000, log=True),
    "lookahead_ms": Parameter("ms by which the sound is late; read when the effect is prepared", 0, 10, 0),
}
"""Parameters of an effect with a key."""


def key_filters(values: Mapping[str, float], rate: float) -> tuple[float, float, float, float]:
    """Coefficients of kernels/levels.py key_power."""
    high, low = values["key_high_pass_hz"], values["key_low_pass_hz"]
    return (min(1.0, math.log2(high / 10)), _warped(high, rate), 0.0 if low >= 20000 else 1.0, _warped(low, rate))


def _warped(hz: float, rate: float) -> float:
    return math.tan(math.pi * min(hz, 0.45 * rate) / rate)


def one_pole(ms: float, rate: float) -> float:
    """The share of the way that is gone per frame, for 63 % in `ms`."""
    return 1 - math.exp(-1000 / (ms * rate))
