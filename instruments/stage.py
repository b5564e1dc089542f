"""What the built-in effects share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from instruments.block import AudioBlock, InstrumentError, Transport
from instruments.parameter import Parameter


class Stage:
    """What the built-in effects share: parameters checked on the way in, and a block that the kernels accept.

    set() may be called between blocks from the thread that calls process(); what changes glides where the effect says.
    """

    PARAMETERS: ClassVar[Mapping[str, Parameter]] = {}
    NAME: ClassVar[str] = ""
    latency = 0
    tail = 0

    def __init__(self, params: Mapping[str, float] | None = None) -> None:
        self._values = {key: float(rule.default or 0.0) for key, rule in self.PARAMETERS.items()}
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
        self._run(self._block[:, :1].copy(), 1, Transport())  # the first call of a kernel takes ms to link
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


def power(frames: float) -> int:
    """The least power of two that holds so many frames."""
    return int(2 ** math.ceil(math.log2(max(frames, 2))))
