"""MidiPorts and the MIDI process's loop, which runs here on a thread over a fake RtMidi, and dies when told to."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from fake_rtmidi import OFF, ON, FakeSystem, install

import bridge.ports.midi_ports as ports_module
import bridge.ports.port_desk as desk_module
from bridge.driver import MidiOut, PortState
from bridge.errors import DeviceError, PortError
from bridge.ports.midi_link import MidiRings
from bridge.ports.midi_ports import CLOCK_PORT, MidiPorts
from bridge.ports.midi_process import MidiLoop


class Killed(BaseException):
    """As kill -9: the loop stops where it is."""


class ThreadChild:
    """Stands for bridge.processes.Child."""

    def __init__(self, rings: MidiRings) -> None:
        self.pipe, self._theirs = multiprocessing.Pipe()
        self._over, sentinel = multiprocessing.Pipe()
        self.process = SimpleNamespace(sentinel=sentinel)
        self.killed = False
        child = self

        class Loop(MidiLoop):
            def turn(self) -> None:
                if child.killed:
                    raise Killed
                super().turn()

        self.loop = Loop(rings, self._theirs)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.loop.serve()
        except Killed:
            self.loop._desk.close()  # the system does that for a process that is gone
        self._theirs.close()
        self._over.close()

    def kill(self) -> None:
        self.killed = True
        self._thread.join(2.0)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self, patience_s: float = 0.7) -> None:
        self.pipe.close()
        self._thread.join(2.0)
        assert not self.alive
        self.process.sentinel.close()


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSystem]:
    yield from install(monkeypatch)


@pytest.fixture
def children() -> list[ThreadChild]:
    return []


@pytest.fixture
def make(system: FakeSystem, children: list[ThreadChild]) -> Iterator[Callable[..., MidiPorts]]:
    made: list[MidiPorts] = []

    def ports(*arguments: Any, **named: Any) -> MidiPorts:
        def spawn(rings: MidiRings, _realtime: bool) -> ThreadChild:
            children.append(ThreadChild(rings))
            return children[-1]

        made.append(MidiPorts(*arguments, spawn=spawn, **named))
        return made[-1]

    yield ports
    for one in made:
        one.stop()


def wait_for(condition: Callable[[], object]) -> None:
    """For the process's thread."""
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_messages_go_out_at_their_time_and_offs_at_the_end(make: Any, system: FakeSystem) -> None:
    ports = make(["piano", "bass"])
    ports.start()
    assert system.virtual == ["Sideman piano", "Sideman bass", "Sideman clock in"]
    assert (ports.name, ports.missing, ports.realtime) == ("CoreMIDI by python-rtmidi", (), False)
    assert ports.port_states == (PortState("piano", "", ()), PortState("bass", "", ()), PortState(CLOCK_PORT, "", ()))
    ports.send([MidiOut(0, 1, ON), MidiOut(10, 0, ON)], time.monotonic_ns() + 5_000_000, 48_000)
    wait_for(lambda: len(system.sent) == 2)
    assert system.sent == [("Sideman bass", ON), ("Sideman piano", ON)]
    wait_for(lambda: ports.lateness.count == 2)
    assert ports.late_ms[2] < 100
    ports.send([MidiOut(0, 1, b"\x90\x40\x64"), MidiOut(1, 1, OFF)], time.monotonic_ns() + 10**10, 48_000)
    ports.stop([MidiOut(0, 0, OFF)])
    assert system.sent[2:] == [("Sideman bass", OFF), ("Sideman piano", OFF)], "the note that had not begun never does"
    assert ports.failed == 0
    ports.stop()
    assert ports.take() == []
    ports.send([MidiOut(0, 0, ON)], 0, 48_000)


def test_what_still_sounds_is_ended_even_if_the_engine_forgets(make: Any, system: FakeSystem) -> None:
    ports = make(["piano"])
    ports.start()
    ports.send([MidiOut(0, 0, ON)], time.monotonic_ns(), 48_000)
    wait_for(lambda: system.sent)
    ports.stop()
    assert system.sent == [("Sideman piano", ON), ("Sideman piano", OFF)]


def test_a_dead_parent_ends_the_process_and_what_sounds(
    make: Any, system: FakeSystem, children: list[ThreadChild]
) -> None:
    ports = make(["piano"])
    ports.start()
    ports.send([MidiOut(0, 0, ON)], time.monotonic_ns(), 48_000)
    wait_for(lambda: system.sent)
    ports._stopping.set()
    children[0].stop()  # closes the parent's end of the pipe
    assert system.sent[-1] == ("Sideman piano", OFF)


def test_what_arrives_is_stamped_sorted_and_whole(make: Any, system: FakeSystem) -> None:
    ports = make([], in_ports=[CLOCK_PORT, "keys"])
    ports.start()
    before = time.monotonic_ns()
    long = [0xF0, *[i % 128 for i in range(1000)], 0xF7]
    system.listeners["Sideman clock in"](([0xF8], 0.0), None)
    system.listeners["Sideman keys"](([0x90, 60, 1], 0.5), None)
    system.listeners["Sideman clock in"]((long, 0.0), None)
    taken = ports.take()
    assert [(m.source, m.data) for m in taken] == [
        (CLOCK_PORT, b"\xf8"), ("keys", b"\x90\x3c\x01"), (CLOCK_PORT, bytes(long)),
    ]  # fmt: skip
    assert before <= taken[0].ns <= taken[1].ns <= taken[2].ns <= time.monotonic_ns()
    assert ports.take() == []


def test_what_no_block_takes_is_dropped_and_counted(make: Any, system: FakeSystem) -> None:
    ports = make([])
    ports.start()
    for _ in range(5_000):
        system.listeners["Sideman clock in"](([0xF8], 0.0), None)
    assert len(ports.take()) == 4_096
    wait_for(lambda: ports.dropped == 5_000 - 4_096)


def test_errors_come_out_of_the_process(make: Any, system: FakeSystem) -> None:
    with pytest.raises(PortError, match=r"MIDI output port 'flute' does not exist. There are: 'Piano:in 20:0', 'Organ"):
        make(["piano"], connect={"piano": "flute"}).start()
    with pytest.raises(PortError, match="'paino' is no port of ours: name one of 'piano', 'clock in'"):
        make(["piano"], connect={"paino": "Organ"})
    with pytest.raises(DeviceError, match="MIDI system 'alsa' is not known here"):
        make(["piano"], api="alsa").start()
    system.trouble = "no CoreMIDI server"
    ports = make(["piano"])
    ports.start()
    assert ports.name == "no MIDI: CoreMIDI by python-rtmidi: no CoreMIDI server"
    assert ports.missing == ()
    ports.send([MidiOut(0, 0, ON)], 0, 48_000)
    wait_for(lambda: ports.failed == 1)


def test_named_ports_come_back_and_others_are_told_of(
    make: Any, system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_module, "_LOOK_NS", 5_000_000)
    ports = make(["piano"], connect={"piano": "organ"}, clock_source="DAW")
    ports.start()
    assert ports.port_states[0] == PortState("piano", "organ", ("Organ:in 21:0",))
    system.outputs = ["Piano:in 20:0"]
    wait_for(lambda: ports.missing == ("organ",))
    assert (ports.vanished, ports.port_states[0]) == (1, PortState("piano", "organ", ()))
    ports.send([MidiOut(0, 0, ON)], time.monotonic_ns(), 48_000)
    wait_for(lambda: ports.failed == 1)
    system.outputs = ["Organ:in 24:0", "Keys"]
    wait_for(lambda: ports.missing == ())
    assert ports.reconnected == 1
    notices: list[str] = []
    wait_for(lambda: notices.extend(ports.take_notices()) or len(notices) == 3)
    assert "MIDI port 'Keys' has appeared" in notices
    assert ports.take_notices() == []


def test_a_process_that_dies_is_started_again_and_what_sounded_is_ended(
    make: Any, system: FakeSystem, children: list[ThreadChild], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports_module, "_PAUSES_S", (0.02,))
    ports = make(["piano", "bass"], connect={"piano": "organ"})
    ports.start()
    ports.send([MidiOut(0, 0, ON), MidiOut(0, 0, b"\x93\x30\x01")], time.monotonic_ns(), 48_000)
    wait_for(lambda: len(system.sent) == 2)
    system.sent.clear()
    children[0].kill()
    old = time.monotonic_ns() - 10**9
    ports.send([MidiOut(0, 0, b"\x90\x41\x64"), MidiOut(1, 0, b"\x80\x41\x00"), MidiOut(2, 1, b"\xb0\x07\x64")],
               old, 48_000)  # written while nobody is there: too old to begin, but what ends or sets is sent
    ports.send([MidiOut(0, 1, b"\x90\x43\x64")], time.monotonic_ns() + 10**8, 48_000)
    wait_for(lambda: len(system.sent) == 6)
    offs, rest = system.sent[:3], system.sent[3:]
    assert offs == [
        ("Organ:in 21:0", OFF), ("Organ:in 21:0", b"\x83\x30\x40"), ("Sideman bass", b"\x80\x43\x40"),
    ], "also for the note on its way, of which nobody knows whether the dead process sent it"  # fmt: skip
    assert rest == [
        ("Organ:in 21:0", b"\x80\x41\x00"), ("Sideman bass", b"\xb0\x07\x64"), ("Sideman bass", b"\x90\x43\x64"),
    ]  # fmt: skip
    assert ports.restarts == 1
    wait_for(lambda: ports.missing == ())
    assert ports.take_notices() == ["the process that holds the MIDI ports has died and is started again"]
    children[1].kill()
    wait_for(lambda: ports.restarts == 2 and ports.missing == ())
    ports.stop()
    assert len(children) == 3
    assert not any(child.alive for child in children)


def test_a_stop_while_no_process_is_there(
    make: Any, system: FakeSystem, children: list[ThreadChild], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports_module, "_PAUSES_S", (30.0,))
    ports = make(["piano"])
    ports.start()
    children[0].kill()
    wait_for(ports.take_notices)
    began = time.monotonic()
    ports.stop([MidiOut(0, 0, OFF)])
    assert time.monotonic() - began < 3


def test_a_port_that_refuses_does_not_stop_the_others(make: Any, system: FakeSystem) -> None:
    ports = make(["piano"])
    ports.start()
    system.fail_send = True
    ports.send([MidiOut(0, 0, ON), MidiOut(0, 9, ON)], time.monotonic_ns(), 48_000)
    wait_for(lambda: ports.failed == 2)
    system.fail_send = False
    ports.send([MidiOut(0, 0, OFF)], time.monotonic_ns(), 48_000)
    wait_for(lambda: system.sent)


def test_a_real_process_starts_answers_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever MIDI this machine has, or none."""
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    ports = MidiPorts(["piano"], client_name="Sideman test")
    ports.launch()
    ports.start()
    assert ports._child is not None
    pid = ports._child.process.pid
    assert ports.name != "no MIDI ports"
    os.kill(pid, 0)
    ports.stop([MidiOut(0, 0, OFF)])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
