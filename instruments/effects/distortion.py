"""Distortion: five curves, oversampled, as loud as what comes in."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from instruments.block import InstrumentError
from instruments.effects.sections import FLAT_Q, PASS, Section, high_pass, low_pass, low_passes, peak, ring_s
from instruments.native_effect import NativeEffect, power
from instruments.parameter import Choice, Parameter

_TYPES = ("soft", "tube", "hard", "fold", "crush")
_TIMES = (1, 2, 4)
_LATENCY = (0, 35, 41)
_SIDE_MEMORY, _CLOCK = 2471, 11
"""Frames of the filters, and layout, in kernels/distortions.py."""
_LEVEL = 10 ** (-18 / 20)
"""RMS that the loudness is kept for."""
_LOUDEST_DB = 48
_BIAS = 0.4


def _curves() -> tuple[Callable[[NDArray[np.float64]], NDArray[np.float64]], ...]:
    def tube(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return (np.tanh(x + _BIAS) - math.tanh(_BIAS)) / (1 - math.tanh(_BIAS) ** 2)

    def hard(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.clip(x, -1, 1)

    return np.tanh, tube, hard, lambda x: np.sin(np.pi / 2 * x), hard


@cache
def _pulls() -> tuple[tuple[float, ...], ...]:
    """By type and dB of drive, 0, 1, 2 ...: the gain after the curve by which noise of _LEVEL comes out as it went in.

    Its power without DC, by sums over a Gaussian distribution to five standard deviations.
    """
    x = np.linspace(-5, 5, 20001)
    weight = np.exp(-x * x / 2)
    weight /= weight.sum()
    rows = []
    for curve in _curves():
        row = []
        for db in range(_LOUDEST_DB + 1):
            y = curve(x * _LEVEL * 10 ** (db / 20))
            row.append(float(_LEVEL / math.sqrt((weight * y * y).sum() - (weight * y).sum() ** 2)))
        rows.append(tuple(row))
    return tuple(rows)


class Distortion(NativeEffect):
    """soft (tanh), tube (tanh off its middle: even harmonics), hard (clips), fold (a sine's wave folder), crush (few
    bits, few frames).

    Noise of -18 dBFS RMS comes out as loud as it went in, whatever the drive. The curves run at `oversampling` times
    the rate, which makes the sound late (35 frames at 2x, 41 at 4x) and cannot change while it plays; the dry sound of
    `mix` is as late. crush is not oversampled: its aliases are the effect. cabinet filters as a guitar's loudspeaker
    does: 80 Hz to 5 kHz (24 dB an octave), +4 dB at 2.5 kHz.
    """

    NAME = "distortion"
    PARAMETERS: ClassVar[Mapping[str, Parameter | Choice]] = {
        "type": Choice(_TYPES, "soft"),
        "drive_db": Parameter("dB", 0, _LOUDEST_DB, 12),
        "low_cut_hz": Parameter("Hz, 6 dB an octave, before the curve; 10 = off", 10, 1000, 10, log=True),
        "tone_hz": Parameter("Hz, 12 dB an octave, after it; 20000 = off", 500, 20000, 20000, log=True),
        "cabinet": Parameter("0 none .. 1 a guitar's loudspeaker", 0, 1, 0),
        "bits": Parameter("of crush", 1, 16, 8),
        "crush_hz": Parameter("Hz: rate of crush", 200, 48000, 12000, log=True),
        "mix": Parameter("0 dry .. 1 distorted", 0, 1, 1),
        "output_db": Parameter("dB", -24, 24, 0),
        "oversampling": Choice(("off", "2x", "4x"), "4x"),
    }
    KERNEL = "distortions:distort"
    STATE = 36
    TEMPO = False

    def __init__(self, params: Mapping[str, float | str] | None = None) -> None:
        super().__init__(params)
        self._times = 0
        """0: not yet sized."""

    def set(self, name: str, value: float | str, ramp_frames: int | None = None, *, delay_frames: int = 0,
            origin: float | None = None) -> None:
        if name == "oversampling" and self._times and self._number(name, value) != self.get(name):
            raise InstrumentError(f"{self.what}: {name} = {value!r} cannot come while it plays, as the latency would "
                                  "change: give it in the session")
        super().set(name, value, ramp_frames, delay_frames=delay_frames, origin=origin)

    def size(self) -> None:
        which = int(self.get("oversampling"))
        self._times, self.latency = _TIMES[which], _LATENCY[which]
        self.memory = power(2 * _SIDE_MEMORY)
        seconds = sum(ring_s(section, self.rate) for section in self._sections(self.values, float(self.rate)))
        self.tail = int((0.3 + seconds) * self.rate) + 3 * self.latency
        _pulls()

    def start(self, state: NDArray[np.float64], memory: NDArray[np.float32]) -> None:
        state[int(self.get("type"))] = 1
        state[_CLOCK] = 1  # crush holds the first frame

    def _sections(self, v: Mapping[str, float], rate: float) -> Sequence[Section]:
        share = min(1.0, math.log(v["tone_hz"] / 20000) / math.log(0.9))
        tone = low_pass(v["tone_hz"], FLAT_Q, rate, share)
        cabinet = v["cabinet"]
        if cabinet == 0:
            return tone, *[PASS] * 5
        return (tone, high_pass(80, FLAT_Q, rate, cabinet), peak(400, -3 * cabinet, 0.8, rate),
                peak(2500, 4 * cabinet, 1.0, rate), *low_passes(5000, 24, rate, cabinet))

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        db = values["drive_db"]
        below = min(int(db), _LOUDEST_DB - 1)
        part = db - below
        cut = values["low_cut_hz"]
        return (
            float(self._times), *(float(values["type"] == t) for t in range(len(_TYPES))), 1 / (0.01 * rate),
            10 ** (db / 20), *(row[below] * (row[below + 1] / row[below]) ** part for row in _pulls()),
            1 - math.exp(-2 * math.pi * cut / rate), 1 - math.exp(-2 * math.pi * 5 / rate),
            min(1.0, math.log2(cut / 10)), 2 ** (values["bits"] - 1), min(1.0, values["crush_hz"] / rate),
            values["mix"], 10 ** (values["output_db"] / 20),
            *chain.from_iterable(self._sections(values, rate)),
        )
