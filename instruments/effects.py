"""The built-in effects: room reverb, equalizer, high-pass, tempo delay, look-ahead limiter; found by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from instruments.biquad import biquad
from instruments.block import AudioBlock, Effect, InstrumentError, Transport


class Parameter(NamedTuple):
    """A number of an effect: its unit, range and default."""

    unit: str
    low: float
    high: float
    default: float


class _Stage:
    """What the built-in effects share: parameters checked on the way in, and a block that the kernels accept.

    set() may be called between blocks from the thread that calls process(); what changes glides where the effect says.
    """

    PARAMETERS: ClassVar[Mapping[str, Parameter]] = {}
    NAME: ClassVar[str] = ""
    latency = 0
    tail = 0

    def __init__(self, params: Mapping[str, float] | None = None) -> None:
        self._values = {key: rule.default for key, rule in self.PARAMETERS.items()}
        for key, value in (params or {}).items():
            self._values[key] = self._checked(key, value)
        self._rate = 0
        self._block = np.zeros((2, 1), np.float32)

    def _checked(self, key: str, value: float) -> float:
        rule = self.PARAMETERS.get(key)
        if rule is None:
            raise InstrumentError(
                f"effect {self.NAME!r} has no parameter {key!r}: choose from {', '.join(self.PARAMETERS)}"
            )
        if isinstance(value, bool) or not isinstance(value, int | float) or not rule.low <= value <= rule.high:
            raise InstrumentError(
                f"effect {self.NAME!r}: {key} = {value!r} does not fit: give a number from {rule.low:g} to"
                f" {rule.high:g}" + (f" ({rule.unit})" if rule.unit else "")
            )
        return float(value)

    def set(self, key: str, value: float) -> None:
        """Change a parameter. Raises InstrumentError: name, value, range."""
        self._values[key] = self._checked(key, value)
        if self._rate:
            self._update()

    def get(self, key: str) -> float:
        return self._values[key]

    def prepare(self, rate: int, max_frames: int) -> None:
        if not 8000 <= rate <= 192000 or max_frames < 1:
            raise InstrumentError(
                f"sample rate {rate} and {max_frames} frames do not fit: 8000 to 192000 Hz, 1 frame or more"
            )
        self._rate = rate
        self._block = np.zeros((2, max_frames), np.float32)
        self._allocate()
        self._update()
        self.reset()

    def process(self, audio: AudioBlock, transport: Transport) -> None:
        frames = audio.shape[1]
        if frames > self._block.shape[1]:
            raise InstrumentError(f"a block of {frames} frames is larger than the prepared {self._block.shape[1]}")
        if audio.flags.c_contiguous:
            self._run(audio, frames, transport)
        else:
            self._block[:, :frames] = audio
            self._run(self._block, frames, transport)
            audio[:] = self._block[:, :frames]

    def reset(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing to give back."""

    def _allocate(self) -> None:
        """Arrays for self._rate."""

    def _update(self) -> None:
        """Numbers for the kernel, from self._values."""

    def _run(self, block: AudioBlock, frames: int, transport: Transport) -> None:
        raise NotImplementedError


def _power(frames: float) -> int:
    return int(2 ** math.ceil(math.log2(max(frames, 2))))


class Reverb(_Stage):
    """A stereo room (see kernels/reverbs.py). size, t60 and damping take effect at prepare(); mix glides in 20 ms."""

    NAME = "reverb"
    PARAMETERS: ClassVar[Mapping[str, Parameter]] = {
        "t60_s": Parameter("s at 1 kHz", 0.1, 20, 0.75),
        "damping": Parameter("T60 at 8 kHz over T60 at 1 kHz", 0.1, 1, 0.6),
        "size": Parameter("1 = a room of 8 to 40 ms lines", 0.3, 4, 1),
        "predelay_ms": Parameter("ms", 0, 200, 10),
        "early": Parameter("level of early reflections", 0, 1, 0.5),
        "high_pass_hz": Parameter("Hz of the return", 10, 1000, 150),
        "low_pass_hz": Parameter("Hz of the return", 1000, 20000, 8000),
        "mix": Parameter("0 dry .. 1 wet only", 0, 1, 0.2),
    }
    # Mutually prime-ish frames at 48 kHz, 8 to 40 ms; Jot's condition is that no two share a factor.
    _LINES = (577, 743, 929, 1109, 1301, 1523, 1709, 1907)
    _ALLPASS = ((142, 379, 277), (151, 353, 299))
    _TAPS_MS = ((4.3, 8.9, 13.7, 19.1, 25.3, 33.1, 42.7, 55.9), (5.1, 7.7, 15.1, 17.9, 27.7, 31.3, 45.1, 52.3))

    def _allocate(self) -> None:
        from instruments.kernels.reverbs import SHORTEST

        scale = self._rate / 48000
        size = self._values["size"]
        pre = self._values["predelay_ms"] * self._rate / 1000
        taps = [[int(ms * size * self._rate / 1000 + pre) for ms in row] + [int(pre) + 1] for row in self._TAPS_MS]
        self._taps = np.array(taps, np.int64)
        signs = np.array([[1, -1, 1, 1, -1, 1, -1, 1], [1, 1, -1, 1, -1, -1, 1, -1]], np.float32)
        self._tap_gains = np.array(signs * 10 ** (-np.array(self._TAPS_MS) / 55), np.float32)
        self._depth = max(1.0, 6 * scale)
        least = SHORTEST + 4 * self._depth
        self._lengths = np.array([max(least, int(n * scale * size)) for n in self._LINES], np.int64)
        self._ap_lengths = np.array([[max(SHORTEST, int(n * scale)) for n in row] for row in self._ALLPASS], np.int64)
        self._pre = np.zeros((2, _power(self._taps.max() + 64)), np.float32)
        self._ap = np.zeros((2, 3, _power(self._ap_lengths.max() + 64)), np.float32)
        self._lines = np.zeros((8, _power(self._lengths.max() + 4 * self._depth + 64)), np.float32)
        self._memory, self._state = np.zeros(8, np.float32), np.zeros(6)
        self._w, self._rows = np.zeros((5, 32), np.float32), np.zeros((32, 8), np.float32)
        self._levels = np.zeros(9)
        self._clock = np.zeros(1, np.int64)
        t60, ratio = self._values["t60_s"], self._values["damping"]
        w1, w8 = 2 * math.pi * 1000 / self._rate, 2 * math.pi * min(8000 / self._rate, 0.45)
        self._feedback, self._damping = np.zeros(8, np.float32), np.zeros(8, np.float32)
        for k, d in enumerate(self._lengths):
            low, high = (10 ** (-3 * float(d) / (t * self._rate)) for t in (t60, t60 * ratio))
            # One-pole whose gain falls from `low` at 1 kHz to `high` at 8 kHz: bisection on its coefficient.
            a, b = 0.0, 0.98
            for _ in range(40):
                m = (a + b) / 2
                if _pole(m, w8) / _pole(m, w1) > high / low:
                    a = m
                else:
                    b = m
            self._damping[k] = a
            self._feedback[k] = min(0.9995, low / _pole(a, w1))
        self.tail = int((t60 * 1.2 + 0.2) * self._rate)

    def _update(self) -> None:
        mix = self._values["mix"]
        self._levels[2] = math.sin(mix * math.pi / 2) if mix < 1 else 1.0
        self._levels[3] = math.cos(mix * math.pi / 2) if mix < 1 else 0.0
        self._levels[4] = 1 - math.exp(-1 / (0.02 * self._rate))
        self._levels[5] = self._values["early"]
        self._levels[6] = 1 - math.exp(-2 * math.pi * self._values["high_pass_hz"] / self._rate)
        self._levels[7] = 1 - math.exp(-2 * math.pi * self._values["low_pass_hz"] / self._rate)
        self._levels[8] = self._depth

    def reset(self) -> None:
        if not self._rate:
            return
        for array in (self._pre, self._ap, self._lines, self._memory, self._state, self._clock):
            array.fill(0)
        self._levels[:2] = self._levels[2:4]

    def _run(self, block: AudioBlock, frames: int, transport: Transport) -> None:
        from instruments.kernels.reverbs import reverberate

        reverberate(
            block, self._pre, self._ap, self._lines, self._lengths, self._taps, self._tap_gains, self._ap_lengths,
            self._feedback, self._damping, self._memory, self._state, self._levels, self._w, self._rows, self._clock,
            frames, transport.frame, float(self._rate),
        )


def _pole(b: float, w: float) -> float:
    """|H| of (1 - b) / (1 - b z^-1) at w radians a frame."""
    return (1 - b) / math.sqrt(1 - 2 * b * math.cos(w) + b * b)


class Equalizer(_Stage):
    """High-pass, low shelf, two peaks, high shelf, low-pass. A band at 0 dB, a pass at its end of the range is off."""

    NAME = "eq"
    PARAMETERS: ClassVar[Mapping[str, Parameter]] = {
        "high_pass_hz": Parameter("Hz; 10 = off", 10, 2000, 10),
        "low_hz": Parameter("Hz", 20, 1000, 120),
        "low_db": Parameter("dB", -24, 24, 0),
        "mid_hz": Parameter("Hz", 50, 10000, 400),
        "mid_db": Parameter("dB", -24, 24, 0),
        "mid_q": Parameter("", 0.1, 20, 1),
        "presence_hz": Parameter("Hz", 200, 18000, 3000),
        "presence_db": Parameter("dB", -24, 24, 0),
        "presence_q": Parameter("", 0.1, 20, 1),
        "high_hz": Parameter("Hz", 1000, 18000, 8000),
        "high_db": Parameter("dB", -24, 24, 0),
        "low_pass_hz": Parameter("Hz; 20000 = off", 500, 20000, 20000),
    }

    def _allocate(self) -> None:
        self._states = np.zeros((0, 4))

    def _update(self) -> None:
        v, rate = self._values, self._rate
        rows: list[tuple[float, ...]] = []
        if v["high_pass_hz"] > 10:
            rows.append(biquad("high-pass", v["high_pass_hz"], rate, q=0.7071))
        if v["low_db"]:
            rows.append(biquad("low-shelf", v["low_hz"], rate, v["low_db"]))
        for name in ("mid", "presence"):
            if v[f"{name}_db"]:
                rows.append(biquad("peak", v[f"{name}_hz"], rate, v[f"{name}_db"], v[f"{name}_q"]))
        if v["high_db"]:
            rows.append(biquad("high-shelf", v["high_hz"], rate, v["high_db"]))
        if v["low_pass_hz"] < 20000:
            rows.append(biquad("low-pass", v["low_pass_hz"], rate, q=0.7071))
        self._biquads = np.array(rows, np.float64).reshape(-1, 5)
        if len(rows) != len(self._states):
            self._states = np.zeros((len(rows), 4))
        self.tail = int(0.1 * rate) if rows else 0

    def reset(self) -> None:
        if self._rate:
            self._states[:] = 0

    def _run(self, block: AudioBlock, frames: int, transport: Transport) -> None:
        from instruments.kernels.filters import equalize

        if len(self._biquads):
            equalize(block, self._biquads, self._states, frames)


class Delay(_Stage):
    """Echoes in beats of the transport's tempo; a new tempo glides there in 150 ms, like tape."""

    NAME = "delay"
    PARAMETERS: ClassVar[Mapping[str, Parameter]] = {
        "beats": Parameter("quarter notes", 0.0625, 4, 0.75),
        "feedback": Parameter("share", 0, 0.95, 0.35),
        "ping_pong": Parameter("0 straight .. 1 from side to side", 0, 1, 0),
        "low_pass_hz": Parameter("Hz in the loop", 200, 20000, 5000),
        "high_pass_hz": Parameter("Hz in the loop", 10, 2000, 200),
        "mix": Parameter("level of the echoes", 0, 1, 0.2),
    }
    _LONGEST_S = 6.0

    def _allocate(self) -> None:
        self._lines = np.zeros((2, _power(self._LONGEST_S * self._rate + 8)), np.float32)
        self._numbers = np.zeros(15)
        self._clock = np.zeros(1, np.int64)
        self._fresh = True

    def _update(self) -> None:
        v, n = self._values, self._numbers
        n[4] = 1 - math.exp(-1 / (0.15 * self._rate))
        n[5], n[6], n[7], n[8] = v["feedback"], v["ping_pong"], v["mix"], 1.0
        n[9] = 1 - math.exp(-2 * math.pi * v["low_pass_hz"] / self._rate)
        n[10] = 1 - math.exp(-2 * math.pi * v["high_pass_hz"] / self._rate)
        times = math.log(1e-3) / math.log(max(v["feedback"], 1e-3))
        self.tail = int((times + 1) * min(v["beats"] * 1.5, self._LONGEST_S) * self._rate)

    def reset(self) -> None:
        if self._rate:
            self._lines[:] = 0
            self._numbers[11:] = 0
            self._clock[:] = 0
            self._fresh = True

    def _run(self, block: AudioBlock, frames: int, transport: Transport) -> None:
        from instruments.kernels.filters import echo

        seconds = min(self._LONGEST_S, self._values["beats"] * 60 / max(transport.bpm, 10))
        self._numbers[2:4] = seconds * self._rate
        if self._fresh:
            self._numbers[:2] = self._numbers[2:4]
            self._fresh = False
        echo(block, self._lines, self._numbers, self._clock, frames)


class Limiter(_Stage):
    """Holds true peaks (measured at four times the rate, as BS.1770 does) at the ceiling. Latency: the look-ahead."""

    NAME = "limiter"
    PARAMETERS: ClassVar[Mapping[str, Parameter]] = {
        "ceiling_db": Parameter("dB true peak", -24, 0, -1),
        "lookahead_ms": Parameter("ms", 0.5, 10, 1.5),
        "release_ms": Parameter("ms, time constant", 5, 1000, 80),
    }
    _MARGIN_DB = 0.2
    """What four times the rate may overlook (0.1 dB below a quarter of the rate) and the moving gain may add."""

    def _allocate(self) -> None:
        from instruments.kernels.limiting import CENTRE, PHASES, TAPS

        look = max(2, round(self._values["lookahead_ms"] * self._rate / 1000))
        self.latency = look - 1 + CENTRE
        self.tail = self.latency
        self._taps = _interpolator(PHASES, TAPS)
        self._history = np.zeros((2, 2 * TAPS))
        self._delay = np.zeros((2, self.latency), np.float32)
        self._box = np.ones(look)
        self._deque_at, self._deque_value = np.zeros(look + 3, np.int64), np.ones(look + 3)
        self._clock, self._numbers = np.zeros(4, np.int64), np.zeros(6)

    def _update(self) -> None:
        ceiling = 10 ** ((self._values["ceiling_db"] - self._MARGIN_DB) / 20)
        self._numbers[0] = ceiling
        self._numbers[1] = 1 - math.exp(-1 / (self._values["release_ms"] / 1000 * self._rate))
        # The interpolator cannot make more of samples than its largest row of magnitudes.
        self._numbers[4] = ceiling / float(np.abs(self._taps).sum(axis=1).max())

    def reset(self) -> None:
        if not self._rate:
            return
        self._history[:] = 0
        self._delay[:] = 0
        self._box[:] = 1
        self._deque_at[:], self._deque_value[:], self._clock[:] = 0, 1, 0
        self._numbers[2], self._numbers[3], self._numbers[5] = 1.0, float(len(self._box)), 1.0

    def reduction_db(self) -> float:
        """The largest gain reduction since the last call, dB >= 0."""
        least = float(self._numbers[5])
        self._numbers[5] = 1.0
        return -20 * math.log10(max(least, 1e-6))

    def _run(self, block: AudioBlock, frames: int, transport: Transport) -> None:
        from instruments.kernels.limiting import limit

        limit(
            block, self._taps, self._history, self._delay, self._box, self._deque_at, self._deque_value, self._clock,
            self._numbers, frames,
        )


def _interpolator(phases: int, taps: int) -> NDArray[np.float64]:
    """Rows of a windowed sinc that read the signal at -CENTRE + p / phases frames, newest sample last."""
    centre = taps // 2
    n = np.arange(taps)[None, :]
    at = (taps - 1 - centre) + np.arange(phases)[:, None] / phases
    x = n - at
    window = np.i0(4.0 * np.sqrt(np.clip(1 - (x / centre) ** 2, 0, 1)))  # flat within 0.04 dB to 20 kHz at 48 kHz
    rows = np.sinc(x) * window
    return np.ascontiguousarray(rows / rows.sum(axis=1, keepdims=True))


_EFFECTS: dict[str, Callable[[Mapping[str, float]], Effect]] = {
    "reverb": Reverb, "eq": Equalizer, "delay": Delay, "limiter": Limiter,
}


def effect_names() -> list[str]:
    return sorted(_EFFECTS)


def make_effect(name: str, params: Mapping[str, float] | None = None) -> Effect:
    """A built-in effect, not yet prepared. Raises InstrumentError that lists the known names or parameters."""
    make = _EFFECTS.get(name)
    if make is None:
        raise InstrumentError(f"effect {name!r} is not known: choose one of {', '.join(effect_names())}")
    return make(params or {})
