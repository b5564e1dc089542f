"""PortAudioDriver over a fake sounddevice, and the choice of a driver."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import bridge.audio_io as audio_io
from bridge.audio_io import PortAudioDriver, choose_driver, output_devices
from bridge.driver import Block, MidiOut, Outputs
from bridge.errors import DeviceError
from bridge.pacer import PacerDriver

RATE = 48_000
NS = 1_000_000_000


class FakePortAudioError(Exception):
    pass


class FakeStream:
    """An output stream that the test calls back by hand."""

    opened: FakeStream

    def __init__(self, **arguments: Any) -> None:
        if arguments["samplerate"] not in (44_100, 48_000):
            raise FakePortAudioError("Error opening OutputStream: Invalid sample rate [PaErrorCode -9997]\nmore")
        self.arguments = arguments
        self.samplerate = float(arguments["samplerate"])
        self.latency = 0.012
        self.running = self.closed = False
        FakeStream.opened = self

    def start(self) -> None:
        if self.arguments["device"] == "Stuck":
            raise FakePortAudioError("Error starting stream: Unanticipated host error")
        self.running = True

    def close(self) -> None:
        self.running, self.closed = False, True

    def ask(self, frames: int, underflow: bool = False) -> np.ndarray[Any, Any]:
        out = np.full((frames, self.arguments["channels"]), 9.0, np.float32)
        self.arguments["callback"](out, frames, None, SimpleNamespace(output_underflow=underflow))
        return out


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Any:
    """sounddevice with a stereo device, a mono one, and an input."""
    module: Any = ModuleType("sounddevice")
    module.PortAudioError = FakePortAudioError
    module.OutputStream = FakeStream
    devices = [
        {"name": "Speakers", "hostapi": 0, "max_output_channels": 8},
        {"name": "Horn", "hostapi": 0, "max_output_channels": 1},
        {"name": "Stuck", "hostapi": 0, "max_output_channels": 2},
        {"name": "Microphone", "hostapi": 0, "max_output_channels": 0},
    ]

    def query_devices(device: str | None = None, kind: str | None = None) -> Any:
        if kind is None:
            return devices
        if not devices:
            raise FakePortAudioError("Error querying device -1")
        if device is None:
            return devices[0]
        found = [d for d in devices if d["name"] == device]
        if not found:
            raise ValueError(f"No output device matching {device!r}")
        return found[0]

    module.query_devices = query_devices
    module.query_hostapis = lambda number=None: {"name": "ALSA"} if number is not None else [{"name": "ALSA"}]
    module.devices = devices
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    return module


class FakeTime:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ns = 10**12
        monkeypatch.setattr(audio_io, "clock_ns", lambda: self.ns)


def test_audio_is_asked_for_and_given(fake: Any) -> None:
    def step(block: Block) -> Outputs:
        ramp = np.arange(block.frame0, block.frame0 + block.frames, dtype=np.float32)
        return Outputs((), np.stack([ramp, ramp + 0.5]))

    driver = PortAudioDriver(RATE, 128, first_frame=1000)
    assert driver.name == "Speakers by ALSA, 128 frames at 48000 Hz"
    stream = FakeStream.opened
    assert np.all(stream.ask(128) == 0.0), "silence before start"
    driver.start(step)
    out = np.concatenate([stream.ask(128), stream.ask(300), stream.ask(17)])
    assert np.array_equal(out[:, 0], np.arange(1000, 1445))
    assert np.array_equal(out[:, 1], out[:, 0] + 0.5)
    assert driver.latency_frames == 576
    driver.stop()
    driver.stop()
    assert stream.closed and driver.lost is None


def test_a_mono_device_gets_the_mean(fake: Any) -> None:
    driver = PortAudioDriver(RATE, 64, device="Horn")
    driver.start(lambda block: Outputs((), np.array([[0.5], [1.0]], np.float32).repeat(block.frames, 1)))
    assert np.all(FakeStream.opened.ask(64) == 0.75)
    driver.stop()


def test_time_is_that_of_hearing_and_smooth(fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeTime(monkeypatch)
    heard: list[int] = []

    def step(block: Block) -> Outputs:
        heard.append(block.ns0)
        return Outputs((), np.zeros((2, block.frames), np.float32))

    driver = PortAudioDriver(RATE, 128)
    driver.start(step)
    jitter = np.abs(np.random.default_rng(1).normal(0, 1e6, 4000)).astype(int)
    period = 128 * NS // RATE
    for index, late in enumerate(jitter):
        clock.ns = 10**12 + index * period + int(late)
        FakeStream.opened.ask(128, underflow=index == 10)
    assert driver.xruns == 1
    error = np.array(heard) - 12_000_000 - 10**12 - np.arange(4000) * period
    assert abs(error[1000:].mean() - 0.8e6) < 100_000
    assert np.abs(np.diff(error[1000:])).max() < 10_000
    assert driver.line is not None
    assert driver.line.ns0 == heard[-1]


def test_a_device_that_goes_away_is_lost(fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeTime(monkeypatch)
    driver = PortAudioDriver(RATE, 128)
    driver.start(lambda block: Outputs((), np.zeros((2, block.frames), np.float32)))
    clock.ns += 10 * NS
    assert driver.lost is None, "it has not begun"
    FakeStream.opened.ask(128)
    assert driver.lost is None
    clock.ns += 4 * NS
    assert driver.lost == "Speakers has asked for nothing for 3 s"
    FakeStream.opened.ask(128)
    assert driver.lost is None
    FakeStream.opened.arguments["finished_callback"]()
    assert driver.lost == "Speakers has ended the stream"
    driver.stop()


def test_an_exception_in_step_is_silence(fake: Any) -> None:
    def step(_block: Block) -> Outputs:
        raise RuntimeError("no such chord")

    driver = PortAudioDriver(RATE, 128)
    driver.start(step)
    assert np.all(FakeStream.opened.ask(128) == 0.0)
    assert driver.step_errors == 1
    assert "no such chord" in driver.last_traceback
    driver.stop()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rate": 12_345}, r"default audio device does not open at 12345 Hz: .*Invalid sample rate.*'Speakers, ALSA'"),
        ({"device": "Radio"}, r"audio device 'Radio' does not open .*No output device .*'Horn, ALSA', 'Stuck, ALSA'"),
    ],
)
def test_a_device_that_does_not_open(fake: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(DeviceError, match=message):
        PortAudioDriver(**arguments)


def test_a_device_that_does_not_start_leaves_nothing_open(fake: Any) -> None:
    driver = PortAudioDriver(device="Stuck")
    with pytest.raises(DeviceError, match="Stuck does not start: Error starting stream"):
        driver.start(lambda block: Outputs((), np.zeros((2, block.frames), np.float32)))
    assert FakeStream.opened.closed


def test_devices_are_listed(fake: Any) -> None:
    assert output_devices() == ["Speakers, ALSA", "Horn, ALSA", "Stuck, ALSA"]


def test_without_portaudio_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: Any) -> Any:
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return real(name, *args)

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(builtins, "__import__", refuse)
    monkeypatch.setattr(audio_io.sys, "platform", "linux")
    with pytest.raises(DeviceError, match="apt-get install libportaudio2"):
        output_devices()
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    monkeypatch.setattr(builtins, "__import__", real)
    with pytest.raises(DeviceError, match="pip install sounddevice"):
        output_devices()


# --- the choice


@pytest.fixture
def jack(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], list[dict[str, Any]]]:
    """jack(trouble): a bridge.jack.io whose driver opens, or not; gives the arguments of the calls."""

    def make(trouble: str | None) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = []

        class JackDriver:
            name = "JACK server fake"

            def __init__(self, client_name: str, out_ports: Any, **arguments: Any) -> None:
                calls.append({"client_name": client_name, "out_ports": out_ports, **arguments})
                if trouble:
                    raise DeviceError(trouble)

        module: Any = ModuleType("bridge.jack.io")
        module.JackDriver = JackDriver
        monkeypatch.setitem(sys.modules, "bridge.jack.io", module)
        return calls

    return make


def test_auto_prefers_jack(jack: Callable[[str | None], list[dict[str, Any]]]) -> None:
    calls = jack(None)
    driver = choose_driver(
        out_ports=["piano"], in_ports=["clock in"], connect={"piano": "fluid"}, playhead=True, first_frame=5
    )
    assert driver.name == "JACK server fake"
    assert calls == [{
        "client_name": "sideman", "out_ports": ["piano"], "in_ports": ["clock in"], "server": None,
        "connect": {"piano": "fluid"}, "playhead": True, "first_frame": 5,
    }]  # fmt: skip


def test_auto_then_takes_the_sound_card(jack: Callable[[str | None], list[dict[str, Any]]], fake: Any) -> None:
    jack("JACK server 'default' does not run")
    driver = choose_driver(rate=44_100, frames=256, first_frame=77)
    assert isinstance(driver, PortAudioDriver)
    assert (driver.rate, driver.frames) == (44_100, 256)
    driver.stop()


def test_auto_at_last_plays_without_a_device_and_says_why(
    jack: Callable[[str | None], list[dict[str, Any]]], fake: Any
) -> None:
    jack("JACK server 'default' does not run")
    fake.devices.clear()
    driver = choose_driver(rate=44_100, frames=256)
    assert isinstance(driver, PacerDriver)
    assert (driver.rate, driver.frames) == (44_100, 256)
    assert "JACK server 'default' does not run; the default audio device does not open" in driver.name
    driver.stop()


def test_a_driver_asked_for_by_name_is_had_or_an_error(
    jack: Callable[[str | None], list[dict[str, Any]]], fake: Any
) -> None:
    calls = jack("JACK server 'default' does not run: start it")
    with pytest.raises(DeviceError, match="start it"):
        choose_driver("jack")
    fake.devices.clear()
    with pytest.raises(DeviceError, match=r"does not open .*Output devices: none; plug one in"):
        choose_driver("portaudio")
    driver = choose_driver("none")
    assert isinstance(driver, PacerDriver)
    driver.stop()
    assert len(calls) == 1, "the others do not look for JACK"
    with pytest.raises(DeviceError, match="audio driver 'asio' is not known: choose auto, jack, portaudio or none"):
        choose_driver("asio")  # type: ignore[arg-type]


def test_last_messages_go_to_the_midi_ports(fake: Any) -> None:
    class Ports:
        name = "fake MIDI"
        last: Any = None

        def start(self) -> None: ...

        def take(self) -> list[Any]:
            return []

        def send(self, events: Any, ns0: int, rate: int) -> None: ...

        def stop(self, last: Any = ()) -> None:
            self.last = list(last)

    ports: Any = Ports()
    driver = PortAudioDriver(midi=ports)
    driver.start(lambda block: Outputs((), np.zeros((2, block.frames), np.float32)))
    assert driver.name.endswith("; MIDI: fake MIDI")
    driver.stop([MidiOut(0, 0, b"\x80\x3c\x00")])
    assert ports.last == [MidiOut(0, 0, b"\x80\x3c\x00")]
