"""A rack: effects in a row, run by one call of one kernel, their parameters moved along the control grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from instruments.block import CONTROL_FRAMES, AudioBlock, InstrumentError, Transport
from instruments.native_effect import NativeEffect


class Rack:
    """Effects one after another on one stereo signal, all with the same key.

    Belongs to one thread; process() neither allocates (but for the first block of each length) nor blocks.
    """

    def __init__(self, effects: Sequence[NativeEffect], rate: int, max_frames: int) -> None:
        """Prepares: compiles kernels, or loads them. Raises InstrumentError."""
        from instruments.kernels import racks

        if not 8000 <= rate <= 192000 or max_frames < 1:
            raise InstrumentError(
                f"sample rate {rate} and {max_frames} frames do not fit: 8000 to 192000 Hz, 1 frame or more"
            )
        self.effects = tuple(effects)
        self._k = racks
        self._kernel = racks.run
        self._max_frames = max_frames
        self._program = np.zeros((len(effects), racks.COLUMNS), np.int64)
        self._slots = np.zeros((len(effects), racks.SLOT_NUMBERS))
        self._spans: list[slice] = []
        coefs: list[float] = []
        state = memory = 0
        for i, effect in enumerate(effects):
            effect.rate = rate
            effect.size()
            row = self._program[i]
            first = effect.settle()
            row[racks.OP], row[racks.ADDRESS], row[racks.SLOT] = racks.EFFECT, effect.address(), i
            row[racks.OTHER] = 1 if effect.KEYED else 0
            row[racks.COEFS], row[racks.COUNT] = len(coefs), len(first)
            row[racks.STATE], row[racks.MEMORY], row[racks.SIZE] = state, memory, effect.memory
            self._spans.append(slice(len(coefs), len(coefs) + len(first)))
            coefs += first
            state += effect.STATE
            memory += effect.memory
            row[racks.DRY] = memory
            memory += 2 * effect.latency
            self._slots[i, racks.LATENCY], self._slots[i, racks.TAIL] = effect.latency, effect.tail
        self._coefs, self._slopes = np.array(coefs), np.zeros(len(coefs))
        self._goals = self._coefs.copy()
        self._state, self._memory = np.zeros(max(state, 1)), np.zeros(max(memory, 1), np.float32)
        self._audio = np.zeros(4 * max_frames, np.float32)
        self._scratch = np.zeros(2 * max_frames, np.float32)
        self.latency = sum(e.latency for e in effects)
        self.tail = sum(e.tail for e in effects)
        self._sloping = False
        self.reset()
        self._run(1, 0, 1)  # the first call takes ms to link
        self.reset()

    def reset(self) -> None:
        """Silence at once; parameters arrive where they were going."""
        k = self._k
        self._state[:] = 0
        self._memory[:] = 0
        self._slots[:, [k.QUIET, k.SKIPPED, k.AT]] = 0
        self._slots[:, k.WET] = 1
        for effect, span, row in zip(self.effects, self._spans, self._program, strict=True):
            self._coefs[span] = self._goals[span] = effect.settle()
            state, memory = row[k.STATE], row[k.MEMORY]
            effect.start(self._state[state : state + effect.STATE], self._memory[memory : memory + effect.memory])
        self._slopes[:] = 0
        self._sloping = False

    def process(self, audio: AudioBlock, transport: Transport, key: AudioBlock | None = None) -> None:
        """Change audio, shape (2, frames), in place. key: the same shape, for effects that are KEYED; else audio."""
        frames = audio.shape[1]
        if frames > self._max_frames:
            raise InstrumentError(f"a block of {frames} frames is larger than the prepared {self._max_frames}")
        work = self._audio[: 4 * frames].reshape(2, 2, frames)
        work[0] = audio
        work[1] = audio if key is None else key
        changed = False
        for effect in self.effects:
            if effect.follow(transport):
                effect.moving = True
            changed |= effect.moving
        if not changed and not self._sloping:
            self._run(frames, 0, frames)
        else:
            at = 0
            while at < frames:
                into = (transport.frame + at) % CONTROL_FRAMES
                if into == 0:
                    self._turn()
                n = min(CONTROL_FRAMES - into, frames - at)
                self._run(frames, at, n)
                at += n
        audio[:] = work[0]

    def _turn(self) -> None:
        """At a grid line: arrive at the goals, and set out for the next."""
        self._coefs[:] = self._goals
        self._slopes[:] = 0
        self._sloping = False
        for effect, span in zip(self.effects, self._spans, strict=True):
            if effect.moving:
                self._goals[span] = effect.advance()
                self._slopes[span] = (self._goals[span] - self._coefs[span]) / CONTROL_FRAMES
                self._sloping = True

    def _run(self, stride: int, start: int, frames: int) -> None:
        self._kernel(self._program, self._audio, stride, start, frames, self._coefs, self._slopes, self._state,
                     self._memory, self._slots, self._scratch)

    def faults(self) -> NDArray[np.float64]:
        """Stretches that each effect spoilt (NaN, Inf, +120 dB) and that were silenced, since the start."""
        return self._slots[:, self._k.FAULTS].copy()
