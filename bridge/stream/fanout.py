"""One message to all clients: its frame is built once, and each client has an outlet with bounded queues.

All of it runs on the event loop's thread of the main process; nothing awaits, blocks or starts a task. A frame is
written at once to every client whose transport takes it; one that does not read fills its transport's buffer, then
its queues: of audio the oldest goes (and is counted), control (notes, status, answers) is never thinned, so a client
whose control piles up is disconnected.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

AUDIO_QUEUE_BYTES = 96 * 1024
"""A quarter of a second of 48 kHz stereo: more than a player's buffer, after which old audio is of no use."""
CONTROL_QUEUE_BYTES = 96 * 1024
"""Several seconds of notes and status. With the transport's buffer a stuck client costs less than 256 kB."""


class Stream(IntEnum):
    """What a client can subscribe to; ANSWER always passes."""

    AUDIO = 0
    MIDI = 1
    STATUS = 2
    ANSWER = 3


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
    """What went out: messages and bytes handed to the transport, audio messages dropped, clients thrown out."""

    messages: int = 0
    bytes: int = 0
    audio_dropped: int = 0
    thrown_out: int = 0

    def add(self, other: Counts) -> None:
        self.messages += other.messages
        self.bytes += other.bytes
        self.audio_dropped += other.audio_dropped
        self.thrown_out += other.thrown_out


class Outlet:
    """The way out to one client.

    transport  written to without ever waiting; its write-buffer limits decide when it is full
    writable   whether the connection is open for messages (between both handshakes)
    """

    def __init__(
        self,
        transport: asyncio.WriteTransport,
        writable: Callable[[], bool],
        *,
        audio_bytes: int = AUDIO_QUEUE_BYTES,
        control_bytes: int = CONTROL_QUEUE_BYTES,
    ) -> None:
        self.counts = Counts()
        self.wants = {Stream.AUDIO: True, Stream.MIDI: True, Stream.STATUS: True, Stream.ANSWER: True}
        self.full = False
        """Set by the connection's pause_writing; cleared by drained()."""
        self._transport = transport
        self._writable = writable
        self._audio: deque[bytes] = deque()
        self._control: deque[bytes] = deque()
        self._audio_bytes = 0
        self._control_bytes = 0
        self._audio_limit = audio_bytes
        self._control_limit = control_bytes

    @property
    def queued_bytes(self) -> int:
        """Held for this client alone, beside its transport's buffer (frames are shared, so at most this much)."""
        return self._audio_bytes + self._control_bytes

    def put(self, frame: bytes, stream: Stream) -> None:
        """Write, queue or drop; control that no longer fits ends the connection."""
        if not self.wants[stream] or not self._writable():
            return
        if not self.full:
            self._write(frame)
        elif stream is Stream.AUDIO:
            self._audio.append(frame)
            self._audio_bytes += len(frame)
            while self._audio_bytes > self._audio_limit:
                self._audio_bytes -= len(self._audio.popleft())
                self.counts.audio_dropped += 1
        elif self._control_bytes + len(frame) > self._control_limit:
            self.counts.thrown_out = 1
            self._clear()
            self._transport.abort()
        else:
            self._control.append(frame)
            self._control_bytes += len(frame)

    def drained(self) -> None:
        """The transport takes more: control first, for it is small and older than what comes next."""
        self.full = False
        while self._control and not self.full and self._writable():
            frame = self._control.popleft()
            self._control_bytes -= len(frame)
            self._write(frame)
        while self._audio and not self.full and self._writable():
            frame = self._audio.popleft()
            self._audio_bytes -= len(frame)
            self._write(frame)

    def subscribe(self, stream: Stream, wanted: bool) -> None:
        """Unsubscribed audio leaves the queue; control that was promised still goes out."""
        self.wants[stream] = wanted
        if stream is Stream.AUDIO and not wanted:
            self._audio.clear()
            self._audio_bytes = 0

    def _write(self, frame: bytes) -> None:
        self._transport.write(frame)
        self.counts.messages += 1
        self.counts.bytes += len(frame)

    def _clear(self) -> None:
        self._audio.clear()
        self._control.clear()
        self._audio_bytes = self._control_bytes = 0


class Fanout:
    """All outlets, and the counts of those that have gone."""

    def __init__(self) -> None:
        self._outlets: set[Outlet] = set()
        self._gone = Counts()

    def __len__(self) -> int:
        return len(self._outlets)

    def __iter__(self) -> Iterator[Outlet]:
        return iter(self._outlets)

    def add(self, outlet: Outlet) -> None:
        self._outlets.add(outlet)

    def remove(self, outlet: Outlet) -> None:
        """Idempotent; the outlet's counts stay in the total."""
        if outlet in self._outlets:
            self._outlets.remove(outlet)
            self._gone.add(outlet.counts)

    def wanted(self, stream: Stream) -> bool:
        """Whether anybody listens: if not, the message need not be built."""
        return any(outlet.wants[stream] for outlet in self._outlets)

    def send(self, payload: bytes, stream: Stream, *, binary: bool = False) -> None:
        """To everyone who wants it."""
        frame = frame_of(payload, binary=binary)
        for outlet in tuple(self._outlets):
            outlet.put(frame, stream)

    def total(self) -> Counts:
        """Of all clients, those that have left too."""
        return _sum(self._gone, (outlet.counts for outlet in self._outlets))


def _sum(start: Counts, rest: Iterable[Counts]) -> Counts:
    total = replace(start)
    for counts in rest:
        total.add(counts)
    return total
