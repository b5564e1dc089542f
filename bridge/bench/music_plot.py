"""A picture of the gates: our pieces, real ones, random ones, each gate on a scale of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bridge.errors import DataError

_NOISE = {"uniform": "tab:red", "diatonic": "tab:orange", "shuffled pitches": "tab:pink", "own grid": "tab:brown",
          "uniform pitches": "tab:purple", "shuffled chords": "tab:gray"}  # fmt: skip


def plot(result: dict[str, Any], path: Path) -> None:
    """Write a picture (any format that matplotlib knows by the path's ending). Raises DataError without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise DataError(f"{path} is not drawn: pip install 'sideman[plot]'") from None
    found = {name: each for genre in result["genres"].values() for name, each in genre["profiles"].items()}
    lines = sum(len(each["gates"]) + 2 for each in found.values())
    figure = Figure(figsize=(11, 1 + 0.32 * lines), layout="constrained")
    axes = figure.subplots(len(found), 1, squeeze=False, height_ratios=[len(e["gates"]) + 2 for e in found.values()])
    for axis, (name, each) in zip(axes[:, 0], found.items(), strict=True):
        _draw(axis, name, each)
    known: dict[str, Any] = {}
    for axis in axes[:, 0]:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            known.setdefault(label, handle)
    figure.legend(list(known.values()), list(known), loc="outside upper center", ncols=len(known), fontsize=8)
    figure.savefig(path, dpi=110)


def _draw(axis: Any, title: str, found: dict[str, Any]) -> None:
    names = []
    for y, gate in enumerate(found["gates"]):
        measure = found["measures"].get(gate["measure"])
        names.append(f"{gate['measure']}  {gate['band']}")
        if measure is None:
            continue
        shown = [measure["ours"], *(s for s in (*measure["random"].values(), *measure["real"].values()) if s)]
        bounds = [edge for edge in (gate["low"], gate["high"]) if edge is not None]
        low = min([s["p10"] for s in shown] + bounds)
        span = (max([s["p90"] for s in shown] + bounds) - low) or 1.0

        def at(value: float, low: float = low, span: float = span) -> float:
            return (value - low) / span

        first = at(gate["low"]) if gate["low"] is not None else 0.0
        last = at(gate["high"]) if gate["high"] is not None else 1.0
        axis.barh(y, last - first, left=first, height=0.8, color="tab:green", alpha=0.2, label="gate")
        ours = measure["ours"]
        axis.plot([at(ours["p10"]), at(ours["p90"])], [y, y], color="tab:blue", lw=3)
        axis.plot(at(ours["p50"]), y, "o", color="tab:blue", label="ours, 10-90 %")
        for who, noise in measure["random"].items():
            if noise:
                axis.plot(at(noise["p50"]), y, "x", color=_NOISE[who], label=who)
        for real in measure["real"].values():
            if real:
                axis.plot(at(real["p50"]), y, "D", color="black", ms=4, label="real")
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.set_xticks([])
    axis.invert_yaxis()
    axis.set_title(title, loc="left", fontsize=9)
