"""One message to all clients: its frame is built once, and each client has an outlet with bounded queues.

All of it runs on the event loop's thread of the main process; nothing awaits, blocks or starts a task. A frame is
written at once to every client whose socket takes it. What a client does not read fills the kernel's buffer, then its
queues here: of audio the oldest goes (the client is told how much), control (notes, status, answers) is never thinned,
so a client whose control piles up is disconnected.

Where the event loop leaves the socket to us (asyncio's own loop on Linux and macOS, without TLS) frames are written by
os.write(), past the transport: the kernel's work is then nearly all that a message costs. docs/streaming.md has the
measurements.
"""

from __future__ import annotations

import asyncio
import os
import struct
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from bridge.stream import wire

AUDIO_QUEUE_BYTES = 80 * 1024
"""The most audio that waits for one client: a fifth of a second of 48 kHz stereo in float32."""
CONTROL_QUEUE_BYTES = 48 * 1024
"""A client for whom more than this waits is disconnected: some seconds of notes and status. With the kernel's buffer a
stuck client costs less than 256 kB."""


class Stream(IntEnum):
    """What a client can subscribe to; ANSWER always passes."""

    AUDIO = 0
    MIDI = 1
    STATUS = 2
    ANSWER = 3
    METERS = 4


class _Opcode(IntEnum):
    TEXT = 0x1
    BINARY = 0x2


def frame_of(payload: bytes, *, binary: bool) -> bytes:
    """A whole, final, unmasked WebSocket frame (RFC 6455 section 5.2), the same bytes for every client."""
    first = 0x80 | (_Opcode.BINARY if binary else _Opcode.TEXT)
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65536:
        return struct.pack(">BBH", first, 126, size) + payload
    return struct.pack(">BBQ", first, 127, size) + payload


@dataclass(slots=True)
class Counts:
    """What went out to all: messages and bytes handed to the system, audio dropped (messages, frames), and clients
    thrown out because they did not read."""

    messages: int = 0
    bytes: int = 0
    audio_dropped: int = 0
    frames_dropped: int = 0
    thrown_out: int = 0


class Outlet:
    """The way out to one client.

    transport   written to without ever waiting; its write-buffer limits decide when it is full
    writable    whether the connection is open for messages (between both handshakes)
    counts      where what happens here is added
    descriptor  of the transport's socket, where frames may be written past the transport; then the transport must call
                the outlet full as soon as it holds a byte, or bytes would overtake each other
    """

    __slots__ = ("_audio", "_audio_bytes", "_control", "_control_bytes", "_control_limit", "_counts", "_descriptor",
                 "_full", "_lost", "_transport", "_writable", "audio_limit", "ready", "wants")

    def __init__(
        self,
        transport: asyncio.WriteTransport,
        writable: Callable[[], bool],
        counts: Counts,
        *,
        descriptor: int | None = None,
        audio_bytes: int = AUDIO_QUEUE_BYTES,
        control_bytes: int = CONTROL_QUEUE_BYTES,
    ) -> None:
        self.wants = {Stream.MIDI, Stream.STATUS}
        self.audio_limit = audio_bytes
        self.ready = descriptor
        """The descriptor, while a frame may be written to it at once: neither full nor ended. Else None."""
        self._descriptor = descriptor
        self._full = False
        self._transport = transport
        self._writable = writable
        self._counts = counts
        self._audio: deque[tuple[bytes, int]] = deque()
        self._control: deque[bytes] = deque()
        self._audio_bytes = 0
        self._control_bytes = 0
        self._control_limit = control_bytes
        self._lost = (0, 0)

    @property
    def queued_bytes(self) -> int:
        """Held for this client alone, beside its transport's buffer (frames are shared, so at most this much)."""
        return self._audio_bytes + self._control_bytes

    def put(self, frame: bytes) -> None:
        """Control: write or queue; what no longer fits ends the connection."""
        if not self._writable():
            self.cut()
        elif not self._full:
            self._write(frame)
        elif self._control_bytes > self._control_limit:  # one long answer (`parameters`) may pass it
            self._counts.thrown_out += 1
            self.cut()
            self._transport.abort()
        else:
            self._control.append(frame)
            self._control_bytes += len(frame)

    def put_audio(self, frame: bytes, frames: int) -> None:
        """Write or queue `frames` frames of sound; the oldest that no longer fits is dropped."""
        if not self._full:
            if self._writable():
                self._write(frame)
            return
        self._audio.append((frame, frames))
        self._audio_bytes += len(frame)
        while self._audio_bytes > self.audio_limit:
            self._drop()

    def fill(self) -> None:
        """The transport holds as much as it may."""
        self._full = True
        self.ready = None

    def drained(self) -> None:
        """The transport takes more: what was lost first, then control, for it is small and older than what follows."""
        self._full = False
        self.ready = self._descriptor
        messages, frames = self._lost
        if messages:
            self._lost = (0, 0)
            self._write(frame_of(wire.encode(wire.Lost(messages, frames)), binary=False))
        while self._control and not self._full:
            frame = self._control.popleft()
            self._control_bytes -= len(frame)
            self._write(frame)
        while self._audio and not self._full:
            frame, _ = self._audio.popleft()
            self._audio_bytes -= len(frame)
            self._write(frame)

    def rest(self, frame: bytes, written: int) -> None:
        """`written` bytes of a frame went to the descriptor: the others by the transport, which finds out why."""
        if self._writable():
            self._transport.write(frame[written:])
        else:
            self.cut()

    def forget_audio(self) -> None:
        """Another subscription: what waits of the old one is of no use."""
        self._audio.clear()
        self._audio_bytes = 0

    def cut(self) -> None:
        """Nothing is written any more: the connection has ended, and its descriptor may soon be another's."""
        self.ready = self._descriptor = None
        self._full = False
        self._writable = _never
        self.forget_audio()
        self._control.clear()
        self._control_bytes = 0

    def _write(self, frame: bytes) -> None:
        self._counts.messages += 1
        self._counts.bytes += len(frame)
        if self._descriptor is None:
            self._transport.write(frame)
        elif (written := _taken(self._descriptor, frame)) != len(frame):
            self.rest(frame, written)

    def _drop(self) -> None:
        frame, frames = self._audio.popleft()
        self._audio_bytes -= len(frame)
        self._counts.audio_dropped += 1
        self._counts.frames_dropped += frames
        self._lost = (self._lost[0] + 1, self._lost[1] + frames)


def _taken(descriptor: int, frame: bytes) -> int:
    """How many bytes of the frame the system took at once."""
    try:
        return os.write(descriptor, frame)
    except OSError:  # full, or broken: the transport finds out which, and acts on it
        return 0


def _never() -> bool:
    return False


class Fanout:
    """All outlets, who wants what of control, and what has gone out."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._outlets: set[Outlet] = set()

    def __len__(self) -> int:
        return len(self._outlets)

    def __iter__(self) -> Iterator[Outlet]:
        return iter(self._outlets)

    def add(self, outlet: Outlet) -> None:
        self._outlets.add(outlet)

    def remove(self, outlet: Outlet) -> None:
        """Idempotent."""
        self._outlets.discard(outlet)
        outlet.cut()

    def wanted(self, stream: Stream) -> bool:
        """Whether anybody listens: if not, the message need not be built."""
        return any(stream in outlet.wants for outlet in self._outlets)

    def send(self, payload: bytes, stream: Stream) -> None:
        """Control, to everyone who wants it; ANSWER to all."""
        frame = frame_of(payload, binary=False)
        for outlet in tuple(self._outlets):
            if stream is Stream.ANSWER or stream in outlet.wants:
                outlet.put(frame)

    def send_audio(self, frame: bytes, frames: int, outlets: Sequence[Outlet]) -> None:
        """A frame of `frames` frames of sound to these outlets. Nearly all clients are ready, nearly always: what is
        done for each of them beside the system call counts."""
        size, sent = len(frame), 0
        for outlet in outlets:
            descriptor = outlet.ready
            if descriptor is None:
                outlet.put_audio(frame, frames)
                continue
            sent += 1
            try:
                written = os.write(descriptor, frame)
            except OSError:
                written = 0
            if written != size:
                outlet.rest(frame, written)
        self.counts.messages += sent
        self.counts.bytes += sent * size
