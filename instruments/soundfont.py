"""A SoundFont's preset as an instrument, block by block through FluidSynth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Kind, Transport
from instruments.fluidsynth import FluidSynth
from instruments.soundfont_file import FontSound

VOICES = 256
"""A note takes one to eight of a font's voices."""
_GAIN = 1.4
"""FluidSynth's own default is 0.2: made for 256 voices, and 17 dB below the native patches."""
_TAIL_S = 10.0
"""Fonts do not say how long they sound on after a note-off."""
_BANK_SELECT = (0, 32)


class SoundFont:
    """An `Instrument` that plays one preset.

    Understands note on and off with cents, bend (and its range by RPN 0), pressure, and what controllers FluidSynth
    knows. Not bank and program changes, which would load files in the callback: a session says what a track plays.
    The cut into blocks does not matter. Events take effect at the next cell of 64 frames, up to 63 late.
    prepare() loads (a part of a second; the samples of this preset only, shared with other tracks of the same font);
    process() runs in the engine's callback: one call for each stretch between events.
    """

    latency = 0

    def __init__(self, sound: FontSound) -> None:
        self.sound = sound
        self.tail = 0
        self._player: FluidSynth | None = None
        self._block = np.zeros((2, 1), np.float32)

    def prepare(self, rate: int, max_frames: int) -> None:
        """Raises InstrumentError where FluidSynth is not installed (with the line that installs it) or refuses."""
        if not 8000 <= rate <= 96_000 or max_frames < 1:
            raise InstrumentError(
                f"sample rate {rate} and {max_frames} frames do not fit a SoundFont: 8000 to 96000 Hz, 1 frame or more"
            )
        self.close()
        preset = self.sound.preset
        self._player = FluidSynth(self.sound.path, preset.bank, preset.program, rate, VOICES, _GAIN)
        self._block = np.zeros((2, max(max_frames, 2 * FluidSynth.CELL)), np.float32)
        self._left, self._right = (row.ctypes.data for row in self._block)
        self.tail = round(_TAIL_S * rate)
        self.reset()

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        frames = out.shape[1]
        if self._player is None or frames > self._block.shape[1]:
            raise InstrumentError(f"a block of {frames} frames is larger than the prepared {self._block.shape[1]}")
        at = 0
        for event in events:
            due = min(max(event.offset, at), frames)
            if due > at:
                self._render(at, due)
                at = due
            self._play(self._player, event)
        if frames > at:
            self._render(at, frames)
        out[:] = self._block[:, :frames]

    def _render(self, start: int, stop: int) -> None:
        assert self._player is not None
        self._player.render(stop - start, self._left + 4 * start, self._right + 4 * start)

    @staticmethod
    def _play(player: FluidSynth, event: FrameEvent) -> None:
        channel, number = event.channel & 15, event.number & 127
        value = min(127, max(0, round(event.value)))
        match event.kind:
            case Kind.ON:
                player.note_on(channel, number, max(1, value), event.cents)
            case Kind.OFF:
                player.note_off(channel, number)
            case Kind.CC:
                if number not in _BANK_SELECT:
                    player.control(channel, number, value)
            case Kind.BEND:
                player.bend(channel, min(16383, max(0, round(8192 + 8192 * event.value))))
            case Kind.PRESSURE:
                player.pressure(channel, value)

    @property
    def sounding(self) -> int:
        """FluidSynth's voices that sound now."""
        return 0 if self._player is None else self._player.voices

    def reset(self) -> None:
        """Silence at once; controllers go to their defaults. (The first 64 frames of a note may then differ from those
        of a fresh start: FluidSynth lets a reused voice glide from its old level.)"""
        if self._player is not None:
            self._render(0, self._player.silence())

    def close(self) -> None:
        if self._player is not None:
            self._player.close()
            self._player = None
