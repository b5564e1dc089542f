"""sideman modify"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import click
import msgspec

from bridge.commands import completion
from bridge.errors import MessageError
from bridge.stream import wire

_LISTS = ("mute", "solo")
_WHOLE = ("register", "seed")
_NUMBERS = ("tempo", "volume", "energy", "density", "complexity", "swing", "strength")
_LEFT_OUT = ("filter",)


@click.command(context_settings={"ignore_unknown_options": True})  # so that register=-3 is a value
@click.argument("changes", nargs=-1, metavar="[NAME=VALUE]...", shell_complete=completion.changes)
@click.option("--at", type=click.Choice(["bar", "beat"]), default="bar", show_default=True,
              help="From when on it is heard: the next bar line, or the next beat.")
@click.option("--json", "as_json", is_flag=True, help="What plays, as JSON (without changes).")
@click.option("--url", default="ws://localhost:3000/music", show_default=True, help="The socket that `play` printed.")
def command(changes: tuple[str, ...], at: wire.At, as_json: bool, url: str) -> None:
    """Change the music that plays, without a break; without NAME=VALUE show what can be changed, and how it stands.

    \b
    sideman modify key=Ab mode=minor energy=0.9
    sideman modify chords="Dm7 G7 | Cmaj7 | Fm7 Bb7 | Ebmaj7"     chord symbols, | between bars
    sideman modify chords="verse: vi IV | I V; chorus: I V vi IV" numerals, by section
    sideman modify chords=auto                                    the genre's own again
    sideman modify section=chorus                                 jump there: also next, again, ending
    sideman modify mute=drums,bass --at beat                      they rest; mute= for nobody
    sideman modify genre=rock style=ballad tempo=72
    sideman modify instruments=piano:rhodes,bass:upright-bass     other sounds for tracks
    sideman modify restyle=edm:0.7                                what plays, by another genre's band; restyle=off
    sideman modify restyle=jazz/bossa:1 tempo=132                 a style of it; how far it goes from the tune's chords

    Faders, effects and patches are turned by `sideman set`; music.energy and its like are known there, too.
    """
    if not changes:
        asyncio.run(_show(url, as_json))
        return
    given = dict(_parsed(change) for change in changes)
    asyncio.run(_modify(url, given, at))


def _parsed(change: str) -> tuple[str, Any]:
    name, equals, value = change.partition("=")
    name = name.strip().lower().replace("-", "_")
    known = [n for n in wire.ModifyParams.__struct_fields__ if n not in _LEFT_OUT]
    if not equals or name not in known:
        raise MessageError(f"{change!r} is not understood: give NAME=VALUE with one of {', '.join(known)}")
    value = value.strip()
    if name in _LISTS:
        return name, [word.strip() for word in value.split(",") if word.strip()]
    if name == "instruments":
        pairs = [word.partition(":") for word in value.split(",") if word.strip()]
        if all(colon for _, colon, _ in pairs):
            return name, {track.strip(): sound.strip() for track, _, sound in pairs}
        return name, [track.strip() for track, _, _ in pairs]
    if name == "restyle":
        return name, value if value == "off" else _restyle(value)
    if name == "time_signature":
        beats, slash, unit = value.partition("/")
        if not (slash and beats.isdigit() and unit.isdigit()):
            raise MessageError(f"time_signature={value} is not one: write it as 4/4, 3/4, 7/8")
        return name, [int(beats), int(unit)]
    if name in (*_NUMBERS, *_WHOLE):
        try:
            return name, int(value) if name in _WHOLE else float(value)
        except ValueError:
            if value == "auto" and name == "swing":
                return name, value
            raise MessageError(f"{name}={value} is no number: give for example {name}="
                               f"{'3' if name in _WHOLE else '0.7' if name != 'tempo' else '120'}") from None
    return name, value


def _restyle(value: str) -> dict[str, Any]:
    """ "edm", "edm:0.7", "jazz/bossa:1"."""
    genre, colon, strength = value.partition(":")
    genre, _, style = genre.partition("/")
    found: dict[str, Any] = {"to": genre.strip()}
    if style.strip():
        found["style"] = style.strip()
    if colon:
        try:
            found["strength"] = float(strength)
        except ValueError:
            raise MessageError(f"restyle={value}: {strength!r} is no strength: write GENRE:0.7, or GENRE/STYLE:0.7, or "
                               f"off") from None
    return found


async def _modify(url: str, given: dict[str, Any], at: wire.At) -> None:
    from bridge.client import MusicClient

    async with MusicClient(url) as client:
        await client.modify(given, at=at)


async def _show(url: str, as_json: bool) -> None:
    from bridge.client import MusicClient

    heard = asyncio.Event()
    async with MusicClient(url) as client:
        client.on("status", lambda _: heard.set())
        await asyncio.wait_for(heard.wait(), 5.0)
        status, hello = client.status, client.hello
    assert status is not None and hello is not None
    found = {
        "genre": status.genre, "style": status.style, "form": status.form, "key": status.key, "mode": status.mode,
        "tempo": status.tempo, "time_signature": "{}/{}".format(*status.time_signature), "energy": status.energy,
        "density": status.density, "complexity": status.complexity, "register": status.register,
        "swing": status.swing, "chords": status.chords, "mute": list(status.mute), "section": status.section,
        "seed": status.seed, "instruments": {t.name: t.instrument for t in hello.tracks},
    }
    choices = {
        "genre": ", ".join(hello.genres), "style": ", ".join(hello.styles.get(status.genre, ())),
        "form": ", ".join(hello.genres.get(status.genre, ())), "mode": ", ".join(hello.modes),
        "key": ", ".join(hello.keys), "section": ", ".join((*status.sections, "next", "again")),
        "energy": "0 to 1", "density": "0 to 1", "complexity": "0 to 1", "register": "-12 to 12 semitones",
        "swing": "0.5 to 0.75, or auto", "chords": "chords or numerals, | between bars; or auto",
        "mute": ", ".join(t.name for t in hello.tracks), "tempo": "20 to 400",
    }
    if as_json:
        print(json.dumps(msgspec.to_builtins(found)))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("name", no_wrap=True)
    table.add_column("now")
    table.add_column("can be", overflow="fold", style="dim")
    for name, value in found.items():
        if isinstance(value, dict):
            shown = ", ".join(f"{k}:{v}" for k, v in value.items())
        elif isinstance(value, list):
            shown = ", ".join(value)
        else:
            shown = "auto" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
        table.add_row(name, shown, choices.get(name, ""))
    Console().print(table)
