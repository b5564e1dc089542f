"""Synchronised playback against simulated networks, clocks and crystals: where the sound really is, to the sample."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.frame_line import NS
from bridge.stream.playback import FADE_FRAMES, Playback, Report
from bridge.stream.resampling import AHEAD, Interpolator
from bridge.stream.server_clock import ServerClock
from bridge.stream.sync import (
    MAX_CORRECTION,
    RESYNC_NS,
    EarlySchedule,
    Moment,
    Schedule,
    ServerLine,
    Steering,
    SyncSchedule,
)
from bridge.stream.wire import Audio

RATE = 48_000
LATENCY_NS = 60_000_000
CODE_PERIOD = 1 << 15


def pattern(frame0: int, frames: int) -> NDArray[np.float32]:
    """Left a sine, right its quadrature, whose phase tells the frame to a hundredth within CODE_PERIOD / 16 frames."""
    w = 2 * np.pi * 16 / CODE_PERIOD
    n = np.arange(frame0, frame0 + frames)
    return np.stack([np.sin(w * n), np.cos(w * n)]).astype(np.float32)


def place(out: NDArray[np.float32], near: float) -> float:
    """The frame that the first sample of `out` is, of the pattern; near: to within 1000 frames."""
    w = 2 * np.pi * 16 / CODE_PERIOD
    angle = np.arctan2(float(out[0, 0]), float(out[1, 0]))
    period = CODE_PERIOD / 16
    at = angle / w
    return float(at + round((near - at) / period) * period)


class Room:
    """A client: its clock `ppm` off and its device's crystal `device_ppm`, its network's jitter, its block sizes.

    True time is the server's. heard() tells what it plays there.
    """

    def __init__(self, seed: int, ppm: float, device_ppm: float, jitter_ns: float, pull: int = 256,
                 out_rate: int = RATE, early: bool = False) -> None:
        self.dice = random.Random(seed)
        self.ppm, self.device_ppm, self.jitter_ns, self.pull, self.out_rate = ppm, device_ppm, jitter_ns, pull, out_rate
        self.clock = ServerClock()
        self.schedule: Schedule = EarlySchedule(AHEAD) if early else SyncSchedule(self.clock, LATENCY_NS)
        self.playback = Playback(self.schedule, out_rate)
        self.output_latency_ns = 7_000_000

    def local(self, server_ns: float) -> int:
        return round(3 * NS + (server_ns - NS) * (1 + self.ppm / 1e6))

    def way_ns(self) -> float:
        return 150_000 + self.dice.expovariate(1 / self.jitter_ns)

    def run(self, seconds: float, *, card_ppm: float = 30.0, block: int = 256,
            lost: Callable[[int], bool] = lambda n: False,
            shift: Callable[[float], float] = lambda ns: 0.0,
            late_ns: Callable[[float], float] = lambda ns: 0.0) -> Heard:
        """A server whose card is card_ppm fast sends blocks from true time NS on; shift: of its line, at a time."""
        period = block * NS / (RATE * (1 + card_ppm / 1e6))
        sent = [(NS + n * period, n) for n in range(int(seconds * NS / period))]
        arrivals = sorted((ns + late_ns(ns) + self.way_ns(), ns + shift(ns), n) for ns, n in sent if not lost(n))
        pings, ping_ns, at = 0, float(NS), 0
        pull_ns = self.pull * NS / (self.out_rate * (1 + self.device_ppm / 1e6))
        errors, outs, times, reports = [], [], [], []
        steps = int(seconds * NS / pull_ns)
        for step in range(steps):
            true_ns = NS + 1_234_567 + step * pull_ns
            while ping_ns <= true_ns:
                out, back = self.way_ns(), self.way_ns()
                sent_local = self.local(ping_ns)
                self.clock.add(sent_local, round(ping_ns + out), max(sent_local, self.local(ping_ns + out + back)))
                ping_ns += out + back + self.clock.wait_s * NS
                pings += 1
            while at < len(arrivals) and arrivals[at][0] <= true_ns:
                arrived, server_ns, n = arrivals[at]
                self.playback.push(Audio(n * block, round(server_ns), RATE, pattern(n * block, block)),
                                   self.local(arrived))
                at += 1
            now = self.local(true_ns)
            heard = self.playback.pull(self.pull, now + self.output_latency_ns, now)
            outs.append(heard)
            reports.append(self.playback.report)
            times.append(true_ns)
            # What should be heard, by true time, at the moment at which the first sample leaves the device:
            due = true_ns + self.output_latency_ns - LATENCY_NS
            wanted = (due - shift(due) - NS) / period * block
            loud = float(np.hypot(heard[0, 0], heard[1, 0]))
            errors.append((place(heard, wanted) - wanted) / RATE * 1e6 if loud > 0.5 else np.nan)
        return Heard(np.array(errors), np.concatenate(outs, axis=1), np.array(times), reports)


class Heard(NamedTuple):
    """errors_us: of what was heard at each pull, positive when too early in the room; NaN while silent."""

    errors_us: NDArray[np.float64]
    sound: NDArray[np.float32]
    times_ns: NDArray[np.float64]
    reports: list[Report]

    def after(self, seconds: float) -> NDArray[np.float64]:
        errors = self.errors_us[self.times_ns > NS + seconds * NS]
        return np.asarray(errors[~np.isnan(errors)])


@pytest.mark.parametrize(("ppm", "device_ppm", "rate"), [(100, 0, RATE), (-100, 80, RATE), (0, -60, 44_100)])
def test_what_is_heard_is_where_the_server_wants_it(ppm: float, device_ppm: float, rate: int) -> None:
    heard = Room(1, ppm, device_ppm, 100_000, out_rate=rate).run(12)
    assert np.isnan(heard.errors_us[: int(0.3 * rate / 256)]).any()  # it waits until the clock is known
    assert np.abs(heard.after(1)).max() < 400
    assert np.abs(heard.after(8)).max() < 100
    last = heard.reports[-1]
    assert (last.late, last.resyncs, last.lost_frames) == (0, 0, 0)
    assert max(abs(r.correction) for r in heard.reports) <= MAX_CORRECTION


def test_two_rooms_play_the_same_sample_within_a_ms() -> None:
    one = Room(2, 100, 50, 50_000, pull=128).run(8)
    other = Room(3, -40, -70, 400_000, pull=512, out_rate=44_100).run(8)
    apart = np.percentile(np.abs(one.after(2)), 99) + np.percentile(np.abs(other.after(2)), 99)
    assert apart < 500


def test_a_crystal_that_is_off_leaves_no_lasting_error() -> None:
    heard = Room(4, 0, 100, 10_000).run(20, card_ppm=-50)
    assert np.abs(np.median(heard.after(15))) < 20
    # the line is 50 ppm slow and the device takes 100 ppm too much: it must play 150 ppm slower
    assert heard.reports[-1].drift == pytest.approx(-150e-6, abs=20e-6)


def test_small_shifts_are_slid_and_large_ones_jumped() -> None:
    small = Room(5, 0, 0, 10_000).run(10, shift=lambda ns: 1_000_000 if ns > 3 * NS else 0)
    assert small.reports[-1].resyncs == 0
    assert np.abs(small.after(9)).max() < 150
    large = Room(5, 0, 0, 10_000).run(6, shift=lambda ns: 3_000_000 if ns > 3 * NS else 0)
    assert large.reports[-1].resyncs == 1
    assert large.reports[-1].late == 0
    assert np.abs(large.after(3)).max() < RESYNC_NS / 1e3
    steps = np.abs(np.diff(large.sound[:, -RATE * 4 :], axis=1)).max()
    assert steps < 0.03  # no click: the code itself moves by 0.003 a sample, 144 frames of it in a fade of 128


def test_a_gap_is_silent_without_a_click_and_in_time_afterwards() -> None:
    heard = Room(6, 0, 0, 10_000).run(6, lost=lambda n: 500 <= n < 505)
    assert heard.reports[-1].lost_frames == 1280
    assert heard.reports[-1].late == 0
    assert np.abs(np.diff(heard.sound, axis=1)).max() < 0.02
    assert np.abs(heard.after(1)).max() < 200


def test_what_comes_too_late_is_silence_and_then_goes_on_in_time() -> None:
    def stall(ns: float) -> float:
        return max(0.0, 3.2 * NS - ns) if 3 * NS < ns < 3.2 * NS else 0.0

    heard = Room(7, 0, 0, 10_000).run(6, late_ns=stall)
    assert heard.reports[-1].late == 1
    assert np.abs(np.diff(heard.sound, axis=1)).max() < 0.02
    assert np.abs(heard.after(2.5)).max() < 200
    silent = np.abs(heard.sound[:, RATE : RATE * 5]).max(axis=0) < 1e-6
    assert 0.1 * RATE < silent.sum() < 0.2 * RATE  # as long as the stall, less the latency


def test_early_plays_a_few_blocks_after_what_came() -> None:
    room = Room(8, 0, 60, 300_000, early=True)
    heard = room.run(12)
    last = heard.reports[-1]
    assert last.playing
    assert last.resyncs <= 1
    assert last.late <= 3  # while it learns how late blocks may be
    fill_ms = [r.fill_s * 1e3 for r in heard.reports if r.playing]
    # a block in reserve, one to take, jitter's worst and the interpolation's reach
    assert 4.0 < np.median(fill_ms) < 16.0
    assert sum(r.late for r in heard.reports[-100:]) == 100 * last.late


def test_early_waits_longer_when_blocks_come_later() -> None:
    heard = Room(9, 0, 0, 10_000, early=True).run(16, late_ns=lambda ns: 15_000_000 if int(ns / 1e8) % 10 == 3 else 0)
    half = len(heard.reports) // 2
    assert heard.reports[-1].late == heard.reports[half].late  # it has learnt


def test_a_stream_that_begins_anew_is_played() -> None:
    clock = ServerClock()
    playback = Playback(SyncSchedule(clock, 20_000_000), RATE)
    for n in range(20):
        clock.add(n * 1000, n * 1000 + 100, n * 1000 + 200)
    def feed(first: int, ns0: int) -> float:
        for n in range(8):
            playback.push(Audio(first + 512 * n, ns0 + 512 * n * NS // RATE, RATE, pattern(512 * n, 512)), ns0)
        for n in range(4):
            out = playback.pull(256, ns0 + 40_000_000 + n * 256 * NS // RATE, 0)
        return float(np.abs(out).max())
    assert feed(90_000_000, NS) > 0.9
    assert feed(0, 5 * NS) > 0.9
    assert playback.report.frame == pytest.approx(0.02 * RATE + 1024, abs=2)


def test_mono_goes_to_both_sides() -> None:
    playback = Playback(EarlySchedule(AHEAD), RATE)
    for n in range(16):
        playback.push(Audio(n * 128, 0, RATE, np.full((1, 128), 0.5, np.float32)), n * 128 * NS // RATE)
        out = playback.pull(128, 0, n * 128 * NS // RATE)
    assert out == pytest.approx(0.5, abs=1e-3)


def test_server_line_goes_both_ways_and_begins_anew() -> None:
    line = ServerLine()
    for n in range(5000):
        line.hear(n * 64, NS + round(n * 64 * NS / 47_990) + (3000 if n > 2500 else 0), RATE)
    for frame in (4000 * 64 + 17.5, 4999 * 64 - 1.0, 5100 * 64.0):
        assert line.frame(line.ns(frame)) == pytest.approx(frame, abs=0.001)
    line.hear(0, 17, RATE)
    assert line.frame(17 + NS) == RATE


def test_early_schedule_cannot_tell_before_anything_came() -> None:
    assert EarlySchedule().frame_at(Moment(0, 0, 128)) is None
    assert SyncSchedule(ServerClock()).frame_at(Moment(0, 0, 128)) is None


def test_steering_is_bounded_and_learns_nothing_at_the_stop() -> None:
    steering = Steering()
    for _ in range(10_000):
        assert abs(steering.step(0.0019, 0.01)) <= MAX_CORRECTION
    assert steering.drift == 0.0
    for _ in range(100):
        steering.step(-0.0001, 0.01)
    assert -MAX_CORRECTION < steering.drift < 0


@pytest.mark.parametrize(("hz", "most_db"), [(100, -110), (1000, -100), (10_000, -98), (18_000, -90)])
def test_resampling_is_inaudible(hz: float, most_db: float) -> None:
    """What is not the sine itself, at a speed that is 0.05 % off."""
    n = np.arange(1 << 15)
    w = 2 * np.pi * hz / RATE
    ring = np.stack([np.sin(w * n), np.cos(w * n)]).astype(np.float32)
    out = Interpolator(ring, 1.0).read(1000, 0.3, 1.0005, 20_000)
    at = w * (1000.3 + 1.0005 * np.arange(20_000))
    basis = np.stack([np.sin(at), np.cos(at)], axis=1)
    gains, *_ = np.linalg.lstsq(basis, out[0].astype(np.float64), rcond=None)
    rest = np.std(out[0] - basis @ gains) / np.std(out[0])
    assert 20 * np.log10(rest) < most_db
    assert 20 * np.log10(np.hypot(*gains)) == pytest.approx(0, abs=0.01)


def test_interpolation_goes_round_the_ring() -> None:
    ring = pattern(0, 1 << 11)
    read = Interpolator(ring, 1.0).read((1 << 11) - 100, 0.25, 1.0, 200)
    assert np.abs(read - pattern(-100, 201)[:, :-1]).max() < 0.01
    assert FADE_FRAMES < 200


def test_a_time_that_is_far_away_fades_to_silence_until_it_comes() -> None:
    """The server's clock has been learnt anew: what is wanted is not there."""
    clock, sound = ServerClock(), []
    playback = Playback(SyncSchedule(clock, 20_000_000), RATE)
    for n in range(20):
        clock.add(n * 1000, n * 1000 + 100, n * 1000 + 200)
    for n in range(400):
        playback.push(Audio(256 * n, NS + 256 * n * NS // RATE, RATE, pattern(256 * n, 256)), 0)
        heard = NS + 20_000_000 + 256 * n * NS // RATE - 10_000_000 - (3 * NS // 2 if n > 200 else 0)
        sound.append(playback.pull(256, heard, heard))
    whole = np.concatenate(sound, axis=1)
    assert np.abs(whole[:, 50 * 256 : 200 * 256]).max() > 0.99
    assert np.abs(whole[:, 242 * 256 : 280 * 256]).max() == 0
    assert np.abs(whole[:, 320 * 256 :]).max() > 0.99
    assert np.abs(np.diff(whole, axis=1)).max() < 0.02
