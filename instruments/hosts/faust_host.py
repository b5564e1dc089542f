"""Faust programs (.dsp) as plug-ins: compiled by faust and a C compiler, or just in time by DawDreamer's library.

An instrument has no inputs and the controls freq (or key), gain (or vel) and gate; an effect has 1 or 2 inputs, or 4:
then the third and fourth are its side-chain. What the transport says goes to controls with the metadata
[transport:bpm], [transport:beat], [transport:playing] or [transport:beats_per_bar]. [midi:ctrl N], [midi:chanpress] and
[midi:pitchwheel] work as in Faust's own architectures. Imported in plug-in processes only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Kind, Transport
from instruments.faust import compiler as faust_compiler
from instruments.faust import jit as faust_jit
from instruments.faust.code import Channels, FaustCode, FaustProgram
from instruments.faust.controls import Control
from instruments.faust.source import FaustSource, read_source
from instruments.faust.voices import GATE, NAMES, PITCHES, Voices
from instruments.hosts.parameter_table import ParameterTable, Tabled

_RATE, _FRAMES = 48000, 128
SETTLING_S = 0.5
"""Silence run through an effect before its first block: 22 time constants of si.smoo."""
_CTRL = re.compile(r"^ctrl\s+(\d+)")
_TRANSPORT = ("bpm", "beat", "playing", "beats_per_bar")


class FaustHost(Tabled):
    """A Faust program, in stereo: of an effect of one channel there are two instances, with the same parameters.

    Latency is 0, or what the program declares (`declare latency_frames "64"`). Where the blocks begin and end does not
    matter: events act at their frame, and a voice or effect is computed up to there and on from there.
    """

    vendor = ""
    sends_midi = False

    def __init__(self, path: Path, which: str | None = None, load_timeout_s: float = 30.0, *,
                 compiler: str | None = None) -> None:
        """Compile it (a second; nothing from the cache). compiler: "cc" or "jit"; None: cc where it is installed.

        Raises InstrumentError: Faust's own line, what is not installed, or what cannot be played.
        """
        del which, load_timeout_s
        self._source = read_source(path)
        self._program = _compiled(self._source, compiler)
        process, effect = self._program
        meta = process.meta
        self.name = meta.get("name", path.stem)
        self.vendor = meta.get("author", "")
        self.version = meta.get("version", "")
        self.made_by = process.made_by
        self._latency = int(meta.get("latency_frames", "0"))
        self.is_instrument = process.inputs == 0
        self.takes_key = process.inputs == 4
        self._check(process, effect)
        self._voices: Voices | None = None
        self._main: list[int] = []
        self._bus: list[int] = []
        self._rate, self._frames = _RATE, _FRAMES
        self._make()
        self._controls = _Controls(self)
        self.follows_tempo = any(c.meta.get("transport") in _TRANSPORT for c in self._controls.every)
        self._table = ParameterTable(self.name, self._controls)

    @property
    def latency(self) -> int:
        return self._latency

    def set_raw(self, index: int, raw: float) -> None:
        self._controls.turn(index, raw)

    def prepare(self, rate: int, frames: int) -> None:
        if rate != self._rate or frames != self._frames:
            values = self._controls.values()
            self._rate, self._frames = rate, frames
            self._make()
            self._controls.find()
            self._controls.restore(values)
        self.reset()

    def process(self, audio: AudioBlock, transport: Transport, events: Sequence[FrameEvent] = (),
                key: AudioBlock | None = None) -> Sequence[FrameEvent]:
        if self.follows_tempo:
            self._controls.tell(transport)
        done, frames = 0, audio.shape[1]
        if self._voices is None:
            fed = self._fed(audio, key)
            self._in.audio[: len(fed), :frames] = fed
        else:
            self._out.audio[:, :frames] = 0.0
        for event in events:
            self._run(done, event.offset)
            done = max(done, event.offset)
            self._controls.hear(event)
            if self._voices is not None:
                self._voices.hear(event)
        self._run(done, frames)
        self._take(audio)
        return ()

    def reset(self) -> None:
        if self._voices is not None:
            self._voices.reset()
        process, effect = self._program
        for code, instances in ((process, self._main), (effect, self._bus)):
            for instance in instances:
                assert code is not None
                code.clear(instance)
        self._settle()

    def _settle(self) -> None:
        """A program that smooths its controls begins at 0: it is to be where they stand when sound comes."""
        left = round(SETTLING_S * self._rate)
        silence: AudioBlock = np.zeros((2, self._frames), np.float32)
        while left and (self._main or self._bus):
            frames = min(left, self._frames)
            self.process(silence[:, :frames], Transport())
            silence[:] = 0.0
            left -= frames

    def state(self) -> bytes:
        return json.dumps({"faust": self.name, "values": self._controls.values()}).encode()

    def load_state(self, state: bytes) -> None:
        try:
            said = json.loads(state)
            values = {str(path): float(value) for path, value in said["values"].items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InstrumentError(f"plug-in {self.name}: what it is given is no state of a Faust program: leave "
                                  f"`state` out, or save it anew") from None
        self._controls.restore(values)

    def load_preset(self, path: Path) -> None:
        """A file that save_preset() wrote."""
        try:
            self.load_state(path.read_bytes())
        except OSError as error:
            raise InstrumentError(f"preset {path} cannot be read: {error.strerror}") from None

    def save_preset(self, path: Path) -> None:
        try:
            path.write_bytes(self.state())
        except OSError as error:
            raise InstrumentError(f"preset {path} cannot be written: {error.strerror}") from None

    def edit(self) -> None:
        raise InstrumentError(f"plug-in {self.name} is a Faust program, which has no window: set its parameters in the "
                              f"session or on the page")

    def _check(self, process: FaustCode, effect: FaustCode | None) -> None:
        where = f"plug-in {self._source.path}"
        if process.inputs not in (0, 1, 2, 4) or process.outputs not in (1, 2):
            raise InstrumentError(f"{where} has {process.inputs} inputs and {process.outputs} outputs: give it 0, 1, 2 "
                                  f"or 4 inputs (4: with side-chain) and 1 or 2 outputs")
        if effect is not None and (effect.inputs not in (1, 2) or effect.outputs not in (1, 2)):
            raise InstrumentError(f"{where}: its `effect` has {effect.inputs} inputs and {effect.outputs} outputs: "
                                  f"give it 1 or 2 of each")
        if effect is not None and not self.is_instrument:
            raise InstrumentError(f"{where} has inputs and an `effect`: only an instrument's voices have one")
        if self.is_instrument:
            instance = process.new(_RATE)
            labels = {c.label for c in process.controls(instance)}
            process.delete(instance)
            if GATE not in labels or not labels & set(PITCHES):
                raise InstrumentError(f"{where} has no inputs, and so is an instrument, but no controls freq, gain and "
                                      f"gate by which notes are played: add them")

    def _make(self) -> None:
        """Instances and buffers for this rate and this length of blocks."""
        process, effect = self._program
        if self._voices is not None:
            self._voices.close()
        for code, instances in ((process, self._main), (effect, self._bus)):
            for instance in instances:
                assert code is not None
                code.delete(instance)
        if self.is_instrument:
            self._voices = Voices(process, self._source.voices, self._rate)
        else:
            self._main = [process.new(self._rate) for _ in range(2 if process.inputs == process.outputs == 1 else 1)]
        if effect is not None:
            self._bus = [effect.new(self._rate) for _ in range(2 if effect.inputs == effect.outputs == 1 else 1)]
        self._in = Channels(max(2, process.inputs), self._frames)
        self._out, self._sent = Channels(2, self._frames), Channels(2, self._frames)
        self._made = Channels(2, self._frames)

    def _fed(self, audio: AudioBlock, key: AudioBlock | None) -> AudioBlock:
        """What goes into an effect: both channels, or one of both where it has one input for two outputs."""
        process = self._program.process
        if process.inputs == 4:
            return np.concatenate((audio, np.zeros_like(audio) if key is None else key))
        if process.inputs == 1 and len(self._main) == 1:
            mono: AudioBlock = audio.mean(axis=0, keepdims=True, dtype=np.float32)
            return mono
        if len(self._main) == 2:
            return audio
        return audio[: process.inputs]

    def _run(self, start: int, end: int) -> None:
        while start < end:
            frames = end - start
            if self._voices is not None:
                frames = min(frames, self._voices.until_faded() or frames)
                self._out.start_at(start)
                self._voices.render(frames, self._out)
            else:
                _pass(self._program.process, self._main, start, frames, self._in, self._out)
            start += frames

    def _take(self, audio: AudioBlock) -> None:
        process, effect = self._program
        frames = audio.shape[1]
        made, outputs = self._out, 2 if len(self._main) == 2 else process.outputs
        if effect is not None:
            if outputs == 1:
                made.audio[1] = made.audio[0]
            if effect.inputs == 1 and len(self._bus) == 1:
                made.audio[0] = 0.5 * (made.audio[0] + made.audio[1])
            _pass(effect, self._bus, 0, frames, made, self._made)
            made, outputs = self._made, 2 if len(self._bus) == 2 else effect.outputs
        audio[:] = made.audio[:1, :frames] if outputs == 1 else made.audio[:, :frames]


class _Controls:
    """All controls of a program, the process's and its effect's, as a RawParameters; and what MIDI moves of them."""

    def __init__(self, host: FaustHost) -> None:
        self._host = host
        self.find()
        seen = [c.label for c in self.every]
        self._names = ["" if self._hidden(c) else c.label if seen.count(c.label) == 1
                       else c.path.strip("/").partition("/")[2] or c.label for c in self.every]

    def find(self) -> None:
        """After instances were made anew."""
        host = self._host
        voices = host._voices
        process, effect = host._program
        self._sets = [list(voices.controls)] if voices is not None else [process.controls(i) for i in host._main]
        self._buses = [effect.controls(i) for i in host._bus] if effect is not None else []
        self._own = len(self._sets[0])
        self.every: list[Control] = [*self._sets[0], *(self._buses[0] if self._buses else ())]

    def _hidden(self, control: Control) -> bool:
        ours = self._host.is_instrument and control.label in NAMES
        return ours or control.kind == "bar" or "transport" in control.meta

    def values(self) -> dict[str, float]:
        """By path, in their own units."""
        return {c.path: c.zone.value for c, name in zip(self.every, self._names, strict=True) if name}

    def restore(self, values: Mapping[str, float]) -> None:
        for index, control in enumerate(self.every):
            if control.path in values:
                self._put(index, min(control.high, max(control.low, values[control.path])))

    def turn(self, index: int, raw: float) -> None:
        self._put(index, self.every[index].value(raw))

    def _put(self, index: int, value: float) -> None:
        voices = self._host._voices
        if index >= self._own:
            for controls in self._buses:
                controls[index - self._own].zone.value = value
        elif voices is not None:
            voices.turn(index, value)
        else:
            for controls in self._sets:
                controls[index].zone.value = value

    def tell(self, transport: Transport) -> None:
        """A transport's numbers, as they stand at the block's first frame."""
        told = {"bpm": transport.bpm, "beat": transport.beat, "playing": float(transport.playing),
                "beats_per_bar": float(transport.beats_per_bar)}
        for index, control in enumerate(self.every):
            if (value := told.get(control.meta.get("transport", ""))) is not None:
                self._put(index, value)

    def hear(self, event: FrameEvent) -> None:
        """Move what has [midi:...] for this event."""
        if event.kind not in (Kind.CC, Kind.BEND, Kind.PRESSURE):
            return
        for index, control in enumerate(self.every):
            said = control.meta.get("midi", "")
            match event.kind:
                case Kind.CC if (found := _CTRL.match(said)) and int(found[1]) == event.number:
                    self.turn(index, event.value / 127)
                case Kind.PRESSURE if said.startswith("chanpress"):
                    self.turn(index, event.value / 127)
                case Kind.BEND if said.startswith("pitchwheel"):
                    self.turn(index, (event.value + 1) / 2)

    # -- RawParameters -----------------------------------------------------------------------------------------------

    def count(self) -> int:
        return len(self.every)

    def name(self, index: int) -> str:
        return self._names[index]

    def label(self, index: int) -> str:
        return self.every[index].unit

    def steps(self, index: int) -> int:
        return self.every[index].steps

    def raw(self, index: int) -> float:
        control = self.every[index]
        return control.raw(control.zone.value)

    def text(self, index: int, raw: float) -> str:
        return self.every[index].text(raw)

    def parsed(self, index: int, text: str) -> float:
        return self.every[index].parsed(text)


def _compiled(source: FaustSource, compiler: str | None) -> FaustProgram:
    lacking = faust_compiler.lacking()
    if compiler == "cc" or (compiler is None and not lacking):
        return faust_compiler.compile_faust(source)
    if compiler == "jit" or faust_jit.installed():
        return faust_jit.jit_faust(source)
    raise InstrumentError(f"plug-in {source.path} is a Faust program and needs {lacking}: on Debian: apt-get install "
                          f"faust gcc; or DawDreamer: pip install 'sideman[dawdreamer]'")


def _pass(code: FaustCode, instances: Sequence[int], start: int, frames: int, given: Channels, made: Channels) -> None:
    given.start_at(start)
    made.start_at(start)
    if len(instances) == 1:
        code.compute(instances[0], frames, given.pointers, made.pointers)
        return
    for channel, instance in enumerate(instances):
        given.pointers[0], made.pointers[0] = (c.audio.ctypes.data + 4 * (channel * c.audio.shape[1] + start)
                                               for c in (given, made))
        code.compute(instance, frames, given.pointers, made.pointers)
