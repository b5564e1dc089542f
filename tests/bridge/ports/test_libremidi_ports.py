"""pylibremidi behind the contract: stamps by the driver's clock, packets, names. A fake module, whose API is checked
against the real one where that is installed; tests/peers runs the real one on JACK."""

from __future__ import annotations

import enum
import sys
import time
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import pytest
from fake_rtmidi import FakeHandle, install

from bridge.ports.libremidi_ports import LibreMidiObserver, LibreMidiSystem, libremidi_module, libremidi_systems
from bridge.ports.midi_systems import choose_api, midi_apis, names_library
from bridge.ports.port_desk import CLOCK_PORT, PortDesk, PortWish


class API(enum.Enum):
    COREMIDI = 1
    ALSA_SEQ = 2
    JACK_MIDI = 4
    WINDOWS_MM = 5
    PIPEWIRE = 8
    DUMMY = 65535


class Error:
    def __init__(self, text: str = "") -> None:
        self.text = text

    def __bool__(self) -> bool:
        return bool(self.text)

    def __str__(self) -> str:
        return self.text or "Unspecified error"


def port(name: str, device: str = "", handle: int = 0) -> Any:
    return SimpleNamespace(port_name=name, display_name=f"{name} (shown)", device_name=device, port=handle)


class World:
    """What the fake system has, and what was done."""

    there: ClassVar[dict[str, list[Any]]]
    sent: ClassVar[list[tuple[str, list[int]]]]
    ears: ClassVar[list[FakeMidiIn]]
    observers: ClassVar[list[Any]]
    clock_ns: ClassVar[int]
    refuses: ClassVar[str]


class FakeMidiOut:
    def __init__(self, _config: Any, _api: API) -> None:
        self.target = ""

    def open_virtual_port(self, label: str) -> Error:
        self.target = label
        return Error(World.refuses)

    def open_port(self, theirs: Any, _label: str) -> Error:
        self.target = theirs.port_name
        return Error(World.refuses)

    def send_message(self, data: list[int]) -> Error:
        assert isinstance(data, list)
        World.sent.append((self.target, data))
        return Error(World.refuses)

    def close_port(self) -> Error:
        return Error()


class FakeMidiIn:
    def __init__(self, config: Any, _api: API) -> None:
        assert not World.refuses, "the real one would end the process"
        self.heard: Callable[[list[int], int], None] = config.on_raw_data
        assert (config.ignore_sysex, config.ignore_timing) == (False, False)
        self.waiting: list[tuple[list[int], int]] = []
        World.ears.append(self)

    def open_virtual_port(self, _label: str) -> Error:
        return Error()

    def open_port(self, _theirs: Any, _label: str) -> Error:
        return Error()

    def close_port(self) -> Error:
        return Error()

    def absolute_timestamp(self) -> int:
        return World.clock_ns

    def poll(self) -> None:
        waiting, self.waiting = self.waiting, []
        for data, ns in waiting:
            self.heard(data, ns)


class FakeObserver:
    def __init__(self, config: Any, _api: API) -> None:
        self.config = config
        self.news: list[tuple[str, Any]] = []
        World.observers.append(self)

    def get_output_ports(self) -> list[Any]:
        return World.there["outputs"]

    def get_input_ports(self) -> list[Any]:
        return World.there["inputs"]

    def poll(self) -> None:
        news, self.news = self.news, []
        for what, which in news:
            getattr(self.config, what)(which)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[World]]:
    """A fake pylibremidi on a machine with ALSA, beside a fake python-rtmidi with CoreMIDI."""
    systems = install(monkeypatch)
    next(systems)
    module: Any = ModuleType("pylibremidi")
    module.API = API
    module.MidiIn, module.MidiOut, module.Observer = FakeMidiIn, FakeMidiOut, FakeObserver
    for name in ("InputConfiguration", "OutputConfiguration", "ObserverConfiguration"):
        setattr(module, name, type(name, (), {}))
    module.available_apis = lambda: [API.ALSA_SEQ, API.COREMIDI, API.DUMMY]
    module.get_api_display_name = lambda api: {API.ALSA_SEQ: "ALSA (sequencer)"}.get(api, "CoreMIDI")
    module.get_version = lambda: "5.4.3"
    monkeypatch.setitem(sys.modules, "pylibremidi", module)
    libremidi_module.cache_clear()
    World.there = {"outputs": [port("in", "Piano", (3 << 32) | 20)], "inputs": [port("clock", "DAW", 30)]}
    World.sent, World.ears, World.observers = [], [], []
    World.clock_ns, World.refuses = 10**12, ""
    yield World
    for _ in systems:
        pass


def test_ports_are_called_as_by_rtmidi(world: type[World]) -> None:
    assert libremidi_systems() == ["alsa", "core"]
    names = LibreMidiSystem("alsa", "Sideman").names()
    assert (names.outputs, names.inputs) == (["Piano:in 20:3"], ["DAW:clock 30:0"])
    assert LibreMidiSystem("core", "Sideman").names().outputs == ["in (shown)"]


def test_messages_go_out_and_refusals_are_errors(world: type[World]) -> None:
    system = LibreMidiSystem("alsa", "Sideman")
    out = system.open_out("Sideman piano", None)
    out.send(b"\x90\x3c\x64")
    system.open_out("Sideman piano", "Piano:in 20:3").send(b"\xf8")
    assert world.sent == [("Sideman piano", [0x90, 60, 100]), ("in", [0xF8])]
    with pytest.raises(OSError, match="it has gone"):
        system.open_out("x", "Organ:in 21:0")
    world.refuses = "no such device"
    with pytest.raises(OSError, match="no such device"):
        out.send(b"\xf8")
    with pytest.raises(OSError, match="no such device"):
        LibreMidiSystem("alsa", "Sideman").open_in("x", None, lambda _ns, _data: None)


def test_messages_bear_the_drivers_time_by_our_clock(world: type[World]) -> None:
    heard: list[tuple[int, bytes]] = []
    system = LibreMidiSystem("alsa", "Sideman")
    port = system.open_in("Sideman clock in", "DAW:clock 30:0", lambda ns, data: heard.append((ns, data)))
    now = world.clock_ns
    world.ears[0].waiting = [
        ([0xF8], now - 3_000_000), ([0xF8, 0xFE, 0x90, 60, 0xF8, 100], now - 1_000_000), ([0xFA], now + 2_000_000),
        ([0xFC], 0), ([0xF0, 1, 2], now), ([3, 0xF7], now),
    ]  # fmt: skip
    before = time.monotonic_ns()
    system.poll()
    after = time.monotonic_ns()
    assert [data for _, data in heard] == [
        b"\xf8", b"\xf8", b"\xf8", b"\x90\x3c\x64", b"\xfa", b"\xfc", b"\xf0\x01\x02\x03\xf7",
    ], "packets are cut into messages; active sensing is not heard"  # fmt: skip
    ns = [at for at, _ in heard]
    assert before - 3_000_000 <= ns[0] <= after - 3_000_000
    assert ns[1] == ns[2] == ns[3] == ns[0] + 2_000_000
    assert ns[4] == ns[0] + 5_000_000, "of the period that has just begun"
    assert ns[5] == ns[0] + 3_000_000, "no stamp of this clock: when it was polled"
    port.close()
    port.close()
    system.poll()


def test_the_observer_names_what_went(world: type[World]) -> None:
    observer = LibreMidiObserver("alsa")
    assert observer.take() is None
    news = world.observers[0].news
    news.append(("input_added", port("x", "Keys", 40)))
    assert observer.take() == set()
    news += [("output_removed", port("in", "Piano", (3 << 32) | 20)), ("output_added", port("in", "Piano", 20))]
    world.observers[0].news = news
    assert observer.take() == {"Piano:in 20:3"}
    assert observer.take() is None
    observer.close()


def test_it_hears_for_rtmidi_unless_a_library_is_asked_for(world: type[World]) -> None:
    assert [api.full_name for api in midi_apis()] == ["rtmidi:core", "libremidi:alsa", "libremidi:core"]
    assert choose_api("alsa").library == "libremidi"
    assert [names_library(name) for name in (None, "alsa", "rtmidi", "libremidi:core")] == [False, False, True, True]
    for api, name, ears in (
        ("core", "CoreMIDI by python-rtmidi, heard by pylibremidi", 1),
        ("rtmidi:core", "CoreMIDI by python-rtmidi", 0),
        ("libremidi:core", "CoreMIDI by pylibremidi", 1),
    ):
        world.ears.clear()
        desk = PortDesk([PortWish("piano", None)], [PortWish(CLOCK_PORT, None)], lambda *_: None, api=api)
        desk.open()
        assert (desk.name, len(world.ears), desk.polled) == (name, ears, bool(ears))
        desk.poll()
        desk.close()
    named = PortDesk([], [PortWish(CLOCK_PORT, "DAW")], lambda *_: None, api="core")
    named.open()
    assert named.sides[0].theirs == "DAW:clock 30:0"
    assert "DAW:clock 30:0" in FakeHandle.system.listeners, "a port that it calls otherwise is heard by RtMidi"
    named.close()
    world.ears.clear()
    plain = PortDesk([], [PortWish(CLOCK_PORT, None)], lambda *_: None, api="core", assist=False)
    plain.open()
    assert (plain.name, world.ears) == ("CoreMIDI by python-rtmidi", [])
    plain.close()


def test_a_port_that_is_back_before_the_look_is_opened_again(world: type[World]) -> None:
    """Unplugged and plugged in again within a second: the list is the same, what is open on it is dead."""
    world.there["outputs"] = [SimpleNamespace(port_name="", display_name="Organ:in 21:0", device_name="", port=0)]
    desk = PortDesk([PortWish("piano", "organ")], [], lambda *_: None, api="core")
    desk.open()
    watch = world.observers[-1]
    watch.news.append(("output_removed", world.there["outputs"][0]))
    watch.news.append(("output_added", world.there["outputs"][0]))
    assert desk.wants_look(0)
    desk.look(0)
    assert (desk.vanished, desk.reconnected, desk.missing) == (1, 1, ())
    desk.close()


def test_the_real_module_has_what_is_used() -> None:
    real: Any = pytest.importorskip("pylibremidi", reason="pip install 'sideman[libremidi]'")
    libremidi_module.cache_clear()
    assert libremidi_module() is real
    for kind, names in {
        "MidiIn": ("open_port", "open_virtual_port", "close_port", "poll", "absolute_timestamp"),
        "MidiOut": ("open_port", "open_virtual_port", "close_port", "send_message"),
        "Observer": ("get_input_ports", "get_output_ports", "poll"),
        "InputConfiguration": ("on_raw_data", "ignore_sysex", "ignore_timing", "ignore_sensing"),
        "ObserverConfiguration": ("input_added", "input_removed", "output_added", "output_removed", "track_any",
                                  "track_hardware", "track_virtual", "notify_in_constructor"),
        "PortInformation": ("port_name", "display_name", "device_name", "port"),
        "API": ("ALSA_SEQ", "COREMIDI", "JACK_MIDI", "WINDOWS_MM", "PIPEWIRE"),
    }.items():
        for name in names:
            assert hasattr(getattr(real, kind), name), f"{kind}.{name}"
    assert "jack" in libremidi_systems() or sys.platform != "linux"
