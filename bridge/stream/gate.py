"""Who may talk to the server: our own page and programs, and no page from elsewhere."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from websockets.datastructures import Headers


class Gate:
    """Two ways in for a foreign page: a socket opened across sites, which its Origin tells, and a name of its own that
    it points to this machine (DNS rebinding), which the Host tells: that must be an address or a name of ours.

    host           that the server listens on
    allowed_hosts  further names by which browsers may call it (behind a proxy)
    """

    def __init__(self, host: str, allowed_hosts: Sequence[str] = ()) -> None:
        self._names = {name.lower() for name in (*allowed_hosts, host, socket.gethostname())}
        self._names |= {f"{name}.local" for name in tuple(self._names)}

    def refusal(self, headers: Headers, url: str) -> str | None:
        """Why a browser's request does not come from our own page at `url`, or None if it does (or from no browser)."""
        hosts, origins = headers.get_all("Host"), headers.get_all("Origin")
        if len(hosts) > 1 or len(origins) > 1:
            return "a request has one Host and at most one Origin"
        host = _hostname(f"//{hosts[0]}") if hosts else None
        if hosts and (host is None or not self._ours(host)):
            return f"Host {hosts[0][:80]!a} is not this machine: call it by its address, localhost or its own name"
        if origins:
            origin = _hostname(origins[0])
            if origin is None or not (origin == host or (is_loopback(origin) and host and is_loopback(host))):
                return f"pages of {origins[0][:80]!a} may not talk to Sideman: open its own page at {url}"
        return None

    def _ours(self, host: str) -> bool:
        return host in self._names or is_loopback(host) or _is_address(host)


def is_loopback(host: str) -> bool:
    """Whether an address or name is this machine's own."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
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
