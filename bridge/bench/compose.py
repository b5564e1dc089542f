"""What composing costs: a melody, 32 bars of a full band, one bar after a jump or a change of plan, a style transfer.

Cold means: a new band, and every cache of what was asked before emptied; tables that depend on nothing and are made
once in a process stay. Warm: a new band, of a plan that was never asked for, in a process that has played others. Times
are CPU time of the thread: the composer's process has one that matters.
"""

from __future__ import annotations

import functools
import gc
import inspect
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from bridge.bench.figures import median, quantile
from composers.composer import Genre, Plan, find_genre, genre_names
from composers.genre import StyledGenre
from composers.ml_composer import MLComposer
from composers.performing import played
from composers.restyle import restyle

MELODY_MS = 5.0
BAND_MS_P99 = 50.0
STYLE_TRANSFER_MS = 100.0
_BARS = 32
_TRANSFER_BARS = 16
_MELODY_BARS = 8
_FAR_BARS = 256
_KEYS = ("C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F")


def plan_of(name: str, seed: int) -> Plan:
    """A full band: each style in turn on its usual instruments, at its usual tempo, in another key each time."""
    genre = find_genre(name)
    style = genre.styles[seed % len(genre.styles)]
    meter, mode = _first(genre, style)
    return Plan(
        genre=name, style=style, seed=seed, key=_KEYS[seed % 12], mode=mode, meter=meter,
        tempo=genre.usual_tempo(style), parts=genre.arrange(genre.ensemble(style)),
    )  # fmt: skip


def _first(genre: Genre, style: str) -> tuple[Any, str]:
    own = genre.style(style) if isinstance(genre, StyledGenre) else genre
    return own.meters[0], own.modes[0]


def empty_caches() -> int:
    """Forget what was computed from arguments anywhere in `composers`; how many caches were emptied."""
    emptied = 0
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "composers":
            for value in vars(module).values():
                if isinstance(value, functools._lru_cache_wrapper) and inspect.signature(value).parameters:
                    value.cache_clear()
                    emptied += 1
    return emptied


def _ms(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return (time.thread_time() - began) * 1e3


def spread(values: Sequence[float]) -> dict[str, float]:
    return {"p50": round(quantile(values, 0.5), 3), "p99": round(quantile(values, 0.99), 3),
            "max": round(max(values), 3), "runs": len(values)}  # fmt: skip


def melody_ms(genres: Sequence[str], seeds: int, *, cold: bool = False) -> dict[str, list[float]]:
    """Eight bars of melody by rules, as a program asks for them, each of another seed; by genre."""
    return {
        genre: [
            _ms(partial(MLComposer(seed=seed).generate_melody, num_bars=_MELODY_BARS, style=genre))
            for seed in range(seeds) if not cold or _cold()
        ]
        for genre in genres
    }  # fmt: skip


def band_ms(genre: str, seeds: range, *, cold: bool = True) -> dict[str, list[float]]:
    """32 bars of a full band by style."""
    found: dict[str, list[float]] = {}
    for seed in seeds:
        plan = plan_of(genre, seed)
        gc.collect()
        if cold:
            empty_caches()
        found.setdefault(plan.style or "", []).append(_ms(partial(_play, plan, range(_BARS))))
    return found


def bar_ms(genre: str, seeds: int) -> dict[str, list[float]]:
    """One bar, while the process goes on: after a jump of the same band, after a change of the plan (a new band)."""
    draw = random.Random(1)
    found: dict[str, list[float]] = {"jump": [], "change": []}
    for seed in range(seeds):
        plan = plan_of(genre, seed)
        band = find_genre(genre).band(plan)
        bar = draw.randrange(_FAR_BARS)
        found["jump"].append(_ms(partial(band.compose, bar)))
        changed = replace(plan, energy=draw.random(), density=draw.random(), key=_KEYS[draw.randrange(12)])
        found["change"].append(_ms(partial(_play, changed, [bar])))
    return found


def style_transfer_ms(genres: Sequence[str], seeds: int) -> dict[str, list[float]]:
    """A whole piece of 16 bars by a band of one genre, heard and given to another at strength .7, cold; by target."""
    found: dict[str, list[float]] = {genre: [] for genre in genres}
    for seed in range(seeds):
        for place, to in enumerate(genres):
            plan = replace(plan_of(genres[(place + 1 + seed) % len(genres)], seed), length=_TRANSFER_BARS)
            piece = played(plan, find_genre(plan.genre).band(plan), _TRANSFER_BARS, "source")
            _cold()
            found[to].append(_ms(partial(restyle, piece, to, seed=seed)))
    return found


def _cold() -> bool:
    gc.collect()
    return empty_caches() > 0


def _play(plan: Plan, bars: Sequence[int]) -> None:
    band = find_genre(plan.genre).band(plan)
    for bar in bars:
        band.compose(bar)


def run(seeds: int = 60, genres: Sequence[str] = (), tell: Callable[[str], None] = print) -> dict[str, Any]:
    """About a second a genre and ten seeds.

    melody_ms                       median, 8 bars of melody by rules, warm; melody_cold_ms; melody_by_genre_ms
    GENRE.band_ms                   p50, p99, max: 32 bars of a full band, cold; band_warm_ms
    GENRE.bar_ms                    one bar, warm: after a jump to another (jump_ms), after a change of plan (change_ms)
    GENRE.styles_ms                 medians of band_ms by style
    style_transfer_ms               median, 16 bars given to another genre; style_transfer: p50, p99, max; by target
    """
    names = list(genres) or genre_names()
    for name in names:  # imports and tables made once
        _play(plan_of(name, 0), range(2))
    tell(f"melodies: {seeds} seeds")
    melodies, colds = melody_ms(names, seeds), melody_ms(names, max(2, seeds // 4), cold=True)
    figures: dict[str, Any] = {
        "melody_ms": median([ms for found in melodies.values() for ms in found]),
        "melody_cold_ms": median([ms for found in colds.values() for ms in found]),
        "melody_by_genre_ms": {genre: spread(found) for genre, found in melodies.items()},
    }  # fmt: skip
    for name in names:
        tell(f"{name}: {seeds} seeds")
        by_style, warm = band_ms(name, range(seeds)), band_ms(name, range(seeds, 2 * seeds), cold=False)
        one = bar_ms(name, seeds)
        figures[name] = {
            "band_ms": spread([ms for found in by_style.values() for ms in found]),
            "band_warm_ms": spread([ms for found in warm.values() for ms in found]),
            "bar_ms": spread([ms for found in one.values() for ms in found]),
            "jump_ms": spread(one["jump"]), "change_ms": spread(one["change"]),
            "styles_ms": {style: median(found) for style, found in by_style.items()},
        }  # fmt: skip
    tell(f"style transfer: {max(2, seeds // 4)} seeds")
    transfers = style_transfer_ms(names, max(2, seeds // 4))
    every = [ms for found in transfers.values() for ms in found]
    figures |= {
        "style_transfer_ms": median(every), "style_transfer": spread(every),
        "style_transfer_by_target_ms": {genre: spread(found) for genre, found in transfers.items()},
    }  # fmt: skip
    targets = {"melody_ms": MELODY_MS, "style_transfer_ms": STYLE_TRANSFER_MS,
               **{f"{name}.band_ms.p99": BAND_MS_P99 for name in names}}
    return {"seeds": seeds, **figures, "targets": targets, "missed": missed(figures, names)}


def missed(figures: dict[str, Any], genres: Sequence[str]) -> list[str]:
    """Names of the targets that are not met."""
    most = {"melody_ms": MELODY_MS, "style_transfer_ms": STYLE_TRANSFER_MS}
    slow = [name for name, limit in most.items() if figures[name] > limit]
    return slow + [f"{name}.band_ms.p99" for name in genres if figures[name]["band_ms"]["p99"] > BAND_MS_P99]
