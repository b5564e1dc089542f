"""[stream] of a session: where page and socket are served, to whom, and within which limits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from bridge.errors import SessionError
from bridge.stream.sync import SYNC_LATENCY_MS

Text = Annotated[str, Meta(min_length=1, max_length=255, description="a text of up to 255 characters")]
File = Annotated[str, Meta(min_length=1, max_length=1024, description="the path of a file")]
Port = Annotated[int, Meta(ge=0, le=65_535, description="a port from 0 (any) to 65535")]
_FILES = ("token_file", "tls_cert", "tls_key")


class StreamSpec(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """host   an address of this machine to listen on; "127.0.0.1": reached from this machine alone; "0.0.0.0": from all
           networks, "::": the same with IPv6. Beyond this machine clients need a token.
    port   None: 3000, or the next free one
    allowed_hosts   further names by which browsers may call (behind a proxy)
    token_file      where the tokens are; None: the user's own file, made when it is first needed. Named, the tokens are
                    asked for on this machine, too
    tls_cert, tls_key    PEM files: the certificate with its chain, and its key (None: it is in the same file)
    tls_self_signed      a certificate of our own, made once: browsers warn of it
    max_clients, max_clients_per_address    this machine's own count in the whole alone
    max_message_kb, max_messages_a_s    of what a client says: above, it is disconnected; read later
    sync_latency_ms    from the time of a frame until all who play in sync play it: more bridges a worse network
    """

    host: Text = "127.0.0.1"
    port: Port | None = None
    allowed_hosts: Annotated[list[Text], Meta(max_length=32, description="a list of up to 32 names")] = []
    token_file: File | None = None
    tls_cert: File | None = None
    tls_key: File | None = None
    tls_self_signed: bool = False
    max_clients: Annotated[int, Meta(ge=1, le=10_000, description="a whole number from 1 to 10000")] = 512
    max_clients_per_address: Annotated[int, Meta(ge=1, le=10_000, description="a whole number from 1 to 10000")] = 64
    max_message_kb: Annotated[int, Meta(ge=1, le=64, description="a whole number of kB from 1 to 64")] = 64
    max_messages_a_s: Annotated[int, Meta(ge=10, le=10_000, description="a whole number from 10 to 10000")] = 500
    sync_latency_ms: Annotated[
        int, Meta(ge=20, le=1500, description="a whole number of ms from 20 to 1500")] = SYNC_LATENCY_MS


def stream_seen_from(spec: StreamSpec, folder: Path) -> StreamSpec:
    """With paths that begin in the folder of the session's file."""
    given = {name: path for name in _FILES if (path := getattr(spec, name)) is not None}
    return replace(spec, **{name: str(folder / Path(path).expanduser()) for name, path in given.items()})


def check_stream(spec: StreamSpec, place: str) -> None:
    """What types cannot say. Raises SessionError."""
    if spec.tls_key is not None and spec.tls_cert is None:
        raise SessionError(f"{place}: stream.tls_key = {spec.tls_key!r} is a key without a certificate: give "
                           "stream.tls_cert, too")
    if spec.tls_self_signed and spec.tls_cert is not None:
        raise SessionError(f"{place}: stream: give tls_cert = {spec.tls_cert!r} or tls_self_signed = true, not both")
