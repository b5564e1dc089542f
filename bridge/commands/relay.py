"""sideman relay"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from bridge.errors import DeviceError

if TYPE_CHECKING:
    from bridge.relay.line import Pass
    from bridge.stream.conductor import Forwarder
    from bridge.stream.server import Server
    from bridge.stream.tokens import TokenFile, Tokens

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("--to", metavar="nats://HOST/NAME", help="Publish there for other relays, instead of serving clients.")
@click.option("--host", default="127.0.0.1", show_default=True,
              help="Address of this machine to serve on; 0.0.0.0: all networks, which needs a token.")
@click.option("--port", type=click.IntRange(0, 65535), help="Web port (default: 3000, or the next free one).")
@click.option("--token-file", type=_FILE, help="Tokens of our own clients (see `sideman token`).")
@click.option("--tls-cert", type=_FILE, help="Serve https and wss with this certificate (PEM).")
@click.option("--tls-key", type=_FILE, help="Its key, where that is in a file of its own.")
@click.option("--max-clients", type=click.IntRange(1, 10_000), default=512, show_default=True)
@click.option("--upstream-token-file", type=_FILE,
              help="The token that URL wants, in a file (default: $SIDEMAN_UPSTREAM_TOKEN).")
@click.option("--upstream-cert", type=_FILE, help="Trust this certificate of URL's, and no other.")
@click.option("--format", "audio_format", type=click.Choice(["float32", "int16", "opus"]), default="float32",
              show_default=True, help="In which the sound comes here from a socket: int16 is half, opus a tenth.")
@click.option("--block", type=click.Choice(["64", "128", "256", "512", "1024", "2048"]), default="128",
              show_default=True, help="Frames of it in a message: fewer are sooner, more cost less.")
@click.option("--quiet", is_flag=True, help="Print only what goes wrong.")
def command(
    urls: tuple[str, ...], to: str | None, host: str, port: int | None, token_file: Path | None, tls_cert: Path | None,
    tls_key: Path | None, max_clients: int, upstream_token_file: Path | None, upstream_cert: Path | None,
    audio_format: Any, block: str, quiet: bool,
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
    from bridge.stream.wire import BlockFrames

    addresses = [address(url) for url in urls]
    ours = _pass(upstream_token_file, upstream_cert)
    asked = wish(audio_format, next(frames for frames in get_args(get_args(BlockFrames)[0]) if str(frames) == block))

    def tell(text: str) -> None:
        click.echo(text, err=True)

    def said(text: str) -> None:
        if not quiet:
            click.echo(text)

    if to is not None:
        from bridge.relay.publisher import Publisher

        target = address(to)
        if not target.on_nats:
            raise DeviceError(f"--to {target.shown}: music is published on a NATS server: give nats://HOST:4222/NAME")
        publisher = Publisher(addresses, target, asked=asked, ours=ours, tell=tell)
        asyncio.run(_until_signal(publisher.run, lambda: said(f"published at {target.shown}\nCtrl-C stops.")))
        return

    from bridge.stream.door import Limits
    from bridge.stream.server import DEFAULT_PORT, Server
    from bridge.stream.tls import server_certificate

    tokens = _tokens(token_file)
    tls = server_certificate(tls_cert, tls_key).context if tls_cert is not None else None

    def serve(stage: Forwarder) -> Server:
        return Server(stage, host, DEFAULT_PORT if port is None else port, explicit_port=bool(port), tokens=tokens,
                      tls=tls, limits=Limits(clients=max_clients))

    relay = Relay(addresses, serve, asked=asked, ours=ours, tell=tell)
    asyncio.run(_until_signal(
        relay.run, lambda: said(f"relays {relay.stage.hello().session}\n  page    {relay.server.url}\n"
                                f"  socket  {relay.server.socket_url}\nCtrl-C stops.")))


def _pass(token_file: Path | None, cert: Path | None) -> Pass:
    from bridge.relay.line import Pass
    from bridge.stream import tokens
    from bridge.stream.tls import client_context

    token = os.environ.pop("SIDEMAN_UPSTREAM_TOKEN", None) or None
    if token_file is not None:
        token = tokens.read(token_file).control.reveal()
    return Pass(token, client_context(cert) if cert is not None else None)


def _tokens(file: Path | None) -> TokenFile | Tokens | None:
    from bridge.stream.tokens import TokenFile, from_environment

    found = from_environment(os.environ)
    return TokenFile(file) if file is not None else found


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
