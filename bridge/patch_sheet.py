"""Instruments as a picture: of each the waveform of a note above its spectrogram, for people to compare."""

from __future__ import annotations

import math
import textwrap
import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import DeviceError, InstrumentError
from instruments.registry import InstrumentInfo

if TYPE_CHECKING:
    from bridge.audition import Take

COLUMNS = 4
_INK, _PALE, _WAVE, _EDGE, _BACK = "#1f2933", "#66727f", "#0b5cad", "#d9dee4", "#ffffff"
_WINDOW, _DRUM_WINDOW, _HOP = 4096, 1536, 256
"""Drums are told by when, notes by what."""
_LOW_HZ, _HIGH_HZ, _ROWS = 30.0, 20_000.0, 260
_RANGE_DB = 84.0
_TICKS = ((50, "50"), (200, "200"), (1000, "1k"), (5000, "5k"), (20_000, "20k"))


def require() -> None:
    """Raises DeviceError with the install command where matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise DeviceError("--sheet needs the Python package matplotlib: pip install 'sideman[plot]'") from None


def save(path: Path, found: Sequence[InstrumentInfo], tell: Callable[[str], None] = lambda _: None) -> list[str]:
    """Write the picture (PNG, or what the file's ending says), COLUMNS instruments a row.

    Takes about a second an instrument; tell(name) before each. Returns what could not be played and why, which is
    written into its place. Raises DeviceError: matplotlib or the folder is missing.
    """
    require()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from bridge.audition import take  # loads the synth, or compiles it

    rows = max(1, math.ceil(len(found) / COLUMNS))
    columns = min(COLUMNS, max(1, len(found)))
    width, height = 3.6 * columns + 0.4, 2.75 * rows + 1.2
    figure = Figure(figsize=(width, height), dpi=110, facecolor=_BACK)
    FigureCanvasAgg(figure)
    top, bottom = 1 - 1.08 / height, 0.42 / height
    grid = figure.add_gridspec(rows, columns, left=0.5 / width, right=1 - 0.18 / width, top=top, bottom=bottom,
                               wspace=0.17, hspace=0.42)
    figure.text(0.5 / width, 1 - 0.24 / height, "Instruments", fontsize=15, color=_INK, va="top", weight="bold")
    figure.text(1 - 0.18 / width, 1 - 0.31 / height, "waveform at its own scale; spectrogram 30 Hz to 20 kHz, "
                f"{_RANGE_DB:.0f} dB below its peak, over seconds", fontsize=8, color=_PALE, va="top", ha="right")
    failed = []
    for i, info in enumerate(found):
        tell(info.name)
        cell = grid[i // columns, i % columns].subgridspec(2, 1, height_ratios=(1, 2.1), hspace=0.06)
        wave, sound = figure.add_subplot(cell[0]), figure.add_subplot(cell[1])
        label = info.family if info.family == info.engine else f"{info.family}, {info.engine}"
        try:
            if info.problem:
                raise InstrumentError(info.problem)
            heard = take(info.name)
        except InstrumentError as error:
            failed.append(str(error))
            _failure(wave, sound, str(error))
        else:
            label += f": {heard.what}"
            _wave(wave, heard)
            _spectrogram(sound, heard)
        wave.text(0, 1.32, info.name, transform=wave.transAxes, fontsize=10.5, color=_INK, weight="bold", va="bottom",
                  parse_math=False)
        wave.text(0, 1.06, label, transform=wave.transAxes, fontsize=7.5, color=_PALE, va="bottom", parse_math=False)
        if i % columns:
            sound.tick_params(labelleft=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # glyphs of a name that the font lacks
            figure.savefig(path)
    except (OSError, ValueError) as error:
        raise DeviceError(f"the picture {path} cannot be written: {error}") from None
    return failed


def _bare(axes: Any) -> None:
    for side in axes.spines.values():
        side.set_color(_EDGE)
    axes.tick_params(colors=_PALE, labelsize=7, length=2, color=_EDGE, pad=2)


def _wave(axes: Any, heard: Take) -> None:
    """The outline: least and greatest of each pixel's samples."""
    _bare(axes)
    audio = heard.audio
    points = 900
    usable = audio[: len(audio) // points * points].reshape(points, -1)
    seconds = np.linspace(0, len(audio) / heard.rate, points)
    axes.fill_between(seconds, usable.min(axis=1), usable.max(axis=1), color=_WAVE, linewidth=0.3, edgecolor=_WAVE)
    top = max(float(np.abs(audio).max()), 1e-6)
    axes.set_ylim(-1.08 * top, 1.08 * top)
    axes.set_xlim(0, seconds[-1])
    axes.set_xticks([])
    axes.set_yticks([])
    for side in ("top", "right", "bottom", "left"):
        axes.spines[side].set_visible(False)
    axes.axhline(0, color=_EDGE, linewidth=0.5, zorder=0)


def spectrogram_db(audio: NDArray[np.float32], rate: int, window: int = _WINDOW) -> NDArray[np.float64]:
    """(_ROWS, times) dB below the loudest, rows even on a logarithmic scale of _LOW_HZ to _HIGH_HZ."""
    padded = np.pad(audio, window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::_HOP] * np.hanning(window)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    edges = np.geomspace(_LOW_HZ, _HIGH_HZ, _ROWS + 1) * window / rate
    rows = []
    for low, high in pairwise(edges):
        first, last = math.ceil(low), math.floor(high)
        if last >= first:  # several bins fall into the row: the strongest tells
            rows.append(power[:, first : min(last + 1, power.shape[1])].max(axis=1, initial=0.0))
        else:  # low down a bin spans several rows: between the two around
            middle = (low + high) / 2
            i = min(int(middle), power.shape[1] - 2)
            rows.append(power[:, i] + (middle - i) * (power[:, i + 1] - power[:, i]))
    spectrum = 10 * np.log10(np.maximum(np.array(rows), 1e-20))
    loudest = spectrum.max()
    return spectrum - loudest if loudest > -150 else np.full(spectrum.shape, -_RANGE_DB - 1.0)


def _spectrogram(axes: Any, heard: Take) -> None:
    _bare(axes)
    picture = spectrogram_db(heard.audio, heard.rate, _DRUM_WINDOW if heard.drums else _WINDOW)
    axes.imshow(picture, origin="lower", aspect="auto", cmap="magma", vmin=-_RANGE_DB, vmax=0,
                extent=(0, len(heard.audio) / heard.rate, 0, _ROWS), interpolation="bilinear")
    span = math.log(_HIGH_HZ / _LOW_HZ)
    axes.set_yticks([_ROWS * math.log(hz / _LOW_HZ) / span for hz, _ in _TICKS], [text for _, text in _TICKS])
    axes.set_xticks(range(int(len(heard.audio) / heard.rate) + 1))


def _failure(wave: Any, sound: Any, text: str) -> None:
    for axes in (wave, sound):
        axes.set_axis_off()
    sound.text(0, 1, textwrap.fill(text, 52)[:400], transform=sound.transAxes, fontsize=7, color="#b91c1c", va="top",
               parse_math=False)
