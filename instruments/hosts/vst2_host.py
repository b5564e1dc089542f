"""VST2 plug-ins, live, through a small host of our own on ctypes. Off unless asked for: see docs/hosting.md.

Used on the main thread of a plug-in's process only.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Transport
from instruments.hosts import vst2_preset
from instruments.hosts.midi_events import short_message, silencing
from instruments.hosts.parameter_table import ParameterTable, Tabled
from instruments.hosts.song_position import SongPosition
from instruments.hosts.vst2_abi import Do, Flag
from instruments.hosts.vst2_plugin import FRAMES, RATE, Vst2Plugin

_SETTLING_FRAMES = 1024
_SILENT = 1e-6
_SILENT_WITHIN_S = 4


class Vst2Host(Tabled):
    """An instrument or effect, in stereo: of a mono effect there are two, with the same parameters."""

    follows_tempo = True

    def __init__(self, path: Path, which: str | None = None, load_timeout_s: float = 30.0) -> None:
        """Load it. load_timeout_s: there is none here; the process that waits for this one has. Raises InstrumentError.

        which: a shell of several plug-ins in one file is not supported.
        """
        if which is not None:
            raise InstrumentError(f"plug-in {path}: the VST2 host opens a file's only plug-in: leave out {which!r}")
        self._path = path
        first = Vst2Plugin(path)
        self._plugins = [first]
        self._rate, self._frames = RATE, FRAMES
        self.name = first.words(Do.GET_EFFECT_NAME) or first.words(Do.GET_PRODUCT_STRING) or path.stem
        self.vendor = first.words(Do.GET_VENDOR_STRING)
        self.version = str(first.ask(Do.GET_VENDOR_VERSION) or first.effect.version)
        self.is_instrument = bool(first.effect.flags & Flag.IS_SYNTH)
        self.sends_midi = any(first.can(what) for what in (b"sendVstMidiEvent", b"sendVstEvents"))
        self._ins, self._outs = first.effect.inputs, first.effect.outputs
        if self._outs < 1:
            raise InstrumentError(f"plug-in {path} has no audio output: it cannot be played as a track")
        self.takes_key = not self.is_instrument and self._ins > self._outs
        self._table = ParameterTable(self.name, first)
        self._position = SongPosition()

    @property
    def latency(self) -> int:
        return max(0, int(self._plugins[0].effect.initial_delay))

    @property
    def channels(self) -> tuple[int, int]:
        """In and out, without the side-chain's."""
        return self._outs if self.takes_key else self._ins, self._outs

    def set_raw(self, index: int, raw: float) -> None:
        for plugin in self._plugins:
            plugin.set(index, raw)

    def prepare(self, rate: int, frames: int) -> None:
        self._rate, self._frames = rate, frames
        if self._ins - self.takes_key == 1 and self._outs == 1 and not self.is_instrument and len(self._plugins) == 1:
            second = Vst2Plugin(self._path)
            second.load(self._plugins[0].saved())
            self._plugins.append(second)
        for plugin in self._plugins:
            plugin.prepare(rate, frames)
        self._settle(_SETTLING_FRAMES)

    def process(self, audio: AudioBlock, transport: Transport, events: Sequence[FrameEvent] = (),
                key: AudioBlock | None = None) -> Sequence[FrameEvent]:
        frame = self._position.at(transport, self._rate, audio.shape[1])
        midi = [(event.offset, *short_message(event)) for event in events]
        for plugin in self._plugins:
            plugin.tell(transport, frame)
        return self._run(audio, midi, key)

    def reset(self) -> None:
        silence = np.zeros((2, self._frames), np.float32)
        self._run(silence, [(0, *message) for message in silencing()] if self.is_instrument else [], None)
        for plugin in self._plugins:
            plugin.restart()
        self._position = SongPosition()
        self._settle(_SILENT_WITHIN_S * self._rate)

    def state(self) -> bytes:
        return self._plugins[0].saved()

    def load_state(self, state: bytes) -> None:
        for plugin in self._plugins:
            plugin.load(state)

    def load_preset(self, path: Path) -> None:
        effect = self._plugins[0].effect
        preset = vst2_preset.read(path, effect.unique_id)
        for plugin in self._plugins:
            plugin.take(preset.chunk, preset.params, preset.is_program)

    def save_preset(self, path: Path) -> None:
        first = self._plugins[0]
        chunk, params = first.contents(program=True)
        vst2_preset.write(path, vst2_preset.Preset(first.effect.unique_id, first.effect.version, self.name, chunk,
                                                   params, is_program=True))

    def edit(self) -> None:
        raise InstrumentError(f"plug-in {self.name}: the VST2 host opens no windows")

    def _run(self, audio: AudioBlock, midi: Sequence[tuple[int, int, int, int]], key: AudioBlock | None
             ) -> Sequence[FrameEvent]:
        first = self._plugins[0]
        if len(self._plugins) == 2:
            for channel, plugin in enumerate(self._plugins):
                self._feed(plugin, audio[channel : channel + 1], key)
                plugin.run(midi, audio.shape[1])
                audio[channel] = plugin.outs[0, : audio.shape[1]]
        else:
            self._feed(first, audio, key)
            first.run(midi, audio.shape[1])
            audio[:] = first.outs[:2, : audio.shape[1]]  # of a mono output both sides
        heard, first.heard = first.heard, []
        return heard

    def _feed(self, plugin: Vst2Plugin, audio: AudioBlock, key: AudioBlock | None) -> None:
        n, mains = audio.shape[1], self._outs if self.takes_key else self._ins
        ins = plugin.ins
        if mains == 1 and audio.shape[0] == 2:
            np.mean(audio, axis=0, out=ins[0, :n])
        elif mains:
            ins[: min(2, mains), :n] = audio[:mains]
        if self.takes_key:
            keys = self._ins - mains
            ins[mains:, :n] = 0.0 if key is None else key[:keys] if keys > 1 else np.mean(key, axis=0)

    def _settle(self, frames: int) -> None:
        """Silence, at least until parameters and latency have settled, and up to `frames` until it is silent."""
        silence = np.zeros((2, self._frames), np.float32)
        done = quiet = 0
        while done < _SETTLING_FRAMES or (done < frames and quiet < _SETTLING_FRAMES):
            silence[:] = 0.0
            self.process(silence, Transport())
            done += self._frames
            quiet = quiet + self._frames if np.abs(silence).max() < _SILENT else 0
