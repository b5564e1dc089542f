"""A loop-back measurement as a picture: each delay, how they are distributed, and one repetition as it was heard."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from bridge.calibrate.delays import Delays
from bridge.calibrate.report import Measured, kind, series
from bridge.calibrate.tape import Take
from bridge.errors import DeviceError

_INK, _GRID, _DOT, _LINE, _BAND = "#1f2933", "#d9dee4", "#0b5cad", "#c2410c", "#fde3d3"
_BEFORE_S, _AFTER_S = 0.004, 0.02


def require() -> None:
    """Raises DeviceError with the install command where matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise DeviceError("--plot needs the Python package matplotlib: pip install 'sideman[plot]'") from None


def save(path: Path, measured: Measured, take: Take, source: str) -> None:
    """Write a picture (PNG, or what the file's ending says). Blocks for a second. Raises DeviceError."""
    require()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lists = series(measured)
    heard = take.audio.shape[0] > 0
    figure = Figure(figsize=(11, 3.2 * (len(lists) + heard)), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(len(lists) + heard, 2, width_ratios=(2.4, 1.0))
    for row, (name, delays) in enumerate(lists.items()):
        one = figure.add_subplot(grid[row, 0])
        _delays(one, name, delays)
        _histogram(figure.add_subplot(grid[row, 1], sharey=one), delays)
    if heard:
        _waveform(figure.add_subplot(grid[len(lists), :]), take, next(iter(lists.values())), kind(measured))
    doubt = "  NOT TO BE TRUSTED" if measured.doubt else ""
    # A dollar or an underscore in a port's name is no formula.
    title = f"sideman calibrate {kind(measured)}: {source}{doubt}".replace("$", r"\$")
    figure.suptitle(title, color=_INK, fontsize=11, x=0.01, ha="left")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # glyphs of a port's name that the font lacks
            figure.savefig(path)
    except (OSError, ValueError) as error:
        raise DeviceError(f"the picture {path} cannot be written: {error}") from None


def _style(axes: Any) -> None:
    axes.grid(True, color=_GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(_GRID)
    axes.tick_params(colors=_INK, labelsize=9)
    axes.ticklabel_format(axis="y", useOffset=False)


def _delays(axes: Any, name: str, delays: Delays) -> None:
    _style(axes)
    low, high = delays.median_range_ms
    axes.axhspan(low, high, color=_BAND, zorder=1)
    axes.axhline(delays.median_ms, color=_LINE, linewidth=1.2, zorder=2)
    axes.plot(delays.at_s, delays.ms, "o", color=_DOT, markersize=4, zorder=3)
    axes.set_title(f"{name}: median {delays.median_ms:.3f} ms (band: 95 %), jitter {delays.jitter_ms:.3f} ms, "
                   f"{delays.heard} of {delays.sent}", loc="left", fontsize=10, color=_INK)
    axes.set_xlabel("seconds", color=_INK)
    axes.set_ylabel("ms", color=_INK)
    axes.set_ylim(*_limits(delays))


def _limits(delays: Delays) -> tuple[float, float]:
    """Delays that hardly differ are not blown up until rounding looks like drama."""
    least, most = min(delays.ms), max(delays.ms)
    room = max(0.1 * (most - least), 0.02)
    return least - room, most + room


def _histogram(axes: Any, delays: Delays) -> None:
    _style(axes)
    bins = max(9, min(41, delays.heard // 3))
    axes.hist(delays.ms, bins, _limits(delays), orientation="horizontal", color=_DOT, edgecolor="white", linewidth=0.4)
    axes.set_xlabel("how many", color=_INK)
    axes.tick_params(labelleft=False)


def _waveform(axes: Any, take: Take, delays: Delays, what: str) -> None:
    """The repetition whose delay is nearest to the median, around where it was heard to begin."""
    _style(axes)
    axes.set_xlabel("ms from where it begins, by the measurement", color=_INK)
    axes.set_ylabel("input", color=_INK)
    typical = int(np.argmin(np.abs(np.array(delays.ms) - delays.median_ms)))
    at = delays.at_s[typical]
    # The clock's own figures hold the time of the sound, the others the time of sending.
    begins = at if what == "clock" else at + delays.ms[typical] / 1000.0
    first = max(0, round((begins - _BEFORE_S) * take.rate))
    part = take.audio[0, first : round((begins + _AFTER_S) * take.rate)]
    axes.plot((first + np.arange(len(part)) - begins * take.rate) * 1000.0 / take.rate, part, color=_DOT, linewidth=0.9)
    axes.axvline(0.0, color=_LINE, linewidth=1.2)
    axes.set_xlim(-_BEFORE_S * 1000.0, _AFTER_S * 1000.0)
    axes.set_title(f"As it was heard, at {begins:.2f} s", loc="left", fontsize=10, color=_INK)
