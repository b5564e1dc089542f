"""Several plug-ins in one process: who is to blame for its end, who comes back, and what each remembers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from sine_stage import FRAMES, RATE, Stage, Troupe, sine_library

from instruments.block import AudioBlock, InstrumentError, Transport
from instruments.hosted import HostedEffect
from instruments.parameter import Choice, Parameter
from instruments.plugins.home import Home

pytestmark = pytest.mark.timeout(150)


@pytest.fixture
def troupe(tmp_path: Path) -> Iterator[Troupe]:
    made = Troupe(tmp_path)
    with sine_library():
        yield made
        made.close()


class Chain:
    """An instrument and effects behind it, in one process."""

    def __init__(self, stage: Stage, *effects: HostedEffect) -> None:
        self.stage, self.effects = stage, effects

    def block(self) -> AudioBlock:
        audio = self.stage.block()
        for effect in self.effects:
            effect.process(audio, Transport(self.stage.position))
        return audio

    def until(self, condition: Callable[[], bool], limit_s: float = 60.0) -> None:
        deadline = time.monotonic() + limit_s
        while not condition():
            assert time.monotonic() < deadline, [(s, e.status()["last_error"]) for s, e in zip(
                self.states()[1:], self.effects, strict=True)]
            self.block()
            time.sleep(0.002)

    def states(self) -> list[str]:
        return [self.stage.state, *(e.status()["state"] for e in self.effects)]


def chain(troupe: Troupe, *more: str, **options: int) -> Chain:
    home = Home("a chain")
    stage = troupe.instrument(home=home, prepared=False, **options)
    effects = [troupe.effect(which, name=f"Filter{k}", home=home, **options) for k, which in enumerate(more)]
    stage.instrument.prepare(RATE, FRAMES)
    for effect in effects:
        effect.prepare(RATE, FRAMES)
    return Chain(stage, *effects)


def test_a_chain_is_one_process_and_ends_with_the_last_of_it(troupe: Troupe) -> None:
    made = chain(troupe, "", "")
    made.until(lambda: made.states() == ["ok"] * 3)
    pids = {s["pid"] for s in (made.stage.instrument.status(), *(e.status() for e in made.effects))}
    assert len(pids) == 1
    pid = pids.pop() or 0
    made.effects[0].close()
    made.stage.instrument.close()
    made.effects[1].process(np.zeros((2, FRAMES), np.float32), Transport())
    assert made.effects[1].status()["state"] == "ok"
    os.kill(pid, 0)
    made.effects[1].close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_preparing_one_again_brings_back_the_others(troupe: Troupe) -> None:
    made = chain(troupe, "")
    made.until(lambda: made.states() == ["ok", "ok"])
    made.effects[0].prepare(RATE, FRAMES)
    made.until(lambda: made.states() == ["ok", "ok"])
    made.until(lambda: made.stage.instrument.plays)
    made.stage.on(69)
    made.until(lambda: np.abs(made.block()).max() > 0.1)
    assert made.stage.instrument.status()["crashes"] == 0


def test_the_guilty_one_is_named_and_stays_out_alone(troupe: Troupe) -> None:
    made = chain(troupe, "", "", max_crashes=2)
    made.until(lambda: made.states() == ["ok"] * 3)
    made.effects[0].set_params({"trouble": "crash"})
    made.until(lambda: made.states()[1].startswith("out: crashed 2 times"))
    assert "SIGSEGV" in made.effects[0].status()["last_error"]
    made.until(lambda: [made.states()[0], made.states()[2]] == ["ok", "ok"])
    others = made.stage.instrument.status(), made.effects[1].status()
    assert [s["crashes"] for s in others] == [0, 0]
    assert all("Filter0 took it along" in s["last_error"] for s in others)
    assert made.effects[0].status()["plays_instead"] == "dry"
    made.until(lambda: made.stage.instrument.plays)
    made.stage.on(69)
    made.until(lambda: np.abs(made.block()).max() > 0.15)


def test_the_one_that_hangs_is_to_blame_and_not_who_waits_for_it(troupe: Troupe) -> None:
    made = chain(troupe, "", hang_s=0.3)  # type: ignore[arg-type]
    made.until(lambda: made.states() == ["ok", "ok"])
    made.effects[0].set_params({"trouble": "hang"})
    made.until(lambda: made.effects[0].status()["crashes"] == 1)
    assert "it hung" in made.effects[0].status()["last_error"]
    assert made.stage.instrument.status()["crashes"] == 0


def test_one_that_does_not_load_does_not_hold_up_the_others(troupe: Troupe) -> None:
    made = chain(troupe, "fails", "")
    made.until(lambda: [made.states()[0], made.states()[2]] == ["ok", "ok"])
    assert made.states()[1] == ("out: plug-in " + made.effects[0].status()["path"]
                                + " cannot be loaded: it was told so")


def test_one_that_dies_as_it_loads_is_the_one_that_stays_out(troupe: Troupe) -> None:
    made = chain(troupe, "dies", "", max_crashes=2)
    made.until(lambda: [made.states()[0], made.states()[2]] == ["ok", "ok"])
    assert made.states()[1].startswith("out: crashed 2 times within 60 s, the last time: its process died of SIGSEGV")


def test_a_state_that_kills_is_not_given_a_second_time(troupe: Troupe, tmp_path: Path) -> None:
    """What the plug-in may be to blame for is tried once; then it begins as it did at first."""
    needed = tmp_path / "needed"
    needed.touch()
    stage = troupe.instrument(f"needs={needed}", {"cutoff": 1000.0}, max_crashes=3)
    stage.ready()
    stage.instrument.set("drift", 0.5)
    stage.until(lambda: b"0.5]" in (stage.instrument.state() or b""))
    needed.unlink()
    os.kill(stage.instrument.status()["pid"] or 0, signal.SIGKILL)
    stage.until(lambda: stage.instrument.status()["crashes"] == 2)
    assert stage.instrument.state() is None
    needed.touch()
    stage.until(lambda: stage.state == "ok")
    stage.until(lambda: b"0.5]" in (stage.instrument.state() or b""))  # set by name, and so set again


# -- parameters ------------------------------------------------------------------------------------------------------


def test_parameters_have_rules_and_stand_where_they_are_set(troupe: Troupe) -> None:
    stage = troupe.instrument(params={"gain": -12.0})
    assert not stage.instrument.rules
    with pytest.raises(InstrumentError):
        stage.instrument.get("gain")
    stage.ready()
    rules = stage.instrument.rules
    assert rules["gain"] == Parameter("dB", -60.0, 0.0, -12.0)
    cutoff = rules["cutoff"]
    assert isinstance(cutoff, Parameter)
    assert (cutoff.unit, cutoff.low, cutoff.high, cutoff.log) == ("Hz", 20.0, 20000.0, True)
    assert isinstance(rules["trouble"], Choice)
    assert rules["trouble"].words[:3] == ("none", "crash", "hang")
    assert rules["drift"] == Parameter("", 0.0, 1.0, 0.0)  # it shows no number
    assert stage.instrument.get("gain") == -12.0
    stage.instrument.set("Gain", "-6 dB")
    assert stage.instrument.get("gain") == -6.0
    stage.on(69)
    assert np.abs(stage.play(30)[0][-500:]).max() == pytest.approx(0.2 * 100 / 127 * 10 ** -0.3, rel=0.01)
    for name, value, told in (("gian", 0.0, "did you mean gain"), ("gain", 3.0, "from -60 to 0 .dB."),
                              ("trouble", "some", "give one of none, crash")):
        with pytest.raises(InstrumentError, match=told):
            stage.instrument.set(name, value)
    stage.instrument.set("trouble", 2.0)
    assert stage.instrument.get("trouble") == 2.0


def test_a_glide_is_heard_as_one(troupe: Troupe) -> None:
    effect = troupe.effect(offline=True)
    effect.prepare(RATE, FRAMES)
    effect.set("gain", -60.0, 1280, delay_frames=256)
    heard = []
    for at in range(0, 20 * FRAMES, FRAMES):
        audio: AudioBlock = np.ones((2, FRAMES), np.float32)
        effect.process(audio, Transport(at))
        heard.append(float(audio[0, -1]))
    levels = 20 * np.log10(heard[2:])  # after the latency of two blocks
    assert levels == pytest.approx([0, 0, *(-6.0 * k for k in range(1, 11)), *[-60] * 6], abs=1e-3)


def test_what_the_plug_in_changes_by_itself_is_noticed_and_survives(troupe: Troupe) -> None:
    stage = troupe.instrument(params={"drift": {"raw": 0.2}})
    stage.ready()
    serial = stage.instrument.serial
    stage.instrument.set("trouble", "turn")  # it sets drift to 0.75
    began = time.monotonic()
    stage.until(lambda: stage.instrument.get("drift") == 0.75)
    assert time.monotonic() - began < 5.0
    assert stage.instrument.get("trouble") == 0.0
    assert stage.instrument.serial > serial
    stage.until(lambda: b"0.75" in (stage.instrument.state() or b""))
    os.kill(stage.instrument.status()["pid"] or 0, signal.SIGKILL)
    stage.until(lambda: stage.instrument.status()["crashes"] == 1)
    stage.until(lambda: stage.state == "ok")
    stage.until(lambda: stage.instrument.serial > serial + 2 or stage.instrument.plays, playing=False)
    assert stage.instrument.get("drift") == 0.75


def test_what_is_set_while_it_is_away_is_there_when_it_is_back(troupe: Troupe) -> None:
    stage = troupe.instrument()
    stage.ready()
    os.kill(stage.instrument.status()["pid"] or 0, signal.SIGKILL)
    stage.until(lambda: not stage.instrument.plays)
    stage.instrument.set("gain", -20.0)
    stage.ready()
    stage.on(69)
    assert np.abs(stage.play(30)[0][-500:]).max() == pytest.approx(0.02 * 100 / 127, rel=0.01)


def test_the_side_chain_reaches_it(troupe: Troupe) -> None:
    effect = troupe.effect(offline=True)
    effect.prepare(RATE, 512)
    key: AudioBlock = np.full((2, 512), 0.25, np.float32)
    audio: AudioBlock = np.full((2, 512), 0.5, np.float32)
    effect.process(audio, Transport(), key)
    assert (audio[:, 256:] == 0.75).all()


def test_in_the_engines_process_what_it_raises_is_contained(troupe: Troupe) -> None:
    stage = troupe.instrument(place="here", max_crashes=2)
    stage.ready()
    stage.on(69)
    assert np.abs(stage.play(8)).max() > 0.1
    assert stage.instrument.latency == 128
    assert stage.instrument.status()["pid"] is None
    stage.instrument.set_params({"trouble": "raise"})
    stage.until(lambda: stage.state.startswith("out: failed 2 times"))
    assert "it was told so" in stage.instrument.status()["last_error"]
    assert not stage.instrument.plays
    assert np.abs(stage.play(8)).max() > 0.005
