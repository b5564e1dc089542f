"""What a composer is: the plan it is given, the band it makes, and the registries that find both by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, runtime_checkable

from composers.errors import MusicError
from composers.layers import Layer
from composers.lead_sheet import LeadSheet
from composers.score import Clip, Meter, Span, Tick

PARTS = ("melody", "counter", "riff", "comp", "pad", "arp", "bass", "drums", "percussion", "fx")
"""What a track can play. Every genre takes all of them, so that a session may change its genre while it plays; where a
style has nothing for a part, it plays the nearest that it has, or rests."""


class Cue(NamedTuple):
    """From bar `bar` on (counted from 0) the form goes on from its first section called `section`.

    section  a role ("chorus", "solo", "outro"), a letter ("B"), or a role with its number ("verse 2")
    """

    bar: int
    section: str


class Heard(NamedTuple):
    """What comes from outside while we play: a player's chords and dynamics, as values, sorted by tick.

    chords  (tick, symbol): from its tick on the band plays this harmony instead of the chart's, until the next, or for
            as long as `hold` ticks when no other follows; "" gives the harmony back to the chart
    energy  (tick, 0..1): from its tick on in place of the plan's energy
    leads   where the player leads: what the part "melody" would begin there is not played
    """

    chords: tuple[tuple[Tick, str], ...] = ()
    energy: tuple[tuple[Tick, float], ...] = ()
    hold: Tick = 4 * 3840
    leads: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides what is played. The same plan gives the same music, bar by bar, in any order.

    genre       a registered genre's name
    key         tonic and mode as written by people: "C", "Eb", "F#"; mode "major", "minor", "dorian", ...
    form        a form of the genre, or None for the genre's own choice
    seed        any integer; another seed is another piece
    energy      0..1, intensity of everybody's playing
    swing       share of the pair before the off-beat, 0.5 (straight) .. 0.75, or None for the style's own. What is
                swung, eighths or sixteenths, is the style's affair
    parts       per track (in the session's order) the names of the parts it plays, e.g. {"piano": ("comp", "melody")}
    length      bars until the piece ends, or None for endless: the last bars are played as an ending
    style       of the genre ("ballad", "bossa", "trap"), or None for the genre's own choice
    tempo       quarters a minute at which it is played. It decides no note: what is written in ms (timing, strums) and
                how far swing goes, nothing else, so that a tempo change changes no tune
    density     0..1, how many notes everybody plays; 0.5 is the style's own measure
    complexity  0..1, of harmony and rhythm: substitutions, extensions, syncopation; 0.5 is the style's own
    register    semitones by which the leading part lies higher, -12..12
    chords      a progression in place of the chart's: "Dm7 G7 | Cmaj7", "ii V | I", or by section:
                "verse: vi IV | I V; chorus: IV V | I"
    cues        jumps to sections, sorted by bar
    mute        tracks that rest; the others play on as if they were there
    sounds      per track the name of what plays it, from which ranges and idioms follow
    composers   per track the name of a registered composer that plays its parts in place of the genre
    bends       per track semitones of a full pitch bend, where it is not 2
    heard       what comes from outside
    lead_sheet  a tune with chords and form that the genre's band plays in its way, in place of a tune of its own: key,
                mode, meter, form and length are the sheet's then, and go round and round
    strength    0..1, how far the band goes from the sheet: its chords, its rhythm. See composers.restyle
    layers      what was recorded over it, in the order in which it came
    expressive  tracks that can bend some notes and not others (MPE): a part that bends while others of its track sound
                is then on channel 1, and the bend is for its notes alone
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
    style: str | None = None
    tempo: float = 120.0
    density: float = 0.5
    complexity: float = 0.5
    register: int = 0
    chords: str | None = None
    cues: tuple[Cue, ...] = ()
    mute: tuple[str, ...] = ()
    sounds: Mapping[str, str] = field(default_factory=dict)
    composers: Mapping[str, str] = field(default_factory=dict)
    bends: Mapping[str, float] = field(default_factory=dict)
    heard: Heard = field(default_factory=Heard)
    lead_sheet: LeadSheet | None = None
    strength: float = 0.7
    layers: tuple[Layer, ...] = ()
    expressive: tuple[str, ...] = ()


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
class Sectioned(Protocol):
    """A band whose form has sections that a cue may name."""

    def places(self) -> tuple[str, ...]:
        """The sections, in the order in which they come, without the ending."""
        ...

    def place_at(self, bar: int) -> str:
        """The section that bar `bar` lies in, as a cue names it. Raises MusicError past the end of the piece."""
        ...

    def place_after(self, bar: int) -> str:
        """The section that follows it. Raises MusicError where none does."""
        ...


@runtime_checkable
class Remarking(Protocol):
    """A band that has something to say."""

    def take_notices(self) -> list[str]:
        """What people should know that has happened since the last call: composers of others that failed."""
        ...


@runtime_checkable
class Genre(Protocol):
    """A genre by name: what it can play, and the band for a plan."""

    name: str
    parts: tuple[str, ...]
    forms: tuple[str, ...]
    meters: tuple[Meter, ...]
    modes: tuple[str, ...]
    instruments: tuple[str, ...]
    styles: tuple[str, ...]

    def band(self, plan: Plan) -> Band:
        """Raises MusicError for a key, mode, style, form, meter or part that it does not know."""
        ...

    def arrange(self, instruments: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
        """Who plays what: instrument names ("piano", "bass", "drums", "sax") -> the parts each takes.

        Raises MusicError for an instrument that has no place in the genre.
        """
        ...

    def resolve(self, plan: Plan) -> Plan:
        """The plan with what it leaves open chosen: style (by tempo, meter and seed) and form. Idempotent: what has
        been resolved keeps its style when its tempo changes. Raises MusicError as band() does.
        """
        ...

    def usual_tempo(self, style: str | None = None) -> float:
        """Quarters a minute at which a style (default: the first) is played. Raises MusicError."""
        ...

    def ensemble(self, style: str | None = None) -> tuple[str, ...]:
        """The instruments that a style (default: the first) is played on. Raises MusicError."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """What a composer of one part knows of the music around it. All ticks are absolute.

    seed        draw from composers.dice.dice(seed, ...), and the music is the same whenever it is asked for
    key, mode   as in Plan; tonic: its pitch class, 0..11
    chords      (tick, symbol), the first at the span's start or before it
    section     role and letter ("head A") of what the span lies in, and its own span
    energy      0..1 of this stretch, the plan's and the form's together
    parts       what it is to play ("melody", "drums", ...)
    sound       the instrument's name; lowest, highest: MIDI keys that it plays with ease
    heard       what the other parts play in the same span, by part; those that were composed before this one
    """

    seed: int
    genre: str
    style: str
    key: str
    mode: str
    tonic: int
    meter: Meter
    tempo: float
    chords: tuple[tuple[Tick, str], ...]
    section: str
    section_span: Span
    energy: float
    density: float
    complexity: float
    parts: tuple[str, ...]
    sound: str
    lowest: int
    highest: int
    heard: Mapping[str, Clip]


@runtime_checkable
class Composer(Protocol):
    """Plays the parts of one track: a program of rules of one's own, or a neural model."""

    def compose(self, span: Span, context: Context) -> Clip:
        """What begins within `span`. Pure: of the arguments alone. May raise: the genre's own rules play then."""
        ...


class _Point(Protocol):
    """Of importlib.metadata.EntryPoint, what is used here."""

    name: str

    def load(self) -> Any: ...


_genres: dict[str, Genre] = {}
_composers: dict[str, Callable[[], Composer]] = {}
_made: dict[str, Composer] = {}
_announced: dict[str, dict[str, _Point]] = {}


def register_genre(genre: Genre) -> None:
    """Make a genre known by its name. The last registration of a name wins."""
    _genres[genre.name] = genre


def register_composer(name: str, make: Callable[[], Composer]) -> None:
    """Make a composer known by a name; `make` is called once, when it is first wanted. The last registration wins.

    Installed packages announce theirs, by the same kind of callable, under the entry point "sideman.composers".
    """
    _composers[name] = make
    _made.pop(name, None)


def _points(group: str) -> dict[str, _Point]:
    """What installed packages (this one too) announce under an entry point's group, not yet imported."""
    if group not in _announced:
        from importlib.metadata import entry_points  # half the import time of this module, which not everybody needs

        _announced[group] = {point.name: point for point in entry_points(group=group)}
    return _announced[group]


def genre_names() -> list[str]:
    return sorted({*_genres, *_points("sideman.genres")})


def find_genre(name: str) -> Genre:
    """Imported when it is first wanted. Raises MusicError that lists the known genres."""
    if name not in _genres:
        point = _points("sideman.genres").get(name)
        if point is None:
            raise MusicError(f"genre {name!r} is not known: choose one of {', '.join(genre_names())}")
        try:
            _genres[name] = point.load()
        except Exception as error:
            raise MusicError(f"genre {name!r} could not be loaded: {type(error).__name__}: {error}") from error
    return _genres[name]


def composer_names() -> list[str]:
    return sorted({*_composers, *_points("sideman.composers")})


def find_composer(name: str) -> Composer:
    """Made when it is first wanted. Raises MusicError that lists the known ones, or says why it could not be made."""
    if name not in _made:
        point = _points("sideman.composers").get(name)
        if name not in _composers and point is None:
            known = ", ".join(composer_names()) or "none is installed"
            raise MusicError(f"composer {name!r} is not known: choose one of {known}")
        try:
            _made[name] = _composers[name]() if name in _composers or point is None else point.load()()
        except Exception as error:
            raise MusicError(f"composer {name!r} could not be loaded: {type(error).__name__}: {error}") from error
    return _made[name]


def resolve(plan: Plan) -> Plan:
    """The plan with style and form chosen, see Genre.resolve. Raises MusicError."""
    return find_genre(plan.genre).resolve(plan)


def make_band(plan: Plan) -> Band:
    """The band that plays `plan`. Raises MusicError naming what the plan asks for in vain."""
    from composers.layered import layered  # it knows bands

    return layered(find_genre(plan.genre).band(plan), plan)
