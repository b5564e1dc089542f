"""A mix as a picture: loudness over time, octave bands against the genre's, the stereo field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.analyze.mix import OCTAVES_HZ, MixFigures
from bridge.analyze.targets import BAND_DB, END_DB, LIVE_LU, LIVE_LUFS, TARGETS
from bridge.errors import DeviceError
from instruments.loudness import momentary_lufs, short_term_lufs

_INK, _GRID, _DOT, _LINE, _BAND = "#1f2933", "#d9dee4", "#0b5cad", "#c2410c", "#fde3d3"


def require() -> None:
    """Raises DeviceError with the install command where matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise DeviceError("--picture needs the Python package matplotlib: pip install 'sideman[plot]'") from None


def save(path: Path, audio: NDArray[np.floating], mix: MixFigures, title: str, genre: str | None = None) -> None:
    """Write a picture (PNG, or what the file's ending says). Blocks for a second. Raises DeviceError."""
    require()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 7.5), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(3, 2, width_ratios=(2.6, 1.0), height_ratios=(0.7, 1.0, 1.2))
    stereo = np.broadcast_to(audio, (2, audio.shape[1]))
    _wave(figure.add_subplot(grid[0, 0]), stereo, mix.rate)
    _loudness(figure.add_subplot(grid[1, 0]), stereo, mix, genre)
    _octaves(figure.add_subplot(grid[2, 0]), mix, genre)
    _field(figure.add_subplot(grid[:2, 1]), stereo, mix)
    _words(figure.add_subplot(grid[2, 1]), mix)
    figure.suptitle(title.replace("$", r"\$"), color=_INK, fontsize=12, x=0.01, ha="left")
    try:
        figure.savefig(path)
    except (OSError, ValueError) as error:
        raise DeviceError(f"the picture {path} cannot be written: {error}") from None


def _style(axes: Any, title: str) -> None:
    axes.grid(True, color=_GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_title(title, fontsize=9, color=_INK, loc="left")
    axes.tick_params(labelsize=8, colors=_INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _wave(axes: Any, stereo: NDArray[np.floating], rate: int) -> None:
    """The envelope of both channels, a column a pixel or so."""
    _style(axes, "level")
    columns = min(1500, stereo.shape[1])
    edges = np.linspace(0, stereo.shape[1], columns + 1).astype(int)[:-1]
    time = edges / rate
    for row, sign in zip(stereo, (1, -1), strict=True):
        top = np.maximum.reduceat(np.abs(row), edges)
        axes.fill_between(time, 0, sign * top, color=_DOT, linewidth=0)
    axes.set_ylim(-1, 1)
    axes.set_yticks([-0.5, 0.5], ["right", "left"])
    axes.set_xlim(0, stereo.shape[1] / rate)


def _loudness(axes: Any, stereo: NDArray[np.floating], mix: MixFigures, genre: str | None) -> None:
    _style(axes, f"loudness, LUFS: integrated {mix.integrated_lufs:.1f}, range {mix.range_lu:.1f} LU")
    momentary, short = momentary_lufs(stereo, mix.rate), short_term_lufs(stereo, mix.rate)
    aim = TARGETS[genre].lufs if genre is not None and genre in TARGETS else LIVE_LUFS
    axes.axhspan(aim - LIVE_LU, aim + LIVE_LU, color=_BAND, linewidth=0)
    axes.plot(0.4 + 0.1 * np.arange(len(momentary)), momentary, color=_GRID, linewidth=0.9, label="momentary")
    axes.plot(3 + 0.1 * np.arange(len(short)), short, color=_DOT, linewidth=1.4, label="short-term")
    axes.axhline(max(-60.0, mix.integrated_lufs), color=_LINE, linewidth=1, label="integrated")
    axes.set_ylim(-45, 0)
    axes.set_xlim(0, mix.seconds)
    axes.set_xlabel("s", fontsize=8)
    axes.legend(fontsize=7, frameon=False, ncols=3, loc="lower right")


def _octaves(axes: Any, mix: MixFigures, genre: str | None) -> None:
    of = f", band: {genre}" if genre else ""
    _style(axes, f"octave bands, dB re 1 kHz (tilt {mix.tilt_db:+.1f} dB/oct){of}")
    x = np.arange(len(OCTAVES_HZ))
    bands = np.maximum(mix.octaves_db, -45)
    colours = [_DOT] * len(x)
    if genre is not None and genre in TARGETS:
        aim = np.array(TARGETS[genre].octaves_db)
        span = np.array([BAND_DB if 50 < hz < 9000 else END_DB for hz in OCTAVES_HZ])
        axes.bar(x, 2 * span, bottom=aim - span, width=0.9, color=_BAND)
        colours = [_DOT if abs(b - a) <= s else _LINE for a, b, s in zip(aim, bands, span, strict=True)]
    axes.bar(x, bands + 45, bottom=-45, width=0.5, color=colours)
    axes.set_xticks(x, [f"{hz / 1000:g}k" if hz >= 1000 else f"{hz:g}" for hz in OCTAVES_HZ])
    axes.set_ylim(-45, 20)


def _field(axes: Any, stereo: NDArray[np.floating], mix: MixFigures) -> None:
    """Side across, middle up: mono is a vertical line."""
    _style(axes, f"stereo field (correlation {mix.correlation:+.2f})")
    step = max(1, stereo.shape[1] // 12000)
    left, right = stereo[0, ::step], stereo[1, ::step]
    scale = float(np.abs(stereo).max()) or 1.0
    axes.plot((right - left) / 2 / scale, (left + right) / 2 / scale, ",", color=_DOT, alpha=0.5)
    axes.set_xlim(-1, 1)
    axes.set_ylim(-1, 1)
    axes.set_aspect("equal")
    axes.set_xticks([-0.7, 0.7], ["L", "R"])
    axes.set_yticks([])


def _words(axes: Any, mix: MixFigures) -> None:
    axes.axis("off")
    rows = (
        ("true peak", f"{mix.true_peak_db:.1f} dBTP"), ("sample peak", f"{mix.sample_peak_db:.1f} dBFS"),
        ("loudest 3 s", f"{mix.short_term_lufs:.1f} LUFS"), ("crest", f"{mix.crest_db:.1f} dB"),
        ("side/middle", f"{mix.side_db:.1f} dB"), ("... below 120 Hz", f"{mix.bass_side_db:.1f} dB"),
        ("loss in mono", f"{mix.mono_loss_lu:.1f} LU"), ("DC", f"{mix.dc_db:.0f} dBFS"),
    )
    for i, (name, value) in enumerate(rows):
        y = 0.95 - i * 0.12
        axes.text(0.0, y, name, fontsize=9, color=_INK, transform=axes.transAxes)
        axes.text(1.0, y, value, fontsize=9, color=_INK, transform=axes.transAxes, ha="right")
