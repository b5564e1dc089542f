"""The tables of `sideman bench music`: for people in a terminal, and as Markdown for docs/music.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from composers.statistics.measures import MEASURES

_SHOWN_NOISE = ("uniform", "diatonic", "shuffled pitches", "own grid", "shuffled chords")


_WIDE = 170


class Table(NamedTuple):
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def spread(found: dict[str, float] | None) -> str:
    """ "0.75 (0.66-0.83)", or "-"."""
    return f"{number(found['p50'])} ({number(found['p10'])}-{number(found['p90'])})" if found else "-"


def gate_table(title: str, found: dict[str, Any]) -> Table:
    rows = []
    for gate in found["gates"]:
        verdict = "does not apply" if gate["met"] is None else "met" if gate["met"] else "MISSED"
        worth = gate["worth"]
        rejects = "-" if worth is None else f"{worth:.0%}" + (" (measures nothing)" if gate["measure"]
                                                              in found["worthless"] else "")  # fmt: skip
        source = "" if gate["measured"] else " (taught)"
        inside = "-" if gate["inside"] is None else f"{gate['inside']:.0%}"
        rows.append((gate["measure"], gate["band"] + source, number(gate["median"]), verdict, inside, rejects))
    head = ("gate", "band", "our median", "", "of our pieces inside", "of the best baseline rejected")
    return Table(f"{title}: gates", head, tuple(rows))


def measure_table(title: str, found: dict[str, Any]) -> Table:
    measures = found["measures"]
    noise = [name for name in _SHOWN_NOISE if any(m["random"].get(name) for m in measures.values())]
    corpora = list(dict.fromkeys(name for m in measures.values() for name in m.get("real", {})))
    rows = []
    for name, measure in measures.items():
        random = [number(s["p50"]) if (s := measure["random"].get(who)) else "-" for who in noise]
        real = [spread(measure.get("real", {}).get(corpus)) for corpus in corpora]
        unit = MEASURES[name].unit
        rows.append((name + (f" [{unit}]" if unit else ""), spread(measure["ours"]), *real, *random))
    return Table(f"{title}: median (10-90 %)", ("measure", "ours", *corpora, *noise), tuple(rows))


def tables(result: dict[str, Any]) -> Iterator[Table]:
    """Everything that was measured, genre by genre."""
    for profiles in result["genres"].values():
        for profile, found in profiles.items():
            yield gate_table(profile, found)
            yield measure_table(profile, found)


def show(result: dict[str, Any]) -> None:
    """Print the tables; a miss stands out."""
    from rich.console import Console
    from rich.table import Table as Grid

    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)
    for table in tables(result):
        grid = Grid(title=table.title, title_justify="left", box=None)
        for index, name in enumerate(table.head):
            grid.add_column(name, justify="left" if index == 0 else "right", no_wrap=index == 0)
        for row in table.rows:
            grid.add_row(*row, style="bold red" if "MISSED" in row else None)
        console.print(grid)
        console.print()
    console.print("missed: " + ("; ".join(result["missed"]) or "nothing"))


def markdown(result: dict[str, Any]) -> str:
    return "\n\n".join(_markdown(table) for table in tables(result))


def _markdown(table: Table) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cells) + " |"

    rule = line(["---"] + ["--:"] * (len(table.head) - 1))
    return "\n".join([f"### {table.title}", "", line(table.head), rule, *map(line, table.rows)])
