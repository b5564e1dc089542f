"""Is it music: statistics of each genre's pieces over many seeds, beside real data and random music made from them.

Per profile of a genre (jazz: the band, its heads, its solos) a table: our median and 10 to 90 %, the real data's, the
random baselines', and the gates. A gate is met where our median lies inside; `inside` says how many pieces do, and
`worth` how many random pieces it rejects: near 0 it measures nothing, and is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from bridge.bench import music_drums, music_seeds
from bridge.bench.figures import quantile
from bridge.bench.music_real import MISSING, SOURCES, real
from bridge.bench.music_real import pieces as stretches
from composers.composer import Genre, Plan, find_genre, genre_names
from composers.errors import MusicError
from composers.genre import StyledGenre
from composers.instrumentation import KEYBOARDS, plain
from composers.score import Meter, Note
from composers.statistics.baselines import BASELINES, against
from composers.statistics.gates import GATES, PROFILES, Gate, worth
from composers.statistics.measures import MEASURES, measured
from composers.statistics.piece import Piece, of_band
from composers.statistics.references import Aggregate
from models import genre_style, genre_training
from models.errors import CorpusError, WeightsError

GENRES = ("jazz", "rock", "hip-hop", "edm", "classical", "ambient")
"""That Sideman promises."""
_SECTION = {"jazz head": "head", "jazz solo": "solo"}
"""Profiles that begin with the first section of a name, where the others begin with bar 0."""
_KEYBOARD = {"classical voices": False, "classical piano": True}
"""Profiles that take only styles with a keyboard in their ensemble, or only those without."""
_KEYS = ("C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F")
_ALIKE = 20
_LEAST_WORTH = 0.5
_MOST_BARS_AHEAD = 160
_CHUNK = 5


@dataclass(frozen=True, slots=True)
class Order:
    """Which pieces to compose: `style` None for each style of the profile in turn; `varied`: in all keys, and in minor
    too."""

    genre: str
    profile: str
    bars: int
    style: str | None = None
    varied: bool = True


def _profiles(genre: str) -> tuple[str, ...]:
    try:
        return PROFILES[genre]
    except KeyError:
        raise MusicError(f"genre {genre!r} has no gates: choose one of {', '.join(PROFILES)}") from None


def styles_of(genre: str, profile: str) -> tuple[str, ...]:
    """The genre's styles that a profile is about; none where the genre has none of the kind."""
    found = find_genre(genre)
    wanted = _KEYBOARD.get(profile)
    if wanted is None:
        return tuple(found.styles)
    return tuple(s for s in found.styles if any(plain(i) in KEYBOARDS for i in found.ensemble(s)) is wanted)


def plan_of(order: Order, seed: int) -> Plan:
    """Another key each seed, one in three in minor where the style knows it, at the style's usual tempo and on its
    usual instruments; the genre chooses the form."""
    genre = find_genre(order.genre)
    styles = [order.style] if order.style else styles_of(order.genre, order.profile)
    style = styles[seed % len(styles)]
    turn = seed // len(styles)
    meters, modes = _offers(genre, style)
    mode = "minor" if order.varied and turn % 3 == 2 and "minor" in modes else modes[0]
    parts, sounds = _part_by_part(genre.arrange(genre.ensemble(style)))
    key = _KEYS[turn % 12] if order.varied else "C"
    return genre.resolve(Plan(
        genre=order.genre, style=style, key=key, mode=mode, seed=seed, meter=meters[0], parts=parts, sounds=sounds,
        tempo=genre.usual_tempo(style),
    ))  # fmt: skip


def _part_by_part(arranged: Mapping[str, tuple[str, ...]]) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """A track a part, so that a pianist's melody is told from his chords; and what each sounds like."""
    split = {name if len(parts) == 1 else f"{name} {part}": (name, part)
             for name, parts in arranged.items() for part in parts}  # fmt: skip
    return {track: (part,) for track, (_, part) in split.items()}, {track: name for track, (name, _) in split.items()}


def _offers(genre: Genre, style: str) -> tuple[tuple[Meter, ...], tuple[str, ...]]:
    """Meters and modes of a style; of the genre, where its styles do not tell."""
    if isinstance(genre, StyledGenre):
        own = genre.style(style)
        return own.meters, own.modes
    return genre.meters, genre.modes


def compose(order: Order, seed: int) -> Piece:
    """`order.bars` bars from where the profile begins."""
    plan = plan_of(order, seed)
    band = find_genre(order.genre).band(plan)
    first = 0
    wanted = _SECTION.get(order.profile)
    if wanted:
        first = next(bar for bar in range(_MOST_BARS_AHEAD) if band.chart(bar).section.split()[0] == wanted)
    return of_band(band, plan, order.bars, first, plan.tempo)


class Row(NamedTuple):
    """A seed's measures: of our piece ("ours") and of every baseline made from it.

    kit: its drums, where it is in 4/4; called: its genre by the classifier of genres, "" where weights are missing.
    """

    style: str
    values: Mapping[str, Mapping[str, float | None]]
    kit: tuple[Note, ...] = ()
    called: str = ""


def row(order: Order, seed: int) -> Row:
    """One seed."""
    piece = compose(order, seed)
    found: dict[str, Mapping[str, float | None]] = {"ours": measured(piece)}
    for name, make in BASELINES.items():
        wanted = [m.name for m in MEASURES.values() if name in against(m.scope)]
        found[name] = measured(make(piece, seed), wanted)
    kit = piece.of("drums") if str(piece.meter) == "4/4" else ()
    try:
        chances = genre_style.classify(piece)
    except WeightsError:
        chances = {"": 1.0}
    return Row(plan_of(order, seed).style or "", found, kit, max(chances, key=chances.__getitem__))


def _rows(order: Order, seeds: Sequence[int]) -> list[Row]:
    return [row(order, seed) for seed in seeds]


def rows(order: Order, seeds: int, pool: ProcessPoolExecutor | None = None) -> Iterator[Row]:
    """All seeds, in order; over the processes of a pool, where one is given."""
    if pool is None:
        yield from (row(order, seed) for seed in range(seeds))
        return
    chunks = [range(first, min(first + _CHUNK, seeds)) for first in range(0, seeds, _CHUNK)]
    for some in pool.map(_rows, [order] * len(chunks), chunks):
        yield from some


def pool_of(processes: int) -> ProcessPoolExecutor:
    """Workers that stay for all genres: each takes a second to start."""
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"))


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
                if profile == _profiles(genre)[0] or profile in _KEYBOARD:
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
