"""A loop-back measurement in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.calibrate import report
from bridge.calibrate.delays import Delays
from bridge.calibrate.report import Measured
from bridge.calibrate.tape import Take

_BINS, _BAR = 9, 40


def show(measured: Measured, take: Take, lines: Sequence[str], written: str) -> None:
    """lines: what to paste; written: where it has been written to, or ""."""
    console = Console()
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for what, how_much in report.rows(measured):
        table.add_row(what, Text(how_much))
    console.print(table)
    for name, delays in report.series(measured).items():
        console.print(Text(f"\n{name}, ms", "dim"))
        console.print(_bars(delays))
    said = report.notes(measured)
    if take.gaps:
        said.append(f"The device left out frames {len(take.gaps)} times (xruns); what they touch does not count.")
    for note in said:
        console.print(Text(f"\n{note}", "yellow"))
    if measured.doubt:
        console.print(Text(f"\nNot to be trusted: {measured.doubt}.", "bold red"))
        return
    if report.kind(measured) == "audio":
        trip = next(iter(report.series(measured).values())).median_ms
        console.print(Text(f"\nFor the other measurements: --round-trip {trip:.3f}", "bold green"))
    for text in lines:
        console.print(Text("\n" + text, "bold green"), soft_wrap=True)
    if written:
        console.print(Text(f"\n{written}"), soft_wrap=True)
    elif lines:
        console.print("\nPut this into the session file (or use --write).", style="dim")


def _bars(delays: Delays) -> Text:
    """A histogram, a line for each bin; delays all alike are one line."""
    low, high = min(delays.ms), max(delays.ms)
    # Bins are no finer than what is worth knowing: 0.01 ms, half a frame.
    bins = max(1, min(_BINS, round((high - low) / 0.01)))
    middle = 0.5 * (low + high)
    half = max(0.5 * (high - low), 0.005)
    counts, edges = np.histogram(delays.ms, bins, (middle - half, middle + half))
    text = Text()
    for count, left, right in zip(counts, edges[:-1], edges[1:], strict=True):
        text.append(f"{0.5 * (left + right):10.3f} ", "dim")
        text.append("█" * round(int(count) / int(max(counts)) * _BAR) or ("▏" if count else ""), "cyan")
        text.append(f" {count}\n" if count else "\n")
    text.rstrip()
    return text
