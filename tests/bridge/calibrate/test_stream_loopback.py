"""Loop-back measurements without JACK, over a fake sounddevice and fake MIDI ports."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import bridge.audio_io as audio_io
import bridge.calibrate.stream_loopback as stream_loopback
from bridge.calibrate.calibration import audio_loop, synth_delay
from bridge.calibrate.loopback import Wiring, open_loopback
from bridge.calibrate.midi_loop import midi_loop
from bridge.calibrate.programmes import audio_programme, midi_programme, synth_programme
from bridge.calibrate.stream_loopback import MidiLoopback, StreamLoopback
from bridge.calibrate.tape import Programme
from bridge.driver import MidiIn, MidiOut
from bridge.errors import CalibrationError, DeviceError, PortError

RATE, FRAMES, NS = 48_000, 128, 1_000_000_000
OUT_S, IN_S = 0.010, 0.005
"""Latencies that the fake device reports."""


class FakePortAudioError(Exception):
    pass


class FakeStream:
    """A duplex device with a cable: channel 3 of 4 comes back on input 2, CABLE of the stream's frames later."""

    CABLE = 900
    opened: FakeStream

    def __init__(self, **arguments: Any) -> None:
        if arguments["samplerate"] != RATE:
            raise FakePortAudioError("Error opening Stream: Invalid sample rate [PaErrorCode -9997]\nmore")
        self.arguments = arguments
        self.samplerate = float(RATE)
        self.latency = IN_S, OUT_S
        self.closed = False
        self.line = np.zeros(RATE * 60, np.float32)
        self.frame = 0
        FakeStream.opened = self

    def start(self) -> None:
        if self.arguments["device"] == "Stuck":
            raise FakePortAudioError("Error starting stream: Unanticipated host error")

    def close(self) -> None:
        self.closed = True

    def call(self, clock: Clock, overflow: bool = False) -> None:
        """One block, at its time."""
        clock.ns = self.frame * NS // RATE + NS
        into = np.zeros((FRAMES, 2), np.float32)
        into[:, 1] = self.line[self.frame : self.frame + FRAMES]
        out = np.full((FRAMES, self.arguments["channels"][1]), 9.0, np.float32)
        self.arguments["callback"](into, out, FRAMES, None,
                                   SimpleNamespace(input_overflow=overflow, output_underflow=False))
        at = self.frame + self.CABLE
        if out.shape[1] > 2:
            self.line[at : at + FRAMES] += out[:, 2]
        self.frame += FRAMES


class Clock:
    def __init__(self) -> None:
        self.ns = NS


class FakePorts:
    """MIDI that comes back DELAY_NS after it was sent; what it sends is kept by its due time."""

    DELAY_NS = 7_000_000
    made: FakePorts
    name = "fake MIDI"

    def __init__(self, outs: list[str], **arguments: Any) -> None:
        self.arguments = arguments | {"outs": outs}
        self.sent: list[tuple[int, bytes]] = []
        self.coming: list[MidiIn] = []
        self.stopped = False
        FakePorts.made = self

    def start(self) -> None:
        if "nothing" in self.arguments["connect"].values():
            raise PortError("MIDI output port 'nothing' does not exist. There are: none")

    def stop(self, last: object = ()) -> None:
        self.stopped = True

    def send(self, events: list[MidiOut], ns0: int, rate: int) -> None:
        for event in events:
            due = ns0 + event.offset * NS // rate
            self.sent.append((due, event.data))
            self.coming.append(MidiIn(due + self.DELAY_NS, "calibrate in", event.data))

    def take(self) -> list[MidiIn]:
        now = clock.ns
        come = [message for message in self.coming if message.ns <= now]
        self.coming = [message for message in self.coming if message.ns > now]
        return come


clock = Clock()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Any:
    """sounddevice with one interface of 2 inputs and 4 outputs, and MIDI ports that echo."""
    module: Any = ModuleType("sounddevice")
    module.PortAudioError = FakePortAudioError
    module.Stream = FakeStream
    devices = {"Interface": (2, 4), "Stuck": (2, 4), "Speakers": (0, 2)}

    def query_devices(device: str | None = None, kind: str | None = None) -> Any:
        if kind is None:
            return [{"name": name} for name in devices]
        name = device or "Interface"
        if name not in devices or not devices[name][kind == "output"]:
            raise ValueError(f"No {kind} device matching {device!r}")
        return {"name": name, "max_input_channels": devices[name][0], "max_output_channels": devices[name][1]}

    module.query_devices = query_devices
    monkeypatch.setattr(audio_io, "portaudio", lambda: module)
    monkeypatch.setattr(stream_loopback, "portaudio", lambda: module)
    monkeypatch.setattr(stream_loopback, "MidiPorts", FakePorts)
    monkeypatch.setattr(stream_loopback, "choose_api", lambda: SimpleNamespace(name="fake"))
    monkeypatch.setattr(stream_loopback, "clock_ns", lambda: clock.ns)
    return module


def run(loop: StreamLoopback, programme: Programme, faults: tuple[int, ...] = ()) -> None:
    loop.play(programme)
    number = 0
    while not loop.tape.done:
        FakeStream.opened.call(clock, number in faults)
        number += 1
        assert loop.lost is None


def test_audio_there_and_back(fake: Any) -> None:
    with StreamLoopback(Wiring(audio_out=3, audio_in=2)) as loop:
        programme, at = audio_programme(loop.rate, 12, -18.0)
        run(loop, programme)
        measured = audio_loop(loop.take(), at, loop.period, -18.0)
    assert measured.frames == pytest.approx(FakeStream.CABLE, abs=0.01)
    assert measured.reported_ms == pytest.approx(1000 * (OUT_S + IN_S), abs=0.03)
    assert FakeStream.opened.closed and FakeStream.opened.arguments["channels"] == (2, 3)
    assert loop.ports == ("audio out: channel 3", "audio in: channel 2")


def test_midi_is_sent_when_its_frame_is_heard(fake: Any) -> None:
    """The synth sounds at once when its note comes: into the input at the callback's own time plus its latency."""
    with StreamLoopback(Wiring(None, 2, midi_out="synth", midi_in="synth")) as loop:
        programme, at = synth_programme(loop.rate, 12, channel=1, note=60, velocity=100)
        loop.play(programme)
        stream, done = FakeStream.opened, 0
        while not loop.tape.done:
            stream.call(clock)
            for due, data in FakePorts.made.sent[done:]:
                if data[0] == 0x90:
                    # Truly sounding at `due`, it is read IN_S later; the callback at NS + f / RATE reads frame f.
                    first = round((due - NS) * RATE / NS + IN_S * RATE)
                    stream.line[first : first + 50] = 0.3
            done = len(FakePorts.made.sent)
        take = loop.take()
        measured = synth_delay(take, at, loop.period)
    # A synth without any delay, a device that is as late as it says: nothing to correct.
    assert measured.offset_ms == pytest.approx(0.0, abs=0.05)
    # What comes in is counted by the same measure, so that a loop's round trip is the plain time.
    late = [heard.frame - sent.frame for heard, sent in zip(take.heard, take.sent, strict=True)]
    assert np.median(late) == pytest.approx(FakePorts.DELAY_NS * RATE / NS, abs=1)
    assert FakePorts.made.arguments["connect"] == {"calibrate out": "synth", "calibrate in": "synth"}
    assert FakePorts.made.stopped


def test_an_overrun_costs_the_repetitions_around_it(fake: Any) -> None:
    with StreamLoopback(Wiring(audio_out=3, audio_in=2)) as loop:
        programme, at = audio_programme(loop.rate, 12, -18.0)
        block = (RATE // 4 + int(at[5]) + 500) // FRAMES
        run(loop, programme, faults=(block,))
        take = loop.take()
    assert len(take.gaps) == 1
    assert audio_loop(take, at, loop.period, -18.0).delays.sent == 11


def test_a_fault_and_a_dead_device_are_told(fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with StreamLoopback(Wiring(audio_out=3, audio_in=2)) as loop:
        FakeStream.opened.call(clock)
        assert loop.lost is None
        clock.ns += 4 * NS
        assert loop.lost == "Interface, 128 frames at 48000 Hz has asked for nothing for 3 s"
        FakeStream.opened.call(clock)
        monkeypatch.setattr(loop, "_clock", None)
        FakeStream.opened.call(clock)
        assert loop.lost is not None and "AttributeError" in loop.lost


@pytest.mark.parametrize(("wiring", "device", "words"), [
    (Wiring(audio_out=5, audio_in=1), None, "Interface has 4 output channels: channel 5"),
    (Wiring(audio_out=1, audio_in=3), None, "Interface has 2 input channels: channel 3"),
    (Wiring(audio_out=1, audio_in=1), "Speakers", "'Speakers' does not open.*--device.*'Interface', 'Stuck'"),
    (Wiring(audio_out=1, audio_in=1), "Nothing", "No input device matching 'Nothing'"),
])
def test_a_device_that_does_not_fit_is_told(fake: Any, wiring: Wiring, device: str | None, words: str) -> None:
    with pytest.raises(DeviceError, match=words):
        open_loopback(wiring, "portaudio", device)


def test_names_of_ports_are_jacks(fake: Any) -> None:
    with pytest.raises(PortError, match=r"--audio-in 'system:capture_1': without JACK .* channel number"):
        StreamLoopback(Wiring(audio_in="system:capture_1"))


def test_what_does_not_start_leaves_nothing_open(fake: Any) -> None:
    with pytest.raises(DeviceError, match="does not start"), StreamLoopback(Wiring(1, 1, midi_out=""), "Stuck"):
        pass
    assert FakeStream.opened.closed and FakePorts.made.stopped
    with pytest.raises(PortError, match="'nothing' does not exist"), StreamLoopback(Wiring(1, 1, midi_out="nothing")):
        pass
    assert FakeStream.opened.closed and FakePorts.made.stopped


def test_midi_alone_needs_no_audio_device(fake: Any) -> None:
    """The pacer's own thread is not started: blocks are made by hand."""
    from bridge.driver import Block

    loop = MidiLoopback(Wiring(midi_out="a", midi_in="b"))
    loop.play(midi_programme(loop.rate, 20))
    ports, number = FakePorts.made, 0
    while not loop.tape.done:
        clock.ns = ns0 = NS + number * FRAMES * NS // RATE
        outputs = loop._step(Block(number * FRAMES, ns0, FRAMES, ports.take()))
        ports.send(list(outputs.midi), ns0, RATE)
        number += 1
    measured = midi_loop(loop.take(), loop.period)
    assert measured.clocks.median_ms == pytest.approx(7.0, abs=0.02) and measured.lead_ms == 0.0
    assert measured.out_offset_ms == pytest.approx(-3.5, abs=0.02)
    assert measured.in_offset_ms == pytest.approx(-3.5, abs=0.02)
    with pytest.raises(CalibrationError):
        loop.play(Programme(100))
        midi_loop(loop.take(), loop.period)
