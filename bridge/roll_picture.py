"""A piece as a picture: a piano roll, a lane of its own for drums, sections and chords above. For people to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bridge.errors import DeviceError
from composers.piece import Piece, Track
from composers.score import PPQ, Note

_INK, _GRID, _BAR = "#1f2933", "#eef1f4", "#c3cad3"
_COLOURS = ("#0b5cad", "#c2410c", "#15803d", "#7c3aed", "#b45309", "#be185d", "#0e7490", "#4d7c0f", "#6b7280")
_BARS_A_ROW, _MOST_ROWS = 16, 12
_DRUMS = {
    35: "kick", 36: "kick", 37: "rim", 38: "snare", 40: "snare", 39: "clap", 42: "hat", 44: "pedal", 46: "open hat",
    49: "crash", 57: "crash", 51: "ride", 53: "bell", 59: "ride", 41: "tom", 43: "tom", 45: "tom", 47: "tom", 48: "tom",
    50: "tom", 54: "tamb.", 70: "shaker", 82: "shaker", 56: "cowbell",
}  # fmt: skip
_LANES = ("crash", "ride", "bell", "open hat", "hat", "pedal", "shaker", "tamb.", "cowbell", "tom", "clap", "rim",
          "snare", "kick")  # fmt: skip


def require() -> None:
    """Raises DeviceError with the install command where matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise DeviceError("--picture needs the Python package matplotlib: pip install 'sideman[plot]'") from None


def save(path: Path, piece: Piece, title: str = "") -> None:
    """Write a picture (PNG, or what the file's ending says), 16 bars a row. Blocks for a second. Raises DeviceError."""
    require()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    spans = list(piece.bar_spans())
    rows = min(_MOST_ROWS, max(1, -(-len(spans) // _BARS_A_ROW)))
    pitched = [t for t in piece.tracks if not t.is_drums]
    drums = [t for t in piece.tracks if t.is_drums]
    keys = [n.pitch for t in pitched for n in t.clip.notes]
    low, high = (min(keys) - 1, max(keys) + 1) if keys else (59, 61)
    lanes = [name for name in _LANES if any(_DRUMS.get(n.pitch) == name for t in drums for n in t.clip.notes)]
    pitched_height, drum_height = (high - low) * 0.055 if keys else 0.2, len(lanes) * 0.13
    figure = Figure(figsize=(15, 0.9 + rows * (pitched_height + drum_height + 0.75)), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    heights = [h for _ in range(rows) for h in ((pitched_height, drum_height) if lanes else (pitched_height,))]
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    for row in range(rows):
        inside = spans[row * _BARS_A_ROW : (row + 1) * _BARS_A_ROW]
        if not inside:
            break
        start, end = inside[0].start, inside[0].start + _BARS_A_ROW * (inside[0].end - inside[0].start)
        place = row * (2 if lanes else 1)
        axes = figure.add_subplot(grid[place, 0])
        _roll(axes, pitched, piece, inside, start, end, low, high, first=row * _BARS_A_ROW)
        if lanes:
            _kit(figure.add_subplot(grid[place + 1, 0]), drums, inside, start, end, lanes, len(pitched))
    _legend(figure, piece)
    words = title or piece.title or "Piece"
    figure.suptitle(words.replace("$", r"\$"), color=_INK, fontsize=13, x=0.01, ha="left")
    try:
        figure.savefig(path)
    except (OSError, ValueError) as error:
        raise DeviceError(f"the picture {path} cannot be written: {error}") from None


def _bare(axes: Any, start: int, end: int, inside: Any) -> None:
    axes.set_xlim(start, end)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=7, colors=_INK, length=0)
    axes.set_xticks([])
    for span in inside:
        axes.axvline(span.start, color=_BAR, linewidth=0.8, zorder=0)
        for beat in range(span.start + PPQ, span.end, PPQ):
            axes.axvline(beat, color=_GRID, linewidth=0.6, zorder=0)


def _roll(axes: Any, tracks: list[Track], piece: Piece, inside: Any, start: int, end: int, low: int, high: int, *,
          first: int) -> None:
    _bare(axes, start, end, inside)
    axes.set_ylim(low, high)
    octaves = [k for k in range(low, high + 1) if k % 12 == 0]
    axes.set_yticks(octaves, [f"C{k // 12 - 1}" for k in octaves])
    for key in octaves:
        axes.axhline(key - 0.5, color=_BAR, linewidth=0.6, zorder=0)
    for index, track in enumerate(tracks):
        colour = _COLOURS[index % len(_COLOURS)]
        for n in track.clip.notes:
            if start <= n.start < end:
                axes.add_patch(_box(n, colour))
    for tick, symbol in piece.chords:
        if start <= tick < end:
            axes.text(tick + 20, high + 0.6, symbol, fontsize=7.5, color=_INK, va="bottom")
    for tick, text in piece.markers:
        if start <= tick < end:
            axes.text(tick + 20, high + 3.2, text, fontsize=8.5, color=_COLOURS[1], va="bottom",
                      fontweight="bold")
    axes.set_ylabel(f"bar {first + 1}", fontsize=8, color=_INK, rotation=0, ha="right", va="top", y=1.0)


def _box(note: Note, colour: str) -> Any:
    """Louder notes are darker."""
    from matplotlib.patches import Rectangle

    return Rectangle((note.start, note.pitch - 0.45), max(20, note.length), 0.9, facecolor=colour,
                     alpha=0.3 + 0.7 * note.velocity / 127, linewidth=0)


def _kit(axes: Any, drums: list[Track], inside: Any, start: int, end: int, lanes: list[str], colour: int) -> None:
    _bare(axes, start, end, inside)
    axes.set_ylim(-0.6, len(lanes) - 0.4)
    axes.set_yticks(range(len(lanes)), lanes[::-1])
    hits = [(n.start, len(lanes) - 1 - lanes.index(_DRUMS[n.pitch]), n.velocity) for t in drums for n in t.clip.notes
            if start <= n.start < end and n.pitch in _DRUMS and _DRUMS[n.pitch] in lanes]
    if hits:
        x, y, velocity = zip(*hits, strict=True)
        axes.scatter(x, y, s=[3 + 22 * (v / 127) ** 2 for v in velocity], color=_COLOURS[colour % len(_COLOURS)],
                     linewidths=0)


def _legend(figure: Any, piece: Piece) -> None:
    from matplotlib.lines import Line2D

    ordered = [t for t in piece.tracks if not t.is_drums] + [t for t in piece.tracks if t.is_drums]
    lines = [Line2D([], [], color=_COLOURS[min(i, len(ordered)) % len(_COLOURS)], linewidth=5, label=t.name)
             for i, t in enumerate(ordered)]
    figure.legend(handles=lines, loc="upper right", ncols=min(8, len(lines) or 1), fontsize=8, frameon=False)
