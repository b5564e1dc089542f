"""Filter with resonance, drive, an LFO and an envelope follower."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from instruments.effects.lfo import SYNC, Swept
from instruments.effects.sections import FLAT_Q, STEEP_QS, g_of, low_pass, ring_s
from instruments.parameter import Choice, Parameter

_TYPES = 11
"""Where kernels/autofilters.py has the shares of the types."""
_SHARPEST = 10.0
"""Q at resonance 1."""
_REFERENCE = 0.25
"""-12 dBFS: a level that the drive leaves as it is."""


class Filter(Swept):
    """State-variable low-pass, band-pass, high-pass or notch.

    resonance goes from Butterworth's response (0) to Q = 10 (1), by equal ratios; low and high lose level as Q grows,
    by 1 / (1 + 0.3 (Q - Q0)), so that a peak of 20 dB does not come as 20 dB more sound. A band's or a notch's slope of
    24 dB is two in a row. The cutoff is moved by the LFO (a sine) and by the level of the key, or of the sound itself,
    by env_octaves where that is -12 dBFS, in proportion, and by twice that at most. drive_db saturates what comes in
    and leaves a level of -12 dBFS as it is.
    """

    NAME = "filter"
    PARAMETERS: ClassVar[Mapping[str, Parameter | Choice]] = {
        "type": Choice(("low", "band", "high", "notch"), "low"),
        "cutoff_hz": Parameter("Hz", 20, 20000, 20000, log=True),
        "resonance": Parameter("0 flat .. 1 a peak of 20 dB", 0, 1, 0),
        "slope": Parameter("dB an octave: 12 or 24, between them a blend", 12, 24, 24),
        "drive_db": Parameter("dB", 0, 30, 0),
        "lfo_octaves": Parameter("octaves to either side", 0, 5, 0),
        "rate_hz": Parameter("Hz of the LFO", 0.01, 20, 0.5, log=True),
        "sync_beats": SYNC,
        "env_octaves": Parameter("octaves at -12 dBFS; below 0 downwards", -6, 6, 0),
        "attack_ms": Parameter("ms of the envelope", 0.5, 500, 5, log=True),
        "release_ms": Parameter("ms of the envelope", 5, 5000, 150, log=True),
        "mix": Parameter("0 dry .. 1 filtered", 0, 1, 1),
    }
    KERNEL = "autofilters:autofilter"
    STATE = 33
    KEYED = True

    def size(self) -> None:
        v = self.values
        q = self._q(v)
        slowest = v["cutoff_hz"] / 2 ** (v["lfo_octaves"] + 2 * max(0.0, -v["env_octaves"]))
        self.tail = int((0.05 + 2 * ring_s(low_pass(max(slowest, 10.0), q, self.rate), self.rate)) * self.rate)

    def start(self, state: NDArray[np.float64], memory: NDArray[np.float32]) -> None:
        super().start(state, memory)
        state[_TYPES : _TYPES + 4] = [float(self.get("type") == t) for t in range(4)]

    @staticmethod
    def _q(v: Mapping[str, float]) -> float:
        flat = FLAT_Q + (v["slope"] - 12) / 12 * (STEEP_QS[1] - FLAT_Q)
        return float(flat * (_SHARPEST / flat) ** v["resonance"])

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        q, q0 = self._q(values), self._q({**values, "resonance": 0.0})
        push = 10 ** (values["drive_db"] / 20)
        return (
            *self.lfo(values, rate, bpm),
            math.atan(g_of(values["cutoff_hz"], rate)), math.pi * 10 / rate,
            1 / q, 1 / (1 + 0.3 * (q - q0)), (values["slope"] - 12) / 12, 1 / STEEP_QS[0],
            *(float(values["type"] == t) for t in range(4)),
            values["lfo_octaves"], values["env_octaves"],
            1 - math.exp(-1000 / (values["attack_ms"] * rate)), 1 - math.exp(-1000 / (values["release_ms"] * rate)),
            min(1.0, values["drive_db"] / 3), push, _REFERENCE / math.tanh(push * _REFERENCE),
            values["mix"], 1 / (0.01 * rate),
        )
