"""The compressor, with side-chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from instruments.effects.dynamics import KEY, Dynamics, key_filters, one_pole
from instruments.parameter import Choice, Parameter


class Compressor(Dynamics):
    """What of the key is above the threshold turns the sound down, both sides alike.

    Feed-forward and in decibels: level, static curve with a soft knee (quadratic), then attack and release of the
    reduction, each 63 % of its way in dB in the time given (Giannoulis, Massberg and Reiss 2012: smooth branching). A
    reduction is held for hold_ms before it is released: at half a period of the lowest tone or more, a steady tone is
    compressed by what the static curve says of its peak, and not distorted.
    detector: "peak" reads single frames of the louder side; "rms" the mean of 10 ms of both sides together (3 dB less
    for a sine), which the times come on top of.
    """

    NAME = "compressor"
    PARAMETERS: ClassVar[Mapping[str, Parameter | Choice]] = {
        "threshold_db": Parameter("dBFS", -60, 0, -18),
        "ratio": Parameter("dB in for 1 dB out; 100 = infinite", 1, 100, 4, log=True),
        "knee_db": Parameter("dB, half of it to each side of the threshold", 0, 24, 6),
        "attack_ms": Parameter("ms", 0.05, 500, 10, log=True),
        "hold_ms": Parameter("ms", 0, 500, 10),
        "release_ms": Parameter("ms", 2, 5000, 120, log=True),
        "makeup_db": Parameter("dB", -12, 36, 0),
        "mix": Parameter("0 dry .. 1 compressed", 0, 1, 1),
        "detector": Choice(("peak", "rms"), "peak"),
        **KEY,
    }
    KERNEL = "compressors:compress"
    STATE = 14
    KEYED = True
    TEMPO = False
    _RMS_MS = 10

    def size(self) -> None:
        self.look_ahead()

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        v = values
        return (
            *key_filters(v, rate), v["threshold_db"], 1.0 if v["ratio"] >= 100 else 1 - 1 / v["ratio"],
            max(v["knee_db"], 1e-3), one_pole(v["attack_ms"], rate), one_pole(v["release_ms"], rate),
            v["hold_ms"] / 1000 * rate, v["makeup_db"], v["mix"], v["detector"], one_pole(self._RMS_MS, rate),
            float(self.latency),
        )
