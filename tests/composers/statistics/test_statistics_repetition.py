"""Grids, groove, repetition: by hand, in several meters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statistics_pieces import BAR, line, piece

from composers.score import PPQ, Meter, Note
from composers.statistics import grid, repetition
from composers.statistics.meter_places import place_of


@pytest.mark.parametrize(("meter", "fineness", "steps"), [
    ("4/4", 4, 16), ("4/4", 3, 12), ("3/4", 4, 12), ("6/8", 4, 12), ("7/8", 4, 14), ("5/4", 3, 15), ("3/8", 3, 5),
])  # fmt: skip
def test_steps_in_a_bar(meter: str, fineness: int, steps: int) -> None:
    assert grid.steps_in_bar(Meter.parse(meter), fineness) == steps


def test_what_is_played_early_is_meant_where_it_is_written() -> None:
    assert grid.place(BAR - 20, Meter(), 4) == (1, 0)
    assert grid.place(BAR - 200, Meter(), 4) == (0, 15)
    assert grid.masks([Note(BAR - 20, 10, 60, 80.0)], Meter(), 1, 4) == [frozenset({15})]  # of no bar that is there


def test_groove_and_jaccard() -> None:
    bars = [frozenset({0, 4, 8, 12}), frozenset({0, 4, 8, 14}), frozenset[int](), frozenset[int]()]
    assert grid.groove(bars[:2], 16) == pytest.approx(1 - 2 / 16)
    assert grid.mean_jaccard(bars[:2]) == pytest.approx(3 / 5)
    assert grid.mean_jaccard(bars, 2) == 0
    assert grid.mean_jaccard(bars[2:]) is None  # silence is like nothing
    assert grid.groove([], 16) is None


def test_repeated_bars() -> None:
    assert repetition.repeated_share(["a", "b", "a", "", "b"]) == pytest.approx(2 / 4)
    assert repetition.neighbours_equal(["a", "a", "b", "", ""]) == pytest.approx(1 / 3)
    assert repetition.repeated_share([""]) is None


def test_chords_four_bars_before() -> None:
    loop = piece(chords=["C", "Am", "F", "G"] * 2)
    assert repetition.chords_equal(loop) == 1
    turned = piece(chords=["C", "Am", "F", "G", "C", "Am", "Dm", "G/B"])
    assert repetition.chords_equal(turned) == pytest.approx(2 / 4)
    assert repetition.chords_equal(piece()) is None


def test_a_chord_held_over_a_bar_line_stands_in_both_bars() -> None:
    held = piece(chords=["C"])
    long = held.chords[0]._replace(end=2 * BAR)
    assert [len(bar) for bar in repetition.bar_chords(piece(bars=2).between(0, 2))] == [0, 0]
    from dataclasses import replace

    assert repetition.bar_chords(replace(held, chords=(long,), bars=2)) == [((0, "0 (0, 4, 7)", 0),)] * 2


@pytest.mark.parametrize(("meter", "tick", "fineness", "where"), [
    ("4/4", 0, 4, "downbeat"), ("4/4", 2 * PPQ, 4, "strong"), ("4/4", PPQ, 4, "beat"), ("4/4", PPQ // 2, 4, "off-8th"),
    ("4/4", PPQ // 4, 4, "off-16th"), ("4/4", 640, 3, "off-8th"), ("4/4", 320, 3, "off-16th"),
    ("3/4", PPQ, 4, "beat"), ("6/8", 1440, 4, "strong"), ("6/8", 480, 4, "off-8th"), ("2/2", 1920, 4, "strong"),
    ("2/4", PPQ, 4, "beat"), ("7/8", 480, 4, "beat"), ("4/4", BAR - 10, 4, "downbeat"),
])  # fmt: skip
def test_places_in_the_bar(meter: str, tick: int, fineness: int, where: str) -> None:
    assert place_of(tick, Meter.parse(meter), fineness) == where


def test_dominants_resolve_and_chords_are_counted() -> None:
    cadences = piece(chords=["G7", "C", "D7", "Db7", "C7", "F", "A7", "Bm"])
    assert repetition.resolved_share(cadences) == pytest.approx(4 / 5)  # A7 > Bm does not
    assert repetition.resolved_share(piece(chords=["G7", "C", "Am", "F"] * 2)) is None  # two say nothing
    assert repetition.resolved_share(piece(chords=["G7", "G7", "Cmaj7", "C"] * 4)) == 1  # a repeat moves nowhere
    assert repetition.chords_a_bar(piece(chords=["C", "C", "G7", "C"], bars=4)) == 3 / 4
    assert repetition.chords_a_bar(piece()) is None


@given(st.lists(st.integers(0, 127), min_size=1, max_size=32), st.integers(1, 3))
def test_playing_it_again_repeats_every_bar(pitches: list[int], times: int) -> None:
    length = -(-len(pitches) // 4)
    notes = [n for k in range(times + 1) for n in line([max(1, p) for p in pitches], start=k * length * BAR)]
    bars = grid.contents(notes, Meter(), length * (times + 1), 4)
    assert repetition.repeated_share(bars) >= times / (times + 1)  # type: ignore[operator]
    assert grid.mean_jaccard(bars, length) == 1
