"""A fader that is not where its parameter is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.controls.take_over import TakeOver

ways = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_pickup_waits_until_it_is_passed() -> None:
    over = TakeOver("pickup")
    assert [over.moved(at, 0.5) for at in (0.1, 0.2, 0.45)] == [None, None, None]
    assert over.moved(0.6, 0.5) == 0.6
    assert over.moved(0.9, 0.6) == 0.9, "then it has the parameter, however fast it is moved"
    assert over.moved(0.95, 0.2) is None, "until somebody else moves that"
    assert over.moved(0.1, 0.2) == 0.1


def test_scale_moves_at_once_and_meets_at_the_end() -> None:
    over, parameter, seen = TakeOver("scale"), 0.5, []
    for i in range(21):
        new = over.moved(i / 20, parameter)
        parameter = parameter if new is None else new
        seen.append(parameter)
    assert seen[0] == 0.5 and 0.5 < seen[1] < 0.55 and seen[-1] == pytest.approx(1.0)
    assert seen == pytest.approx(sorted(seen))


@given(ways, st.floats(0, 1), st.sampled_from(["pickup", "scale"]))
def test_soft_is_soft(way: list[float], parameter: float, kind: str) -> None:
    """The first step never tears the parameter away from where it stands, and a control at an end has it."""
    over = TakeOver(kind)  # type: ignore[arg-type]
    last = None
    for control in way:
        new = over.moved(control, parameter)
        if new is not None:
            assert 0 <= new <= 1
            if last is None:
                assert abs(new - parameter) < 0.02
            parameter = new
        last = control
    for i, control in enumerate((0.0, 1.0, 0.0, 1.0)):
        new = over.moved(control, parameter)
        parameter = parameter if new is None else new
        assert not i or parameter == pytest.approx(control, abs=0.02), "once it was moved all the way"


@given(ways, st.floats(0, 1))
def test_jump_is_where_the_control_is(way: list[float], parameter: float) -> None:
    over = TakeOver()
    assert [over.moved(control, parameter) for control in way] == way


def test_a_parameter_of_few_values_is_not_lost() -> None:
    over = TakeOver("pickup")
    assert over.moved(0.5, 0.5) == 0.5
    over.left(0.5)
    assert over.moved(0.6, 0.5) == 0.6
    over.left(0.5)  # it stays at the same step
    assert over.moved(0.9, 0.5) == 0.9
