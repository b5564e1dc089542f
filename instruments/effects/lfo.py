"""What effects with an LFO share: its rate in Hz or in beats, and a phase that keeps to the transport's beat."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from instruments.block import CONTROL_FRAMES, Transport
from instruments.native_effect import NativeEffect
from instruments.parameter import Parameter

SYNC = Parameter("quarter notes a cycle, which then starts on the beat; 0 = free, at rate_hz", 0, 64, 0, glide_ms=0)
SPREAD = Parameter("degrees that the right side's LFO is ahead", 0, 180, 90)
MIX = Parameter("0 dry .. 1 wet only", 0, 1, 0.5)

_TARGET, _LOCK = 2, 3
"""States that kernels/taps.py reads."""
_SETTLE_S = 0.05
"""A phase that the beat corrects glides there by this time constant."""


class Swept(NativeEffect):
    """An effect whose kernel begins its states as kernels/taps.py says, with the parameters rate_hz and sync_beats.

    While the transport plays and sync_beats is not 0, the phase is beat / sync_beats; it runs on where the transport
    stops, and after a jump or a start it glides to the beat's.
    """

    _state: NDArray[np.float64] | None = None
    _locked = False

    def start(self, state: NDArray[np.float64], memory: NDArray[np.float32]) -> None:
        self._state = state
        self._locked = False

    def follow(self, transport: Transport) -> bool:
        cycle = self.get("sync_beats")
        if self._state is not None:
            if cycle > 0 and transport.playing:
                self._state[_TARGET] = transport.beat / cycle % 1.0
                self._state[_LOCK] = _hz(transport.bpm, cycle) / self.rate
                self._locked = True
            elif self._locked:
                self._state[_LOCK] = -1.0
                self._locked = False
        return super().follow(transport) and cycle > 0

    def lfo(self, values: Mapping[str, float], rate: float, bpm: float) -> tuple[float, float]:
        """Cycles a frame, and what is left of a phase error after a cell of the control grid."""
        cycle = values["sync_beats"]
        hz = _hz(bpm, cycle) if cycle > 0 else values["rate_hz"]
        return hz / rate, math.exp(-CONTROL_FRAMES / (_SETTLE_S * rate))


def _hz(bpm: float, cycle: float) -> float:
    return min(40.0, max(bpm, 1.0) / 60 / cycle)


def blend(mix: float) -> tuple[float, float]:
    """Gains of dry and wet between which the sound is in part the same: half of each is 4.5 dB down, a compromise
    between what adds as amplitudes (6 dB) and as powers (3 dB)."""
    angle = mix * math.pi / 2
    return math.sqrt(max(0.0, (1 - mix) * math.cos(angle))), math.sqrt(mix * math.sin(angle))
