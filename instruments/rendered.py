"""What stands in the console for a plug-in that is bounced: first it takes down what comes to it, then it plays.

Both belong to the thread that renders. Their latency is 0: a bounce comes without the plug-in's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Transport
from instruments.tempo_curve import TempoCurve, TempoPoint

_JUMP_BEATS = 1e-3
"""A beat this far from where the tempo led to is another place: frames are rounded, blocks are not."""


class _StandIn:
    """Where the rendered sound is, how far it has been played, and what the transport said."""

    latency = 0
    tail = 0

    def __init__(self) -> None:
        self.audio: AudioBlock | None = None
        """What the plug-in made, shape (2, frames); None: it has yet to."""
        self.frames = 0
        """So far."""
        self._points: list[TempoPoint] = []
        self._meter = 4, 4
        self._rate = 0

    def prepare(self, rate: int, max_frames: int) -> None:
        self._rate = rate
        self.reset()

    def load(self, result: Path) -> None:
        self.audio = np.load(result, mmap_mode="r")

    def tempo(self) -> TempoCurve:
        """As it was told. Raises InstrumentError where nothing has played."""
        if not self._points:
            raise InstrumentError("nothing has been played that could be bounced: give the session bars")
        return TempoCurve(tuple(self._points), self._rate, *self._meter)

    def reset(self) -> None:
        self.frames = 0
        self._points = []

    def close(self) -> None:
        """Nothing to give back."""

    def _play(self, out: AudioBlock) -> None:
        assert self.audio is not None
        part = self.audio[:, self.frames : self.frames + out.shape[1]]
        out[:, : part.shape[1]] = part
        out[:, part.shape[1] :] = 0.0

    def _follow(self, transport: Transport) -> None:
        if not transport.playing:
            return
        if self._points:
            last = self._points[-1]
            beat = last.beat + (self.frames - last.frame) / self._rate * last.bpm / 60
            if transport.bpm == last.bpm and abs(transport.beat - beat) < _JUMP_BEATS:
                return
        self._points.append(TempoPoint(self.frames, transport.beat, transport.bpm))
        self._meter = transport.beats_per_bar, transport.beat_unit


class RenderedInstrument(_StandIn):
    """An `Instrument`: takes down its events while it has no sound, and is silent."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[FrameEvent] = []
        """All so far; offsets are frames from the start."""

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        if self.audio is None:
            self._follow(transport)
            self.events += [e._replace(offset=e.offset + self.frames) for e in events]
            out.fill(0.0)
        else:
            self._play(out)
        self.frames += out.shape[1]

    def reset(self) -> None:
        super().reset()
        self.events = []


class RenderedEffect(_StandIn):
    """An `Effect`: takes down what it is fed while it has no sound of its own, and lets it pass."""

    def __init__(self) -> None:
        super().__init__()
        self._heard: list[AudioBlock] = []

    def process(self, audio: AudioBlock, transport: Transport) -> None:
        if self.audio is None:
            self._follow(transport)
            self._heard.append(audio.copy())
        else:
            self._play(audio)
        self.frames += audio.shape[1]

    def heard(self) -> AudioBlock:
        """All that it has been fed, shape (2, frames)."""
        return np.concatenate(self._heard, axis=1) if self._heard else np.zeros((2, 0), np.float32)

    def reset(self) -> None:
        super().reset()
        self._heard = []
