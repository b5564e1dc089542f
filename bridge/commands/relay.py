"""sideman relay"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Coroutine, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
import msgspec

from bridge.errors import DeviceError
from bridge.serving_options import serving_options, spec_with

if TYPE_CHECKING:
    from bridge.relay.line import Pass
    from bridge.relay.node import Relay
    from bridge.stream.front import Front
    from bridge.stream.wire import BlockFrames

_FILE = click.Path(dir_okay=False, path_type=Path)
UPSTREAM_VARIABLE = "SIDEMAN_UPSTREAM_TOKEN"


@click.command()
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("--to", metavar="nats://HOST/NAME", help="Publish there for other relays, instead of serving clients.")
@click.option("--port", type=click.IntRange(0, 65535), help="Web port (default: 3000, or the next free one).")
@serving_options
@click.option("--max-clients", type=click.IntRange(1, 10_000), default=512, show_default=True,
              help="More are sent away, to another relay.")
@click.option("--upstream-token-file", type=_FILE,
              help=f"The token that URL wants, in a file (default: ${UPSTREAM_VARIABLE}).")
@click.option("--upstream-cert", type=_FILE, help="Trust this certificate of URL's, and no other.")
@click.option("--format", "audio_format", type=click.Choice(["float32", "int16", "opus"]), default="float32",
              show_default=True, help="In which the sound comes here from a socket: int16 is half, opus a tenth.")
@click.option("--block", type=click.Choice(["64", "128", "256", "512", "1024", "2048"]), default="128",
              show_default=True, help="Frames of it in a message: fewer are sooner, more cost less.")
@click.option("--quiet", is_flag=True, help="Print only what goes wrong.")
def command(
    urls: tuple[str, ...], to: str | None, port: int | None, max_clients: int, upstream_token_file: Path | None,
    upstream_cert: Path | None, audio_format: Any, block: str, quiet: bool, **serving: Any,
) -> None:
    """Serve the music of another Sideman to more listeners, in sync with its own.

    URL is where that plays (ws://HOST:3000/music), another relay, or a name on a NATS server (nats://HOST:4222/NAME).
    Of several the first that answers is taken, and when it ends the next. What a client asks for goes up to the engine.

    \b
    sideman relay ws://studio:3000/music --host 0.0.0.0       one machine more
    sideman relay ws://localhost:3000/music --to nats://hub   beside the engine: to a NATS server, and
    sideman relay nats://hub --host 0.0.0.0                   on as many machines as are needed

    A relay that loses its music tells its clients, keeps them, and goes on when it is there again. NATS needs
    `pip install 'sideman[relay]'`, and its server, `nats-server`.
    """
    from bridge.relay.address import address
    from bridge.relay.node import Relay, wish

    addresses = [address(url) for url in urls]
    ours = _pass(upstream_token_file, upstream_cert, os.environ)
    asked = wish(audio_format, cast("BlockFrames", int(block)))

    def tell(text: str) -> None:
        click.echo(text, err=True)

    if to is not None:
        from bridge.relay.publisher import Publisher

        if not (target := address(to)).on_nats:
            raise DeviceError(f"--to {target.shown}: music is published on a NATS server: give nats://HOST:4222/NAME")
        publisher = Publisher(addresses, target, asked=asked, ours=ours, tell=tell)

        def published() -> None:
            if not quiet:
                click.echo(f"Sideman publishes {publisher.stage.hello().session} at {target.shown}\nCtrl-C stops.")

        asyncio.run(_until_signal(publisher.run, published))
        return

    from bridge.stream.front import front_of
    from bridge.stream.spec import StreamSpec

    spec = msgspec.structs.replace(spec_with(StreamSpec(), port=port, **serving), max_clients=max_clients)
    front = front_of(spec, os.environ)
    relay = Relay(addresses, front.server, asked=asked, ours=ours, tell=tell)

    def started() -> None:
        if not quiet:
            _welcome(relay, front)

    asyncio.run(_until_signal(relay.run, started))


def _pass(token_file: Path | None, cert: Path | None, environment: MutableMapping[str, str]) -> Pass:
    """Takes the token out of the environment."""
    from bridge.relay.line import Pass
    from bridge.stream import tokens
    from bridge.stream.tls import client_context

    token = environment.pop(UPSTREAM_VARIABLE, None) or None
    if token_file is not None:
        token = tokens.read(token_file).control.reveal()
    return Pass(token, client_context(cert) if cert is not None else None)


def _welcome(relay: Relay, front: Front) -> None:
    click.echo(f"Sideman relays {relay.stage.hello().session}")
    click.echo(f"  page    {relay.server.url}")
    click.echo(f"  socket  {relay.server.socket_url}")
    for text in front.warnings:
        click.echo(f"  note    {text}")
    if front.tokens is not None:
        click.echo("  tokens  are wanted: `sideman token show` shows them, and links with them")
    click.echo("Ctrl-C stops.")


async def _until_signal(run: Callable[[Callable[[], None]], Coroutine[Any, Any, None]],
                        started: Callable[[], None]) -> None:
    task = asyncio.ensure_future(run(started))
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C arrives as KeyboardInterrupt
                loop.add_signal_handler(getattr(signal, name), task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
