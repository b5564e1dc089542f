"""sideman compose"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.commands import completion
from bridge.errors import SessionError

if TYPE_CHECKING:
    from composers.composer import Plan
    from composers.piece import Piece


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, required=True, shell_complete=completion.wishes)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The MIDI file to write.")
@click.option("--picture", type=click.Path(dir_okay=False, path_type=Path),
              help="Also draw the piece as a piano roll (PNG, SVG, PDF).")
@click.option("--session", type=click.Path(dir_okay=False, path_type=Path),
              help="Also write a session file that plays it: sideman play FILE.")
@click.option("--seed", type=int, help="Another seed is another piece (default: 1).")
@click.option("--json", "as_json", is_flag=True, help="Print what was composed as JSON.")
def command(words: tuple[str, ...], output: Path | None, picture: Path | None, session: Path | None, seed: int | None,
            as_json: bool) -> None:
    """Compose a piece from words, and write it as a MIDI file.

    \b
    sideman compose "jazz ballad in Eb, 32 bars" -o ballad.mid --picture ballad.png
    sideman compose fast rock in E minor, 2 minutes -o rock.mid
    sideman compose "hip-hop, 88 bpm, dark, 16 bars" -o beat.mid --seed 7
    sideman compose "bossa for flute, guitar, bass and drums" -o bossa.mid
    sideman compose "waltz in 3/4 with piano trio, calm" --session waltz.toml

    In any order: a genre, a style of one (ballad, bossa, boom-bap ...), a form (blues, aaba, verse-chorus ...), a key
    (in Eb, in F# minor), a mode (dorian ...), a tempo (90 bpm, slow), a meter (7/8), a length (32 bars, 2 minutes), a
    mood (calm, energetic, dark ...), a band (trio, quartet) or instruments. Without a length it has 32 bars.
    """
    from composers.performing import perform
    from composers.request import parse_request, with_band

    for path in (output, picture, session):
        if path is not None and not path.parent.is_dir():
            raise SessionError(f"{path}: there is no folder {path.parent}: make it, or write somewhere else")
    if picture is not None:
        from bridge import roll_picture

        roll_picture.require()
    began = time.perf_counter()
    request = parse_request(" ".join(words), seed=1 if seed is None else seed)
    plan = request.plan if request.bars else with_band(request.plan, request.instruments, tempo=request.plan.tempo,
                                                       bars=32)
    piece = perform(plan, title=request.title)
    took_ms = (time.perf_counter() - began) * 1e3
    if output is not None:
        piece.save(output)
    if picture is not None:
        roll_picture.save(picture, piece, _title(request.title, plan.genre, plan.style, plan.form))
    if session is not None:
        from bridge.session_text import session_text

        session.write_text(session_text(plan, request.title), encoding="utf-8")
    if as_json:
        print(json.dumps({
            "genre": plan.genre, "style": plan.style, "form": plan.form, "key": plan.key, "mode": plan.mode,
            "tempo": plan.tempo, "meter": str(plan.meter), "bars": piece.bars, "seconds": piece.duration_s,
            "seed": plan.seed, "tracks": {t.name: len(t.clip.notes) for t in piece.tracks},
            "sections": [[tick // plan.meter.bar_ticks + 1, text] for tick, text in piece.markers],
            "midi": str(output) if output else None, "picture": str(picture) if picture else None,
            "session": str(session) if session else None, "compose_ms": took_ms,
        }))
        return
    _tell(piece, plan, (output, session, picture), took_ms)


def _title(words: str, *facts: str | None) -> str:
    return f"{words}  ({', '.join(fact for fact in facts if fact)})"


def _tell(piece: Piece, plan: Plan, written: Sequence[Path | None], took_ms: float) -> None:
    minutes, seconds = divmod(round(piece.duration_s), 60)
    print(f"{plan.genre} ({plan.style}), {plan.form}, in {plan.key} {plan.mode}, {plan.tempo:g} BPM, {plan.meter}: "
          f"{piece.bars} bars, {minutes}:{seconds:02d}, composed in {took_ms:.0f} ms")
    row = [f"{tick // plan.meter.bar_ticks + 1} {text}" for tick, text in piece.markers]
    print("  " + ", ".join(f"{t.name} {len(t.clip.notes)} notes" for t in piece.tracks))
    print("  bars: " + ", ".join(row))
    for path in written:
        if path is not None:
            print(f"  {path}")
    if not any(written[:2]):
        print("  nothing was written: give -o piece.mid, or --session piece.toml to play it")
