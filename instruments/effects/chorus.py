"""Chorus: moving delays beside the sound, as two taps a side, as a Juno's, as a string machine's ensemble."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

from instruments.effects.lfo import MIX, SYNC, Swept, blend
from instruments.native_effect import power
from instruments.parameter import Choice, Parameter

STYLES: Mapping[str, Mapping[str, float]] = {
    "chorus": {},
    # Measured on the instrument by others: 1.66 to 5.35 ms, a triangle of 0.513 Hz (button I) or 0.863 Hz (II).
    "juno": {"rate_hz": 0.513, "depth_ms": 1.85, "delay_ms": 3.5, "low_pass_hz": 9000},
    "ensemble": {"rate_hz": 0.6, "depth_ms": 1.2, "delay_ms": 6.5, "low_pass_hz": 10000, "mix": 1},
}
"""What a style brings along where the parameter is not given at the start."""


class Chorus(Swept):
    """style "chorus": two taps a side, the four LFO phases in quadrature. "juno": one delay line a side, triangles of
    opposite phase, both hearing the middle. "ensemble": three lines a third of a cycle apart, with a second sway ten
    times as fast. A tap's pitch deviates by at most 2 pi rate_hz depth_ms / 1000 (as a share; the Juno's triangle by
    4 rate_hz depth_ms / 1000).

    A style changed live fades the taps out and in again (20 ms), and leaves the other parameters as they are.
    """

    NAME = "chorus"
    PARAMETERS: ClassVar[Mapping[str, Parameter | Choice]] = {
        "style": Choice(tuple(STYLES), "chorus"),
        "rate_hz": Parameter("Hz", 0.01, 12, 0.6, log=True),
        "sync_beats": SYNC,
        "depth_ms": Parameter("ms to either side", 0, 10, 1.5, glide_ms=50),
        "delay_ms": Parameter("ms in the middle", 1, 30, 9, glide_ms=100),
        "low_pass_hz": Parameter("Hz of the taps", 1000, 20000, 14000, log=True),
        "mix": MIX,
    }
    KERNEL = "sweeps:chorus"
    STATE = 21

    def __init__(self, params: Mapping[str, float | str] | None = None) -> None:
        given = dict(params or {})
        style = given.get("style", "chorus")
        super().__init__({**(STYLES.get(style, {}) if isinstance(style, str) else {}), **given})

    def size(self) -> None:
        self.memory = 4 * power(0.045 * self.rate + 64)
        self.tail = int(0.05 * self.rate)

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        hz = min(values["low_pass_hz"], 0.45 * rate)
        return (*self.lfo(values, rate, bpm), values["delay_ms"] * rate / 1000, values["depth_ms"] * rate / 1000,
                1 - math.exp(-2 * math.pi * hz / rate), *blend(values["mix"]), values["style"], 1 / (0.01 * rate))
