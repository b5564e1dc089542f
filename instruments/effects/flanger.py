"""Flanger: a short delay with feedback that sweeps in octaves, and goes through zero where the dry sound is late."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

from instruments.effects.lfo import MIX, SPREAD, SYNC, Swept, blend
from instruments.native_effect import power
from instruments.parameter import Choice, Parameter


class Flanger(Swept):
    """The delay is delay_ms 4 ** (depth sin): notches at (k + 1/2) / delay without feedback, moving evenly by ear.

    through_zero_ms delays the dry sound: where the sweep passes it, the notches go up beyond hearing and come down on
    the other side. It is part of the sound, not latency.
    """

    NAME = "flanger"
    PARAMETERS: ClassVar[Mapping[str, Parameter | Choice]] = {
        "rate_hz": Parameter("Hz", 0.01, 12, 0.2, log=True),
        "sync_beats": SYNC,
        "delay_ms": Parameter("ms in the middle", 0.1, 10, 1.6, log=True, glide_ms=100),
        "depth": Parameter("0 .. 1 = two octaves to either side", 0, 1, 0.8, glide_ms=100),
        "feedback": Parameter("share; below 0 inverted", -0.95, 0.95, 0.5),
        "spread_deg": SPREAD,
        "through_zero_ms": Parameter("ms that the dry sound is late; 0 = off", 0, 5, 0, glide_ms=100),
        "mix": MIX,
    }
    KERNEL = "sweeps:flanger"
    STATE = 12

    def size(self) -> None:
        self.memory = 4 * power(0.041 * self.rate + 64)
        longest = self.values["delay_ms"] / 1000 * 4 ** self.values["depth"]
        rounds = 2 + math.log(1e-3) / math.log(max(abs(self.values["feedback"]), 1e-3))
        self.tail = int(max(0.05, 1.1 * rounds * longest) * self.rate)

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        dry, wet = blend(values["mix"])
        feedback = values["feedback"]
        # The comb's power gain is 1 / (1 - fb^2): as loud with feedback as without.
        return (*self.lfo(values, rate, bpm), values["delay_ms"] * rate / 1000, 2 * values["depth"],
                values["spread_deg"] / 360, feedback, values["through_zero_ms"] * rate / 1000, dry,
                wet * (1 - feedback * feedback) ** 0.5)
