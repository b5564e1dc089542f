"""Ambient: slow fields of harmony, drones, loops that never meet, sparse lines; modes of the world in their tunings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from composers.composer import Plan
from composers.feel import STRAIGHT
from composers.genre import StyledGenre
from composers.genres import ambient_band as band
from composers.genres.ambient_fields import FieldStyle, changes
from composers.genres.ambient_forms import breathing
from composers.instrumentation import BASSES, DRUMS, EFFECTS, KEYBOARDS, LEADS, PADS, plain
from composers.practice import Practice
from composers.score import Meter
from composers.style import Player, Sheet, Style, Tempi
from composers.theory.modes import MODES
from composers.theory.scales import Key
from composers.vocabulary import Words

_WORLD = frozenset({"arabic", "indian", "japanese", "gamelan"})
_METERS = (Meter(4, 4), Meter(3, 4), Meter(5, 4), Meter(7, 8), Meter(6, 8))
ALL_MODES = ("lydian", *(name for name in MODES if name != "lydian"))
WORLD_MODES = tuple(name for name, mode in MODES.items() if mode.family in _WORLD)


def _sheet(plan: Plan, fields: FieldStyle) -> Sheet:
    key = Key.parse(plan.key, plan.mode)
    form = plan.form or "drift"
    finite, endless = (breathing(form, plan.seed, bars) for bars in (plan.length, None))
    return Sheet(key, finite, endless, partial(changes, plan.seed, key, fields))


def _style(
    name: str, tempi: Tempi, forms: Mapping[str, float], ensemble: tuple[str, ...], players: Mapping[str, Player],
    fields: FieldStyle, modes: tuple[str, ...] = ALL_MODES, weight: float = 1.0, favours: tuple[str, ...] = (),
) -> Style:  # fmt: skip
    return Style(name, tempi, STRAIGHT, _METERS, modes, forms, ensemble, players, partial(_sheet, fields=fields),
                 weight=weight, stand_ins={"riff": ("arp",)},
                 practice=Practice(triplets=True, pace=0.5, sustain=0.9, thin=0.8, most=2.0,
                                   lead="felt-piano"))  # fmt: skip


_SLOW = FieldStyle(((4, 0.5), (8, 0.5)), 3, 2.0, 0.5)
_STILL = FieldStyle(((8, 0.4), (16, 0.6)), 2, 2.5, 1.0)
_LOOPED = FieldStyle(((8, 0.6), (16, 0.4)), 2, 1.5, 0.3)
_ONE = FieldStyle(((8, 0.5), (16, 0.5)), 2, 1.0, 0.0)
STYLES: Mapping[str, Style] = MappingProxyType({style.name: style for style in (
    _style("pads", Tempi(60.0, 50.0, 80.0), {"drift": 0.6, "arc": 0.4},
           ("evolving-pad", "felt-piano", "bell", "deep-drone"), band.PADS, FieldStyle(), weight=1.4),
    _style("drone", Tempi(54.0, 40.0, 62.0), {"drift": 0.5, "arc": 0.5},
           ("glass-pad", "evolving-pad", "deep-drone"), band.DRONE, _STILL, weight=0.6),
    _style("phase", Tempi(66.0, 56.0, 96.0), {"loops": 0.65, "phasing": 0.35},
           ("felt-piano", "vibraphone", "pad", "deep-drone"), band.PHASE, _LOOPED),
    _style("bells", Tempi(58.0, 48.0, 76.0), {"drift": 0.6, "loops": 0.4},
           ("bell", "celesta", "glass-pad", "deep-drone"), band.BELLS, _SLOW, weight=0.7),
    _style("world", Tempi(60.0, 46.0, 84.0), {"drift": 0.5, "arc": 0.5},
           ("flute", "harp", "pad", "deep-drone"), band.WORLD, _ONE,
           (*WORLD_MODES, *(m for m in ALL_MODES if m not in WORLD_MODES)), favours=WORLD_MODES),
)})  # fmt: skip


_STRUCK = frozenset({"bell", "bells", "fm-bell", "tubular-bells", "chimes", "glockenspiel", "crotales", "music-box",
                     "celesta", "toy-piano", "kalimba", "vibraphone", "vibraphon", "vibes", "mallets", "marimba",
                     "xylophone", "balafon"})  # fmt: skip


def _arranged(instruments: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Who plays what. The first lead that can hold a note, else the first keyboard, else the first bell has the melody,
    the others go round in loops; pads hold the fields, a drone (or the bass) what lies below."""
    leads = [n for n in instruments if plain(n) in LEADS]
    keys = [n for n in instruments if plain(n) in KEYBOARDS]
    singer = ([n for n in leads if plain(n) not in _STRUCK] or keys or leads or [""])[0]
    pads = [n for n in instruments if plain(n) in PADS and plain(n) != "drone"]
    parts: dict[str, tuple[str, ...]] = {}
    taken: list[str] = []
    for name in instruments:
        kind = plain(name)
        if kind in DRUMS:
            parts[name] = ("drums",)
        elif kind in BASSES or kind == "drone":
            parts[name] = ("bass",)
        elif kind in EFFECTS:
            parts[name] = ("fx",)
        elif name == singer:
            parts[name] = ("melody",)
        elif name in pads:
            parts[name] = ("pad",) if name == pads[0] else ("counter",)
        else:
            part = next((p for p in ("arp", "comp", "counter") if p not in taken), "arp")
            taken.append(part)
            parts[name] = (part,)
    return parts


WORDS: Words = {
    "soundscape": "", "atmosphere": "", "atmospheric": "", "space-ambient": "pads", "space-music": "pads",
    "drone-music": "drone", "dark-ambient": "drone dark", "meditation": "drone calm", "meditative": "drone calm",
    "sleep": "pads calm", "relaxation": "pads calm", "minimalism": "phase", "minimalist": "phase", "phasing": "phase",
    "raga": "", "maqam": "", "makam": "", "gamelan": "bells", "wind-chimes": "bells",
}
AMBIENT = StyledGenre("ambient", STYLES, _arranged, WORDS)
