"""Our pieces for `sideman bench music`: which are composed, and what is measured of each, over some processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import NamedTuple

from bridge.errors import WorkerError
from composers.composer import Genre, Plan, find_genre
from composers.genre import StyledGenre
from composers.instrumentation import KEYBOARDS, plain
from composers.score import Meter, Note
from composers.statistics.baselines import BASELINES, against
from composers.statistics.measures import MEASURES, measured
from composers.statistics.piece import Piece, of_band
from models import genre_style
from models.errors import WeightsError

_SECTION = {"jazz head": "head", "jazz solo": "solo", "EDM": "drop"}
"""Profiles that begin with the first section of a name, where the others begin with bar 0."""
KEYBOARD = {"classical voices": False, "classical piano": True}
"""Profiles that take only styles with a keyboard in their ensemble, or only those without."""
_KEYS = ("C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F")
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


def styles_of(genre: str, profile: str) -> tuple[str, ...]:
    """The genre's styles that a profile is about; none where the genre has none of the kind."""
    found = find_genre(genre)
    wanted = KEYBOARD.get(profile)
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


@contextmanager
def pool_of(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Workers that stay for all genres: each takes a second to start. Raises WorkerError when one of them has died."""
    try:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            yield pool
    except BrokenProcessPool:
        raise WorkerError(f"one of the {processes} processes that measure ended without an answer: it was killed, or "
                          f"there was no memory left: close what needs much, and "
                          f"run it again, one genre at a time (--genre)") from None
