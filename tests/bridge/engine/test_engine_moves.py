"""Parameters turned by commands and by ramps: told to the rig in time, told on, and refused once."""

from __future__ import annotations

from engine_stage import METER, RATE, FakeRig, Stage

from bridge.engine.clip_bytes import Bar
from bridge.engine.engine import Engine
from bridge.engine.inbox import ParameterMove, Play, SetParameter
from bridge.routes import Route
from composers.score import Clip, Note, Ramp


def _stage(*ramps: Ramp) -> tuple[Stage, FakeRig]:
    rig = FakeRig()
    stage = Stage(engine=Engine(rig, [Route(0)], RATE))

    def composed(bar: int, epoch: int) -> Bar:
        span = METER.bar(bar)
        notes = [Note(span.start, 480, 60, 90)]
        return Bar(epoch, bar, (Clip.of(span, notes, ramps=[r._replace(start=r.start + span.start) for r in ramps]),))

    stage.composed = composed
    return stage, rig


def test_a_command_turns_a_parameter_and_the_move_is_told() -> None:
    stage, rig = _stage()
    stage.run(0.01)
    stage.step(SetParameter("mixer.bass.gain_db", -6.0, 0.5))
    assert rig.turned == [("mixer.bass.gain_db", -6.0, 24000)]
    assert stage.moves == [ParameterMove(stage.frame - stage.block, "mixer.bass.gain_db", -6.0, 24000)]


def test_what_is_refused_is_a_notice_and_the_music_goes_on() -> None:
    stage, rig = _stage(Ramp(0, 0, "no.such", 1.0), Ramp(0, 0, "no.effect.mix", 1.0))
    stage.run(5, Play(), SetParameter("no.path", 1.0, None))
    assert stage.engine.take_notices() == ["there is no parameter 'no.path' in this session",
                                           "there is no parameter 'no.such' in this session"]
    assert not stage.moves and not rig.moved and len(stage.notes) >= 2


def test_ramps_of_every_bar_reach_the_rig_on_their_frame() -> None:
    stage, rig = _stage(Ramp(960, 1920, "filter.cutoff_hz", 8000, 400))
    stage.run(6.1, Play())
    begun = stage.notes[0][0]
    expected = [begun + (bar * 3840 + 960) * 25 for bar in range(3)]
    assert [move.frame for move in stage.moves] == expected
    assert all(move.ramp_frames == 1920 * 25 and move.path == "track.0.filter.cutoff_hz" for move in stage.moves)
    assert [m.origin for m in rig.moved] == [400.0] * 3
