"""The polyphonic synth: a patch of engine "oscillators" made to sound by the oscillators kernel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from instruments.biquad import biquad
from instruments.block import AudioBlock, FrameEvent, InstrumentError, Kind, Transport
from instruments.kernels import lane_layout as at
from instruments.kernels.oscillators import play
from instruments.live_numbers import LiveNumbers
from instruments.packing import EventRows, silent
from instruments.patch import Patch
from instruments.voicing import half_band, live, voicing


class Synth:
    """An `Instrument` that plays a patch of engine "oscillators".

    Understands note on and off with cents, bend, pressure, CC 1, 7, 11, 64, 74 (timbre), 120, 121 and 123-127, by MIDI
    channel; RPN 0 (bend range) and RPN 6, which makes an MPE zone whose master channel acts on its members. The same
    events give the same audio, byte for byte; the cut into blocks does not matter (to 1e-6). process() runs in the
    engine's callback: one compiled call, no allocation.
    """

    latency = 0

    def __init__(self, patch: Patch) -> None:
        if patch.engine != "oscillators":
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
        made = voicing(patch, rate)
        self._p, self._x = made.p, made.x
        tiles = -(-(int(made.p[at.P_POLYPHONY]) + at.SPARE_VOICES) // at.WIDTH)
        self._p[at.P_VOICES] = tiles * at.WIDTH
        self._c = np.zeros((at.CHANNELS, at.CHANNEL_FIELDS))
        self._v = np.zeros((tiles * at.WIDTH, at.VOICE_NUMBERS), np.int64)
        self._f = np.zeros(tiles * int(made.p[at.P_FLOATS]) * at.WIDTH, np.float32)
        self._n = np.zeros(tiles * int(made.p[at.P_INTS]) * at.WIDTH, np.int32)
        self._g = np.zeros(at.GLOBAL_FIELDS)
        scratch = np.zeros((at.SCRATCH, at.WIDTH), np.float32)
        scratch[at.B_RAMP : at.B_RAMP + at.GRID * at.OVERSAMPLED] = np.arange(at.GRID * at.OVERSAMPLED)[:, None]
        eq = [biquad(e["kind"], e["hz"], rate, e["gain_db"], e["q"]) for e in patch.equalizer]
        self._eqs = np.zeros((len(eq), 4))
        self._past = np.zeros((2, at.TAPS + at.GRID * at.OVERSAMPLED), np.float32)
        self._out = np.zeros((2, max_frames), np.float32)
        self._rows = EventRows()
        self._arrays = (
            *made, self._c, self._v, self._f, self._n, scratch.ravel(), self._g,
            np.zeros((at.HELD_KEYS, at.KEY_FIELDS)), np.array(eq, np.float64).reshape(-1, 5), self._eqs, half_band(),
            self._past, self._rows.rows,
        )
        self._acc, self._sounds = np.zeros((2, at.GRID)), np.zeros(at.STRETCH + 1, np.int64)
        self.latency = at.TAPS // 4 if patch.quality == "high" else 0
        self.tail = int(rate * (1.7 * _longest_s(patch) + 0.1)) + self.latency
        self._rate = rate
        self.live = LiveNumbers(f"patch {patch.name!r}", live(made, patch, self._recut), rate)
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
        beat = transport.beat if transport.playing else transport.frame / self._rate * transport.bpm / 60
        for start, stop, count in self._rows.stretches(events, frames, self.live, transport.frame):
            play(*self._arrays, count, self._out, self._acc, self._sounds, start, stop, transport.frame, beat,
                 transport.bpm)
        out[:] = self._out[:, :frames]

    def _recut(self, hz: float) -> None:
        """Voices that sound keep their own share of the cutoff (key, velocity, chance): move them with it."""
        voices = self._f.reshape(-1, int(self._p[at.P_FLOATS]), at.WIDTH)
        voices[:, at.L_CUT] *= np.float32(hz / self._p[at.P_CUTOFF])

    @property
    def sounding(self) -> int:
        """Voices that sound now."""
        return int(np.count_nonzero(self._v[:, at.N_STATE]))

    def reset(self) -> None:
        """Silence at once; controllers, bend ranges and zones go to their defaults, the note counter starts anew."""
        if not self._ready:
            return
        self._c[:] = 0
        self._c[:, at.C_VOLUME] = self._c[:, at.C_EXPRESSION] = self._c[:, at.C_GAIN] = 1.0
        self._c[:, at.C_RANGE], self._c[:, at.C_RPN] = self._p[at.P_BEND], 127 * 128 + 127
        self._c[:, at.C_MASTER] = -1
        self._v[:] = 0
        self._f[:] = 0
        self._n[:] = 0
        self._g[:] = 0
        self._g[at.G_TREM_L] = self._g[at.G_TREM_R] = 1.0
        self._g[at.G_IDLE] = self._rate
        self._eqs[:] = 0
        self._past[:] = 0

    def close(self) -> None:
        """Its memory goes with it at once: what may change while it plays would hold it until a garbage collection."""
        self.live = LiveNumbers(f"patch {self.patch.name!r}", {}, 48000)


def _longest_s(patch: Patch) -> float:
    """Seconds from a key's release to -60 dB, for the slowest key."""
    amp = patch.sections["amp"]
    return float(amp["release_ms"] / 1e3 * 2 ** (5.6 * abs(amp["key_octaves"])))
