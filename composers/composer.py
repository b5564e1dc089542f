"""What a composer is: the plan it is given, the band it makes, and the registry that finds both by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from composers.errors import MusicError
from composers.score import Clip, Meter


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides what is played. The same plan gives the same music, bar by bar, in any order.

    genre   a registered genre's name
    key     tonic and mode as written by people: "C", "Eb", "F#"; mode "major", "minor", "dorian", ...
    form    a form of the genre, or None for the genre's own choice
    seed    any integer; another seed is another piece
    energy  0..1, density and intensity of everybody's playing
    swing   share of the beat before the off-beat eighth, 0.5 (straight) .. 0.75, or None for the genre's own
    parts   per track (in the session's order) the names of the parts it plays, e.g. {"piano": ("comp", "melody")}
    length  bars until the piece ends, or None for endless: the last bars are played as an ending
    """

    genre: str = "jazz"
    key: str = "C"
    mode: str = "major"
    meter: Meter = field(default_factory=Meter)
    form: str | None = None
    seed: int = 1
    energy: float = 0.6
    swing: float | None = None
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    length: int | None = None


@dataclass(frozen=True, slots=True)
class BarChart:
    """What a reader sees of a bar: its section and its chords as (beat, symbol), beats counted from 0."""

    bar: int
    section: str
    chords: tuple[tuple[float, str], ...]


@runtime_checkable
class Band(Protocol):
    """A plan made playable. Pure: compose(bar) depends on the plan and on `bar` alone, never on earlier calls."""

    def compose(self, bar: int) -> Mapping[str, Clip]:
        """One clip a track of the plan, each spanning bar `bar` (>= 0). Takes a few ms; may cache, never waits."""
        ...

    def chart(self, bar: int) -> BarChart: ...


@runtime_checkable
class Genre(Protocol):
    """A genre by name: what it can play, and the band for a plan."""

    name: str
    parts: tuple[str, ...]
    forms: tuple[str, ...]
    meters: tuple[Meter, ...]
    modes: tuple[str, ...]
    instruments: tuple[str, ...]

    def band(self, plan: Plan) -> Band:
        """Raises MusicError for a key, mode, form, meter or part that it does not know."""
        ...

    def arrange(self, instruments: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
        """Who plays what: instrument names ("piano", "bass", "drums", "sax") -> the parts each takes.

        Raises MusicError for an instrument that has no place in the genre.
        """
        ...


_genres: dict[str, Genre] = {}
_loaded = False


def register_genre(genre: Genre) -> None:
    """Make a genre known by its name. The last registration of a name wins."""
    _genres[genre.name] = genre


def _load() -> None:
    """Take in the genres that installed packages (this one too) announce under the entry point sideman.genres."""
    global _loaded  # noqa: PLW0603 - a cache of what is installed
    if _loaded:
        return
    _loaded = True
    from importlib.metadata import entry_points  # half the import time of this module, which not everybody needs

    for point in entry_points(group="sideman.genres"):
        if point.name not in _genres:
            register_genre(point.load())


def genre_names() -> list[str]:
    _load()
    return sorted(_genres)


def find_genre(name: str) -> Genre:
    """Raises MusicError that lists the known genres."""
    _load()
    try:
        return _genres[name]
    except KeyError:
        raise MusicError(f"genre {name!r} is not known: choose one of {', '.join(genre_names())}") from None


def make_band(plan: Plan) -> Band:
    """The band that plays `plan`. Raises MusicError naming what the plan asks for in vain."""
    return find_genre(plan.genre).band(plan)
