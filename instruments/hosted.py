"""An effect that is a plug-in in a process of its own: it may be late, crash or hang, and the music goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypedDict

import numpy as np

from instruments import plugin_scan
from instruments.block import AudioBlock, InstrumentError, Transport
from instruments.hosts.function_host import FunctionSpec
from instruments.hosts.host import ParamValue
from instruments.plugin_host import PluginSpec
from instruments.plugin_keeper import PluginKeeper
from instruments.plugin_link import PLUGIN_FRAMES, BrokenOutputError, FrameRing, Link, LinkDownError
from instruments.plugin_use import PluginUse
from instruments.system_clock import clock_ns

PIPELINE_FRAMES = 256
"""Frames by which the plug-in's process may lag behind. Blocks up to this long (or half of it, where they are no
multiple of PLUGIN_FRAMES) never wait for a round trip; longer ones wait for their beginning."""

FADE_FRAMES = 480
"""Cross-fade from the dry signal when the plug-in (re)joins: 10 ms at 48 kHz."""

DECLICK_FRAMES = 64
"""When the plug-in drops out there is nothing to cross-fade with: the step to the dry signal is faded out instead."""

_DECLICK = np.linspace(1.0, 0.0, DECLICK_FRAMES, dtype=np.float32)
_OFFLINE_WAIT_S = 60.0
_DOWN_WAIT_S = 10.0


class PluginStatus(TypedDict):
    """state: "ok", "loading", "late", "crashed: respawning (why)", "out: why", "missing: why" or "closed"."""

    plugin: str
    path: str
    state: str
    latency_frames: int
    late_blocks: int
    dry_blocks: int
    crashes: int
    last_error: str
    pid: int | None
    load_s: float | None
    output: str


class _Arrival(NamedTuple):
    link: Link
    dry: FrameRing


class HostedEffect:
    """A plug-in effect behind the `Effect` contract, in stereo.

    Its output lags by `latency` = pipeline_frames + the plug-in's own latency. While the plug-in loads, is late, has
    crashed or hangs, the dry signal comes instead, equally delayed, from the same block on; a dead or hung plug-in is
    started again in the background with its last parameters and comes back with a short cross-fade; after max_crashes
    crashes within a minute it stays out. status() says what happened.

    Live, prepare() returns at once and the plug-in joins when it has loaded: only then its own latency is known, and
    `latency` changes if it has any. Offline, prepare() waits for it, process() waits for every block, and a plug-in
    that fails raises InstrumentError: the same input always gives the same output, at any block size.

    prepare(), process(), reset() and close() are called by one thread at a time; status() and set_params() by any.
    """

    def __init__(
        self,
        use: PluginUse,
        *,
        offline: bool = False,
        missing_ok: bool = False,
        pipeline_frames: int = PIPELINE_FRAMES,
        deadline_s: float | None = None,
        hang_s: float = 1.0,
        load_timeout_s: float = 30.0,
        max_crashes: int | None = 3,
        tail_s: float = 5.0,
        search: Sequence[Path] | None = None,
        function: FunctionSpec | None = None,
        source: Path = Path(),
    ) -> None:
        """Loads nothing yet. Raises InstrumentError for a plug-in that is not installed, unless missing_ok (then dry).

        use              which plug-in, and how it is set when it has loaded
        pipeline_frames  at least PLUGIN_FRAMES
        deadline_s       longest wait for a late answer per block, live; None: half the block's duration
        hang_s           no answer for so long, live: hung, hence killed
        max_crashes      None: never give up
        tail_s           how long it sounds on; plug-in formats through pedalboard do not tell
        search           folders in place of `plugin_scan.folders()`
        function         what runs there instead of a plug-in, by the name `use.plugin`; source: where it is from
        """
        if pipeline_frames < PLUGIN_FRAMES:
            raise InstrumentError(f"pipeline_frames = {pipeline_frames} is too short: give at least {PLUGIN_FRAMES}")
        self._missing = ""
        self._function = function
        try:
            if function is None:
                found = plugin_scan.find(use.plugin, search)
                self._name, self._path = found.name, found.path
            else:
                self._name, self._path = function.name, source
        except InstrumentError as error:
            if not missing_ok:
                raise
            self._missing, self._name, self._path = str(error), use.plugin, Path(use.plugin)
        self._params = dict(use.params)
        self._plugin_name = use.which
        self._offline = offline
        self._pipeline = 0 if self._missing else pipeline_frames
        self._deadline_s = deadline_s
        self._hang_ns = round(hang_s * 1e9)
        self._load_timeout_s = load_timeout_s
        self._max_crashes = 1 if offline else max_crashes
        self._tail_s = tail_s
        self.latency = self._pipeline
        self.tail = 0
        self._keeper: PluginKeeper | None = None
        self._arrivals: deque[_Arrival] = deque()
        self._link: Link | None = None
        self._rate = self._max_frames = 0
        self._late_blocks = self._dry_blocks = 0
        self._late = False
        self._last_status: PluginStatus | None = None
        self._dry = FrameRing(1)
        self._last: AudioBlock = np.zeros((2, 1), np.float32)
        self._step: AudioBlock = np.zeros((2, 1), np.float32)
        self._position, self._fade, self._declick = 0, FADE_FRAMES, DECLICK_FRAMES

    def prepare(self, rate: int, max_frames: int) -> None:
        """Start the plug-in afresh. Live: takes milliseconds. Offline: until it has loaded, or InstrumentError."""
        self.close()
        self._rate, self._max_frames = rate, max_frames
        self._late_blocks = self._dry_blocks = 0
        self._last_status = None
        self.latency = self._pipeline
        self.tail = 0 if self._missing else round(self._tail_s * rate)
        self._dry = FrameRing(self._pipeline + max_frames + 1)
        self._scratch: AudioBlock = np.zeros((2, max_frames), np.float32)
        self._ramp = np.ones(FADE_FRAMES + max_frames, np.float32)
        self._ramp[:FADE_FRAMES] = np.arange(1, FADE_FRAMES + 1) / (FADE_FRAMES + 1)
        self._start_over()
        if self._missing:
            return
        room = max(8192, 4 * max_frames + 2 * self._pipeline)
        spec = PluginSpec(
            path=self._path, rate=rate, params=self._params, plugin_name=self._plugin_name,
            ring_frames=-(-room // PLUGIN_FRAMES) * PLUGIN_FRAMES, load_timeout_s=self._load_timeout_s,
            function=self._function,
        )
        self._keeper = keeper = PluginKeeper(spec, self._arrive, self._max_crashes)
        keeper.start()
        if self._offline:
            keeper.settled(self._load_timeout_s + _DOWN_WAIT_S)
            if not self._arrivals:
                self.close()
                raise self._failure(keeper)
            self._adopt()

    def process(self, audio: AudioBlock, transport: Transport) -> None:
        """Change audio in place; live it waits for deadline_s at most. Raises InstrumentError offline only."""
        if audio.shape[1] > self._max_frames:
            raise InstrumentError(
                f"a block of {audio.shape[1]} frames for plug-in {self._name}, prepared for {self._max_frames} at most"
            )
        if self._arrivals:
            self._adopt()
        position, start = self._position, self._position - self._pipeline
        self._dry.write(position, audio)
        link = self._link
        wet = link is not None and self._exchange(link, position, audio, transport)
        self._position = position + audio.shape[1]
        if wet and self._fade == FADE_FRAMES:
            self._read_wet(start, audio)
        else:
            self._blend(start, audio, wet)
        self._last[:] = audio[:, -1:]

    def reset(self) -> None:
        self._start_over()
        if self._link is not None:
            self._link.restart()

    def close(self) -> None:
        """End the plug-in's process; may take half a second. prepare() may follow."""
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        self._last_status = self._status(keeper, "closed")
        keeper.close()
        self._params = dict(keeper.params)
        if self._link is not None:
            self._link.close()
            self._link = None
        while self._arrivals:
            self._arrivals.popleft().link.close()

    def set_params(self, params: Mapping[str, ParamValue]) -> None:
        """Set parameters by name, now or as soon as the plug-in is ready. What it refuses shows as last_error."""
        if self._keeper is None:
            self._params.update(params)
        else:
            self._keeper.set_params(params)

    def status(self) -> PluginStatus:
        """What the plug-in does now, and what has happened since prepare()."""
        keeper = self._keeper
        if keeper is not None:
            return self._status(keeper, "late" if self._late and keeper.state == "ok" else keeper.state)
        if self._last_status is not None:
            return self._last_status
        return PluginStatus(
            plugin=self._name, path=str(self._path), state=f"missing: {self._missing}" if self._missing else "closed",
            latency_frames=self.latency, late_blocks=0, dry_blocks=0, crashes=0, last_error=self._missing, pid=None,
            load_s=None, output="",
        )

    def _status(self, keeper: PluginKeeper, state: str) -> PluginStatus:
        ready = keeper.ready
        return PluginStatus(
            plugin=self._name, path=str(self._path), state=state, latency_frames=self.latency,
            late_blocks=self._late_blocks, dry_blocks=self._dry_blocks, crashes=keeper.crashes,
            last_error=keeper.last_error, pid=keeper.pid, load_s=None if ready is None else ready.load_s,
            output=keeper.output,
        )

    def _start_over(self) -> None:
        self._position = 0
        self._fade = FADE_FRAMES
        self._declick = DECLICK_FRAMES
        self._last[:] = 0.0
        self._dry.data[:] = 0.0

    def _arrive(self, link: Link) -> None:
        """In the keeper's thread: make ready what the audio thread is not to allocate."""
        self._arrivals.append(_Arrival(link, FrameRing(self._pipeline + link.latency + self._max_frames + 1)))

    def _adopt(self) -> None:
        while self._arrivals:
            link, dry = self._arrivals.popleft()
            if self._link is not None:
                self._retire(self._link, "")
            self._link = link
            if self._keeper is not None:
                self._keeper.follow_priority()
            if dry.frames != self._dry.frames:
                past: AudioBlock = np.zeros((2, min(dry.frames, self._dry.frames)), np.float32)
                self._dry.read(self._position - past.shape[1], past)
                dry.write(self._position - past.shape[1], past)
                self._dry = dry
                self.latency = self._pipeline + link.latency
                self._soften(self._position - self._pipeline)

    def _retire(self, link: Link, reason: str) -> None:
        if self._keeper is not None:
            self._keeper.retire(link, reason)

    def _exchange(self, link: Link, position: int, audio: AudioBlock, transport: Transport) -> bool:
        """Hand a block over and take the answers; whether the plug-in's output for this block is there."""
        n = audio.shape[1]
        start = position - self._pipeline
        try:
            link.write(position, audio, transport)
            heard = link.first == 0 or start - link.latency >= link.first
            there = link.collect(start + n, self._patience_s(n) if heard else 0.0)
        except LinkDownError as error:
            self._drop(link, "it wrote NaN or infinity" if isinstance(error, BrokenOutputError) else "")
            return False
        self._late = heard and not there
        if not there:
            self._late_blocks += self._late
            since = link.waiting_since_ns
            if self._offline or (since and clock_ns() - since > self._hang_ns):
                waited_s = _OFFLINE_WAIT_S if self._offline else self._hang_ns / 1e9
                self._drop(link, f"it hung: no answer for {waited_s:g} s")
        return heard and there

    def _patience_s(self, frames: int) -> float:
        if self._offline:
            return _OFFLINE_WAIT_S
        if self._late:
            return 0.0  # one wait per stall is enough: until it has caught up, the deadline is the others'
        return 0.5 * frames / self._rate if self._deadline_s is None else self._deadline_s

    def _drop(self, link: Link, reason: str) -> None:
        self._link = None
        self._late = False
        self._retire(link, reason)
        if self._offline and self._keeper is not None:
            self._keeper.out(_DOWN_WAIT_S)
            raise self._failure(self._keeper)

    def _failure(self, keeper: PluginKeeper) -> InstrumentError:
        kind = "plug-in" if self._function is None else "effect"
        return InstrumentError(f"{kind} {self._name} ({self._path}): {keeper.state.removeprefix('out: ')}")

    def _read_wet(self, start: int, out: AudioBlock) -> None:
        assert self._link is not None
        self._link.output.read(start, out)
        if start < 0:
            out[:, :-start] = 0.0

    def _blend(self, start: int, audio: AudioBlock, wet: bool) -> None:
        n = audio.shape[1]
        dry = self._scratch[:, :n]
        dry_start = start + self._pipeline - self.latency
        if not wet and self._fade > 0:
            self._fade = 0
            self._soften(start)
        self._dry.read(dry_start, dry)
        if wet:
            self._read_wet(start, audio)
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
        self._dry.read(start + self._pipeline - self.latency - 1, before)
        self._step = self._last - before
        self._declick = 0
