"""Cells in any meter: beats stay beats, backbeats stay backbeats."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from passages import METERS

from composers.dice import dice
from composers.parts.cells import drawn, fitted, varied
from composers.pulse import pulse_of
from composers.score import Meter

cells = st.sets(st.integers(0, 15), min_size=1, max_size=10).map(lambda s: tuple(sorted(s)))


@given(cells, st.sampled_from(METERS), st.integers(0, 5))
def test_onsets_lie_in_the_bar(cell: tuple[int, ...], meter: Meter, bar: int) -> None:
    pulse = pulse_of(meter)
    steps = fitted(cell, pulse, bar)
    assert list(steps) == sorted(set(steps)) and all(0 <= step < pulse.steps for step in steps)
    assert steps == fitted(cell, pulse, bar + 4)


def test_four_four_is_as_written_and_two_bar_cells_take_turns() -> None:
    pulse = pulse_of(Meter(4, 4))
    assert fitted((0, 6, 10, 15), pulse) == (0, 18, 30, 45)
    assert [fitted((0, 8, 22), pulse, bar) for bar in range(3)] == [(0, 24), (18,), (0, 24)]


@pytest.mark.parametrize(
    ("meter", "steps"),
    [
        (Meter(3, 4), (0, 12, 24)), (Meter(5, 4), (0, 12, 24, 36, 48)), (Meter(12, 8), (0, 18, 36, 54)),
        (Meter(7, 8), (0, 12, 24)), (Meter(9, 8), (0, 18, 36)),
    ],
)  # fmt: skip
def test_quarters_are_the_felt_beats(meter: Meter, steps: tuple[int, ...]) -> None:
    assert fitted((0, 4, 8, 12), pulse_of(meter)) == steps


def test_halves_are_strong_beats() -> None:
    assert fitted((0, 8), pulse_of(Meter(5, 4))) == (0, 36)
    assert [fitted((0, 8), pulse_of(Meter(6, 8)), bar) for bar in (0, 1)] == [(0,), (0,)]
    assert [fitted((4, 12), pulse_of(Meter(6, 8)), bar) for bar in (0, 1)] == [(18,), (18,)]


def test_livelier_draws_are_fuller() -> None:
    table = {(0,): 1.0, (0, 8): 1.0, (0, 4, 8, 12): 1.0, (0, 2, 4, 6, 8, 10, 12, 14): 1.0}
    mean = [sum(len(drawn(table, lively, dice(seed))) for seed in range(300)) / 300 for lively in (0.5, 1.0, 2.0)]
    assert mean[0] < mean[1] < mean[2] and 3.0 < mean[1] < 4.5


@given(cells, st.integers(0, 10**6))
def test_a_variation_keeps_the_first_onset_and_nearly_all_others(cell: tuple[int, ...], seed: int) -> None:
    other = varied(cell, dice(seed))
    assert other[0] == min(cell[0], other[0]) and len(set(cell) ^ set(other)) <= 2
    assert all(0 <= at < 16 for at in other) and list(other) == sorted(set(other))
