"""sideman genres"""

from __future__ import annotations

import json

import click

from bridge.commands import completion
from composers.composer import find_genre, genre_names
from composers.errors import MusicError


@click.command()
@click.argument("genre", required=False, shell_complete=completion.genres)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(genre: str | None, as_json: bool) -> None:
    """List the genres, or the styles of GENRE with their tempi, meters, forms and usual bands.

    \b
    sideman genres
    sideman genres jazz
    sideman play jazz-trio          then: sideman modify genre=rock style=ballad
    """
    names = genre_names() if genre is None else [genre]
    rows = [row for name in names for row in rows_of(name)]
    if as_json:
        print(json.dumps(rows))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("genre", "style", "tempo", "meters", "forms", "modes", "band"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(row["genre"], row["style"], row["tempo"], row["meters"], row["forms"], row["modes"], row["band"])
    Console().print(table)


def rows_of(name: str) -> list[dict[str, str]]:
    """A row for each style of a genre. Raises MusicError for one that is not known."""
    from composers.genre import StyledGenre

    genre = find_genre(name)
    if not isinstance(genre, StyledGenre):  # a genre of somebody else's making
        return [{"genre": name, "style": style, "tempo": f"{genre.usual_tempo(style):g}",
                 "meters": " ".join(map(str, genre.meters)), "forms": ", ".join(genre.forms),
                 "modes": ", ".join(genre.modes), "band": ", ".join(genre.ensemble(style))}
                for style in genre.styles or _nothing(name)]
    return [
        {
            "genre": name, "style": style.name,
            "tempo": f"{style.tempi.usual:g} ({style.tempi.low:g}-{style.tempi.high:g})",
            "meters": " ".join(map(str, style.meters)),
            "forms": ", ".join(style.forms), "modes": ", ".join(style.modes), "band": ", ".join(style.ensemble),
        }
        for style in genre.by_name.values()
    ]


def _nothing(name: str) -> list[str]:
    raise MusicError(f"genre {name!r} has no styles to list: ask whoever made it")
