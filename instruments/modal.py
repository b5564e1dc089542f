"""The synth of struck and plucked things: a patch of engine "modes" made to sound by the voices kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from instruments.biquad import biquad
from instruments.block import AudioBlock, FrameEvent, InstrumentError, Kind, Transport
from instruments.kernels import layout as at
from instruments.kernels.voices import synthesize
from instruments.live_numbers import LiveNumber, LiveNumbers
from instruments.packing import EventRows, gain, silent
from instruments.parameter import Parameter
from instruments.parameters import FILTERS, SECTIONS
from instruments.patch import Patch

_MS = 1e-3


class ModalSynth:
    """An `Instrument` that plays a patch of engine "modes".

    Understands note on and off with cents, bend, pressure, CC 1, 7, 11, 64, 120, 121 and 123-127, by MIDI channel.
    The same events give the same audio, byte for byte; the cut into blocks does not matter (to 1e-6). process() runs
    in the engine's callback: one compiled call, no allocation.
    """

    latency = 0

    def __init__(self, patch: Patch) -> None:
        if patch.engine != "modes":
            raise InstrumentError(f"patch {patch.name!r} is for engine {patch.engine!r}: use make_instrument")
        self.patch = patch
        self.tail = 0
        self.live = LiveNumbers(f"patch {patch.name!r}", {}, 48000)
        """What may change while it plays; filled by prepare()."""
        self._ready = False

    def prepare(self, rate: int, max_frames: int) -> None:
        """Allocate for blocks of up to max_frames at `rate` Hz (8000..192000)."""
        if not 8000 <= rate <= 192000 or max_frames < 1:
            raise InstrumentError(
                f"sample rate {rate} and {max_frames} frames do not fit: 8000 to 192000 Hz, 1 frame or more"
            )
        patch = self.patch
        self._p = _packed(patch, rate)
        self._x = np.zeros((at.PARTIALS + at.TABLES, 1 + at.HARMONICS))
        for i, row in enumerate(patch.partials):
            self._x[i, :3] = row["ratio"], gain(row["level_db"]), row["t60_s"]
        for i, (key, levels_db) in enumerate(patch.harmonics):
            self._x[at.PARTIALS + i] = key, *levels_db
        voices = int(self._p[at.P_POLYPHONY]) + at.SPARE_VOICES
        self._c = np.zeros((at.CHANNELS, at.CHANNEL_FIELDS))
        self._v = np.zeros((voices, at.VOICE_FIELDS))
        self._m = np.zeros((voices, at.MODE_ROWS, at.MODES), np.float32)
        self._r = np.zeros(voices + 1, np.uint64)
        self._g = np.zeros(at.GLOBAL_FIELDS)
        rows = [biquad(e["kind"], e["hz"], rate, e["gain_db"], e["q"]) for e in patch.equalizer]
        self._eq = np.array(rows, np.float64).reshape(-1, 5)
        self._eqs = np.zeros((len(rows), 4))
        self._w = np.zeros((6, at.GRID))
        self._out = np.zeros((2, max_frames), np.float32)
        self._rows = EventRows()
        release = patch.sections["amp"]["release_ms"] * _MS
        string = patch.sections["string"]
        undamped = patch.sections["amp"]["undamped_from_key"] < 128
        longest = max([string["t60_s"], *(row["t60_s"] for row in patch.partials)])
        release = max(release, longest if undamped else 0.0)
        self.tail = int(rate * (1.7 * release + 0.1))
        self.latency = 0
        self._rate = rate
        self.live = LiveNumbers(f"patch {patch.name!r}", _live(self._p, patch, self._recut), rate)
        self._ready = True
        self.reset()
        # The first call of a kernel takes 10 ms to link: not in the callback.
        self.process([FrameEvent(0, Kind.ON, 0, 60, 1.0)], np.zeros((2, 1), np.float32), Transport())
        self.reset()

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        frames = out.shape[1]
        if not events and self._g[at.G_IDLE] >= self._rate:
            silent(out)
            return
        if frames > self._out.shape[1]:
            raise InstrumentError(f"a block of {frames} frames is larger than the prepared {self._out.shape[1]}")
        for start, stop, count in self._rows.stretches(events, frames, self.live, transport.frame):
            synthesize(
                self._p, self._x, self._c, self._v, self._m, self._r, self._g, self._eq, self._eqs,
                self._rows.rows, count, self._out, self._w, start, stop, transport.frame,
            )
        out[:] = self._out[:, :frames]

    def _recut(self, hz: float) -> None:
        """Voices that sound keep their own share of the cutoff (key, velocity, chance): move them with it."""
        self._v[:, at.V_CUT] *= hz / self._p[at.P_CUTOFF]

    @property
    def sounding(self) -> int:
        """Voices that sound now."""
        return int(np.count_nonzero(self._v[:, at.V_STATE]))

    def reset(self) -> None:
        """Silence at once; controllers go to their defaults, the note counter starts anew."""
        if not self._ready:
            return
        self._c[:] = 0
        self._c[:, at.C_VOLUME] = self._c[:, at.C_EXPRESSION] = self._c[:, at.C_GAIN] = 1.0
        self._v[:] = 0
        self._m[:] = 0
        self._r[:] = 0
        self._g[:] = 0
        self._g[at.G_TREM_L] = self._g[at.G_TREM_R] = 1.0
        self._g[at.G_IDLE] = self._rate
        self._eqs[:] = 0

    def close(self) -> None:
        """Its memory goes with it at once: what may change while it plays would hold it until a garbage collection."""
        self.live = LiveNumbers(f"patch {self.patch.name!r}", {}, 48000)


def _packed(patch: Patch, rate: int) -> NDArray[np.float64]:
    s = patch.sections
    voice, amp, vel, flt, vib = s["voice"], s["amp"], s["velocity"], s["filter"], s["vibrato"]
    noise, click, trem, modes, string = s["noise"], s["click"], s["tremolo"], s["modes"], s["string"]
    p = np.zeros(at.PATCH_FIELDS)
    numbers = {
        at.P_RATE: rate, at.P_SEED: voice["seed"],
        at.P_GAIN: gain(voice["level_db"]), at.P_POLYPHONY: voice["polyphony"], at.P_BEND: voice["bend_semitones"],
        at.P_VELOCITY: vel["level_exponent"], at.P_BRIGHT: vel["brightness"],
        at.P_ATTACK: amp["attack_ms"] * _MS, at.P_DECAY: amp["decay_ms"] * _MS, at.P_SUSTAIN: amp["sustain"],
        at.P_RELEASE: amp["release_ms"] * _MS, at.P_UNDAMPED: amp["undamped_from_key"],
        at.P_FILTER: FILTERS.index(flt["type"]), at.P_STAGES: 2 if flt["slope_db"] > 12 else 1,
        at.P_CUTOFF: flt["cutoff_hz"], at.P_Q: flt["q"], at.P_TRACK: flt["tracking"],
        at.P_FENV: flt["envelope_octaves"], at.P_FATTACK: flt["attack_ms"] * _MS, at.P_FDECAY: flt["decay_ms"] * _MS,
        at.P_FSUSTAIN: flt["sustain"], at.P_FLFO_HZ: flt["lfo_hz"], at.P_FLFO: flt["lfo_octaves"],
        at.P_VIB_HZ: vib["rate_hz"], at.P_VIB_CENTS: vib["depth_cents"],
        at.P_VIB_WHEEL: vib["wheel_cents"], at.P_VIB_PRESSURE: vib["pressure_cents"],
        at.P_VIB_DELAY: vib["delay_ms"] * _MS, at.P_VIB_FADE: vib["fade_ms"] * _MS,
        at.P_SCOOP: vib["scoop_cents"], at.P_SCOOP_TIME: vib["scoop_ms"] * _MS,
        at.P_NOISE: gain(noise["level_db"]), at.P_NOISE_HZ: noise["centre_hz"], at.P_NOISE_Q: noise["q"],
        at.P_NOISE_TRACK: noise["tracking"], at.P_NOISE_BURST: 10 ** (noise["burst_db"] / 20) - 1,
        at.P_NOISE_TAU: noise["burst_ms"] * _MS,
        at.P_CLICK: gain(click["level_db"]), at.P_CLICK_HZ: click["centre_hz"], at.P_CLICK_Q: click["q"],
        at.P_CLICK_TAU: click["time_ms"] * _MS, at.P_CLICK_TRACK: click["tracking"],
        at.P_RAND_CENTS: voice["random_cents"], at.P_RAND_DB: voice["random_db"], at.P_SPREAD: voice["spread"],
        at.P_KEY_DB: voice["key_level_db"],
        at.P_TREM_HZ: trem["rate_hz"], at.P_TREM: trem["depth_db"], at.P_TREM_PAN: trem["pan"],
        at.P_PARTIALS: len(patch.partials), at.P_M_KEY: modes["t60_octaves"], at.P_M_UPPER: modes["upper_db"],
        at.P_M_WIDTH: modes["width"], at.P_M_RAND: modes["random_db"],
        at.P_M_COUNT: string["partials"], at.P_M_T60: string["t60_s"], at.P_M_TKEY: string["t60_octaves"],
        at.P_M_B: string["inharmonicity"], at.P_M_BKEY: string["inharmonicity_octaves"],
        at.P_M_TILT: string["tilt_db"], at.P_M_PICK: string["pick"], at.P_M_LP: string["hammer_hz"],
        at.P_M_LPKEY: string["hammer_octaves"], at.P_M_LPPOLES: string["hammer_poles"], at.P_M_HP: string["body_hz"],
        at.P_M_LOSS: string["loss"], at.P_M_LOSSKEY: string["loss_octaves"],
        at.P_M_SECOND: gain(string["second_db"]), at.P_M_SECOND_T: string["second_t60"],
        at.P_M_BEAT: string["beat_hz"], at.P_BIQUADS: len(patch.equalizer), at.P_M_TABLES: len(patch.harmonics),
    }
    for place, number in numbers.items():
        p[place] = number
    return p


_LIVE: Mapping[str, tuple[int, Callable[[float], float]]] = {
    "filter.cutoff_hz": (at.P_CUTOFF, float), "filter.q": (at.P_Q, float),
    "filter.envelope_octaves": (at.P_FENV, float), "filter.lfo_hz": (at.P_FLFO_HZ, float),
    "filter.lfo_octaves": (at.P_FLFO, float), "vibrato.rate_hz": (at.P_VIB_HZ, float),
    "vibrato.depth_cents": (at.P_VIB_CENTS, float), "vibrato.wheel_cents": (at.P_VIB_WHEEL, float),
    "vibrato.pressure_cents": (at.P_VIB_PRESSURE, float), "tremolo.rate_hz": (at.P_TREM_HZ, float),
    "tremolo.depth_db": (at.P_TREM, float), "tremolo.pan": (at.P_TREM_PAN, float),
    "velocity.level_exponent": (at.P_VELOCITY, float), "velocity.brightness": (at.P_BRIGHT, float),
    "amp.release_ms": (at.P_RELEASE, lambda ms: ms * _MS),
    "string.hammer_hz": (at.P_M_LP, float), "string.tilt_db": (at.P_M_TILT, float),
    "string.pick": (at.P_M_PICK, float), "string.t60_s": (at.P_M_T60, float), "string.loss": (at.P_M_LOSS, float),
}


def _live(p: NDArray[np.float64], patch: Patch, cutoff: Callable[[float], None]) -> dict[str, LiveNumber]:
    """What of the patch may change while it plays; strings and levels by velocity follow with the next note."""
    numbers = {}
    for name, (place, reckoned) in _LIVE.items():
        section, _, key = name.partition(".")
        rule = SECTIONS[section][key]
        assert isinstance(rule, Parameter)

        def write(value: float, place: int = place, reckoned: Callable[[float], float] = reckoned) -> None:
            if place == at.P_CUTOFF:
                cutoff(value)
            p[place] = reckoned(value)

        log = rule.unit.startswith("Hz") and rule.low > 0
        numbers[name] = LiveNumber(rule._replace(log=log), patch.sections[section][key], write)
    return numbers
