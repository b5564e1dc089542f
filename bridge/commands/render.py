"""sideman render"""

from __future__ import annotations

import json
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path

import click

from bridge import session as sessions
from bridge.commands import completion
from bridge.errors import SessionError


@click.command()
@click.argument("session", metavar="SESSION|TAKE", shell_complete=completion.sessions)
@click.option("--bars", type=click.IntRange(1, 100_000), help="Length in bars (default: the session's own, else 32).")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The WAV file.")
@click.option("--midi", type=click.Path(dir_okay=False, path_type=Path), help="Also write this Standard MIDI File.")
@click.option("--rate", type=click.IntRange(8000, 192_000), help="Sample rate in Hz (default: the session's).")
@click.option("--seed", type=int, help="Another seed is another piece.")
@click.option("--tempo", type=float, help="Tempo in BPM.")
@click.option("--key", help="Key, such as Eb.")
@click.option("--engine", type=click.Choice(["sideman", "dawdreamer"]), default="sideman", show_default=True,
              help="What plays hosted plug-ins: our own hosting, as live, or DawDreamer (VST2, VST3; Faust), a process "
                   "and a core for each track.")
@click.option("--stems", type=click.Path(file_okay=False, path_type=Path),
              help="Also write each track, group and return into this folder, as 32-bit float WAV.")
@click.option("--stretch", type=click.IntRange(1), help="Of a take: only this start to its stop.")
@click.option("--to-damage", is_flag=True, help="Of a damaged take: what comes before the damage.")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
@click.pass_context
def command(context: click.Context, session: str, bars: int | None, output: Path, midi: Path | None, rate: int | None,
            seed: int | None, tempo: float | None, key: str | None, engine: str, stems: Path | None,
            stretch: int | None, to_damage: bool, as_json: bool) -> None:
    """Render SESSION or TAKE to a 24-bit WAV file, faster than real time. The same session gives the same bytes.

    \b
    sideman render jazz-trio --bars 32 -o trio.wav
    sideman render my.toml --bars 64 -o mix.wav --midi mix.mid --seed 4
    sideman render my.toml -o mix.wav --stems stems --engine dawdreamer
    sideman render last -o take.wav --midi take.mid    what was played last, exactly: see `sideman takes`

    Stems are what each channel gives to its group or the master, behind its fader; those of tracks without a group,
    of groups and of returns add up to mix.wav among them, which is what the master gets. The output has gone through
    the master's effects and limiter, too.
    """
    if _names_take(session):
        _render_take(context, session, output, midi, stretch, to_damage, as_json)
        return
    for option, given in (("--stretch", stretch is not None), ("--to-damage", to_damage)):
        if given:
            raise SessionError(f"{option} is for takes, and {session!r} is none: `sideman takes` lists them")
    loaded = sessions.load(session)
    music = {k: v for k, v in {"tempo": tempo, "key": key, "seed": seed}.items() if v is not None}
    loaded = sessions.changed(loaded, "the command line", music={**music, "bars": bars or loaded.music.bars or 32})
    if rate:
        import msgspec

        loaded = msgspec.structs.replace(loaded, sample_rate=rate)
    for path in (output, midi):
        if path is not None and not path.parent.is_dir():
            raise SessionError(f"{path}: there is no folder {path.parent}: make it, or write somewhere else")

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    from bridge.commands.warmup import warm_up_with_bar

    warm_up_with_bar()

    from bridge import offline
    from bridge.bounce import bounced_rig
    from bridge.rig import build_rig
    from bridge.stems import Stems

    total = loaded.music.bars or 0
    began = time.perf_counter()
    partial = output.with_name(output.name + ".part")
    writer = offline.WavWriter(partial, loaded.sample_rate)
    frames, notes, peak, bounced_s = 0, 0, 0.0, 0.0
    try:
        with ExitStack() as stack, Progress(
                TextColumn("{task.description}"), BarColumn(),
                TextColumn("{task.fields[unit]} {task.completed}/{task.total}"), TimeRemainingColumn(),
                console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(f"preparing {loaded.name}", total=None, unit="bar")
            if engine == "dawdreamer":
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="sideman-bounce-"))
                work: dict[str, TaskID] = {}

                def told(name: str, share: float) -> None:
                    if name not in work:
                        work[name] = bar.add_task(f"bouncing {name}", total=100, unit="%")
                    bar.update(work[name], completed=round(100 * share))

                rig = bounced_rig(loaded, Path(folder), told, stems=stems is not None)
                for done in work.values():
                    bar.remove_task(done)
                bounced_s = time.perf_counter() - began
            else:
                rig = build_rig(loaded, loaded.sample_rate, offline.BLOCK, offline=True, stems=stems is not None)
            told_of = [f"plug-in {s['plugin']}: {s['state']}" if s["state"].startswith("missing") else s["last_error"]
                       for s in rig.plugin_status() if s["state"].startswith("missing") or s["last_error"]]
            written = None if stems is None else stack.enter_context(closing(Stems(rig, stems)))
            for piece in offline.render(loaded, rig=rig):
                if not frames:
                    bar.update(task, description=f"rendering {loaded.name}", total=total)
                writer.write(piece.audio)
                if written is not None:
                    written.write()
                frames += piece.audio.shape[1]
                notes += len(piece.notes)
                if piece.audio.size:
                    peak = max(peak, float(abs(piece.audio).max()))
                bar.update(task, completed=min(total, piece.bar) if piece.playing else total)
            told_of += rig.take_sync_errors()
        writer.close()
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)
    if midi is not None:
        from composers.smf import write_smf

        told_of += write_smf(midi, offline.sent_piece(loaded, total))
    for text in told_of:
        click.echo(text, err=True)
    wall = time.perf_counter() - began
    seconds = frames / loaded.sample_rate
    if as_json:
        click.echo(json.dumps({"wav": str(output), "midi": str(midi) if midi else None, "seconds": seconds,
                               "bars": total, "notes": notes, "peak": peak, "wall_s": wall,
                               "realtime_factor": seconds / wall, "engine": engine, "bounced_s": bounced_s,
                               "notices": told_of, "stems": str(stems) if stems else None}))
    else:
        click.echo(f"{output}: {total} bars, {seconds:.1f} s of sound in {wall:.1f} s "
                   f"({seconds / wall:.0f} times real time)" + (f"; {midi}" if midi else "")
                   + (f"; stems in {stems}" if stems else ""))


def _names_take(name: str) -> bool:
    """A session's name or file goes before a take's name."""
    from bridge.takes import shelf

    path = Path(name)
    if path.suffix == shelf.SUFFIX:
        return True
    return not (path.suffix == ".toml" or path.is_file() or name in sessions.builtin_names()) and shelf.is_take(name)


def _render_take(context: click.Context, name: str, output: Path, midi: Path | None, stretch: int | None,
                 to_damage: bool, as_json: bool) -> None:
    """All that makes a take what it was is in it: nothing can be asked to be otherwise."""
    from bridge.commands.render_take import render_command
    from bridge.errors import TakeError
    from bridge.takes import shelf

    for option in ("bars", "rate", "seed", "tempo", "key", "engine", "stems"):
        if context.get_parameter_source(option) is not click.core.ParameterSource.DEFAULT:
            raise TakeError(f"--{option} does not go with a take, which is rendered as it was played: leave it out, or "
                            f"render its session")
    render_command(shelf.find(name), output, midi, stretch, to_damage, as_json)
