"""Stops that come on a note or later than the clock that they stand for, and what goes on after them."""

from __future__ import annotations

import pytest
from engine_stage import F8, FB, FC, RATE, FakeRig, Stage

from bridge.engine import Engine
from bridge.routes import ClockRoute, Route

POSITION = b"\xf2\x0c\x00"


def stopped_stage(bpm: float, late: int, block: int = 128) -> tuple[Stage, float]:
    """A master that stops instead of sending the clock of beat 4, so many frames late. Returns that beat's frame."""
    stage = Stage(block=block, engine=Engine(FakeRig(), [Route(0)], RATE, clock_outs=[ClockRoute(1)]))
    beat = stage.clocks(48_000, bpm, 24 * 3)
    stage.send(beat + late, FC)
    stage.run((beat - stage.frame) / RATE + 1.0)
    return stage, beat


@pytest.mark.parametrize("bpm", [20, 120, 400])
@pytest.mark.parametrize("late", [0, 1, 20])
def test_a_stop_in_place_of_a_clock_plays_nothing_of_what_is_due_there(bpm: float, late: int) -> None:
    stage, beat = stopped_stage(bpm, late, block=1024)
    assert (beat + late) // 1024 == beat // 1024, "in an earlier block it could not be known"
    assert [pitch for _, pitch in stage.notes] == [40, 41, 42]
    assert sum(data == F8 for _, data in stage.at_port(1)) == 24 * 3
    stage.check_paired()


@pytest.mark.parametrize("bpm", [20, 120, 400])
@pytest.mark.parametrize("late", [-200, 0, 1, 200, 290])
def test_after_a_late_stop_continue_is_at_once_and_on_the_beat(bpm: float, late: int) -> None:
    stage, _ = stopped_stage(bpm, late)
    heard = len(stage.notes)
    at = stage.frame + 1000
    stage.clocks(at, bpm, 30, first=FB)
    stage.run(1.0)
    said = [(frame, data) for frame, data in stage.at_port(1) if frame >= at - 300]
    assert said[:3] == [(at, POSITION), (at, FB), (at, F8)]
    assert stage.notes[heard] == (pytest.approx(at, abs=1), 43)
    stage.leave()
    stage.check_paired()
