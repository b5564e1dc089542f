"""Faust programs as machine code, whoever made it: instances, their controls, their sound.

Two makers give the same contract: a C compiler (faust_compiler.py) and the just-in-time compiler in DawDreamer's
library (faust_jit.py). Which one it was is in `made_by`. In a plug-in's process only.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from instruments.block import AudioBlock
from instruments.faust.controls import Control


class FaustCode(Protocol):
    """One Faust process. Instances are addresses; who asks for one gives it back."""

    inputs: int
    outputs: int
    made_by: str
    meta: dict[str, str]

    def new(self, rate: int) -> int:
        """An instance, cleared, its controls at their start."""
        ...

    def delete(self, instance: int) -> None: ...

    def clear(self, instance: int) -> None:
        """Forget all sound; controls stay."""
        ...

    def controls(self, instance: int) -> list[Control]: ...

    def compute(self, instance: int, frames: int, inputs: Any, outputs: Any) -> None:
        """inputs, outputs: Channels.pointers, of as many channels as the process has."""
        ...

    def mix(self, voices: Sequence[int], gains: Sequence[float], slopes: Sequence[float], frames: int,
            out: Channels) -> list[float]:
        """Add what instances without inputs play to `out`, each times gain + i * slope at frame i. Returns the peak of
        each before that."""
        ...


class FaustProgram(NamedTuple):
    """What a .dsp file comes to: its process, and the effect that follows all voices of an instrument."""

    process: FaustCode
    effect: FaustCode | None


class Channels:
    """Audio of fixed size with the array of pointers by which Faust code takes it."""

    def __init__(self, channels: int, frames: int) -> None:
        self.audio: AudioBlock = np.zeros((channels, frames), np.float32)
        self.start = 0
        self._at = [self.audio.ctypes.data + 4 * frames * c for c in range(channels)]
        self.pointers = (ctypes.c_void_p * max(1, channels))(*self._at)

    def start_at(self, frame: int) -> None:
        """Have the pointers begin at this frame."""
        self.start = frame
        for c, address in enumerate(self._at):
            self.pointers[c] = address + 4 * frame
