"""sideman token"""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import click

from bridge.stream.tokens import FILE_VARIABLE, ROLES, Role, Tokens, default_path, make, read

_FILE = click.option("--token-file", type=click.Path(dir_okay=False, path_type=Path),
                     help=f"Another file than ${FILE_VARIABLE} or the user's own.")


@click.group()
def command() -> None:
    """Make, show or change the tokens by which clients on other machines may talk to Sideman.

    There are two: "control" may do everything, "listen" may only hear and look. `sideman play --host 0.0.0.0` makes
    them by itself when there are none, and prints links with them.

    \b
    sideman token show                        both, and the file they are in
    sideman token show listen                 one alone, for a script
    sideman token show listen --link https://studio.local:3000 --qr
    sideman token rotate                      others; who has the old ones is disconnected within a second
    sideman token rotate listen
    sideman token make --token-file my.toml   for a session of its own: stream.token_file = "my.toml"
    """


@command.command("make")
@_FILE
def _make(token_file: Path | None) -> None:
    """Make the tokens that are missing; those that are there stay."""
    path = _path(token_file)
    make(path)
    click.echo(f"{path}: `sideman token show` shows them")


@command.command("rotate")
@click.argument("role", type=click.Choice(ROLES), required=False)
@_FILE
def _rotate(role: str | None, token_file: Path | None) -> None:
    """Make other tokens, or another of ROLE."""
    path = _path(token_file)
    read(path)  # there must be some
    make(path, anew=ROLES if role is None else (cast(Role, role),))
    click.echo(f"{path}: {role or ' and '.join(ROLES)} changed")


@command.command("show")
@click.argument("role", type=click.Choice(ROLES), required=False)
@click.option("--link", metavar="URL", help="Show a link to the page at this address, with the token in it.")
@click.option("--qr", is_flag=True, help="Show it as a QR code too.")
@_FILE
def _show(role: str | None, link: str | None, qr: bool, token_file: Path | None) -> None:
    """Show the tokens, or that of ROLE alone."""
    path = _path(token_file)
    tokens = read(path)
    roles: list[Role] = [cast(Role, role)] if role else [each for each in ROLES if tokens.of(each) is not None]
    if role is None:
        click.echo(f"{path}")
    for each in roles:
        text = _text(tokens, each, path)
        text = text if link is None else f"{link.partition('#')[0].rstrip('/')}/#token={text}"
        click.echo(text if role else f"{each:8}{text}")
        if qr:
            from bridge.qr_code import qr_lines

            click.echo(qr_lines(text))


def _text(tokens: Tokens, role: Role, path: Path) -> str:
    secret = tokens.of(role)
    if secret is None:
        raise click.ClickException(f"{path} has no {role} token: `sideman token make` adds one")
    return secret.reveal()


def _path(given: Path | None) -> Path:
    named = os.environ.get(FILE_VARIABLE)
    return given or (Path(named).expanduser() if named else default_path())
