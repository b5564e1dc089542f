from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.inputs.velocity import CURVES, velocity_curve


@pytest.mark.parametrize("word", sorted(CURVES))
def test_curves_rise_from_1_to_127_and_bend_their_way(word: str) -> None:
    curve = velocity_curve(word)
    assert curve[1] == 1.0 and curve[127] == pytest.approx(127.0) and list(curve[1:]) == sorted(curve[1:])
    middle = {"linear": 64.0, "soft": 84.1, "hard": 39.8}[word]
    assert curve[64] == pytest.approx(middle, abs=0.2)


def test_one_number_is_for_all_and_points_have_lines_between_them() -> None:
    assert set(velocity_curve(100)) == {100.0}
    curve = velocity_curve([[10, 20], [20, 40], [100, 90]])
    assert (curve[1], curve[10], curve[15], curve[20], curve[60], curve[127]) == (20, 20, 30, 40, 65, 90)
    with pytest.raises(ValueError, match="loud"):
        velocity_curve("loud")


Points = st.lists(st.tuples(st.integers(1, 127), st.floats(1, 127)), min_size=1, unique_by=lambda p: p[0]).map(sorted)


@given(Points)
def test_points_never_lead_out_of_what_they_say(points: list[tuple[int, float]]) -> None:
    low, high = min(y for _, y in points), max(y for _, y in points)
    assert all(low - 1e-9 <= v <= high + 1e-9 for v in velocity_curve(points))
