"""Effects as other people write them, good and bad: imported again by the processes that run functions."""

from __future__ import annotations

import os
import time

import numpy as np
from numpy.typing import NDArray

from instruments.block import AudioBlock, Transport
from instruments.effects.registry import register_effect
from instruments.parameter import Choice, Parameter

Array = NDArray[np.float32]


def scaled(audio: Array, rate: int, *, gain: float = 1.0, sign: str = "plus") -> Array:
    """Louder, or softer."""
    return np.float32(gain * (1 if sign == "plus" else -1)) * audio


SCALED = {"gain": Parameter("", 0, 4, 0.5), "sign": Choice(("plus", "minus"), "plus")}


scaled.PARAMETERS = {"gain": SCALED["gain"]}  # type: ignore[attr-defined]


def rate_of(audio: Array, rate: int) -> Array:
    return np.full_like(audio, rate / 192000)


def raises(audio: Array, rate: int) -> Array:
    raise ValueError("no such luck")


def hangs(audio: Array, rate: int) -> Array:
    time.sleep(60)
    return audio


def dies(audio: Array, rate: int) -> Array:
    os._exit(7)


def is_mono(audio: Array, rate: int) -> Array:
    mono: Array = audio[0]
    return mono


def is_nothing(audio: Array, rate: int) -> None:
    audio *= 0.5


def is_nan(audio: Array, rate: int) -> Array:
    return audio * np.float32(np.nan)


class Echo:
    """Half, so many frames late; does what it is told to do wrong."""

    PARAMETERS = {"frames": Parameter("", 1, 100, 10, whole=True), "gain": Parameter("", 0, 1, 0.5)}  # noqa: RUF012
    tail = 5

    def __init__(self, params: dict[str, float]) -> None:
        self.latency = int(params["frames"])
        self.gain = params["gain"]
        self.fails = ""
        self.times = 10**9

    def prepare(self, rate: int, max_frames: int) -> None:
        self.past = np.zeros((2, self.latency), np.float32)

    def process(self, audio: AudioBlock, transport: Transport) -> None:
        if self.fails and self.times > 0:
            self.times -= 1
            audio[:] = np.nan
            if self.fails == "nan":
                return
            raise RuntimeError(self.fails)
        all_of_it = np.concatenate([self.past, audio], axis=1)
        audio[:] = self.gain * all_of_it[:, : audio.shape[1]]
        self.past = all_of_it[:, audio.shape[1] :]

    def set(self, name: str, value: float) -> None:
        setattr(self, name, value)

    def reset(self) -> None:
        self.past[:] = 0

    def close(self) -> None:
        """Nothing."""


class Still(Echo):
    """No parameters, no set()."""

    PARAMETERS = {}  # noqa: RUF012
    set = None  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__({"frames": 3, "gain": 1.0})


class Unmade(Still):
    def __init__(self) -> None:
        raise OSError("no licence")


def a_closure() -> object:
    """A function that pickle cannot refer to."""
    return lambda audio, rate: audio * np.float32(0.25)


register_effect("by-import", a_closure())  # type: ignore[arg-type]
