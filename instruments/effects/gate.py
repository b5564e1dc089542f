"""The gate, with side-chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from instruments.effects.dynamics import KEY, Dynamics, key_filters, one_pole
from instruments.parameter import Choice, Parameter


class Gate(Dynamics):
    """Sound whose key is below the threshold is turned down, by `ratio` at first and at most by range_db: a gate at
    ratio 100, an expander at less.

    It opens at the threshold, and closes when for hold_ms the key (single frames of its louder side) has stayed more
    than hysteresis_db below. Hold it for half a period of the lowest tone or longer, or it chatters. Attack and
    release: 63 % of the way, in dB.
    """

    NAME = "gate"
    PARAMETERS: ClassVar[Mapping[str, Parameter | Choice]] = {
        "threshold_db": Parameter("dBFS", -90, 0, -45),
        "hysteresis_db": Parameter("dB", 0, 24, 4),
        "ratio": Parameter("dB out for 1 dB in below the threshold; 100 = the whole range", 1, 100, 100, log=True),
        "range_db": Parameter("dB, the greatest reduction", 0, 100, 60),
        "attack_ms": Parameter("ms", 0.05, 200, 0.5, log=True),
        "hold_ms": Parameter("ms", 0, 1000, 40),
        "release_ms": Parameter("ms", 2, 4000, 100, log=True),
        **KEY,
    }
    KERNEL = "gates:gate"
    STATE = 14
    KEYED = True
    TEMPO = False

    def size(self) -> None:
        self.look_ahead()

    def start(self, state: NDArray[np.float64], memory: NDArray[np.float32]) -> None:
        super().start(state, memory)
        v = self.values
        state[1] = state[2] = min((v["threshold_db"] + 200) * self._slope(v["ratio"]), v["range_db"])  # as in silence

    @staticmethod
    def _slope(ratio: float) -> float:
        return 1e6 if ratio >= 100 else ratio - 1

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        v = values
        return (
            *key_filters(v, rate), v["threshold_db"], v["hysteresis_db"], self._slope(v["ratio"]), v["range_db"],
            one_pole(v["attack_ms"], rate), one_pole(v["release_ms"], rate),
            v["hold_ms"] / 1000 * rate, float(self.latency),
        )
