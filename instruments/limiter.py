"""The look-ahead limiter at the end of the mix."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from instruments.block import AudioBlock, Transport
from instruments.parameter import Parameter
from instruments.stage import Stage


class Limiter(Stage):
    """Holds true peaks (measured at four times the rate, as BS.1770 does) at the ceiling. Latency: the look-ahead."""

    NAME = "limiter"
    PARAMETERS: ClassVar[Mapping[str, Parameter]] = {
        "ceiling_db": Parameter("dB true peak", -24, 0, -1),
        "lookahead_ms": Parameter("ms", 0.5, 10, 1.5),
        "release_ms": Parameter("ms, time constant", 5, 1000, 80),
    }
    _MARGIN_DB = 0.2
    """What four times the rate may overlook (0.1 dB below a quarter of the rate) and the moving gain may add."""

    def _allocate(self) -> None:
        from instruments.kernels.limiting import CENTRE, PHASES, TAPS, limit

        self._kernel = limit

        look = max(2, round(self._values["lookahead_ms"] * self._rate / 1000))
        self.latency = look - 1 + CENTRE
        self.tail = self.latency
        self._taps = _interpolator(PHASES, TAPS)
        self._history = np.zeros((2, 2 * TAPS))
        self._delay = np.zeros((2, self.latency), np.float32)
        self._box = np.ones(look)
        self._deque_at, self._deque_value = np.zeros(look + 3, np.int64), np.ones(look + 3)
        self._clock, self._numbers = np.zeros(4, np.int64), np.zeros(6)

    def _update(self) -> None:
        ceiling = 10 ** ((self._values["ceiling_db"] - self._MARGIN_DB) / 20)
        self._numbers[0] = ceiling
        self._numbers[1] = 1 - math.exp(-1 / (self._values["release_ms"] / 1000 * self._rate))
        # The interpolator cannot make more of samples than its largest row of magnitudes.
        self._numbers[4] = ceiling / float(np.abs(self._taps).sum(axis=1).max())

    def reset(self) -> None:
        if not self._rate:
            return
        self._history[:] = 0
        self._delay[:] = 0
        self._box[:] = 1
        self._deque_at[:], self._deque_value[:], self._clock[:] = 0, 1, 0
        self._numbers[2], self._numbers[3], self._numbers[5] = 1.0, float(len(self._box)), 1.0

    def reduction_db(self) -> float:
        """The largest gain reduction since the last call, dB >= 0."""
        least = float(self._numbers[5])
        self._numbers[5] = 1.0
        return -20 * math.log10(max(least, 1e-6))

    def _run(self, block: AudioBlock, frames: int, transport: Transport) -> None:
        self._kernel(
            block, self._taps, self._history, self._delay, self._box, self._deque_at, self._deque_value, self._clock,
            self._numbers, frames,
        )


def _interpolator(phases: int, taps: int) -> NDArray[np.float64]:
    """Rows of a windowed sinc that read the signal at -CENTRE + p / phases frames, newest sample last."""
    centre = taps // 2
    n = np.arange(taps)[None, :]
    at = (taps - 1 - centre) + np.arange(phases)[:, None] / phases
    x = n - at
    window = np.i0(4.0 * np.sqrt(np.clip(1 - (x / centre) ** 2, 0, 1)))  # flat within 0.04 dB to 20 kHz at 48 kHz
    rows = np.sinc(x) * window
    return np.ascontiguousarray(rows / rows.sum(axis=1, keepdims=True))
