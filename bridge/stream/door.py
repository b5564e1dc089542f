"""The listening socket, which counts who comes in: connections in all and from each address, and how fast they come.

What is too much is closed as it is accepted, before a byte of it is read or a TLS handshake is begun, so that a crowd
costs two system calls each. It needs an event loop that accepts by `accept()` (asyncio's own on Linux and macOS).
"""

from __future__ import annotations

import ipaddress
import os
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

_WAITING = 256
"""Connections beside those of clients: handshakes and HTTP."""
_WAITING_PER_ADDRESS = 24
"""A browser opens six at a time for a page."""
_BURST, _CONNECTS_A_S = 200, 50
"""Of one address: a page is some twenty connections, and several may share an address."""
_MOST_ADDRESSES = 4096


class Limits(NamedTuple):
    """clients, clients_per_address: connected at a time; message_bytes, messages_a_s: of what a client says."""

    clients: int = 512
    clients_per_address: int = 64
    message_bytes: int = 64 * 1024
    messages_a_s: int = 500


def place_of(address: str) -> str | None:
    """Whom an address counts for: itself, of IPv6 its /64 (a home or machine has no less); None for this machine."""
    with suppress(ValueError):
        ip = ipaddress.ip_address(address.partition("%")[0])
        if isinstance(ip, ipaddress.IPv6Address):
            if ip.ipv4_mapped is not None:
                return place_of(str(ip.ipv4_mapped))
            return None if ip.is_loopback else str(ipaddress.ip_network((ip, 64), strict=False))
        return None if ip.is_loopback else str(ip)
    return address


class Census:
    """Who is in. Sans I/O; one thread."""

    def __init__(self, limits: Limits, now_s: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._now_s = now_s
        self._all = 0
        self._here: Counter[str] = Counter()
        self._clients: Counter[str] = Counter()
        self._speed: dict[str, tuple[float, float]] = {}
        """Address -> (connections that it may still open at once, as of then)."""

    def __len__(self) -> int:
        return self._all

    def enters(self, place: str | None) -> bool:
        """Whether one more connection from there is let in; leaves() follows then."""
        if self._all >= self._limits.clients + _WAITING:
            return False
        if place is not None:
            if self._here[place] >= self._limits.clients_per_address + _WAITING_PER_ADDRESS or not self._slow(place):
                return False
            self._here[place] += 1
        self._all += 1
        return True

    def leaves(self, place: str | None) -> None:
        self._all -= 1
        if place is not None:
            _less(self._here, place)

    def client_enters(self, place: str | None) -> bool:
        """Whether one more client (a connection that speaks WebSocket) from there is served; client_leaves() follows
        then. This machine's own are counted by none but the server."""
        if place is None:
            return True
        if self._clients[place] >= self._limits.clients_per_address:
            return False
        self._clients[place] += 1
        return True

    def client_leaves(self, place: str | None) -> None:
        if place is not None:
            _less(self._clients, place)

    def _slow(self, place: str) -> bool:
        now = self._now_s()
        left, then = self._speed.get(place, (float(_BURST), now))
        left = min(_BURST, left + (now - then) * _CONNECTS_A_S)
        if place not in self._speed and len(self._speed) >= _MOST_ADDRESSES:
            self._speed = {p: (n, t) for p, (n, t) in self._speed.items() if n + (now - t) * _CONNECTS_A_S < _BURST}
            if len(self._speed) >= _MOST_ADDRESSES:
                self._speed.clear()  # more addresses at once than one can keep: the count in all remains
        self._speed[place] = (left - 1 if left >= 1 else left, now)
        return left >= 1


def _less(counts: Counter[str], place: str) -> None:
    counts[place] -= 1
    if counts[place] <= 0:
        del counts[place]


class Door(socket.socket):
    """A listening socket whose accept() lets in whom the census does. Made by open_door()."""

    def __init__(self, family: int, census: Census, turned_away: Callable[[], None]) -> None:
        super().__init__(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, asyncio sets TCP_NODELAY
        self._census = census
        self._turned_away = turned_away

    def accept(self) -> tuple[socket.socket, Any]:
        """As socket.accept(); for one that is turned away, BlockingIOError: the loop comes again."""
        handle, address = self._accept()  # type: ignore[attr-defined]
        place = place_of(address[0])
        if not self._census.enters(place):
            socket.close(handle)
            self._turned_away()
            raise BlockingIOError
        return _Visitor(self, handle, lambda: self._census.leaves(place)), address


class _Visitor(socket.socket):
    def __init__(self, door: Door, handle: int, gone: Callable[[], None]) -> None:
        super().__init__(door.family, door.type, door.proto, fileno=handle)
        self._gone: Callable[[], None] | None = gone

    def close(self) -> None:
        super().close()
        gone, self._gone = self._gone, None
        if gone is not None:
            gone()

    def __del__(self) -> None:
        self.close()  # one that the loop dropped before there was a transport


def open_door(host: str, port: int, census: Census, turned_away: Callable[[], None]) -> Door:
    """Bound, not yet listening; "::" also takes IPv4. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, address = min(((f, a) for f, _, _, _, a in found), key=lambda each: each[0] != socket.AF_INET)
    door = Door(family, census, turned_away)
    try:
        if os.name == "posix":
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
        door.bind(address)
        door.setblocking(False)
    except BaseException:
        door.close()
        raise
    return door
