"""Audio by position: rings in this process's memory, or in memory that it shares with a plug-in's process."""

from __future__ import annotations

import itertools
import os
from contextlib import suppress
from multiprocessing.shared_memory import SharedMemory

import numpy as np
from numpy.typing import NDArray

from instruments.block import AudioBlock

SHM_PREFIX = "sideman-fx-"
_HEADER_BYTES = 64
_RINGS = 3
_serial = itertools.count()


class FrameRing:
    """The last `frames` frames of a stereo stream, read and written by position; never written means silent."""

    def __init__(self, frames: int, data: AudioBlock | None = None) -> None:
        self.frames = frames
        self.data: AudioBlock = np.zeros((2, frames), np.float32) if data is None else data

    def write(self, position: int, audio: AudioBlock) -> None:
        n = audio.shape[1]
        at = position % self.frames
        first = min(n, self.frames - at)
        self.data[:, at : at + first] = audio[:, :first]
        if first < n:
            self.data[:, : n - first] = audio[:, first:]

    def read(self, position: int, out: AudioBlock) -> None:
        n = out.shape[1]
        at = position % self.frames
        first = min(n, self.frames - at)
        out[:, :first] = self.data[:, at : at + first]
        if first < n:
            out[:, first:] = self.data[:, : n - first]

    def silence(self, position: int, frames: int) -> None:
        """As if zeros had been written."""
        at = position % self.frames
        first = min(frames, self.frames - at)
        self.data[:, at : at + first] = 0.0
        if first < frames:
            self.data[:, : frames - first] = 0.0


class Rings:
    """A plug-in's input, side-chain and output in this process's memory, silent at first; and whether it is busy."""

    def __init__(self, frames: int) -> None:
        """frames is a multiple of PLUGIN_FRAMES."""
        self.frames = frames
        self.input, self.key, self.output = FrameRing(frames), FrameRing(frames), FrameRing(frames)
        self.busy: NDArray[np.uint8] = np.zeros(1, np.uint8)
        """1 while the plug-in's own code runs: who is to blame when the process ends."""

    def close(self) -> None:
        """The rings may not be used afterwards."""
        nothing: AudioBlock = np.zeros((2, 0), np.float32)
        self.input.data = self.key.data = self.output.data = nothing
        self.busy = np.zeros(1, np.uint8)


class SharedRings(Rings):
    """The same in one piece of shared memory."""

    def __init__(self, frames: int, name: str | None = None) -> None:
        """Create it, or attach to it by name."""
        size = _HEADER_BYTES + _RINGS * 2 * frames * 4
        self.frames = frames
        self._memory = _named(size) if name is None else SharedMemory(name)
        self._unlinked = False
        self.busy = np.ndarray(1, np.uint8, self._memory.buf)
        all_rings: AudioBlock = np.ndarray((_RINGS, 2, frames), np.float32, self._memory.buf, _HEADER_BYTES)
        self.input, self.key, self.output = (FrameRing(frames, ring) for ring in all_rings)

    @property
    def name(self) -> str:
        return self._memory.name

    def unlink(self) -> None:
        """Take the name away as soon as both ends have attached: then nothing can be left behind."""
        if not self._unlinked:
            self._unlinked = True
            self._memory.unlink()

    def close(self) -> None:
        super().close()
        with suppress(BufferError):  # another thread just looks whether it is busy: freed when it has
            self._memory.close()


def _named(size: int) -> SharedMemory:
    """New shared memory whose name tells whose it is; macOS allows 30 characters."""
    while True:
        with suppress(FileExistsError):
            return SharedMemory(f"{SHM_PREFIX}{os.getpid()}-{next(_serial)}", create=True, size=size)
