"""The messages between the engine and a plug-in's process: 64 bytes each, over one socket a plug-in."""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

from instruments.block import FrameEvent, Kind, Transport

MESSAGE_BYTES = 64
PLUGIN_FRAMES = 128
"""Plug-ins are always called with this many frames, whatever the engine's blocks, on a grid anchored to the stream.

Hence the same sound at any block size, and plug-ins work that insist on the size that they were prepared for: ZamVerb
prepared for 1,024 frames passes blocks of 128 through dry. Convolvers cost the same per call at 64 as at 256 frames.
"""


class Ask(IntEnum):
    """What the engine says."""

    AUDIO = 1
    """The input is valid up to `position`."""
    START = 2
    """A new stream whose first frame is `position`, in epoch `epoch`: forget all sound and all notes."""
    SKIP = 3
    """The same, but tails and notes go on: some input was left out."""
    COMMAND = 4
    """Take one command from the control pipe."""
    EVENT = 5
    """A note or controller at `position`."""
    SET = 6
    """A parameter goes to a value from `position` on."""


class Answer(IntEnum):
    """What the plug-in's process says."""

    DONE = 16
    """The output is valid up to `position`."""
    BROKEN = 17
    """The plug-in wrote something that is not a finite number before `position`."""
    EVENT = 18
    """MIDI of the plug-in's own at `position`."""
    VALUE = 19
    """The plug-in has changed a parameter by itself."""


class Audio(NamedTuple):
    """AUDIO, START, SKIP, COMMAND, DONE and BROKEN. The transport is that of frame `position - frames`.

    keyed  the side-chain's ring is valid, too
    """

    kind: int
    epoch: int
    position: int
    frames: int = 0
    transport: Transport = Transport()
    keyed: bool = False


class Event(NamedTuple):
    """EVENT, either way: at a position of the stream."""

    kind: int
    position: int
    event: Kind
    channel: int
    number: int
    value: float
    cents: float


class Setting(NamedTuple):
    """SET: to a raw value 0..1, or one in the parameter's own units (`own`), in `frames`. VALUE: `raw`, and `value` in
    its own units (NaN where it shows no number). nth: the parameter's index."""

    kind: int
    position: int
    nth: int
    frames: int
    raw: float
    value: float
    own: bool


_AUDIO = struct.Struct("<BBBBIqqddIdd4x")
_EVENT = struct.Struct("<BBBBIqdd32x")
_SETTING = struct.Struct("<BB6xqIIdd24x")
assert {_AUDIO.size, _EVENT.size, _SETTING.size} == {MESSAGE_BYTES}


def pack_audio(kind: int, epoch: int, position: int, frames: int = 0, at: Transport | None = None,
               keyed: bool = False) -> bytes:
    if at is None:
        return _AUDIO.pack(kind, 0, 4, 4, epoch, position, 0, 0.0, 120.0, frames, 0.0, 0.0)
    return _AUDIO.pack(kind, at.playing | keyed << 1, at.beats_per_bar, at.beat_unit, epoch, position, at.frame,
                       at.beat, at.bpm, frames, at.loop_start, at.loop_end)


def unpack_audio(data: bytes | bytearray, offset: int = 0) -> Audio:
    kind, flags, beats, unit, epoch, position, frame, beat, bpm, frames, start, end = _AUDIO.unpack_from(data, offset)
    transport = Transport(frame, beat, bpm, beats, unit, bool(flags & 1), start, end)
    return Audio(kind, epoch, position, frames, transport, bool(flags & 2))


def pack_event(kind: int, position: int, event: FrameEvent) -> bytes:
    """The event's own offset is left out: `position` says when."""
    return _EVENT.pack(kind, event.kind, event.channel & 15, event.number & 127, 0, position, event.value, event.cents)


def unpack_event(data: bytes | bytearray, offset: int = 0) -> Event:
    kind, event, channel, number, _, position, value, cents = _EVENT.unpack_from(data, offset)
    return Event(kind, position, Kind(event), channel, number, value, cents)


def pack_setting(setting: Setting) -> bytes:
    kind, position, nth, frames, raw, value, own = setting
    return _SETTING.pack(kind, own, position, nth, frames, raw, value)


def unpack_setting(data: bytes | bytearray, offset: int = 0) -> Setting:
    kind, own, position, nth, frames, raw, value = _SETTING.unpack_from(data, offset)
    return Setting(kind, position, nth, frames, raw, value, bool(own))
