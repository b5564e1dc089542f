"""What a loop-back measurement plays and what it records, on one axis of frames. Sans I/O.

The axis is the driver's, as the engine sees it (Block): a MIDI message is sent and heard "at a frame" exactly as in a
session on the same driver, so that delays counted on it are what a session's offsets have to make up for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from instruments.block import AudioBlock

_HOWL_PEAK = 0.7
_HOWL_S = 0.25
"""An input that stays within 3 dB of full scale for so long is a feedback loop (a sweep of ours lasts 0.02 s)."""


class Stamped(NamedTuple):
    """A MIDI message and its frame."""

    frame: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Programme:
    """What to play, from frame 0 on.

    frames  length, of the recording too
    audio   float32, at most so many frames; silence beyond
    midi    in order of frame
    """

    frames: int
    audio: AudioBlock = field(default_factory=lambda: np.zeros(0, np.float32))
    midi: tuple[Stamped, ...] = ()


class Latency(NamedTuple):
    """What the driver says, in frames; nobody has measured it.

    out_frames  from writing audio until it sounds
    in_frames   from a sound at the input until it is read
    lead_frames how long after the MIDI of a frame is sent the audio of that frame sounds: out_frames on JACK; 0 where
                the driver holds MIDI back until then (PortAudio)
    made_up_frames  by how much the driver, in a session, counts this MIDI input's clock as heard earlier by itself
    """

    out_frames: int = 0
    in_frames: int = 0
    lead_frames: int = 0
    made_up_frames: int = 0


@dataclass(frozen=True, slots=True)
class Take:
    """What came of a programme.

    rate     frames per second
    audio    float32 (inputs, frames): the input, then the reference input if there is one
    sent     the MIDI that was sent, at the frames that it was sent for
    heard    the MIDI that came in
    gaps     (first, end) frames that the device went on without us: nothing was played or recorded there
    cable    the input comes from outside the computer; False: from another program on the same frame clock
    howled   playing was cut off, because the input stayed near full scale
    """

    rate: int
    audio: AudioBlock
    sent: tuple[Stamped, ...]
    heard: tuple[Stamped, ...]
    gaps: tuple[tuple[int, int], ...]
    latency: Latency
    cable: bool
    howled: bool


class Tape:
    """Plays a programme and records along. cycle() is for the device's thread: it neither blocks nor grows arrays."""

    def __init__(self, programme: Programme, rate: int, inputs: int) -> None:
        self.programme = programme
        self.position = 0
        """Frames that have gone by. Any thread may read it."""
        self.howled = False
        self.heard: list[Stamped] = []
        """Grows while it records; any thread may read what is there."""
        self._rate = rate
        self._audio = np.zeros((inputs, programme.frames), np.float32)
        self._sent: list[Stamped] = []
        self._gaps: list[tuple[int, int]] = []
        self._next = 0
        self._loud = 0

    @property
    def done(self) -> bool:
        return self.position >= self.programme.frames

    def cycle(
        self, frame: int, frames: int, inputs: Sequence[AudioBlock], midi: Iterable[tuple[int, bytes]]
    ) -> tuple[AudioBlock, list[Stamped]]:
        """A block that begins at `frame` (0 or more; beyond the last one's end after a gap).

        inputs  (frames,) each; midi  (frame on the axis, message) of what came in. Returns the audio to play, which may
        be shorter than the block (silence beyond), and the messages to send, with frames on the axis.
        """
        programme = self.programme
        if frame > self.position:
            self.cut(self.position, frame)
        end = frame + frames
        count = max(0, min(end, programme.frames) - frame)
        for row, block in zip(self._audio, inputs, strict=True):
            row[frame : frame + count] = block[:count]
        self.heard.extend(Stamped(*message) for message in midi)
        if inputs and programme.audio.size and not self.howled:
            loud = float(np.abs(inputs[0]).max(initial=0.0)) >= _HOWL_PEAK
            self._loud = self._loud + frames if loud else 0
            self.howled = self._loud >= _HOWL_S * self._rate
        due: list[Stamped] = []
        while self._next < len(programme.midi) and programme.midi[self._next].frame < end:
            planned = programme.midi[self._next]
            due.append(Stamped(max(planned.frame, frame), planned.data))
            self._next += 1
        self._sent += due
        self.position = end
        audio = programme.audio[:0] if self.howled else programme.audio[frame:end]
        return audio, due

    def offs(self) -> list[bytes]:
        """Note-offs for what was begun and not ended: for a measurement that is broken off. Not for the device's
        thread while it plays."""
        sounding: dict[tuple[int, int], None] = {}
        for _, data in self._sent:
            if data[0] & 0xF0 == 0x90:
                sounding[data[0] & 15, data[1]] = None
            elif data[0] & 0xF0 == 0x80:
                sounding.pop((data[0] & 15, data[1]), None)
        return [bytes((0x80 | channel, note, 0)) for channel, note in sounding]

    def cut(self, first: int, end: int) -> None:
        """The device lost something between these frames."""
        self._gaps.append((first, end))

    def take(self, latency: Latency, cable: bool) -> Take:
        """All so far."""
        frames = min(self.position, self.programme.frames)
        heard = tuple(sorted(self.heard))
        return Take(self._rate, self._audio[:, :frames], tuple(self._sent), heard, tuple(self._gaps), latency, cable,
                    self.howled)  # fmt: skip
