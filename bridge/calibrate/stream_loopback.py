"""A loop-back measurement without JACK: audio by PortAudio, MIDI by MidiPorts, timed as in a session there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bridge.audio_io import PacerDriver, portaudio
from bridge.calibrate.loopback import Quiet, Wiring
from bridge.calibrate.tape import Latency, Programme, Take, Tape
from bridge.driver import Block, MidiIn, MidiOut, Outputs
from bridge.errors import DeviceError, PortError
from bridge.frame_line import NS, FrameClock
from bridge.ports.midi_ports import MidiPorts
from bridge.ports.midi_systems import choose_api
from instruments.system_clock import clock_ns

_RATE, _FRAMES = 48_000, 128
_OUT, _IN = "calibrate out", "calibrate in"
_DEAD_S = 3.0


def _midi_ports(wiring: Wiring) -> MidiPorts | None:
    """None where none is wanted. Raises DeviceError if no MIDI system answers."""
    outs = [] if wiring.midi_out is None else [_OUT]
    ins = [] if wiring.midi_in is None else [_IN]
    if not outs and not ins:
        return None
    wanted = {ours: theirs for ours, theirs in ((_OUT, wiring.midi_out), (_IN, wiring.midi_in)) if theirs}
    return MidiPorts(outs, in_ports=ins, connect=wanted, api=choose_api().name)


def _ahead(block: int, rate: int) -> int:
    """Frames until a programme begins, whole blocks: the smoothing of time has settled by then."""
    return -(-rate // (4 * block)) * block


def _port_lines(wiring: Wiring) -> tuple[str, ...]:
    pairs = [("audio out", wiring.audio_out), ("audio in", wiring.audio_in), ("reference in", wiring.reference)]
    lines = [f"{what}: channel {number}" for what, number in pairs if number is not None]
    for what, name, ours in (("MIDI out", wiring.midi_out, _OUT), ("MIDI in", wiring.midi_in, _IN)):
        if name is not None:
            lines.append(f"{what}: {name}" if name else f'{what}: connect it to "Sideman {ours}"')
    return tuple(lines)


def _last(tape: Tape) -> list[MidiOut]:
    return [MidiOut(0, 0, data) for data in tape.offs()]


def _events(due: Sequence[Any], frame: int) -> list[MidiOut]:
    return [MidiOut(at - frame, 0, data) for at, data in due]


class StreamLoopback:
    """One full-duplex stream of a device; a Loopback.

    As with PortAudioDriver frame f is at the time at which it is heard (the callback's, smoothed, plus the stream's
    output latency): MIDI goes out then, and MIDI that comes in at a time counts as come at the frame heard then.
    """

    def __init__(self, wiring: Wiring, device: str | None = None, rate: int = _RATE) -> None:
        """Opens the device. Raises DeviceError that says what there is."""
        sounddevice = portaudio()
        self._out = _channel(wiring.audio_out, "--audio-out") or 1
        self._rows = [_channel(port, "--audio-in") - 1 for port in wiring.inputs]
        self._midi = _midi_ports(wiring)
        needed = (max(self._rows, default=0) + 1, self._out)
        try:
            number: Any = int(device) if device is not None and device.isdigit() else device
            found = [sounddevice.query_devices(number, kind) for kind in ("input", "output")]
            for kind, count, info in zip(("input", "output"), needed, found, strict=True):
                there = int(info[f"max_{kind}_channels"])
                if count > there:
                    raise DeviceError(f"{info['name']} has {there} {kind} channels: channel {count} is not among them")
            self._stream = sounddevice.Stream(
                samplerate=rate, blocksize=_FRAMES, device=number, channels=needed, dtype="float32", latency="low",
                callback=self._callback,
            )  # fmt: skip
        except (sounddevice.PortAudioError, ValueError) as error:
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise DeviceError(
                f"{'the default audio device' if device is None else f'audio device {device!r}'} does not open for "
                f"playing and recording at {rate} Hz: {first}. Name one that has inputs and outputs with --device "
                f"(there are {', '.join(repr(each['name']) for each in sounddevice.query_devices()) or 'none'}), or "
                "start JACK"
            ) from None
        self.rate = int(self._stream.samplerate)
        self.period = _FRAMES
        self.name = f"{found[1]['name']}, {_FRAMES} frames at {self.rate} Hz"
        self.ports = _port_lines(wiring)
        into, out = self._stream.latency
        self._latency = Latency(round(out * self.rate), round(into * self.rate), 0)
        self._latency_ns = round(out * NS)
        self._clock = FrameClock(self.rate)
        self._quiet = Quiet()
        self._tape = Tape(Programme(0), self.rate, len(self._rows))
        self._running: Tape | None = None
        self._start = 0
        self._frame = 0
        self._lost_frames = False
        self._called_ns = 0
        self._fault = ""

    def __enter__(self) -> StreamLoopback:
        """Raises PortError, DeviceError; then nothing is left open."""
        self._quiet.__enter__()
        try:
            if self._midi is not None:
                self._midi.start()
                self.name += f"; MIDI: {self._midi.name}"
            self._stream.start()
        except BaseException as error:
            self.__exit__()
            if isinstance(error, portaudio().PortAudioError):
                raise DeviceError(f"{self.name} does not start: {error}") from None
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        if self._midi is not None:
            self._midi.stop(_last(self._tape))
        self._quiet.__exit__()

    @property
    def lost(self) -> str | None:
        if self._fault:
            return self._fault
        if self._called_ns and clock_ns() - self._called_ns > _DEAD_S * NS:
            return f"{self.name} has asked for nothing for {_DEAD_S:g} s"
        return None

    @property
    def tape(self) -> Tape:
        return self._tape

    def play(self, programme: Programme) -> None:
        self._tape = Tape(programme, self.rate, len(self._rows))

    def take(self) -> Take:
        return self._tape.take(self._latency, cable=True)

    # --- PortAudio's thread

    def _callback(self, indata: Any, outdata: Any, frames: int, _time: Any, status: Any) -> None:
        now_ns = self._called_ns = clock_ns()
        outdata[:] = 0.0
        try:
            if status.input_overflow or status.output_underflow:
                self._clock.reanchor()
                self._lost_frames = True
            line = self._clock.update(self._frame, now_ns)
            ns0 = line.ns0 + self._latency_ns
            tape = self._tape
            if tape is not self._running:
                self._running = tape
                self._start = self._frame + _ahead(frames, self.rate)
            heard = () if self._midi is None else self._midi.take()
            frame = self._frame - self._start
            self._frame += frames
            if frame < 0:
                return
            if self._lost_frames:
                # How many were lost nobody says: what is near counts as lost, and the rest is on one side of it.
                self._lost_frames = False
                tape.cut(frame, frame + frames)
            midi = [(frame + round((message.ns - ns0) * line.rate / NS), message.data) for message in heard]
            audio, due = tape.cycle(frame, frames, [indata[:, row] for row in self._rows], midi)
            outdata[: len(audio), self._out - 1] = audio
            if self._midi is not None:
                self._midi.send(_events(due, frame), ns0, self.rate)
        except BaseException as error:  # the stream would end without a word
            self._fault = f"our own fault: {type(error).__name__}: {error}"


def _channel(wanted: str | int | None, option: str) -> int:
    """Raises PortError for a name: devices have numbers."""
    if isinstance(wanted, str):
        raise PortError(f"{option} {wanted!r}: without JACK an input or output is a channel number, 1 the first")
    return wanted or 0


class MidiLoopback:
    """MIDI alone, where there is no JACK; a Loopback on the pacer, as a session without an audio device."""

    def __init__(self, wiring: Wiring) -> None:
        self.rate, self.period = _RATE, _FRAMES
        self.ports = _port_lines(wiring)
        self._driver = PacerDriver(_RATE, _FRAMES, midi=_midi_ports(wiring))
        self._quiet = Quiet()
        self._tape = Tape(Programme(0), _RATE, 0)
        self._running: Tape | None = None
        self._start = 0
        self._silence = np.zeros((2, _FRAMES), np.float32)
        self.name = "MIDI without JACK"

    def __enter__(self) -> MidiLoopback:
        """Raises PortError, DeviceError; then nothing is left open."""
        self._quiet.__enter__()
        try:
            self._driver.start(self._step)
        except BaseException:
            self.__exit__()
            raise
        self.name = self._driver.name.partition("; MIDI: ")[2] or self.name
        return self

    def __exit__(self, *_: object) -> None:
        self._driver.stop(_last(self._tape))
        self._quiet.__exit__()

    @property
    def lost(self) -> str | None:
        return self._driver.last_traceback.strip().rpartition("\n")[2] or None

    @property
    def tape(self) -> Tape:
        return self._tape

    def play(self, programme: Programme) -> None:
        self._tape = Tape(programme, self.rate, 0)

    def take(self) -> Take:
        return self._tape.take(Latency(), cable=True)

    def _step(self, block: Block) -> Outputs:
        """The pacer's thread."""
        now = block.frame0
        if self._tape is not self._running:
            self._running, self._start = self._tape, now + _ahead(block.frames, self.rate)
        frame = now - self._start
        silence = self._silence[:, : block.frames]
        if frame < 0:
            return Outputs((), silence)
        midi = [(frame + _frames(message, block, self.rate), message.data) for message in block.midi]
        _, due = self._tape.cycle(frame, block.frames, (), midi)
        return Outputs(_events(due, frame), silence)


def _frames(message: MidiIn, block: Block, rate: int) -> int:
    """From the block's start to the message; negative: it came before."""
    return round((message.ns - block.ns0) * rate / NS)
