"""sideman render"""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from bridge import session as sessions
from bridge.errors import SessionError


@click.command()
@click.argument("session")
@click.option("--bars", type=click.IntRange(1, 100_000), help="Length in bars (default: the session's own, else 32).")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The WAV file.")
@click.option("--midi", type=click.Path(dir_okay=False, path_type=Path), help="Also write this Standard MIDI File.")
@click.option("--rate", type=click.IntRange(8000, 192_000), help="Sample rate in Hz (default: the session's).")
@click.option("--seed", type=int, help="Another seed is another piece.")
@click.option("--tempo", type=float, help="Tempo in BPM.")
@click.option("--key", help="Key, such as Eb.")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
def command(session: str, bars: int | None, output: Path, midi: Path | None, rate: int | None, seed: int | None,
            tempo: float | None, key: str | None, as_json: bool) -> None:
    """Render SESSION to a 24-bit WAV file, faster than real time. The same session gives the same bytes.

    \b
    sideman render jazz-trio --bars 32 -o trio.wav
    sideman render my.toml --bars 64 -o mix.wav --midi mix.mid --seed 4
    """
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
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from bridge.commands.warmup import warm_up_with_bar

    warm_up_with_bar()

    from bridge import offline

    total = loaded.music.bars or 0
    began = time.perf_counter()
    partial = output.with_name(output.name + ".part")
    writer = offline.WavWriter(partial, loaded.sample_rate)
    frames, notes, peak = 0, 0, 0.0
    try:
        with Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("bar {task.completed}/{task.total}"),
                      TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(f"preparing {loaded.name}", total=None)
            for piece in offline.render(loaded):
                if not frames:
                    bar.update(task, description=f"rendering {loaded.name}", total=total)
                writer.write(piece.audio)
                frames += piece.audio.shape[1]
                notes += len(piece.notes)
                if piece.audio.size:
                    peak = max(peak, float(abs(piece.audio).max()))
                bar.update(task, completed=min(total, piece.bar) if piece.playing else total)
        writer.close()
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)
    if midi is not None:
        from composers.smf import write_smf

        clips = offline.sent_clips(loaded, offline.clips_of(loaded, total))
        write_smf(midi, clips, loaded.music.tempo, loaded.meter)
    wall = time.perf_counter() - began
    seconds = frames / loaded.sample_rate
    if as_json:
        click.echo(json.dumps({"wav": str(output), "midi": str(midi) if midi else None, "seconds": seconds,
                               "bars": total, "notes": notes, "peak": peak, "wall_s": wall,
                               "realtime_factor": seconds / wall}))
    else:
        click.echo(f"{output}: {total} bars, {seconds:.1f} s of sound in {wall:.1f} s "
                   f"({seconds / wall:.0f} times real time)" + (f"; {midi}" if midi else ""))
