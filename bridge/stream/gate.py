"""Who may talk to the server: our own page and programs, no page from elsewhere, and who knows a token."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from websockets.datastructures import Headers
from websockets.typing import Subprotocol

from bridge.errors import MessageError
from bridge.stream import wire
from bridge.stream.tokens import MAX_LENGTH, Role, TokenFile, Tokens, digest_of

SUBPROTOCOL = "sideman"
TOKEN_SUBPROTOCOL = "sideman.token."
"""A browser's WebSocket cannot send headers of its own: it offers "sideman" and this with the token behind it, and the
server chooses "sideman", so that the token is in no answer."""
_LISTENING = (wire.Ping, wire.Subscribe, wire.Parameters)
"""What the role "listen" may say; everything else is "control"."""
_MOST_CREDENTIALS = 2 * MAX_LENGTH


class Gate:
    """Two ways in for a foreign page: a socket opened across sites, which its Origin tells, and a name of its own that
    it points to this machine (DNS rebinding), which the Host tells: that must be an address or a name of ours. And for
    anybody else a token, where there are any.

    host           that the server listens on
    allowed_hosts  further names by which browsers may call it (behind a proxy)
    tokens         None: everybody who comes in controls; of a file: as they are in it now
    """

    def __init__(self, host: str, allowed_hosts: Sequence[str] = (),
                 tokens: Tokens | TokenFile | None = None) -> None:
        self._names = {name.lower() for name in (*allowed_hosts, host, socket.gethostname())}
        self._names |= {f"{name}.local" for name in tuple(self._names)}
        self._tokens = tokens

    @property
    def guarded(self) -> bool:
        """Whether a token is wanted."""
        return self._tokens is not None

    def role(self, digest: bytes | None) -> Role | None:
        """Of who has offered the token with this digest (None: no token); None: it may do nothing."""
        if self._tokens is None:
            return "control"
        tokens = self._tokens.tokens if isinstance(self._tokens, TokenFile) else self._tokens
        return None if digest is None else tokens.role(digest)

    def renewed(self) -> bool:
        """Whether the token file holds others since last asked: who came in by the old ones is to be looked at."""
        return isinstance(self._tokens, TokenFile) and self._tokens.renewed()

    def refusal(self, headers: Headers, url: str) -> str | None:
        """Why a browser's request does not come from our own page at `url`, or None if it does (or from no browser)."""
        hosts, origins = headers.get_all("Host"), headers.get_all("Origin")
        if len(hosts) > 1 or len(origins) > 1:
            return "a request has one Host and at most one Origin"
        host = _hostname(f"//{hosts[0]}") if hosts else None
        if hosts and (host is None or not self._ours(host)):
            return (f"Host {hosts[0][:80]!a} is not this machine: call it by its address, localhost or its own name, "
                    "or say in stream.allowed_hosts that it is")
        if origins:
            origin = _hostname(origins[0])
            if origin is None or not (origin == host or (is_loopback(origin) and host and is_loopback(host))):
                return f"pages of {origins[0][:80]!a} may not talk to Sideman: open its own page at {url}"
        return None

    def _ours(self, host: str) -> bool:
        return host in self._names or is_loopback(host) or _is_address(host)


def offered(headers: Headers) -> bytes | None:
    """The digest of the one token in a request: `Authorization: Bearer TOKEN`, or a subprotocol "sideman.token.TOKEN".
    None where there is none, or more than one."""
    found = []
    for value in headers.get_all("Authorization"):
        scheme, _, credentials = value.strip().partition(" ")
        found.append(credentials.strip() if scheme.lower() == "bearer" else "")
    for value in headers.get_all("Sec-WebSocket-Protocol"):
        words = (word.strip() for word in value.split(","))
        found += [word.removeprefix(TOKEN_SUBPROTOCOL) for word in words if word.startswith(TOKEN_SUBPROTOCOL)]
    if len(found) != 1 or not found[0] or len(found[0]) > _MOST_CREDENTIALS:
        return None
    return digest_of(found[0])


def chosen_subprotocol(_: object, proposed: Sequence[Subprotocol]) -> Subprotocol | None:
    """Ours where it is offered; never the one with the token."""
    return Subprotocol(SUBPROTOCOL) if SUBPROTOCOL in proposed else None


def check_allowed(role: Role, message: wire.ClientMessage) -> None:
    """Raises MessageError for what a role may not say."""
    if role != "control" and not isinstance(message, _LISTENING):
        raise MessageError(f"{type(message).__name__.lower()} is not for listeners: this token may hear and look; "
                           "connect with the control token")


def is_loopback(host: str) -> bool:
    """Whether an address or name is this machine's own."""
    with suppress(ValueError):
        ip = ipaddress.ip_address(host)
        mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
        return (mapped or ip).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def spoken(host: str) -> str:
    """The host as one types it into a browser."""
    if host in ("0.0.0.0", "::", "") or is_loopback(host):
        return "localhost" if host != "::1" else "[::1]"
    return f"[{host}]" if ":" in host else host


def _hostname(address: str) -> str | None:
    with suppress(ValueError):
        return urlsplit(address).hostname
    return None


def _is_address(host: str) -> bool:
    with suppress(ValueError):
        ipaddress.ip_address(host)
        return True
    return False
