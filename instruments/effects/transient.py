"""The transient shaper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from instruments.effects.dynamics import CHUNK, Dynamics, one_pole
from instruments.parameter import Choice, Parameter


class Transient(Dynamics):
    """Attacks and what follows them louder or softer, however loud the sound: no threshold.

    Three envelopes of the level in decibels: one that follows, one that is slow to rise, one that is slow to fall. How
    far the first is above the second makes an attack; how far the third is above the first, a sustain. Of each gain a
    difference of d dB has d / sqrt(d^2 + 36); an attack counts for 20 dB at most. What is steady is left as it is.
    """

    NAME = "transient"
    PARAMETERS: ClassVar[Mapping[str, Parameter | Choice]] = {
        "attack_db": Parameter("dB, at most, on attacks", -18, 18, 4),
        "sustain_db": Parameter("dB, at most, on what rings on", -18, 18, 0),
        "attack_ms": Parameter("ms, time constant of what counts as attack", 3, 100, 20, log=True),
        "sustain_ms": Parameter("ms, time constant of what counts as sustain", 50, 2000, 300, log=True),
    }
    KERNEL = "transients:shape"
    STATE = 6
    TEMPO = False
    _QUICK_MS, _FALL_MS, _HOLD_MS = 0.5, 20, 10

    def size(self) -> None:
        self.memory = 2 * CHUNK

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        v = values
        return (
            v["attack_db"], v["sustain_db"], one_pole(self._QUICK_MS, rate), one_pole(self._FALL_MS, rate),
            one_pole(v["attack_ms"], rate), one_pole(v["sustain_ms"], rate), self._HOLD_MS / 1000 * rate,
        )
