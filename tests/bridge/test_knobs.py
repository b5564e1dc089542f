"""What can be turned and has been."""

from __future__ import annotations

import pytest

from bridge.engine.inbox import ParameterMove, SetParameter
from bridge.errors import MessageError
from bridge.knobs import MASTER_GAIN, Knobs
from bridge.parameter_paths import described
from bridge.stream import wire
from instruments.parameter import Parameter

INFOS = [described(MASTER_GAIN, Parameter("dB", -90, 24, 0), -3),
         described("mixer.bass.pan", Parameter("", -1, 1, 0), 0.2)]


def _knobs() -> Knobs:
    knobs = Knobs()
    knobs.learn(INFOS)
    return knobs


def test_all_or_none_is_turned() -> None:
    knobs = _knobs()
    with pytest.raises(MessageError, match="give a number from -1 to 1"):
        knobs.commands({"mixer.master.gain": -6, "mixer.bass.pan": 3}, None)
    assert knobs.turned == {} and knobs.volume == 1
    assert knobs.commands({"mixer.master.gain": -6}, 2.0) == [SetParameter(MASTER_GAIN, -6.0, 2.0)]


def test_a_new_engine_is_told_what_was_turned_by_whomever() -> None:
    knobs = _knobs()
    knobs.commands({"mixer.bass.pan": -1}, None)
    knobs.moved([ParameterMove(0, MASTER_GAIN, -9.0, 10)])
    knobs.learn(INFOS)
    assert knobs.turned == {"mixer.bass.pan": -1.0, MASTER_GAIN: -9.0}
    assert [info.value for info in knobs.listed("mixer")] == [-9.0, -1.0]
    knobs.learn(INFOS[:1])  # another session, without a bass
    assert knobs.turned == {MASTER_GAIN: -9.0}


def test_what_was_turned_of_a_plug_in_waits_until_it_has_loaded() -> None:
    knobs = _knobs()
    cutoff = described("track.lead.synth.cutoff", Parameter("Hz", 20, 20_000, 1000), 1000)
    assert knobs.learn([*INFOS, cutoff]) == []  # it was never turned
    knobs.commands({cutoff.path: 500, "mixer.bass.pan": 1}, None)
    assert knobs.learn(INFOS, loading=True) == []  # another engine, and its plug-in has yet to load
    assert knobs.turned == {cutoff.path: 500.0, "mixer.bass.pan": 1.0} and len(knobs) == 2
    assert knobs.learn([*INFOS, cutoff]) == [SetParameter(cutoff.path, 500.0, 0.0)]
    assert [info.value for info in knobs.listed("cutoff")] == [500.0]
    knobs.learn(INFOS, loading=True)
    knobs.learn(INFOS)  # it stayed out
    assert knobs.turned == {"mixer.bass.pan": 1.0}


def test_volume_is_of_the_sessions_own_level() -> None:
    knobs = _knobs()
    assert knobs.volume_db(1) == -3 and knobs.volume_db(0) == -90
    knobs.commands({MASTER_GAIN: knobs.volume_db(0.5)}, None)
    assert knobs.volume == pytest.approx(0.5)


def test_an_open_filter_is_taken_out() -> None:
    assert _knobs().filter_values(wire.Filter(cutoff=20_000))["master.filter.bypass"] == 1
    assert _knobs().filter_values(wire.Filter(cutoff=500, resonance=0.3)) == {
        "master.filter.cutoff_hz": 500, "master.filter.resonance": 0.3, "master.filter.bypass": 0}


def test_before_the_engine_is_ready_it_says_so() -> None:
    with pytest.raises(MessageError, match="still starting"):
        Knobs().commands({"mixer.bass.pan": 0}, None)
