"""[osc] of a session."""

from __future__ import annotations

import ipaddress
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

from bridge.errors import SessionError

Port = Annotated[int, Meta(ge=1, le=65_535, description="a port from 1 to 65535")]
Text = Annotated[str, Meta(min_length=1, max_length=255, description="a text of up to 255 characters")]


class Osc(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """OSC in and out.

    port    that we listen on; host: an address of this machine ("0.0.0.0": all of them, for tablets on the network; OSC
            knows no passwords: whoever reaches the port can turn everything)
    accept  only from these addresses; default: from anywhere that reaches the host
    send    what changes goes to these, as "192.168.1.20:9001", beside who has sent /subscribe
    shares  numbers are sent as a share of their range (0..1), to /share/...
    """

    port: Port = 9000
    host: Text = "127.0.0.1"
    accept: Annotated[list[Text], Meta(max_length=32, description="a list of up to 32 addresses")] = []
    send: Annotated[list[Text], Meta(max_length=16, description="a list of up to 16 addresses")] = []
    shares: bool = False


class Peer(NamedTuple):
    """Who is sent to."""

    host: str
    port: int


def peer_of(text: str) -> Peer | None:
    """"192.168.1.20:9001", "[::1]:9001", "tablet.local:9001"; None where it is none."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if not colon or not host or not port.isdecimal() or not port.isascii() or not 1 <= int(port) <= 65_535:
        return None
    return Peer(host, int(port))


def check_osc(osc: Osc | None, place: str) -> None:
    """Raises SessionError for an address that is none."""
    if osc is None:
        return
    for i, text in enumerate(osc.send):
        if peer_of(text) is None:
            raise SessionError(f"{place}: osc.send[{i}] = {text!r} is no address: give it as \"192.168.1.20:9001\"")
    for i, text in enumerate(osc.accept):
        try:
            ipaddress.ip_address(text)
        except ValueError:
            raise SessionError(f"{place}: osc.accept[{i}] = {text!r} is no IP address: give it as "
                               f"\"192.168.1.20\"") from None
