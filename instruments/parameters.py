"""What a patch may say: every parameter with its unit, range and default; and the check of a table against that."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from instruments.block import InstrumentError
from instruments.kernels.lane_layout import LFO_SHAPES, OSC_TARGETS, SHAPES, SOURCES, TARGETS, UNISON
from instruments.kernels.layout import OSCILLATORS, SHIMMER
from instruments.parameter import Choice, Parameter

FILTERS = ("off", "low-pass", "band-pass", "high-pass", "notch")
_EQ_KINDS = ("peak", "low-shelf", "high-shelf", "high-pass", "low-pass")


Spec = Mapping[str, Parameter | Choice]
Values = Mapping[str, Any]

Q = Parameter("", 0.1, 20.0, 0.7)
def _times(attack_ms: float, decay_ms: float, sustain: float, release_ms: float) -> dict[str, Parameter | Choice]:
    """What every envelope knows."""
    return {
        "attack_ms": Parameter("ms, 0 to full", 0, 20000, attack_ms),
        "decay_ms": Parameter("ms, time constant", 1, 60000, decay_ms),
        "sustain": Parameter("share of full level", 0, 1, sustain),
        "release_ms": Parameter("ms to -60 dB; 0 = goes on as if held", 0, 20000, release_ms),
        "attack_curve": Parameter("0 straight, above: fast first (8 is strong), below: slow first", -12, 12, 0),
        "decay_curve": Parameter("1 exponential .. 0 straight, twice the time constant long", 0, 1, 1),
        "release_curve": Parameter("1 exponential .. 0 straight", 0, 1, 1),
        "key_octaves": Parameter("halvings of all times per octave above C4", -2, 4, 0),
        "velocity_attack": Parameter("attack ~ (velocity/90)^-x", -2, 4, 0),
    }


_PAN = Parameter("-1 left .. 1 right", -1.0, 1.0, 0.0)
SECTIONS: Mapping[str, Spec] = {
    "voice": {
        "polyphony": Parameter("voices", 1, 8192, 16, True),
        "mode": Choice(("poly", "mono", "legato"), "poly"),
        "glide_ms": Parameter("ms from note to note, straight in pitch", 0, 10000, 0),
        "glide": Choice(("always", "legato"), "always"),
        "level_db": Parameter("dB", -60, 40, 0),
        "key_level_db": Parameter("dB per octave above C4", -12, 12, 0),
        "bend_semitones": Parameter("semitones", 0, 96, 2),
        "note_bend_semitones": Parameter("semitones, on the member channels of an MPE zone", 0, 96, 48),
        "stereo": Parameter("0 or 1: each note's vibrato at its own phase", 0, 1, 0, True),
        "spread": Parameter("pan per three octaves above C4", -1, 1, 0),
        "random_cents": Parameter("cents", 0, 50, 1),
        "random_db": Parameter("dB", 0, 6, 0.3),
        "seed": Parameter("", 0, 65535, 1),
    },
    "amp": {
        **_times(2, 1000, 1, 200),
        "release_ms": Parameter("ms to -60 dB", 5, 20000, 200),
        "undamped_from_key": Parameter("MIDI key", 0, 128, 128),
    },
    "velocity": {
        "level_exponent": Parameter("level ~ (velocity/90)^x", 0, 3, 1.65),
        "brightness": Parameter("cutoff ~ (velocity/90)^x", 0, 3, 0.5),
    },
    "filter": {
        "type": Choice(FILTERS, "off"),
        "slope_db": Parameter("dB per octave, 12 or 24", 12, 24, 24),
        "cutoff_hz": Parameter("Hz at C4", 20, 20000, 2000),
        "q": Q,
        "drive_db": Parameter("dB into the saturation before the filter", 0, 40, 0),
        "tracking": Parameter("octaves per octave", -1, 2, 0),
        "envelope_octaves": Parameter("octaves", -8, 8, 0),
        "velocity_envelope": Parameter("envelope_octaves ~ (velocity/90)^x", 0, 4, 0),
        "timbre_octaves": Parameter("octaves by CC 74, up and down", -4, 4, 1),
        **_times(1, 200, 0, 0),
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
        "wheel_cents": Parameter("cents by the modulation wheel", 0, 1200, 30),
        "pressure_cents": Parameter("cents by pressure", 0, 1200, 30),
    },
    "pitch": {
        "depth_cents": Parameter("cents", -4800, 4800, 0),
        "velocity_depth": Parameter("depth ~ (velocity/90)^x", 0, 4, 0),
        **_times(0, 100, 0, 0),
    },
    "envelope": _times(10, 500, 0, 200),
    "sub": {
        "shape": Choice(("sine", "triangle", "square", "saw"), "sine"),
        "octave": Parameter("octaves", -3, 0, -1, True),
        "level_db": Parameter("dB", -90, 24, -90),
    },
    "noise": {
        "level_db": Parameter("dB", -90, 12, -90),
        "centre_hz": Parameter("Hz at C4", 20, 16000, 3000),
        "q": Q,
        "tracking": Parameter("octaves per octave", -1, 2, 0),
        "burst_db": Parameter("dB at the onset", 0, 24, 0),
        "burst_ms": Parameter("ms, time constant", 1, 500, 40),
    },
    "click": {
        "level_db": Parameter("dB", -90, 24, -90),
        "centre_hz": Parameter("Hz at C4", 20, 16000, 1000),
        "q": Q,
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
    "shape": Choice((*SHAPES, "square"), "saw"),
    "ratio": Parameter("of the note's frequency", 0.01, 64, 1),
    "octave": Parameter("octaves", -4, 4, 0, True),
    "detune_cents": Parameter("cents", -1200, 1200, 0),
    "hz": Parameter("Hz, fixed; 0 = by ratio", 0, 20000, 0),
    "level_db": Parameter("dB", -90, 24, 0),
    "t60_s": Parameter("s at C4; 0 = no decay", 0, 60, 0),
    "t60_octaves": Parameter("halvings per octave above C4", -2, 4, 0),
    "pulse_width": Parameter("share of a cycle", 0.02, 0.98, 0.5),
    "phase": Parameter("cycles; -1 = random for each note", -1, 1, 0),
    "pan": _PAN,
    "unison": Parameter("copies", 1, UNISON, 1, True),
    "unison_cents": Parameter("cents, the outermost copies off the pitch", 0, 200, 12),
    "unison_spread": Parameter("0 all in the middle .. 1 from side to side", 0, 1, 0.7),
    "sync": Parameter("number of an oscillator before it that starts it anew; 0 = none", 0, OSCILLATORS, 0, True),
    "fm_by": Parameter("number of the oscillator, up to its own, that modulates its phase; 0 = a sine of its own", 0,
                       OSCILLATORS, 0, True),
    "fm_ratio": Parameter("of that sine, of the note's frequency; 0 = none", 0, 64, 0),
    "fm_index": Parameter("radians", 0, 20, 0),
    "fm_decay_ms": Parameter("ms, time constant", 1, 20000, 500),
    "fm_sustain": Parameter("share", 0, 1, 1),
    "fm_octaves": Parameter("halvings of the index per octave above C4", -2, 4, 0),
    "fm_velocity": Parameter("index ~ (velocity/90)^x", 0, 4, 0),
}
LFO: Spec = {
    "shape": Choice(LFO_SHAPES, "sine"),
    "rate_hz": Parameter("Hz", 0, 100, 1),
    "beats": Parameter("quarter notes to a turn; 0 = by rate_hz", 0, 256, 0),
    "delay_ms": Parameter("ms from the note's start", 0, 20000, 0),
    "fade_ms": Parameter("ms", 0, 20000, 0),
    "phase": Parameter("cycles; -1 = random for each note", -1, 1, 0),
    "run": Choice(("note", "free"), "note"),
}
_AMOUNTS = {
    "pitch_cents": ("cents", 9600), "level_db": ("dB", 60), "pan": ("-1 left .. 1 right", 2),
    "cutoff_octaves": ("octaves", 10), "q_octaves": ("doublings", 6), "drive_db": ("dB", 40),
    "pulse_width": ("share of a cycle", 0.98), "fm_index": ("radians", 20), "unison_cents": ("cents", 200),
    "noise_db": ("dB", 60), "vibrato_cents": ("cents", 1200), "lfo1_octaves": ("octaves", 6),
    "lfo2_octaves": ("octaves", 6), "lfo3_octaves": ("octaves", 6),
}
MODULATION_TARGETS = (
    *TARGETS, *(f"oscillator{k + 1}.{name}" for k in range(OSCILLATORS) for name in OSC_TARGETS),
)


def modulation(target: object) -> Spec:
    """The rules of a [[modulation]]; the range of its amount is that of its target."""
    unit, most = _AMOUNTS.get(str(target).rpartition(".")[2], ("", 1.0))
    return {
        "source": Choice(SOURCES[1:], ""),
        "by": Choice(SOURCES, "one"),
        "target": Choice(MODULATION_TARGETS, ""),
        "amount": Parameter(unit, -most, most, None),
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
    "q": Q,
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
    "tilt": Parameter("what lies x octaves above the piece's centre ~ (velocity/90)^(tilt x) more", 0, 1, 0.1),
    "decay_velocity": Parameter("T60 ~ (velocity/90)^x", -2, 2, 0),
    "attack_ms": Parameter("ms", 0, 50, 0.5),
    "noise_attack_ms": Parameter("ms", 0, 400, 0),
    "sweep_octaves": Parameter("octaves above at the start", -3, 4, 0),
    "sweep_ms": Parameter("ms, time constant", 0.5, 500, 20),
    "snap_factor": Parameter("added to the pitch factor at the start", 0, 16, 0),
    "snap_ms": Parameter("ms, time constant", 0.2, 50, 2),
    "hold_ms": Parameter("ms before the modes decay", 0, 2000, 0),
    "drive_db": Parameter("dB into tanh", 0, 30, 0),
    "metal": Parameter("times the six squares of 205..800 Hz", 0.1, 8, 1),
    "metal_share": Parameter("of metal against noise", 0, 1, 0),
    "low_pass_hz": Parameter("Hz; 0 = none", 0, 20000, 0),
    "bursts": Parameter("claps before the tail", 0, 40, 0),
    "burst_gap_ms": Parameter("ms", 1, 100, 10),
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


def checked(where: str, spec: Spec, given: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers and words of a table, with defaults. Raises InstrumentError: place, key, value, allowed range."""
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
        if rule.whole and value != int(value):
            raise InstrumentError(f"{where}.{key} = {value!r} is not whole: {allowed}")
        out[key] = float(value)
    return out
