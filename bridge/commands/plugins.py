"""sideman plugins"""

from __future__ import annotations

import difflib
import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.errors import InstrumentError, SessionError

if TYPE_CHECKING:
    from instruments.plugins.catalogue import Entry
    from instruments.plugins.survey import Plan

_FORMATS = ("VST3", "AU", "LV2", "VST2")


@click.group()
def command() -> None:
    """Find your plug-ins, see what they can do, open their windows.

    \b
    sideman plugins scan                    once, and after installing new ones
    sideman plugins list reverb             which there are
    sideman plugins info ZamVerb            its parameters, and a line for your session
    sideman plugins edit my.toml piano      its own window; what you change is kept with the session
    sideman plugins keep                    keep how all are set in the session that plays
    sideman plugins forget BadOne           try a plug-in again that crashed in the scan
    """


@command.command(short_help="Look at every plug-in that is new or has changed.")
@click.argument("places", nargs=-1, metavar="[FOLDER...]", type=click.Path(path_type=Path))
@click.option("--again", is_flag=True, help="Load all of them anew, also those that crashed.")
@click.option("--timeout", "timeout_s", type=click.FloatRange(0.5, 600), default=30.0, show_default=True,
              metavar="SECONDS", help="A plug-in that takes longer to load counts as hung.")
@click.option("--workers", type=click.IntRange(1, 16), default=2, show_default=True, help="How many load at a time.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def scan(places: tuple[Path, ...], again: bool, timeout_s: float, workers: int, as_json: bool) -> None:
    """Load every plug-in that is new or has changed, each in a process of its own, and remember what it is.

    \b
    sideman plugins scan                    the folders of this system: VST3, Audio Units, LV2, VST2
    sideman plugins scan ~/my-plugins       this folder, from now on whenever plug-ins are looked for
    sideman plugins scan --again            everything anew

    A plug-in that crashes or hangs is remembered with the reason and left alone until its file changes; `sideman
    plugins forget NAME` gives it another chance. The environment variables SIDEMAN_PLUGIN_PATH (any format),
    SIDEMAN_VST3_PATH, LV2_PATH and VST_PATH name folders, too.
    """
    from instruments.plugins import catalogue, scan, survey

    began = time.perf_counter()
    notices: list[str] = []
    for place in places:
        if not place.is_dir():
            raise InstrumentError(f"{place} is no folder: give one that plug-ins lie in, or none for the usual ones")
    search = [place.expanduser().absolute() for place in places] or None
    if search is not None:
        usual = scan.folders()
        remembered = dict.fromkeys([*map(Path, catalogue.read().folders), *search])
        notices += filter(None, [catalogue.change(folders=[
            folder for folder in remembered if not any(folder.is_relative_to(known) for known in usual)])])
    plan = survey.plan(search, again=again)
    fresh = _scanned(plan, timeout_s, workers, notices)
    found = [*plan.kept, *fresh]
    seconds = time.perf_counter() - began
    if as_json:
        click.echo(json.dumps({
            "plugins": len(found), "loaded": len(fresh), "known": len(plan.kept), "gone": len(plan.gone),
            "formats": dict(Counter(e.format for e in found)), "seconds": round(seconds, 3), "notices": notices,
            "broken": [_summary(e) for e in found if e.trouble],
        }, indent=2))
        return
    for notice in notices:
        click.echo(f"sideman: {notice}", err=True)
    for entry in (e for e in fresh if e.trouble):
        click.echo(f"{entry.format} {entry.name} {entry.reason}: {entry.path}")
    gone = f", {len(plan.gone)} gone" if plan.gone else ""
    click.echo(f"{_counted(found)}; {len(fresh)} looked at, {len(plan.kept)} known already{gone}, in {seconds:.1f} s")


def _scanned(plan: Plan, timeout_s: float, workers: int, notices: list[str]) -> list[Entry]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from instruments.plugins import survey

    console = Console(stderr=True)
    fresh: list[Entry] = []
    with Progress(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"),
                  console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=len(plan.due))

        def telling(name: str) -> None:
            bar.update(task, description=_plain(name))

        for entry in survey.scan(plan, timeout_s=timeout_s, workers=workers, telling=telling,
                                        notices=notices.append):
            fresh.append(entry)
            bar.advance(task)
    return fresh


@command.command("list", short_help="List what the last scan found.")
@click.argument("word", required=False)
@click.option("--format", "format_name", type=click.Choice(_FORMATS, case_sensitive=False), help="Only this format.")
@click.option("--kind", type=click.Choice(["instrument", "effect"]), help="Only instruments, or only effects.")
@click.option("--broken", is_flag=True, help="Only what could not be loaded, and why.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def list_plugins(word: str | None, format_name: str | None, kind: str | None, broken: bool, as_json: bool) -> None:
    """List the plug-ins that the last scan found; with WORD those with it in their name or their vendor's.

    \b
    sideman plugins list
    sideman plugins list --kind instrument --format LV2
    sideman plugins list zam --json
    """
    from instruments.plugins import catalogue, scan, survey

    wanted = (word or "").casefold()
    found = [e for e in scan.known()
             if wanted in f"{e.name}\n{e.vendor}".casefold() and format_name in (None, e.format)
             and kind in (None, e.kind) and (e.trouble is not None or not broken)]
    if as_json:
        click.echo(json.dumps([_summary(e) for e in found], indent=2))
        return
    if notice := catalogue.read().notice:
        click.echo(f"sideman: {notice}: `sideman plugins scan` makes it anew", err=True)
    if found:
        _print_list(found)
    else:
        click.echo("none" + (f" with {word!r}" if word else ""))
    if due := len(survey.plan().due):
        click.echo(f"{due} more are new or have changed: `sideman plugins scan` looks at them", err=True)


@command.command(short_help="What one is: parameters, programs, host, latency.")
@click.argument("name")
@click.option("--format", "format_name", type=click.Choice(_FORMATS, case_sensitive=False), help="In this format.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def info(name: str, format_name: str | None, as_json: bool) -> None:
    """What a plug-in is: parameters with units and ranges, programs, host, latency, and a line for your session.

    \b
    sideman plugins info ZamVerb
    sideman plugins info LV2:ZamVerb        in another format than the best
    sideman plugins info ~/new/Thing.vst3   a plug-in that has not been scanned is loaded now
    """
    from bridge import plugin_sheet
    from instruments.plugins import scan, survey

    found = scan.find(name, format=format_name, broken_ok=True)
    entry = scan.entry_of(found) or survey.look_at(found)
    if as_json:
        click.echo(json.dumps(plugin_sheet.as_data(entry), indent=2))
        return
    plugin_sheet.show(entry)


@command.command(short_help="Forget what the scan found, to try it again.")
@click.argument("name", required=False)
@click.option("--all", "everything", is_flag=True, help="All that was ever found out, and folders given to scan.")
def forget(name: str | None, everything: bool) -> None:
    """Forget what the scan found out about plug-in NAME, in all formats or as in LV2:NAME, to try it again.

    \b
    sideman plugins forget BadOne
    sideman plugins forget --all
    """
    from instruments.plugins import catalogue, scan

    if (name is None) == (not everything):
        raise click.UsageError("give the NAME of one plug-in, or --all")
    entries = catalogue.read().entries
    format_name, wanted = scan.split_name((name or "").casefold())
    keys = [key for key, e in entries.items() if everything or (format_name in (None, e.format) and wanted in (
        e.name.casefold(), e.path.casefold(), (e.which or "").casefold(), Path(e.path).stem.casefold()))]
    if not keys and name is not None:
        near = difflib.get_close_matches(name, sorted({e.name for e in entries.values()}), 3, 0.5)
        hint = f": did you mean {' or '.join(near)}?" if near else ": `sideman plugins list` shows what is known"
        raise InstrumentError(f"nothing is known of a plug-in {name!r}{hint}")
    if notice := catalogue.change(removed=keys, folders=[] if everything else None):
        click.echo(f"sideman: {notice}", err=True)
    click.echo(f"forgotten: {len(keys)}; `sideman plugins scan` looks at them anew")


@command.command(short_help="Open a plug-in's own window, and keep what you change.")
@click.argument("session", type=click.Path(path_type=Path))
@click.argument("track", metavar="TRACK[.EFFECT]")
def edit(session: Path, track: str) -> None:
    """Open the window of the plug-in of TRACK in SESSION, a file of yours, and keep with the session what you change.

    \b
    sideman plugins edit my.toml piano              the track's instrument, or its only effect
    sideman plugins edit my.toml piano.plugin2      an effect by its name in the chain
    sideman plugins edit my.toml master.ZamVerb     ... or by the plug-in's

    Close the window, or press Ctrl-C here. The plug-in's state goes to a file in SESSION.states, which the session then
    names: state = "...". Before that, both are copied to FILE.bak.
    """
    from bridge import plugin_state
    from bridge import session as sessions
    from bridge.plugin_spec import use_of
    from instruments.plugins import editor, scan

    if not session.is_file():
        raise SessionError(f"{session} is no file: give a session of your own (copy a built-in one; `sideman sessions` "
                           f"shows where they are)")
    place = plugin_state.place_of(sessions.load(str(session)), track, str(session))
    use = use_of(place.plugin, place.keys)
    found = scan.find(use.plugin, which=use.which, host=use.host)
    host = editor.editing_host(found.format)
    editor.check_display()
    edited = editor.edit(
        found, host, state=use.state, preset=use.preset, params=use.params,
        opened=lambda: click.echo(f"the window of {found.name} is open: close it, or press Ctrl-C here", err=True))
    if not edited.touched:
        click.echo(f"{found.name}: nothing was changed")
        return
    [file] = plugin_state.keep(session, [plugin_state.Kept(place, edited.state, edited.changed)])
    turned = ", ".join(name if value is None else f"{name} = {value}" for name, value in edited.changed.items())
    click.echo(f"{found.name}: {turned or 'its state'} is kept in {file}, which {session} names")


@command.command(short_help="Keep with the session that plays how its plug-ins are set.")
@click.option("--url", default="ws://localhost:3000/music", show_default=True, help="The socket that `play` printed.")
def keep(url: str) -> None:
    """Write how the plug-ins of the session that plays are set, by hand, by controllers or by themselves, to files in
    SESSION.states, and name these in its file. Before that, all of them are copied to FILE.bak.

    \b
    sideman plugins keep
    sideman plugins keep --url ws://studio:3000/music
    """
    import asyncio

    from bridge.client import MusicClient

    async def ask() -> None:
        async with MusicClient(url) as client:
            await client.keep()

    asyncio.run(ask())
    click.echo("kept with the session")


def _counted(found: Sequence[Entry]) -> str:
    """"12 plug-ins: 7 VST3, 5 LV2 (2 could not be loaded, 3 VST2 known by their files only)"."""
    by = Counter(e.format for e in found)
    parts = ", ".join(f"{by[name]} {name}" for name in _FORMATS if by[name])
    broken = sum(e.trouble is not None for e in found)
    unplayed = sorted({e.format for e in found if not e.host})
    notes = [f"{broken} could not be loaded: `sideman plugins list --broken`"] if broken else []
    notes += [f"no host here plays {name}, known by the files only" for name in unplayed]
    return (f"{len(found)} plug-ins" + (f": {parts}" if parts else "") + (f" ({'; '.join(notes)})" if notes else ""))


def _summary(entry: Entry) -> dict[str, Any]:
    return {"name": entry.name, "vendor": entry.vendor, "version": entry.version, "format": entry.format,
            "kind": entry.kind, "path": entry.path, "uri": entry.which, "host": entry.host or None,
            "inputs": entry.inputs, "outputs": entry.outputs, "side_chain": entry.side_chain,
            "latency_frames": entry.latency_frames, "parameters": len(entry.parameters), "load_s": entry.load_s,
            "trouble": entry.trouble, "reason": entry.reason}


def _print_list(found: Sequence[Entry]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("Plug-in", "Kind", "Format", "By", "Parameters", "Host"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "Parameters" else "left")
    for e in found:
        if e.trouble:
            table.add_row(f"[red]{_plain(e.name)}", f"[red]{e.trouble}", e.format, _plain(e.reason), "", e.host)
        else:
            table.add_row(_plain(e.name), e.kind or "?", e.format, _plain(e.vendor),
                          str(len(e.parameters)) if e.host else "", e.host or "none")
    Console().print(table)


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
