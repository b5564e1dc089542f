"""VST3 (and on macOS Audio Unit) effects through Spotify's pedalboard: the one file that imports it.

pedalboard gives plug-ins no playhead, so the transport is not passed on. Imported in plug-in processes only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pedalboard
from pedalboard import _pedalboard

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Transport
from instruments.hosts.host import Parameter, ParamValue
from instruments.hosts.parameter_units import plain_name, raw_for

SETTLING_FRAMES = 1024
"""Silence run through a plug-in before its first block: JUCE hands over parameters with a block, and latency is known
only after one."""

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


class PedalboardHost:
    """An effect of one or two channels, played in stereo: of a mono plug-in there are two, with the same parameters."""

    is_instrument = takes_key = sends_midi = follows_tempo = False

    def __init__(self, path: Path, *, plugin_name: str | None = None, load_timeout_s: float = 30.0) -> None:
        """Load on the thread that loads all plug-ins of this process (the main thread); takes 10 ms to many seconds.

        plugin_name chooses from a file that holds several. Raises InstrumentError.
        """
        self._path, self._plugin_name, self._load_timeout_s = path, plugin_name, load_timeout_s
        first = self._load()
        if not first.is_effect:
            raise InstrumentError(f"plug-in {path} is an instrument, not an effect: use it as a track's instrument")
        self._plugins = [first]
        self._rate, self._frames = 0, 0
        self._indices = _indices(first)
        self.name: str = first.name
        self.vendor: str = first.manufacturer_name
        self.version: str = first.version

    @property
    def latency(self) -> int:
        return int(self._plugins[0].reported_latency_samples)

    def parameters(self) -> tuple[Parameter, ...]:
        return tuple(
            Parameter(p.name, p.label.strip(), p.raw_value, p.string_value) for p in self._plugins[0]._parameters
        )

    def set_params(self, params: Mapping[str, ParamValue]) -> None:
        raws = dict(self.raw_of(name, value) for name, value in params.items())
        for index, raw in raws.items():
            self.set_raw(index, raw)

    def raw_of(self, name: str, value: ParamValue) -> tuple[int, float]:
        cpp_parameters = self._plugins[0]._parameters
        index = self._indices.get(plain_name(name))
        if index is None:
            known = ", ".join(p.name for p in cpp_parameters[:40])
            raise InstrumentError(f"plug-in {self.name} has no parameter {name!r}: it has {known}")
        p = cpp_parameters[index]
        try:
            return index, raw_for(p.name, value, p.get_text_for_raw_value, p.get_raw_value_for_text, int(p.num_steps))
        except InstrumentError as error:
            raise InstrumentError(f"plug-in {self.name}: {error}") from None

    def set_raw(self, index: int, raw: float) -> None:
        for plugin in self._plugins:
            plugin._parameters[index].raw_value = raw

    def prepare(self, rate: int, frames: int) -> None:
        self._rate, self._frames = rate, frames
        if len(self._plugins) == 1 and not self._takes_stereo():
            second = self._load()
            for old, new in zip(self._plugins[0]._parameters, second._parameters, strict=True):
                if new.raw_value != old.raw_value:
                    new.raw_value = old.raw_value
            self._plugins.append(second)
        self._settle()

    def process(self, audio: AudioBlock, transport: Transport, events: Sequence[FrameEvent] = (),
                key: AudioBlock | None = None) -> Sequence[FrameEvent]:
        if len(self._plugins) == 1:
            self._run(0, audio)
        else:
            for channel in (0, 1):
                self._run(channel, audio[channel : channel + 1])
        return ()

    def reset(self) -> None:
        for plugin in self._plugins:
            plugin.reset()
        self._settle()

    def state(self) -> bytes:
        return bytes(self._plugins[0].raw_state)

    def load_state(self, state: bytes) -> None:
        for plugin in self._plugins:
            plugin.raw_state = state

    def load_preset(self, path: Path) -> None:
        for plugin in self._plugins:
            plugin.load_preset(str(path))

    def save_preset(self, path: Path) -> None:
        raise InstrumentError(f"plug-in {self.name}: pedalboard saves no presets; use host = \"minihost\"")

    def edit(self) -> None:
        self._plugins[0].show_editor()

    def _run(self, index: int, audio: AudioBlock) -> None:
        got = self._plugins[index].process(audio, self._rate, buffer_size=self._frames, reset=False)
        # pedalboard swallows as many frames as the plug-in's latency; put back, they keep the latency constant.
        missing = audio.shape[1] - got.shape[1]
        audio[:, :missing] = 0.0
        audio[:, missing:] = got

    def _settle(self) -> None:
        for _ in range(-(-SETTLING_FRAMES // self._frames)):
            self.process(np.zeros((2, self._frames), np.float32), Transport())

    def _takes_stereo(self) -> bool:
        try:
            self._run(0, np.zeros((2, self._frames), np.float32))
        except ValueError:
            return False
        return True

    def _load(self) -> Any:
        kind = "AudioUnitPlugin" if self._path.suffix.lower() == ".component" else "VST3Plugin"
        plugin_class = getattr(pedalboard, kind, None)
        if plugin_class is None:
            raise InstrumentError(f"plug-in {self._path}: Audio Units can be hosted on macOS only; use its VST3")

        def load() -> Any:
            return plugin_class(
                str(self._path), plugin_name=self._plugin_name, initialization_timeout=self._load_timeout_s
            )

        try:
            try:
                with _without_text_scan():
                    return load()
            except (TypeError, AttributeError):
                return load()  # pedalboard's internals have changed: slow, but it loads
        except (ImportError, ValueError, RuntimeError) as error:
            raise InstrumentError(f"plug-in {self._path} cannot be loaded: {error}") from error


def _indices(plugin: Any) -> dict[str, int]:
    """Parameter indices by plain name, without and with the unit ("threshold", "threshold_db"); the first counts."""
    indices: dict[str, int] = {}
    parameters = plugin._parameters
    for with_label in (False, True):
        for index, p in enumerate(parameters):
            indices.setdefault(plain_name(f"{p.name} {p.label}" if with_label else p.name), index)
    return indices
