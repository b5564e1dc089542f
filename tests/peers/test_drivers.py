"""The other drivers on a real jackd: RtMidi's ports, PortAudio's JACK device, and the choice between them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bridge.driver import Block, MidiOut, Outputs
from bridge.errors import DeviceError, PortError

try:
    from bridge.audio_io import PacerDriver, choose_driver
    from bridge.jack.client import open_client
    from bridge.jack.io import JackDriver
    from bridge.jack.peers import ClockMaster, JackServer
    from bridge.jack.recorder import JackRecorder, Recording
    from bridge.ports.midi_ports import MidiPorts
except DeviceError as error:
    pytest.skip(str(error), allow_module_level=True)

pytestmark = [pytest.mark.peer("jackd"), pytest.mark.timeout(60), pytest.mark.usefixtures("quiet_heap")]

ON, OFF = b"\x90\x3c\x64", b"\x80\x3c\x00"


def silent(block: Block) -> Outputs:
    return Outputs((), np.zeros((2, block.frames), np.float32))


@pytest.mark.peer("jack_midi_clock")
@pytest.mark.parametrize(("api", "name"), [
    ("rtmidi:jack", "Jack by python-rtmidi"), ("libremidi:jack", "JACK by pylibremidi"),
])  # fmt: skip
def test_the_pacer_follows_a_clock_through_a_library(
    jack_server: JackServer, clock_master: ClockMaster, record: Callable[..., Any], api: str, name: str
) -> None:
    """No audio device: each F8 is answered by a note at its own time plus 30 ms, which later blocks must place."""
    driver_stamps = api != "rtmidi:jack"
    if driver_stamps:
        pytest.importorskip("pylibremidi", reason="pip install 'sideman[libremidi]'")
    pending: list[int] = []
    stamps: list[int] = []

    def step(block: Block) -> Outputs:
        stamps.extend(m.ns for m in block.midi if m.data == b"\xf8")
        pending.extend(m.ns + 30_000_000 for m in block.midi if m.data == b"\xf8")
        end_ns = block.ns0 + block.frames * 10**9 // 48_000
        out = []
        while pending and pending[0] < end_ns:
            offset = max(0, (pending.pop(0) - block.ns0) * 48_000 // 10**9)
            out.append(MidiOut(offset, 0, ON))
        return Outputs(out, np.zeros((2, block.frames), np.float32))

    ports = MidiPorts(["piano"], clock_source="jack_midi_clock", api=api)
    driver = PacerDriver(midi=ports)
    driver.start(step)
    try:
        assert driver.name.endswith(f"MIDI: {name}")
        recorder = record([ClockMaster.PORT, "Sideman piano"])
        clock_master.play()
        time.sleep(1.5)
        clock_master.halt()
        time.sleep(0.2)
    finally:
        driver.stop([MidiOut(0, 0, OFF)])
    taken: Recording = recorder.stop()
    clocks = taken.frames_of(ClockMaster.PORT, 0xF8)
    notes = taken.frames_of("Sideman piano", 0x90)
    assert len(clocks) > 60
    assert len(notes) == len(clocks), "none lost, none doubled"
    late_ms = (notes - clocks) / 48 - 30
    # Sent at a period's start; stamped on arrival, or by JACK's filter, which bends on a busy machine.
    assert -25 < np.median(late_ms) < 25 if driver_stamps else -5 < np.median(late_ms) < 20
    error_ms = np.abs(np.diff(stamps) / 1e6 - np.diff(clocks) / 48)
    assert np.median(error_ms) < (0.2 if driver_stamps else 2.0)
    assert taken.midi["Sideman piano"][-1].data == OFF
    assert (ports.dropped, ports.failed, driver.step_errors) == (0, 0, 0)


def test_a_named_port_that_vanishes_is_opened_again_by_rtmidi(jack_server: JackServer) -> None:
    """The synth is a recorder: a process of its own, because RtMidi holds the interpreter's lock while it opens ports,
    and JACK would wait for a Python callback beside it."""

    def until(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 8
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def synth() -> JackRecorder:
        recorder = JackRecorder(["nobody"], server=jack_server.name, name="synth")
        recorder.start()
        return recorder

    first = synth()
    ports = MidiPorts(["piano"], connect={"piano": "synth:midi"}, api="jack")
    ports.start()
    try:
        ports.send([MidiOut(0, 0, ON)], time.monotonic_ns(), 48_000)
        time.sleep(0.2)
        assert [heard.data for heard in first.stop().midi["nobody"]] == [ON]
        until(lambda: ports.missing == ("synth:midi",))
        second = synth()
        until(lambda: ports.missing == ())
        ports.send([MidiOut(0, 0, OFF)], time.monotonic_ns(), 48_000)
        time.sleep(0.2)
        assert (ports.vanished, ports.reconnected) == (1, 1)
        assert [heard.data for heard in second.stop().midi["nobody"]] == [OFF]
        with pytest.raises(PortError, match=r"MIDI output port 'organ' does not exist. There are: "):
            MidiPorts(["piano"], connect={"piano": "organ"}, api="jack").start()
    finally:
        ports.stop()


PORTAUDIO = """
import json, time
import numpy as np
from bridge.audio_io import PortAudioDriver, output_devices
from bridge.driver import Outputs
blocks = []
def step(block):
    blocks.append((block.frame0, block.ns0, block.frames, time.monotonic_ns()))
    t = (np.arange(block.frames) + block.frame0) % 48
    return Outputs((), np.stack([0.5 * np.sin(2 * np.pi * t / 48)] * 2).astype(np.float32))
driver = PortAudioDriver(48_000, 128, device="system")
driver.start(step)
time.sleep(1.5)
lost = driver.lost
driver.stop()
print(json.dumps({"devices": output_devices(), "name": driver.name, "blocks": blocks, "xruns": driver.xruns,
                  "lost": lost, "errors": driver.step_errors, "latency": driver.latency_frames}))
"""


def test_portaudio_plays_on_a_real_device(jack_server: JackServer) -> None:
    """libportaudio's JACK device; a process of its own, because PortAudio looks for devices once."""
    pytest.importorskip("_sounddevice")
    done = subprocess.run(
        [sys.executable, "-c", PORTAUDIO], env=jack_server.environment, capture_output=True, text=True, timeout=30,
        check=False,
    )  # fmt: skip
    if "PortAudio's library is not installed" in done.stderr:
        pytest.skip("apt-get install libportaudio2")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["name"] == "system by JACK Audio Connection Kit, 128 frames at 48000 Hz"
    assert "system, JACK Audio Connection Kit" in answer["devices"]
    assert (answer["lost"], answer["errors"]) == (None, 0)
    frame0, ns0, frames, now = np.array(answer["blocks"], np.int64).T
    assert len(frame0) > 300
    assert np.array_equal(frame0[1:], frame0[:-1] + frames[:-1])
    assert np.all(np.diff(ns0) >= 0)
    ahead_ms = (ns0 - now)[100:] / 1e6
    assert -5 < np.median(ahead_ms) - answer["latency"] / 48 < 5, "heard one latency after the callback"


def test_auto_takes_the_server_that_answers(jack_server: JackServer) -> None:
    driver = choose_driver(out_ports=["piano"])
    assert isinstance(driver, JackDriver)
    assert driver.name == f"JACK server {jack_server.name}, 128 frames at 48000 Hz"
    driver.stop()


def test_auto_without_a_server_does_not_start_one() -> None:
    driver = choose_driver(out_ports=["piano"], rate=44_100, frames=256)
    assert not isinstance(driver, JackDriver)
    assert driver.rate == 44_100
    if isinstance(driver, PacerDriver):
        assert "JACK server 'sideman-none' does not run" in driver.name
    driver.start(silent)
    time.sleep(0.05)
    driver.stop([MidiOut(0, 0, OFF)])
    assert driver.step_errors == 0
    with pytest.raises(DeviceError, match="does not run"):
        open_client("look", "sideman-none")
