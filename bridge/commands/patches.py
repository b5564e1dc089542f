"""sideman patches"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.commands import completion
from bridge.commands.warmup import warm_up_with_bar
from bridge.errors import InstrumentError, SessionError
from instruments import registry, soundfont_file

if TYPE_CHECKING:
    from instruments.registry import InstrumentInfo


@click.command()
@click.argument("names", nargs=-1, shell_complete=completion.instruments)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of a table.")
@click.option("--play", metavar="NAME", shell_complete=completion.instruments,
              help="Play a short phrase on this instrument.")
@click.option("--tuning", help="With --play: in this tuning (rast:D, just, 19-edo, slendro.scl ...).")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path),
              help="With --play: write the phrase to this WAV file instead of playing it.")
@click.option("--audio", type=click.Choice(["auto", "jack", "portaudio"]), default="auto",
              help="With --play: where the sound goes.")
@click.option("--sheet", type=click.Path(dir_okay=False, path_type=Path),
              help="Draw waveform and spectrogram of each into this PNG (needs sideman[plot]).")
@click.option("--tunings", is_flag=True, help="List the tunings that come with it.")
def command(names: tuple[str, ...], as_json: bool, play: str | None, tuning: str | None, output: Path | None,
            audio: str, sheet: Path | None, tunings: bool) -> None:
    """List all instruments, or those of NAMES: names, families (bass, drums ...), or a SoundFont for its presets.

    \b
    sideman patches                         what there is
    sideman patches bass drums              two families
    sideman patches FluidR3_GM.sf2          the presets of a SoundFont
    sideman patches --play rhodes           hear one
    sideman patches --play "FluidR3_GM.sf2:Oboe" -o oboe.wav
    sideman patches --play strings --tuning rast:D
    sideman patches --sheet patches.png     see them all
    """
    if (output is not None or tuning is not None) and play is None:
        raise click.UsageError("-o and --tuning are for --play: name an instrument with it")
    if tunings:
        _tunings(as_json)
    elif play is not None:
        _play(play, tuning, output, audio)
    elif sheet is not None:
        _sheet(sheet, _chosen(names))
    else:
        _list(_chosen(names), as_json)


def _chosen(names: Sequence[str]) -> list[InstrumentInfo]:
    """What is asked for, in the order of asking. Raises InstrumentError."""
    everything = sorted(registry.instruments(), key=lambda i: (i.family, i.name))
    if not names:
        return everything
    chosen: list[InstrumentInfo] = []
    for name in names:
        if (family := [i for i in everything if i.family == name.lower()]):
            chosen += family
        elif soundfont_file.is_font(name) and name.lower().endswith((".sf2", ".sf3")):
            path = soundfont_file.find_font(name)
            chosen += [registry.find_instrument(f"{name}:{p.bank}:{p.program}")
                       for p in soundfont_file.read_presets(path)]
        else:
            try:
                chosen.append(registry.find_instrument(name))
            except InstrumentError as error:
                families = ", ".join(sorted({i.family for i in everything}))
                raise InstrumentError(f"{error}; families are {families}") from None
    return chosen


def _list(found: Sequence[InstrumentInfo], as_json: bool) -> None:
    fonts = [str(path) for path in soundfont_file.fonts()]
    if as_json:
        rows = [{"name": i.name, "family": i.family, "engine": i.engine, "aliases": list(i.aliases), "from": i.source,
                 "description": i.description, "problem": i.problem} for i in found]
        click.echo(json.dumps(rows, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("Instrument", "Family", "Engine", "Also called", "From"):
        table.add_column(heading, overflow="fold")
    for i in found:
        also = i.description if i.engine == "soundfont" else ", ".join(i.aliases)
        table.add_row(i.name, i.family, i.engine, also, f"[red]{_plain(i.problem)}" if i.problem else _plain(i.source))
    console = Console()
    console.print(table)
    text = ", ".join(fonts) if fonts else f"none found: {soundfont_file.HOW_TO_GET}"
    console.print(f"\nSoundFonts (sideman patches FILE lists one): {_plain(text)}", style="dim", soft_wrap=True)


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _tunings(as_json: bool) -> None:
    from instruments.tuning import NAMED

    rows = [{"name": name, "description": t.description, "source": t.source, "cents": [round(c, 3) for c in t.cents]}
            for name, t in sorted(NAMED.items())]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("Tuning", "What it is", "Source"):
        table.add_column(heading)
    for row in rows:
        table.add_row(str(row["name"]), str(row["description"]), str(row["source"]))
    console = Console()
    console.print(table)
    console.print("\nAlso N-edo (19-edo, 31-edo ...) and Scala files: NAME.scl, NAME.scl:D, NAME.scl:MAP.kbm. "
                  "A note behind a colon is what it is built on (rast:D).", style="dim")


def _play(name: str, tuning: str | None, output: Path | None, audio: str) -> None:
    from instruments.tuning import find_tuning

    info = registry.find_instrument(name)
    if info.problem:
        raise InstrumentError(info.problem)
    tuned = None if tuning is None else find_tuning(tuning)
    warm_up_with_bar()

    from bridge import audition, listening

    listening.listen(lambda rate: audition.audition(name, rate, tuned), info.name, output, audio)


def _sheet(path: Path, found: Sequence[InstrumentInfo]) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    from bridge import patch_sheet

    patch_sheet.require()
    if not path.parent.is_dir():
        raise SessionError(f"{path}: there is no folder {path.parent}: make it, or write somewhere else")
    warm_up_with_bar()
    with Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"),
                  console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=len(found))
        failed = patch_sheet.save(path, found, lambda name: bar.update(task, description=name, advance=1))
    for why in failed:
        click.echo(f"not drawn: {why}", err=True)
    click.echo(f"{path}: {len(found) - len(failed)} instruments")
