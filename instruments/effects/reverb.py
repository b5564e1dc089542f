"""Reverbs on a feedback delay network: a room, and a hall with long lines and a shimmer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

from instruments.block import CONTROL_FRAMES
from instruments.native_effect import NativeEffect, power
from instruments.parameter import Choice, Parameter

_LINES, _CELL = 16, 32
_LONGEST_LINE, _LAST_TAP_MS = 1931, 55.9
_LONGEST_DIFFUSER = 523
_LARGEST_ROOM, _LARGEST_HALL = 4.0, 2.0
_SCRATCH = _CELL * (_LINES + 7)


class Reverb(NativeEffect):
    """A stereo room (see kernels/rooms.py). Everything may be automated; a change of size bends the pitch of the tail
    for the time of its glide, as moving walls would."""

    NAME = "reverb"
    PARAMETERS: ClassVar[Mapping[str, Parameter | Choice]] = {
        "t60_s": Parameter("s at 1 kHz", 0.1, 20, 0.75, log=True),
        "damping": Parameter("T60 at 8 kHz over T60 at 1 kHz", 0.1, 1, 0.6),
        "size": Parameter("1 = a room of 8 to 40 ms lines", 0.3, _LARGEST_ROOM, 1, log=True, glide_ms=500),
        "predelay_ms": Parameter("ms", 0, 200, 10, glide_ms=200),
        "early": Parameter("level of early reflections", 0, 1, 0.5),
        "modulation": Parameter("0 still .. 1 swaying lines", 0, 1, 0.55, glide_ms=200),
        "high_pass_hz": Parameter("Hz of the return", 10, 1000, 150, log=True),
        "low_pass_hz": Parameter("Hz of the return", 1000, 20000, 8000, log=True),
        "mix": Parameter("0 dry .. 1 wet only, equal power", 0, 1, 0.2),
    }
    KERNEL = "rooms:room"
    STATE = 20 + 8 * _LINES + 36
    _SWAY = 48.0
    """Frames at 48 kHz, to either side, at modulation 1."""
    _LEVEL = 0.58
    _LARGEST = _LARGEST_ROOM
    _SCALE = 1.0
    """What size 1 is to the kernel."""
    _DIFFUSION = 1.0
    """Length of the diffusers."""
    _SHIMMER_MS = 0.0
    _rings: tuple[float, ...] = ()

    def size(self) -> None:
        scale = self.rate / 48000
        largest = self._LARGEST * self._SCALE
        line = power(_LONGEST_LINE * scale * largest + self._SWAY * scale + 4 * _CELL)
        pre = power((_LAST_TAP_MS * largest + 200) * self.rate / 1000 + 4 * _CELL)
        diffuser = power(max(_CELL, _LONGEST_DIFFUSER * scale * self._DIFFUSION) + 2 * _CELL)
        shimmer = power(self._SHIMMER_MS * self.rate / 1000 + 4 * _CELL) if self._SHIMMER_MS else 0
        self._rings = (line, pre, diffuser, shimmer)
        self.memory = power(_LINES * line + 2 * pre + 8 * diffuser + shimmer + _SCRATCH)
        self.tail = int((self.values["t60_s"] * 1.2 + self.values["predelay_ms"] / 1000 + 0.3) * self.rate)

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        decay = -3 * math.log(10) / (values["t60_s"] * rate)
        angle = values["mix"] * math.pi / 2
        # Half the decibels that a longer decay adds to sustained sound are taken off.
        level = self._LEVEL * (0.75 / values["t60_s"]) ** 0.25
        return (
            decay, decay / values["damping"], values["size"] * self._SCALE, rate / 48000,
            self._SWAY * values["modulation"] * rate / 48000, values["predelay_ms"] * rate / 1000, values["early"],
            1 - math.exp(-2 * math.pi * values["high_pass_hz"] / rate),
            1 - math.exp(-2 * math.pi * min(values["low_pass_hz"], 0.45 * rate) / rate),
            math.cos(angle) if values["mix"] < 1 else 0.0, math.sin(angle), level, self._shimmer(values),
            4 * CONTROL_FRAMES / rate,
            math.cos(2 * math.pi * 1400 / rate), math.cos(2 * math.pi * min(8000 / rate, 0.45)), rate / 1000,
            *self._rings,
            1 - math.exp(-2 * math.pi * min(5000 / rate, 0.45)), self._DIFFUSION * rate / 48000,
            1 - math.exp(-2 * math.pi * 200 / rate),
        )

    def _shimmer(self, values: Mapping[str, float]) -> float:
        return 0.0


class Hall(Reverb):
    """A hall, for the tails of ambient too: the room's network with long lines, and a shimmer that feeds the tail back
    an octave higher."""

    NAME = "hall"
    PARAMETERS: ClassVar[Mapping[str, Parameter | Choice]] = {
        "t60_s": Parameter("s at 1 kHz", 0.3, 30, 2.2, log=True),
        "damping": Parameter("T60 at 8 kHz over T60 at 1 kHz", 0.1, 1, 0.5),
        "size": Parameter("1 = a hall of 16 to 80 ms lines", 0.4, _LARGEST_HALL, 1, log=True, glide_ms=500),
        "predelay_ms": Parameter("ms", 0, 200, 25, glide_ms=200),
        "early": Parameter("level of early reflections", 0, 1, 0.3),
        "modulation": Parameter("0 still .. 1 swaying lines", 0, 1, 0.55, glide_ms=200),
        "shimmer": Parameter("level of the octave above that the tail is fed", 0, 1, 0, glide_ms=50),
        "high_pass_hz": Parameter("Hz of the return", 10, 1000, 80, log=True),
        "low_pass_hz": Parameter("Hz of the return", 1000, 20000, 10000, log=True),
        "mix": Parameter("0 dry .. 1 wet only, equal power", 0, 1, 0.25),
    }
    _LEVEL = 0.75
    _SCALE = 2.0
    _DIFFUSION = 1.3
    _LARGEST = _LARGEST_HALL
    _SHIMMER_MS = 202.0

    def _shimmer(self, values: Mapping[str, float]) -> float:
        # An octave up for each round: the level of a round must not grow with the tail.
        return 0.35 * values["shimmer"] * min(1.0, float(values["t60_s"] ** -0.5))
