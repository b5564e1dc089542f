"""JackDriver on a real jackd, against a real MIDI clock."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from bridge.driver import Block, MidiOut, Outputs, Step
from bridge.errors import DeviceError, PortError
from instruments.block import AudioBlock

try:
    from bridge.jack.client import close_client, open_client
    from bridge.jack.io import JackDriver
    from bridge.jack.lib import MidiBuffer
    from bridge.jack.peers import ClockMaster, JackServer
    from bridge.jack.recorder import JackRecorder, Recording
except DeviceError as error:
    pytest.skip(str(error), allow_module_level=True)

pytestmark = [pytest.mark.peer("jackd"), pytest.mark.timeout(60), pytest.mark.usefixtures("quiet_heap")]

RATE = 48_000
ON, OFF = b"\x90\x3c\x64", b"\x80\x3c\x00"


def silent(block: Block) -> Outputs:
    return Outputs((), np.zeros((2, block.frames), np.float32))


def echo(block: Block) -> Outputs:
    """A note for each F8, on its frame, and a sine of 1 kHz that goes by the absolute frame."""
    notes = [MidiOut(round((m.ns - block.ns0) * RATE / 1e9), 0, ON) for m in block.midi if m.data == b"\xf8"]
    return Outputs(notes, np.stack([sine(block.frame0, block.frames)] * 2))


def sine(frame0: int, frames: int) -> AudioBlock:
    return (0.5 * np.sin(2 * np.pi * ((np.arange(frames) + frame0) % 48) / 48)).astype(np.float32)


@pytest.fixture
def drive(jack_server: JackServer) -> Iterator[Callable[..., JackDriver]]:
    """drive(step, **arguments): a started driver with one track, "piano"; stopped at the end."""
    drivers: list[JackDriver] = []

    def start(step: Step, **arguments: Any) -> JackDriver:
        driver = JackDriver("sideman", ("piano",), server=jack_server.name, **arguments)
        drivers.append(driver)
        driver.start(step)
        return driver

    yield start
    for driver in drivers:
        driver.stop()


def until(condition: Callable[[], object], seconds: float = 5.0) -> bool:
    """Wait for another process or JACK's thread: there is no clock of ours to fake."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def steady_part(audio: AudioBlock) -> AudioBlock:
    """From some cycles after the first sound: the recorder runs before it is connected, one channel after the other."""
    first = max(int(np.flatnonzero(np.abs(channel) > 0.1)[0]) for channel in audio)
    return audio[:, first + 1024 :]


@pytest.mark.peer("jack_midi_clock")
def test_notes_fall_on_the_frames_of_the_clock(
    drive: Callable[..., JackDriver], clock_master: ClockMaster, record: Callable[..., Any]
) -> None:
    driver = drive(echo, clock_source="jack_midi_clock")
    recorder = record([ClockMaster.PORT, "sideman:piano"], ["sideman:out_l", "sideman:out_r"])
    clock_master.play()
    time.sleep(1.5)
    clock_master.tempo(90)
    time.sleep(1.0)
    clock_master.halt()
    time.sleep(0.2)
    taken: Recording = recorder.stop()
    clocks, notes = taken.frames_of(ClockMaster.PORT, 0xF8), taken.frames_of("sideman:piano", 0x90)
    assert len(clocks) > 80
    # On a machine so loaded that JACK goes on without a client, each such xrun may spoil one cycle. Else all is exact.
    xruns = max(driver.xruns, taken.xruns)
    wrong = set(clocks.tolist()) ^ set(notes.tolist())
    assert len(wrong) <= 2 * xruns, f"{len(wrong)} notes or clocks without the other, {xruns} xruns"
    assert len(notes) == len(set(notes)), "each note once"
    assert set(np.diff(clocks)) >= {1000, 1333}, "120 BPM, then 90"
    assert (driver.refused, driver.lost_midi_in, driver.step_errors, taken.lost) == (0, 0, 0, 0)
    # A sine obeys x[n+1] = 2 cos(w) x[n] - x[n-1]: a sample lost, doubled or changed breaks it.
    sound = steady_part(taken.audio)
    assert sound.shape[1] > RATE
    bend = np.abs(sound[0, 2:] - 2 * np.cos(2 * np.pi / 48) * sound[0, 1:-1] + sound[0, :-2])
    breaks = len(set((np.flatnonzero(bend > 1e-5) // 4).tolist()))
    assert breaks <= 4 * xruns, f"{breaks} breaks in the sine, {xruns} xruns"
    assert xruns or np.array_equal(sound[0], sound[1])


def test_stop_sends_the_last_messages(drive: Callable[..., JackDriver], record: Callable[..., Any]) -> None:
    def once(block: Block) -> Outputs:
        return Outputs([MidiOut(5, 0, ON)] if block.frame0 == 1280 else (), np.zeros((2, block.frames), np.float32))

    driver = drive(silent)
    recorder = record(["sideman:piano"])
    driver.stop([MidiOut(77, 0, OFF), MidiOut(3, 0, b"\xb0\x40\x00")])
    heard = recorder.stop().midi["sideman:piano"]
    assert [message.data for message in heard] == [OFF, b"\xb0\x40\x00"], "in the order given, whatever the offsets"
    driver.stop()
    assert driver.lost is None


@pytest.mark.usefixtures("jack_server")  # whose environment hides the machine's own
def test_what_a_late_cycle_sent_is_sent_again() -> None:
    """jackd drops the output of a client that is not done when the next cycle begins: note-offs and clocks, too."""
    blocks, sent = itertools.count(), list[bytes]()

    def step(block: Block) -> Outputs:
        number = next(blocks)
        if number < 400 or number % 20 or len(sent) == 100:
            return silent(block)
        messages = [bytes((0x90 + kind, len(sent) // 2, 100)) for kind in (0, -16)]
        sent.extend(messages)
        if number % 40 == 0:
            busy_until = time.perf_counter() + 2.5 * block.frames / RATE
            while time.perf_counter() < busy_until:
                pass
        return silent(block)._replace(midi=[MidiOut(3, 0, data) for data in messages])

    with JackServer() as server:
        driver = JackDriver("late", ("piano",), server=server.name)
        with JackRecorder(["late:piano"], server=server.name) as recorder:
            driver.start(step)
            assert until(lambda: len(sent) == 100, 20.0)
            time.sleep(0.1)
            driver.stop()
    assert recorder.recording is not None
    heard = [h.data for h in recorder.recording.midi["late:piano"]]
    assert driver.repeated >= 50
    assert len(set(sent) - set(heard)) <= 4
    off = {data[1]: data[0] == 0x80 for data in heard}
    assert sum(not ended for ended in off.values()) <= 2


def test_an_exception_becomes_silence_and_playing_goes_on(
    drive: Callable[..., JackDriver], record: Callable[..., Any]
) -> None:
    state = {"raise": False, "blocks": 0}

    def step(block: Block) -> Outputs:
        state["blocks"] += 1
        if state["raise"]:
            raise ZeroDivisionError("the ninth chord")
        return Outputs((), np.stack([sine(block.frame0, block.frames)] * 2))

    driver = drive(step)
    recorder = record([], ["sideman:out_l"])
    time.sleep(0.1)
    state["raise"] = True
    assert until(lambda: driver.step_errors >= 40)
    state["raise"] = False
    blocks = state["blocks"]
    assert until(lambda: state["blocks"] > blocks + 40)
    errors = driver.step_errors
    time.sleep(0.05)
    assert driver.step_errors == errors
    assert "ZeroDivisionError: the ninth chord" in driver.last_traceback
    sound = np.abs(steady_part(recorder.stop().audio)[0])
    loud = np.flatnonzero(sound[: len(sound) // 128 * 128].reshape(-1, 128).max(axis=1) > 0.4)
    assert np.diff(loud).max() >= 38, "a stretch of silence between two of sound"
    assert np.count_nonzero(loud > loud[np.argmax(np.diff(loud))]) > 20, "and the sound after it lasts"


def test_a_step_that_answers_nonsense_is_survived(drive: Callable[..., JackDriver]) -> None:
    def step(block: Block) -> Outputs:
        bad = [MidiOut(9_999, 0, ON), MidiOut(-1, 0, ON), MidiOut(0, 7, ON), MidiOut(0, 0, b"")]
        return Outputs(bad if block.frame0 < 128 else (), np.zeros((2, block.frames + block.frame0 % 256), np.float32))

    driver = drive(step)
    assert until(lambda: driver.step_errors > 10), "audio of a wrong shape"
    assert driver.refused == 2, "no such port, no message; wrong offsets are put into the block"
    assert "broadcast" in driver.last_traceback


def test_messages_beyond_the_buffer_are_counted(drive: Callable[..., JackDriver], record: Callable[..., Any]) -> None:
    go = []

    def step(block: Block) -> Outputs:
        flood = [MidiOut(0, 0, ON)] * 5_000 if go and go.pop() else ()
        return Outputs(flood, np.zeros((2, block.frames), np.float32))

    driver = drive(step)
    recorder = record(["sideman:piano"])
    go.append(True)
    assert until(lambda: driver.refused > 0)
    time.sleep(0.05)
    assert len(recorder.stop().midi["sideman:piano"]) + driver.refused == 5_000


def test_frames_go_on_and_time_is_steady(drive: Callable[..., JackDriver]) -> None:
    blocks: list[tuple[int, int, int, int]] = []

    def step(block: Block) -> Outputs:
        blocks.append((block.frame0, block.ns0, block.frames, time.monotonic_ns()))
        return silent(block)

    driver = drive(step, first_frame=1_000_003)
    assert until(lambda: len(blocks) > 300)
    driver.stop()
    frame0, ns0, frames, now = np.array(blocks, np.int64).T
    assert frame0[0] == 1_000_003
    assert np.array_equal(frame0[1:], frame0[:-1] + frames[:-1])
    assert driver.line is not None and driver.line.frame0 == frame0[-1] and driver.line.ns0 == ns0[-1]
    if driver.skipped_frames == 0:
        steps = np.diff(ns0) - 128e9 / RATE
        assert np.median(np.abs(steps)) < 10_000, "some us at most, where callbacks jitter by hundreds"
    assert 0 <= np.median(now - ns0) < 20e6, "the cycle began just before step was called"
    assert driver.latency_frames >= 0


def test_a_longer_period_comes_in_blocks_as_before(
    drive: Callable[..., JackDriver], jack_server: JackServer, record: Callable[..., Any]
) -> None:
    seen: list[tuple[int, int]] = []
    metronome = 480

    def step(block: Block) -> Outputs:
        seen.append((block.frame0, block.frames))
        first = -block.frame0 % metronome
        notes = [MidiOut(offset, 0, ON) for offset in range(first, block.frames, metronome)]
        return Outputs(notes, np.stack([sine(block.frame0, block.frames)] * 2))

    driver = drive(step)
    other = open_client("other", jack_server.name)
    try:
        for period in (64, 512):
            other.blocksize = period
            assert until(lambda period=period: driver.period == period)  # type: ignore[misc]
            time.sleep(0.1)
        recorder = record(["sideman:piano"])
        time.sleep(0.3)
        taken = recorder.stop()
        notes = taken.frames_of("sideman:piano", 0x90)
        assert len(notes) > 20
        assert np.count_nonzero(np.diff(notes) != metronome) <= 4 * max(taken.xruns, driver.xruns)
    finally:
        other.blocksize = 128
        close_client(other)
    starts, lengths = np.array(seen).T
    assert set(lengths) == {64, 128}, "step was promised at most 128"
    assert np.array_equal(starts[1:], starts[:-1] + lengths[:-1])
    assert driver.step_errors == 0


class Synth:
    """A JACK client with a MIDI input that counts what it hears."""

    def __init__(self, server: str, name: str = "synth") -> None:
        self.heard = 0
        self._client = open_client(name, server)
        self._input = MidiBuffer(self._client.midi_inports.register("in"))
        self._client.set_process_callback(self._process)
        self._client.activate()

    def _process(self, frames: int) -> None:
        self.heard += sum(1 for _ in self._input.read(frames))

    def close(self) -> None:
        close_client(self._client)


def test_a_port_that_vanishes_is_connected_again(drive: Callable[..., JackDriver], jack_server: JackServer) -> None:
    def step(block: Block) -> Outputs:
        return Outputs([MidiOut(0, 0, ON)], np.zeros((2, block.frames), np.float32))

    synth = Synth(jack_server.name)
    driver = drive(step, connect={"piano": "SYNTH"})
    wire = next(wire for wire in driver.wires if wire.pattern == "SYNTH")
    assert (wire.theirs, wire.connected) == ("synth:in", True)
    assert until(lambda: synth.heard > 10)
    synth.close()
    assert until(lambda: not any(wire.connected for wire in driver.wires if wire.pattern == "SYNTH"))
    synth = Synth(jack_server.name)
    assert until(lambda: synth.heard > 10), driver.wires
    assert driver.reconnected == 1
    synth.close()
    synth = Synth(jack_server.name)  # gone and back at once
    assert until(lambda: synth.heard > 10), driver.wires
    synth.close()
    assert driver.step_errors == 0


def test_what_the_user_disconnects_stays_disconnected(
    drive: Callable[..., JackDriver], jack_server: JackServer
) -> None:
    synth = Synth(jack_server.name)
    driver = drive(silent, connect={"piano": "synth:in"})
    patchbay = open_client("patchbay", jack_server.name)
    patchbay.disconnect("sideman:piano", "synth:in")
    other = Synth(jack_server.name, "another")  # makes the driver look at the ports
    time.sleep(1.2)
    assert not patchbay.get_all_connections("sideman:piano")
    assert driver.reconnected == 0
    for client in (synth, other):
        client.close()
    close_client(patchbay)


def test_ports_that_do_not_exist_are_listed(jack_server: JackServer) -> None:
    synth, second = Synth(jack_server.name), Synth(jack_server.name, "synth-two")
    try:
        driver = JackDriver("sideman", ("piano",), server=jack_server.name, connect={"piano": "organ"})
        with pytest.raises(PortError, match=r"JACK input port 'organ' does not exist. There are: .*'synth:in'"):
            driver.start(silent)
        driver = JackDriver("sideman", ("piano",), server=jack_server.name, connect={"piano": "synth"})
        with pytest.raises(PortError, match=r"'synth' is not clear: it fits 'synth:in', 'synth-two:in'"):
            driver.start(silent)
        with pytest.raises(PortError, match="'pinao' is no port of ours: name one of 'piano', 'clock in'"):
            JackDriver("sideman", ("piano",), server=jack_server.name, connect={"pinao": "synth:in"})
        with pytest.raises(DeviceError, match="give every track its own name"):
            JackDriver("sideman", ("piano", "piano"), server=jack_server.name)
        look = open_client("look", jack_server.name)
        assert not [port.name for port in look.get_ports("^sideman")], "nothing is left behind"
        close_client(look)
    finally:
        synth.close()
        second.close()


def test_two_of_us_on_one_server(drive: Callable[..., JackDriver]) -> None:
    first, second = drive(silent), drive(silent)
    assert first.client_name == "sideman"
    assert second.client_name == "sideman-01"
    assert [wire.connected for wire in second.wires] == [True, True]


def test_without_a_server_the_message_says_what_to_do() -> None:
    started = time.monotonic()
    with pytest.raises(DeviceError, match=r"JACK server 'sideman-nowhere' does not run: start it"):
        JackDriver("sideman", (), server="sideman-nowhere")
    assert time.monotonic() - started < 3.0


def test_a_server_that_dies_is_noticed() -> None:
    with JackServer(sync=True) as server:
        driver = JackDriver("sideman", ("piano",), server=server.name)
        driver.start(silent)
        assert until(lambda: driver.line is not None)
        assert driver.lost is None
        server.kill()
        assert until(lambda: driver.lost is not None, 10.0)
        started = time.monotonic()
        driver.stop([MidiOut(0, 0, OFF)])
        assert time.monotonic() - started < 5.0
        assert driver.lost
