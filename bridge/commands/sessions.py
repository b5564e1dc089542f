"""sideman sessions"""

from __future__ import annotations

import json

import click

from bridge import session as sessions


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of a table.")
def command(as_json: bool) -> None:
    """List the built-in sessions.

    \b
    sideman sessions
    sideman play NAME            play one
    sideman play my.toml         play your own: copy one from the folder that is printed below the table
    """
    rows = [(name, sessions.load(name)) for name in sessions.builtin_names()]
    if as_json:
        click.echo(json.dumps([{
            "name": name, "title": s.name, "description": s.description, "genre": s.music.genre, "form": s.music.form,
            "key": s.music.key, "mode": s.music.mode, "tempo": s.music.tempo, "meter": s.music.meter,
            "tracks": [{"name": t.name, "instrument": t.instrument, "parts": t.parts} for t in s.tracks],
        } for name, s in rows], indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for heading in ("Session", "Genre", "Key", "BPM", "Meter", "Tracks", "What it is"):
        table.add_column(heading, justify="right" if heading == "BPM" else "left")
    for name, s in rows:
        table.add_row(name, s.music.genre, f"{s.music.key} {s.music.mode}", f"{s.music.tempo:g}", s.music.meter,
                      ", ".join(t.name for t in s.tracks), s.description)
    console = Console()
    console.print(table)
    console.print(f"\nTheir files: {sessions.builtin_folder()}", style="dim", soft_wrap=True)
