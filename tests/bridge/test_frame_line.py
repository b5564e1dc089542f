"""FrameLine is a line; FrameClock draws it through jitter, drift, stalls and shifts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bridge.frame_line import FrameClock, FrameLine

RATE = 48_000
NS = 1_000_000_000
HOUR = 3600 * NS


@given(
    frame0=st.integers(0, 2**40),
    ns0=st.integers(0, 2**62),
    rate=st.floats(44_000, 192_500),
    ahead=st.integers(-RATE * 3600, RATE * 3600),
)
def test_there_and_back(frame0: int, ns0: int, rate: float, ahead: int) -> None:
    line = FrameLine(frame0, ns0, rate)
    assert line.ns(frame0) == ns0
    assert line.frame(line.ns(frame0 + ahead)) == pytest.approx(frame0 + ahead, abs=1e-3)


def test_a_frame_lasts_as_long_as_the_rate_says() -> None:
    line = FrameLine(1000, 5 * NS, 48_000.0)
    assert line.ns(1000 + 48_000) == 6 * NS
    assert line.frame(5 * NS + NS // 2) == 25_000
    assert line.ns(0) == 5 * NS - 20_833_333


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_is_a_positive_number(rate: float) -> None:
    with pytest.raises(ValueError, match=r"FrameLine\.rate = .*positive"):
        FrameLine(0, 0, rate)


def arrivals(seconds: float, frames: int, ppm: float, jitter_ns: float, seed: int) -> tuple[NDArray[np.int64], ...]:
    """(first frames, true times, arrival times) of callbacks that come late by |N(0, jitter)|."""
    count = int(seconds * RATE / frames)
    frame = np.arange(count, dtype=np.int64) * frames
    true_ns = HOUR + np.round(frame * (NS / (RATE * (1 + ppm / 1e6)))).astype(np.int64)
    late = np.abs(np.random.default_rng(seed).normal(0, jitter_ns, count)).astype(np.int64)
    return frame, true_ns, true_ns + late


def run(clock: FrameClock, frame: NDArray[np.int64], arrival: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.array([clock.update(int(f), int(a)).ns0 for f, a in zip(frame, arrival, strict=True)], np.int64)


@pytest.mark.parametrize("frames", [64, 128, 1024])
@pytest.mark.parametrize("ppm", [-200, 0, 100])
@pytest.mark.parametrize("seed", [1, 2])
def test_jitter_of_a_millisecond_becomes_microseconds(frames: int, ppm: int, seed: int) -> None:
    clock = FrameClock(RATE)
    frame, true_ns, arrival = arrivals(30, frames, ppm, 1e6, seed)
    line_ns = run(clock, frame, arrival)
    half = len(frame) // 2
    error = (line_ns - true_ns)[half:]
    mean_delay = 1e6 * np.sqrt(2 / np.pi)
    spread = 60_000 * np.sqrt(frames / 128)  # fewer callbacks, fewer to average over
    assert abs(error.mean() - mean_delay) < spread
    assert error.std() < spread
    steps = np.diff(line_ns[half:]) - frames * NS / (RATE * (1 + ppm / 1e6))
    assert np.abs(steps).max() < 10_000 * frames / 128, "from block to block"
    assert clock.line is not None and clock.line.rate == pytest.approx(RATE * (1 + ppm / 1e6), rel=60e-6)
    assert clock.jumps == 0


def test_good_within_a_quarter_of_a_second() -> None:
    worst = []
    for seed in range(20):
        frame, true_ns, arrival = arrivals(1, 128, 0, 1e6, seed)
        error = run(FrameClock(RATE), frame, arrival) - true_ns
        worst.append(np.abs(error[94:] - 0.8e6).max())
    assert np.median(worst) < 150_000


def test_without_jitter_it_is_exact() -> None:
    frame, true_ns, arrival = arrivals(5, 128, 0, 0, 0)
    assert np.abs(run(FrameClock(RATE), frame, arrival) - true_ns).max() <= 2


def test_blocks_of_any_size() -> None:
    sizes = np.random.default_rng(5).choice([32, 100, 441, 1024], 4000)
    frame = np.concatenate([[0], np.cumsum(sizes)])
    true_ns = HOUR + np.round(frame * NS / RATE).astype(np.int64)
    assert np.abs(run(FrameClock(RATE), frame, true_ns) - true_ns).max() <= 2


def test_one_late_callback_moves_the_line_by_little() -> None:
    clock = FrameClock(RATE)
    frame, true_ns, arrival = arrivals(10, 128, 0, 0, 0)
    arrival[3000] += 8_000_000
    error = run(clock, frame, arrival) - true_ns
    assert np.abs(error).max() < 30_000


@pytest.mark.parametrize("shift_ns", [7_000_000, -7_000_000, 300_000_000])
def test_a_lasting_shift_is_followed_at_once_and_counted(shift_ns: int) -> None:
    clock = FrameClock(RATE)
    frame, _, arrival = arrivals(10, 128, 50, 20_000, 3)
    arrival[2000:] += shift_ns
    line_ns = run(clock, frame, arrival)
    assert clock.jumps == 1
    assert np.all(np.diff(line_ns) >= 0)
    assert np.abs((line_ns - arrival)[2030:]).max() < 200_000


def test_after_a_reanchor_it_stands_where_the_device_does_and_keeps_the_rate() -> None:
    clock = FrameClock(RATE)
    frame, _, arrival = arrivals(20, 128, 100, 0, 0)
    half = len(frame) // 2
    run(clock, frame[:half], arrival[:half])
    assert clock.line is not None
    rate = clock.line.rate
    arrival[half:] += 3_000_000
    clock.reanchor()
    line_ns = run(clock, frame[half:], arrival[half:])
    assert np.abs(line_ns - arrival[half:]).max() < 20_000
    assert clock.line.rate == pytest.approx(rate, rel=5e-6)
    assert clock.jumps == 0


@given(st.lists(st.tuples(st.integers(1, 4096), st.integers(-(10**9), 10**9)), max_size=60))
def test_time_never_goes_back(blocks: list[tuple[int, int]]) -> None:
    """Whatever the arrivals, also nonsense."""
    clock = FrameClock(RATE)
    frame, ns, before = 0, HOUR, None
    for index, (frames, wobble) in enumerate(blocks):
        if index % 7 == 3:
            clock.reanchor()
        line = clock.update(frame, ns + wobble)
        assert before is None or line.ns0 >= before
        before = line.ns0
        frame, ns = frame + frames, ns + frames * NS // RATE
