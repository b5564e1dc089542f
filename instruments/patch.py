"""Patches: sounds as TOML, each parameter with unit and range, found by name or by everyday alias.

Nothing here imports numba: `make_instrument` loads the kernels when a sound is really wanted.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from instruments.block import Instrument, InstrumentError
from instruments.kernels.lane_layout import LFOS, MODULATIONS
from instruments.kernels.layout import DRUM_BANDS, DRUM_MODES, HARMONICS, OSCILLATORS, PARTIALS, TABLES
from instruments.parameter import Choice, Parameter
from instruments.parameters import (
    BIQUAD,
    LFO,
    OSCILLATOR,
    PARTIAL,
    PIECE,
    PLACE,
    SECTIONS,
    Q,
    Spec,
    Values,
    checked,
    modulation,
)


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
    """A sound. engine: "oscillators", "modes" or "drums"; quality: "normal" or "high". All numbers are checked.

    harmonics: by ascending key, levels in dB of a string's first partials 0.3 s after the onset.
    """

    name: str
    engine: str
    quality: str
    family: str
    aliases: tuple[str, ...]
    sections: Mapping[str, Values]
    oscillators: tuple[Values, ...]
    lfos: tuple[Values, ...]
    modulations: tuple[Values, ...]
    partials: tuple[Values, ...]
    harmonics: tuple[tuple[int, tuple[float, ...]], ...]
    equalizer: tuple[Values, ...]
    pieces: tuple[Piece, ...]
    placement: Placement


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
            "level_db": Parameter("dB", -60, 24, None), "q": Q, "t60_s": Parameter("s", 0.002, 20, None)}
    modes, bands = [], []
    for i, row in enumerate(_rows(f"{where}.modes", table.get("modes", []), 3, "[Hz, dB, T60 s]", DRUM_MODES)):
        v = checked(f"{where}.modes[{i}]", mode, dict(zip(mode, row, strict=True)))
        modes.append((v["hz"], v["level_db"], v["t60_s"]))
    what = '["band" or "high", Hz, dB, Q, T60 s]'
    for i, row in enumerate(_rows(f"{where}.bands", table.get("bands", []), 5, what, DRUM_BANDS)):
        v = checked(f"{where}.bands[{i}]", band, dict(zip(band, row, strict=True)))
        bands.append((v["kind"], v["hz"], v["level_db"], v["q"], v["t60_s"]))
    numbers = {k: v for k, v in table.items() if k not in ("keys", "modes", "bands")}
    return Piece(name, tuple(keys), checked(where, PIECE, numbers), tuple(modes), tuple(bands))


def _harmonics(where: str, rows: list[Mapping[str, Any]]) -> tuple[tuple[int, tuple[float, ...]], ...]:
    found = []
    for i, row in enumerate(rows):
        spot = f"{where}: harmonics[{i}]"
        key = checked(spot, {"key": Parameter("MIDI key", 0, 127, None)}, {k: v for k, v in row.items() if k == "key"})
        levels = row.get("levels_db")
        if set(row) - {"key", "levels_db"} or not isinstance(levels, list) or len(levels) != HARMONICS:
            raise InstrumentError(f"{spot} does not fit: give key and levels_db, {HARMONICS} numbers")
        rule: Spec = {str(n + 1): Parameter("dB", -90, 12, None) for n in range(HARMONICS)}
        levels_db = checked(f"{spot}.levels_db", rule, {str(n + 1): v for n, v in enumerate(levels)})
        found.append((int(key["key"]), tuple(levels_db.values())))
    if [k for k, _ in found] != sorted({k for k, _ in found}):
        raise InstrumentError(f"{where}: harmonics must be tables of ascending keys")
    return tuple(found)


def _oscillators(where: str, rows: list[Mapping[str, Any]]) -> tuple[Values, ...]:
    """Checked one by one, and whom they follow: only an oscillator that is computed before can lead."""
    made = tuple(checked(f"{where}: oscillator[{i}]", OSCILLATOR, row) for i, row in enumerate(rows))
    for i, o in enumerate(made):
        spot = f"{where}: oscillator[{i}]"
        if o["sync"] > i:
            raise InstrumentError(f"{spot}.sync = {o['sync']:g} does not come before it: give 0 to {i}")
        if o["fm_by"] > i + 1:
            raise InstrumentError(f"{spot}.fm_by = {o['fm_by']:g} comes after it: give 0 to {i + 1}")
        if o["fm_by"] == i + 1 and (o["shape"] != "sine" or o["sync"]):
            raise InstrumentError(f"{spot}.fm_by = {i + 1} is itself: only a free sine can modulate itself")
        if o["sync"] and made[int(o["sync"]) - 1]["sync"]:
            raise InstrumentError(f"{spot}.sync = {o['sync']:g} is itself synced: sync both to the same")
        if o["shape"] in ("noise", "pink") and (o["sync"] or o["fm_by"] or o["fm_ratio"]):
            raise InstrumentError(f"{spot}.shape = {o['shape']!r} has no phase: leave out its fm and sync")
    return made


_OSCILLATORS_ALONE = {
    "voice": {"mode", "glide_ms", "glide", "note_bend_semitones"},
    "amp": {"attack_curve", "decay_curve", "release_curve", "key_octaves", "velocity_attack"},
    "filter": {"drive_db", "velocity_envelope", "timbre_octaves", "release_ms", "attack_curve", "decay_curve",
               "release_curve", "key_octaves", "velocity_attack"},
    "pitch": {*SECTIONS["pitch"]}, "envelope": {*SECTIONS["envelope"]}, "sub": {*SECTIONS["sub"]},
}


def _check_engine(where: str, engine: str, tables: Mapping[str, Mapping[str, Any]]) -> None:
    """Nothing that the engine would pass over in silence."""
    for section, keys in _OSCILLATORS_ALONE.items():
        for key in keys & set(tables[section]):
            if engine != "oscillators":
                raise InstrumentError(f"{where}: {section}.{key} is not for engine {engine!r}: leave it out")


def _check_modulations(where: str, patch: Patch) -> None:
    """Do sources and targets exist, and does the engine know them?"""
    if patch.engine != "oscillators" and (patch.lfos or patch.modulations):
        raise InstrumentError(f"{where}: engine {patch.engine!r} knows no [[lfo]] and [[modulation]]: leave them out")
    for i, m in enumerate(patch.modulations):
        spot = f"{where}: modulation[{i}]"
        for key in ("source", "by", "target"):
            word = m[key].removesuffix("_octaves")
            if word.startswith("lfo") and int(word[3]) > len(patch.lfos):
                raise InstrumentError(f"{spot}.{key} = {m[key]!r} is not there: there are {len(patch.lfos)} x [[lfo]]")
        target = m["target"]
        if target.startswith("oscillator") and int(target[10]) > len(patch.oscillators):
            raise InstrumentError(
                f"{spot}.target = {target!r} is not there: there are {len(patch.oscillators)} x [[oscillator]]"
            )
        if target.startswith("lfo") and patch.lfos[int(target[3]) - 1]["run"] == "free":
            raise InstrumentError(f"{spot}.target = {target!r} runs free of the notes: give that lfo run = \"note\"")


def parse_patch(name: str, text: str, where: str) -> Patch:
    """The patch in a TOML text; `where` names it in errors. Raises InstrumentError: file, key, value, allowed range."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InstrumentError(f"{where} is not TOML: {error}") from None
    engine = table.get("engine")
    if engine not in ("oscillators", "modes", "drums"):
        what = "engine is missing" if engine is None else f"engine = {engine!r} is not known"
        raise InstrumentError(f"{where}: {what}: give oscillators, modes or drums")
    quality = table.get("quality", "normal")
    if quality not in ("normal", "high"):
        raise InstrumentError(f"{where}: quality = {quality!r} is not known: give normal or high")
    lists = {"oscillator", "lfo", "modulation", "partial", "harmonics", "equalizer"}
    known = {"engine", "quality", "family", "aliases", "mix", "piece", *lists, *SECTIONS}
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
    _check_engine(where, engine, tables)
    pieces = []
    for key, piece in tables["piece"].items():
        if not isinstance(piece, dict):
            raise InstrumentError(f"{where}: piece.{key} must be a table: write [piece.{key}]")
        pieces.append(_piece(f"{where}: piece.{key}", key, piece))
    patch = Patch(
        name=name, engine=engine, quality=quality, family=family, aliases=tuple(aliases),
        sections={s: checked(f"{where}: {s}", spec, tables[s]) for s, spec in SECTIONS.items()},
        oscillators=_oscillators(where, _list(where, table, "oscillator", OSCILLATORS)),
        lfos=tuple(checked(f"{where}: lfo[{i}]", LFO, row)
                   for i, row in enumerate(_list(where, table, "lfo", LFOS))),
        modulations=tuple(checked(f"{where}: modulation[{i}]", modulation(row.get("target")), row)
                          for i, row in enumerate(_list(where, table, "modulation", MODULATIONS))),
        partials=tuple(checked(f"{where}: partial[{i}]", PARTIAL, row)
                       for i, row in enumerate(_list(where, table, "partial", PARTIALS))),
        harmonics=_harmonics(where, _list(where, table, "harmonics", TABLES)),
        equalizer=tuple(checked(f"{where}: equalizer[{i}]", BIQUAD, row)
                        for i, row in enumerate(_list(where, table, "equalizer", 8))),
        pieces=tuple(pieces),
        placement=Placement(**checked(f"{where}: mix", PLACE, tables["mix"])),
    )
    _check_modulations(where, patch)
    sources = (patch.sections["noise"], patch.sections["click"], patch.sections["sub"])
    empty = {"oscillators": not patch.oscillators and all(s["level_db"] <= -90 for s in sources),
             "modes": not patch.partials and patch.sections["string"]["partials"] == 0, "drums": not pieces}[engine]
    if empty:
        need = {"oscillators": "[[oscillator]]", "modes": "[[partial]] or [string]", "drums": "[piece.NAME]"}[engine]
        raise InstrumentError(f"{where} makes no sound: engine {engine!r} needs {need}")
    return patch


def load_patch(path: Path) -> Patch:
    """A patch from a file of the user's. Raises InstrumentError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InstrumentError(f"patch {path} cannot be read ({error.strerror or error}): give the path of a patch "
                              "file, or a name that `sideman patches` lists") from None
    except UnicodeDecodeError as error:
        raise InstrumentError(f"patch {path}: byte {error.start} is not UTF-8: save the file as UTF-8 text") from None
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
    if patch.engine == "modes":
        from instruments.modal import ModalSynth

        return ModalSynth(patch)
    from instruments.synth import Synth

    return Synth(patch)
