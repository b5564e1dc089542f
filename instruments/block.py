"""The contract of everything that makes or changes sound: blocks, frame events, transport, Instrument, Effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from instruments.errors import InstrumentError as InstrumentError

AudioBlock: TypeAlias = NDArray[np.float32]
"""float32, C order, shape (channels, frames), full scale 1.0."""

CONTROL_FRAMES = 32
"""Parameters change on this grid, anchored to the absolute frame index, so that sound does not depend on blocks."""


class Kind(IntEnum):
    """What a FrameEvent says."""

    OFF = 0
    ON = 1
    CC = 2
    BEND = 3
    PRESSURE = 4
    PROGRAM = 5


class FrameEvent(NamedTuple):
    """One musical event within a block.

    offset   0 <= offset < frames of the block
    number   key for ON and OFF, controller for CC, else 0
    value    ON: velocity 0 < v <= 127; OFF: release velocity; CC, PRESSURE, PROGRAM 0..127; BEND -1..1
    cents    deviation from the key of an ON
    """

    offset: int
    kind: Kind
    channel: int
    number: int
    value: float
    cents: float = 0.0

    def to_midi(self) -> bytes:
        """The MIDI 1.0 message; values are rounded to 7 bits (bend to 14), a note-on never to velocity 0."""
        low = self.channel & 15
        v = min(127, max(0, round(self.value)))
        match self.kind:
            case Kind.ON:
                return bytes((0x90 | low, self.number, max(1, v)))
            case Kind.OFF:
                return bytes((0x80 | low, self.number, v))
            case Kind.CC:
                return bytes((0xB0 | low, self.number, v))
            case Kind.PRESSURE:
                return bytes((0xD0 | low, v))
            case Kind.PROGRAM:
                return bytes((0xC0 | low, v))
            case Kind.BEND:
                bend = min(16383, max(0, round(8192 + self.value * 8192)))
                return bytes((0xE0 | low, bend & 127, bend >> 7))


@dataclass(frozen=True, slots=True)
class Transport:
    """What instruments, effects and plug-ins are told with each block: the one musical thing that they see.

    frame   absolute index of the block's first frame (never goes back)
    beat    position of that frame in quarter notes from the start of the piece
    loop_start, loop_end  the span in quarter notes that is played over and over; none where loop_end <= loop_start
    """

    frame: int = 0
    beat: float = 0.0
    bpm: float = 120.0
    beats_per_bar: int = 4
    beat_unit: int = 4
    playing: bool = False
    loop_start: float = 0.0
    loop_end: float = 0.0


class Instrument(Protocol):
    """Events in, sound out. prepare() may allocate and compile; process() does neither and never blocks."""

    @property
    def latency(self) -> int:
        """Frames by which the sound lags the events; known after prepare()."""
        ...

    tail: int
    """Frames of sound after the last note-off, at most; known after prepare()."""

    def prepare(self, rate: int, max_frames: int) -> None: ...

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        """Overwrite out, shape (2, frames), frames <= max_frames. Events are sorted by offset."""
        ...

    def reset(self) -> None:
        """Silence at once: no voice, no tail."""
        ...

    def close(self) -> None:
        """Give back processes and memory; idempotent."""
        ...


class Effect(Protocol):
    """Sound in, sound out, in place. The same rules as for an Instrument."""

    latency: int
    tail: int

    def prepare(self, rate: int, max_frames: int) -> None: ...

    def process(self, audio: AudioBlock, transport: Transport) -> None:
        """Change audio, shape (2, frames), in place."""
        ...

    def reset(self) -> None: ...

    def close(self) -> None: ...
