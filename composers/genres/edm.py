"""Electronic dance music: house, techno, trance, drum and bass, garage, dubstep; breakdown, build and drop, with a mix
that follows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from composers.composer import Plan
from composers.dice import dice
from composers.feel import STRAIGHT, Feel
from composers.forms import Section
from composers.genre import StyledGenre
from composers.genres import edm_styles as clubs
from composers.genres.edm_band import Club, arranged, players
from composers.genres.edm_charts import MODES, loop
from composers.genres.edm_forms import arrangement
from composers.harmony import Bar, parse_chart
from composers.practice import Practice
from composers.score import Meter
from composers.style import Sheet, Style, Tempi
from composers.theory.scales import Key
from composers.vocabulary import Words

_METERS = (Meter(4, 4), Meter(3, 4), Meter(6, 8), Meter(5, 4), Meter(7, 8))
"""Four in a bar is what it is; the others are for music that is brought along."""


def _sheet(plan: Plan, style: str) -> Sheet:
    form = plan.form or "club"
    key = Key.parse(plan.key, plan.mode)
    return Sheet(key, arrangement(form, plan.length), arrangement(form, None), partial(_changes, plan.seed, key, style))


def _changes(seed: int, key: Key, style: str, section: Section) -> tuple[Bar, ...]:
    """One loop for the whole piece: the drop is the breakdown's harmony with a bass under it."""
    bars = parse_chart(loop(style, key.mode, dice(seed, "loop")), key)
    if section.role == "ending":
        home = (parse_chart(_tonic(key), key)[0][0],)
        return (*(bars[bar % len(bars)] for bar in range(section.bars - 1)), home)
    return tuple(bars[bar % len(bars)] for bar in range(section.bars))


def _tonic(key: Key) -> str:
    return "Im" if key.mode in ("minor", "dorian", "phrygian") else "I"


def _style(
    name: str, tempi: Tempi, club: Club, forms: Mapping[str, float], ensemble: tuple[str, ...], *,
    feel: Feel = STRAIGHT, weight: float = 1.0,
) -> Style:  # fmt: skip
    return Style(name, tempi, feel, _METERS, MODES, forms, ensemble, players(club), partial(_sheet, style=name),
                 weight=weight, stand_ins={"percussion": (), "counter": ()},
                 practice=Practice(syncopation=0.15, anticipate=3, thin=0.5, most=3.0))  # fmt: skip


_SHARES = {"club": 0.3, "radio": 0.5, "festival": 0.2, "linear": 0.0}
STYLES: Mapping[str, Style] = MappingProxyType({style.name: style for style in (
    _style("house", Tempi(124.0, 116.0, 129.0), clubs.HOUSE, {**_SHARES, "linear": 0.1},
           ("piano", "pad", "pluck", "supersaw", "synth-bass", "electronic-kit", "fx"), feel=Feel(6, 0.54, False)),
    _style("techno", Tempi(132.0, 126.0, 150.0), clubs.TECHNO, {"linear": 0.5, "club": 0.3, "radio": 0.2},
           ("poly-synth", "pluck", "evolving-pad", "synth-bass", "electronic-kit", "fx"), weight=0.8),
    _style("trance", Tempi(138.0, 128.0, 145.0), clubs.TRANCE, {"festival": 0.5, "club": 0.3, "radio": 0.2},
           ("supersaw", "pad", "pluck", "poly-synth", "synth-bass", "electronic-kit", "fx"), weight=0.8),
    _style("drum-and-bass", Tempi(174.0, 160.0, 182.0), clubs.DRUM_AND_BASS, {**_SHARES},
           ("lead", "rhodes", "pad", "pluck", "reese-bass", "electronic-kit", "fx"), weight=0.9),
    _style("garage", Tempi(132.0, 128.0, 138.0), clubs.GARAGE, {**_SHARES},
           ("organ", "pad", "pluck", "lead", "synth-bass", "electronic-kit", "fx"), feel=Feel(6, 0.62, False),
           weight=0.4),
    _style("dubstep", Tempi(140.0, 136.0, 146.0), clubs.DUBSTEP, {**_SHARES},
           ("sync-lead", "poly-synth", "pad", "pluck", "reese-bass", "electronic-kit", "fx"), weight=0.4),
)})  # fmt: skip
WORDS: Words = {
    "electronic": "", "electronica": "", "electronic-dance-music": "", "dance": "house", "club-music": "house",
    "deep-house": "house deep", "tech-house": "house 126 bpm", "disco-house": "house", "acid": "techno",
    "acid-techno": "techno", "hard-techno": "techno intense 145 bpm", "minimal-techno": "techno minimal",
    "uplifting-trance": "trance uplifting", "psytrance": "trance 142 bpm", "goa": "trance 144 bpm",
    "rave": "techno fast",
    "dnb": "drum-and-bass", "d&b": "drum-and-bass", "drum'n'bass": "drum-and-bass", "drum-n-bass": "drum-and-bass",
    "jungle": "drum-and-bass 165 bpm", "liquid-drum-and-bass": "drum-and-bass mellow", "uk-garage": "garage",
    "two-step": "garage", "2-step": "garage", "brostep": "dubstep intense", "bass-music": "dubstep",
    "build": "", "build-up": "", "buildup": "", "drop": "", "drops": "", "breakdown": "",
    "festival-anthem": "festival epic", "big-room": "house festival epic 128 bpm",
}
EDM = StyledGenre("edm", STYLES, arranged, WORDS)
