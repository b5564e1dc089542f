"""A change of instrument without a click: the old one fades out while the new one plays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from instruments.block import AudioBlock, FrameEvent, Instrument, InstrumentError, Transport

_FADE_S = 0.03


class Swap:
    """An `Instrument` whose sound can be changed while it plays: another patch, another kind of instrument.

    Events go to the new one at once; what the old one had sounding fades out in 30 ms, in a straight line. Every method
    but change() is called from the thread that plays. `latency` is the newest's: where two differ, the mix is late or
    early by the difference for as long as the fade lasts.
    """

    def __init__(self, instrument: Instrument) -> None:
        self._now = instrument
        self._next: Instrument | None = None
        self._old: Instrument | None = None
        self._left = 0
        self._rate = self._max_frames = 0

    @property
    def latency(self) -> int:
        return self._now.latency

    @property
    def tail(self) -> int:
        return max(self._now.tail, int(_FADE_S * self._rate))

    def prepare(self, rate: int, max_frames: int) -> None:
        self._rate, self._max_frames = rate, max_frames
        self._block = np.zeros((2, max_frames), np.float32)
        self._ramp = np.zeros(max_frames, np.float32)
        self._steps = np.arange(max_frames, dtype=np.float32)
        self._now.prepare(rate, max_frames)

    def change(self, instrument: Instrument) -> None:
        """Play another from the next block on. Prepares it, which may take seconds: from any thread but the callback's.

        Raises InstrumentError before prepare().
        """
        if not self._rate:
            raise InstrumentError("an instrument cannot be changed before it is prepared: call prepare() first")
        instrument.prepare(self._rate, self._max_frames)
        self._next = instrument

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        if self._next is not None and self._old is None:  # one fade after the other
            self._old, self._now, self._next = self._now, self._next, None
            self._left = int(_FADE_S * self._rate)
        self._now.process(events, out, transport)
        if self._old is None:
            return
        frames = out.shape[1]
        block, ramp = self._block[:, :frames], self._ramp[:frames]
        self._old.process((), block, transport)
        np.subtract(self._left, self._steps[:frames], out=ramp)
        np.maximum(ramp, 0.0, out=ramp)
        ramp *= np.float32(1.0 / (_FADE_S * self._rate))
        block *= ramp
        out += block
        self._left -= frames
        if self._left <= 0:
            self._old.reset()
            self._old = None

    def reset(self) -> None:
        self._old = None
        self._now.reset()

    def close(self) -> None:
        for instrument in (self._now, self._next, self._old):
            if instrument is not None:
                instrument.close()
