"""VST3, LV2 (and on macOS Audio Units) through minihost: the one file that imports it.

minihost gives plug-ins a playhead and a side-chain, and hands on their MIDI. It is alpha and GPL-3 (as pedalboard is):
an extra. Imported in plug-in processes only.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import minihost
import numpy as np

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Transport
from instruments.hosts import vst3_preset
from instruments.hosts.lv2_opening import Lv2Opening, alone, lv2_opening
from instruments.hosts.midi_events import event_of, short_message, silencing
from instruments.hosts.parameter_table import ParameterTable, Tabled
from instruments.hosts.song_position import SongPosition

_RATE, _FRAMES = 48000, 128
_MOST_MIDI_OUT = 1024
_SETTLING_FRAMES = 1024
"""Silence run through a plug-in before its first block: JUCE hands over parameters with a block."""

_SILENT = 1e-6
_SILENT_WITHIN_S = 4
"""How much silence a plug-in is given after a reset that left it sounding."""


class MinihostHost(Tabled):
    """An instrument or effect, in stereo: of a mono effect there are two, with the same parameters."""

    sends_midi: bool
    follows_tempo = True

    def __init__(self, path: Path, which: str | None = None, load_timeout_s: float = 30.0) -> None:
        """Load it; takes 10 ms to seconds. Raises InstrumentError.

        which: of an LV2 bundle a plug-in's URI or name, else it must be the first of the file's plug-ins.
        load_timeout_s: minihost has none of its own; the process that waits for this one has.
        """
        self._path = path
        self._lv2 = lv2_opening(path, which) if path.suffix.lower() == ".lv2" else None
        described = self._described(which)
        self._rate, self._frames = _RATE, _FRAMES
        first = self._open()
        self._plugins = [first]
        self.name: str = described["name"]
        self.vendor: str = described["vendor"]
        self.version: str = described["version"]
        self.is_instrument = bool(first.accepts_midi) and first.num_input_channels == 0
        self.sends_midi = bool(first.produces_midi)
        self._main_in = first.num_input_channels
        self._outs = first.num_output_channels
        self._key_ins: int = first.sidechain_channels
        # JUCE takes an LV2's side-chain that is in no group of ports of its own for more channels of its input.
        behind = self._main_in - self._outs if self._lv2 is not None and not self.is_instrument else 0
        self._keys_behind: int = behind if behind in (1, 2) else 0
        self._mains: int = self._main_in - self._keys_behind
        if self._outs < 1:
            raise InstrumentError(f"plug-in {path} has no audio output: it cannot be played as a track")
        self._table = ParameterTable(self.name, _Parameters(first))
        self._position = SongPosition()
        self._buffers()

    @property
    def takes_key(self) -> bool:
        return self._key_ins > 0 or self._keys_behind > 0

    @property
    def latency(self) -> int:
        return int(self._plugins[0].latency_samples)

    @property
    def channels(self) -> tuple[int, int]:
        """In and out, without the side-chain's."""
        return self._mains, self._outs

    @property
    def programs(self) -> tuple[str, ...]:
        """Names of its built-in programs, where there is more than the one that JUCE counts for every plug-in."""
        plugin = self._plugins[0]
        names = tuple(str(plugin.get_program_name(index)).strip() for index in range(plugin.num_programs))
        return names if len(names) > 1 else ()

    def set_raw(self, index: int, raw: float) -> None:
        for plugin in self._plugins:
            plugin.set_param(index, raw)

    def prepare(self, rate: int, frames: int) -> None:
        if frames != self._frames:
            self._settle(self._frames)  # JUCE hands parameters over with a block; without one, the state is the old one
            state = bytes(self._plugins[0].get_state())
            self._rate, self._frames = rate, frames
            self._plugins = [self._open()]
            self._table = ParameterTable(self.name, _Parameters(self._plugins[0]))
            self._buffers()
            self.load_state(state)
        elif rate != self._rate:
            self._rate = rate
            for plugin in self._plugins:
                plugin.sample_rate = rate
        if self._outs == 1 and self._mains == 1 and not self.is_instrument and len(self._plugins) == 1:
            second = self._open()
            for index in range(second.num_params):
                raw = self._plugins[0].get_param(index)
                if second.get_param(index) != raw:
                    second.set_param(index, raw)
            self._plugins.append(second)
        self._buffers()
        self._settle(_SETTLING_FRAMES)
        self._plugins[0].get_state()  # a changed latency arrives only with the next thing asked of JUCE's own thread

    def process(self, audio: AudioBlock, transport: Transport, events: Sequence[FrameEvent] = (),
                key: AudioBlock | None = None) -> Sequence[FrameEvent]:
        at = transport
        frame = self._position.at(at, self._rate, audio.shape[1])
        # minihost turns the loop's frames back into beats at this tempo.
        frames_per_beat = 60.0 / at.bpm * self._rate
        for plugin in self._plugins:
            plugin.set_transport(
                at.bpm, at.beats_per_bar, at.beat_unit, frame, at.beat, at.playing, False, at.loop_end > at.loop_start,
                round(at.loop_start * frames_per_beat), round(at.loop_end * frames_per_beat),
            )
        midi = [(event.offset, *short_message(event)) for event in events]
        return self._run(audio, midi, key)

    def reset(self) -> None:
        silence = np.zeros((2, self._frames), np.float32)
        self._run(silence, [(0, *message) for message in silencing()] if self.is_instrument else [], None)
        for plugin in self._plugins:
            plugin.reset()
        self._position = SongPosition()
        self._settle(_SILENT_WITHIN_S * self._rate)

    def state(self) -> bytes:
        return bytes(self._plugins[0].get_state())

    def load_state(self, state: bytes) -> None:
        try:
            for plugin in self._plugins:
                plugin.set_state(state)
        except (RuntimeError, ValueError) as error:
            raise InstrumentError(f"plug-in {self.name} ({self._path}) does not take this state ({error}): give one "
                                  f"that the same plug-in gave, in the same format") from None

    def load_preset(self, path: Path) -> None:
        try:
            for plugin in self._plugins:
                minihost.load_vstpreset(path, plugin)
        except (OSError, RuntimeError, ValueError) as error:
            raise InstrumentError(f"plug-in {self.name}: preset {path} cannot be loaded: {error}") from None

    def save_preset(self, path: Path) -> None:
        vst3_preset.write(path, self._path, self.name, self.state())

    def edit(self) -> None:
        raise InstrumentError(f"plug-in {self.name}: minihost opens no windows; use host = \"pedalboard\"")

    def _run(self, audio: AudioBlock, midi: list[tuple[int, int, int, int]], key: AudioBlock | None
             ) -> Sequence[FrameEvent]:
        if self._straight:
            return _heard(self._call(0, audio, audio, midi, key))
        given, got = self._given, self._got
        if len(self._plugins) == 2:
            both = []
            for channel in (0, 1):
                side = audio[channel : channel + 1]
                self._give(side, key)
                both.append(self._call(channel, given, got, midi, key))
                side[:] = got[:1]
            return _heard(both[0])
        self._give(audio, key)
        heard = self._call(0, given, got, midi, key)
        audio[:] = got[:2]  # of a mono output both sides
        return _heard(heard)

    def _give(self, audio: AudioBlock, key: AudioBlock | None) -> None:
        given, mains = self._given, self._mains
        if mains == 1:
            np.mean(audio, axis=0, out=given[0])
        elif mains:
            given[:2] = audio
        if self._keys_behind:
            given[mains:] = 0.0 if key is None else key if self._keys_behind == 2 else key.mean(axis=0)

    def _call(self, index: int, given: AudioBlock, got: AudioBlock, midi: list[tuple[int, int, int, int]],
              key: AudioBlock | None) -> list[tuple[int, int, int, int]]:
        plugin = self._plugins[index]
        if self._key_ins and key is not None:
            side = key if self._key_ins == 2 else np.mean(key, axis=0, keepdims=True)
            heard = plugin.process_sidechain_midi(given, got, side, midi, _MOST_MIDI_OUT)
        else:
            heard = plugin.process_midi(given, got, midi, _MOST_MIDI_OUT)
        return list(heard)

    def _settle(self, frames: int) -> None:
        """Silence, at least until parameters and latency have arrived, and up to `frames` until it is silent."""
        silence = np.zeros((2, self._frames), np.float32)
        done = quiet = 0
        while done < min(frames, _SETTLING_FRAMES) or (done < frames and quiet < _SETTLING_FRAMES):
            silence[:] = 0.0
            self.process(silence, Transport())
            done += self._frames
            quiet = quiet + self._frames if np.abs(silence).max() < _SILENT else 0

    def _buffers(self) -> None:
        self._straight = self._main_in in (0, 2) and self._outs == 2 and not self._keys_behind
        self._given = np.zeros((max(self._main_in, 2), self._frames), np.float32)
        self._got = np.zeros((self._outs, self._frames), np.float32)

    def _open(self) -> Any:
        try:
            if self._lv2 is not None:
                return self._open_lv2(self._lv2)
            return minihost.Plugin(str(self._path), float(self._rate), self._frames, 2, 2, 2)
        except (RuntimeError, ValueError, OSError) as error:
            raise InstrumentError(f"plug-in {self._path} cannot be loaded: {error}") from error

    def _open_lv2(self, lv2: Lv2Opening) -> Any:
        try:
            return minihost.Plugin.from_descriptor(lv2.descriptor, float(self._rate), self._frames, 2, 2)
        except RuntimeError as error:
            if "Unable to locate" not in str(error):
                raise
        path = self._path if lv2.is_only else alone(self._path, lv2.plugin)
        return minihost.Plugin(str(path), float(self._rate), self._frames, 2, 2, 2)

    def _described(self, which: str | None) -> dict[str, Any]:
        if self._lv2 is not None:
            plugin = self._lv2.plugin
            return {"name": plugin.name, "vendor": plugin.vendor, "version": plugin.version}
        try:
            described: dict[str, Any] = minihost.probe(str(self._path))
        except (RuntimeError, ValueError) as error:
            raise InstrumentError(f"plug-in {self._path} cannot be loaded: {error}") from error
        if which is not None and which != described["name"]:
            raise InstrumentError(f"plug-in {self._path}: minihost opens its first plug-in, {described['name']!r}, "
                                  f"only; for {which!r} use host = \"pedalboard\"")
        return described


class _Parameters:
    """`RawParameters` of minihost."""

    def __init__(self, plugin: Any) -> None:
        self._plugin = plugin
        self._infos: dict[int, dict[str, Any]] = {}

    def _info(self, index: int) -> dict[str, Any]:
        if index not in self._infos:
            self._infos[index] = self._plugin.get_param_info(index)
        return self._infos[index]

    def count(self) -> int:
        return int(self._plugin.num_params)

    def name(self, index: int) -> str:
        return str(self._info(index)["name"])

    def label(self, index: int) -> str:
        return str(self._info(index)["label"])

    def steps(self, index: int) -> int:
        return int(self._info(index)["num_steps"])

    def raw(self, index: int) -> float:
        return float(self._plugin.get_param(index))

    def text(self, index: int, raw: float) -> str:
        return str(self._plugin.param_to_text(index, raw))

    def parsed(self, index: int, text: str) -> float:
        return float(self._plugin.param_from_text(index, text))


def _heard(messages: list[tuple[int, int, int, int]]) -> Sequence[FrameEvent]:
    if not messages:
        return ()
    return [event for message in messages if (event := event_of(*message)) is not None]
