"""Tables of figures: in a terminal, and as Markdown between marks in a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from bridge.errors import DataError

_WIDE = 170


class Table(NamedTuple):
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def spread(found: dict[str, float] | None) -> str:
    """ "0.75 (0.66-0.83)", or "-"."""
    return f"{number(found['p50'])} ({number(found['p10'])}-{number(found['p90'])})" if found else "-"


def show(tables: Iterable[Table], after: Sequence[str] = ()) -> None:
    """Print tables, a miss in red, and lines after them."""
    from rich.console import Console
    from rich.table import Table as Grid

    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)
    for table in tables:
        grid = Grid(title=table.title, title_justify="left", box=None)
        for index, name in enumerate(table.head):
            grid.add_column(name, justify="left" if index == 0 else "right", no_wrap=index == 0)
        for row in table.rows:
            grid.add_row(*row, style="bold red" if "MISSED" in row else None)
        console.print(grid)
        console.print(table.note, style="dim")
    for line in after:
        console.print(line)


def markdown(table: Table) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.strip() or " " for cell in cells) + " |"

    rule = line(["---"] + ["--:"] * (len(table.head) - 1))
    text = "\n".join([f"### {table.title}", "", line(table.head), rule, *map(line, table.rows)])
    return f"{text}\n\n{table.note}" if table.note else text


def marks(name: str) -> tuple[str, str]:
    """Where the tables of `sideman bench NAME` go in a page."""
    return f"<!-- sideman bench {name}: begin -->", f"<!-- sideman bench {name}: end -->"


def write_into(path: Path, name: str, text: str) -> None:
    """Replace what stands between the marks of a bench in a file. Raises DataError where they are not."""
    begin, end = marks(name)
    try:
        page = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}: give a file that holds {begin} and {end}") from error
    before, begun, rest = page.partition(begin)
    _, ended, after = rest.partition(end)
    if not begun or not ended:
        raise DataError(f"{path} has no place for the tables: write {begin} and {end} into it, each on its own line")
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
