"""JACK's transport as the master, over jackd: jack_transport at the controls, jack_midi_clock as the other witness.

Each case has a number (continued from tests/bridge/test_playhead_follower.py), a name, an origin and a tolerance in
its docstring.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from bridge.clock.follower import Change, Event
from bridge.clock.masters import Masters
from bridge.driver import Block, MidiOut, Outputs, Playhead
from bridge.errors import DeviceError

try:
    from bridge.jack.client import close_client, open_client
    from bridge.jack.io import JackDriver
    from bridge.jack.peers import ClockMaster, JackServer
except DeviceError as error:
    pytest.skip(str(error), allow_module_level=True)

pytestmark = [pytest.mark.peer("jackd"), pytest.mark.timeout(60), pytest.mark.usefixtures("quiet_heap")]

RATE = 48_000
ON = b"\x90\x3c\x64"


class Band:
    """The step of a driver: follows the playhead and plays a note on each quarter, keeping what it was told."""

    def __init__(self, bpm: float = 100.0) -> None:
        self.masters = Masters(bpm, "jack")
        self.events: list[Event] = []
        self.playheads: list[Playhead] = []
        self.notes: list[float] = []
        """The transport's frame at each note."""
        self.playing = False
        self._next = 0

    def __call__(self, block: Block) -> Outputs:
        rate_ns = (block.frame0 + block.skipped) * 1_000_000_000 // RATE  # as the engine: on the device's own clock
        assert block.playhead is not None
        playhead = block.playhead._replace(ns=block.playhead.ns + rate_ns - block.ns0)
        self.playheads.append(playhead)
        for event, follower in self.masters.see(playhead):
            self.events.append(event)
            if event.change is Change.STARTED:
                self._next = -(-event.tick // 960)
                self.playing = True
            elif event.change is Change.STOPPED:
                self.playing = False
            assert follower is self.masters.leader or event.change is Change.LOCATED
        notes = list(self._notes(rate_ns, block.frames))
        self.notes += [playhead.seconds * RATE + note.offset for note in notes]
        return Outputs(notes, np.zeros((2, block.frames), np.float32))

    def _notes(self, ns: int, frames: int) -> Iterator[MidiOut]:
        leader = self.masters.leader
        while self.playing and leader is not None:
            offset = round((leader.line.ns_at(self._next * 960) - ns) * RATE / 1e9)
            if offset >= frames:
                return
            yield MidiOut(max(0, offset), 0, ON)
            self._next += 1

    def changes(self) -> list[str]:
        return [e.change.name for e in self.events]


@pytest.fixture
def play(jack_server: JackServer) -> Iterator[Callable[[Band], JackDriver]]:
    drivers: list[JackDriver] = []

    def start(band: Band) -> JackDriver:
        driver = JackDriver("sideman", ("piano",), server=jack_server.name, playhead=True)
        drivers.append(driver)
        driver.start(band)
        return driver

    yield start
    for driver in drivers:
        driver.stop()
        assert driver.step_errors == 0, driver.last_traceback


def off_grid(notes: list[float], frames: int) -> int:
    """How many notes are more than a frame from a multiple of `frames` of the transport."""
    return sum(abs((note + frames / 2) % frames - frames / 2) > 1 for note in notes)


def until(condition: Callable[[], object], seconds: float = 5.0) -> bool:
    """Wait for another process or JACK's thread: there is no clock of ours to fake."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


@pytest.mark.peer("jack_midi_clock")
def test_notes_fall_with_the_clock_of_another_program(
    play: Callable[[Band], JackDriver], clock_master: ClockMaster, record: Callable[..., Any]
) -> None:
    """P18: notes on the beats of the transport, as jack_midi_clock counts them from the same transport. One frame."""
    band = Band()
    driver = play(band)
    recorder = record([ClockMaster.PORT, "sideman:piano"])
    clock_master.play()
    time.sleep(3.2)
    clock_master.halt()
    assert until(lambda: not band.playing)
    taken = recorder.stop()
    notes, clocks = taken.frames_of("sideman:piano", 0x90), taken.frames_of(ClockMaster.PORT, 0xF8)
    assert len(notes) >= 6
    # An xrun may cost one cycle of the clock, of ours, or of the recorder's. Else all is exact.
    xruns = max(driver.xruns, taken.xruns)
    assert np.count_nonzero(np.diff(notes) != 24_000) <= 2 * xruns
    apart = np.abs(clocks[::24, None] - notes[None, :]).min(axis=0)
    assert xruns or apart.max() <= 1
    assert band.changes()[-1] == "STOPPED" and band.changes().count("STARTED") == 1


@pytest.mark.peer("jack_midi_clock")
def test_a_tempo_changed_while_it_rolls(play: Callable[[Band], JackDriver], clock_master: ClockMaster) -> None:
    """P19: jack_transport counts the beats anew from frame 0 at another tempo: a jump, then its beats. One frame."""
    band = Band()
    driver = play(band)
    clock_master.play()
    assert until(lambda: len(band.notes) >= 3)
    clock_master.tempo(90)
    assert until(lambda: band.changes().count("STARTED") == 2)
    jump = len(band.notes)
    assert until(lambda: len(band.notes) >= jump + 3)
    clock_master.halt()
    assert until(lambda: not band.playing)
    assert off_grid(band.notes[:jump], 24_000) + off_grid(band.notes[jump:], 32_000) <= driver.xruns
    leader = band.masters.leader
    assert leader is not None and leader.line.bpm == 90.0
    assert band.changes() == ["LOCATED", "STARTED", "STARTED", "STOPPED"]


@pytest.fixture
def controls(jack_server: JackServer) -> Iterator[Any]:
    """A client that moves the transport; no timebase master. Stopped at the start when it begins and ends."""
    client = open_client("controls", jack_server.name)

    def rewind() -> None:
        client.transport_stop()
        client.transport_frame = 0

    rewind()
    time.sleep(0.1)
    yield client
    rewind()
    close_client(client)


def test_without_a_master_of_tempo_the_sessions_own_counts(play: Callable[[Band], JackDriver], controls: Any) -> None:
    """P20: seconds at 100 BPM; located while stopped and while rolling. One frame, and each jump in its block."""
    band = Band(100.0)
    driver = play(band)
    controls.transport_frame = 10 * RATE
    assert until(lambda: band.events and band.events[-1].tick == 16_000), "10 s are 16 2/3 beats"
    controls.transport_start()
    assert until(lambda: len(band.notes) >= 2)
    controls.transport_frame = 60 * RATE
    assert until(lambda: band.changes().count("STARTED") == 2)
    at = [e.tick for e in band.events if e.change is Change.STARTED]
    assert until(lambda: len(band.notes) >= 4)
    controls.transport_stop()
    assert until(lambda: not band.playing)
    assert at == [16_000, 96_000]
    assert off_grid(band.notes, 28_800) <= driver.xruns
    assert band.notes[0] < 12 * RATE and band.notes[-1] >= 60 * RATE


def test_starting_waits_for_a_slow_program(play: Callable[[Band], JackDriver], controls: Any) -> None:
    """P21: while another program is not ready (JackTransportStarting) nothing plays; then tick 0 is its first frame."""
    waited = []

    def sync(_state: object, _position: object) -> bool:
        waited.append(True)
        return len(waited) > 40

    band = Band(120.0)
    play(band)
    controls.set_sync_callback(sync)
    controls.activate()
    controls.transport_start()
    assert until(lambda: band.playing)
    assert len(waited) > 40
    rolling = [p.playing for p in band.playheads].index(True)
    assert band.playheads[rolling].seconds == 0.0
    assert until(lambda: band.notes)
    assert band.notes[0] == 0.0
    controls.set_sync_callback(None)


def test_another_programs_bars_in_six_eight(
    play: Callable[[Band], JackDriver], controls: Any, jack_server: JackServer
) -> None:
    """P22: a timebase master of our own: 6/8 at 180 eighths, from bar 3 on. One frame."""
    def timebase(_state: object, _frames: int, position: Any, _new: object) -> None:
        eighths = 12 + position.frame * 3 / RATE
        position.bar, position.beat = int(eighths) // 6 + 1, int(eighths) % 6 + 1
        position.tick = int(eighths % 1 * 960)
        position.beats_per_bar, position.beat_type, position.ticks_per_beat = 6, 8, 960
        position.beats_per_minute = 180
        position.valid = 0x10

    band = Band(120.0)
    controls.set_timebase_callback(timebase)
    controls.activate()
    driver = play(band)
    controls.transport_start()
    assert until(lambda: len(band.notes) >= 4)
    controls.transport_stop()
    assert until(lambda: not band.playing)
    assert [e.tick for e in band.events if e.change is Change.STARTED] == [6 * 960]
    assert off_grid(band.notes, 32_000) <= driver.xruns


def test_what_the_transport_costs(play: Callable[[Band], JackDriver], jack_server: JackServer) -> None:
    """P23: reading the transport in the callback. Median below 0.05 ms."""
    from bridge.jack.transport import JackTransport

    client = open_client("costs", jack_server.name)
    costs: list[int] = []
    transport = JackTransport(client)

    def process(frames: int) -> None:
        began = time.perf_counter_ns()
        transport.read(began, frames)
        costs.append(time.perf_counter_ns() - began)

    client.set_process_callback(process)
    client.activate()
    assert until(lambda: len(costs) > 300)
    close_client(client)
    assert np.median(costs) < 50_000
