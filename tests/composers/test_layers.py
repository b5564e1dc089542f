"""Layers over a band: a function of the bar alone, merged or in place of what is composed; and quantising."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from composers.composer import Cue, Heard, Plan, Sectioned, make_band
from composers.errors import MusicError
from composers.layers import Layer, with_layers
from composers.quantise import GRIDS, Grid
from composers.score import PPQ, Clip, Control, Meter, Note, Span

BAR = 4 * PPQ
PLAN = Plan("jazz", parts={"piano": ("comp", "melody"), "bass": ("bass",), "drums": ("drums",)}, seed=3)


def layer(notes: list[Note], start: int, end: int, **more: object) -> Layer:
    return Layer("piano", Clip.of(Span(start, end), notes), **more)  # type: ignore[arg-type]


def test_without_layers_the_band_is_the_band() -> None:
    assert make_band(PLAN).compose(5) == make_band(replace(PLAN, layers=())).compose(5)


def test_a_layer_plays_where_it_was_recorded_and_everything_else_stays() -> None:
    mine = Note(5 * BAR + 100, 200, 100, 77.0)
    band, plain = make_band(replace(PLAN, layers=(layer([mine], 5 * BAR, 6 * BAR),))), make_band(PLAN)
    for bar in (6, 5, 4):  # in any order
        got, was = band.compose(bar), plain.compose(bar)
        assert set(got["piano"].notes) - set(was["piano"].notes) == ({mine} if bar == 5 else set())
        assert (got["bass"], got["drums"]) == (was["bass"], was["drums"])


@given(st.integers(0, 4 * BAR - 1), st.integers(1, 3 * BAR), st.integers(1, 4), st.integers(0, 40))
def test_a_repeating_layer_is_periodic_and_each_repetition_has_each_note_once(
    at: int, length: int, bars: int, first: int
) -> None:
    start = first * BAR
    mine = layer([Note(start + at % (bars * BAR), length, 60, 80.0)], start, start + bars * BAR, repeat=bars * BAR)
    by_bar = [mine.notes(Meter().bar(bar)) for bar in range(first, first + 5 * bars)]
    assert all(len(list(chain(*by_bar[k * bars : (k + 1) * bars]))) == 1 for k in range(5))
    assert [n.start - start for n in chain(*by_bar)] == [at % (bars * BAR) + k * bars * BAR for k in range(5)]
    assert all(n.length == length for n in chain(*by_bar))
    assert mine.notes(Span(0, start)) == []


def test_a_replacing_layer_silences_what_is_composed_within_its_span_and_cuts_what_rings_into_it() -> None:
    clip = Clip(Span(0, BAR), (Note(0, BAR, 60, 80.0), Note(1000, 100, 62, 80.0), Note(3000, 2000, 64, 80.0)),
                (Control(900, "cc", 1, 5.0), Control(1500, "cc", 1, 9.0)))  # fmt: skip
    only = layer([Note(1200, 50, 70, 90.0)], 960, 1920, mode="replace")
    got = with_layers(clip, [only])
    assert got.notes == (Note(0, 960, 60, 80.0), Note(1200, 50, 70, 90.0), Note(3000, 2000, 64, 80.0))
    assert [c.tick for c in got.controls] == [900]


def test_a_note_that_rings_beyond_its_bar_is_cut_where_a_later_replacing_layer_begins() -> None:
    clip = Clip(Span(0, BAR), (Note(3000, 5000, 64, 80.0),))
    assert with_layers(clip, [layer([], BAR, 2 * BAR, mode="replace")]).notes == (Note(3000, BAR - 3000, 64, 80.0),)


def test_a_replacing_layer_stands_over_those_before_it_and_not_over_those_after_it() -> None:
    first, second, third = (layer([Note(p, 50, p, 90.0)], 0, BAR, mode=m) for p, m in (
        (10, "merge"), (20, "replace"), (30, "merge")))  # fmt: skip
    assert [n.pitch for n in with_layers(Clip(Span(0, BAR)), [first, second, third]).notes] == [20, 30]


def test_the_same_key_twice_at_once_is_struck_once_and_never_while_it_sounds() -> None:
    clip = Clip(Span(0, BAR), (Note(0, 2000, 60, 80.0),))
    got = with_layers(clip, [layer([Note(20, 500, 60, 100.0), Note(1000, 100, 60, 70.0)], 0, BAR)])
    assert [(n.start, n.end, n.velocity) for n in got.notes] == [(0, 999, 100.0), (1000, 1100, 70.0)]


def test_a_muted_track_and_the_end_of_the_piece_silence_layers_too() -> None:
    mine = layer([Note(20 * BAR, 500, 60, 100.0)], 20 * BAR, 21 * BAR)
    assert not make_band(replace(PLAN, layers=(mine,), length=8)).compose(20)["piano"].notes
    assert not make_band(replace(PLAN, layers=(mine,), mute=("piano",))).compose(20)["piano"].notes
    assert make_band(replace(PLAN, layers=(replace(mine, track="sax"),))).compose(20).keys() == PLAN.parts.keys()


def test_layers_keep_the_sections_of_the_band_and_cross_processes() -> None:
    plan = replace(PLAN, layers=(layer([Note(0, 500, 60, 100.5)], 0, BAR, repeat=BAR),), cues=(Cue(4, "solo"),))
    band = make_band(plan)
    assert isinstance(band, Sectioned) and band.places() == make_band(PLAN).places()  # type: ignore[attr-defined]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(plan), type=Plan) == plan


def test_the_lead_rests_where_a_player_leads() -> None:
    plan = Plan("jazz", parts={"sax": ("melody",), "piano": ("comp",), "bass": ("bass",)}, seed=3)
    led = replace(plan, heard=Heard(leads=(Span(4 * BAR, 6 * BAR),)))
    band, plain = make_band(led), make_band(plan)
    assert any(plain.compose(bar)["sax"].notes for bar in (4, 5))
    for bar in range(8):
        assert band.compose(bar)["sax"].notes == (() if bar in (4, 5) else plain.compose(bar)["sax"].notes)
        assert band.compose(bar)["bass"] == plain.compose(bar)["bass"]


def test_what_is_no_layer_is_refused() -> None:
    with pytest.raises(MusicError, match="spans ticks 5 to 5"):
        layer([], 5, 5)
    with pytest.raises(MusicError, match="repeats every 10 ticks"):
        layer([], 0, BAR, repeat=10)


@pytest.mark.parametrize("name", GRIDS)
def test_quantising_is_idempotent_and_half_the_strength_goes_half_the_way(name: str) -> None:
    grid = Grid.parse(name)
    for tick in (0, 13.4, 961.7, 1439.0, 5000.0):
        assert grid.drawn(grid.drawn(tick)) == grid.drawn(tick)
        assert abs(grid.drawn(tick) - tick) <= grid.step / 2 + 0.5
        half = Grid.parse(name, 0.5).drawn(tick)
        assert abs(half - (tick + grid.drawn(tick)) / 2) <= 1


def test_swing_moves_the_second_of_each_pair_alone() -> None:
    grid = Grid.parse("1/8", 1.0, 2 / 3)
    assert [grid.drawn(t) for t in (0, 480, 960, 1440)] == [0, 640, 960, 1600]
    assert Grid.parse("off").drawn(480.4) == 480
    with pytest.raises(MusicError, match="does not swing"):
        Grid.parse("1/8t", 1.0, 0.6)
    with pytest.raises(MusicError, match="no grid"):
        Grid.parse("1/7")
