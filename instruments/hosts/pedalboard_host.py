"""VST3 (and on macOS Audio Unit) plug-ins through Spotify's pedalboard: the one file that imports it.

pedalboard gives plug-ins no playhead and no side-chain, and hands on none of their MIDI. Imported in plug-in processes
only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pedalboard
from pedalboard import _pedalboard

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Kind, Transport
from instruments.hosts import vst3_preset
from instruments.hosts.midi_events import silencing
from instruments.hosts.parameter_table import ParameterTable, Tabled
from instruments.hosts.x_errors import survive_x_errors

SETTLING_FRAMES = 1024
"""Silence run through a plug-in before its first block: JUCE hands over parameters with a block, and latency is known
only after one."""

_SILENT = 1e-6
_SILENT_WITHIN_S = 4
"""How much silence a plug-in is given after a reset that left it sounding."""

_MOST_CUTS = 8
"""Beyond so many different places of controllers in a block, the rest come up to a block early."""

_MOST_STEPS = 1 << 20
"""More steps than that is JUCE's way to say that a parameter is continuous."""

_SCAN = "__set_initial_parameter_values__"


def scan_can_be_skipped() -> bool:
    """Whether this pedalboard has the method that reads every parameter's text over 1,000 times when it loads.

    Without the method plug-ins still load, slowly (ZamVerb 14 s instead of 1.5 s); a test watches over it.
    """
    mixin = getattr(_pedalboard, "_PythonExternalPluginMixin", None)
    return mixin is not None and callable(vars(mixin).get(_SCAN))


@contextmanager
def _without_text_scan() -> Iterator[None]:
    if not scan_can_be_skipped():
        yield
        return
    mixin = _pedalboard._PythonExternalPluginMixin
    original = vars(mixin)[_SCAN]
    setattr(mixin, _SCAN, lambda *_: None)
    try:
        yield
    finally:
        setattr(mixin, _SCAN, original)


class PedalboardHost(Tabled):
    """An instrument, or an effect of one or two channels, played in stereo: of a mono effect there are two."""

    takes_key = sends_midi = follows_tempo = False

    def __init__(self, path: Path, which: str | None = None, load_timeout_s: float = 30.0) -> None:
        """Load on the thread that loads all plug-ins of this process (the main thread); takes 10 ms to many seconds.

        which chooses from a file that holds several. Raises InstrumentError.
        """
        self._path, self._which, self._load_timeout_s = path, which, load_timeout_s
        first = self._load()
        self._plugins = [first]
        self._parameters = [first._parameters]  # a new list of thousands each time it is asked for
        self._rate, self._frames = 0, 0
        self._table = ParameterTable(first.name, _Parameters(first))
        self.name: str = first.name
        self.vendor: str = first.manufacturer_name
        self.version: str = first.version
        self.is_instrument = bool(first.is_instrument)
        self._outs = 2

    @property
    def latency(self) -> int:
        return int(self._plugins[0].reported_latency_samples)

    def set_raw(self, index: int, raw: float) -> None:
        for parameters in self._parameters:
            parameters[index].raw_value = raw

    def prepare(self, rate: int, frames: int) -> None:
        self._rate, self._frames = rate, frames
        if self.is_instrument:
            self._outs = self._instrument_outs()
        elif len(self._plugins) == 1 and not self._takes_stereo():
            second = self._load()
            for old, new in zip(self._plugins[0]._parameters, second._parameters, strict=True):
                if new.raw_value != old.raw_value:
                    new.raw_value = old.raw_value
            self._plugins.append(second)
            self._parameters.append(second._parameters)
        self._settle(SETTLING_FRAMES)

    def process(self, audio: AudioBlock, transport: Transport, events: Sequence[FrameEvent] = (),
                key: AudioBlock | None = None) -> Sequence[FrameEvent]:
        if self.is_instrument:
            # JUCE 6 hands controllers, bend and pressure to a VST3 at the start of a call: so a call starts with them.
            cuts = sorted({e.offset for e in events if e.kind > Kind.ON and e.offset})[:_MOST_CUTS]
            for start, end in pairwise((0, *cuts, audio.shape[1])):
                self._play(audio[:, start:end], [(e.to_midi(), (e.offset - start + 0.5) / self._rate)
                                                 for e in events if start <= e.offset < end])
        elif len(self._plugins) == 1:
            self._run(0, audio)
        else:
            for channel in (0, 1):
                self._run(channel, audio[channel : channel + 1])
        return ()

    def reset(self) -> None:
        if self.is_instrument:
            self._play(np.zeros((2, self._frames), np.float32), [(bytes(m), 0.0) for m in silencing()])
        for plugin in self._plugins:
            plugin.reset()
        self._settle(_SILENT_WITHIN_S * self._rate)

    def state(self) -> bytes:
        return bytes(self._plugins[0].raw_state)

    def load_state(self, state: bytes) -> None:
        try:
            if self._path.suffix.lower() == ".vst3":
                vst3_preset.chunks_of(state)  # JUCE passes over what is no state without a word
            for plugin in self._plugins:
                # Not plugin.raw_state = state: to set any attribute, pedalboard's mix-in first reads all texts.
                type(plugin).raw_state.__set__(plugin, state)
        except (InstrumentError, RuntimeError, ValueError) as error:
            raise InstrumentError(f"plug-in {self.name} ({self._path}) does not take this state ({error}): give one "
                                  f"that the same plug-in gave, in the same format") from None
        if self._rate:
            self._settle(self._frames)  # JUCE hands it over with a block; read before that, it would be the old one

    def load_preset(self, path: Path) -> None:
        try:
            for plugin in self._plugins:
                plugin.load_preset(str(path))
        except (OSError, RuntimeError, ValueError) as error:
            raise InstrumentError(f"plug-in {self.name}: preset {path} cannot be loaded: {error}") from None

    def save_preset(self, path: Path) -> None:
        vst3_preset.write(path, self._path, self.name, self.state())

    def edit(self) -> None:
        """Returns as well where the process is interrupted (SIGINT). What was turned holds for both of a mono pair."""
        survive_x_errors()
        try:
            with suppress(KeyboardInterrupt):
                self._plugins[0].show_editor()
        except RuntimeError as error:
            raise InstrumentError(f"plug-in {self.name}: its window cannot be opened: {error}") from None
        if len(self._plugins) == 2:
            type(self._plugins[1]).raw_state.__set__(self._plugins[1], self.state())

    def _play(self, audio: AudioBlock, midi: list[tuple[bytes, float]]) -> None:
        # Half a frame more: pedalboard's seconds are float32, cut off, and a naive n / rate loses a frame of some n.
        got = self._plugins[0](
            midi, duration=(audio.shape[1] + 0.5) / self._rate, sample_rate=self._rate, num_channels=self._outs,
            buffer_size=self._frames, reset=False,
        )
        missing = audio.shape[1] - got.shape[1]
        audio[:, :missing] = 0.0
        audio[:, missing:] = got

    def _run(self, index: int, audio: AudioBlock) -> None:
        got = self._plugins[index].process(audio, self._rate, buffer_size=self._frames, reset=False)
        # pedalboard swallows as many frames as the plug-in's latency; put back, they keep the latency constant.
        missing = audio.shape[1] - got.shape[1]
        audio[:, :missing] = 0.0
        audio[:, missing:] = got

    def _settle(self, frames: int) -> None:
        """Silence, at least until parameters and latency have arrived, and up to `frames` until it is silent."""
        silence = np.zeros((2, self._frames), np.float32)
        done = quiet = 0
        while done < min(frames, SETTLING_FRAMES) or (done < frames and quiet < SETTLING_FRAMES):
            silence[:] = 0.0
            self.process(silence, Transport())
            done += self._frames
            quiet = quiet + self._frames if np.abs(silence).max() < _SILENT else 0

    def _takes_stereo(self) -> bool:
        try:
            self._run(0, np.zeros((2, self._frames), np.float32))
        except ValueError:
            return False
        return True

    def _instrument_outs(self) -> int:
        for self._outs in (2, 1):
            try:
                self._play(np.zeros((2, self._frames), np.float32), [])
            except ValueError as error:
                why = error
            else:
                return self._outs
        raise InstrumentError(f"plug-in {self._path} plays neither in stereo nor in mono: {why}")

    def _load(self) -> Any:
        kind = "AudioUnitPlugin" if self._path.suffix.lower() == ".component" else "VST3Plugin"
        plugin_class = getattr(pedalboard, kind, None)
        if plugin_class is None:
            raise InstrumentError(f"plug-in {self._path}: Audio Units can be hosted on macOS only; use its VST3")

        def load() -> Any:
            return plugin_class(
                str(self._path), plugin_name=self._which, initialization_timeout=self._load_timeout_s
            )

        try:
            try:
                with _without_text_scan():
                    return load()
            except (TypeError, AttributeError):
                return load()  # pedalboard's internals have changed: slow, but it loads
        except (ImportError, ValueError, RuntimeError) as error:
            raise InstrumentError(f"plug-in {self._path} cannot be loaded: {error}") from error


class _Parameters:
    """`RawParameters` of pedalboard: of its C++ objects, as the Python ones read all texts."""

    def __init__(self, plugin: Any) -> None:
        self._parameters = plugin._parameters

    def count(self) -> int:
        return len(self._parameters)

    def name(self, index: int) -> str:
        return str(self._parameters[index].name)

    def label(self, index: int) -> str:
        return str(self._parameters[index].label)

    def steps(self, index: int) -> int:
        steps = int(self._parameters[index].num_steps)
        return steps if steps <= _MOST_STEPS else 0

    def raw(self, index: int) -> float:
        return float(self._parameters[index].raw_value)

    def text(self, index: int, raw: float) -> str:
        return str(self._parameters[index].get_text_for_raw_value(raw))

    def parsed(self, index: int, text: str) -> float:
        return float(self._parameters[index].get_raw_value_for_text(text))
