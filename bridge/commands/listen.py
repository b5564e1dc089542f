"""sideman listen"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from bridge.client_options import check_stem, client_arguments, client_options, socket_address
from bridge.signals import stopped

_LOOK_S = 1.0
_BLOCK: dict[str, Any] = {"sync": 512, "low-latency": 128}


@click.command()
@client_options
@click.option("--mode", type=click.Choice(["sync", "low-latency"]), default="sync", show_default=True,
              help="Together with all others who listen in sync, or as soon as may be.")
@click.option("--offset", type=click.FloatRange(-1000, 5000), default=0.0, metavar="MS",
              help="Play so much later than others (negative: earlier), for what a device does not tell of itself.")
@click.option("--audio", type=click.Choice(["auto", "jack", "portaudio"]), default="auto", show_default=True)
@click.option("--device", metavar="NAME", help="Which one of PortAudio's, by name, a part of it, or number.")
@click.option("--json", "as_json", is_flag=True, help="How it went, as JSON, at the end.")
def command(url: str, stem: str | None, audio_format: Any, token_file: Path | None, cert: Path | None,
            duration: float | None, mode: Any, offset: float, audio: Any, device: str | None, as_json: bool) -> None:
    """Hear the music of another Sideman, or of a relay, on this machine's speakers.

    \b
    sideman listen ws://studio:3000/music                      in sync with every other listener
    sideman listen studio --mode low-latency                   alone, a few blocks behind
    sideman listen studio --stem drums --offset -12            one player, on speakers that are 12 ms late
    sideman listen studio --format opus --duration 600 --json  ten minutes over a thin line, and how it went

    Listeners in sync play each frame a fifth of a second after it was made, all at the same time; crystals that are
    apart are made up for by resampling, at most 0.05 %. The device's own latency is taken off, as far as it tells.
    """
    asyncio.run(_listen(socket_address(url), stem, audio_format, client_arguments(token_file, cert), duration, mode,
                        offset, audio, device, as_json))


async def _listen(url: str, stem: str | None, audio_format: Any, access: dict[str, Any], duration: float | None,
                  mode: Any, offset: float, audio: Any, device: str | None, as_json: bool) -> None:
    from bridge.client import MusicClient
    from bridge.listener import Health, Listener, open_device

    driver = open_device(audio, device)
    try:
        async with MusicClient(url, audio_format=audio_format, block=_BLOCK[mode], reconnect=True, **access) as client:
            hello = await client.connect()
            check_stem(stem, hello)
            _tell_connection(client)
            playback = client.playback(driver.rate, mode, track=stem, offset_ms=offset)
            listener = Listener(driver, playback)
            await asyncio.to_thread(listener.start)
            click.echo(f"{stem or hello.session} from {client.url}, to {driver.name}. Ctrl-C stops.", err=True)

            def health() -> Health:
                return Health(mode, playback.report, 1e3 * driver.latency_frames / driver.rate,
                              client.clock.error_ns / 1e6)

            over = asyncio.create_task(stopped(duration))
            while not over.done():
                with suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(over), _LOOK_S)
                await asyncio.to_thread(listener.look)
                if sys.stderr.isatty():
                    click.echo(f"\r\033[K{health().told()}", err=True, nl=False)
            if sys.stderr.isatty():
                click.echo(err=True)
            if as_json:
                click.echo(json.dumps(health().values()))
            elif not sys.stderr.isatty():
                click.echo(health().told(), err=True)
    finally:
        driver.stop()


def _tell_connection(client: Any) -> None:
    def told(state: str) -> None:
        if state == "closed" and not client.closing:
            click.echo("\nthe connection ended: trying again", err=True)
        elif state == "open":
            click.echo("connected again", err=True)

    client.on("connection", told)
    client.on("error", lambda error: click.echo(f"\n{error.message}", err=True))
