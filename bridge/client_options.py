"""The options of commands that hear a stream: where it is, which part of it, and by which token and certificate."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.errors import DeviceError, MessageError

if TYPE_CHECKING:
    from bridge.stream.wire import Hello

DEFAULT_URL = "ws://localhost:3000/music"
_FILE = click.Path(dir_okay=False, path_type=Path)
_OPTIONS = (
    click.argument("url", default=DEFAULT_URL),
    click.option("--stem", metavar="TRACK", help="This track alone, instead of the mix."),
    click.option("--format", "audio_format", type=click.Choice(["float32", "int16", "opus"]), default="float32",
                 show_default=True, help="In which the sound comes: int16 is half, opus a tenth."),
    click.option("--token-file", type=_FILE,
                 help="The token that URL wants, in a file (default: $SIDEMAN_TOKEN, $SIDEMAN_TOKEN_FILE)."),
    click.option("--cert", type=_FILE, help="Trust this certificate of URL's, and no other."),
    click.option("--duration", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
                 help="End after so long (default: Ctrl-C ends it)."),
)


def client_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds them to a command, which gets url, stem, audio_format, token_file, cert and duration."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def socket_address(url: str) -> str:
    """Of "ws://host:3000/music", "http://host:3000", "host:3000" or "host". Raises DeviceError."""
    from bridge.relay.address import address

    found = address(url if "://" in url else f"ws://{url}")
    if found.on_nats:
        raise DeviceError(f"{found.shown} is a name on a NATS server: give the address of a relay that plays it, "
                          "which `sideman relay` prints")
    return found.url


def check_stem(stem: str | None, hello: Hello) -> None:
    """Raises MessageError where there is no such track."""
    names = [track.name for track in hello.tracks]
    if stem is not None and stem not in names:
        raise MessageError(f"--stem {stem} is no track of {hello.session}: choose one of {', '.join(names) or 'none'}")


def client_arguments(token_file: Path | None, cert: Path | None) -> dict[str, Any]:
    """token and ssl for MusicClient. Raises TokenError, TlsError."""
    from bridge.stream import tokens
    from bridge.stream.tls import client_context

    token = tokens.own_token(os.environ) if token_file is None else tokens.read(token_file).control.reveal()
    return {"token": token, "ssl": client_context(cert) if cert is not None else None}
