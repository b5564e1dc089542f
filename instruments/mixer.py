"""The mixer: strips with gain, pan, mute, solo and send; one shared room; master effects, filter, limiter, meters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from instruments.block import AudioBlock, Effect, FrameEvent, Instrument, InstrumentError, Transport
from instruments.kernels.filters import sweep
from instruments.kernels.mixing import add, mix
from instruments.limiter import Limiter
from instruments.room import Reverb

_GLIDE_S = 0.008
ROOM: Mapping[str, float] = {"t60_s": 0.75, "damping": 0.6, "predelay_ms": 10, "early": 0.5, "high_pass_hz": 150,
                             "low_pass_hz": 8000, "mix": 1.0}
"""The shared reverb by default: the small room of a jazz trio."""


@dataclass(frozen=True, slots=True)
class Strip:
    """A channel of the mixer at the start. gain_db -90 (off)..24; pan -1..1, equal power; send_db -90 (off)..12."""

    name: str
    chain: Instrument
    gain_db: float = 0.0
    pan: float = 0.0
    mute: bool = False
    solo: bool = False
    send_db: float = -14.0

    def __post_init__(self) -> None:
        _within(f"{self.name}.gain_db", self.gain_db, -90, 24, "dB")
        _within(f"{self.name}.pan", self.pan, -1, 1, "-1 left .. 1 right")
        _within(f"{self.name}.send_db", self.send_db, -90, 12, "dB")


def _within(what: str, value: float, low: float, high: float, unit: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InstrumentError(
            f"mixer: {what} = {value!r} is out of range: give a number from {low:g} to {high:g} ({unit})"
        )
    return float(value)


def _linear(db: float) -> float:
    return 0.0 if db <= -90 else float(10 ** (db / 20))


class Mixer:
    """Renders all strips and mixes them to stereo.

    Pan is equal power, normalised so that the centre changes nothing (left^2 + right^2 = 2). Chains of unequal latency
    are aligned. All setters glide in about 8 ms, and like process() belong to the engine's callback thread; process()
    neither allocates nor blocks. Strips, then send return, master gain, master effects, filter, limiter.
    """

    def __init__(
        self, strips: Sequence[Strip], rate: int, max_frames: int, *, room: Mapping[str, float] | None = None,
        effects: Sequence[Effect] = (), limiter: bool = True, ceiling_db: float = -1.0, master_gain_db: float = 0.0,
    ) -> None:
        if not 8000 <= rate <= 192000 or max_frames < 1:
            raise InstrumentError(
                f"sample rate {rate} and {max_frames} frames do not fit: 8000 to 192000 Hz, 1 frame or more"
            )
        self.strips = tuple(strips)
        self.rate, self.max_frames = rate, max_frames
        self.effects = tuple(effects)
        self.latency = 0
        self.tail = 0
        self.faults = 0
        """Blocks that the master had to silence because they were not finite."""
        self._reverb = Reverb({**ROOM, **(room or {})})
        self._limiter = Limiter({"ceiling_db": ceiling_db}) if limiter else None
        n = len(self.strips)
        self._gain_db = [s.gain_db for s in self.strips]
        self._pan = [s.pan for s in self.strips]
        self._mute = [s.mute for s in self.strips]
        self._solo = [s.solo for s in self.strips]
        self._send = [_linear(s.send_db) for s in self.strips]
        self._goals = np.zeros((n, 3))
        self._master = np.full(2, _linear(_within("master gain", master_gain_db, -90, 24, "dB")))
        self._peaks = np.zeros((n + 1, 2))
        self._step = 1 - math.exp(-1 / (_GLIDE_S * rate))
        self._sweep = np.array([0.0, 14.0, 1.4, 0.0, 14.0, 1.4, self._step])
        self._sweep_states = np.zeros(8)
        self._clock = np.zeros(1, np.int64)
        self._memory = np.zeros(2 * max_frames * (n + 2), np.float32)
        self._views: dict[int, tuple[AudioBlock, list[AudioBlock], AudioBlock, AudioBlock]] = {}
        self._wet_left = 0
        self._goal()

    def prepare(self) -> None:
        """Prepare every chain and effect (this compiles, or loads what is compiled); align latencies."""
        for strip in self.strips:
            strip.chain.prepare(self.rate, self.max_frames)
        stages: list[Effect] = [self._reverb, *self.effects, *([self._limiter] if self._limiter else [])]
        for stage in stages:
            stage.prepare(self.rate, self.max_frames)
        lags = [s.chain.latency for s in self.strips]
        longest = max(lags, default=0)
        self._lags = np.array([longest - lag for lag in lags], np.int64)
        size = 2 ** math.ceil(math.log2(max(longest + 1, 2)))
        self._delays = np.zeros((len(self.strips), 2, size), np.float32)
        self.latency = longest + sum(stage.latency for stage in stages)
        self.tail = max((s.chain.tail for s in self.strips), default=0) + sum(stage.tail for stage in stages)
        self._gains = self._goals.copy()
        self._view(self.max_frames)
        self._link()

    def _link(self) -> None:
        """Call every kernel of the console once: the first call takes ms to link, which a callback has not."""
        every, _, out, send = self._view(1)
        every.fill(0)
        gains, goals, peaks = self._gains, self._goals, self._peaks
        mix(every, self._delays, self._lags, gains, goals, peaks, out, send, self._clock, self._step, 1)
        add(out, send, self._master, self._step, 1)
        numbers = self._sweep.copy()
        numbers[3] = 1.0
        sweep(out, numbers, self._sweep_states, 1, float(self.rate))
        self._sweep_states[:] = 0
        self._clock[:] = 0

    def _view(self, frames: int) -> tuple[AudioBlock, list[AudioBlock], AudioBlock, AudioBlock]:
        """Contiguous blocks of `frames` in the one piece of memory: strips as one array and each, mix, send."""
        if len(self._views) > 64:
            self._views.clear()
        n, span = len(self.strips), 2 * frames
        all_strips = self._memory[: n * span].reshape(n, 2, frames)
        out = self._memory[n * span : (n + 1) * span].reshape(2, frames)
        send = self._memory[(n + 1) * span : (n + 2) * span].reshape(2, frames)
        found = (all_strips, [all_strips[i] for i in range(n)], out, send)
        self._views[frames] = found
        return found

    def process(
        self, events: Sequence[Sequence[FrameEvent]], frames: int, transport: Transport
    ) -> AudioBlock:
        """One list of events a strip, sorted by offset. Returns (2, frames), valid until the next call."""
        if not 0 < frames <= self.max_frames or len(events) != len(self.strips):
            raise InstrumentError(
                f"mixer: {frames} frames and {len(events)} event lists do not fit: 1 to {self.max_frames} frames,"
                f" {len(self.strips)} lists"
            )
        every, blocks, out, send = self._views.get(frames) or self._view(frames)
        for strip, block, due in zip(self.strips, blocks, events, strict=True):
            strip.chain.process(due, block, transport)
        mix(
            every, self._delays, self._lags, self._gains, self._goals, self._peaks, out, send, self._clock, self._step,
            frames,
        )
        if send.any():
            self._wet_left = 2 * self._reverb.tail  # to -140 dB: where a block ends must not be heard
        if self._wet_left > 0:
            self._reverb.process(send, transport)
            self._wet_left -= frames
            if self._wet_left <= 0:
                self._reverb.reset()
        add(out, send, self._master, self._step, frames)
        for effect in self.effects:
            effect.process(out, transport)
        sweep(out, self._sweep, self._sweep_states, frames, float(self.rate))
        if not math.isfinite(np.add.reduce(out, axis=None)):
            self._recover(out)
        if self._limiter:
            self._limiter.process(out, transport)
        for side in range(2):
            row = out[side]
            self._peaks[-1, side] = max(self._peaks[-1, side], float(row.max()), -float(row.min()))
        return out

    def _recover(self, out: AudioBlock) -> None:
        """Silence a block that is not finite, and every state that may have caught it."""
        out.fill(0.0)
        self._reverb.reset()
        self._delays[:] = 0
        self._sweep_states[:] = 0
        for effect in self.effects:
            effect.reset()
        self.faults += 1

    def levels(self) -> NDArray[np.float64]:
        """(strips + 1, 2): peak of each strip after its fader, then of the output, since the last call; linear."""
        found = self._peaks.copy()
        self._peaks[:] = 0
        return found

    def reduction_db(self) -> float:
        """The limiter's largest gain reduction since the last call, dB >= 0."""
        return self._limiter.reduction_db() if self._limiter else 0.0

    def _goal(self) -> None:
        soloed = any(self._solo)
        for i in range(len(self.strips)):
            heard = not self._mute[i] and (self._solo[i] or not soloed)
            gain = _linear(self._gain_db[i]) if heard else 0.0
            angle = (self._pan[i] + 1) * math.pi / 4
            # cos(pi / 4) sqrt(2) is 1 but for rounding: keep the centre exact.
            left, right = (1.0, 1.0) if self._pan[i] == 0 else (math.cos(angle) * 2**0.5, math.sin(angle) * 2**0.5)
            self._goals[i] = gain * left, gain * right, self._send[i]

    def _index(self, strip: int) -> int:
        if not 0 <= strip < len(self.strips):
            raise InstrumentError(f"mixer: strip {strip} does not exist: give 0 to {len(self.strips) - 1}")
        return strip

    def set_gain_db(self, strip: int, value: float) -> None:
        self._gain_db[self._index(strip)] = _within("gain_db", value, -90, 24, "dB")
        self._goal()

    def set_pan(self, strip: int, value: float) -> None:
        self._pan[self._index(strip)] = _within("pan", value, -1, 1, "-1 left .. 1 right")
        self._goal()

    def set_send_db(self, strip: int, value: float) -> None:
        self._send[self._index(strip)] = _linear(_within("send_db", value, -90, 12, "dB"))
        self._goal()

    def set_mute(self, strip: int, value: bool) -> None:
        self._mute[self._index(strip)] = bool(value)
        self._goal()

    def set_solo(self, strip: int, value: bool) -> None:
        """While any strip is soloed, only soloed strips are heard."""
        self._solo[self._index(strip)] = bool(value)
        self._goal()

    def set_master_gain_db(self, value: float) -> None:
        self._master[1] = _linear(_within("master gain", value, -90, 24, "dB"))

    def set_filter(self, cutoff_hz: float | None, resonance: float = 0.0) -> None:
        """A low-pass of 24 dB/oct on the mix; None takes it out (then the bypass is exact). Both glide.

        cutoff_hz 20..20000; resonance 0 (flat) .. 1 (a peak of about 20 dB). Raises InstrumentError.
        """
        if cutoff_hz is None:
            self._sweep[3] = 0.0
            return
        octave = math.log2(_within("filter cutoff", cutoff_hz, 20, 20000, "Hz"))
        damping = 1 / (0.7071 * (10 / 0.7071) ** _within("filter resonance", resonance, 0, 1, "0 flat .. 1"))
        if self._sweep[0] == 0.0:
            self._sweep[1:3] = octave, damping
        self._sweep[3:6] = 1.0, octave, damping

    def reset(self) -> None:
        """Silence at once: voices, tails and delays; gains arrive where they are going."""
        for strip in self.strips:
            strip.chain.reset()
        for stage in (self._reverb, *self.effects, *([self._limiter] if self._limiter else [])):
            stage.reset()
        self._delays[:] = 0
        self._sweep_states[:] = 0
        self._sweep[:3] = self._sweep[3:6]
        self._gains[:] = self._goals
        self._master[0] = self._master[1]
        self._peaks[:] = 0
        self._wet_left = 0

    def close(self) -> None:
        for strip in self.strips:
            strip.chain.close()
        for effect in self.effects:
            effect.close()
