"""Tremolo and auto-pan: loudness, or the place between the sides, that swings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from instruments.block import CONTROL_FRAMES
from instruments.effects.lfo import SYNC, Swept
from instruments.parameter import Choice, Parameter

SHAPES = ("sine", "triangle", "square", "rise", "fall")
_EDGE_S = 0.004
"""The quickest swing from silence to full: no click."""


class Tremolo(Swept):
    """mode "tremolo": gain 1 .. 1 - depth, loudest on the beat (but for the shape "rise"), the right side ahead by
    spread_deg. "pan": equal power from left (the shape's top) to right, as the mixer pans. "rhodes": the two sides in
    opposition, as the stereo vibrato of the suitcase piano."""

    NAME = "tremolo"
    PARAMETERS: ClassVar[Mapping[str, Parameter | Choice]] = {
        "mode": Choice(("tremolo", "pan", "rhodes"), "tremolo"),
        "shape": Choice(SHAPES, "sine"),
        "rate_hz": Parameter("Hz", 0.01, 20, 5, log=True),
        "sync_beats": SYNC,
        "depth": Parameter("0 .. 1 = down to silence", 0, 1, 0.5),
        "spread_deg": Parameter("degrees that the right side's LFO is ahead (tremolo)", 0, 180, 0),
    }
    KERNEL = "sweeps:tremolo"
    STATE = 12

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        mode, shape = int(values["mode"]), int(values["shape"])
        spread = (values["spread_deg"] / 360, 0.0, 0.5)[mode]
        return (*self.lfo(values, rate, bpm), values["depth"], spread, *(float(shape == k) for k in range(len(SHAPES))),
                float(mode == 1), CONTROL_FRAMES / (_EDGE_S * rate))
