"""A rack: native effects in a row on one stereo signal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from instruments.block import AudioBlock, Transport
from instruments.native_effect import NativeEffect
from instruments.program import Program


class Rack:
    """Effects one after another on one stereo signal, all with the same key.

    Belongs to one thread; process() neither allocates (but for the first block of each length) nor blocks.
    """

    def __init__(self, effects: Sequence[NativeEffect], rate: int, max_frames: int) -> None:
        """Prepares: compiles kernels, or loads them. Raises InstrumentError."""
        self.effects = tuple(effects)
        self._program = Program(rate, max_frames, 2)
        self._slots = []
        for effect in self.effects:
            effect.rate = rate
            effect.size()
            self._slots.append(self._program.effect(effect, 0, 1 if effect.KEYED else None))
        self._program.build()
        self._keyed = any(e.KEYED for e in self.effects)
        self.latency = sum(e.latency for e in self.effects)
        self.tail = sum(e.tail for e in self.effects)

    def reset(self) -> None:
        """Silence at once; parameters arrive where they were going."""
        self._program.reset()

    def process(self, audio: AudioBlock, transport: Transport, key: AudioBlock | None = None) -> None:
        """Change audio, shape (2, frames), in place. key: the same shape, for effects that are KEYED; else audio."""
        program, frames = self._program, audio.shape[1]
        work, keys = program.nodes(frames)
        work[:] = audio
        if self._keyed:
            keys[:] = audio if key is None else key
        for effect in self.effects:
            if effect.moving:
                program.touch(effect)
        program.process(frames, transport)
        audio[:] = work

    def bypass(self, index: int, bypassed: bool) -> None:
        """Of an effect, cross-faded; the sound is then late by its latency, and else as it was."""
        self._program.bypass(self._slots[index], bypassed)

    def faults(self) -> NDArray[np.float64]:
        """Stretches that each effect spoilt (NaN, Inf, +120 dB) and that were silenced, since the start."""
        return self._program.slot_faults()
