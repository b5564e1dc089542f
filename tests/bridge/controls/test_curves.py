"""Each curve reaches both ends, never turns back, and is undone by its inverse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.controls.curves import CurveName, share_at, value_at

RANGES = [(20.0, 20_000.0), (5.0, 0.1), (-60.0, -0.5)]


@pytest.mark.parametrize("curve", ["linear", "log", "exponential", "bipolar"])
@given(st.floats(0, 1), st.sampled_from(RANGES))
def test_there_and_back(curve: CurveName, share: float, ends: tuple[float, float]) -> None:
    value = value_at(share, *ends, curve)
    assert min(ends) - 1e-9 <= value <= max(ends) + 1e-9
    assert share_at(value, *ends, curve) == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize("curve", ["linear", "log", "exponential", "stepped", "toggle", "bipolar"])
@pytest.mark.parametrize("ends", RANGES)
def test_it_goes_one_way_from_end_to_end(curve: CurveName, ends: tuple[float, float]) -> None:
    low, high = ends
    values = [value_at(i / 127, low, high, curve, steps=5) for i in range(128)]
    assert values[0] == pytest.approx(low) and values[-1] == pytest.approx(high)
    assert values == sorted(values, reverse=low > high)


def test_what_a_musician_expects() -> None:
    assert value_at(0.5, 20, 20_000, "log") == pytest.approx(632.46, abs=0.01), "the middle of the octaves"
    assert value_at(0.5, 0, 1, "exponential") == pytest.approx(0.0909, abs=1e-3), "a tenth: audio taper"
    assert [value_at(i / 10, 0, 2, "stepped", 3) for i in (0, 3, 4, 6, 7, 10)] == [0, 0, 1, 1, 2, 2]
    assert value_at(0.5, -90, 6, "bipolar", centre=0.0) == 0 and value_at(0.75, -90, 6, "bipolar", centre=0.0) == 3
    assert share_at(3.0, -90, 6, "bipolar", centre=0.0) == 0.75
    assert share_at(500.0, 0, 1) == 1 and share_at(1.0, 1.0, 1.0) == 0, "outside: the nearer end"


@given(st.integers(2, 40), st.floats(0, 1))
def test_steps_are_where_they_were(steps: int, share: float) -> None:
    value = value_at(share, 0, 10, "stepped", steps)
    assert value == pytest.approx(10 * round(share_at(value, 0, 10, "stepped", steps) * (steps - 1)) / (steps - 1))
