"""The synth's benchmark: small runs of each of its parts."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from bridge.bench import faust, soak, synth


def test_voices_are_held_and_cost_something() -> None:
    times = synth.block_s(16, 4)
    assert len(times) == 4
    assert all(t > 0 for t in times)


def test_faust_is_left_out_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dawdreamer", None)
    assert faust.nanoseconds(1) is None


def test_random_patches_differ_and_repeat_by_seed() -> None:
    first, again, other = (soak.random_patch(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_the_soak_as_json() -> None:
    made = soak.as_json(soak.Soaked(True, 1.23456, 0.01, 0.02), 60)
    assert made == {"seconds": 60, "finite": True, "peak": 1.235, "cpu_s_per_s": {"p50": 0.01, "max": 0.02}}
