"""sideman analyze"""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import click

from bridge.analyze.targets import Check
from bridge.commands import completion


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--genre", shell_complete=completion.genres,
              help="Hold it against what this genre's mixes measure: jazz, edm, classical, rock, ...")
@click.option("--picture", type=click.Path(dir_okay=False, path_type=Path), help="Draw it, too: a PNG file.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(file: Path, genre: str | None, picture: Path | None, as_json: bool) -> None:
    """What the mix in FILE (WAV, AIFF, FLAC, MP3, Ogg) measures: loudness, peaks, spectrum, stereo.

    \b
    sideman render jazz-trio --bars 32 -o trio.wav
    sideman analyze trio.wav --genre jazz
    sideman analyze trio.wav --genre jazz --picture trio.png

    A row that a good mix would not have is marked: what it is, and what it may be. Loudness is BS.1770 (LUFS), peaks
    are true peaks (dBTP), and every genre aims at -16 LUFS, so that one session is as loud as the next.
    """
    from bridge.analyze import plot
    from bridge.analyze.mix import analyze
    from bridge.analyze.targets import checks
    from instruments.hosts.audio_file import read_audio

    if picture is not None:
        plot.require()
    audio, rate = read_audio(file)
    mix = analyze(audio, rate)
    rows = checks(mix, genre)
    if picture is not None:
        plot.save(picture, audio, mix, f"{file.name}{f' ({genre})' if genre else ''}", genre)
    if as_json:
        figures = {k: None if isinstance(v, float) and not math.isfinite(v) else v
                   for k, v in dataclasses.asdict(mix).items()}
        found = [{**row._asdict(), "value": row.value if math.isfinite(row.value) else None, "passed": row.passed}
                 for row in rows]
        print(json.dumps({"file": str(file), "genre": genre, **figures, "checks": found}))
        return
    _tell(file, mix.seconds, mix.rate, mix.channels)
    _table(rows, [("range", mix.range_lu, "LU"), ("loudest 3 s", mix.short_term_lufs, "LUFS"),
                  ("crest", mix.crest_db, "dB"), ("tilt", mix.tilt_db, "dB/octave"),
                  ("correlation", mix.correlation, "")])
    if picture is not None:
        print(f"The picture is {picture}.")


def _tell(file: Path, seconds: float, rate: int, channels: int) -> None:
    kind = "mono" if channels == 1 else "stereo"
    print(f"{file}: {int(seconds // 60)}:{seconds % 60:04.1f}, {rate} Hz, {kind}")


def _table(rows: list[Check], others: list[tuple[str, float, str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, side in (("figure", "left"), ("", "right"), ("unit", "left"), ("may be", "right"), ("", "left")):
        table.add_column(name, justify=side)  # type: ignore[arg-type]
    for row in rows:
        low = "" if row.low is None else f"{row.low:g}"
        high = "" if row.high is None else f"{row.high:g}"
        span = f"{low} to {high}" if low and high else f"at least {low}" if low else f"at most {high}"
        mark = "[green]ok[/]" if row.passed else f"[red]off by {_off(row):.1f}[/]"
        table.add_row(row.name, f"{row.value:.1f}", row.unit, span, mark)
    named = {row.name for row in rows}
    for name, value, unit in others:
        if name not in named:
            table.add_row(name, f"{value:.1f}", unit, "", "")
    Console().print(table)


def _off(row: Check) -> float:
    below = (row.low - row.value) if row.low is not None else -math.inf
    above = (row.value - row.high) if row.high is not None else -math.inf
    return float(max(below, above))
