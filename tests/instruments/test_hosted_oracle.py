"""Hosted instruments with a real VST3 plug-in in every host: exact, killed by itself, and back with its state."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from oracle_plugin import oracle
from sine_stage import FRAMES, RATE, Fallback, Stage

from instruments.block import AudioBlock, FrameEvent, Kind, Transport
from instruments.hosted_instrument import HostedInstrument
from instruments.hosted_plugin import PIPELINE_FRAMES
from instruments.plugins.hosts import HOSTS, installed
from instruments.plugins.use import PluginUse

pytestmark = [pytest.mark.peer("dpf-source"), pytest.mark.timeout(170)]
LIVE = [name for name, traits in HOSTS.items() if "VST3" in traits.formats and traits.live]


@pytest.fixture(params=LIVE)
def host(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if not installed(name):
        pytest.skip(f"{name} is not installed: {HOSTS[name].install}")
    return name


@pytest.fixture
def stage(host: str) -> Iterator[Stage]:
    fallback = Fallback()
    played = HostedInstrument(PluginUse(str(oracle()), host=host, params={"gain": -6.0}), lambda: fallback,
                              fallback_name="piano")
    played.prepare(RATE, FRAMES)
    yield Stage(played, fallback)
    played.close()


def test_offline_it_sounds_the_same_at_any_block_size(host: str) -> None:
    heard = []
    for sizes in ([128], [100, 1, 300, 63, 512]):
        played = HostedInstrument(PluginUse(str(oracle()), host=host), Fallback, offline=True)
        played.prepare(RATE, 512)
        out: AudioBlock = np.zeros((2, 9600), np.float32)
        at = turn = 0
        while at < out.shape[1]:
            n = min(sizes[turn % len(sizes)], out.shape[1] - at)
            block: AudioBlock = np.empty((2, n), np.float32)
            due = [FrameEvent(p - at, kind, 0, 69, 100.0) for p, kind in ((33, Kind.ON), (7001, Kind.OFF))
                   if at <= p < at + n]
            played.process(due, block, Transport(at))
            out[:, at : at + n] = block
            at, turn = at + n, turn + 1
        played.close()
        heard.append(out)
    first = int(np.flatnonzero(heard[0][0])[0])
    assert first - PIPELINE_FRAMES in (33, 34)  # a sine begins with 0
    assert np.abs(heard[0] - heard[1]).max() <= 1e-7
    assert np.abs(heard[0]).max() > 0.05


@pytest.mark.parametrize("mode", ["Crash", "Exit", "NaN", "Hang"])
def test_however_it_ends_the_notes_go_on_and_it_comes_back(stage: Stage, mode: str) -> None:
    stage.ready()
    stage.on(69)
    stage.play(20)
    stage.instrument.set_params({"mode": mode})
    stage.until(lambda: not stage.instrument.plays)
    stage.instrument.set_params({"mode": "Play"})
    assert [e.number for _, e in stage.fallback.told if e.kind == Kind.ON] == [69]
    stage.until(lambda: stage.instrument.plays)
    stage.off(69)
    stage.play(20)
    assert stage.instrument.status()["crashes"] >= 1
    assert stage.instrument.get("gain") == pytest.approx(-6.0, abs=0.01)
    stage.on(57)
    assert np.abs(stage.play(20)).max() == pytest.approx(0.1 * 10 ** -0.3 * 100 / 127, rel=0.02)
