"""sideman set"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import click
import msgspec

from bridge.commands import completion
from bridge.errors import MessageError
from bridge.parameter_paths import ParameterInfo


@click.command(context_settings={"ignore_unknown_options": True})  # so that -6 is a value
@click.argument("path", required=False, shell_complete=completion.live_paths)
@click.argument("value", required=False)
@click.option("--ramp", type=click.FloatRange(0, 600), metavar="SECONDS", help="Take so long; default: a few ms.")
@click.option("--list", "listing", is_flag=True, help="List parameters; PATH is then words that a path must hold.")
@click.option("--json", "as_json", is_flag=True, help="The list as JSON.")
@click.option("--url", default="ws://localhost:3000/music", show_default=True, help="The socket that `play` printed.")
def command(path: str | None, value: str | None, ramp: float | None, listing: bool, as_json: bool, url: str) -> None:
    """Turn the parameter PATH of the session that plays to VALUE.

    \b
    sideman set --list                                   all of them, with unit, range and value
    sideman set --list "bass synth"                      those of the bass player's instrument
    sideman set mixer.bass.gain_db -6
    sideman set master.filter.cutoff_hz 600 --ramp 8     a sweep of eight seconds
    sideman set track.piano.reverb.bypass 1

    Without VALUE it shows PATH. A unit at a path's end may be left out where it is clear (master.filter.cutoff).
    """
    if listing or path is None or value is None:
        found = asyncio.run(_ask(url, path))
        if not found:
            raise MessageError(f"no path holds {path!r}: `sideman set --list` shows all")
        if as_json:
            print(json.dumps([msgspec.to_builtins(info) for info in found]))
        else:
            _table(found)
        return
    asyncio.run(_set(url, path, _number_or_word(value), ramp))


def _number_or_word(text: str) -> float | str:
    named = {"on": 1.0, "off": 0.0, "true": 1.0, "false": 0.0}
    try:
        return named[text.lower()] if text.lower() in named else float(text)
    except ValueError:
        return text


async def _ask(url: str, match: str | None) -> Sequence[ParameterInfo]:
    from bridge.client import MusicClient

    async with MusicClient(url) as client:
        return await client.parameters(match)


async def _set(url: str, path: str, value: float | str, ramp: float | None) -> None:
    from bridge.client import MusicClient

    async with MusicClient(url) as client:
        await client.set({path: value}, ramp)


def _table(infos: Sequence[ParameterInfo]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("parameter", no_wrap=True)
    table.add_column("value", justify="right")
    table.add_column("from", justify="right")
    table.add_column("to", justify="right")
    table.add_column("unit", overflow="fold")
    for info in infos:
        if info.words:
            table.add_row(info.path, info.words[round(info.value)], "", "", " | ".join(info.words))
        else:
            table.add_row(info.path, f"{info.value:g}", f"{info.low:g}", f"{info.high:g}", info.unit)
    Console().print(table)
