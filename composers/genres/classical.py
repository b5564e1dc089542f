"""Classical: themes with their accompaniment, for piano or a small ensemble, in sonata form, rondo, minuet, variations.

A first set: harmony by the grammar of common practice, one melody with its texture. Sections stand in related keys by
moving their material: the second theme in the dominant, in the tonic when it comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from composers.composer import Plan
from composers.dice import dice
from composers.feel import STRAIGHT
from composers.forms import Arrangement, Section, Stretch
from composers.genre import StyledGenre
from composers.harmony import Bar
from composers.instrumentation import BASSES, DRUMS, KEYBOARDS, LEADS, PADS, plain
from composers.parts import ensemble
from composers.parts.bass_groove import BassStyle, bass_groove
from composers.parts.chord_cells import CompStyle, chord_cells
from composers.parts.counter_line import CounterStyle, counter_line
from composers.parts.humanise import Hand
from composers.parts.pads import PadStyle, pads
from composers.parts.passage import Listening, Passage, Written
from composers.parts.tune import tune
from composers.parts.tune_style import SONG_TUNE
from composers.score import Meter
from composers.style import Player, Sheet, Style, Tempi, Writer
from composers.theory.pitch import PitchName
from composers.theory.progression_styles import generate
from composers.theory.scales import Key

FORMS = ("sonata", "rondo", "minuet", "theme-variations")
MODES = ("major", "minor")
_METERS = (Meter(4, 4), Meter(3, 4), Meter(2, 4), Meter(6, 8))
_OPEN = frozenset("TD")
"""Material that ends on the dominant: transition and development."""


# Forms ------------------------------------------------------------------------------------------------------------


def _arrangement(form: str, mode: str, length: int | None) -> Arrangement:
    """Of keys (Caplin 1998, Classical Form): second themes in the dominant, or in minor the relative major; a
    development through other keys; everything at home in the end."""
    away = "-5" if mode == "major" else "+3"
    theme, second = Stretch("theme", "A", 8, 0.5, 0.56), Stretch("second theme", f"B{away}", 8, 0.5, 0.6)
    if form == "sonata":
        exposition = (theme, Stretch("transition", "T", 4, 0.55, 0.7), second,
                      Stretch("closing", f"C{away}", 4, 0.7, 0.6))  # fmt: skip
        development = (Stretch("development", "D-3", 4, 0.5, 0.6), Stretch("development", "D+2", 4, 0.6, 0.7),
                       Stretch("development", "D", 4, 0.7, 0.85))  # fmt: skip
        recapitulation = (_hotter(theme, 0.7), Stretch("transition", "T", 4, 0.65, 0.7),
                          Stretch("second theme", "B", 8, 0.6, 0.7), Stretch("closing", "C", 4, 0.8, 0.85))  # fmt: skip
        coda = (Stretch("coda", "A", 4, 0.85, 0.7),)
        return Arrangement((), (*exposition, *development, *recapitulation), coda, length)
    if form == "rondo":
        couplets = (Stretch("couplet", f"B{away}", 8, 0.6, 0.65), theme, Stretch("couplet", "D-3", 8, 0.65, 0.7))
        coda = (Stretch("coda", "A", 4, 0.7, 0.6),)
        return Arrangement((), (theme, *couplets, _hotter(theme, 0.6)), coda, length)
    if form == "minuet":
        trio = (Stretch("trio", "C+5", 8, 0.4, 0.45), Stretch("trio", f"D{away}", 8, 0.45, 0.4))
        minuet = (theme, Stretch("minuet", f"B{away}", 8, 0.55, 0.6))
        return Arrangement((), (*minuet, *trio, *minuet), (), length)
    rows = tuple(Stretch("variation", "A", 8, 0.45 + 0.06 * k, 0.5 + 0.06 * k) for k in range(6))
    return Arrangement((theme,), rows, (Stretch("coda", "A", 4, 0.7, 0.6),), length)


def _hotter(stretch: Stretch, energy: float) -> Stretch:
    """The same, with another energy."""
    return stretch._replace(energy=energy, energy_end=energy + 0.05)


def _placed(name: str) -> tuple[str, int]:
    """ "B-5" -> ("B", -5): the material, and the semitones by which it stands higher."""
    return name[:1], int(name[1:] or 0)


def _sheet(plan: Plan) -> Sheet:
    key = Key.parse(plan.key, plan.mode)
    form = plan.form or "sonata"
    finite, endless = (_arrangement(form, plan.mode, bars) for bars in (plan.length, None))
    return Sheet(key, finite, endless, partial(_changes, plan.seed, key))


def _changes(seed: int, key: Key, section: Section) -> tuple[Bar, ...]:
    letter, up = ("E", 0) if section.role == "ending" else _placed(section.name)
    count = section.written if section.role != "ending" else 2
    draw = dice(seed, "classical chords", letter)
    place = _moved(key, up)
    if key.mode == "minor" and up == 3:
        place = Key(place.tonic, "major")
    chords = generate(place, None, "classical", max(2, count), seed=int(draw.random() * 2**31),
                      closed=letter not in _OPEN)  # fmt: skip
    bars = chords.by_bar
    if section.role == "ending":
        return bars[-section.bars :]
    return tuple(bars[bar % len(bars)] for bar in range(section.bars))


def _moved(key: Key, semitones: int) -> Key:
    if not semitones:
        return key
    wanted = (key.tonic.pitch_class + semitones) % 12
    names = [PitchName(letter, alter) for letter in range(7) for alter in (-1, 0, 1)]
    return min((Key(n, key.mode) for n in names if n.pitch_class == wanted), key=lambda k: abs(k.fifths))


# Players ----------------------------------------------------------------------------------------------------------

_SINGING = Hand("classical melody", -6.0, 0.0, 9.0, 5.0, 0.95, arc=10.0)
_ACCOMPANYING = Hand("classical accompaniment", 4.0, 0.0, 9.0, 5.0, 0.93, arc=8.0)
_LOW = Hand("classical bass", 2.0, 0.0, 9.0, 5.0, 0.9, arc=8.0)
_BROKEN = CompStyle(texture="broken", left="root", voices=3, low=50, high=70, velocity=58.0, anticipate=0.0)
_BASS = BassStyle(cells={(0, 8): 0.62, (0,): 0.2, (0, 4, 8, 12): 0.18},
                  degrees={"root": 0.6, "fifth": 0.25, "third": 0.15}, lock=0.0, ratio=0.85,
                  approach=0.35, low=36, high=50, velocity=72.0)  # fmt: skip
_TUNE = replace(SONG_TUNE, silent=frozenset(), velocity=82.0, ornaments=0.1)


def _within(write: Writer, *, absolute: bool) -> Writer:
    """A writer at the height of its section, with the key's own scale."""

    def written(passage: Passage, listening: Listening) -> Written:
        name, up = _placed(passage.name) if passage.role != "ending" else (passage.name, 0)
        if not up:
            return write(ensemble.within_key(passage), listening)
        home = ensemble.within_key(ensemble.lowered(passage, up, name))
        heard = {p: events if p in ("comp", "pad") else ensemble.moved(events, -up) for p, events in listening.items()}
        found = write(home, heard)
        return found if absolute else Written(ensemble.moved(found.events, up), found.turns, found.sweeps)

    return written


def _melody(passage: Passage, listening: Listening) -> Written:
    return tune(passage, listening, _TUNE)


_PLAYERS: Mapping[str, Player] = MappingProxyType({
    "melody": Player(_within(_melody, absolute=False), _SINGING, single=True),
    "bass": Player(_within(partial(bass_groove, style=_BASS), absolute=False), _LOW, single=True),
    "counter": Player(_within(partial(counter_line, style=CounterStyle("guide", velocity=66.0)), absolute=False),
                      _ACCOMPANYING, single=True),
    "comp": Player(_within(partial(chord_cells, style=_BROKEN), absolute=True), _ACCOMPANYING, absolute=True),
    "pad": Player(_within(partial(pads, style=PadStyle(voices=3, velocity=56.0)), absolute=True), _ACCOMPANYING,
                  absolute=True),
})  # fmt: skip

_LOW_STRINGS = ("cello", "solo-cello", "violoncello", "bassoon", "tuba", "bass-trombone", *BASSES)
_MIDDLE = ("viola", "horn", "french-horn", "clarinet", "english-horn", "cor-anglais", "trombone")


def _arranged(instruments: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """High leads sing, the first alone if there is another for the second voice; low ones take the bass; keyboards
    accompany, and sing where nobody does; drums rest."""
    names = [(name, plain(name)) for name in instruments]
    high = [n for n, p in names if p in LEADS and p not in _LOW_STRINGS and p not in _MIDDLE]
    boards = [n for n, p in names if p in KEYBOARDS]
    alone = not high
    parts: dict[str, tuple[str, ...]] = {}
    for name, word in names:
        if word in DRUMS:
            parts[name] = ("percussion",)
        elif word in _LOW_STRINGS:
            parts[name] = ("bass",)
        elif word in _MIDDLE or (name in high and name != high[0]):
            parts[name] = ("counter",)
        elif name in high:
            parts[name] = ("melody",)
        elif word in PADS:
            parts[name] = ("melody", "pad") if alone and not boards and name == instruments[0] else ("pad",)
        else:
            parts[name] = ("comp", "melody") if alone and (not boards or name == boards[0]) else ("comp",)
            alone = alone and "melody" not in parts[name]
    return parts


def _style(name: str, tempi: Tempi, forms: Mapping[str, float], band: tuple[str, ...], weight: float) -> Style:
    return Style(name, tempi, STRAIGHT, _METERS, MODES, forms, band, _PLAYERS, _sheet, weight=weight)


_ALL = {"sonata": 0.5, "rondo": 0.2, "minuet": 0.15, "theme-variations": 0.15}
STYLES: Mapping[str, Style] = MappingProxyType({s.name: s for s in (
    _style("piano", Tempi(112.0, 40.0, 200.0), _ALL, ("piano",), 1.0),
    _style("chamber", Tempi(104.0, 40.0, 180.0), _ALL, ("violin", "viola", "cello", "piano"), 0.8),
)})  # fmt: skip
CLASSICAL = StyledGenre("classical", STYLES, _arranged)
