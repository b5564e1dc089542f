"""The bench of clock followers: its masters, its measures, and the figures that it is there for, on a few seeds."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from bridge.bench import clock, clock_jack, lateness
from bridge.bench.clock import Piece, arrivals, drive, grid
from bridge.bench.clock_filters import PEERS, LeastSquares, MeanOfReciprocals, MeanOfTen, Ours, Peer
from bridge.commands.bench import command
from bridge.errors import DeviceError
from bridge.jack.recorder import Heard, Recording


def test_the_grid_integrates_the_tempo() -> None:
    assert grid([Piece(1.0, 120, 120)]) == pytest.approx(np.arange(48) * 60e9 / 2880, abs=1)
    ramp = grid([Piece(6.0, 100, 160)])
    assert len(ramp) == 6 * 130 * 24 / 60  # the mean tempo
    assert 60e9 / 24 / np.diff(ramp)[[0, -1]] == pytest.approx([100, 160], abs=0.3)
    step = grid([Piece(1.01, 120, 120), Piece(1.0, 90, 90)])
    intervals = np.diff(step) * 24 / 60e9
    assert intervals[:47] == pytest.approx(1 / 120) and intervals[-35:] == pytest.approx(1 / 90)
    assert 1 / 120 < intervals[48] < 1 / 90  # the tempo changed between two clocks


def test_arrivals_are_late_in_order_lost_and_doubled() -> None:
    due = grid([Piece(100.0, 120, 120)])
    late = (arrivals(due, 1, 1.0) - due) / 1e6
    assert late.min() >= -1e-6
    assert late.mean() == pytest.approx(0.798, abs=0.03)
    assert (np.diff(arrivals(due, 1, 20.0)) >= 0).all()
    assert len(arrivals(due, 1, 0.0, drops=0.1)) == pytest.approx(0.9 * len(due), rel=0.03)
    assert len(arrivals(due, 1, 0.0, doubles=0.1)) == pytest.approx(1.1 * len(due), rel=0.03)


def test_an_exact_master_has_no_error() -> None:
    due = grid([Piece(4.0, 120, 120)])
    trace = drive(Ours(120.0), due, arrivals(due, 1, 0.0))
    assert np.abs(trace.error_ms[2:]).max() < 0.001
    assert trace.bpm[2:] == pytest.approx(120, abs=1e-4)


def test_an_error_is_positive_where_the_follower_is_behind() -> None:
    due = grid([Piece(10.0, 120, 120)])
    trace = drive(Ours(120.0), due, arrivals(due, 1, 0.0) + 2_000_000)
    assert trace.error_ms[100:] == pytest.approx(2.0, abs=0.001)


def test_what_counts_as_settled() -> None:
    values = np.array([3.0, 0.1, 2.0, 0.1, 0.1])
    assert clock._last_outside(values, 0.0, 0.2) == 3
    assert clock._last_outside(values, 0.0, 5.0) == 0


def test_our_figures() -> None:
    ours = clock.figures(lambda: Ours(100.0), 10)
    assert ours["tempo_sd_bpm"] <= 0.02
    assert ours["lock_clocks"] <= 12
    assert ours["settle_s"] <= 0.6 and ours["settle_s_p95"] <= 0.9
    assert ours["phase_error_ms"] <= 0.3 and abs(ours["phase_median_ms"]) <= 0.3
    assert ours["drift_ms"] <= 0.1
    assert ours["ramp_phase_error_ms"] <= 3
    assert ours["lost_beats"] == ours["lost_beats_total"] == 0


def test_the_baselines_show_what_was_measured_of_them() -> None:
    """120 BPM at 1 ms: sd 0.036 for 48-clock least squares, 0.49 for the mean of ten, +0.2 bias for reciprocals."""

    def all_of(make: type) -> dict[str, float]:
        runs = [clock.steady(lambda: Peer(make(100.0)), seed) for seed in range(5)]
        return {key: float(np.median([r[key] for r in runs])) for key in runs[0]}

    assert all_of(LeastSquares)["tempo_sd_bpm"] == pytest.approx(0.036, abs=0.006)
    assert all_of(LeastSquares)["phase_median_ms"] == pytest.approx(0.8, abs=0.05)
    assert all_of(MeanOfTen)["tempo_sd_bpm"] == pytest.approx(0.49, abs=0.04)
    assert all_of(MeanOfReciprocals)["tempo_bias_bpm"] == pytest.approx(0.2, abs=0.04)


def test_the_result_is_flat_and_has_every_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "hour", lambda make: {"drift_ms": 0.0, "hour_tempo_error_max_bpm": 0.0})
    said: list[str] = []
    result = clock.run(2, said.append)
    assert set(result["peers"]) == set(PEERS) and len(said) == len(PEERS) + 1
    assert result["us_per_clock"] > 0
    for key in ("tempo_sd_bpm", "settle_s", "lock_clocks", "phase_error_ms", "phase_median_ms",
                "ramp_phase_error_ms", "lost_beats"):
        assert {key, f"{key}_p95"} <= set(result)
        assert all(key in peer for peer in result["peers"].values())


def test_intervals_of_what_was_recorded() -> None:
    """At 100 BPM a clock each 1,200 frames; one is a frame late, one was dropped by jackd."""
    frames = [0, 1200, 2401, 3600, 6000, 7200]
    heard = tuple(Heard(frame, b"\xf8") for frame in frames)
    recording = Recording(48_000, 0, {"out": heard}, np.zeros((0, 0), np.float32), 0, 2, 0)
    figures = clock_jack.intervals(recording, "out", 100.0)
    assert figures["out_clocks"] == 6 and figures["out_dropped_by_jack"] == 1 and figures["out_xruns"] == 2
    assert figures["out_interval_error_ms"] == {"p50": 0.0104, "p99": 0.0208, "max": 0.0208}


def test_without_jack_the_simulation_still_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_jack(**_: object) -> dict[str, float]:
        raise DeviceError("jackd is not installed: apt-get install it")

    monkeypatch.setattr(clock, "run", lambda runs, tell: {"runs": runs, "tempo_sd_bpm": 0.5, "peers": {}})
    monkeypatch.setattr(clock_jack, "out", no_jack)
    monkeypatch.setattr(lateness, "run", lambda seconds, tell: {"lateness_ms": {"p99": 0.1}, "sleep_ms": None})
    monkeypatch.setattr(clock_jack, "notes", lambda tell: {"note_error_ms": {"p50": 0.0, "p99": 1.0, "max": 2.0}})
    answer = CliRunner().invoke(command, ["clock", "--json", "--runs", "2"])
    assert answer.exit_code == 0, answer.output
    assert "out_interval_error_ms is not measured: jackd is not installed" in answer.stderr
    result = json.loads(answer.stdout)
    assert result["runs"] == 80 and result["tempo_sd_bpm"] == 0.5
    assert result["out_interval_error_ms"] is None and result["note_error_ms"]["p99"] == 1.0
    assert result["lateness_ms"] == {"p99": 0.1} and "lateness_sleep_ms" in result
