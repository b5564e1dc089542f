"""An effect that is a plug-in in a process of its own: it may be late, crash or hang, and the music goes on."""

from __future__ import annotations

from typing import Unpack

import numpy as np

from instruments.block import AudioBlock, InstrumentError, Transport
from instruments.hosted_plugin import PIPELINE_FRAMES as PIPELINE_FRAMES
from instruments.hosted_plugin import HostedOptions, HostedPlugin
from instruments.hosted_plugin import PluginStatus as PluginStatus
from instruments.plugins.home import Home
from instruments.plugins.use import PluginUse

FADE_FRAMES = 480
"""Cross-fade from the dry signal when the plug-in (re)joins: 10 ms at 48 kHz."""

DECLICK_FRAMES = 64
"""When the plug-in drops out there is nothing to cross-fade with: the step to the dry signal is faded out instead."""

_DECLICK = np.linspace(1.0, 0.0, DECLICK_FRAMES, dtype=np.float32)


class HostedEffect(HostedPlugin):
    """A plug-in effect behind the `Effect` contract, in stereo.

    Its output lags by `latency` = pipeline_frames + the plug-in's own latency. While the plug-in loads, is late, has
    crashed or hangs, the dry signal comes instead, equally delayed, from the same block on; a dead or hung plug-in is
    started again in the background with its last state and comes back with a short cross-fade; after max_crashes
    crashes within a minute it stays out. status() says what happened.

    Live, prepare() returns at once and the plug-in joins when it has loaded: only then its own latency is known, and
    `latency` changes if it has any. Offline, prepare() waits for it, process() waits for every block, and a plug-in
    that fails raises InstrumentError: the same input always gives the same output, at any block size.
    """

    def __init__(self, use: PluginUse, home: Home | None = None, **options: Unpack[HostedOptions]) -> None:
        """Loads nothing yet. Raises InstrumentError for a plug-in that is not installed, unless missing_ok (then dry).
        See HostedPlugin.
        """
        super().__init__(use, home, **options)
        self._last: AudioBlock = np.zeros((2, 1), np.float32)
        self._step: AudioBlock = np.zeros((2, 1), np.float32)
        self._fade, self._declick = FADE_FRAMES, DECLICK_FRAMES

    def prepare(self, rate: int, max_frames: int) -> None:
        """Start the plug-in afresh. Live: takes milliseconds. Offline: until it has loaded, or InstrumentError."""
        self.close()
        self.tail = 0 if self._missing else round(self._tail_s * rate)
        self._scratch: AudioBlock = np.zeros((2, max_frames), np.float32)
        self._ramp = np.ones(FADE_FRAMES + max_frames, np.float32)
        self._ramp[:FADE_FRAMES] = np.arange(1, FADE_FRAMES + 1) / (FADE_FRAMES + 1)
        self._start_over()
        self._open(rate, max_frames)

    def process(self, audio: AudioBlock, transport: Transport, key: AudioBlock | None = None) -> None:
        """Change audio in place; live it waits for deadline_s at most. key: the side-chain, shape (2, frames).

        Raises InstrumentError offline only.
        """
        n = audio.shape[1]
        if n > self._max_frames:
            raise InstrumentError(
                f"a block of {n} frames for plug-in {self._name}, prepared for {self._max_frames} at most"
            )
        if self._arrivals:
            self._adopt()
        position, start = self._position, self._position - self._pipeline
        self._aside.write(position, audio)
        link = self._link
        wet = link is not None and self._exchange(link, audio, n, transport, (), key)
        self._position = position + n
        if wet and self._fade == FADE_FRAMES:
            assert link is not None
            self._read_wet(link, start, audio)
        else:
            self._blend(start, audio, wet)
        self._take_midi(self._link, start, n)
        self._last[:] = audio[:, -1:]

    def reset(self) -> None:
        self._start_over()
        if self._link is not None:
            self._link.restart()

    def _instead(self) -> str:
        return "" if self._prepared and self._link is not None and not self._late else "dry"

    def _start_over(self) -> None:
        self._position = 0
        self._fade = FADE_FRAMES
        self._declick = DECLICK_FRAMES
        self._last[:] = 0.0
        self._aside.data[:] = 0.0

    def _moved(self) -> None:
        self._soften(self._position - self._pipeline)

    def _blend(self, start: int, audio: AudioBlock, wet: bool) -> None:
        n = audio.shape[1]
        dry = self._scratch[:, :n]
        dry_start = start + self._pipeline - self.latency
        if not wet and self._fade > 0:
            self._fade = 0
            self._soften(start)
        self._aside.read(dry_start, dry)
        if wet:
            assert self._link is not None
            self._read_wet(self._link, start, audio)
            audio -= dry
            audio *= self._ramp[self._fade : self._fade + n]
            audio += dry
            self._fade = min(FADE_FRAMES, self._fade + n)
        else:
            self._dry_blocks += 1
            audio[:] = dry
        left = min(n, DECLICK_FRAMES - self._declick)
        if left > 0:
            audio[:, :left] += self._step * _DECLICK[self._declick : self._declick + left]
            self._declick += left

    def _soften(self, start: int) -> None:
        """The dry signal goes on from here: fade out the step from what was heard last."""
        before = self._scratch[:, :1]
        self._aside.read(start + self._pipeline - self.latency - 1, before)
        self._step = self._last - before
        self._declick = 0
