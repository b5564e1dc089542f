"""The listening side of `sideman bench stream` where no C compiler is: stream_client.c says what it takes and tells.

Its own work, some 15 us a message, is then part of every latency: beyond a few clients that says little of the server.
"""

from __future__ import annotations

import array
import asyncio
import functools
import struct
import sys
from typing import cast

from bridge.stream.wire import AUDIO_HEADER_BYTES, AUDIO_MAGIC
from instruments.system_clock import clock_ns

_HEAD = struct.Struct("<IQq")
_HEAD_AT = 12
"""In an audio header: frames, the first frame's index, the stamp."""
_MOST_NS = 2**32 - 1


class Listener(asyncio.Protocol):
    """One client; what all have heard is counted in the class."""

    messages = size = gaps = broken = 0
    latencies = array.array("I")
    ending = False

    def __init__(self, port: int, request: str, stuck: bool) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._held = b""
        self._port, self._request, self._stuck = port, request.encode(), stuck
        self._next: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(
            f"GET /music HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())

    def connection_lost(self, exc: Exception | None) -> None:
        if not Listener.ending:
            Listener.broken += 1

    def data_received(self, data: bytes) -> None:
        at = clock_ns()
        held = self._held + data
        if not self.opened.done():
            head, end, held = held.partition(b"\r\n\r\n")
            if not end:
                self._held = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.opened.set_exception(ConnectionError(head.decode(errors="replace")))
                return
            if self._request:  # masked with zeros
                self._transport.write(struct.pack(">BBHI", 0x81, 0x80 | 126, len(self._request), 0) + self._request)
            if self._stuck:
                self._transport.pause_reading()
            self.opened.set_result(None)
        Listener.size += len(data)
        place = 0
        while len(held) - place >= 2:
            size, head_size = held[place + 1] & 127, 2
            if size == 126:
                head_size = 4
            elif size == 127:
                head_size = 10
            if len(held) - place < head_size:
                break
            if head_size > 2:
                size = int.from_bytes(held[place + 2 : place + head_size], "big")
            end_at = place + head_size + size
            if len(held) < end_at:
                break
            if held[place] & 15 == 2 and size >= AUDIO_HEADER_BYTES:
                self._audio(held, place + head_size, at)
            place = end_at
        self._held = held[place:]

    def _audio(self, held: bytes, start: int, at: int) -> None:
        if held[start : start + 4] != AUDIO_MAGIC:
            return
        frames, frame0, stamp = _HEAD.unpack_from(held, start + _HEAD_AT)
        Listener.gaps += self._next is not None and frame0 != self._next
        self._next = frame0 + frames
        Listener.messages += 1
        Listener.latencies.append(min(max(0, at - stamp), _MOST_NS))


def _same(listener: Listener) -> Listener:
    return listener


async def main(address: str, port: int, clients: int, stuck: int, request: str) -> None:
    loop = asyncio.get_running_loop()
    for n in range(clients + stuck):
        listener = Listener(port, request, n >= clients)
        await loop.create_connection(functools.partial(_same, listener), address, port)
        await listener.opened
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    Listener.ending = True
    sys.stdout.write(f"{Listener.messages} {Listener.size} {Listener.gaps} {Listener.broken} "
                     f"{len(Listener.latencies)}\n")
    sys.stdout.flush()
    sys.stdout.buffer.write(Listener.latencies.tobytes())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]))
