"""MIDI ports: names, the choice of a MIDI system, virtual and named ports, over a fake RtMidi."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, ClassVar

import pytest

import bridge.midi_systems as systems_module
import bridge.ports as ports_module
from bridge.driver import MidiOut
from bridge.errors import DeviceError, PortError
from bridge.midi_systems import choose_api, find_port, list_ports, midi_apis
from bridge.ports import CLOCK_PORT, MidiPorts

ON, OFF = b"\x90\x3c\x64", b"\x80\x3c\x00"


def test_find_port_takes_the_exact_name_or_a_part_that_fits_one() -> None:
    names = ["USB MIDI 1", "USB MIDI 10", "Synth:in"]
    assert find_port("USB MIDI 1", names, "port") == "USB MIDI 1", "exact, though it is a part of another"
    assert find_port("synth", names, "port") == "Synth:in"
    with pytest.raises(PortError, match=r"MIDI output port 'usb' is not clear: it fits 'USB MIDI 1', 'USB MIDI 10'"):
        find_port("usb", names, "MIDI output port")
    with pytest.raises(PortError, match=r"port 'organ' does not exist. There are: 'USB MIDI 1', .*'Synth:in'"):
        find_port("organ", names, "port")
    with pytest.raises(PortError, match=r"There are: none"):
        find_port("organ", [], "port")


class FakeSystem:
    """One MIDI system: what exists on it, and what our handles did."""

    def __init__(self) -> None:
        self.outputs = ["Piano:in 20:0", "Organ:in 21:0"]
        self.inputs = ["DAW:clock 30:0"]
        self.sent: list[tuple[str, bytes]] = []
        self.virtual: list[str] = []
        self.listeners: dict[str, Callable[..., None]] = {}
        self.open = 0
        self.trouble = ""
        self.fail_send = False


class FakeHandle:
    system: ClassVar[FakeSystem]

    def __init__(self, api: int, name: str = "", queue_size_limit: int = 0) -> None:
        if self.system.trouble:
            raise FakeError(self.system.trouble)
        self.target = ""
        self.callback: Callable[..., None] | None = None
        self.ignored: dict[str, bool] = {}
        self.system.open += 1

    def open_virtual_port(self, name: str) -> None:
        self.target = name
        self.system.virtual.append(name)
        self._listen()

    def open_port(self, index: int, name: str) -> None:
        self.target = self.get_ports()[index]
        self._listen()

    def get_ports(self) -> list[str]:
        raise NotImplementedError

    def _listen(self) -> None:
        if self.callback is not None:
            assert self.ignored == {"sysex": False, "timing": False, "active_sense": True}
            self.system.listeners[self.target] = self.callback

    def ignore_types(self, **ignored: bool) -> None:
        self.ignored = ignored

    def set_callback(self, callback: Callable[..., None]) -> None:
        self.callback = callback

    def send_message(self, data: bytes) -> None:
        if self.system.fail_send:
            raise FakeError("unplugged")
        self.system.sent.append((self.target, bytes(data)))

    def delete(self) -> None:
        self.system.open -= 1


class FakeOut(FakeHandle):
    def get_ports(self) -> list[str]:
        return list(self.system.outputs)


class FakeIn(FakeHandle):
    def get_ports(self) -> list[str]:
        return list(self.system.inputs)


class FakeError(Exception):
    pass


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSystem]:
    """A fake rtmidi that was built for CoreMIDI."""
    module: Any = ModuleType("rtmidi")
    module.MidiOut, module.MidiIn, module.RtMidiError = FakeOut, FakeIn, FakeError
    module.API_LINUX_ALSA, module.API_UNIX_JACK = 2, 3
    module.get_compiled_api = lambda: [1]
    module.get_api_name = lambda number: {1: "core", 2: "alsa"}[number]
    module.get_api_display_name = lambda number: {1: "CoreMIDI", 2: "ALSA"}[number]
    monkeypatch.setitem(sys.modules, "rtmidi", module)
    FakeHandle.system = FakeSystem()
    yield FakeHandle.system
    assert FakeHandle.system.open <= 2, "only the watcher's two may still be on their way out"


def wait_for(condition: Callable[[], object]) -> None:
    """For the sender's thread."""
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_virtual_ports_one_a_track_and_the_clock(system: FakeSystem) -> None:
    ports = MidiPorts(["piano", "bass"])
    ports.start()
    assert system.virtual == ["Sideman piano", "Sideman bass", "Sideman clock"]
    assert (ports.name, ports.missing) == ("CoreMIDI", ())
    ports.send([MidiOut(0, 1, ON), MidiOut(10, 0, ON)], time.monotonic_ns(), 48_000)
    wait_for(lambda: len(system.sent) == 2)
    assert system.sent == [("Sideman bass", ON), ("Sideman piano", ON)]
    ports.stop([MidiOut(0, 0, OFF)])
    assert system.sent[-1] == ("Sideman piano", OFF)
    assert system.open == 0
    ports.stop()


def test_what_arrives_is_stamped_and_sorted_and_bounded(system: FakeSystem) -> None:
    ports = MidiPorts([], in_ports=[CLOCK_PORT, "keys"])
    ports.start()
    before = time.monotonic_ns()
    system.listeners["Sideman clock"](([0xF8], 0.0), None)
    system.listeners["Sideman keys"](([0x90, 60, 1], 0.5), None)
    system.listeners["Sideman clock"](([0xF0, 1, 2, 0xF7], 0.0), None)
    taken = ports.take()
    assert [(m.source, m.data) for m in taken] == [
        (CLOCK_PORT, b"\xf8"), ("keys", b"\x90\x3c\x01"), (CLOCK_PORT, b"\xf0\x01\x02\xf7"),
    ]  # fmt: skip
    assert before <= taken[0].ns <= taken[1].ns <= taken[2].ns <= time.monotonic_ns()
    assert ports.take() == []
    for _ in range(5_000):
        system.listeners["Sideman clock"](([0xF8], 0.0), None)
    assert len(ports.take()) == 4_096
    assert ports.dropped == 5_000 - 4_096
    ports.stop()


def test_named_ports_are_opened_and_unknown_ones_listed(system: FakeSystem) -> None:
    ports = MidiPorts(["piano", "bass"], connect={"piano": "organ"}, clock_source="DAW")
    ports.start()
    assert system.virtual == ["Sideman bass"]
    assert list(system.listeners) == ["DAW:clock 30:0"]
    ports.stop([MidiOut(0, 0, OFF)])
    assert system.sent == [("Organ:in 21:0", OFF)]
    with pytest.raises(PortError, match=r"MIDI output port 'flute' does not exist. There are: 'Piano:in 20:0', 'Organ"):
        MidiPorts(["piano"], connect={"piano": "flute"}).start()
    with pytest.raises(PortError, match=r"MIDI input port 'Cubase' does not exist. There are: 'DAW:clock 30:0'"):
        MidiPorts(["piano"], clock_source="Cubase").start()
    assert system.open == 0, "the virtual port opened before the error is closed again"
    with pytest.raises(PortError, match="'paino' is no port of ours: name one of 'piano', 'clock in'"):
        MidiPorts(["piano"], connect={"paino": "Organ"})


def test_a_named_port_that_vanishes_is_opened_again(system: FakeSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports_module, "_WATCH_S", 0.005)
    ports = MidiPorts(["piano"], connect={"piano": "organ"}, clock_source="DAW")
    ports.start()
    system.outputs = ["Piano:in 20:0"]
    system.inputs = []
    wait_for(lambda: ports.vanished == 2)
    assert ports.missing == ("organ", "DAW")
    ports.send([MidiOut(0, 0, ON)], time.monotonic_ns(), 48_000)
    wait_for(lambda: ports.failed == 1)
    system.listeners.clear()
    system.outputs = ["Organ:in 24:0", "Piano:in 20:0"]  # ALSA gives it another number
    system.inputs = ["DAW:clock 33:0"]
    wait_for(lambda: ports.reconnected == 2)
    assert ports.missing == ()
    ports.send([MidiOut(0, 0, ON)], time.monotonic_ns(), 48_000)
    wait_for(lambda: system.sent)
    assert system.sent == [("Organ:in 24:0", ON)]
    system.listeners["DAW:clock 33:0"](([0xF8], 0.0), None)
    assert [m.data for m in ports.take()] == [b"\xf8"]
    ports.stop()


def test_a_port_that_refuses_does_not_stop_the_others(system: FakeSystem) -> None:
    ports = MidiPorts(["piano"])
    ports.start()
    system.fail_send = True
    ports.send([MidiOut(0, 0, ON), MidiOut(0, 9, ON)], time.monotonic_ns(), 48_000)
    wait_for(lambda: ports.failed == 2)
    system.fail_send = False
    ports.send([MidiOut(0, 0, OFF)], time.monotonic_ns(), 48_000)
    wait_for(lambda: system.sent)
    ports.stop()


def test_windows_has_no_virtual_ports(system: FakeSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports_module.sys, "platform", "win32")
    ports = MidiPorts(["piano", "bass"], connect={"bass": "Organ"})
    ports.start()
    assert system.virtual == []
    assert "install loopMIDI" in ports.name
    assert ports.missing == (), "no named port is gone"
    ports.stop([MidiOut(0, 1, OFF)])
    assert system.sent == [("Organ:in 21:0", OFF)]


def test_without_a_midi_system_it_plays_on_unless_a_port_was_named(system: FakeSystem) -> None:
    system.trouble = "no CoreMIDI server"
    ports = MidiPorts(["piano"])
    ports.start()
    assert ports.name == "no MIDI: CoreMIDI: no CoreMIDI server"
    assert ports.missing == (), "no named port is gone"
    ports.send([MidiOut(0, 0, ON)], 0, 48_000)
    assert ports.take() == []
    ports.stop([MidiOut(0, 0, OFF)])
    with pytest.raises(PortError, match=r"MIDI port 'Organ' cannot be opened: no MIDI: CoreMIDI: no CoreMIDI server"):
        MidiPorts(["piano"], connect={"piano": "Organ"}).start()
    with pytest.raises(DeviceError, match="no MIDI: CoreMIDI"):
        MidiPorts(["piano"], api="core").start()
    with pytest.raises(DeviceError, match="MIDI system 'midi2' is not known here: core"):
        choose_api("midi2")


def test_alsa_is_not_tried_without_its_device(system: FakeSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    sys.modules["rtmidi"].get_compiled_api = lambda: [2, 1]  # type: ignore[attr-defined]
    monkeypatch.setattr(systems_module.Path, "exists", lambda _path: False)
    assert [(api.name, bool(api.trouble)) for api in midi_apis()] == [("alsa", True), ("core", False)]
    assert choose_api().name == "core", "chosen by what answers"
    assert list_ports(choose_api()).inputs == ["DAW:clock 30:0"]
    assert system.open == 0
    with pytest.raises(DeviceError, match="modprobe snd-seq"):
        choose_api("alsa")


def test_without_rtmidi_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rtmidi", None)
    with pytest.raises(DeviceError, match="pip install python-rtmidi"):
        midi_apis()
