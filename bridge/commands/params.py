"""sideman params"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from bridge.commands import completion
from bridge.errors import MessageError

if TYPE_CHECKING:
    from bridge.parameter_paths import ParameterInfo


@click.command()
@click.argument("session", required=False, shell_complete=completion.sessions)
@click.argument("words", nargs=-1, shell_complete=completion.paths)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of a table.")
@click.option("--devices", is_flag=True, help="List the controllers that are known, or show those named.")
def command(session: str | None, words: tuple[str, ...], as_json: bool, devices: bool) -> None:
    """List what of SESSION can be turned: by `sideman set`, automation, controllers, OSC.

    With WORDS those whose path holds all of them. A unit at a path's end may be left out (filter.cutoff), and so may
    its beginning where it is clear: the mix goes before a track.

    \b
    sideman params jazz-trio
    sideman params my.toml bass synth
    sideman params jazz-trio filter --json
    sideman params --devices                     controllers with a description
    sideman params --devices nanokontrol2        what one has, and turns
    """
    if devices:
        _devices(([session] if session else []) + list(words), as_json)
        return
    from bridge.commands.warmup import warm_up_with_bar
    from bridge.controllers.listing import session_parameters
    from bridge.parameter_paths import matching
    from bridge.session import load

    loaded = load(session or "jazz-trio")
    warm_up_with_bar()
    everything = session_parameters(loaded)
    found = matching(everything, " ".join(words))
    if not found:
        found = _near(" ".join(words), everything)
    if as_json:
        print(json.dumps([msgspec.to_builtins(info) for info in found], indent=2))
    else:
        _table(found)


def _near(text: str, everything: Sequence[ParameterInfo]) -> list[ParameterInfo]:
    """What a path that nothing holds is short for. Raises MessageError with what is near."""
    from bridge.parameter_paths import find

    try:
        return [find(text, {info.path: info for info in everything})]
    except MessageError as error:
        text = str(error).replace("`sideman set --list` shows all", "without words all are shown")
        raise MessageError(text) from None


def _table(infos: Sequence[ParameterInfo]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("parameter", no_wrap=True)
    for heading in ("value", "from", "to"):
        table.add_column(heading, justify="right")
    table.add_column("unit", overflow="fold")
    for info in infos:
        if info.words:
            table.add_row(info.path, info.words[round(info.value)], "", "", escape(" | ".join(info.words)))
        else:
            table.add_row(info.path, f"{info.value:g}", f"{info.low:g}", f"{info.high:g}", escape(info.unit))
    Console().print(table)


def _devices(names: Sequence[str], as_json: bool) -> None:
    from bridge.controllers.description import device_names, find_device

    if as_json:
        rows = [{"device": name} | msgspec.to_builtins(find_device(name)) for name in names or device_names()]
        print(json.dumps(rows, indent=2))
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    if not names:
        for heading in ("device", "what it is", "shows", "also called"):
            table.add_column(heading, overflow="fold")
        for name in device_names():
            device = find_device(name)
            shown = "all, by Mackie Control" if device.protocol == "mackie" else ", ".join(sorted(
                {word for g in device.controls for word, has in
                 (("faders", g.motor), ("rings", g.ring), ("lamps", g.lamp)) if has}))
            table.add_row(name, device.name, shown, ", ".join(device.aliases))
        Console().print(table)
        return
    for heading in ("control", "kind", "sends", "turns"):
        table.add_column(heading, overflow="fold")
    for name in names:
        device = find_device(name)
        table.add_row(f"[bold]{escape(device.name)}", "", "", escape(device.setup))
        if device.protocol == "mackie":
            table.add_row("strips, master, transport", "", "Mackie Control", "the mixer, sends, effects, instruments")
        for group in device.controls:
            numbers = getattr(group, group.message)
            where = "" if group.channel is None else f", channel {_spoken(group.channel)}"
            sends = group.message if numbers is True else f"{group.message} {_spoken(numbers)}"
            table.add_row(group.name, group.kind, sends + where, escape(group.path or ""))
    Console().print(table)


def _spoken(numbers: int | list[int]) -> str:
    """"16-23", "41"."""
    if isinstance(numbers, int):
        return str(numbers)
    if numbers == list(range(numbers[0], numbers[0] + len(numbers))) and len(numbers) > 1:
        return f"{numbers[0]}-{numbers[-1]}"
    return ", ".join(map(str, numbers))
