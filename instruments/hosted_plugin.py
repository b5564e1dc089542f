"""What hosted effects and hosted instruments share: a place in a process, the stream to it, parameters, status."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypedDict

import numpy as np

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Kind, Transport
from instruments.hosts.function_host import FunctionSpec
from instruments.hosts.host import ParamValue
from instruments.parameter import Choice, Parameter
from instruments.plugins import scan
from instruments.plugins.home import Home
from instruments.plugins.hosts import adapter_path, choose_host
from instruments.plugins.link import BrokenOutputError, Link, LinkDownError
from instruments.plugins.local import LocalHome
from instruments.plugins.messages import PLUGIN_FRAMES
from instruments.plugins.parameters import PluginParameters
from instruments.plugins.rings import FrameRing
from instruments.plugins.slot import HostSpec, Slot
from instruments.plugins.use import PluginUse
from instruments.system_clock import clock_ns

PIPELINE_FRAMES = 256
"""Frames by which the plug-in's process may lag behind. Blocks up to this long (or half of it, where they are no
multiple of PLUGIN_FRAMES) never wait for a round trip; longer ones wait for their beginning."""

_OFFLINE_WAIT_S = 60.0
_DOWN_WAIT_S = 10.0
_RESTLESS = 8
"""A parameter that the plug-in has changed more often than that is a meter: its changes are not worth a new serial."""


class PluginStatus(TypedDict):
    """state: "ok", "loading", "late", "crashed: respawning (why)", "out: why", "missing: why" or "closed".

    host, format  which library plays it; "" for a function
    plays_instead what is heard now in place of the plug-in: "" where it is heard itself, "dry", or the name of another
                  instrument
    """

    plugin: str
    path: str
    host: str
    format: str
    state: str
    plays_instead: str
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
    aside: FrameRing
    parameters: PluginParameters


class HostedOptions(TypedDict, total=False):
    """The keywords of HostedPlugin, for those that hand them on; their defaults and what they mean are there."""

    offline: bool
    missing_ok: bool
    pipeline_frames: int
    deadline_s: float | None
    hang_s: float
    load_timeout_s: float
    max_crashes: int | None
    tail_s: float
    search: Sequence[Path] | None
    function: FunctionSpec | None
    source: Path


class HostedPlugin:
    """The base of HostedEffect and HostedInstrument: see there for what happens when.

    prepare(), process(), reset() and close() are called by one thread at a time, set() and get() by one that is not
    concurrent with process(); status(), state(), set_params() by any.
    """

    latency: int
    """Frames by which the output lags: pipeline_frames and, once it has loaded, the plug-in's own."""
    tail: int

    def __init__(
        self,
        use: PluginUse,
        home: Home | None = None,
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
        """Loads nothing yet. Raises InstrumentError for a plug-in that is not installed, unless missing_ok.

        use              which plug-in, by which host, how it is set when it has loaded; place "here": no process
        home             the process that it shares with others; None: one of its own
        pipeline_frames  at least PLUGIN_FRAMES; place "here" takes no more
        deadline_s       longest wait for a late answer per block, live; None: half the block's duration
        hang_s           no answer for so long, live: hung, hence killed
        max_crashes      None: never give up
        tail_s           how long it sounds on; plug-ins do not tell reliably
        search           folders in place of `scan.folders()`
        function         what runs there instead of a plug-in, by the name `use.plugin`; source: where it is from
        """
        if pipeline_frames < PLUGIN_FRAMES:
            raise InstrumentError(f"pipeline_frames = {pipeline_frames} is too short: give at least {PLUGIN_FRAMES}")
        self._missing = self._host = self._format = ""
        self._function = function
        name, path, adapter, which = use.plugin, source, None, use.which
        try:
            if function is None:
                found = scan.find(use.plugin, search, which=use.which, host=use.host)
                name, path, which, self._format = found.name, found.path, found.which, found.format
                self._host = choose_host(found.format, use.host)
                adapter = adapter_path(self._host)
        except InstrumentError as error:
            if not missing_ok:
                raise
            self._missing, path = str(error), Path(use.plugin)
        self._name, self._path = name, path
        self._offline = offline
        self._pipeline = 0 if self._missing else PLUGIN_FRAMES if use.place == "here" else pipeline_frames
        self._deadline_s, self._hang_ns, self._load_timeout_s = deadline_s, round(hang_s * 1e9), load_timeout_s
        self._tail_s = tail_s
        self.latency = self._pipeline
        self.tail = 0
        self.serial = 0
        """Goes up whenever rules, latency or, by the plug-in itself, a parameter may have changed."""
        self.midi_out: Sequence[FrameEvent] = ()
        """What the plug-in itself put out in the last block, as late as pipeline_frames."""
        self._slot = Slot(HostSpec(name, path, adapter, which, function, load_timeout_s), use,
                          1 if offline else max_crashes)
        self._slot.on_link = self._arrive
        self._home: Home | LocalHome = LocalHome() if use.place == "here" else Home() if home is None else home
        if not self._missing:
            self._home.join(self._slot)
        self._prepared = False
        self._arrivals: deque[_Arrival] = deque()
        self._link: Link | None = None
        self._parameters = PluginParameters(name)
        self._rate = self._max_frames = self._position = 0
        self._late_blocks = self._dry_blocks = 0
        self._late = False
        self._restless: dict[str, int] = {}
        """How often the plug-in has changed a parameter by itself."""
        self._last_status: PluginStatus | None = None
        self._aside = FrameRing(1)
        """What is heard without the plug-in, by position."""
        self._sounding_out: dict[tuple[int, int], None] = {}

    # -- parameters and state ----------------------------------------------------------------------------------------

    @property
    def loading(self) -> bool:
        """Whether it has yet to load for the first time, and to be taken over by process(): until then nothing is known
        of its parameters. Any thread."""
        state = self.status()["state"]
        return state == "loading" or (self.serial == 0 and state == "ok")

    @property
    def rules(self) -> Mapping[str, Parameter | Choice]:
        """The plug-in's parameters by name: numbers in its own units where its texts are numbers that rise or fall
        steadily, words where it has few steps that are words, else 0..1. Nothing until it has loaded."""
        return self._parameters.rules

    def set(self, name: str, value: float | str, frames: int | None = None, *, delay_frames: int = 0) -> None:
        """To a value in the parameter's own units, or a text, in `frames` (None: at once), beginning delay_frames into
        the next block; the plug-in steps it every PLUGIN_FRAMES. Remembered for whenever it is started again.

        Raises InstrumentError for an unknown name or value once the plug-in has loaded.
        """
        if not self.rules:
            self.set_params({name: value})
            return
        name, found, number = self._parameters.checked(name, value)
        self._parameters.stands(name, number)
        raw = found.raw(number)
        given: ParamValue = number if raw is None else {"raw": raw}
        self._slot.remember({name: given})
        if self._link is None:
            self._home.set_params(self._slot, {name: given})
        else:
            self._link.set(self._position + delay_frames, found.nth, frames or 0, raw or 0.0, number, raw is None)

    def get(self, name: str) -> float:
        """Where it stands, or glides to; of a Choice its index. What the plug-in changes by itself is noticed within
        half a second. Raises InstrumentError for an unknown name, or before it has loaded."""
        return self._parameters.get(name)

    def set_params(self, params: Mapping[str, ParamValue]) -> None:
        """Set parameters by name, now or as soon as the plug-in is ready. What it refuses shows as last_error."""
        self._slot.remember(params)
        self._parameters.given(params)
        if self._prepared:
            self._home.set_params(self._slot, params)

    def state(self) -> bytes | None:
        """The plug-in's last state, for a session; taken every few seconds where that costs little, else in silence,
        and soon after set(). None where there is none yet, or the plug-in or its host gives none."""
        return self._slot.taken

    def take_state(self) -> None:
        """Have the state taken with the next block, whatever that costs: state() has it soon."""
        self._home.tell(self._slot, "state")

    def load_preset(self, path: Path) -> None:
        """Have a preset file loaded between two blocks. What goes wrong shows as last_error."""
        self._home.tell(self._slot, "load", path)

    def save_preset(self, path: Path) -> None:
        """Have a preset file written between two blocks. What goes wrong shows as last_error."""
        self._home.tell(self._slot, "save", path)

    def status(self) -> PluginStatus:
        """What the plug-in does now, and what has happened since prepare()."""
        slot = self._slot
        if not self._prepared:
            if self._last_status is not None:
                return self._last_status
            return self._status(f"missing: {self._missing}" if self._missing else "closed")
        return self._status("late" if self._late and slot.state == "ok" else slot.state)

    def _status(self, state: str) -> PluginStatus:
        slot = self._slot
        return PluginStatus(
            plugin=self._name, path=str(self._path), host=self._host, format=self._format, state=state,
            plays_instead=self._instead(), latency_frames=self.latency, late_blocks=self._late_blocks,
            dry_blocks=self._dry_blocks, crashes=slot.crashes, last_error=self._missing or slot.last_error,
            pid=self._home.pid if self._prepared else None, load_s=None if slot.ready is None else slot.ready.load_s,
            output=self._home.output,
        )

    def _instead(self) -> str:
        raise NotImplementedError

    # -- the process -------------------------------------------------------------------------------------------------

    def _open(self, rate: int, max_frames: int) -> None:
        """Start the plug-in afresh. Offline: until it has loaded, or InstrumentError."""
        self._rate, self._max_frames = rate, max_frames
        self._late_blocks = self._dry_blocks = 0
        self._last_status = None
        self.latency = self._pipeline
        self._aside = FrameRing(self._pipeline + max_frames + 1)
        self._position = 0
        if self._missing:
            return
        self._prepared = True
        self._home.open(self._slot, rate, max(8192, 4 * max_frames + 2 * self._pipeline))
        if self._offline:
            self._slot.settled.wait(self._load_timeout_s + _DOWN_WAIT_S)
            if not self._arrivals:
                error = self._failure()
                self.close()
                raise error
            self._adopt()

    def close(self) -> None:
        """End the plug-in's process, if no other lives there; may take half a second. prepare() may follow."""
        if not self._prepared:
            return
        self._last_status = self._status("closed")
        self._prepared = False
        self._home.close(self._slot)
        if self._link is not None:
            self._link.close()
            self._link = None
        while self._arrivals:
            link = self._arrivals.popleft().link
            link.close()
        self._parameters = PluginParameters(self._name)

    def _arrive(self, link: Link) -> None:
        """In the home's thread: make ready what the audio thread is not to allocate."""
        ready = self._slot.ready
        parameters = PluginParameters(self._name, () if ready is None else ready.described)
        for stands in () if ready is None else ready.standing:
            parameters.changed(*stands)
        parameters.given(self._slot.params)
        ring = FrameRing(self._pipeline + link.latency + self._max_frames + 1)
        self._arrivals.append(_Arrival(link, ring, parameters))

    def _adopt(self) -> None:
        """Take the newest link, or a latency that has changed."""
        while self._arrivals:
            link, aside, parameters = self._arrivals.popleft()
            if link is not self._link:
                if self._link is not None:
                    self._home.retire(self._slot, self._link, "")
                self._link = link
                self._home.follow_priority()
                self._parameters = parameters
                if untold := self._slot.untold():
                    self._home.set_params(self._slot, untold)
                    parameters.given(untold)
                self._came()
            frames = self._pipeline + link.latency + self._max_frames + 1
            if frames != self._aside.frames:
                aside = aside if aside.frames == frames else FrameRing(frames)
                past: AudioBlock = np.zeros((2, min(frames, self._aside.frames)), np.float32)
                self._aside.read(self._position - past.shape[1], past)
                aside.write(self._position - past.shape[1], past)
                self._aside = aside
                self.latency = self._pipeline + link.latency
                self._moved()
            self.serial += 1

    def _came(self) -> None:
        """A new process is there."""

    def _left_out(self) -> None:
        """The process is too far behind: it has not been told of a block."""

    def _moved(self) -> None:
        """The latency has changed."""

    def _exchange(self, link: Link, audio: AudioBlock | None, n: int, transport: Transport,
                  events: Sequence[FrameEvent], key: AudioBlock | None) -> bool:
        """Hand a block over and take the answers; whether the plug-in's output for this block is there."""
        start = self._position - self._pipeline
        try:
            if not link.write(self._position, audio, n, transport, events, key):
                self._left_out()
            heard = link.first == 0 or start - (0 if audio is None else link.latency) >= link.first
            there = link.collect(start + n, self._patience_s(n) if heard else 0.0)
        except LinkDownError as error:
            broken = isinstance(error, BrokenOutputError)
            self._drop(link, "it wrote NaN or infinity" if broken else str(error), certain=broken)
            return False
        if link.changed:
            self._notice(link)
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

    def _drop(self, link: Link, reason: str, *, certain: bool = False) -> None:
        self._link = None
        self._late = False
        self._home.retire(self._slot, link, reason, certain=certain)
        if self._offline:
            self._slot.gone.wait(_DOWN_WAIT_S)
            raise self._failure()

    def _failure(self) -> InstrumentError:
        kind = "plug-in" if self._function is None else "effect"
        return InstrumentError(f"{kind} {self._name} ({self._path}): {self._slot.state.removeprefix('out: ')}")

    def _notice(self, link: Link) -> None:
        """What the plug-in has changed by itself."""
        while link.changed:
            setting = link.changed.popleft()
            name = self._parameters.changed(setting.nth, setting.raw, setting.value)
            if name:
                self._slot.changed(name, setting.raw)
                times = self._restless[name] = self._restless.get(name, 0) + 1
                self.serial += times <= _RESTLESS

    def _take_midi(self, link: Link | None, start: int, frames: int) -> None:
        """midi_out for the block whose first frame of output is `start`. Notes of a plug-in that is gone end."""
        if link is None or not link.midi:
            if self.midi_out:
                self.midi_out = ()
            if link is None and self._sounding_out:
                self.midi_out = [FrameEvent(0, Kind.OFF, c, k, 0.0) for c, k in self._sounding_out]
                self._sounding_out.clear()
            return
        out: list[FrameEvent] = []
        while link.midi and link.midi[0].position < start + frames:
            position, kind, channel, number, value, cents = link.midi.popleft()[1:]
            out.append(FrameEvent(max(0, position - start), kind, channel, number, value, cents))
            if kind == Kind.ON:
                self._sounding_out[channel, number] = None
            elif kind == Kind.OFF:
                self._sounding_out.pop((channel, number), None)
        self.midi_out = out

    def _read_wet(self, link: Link, start: int, out: AudioBlock) -> None:
        link.output.read(start, out)
        if start < 0:
            out[:, :-start] = 0.0


