"""VST2 and VST3 through DawDreamer, whole pieces at once: the one file of the program that imports it.

DawDreamer renders; it does not stream: each render() begins at zero and forgets all sound. So this adapter knows a
plug-in's parameters and state like any other, has render() for whole pieces, and its process() says what to use
instead. It tells plug-ins tempo and position (always rolling, always 4/4). Imported in plug-in processes only, which
must have no display: load_state() would open a window.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dawdreamer
import numpy as np

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Transport
from instruments.hosts.parameter_table import ParameterTable, Tabled
from instruments.hosts.smf_bytes import smf_bytes
from instruments.plugins.messages import PLUGIN_FRAMES
from instruments.tempo_curve import PPQ, TempoCurve

FRAMES = PLUGIN_FRAMES
"""Of DawDreamer's blocks, as plug-ins have them live: what they do once a block they do alike."""
_SETTLING_FRAMES = 1024
"""Silence run through a plug-in before the piece: JUCE hands over parameters with a block, and latency is known only
after one."""
LEAD_IN_BEATS = 4
"""render() begins with as much silence: each render wakes plug-ins up, and the first blocks after that are not as they
are live, where plug-ins have long been awake. A whole bar, so that LFOs in time with the beat stand as they should."""
_POLL_S = 0.2
_CLOCK = "clock"
_RATE = 48000


class DawDreamerHost(Tabled):
    """An instrument or effect, in stereo: of a mono effect there are two, with the same parameters."""

    vendor = version = ""
    takes_key = sends_midi = False
    follows_tempo = True

    def __init__(self, path: Path, which: str | None = None, load_timeout_s: float = 30.0) -> None:
        """Load it, on the thread that loads all plug-ins of this process. Raises InstrumentError."""
        del load_timeout_s
        if which is not None:
            raise InstrumentError(f"plug-in {path}: DawDreamer opens a file's first plug-in only: leave `which` out")
        self._path = path
        self._rate = _RATE
        self._open()
        self.name = path.stem.removesuffix("-vst")

    def _open(self) -> None:
        self._engine: Any = dawdreamer.RenderEngine(self._rate, FRAMES)
        self._plugins: list[Any] = [self._load("plugin")]
        first = self._plugins[0]
        first.disable_nonmain_buses()
        self._ins, self._outs = first.get_num_input_channels(), first.get_num_output_channels()
        if self._outs < 1:
            raise InstrumentError(f"plug-in {self._path} has no audio output: it cannot be played in a mix")
        self.is_instrument = self._ins == 0
        if self._ins == self._outs == 1:
            self._plugins.append(self._load("right"))
        self._table = ParameterTable(self._path.stem, _Parameters(self._plugins))
        self._latency = 0

    def _load(self, name: str) -> Any:
        try:
            plugin = self._engine.make_plugin_processor(name, str(self._path.absolute()))
        except RuntimeError as error:
            raise InstrumentError(f"plug-in {self._path} cannot be loaded: {error}") from error
        if plugin is None:
            raise InstrumentError(f"plug-in {self._path} cannot be loaded by DawDreamer: is it of this system?")
        return plugin

    @property
    def latency(self) -> int:
        return self._latency

    def set_raw(self, index: int, raw: float) -> None:
        for plugin in self._plugins:
            plugin.set_parameter(index, raw)

    def prepare(self, rate: int, frames: int) -> None:
        """frames: whatever is given, DawDreamer has blocks of FRAMES. Another rate loads the plug-in anew."""
        if rate != self._rate:
            state, raws = self.state(), [self._plugins[0].get_parameter(i) for i in range(self._table_size())]
            self._rate = rate
            self._open()
            self.load_state(state)
            for index, raw in enumerate(raws):
                if self._plugins[0].get_parameter(index) != raw:
                    self.set_raw(index, raw)
        self._settle()

    def _table_size(self) -> int:
        return int(self._plugins[0].get_plugin_parameter_size())

    def process(self, audio: AudioBlock, transport: Transport, events: Sequence[FrameEvent] = (),
                key: AudioBlock | None = None) -> Sequence[FrameEvent]:
        raise InstrumentError(f"plug-in {self.name}: DawDreamer plays whole pieces, not block by block: use `sideman "
                              f"render --engine dawdreamer`, or the plug-in in another format")

    def render(self, frames: int, tempo: TempoCurve, events: Sequence[FrameEvent] = (),
               audio: AudioBlock | None = None, progress: Callable[[float], None] = lambda share: None) -> AudioBlock:
        """The whole piece, shape (2, frames), without the plug-in's latency: after prepare(), once in a process, since
        synths do not begin anew as they began.

        events  offsets are frames from the start; audio: what an effect is fed, (2, frames)
        progress  told 0..1 from time to time, in this thread
        """
        before = self._lead_in(tempo)
        tempo = tempo.later(before, LEAD_IN_BEATS)
        total = -(-(before + frames + self._latency) // FRAMES) * FRAMES
        if audio is not None:
            audio = np.concatenate((np.zeros((2, before), np.float32), audio), axis=1)
        if self.is_instrument:
            with tempfile.NamedTemporaryFile(suffix=".mid", delete=False) as file:
                file.write(smf_bytes([e._replace(offset=e.offset + before) for e in events], self._rate))
            try:
                for plugin in self._plugins:
                    plugin.load_midi(file.name, clear_previous=True, beats=False, all_events=True)
            finally:
                Path(file.name).unlink()
        if tempo.is_steady:
            self._engine.set_bpm(float(tempo.points[0].bpm))
        else:
            self._engine.set_bpm(tempo.bpm_by_beat(total), PPQ)
        # What has been rendered shows by a ramp that runs along: silence would not tell.
        clock = (np.arange(total, dtype=np.int64) // FRAMES + 1).astype(np.float32)[None]
        self._connect(audio, total, clock)
        failed: list[BaseException] = []

        def run() -> None:
            try:
                self._engine.render((total + 0.5) / self._rate)
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=run, name="render", daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(_POLL_S)
            if thread.is_alive():
                made = self._engine.get_audio(_CLOCK)[0]
                progress(_reached(made, clock[0]) / total)
        if failed:
            raise InstrumentError(f"plug-in {self.name} cannot be rendered: {failed[0]}")
        progress(1.0)
        first = before + self._latency
        return self._made()[:, first : first + frames]

    @staticmethod
    def _lead_in(tempo: TempoCurve) -> int:
        return round(LEAD_IN_BEATS * 60 / tempo.points[0].bpm * tempo.rate)

    def _connect(self, audio: AudioBlock | None, total: int, clock: AudioBlock | None = None) -> None:
        graph: list[tuple[Any, list[str]]] = []
        if clock is not None:
            ticks = self._engine.make_playback_processor(_CLOCK, np.ascontiguousarray(clock))
            ticks.record = True
            graph.append((ticks, []))
        if self._ins:
            fed = np.zeros((2, total), np.float32)
            if audio is not None:
                fed[:, : audio.shape[1]] = audio
            if len(self._plugins) == 2:
                parts = [fed[:1], fed[1:]]
            else:
                parts = [fed if self._ins > 1 else fed.mean(axis=0, keepdims=True)]
        else:
            parts = []
        for i, plugin in enumerate(self._plugins):
            inputs = []
            if parts:
                graph.append((self._engine.make_playback_processor(f"in {i}", np.ascontiguousarray(parts[i])), []))
                inputs = [f"in {i}"]
            plugin.record = True
            graph.append((plugin, inputs))
        self._engine.load_graph(graph)

    def _made(self) -> AudioBlock:
        parts = [self._engine.get_audio(name) for name in ("plugin", "right")[: len(self._plugins)]]
        made: AudioBlock = np.concatenate(parts)[:2]
        return made if len(made) == 2 else np.concatenate((made, made))

    def _settle(self) -> None:
        for plugin in self._plugins:
            plugin.clear_midi()
        self._connect(None, _SETTLING_FRAMES)
        self._engine.render((_SETTLING_FRAMES + 0.5) / self._rate)
        self._latency = int(self._plugins[0].get_latency_samples())

    def reset(self) -> None:
        """Every render() begins in silence."""

    def state(self) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "state"
            self._plugins[0].save_state(str(path))
            return path.read_bytes()

    def load_state(self, state: bytes) -> None:
        """As JUCE keeps it, which is what state() of pedalboard and minihost give, too."""
        with tempfile.TemporaryDirectory() as folder:
            if state[:4] == b"CcnK":  # a VST2 bank or program: as a preset, no window is opened for it
                path = Path(folder) / "state.fxp"
                path.write_bytes(state)
                taken = all(plugin.load_preset(str(path)) for plugin in self._plugins)
            elif state[:4] == b"VC2!":
                path = Path(folder) / "state"
                path.write_bytes(state)
                for plugin in self._plugins:
                    self._load_file(plugin, path)
                taken = True
            else:
                taken = False
        if not taken:
            raise InstrumentError(f"plug-in {self.name}: what it is given is no state of it that DawDreamer takes: "
                                  f"leave `state` out, or use a preset file")

    @staticmethod
    def _load_file(plugin: Any, path: Path) -> None:
        try:
            plugin.load_state(str(path))
        except RuntimeError as error:
            if "editor" not in str(error):  # it opens the window when the state is in: there is none, and no matter
                raise InstrumentError(f"a plug-in's state cannot be loaded: {error}") from error

    def load_preset(self, path: Path) -> None:
        suffix = path.suffix.lower()
        if suffix not in (".vstpreset", ".fxp", ".fxb"):
            raise InstrumentError(f"preset {path}: DawDreamer loads .vstpreset, .fxp and .fxb")
        absolute = str(path.absolute())
        try:
            taken = all(plugin.load_vst3_preset(absolute) if suffix == ".vstpreset" else plugin.load_preset(absolute)
                        for plugin in self._plugins)
        except RuntimeError as error:
            raise InstrumentError(f"preset {path} cannot be loaded by plug-in {self.name}: {error}") from None
        if not taken:
            raise InstrumentError(f"preset {path} is not one of plug-in {self.name}: give one that it saved")

    def save_preset(self, path: Path) -> None:
        raise InstrumentError(f"plug-in {self.name}: DawDreamer saves no presets; use host = \"minihost\"")

    def edit(self) -> None:
        raise InstrumentError(f"plug-in {self.name}: DawDreamer's windows are not for sessions; use host = "
                              f"\"pedalboard\"")


class _Parameters:
    """A DawDreamer plug-in as a RawParameters.

    Of VST3, the texts at 0 and 1 come with the description; other texts, and VST2's, only by setting the parameter and
    setting it back.
    """

    def __init__(self, plugins: Sequence[Any]) -> None:
        self._plugin = plugins[0]
        self._described = self._plugin.get_parameters_description()
        self._ends = [(str(d["min"]), str(d["max"])) if d["defaultValueText"] not in ("", "0") or d["max"] != "1"
                      else None for d in self._described]

    def count(self) -> int:
        return len(self._described)

    def name(self, index: int) -> str:
        return str(self._described[index]["name"])

    def label(self, index: int) -> str:
        return str(self._described[index]["label"])

    def steps(self, index: int) -> int:
        steps = int(self._described[index]["numSteps"])
        return steps if 2 <= steps <= 1000 else 0

    def raw(self, index: int) -> float:
        return float(self._plugin.get_parameter(index))

    def text(self, index: int, raw: float) -> str:
        ends = self._ends[index]
        if ends is not None and raw in (0.0, 1.0):
            return ends[int(raw)]
        plugin = self._plugin
        before = plugin.get_parameter(index)
        plugin.set_parameter(index, raw)
        text = str(plugin.get_parameter_text(index))
        plugin.set_parameter(index, before)
        return text

    def parsed(self, index: int, text: str) -> float:
        """It has no way to read texts."""
        return -1.0


def _reached(made: AudioBlock, clock: AudioBlock) -> int:
    """How many frames of the clock have been recorded: they are as given, and what comes after is not."""
    low, high = 0, min(len(made), len(clock))
    while low < high:
        middle = (low + high) // 2
        if made[middle] == clock[middle]:
            low = middle + 1
        else:
            high = middle
    return low
