"""The one way in which every driver calls the engine's step: in bounded blocks, and nothing it raises gets out."""

from __future__ import annotations

import traceback
from collections.abc import Sequence

import numpy as np

from bridge.driver import Block, MidiIn, MidiOut, Outputs, Playhead, Step
from instruments.block import AudioBlock

NS = 1_000_000_000


class GuardedStep:
    """Renders a period of any length in blocks of at most max_frames, on the thread of the device.

    A device may change its period while it runs (JACK) or give another one each time (PortAudio); the engine is
    prepared for max_frames and never sees more. What step raises is counted and kept, its block becomes silence, and
    the next block is asked for as ever: an exception must not end a device's thread.
    """

    def __init__(self, step: Step, rate: int, max_frames: int, frame0: int = 0) -> None:
        self.frame = frame0
        """Absolute index of the next frame: counts what was rendered, without gaps."""
        self.skipped = 0
        """What Block.skipped says; the driver keeps it."""
        self.errors = 0
        self.last_error: BaseException | None = None
        self._step = step
        self._rate = rate
        self._max = max_frames
        self._audio: AudioBlock = np.zeros((2, max_frames), np.float32)

    @property
    def last_traceback(self) -> str:
        """The last thing that step raised, as Python prints it; "" if nothing. Not for the device's thread."""
        error = self.last_error
        return "" if error is None else "".join(traceback.format_exception(error))

    def render(self, ns0: int, frames: int, midi: Sequence[MidiIn], playhead: Playhead | None = None) -> Outputs:
        """One period from ns0 on; midi is sorted. The audio, (2, frames), is valid until the next call.

        The playhead is of ns0: the first block of a divided period has it.
        """
        if frames > self._audio.shape[1]:
            self._audio = np.zeros((2, frames), np.float32)
        audio = self._audio[:, :frames]
        if frames <= self._max:
            return Outputs(self._block(ns0, frames, midi, audio, playhead), audio)
        out: list[MidiOut] = []
        taken = 0
        for start in range(0, frames, self._max):
            count = min(self._max, frames - start)
            end_ns = ns0 + round((start + count) * NS / self._rate)
            first = taken
            while taken < len(midi) and (midi[taken].ns < end_ns or start + count == frames):
                taken += 1
            sent = self._block(
                ns0 + round(start * NS / self._rate), count, midi[first:taken], audio[:, start : start + count],
                playhead if start == 0 else None,
            )
            out.extend(MidiOut(start + event.offset, event.port, event.data) for event in sent)
        return Outputs(out, audio)

    def _block(
        self, ns0: int, frames: int, midi: Sequence[MidiIn], audio: AudioBlock, playhead: Playhead | None
    ) -> Sequence[MidiOut]:
        frame0, self.frame = self.frame, self.frame + frames
        try:
            outputs = self._step(Block(frame0, ns0, frames, midi, self.skipped, playhead))
            audio[:] = outputs.audio
            return outputs.midi
        except BaseException as error:  # a KeyboardInterrupt or SystemExit in the device's thread would kill it too
            self.errors += 1
            self.last_error = error
            audio[:] = 0.0
            return ()
