"""Where a relay hears its music, or publishes it: a Sideman's socket, another relay's, or a name on a NATS server."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from bridge.errors import DeviceError

DEFAULT_NAME = "sideman"
_SOCKETS = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}
_NATS = ("nats", "tls")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Address(NamedTuple):
    """url: to connect to, with what secrets it has; name: of the music on a NATS server, "" for a socket; shown: as it
    may be printed."""

    url: str
    name: str
    shown: str

    @property
    def on_nats(self) -> bool:
        return bool(self.name)


def address(url: str) -> Address:
    """Of "ws://host:3000/music", "http://host:3000", "nats://host:4222/name" or "tls://..."; or raises DeviceError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as problem:
        raise DeviceError(f"{url!r} is no address ({problem}): {_remedy()}") from None
    if not host or parts.scheme not in (*_SOCKETS, *_NATS):
        raise DeviceError(f"{url!r} is no address of music: {_remedy()}")
    bare = f"[{host}]" if ":" in host else host
    bare += f":{port}" if port is not None else ""
    if parts.scheme in _SOCKETS:
        scheme, path = _SOCKETS[parts.scheme], parts.path if parts.path not in ("", "/") else "/music"
        return Address(urlunsplit((scheme, parts.netloc, path, parts.query, "")), "", f"{scheme}://{bare}{path}")
    name = parts.path.strip("/") or DEFAULT_NAME
    if not _NAME.fullmatch(name):
        raise DeviceError(f"{name!r} in {parts.scheme}://{bare}/{name} is no name of music on NATS: give up to 64 "
                          "letters, digits, - and _")
    return Address(urlunsplit((parts.scheme, parts.netloc, "", "", "")), name, f"{parts.scheme}://{bare}/{name}")


def _remedy() -> str:
    return "give one such as ws://host:3000/music, or nats://host:4222/sideman"
