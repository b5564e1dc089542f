"""An instrument that is louder or softer than it made itself."""

from __future__ import annotations

from collections.abc import Sequence

from instruments.block import AudioBlock, FrameEvent, Instrument, Transport


class Scaled:
    """An `Instrument` times a gain: what takes another's place at the other's fader keeps its own level."""

    def __init__(self, instrument: Instrument, gain_db: float) -> None:
        self._instrument = instrument
        self._gain = 10 ** (gain_db / 20)
        self.latency = self.tail = 0

    def prepare(self, rate: int, max_frames: int) -> None:
        self._instrument.prepare(rate, max_frames)
        self.latency, self.tail = self._instrument.latency, self._instrument.tail

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        self._instrument.process(events, out, transport)
        out *= self._gain

    def reset(self) -> None:
        self._instrument.reset()

    def close(self) -> None:
        self._instrument.close()
