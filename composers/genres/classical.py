"""Classical: sonatas, rondos, minuets, variations and fugues for piano, chamber groups and string quartet, and a strict
style whose four-part writing and counterpoint keep every rule.

Harmony by schemata and cadences (classical_harmony), forms for any length (classical_forms), a score that all players
read (classical_players).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from composers.composer import Plan
from composers.feel import STRAIGHT
from composers.forms import Section
from composers.genre import StyledGenre
from composers.genres import classical_fugue as fugue
from composers.genres import classical_strict as strict
from composers.genres.classical_forms import FORMS, arrangement
from composers.genres.classical_harmony import key_at, section_chords
from composers.genres.classical_players import PLAYERS
from composers.harmony import Bar
from composers.instrumentation import BASSES, DRUMS, KEYBOARDS, LEADS, PADS, plain
from composers.parts.local_key import placed
from composers.practice import Practice
from composers.score import Meter
from composers.style import Player, Sheet, Style, Tempi
from composers.theory.scales import Key
from composers.vocabulary import Words

MODES = ("major", "minor")
METERS = (Meter(4, 4), Meter(3, 4), Meter(2, 4), Meter(6, 8))


def _sheet(plan: Plan) -> Sheet:
    key = Key.parse(plan.key, plan.mode)
    form, minor = plan.form or "sonata", plan.mode == "minor"
    if form == "fugue":
        return fugue.sheet(plan)
    finite, endless = (arrangement(form, minor, bars) for bars in (plan.length, None))
    return Sheet(key, finite, endless, partial(_changes, plan.seed, key))


def _changes(seed: int, key: Key, section: Section) -> tuple[Bar, ...]:
    minor = key.mode == "minor"
    place = placed("A" if section.role == "ending" else section.name, minor)
    bars = section.bars if section.role == "ending" else max(section.written, section.bars)
    away = section.role == "transition" and place.up != 0
    chords = section_chords(seed, section.role, place.letter, bars, key_at(key, place), away)
    return chords[: section.bars]


# Players ----------------------------------------------------------------------------------------------------------

_LOW = ("cello", "solo-cello", "violoncello", "bassoon", "tuba", "bass-trombone", "baritone-sax", *BASSES)
_MIDDLE = ("viola", "horn", "french-horn", "clarinet", "bass-clarinet", "english-horn", "cor-anglais", "trombone",
           "tenor-sax", "tenor-saxophone")  # fmt: skip


def _arranged(instruments: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """High leads sing, the first alone if there is another for the second voice; middle ones take the inner voices, low
    ones the bass; keyboards accompany, and sing where nobody does; drums rest."""
    names = [(name, plain(name)) for name in instruments]
    high = [n for n, p in names if p in LEADS and p not in _LOW and p not in _MIDDLE]
    middle = [n for n, p in names if p in _MIDDLE]
    if not high and middle:
        high, middle = middle[:1], middle[1:]
    boards = [n for n, p in names if p in KEYBOARDS]
    inner = [*high[1:], *middle]
    alone = not high
    parts: dict[str, tuple[str, ...]] = {}
    for name, word in names:
        if name in high[:1]:
            parts[name] = ("melody",)
        elif name in inner:
            parts[name] = ("counter",) if inner.index(name) == 0 else ("pad",)
        elif word in DRUMS:
            parts[name] = ("percussion",)
        elif word in _LOW:
            parts[name] = ("bass",)
        elif word in PADS:
            parts[name] = ("melody", "pad") if alone and not boards and name == instruments[0] else ("pad",)
        else:
            parts[name] = ("comp", "melody") if alone and (not boards or name == boards[0]) else ("comp",)
        alone = alone and "melody" not in parts[name]
    return parts


def _style(
    name: str, tempi: Tempi, forms: Mapping[str, float], band: tuple[str, ...], weight: float,
    players: Mapping[str, Player] = PLAYERS,
) -> Style:  # fmt: skip
    return Style(name, tempi, STRAIGHT, METERS, MODES, forms, band, players, _sheet, weight=weight,
                 practice=Practice(triplets=True, syncopation=0.03, most=6.0))  # fmt: skip


_ALL = {"sonata": 0.4, "rondo": 0.18, "minuet": 0.12, "theme-variations": 0.14, "binary": 0.08, "ternary": 0.08,
        "fugue": 0.06}  # fmt: skip
assert set(_ALL) == {*FORMS, "fugue"}
_QUARTET = ("solo-violin", "violin", "viola", "cello")
_RARELY = 1e-6  # only where asked for, or where nothing else fits
_STRICT = {"chorale": 1.0, **dict.fromkeys(strict.SPECIES, _RARELY)}
STYLES: Mapping[str, Style] = MappingProxyType({s.name: s for s in (
    _style("piano", Tempi(112.0, 40.0, 200.0), _ALL, ("piano",), 1.0),
    _style("chamber", Tempi(104.0, 40.0, 180.0), _ALL, ("violin", "viola", "cello", "piano"), 0.8),
    _style("quartet", Tempi(108.0, 40.0, 190.0), _ALL, _QUARTET, 0.8),
    Style("strict", Tempi(84.0, 50.0, 120.0), STRAIGHT, strict.METERS, strict.MODES, _STRICT, _QUARTET, strict.PLAYERS,
          strict.sheet, weight=_RARELY, offers=strict.offers),
)})  # fmt: skip
WORDS: Words = {
    "string-quartet": "quartet", "chamber-music": "chamber", "piano-trio": "chamber", "piano-sonata": "piano sonata",
    "sonatina": "piano sonata", "theme-and-variations": "theme-variations", "variations": "theme-variations",
    "menuet": "minuet", "menuetto": "minuet", "rondeau": "rondo", "baroque-fugue": "fugue", "counterpoint": "strict",
    "species-counterpoint": "strict", "bach-chorale": "chorale", "hymn": "chorale", "nocturne": "piano ternary slow",
    "lullaby": "piano ternary slow gentle", "bagatelle": "piano binary", "invention": "piano fugue",
    "romantic-piano": "piano", "baroque": "", "romantic": "", "viennese": "",
}
CLASSICAL = StyledGenre("classical", STYLES, _arranged, WORDS)
