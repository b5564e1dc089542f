"""The desk of our MIDI ports: names, the choice of a system, virtual and named ports, hot-plug; over a fake RtMidi."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest
from fake_rtmidi import OFF, ON, FakeSystem, install
from hypothesis import given
from hypothesis import strategies as st

import bridge.ports.midi_systems as systems_module
from bridge.errors import DeviceError, PortError
from bridge.ports.midi_port_system import is_ours
from bridge.ports.midi_systems import choose_api, find_port, list_ports, midi_apis
from bridge.ports.port_desk import CLOCK_PORT, PortDesk, PortWish
from bridge.ports.port_news import PortNews
from bridge.ports.rtmidi_ports import RtMidiSystem

NS = 1_000_000_000


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSystem]:
    yield from install(monkeypatch)


def desk(
    outs: dict[str, str | None], ins: dict[str, str | None] | None = None, api: str | None = None
) -> tuple[PortDesk, list[tuple[int, int, bytes]]]:
    heard: list[tuple[int, int, bytes]] = []
    made = PortDesk(
        [PortWish(*wish) for wish in outs.items()],
        [PortWish(*wish) for wish in (ins or {}).items()],
        lambda port, ns, data: heard.append((port, ns, data)),
        api=api,
    )
    return made, heard


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


@pytest.mark.parametrize(("name", "ours"), [
    ("Sideman piano", True), ("Sideman:Sideman piano", True), ("Sideman-01:Sideman clock in", True),
    ("Sideman:Sideman piano 129:0", True), ("libremidi client-02:Sideman bass", True),
    ("Sidemanual", False), ("Piano:in 20:0", False), ("Other:Sideman piano", False), ("", False),
])  # fmt: skip
def test_our_own_ports_are_known(name: str, ours: bool) -> None:
    assert is_ours(name, "Sideman") == ours


def test_virtual_ports_one_a_track_and_the_clock(system: FakeSystem) -> None:
    ours, heard = desk({"piano": None, "bass": None}, {CLOCK_PORT: None})
    ours.open()
    assert system.virtual == ["Sideman piano", "Sideman bass", "Sideman clock in"]
    assert (ours.name, ours.missing, ours.polled) == ("CoreMIDI by python-rtmidi", (), False)
    assert [side.is_open for side in ours.sides] == [True] * 3
    ours.send(1, ON)
    before = time.monotonic_ns()
    system.listeners["Sideman clock in"](([0xF8], 0.0), None)
    assert system.sent == [("Sideman bass", ON)]
    assert heard[0][::2] == (0, b"\xf8")
    assert before <= heard[0][1] <= time.monotonic_ns()
    ours.close()
    ours.close()
    with pytest.raises(OSError, match="'piano' is not open"):
        ours.send(0, ON)


def test_named_ports_are_opened_and_unknown_ones_listed(system: FakeSystem) -> None:
    ours, _ = desk({"piano": "organ", "bass": None}, {CLOCK_PORT: "DAW"})
    ours.open()
    assert system.virtual == ["Sideman bass"]
    assert [side.theirs for side in ours.sides] == ["Organ:in 21:0", "", "DAW:clock 30:0"]
    ours.send(0, OFF)
    assert system.sent == [("Organ:in 21:0", OFF)]
    ours.close()
    with pytest.raises(PortError, match=r"MIDI output port 'flute' does not exist. There are: 'Piano:in 20:0', 'Organ"):
        desk({"bass": None, "piano": "flute"})[0].open()
    with pytest.raises(PortError, match=r"MIDI input port 'Cubase' does not exist. There are: 'DAW:clock 30:0'"):
        desk({}, {CLOCK_PORT: "Cubase"})[0].open()
    assert system.open == 0, "the virtual port opened before the error is closed again"
    system.busy = {"Organ:in 21:0"}
    with pytest.raises(PortError, match=r"'Organ:in 21:0' cannot be opened: .* busy; another program may hold it"):
        desk({"piano": "organ"})[0].open()


def test_a_named_port_that_vanishes_is_opened_again(system: FakeSystem) -> None:
    ours, heard = desk({"piano": "organ"}, {CLOCK_PORT: "DAW"})
    ours.open()
    began = time.monotonic_ns()
    assert not ours.wants_look(began)
    assert ours.wants_look(began + 2 * NS)
    system.outputs, system.inputs = ["Piano:in 20:0"], []
    ours.look(began)
    assert (ours.vanished, ours.missing) == (2, ("organ", "DAW"))
    assert not ours.wants_look(began + NS // 2)
    with pytest.raises(OSError, match="not open"):
        ours.send(0, ON)
    system.listeners.clear()
    system.outputs = ["Organ:in 24:0", "Piano:in 20:0"]  # ALSA gives it another number
    system.inputs = ["DAW:clock 33:0"]
    system.busy = {"Organ:in 24:0"}
    ours.look(began + NS)
    assert (ours.reconnected, ours.missing) == (1, ("organ",)), "it is still held by somebody"
    system.busy.clear()
    ours.look(began + 2 * NS)
    assert (ours.reconnected, ours.missing) == (2, ())
    ours.send(0, ON)
    assert system.sent == [("Organ:in 24:0", ON)]
    system.listeners["DAW:clock 33:0"](([0xF8], 0.0), None)
    assert [data for _, _, data in heard] == [b"\xf8"]
    assert ours.notices == [
        "MIDI port 'Organ:in 24:0' has appeared", "MIDI port 'DAW:clock 33:0' has appeared",
    ], "of those that went `missing` has told"  # fmt: skip
    ours.close()


def test_lenient_a_missing_port_is_waited_for(system: FakeSystem) -> None:
    ours, _ = desk({"piano": "flute", "bass": None})
    ours.open(lenient=True)
    assert (ours.missing, system.virtual) == (("flute",), ["Sideman bass"])
    system.outputs.append("Flute 9")
    ours.look(0)
    assert (ours.missing, ours.sides[0].theirs) == ((), "Flute 9")
    ours.close()


def test_what_others_plug_in_is_told_once_and_bounded(system: FakeSystem) -> None:
    ours, _ = desk({"piano": None}, {CLOCK_PORT: None})
    ours.open()
    ours.look(0)
    assert ours.notices == []
    system.outputs += ["Keys", "Sideman piano"]
    system.inputs += ["Keys"]
    ours.look(0)
    ours.look(0)
    assert ours.notices == ["MIDI port 'Keys' has appeared"], "one device, both ways; and not our own ports"
    ours.notices.clear()
    system.outputs, system.inputs = [], []
    ours.look(0)
    assert sorted(ours.notices) == [
        f"MIDI port {name!r} is gone" for name in ("DAW:clock 30:0", "Keys", "Organ:in 21:0", "Piano:in 20:0")
    ]
    ours.close()


@given(st.lists(st.lists(st.integers(0, 30), max_size=30), max_size=6))
def test_port_news_is_the_difference_of_two_looks(looks: list[list[int]]) -> None:
    news = PortNews([], lambda name: name == "port 0")
    known: set[int] = set()
    for look in looks:
        told = news.update([f"port {number}" for number in look], tied={"port 1"})
        changed = (known ^ set(look)) - {0, 1}
        assert len(told) == min(len(changed), 7)
        named = {int(text.split("'")[1].removeprefix("port ")) for text in told[:6]}
        assert named <= changed
        if len(changed) > 6:
            assert told[6] == f"{len(changed) - 6} more MIDI ports have come or gone"
        known = set(look)


def test_windows_has_no_virtual_ports(system: FakeSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RtMidiSystem, "virtual", False)
    ours, _ = desk({"piano": None, "bass": "Organ"})
    ours.open()
    assert system.virtual == []
    assert "install loopMIDI" in ours.name
    assert ours.missing == (), "no named port is gone"
    ours.send(1, OFF)
    assert system.sent == [("Organ:in 21:0", OFF)]
    with pytest.raises(OSError, match="'piano' is not open"):
        ours.send(0, OFF)
    ours.close()
    only_named, _ = desk({"bass": "Organ"})
    only_named.open()
    assert "loopMIDI" not in only_named.name
    only_named.close()


def test_without_a_midi_system_it_plays_on_unless_a_port_was_named(system: FakeSystem) -> None:
    system.trouble = "no CoreMIDI server"
    ours, _ = desk({"piano": None})
    ours.open()
    assert ours.name == "no MIDI: CoreMIDI by python-rtmidi: no CoreMIDI server"
    assert (ours.missing, ours.wants_look(10**18)) == ((), False)
    ours.look(0)
    ours.poll()
    with pytest.raises(PortError, match=r"MIDI port 'Organ' cannot be opened: no MIDI: CoreMIDI .*no CoreMIDI server"):
        desk({"piano": "Organ"})[0].open()
    with pytest.raises(DeviceError, match="no MIDI: CoreMIDI"):
        desk({"piano": None}, api="core")[0].open()
    with pytest.raises(DeviceError, match="MIDI system 'midi2' is not known here: rtmidi:core"):
        choose_api("midi2")


def test_a_system_is_chosen_by_what_answers_and_by_name(system: FakeSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    sys.modules["rtmidi"].get_compiled_api = lambda: [2, 1]  # type: ignore[attr-defined]
    monkeypatch.setattr(systems_module.Path, "exists", lambda _path: False)
    probed = [(api.full_name, bool(api.trouble)) for api in midi_apis()]
    assert probed == [("rtmidi:alsa", True), ("rtmidi:core", False)]
    for wanted in (None, "core", "rtmidi", "rtmidi:core"):
        assert choose_api(wanted).name == "core"
    assert list_ports(choose_api()).inputs == ["DAW:clock 30:0"]
    with pytest.raises(DeviceError, match="modprobe snd-seq"):
        choose_api("alsa")
    monkeypatch.setenv("SIDEMAN_MIDI", "alsa")
    with pytest.raises(DeviceError, match="modprobe snd-seq"):
        choose_api()
    assert choose_api("core").name == "core", "what the call names goes before the environment"
    monkeypatch.setenv("SIDEMAN_MIDI", "libremidi")
    with pytest.raises(DeviceError, match=r"pip install 'sideman\[libremidi\]'"):
        choose_api()


def test_without_a_library_the_message_says_what_to_install(
    system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rtmidi", None)
    with pytest.raises(DeviceError, match="pip install python-rtmidi"):
        midi_apis()
