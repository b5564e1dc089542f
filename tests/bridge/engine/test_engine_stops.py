"""Stops that come on a note or later than the clock that they stand for, and what goes on after them."""

from __future__ import annotations

import pytest
from engine_stage import F8, FB, FC, RATE, FakeRig, Stage

from bridge.engine.engine import Engine
from bridge.engine.inbox import Halt
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


def lost_stage(on_loss: str) -> tuple[Stage, int]:
    """Two beats of a master, and 0.6 s without it. Returns its clock at the end of that: 28 of them are missing."""
    engine = Engine(FakeRig(), [Route(0)], RATE, clock_outs=[ClockRoute(1)], on_loss=on_loss)
    stage = Stage(engine=engine)
    back = round(stage.clocks(48_000, 120, 48)) + 28_000
    stage.run((back - 1_000 - stage.frame) / RATE)
    assert stage.engine.clock == "lost" and stage.engine.playing is (on_loss == "continue")
    return stage, back


def test_what_a_loss_has_stopped_goes_on_with_the_master_when_its_clock_is_back() -> None:
    stage, back = lost_stage("stop")
    heard = len(stage.notes)
    stage.clocks(back, 120, 48, first=None)
    stage.run(1.0)
    assert stage.engine.clock == "following" and stage.engine.playing
    # what sounds there, and then beat 5
    assert stage.notes[heard:][:2] == [(pytest.approx(back, abs=1), 43), (pytest.approx(back + 20_000, abs=1), 40)]
    assert [data for frame, data in stage.at_port(1) if frame >= back and data != F8] == [b"\xf2\x0d\x00", FB]
    stage.leave()
    stage.check_paired()


def test_what_the_user_has_stopped_stays_so_when_the_clock_is_back() -> None:
    stage, back = lost_stage("stop")
    stage.step(Halt())
    stage.clocks(back, 120, 48, first=None)
    stage.run(1.0)
    assert not stage.engine.playing
