"""sideman takes"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.errors import TakeError
from bridge.takes import shelf

if TYPE_CHECKING:
    from rich.console import Console

    from bridge.takes.outline import Outline
    from bridge.takes.shelf import Shelved

_TO_DAMAGE = click.option("--to-damage", is_flag=True, help="Of a damaged take, use what comes before the damage.")


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of a table.")
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List the takes: everything that `sideman play` has played, kept as it was given to the band.

    A take is played again exactly, on the machine and with the version that it was played with: to a WAV file with
    `sideman render TAKE`, to a MIDI file with `export`. TAKE is a name, the beginning of one, or "last".

    \b
    sideman takes                          what there is
    sideman takes show last                what happened in it, and when
    sideman render last -o take.wav        the sound of it
    sideman render last --stretch 2 -o second.wav --midi second.mid
    sideman takes export last -o take.mid  what was sent to your DAW, under the tempo that was followed
    sideman takes keep 2026-11-23          never prune it
    sideman play --no-take                 leave no take

    Of takes that are not kept the oldest go when they have more than 1000 MB together (SIDEMAN_TAKES_MB).
    """
    if context.invoked_subcommand is None:
        _list(as_json)


@command.command()
@click.argument("take")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_TO_DAMAGE
def show(take: str, as_json: bool, to_damage: bool) -> None:
    """What happened in TAKE and when: starts and stops, jumps, tempi, plans, what was turned, what went wrong.

    Each music between a start and a stop is a stretch, which `sideman render TAKE --stretch N` renders alone.

    \b
    sideman takes show last
    sideman takes show 2026-11-23-0915
    """
    from bridge.takes.outline import outline

    path = shelf.find(take)
    found = outline(path, to_damage=to_damage)
    if as_json:
        click.echo(json.dumps(_as_json(shelf.look(path), found), indent=2))
        return
    _print(shelf.look(path), found)


@command.command()
@click.argument("take")
@click.option("--not", "no_more", is_flag=True, help="It may be pruned again.")
def keep(take: str, no_more: bool) -> None:
    """Mark TAKE so that it is never pruned.

    \b
    sideman takes keep last
    sideman takes keep 2026-11-23-0915 --not
    """
    name = _name(take)
    shelf.keep(name, not no_more)
    click.echo(f"{name} may be pruned" if no_more else f"{name} is kept")


@command.command()
@click.argument("take")
@click.argument("new")
def rename(take: str, new: str) -> None:
    """Give TAKE another name.

    \b
    sideman takes rename last "blues for Anna"
    """
    name = _name(take)
    shelf.rename(name, new)
    click.echo(f"{name} is {new} now")


@command.command()
@click.argument("take", nargs=-1, required=True)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def remove(take: tuple[str, ...], yes: bool) -> None:
    """Remove takes for good.

    \b
    sideman takes remove 2026-11-23-0915-jazz-trio
    sideman takes remove last -y
    """
    names = list(dict.fromkeys(_name(t) for t in take))
    if not yes:
        click.confirm(f"Remove {', '.join(names)}?", abort=True)
    for name in names:
        shelf.remove(name)
        click.echo(f"{name} is removed")


@command.command()
@click.argument("take")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The MIDI file.")
@click.option("--stretch", type=click.IntRange(1), help="Only this one: see `sideman takes show`.")
@_TO_DAMAGE
def export(take: str, output: Path, stretch: int | None, to_damage: bool) -> None:
    """Write what TAKE sent by its MIDI ports to a MIDI file, a track for each port, under the tempo that was followed.

    Every message stands where it was sent, and bars are the file's bars: a DAW that opens the file shows the take on
    its own grid, and plays it back in its own time.

    \b
    sideman takes export last -o take.mid
    sideman takes export 2026-11-23-0915 --stretch 3 -o third.mid
    """
    from bridge.commands.render_take import render_take

    if not output.parent.is_dir():
        raise TakeError(f"{output}: there is no folder {output.parent}: make it, or write somewhere else")
    done = render_take(shelf.find(take), None, output, stretch=stretch, to_damage=to_damage)
    click.echo(f"{output}: {done.messages} messages in {done.seconds:.1f} s{done.told()}")


def _name(take: str) -> str:
    path = shelf.find(take)
    if path.parent != shelf.folder():
        raise TakeError(f"{path} does not lie in {shelf.folder()}: copy it there first")
    return path.name.removesuffix(shelf.SUFFIX)


def _list(as_json: bool) -> None:
    rows = shelf.listed()
    if as_json:
        click.echo(json.dumps([_as_json(row) for row in rows], indent=2))
        return
    if not rows:
        click.echo(f"There are no takes in {shelf.folder()}: `sideman play` makes one whenever it plays.")
        return
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for heading, right in (("Take", False), ("Begun", False), ("Music", True), ("Bars", True), ("BPM", True),
                           ("Session", False), ("MB", True), ("", False)):
        table.add_column(heading, justify="right" if right else "left", no_wrap=heading == "Take",
                         overflow="fold")
    for row in rows:
        summary = row.summary
        table.add_row(
            row.name, f"{datetime.fromtimestamp(row.about.wall_ns / 1e9):%Y-%m-%d %H:%M}" if row.about else "",
            _clock(summary.seconds) if summary else "", f"{summary.bars:.0f}" if summary else "", _tempo(row),
            row.about.session if row.about else "", f"{row.bytes / 1e6:.1f}", _state(row))
    console = _console()
    console.print(table)
    total = sum(row.bytes for row in rows if not row.kept) / 1e6
    console.print(f"\n{total:.1f} MB that may be pruned, of {shelf.limit_bytes() / 1e6:g}, in {shelf.folder()}",
                  style="dim", soft_wrap=True)


def _console() -> Console:
    """In a pipe there is no edge to fold at."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=160)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _tempo(row: Shelved) -> str:
    summary = row.summary
    if summary is None or not summary.high_bpm:
        return ""
    low, high = f"{summary.low_bpm:.0f}", f"{summary.high_bpm:.0f}"
    return low if low == high else f"{low}-{high}"


def _state(row: Shelved) -> str:
    """How it ended, and whether it is kept."""
    if row.trouble:
        state = "cannot be read"
    elif row.live:
        state = "is playing"
    elif row.ended is None:
        state = "cut off"
    else:
        state = "ended by an error" if row.ended else ""
    return ", ".join(filter(None, (state, "kept" if row.kept else "")))


def _as_json(row: Shelved, found: Outline | None = None) -> dict[str, Any]:
    summary = row.summary
    value: dict[str, Any] = {
        "name": row.name, "file": str(row.path), "bytes": row.bytes,
        "begun": datetime.fromtimestamp(row.about.wall_ns / 1e9).isoformat(timespec="seconds") if row.about else None,
        "session": row.about.session if row.about else None, "made_by": row.about.made_by if row.about else None,
        "seconds": round(summary.seconds, 3) if summary else None, "bars": round(summary.bars, 2) if summary else None,
        "bpm": [summary.low_bpm, summary.high_bpm] if summary else None,
        "stretches": summary.stretches if summary else None,
        "ended": "playing" if row.live else "cut off" if row.ended is None else row.ended or "properly",
        "kept": row.kept, "trouble": row.trouble or None,
    }
    if found is not None:
        value["stretches"] = [{"from": s.start.frame, "to": s.end.frame if s.end else None,
                               "seconds": round(s.seconds, 3)} for s in found.stretches]
        value["events"] = [{"seconds": round(e.seconds, 3), "where": e.where or None, "what": e.what}
                           for e in found.events]
        value |= {"engines": len(found.engines), "cut_bytes": found.cut_bytes, "incomplete": found.lost,
                  "damage": found.damage or None}
    return value


def _print(row: Shelved, found: Outline) -> None:
    from rich.table import Table

    console = _console()
    about = found.about
    if about is not None:
        made = about.made_by
        console.print(f"[bold]{row.name}[/bold]: {about.session}, "
                      f"{datetime.fromtimestamp(about.wall_ns / 1e9):%Y-%m-%d %H:%M:%S}")
        if found.engines:
            reel = found.engines[0][1]
            console.print(f"  {reel.rate} Hz, {reel.frames} frames a block; Sideman {made.get('sideman', '?')}, Python "
                          f"{made.get('python', '?')}, numpy {made.get('numpy', '?')}, numba {made.get('numba', '?')}",
                          style="dim")
    table = Table(box=None, header_style="bold")
    table.add_column("Time", justify="right")
    table.add_column("Bar", justify="right")
    table.add_column("What happened", overflow="fold")
    for event in found.events:
        table.add_row(f"{int(event.seconds // 60)}:{event.seconds % 60:06.3f}", event.where, event.what)
    console.print(table)
    for number, stretch in enumerate(found.stretches, 1):
        console.print(f"stretch {number}: {_clock(stretch.seconds)}"
                      + ("" if stretch.end else ", to the take's end"))
    end = found.damage or (
        "it plays still" if row.live else
        f"cut off after {found.seconds:.1f} s: {found.cut_bytes} bytes of an unfinished record are left out"
        if found.ended is None else f"ended: {found.ended}" if found.ended else "ended properly")
    console.print(end, style="dim", soft_wrap=True)
