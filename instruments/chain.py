"""A chain: an instrument and the effects behind it, watched so that one bad stage cannot spoil the mix."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from instruments.block import AudioBlock, Effect, FrameEvent, Instrument, Transport


class Chain:
    """An `Instrument` made of one instrument and the effects that follow it (built in or hosted).

    A stage that puts out NaN or Inf is silenced for that block, reset, and counted in `faults`.
    """

    def __init__(self, instrument: Instrument, effects: Sequence[Effect] = ()) -> None:
        self.instrument = instrument
        self.effects = tuple(effects)
        self.latency = 0
        self.tail = 0
        self.faults = 0

    def prepare(self, rate: int, max_frames: int) -> None:
        stages: list[Instrument | Effect] = [self.instrument, *self.effects]
        for stage in stages:
            stage.prepare(rate, max_frames)
        self.latency = sum(stage.latency for stage in stages)
        self.tail = sum(stage.tail for stage in stages)

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        self.instrument.process(events, out, transport)
        # The sum of a block is finite where every sample is (full scale is 1), and costs no second array.
        if not math.isfinite(np.add.reduce(out, axis=None)):
            self._fault(self.instrument, out)
        for effect in self.effects:
            effect.process(out, transport)
            if not math.isfinite(np.add.reduce(out, axis=None)):
                self._fault(effect, out)

    def _fault(self, stage: Instrument | Effect, out: AudioBlock) -> None:
        out.fill(0.0)
        stage.reset()
        self.faults += 1

    def reset(self) -> None:
        self.instrument.reset()
        for effect in self.effects:
            effect.reset()

    def close(self) -> None:
        self.instrument.close()
        for effect in self.effects:
            effect.close()
