"""Controllers on their way: bends that a receiver understands."""

from __future__ import annotations

from itertools import pairwise

import pytest

from composers.feel import STRAIGHT
from composers.parts.passage import Turn
from composers.parts.turns import controls_of

GLIDE = [Turn(24, 6, "bend", 0, 12.0), Turn(36, 0, "bend", 0, 0.0)]


def test_a_bend_goes_evenly_in_shares_of_the_range() -> None:
    bends = [c for c in controls_of(GLIDE, 3840, STRAIGHT, 12.0, 0) if c.kind == "bend"]
    assert [bends[0].value, bends[-2].value, bends[-1].value] == [0.0, 1.0, 0.0]
    assert bends[0].tick == 3840 + 2 * 960 and bends[-2].tick == 3840 + 2 * 960 + 480
    steps = [b.value - a.value for a, b in pairwise(bends[:-1])]
    assert steps == pytest.approx([1 / 24] * 24)
    assert controls_of(GLIDE, 0, STRAIGHT, 2.0, 0)[24].value == 1.0, "no further than the range"


def test_the_range_is_told_before_the_first_bend_in_the_order_that_counts() -> None:
    told = sorted(c for c in controls_of(GLIDE, 0, STRAIGHT, 7.5, 3) if c.kind == "cc")
    assert [(c.number, c.value, c.channel) for c in told] == [(101, 0, 3), (100, 0, 3), (6, 7, 3), (38, 50, 3)]
    assert max(c.tick for c in told) < 2 * 960 and len({c.tick for c in told}) == 4
    assert not [c for c in controls_of(GLIDE, 0, STRAIGHT, 2.0, 0) if c.kind == "cc"]
    assert not controls_of([Turn(0, 0, "cc", 64, 127)], 0, STRAIGHT, 12.0, 0)[1:]
