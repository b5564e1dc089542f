"""What the composer composes first, when plans come faster than it composes."""

from __future__ import annotations

from dataclasses import replace

from bridge.composer_process import _Piece, next_batch
from composers.composer import Plan
from composers.layers import Layer
from composers.score import Clip, Note, Span


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


def test_another_layer_lets_the_band_keep_what_it_has_composed() -> None:
    plain = Plan("jazz", parts={"piano": ("comp",), "bass": ("bass",)})
    note = Note(3 * 3840, 100, 100, 90.0)
    over = replace(plain, layers=(Layer("piano", Clip.of(Span(3 * 3840, 4 * 3840), [note])),))
    pieces = [_Piece(plain), _Piece(over), _Piece(replace(over, seed=2))]
    first, second, third = (piece.begin(pieces) for piece in pieces)
    assert pieces[0].bare is pieces[1].bare and pieces[2].bare is not pieces[0].bare
    assert set(second.compose(3)["piano"].notes) - set(first.compose(3)["piano"].notes) == {note}
    assert third.compose(3)["bass"] != first.compose(3)["bass"]
