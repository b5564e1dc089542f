"""The tables of `sideman bench restyle`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bridge.bench import tables as printing
from bridge.bench.tables import Table, number, share


def tables(result: dict[str, Any]) -> Iterator[Table]:
    """What was kept, where the pieces came, what their own genre does to them."""
    yield _kept(result)
    yield _moved(result)
    yield _gates(result)
    if result["own"]:
        yield _own(result)
    rows = tuple((corpus, str(result["corpora"][corpus]), _named(named)) for corpus, named in result["sources"].items())
    yield Table("The pieces themselves", ("corpus", "pieces", "called"), rows)


def _kept(result: dict[str, Any]) -> Table:
    names = ("melody_kept", "notes_kept", "rhythm_kept", "phrases_kept", "harmony_kept", "form_kept")
    rows = []
    for to, strengths in result["to"].items():
        for strength, found in strengths.items():
            kept = [f"{number(v['p50'])} ({number(v['p10'])})" if (v := found[name]) else "-" for name in names]
            rows.append((f"{to}, {strength}", share(found["contour_kept_share"]), *kept, number(found["changed"])))
    head = ("to, strength", "contour >= .9", "contour", "notes", "rhythm", "phrase ends", "harmony", "form",
            "bars apart")  # fmt: skip
    note = "Contour: correlation, -1 to 1; bars apart: 0 the same bars, 1 nothing in common; else shares."
    return Table("Restyled: what is kept, median (10 %)", head, tuple(rows), note)


def _moved(result: dict[str, Any]) -> Table:
    strengths = list(next(iter(result["to"].values()), {}))
    rows = tuple(
        (to, *(f"{share(found[s]['called_target'])} ({number(found[s]['target_chance'])})" for s in strengths))
        for to, found in result["to"].items()
    )
    note = ("Of EDM, ambient and hip-hop the classifier knows no real notes, of jazz and rock only drummers: that they "
            "are heard as their target says that its band plays. Classical is told by real scores.")  # fmt: skip
    return Table("Restyled: called the target by strength, share (mean probability)", ("to", *strengths), rows, note)


def _gates(result: dict[str, Any]) -> Table:
    rows = []
    for to, strengths in result["to"].items():
        for strength, found in strengths.items():
            if strength != "0":
                rows.append((f"{to}, {strength}", share(found["gates_before"]), share(found["gates_after"]),
                             str(found["gates_won"]), str(found["gates_lost"])))  # fmt: skip
    return Table("Restyled: gates of the target's rhythm, texture, harmony and drums",
                 ("to, strength", "met before", "met after", "won", "lost"), tuple(rows),
                 "Gates that apply both before and after; drums only where the piece had some.")  # fmt: skip


def _own(result: dict[str, Any]) -> Table:
    rows = []
    for to, strengths in result["own"].items():
        for strength, found in strengths.items():
            others = result["to"][to][strength]
            pairs = [(found[name], others[name]) for name in ("rhythm_kept", "harmony_kept")]
            told = [f"{number(a and a['p50'])} (others {number(b and b['p50'])})" for a, b in pairs]
            rows.append((f"{to}, {strength}", str(found["pieces"]), number(found["changed"]), *told,
                         share(found["called_target"])))  # fmt: skip
    return Table("Restyled to the genre that they are of", ("to, strength", "pieces", "bars apart", "rhythm", "harmony",
                                                           "called it"), tuple(rows))  # fmt: skip


def _named(named: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(named.items(), key=lambda n: -n[1]))


def _summary(result: dict[str, Any]) -> list[str]:
    lines = [f"{result['pieces']} pieces; {share(result['contour'])} keep .9 of the tune's contour at strength .5"]
    return lines + [f"refused: {text}" for text in result["refused"]]


def show(result: dict[str, Any]) -> None:
    """Print the tables."""
    printing.show(tables(result), _summary(result))


def markdown(result: dict[str, Any]) -> str:
    return "\n\n".join(["\n".join(f"- {line}" for line in _summary(result)), *map(printing.markdown, tables(result))])


def write_into(path: Path, result: dict[str, Any]) -> None:
    """Replace the tables of a page. Raises DataError where it has no place for them."""
    printing.write_into(path, "restyle", markdown(result))
