"""A patch of engine "oscillators" as the numbers that its kernel takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from instruments.kernels import lane_layout as at
from instruments.live_numbers import LiveNumber
from instruments.packing import gain
from instruments.parameter import Choice, Parameter
from instruments.parameters import FILTERS, LFO, MODULATION_TARGETS, OSCILLATOR, SECTIONS, Values
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
        for key, (place, reckoned) in ENVELOPE.items():
            out[i, place] = reckoned(patch.sections[name][key])
        out[i, at.X_USED] = i in needed or at.S_ENV + i in sources
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


def _ms(value: float) -> float:
    return value * _MS


def _same(value: float) -> float:
    return value


PLAIN: Mapping[str, tuple[int, Callable[[float], float]]] = {
    "voice.level_db": (at.P_GAIN, gain), "voice.glide_ms": (at.P_GLIDE, _ms),
    "voice.bend_semitones": (at.P_BEND, _same), "voice.note_bend_semitones": (at.P_NOTE_BEND, _same),
    "voice.random_cents": (at.P_RAND_CENTS, _same), "voice.random_db": (at.P_RAND_DB, _same),
    "voice.spread": (at.P_SPREAD, _same), "voice.key_level_db": (at.P_KEY_DB, _same),
    "velocity.level_exponent": (at.P_VELOCITY, _same), "velocity.brightness": (at.P_BRIGHT, _same),
    "filter.cutoff_hz": (at.P_CUTOFF, _same), "filter.q": (at.P_Q, _same), "filter.tracking": (at.P_TRACK, _same),
    "filter.envelope_octaves": (at.P_FENV, _same), "filter.velocity_envelope": (at.P_FENV_VEL, _same),
    "filter.timbre_octaves": (at.P_TIMBRE, _same),
    "pitch.depth_cents": (at.P_PENV, _same), "pitch.velocity_depth": (at.P_PENV_VEL, _same),
    "vibrato.depth_cents": (at.P_VIB, _same), "vibrato.wheel_cents": (at.P_VIB_WHEEL, _same),
    "vibrato.pressure_cents": (at.P_VIB_PRESSURE, _same), "vibrato.scoop_cents": (at.P_SCOOP, _same),
    "vibrato.scoop_ms": (at.P_SCOOP_TIME, _ms),
    "noise.level_db": (at.P_NOISE, gain), "noise.centre_hz": (at.P_NOISE_HZ, _same),
    "noise.q": (at.P_NOISE_Q, _same), "noise.tracking": (at.P_NOISE_TRACK, _same),
    "noise.burst_db": (at.P_NOISE_BURST, lambda db: 10 ** (db / 20) - 1), "noise.burst_ms": (at.P_NOISE_TAU, _ms),
    "click.level_db": (at.P_CLICK, gain), "click.centre_hz": (at.P_CLICK_HZ, _same), "click.q": (at.P_CLICK_Q, _same),
    "click.time_ms": (at.P_CLICK_TAU, _ms), "click.tracking": (at.P_CLICK_TRACK, _same),
    "tremolo.rate_hz": (at.P_TREM_HZ, _same), "tremolo.depth_db": (at.P_TREM, _same),
    "tremolo.pan": (at.P_TREM_PAN, _same),
}
"""What of a patch goes straight into its row of numbers: where, and how it is reckoned."""
ENVELOPE: Mapping[str, tuple[int, Callable[[float], float]]] = {
    "attack_ms": (at.X_ATTACK, _ms), "decay_ms": (at.X_DECAY, _ms), "sustain": (at.X_SUSTAIN, _same),
    "release_ms": (at.X_RELEASE, _ms), "attack_curve": (at.X_ATTACK_CURVE, _same),
    "decay_curve": (at.X_DECAY_CURVE, _same), "release_curve": (at.X_RELEASE_CURVE, _same),
    "key_octaves": (at.X_KEY, _same), "velocity_attack": (at.X_VELOCITY, _same),
}
"""Of each envelope."""


def _patch(patch: Patch, rate: int, o: Numbers, rows: Numbers, mods: Numbers) -> Numbers:
    s = patch.sections
    voice, flt = s["voice"], s["filter"]
    times = at.OVERSAMPLED if patch.quality == "high" else 1
    decays = all(row[at.O_T60] > 0 and not row[at.O_LEVELLED] for row in o if row[at.O_LEVEL] > 0)
    drives = flt["drive_db"] > 0 or at.M_DRIVE in mods[:, 2]
    stereo = bool(len(rows)) and bool(np.any(np.abs(rows[:, at.R_LEFT] - rows[:, at.R_RIGHT]) > 1e-9))
    numbers = {
        at.P_RATE: rate * times, at.P_TIMES: times, at.P_SEED: voice["seed"],
        at.P_POLYPHONY: voice["polyphony"] if voice["mode"] == "poly" else 1,
        at.P_MODE: ("poly", "mono", "legato").index(voice["mode"]), at.P_GLIDE_LEGATO: voice["glide"] == "legato",
        at.P_UNDAMPED: s["amp"]["undamped_from_key"], at.P_ENDS: decays and s["noise"]["level_db"] <= -90,
        at.P_FILTER: FILTERS.index(flt["type"]), at.P_STAGES: 2 if flt["slope_db"] > 12 else 1,
        at.P_DRIVE: flt["drive_db"] if drives else -1, at.P_STEREO: stereo,
        at.P_OSCS: len(o), at.P_ROWS: len(rows), at.P_MODS: len(mods), at.P_BIQUADS: len(patch.equalizer),
    }
    p = np.zeros(at.PATCH_FIELDS)
    for place, number in numbers.items():
        p[place] = number
    for name, (place, reckoned) in PLAIN.items():
        section, _, key = name.partition(".")
        p[place] = reckoned(s[section][key])
    return p


def live(made: Voicing, patch: Patch, cutoff: Callable[[float], None]) -> dict[str, LiveNumber]:
    """What of the patch may change while it plays, written into `made`. Notes that sound follow at the next grid line;
    what a note takes with it from its beginning (times of its envelopes, its level by velocity) follows with the next.

    cutoff: told of a new filter cutoff before it is written, since each voice has its own share of it
    """
    s, p = patch.sections, made.p
    numbers: dict[str, LiveNumber] = {}

    def add(name: str, rule: Parameter | Choice, value: float, array: Numbers, place: tuple[int, ...] | int,
            reckoned: Callable[[float], float]) -> None:
        assert isinstance(rule, Parameter)

        def write(number: float) -> None:
            array[place] = reckoned(number)

        numbers[name] = LiveNumber(rule._replace(log=rule.unit.startswith("Hz") and rule.low > 0), value, write)

    silent = {name for name, row, used in (
        ("filter.envelope_octaves", made.x[at.FILTER], at.X_USED), ("pitch.depth_cents", made.x[at.PITCH], at.X_USED),
        ("vibrato.depth_cents", made.t[at.VIBRATO], at.T_USED),
    ) if not row[used]}
    for name, (place, reckoned) in PLAIN.items():
        section, _, key = name.partition(".")
        if name not in silent and name != "voice.level_db":  # the kernel takes that in one step: faders do it better
            add(name, SECTIONS[section][key], s[section][key], p, place, reckoned)
    if p[at.P_DRIVE] >= 0:
        add("filter.drive_db", SECTIONS["filter"]["drive_db"], s["filter"]["drive_db"], p, at.P_DRIVE, _same)
    for i, envelope in enumerate(at.ENVELOPES):
        if made.x[i, at.X_USED]:
            for key, (place, reckoned) in ENVELOPE.items():
                add(f"{envelope}.{key}", SECTIONS[envelope][key], s[envelope][key], made.x, (i, place), reckoned)
    for i, lfo in enumerate(patch.lfos):
        add(f"lfo{i + 1}.rate_hz", LFO["rate_hz"], lfo["rate_hz"], made.t, (i, at.T_HZ), _same)
    if made.t[at.VIBRATO, at.T_USED]:
        vibrato = SECTIONS["vibrato"]["rate_hz"]
        add("vibrato.rate_hz", vibrato, s["vibrato"]["rate_hz"], made.t, (at.VIBRATO, at.T_HZ), _same)
    for i, o in enumerate(patch.oscillators):
        for key, place, reckoned in (("level_db", at.O_LEVEL, gain), ("pulse_width", at.O_WIDTH, _same),
                                     ("fm_index", at.O_INDEX, _same)):
            add(f"osc{i + 1}.{key}", OSCILLATOR[key], o[key], made.o, (i, place), reckoned)
    for i, m in enumerate(patch.modulations):
        rule = Parameter("of the target's unit", -abs(m["amount"]) * 4 - 1, abs(m["amount"]) * 4 + 1, None)
        add(f"mod{i + 1}.amount", rule, m["amount"], made.mods, (i, at.MOD_FIELDS - 1), _same)
    old = numbers["filter.cutoff_hz"]

    def cut(hz: float) -> None:
        cutoff(hz)
        old.write(hz)

    numbers["filter.cutoff_hz"] = old._replace(write=cut)
    return numbers


def half_band() -> NDArray[np.float32]:
    """The linear-phase filter between twice the rate and the rate: a Kaiser-windowed sinc, 90 dB down in what would
    fold below 0.45 of the rate."""
    n = np.arange(at.TAPS) - at.TAPS // 2
    taps = 0.5 * np.sinc(n / 2) * np.kaiser(at.TAPS, 9.0)
    taps[at.TAPS // 2] = 0.5
    taps[n % 2 == 1] *= 0.5 / taps[n % 2 == 1].sum()
    return taps.astype(np.float32)
