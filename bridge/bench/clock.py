"""How well a clock is followed, in simulation: our follower beside the filters of peers, on the same arrivals."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.bench.clock_filters import PEERS, Followed, Ours
from bridge.bench.figures import median
from bridge.midi_bytes import CLOCK_TICKS

CLOCK, START = b"\xf8", b"\xfa"
CLOCKS_A_BEAT = 24
_T0_NS = 1_000_000_000
_GUESS_BPM = 100.0
"""What a follower takes for the tempo before the first clock; the simulated masters play another."""
_WARM_S = 8.0
_LOCK_BPM, _SETTLE_BPM = 1.0, 0.2

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Piece(NamedTuple):
    """`seconds` of a tempo that goes evenly from `bpm` to `to_bpm`."""

    seconds: float
    bpm: float
    to_bpm: float


def grid(pieces: Sequence[Piece]) -> Floats:
    """When each clock is due, in ns from the first: tempo integrated exactly, so that it may change between two."""
    times = []
    begun_s = begun = 0.0
    for seconds, bpm, to_bpm in pieces:
        rate, slope = bpm * CLOCKS_A_BEAT / 60, (to_bpm - bpm) * CLOCKS_A_BEAT / 60 / seconds
        total = rate * seconds + slope * seconds**2 / 2
        due = np.arange(np.ceil(begun - 1e-9), begun + total - 1e-9) - begun
        times.append(begun_s + 2 * due / (rate + np.sqrt(rate**2 + 2 * slope * due)))
        begun_s, begun = begun_s + seconds, begun + total
    return np.concatenate(times) * 1e9


def arrivals(due_ns: Floats, seed: int, jitter_ms: float, drops: float = 0.0, doubles: float = 0.0) -> Ints:
    """Stamps of the clocks due: late by |N(0, jitter)|, in order; some lost, some twice, at most a ms after."""
    random = np.random.default_rng(seed)
    stamps = due_ns + np.abs(random.normal(0.0, jitter_ms * 1e6, len(due_ns)))
    kept = random.random(len(due_ns)) >= drops
    kept[0] = True
    twice = (random.random(len(due_ns)) < doubles) & kept
    stamps = np.maximum.accumulate(stamps)
    again = stamps[twice] + random.random(int(twice.sum())) * 1e6
    return np.sort(np.concatenate([stamps[kept], again])).round().astype(np.int64)


class Trace(NamedTuple):
    """What a follower said when each clock was due, from the second one on. error_ms > 0: it was behind."""

    seconds: Floats
    bpm: Floats
    error_ms: Floats


def drive(follower: Followed, due_ns: Floats, stamps_ns: Ints) -> Trace:
    """Start, then the clocks as they arrive; asked at each moment when a clock is due, before it can be heard."""
    due = (due_ns + _T0_NS).round().astype(np.int64).tolist()
    stamps = (stamps_ns + _T0_NS).tolist()
    follower.feed(_T0_NS - 1, START)
    bpm, error = np.empty(len(due) - 1), np.empty(len(due) - 1)
    heard, count = 0, len(stamps)
    for k in range(1, len(due)):
        now = due[k]
        while heard < count and stamps[heard] < now:
            follower.feed(stamps[heard], CLOCK)
            heard += 1
        tempo = follower.bpm
        bpm[k - 1] = tempo
        error[k - 1] = (k * CLOCK_TICKS - follower.tick_at(now)) * 60e3 / (tempo * CLOCKS_A_BEAT * CLOCK_TICKS)
    return Trace(due_ns[1:] / 1e9, bpm, error)


def _last_outside(values: Floats, target: float, tolerance: float) -> int:
    """How many values there are up to the last that is outside the tolerance."""
    outside = np.flatnonzero(np.abs(values - target) > tolerance)
    return int(outside[-1]) + 1 if len(outside) else 0


def steady(make: Callable[[], Followed], seed: int) -> dict[str, float]:
    """20 s at 120 BPM and 1 ms of jitter, the tempo unknown before."""
    due = grid([Piece(20.0, 120.0, 120.0)])
    trace = drive(make(), due, arrivals(due, seed, 1.0))
    warm = trace.seconds > _WARM_S
    phase = float(np.median(trace.error_ms[warm]))
    return {
        "tempo_sd_bpm": float(trace.bpm[warm].std()),
        "tempo_bias_bpm": float(trace.bpm[warm].mean() - 120.0),
        "lock_clocks": _last_outside(trace.bpm, 120.0, _LOCK_BPM) + 1.0,
        "phase_median_ms": phase,
        "phase_error_ms": float(np.percentile(np.abs(trace.error_ms[warm] - phase), 99)),
    }


def step(make: Callable[[], Followed], seed: int) -> dict[str, float]:
    """120 to 126 BPM at a moment between two clocks: seconds until within 0.2 BPM for good."""
    before = 6.0 + np.random.default_rng(seed).random() / 48
    due = grid([Piece(before, 120.0, 120.0), Piece(6.0, 126.0, 126.0)])
    trace = drive(make(), due, arrivals(due, seed, 1.0))
    after = trace.seconds > before
    count = _last_outside(trace.bpm[after], 126.0, _SETTLE_BPM)
    moments = np.append(trace.seconds[after], trace.seconds[-1])
    return {"settle_s": float(moments[count] - before) if count else 0.0}


def ramp(make: Callable[[], Followed], seed: int) -> dict[str, float]:
    """100 to 160 BPM in 6 s: the 99th percentile of the error, offset and all."""
    due = grid([Piece(6.0, 100.0, 100.0), Piece(6.0, 100.0, 160.0)])
    trace = drive(make(), due, arrivals(due, seed, 1.0))
    return {"ramp_phase_error_ms": float(np.percentile(np.abs(trace.error_ms[trace.seconds > 6.0]), 99))}


def rough(make: Callable[[], Followed], seed: int) -> dict[str, float]:
    """30 s of 5 ms jitter with 1 % lost and 1 % doubled: beats at which the music is off by half a clock or more.

    The first bar is counted apart: there a lost clock cannot be told from another tempo yet.
    """
    due = grid([Piece(30.0, 120.0, 120.0)])
    trace = drive(make(), due, arrivals(due, seed, 5.0, drops=0.01, doubles=0.01))
    beats = np.abs(trace.error_ms[CLOCKS_A_BEAT - 1 :: CLOCKS_A_BEAT]) > 60e3 / 120 / CLOCKS_A_BEAT / 2
    return {"lost_beats": float(beats[3:].sum()), "lost_beats_first_bar": float(beats[:3].sum())}


def hour(make: Callable[[], Followed], seed: int = 1) -> dict[str, float]:
    """A simulated hour at 1 ms: how far the last minute's median phase is from the second minute's; worst tempo."""
    due = grid([Piece(3600.0, 120.0, 120.0)])
    trace = drive(make(), due, arrivals(due, seed, 1.0))
    first = trace.error_ms[(trace.seconds > 60) & (trace.seconds < 120)]
    last = trace.error_ms[trace.seconds > 3540]
    warm = trace.bpm[trace.seconds > _WARM_S]
    return {"drift_ms": round(abs(float(np.median(last) - np.median(first))), 4),
            "hour_tempo_error_max_bpm": round(float(np.abs(warm - 120.0).max()), 4)}


def us_per_clock(make: Callable[[], Followed], jitter_ms: float = 1.0, clocks: int = 9600) -> float:
    """The cost of a clock on this machine: the best of five passes, as a busy machine only adds."""
    due = grid([Piece(clocks / 48, 120.0, 120.0)])
    stamps = (arrivals(due, 1, jitter_ms) + _T0_NS).tolist()
    best = float("inf")
    for _ in range(5):
        follower = make()
        follower.feed(_T0_NS - 1, START)
        began = time.perf_counter()
        for stamp in stamps:
            follower.feed(stamp, CLOCK)
        best = min(best, time.perf_counter() - began)
    return round(best / len(stamps) * 1e6, 2)


def figures(make: Callable[[], Followed], runs: int) -> dict[str, Any]:
    """All figures of one follower: medians over the seeds, and the 95th percentile of each beside it."""
    columns: dict[str, list[float]] = {}
    for seed in range(runs):
        for scene in (steady, step, ramp, rough):
            for key, value in scene(make, seed).items():
                columns.setdefault(key, []).append(value)
    out: dict[str, Any] = {}
    for key, values in columns.items():
        out[key] = median(values)
        out[f"{key}_p95"] = round(float(np.percentile(values, 95)), 4)
        if key.startswith("lost_beats"):
            out[f"{key}_total"] = int(sum(values))
    return out | hour(make) | {"us_per_clock": us_per_clock(make)}


def run(runs: int = 200, tell: Callable[[str], None] = print) -> dict[str, Any]:
    """Our follower and every baseline on the same `runs` seeds. Pure simulation: the machine's load changes only
    `us_per_clock`. About half a second a run in all."""
    tell(f"our follower, {runs} runs")
    ours = figures(lambda: Ours(_GUESS_BPM), runs)
    peers = {}
    for name, make in PEERS.items():
        tell(f"{name}, {runs} runs")
        peers[name] = figures(lambda make=make: make(_GUESS_BPM), runs)  # type: ignore[misc]
    return {"runs": runs, "jitter_ms": 1.0, "bpm": 120.0} | ours | {"peers": peers}
