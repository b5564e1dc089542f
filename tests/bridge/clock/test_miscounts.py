"""Lost and doubled clocks among the first ones, as a line through all of them tells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.clock.miscounts import find_miscount
from bridge.clock.regression import Arrival, line_through

I = 20_833_333  # noqa: E741 - an interval, at 120 BPM


def arrivals(clocks: list[int], noise_ns: float = 0.0, seed: int = 0) -> list[Arrival]:
    """Numbered on from 100 as heard, due when `clocks` say."""
    random = np.random.default_rng(seed)
    return [Arrival(100 + k, round(c * I + random.normal(0.0, noise_ns))) for k, c in enumerate(clocks)]


def test_a_good_count_is_left_alone() -> None:
    for seed in range(200):
        assert find_miscount(arrivals([*range(8)], 1.5e6, seed), 0.3) is None


@given(st.integers(1, 5), st.sampled_from([1, 2]), st.integers(0, 100))
def test_lost_clocks_are_found(after: int, lost: int, seed: int) -> None:
    clocks = [k + (lost if k > after else 0) for k in range(8)]
    found = find_miscount(arrivals(clocks, 1e5, seed), 0.3)
    assert found is not None and found.slip == lost
    assert [p.clock - 100 for p in found.points] == clocks


@given(st.integers(0, 5), st.integers(0, 100))
def test_a_doubled_clock_is_found(after: int, seed: int) -> None:
    clocks = [k - (k > after) for k in range(8)]
    found = find_miscount(arrivals(clocks, 1e5, seed), 0.3)
    assert found is not None and found.slip == -1
    assert [p.clock - 100 for p in found.points] == clocks


@pytest.mark.parametrize(("doubled", "lost"), [(1, 4), (4, 1), (2, 5)])
def test_one_of_each_is_found_and_changes_no_later_number(doubled: int, lost: int) -> None:
    clocks = [k - (k > doubled) + (k > lost) for k in range(8)]
    found = find_miscount(arrivals(clocks, 1e5), 0.3)
    assert found is not None and found.slip == 0
    assert [p.clock - 100 for p in found.points] == clocks
    heard = arrivals(clocks, 1e5)
    assert line_through(found.points).squares(found.points) < 0.1 * line_through(heard).squares(heard)
