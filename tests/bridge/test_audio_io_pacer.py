"""The pacer on a fake clock, and the guard around every driver's step."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.driver import Block, MidiIn, MidiOut, Outputs
from bridge.frame_line import NS
from bridge.guarded_step import GuardedStep
from bridge.lateness import Lateness
from bridge.pacer import BEHIND_NS, LEAD_NS, Pace, PacerDriver
from bridge.ports.midi_ports import MidiPorts

RATE = 48_000


class FakeMidi:
    """Stands for MidiPorts."""

    name = "fake MIDI"

    def __init__(self) -> None:
        self.inbox: list[MidiIn] = []
        self.sent: list[tuple[int, int, bytes]] = []
        self.last: Sequence[MidiOut] | None = None
        self.started = False

    def start(self) -> None:
        self.started = True

    def take(self) -> list[MidiIn]:
        taken, self.inbox = self.inbox, []
        return taken

    def send(self, events: Sequence[MidiOut], ns0: int, rate: int) -> None:
        self.sent.extend((ns0 + e.offset * NS // rate, e.port, e.data) for e in events)

    def stop(self, last: Sequence[MidiOut] = ()) -> None:
        self.last = list(last)


class Clock:
    """Time passes while the pacer sleeps; `stalls` are added to the sleeps, one each."""

    def __init__(self, stalls_ns: list[int]) -> None:
        self.ns = 10**12
        self.stalls_ns = stalls_ns

    def now(self) -> int:
        return self.ns

    def sleep(self, seconds: float) -> None:
        self.ns += round(seconds * 1e9) + (self.stalls_ns.pop(0) if self.stalls_ns else 0)


def run(stalls_ns: list[int], frames: int, rate: int, turns: int) -> tuple[PacerDriver, list[tuple[Block, int]]]:
    """A driver turned by hand, without its thread: the blocks, and when each was rendered."""
    clock = Clock(stalls_ns)
    blocks: list[tuple[Block, int]] = []

    def step(block: Block) -> Outputs:
        blocks.append((block, clock.ns))
        return Outputs((), np.zeros((2, block.frames), np.float32))

    driver = PacerDriver(rate, frames, clock=clock.now, sleep=clock.sleep, first_frame=7)
    driver._guard = GuardedStep(step, rate, frames, 7)
    driver._pace = Pace(rate, frames, 7, clock.ns)
    driver._running = True
    while len(blocks) < turns:
        driver.turn()
    return driver, blocks


@given(
    stalls_us=st.lists(st.integers(0, 120_000), max_size=40),
    frames=st.sampled_from([64, 128, 441, 1024]),
    rate=st.sampled_from([44_100, 48_000]),
)
def test_blocks_are_in_time_without_gaps_and_without_bursts(stalls_us: list[int], frames: int, rate: int) -> None:
    driver, blocks = run([us * 1000 for us in stalls_us], frames, rate, 80)
    period_ns = frames * NS / rate
    assert [block.frame0 for block, _ in blocks] == [7 + frames * index for index in range(80)]
    times = [block.ns0 for block, _ in blocks]
    missed = 0
    for before, after in pairwise(times):
        left_out = round((after - before) / period_ns) - 1
        assert after - before == pytest.approx((left_out + 1) * period_ns, abs=3), "on the grid, always"
        assert left_out >= 0
        missed += left_out
    first_missed = round((times[0] - LEAD_NS - 10**12) / period_ns)
    assert driver.xruns == missed + first_missed
    for block, rendered_ns in blocks:
        due_ns = block.ns0 - LEAD_NS
        assert rendered_ns >= due_ns - 1, "never early (but for rounding)"
        assert rendered_ns - due_ns <= BEHIND_NS + period_ns, "never further behind than the bound"
    assert driver.line is not None
    assert driver.line.ns(blocks[-1][0].frame0) == pytest.approx(times[-1], abs=2)


def test_a_small_delay_is_caught_up_and_counted_as_lateness() -> None:
    driver, blocks = run([0, 9_000_000], 128, RATE, 12)
    assert driver.xruns == 0
    assert driver.lateness.percentile_ms(100)[0] == pytest.approx(9.0, abs=0.01)
    assert [rendered for _, rendered in blocks].count(blocks[2][1]) == 4, "the due ones at once"


def test_midi_goes_in_and_out_with_times() -> None:
    midi = FakeMidi()
    clock = Clock([])
    seen: list[MidiIn] = []

    def step(block: Block) -> Outputs:
        seen.extend(block.midi)
        return Outputs([MidiOut(48, 0, b"\x90\x3c\x64")], np.zeros((2, block.frames), np.float32))

    driver = PacerDriver(RATE, 128, midi=cast(MidiPorts, midi), clock=clock.now, sleep=clock.sleep)
    driver._guard = GuardedStep(step, RATE, 128)
    driver._pace = Pace(RATE, 128, 0, clock.ns)
    driver._running = True
    midi.inbox = [MidiIn(5, "clock in", b"\xf8")]
    driver.turn()
    assert seen == [MidiIn(5, "clock in", b"\xf8")]
    assert midi.sent == [(10**12 + LEAD_NS + 1_000_000, 0, b"\x90\x3c\x64")]


def test_start_and_stop_in_real_time() -> None:
    midi = FakeMidi()
    blocks: list[tuple[int, int]] = []

    def step(block: Block) -> Outputs:
        blocks.append((block.frame0, block.ns0))
        if block.frame0 == 128 * 3:
            raise ValueError("wrong note")
        return Outputs((), np.zeros((2, block.frames), np.float32))

    driver = PacerDriver(RATE, 128, midi=cast(MidiPorts, midi), why="asked for")
    assert driver.name == "no audio device: pacer, 128 frames at 48000 Hz (asked for)"
    began_ns = time.monotonic_ns()
    driver.start(step)
    assert driver.name.endswith("; MIDI: fake MIDI")
    while len(blocks) < 40 and time.monotonic_ns() - began_ns < 5 * NS:
        time.sleep(0.001)
    driver.stop([MidiOut(0, 0, b"\x80\x3c\x00")])
    count = len(blocks)
    assert midi.last == [MidiOut(0, 0, b"\x80\x3c\x00")]
    assert [frame0 for frame0, _ in blocks] == [128 * index for index in range(count)]
    assert blocks[0][1] >= began_ns + LEAD_NS
    assert (driver.step_errors, driver.lost) == (1, None)
    assert "ValueError: wrong note" in driver.last_traceback
    time.sleep(0.01)
    driver.stop()
    assert len(blocks) == count, "step is called no more"


@given(
    period=st.integers(1, 3000),
    offsets=st.lists(st.integers(0, 2999), max_size=20),
    max_frames=st.sampled_from([32, 128, 1000]),
)
def test_a_period_of_any_length_is_one_music(period: int, offsets: list[int], max_frames: int) -> None:
    """What comes out does not depend on how a period is cut: an echo answers each message at its frame."""
    ns0 = 10**12
    midi = [
        MidiIn(ns0 + round(offset * NS / RATE), "clock in", bytes((0x90, 60, index)))
        for index, offset in enumerate(sorted(o for o in offsets if o < period))
    ]
    longest = 0

    def echo(block: Block) -> Outputs:
        nonlocal longest
        longest = max(longest, block.frames)
        notes = [MidiOut(round((m.ns - block.ns0) * RATE / NS), 0, m.data) for m in block.midi]
        assert all(0 <= note.offset < block.frames for note in notes)
        ramp = np.arange(block.frame0, block.frame0 + block.frames, dtype=np.float32)
        return Outputs(notes, np.stack([ramp, -ramp]))

    guard = GuardedStep(echo, RATE, max_frames, 500)
    midi_out, audio = guard.render(ns0, period, midi)
    assert guard.errors == 0, guard.last_traceback
    assert [(n.offset, n.data) for n in midi_out] == [(round((m.ns - ns0) * RATE / NS), m.data) for m in midi]
    assert audio.shape == (2, period)
    assert np.array_equal(audio[0], np.arange(500, 500 + period, dtype=np.float32))
    assert np.array_equal(audio[1], -audio[0])
    assert longest <= max_frames
    assert guard.frame == 500 + period


def test_no_message_is_lost_at_the_edges_of_a_period() -> None:
    """One stamped a hair before or after the period (other clocks, rounding) still belongs to some block."""
    got: list[int] = []

    def step(block: Block) -> Outputs:
        got.extend(m.ns for m in block.midi)
        return Outputs((), np.zeros((2, block.frames), np.float32))

    stamps = [10**12 - 5, 10**12, 10**12 + 10**9, 10**12 + 2 * 10**9]
    GuardedStep(step, RATE, 128).render(10**12, 1024, [MidiIn(ns, "clock in", b"\xf8") for ns in stamps])
    assert got == stamps


@pytest.mark.parametrize("error", [ValueError("bad chord"), KeyboardInterrupt(), SystemExit(1)])
def test_whatever_step_raises_becomes_silence(error: BaseException) -> None:
    def step(block: Block) -> Outputs:
        if block.frame0 == 128:
            raise error
        return Outputs((), np.ones((2, block.frames), np.float32))

    guard = GuardedStep(step, RATE, 128)
    sums = [float(guard.render(0, 128, ()).audio.sum()) for _ in range(3)]
    assert sums == [256.0, 0.0, 256.0]
    assert guard.errors == 1
    assert guard.last_error is error
    assert type(error).__name__ in guard.last_traceback


def test_lateness_keeps_the_last_ones() -> None:
    lateness = Lateness(size=100)
    assert lateness.percentile_ms(50, 100) == (0.0, 0.0)
    for ms in range(1000):
        lateness.add(ms * 1_000_000)
    assert lateness.count == 1000
    assert lateness.percentile_ms(0, 50, 100) == (900.0, 949.5, 999.0)
    assert lateness.last(2) == [998_000_000, 999_000_000]
    assert len(lateness.last(1000)) == 100
    assert lateness.last(0) == Lateness(size=5).last(3) == []
