"""The options of commands that serve a page and a socket: where, to whom, and by which certificate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from bridge.stream.spec import StreamSpec, check_stream

_FILE = click.Path(dir_okay=False, path_type=Path)
_OPTIONS = (
    click.option("--host", metavar="ADDRESS",
                 help="Listen on this address of the machine; 0.0.0.0 for all networks: clients then need a token."),
    click.option("--token-file", type=_FILE, help="The tokens (see `sideman token`); this machine's clients then "
                                                  "need one, too."),
    click.option("--tls-cert", type=_FILE, help="Serve https and wss with this certificate (PEM, with its chain)."),
    click.option("--tls-key", type=_FILE, help="The key of --tls-cert, where it is not in the same file."),
    click.option("--tls-self-signed", is_flag=True, help="Serve https and wss with a certificate made here, once."),
)


def serving_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds them to a command, which gets host, token_file, tls_cert, tls_key and tls_self_signed; see spec_with()."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def spec_with(spec: StreamSpec, *, port: int | None, host: str | None, token_file: Path | None, tls_cert: Path | None,
              tls_key: Path | None, tls_self_signed: bool) -> StreamSpec:
    """A session's [stream], with what the command line says instead. Raises SessionError."""
    changes: dict[str, Any] = {}
    if tls_cert is not None or tls_self_signed:  # another certificate has another key
        changes = {"tls_cert": None, "tls_key": None, "tls_self_signed": tls_self_signed}
    given = {"port": port, "host": host, "token_file": token_file, "tls_cert": tls_cert, "tls_key": tls_key}
    changes |= {name: str(value) if isinstance(value, Path) else value
                for name, value in given.items() if value is not None}
    new = msgspec.structs.replace(spec, **changes)
    check_stream(new, "the command line")
    return new
