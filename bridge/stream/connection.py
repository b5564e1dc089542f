"""A client's connection: `websockets`' own, with limits, and with news of the transport for the client's outlet."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.protocol import State

from bridge.stream.fanout import Counts, Outlet
from bridge.stream.tokens import Role

_OPENING = 256
"""Connections that may be without a handshake at a time; each has 5 s for it."""
_SEND_BUFFER = 40 * 1024
"""Of the kernel, which doubles it: a fifth of a second of stereo. Left to itself it grows to several MB, and a slow
client would hear music seconds old."""
_UNREAD_BYTES = 64 * 1024
"""A client that asks (pings) and does not read the answers may leave so many."""


class Allowance:
    """How often a client may speak: so many messages a second in the long run, those of half a second at once. One that
    sends more waits: its own messages are read later."""

    def __init__(self, now_s: float, messages_a_s: int) -> None:
        self._rate = messages_a_s
        self._most = messages_a_s / 2
        self._left = self._most
        self._at_s = now_s

    def spend(self, now_s: float) -> float:
        """For one message: seconds to wait before the next is read, 0 for none."""
        self._left = min(self._most, self._left + (now_s - self._at_s) * self._rate) - 1
        self._at_s = now_s
        return max(0.0, -self._left / self._rate)


class Register:
    """All connections, those among them that are not open yet (the oldest first), and what clients did wrong."""

    def __init__(self, faults: Counter[str]) -> None:
        self.faults = faults
        self.all: set[Connection] = set()
        self.opening: dict[Connection, None] = {}


class Connection(ServerConnection):
    """A connection that tells its outlet when the transport is full, when it has drained, and when it has ended."""

    def __init__(self, register: Register, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._register = register
        self._outlet: Outlet | None = None
        self._descriptor: int | None = None
        self._unread = 0
        """Bytes that `websockets` has answered by itself (to pings) since all was read."""
        self.role: Role | None = None
        self.digest: bytes | None = None
        """Of the token by which it came in."""
        self._leave: Callable[[], None] | None = None

    def admitted(self, role: Role, digest: bytes | None, leave: Callable[[], None]) -> None:
        """As a client, from the handshake on; leave is called once when the connection has ended."""
        self.role, self.digest, self._leave = role, digest, leave

    def open_outlet(self, counts: Counts) -> Outlet:
        """The way out, once the handshake is done."""
        self._register.opening.pop(self, None)
        self._outlet = Outlet(self.transport, self._is_open, counts, descriptor=self._descriptor)
        if not self._is_open():  # what came with the handshake has ended it already
            self._outlet.cut()
        elif self.paused:
            self._outlet.fill()
        return self._outlet

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
            if _sockets_are_ours(self.loop) and transport.get_extra_info("sslcontext") is None:
                self._descriptor = sock.fileno()
                self.transport.set_write_buffer_limits(0, 0)  # full as soon as it holds a byte: see Outlet
        self._register.all.add(self)
        self._register.opening[self] = None
        if len(self._register.opening) > _OPENING:  # one in earnest is through in a ms: the oldest is not
            oldest = next(iter(self._register.opening))
            del self._register.opening[oldest]
            self._register.faults["crowd"] += 1
            oldest.transport.abort()

    def data_received(self, data: bytes) -> None:
        before = self.transport.get_write_buffer_size()
        super().data_received(data)
        self._unread += max(0, self.transport.get_write_buffer_size() - before)
        if self._unread > _UNREAD_BYTES:
            self._register.faults["unread"] += 1
            self.transport.abort()

    def send_data(self) -> None:
        """What the protocol has to say; after a close frame nothing follows."""
        super().send_data()
        if self._outlet is not None and not self._is_open():
            self._outlet.cut()

    def _is_open(self) -> bool:
        return self.protocol.state is State.OPEN

    def connection_lost(self, exc: Exception | None) -> None:
        self._register.all.discard(self)
        self._register.opening.pop(self, None)
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()
        if self._outlet is not None:
            self._outlet.cut()  # before the descriptor is closed, and somebody else's
        if self.request is None:
            self._register.faults["bad_handshake"] += 1
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._outlet is not None:
            self._outlet.fill()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread = 0
        if self._outlet is not None:
            self._outlet.drained()


def _sockets_are_ours(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether a transport of this loop writes by plain system calls, and holds nothing when it says so."""
    return os.name == "posix" and isinstance(loop, asyncio.SelectorEventLoop)
