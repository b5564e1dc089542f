"""What the built-in effects share: parameters that glide, and numbers for a kernel that the rack calls."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from instruments.block import CONTROL_FRAMES, AudioBlock, InstrumentError, Transport
from instruments.parameter import Choice, Parameter


class NativeEffect:
    """One built-in effect: an `Effect` (see block.py), and a slot of a Rack, which runs many at the cost of one call.

    A subclass gives NAME, PARAMETERS, KERNEL ("module of instruments.kernels:function", an effect_kernel), and coefs().

    Parameters change by set() between blocks, in the thread that calls process(). A change glides along a straight
    line (of the logarithm, for a Parameter with log) in glide_ms or as long as the caller says, in steps of the control
    grid: every CONTROL_FRAMES of the absolute frame index the coefficients get a new goal, which they reach, frame by
    frame, at the next grid line. So the sound does not depend on the blocks. A Choice jumps at a grid line: where that
    would click, coefs() makes weights of it (which glide within the cell), or the kernel cross-fades.
    """

    NAME: ClassVar[str] = ""
    PARAMETERS: ClassVar[Mapping[str, Parameter | Choice]] = {}
    KERNEL: ClassVar[str] = ""
    STATE: ClassVar[int] = 1
    """float64 states that the kernel wants."""
    KEYED: ClassVar[bool] = False
    """It listens to a side-chain (`key` of the session)."""
    latency = 0
    tail = 0
    memory = 0
    """float32 of memory: a power of two, or 0. With latency and tail, known after size()."""
    rate = 48000
    bpm = 120.0

    def __init__(self, params: Mapping[str, float | str] | None = None) -> None:
        self.names = list(self.PARAMETERS)
        self._now = [self._number(name, rule.default) for name, rule in self.PARAMETERS.items()]
        for name, value in (params or {}).items():
            self._now[self._place(name)] = self._number(name, value)
        self._from, self._goal = list(self._now), list(self._now)
        self._done = [0] * len(self._now)
        self._steps = [0] * len(self._now)
        self.moving = False
        """A parameter glides, or has not reached the kernel yet."""
        self._solo: Any = None

    # What a subclass writes.

    def size(self) -> None:
        """Set latency, tail and memory for self.rate and the parameters as they are; called once, before the first
        coefs(). May allocate."""

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        """The kernel's numbers where the parameters stand at `values` (a Choice: its index). Pure and quick: called at
        each grid line while something glides. Always as many."""
        raise NotImplementedError

    def start(self, state: NDArray[np.float64], memory: NDArray[np.float32]) -> None:
        """After a reset both are zero: write what the kernel wants to find there."""

    def follow(self, transport: Transport) -> bool:
        """Before each block: whether something that coefs() depends on has changed. The tempo has, by default."""
        if transport.bpm != self.bpm:
            self.bpm = transport.bpm
            return True
        return False

    # What the rack and others call.

    def _place(self, name: str) -> int:
        if name not in self.PARAMETERS:
            raise InstrumentError(f"effect {self.NAME!r} has no parameter {name!r}: choose from "
                                  f"{', '.join(self.names)}")
        return self.names.index(name)

    def _number(self, name: str, value: float | str | None) -> float:
        rule = self.PARAMETERS[name]
        place = f"effect {self.NAME!r}: {name}"
        if isinstance(rule, Parameter):
            return rule.checked(place, value)
        if isinstance(value, str) and value in rule.words:
            return float(rule.words.index(value))
        if isinstance(value, int | float) and not isinstance(value, bool) and value in range(len(rule.words)):
            return float(value)
        raise InstrumentError(f"{place} = {value!r} is not known: give one of {', '.join(rule.words)}")

    def set(self, name: str, value: float | str, ramp_frames: int | None = None) -> None:
        """Change a parameter, in ramp_frames (None: its own glide_ms). Raises InstrumentError: name, value, range."""
        i = self._place(name)
        goal = self._number(name, value)
        rule = self.PARAMETERS[name]
        if ramp_frames is None:
            ramp_frames = round(rule.glide_ms / 1000 * self.rate) if isinstance(rule, Parameter) else 0
        if isinstance(rule, Choice) or rule.whole:
            ramp_frames = 0
        self._from[i], self._goal[i] = self._now[i], goal
        self._done[i], self._steps[i] = 0, max(1, math.ceil(ramp_frames / CONTROL_FRAMES))
        self.moving = True

    def get(self, name: str) -> float:
        """Where the parameter stands or glides to; a Choice by its index."""
        return self._goal[self._place(name)]

    @property
    def values(self) -> dict[str, float]:
        return dict(zip(self.names, self._now, strict=True))

    def advance(self) -> Sequence[float]:
        """One step of the control grid: the coefficients that are to be reached at its end. Clears `moving` at the
        goal."""
        self.moving = False
        for i, steps in enumerate(self._steps):
            if steps:
                self._done[i] += 1
                rule = self.PARAMETERS[self.names[i]]
                share = self._done[i] / steps
                if share >= 1 or isinstance(rule, Choice):
                    self._now[i] = self._goal[i]
                    self._steps[i] = 0
                else:
                    self._now[i] = rule.between(self._from[i], self._goal[i], share)
                    self.moving = True
        return self.coefs(self.values, float(self.rate), self.bpm)

    def settle(self) -> Sequence[float]:
        """At the goals at once: the coefficients there."""
        self._now[:] = self._goal
        self._steps = [0] * len(self._steps)
        self.moving = False
        return self.coefs(self.values, float(self.rate), self.bpm)

    def address(self) -> int:
        """Of the compiled kernel; compiles it, or loads it from the cache."""
        module, _, name = self.KERNEL.partition(":")
        return int(getattr(import_module(f"instruments.kernels.{module}"), name).address)

    # Alone, as an `Effect`: a rack of one slot.

    def prepare(self, rate: int, max_frames: int) -> None:
        from instruments.rack import Rack

        self._solo = Rack([self], rate, max_frames)

    def process(self, audio: AudioBlock, transport: Transport, key: AudioBlock | None = None) -> None:
        self._solo.process(audio, transport, key)

    def reset(self) -> None:
        if self._solo is not None:
            self._solo.reset()

    def close(self) -> None:
        """Nothing to give back."""


def power(frames: float) -> int:
    """The least power of two that holds so many frames."""
    return int(2 ** math.ceil(math.log2(max(frames, 2))))
