"""The process that holds the MIDI ports, on a real jackd by both libraries: killed, orphaned, and with hot-plug."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bridge.driver import MidiOut
from bridge.errors import DeviceError

try:
    from bridge.bench import lateness
    from bridge.jack.peers import ClockMaster, JackServer
    from bridge.jack.recorder import JackRecorder
    from bridge.ports.midi_ports import MidiPorts
except DeviceError as error:
    pytest.skip(str(error), allow_module_level=True)

pytestmark = [pytest.mark.peer("jackd"), pytest.mark.timeout(60), pytest.mark.usefixtures("quiet_heap")]

ON, OFF, OTHER = b"\x90\x3c\x64", b"\x80\x3c\x40", b"\x90\x40\x64"
SYSTEMS = ["rtmidi:jack", "libremidi:jack"]


@pytest.fixture(params=SYSTEMS)
def api(request: pytest.FixtureRequest) -> str:
    if request.param.startswith("libremidi"):
        pytest.importorskip("pylibremidi", reason="pip install 'sideman[libremidi]'")
    return str(request.param)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def synth(server: JackServer) -> JackRecorder:
    recorder = JackRecorder(["nobody"], server=server.name, name="synth")
    recorder.start()
    return recorder


def process_of(ports: MidiPorts) -> int:
    assert ports._child is not None
    return int(ports._child.process.pid)


@pytest.mark.peer("jack_midi_clock")
def test_killed_it_is_started_again_ends_what_sounded_and_hears_the_clock(
    jack_server: JackServer, clock_master: ClockMaster, api: str
) -> None:
    recorder = synth(jack_server)
    ports = MidiPorts(["piano"], connect={"piano": "synth:midi"}, clock_source="jack_midi_clock", api=api)
    ports.start()
    try:
        clock_master.play()
        ports.send([MidiOut(0, 0, ON)], time.monotonic_ns(), 48_000)
        until(ports.take)
        first = process_of(ports)
        os.kill(first, signal.SIGKILL)
        until(lambda: ports.missing)
        ports.send([MidiOut(0, 0, OTHER)], time.monotonic_ns() - 10**9, 48_000)
        until(lambda: not ports.missing)
        assert ports.restarts == 1
        assert process_of(ports) != first
        notices = ports.take_notices()
        assert "the process that holds the MIDI ports has died and is started again" in notices
        ports.take()
        time.sleep(1.0)
        heard = ports.take()
        clocks = [message.ns for message in heard if message.data == b"\xf8"]
        assert 40 < len(clocks) < 60
        assert np.median(np.diff(clocks)) == pytest.approx(60e9 / 120 / 24, abs=1.5e6)
        ports.send([MidiOut(0, 0, OTHER)], time.monotonic_ns() + 5_000_000, 48_000)
        time.sleep(0.3)
    finally:
        ports.stop()
    sent = [message.data for message in recorder.stop().midi["nobody"]]
    assert sent[0] == ON
    assert sent[-2:] == [OTHER, b"\x80\x40\x40"], "the new process plays, and stop() ends what still sounds"
    assert OFF in sent[1:-2]
    assert sent.count(OTHER) == 1, "the note that was due while nobody was there is too old"


ENGINE = """
import sys, time
from bridge.driver import MidiOut
from bridge.ports.midi_ports import MidiPorts
if __name__ == "__main__":
    ports = MidiPorts(["piano"], connect={"piano": "synth:midi"}, api=sys.argv[1])
    ports.start()
    ports.send([MidiOut(0, 0, bytes.fromhex("903c64"))], time.monotonic_ns(), 48_000)
    print(ports._child.process.pid, flush=True)
    time.sleep(60)
"""


def test_an_orphan_ends_what_sounds_and_then_itself(jack_server: JackServer, api: str, tmp_path: Any) -> None:
    recorder = synth(jack_server)
    program = tmp_path / "engine.py"
    program.write_text(ENGINE)
    engine = subprocess.Popen(
        [sys.executable, str(program), api], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env=jack_server.environment,
    )  # fmt: skip
    assert engine.stdout is not None
    pid = int(engine.stdout.readline())
    time.sleep(0.3)
    engine.kill()
    engine.communicate()

    def gone() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False

    until(gone)
    assert [message.data for message in recorder.stop().midi["nobody"]] == [ON, OFF]


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGHUP])
def test_told_to_end_it_still_sends_the_engines_last_words(
    jack_server: JackServer, api: str, sign: signal.Signals
) -> None:
    """A closed terminal tells the whole group; the engine then resets the channels."""
    recorder = synth(jack_server)
    ports = MidiPorts(["piano"], connect={"piano": "synth:midi"}, api=api)
    ports.start()
    ports.send([MidiOut(0, 0, ON)], time.monotonic_ns(), 48_000)
    time.sleep(0.2)
    os.kill(process_of(ports), sign)
    time.sleep(0.2)
    ports.stop([MidiOut(0, 0, OFF), MidiOut(0, 0, b"\xb0\x7b\x00")])
    assert ports.restarts == 0
    assert [message.data for message in recorder.stop().midi["nobody"]] == [ON, OFF, b"\xb0\x7b\x00"]


def test_what_others_plug_in_is_told_and_a_named_port_comes_back(jack_server: JackServer, api: str) -> None:
    first = synth(jack_server)
    ports = MidiPorts(["piano"], connect={"piano": "synth:midi"}, api=api)
    ports.start()
    try:
        first.stop()
        until(lambda: ports.missing == ("synth:midi",))
        second = synth(jack_server)
        until(lambda: ports.missing == ())
        other = JackRecorder(["nobody"], server=jack_server.name, name="other")
        other.start()
        notices: list[str] = []
        until(lambda: notices.extend(ports.take_notices()) or "MIDI port 'other:midi_0' has appeared" in notices)
        other.stop()
        until(lambda: notices.extend(ports.take_notices()) or "MIDI port 'other:midi_0' is gone" in notices)
        assert not [text for text in notices if "Sideman" in text], "our own ports surprise nobody"
        ports.send([MidiOut(0, 0, ON), MidiOut(1, 0, b"\xf0" + bytes(range(100)) * 20 + b"\xf7")],
                   time.monotonic_ns(), 48_000)
        time.sleep(0.3)
    finally:
        ports.stop()
    sent = [message.data for message in second.stop().midi["nobody"]]
    assert sent == [ON, b"\xf0" + bytes(range(100)) * 20 + b"\xf7", OFF]
    assert (ports.vanished, ports.reconnected) == (1, 1)


def test_the_bench_of_lateness(jack_server: JackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its figures are there, and beside a busy thread the process does better than a thread in the busy one."""
    cases = {key: lateness._CASES[key] for key in ("lateness", "in_process")}
    monkeypatch.setattr(lateness, "_CASES", cases)
    told: list[str] = []
    figures = lateness.run(0.7, told.append)
    assert figures["system"].endswith(":jack")
    assert len(told) == 4
    assert set(figures) == {"seconds", "system", *(f"{key}{fifo}_ms" for key in cases for fifo in ("", "_fifo"))}
    assert figures["in_process_ms"] is not None
    assert figures["lateness_ms"]["p50"] < figures["in_process_ms"]["p50"]


@pytest.mark.peer("jack_midi_clock")
def test_outputs_come_and_go_while_a_clock_is_heard_and_a_note_sounds(
    jack_server: JackServer, clock_master: ClockMaster, api: str
) -> None:
    recorder = synth(jack_server)
    ports = MidiPorts(["piano", "bass"], connect={"piano": "synth:midi"}, clock_source="jack_midi_clock", api=api)
    ports.start()
    try:
        clock_master.play()
        until(ports.take)
        ports.send([MidiOut(0, 0, ON)], time.monotonic_ns(), 48_000)
        began = time.monotonic()
        assert ports.open_outputs(["strings"], {}) == [2]
        ports.close_outputs([1])
        assert time.monotonic() - began < 3.0
        assert [state.name for state in ports.port_states] == ["piano", "strings", "clock in"]
        until(ports.take)
        ports.send([MidiOut(0, 0, OFF)], time.monotonic_ns(), 48_000)
        time.sleep(0.1)
        assert ports.restarts == 0
    finally:
        ports.stop()
        recording = recorder.stop()
    assert [data for _, data in recording.midi["nobody"]] == [ON, OFF]
