"""Modes that a piece may stand in, each with the pitch at which it is played: church modes, maqamat, ragas, Japan's.

A mode is a scale of the catalogue (scale_types) laid on twelve keys, and for each key the cents by which it is off:
quarter tones, pure thirds, a gamelan's measured bars. Players deviate by region, phrase and direction; what is here is
theory, or one measured instrument, with its source.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from composers.errors import MusicError
from composers.theory.scale_types import ScaleType, find_scale_type


@dataclass(frozen=True, slots=True)
class Mode:
    """A mode on no tonic. Keys are semitones 0..11 above it.

    name      hyphenated, as Plan.mode has it
    family    of the scale: "western", "just", "pythagorean", "arabic", "indian", "japanese", "gamelan", ...
    rising    its keys going up; falling: coming down, where that is another way
    cents     for each of the 12 keys what is added to it; 0 for keys that the mode has not
    stretch   cents by which its octaves are wider than 2:1
    drone     the key that sounds with the tonic: the fifth, where there is a good one
    strong    keys on which phrases rest: tonic, drone, ghammaz, vadi and samvadi
    source    of the cents
    """

    name: str
    family: str
    rising: tuple[int, ...]
    falling: tuple[int, ...]
    cents: tuple[float, ...]
    stretch: float
    drone: int
    strong: tuple[int, ...]
    source: str

    @property
    def keys(self) -> tuple[int, ...]:
        """All of them, up or down."""
        return tuple(sorted({*self.rising, *self.falling}))

    @property
    def tempered(self) -> bool:
        return not self.stretch and not any(self.cents)

    def off(self, key: int, tonic: int) -> float:
        """Cents to add to a MIDI key where the tonic is pitch class `tonic`; the tonic by middle C is not moved."""
        steps = key - 60 - (tonic + 5) % 12 + 5
        return self.cents[steps % 12] + self.stretch * (steps // 12)

    def height(self, key: int) -> float:
        """Cents of a key (semitones above the tonic, any octave) above the tonic."""
        return 100.0 * key + self.cents[key % 12] + self.stretch * (key // 12)


def _ratios(text: str) -> tuple[float, ...]:
    return tuple(1200 * math.log2(int(a) / int(b)) for a, b in (word.split("/") for word in text.split()))


def _commas(text: str) -> tuple[float, ...]:
    """Holdrian commas, 53 to the octave."""
    return tuple(1200 * int(word) / 53 for word in text.split())


_SHRUTI = "nominal, of the 22 shruti ratios as usually listed; singers deviate and oscillate"
_FIFTHS = "a chain of pure fifths (sanbun son'eki); the semitones of Japanese strings are low"
_AEU = "53 Holdrian commas an octave: theory of Arel, Ezgi and Uzdilek"
_PLAYED: Mapping[str, tuple[tuple[float, ...], str]] = {
    "hijaz": (_commas("0 5 17 22 31 35 44"), f"{_AEU}; between the 110 to 135 and 375 to 390 cents of practice"),
    "hijaz kar": (_commas("0 5 17 22 31 36 48"), _AEU),
    "nahawand": (_ratios("1/1 9/8 32/27 4/3 3/2 128/81 243/128 16/9"), "Pythagorean steps"),
    "kurd": (_ratios("1/1 256/243 32/27 4/3 3/2 128/81 16/9"), "Pythagorean steps"),
    "ajam": (_ratios("1/1 9/8 81/64 4/3 3/2 27/16 243/128"), "Pythagorean steps"),
    "bhairav": (_ratios("1/1 256/243 5/4 4/3 3/2 128/81 15/8"), _SHRUTI),
    "kafi": (_ratios("1/1 9/8 32/27 4/3 3/2 27/16 16/9"), _SHRUTI),
    "todi": (_ratios("1/1 256/243 32/27 45/32 128/81 15/8 3/2"), _SHRUTI),
    "marwa": (_ratios("1/1 16/15 5/4 45/32 5/3 15/8"), _SHRUTI),
    "yaman": (_ratios("1/1 9/8 5/4 45/32 27/16 15/8 3/2"), _SHRUTI),
    "bhairavi": (_ratios("1/1 16/15 6/5 4/3 3/2 8/5 9/5"), _SHRUTI),
    "purvi": (_ratios("1/1 256/243 5/4 45/32 3/2 128/81 15/8"), _SHRUTI),
    "malkauns": (_ratios("1/1 6/5 4/3 8/5 9/5"), _SHRUTI),
    "bhupali": (_ratios("1/1 9/8 5/4 3/2 5/3"), _SHRUTI),
    "durga": (_ratios("1/1 9/8 4/3 3/2 27/16"), _SHRUTI),
    "desh": (_ratios("1/1 9/8 4/3 3/2 15/8 5/4 27/16 16/9"), _SHRUTI),
    "hamsadhwani": (_ratios("1/1 9/8 5/4 3/2 15/8"), _SHRUTI),
    "in": (_ratios("1/1 256/243 4/3 3/2 128/81"), _FIFTHS),
    "yo": (_ratios("1/1 9/8 4/3 3/2 27/16"), _FIFTHS),
    "min'yo": (_ratios("1/1 32/27 4/3 3/2 16/9"), _FIFTHS),
    "hirajoshi": (_ratios("1/1 9/8 32/27 3/2 128/81"), _FIFTHS),
    "kumoi": (_ratios("1/1 9/8 32/27 3/2 27/16"), _FIFTHS),
    "iwato": (_ratios("1/1 256/243 4/3 1024/729 16/9"), _FIFTHS),
    "in-sen": (_ratios("1/1 256/243 4/3 3/2 16/9"), _FIFTHS),
}
"""By scale, cents of its degrees as played, where the catalogue has the notation: rising ones, then what only falls."""
_REGIONAL: Mapping[str, tuple[str, tuple[float, ...], str]] = {
    "rast-syrian": ("rast", _commas("0 9 16 22 31 40 47 44"), "53 commas an octave, the third at 16 (Alsiadi)"),
    "rast-turkish": ("rast", _commas("0 9 17 22 31 40 48 44"), _AEU),
}
_TWELVE: Mapping[str, tuple[tuple[float, ...], str]] = {
    "just": (_ratios("1/1 16/15 9/8 6/5 5/4 4/3 45/32 3/2 8/5 5/3 9/5 15/8"), "ratios of 2, 3 and 5 (Ellis, 1885)"),
    "pythagorean": (_ratios("1/1 256/243 9/8 32/27 81/64 4/3 729/512 3/2 128/81 27/16 16/9 243/128"), "pure fifths"),
}
_TEMPERED = ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "harmonic minor", "lydian dominant",
             "major pentatonic", "minor pentatonic", "whole tone")  # fmt: skip
_ARABIC = ("rast", "bayati", "hijaz", "saba", "sikah", "huzam", "nahawand", "kurd", "ajam", "nikriz", "hijaz kar")
_INDIAN = ("bhairav", "yaman", "todi", "bhairavi", "kafi", "marwa", "purvi", "malkauns", "bhupali", "durga", "desh",
           "hamsadhwani")  # fmt: skip
_JAPANESE = ("in", "yo", "min'yo", "hirajoshi", "kumoi", "iwato", "in-sen")
_GAMELAN = ("slendro", "slendro kanyutmesem", "pelog", "pelog lima", "pelog barang", "pelog kanyutmesem")
_CALLED = {"in": "miyako-bushi", "min'yo": "minyo", "hijaz kar": "hijazkar"}
"""Modes that are not called by their scale's name: "in" is a word of every sentence."""
_DRONES = {"marwa": 9, "malkauns": 5, "saba": 0}
"""Where it is not a fifth or fourth by the rule: Marwa has none, Saba rests on no fifth."""
_UNTRUE = 40.0
"""Cents: a fifth or fourth that is farther off does not sound with the tonic for long."""


def _hyphened(name: str) -> str:
    return "-".join(name.lower().replace("_", " ").replace("-", " ").replace("'", "").split())


def _made(scale: ScaleType, name: str, family: str, played: Sequence[float] | None, source: str) -> Mode:
    falling = scale.descending.cents if scale.descending is not None else scale.cents
    written = [*scale.cents, *(c for c in falling if c not in scale.cents)]
    keys = [math.floor(c / 100 + 0.5) for c in written]
    off = [0.0] * 12
    for key, cents in zip(keys, written if played is None else played, strict=True):
        off[key % 12] = round(cents - 100 * key, 4)
    rising = tuple(keys[: len(scale)])
    down = tuple(math.floor(c / 100 + 0.5) for c in falling)
    good = [key for key in (7, 5) if key in keys and abs(off[key]) <= _UNTRUE]
    drone = _DRONES.get(scale.name, good[0] if good else 0)
    strong = {0, drone, *(rising[degree - 1] for degree in scale.roles.values())}
    return Mode(name, family, rising, down, tuple(off), scale.period - 1200.0, drone, tuple(sorted(strong)), source)


def _table() -> dict[str, Mode]:
    found: dict[str, Mode] = {}
    for names, family in ((_TEMPERED, ""), (_ARABIC, "arabic"), (_INDIAN, "indian"), (_JAPANESE, "japanese"),
                          (_GAMELAN, "gamelan")):  # fmt: skip
        for name in names:
            scale = find_scale_type(name)
            called = _CALLED.get(name, _hyphened(name))
            played, source = _PLAYED.get(name, (None, scale.source))
            found[called] = _made(scale, called, family or scale.family, played, source)
    for name, (base, played, source) in _REGIONAL.items():
        found[name] = _made(find_scale_type(base), name, "arabic", played, source)
    for tuning, (twelve, source) in _TWELVE.items():
        for name in _TEMPERED:
            scale = find_scale_type(name)
            if name in ("whole tone", "lydian dominant"):
                continue
            called = f"{tuning}-{_hyphened(name)}"
            found[called] = _made(scale, called, tuning, [twelve[key] for key in scale.semitones], source)
    return found


MODES: Mapping[str, Mode] = _table()
"""Every mode by its name."""
ALIASES: Mapping[str, str] = {
    "ionian": "major", "aeolian": "minor", "natural-minor": "minor", "pentatonic": "major-pentatonic",
    **{f"maqam-{name}": name for name, mode in MODES.items() if mode.family == "arabic"},
    **{f"raga-{name}": name for name, mode in MODES.items() if mode.family == "indian"},
    "in": "miyako-bushi", "sakura": "miyako-bushi", "min-yo": "minyo", "insen": "in-sen", "hijaz-kar": "hijazkar",
    "maqam-hijaz-kar": "hijazkar", "hijaz-turkish": "hijaz", "segah": "sikah", "kalyan": "yaman", "bhoop": "bhupali",
    "miyan-ki-todi": "todi", "kanyutmesem": "slendro-kanyutmesem", "just": "just-major",
    "just-intonation": "just-major", "pythagorean": "pythagorean-major",
}  # fmt: skip
"""Other names of modes, hyphenated."""


def plain_mode(name: str) -> str:
    """A mode's usual name: "Maqam Rast" is "rast". What is no mode comes back hyphenated."""
    hyphened = _hyphened(name)
    return ALIASES.get(hyphened, hyphened)


@lru_cache(maxsize=256)
def find_mode(name: str) -> Mode:
    """By name or alias, in any case, with or without hyphens. Raises MusicError with what is near."""
    mode = MODES.get(plain_mode(name))
    if mode is not None:
        return mode
    near = difflib.get_close_matches(_hyphened(name), [*MODES, *ALIASES], 3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"choose one of {', '.join(MODES)}"
    raise MusicError(f"mode {name!r} is not known: {hint}")
