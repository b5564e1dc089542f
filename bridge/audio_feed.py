"""Audio from the engine's ring to whoever streams it, block by block, as soon as it is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from bridge.engine_link import AUDIO_HEAD
from bridge.ring import Ring
from bridge.stream.metrics import Histogram
from instruments.block import AudioBlock
from instruments.system_clock import clock_ns

Hear: TypeAlias = Callable[[int, int, AudioBlock], None]
"""Called with frame0, ns0 and a block of shape (2, frames) that nobody writes into any more."""
_WAITS_S = (0.000_1, 0.000_25, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.1)


class AudioFeed:
    """The reader of the ring of audio. All of it runs in the main process's loop and blocks nowhere.

    waits  seconds from when the engine had finished a block until it was handed out to all clients
    """

    def __init__(self, ring: Ring, hear: Hear) -> None:
        self.waits = Histogram(_WAITS_S)
        self.rate = 48_000
        """Hz, of the last block."""
        self._ring = ring
        self._hear = hear

    def take(self) -> None:
        """All that is there; to be called when the ring wakes."""
        self._ring.rest()
        for message in self._ring.drain():
            frame0, ns0, done_ns, frames, rate = AUDIO_HEAD.unpack_from(message)
            self.rate = rate
            block = np.frombuffer(message, np.float32, 2 * frames, AUDIO_HEAD.size).reshape(2, frames)
            self._hear(frame0, ns0, block)
            self.waits.add((clock_ns() - done_ns) / 1e9)
