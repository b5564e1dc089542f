"""Phaser: first-order all-passes in a row, with feedback, swept in octaves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

from instruments.effects.lfo import MIX, SPREAD, SYNC, Swept, blend
from instruments.parameter import Choice, Parameter

STAGES = ("4", "6", "8", "12")


class Phaser(Swept):
    """Half as many notches as stages, where tan(pi f / rate) = tan(pi fc / rate) tan((2 k + 1) pi / (2 stages)), fc
    moving by depth_octaves about centre_hz. Feedback sharpens the peaks between and leaves the notches where they are.

    stages changed live fade the effect out and in again (10 ms).
    """

    NAME = "phaser"
    PARAMETERS: ClassVar[Mapping[str, Parameter | Choice]] = {
        "stages": Choice(STAGES, "4"),
        "rate_hz": Parameter("Hz", 0.01, 12, 0.3, log=True),
        "sync_beats": SYNC,
        "centre_hz": Parameter("Hz in the middle of the sweep", 50, 8000, 630, log=True, glide_ms=50),
        "depth_octaves": Parameter("octaves to either side", 0, 4, 1.66, glide_ms=50),
        "feedback": Parameter("share; below 0 inverted", -0.9, 0.9, 0.3),
        "spread_deg": SPREAD,
        "mix": MIX,
    }
    KERNEL = "sweeps:phaser"
    STATE = 39

    def size(self) -> None:
        self.tail = int(0.5 * self.rate)

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        dry, wet = blend(values["mix"])
        feedback = values["feedback"]
        behind = min(1.0, 2 * values["mix"])
        # About as loud with feedback as without: the mean power of 1 / (1 - fb A).
        even = (1 - feedback * feedback) ** 0.5
        return (*self.lfo(values, rate, bpm), math.pi * values["centre_hz"] / rate, values["depth_octaves"],
                values["spread_deg"] / 360, feedback, behind, dry * (1 + behind * (even - 1)), wet * even,
                float(STAGES[int(values["stages"])]), 1 / (0.005 * rate))
