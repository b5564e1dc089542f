"""Audio on its way to the clients: a lane for each stream, format and block size that somebody has asked for.

A block is gathered and encoded once for a lane, whoever listens. All of it belongs to the event loop's thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bridge.frame_line import NS
from bridge.stream import wire
from bridge.stream.fanout import AUDIO_QUEUE_BYTES, Fanout, Outlet, frame_of
from bridge.stream.opus import OpusWriter, packet_frames, refusal
from instruments.block import AudioBlock

Format: TypeAlias = Literal["float32", "int16", "opus"]
DEFAULT_BLOCK = 512
"""Frames: 10.7 ms at 48 kHz, some 94 messages a second."""
DEFAULT_BUFFER_MS = 200
_BYTES = {"float32": 4, "int16": 2, "opus": 1}
"""Of a sample; Opus has less than one."""


class Wish(NamedTuple):
    """What one client wants of audio. stems: numbers of tracks, from 1."""

    mix: bool = True
    stems: frozenset[int] = frozenset()
    format: Format = "float32"
    block: int = DEFAULT_BLOCK
    buffer_ms: int = DEFAULT_BUFFER_MS

    @property
    def streams(self) -> frozenset[int]:
        return self.stems | {wire.MIX} if self.mix else self.stems


class _Key(NamedTuple):
    stream: int
    format: Format
    block: int


class _Lane:
    """What has been gathered of a stream, and who waits for it."""

    def __init__(self, key: _Key, fanout: Fanout) -> None:
        self.key = key
        self._fanout = fanout
        self.outlets: list[Outlet] = []
        self._parts: list[NDArray[np.float32]] = []
        self._gathered = 0
        self._frame0 = self._ns0 = self._rate = 0
        self._writer: OpusWriter | None = None

    def take(self, frame0: int, ns0: int, rate: int, block: AudioBlock) -> None:
        """One of the engine's blocks. Where frames are missing, what came before goes out on its own."""
        if self._parts and (frame0 != self._frame0 + self._gathered or rate != self._rate):
            self._flush()
        if not self._parts:
            self._frame0, self._ns0, self._rate = frame0, ns0, rate
        elif self.key.format == "opus":  # what is left of a block never ends: its time must not drift from the line
            self._ns0 = ns0 - self._gathered * NS // rate
        self._parts.append(block)
        self._gathered += block.shape[1]
        if self.key.format == "opus":
            self._write_opus()
        elif self._gathered >= self.key.block:
            self._flush()

    def passes(self, head: wire.AudioHead, message: bytes) -> bool:
        """Whether another server's message is just what this lane's clients want: then they have it."""
        if self._parts or self.key.format != head.format:
            return False
        if self.key.format == "opus":
            if head.frames != packet_frames(self.key.block, head.rate):
                return False
            self._writer = None  # its memory is of other sound
        elif head.frames < self.key.block:
            return False
        self._send(message, head.frames)
        return True

    def _flush(self) -> None:
        if self.key.format != "opus":
            message = wire.encode_audio(self._frame0, self._ns0, self._rate, self._whole(), stream=self.key.stream,
                                        sample_format=self.key.format)
            self._send(message, self._gathered)
        self._parts.clear()
        self._gathered = 0

    def _write_opus(self) -> None:
        if refusal(self._rate) is not None:  # the device has changed; Server.announce() has told the clients
            self._flush()
            return
        block = self._whole()
        if self._writer is None or self._writer.made_for != (self._rate, len(block)):
            self._writer = OpusWriter(self._rate, len(block), self.key.block)
        size = self._writer.frames
        while self._gathered >= size:
            late = min(self._frame0, self._writer.delay)
            packet = wire.Packet(self._frame0 - late, self._ns0 - late * NS // self._rate, self._rate, size, len(block),
                                 self._writer.write(block[:, :size]), self.key.stream)
            self._send(wire.encode_packet(packet), size)
            block = block[:, size:]
            self._frame0 += size
            self._ns0 += size * NS // self._rate
            self._gathered -= size
        self._parts = [block] if self._gathered else []

    def _whole(self) -> NDArray[np.float32]:
        return self._parts[0] if len(self._parts) == 1 else np.concatenate(self._parts, axis=1)

    def _send(self, message: bytes, frames: int) -> None:
        self._fanout.send_audio(frame_of(message, binary=True), frames, self.outlets)


class Lanes:
    """Who hears what. A client's wish stands until another, or until it leaves."""

    def __init__(self, fanout: Fanout) -> None:
        self._fanout = fanout
        self._wishes: dict[Outlet, Wish] = {}
        self._lanes: dict[_Key, _Lane] = {}

    @property
    def streams(self) -> frozenset[int]:
        """Those that somebody hears."""
        return frozenset(key.stream for key in self._lanes)

    @property
    def wishes(self) -> Mapping[Outlet, Wish]:
        return self._wishes

    def listeners(self) -> Counter[str]:
        """How many hear each stream, by its number."""
        return Counter(str(stream) for wish in self._wishes.values() for stream in wish.streams)

    def wish_of(self, outlet: Outlet) -> Wish:
        return self._wishes.get(outlet, Wish(mix=False))

    def subscribe(self, outlet: Outlet, wish: Wish, rate: int) -> None:
        """rate: Hz, for how many bytes the buffer has. What waits of the old wish's sound is dropped."""
        if wish == self._wishes.get(outlet):
            return
        self.remove(outlet)
        self._wishes[outlet] = wish
        frame_bytes = 2 * _BYTES[wish.format] * max(1, len(wish.streams))
        least = 2 * (wish.block * frame_bytes + wire.AUDIO_HEADER_BYTES)
        outlet.audio_limit = min(AUDIO_QUEUE_BYTES, max(least, wish.buffer_ms * rate * frame_bytes // 1000))
        for key in _keys(wish):
            self._lanes.setdefault(key, _Lane(key, self._fanout)).outlets.append(outlet)

    def remove(self, outlet: Outlet) -> None:
        """Idempotent."""
        wish = self._wishes.pop(outlet, None)
        if wish is None:
            return
        outlet.forget_audio()
        for key in _keys(wish):
            lane = self._lanes[key]
            lane.outlets.remove(outlet)
            if not lane.outlets:
                del self._lanes[key]

    def publish(self, stream: int, frame0: int, ns0: int, rate: int, block: AudioBlock) -> None:
        """A block of shape (channels, frames) to all who hear `stream`. It is kept until a message is full: the caller
        does not write into it any more."""
        for lane in tuple(self._lanes.values()):
            if lane.key.stream == stream:
                lane.take(frame0, ns0, rate, block)

    def pass_on(self, head: wire.AudioHead, message: bytes, samples: Callable[[], AudioBlock]) -> None:
        """An audio message of another server: as it is to who wants just that, to the others anew from its samples,
        which are asked for when they are needed."""
        block: AudioBlock | None = None
        for lane in tuple(self._lanes.values()):
            if lane.key.stream == head.stream and not lane.passes(head, message):
                block = samples() if block is None else block
                lane.take(head.frame0, head.ns0, head.rate, block)


def _keys(wish: Wish) -> Iterator[_Key]:
    return (_Key(stream, wish.format, wish.block) for stream in wish.streams)
