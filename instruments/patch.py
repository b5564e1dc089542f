"""Patches: sounds as TOML, each parameter with unit and range, found by name or by everyday alias.

Nothing here imports numba: `make_instrument` loads the kernels when a sound is really wanted.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from instruments.block import Instrument, InstrumentError
from instruments.kernels.layout import DRUM_BANDS, DRUM_MODES, HARMONICS, OSCILLATORS, PARTIALS, SHAPES, SHIMMER, TABLES

_EQ_KINDS = ("peak", "low-shelf", "high-shelf", "high-pass", "low-pass")


class Parameter(NamedTuple):
    """A number of a patch: its unit, range and default (None: it must be given)."""

    unit: str
    low: float
    high: float
    default: float | None


class Choice(NamedTuple):
    """A word of a patch."""

    words: tuple[str, ...]
    default: str


Spec = Mapping[str, Parameter | Choice]
Values = Mapping[str, Any]

_Q = Parameter("", 0.1, 20.0, 0.7)
_PAN = Parameter("-1 left .. 1 right", -1.0, 1.0, 0.0)
SECTIONS: Mapping[str, Spec] = {
    "voice": {
        "polyphony": Parameter("voices", 1, 64, 16),
        "level_db": Parameter("dB", -60, 40, 0),
        "key_level_db": Parameter("dB per octave above C4", -12, 12, 0),
        "bend_semitones": Parameter("semitones", 0, 48, 2),
        "stereo": Parameter("0 or 1", 0, 1, 0),
        "spread": Parameter("pan per three octaves above C4", -1, 1, 0),
        "random_cents": Parameter("cents", 0, 50, 1),
        "random_db": Parameter("dB", 0, 6, 0.3),
        "seed": Parameter("", 0, 65535, 1),
    },
    "amp": {
        "attack_ms": Parameter("ms, 0 to full, straight", 0, 10000, 2),
        "decay_ms": Parameter("ms, time constant", 1, 60000, 1000),
        "sustain": Parameter("share of full level", 0, 1, 1),
        "release_ms": Parameter("ms to -60 dB", 5, 20000, 200),
        "undamped_from_key": Parameter("MIDI key", 0, 128, 128),
    },
    "velocity": {
        "level_exponent": Parameter("level ~ (velocity/90)^x", 0, 3, 1.65),
        "brightness": Parameter("cutoff ~ (velocity/90)^x", 0, 3, 0.5),
    },
    "filter": {
        "type": Choice(("off", "low-pass", "band-pass", "high-pass"), "off"),
        "slope_db": Parameter("dB per octave, 12 or 24", 12, 24, 24),
        "cutoff_hz": Parameter("Hz at C4", 20, 20000, 2000),
        "q": _Q,
        "tracking": Parameter("octaves per octave", -1, 2, 0),
        "envelope_octaves": Parameter("octaves", -8, 8, 0),
        "attack_ms": Parameter("ms", 0, 5000, 1),
        "decay_ms": Parameter("ms, time constant", 1, 60000, 200),
        "sustain": Parameter("share", 0, 1, 0),
        "lfo_hz": Parameter("Hz", 0, 20, 0),
        "lfo_octaves": Parameter("octaves", 0, 4, 0),
    },
    "vibrato": {
        "rate_hz": Parameter("Hz", 0, 15, 5),
        "depth_cents": Parameter("cents", 0, 200, 0),
        "delay_ms": Parameter("ms", 0, 5000, 250),
        "fade_ms": Parameter("ms", 0, 5000, 300),
        "scoop_cents": Parameter("cents off at the start", -1200, 2400, 0),
        "scoop_ms": Parameter("ms, time constant", 1, 1000, 15),
    },
    "noise": {
        "level_db": Parameter("dB", -90, 12, -90),
        "centre_hz": Parameter("Hz at C4", 20, 16000, 3000),
        "q": _Q,
        "tracking": Parameter("octaves per octave", -1, 2, 0),
        "burst_db": Parameter("dB at the onset", 0, 24, 0),
        "burst_ms": Parameter("ms, time constant", 1, 500, 40),
    },
    "click": {
        "level_db": Parameter("dB", -90, 24, -90),
        "centre_hz": Parameter("Hz at C4", 20, 16000, 1000),
        "q": _Q,
        "tracking": Parameter("octaves per octave", -1, 2, 0),
        "time_ms": Parameter("ms, time constant", 0.2, 500, 5),
    },
    "tremolo": {
        "rate_hz": Parameter("Hz", 0, 15, 5),
        "depth_db": Parameter("dB", 0, 24, 0),
        "pan": Parameter("0 both sides together .. 1 against each other", 0, 1, 0),
    },
    "modes": {
        "t60_octaves": Parameter("halvings of T60 per octave above C4", -2, 4, 0),
        "upper_db": Parameter("dB per octave above C4, all but the first", -24, 24, 0),
        "width": Parameter("pan of alternate partials", 0, 1, 0),
        "random_db": Parameter("dB", 0, 12, 0.5),
    },
    "string": {
        "partials": Parameter("at most; 0 = no string", 0, 96, 0),
        "t60_s": Parameter("s at C4", 0.02, 60, 4),
        "t60_octaves": Parameter("halvings per octave above C4", -2, 4, 1),
        "inharmonicity": Parameter("B at C4", 0, 0.02, 0),
        "inharmonicity_octaves": Parameter("doublings of B per octave", -2, 4, 0),
        "tilt_db": Parameter("dB per octave", -12, 24, 0),
        "pick": Parameter("share of the length", 0, 0.5, 0.12),
        "hammer_hz": Parameter("low-pass of the exciter, Hz at C4 and velocity 90", 20, 20000, 2000),
        "hammer_octaves": Parameter("octaves per octave", -1, 2, 0),
        "hammer_poles": Parameter("6 dB per octave each", 0, 8, 2),
        "body_hz": Parameter("high-pass, Hz; 0 = none", 0, 1000, 0),
        "loss": Parameter("1/s at 1 kHz, grows with the square of frequency", 0, 50, 0.3),
        "loss_octaves": Parameter("doublings per octave", -4, 4, 0),
        "second_db": Parameter("dB of the slow polarisation; -90 = none", -90, 0, -90),
        "second_t60": Parameter("times the first's T60", 1, 20, 4),
        "beat_hz": Parameter("Hz between the two", 0, 5, 0.3),
    },
}
OSCILLATOR: Spec = {
    "shape": Choice(SHAPES, "saw"),
    "ratio": Parameter("of the note's frequency", 0.01, 64, 1),
    "detune_cents": Parameter("cents", -1200, 1200, 0),
    "hz": Parameter("Hz, fixed; 0 = by ratio", 0, 20000, 0),
    "level_db": Parameter("dB", -90, 24, 0),
    "t60_s": Parameter("s at C4; 0 = no decay", 0, 60, 0),
    "t60_octaves": Parameter("halvings per octave above C4", -2, 4, 0),
    "pulse_width": Parameter("share of a cycle", 0.02, 0.98, 0.5),
    "phase": Parameter("cycles; -1 = random for each note", -1, 1, 0),
    "pan": _PAN,
    "fm_ratio": Parameter("modulator, of the note's frequency; 0 = none", 0, 64, 0),
    "fm_index": Parameter("radians", 0, 20, 0),
    "fm_decay_ms": Parameter("ms, time constant", 1, 20000, 500),
    "fm_sustain": Parameter("share", 0, 1, 1),
    "fm_octaves": Parameter("halvings of the index per octave above C4", -2, 4, 0),
    "fm_velocity": Parameter("index ~ (velocity/90)^x", 0, 4, 0),
}
PARTIAL: Spec = {
    "ratio": Parameter("of the note's frequency", 0.01, 64, None),
    "level_db": Parameter("dB", -90, 12, None),
    "t60_s": Parameter("s at C4", 0.005, 60, None),
}
BIQUAD: Spec = {
    "kind": Choice(_EQ_KINDS, "peak"),
    "hz": Parameter("Hz", 10, 20000, None),
    "gain_db": Parameter("dB", -30, 30, 0),
    "q": _Q,
}
PLACE: Spec = {
    "gain_db": Parameter("dB", -60, 12, 0),
    "pan": _PAN,
    "send_db": Parameter("dB to the shared reverb", -90, 0, -14),
}
PIECE: Spec = {
    "level_db": Parameter("dB", -60, 40, 0),
    "pan": _PAN,
    "velocity": Parameter("level ~ (velocity/90)^x", 0, 3, 1.65),
    "snap": Parameter("noise and shimmer ~ (velocity/90)^x more", 0, 2, 0.3),
    "decay_velocity": Parameter("T60 ~ (velocity/90)^x", -2, 2, 0),
    "attack_ms": Parameter("ms", 0, 50, 0.5),
    "noise_attack_ms": Parameter("ms", 0, 400, 0),
    "sweep_octaves": Parameter("octaves above at the start", 0, 4, 0),
    "sweep_ms": Parameter("ms, time constant", 0.5, 500, 20),
    "snap_factor": Parameter("added to the pitch factor at the start", 0, 16, 0),
    "snap_ms": Parameter("ms, time constant", 0.2, 50, 2),
    "hold_ms": Parameter("ms before the modes decay", 0, 200, 0),
    "drive_db": Parameter("dB into tanh", 0, 30, 0),
    "metal": Parameter("times the six squares of 205..800 Hz", 0.1, 8, 1),
    "metal_share": Parameter("of metal against noise", 0, 1, 0),
    "low_pass_hz": Parameter("Hz; 0 = none", 0, 20000, 0),
    "bursts": Parameter("claps before the tail", 0, 8, 0),
    "burst_gap_ms": Parameter("ms", 1, 50, 10),
    "burst_ms": Parameter("ms, time constant", 0.5, 50, 5),
    "tail_ms": Parameter("ms, time constant", 1, 500, 40),
    "group": Parameter("pieces of a group choke each other; 0 = none", 0, 8, 0),
    "choke_ms": Parameter("ms, time constant", 2, 200, 12),
    "overlap": Parameter("hits that may ring at once", 1, 8, 3),
    "vary": Parameter("times the usual difference between hits", 0, 4, 1),
    "shimmer": Parameter("modes of the plate", 0, SHIMMER, 0),
    "shimmer_low_hz": Parameter("Hz", 50, 16000, 400),
    "shimmer_high_hz": Parameter("Hz", 100, 18000, 12000),
    "shimmer_db": Parameter("dB each", -90, 0, -30),
    "shimmer_t60_s": Parameter("s at 3 kHz", 0.02, 20, 2),
    "shimmer_octaves": Parameter("halvings of T60 per octave", -1, 3, 0.5),
    "shimmer_tilt_db": Parameter("dB per octave", -12, 12, 0),
    "width": Parameter("stereo width of the shimmer", 0, 1, 0.3),
}


class Placement(NamedTuple):
    """Where a patch sits in a mix, if nobody says otherwise: fader, pan (-1..1), send to the shared reverb."""

    gain_db: float
    pan: float
    send_db: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a drum kit: MIDI keys, numbers by PIECE, modes (Hz, dB, T60 s), bands (kind, Hz, dB, Q, T60 s)."""

    name: str
    keys: tuple[int, ...]
    values: Values
    modes: tuple[tuple[float, float, float], ...]
    bands: tuple[tuple[str, float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Patch:
    """A sound. engine: "oscillators", "modes" or "drums". All numbers are checked.

    harmonics: by ascending key, levels in dB of a string's first partials 0.3 s after the onset.
    """

    name: str
    engine: str
    family: str
    aliases: tuple[str, ...]
    sections: Mapping[str, Values]
    oscillators: tuple[Values, ...]
    partials: tuple[Values, ...]
    harmonics: tuple[tuple[int, tuple[float, ...]], ...]
    equalizer: tuple[Values, ...]
    pieces: tuple[Piece, ...]
    placement: Placement


def _values(where: str, spec: Spec, given: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key in given:
        if key not in spec:
            raise InstrumentError(f"{where}.{key} is not a parameter: choose from {', '.join(sorted(spec))}")
    for key, rule in spec.items():
        value = given.get(key, rule.default)
        if isinstance(rule, Choice):
            if value not in rule.words:
                raise InstrumentError(f"{where}.{key} = {value!r} is not known: give one of {', '.join(rule.words)}")
            out[key] = value
            continue
        allowed = f"give a number from {rule.low:g} to {rule.high:g}" + (f" ({rule.unit})" if rule.unit else "")
        if value is None:
            raise InstrumentError(f"{where}.{key} is missing: {allowed}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise InstrumentError(f"{where}.{key} = {value!r} is not a number: {allowed}")
        if not rule.low <= value <= rule.high:
            raise InstrumentError(f"{where}.{key} = {value!r} is out of range: {allowed}")
        out[key] = float(value)
    return out


def _list(where: str, table: Mapping[str, Any], key: str, most: int) -> list[Mapping[str, Any]]:
    rows = table.get(key, [])
    if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
        raise InstrumentError(f"{where}: {key} must be tables: write [[{key}]]")
    if len(rows) > most:
        raise InstrumentError(f"{where}: {len(rows)} x [[{key}]] are too many: at most {most}")
    return rows


def _rows(where: str, value: object, width: int, what: str, most: int) -> list[list[Any]]:
    if not isinstance(value, list) or not all(isinstance(r, list) and len(r) == width for r in value):
        raise InstrumentError(f"{where} = {value!r} does not fit: give rows of {what}")
    if len(value) > most:
        raise InstrumentError(f"{where}: {len(value)} rows are too many: at most {most}")
    return value


def _piece(where: str, name: str, table: Mapping[str, Any]) -> Piece:
    keys = table.get("keys", [])
    if not isinstance(keys, list) or not keys or not all(isinstance(k, int) and 0 <= k <= 127 for k in keys):
        raise InstrumentError(f"{where}.keys = {keys!r} does not fit: give a list of MIDI keys, 0 to 127")
    mode: Spec = {"hz": Parameter("Hz", 20, 16000, None), "level_db": Parameter("dB", -60, 24, None),
            "t60_s": Parameter("s", 0.002, 20, None)}
    band: Spec = {"kind": Choice(("band", "high"), "band"), "hz": Parameter("Hz", 20, 20000, None),
            "level_db": Parameter("dB", -60, 24, None), "q": _Q, "t60_s": Parameter("s", 0.002, 20, None)}
    modes, bands = [], []
    for i, row in enumerate(_rows(f"{where}.modes", table.get("modes", []), 3, "[Hz, dB, T60 s]", DRUM_MODES)):
        v = _values(f"{where}.modes[{i}]", mode, dict(zip(mode, row, strict=True)))
        modes.append((v["hz"], v["level_db"], v["t60_s"]))
    what = '["band" or "high", Hz, dB, Q, T60 s]'
    for i, row in enumerate(_rows(f"{where}.bands", table.get("bands", []), 5, what, DRUM_BANDS)):
        v = _values(f"{where}.bands[{i}]", band, dict(zip(band, row, strict=True)))
        bands.append((v["kind"], v["hz"], v["level_db"], v["q"], v["t60_s"]))
    numbers = {k: v for k, v in table.items() if k not in ("keys", "modes", "bands")}
    return Piece(name, tuple(keys), _values(where, PIECE, numbers), tuple(modes), tuple(bands))


def _harmonics(where: str, rows: list[Mapping[str, Any]]) -> tuple[tuple[int, tuple[float, ...]], ...]:
    found = []
    for i, row in enumerate(rows):
        spot = f"{where}: harmonics[{i}]"
        key = _values(spot, {"key": Parameter("MIDI key", 0, 127, None)}, {k: v for k, v in row.items() if k == "key"})
        levels = row.get("levels_db")
        if set(row) - {"key", "levels_db"} or not isinstance(levels, list) or len(levels) != HARMONICS:
            raise InstrumentError(f"{spot} does not fit: give key and levels_db, {HARMONICS} numbers")
        rule: Spec = {str(n + 1): Parameter("dB", -90, 12, None) for n in range(HARMONICS)}
        checked = _values(f"{spot}.levels_db", rule, {str(n + 1): v for n, v in enumerate(levels)})
        found.append((int(key["key"]), tuple(checked.values())))
    if [k for k, _ in found] != sorted({k for k, _ in found}):
        raise InstrumentError(f"{where}: harmonics must be tables of ascending keys")
    return tuple(found)


def parse_patch(name: str, text: str, where: str) -> Patch:
    """The patch in a TOML text; `where` names it in errors. Raises InstrumentError: file, key, value, allowed range."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InstrumentError(f"{where} is not TOML: {error}") from None
    engine = table.get("engine")
    if engine not in ("oscillators", "modes", "drums"):
        raise InstrumentError(f"{where}: engine = {engine!r} is not known: give oscillators, modes or drums")
    lists = {"oscillator", "partial", "harmonics", "equalizer"}
    known = {"engine", "family", "aliases", "mix", "piece", *lists, *SECTIONS}
    for key in table:
        if key not in known:
            raise InstrumentError(f"{where}: {key} is not known: choose from {', '.join(sorted(known))}")
    aliases, family = table.get("aliases", []), table.get("family", "other")
    if not isinstance(aliases, list) or not all(isinstance(a, str) for a in aliases) or not isinstance(family, str):
        raise InstrumentError(f"{where}: aliases must be a list of names, family a name")
    tables = {}
    for key in ("mix", "piece", *SECTIONS):
        tables[key] = table.get(key, {})
        if not isinstance(tables[key], dict):
            raise InstrumentError(f"{where}: {key} = {tables[key]!r} must be a table: write [{key}]")
    pieces = []
    for key, piece in tables["piece"].items():
        if not isinstance(piece, dict):
            raise InstrumentError(f"{where}: piece.{key} must be a table: write [piece.{key}]")
        pieces.append(_piece(f"{where}: piece.{key}", key, piece))
    patch = Patch(
        name=name, engine=engine, family=family, aliases=tuple(aliases),
        sections={s: _values(f"{where}: {s}", spec, tables[s]) for s, spec in SECTIONS.items()},
        oscillators=tuple(_values(f"{where}: oscillator[{i}]", OSCILLATOR, row)
                          for i, row in enumerate(_list(where, table, "oscillator", OSCILLATORS))),
        partials=tuple(_values(f"{where}: partial[{i}]", PARTIAL, row)
                       for i, row in enumerate(_list(where, table, "partial", PARTIALS))),
        harmonics=_harmonics(where, _list(where, table, "harmonics", TABLES)),
        equalizer=tuple(_values(f"{where}: equalizer[{i}]", BIQUAD, row)
                        for i, row in enumerate(_list(where, table, "equalizer", 8))),
        pieces=tuple(pieces),
        placement=Placement(**_values(f"{where}: mix", PLACE, tables["mix"])),
    )
    empty = {"oscillators": not patch.oscillators and patch.sections["noise"]["level_db"] <= -90,
             "modes": not patch.partials and patch.sections["string"]["partials"] == 0, "drums": not pieces}[engine]
    if empty:
        need = {"oscillators": "[[oscillator]]", "modes": "[[partial]] or [string]", "drums": "[piece.NAME]"}[engine]
        raise InstrumentError(f"{where} makes no sound: engine {engine!r} needs {need}")
    return patch


def load_patch(path: Path) -> Patch:
    """A patch from a file of the user's. Raises InstrumentError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InstrumentError(f"patch {path} cannot be read: {error}") from None
    return parse_patch(path.stem, text, str(path))


@cache
def _built_in() -> Mapping[str, Patch]:
    def found() -> Iterator[Patch]:
        for entry in sorted(files("instruments.patches").iterdir(), key=lambda e: e.name):
            if entry.name.endswith(".toml"):
                yield parse_patch(entry.name[:-5], entry.read_text(encoding="utf-8"), entry.name)

    return {patch.name: patch for patch in found()}


def patch_names() -> list[str]:
    """The built-in patches, sorted."""
    return sorted(_built_in())


@cache
def aliases() -> Mapping[str, str]:
    """Everyday name -> patch, e.g. "piano" -> "acoustic-piano"."""
    return {_plain(alias): name for name, patch in _built_in().items() for alias in patch.aliases}


def _plain(name: str) -> str:
    return "-".join(name.lower().replace("_", " ").replace("-", " ").split())


def find_patch(name: str) -> Patch:
    """A patch by its name or alias (case, blanks and underscores do not matter), or by a path that ends in .toml.

    Raises InstrumentError that lists the known names.
    """
    if name.endswith(".toml"):
        return load_patch(Path(name))
    plain = _plain(name)
    patches = _built_in()
    patch = patches.get(plain) or patches.get(aliases().get(plain, ""))
    if patch is None:
        raise InstrumentError(
            f"instrument {name!r} is not known: choose one of {', '.join(sorted({*patches, *aliases()}))},"
            " or give the path of a patch that ends in .toml"
        )
    return patch


def placement(name: str) -> Placement:
    """Where a patch sits in a mix by default. Raises InstrumentError as find_patch does."""
    return find_patch(name).placement


def make_instrument(name: str) -> Instrument:
    """The instrument that plays a patch, not yet prepared. Raises InstrumentError as find_patch does."""
    patch = find_patch(name)
    if patch.engine == "drums":
        from instruments.drums import DrumKit

        return DrumKit(patch)
    from instruments.synth import Synth

    return Synth(patch)
