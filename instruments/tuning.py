"""Tunings: what pitch each key has, as cents away from 12-tone equal temperament."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from instruments.block import InstrumentError
from instruments.scala import KeyMap, Scale, cents_by_key, parse_kbm, parse_scl, read_text

_LOW_HZ, _HIGH_HZ = 5.0, 20_000.0
"""A key whose pitch would lie outside is not played."""
_PITCH_CLASSES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_TONIC = re.compile(r"([A-Ga-g])([#b♯♭]{0,2})")
_FILE = re.compile(r"(?P<scale>.+\.scl)(?::(?P<rest>.+))?", re.IGNORECASE)
_EDO = re.compile(r"(\d{1,4})[- ]?edo")


@dataclass(frozen=True, slots=True)
class Tuning:
    """The pitch of every MIDI key.

    offsets  for keys 0 to 127 the cents to add to the key's pitch in equal temperament (A4 = 440 Hz); None: the key
             is not mapped (or its pitch cannot be heard) and is not played
    """

    name: str
    description: str
    source: str
    offsets: tuple[float | None, ...]

    def cents(self, key: int) -> float:
        """What to add to key 0..127 in cents: FrameEvent.cents. 0 for a key that is not mapped: see maps()."""
        return self.offsets[key] or 0.0

    def maps(self, key: int) -> bool:
        """Whether the key is to be played at all."""
        return self.offsets[key] is not None

    def hz(self, key: int) -> float:
        return float(440 * 2 ** ((key - 69 + self.cents(key) / 100) / 12))


class Named(NamedTuple):
    """A built-in tuning of twelve keys: cents of each above the tonic, which keeps its equal-tempered pitch."""

    description: str
    source: str
    cents: tuple[float, ...]


def _ratios(text: str) -> tuple[float, ...]:
    """Cents of blank-separated ratios."""
    pairs = (word.split("/") for word in text.split())
    return tuple(1200 * math.log2(int(above) / int(below)) for above, below in pairs)


def _fifths(narrowed: Mapping[int, float], lowest: int) -> tuple[float, ...]:
    """Twelve keys by a chain of eleven fifths, from `lowest` fifths above the tonic (-3: E flat on C) upwards.

    narrowed: by fifth (0 is the one above the tonic) the cents by which it is narrower than 3/2.
    """
    pure = 1200 * math.log2(3 / 2)
    cents = [0.0] * 12
    for way, stop in ((1, lowest + 11), (-1, -lowest)):
        height = 0.0
        for step in range(stop):
            fifth = step if way == 1 else -step - 1
            height += way * (pure - narrowed.get(fifth, 0.0))
            cents[(fifth + (way == 1)) * 7 % 12] = height % 1200
    return tuple(cents)


_COMMA = 1200 * math.log2(531441 / 524288)
"""Pythagorean comma, 23.46 cents: twelve pure fifths less seven octaves."""
_SYNTONIC = 1200 * math.log2(81 / 80)
_AEU = "theory of Arel, Ezgi and Uzdilek: 53 Holdrian commas an octave"
_CAIRO = "notation of the Cairo congress, 1932: 24 equal quarter tones; players deviate by region and phrase"
_SHRUTI = "nominal, from the 22 shruti ratios as usually listed; singers deviate and oscillate"


def _steps(divisions: int, degrees: Sequence[int]) -> tuple[float, ...]:
    """Twelve keys from twelve numbers of steps of an octave in equal `divisions`."""
    return tuple(1200 * d / divisions for d in degrees)


NAMED: Mapping[str, Named] = {
    "equal": Named("12-tone equal temperament", "12 equal steps an octave", _steps(12, range(12))),
    "just": Named("5-limit just intonation", "ratios of 2, 3 and 5 (as Ellis in Helmholtz, 1885)", _ratios(
        "1/1 16/15 9/8 6/5 5/4 4/3 45/32 3/2 8/5 5/3 9/5 15/8")),
    "pythagorean": Named("pure fifths from E flat to G sharp (on C)", "eleven fifths of 3/2", _fifths({}, -3)),
    "meantone": Named("quarter-comma meantone, pure major thirds", "Aron, 1523: fifths narrow by 1/4 syntonic comma",
                      _fifths(dict.fromkeys(range(-3, 8), _SYNTONIC / 4), -3)),
    "werckmeister-3": Named("Werckmeister III, a circle for all keys", "Werckmeister, 1691: C-G, G-D, D-A and B-F# "
                            "narrow by 1/4 Pythagorean comma", _fifths(dict.fromkeys((0, 1, 2, 5), _COMMA / 4), -3)),
    "kirnberger-3": Named("Kirnberger III, with a pure third C-E", "Kirnberger, 1779: C-G-D-A-E narrow by 1/4 syntonic "
                          "comma, F#-C# by the schisma", _fifths(
                              {**dict.fromkeys((0, 1, 2, 3), _SYNTONIC / 4), 6: _COMMA - _SYNTONIC}, -4)),
    "vallotti": Named("Vallotti's circle", "Vallotti, 1779: F-C-G-D-A-E-B narrow by 1/6 Pythagorean comma",
                      _fifths(dict.fromkeys(range(-1, 5), _COMMA / 6), -3)),
    "rast": Named("maqam Rast: neutral third and seventh", _CAIRO, _steps(24, (0, 2, 4, 6, 7, 10, 12, 14, 16, 18, 20,
                                                                          21))),
    "bayati": Named("maqam Bayati: neutral second", _CAIRO, _steps(24, (0, 3, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22))),
    "hijaz": Named("maqam Hijaz, upper Rast: neutral sixth when rising", _CAIRO, _steps(24, (
        0, 2, 4, 6, 8, 10, 12, 14, 16, 17, 20, 21))),
    "saba": Named("maqam Saba: neutral second, lowered fourth", _CAIRO, _steps(24, (
        0, 3, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22))),
    "nahawand": Named("maqam Nahawand with Pythagorean steps", "ratios 9/8 32/27 4/3 3/2 128/81 16/9, 243/128 rising",
                      _ratios("1/1 256/243 9/8 32/27 81/64 4/3 729/512 3/2 128/81 27/16 16/9 243/128")),
    "rast-syrian": Named("maqam Rast with a higher third", "53 commas an octave, third at 16 of them (Alsiadi)",
                         _steps(53, (0, 4, 9, 13, 16, 22, 26, 31, 35, 40, 44, 47))),
    "rast-turkish": Named("makam Rast", _AEU, _steps(53, (0, 4, 9, 13, 17, 22, 26, 31, 35, 40, 44, 48))),
    "hijaz-turkish": Named("makam Hicaz: augmented second of 12 commas", _AEU, _steps(53, (
        0, 5, 9, 13, 17, 22, 26, 31, 35, 40, 44, 48))),
    "raga-bhairav": Named("raga Bhairav: low re and dha", _SHRUTI, _ratios(
        "1/1 256/243 9/8 6/5 5/4 4/3 45/32 3/2 128/81 5/3 9/5 15/8")),
    "raga-kafi": Named("raga Kafi", _SHRUTI, _ratios("1/1 16/15 9/8 32/27 5/4 4/3 45/32 3/2 8/5 27/16 16/9 15/8")),
    "raga-todi": Named("raga Miyan ki Todi: very low re, ga and dha", _SHRUTI, _ratios(
        "1/1 256/243 9/8 32/27 5/4 4/3 45/32 3/2 128/81 5/3 9/5 15/8")),
    "raga-marwa": Named("raga Marwa", _SHRUTI, _ratios("1/1 16/15 9/8 6/5 5/4 4/3 45/32 3/2 8/5 5/3 9/5 15/8")),
}


def tuning_names() -> list[str]:
    return sorted(NAMED)


def find_tuning(spec: str, tonic: int = 0) -> Tuning:
    """A tuning by name or file, with what it is built on behind a colon.

    "rast", "rast:D", "19-edo", "werckmeister-3:C", "scales/slendro.scl", "slendro.scl:D", "slendro.scl:mine.kbm"

    tonic  pitch class 0 (C) .. 11 for a spec without one. The tonic keeps its equal-tempered pitch, and is key
           60 + tonic where a scale does not repeat every 12 keys; a .kbm file says all that itself.

    Reads files: for session loading, not for callbacks. Raises InstrumentError: what is unknown, where, what there is.
    """
    if found := _FILE.fullmatch(spec.strip()):
        return _from_files(spec, Path(found["scale"]), found["rest"], tonic)
    name, colon, rest = spec.strip().partition(":")
    if colon:
        tonic = _tonic(rest, spec)
    plain = "-".join(name.lower().replace("_", " ").replace("-", " ").split())
    if (edo := _EDO.fullmatch(plain)) and 1 <= int(edo[1]) <= 1200:
        n = int(edo[1])
        scale = Scale("", tuple(1200 * (i + 1) / n for i in range(n)))
        return _linear(spec, f"{n} equal steps an octave, one a key", "arithmetic", scale, tonic)
    if plain not in NAMED:
        near = difflib.get_close_matches(plain, NAMED, 1)
        raise InstrumentError(f"tuning {spec!r} is not known: " + (f"did you mean {near[0]!r}? " if near else "")
                              + f"choose from {', '.join(tuning_names())}, N-edo (N from 1 to 1200), or the path of a "
                              ".scl file")
    named = NAMED[plain]
    scale = Scale(named.description, (*named.cents[1:], 1200.0))
    return _linear(spec, named.description, named.source, scale, tonic)


def _from_files(spec: str, path: Path, rest: str | None, tonic: int) -> Tuning:
    scale = parse_scl(read_text(path), str(path))
    description = scale.description or path.stem
    if rest is None or not rest.lower().endswith(".kbm"):
        return _linear(spec, description, str(path), scale, tonic if rest is None else _tonic(rest, spec))
    keys = parse_kbm(read_text(Path(rest)), rest)
    return _tuning(spec, description, f"{path}, {rest}", scale, keys, rest)


def _linear(name: str, description: str, source: str, scale: Scale, tonic: int) -> Tuning:
    """Every key is the next degree; the tonic by middle C is degree 0, at its pitch in equal temperament."""
    middle = 60 + tonic
    keys = KeyMap(0, 127, middle, middle, 440 * 2 ** ((middle - 69) / 12), 0, ())
    return _tuning(name, description, source, scale, keys, name)


def _tuning(name: str, description: str, source: str, scale: Scale, keys: KeyMap, place: str) -> Tuning:
    offsets: list[float | None] = []
    for key, cents in enumerate(cents_by_key(scale, keys, place)):
        heard = cents is not None and _LOW_HZ <= 440 * 2 ** ((cents - 6900) / 1200) <= _HIGH_HZ
        offsets.append(cents - 100 * key if cents is not None and heard else None)
    return Tuning(name, description, source, tuple(offsets))


def _tonic(text: str, spec: str) -> int:
    found = _TONIC.fullmatch(text.strip())
    if found is None:
        raise InstrumentError(f"tuning {spec!r}: {text!r} is no note to build on: give C, Eb, F#, ... or a .kbm file")
    shift = sum(1 if sign in "#♯" else -1 for sign in found[2])
    return (_PITCH_CLASSES[found[1].upper()] + shift) % 12
