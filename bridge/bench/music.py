"""Is it music: statistics of each genre's pieces over many seeds, beside real data and random music made from them.

Per profile of a genre (jazz: the band, its heads, its solos) a table: our median and 10 to 90 %, the real data's, the
random baselines', and the gates. A gate is met where our median lies inside; `inside` says how many pieces do, and
`worth` how many random pieces it rejects: near 0 it measures nothing, and is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bridge.bench import music_drums, music_seeds
from bridge.bench.figures import quantile
from bridge.bench.music_real import MISSING, SOURCES, real
from bridge.bench.music_real import pieces as stretches
from bridge.bench.music_rows import KEYBOARD, Order, Row, compose, pool_of, rows, styles_of
from composers.composer import genre_names
from composers.errors import MusicError
from composers.score import Note
from composers.statistics.baselines import against
from composers.statistics.gates import GATES, PROFILES, Gate, worth
from composers.statistics.measures import MEASURES
from composers.statistics.references import Aggregate
from models import genre_style, genre_training
from models.errors import CorpusError, WeightsError

GENRES = ("jazz", "rock", "hip-hop", "edm", "classical", "ambient")
"""That Sideman promises."""
_ALIKE = 20
_LEAST_WORTH = 0.5


def _profiles(genre: str) -> tuple[str, ...]:
    try:
        return PROFILES[genre]
    except KeyError:
        raise MusicError(f"genre {genre!r} has no gates: choose one of {', '.join(PROFILES)}") from None


def spread(values: Sequence[float]) -> dict[str, float] | None:
    """Median and 10 to 90 %; None of nothing."""
    if not values:
        return None
    return {"p50": round(quantile(values, 0.5), 3), "p10": round(quantile(values, 0.1), 3),
            "p90": round(quantile(values, 0.9), 3), "n": len(values)}


Real = Mapping[str, Mapping[str, list[float] | Aggregate]]
"""Corpus -> measure -> values of its pieces."""


def _verdict(gate: Gate, values: Callable[[str, str], list[float]], real: Real) -> dict[str, Any]:
    ours = values("ours", gate.measure)
    noise = {who: values(who, gate.measure) for who in against(gate.scope)}
    rejected = {who: round(worth(gate, them), 2) for who, them in noise.items() if them}
    middle = quantile(ours, 0.5) if ours else None
    return {
        "measure": gate.measure, "band": str(gate), "low": gate.low, "high": gate.high, "measured": gate.measured,
        "median": None if middle is None else round(middle, 3),
        "met": None if middle is None else gate.passes(middle),
        "inside": round(sum(map(gate.passes, ours)) / len(ours), 2) if ours else None,
        "real_inside": {corpus: round(sum(map(gate.passes, them)) / len(them), 2) for corpus, found in real.items()
                        if isinstance(them := found.get(gate.measure), list)},
        "rejects": rejected, "worth": max(rejected.values(), default=None),
    }  # fmt: skip


def table(
    found: Sequence[Row], profile: str, real: Real
) -> dict[str, Any]:
    """The measures and the gates of a profile's rows; which gates each style misses by its own median."""

    def values(who: str, name: str) -> list[float]:
        return [value for each in found if (value := each.values[who].get(name)) is not None]

    measures = {
        name: {"ours": mine, "random": {who: spread(values(who, name)) for who in against(measure.scope)},
               "real": {corpus: _real(them[name]) for corpus, them in real.items() if name in them}}
        for name, measure in MEASURES.items() if (mine := spread(values("ours", name)))
    }  # fmt: skip
    gates = [_verdict(gate, values, real) for gate in GATES[profile]]
    styles = sorted({each.style for each in found})
    return {
        "measures": measures, "gates": gates, "no_reference": MISSING.get(profile, ""),
        "missed": [g["measure"] for g in gates if g["met"] is False],
        "styles": {style: _missed([each for each in found if each.style == style], profile) for style in styles},
        "not_applicable": [g["measure"] for g in gates if g["met"] is None],
        "worthless": [g["measure"] for g in gates if g["worth"] is not None and g["worth"] < _LEAST_WORTH],
    }  # fmt: skip


def _missed(found: Sequence[Row], profile: str) -> dict[str, float]:
    """Gates that the median of these rows misses, with that median."""
    missed = {}
    for gate in GATES[profile]:
        ours = [value for each in found if (value := each.values["ours"].get(gate.measure)) is not None]
        if ours and not gate.passes(middle := quantile(ours, 0.5)):
            missed[gate.measure] = round(middle, 3)
    return missed


def _real(found: list[float] | Aggregate) -> dict[str, float] | None:
    return dict(found._asdict()) if isinstance(found, Aggregate) else spread(found)


def run(
    genres: Sequence[str] = (), seeds: int = 100, bars: int = 32, tell: Callable[[str], None] = print,
    processes: int = 2, folder: Path | None = None, advance: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """`genres` empty: all that are registered and have gates (`known`). Per genre: `profiles` (see `table`), `drums`
    (see music_drums.heard), `seeds` (see music_seeds.distances). `advance` is called once a piece.

    `absent`: genres that have gates and are not registered; profiles that no style of a genre is about.
    """
    names = list(genres) or known()
    figures: dict[str, Any] = {}
    missed: list[str] = []
    gone = [] if genres else absent()
    if gone:
        tell(f"not registered: {', '.join(gone)}; measured: {', '.join(names)}")
    by = _listeners(names, folder, tell)
    with ExitStack() as stack:
        pool = stack.enter_context(pool_of(processes)) if processes > 1 else None
        for genre in names:
            profiles: dict[str, Any] = {}
            kits: list[tuple[str, Sequence[Note]]] = []
            called: dict[str, Counter[str]] = {}
            for profile in _profiles(genre):
                if not styles_of(genre, profile):
                    tell(f"{profile}: no style of {genre} is of this kind")
                    gone.append(profile)
                    continue
                tell(f"{profile}: {seeds} seeds of {bars} bars")
                found = []
                for each in rows(Order(genre, profile, bars), seeds, pool):
                    found.append(each)
                    advance()
                if profile == _profiles(genre)[0] or profile in KEYBOARD:
                    kits += [(each.style, each.kit) for each in found if each.kit]
                    for each in found:
                        called.setdefault(each.style, Counter())[each.called] += 1
                profiles[profile] = table(found, profile, real(profile, bars, seeds, folder, tell))
                missed += [f"{profile}: {name}" for name in profiles[profile]["missed"]]
            figures[genre] = {"profiles": profiles, "drums": None, "seeds": _apart(genre, bars, folder),
                              "called": {style: dict(names.most_common()) for style, names in called.items()}}
            if by is not None and genre in music_drums.STYLE_OF_GENRE:
                tell(f"{genre}: what a classifier calls its drums")
                figures[genre]["drums"] = music_drums.heard(kits, bars, genre, by)
                missed += music_drums.missed(genre, figures[genre]["drums"])
    return {"seeds": seeds, "bars": bars, "genres": figures, "drum_classifier": by.trials if by else None,
            "genre_classifier": _genre_classifier(folder, tell), "missed": missed, "absent": gone}  # fmt: skip


def _genre_classifier(folder: Path | None, tell: Callable[[str], None]) -> dict[str, Any] | None:
    """What the shipped classifier was trained on, and how it fares on real pieces; None where there are none."""
    tell("classifier of genres: real pieces that it has not seen")
    try:
        told = genre_style.told()
        trials = genre_training.real_trials(genre_style.shipped(), folder)
    except (CorpusError, WeightsError) as missing:
        tell(f"  left out: {missing}")
        return None
    return {"trained": told["trained"], "unseen_styles": told["right"]["unseen_styles"], "trials": trials}


def known() -> list[str]:
    """The genres that are registered and have gates."""
    return [name for name in genre_names() if name in PROFILES]


def absent() -> list[str]:
    """The genres of GENRES that nobody has registered."""
    return [name for name in GENRES if name not in genre_names()]


def count(genres: Sequence[str], seeds: int) -> int:
    """How many pieces `run` will compose for its tables. Raises MusicError for a genre without gates."""
    return seeds * sum(bool(styles_of(genre, p)) for genre in genres or known() for p in _profiles(genre))


def _listeners(
    genres: Sequence[str], folder: Path | None, tell: Callable[[str], None]
) -> music_drums.Listeners | None:
    if not any(genre in music_drums.STYLE_OF_GENRE for genre in genres):
        return None
    tell("drum styles: training on Groove MIDI")
    try:
        return music_drums.listeners(folder)
    except CorpusError as missing:
        tell(f"  left out: {missing}")
        return None


def _apart(genre: str, bars: int, folder: Path | None) -> dict[str, Any]:
    """Twenty seeds of one plan, beside twenty real songs."""
    profile = next(each for each in PROFILES[genre] if styles_of(genre, each))
    order = Order(genre, profile, bars, styles_of(genre, profile)[0], varied=False)
    source = SOURCES["pop/rock"][0]
    try:
        songs = list(stretches(source, bars, _ALIKE, folder))
    except CorpusError:
        songs = []
    return music_seeds.distances([compose(order, seed) for seed in range(_ALIKE)], songs)
