"""Cells of 4/4 in every meter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from passages import METERS

from composers.errors import MusicError
from composers.parts.meter_cells import cells_a_beat, frames, offsets, parse_cells
from composers.pulse import STEPS, pulse_of
from composers.score import Meter


def _steps(
    meter: Meter, text: str, bar: int = 0, roll: float = 0.1, filling: bool = False, half: bool = False
) -> list[int]:
    per_beat = cells_a_beat(text)
    found = [step for cell, _ in parse_cells(text)[0] for frame in frames(pulse_of(meter), bar, roll, half)
             for step in offsets(frame, *divmod(cell, per_beat), per_beat, filling, True)]  # fmt: skip
    return sorted(found)


def test_cells_are_read_with_their_levels() -> None:
    assert parse_cells("X..x | .o.g | .... | ....") == (((0, "X"), (3, "x"), (5, "o"), (7, "g")),)
    assert len(parse_cells("X...............,".replace(",", "") + "/" + "." * 16)) == 2
    assert (cells_a_beat("X" + "." * 11), cells_a_beat("X" + "." * 15)) == (3, 4)


@pytest.mark.parametrize("text", ["", "X..", "X" * 15, "X" * 16 + "/" + "x" * 3, "y" * 16])
def test_what_are_no_cells_is_refused(text: str) -> None:
    with pytest.raises(MusicError, match="cells"):
        parse_cells(text)


def test_four_four_is_as_written() -> None:
    assert _steps(Meter(), "X..x......X.....") == [0, 9, 30]
    assert _steps(Meter(), "X.xX.xX.xX.x") == [0, 6, 12, 18, 24, 30, 36, 42]  # the feel makes triplets of it


@pytest.mark.parametrize(
    ("meter", "roll", "kick", "snare"),
    [
        (Meter(3, 4), 0.1, [0, 12], [24]),
        (Meter(3, 4), 0.6, [0], [12, 24]),
        (Meter(5, 4), 0.1, [0, 24, 36], [12, 48]),
        (Meter(7, 8), 0.1, [0, 24], [12, 36]),
        (Meter(7, 8), 0.7, [0, 24], [12]),
        (Meter(6, 8), 0.1, [0], [18]),
        (Meter(12, 8), 0.1, [0, 36], [18, 54]),
        (Meter(7, 4), 0.1, [0, 24, 48, 60], [12, 36, 72]),
    ],
)
def test_kick_and_backbeat_in_other_meters(meter: Meter, roll: float, kick: list[int], snare: list[int]) -> None:
    assert _steps(meter, "X.......X.......", 0, roll) == kick
    assert _steps(meter, "....X.......X...", 0, roll) == snare


@pytest.mark.parametrize("meter", METERS)
@pytest.mark.parametrize("roll", [0.0, 0.3, 0.6, 0.99])
def test_what_keeps_time_leaves_no_eighth_out(meter: Meter, roll: float) -> None:
    steps = pulse_of(meter).steps
    assert _steps(meter, "x.x.x.x.x.x.x.x.", 0, roll, filling=True) == list(range(0, steps, 6))


@pytest.mark.parametrize("meter", METERS)
@pytest.mark.parametrize("roll", [0.0, 0.3, 0.6, 0.99])
def test_a_half_time_backbeat_is_in_every_meter(meter: Meter, roll: float) -> None:
    found = _steps(meter, "........X.......", 0, roll, half=True)
    assert len(found) == 1 and 0 < found[0] < pulse_of(meter).steps


@given(st.sampled_from(METERS), st.integers(0, 3), st.floats(0, 0.999), st.booleans(), st.booleans(),
       st.sampled_from(("X" * 16, "X" * 12)))  # fmt: skip
def test_cells_lie_within_the_bar_and_beats_on_felt_beats(
    meter: Meter, bar: int, roll: float, filling: bool, half: bool, text: str
) -> None:
    pulse = pulse_of(meter)
    found = _steps(meter, text, bar, roll, filling, half)
    assert all(0 <= step < pulse.steps for step in found)
    assert set(pulse.beats) <= set(found)
    starts = [frame.start for frame in frames(pulse, bar, roll, half)]
    assert tuple(starts) == pulse.beats and all(f.length >= STEPS for f in frames(pulse, bar, roll, half))
