"""A watched clock as a picture: tempo over time, the histogram of its intervals, its transport."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bridge.errors import DeviceError
from bridge.watch.grid import ClockGrid
from bridge.watch.report import Report, position
from bridge.watch.watch import beat_tempos
from composers.score import Meter

if TYPE_CHECKING:
    from numpy.typing import NDArray

_INK, _GRID, _BEAT, _STEADY, _WARN = "#1f2933", "#d9dee4", "#9db7d1", "#0b5cad", "#c2410c"
_COLOURS = {"start": "#15803d", "continue": "#15803d", "stop": "#b91c1c", "song position": "#7c3aed",
            "tempo": _STEADY, "pause": _WARN}
_MARKS = {"start": "▶", "continue": "▶", "stop": "■", "song position": "◆", "tempo": "●", "pause": "▬"}
_POINTS = 4000
"""No more beats are drawn: beyond, every n-th."""
_LOG_ROWS = 14


def require() -> None:
    """Raises DeviceError with the install command where matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise DeviceError("--plot needs the Python package matplotlib: pip install 'sideman[plot]'") from None


def save(path: Path, report: Report, grid: ClockGrid, meter: Meter, source: str) -> None:
    """Write a picture (PNG, or what the file's ending says). Blocks for a second. Raises DeviceError."""
    require()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 8), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    rows = figure.add_gridspec(3, 2, height_ratios=(3.0, 0.55, 2.6), width_ratios=(1.0, 1.15))
    tempo = figure.add_subplot(rows[0, :])
    lane = figure.add_subplot(rows[1, :], sharex=tempo)
    _tempo(tempo, report, grid)
    _lane(lane, report)
    _histogram(figure.add_subplot(rows[2, 0]), report)
    _text(figure.add_subplot(rows[2, 1]), report, meter)
    # A dollar or an underscore in a port's name is no formula.
    figure.suptitle(f"MIDI clock of {source}".replace("$", r"\$"), color=_INK, fontsize=12, x=0.01, ha="left")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # glyphs of a port's name that the font lacks
            figure.savefig(path)
    except (OSError, ValueError) as error:
        raise DeviceError(f"the picture {path} cannot be written: {error}") from None


def _seconds(report: Report, ns: NDArray[np.float64]) -> NDArray[np.float64]:
    return (ns - report.start_ns) / 1e9


def _style(axes: Any) -> None:
    axes.grid(True, color=_GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(_GRID)
    axes.tick_params(colors=_INK, labelsize=9)


def _tempo(axes: Any, report: Report, grid: ClockGrid) -> None:
    _style(axes)
    ns, bpm = beat_tempos(grid)
    axes.set_ylabel("BPM", color=_INK)
    axes.tick_params(labelbottom=False)
    axes.set_title("Tempo: each beat by least squares; lines: steady stretches", loc="left", fontsize=10, color=_INK)
    axes.set_xlim(0.0, max(report.seconds, 0.001))
    axes.ticklabel_format(axis="y", useOffset=False)
    if not len(bpm):
        axes.text(0.5, 0.5, "less than one beat of clocks", transform=axes.transAxes, ha="center", color=_INK)
        return
    step = max(1, len(bpm) // _POINTS)
    axes.plot(_seconds(report, ns)[::step], bpm[::step], ".", color=_BEAT, markersize=3, zorder=2)
    for number, steady in enumerate(report.tempos):
        x = _seconds(report, np.array([steady.start_ns, steady.end_ns], float))
        axes.plot(x, [steady.bpm, steady.bpm], color=_STEADY, linewidth=1.8, zorder=3, solid_capstyle="butt")
        if number < 12:
            audio = steady.audio_drift_ppm is not None
            ppm = steady.audio_drift_ppm if audio else steady.drift_ppm
            by = "the sound card's clock" if audio else "this machine's clock"
            drift = "" if ppm is None else f"  ({ppm:+.1f} ppm of {steady.nominal_bpm:g} by {by})"
            axes.annotate(f"{steady.bpm:.3f}{drift}", (x.mean(), steady.bpm), xytext=(0, 14),
                          textcoords="offset points", ha="center", va="bottom", fontsize=9, color=_STEADY, zorder=4,
                          bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5})
    # A tempo that hardly moves is not blown up until rounding looks like drama; the labels need room above.
    low, high = float(bpm.min()), float(bpm.max())
    room = max(0.2 * (high - low), 0.02)
    axes.set_ylim(low - room, high + 1.6 * room)
    for entry in report.log:
        if entry.kind in ("start", "continue", "stop"):
            axes.axvline((entry.ns - report.start_ns) / 1e9, color=_COLOURS[entry.kind], linewidth=0.8, alpha=0.5)


def _lane(axes: Any, report: Report) -> None:
    _style(axes)
    axes.grid(False)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("seconds", color=_INK)
    playing: float | None = None
    for entry in report.log:
        x = (entry.ns - report.start_ns) / 1e9
        axes.plot([x], [0.72 if entry.kind == "song position" else 0.4], linestyle="none",
                  marker={"start": ">", "continue": ">", "stop": "s", "song position": "D", "tempo": "o",
                          "pause": "_"}[entry.kind],
                  color=_COLOURS[entry.kind], markersize=7, clip_on=False, zorder=3)
        if entry.kind in ("start", "continue"):
            playing = x if playing is None else playing
        elif entry.kind == "stop" and playing is not None:
            axes.axvspan(playing, x, 0.3, 0.5, color="#bbf7d0", zorder=1)
            playing = None
    if playing is not None:
        axes.axvspan(playing, report.seconds, 0.3, 0.5, color="#bbf7d0", zorder=1)


def _histogram(axes: Any, report: Report) -> None:
    _style(axes)
    axes.grid(False, axis="x")
    spread = report.histogram
    axes.set_title("Intervals: deviation from their neighbours (log scale)", loc="left", fontsize=10, color=_INK)
    axes.set_xlabel("ms", color=_INK)
    axes.set_ylabel("clocks", color=_INK)
    if spread is None:
        return
    edges = np.array(spread.edges_ms)
    axes.bar(edges[:-1], spread.counts, np.diff(edges), align="edge", color=_STEADY, edgecolor="white", linewidth=0.4)
    axes.set_yscale("symlog", linthresh=10)
    axes.set_ylim(0, max(10, 2 * max(spread.counts)))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlim(-spread.range_ms, spread.range_ms)
    note = f"p50 {report.jitter_p50_ms:.3f} ms\np99 {report.jitter_p99_ms:.3f} ms\nmax {report.jitter_max_ms:.3f} ms"
    if outside := spread.below + spread.above:
        note += f"\noutside: {outside}"
    axes.text(0.98, 0.96, note, transform=axes.transAxes, ha="right", va="top", fontsize=9, color=_INK)


def _text(axes: Any, report: Report, meter: Meter) -> None:
    axes.axis("off")
    faults = {"dropped": report.dropped, "doubled": report.doubled, "bunched": report.bunched}
    lines = [(f"{report.clocks:,} clocks in {report.seconds:.1f} s", _INK)]
    colour = _WARN if any(faults.values()) else _INK
    lines.append((", ".join(f"{count} {name}" for name, count in faults.items()), colour))
    lines += [(f"{count} {name}", _INK) for name, count in report.others.items()][:3]
    lines.append(("", _INK))
    shown = report.log[:_LOG_ROWS]
    for entry in shown:
        first = "" if entry.first_clock_ms is None else f"first clock {entry.first_clock_ms:.1f} ms later"
        lines.append((f"{_MARKS[entry.kind]} {(entry.ns - report.start_ns) / 1e9:9.3f} s  {entry.kind:<13} "
                      f"{position(entry.tick, meter):>9}  {entry.detail or first}", _COLOURS[entry.kind]))
    if len(report.log) > len(shown):
        lines.append((f"and {len(report.log) - len(shown)} more (--json has all)", _INK))
    if not shown:
        lines.append(("no transport messages", _INK))
    axes.set_title("Transport", loc="left", fontsize=10, color=_INK)
    for row, (text, colour) in enumerate(lines):
        axes.text(0.0, 0.97 - row * 0.056, text, transform=axes.transAxes, va="top", fontsize=8.5, color=colour,
                  family="DejaVu Sans Mono", parse_math=False)
