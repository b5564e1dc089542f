"""The bench of sync between clients: what it finds in sounds whose places are known, and that its processes agree."""

import os

import numpy as np
import pytest

from bridge.bench import stream_sync
from bridge.bench.stream_sync import LOOP, Finder, Played, Room, apart_ms, noise
from bridge.errors import DeviceError
from bridge.frame_line import NS
from bridge.stream.resampling import Interpolator

RATE = 48_000 * 1.00004


def cut(frame: float) -> np.ndarray:
    """480 samples of the noise from a place between its samples."""
    whole = int(np.floor(frame))
    return Interpolator(noise()[None, :], 1.0).read(whole, frame - whole, 1.0, 480)[0]


def played(late_us: float, silent: bool = False) -> Played:
    """Snippets of who plays so much later than another."""
    times = np.array([NS + n * NS // 4 for n in range(12)], np.int64)
    places = [((t - NS) / NS - late_us / 1e6) * RATE % LOOP for t in times]
    return Played(times, np.array([cut(p) * (0 if silent and n < 3 else 1) for n, p in enumerate(places)]), 0, 0, 0, 0)


@pytest.mark.parametrize("frame", [0.0, 17.3, 40_000.75, LOOP - 0.4, LOOP - 300.5])
def test_a_snippet_is_found_to_a_microsecond(frame: float) -> None:
    found = Finder().place(cut(frame))
    assert found is not None
    assert abs((found - frame + LOOP / 2) % LOOP - LOOP / 2) < 0.05


def test_silence_is_nowhere() -> None:
    assert Finder().place(np.zeros(480, np.float32)) is None


@pytest.mark.parametrize("late_us", [0.0, 130.0, -2_300.0, 47_000.0])
def test_how_far_apart_two_play(late_us: float) -> None:
    apart = apart_ms(played(0.0), played(late_us))
    assert apart == pytest.approx(-late_us / 1e3, abs=0.002)
    figures = stream_sync.figures(played(0.0), played(late_us))
    assert figures["sync_ms"]["p99"] == pytest.approx(abs(late_us) / 1e3, abs=0.002)


def test_silence_is_counted_and_nothing_but_silence_is_no_figure() -> None:
    assert stream_sync.figures(played(0.0), played(0.0, silent=True))["sync_silent"] == 0.25
    mute = played(0.0)._replace(snippets=np.zeros((12, 480), np.float32))
    with pytest.raises(DeviceError, match="played nothing"):
        stream_sync.figures(played(0.0), mute)


def test_a_rooms_clock_runs_as_it_says() -> None:
    room = Room(100.0, 0.0, zero_ns=5 * NS)
    assert room.now_ns(20 * NS) - room.now_ns(10 * NS) == 10 * NS + 1_000_000
    assert Room(0.0, 0.0).now_ns(123) == 123


@pytest.mark.skipif(os.name != "posix", reason="the engine's ring wakes a reader as POSIX has it")
def test_two_clients_play_together() -> None:
    figures = stream_sync.run(2.0, lambda text: None, settled_s=0.2, fifo=False)
    assert figures["sync_snippets"] >= 5
    assert figures["sync_ms"]["p50"] < 30.0  # a machine that is at its limit; alone it is 0.02
    assert [client["true_drift_ppm"] for client in figures["sync_clients"]] == [0, -100.0]
