"""Bars kept: the last ones played, within bounds, and a DAW's loop from memory on the very clock."""

from __future__ import annotations

import pytest
from engine_stage import FA, METER, RATE, Stage
from hypothesis import given
from hypothesis import strategies as st

from bridge.engine.bar_store import LEAST_BARS, MOST_BARS, BarStore
from bridge.engine.clip_bytes import Bar
from bridge.engine.inbox import NewPlan
from composers.score import Clip, Control, Note
from instruments.block import Kind

BAR = METER.bar_ticks


def bar_of(bar: int, epoch: int = 0) -> Bar:
    """Two notes, whose pitch and velocity say which bar and epoch; the first begins on its first tick."""
    start = bar * BAR
    notes = [Note(start + i * BAR // 2, 200, bar % 128, 10 + epoch) for i in range(2)]
    return Bar(epoch, bar, (Clip.of(METER.bar(bar), notes),))


def clips(bar: int, notes: int = 1) -> tuple[Clip, ...]:
    return (Clip.of(METER.bar(bar), [Note(bar * BAR, 10, 60, 80)] * notes),)


@given(st.lists(st.tuples(st.integers(0, 400), st.booleans()), max_size=300))
def test_what_was_used_last_is_kept(uses: list[tuple[int, bool]]) -> None:
    store, order = BarStore(), list[int]()
    for bar, play in uses:
        if play and bar in store:
            store.played(bar)
        else:
            store.put(bar, clips(bar))
        order = [b for b in order if b != bar] + [bar]
    assert sorted(store) == sorted(order[-MOST_BARS:])
    assert all(store[bar] == clips(bar) for bar in store)


def test_some_are_never_forgotten_and_huge_bars_are_fewer() -> None:
    store = BarStore()
    for bar in range(MOST_BARS + 50):
        store.put(bar, clips(bar), keep=range(2))
    assert 0 in store and 1 in store and 2 not in store and len(store) == MOST_BARS
    for bar in range(200, 260):
        store.put(bar, clips(bar, 5000))
    assert len(store) == LEAST_BARS and store.get(0) is None
    store.keep_only(range(255, 1000))
    assert sorted(store) == [255, 256, 257, 258, 259]
    for bar in range(MOST_BARS):
        store.put(bar, clips(bar))
    assert len(store) == MOST_BARS, "room again"


def test_a_bars_last_controllers() -> None:
    store = BarStore()
    controls = [Control(100, "cc", 1, 5.0), Control(100, "cc", 1, 6.0), Control(7, "cc", 7, 1.0)]
    store.put(0, (Clip.of(METER.bar(0), [], controls),))
    assert {(d.kind, d.number): (d.tick, d.value) for d in store.controls(0).values()} == {
        (Kind.CC, 1): (100, 6.0), (Kind.CC, 7): (7, 1.0)}


@pytest.mark.parametrize(("first", "bars"), [(0, 1), (1, 1), (7, 3), (2, 16), (11, 64)])
def test_a_loop_of_a_daw_plays_from_memory_on_the_very_clock(first: int, bars: int) -> None:
    """It plays up to the loop's end, and loops by song position while it plays; nobody composes any more."""
    stage, at, step = Stage(block=480, composed=bar_of), 9_600.0, RATE * 60 / (400.0 * 24)

    def play(count: int, begin: bytes) -> None:
        nonlocal at
        for bar in range(count):
            at = stage.clocks(at, 400.0, 96, first=None if bar else begin)
            stage.run((at - 96 - stage.frame) / RATE)

    play(first + bars, FA)
    stage.composer_alive = False
    played, wanted = len(stage.notes), []
    for _ in range(2):
        wanted += [(at + 48 * i * step, (first + i // 2) % 128) for i in range(2 * bars)]
        play(bars, bytes((0xF2, first * 16 & 127, first * 16 >> 7)))
    stage.run(0.1)
    heard = stage.notes[played:]
    assert [pitch for _, pitch in heard[: len(wanted)]] == [pitch for _, pitch in wanted]
    assert [frame for frame, _ in heard[: len(wanted)]] == pytest.approx([frame for frame, _ in wanted], abs=1)
    assert stage.engine.timeline.late_bars == stage.engine.timeline.repeated_bars == 0


def test_a_loop_after_a_new_plan_asks_for_it() -> None:
    stage = Stage(composed=bar_of)
    at = stage.clocks(9_600, 240.0, 96 * 12)
    stage.run(at / RATE - 1.5)
    stage.step(NewPlan(1, 4, 4, None, False))
    stage.run(1.4)
    begun = len(stage.midi)
    stage.clocks(at, 240.0, 96 * 3, first=bytes((0xF2, 3 * 16, 0)))
    stage.run(3.0)
    velocities = {m.data[2] for _, m in stage.midi[begun:] if m.data[0] >> 4 == 9 and m.data[1] in (3, 4)}
    assert velocities == {11}, "bars 3 and 4 of the new plan"
