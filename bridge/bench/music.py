"""Is it music: statistics of each genre's pieces over many seeds, beside real data and random music made from them.

Per profile of a genre (jazz: the band, its heads, its solos) a table: our median and 10 to 90 %, the real data's, the
random baselines', and the gates. A gate is met where our median lies inside; `inside` says how many pieces do, and
`worth` how many random pieces it rejects: near 0 it measures nothing, and is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from bridge.bench.figures import quantile
from composers.composer import Plan, find_genre
from composers.statistics.baselines import BASELINES, against
from composers.statistics.gates import GATES, PROFILES, Gate, worth
from composers.statistics.measures import MEASURES, measured
from composers.statistics.piece import Piece, of_band

BANDS: Mapping[str, tuple[str, ...]] = {
    "jazz": ("sax", "piano", "bass", "drums"),
}
"""The instruments that are heard of each genre."""
_BPM = {"jazz": 140.0}
_SECTION = {"jazz head": "head", "jazz solo": "solo"}
"""Profiles that begin with the first section of a name, where the others begin with bar 0."""
_KEYS = ("C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F")
_LEAST_WORTH = 0.5
_MOST_BARS_AHEAD = 160


@dataclass(frozen=True, slots=True)
class Order:
    """Which pieces to compose: `style` None for the genre's own choice by seed."""

    genre: str
    profile: str
    bars: int
    style: str | None = None


def plan_of(order: Order, seed: int) -> Plan:
    """Another key each seed, one in three in minor where the genre knows it; the genre chooses the form."""
    genre = find_genre(order.genre)
    mode = "minor" if seed % 3 == 2 and "minor" in genre.modes else genre.modes[0]
    parts = genre.arrange(BANDS[order.genre])
    return Plan(genre=order.genre, key=_KEYS[seed % 12], mode=mode, seed=seed, parts=parts)


def compose(order: Order, seed: int) -> Piece:
    """`order.bars` bars from where the profile begins."""
    plan = plan_of(order, seed)
    band = find_genre(order.genre).band(plan)
    first = 0
    wanted = _SECTION.get(order.profile)
    if wanted:
        first = next(bar for bar in range(_MOST_BARS_AHEAD) if band.chart(bar).section.split()[0] == wanted)
    return of_band(band, plan, order.bars, first, _BPM.get(order.genre, 120.0))


def row(order: Order, seed: int) -> dict[str, dict[str, float | None]]:
    """One seed: the measures of our piece ("ours") and of every baseline made from it."""
    piece = compose(order, seed)
    found = {"ours": measured(piece)}
    for name, make in BASELINES.items():
        wanted = [m.name for m in MEASURES.values() if name in against(m.scope)]
        found[name] = measured(make(piece, seed), wanted)
    return found


def _rows(order: Order, seeds: Sequence[int]) -> list[dict[str, dict[str, float | None]]]:
    return [row(order, seed) for seed in seeds]


def rows(order: Order, seeds: int, processes: int = 2) -> Iterator[dict[str, dict[str, float | None]]]:
    """All seeds, in order, over some processes."""
    size = 5
    chunks = [range(first, min(first + size, seeds)) for first in range(0, seeds, size)]
    if processes == 1 or len(chunks) == 1:
        for chunk in chunks:
            yield from _rows(order, chunk)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for some in pool.map(_rows, [order] * len(chunks), chunks):
            yield from some


def spread(values: Sequence[float]) -> dict[str, float] | None:
    """Median and 10 to 90 %; None of nothing."""
    if not values:
        return None
    return {"p50": round(quantile(values, 0.5), 3), "p10": round(quantile(values, 0.1), 3),
            "p90": round(quantile(values, 0.9), 3), "n": len(values)}


def _verdict(gate: Gate, values: Callable[[str, str], list[float]]) -> dict[str, Any]:
    ours = values("ours", gate.measure)
    noise = {who: values(who, gate.measure) for who in against(gate.scope)}
    rejected = {who: round(worth(gate, them), 2) for who, them in noise.items() if them}
    middle = quantile(ours, 0.5) if ours else None
    return {
        "measure": gate.measure, "band": str(gate), "measured": gate.measured,
        "median": None if middle is None else round(middle, 3),
        "met": None if middle is None else gate.passes(middle),
        "inside": round(sum(map(gate.passes, ours)) / len(ours), 2) if ours else None,
        "rejects": rejected, "worth": max(rejected.values(), default=None),
    }  # fmt: skip


def table(found: Sequence[Mapping[str, Mapping[str, float | None]]], profile: str) -> dict[str, Any]:
    """The measures and the gates of a profile's rows."""
    def values(who: str, name: str) -> list[float]:
        return [value for each in found if (value := each[who].get(name)) is not None]

    measures = {
        name: {"ours": mine, "random": {who: spread(values(who, name)) for who in against(measure.scope)}}
        for name, measure in MEASURES.items() if (mine := spread(values("ours", name)))
    }  # fmt: skip
    gates = [_verdict(gate, values) for gate in GATES[profile]]
    return {
        "measures": measures, "gates": gates,
        "missed": [g["measure"] for g in gates if g["met"] is False],
        "not_applicable": [g["measure"] for g in gates if g["met"] is None],
        "worthless": [g["measure"] for g in gates if g["worth"] is not None and g["worth"] < _LEAST_WORTH],
    }  # fmt: skip


def run(
    genres: Sequence[str] = (), seeds: int = 100, bars: int = 32, tell: Callable[[str], None] = print,
    processes: int = 2,
) -> dict[str, Any]:
    """`genres` empty: all that have a band here. See `table` for what stands under each profile."""
    figures: dict[str, Any] = {}
    for genre in genres or BANDS:
        figures[genre] = {}
        for profile in PROFILES[genre]:
            tell(f"{profile}: {seeds} seeds of {bars} bars")
            figures[genre][profile] = table(list(rows(Order(genre, profile, bars), seeds, processes)), profile)
    missed = [f"{genre}: {profile}: {name}" for genre, profiles in figures.items()
              for profile, found in profiles.items() for name in found["missed"]]
    return {"seeds": seeds, "bars": bars, "genres": figures, "missed": missed}
