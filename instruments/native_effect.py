"""What the built-in effects share: parameters that glide, and numbers for a kernel that the rack calls."""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from instruments.block import AudioBlock, Transport
from instruments.glide import Gliding
from instruments.parameter import Choice, Parameter


class NativeEffect(Gliding):
    """One built-in effect: an `Effect` (see block.py), and one of many that a Program runs at the cost of one call.

    A subclass gives NAME, PARAMETERS, KERNEL ("module of instruments.kernels:function", an effect_kernel), and coefs().

    Parameters change by set() and glide as Gliding says. A Choice jumps at a grid line: where that would click, coefs()
    makes weights of it (which glide within the cell), or the kernel cross-fades.
    """

    NAME: ClassVar[str] = ""
    PARAMETERS: ClassVar[Mapping[str, Parameter | Choice]] = {}
    KERNEL: ClassVar[str] = ""
    STATE: ClassVar[int] = 1
    """float64 states that the kernel wants."""
    KEYED: ClassVar[bool] = False
    """It listens to a side-chain (`key` of the session)."""
    TEMPO: ClassVar[bool] = True
    """coefs() may depend on the tempo. False: nothing need be computed anew when it changes, as it does all the time
    behind a MIDI clock."""
    latency = 0
    tail = 0
    memory = 0
    """float32 of memory: a power of two, or 0. With latency and tail, known after size()."""

    def __init__(self, params: Mapping[str, float | str] | None = None) -> None:
        super().__init__(f"effect {self.NAME!r}", self.PARAMETERS, params)
        self._solo: Any = None

    # What a subclass writes.

    def size(self) -> None:
        """Set latency, tail and memory for self.rate and the parameters as they are; called once, before the first
        coefs(). May allocate."""

    def start(self, state: NDArray[np.float64], memory: NDArray[np.float32]) -> None:
        """After a reset both are zero: write what the kernel wants to find there."""

    def follow(self, transport: Transport) -> bool:
        """Before a block: whether something that coefs() depends on has changed. By default the tempo, if TEMPO; who
        overrides it is asked before each block."""
        if transport.bpm != self.bpm:
            self.bpm = transport.bpm
            return self.TEMPO
        return False

    # What others call.

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
