"""sideman layers"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from bridge.errors import MessageError, SessionError
from bridge.stream import wire

if TYPE_CHECKING:
    from bridge.client import MusicClient

_KINDS = ("chords", "dynamics", "melody")
_url = click.option("--url", default="ws://localhost:3000/music", show_default=True,
                    help="The socket that `play` printed.")


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@_url
@click.pass_context
def command(context: click.Context, as_json: bool, url: str) -> None:
    """Record what you play in over the session that plays; let the band follow you.

    \b
    sideman layers                            what is armed, recorded, followed
    sideman layers arm piano
    sideman layers record --loop 4 --quantise 1/16
    sideman layers stop
    sideman layers undo                       also redo, clear
    sideman layers keep                       into the session's file, and MIDI files beside it
    sideman layers follow chords melody       also dynamics; none for nothing
    """
    if context.invoked_subcommand is None:
        asyncio.run(_show(url, as_json))


@command.command()
@click.argument("tracks", nargs=-1)
@_url
def arm(tracks: tuple[str, ...], url: str) -> None:
    """Record these TRACKS, and no others."""
    _ask(url, lambda client: client.arm(*tracks))


@command.command()
@click.option("--loop", type=click.IntRange(0, 256), help="Bars: each time round is a layer. 0: one long layer.")
@click.option("--mode", type=click.Choice(["merge", "replace"]), help="Beside what plays there, or in its place.")
@click.option("--quantise", metavar="GRID", help="off, 1/4, 1/8, 1/16, 1/8t ...")
@click.option("--strength", type=click.FloatRange(0, 1), help="How much of the way to the grid.")
@click.option("--swing", type=click.FloatRange(0.5, 0.75), help="Of the grid: 0.5 is straight.")
@click.option("--count-in", type=click.IntRange(0, 8), help="Bars before it begins.")
@click.option("--at", type=click.Choice(["bar", "now"]), help="From the next bar line on, or at once.")
@_url
def record(loop: int | None, mode: str | None, quantise: str | None, strength: float | None, swing: float | None,
           count_in: int | None, at: str | None, url: str) -> None:
    """Record what is played in on the armed tracks, from now on. What is not said is as in the session's [playing]."""
    _ask(url, lambda client: client.record(loop=loop, mode=mode, quantise=quantise, strength=strength, swing=swing,
                                           count_in=count_in, at=at))


@command.command()
@_url
def stop(url: str) -> None:
    """Stop recording. The music goes on."""
    _ask(url, lambda client: client.record(False))


@command.command()
@_url
def undo(url: str) -> None:
    """Take back the last layer."""
    _ask(url, lambda client: client.undo())


@command.command()
@_url
def redo(url: str) -> None:
    """Have again what was taken back."""
    _ask(url, lambda client: client.redo())


@command.command()
@click.argument("which", required=False, metavar="[NUMBER|TRACK]")
@_url
def clear(which: str | None, url: str) -> None:
    """Take away a layer by its number, the layers of a track, or all. `undo` brings them back."""
    number = int(which) if which is not None and which.isdigit() else None
    _ask(url, lambda client: client.clear(number, which if number is None else None))


@command.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.argument("session", required=False, type=click.Path(path_type=Path))
@_url
def keep(folder: Path | None, session: Path | None, url: str) -> None:
    """Write the layers into the session's own file, and MIDI files beside it.

    With FOLDER and SESSION: layers that were not kept when playing ended, from where they lie into a session file.
    """
    if folder is None:
        _ask(url, lambda client: client.keep())
        return
    if session is None:
        raise SessionError(f"into which session are the layers of {folder} to go? Give its file, too")
    click.echo(taken_in(folder, session))


def taken_in(folder: Path, file: Path) -> str:
    """Layers from a folder into a session's file: what was done, in words. Raises SessionError."""
    from bridge import session as sessions
    from bridge.playing import layer_files

    loaded = sessions.load(str(file))
    found = layer_files.rescued(folder, [t.name for t in loaded.tracks])
    layer_files.keep(file, [*loaded.layers, *found], loaded.meter, loaded.music.tempo)
    return f"{len(found)} layer{'s' * (len(found) != 1)} of {folder} kept with {file}"


@command.command()
@click.argument("what", nargs=-1, metavar="[chords|dynamics|melody|none]...")
@click.option("--react", type=click.Choice(["beat", "bar"]), help="When harmony changes.")
@click.option("--hold", type=click.IntRange(0, 256), help="Bars for which a chord holds; 0: until the next.")
@_url
def follow(what: tuple[str, ...], react: wire.At | None, hold: int | None, url: str) -> None:
    """Let the band follow what is played in: its chords, its dynamics, a melody (call and response)."""
    for word in what:
        if word not in (*_KINDS, "none"):
            raise MessageError(f"{word!r} cannot be followed: choose of {', '.join(_KINDS)}, or none")
    kinds = [word for word in what if word in _KINDS]
    _ask(url, lambda client: client.follow(*kinds, react=react, hold=hold))


def _ask(url: str, act: Callable[[MusicClient], Awaitable[None]]) -> None:
    async def run() -> None:
        from bridge.client import MusicClient

        async with MusicClient(url) as client:
            await act(client)

    asyncio.run(run())


async def _show(url: str, as_json: bool) -> None:
    from bridge.client import MusicClient

    heard = asyncio.Event()
    async with MusicClient(url) as client:
        client.on("status", lambda _: heard.set())
        await asyncio.wait_for(heard.wait(), 5.0)
        status = client.status
    assert status is not None
    playing = status.playing or wire.PlayingStatus()
    if as_json:
        print(json.dumps(msgspec.to_builtins(playing)))
        return
    click.echo("\n".join(described(playing, status.time_signature)))


def described(playing: wire.PlayingStatus, meter: tuple[int, int]) -> list[str]:
    """As lines for people; meter: for bars, counted from 1."""
    bar = meter[0] * 4 / meter[1]
    lines = [f"armed      {', '.join(playing.armed) or 'nothing: the track that is played is recorded'}"]
    loop = f", a loop of {playing.loop} bar{'s' * (playing.loop != 1)}" if playing.loop else ""
    lines.append(f"recording  {playing.recording}{loop}, quantise {playing.quantise}, {playing.mode}")
    for layer in playing.layers:
        first, last = int(layer.start // bar) + 1, max(int(layer.start // bar) + 1, -int(-layer.end // bar))
        where = f"bar {first}" if first == last else f"bars {first} to {last}"
        again = ", and on and on" if layer.repeat else ""
        kept = "" if layer.kept else ", not kept yet"
        lines.append(f"layer {layer.number:<4} {layer.track}: {layer.notes} note{'s' * (layer.notes != 1)}, "
                     f"{where}{again}{', replacing' * (layer.mode == 'replace')}{kept}")
    understood = f", last heard {playing.understood}" if playing.understood else ""
    lines.append(f"following  {', '.join(playing.follow) or 'nothing'}{understood}")
    return lines
