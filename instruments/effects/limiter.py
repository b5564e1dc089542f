"""The look-ahead limiter at the end of the mix."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

from instruments.effects.dynamics import CHUNK, Dynamics, one_pole
from instruments.native_effect import power
from instruments.parameter import Choice, Parameter


class Limiter(Dynamics):
    """Holds true peaks (measured at four times the rate, as BS.1770 does) at the ceiling, both sides alike.

    Latency: the look-ahead, and 7 frames of the interpolator. The gain falls within the look-ahead along an S, and
    recovers by 63 % in release_ms; with adaptive release only as far as the reduction of late (mean of 200 ms), and
    from there in four times that: short peaks are let go at once, and a loud passage is neither pumped nor its bass
    distorted (60 Hz, 6 dB too loud: 1.0 % harmonics, with fixed release 2.3 %).
    """

    NAME = "limiter"
    PARAMETERS: ClassVar[Mapping[str, Parameter | Choice]] = {
        "gain_db": Parameter("dB, before the limiter", -12, 24, 0),
        "ceiling_db": Parameter("dB true peak", -24, 0, -1),
        "lookahead_ms": Parameter("ms; read when the effect is prepared", 0.5, 10, 1.5),
        "release_ms": Parameter("ms", 5, 1000, 80, log=True),
        "release": Choice(("fixed", "adaptive"), "adaptive"),
    }
    KERNEL = "limiters:limit"
    STATE = 11
    TEMPO = False
    _MARGIN_DB = 0.2
    """What four times the rate may overlook (0.1 dB below a quarter of the rate) and the moving gain may add."""
    _CENTRE, _TAPS, _SECTIONS = 8, 16, 16
    """As in kernels/limiters.py."""
    _SLOWER = 4
    _SINK_MS, _CLIMB_MS = 200, 500

    def size(self) -> None:
        self._look = max(2, round(self.values["lookahead_ms"] * self.rate / 1000))
        self.latency = self._look - 1 + self._CENTRE
        self.tail = self.latency
        self.memory = self._SECTIONS * power(max(self.latency + CHUNK, CHUNK + self._TAPS, self._look + 2))

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        v = values
        fast = one_pole(v["release_ms"], rate)
        slow = one_pole(v["release_ms"] * self._SLOWER, rate) if v["release"] else fast
        first = (self._look + 1) // 2
        return (
            10 ** (v["gain_db"] / 20), 10 ** ((v["ceiling_db"] - self._MARGIN_DB) / 20), fast, slow,
            one_pole(self._SINK_MS, rate), one_pole(self._CLIMB_MS, rate), float(first),
            float(self._look + 1 - first), float(self.latency),
        )

    def reduction_db(self) -> float:
        return -20 * math.log10(max(1 - super().reduction_db(), 1e-6))
