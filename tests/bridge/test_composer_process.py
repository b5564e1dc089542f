"""What the composer composes first, when plans come faster than it composes."""

from __future__ import annotations

from bridge.composer_process import next_batch


def test_the_newest_plan_goes_first_and_what_plays_meanwhile_after_it() -> None:
    asked = [(1, 4), (3, 2), (2, 2), (1, 5), (3, 3)]
    batch, rest = next_batch(asked, {1, 2, 3})
    assert batch == [(3, 2), (3, 3)]
    assert rest == [(1, 4), (1, 5)]
    assert next_batch(rest, {1, 2, 3}) == ([(1, 4), (1, 5)], [])


def test_a_plan_that_is_still_on_its_way_is_waited_for() -> None:
    assert next_batch([(7, 0)], {6}) == ([], [(7, 0)])
    assert next_batch([(6, 0), (7, 0)], {6}) == ([(6, 0)], [(7, 0)])
    assert next_batch([(6, 0), (7, 0)], {6, 7}) == ([(7, 0)], [(6, 0)])


def test_what_nobody_can_answer_any_more_is_dropped() -> None:
    assert next_batch([(2, 0), (5, 1)], {5}) == ([(5, 1)], [])
