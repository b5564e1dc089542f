"""A patch of engine "oscillators" as the numbers that its kernel takes."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from instruments.kernels import lane_layout as at
from instruments.packing import gain
from instruments.parameters import FILTERS, MODULATION_TARGETS, Values
from instruments.patch import Patch

_MS = 1e-3
_SUB_SHAPES = {"sine": at.SINE, "triangle": at.TRIANGLE, "square": at.PULSE, "saw": at.SAW}
Numbers = NDArray[np.float64]


class Voicing(NamedTuple):
    """Arrays as in lane_layout.Synthesis: patch, envelopes, slow oscillators, oscillators, rows, modulations."""

    p: Numbers
    x: Numbers
    t: Numbers
    o: Numbers
    rows: Numbers
    mods: Numbers


def voicing(patch: Patch, rate: int) -> Voicing:
    """The patch at a sample rate of `rate` Hz."""
    mods = _modulations(patch)
    o = _oscillators(patch, mods)
    rows = _rows(patch)
    o[:, at.O_FIRST] = [int(np.argmax(rows[:, at.R_OSC] == k)) for k in range(len(o))]
    p = _patch(patch, rate, o, rows, mods)
    _place(p, o, rows)
    return Voicing(p, _envelopes(patch, mods), _slow(patch, mods), o, rows, mods)


def _every(patch: Patch) -> list[Values]:
    """The oscillators and the sub oscillator, which has the parameters of an oscillator."""
    sub = patch.sections["sub"]
    every = list(patch.oscillators)
    if sub["level_db"] > -90:
        plain = {"ratio": 1.0, "detune_cents": 0.0, "hz": 0.0, "t60_s": 0.0, "t60_octaves": 0.0, "pulse_width": 0.5,
                 "phase": 0.0, "pan": 0.0, "unison": 1.0, "unison_cents": 0.0, "unison_spread": 0.0, "sync": 0.0,
                 "fm_by": 0.0, "fm_ratio": 0.0, "fm_index": 0.0, "fm_decay_ms": 500.0, "fm_sustain": 1.0,
                 "fm_octaves": 0.0, "fm_velocity": 0.0}
        every.append({**plain, **sub})
    return every


def _modulations(patch: Patch) -> Numbers:
    rows = [(at.SOURCES.index(m["source"]), at.SOURCES.index(m["by"]), MODULATION_TARGETS.index(m["target"]),
             m["amount"]) for m in patch.modulations]
    wah = patch.sections["filter"]["lfo_octaves"]
    if wah > 0:
        rows.append((at.SOURCES.index("filter_lfo"), at.S_ONE, at.M_CUTOFF, wah))
    return np.array(rows, np.float64).reshape(-1, at.MOD_FIELDS)


def _shape(word: str) -> int:
    return at.PULSE if word == "square" else at.SHAPES.index(word)


def _oscillators(patch: Patch, mods: Numbers) -> Numbers:
    every = _every(patch)
    leaders = {int(o["fm_by"]) - 1 for i, o in enumerate(every) if o["fm_by"] and o["fm_by"] != i + 1}
    targets = set(mods[:, 2].astype(int))
    out = np.zeros((len(every), at.OSC_FIELDS))
    for i, o in enumerate(every):
        own = at.M_OSC + i * len(at.OSC_TARGETS)
        numbers = {
            at.O_SHAPE: _shape(o["shape"]), at.O_RATIO: o["ratio"] * 2 ** (o["octave"] + o["detune_cents"] / 1200),
            at.O_HZ: o["hz"], at.O_LEVEL: gain(o["level_db"]), at.O_T60: o["t60_s"], at.O_TKEY: o["t60_octaves"],
            at.O_WIDTH: o["pulse_width"], at.O_START: max(o["phase"], 0.0) % 1.0, at.O_SYNC: o["sync"] - 1,
            at.O_FM_RATIO: 0.0 if o["fm_by"] else o["fm_ratio"], at.O_FM_BY: o["fm_by"] - 1, at.O_INDEX: o["fm_index"],
            at.O_INDEX_TAU: o["fm_decay_ms"] * _MS, at.O_INDEX_SUSTAIN: o["fm_sustain"],
            at.O_INDEX_KEY: o["fm_octaves"], at.O_INDEX_VEL: o["fm_velocity"], at.O_HEARD: i in leaders,
            at.O_PITCHED: own + at.MO_PITCH in targets, at.O_LEVELLED: own + at.MO_LEVEL in targets,
        }
        for place, number in numbers.items():
            out[i, place] = number
    return out


def _rows(patch: Patch) -> Numbers:
    """Copies lie closer together in the middle: 7 at +-19 cents are 0, 3.7, 10.3 and 19 cents off."""
    rows: list[tuple[float, ...]] = []
    for k, o in enumerate(_every(patch)):
        copies = int(o["unison"])
        for j in range(copies):
            even = 2 * j / (copies - 1) - 1 if copies > 1 else 0.0
            place = math.copysign(abs(even) ** 1.5, even)
            pan = min(max(o["pan"] + (o["unison_spread"] * even * (-1) ** j if copies > 1 else 0.0), -1.0), 1.0)
            angle, level = (pan + 1) * math.pi / 4, math.sqrt(2 / copies)
            start = -1.0 if copies > 1 or o["phase"] < 0 else o["phase"] % 1.0
            rows.append((k, place, 2 ** (o["unison_cents"] * place / 1200), level * math.cos(angle),
                         level * math.sin(angle), start, -1, -1, -1, -1))
    return np.array(rows, np.float64).reshape(-1, at.ROW_FIELDS)


def _place(p: Numbers, o: Numbers, rows: Numbers) -> None:
    """Give each oscillator and row the lanes that it needs, and no more: they decide what fits into the cache."""
    floats, ints = at.L_OSC, at.I_OSC
    o[:, (at.O_WIDTH_LINE, at.O_INDEX_LINE, at.O_TURN)] = -1
    for k in range(len(o)):
        o[k, at.O_LEVEL_LINE], floats = floats, floats + 2
        if o[k, at.O_SHAPE] == at.PULSE:
            o[k, at.O_WIDTH_LINE], floats = floats, floats + 2
        if o[k, at.O_FM_RATIO] > 0 or o[k, at.O_FM_BY] >= 0:
            o[k, at.O_INDEX_LINE], floats = floats, floats + 2
        if o[k, at.O_FM_RATIO] > 0:
            o[k, at.O_TURN], ints = ints, ints + 2
    for row in rows:
        row[at.R_TURN], ints = ints, ints + 2
        if o[int(row[at.R_OSC]), at.O_SYNC] >= 0:
            row[at.R_RATIO_LINE], floats = floats, floats + 2
    p[at.P_LINES], p[at.P_PHASES] = (floats - at.L_LINES) // 2, (ints - at.I_PHASES) // 2
    for row in rows:
        k = int(row[at.R_OSC])
        if o[k, at.O_SHAPE] >= at.NOISE or o[k, at.O_FM_BY] == k:
            row[at.R_MEMORY], floats = floats, floats + 3
        if o[k, at.O_SHAPE] >= at.NOISE:
            row[at.R_GENERATOR], ints = ints, ints + 1
    p[at.P_FLOATS], p[at.P_INTS] = floats, ints


def _envelopes(patch: Patch, mods: Numbers) -> Numbers:
    out = np.zeros((len(at.ENVELOPES), at.ENVELOPE_FIELDS))
    sources = set(mods[:, :2].astype(int).ravel())
    needed = {at.AMP}
    if patch.sections["filter"]["envelope_octaves"]:
        needed.add(at.FILTER)
    if patch.sections["pitch"]["depth_cents"]:
        needed.add(at.PITCH)
    for i, name in enumerate(at.ENVELOPES):
        e = patch.sections[name]
        out[i] = (e["attack_ms"] * _MS, e["decay_ms"] * _MS, e["sustain"], e["release_ms"] * _MS, e["attack_curve"],
                  e["decay_curve"], e["release_curve"], e["key_octaves"], e["velocity_attack"],
                  i in needed or at.S_ENV + i in sources)
    return out


def _slow(patch: Patch, mods: Numbers) -> Numbers:
    out = np.zeros((at.SLOW, at.LFO_FIELDS))
    for i, lfo in enumerate(patch.lfos):
        free = lfo["run"] == "free"
        out[i] = (at.LFO_SHAPES.index(lfo["shape"]), lfo["rate_hz"], lfo["beats"], lfo["delay_ms"] * _MS,
                  lfo["fade_ms"] * _MS, max(lfo["phase"], 0.0) if free else lfo["phase"], free, 1)
    vib, wah = patch.sections["vibrato"], patch.sections["filter"]
    phase = -1.0 if patch.sections["voice"]["stereo"] else 0.0
    moved = at.S_LFO + at.VIBRATO in mods[:, :2] or at.M_VIBRATO in mods[:, 2]
    used = vib["depth_cents"] + vib["wheel_cents"] + vib["pressure_cents"] > 0 or moved
    out[at.VIBRATO] = 0, vib["rate_hz"], 0, vib["delay_ms"] * _MS, vib["fade_ms"] * _MS, phase, 0, used
    out[at.WAH] = 0, wah["lfo_hz"], 0, 0, 0, phase, 0, wah["lfo_octaves"] > 0
    return out


def _patch(patch: Patch, rate: int, o: Numbers, rows: Numbers, mods: Numbers) -> Numbers:
    s = patch.sections
    voice, vel, flt, vib, pitch = s["voice"], s["velocity"], s["filter"], s["vibrato"], s["pitch"]
    noise, click, trem = s["noise"], s["click"], s["tremolo"]
    times = at.OVERSAMPLED if patch.quality == "high" else 1
    decays = all(row[at.O_T60] > 0 and not row[at.O_LEVELLED] for row in o if row[at.O_LEVEL] > 0)
    drives = flt["drive_db"] > 0 or at.M_DRIVE in mods[:, 2]
    stereo = bool(len(rows)) and bool(np.any(np.abs(rows[:, at.R_LEFT] - rows[:, at.R_RIGHT]) > 1e-9))
    numbers = {
        at.P_RATE: rate * times, at.P_TIMES: times, at.P_SEED: voice["seed"], at.P_GAIN: gain(voice["level_db"]),
        at.P_POLYPHONY: voice["polyphony"] if voice["mode"] == "poly" else 1,
        at.P_MODE: ("poly", "mono", "legato").index(voice["mode"]), at.P_GLIDE: voice["glide_ms"] * _MS,
        at.P_GLIDE_LEGATO: voice["glide"] == "legato",
        at.P_BEND: voice["bend_semitones"], at.P_NOTE_BEND: voice["note_bend_semitones"],
        at.P_VELOCITY: vel["level_exponent"], at.P_BRIGHT: vel["brightness"],
        at.P_UNDAMPED: s["amp"]["undamped_from_key"], at.P_ENDS: decays and noise["level_db"] <= -90,
        at.P_FILTER: FILTERS.index(flt["type"]), at.P_STAGES: 2 if flt["slope_db"] > 12 else 1,
        at.P_CUTOFF: flt["cutoff_hz"], at.P_Q: flt["q"], at.P_TRACK: flt["tracking"],
        at.P_FENV: flt["envelope_octaves"], at.P_FENV_VEL: flt["velocity_envelope"],
        at.P_DRIVE: flt["drive_db"] if drives else -1, at.P_TIMBRE: flt["timbre_octaves"],
        at.P_PENV: pitch["depth_cents"], at.P_PENV_VEL: pitch["velocity_depth"],
        at.P_VIB: vib["depth_cents"], at.P_VIB_WHEEL: vib["wheel_cents"], at.P_VIB_PRESSURE: vib["pressure_cents"],
        at.P_SCOOP: vib["scoop_cents"], at.P_SCOOP_TIME: vib["scoop_ms"] * _MS,
        at.P_NOISE: gain(noise["level_db"]), at.P_NOISE_HZ: noise["centre_hz"], at.P_NOISE_Q: noise["q"],
        at.P_NOISE_TRACK: noise["tracking"], at.P_NOISE_BURST: 10 ** (noise["burst_db"] / 20) - 1,
        at.P_NOISE_TAU: noise["burst_ms"] * _MS,
        at.P_CLICK: gain(click["level_db"]), at.P_CLICK_HZ: click["centre_hz"], at.P_CLICK_Q: click["q"],
        at.P_CLICK_TAU: click["time_ms"] * _MS, at.P_CLICK_TRACK: click["tracking"],
        at.P_STEREO: stereo, at.P_RAND_CENTS: voice["random_cents"], at.P_RAND_DB: voice["random_db"],
        at.P_SPREAD: voice["spread"], at.P_KEY_DB: voice["key_level_db"],
        at.P_TREM_HZ: trem["rate_hz"], at.P_TREM: trem["depth_db"], at.P_TREM_PAN: trem["pan"],
        at.P_OSCS: len(o), at.P_ROWS: len(rows), at.P_MODS: len(mods), at.P_BIQUADS: len(patch.equalizer),
    }
    p = np.zeros(at.PATCH_FIELDS)
    for place, number in numbers.items():
        p[place] = number
    return p


def half_band() -> NDArray[np.float32]:
    """The linear-phase filter between twice the rate and the rate: a Kaiser-windowed sinc, 90 dB down in what would
    fold below 0.45 of the rate."""
    n = np.arange(at.TAPS) - at.TAPS // 2
    taps = 0.5 * np.sinc(n / 2) * np.kaiser(at.TAPS, 9.0)
    taps[at.TAPS // 2] = 0.5
    taps[n % 2 == 1] *= 0.5 / taps[n % 2 == 1].sum()
    return taps.astype(np.float32)
