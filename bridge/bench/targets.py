"""What the built-in patches are measured against: sampled instruments, by spectrum and features, no audio.

The targets are features of MuseScore General 0.2.1 (MIT licence) in the data folder, `instrument_targets/targets.json`:
three pitches of each melodic programme at velocities 50, 90 and 120, spectra at 90. Patches may be fitted to those.

`unseen_notes.npz` beside this module holds spectra of the same font that no patch was fitted to: two pitches of each
programme, half-way between those of the targets, and the kits' pieces, all at velocities 60 and 110; measured through
FluidSynth 2.3.1 as the targets were (48 kHz, gain 1, reverb and chorus off, silence before each note), int8 dB re the
loudest cell. The same procedure gives the published targets again to 0.4 dB (drums) and 0.9 dB (melodic) on average.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bridge.bench.hearing import Bands
from bridge.errors import DataError

FITTED_VELOCITY = 90
UNSEEN_VELOCITIES = (60, 110)

ROLES: Mapping[str, str] = {
    "acoustic-piano": "acoustic_piano", "alto-sax": "sax_alto", "analog-bass": "bass_synth1", "brass": "brass_section",
    "celesta": "celesta", "cello": "cello", "choir": "choir_aah", "clarinet": "clarinet",
    "clean-guitar": "guitar_clean", "distortion-guitar": "guitar_distortion", "dx-piano": "dx_ep",
    "finger-bass": "bass_finger", "flute": "flute",
    "french-horn": "french_horn", "glockenspiel": "glockenspiel", "harp": "harp", "jazz-guitar": "guitar_jazz",
    "lead": "lead_saw", "marimba": "marimba", "music-box": "music_box", "muted-guitar": "guitar_muted",
    "nylon-guitar": "guitar_nylon", "oboe": "oboe", "organ": "organ_drawbar", "overdriven-guitar": "guitar_overdrive",
    "pad": "pad_warm", "pick-bass": "bass_pick", "pizzicato": "strings_pizz", "poly-synth": "pad_polysynth",
    "rhodes": "rhodes_ep", "rock-organ": "organ_rock", "square-lead": "lead_square", "steel-guitar": "guitar_steel",
    "strings": "ensemble_fast", "synth-bass": "bass_synth2", "synth-strings": "synth_strings", "tenor-sax": "sax_tenor",
    "timpani": "timpani", "trombone": "trombone", "trumpet": "trumpet", "upright-bass": "bass_upright",
    "vibraphone": "vibraphone", "violin": "violin",
}
"""Patch -> measured programme that it plays the part of."""

_STANDARD = {
    35: "kick_soft", 36: "kick", 37: "rim_side", 38: "snare", 39: "clap", 40: "snare2", 41: "tom_low_floor",
    42: "hat_closed", 43: "tom_high_floor", 44: "hat_pedal", 45: "tom_low", 46: "hat_open", 47: "tom_lowmid",
    48: "tom_himid", 49: "crash1", 50: "tom_high", 51: "ride", 52: "china", 53: "ride_bell", 54: "tambourine",
    55: "splash", 56: "cowbell", 57: "crash2", 59: "ride2", 60: "bongo_hi", 61: "bongo_low", 62: "conga_mute_hi",
    63: "conga_open_hi", 64: "conga_low", 69: "cabasa", 70: "maracas", 75: "claves", 76: "woodblock_hi",
    81: "triangle_open", 82: "shaker",
}
_JAZZ = (35, 36, 37, 38, 39, 40, 42, 43, 44, 45, 46, 49, 50, 51, 53)
_TR808 = (35, 36, 38, 39, 40, 42, 43, 44, 45, 46, 50, 51, 56)  # rim, bell and crash of that bank are the standard kit's
PIECES: Mapping[str, Mapping[int, str]] = {
    "acoustic-kit": {key: f"standard_{name}" for key, name in _STANDARD.items()},
    "jazz-kit": {key: f"jazz_{_STANDARD[key]}" for key in _JAZZ},
    "electronic-kit": {key: f"tr808_{_STANDARD[key]}" for key in _TR808},
}
"""Kit -> MIDI key -> measured piece, "kit_piece"."""


class Spectrum(NamedTuple):
    """A sampled note's third-octave spectrum over time."""

    key: int
    velocity: int
    bands: Bands


class Targets(NamedTuple):
    """The measured features: `spectra` and `features` by programme or piece."""

    table: Mapping[str, Any]

    def role_keys(self, role: str) -> list[int]:
        return [int(key) for key in self.table["melodic"][role]["pitches"]]

    def role_sustained(self, role: str) -> bool:
        return bool(self.table["melodic"][role]["kind"] == "s")

    def role_features(self, role: str, key: int, velocity: int) -> Mapping[str, Any]:
        """Features of a note at velocity 50, 90 or 120; names as in the data's meta.keys."""
        found: Mapping[str, Any] = self.table["melodic"][role]["pitches"][str(key)][str(velocity)]
        return found

    def role_spectra(self, role: str) -> list[Spectrum]:
        """The notes that a patch may be fitted to."""
        spectra = self.table["bands_db_v90"]
        return [Spectrum(key, FITTED_VELOCITY, np.array(spectra[f"{role}_{key}"], float))
                for key in self.role_keys(role)]

    def role_between_fonts_db(self, role: str) -> float:
        """How far another sample set of the same instrument is: mean log-spectral distance."""
        return float(np.mean(self.table["melodic"][role]["lsd_between_fonts_db"]))

    def piece_features(self, piece: str, velocity: int) -> Mapping[str, Any]:
        kit, _, name = piece.partition("_")
        found: Mapping[str, Any] = self.table["drums"][kit][name][str(velocity)]
        return found

    def piece_spectrum(self, piece: str, key: int) -> Spectrum:
        return Spectrum(key, FITTED_VELOCITY, np.array(self.table["bands_db_v90"][piece], float))


def data_folder() -> Path:
    """SIDEMAN_DATA, else ../shared/data beside the checkout."""
    given = os.environ.get("SIDEMAN_DATA")
    return Path(given) if given else Path(__file__).resolve().parents[3] / "shared" / "data"


@cache
def _loaded(path: Path) -> Targets:
    try:
        return Targets(json.loads(path.read_text(encoding="utf-8")))
    except OSError:
        raise DataError(
            f"the measured instruments {path} are not there: set SIDEMAN_DATA to the folder that holds"
            " instrument_targets/targets.json"
        ) from None
    except ValueError as error:
        raise DataError(f"{path} is not JSON: {error}") from None


def load() -> Targets:
    """The targets of the data folder. Raises DataError where they are missing."""
    return _loaded(data_folder() / "instrument_targets" / "targets.json")


@cache
def _unseen() -> Mapping[str, tuple[Spectrum, ...]]:
    with as_file(files("bridge.bench") / "unseen_notes.npz") as path, np.load(path) as held:
        names, bands = [str(name) for name in held["names"]], held["bands_db"].astype(float)
    keys = {piece: key for pieces in PIECES.values() for key, piece in pieces.items()}
    found: dict[str, list[Spectrum]] = {}
    for name, rows in zip(names, bands, strict=True):
        what, _, velocity = name.rpartition("_")
        role, _, key = what.rpartition("_")
        if key.isdigit():
            found.setdefault(role, []).append(Spectrum(int(key), int(velocity), rows))
        elif what in keys:
            found.setdefault(what, []).append(Spectrum(keys[what], int(velocity), rows))
    return {what: tuple(rows) for what, rows in found.items()}


def unseen(what: str) -> tuple[Spectrum, ...]:
    """The held-out notes of a programme ("trumpet") or piece ("jazz_kick"): other pitches, other velocities."""
    return _unseen()[what]
