"""One loaded VST2 plug-in: its calls, its questions to the host, its state. Its host is vst2_host.py."""

from __future__ import annotations

import ctypes as c
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Transport
from instruments.hosts.midi_events import event_of
from instruments.hosts.vst2_abi import (
    HOST_VERSION,
    MAGIC,
    MIDI_EVENT,
    TEXT_BYTES,
    Ask,
    Do,
    Effect,
    EffectPointer,
    Flag,
    HostCallback,
    MidiEvent,
    Time,
    TimeInfo,
    events_type,
)

RATE, FRAMES = 48000, 128
"""What a plug-in is opened with, until prepare()."""

_MOST_EVENTS = 1024
_STATE = struct.Struct("<4siB")
"""Of a saved state: its mark, the plug-in's id, and whether a chunk follows or all parameters as float32."""

_STATE_MARK = b"SmV2"
_ENTRIES = ("VSTPluginMain", "main")
_CAN_DO = {b"sendVstEvents", b"sendVstMidiEvent", b"sendVstTimeInfo", b"receiveVstEvents", b"receiveVstMidiEvent"}
_ENGLISH = 1
_REALTIME = 2

_Events = events_type(_MOST_EVENTS)
_ReceivedEvents = events_type(1)
_entered: list[object] = []
"""Callbacks live as long as the process: a plug-in may call while it is being closed, and after."""


class Vst2Plugin:
    """One instance of a plug-in, and the `RawParameters` of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rate, self._frames = RATE, FRAMES
        self.heard: list[FrameEvent] = []
        self._time = TimeInfo(sample_rate=float(RATE), tempo=120.0, numerator=4, denominator=4)
        self._text = c.create_string_buffer(TEXT_BYTES)
        # Kept for as long as the plug-in may look at them: until the next block.
        self._events = _Events()
        self._messages = (MidiEvent * _MOST_EVENTS)()
        for index, message in enumerate(self._messages):
            message.type, message.byte_size = MIDI_EVENT, c.sizeof(MidiEvent)
            self._events.events[index] = c.pointer(message)
        callback = HostCallback(self._asked)
        _entered.append(callback)
        self._pointer = self._enter(callback)
        self.effect: Effect = self._pointer.contents
        self.ask(Do.OPEN)
        self._running = False
        self._allocate()

    def _enter(self, callback: object) -> c._Pointer[Effect]:
        binary = _binary(self._path)
        try:
            library = c.CDLL(str(binary))
        except OSError as error:
            raise InstrumentError(f"plug-in {self._path} cannot be loaded: {error}") from error
        for name in _ENTRIES:
            entry = getattr(library, name, None)
            if entry is not None:
                break
        else:
            raise InstrumentError(f"plug-in {self._path} is no VST2: it has neither {' nor '.join(_ENTRIES)}")
        entry.restype, entry.argtypes = EffectPointer, [HostCallback]
        pointer: c._Pointer[Effect] = entry(callback)
        if not pointer or pointer.contents.magic != MAGIC:
            raise InstrumentError(f"plug-in {self._path} does not start: it gave no VST2 effect")
        if not pointer.contents.flags & Flag.CAN_REPLACING:
            raise InstrumentError(f"plug-in {self._path} is older than VST 2.4: it cannot replace its output")
        return pointer

    def _allocate(self) -> None:
        effect = self.effect
        self.ins = np.zeros((max(1, effect.inputs), self._frames), np.float32)
        self.outs = np.zeros((max(1, effect.outputs), self._frames), np.float32)
        self._ins, self._outs = _rows(self.ins), _rows(self.outs)

    def prepare(self, rate: int, frames: int) -> None:
        self._stop()
        self._rate, self._frames = rate, frames
        self._time.sample_rate = float(rate)
        self._allocate()
        self.ask(Do.SET_SAMPLE_RATE, opt=float(rate))
        self.ask(Do.SET_BLOCK_SIZE, value=frames)
        self._start()

    def restart(self) -> None:
        self._stop()
        self._start()

    def _start(self) -> None:
        self.ask(Do.MAINS_CHANGED, value=1)
        self.ask(Do.START_PROCESS)
        self._running = True

    def _stop(self) -> None:
        if self._running:
            self.ask(Do.STOP_PROCESS)
            self.ask(Do.MAINS_CHANGED, value=0)
            self._running = False

    def tell(self, at: Transport, frame: int) -> None:
        """The playhead of the next block."""
        time = self._time
        quarters = at.beats_per_bar * 4.0 / at.beat_unit
        was_playing = bool(time.flags & Time.PLAYING)
        flags = Time.PPQ_VALID | Time.TEMPO_VALID | Time.BARS_VALID | Time.METER_VALID | Time.CYCLE_VALID
        if at.playing:
            flags |= Time.PLAYING
        if at.playing != was_playing:
            flags |= Time.CHANGED
        if at.loop_end > at.loop_start:
            flags |= Time.CYCLE_ACTIVE
        time.sample_pos, time.ppq_pos, time.tempo = float(frame), at.beat, at.bpm
        time.bar_start_pos = at.beat // quarters * quarters
        time.cycle_start_pos, time.cycle_end_pos = at.loop_start, at.loop_end
        time.numerator, time.denominator, time.flags = at.beats_per_bar, at.beat_unit, int(flags)

    def run(self, midi: Sequence[tuple[int, int, int, int]], frames: int) -> None:
        count = min(len(midi), _MOST_EVENTS)
        if count:
            for message, (offset, status, data1, data2) in zip(self._messages, midi, strict=False):
                message.delta_frames = offset
                message.data[:] = (status, data1, data2, 0)
            self._events.count = count
            self.ask(Do.PROCESS_EVENTS, pointer=c.addressof(self._events))
        self.effect.process_replacing(self._pointer, self._ins, self._outs, frames)

    def saved(self) -> bytes:
        chunk, params = self.contents(program=False)
        head = _STATE.pack(_STATE_MARK, self.effect.unique_id, chunk is not None)
        return head + (np.asarray(params, "<f4").tobytes() if chunk is None else chunk)

    def load(self, state: bytes) -> None:
        """Raises InstrumentError."""
        wrong = InstrumentError(f"plug-in {self._path} does not take this state: give one that the same plug-in gave, "
                                f"in the same format")
        if len(state) < _STATE.size:
            raise wrong
        mark, unique_id, is_chunk = _STATE.unpack_from(state)
        if mark != _STATE_MARK or unique_id != self.effect.unique_id:
            raise wrong
        body = state[_STATE.size :]
        if is_chunk:
            self.take(body, (), False)
        elif len(body) == 4 * self.effect.params:
            self.take(None, tuple(np.frombuffer(body, "<f4").tolist()), False)
        else:
            raise wrong

    def contents(self, *, program: bool) -> tuple[bytes | None, tuple[float, ...]]:
        """The chunk where it keeps one, else all parameters. program: of the present program, else of all of them."""
        if not self.effect.flags & Flag.PROGRAM_CHUNKS:
            return None, tuple(self.raw(index) for index in range(self.count()))
        data = c.c_void_p()
        size = self.ask(Do.GET_CHUNK, index=int(program), pointer=c.addressof(data))
        if size <= 0 or not data.value:
            raise InstrumentError(f"plug-in {self._path} gave no state")
        return c.string_at(data.value, size), ()

    def take(self, chunk: bytes | None, params: Sequence[float], program: bool) -> None:
        if chunk is not None:
            data = c.create_string_buffer(chunk, len(chunk))
            self.ask(Do.SET_CHUNK, index=int(program), value=len(chunk), pointer=c.addressof(data))
        else:
            for index, raw in enumerate(params[: self.count()]):
                self.set(index, raw)

    def count(self) -> int:
        return int(self.effect.params)

    def name(self, index: int) -> str:
        return self.words(Do.GET_PARAM_NAME, index)

    def label(self, index: int) -> str:
        return self.words(Do.GET_PARAM_LABEL, index)

    def steps(self, index: int) -> int:
        return 0

    def raw(self, index: int) -> float:
        return float(self.effect.get_parameter(self._pointer, index))

    def set(self, index: int, raw: float) -> None:
        self.effect.set_parameter(self._pointer, index, raw)

    def text(self, index: int, raw: float) -> str:
        """VST2 tells only the text of the present value: another is set for a moment, between two blocks."""
        now = self.raw(index)
        if raw == now:
            return self.words(Do.GET_PARAM_DISPLAY, index)
        self.set(index, raw)
        try:
            return self.words(Do.GET_PARAM_DISPLAY, index)
        finally:
            self.set(index, now)

    def parsed(self, index: int, text: str) -> float:
        """Hardly any plug-in reads texts, and those that do take them over at once: not asked."""
        return -1.0

    def ask(self, what: Do, index: int = 0, value: int = 0, pointer: int | None = None, opt: float = 0.0) -> int:
        return int(self.effect.dispatcher(self._pointer, what, index, value, pointer, opt))

    def words(self, what: Do, index: int = 0) -> str:
        self._text[0] = b"\0"
        self.ask(what, index, 0, c.addressof(self._text))
        return self._text.value.decode("utf-8", "replace").strip()

    def can(self, what: bytes) -> bool:
        data = c.create_string_buffer(what)
        return self.ask(Do.CAN_DO, pointer=c.addressof(data)) > 0

    def _asked(self, _effect: int | None, what: int, index: int, value: int, pointer: int | None, opt: float) -> int:
        """The plug-in asks; an exception here would only be printed by ctypes, and the answer be 0 all the same."""
        match what:
            case Ask.GET_TIME:
                return c.addressof(self._time)
            case Ask.VERSION | Ask.GET_VENDOR_VERSION:
                return HOST_VERSION
            case Ask.GET_SAMPLE_RATE:
                return self._rate
            case Ask.GET_BLOCK_SIZE:
                return self._frames
            case Ask.GET_PROCESS_LEVEL:
                return _REALTIME
            case Ask.GET_LANGUAGE:
                return _ENGLISH
            case Ask.IO_CHANGED:
                return 1  # the latency has changed: it is read anew anyway
            case Ask.GET_VENDOR_STRING | Ask.GET_PRODUCT_STRING if pointer:
                c.memmove(pointer, b"Sideman\0", 8)
                return 1
            case Ask.CAN_DO if pointer:
                return 1 if c.string_at(pointer) in _CAN_DO else 0
            case Ask.PROCESS_EVENTS if pointer:
                self._hear(pointer)
                return 1
        return 0

    def _hear(self, pointer: int) -> None:
        count = c.c_int32.from_address(pointer).value
        events = pointer + _ReceivedEvents.events.offset
        for index in range(min(count, _MOST_EVENTS)):
            message = c.cast(c.c_void_p.from_address(events + index * c.sizeof(c.c_void_p)).value or 0,
                             c.POINTER(MidiEvent))
            if message and message.contents.type == MIDI_EVENT:
                data = message.contents.data
                event = event_of(message.contents.delta_frames, data[0], data[1], data[2])
                if event is not None:
                    self.heard.append(event)


def _rows(array: AudioBlock) -> c.Array[c._Pointer[c.c_float]]:
    """The address of each channel: the array must live as long as they are used, and keep its place."""
    pointer = c.POINTER(c.c_float)
    return (pointer * len(array))(*(row.ctypes.data_as(pointer) for row in array))


def _binary(path: Path) -> Path:
    """The library itself: on macOS it lies in a bundle."""
    if sys.platform == "darwin" and path.is_dir():
        inside = sorted((path / "Contents" / "MacOS").glob("*"))
        if inside:
            return inside[0]
    return path
