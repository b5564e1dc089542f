"""sideman restyle"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.commands import completion
from bridge.errors import SessionError

if TYPE_CHECKING:
    from composers.piece import Piece
    from composers.restyle import Report


@click.command()
@click.argument("source", metavar="IN.mid", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--to", metavar="GENRE", required=True, shell_complete=completion.genres,
              help="The genre: jazz, rock, hip-hop, edm, classical ...")
@click.option("--strength", type=float, default=0.7, show_default=True,
              help="0 is the piece itself, 1 the new style whole, with the tune.")
@click.option("--style", shell_complete=completion.styles,
              help="A style of the genre: house, bossa, trap ... (default: the one that bends it least).")
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed is another performance.")
@click.option("--key", help="Another key: Eb, F# (default: the piece's).")
@click.option("--tempo", type=float, help="Quarters a minute (default: the style's, as near the piece's as it plays).")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The MIDI file to write.")
@click.option("--picture", type=click.Path(dir_okay=False, path_type=Path),
              help="Also draw it as a piano roll (PNG, SVG, PDF).")
@click.option("--report", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="How to tell what was kept.")
def command(source: Path, to: str, strength: float, style: str | None, seed: int, key: str | None,
            tempo: float | None, output: Path | None, picture: Path | None, report: str) -> None:
    """Give a piece to another genre's band: its tune, its phrases and its form stay, all else is the genre's.

    \b
    sideman restyle song.mid --to edm --strength 0.7 -o house.mid --style house
    sideman restyle song.mid --to jazz -o jazz.mid --picture jazz.png
    sideman restyle song.mid --to ambient --strength 1 --key D -o drift.mid
    sideman restyle score.musicxml --to rock --report json -o rock.mid

    IN is a MIDI file or a MusicXML score. Up to strength 0.2 its own parts play, on the new style's instruments; up to
    0.5 under them the style's drums and bass; from there on the whole band. What is told as kept is measured on what
    came out. To play it live: sideman play SESSION --piece IN.mid.
    """
    from composers.piece import Piece
    from composers.restyle import restyle

    for path in (output, picture):
        if path is not None and not path.parent.is_dir():
            raise SessionError(f"{path}: there is no folder {path.parent}: make it, or write somewhere else")
    if picture is not None:
        from bridge import roll_picture

        roll_picture.require()
    piece = Piece.load(source)
    began = time.perf_counter()
    made = restyle(piece, to, strength, style, seed, key=key, tempo=tempo)
    took_ms = (time.perf_counter() - began) * 1e3
    lost = made.piece.save(output) if output is not None else ()
    if picture is not None:
        roll_picture.save(picture, made.piece, f"{piece.title or source.name} as {made.report.style} {to}")
    if report == "json":
        print(json.dumps({
            **made.report.as_dict(), "seconds": made.piece.duration_s, "restyle_ms": took_ms,
            "notes": {t.name: len(t.clip.notes) for t in made.piece.tracks},
            "midi": str(output) if output else None, "picture": str(picture) if picture else None,
        }))
        return
    _tell(made.piece, made.report, [p for p in (output, picture) if p is not None], lost, took_ms)


def _tell(piece: Piece, report: Report, written: list[Path], lost: tuple[str, ...], took_ms: float) -> None:
    minutes, seconds = divmod(round(piece.duration_s), 60)
    (was_tempo, tempo), (was_meter, meter), (was_bars, bars) = report.tempo, report.meter, report.bars
    print(f"{report.to} ({report.style}), strength {report.strength:g}: {bars} bars, {minutes}:{seconds:02d}, "
          f"in {took_ms:.0f} ms")
    print(f"  key {_now(*report.key)}, {_now(was_meter, meter)}, {_now(f'{was_tempo:.4g}', f'{tempo:.4g}')} BPM, "
          f"{_now(str(was_bars), str(bars))} bars")
    print(f"  melody: from {report.melody_track!r}, now {report.melody_now!r}")
    print("  " + ", ".join(f"{t.name} {len(t.clip.notes)} notes" for t in piece.tracks))
    print("  sections: " + ", ".join(f"{first + 1} {was} > {now}" for was, now, first, _ in report.sections))
    print("  kept: " + ", ".join(f"{name} {_share(value)}" for name, value in (
        ("contour", report.melody_kept), ("notes", report.notes_kept), ("rhythm", report.rhythm_kept),
        ("phrases", report.phrases_kept), ("harmony", report.harmony_kept), ("form", report.form_kept),
    )))  # fmt: skip
    for notice in report.notices:
        print(f"  note: {notice}")
    if lost:
        print(f"  note: a MIDI file does not carry all of it: {lost[0]}"
              + (f", and {len(lost) - 1} more of the kind" if len(lost) > 1 else ""))
    for path in written:
        print(f"  {path}")
    if not written:
        print("  nothing was written: give -o piece.mid")


def _now(was: str, now: str) -> str:
    return now if was == now else f"{was} > {now}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
