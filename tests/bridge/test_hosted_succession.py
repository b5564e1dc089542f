"""Plug-ins when the rig changes: those of unchanged chains play on in their own processes, the others come and go."""

from __future__ import annotations

import os
import time
from contextlib import closing

import msgspec
import numpy as np
import pytest
from oracle_plugin import oracle

from bridge.rig import Rig, build_rig
from bridge.session import EffectSpec, Session, parse
from instruments.block import FrameEvent, Kind, Transport

pytestmark = [pytest.mark.peer("dpf-source"), pytest.mark.timeout(120)]

RATE, BLOCK = 48_000, 256


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def session(other: str = "piano") -> Session:
    synth, gain = oracle("synth"), oracle("effect")
    return parse(f'''
name = "T"
[[tracks]]
name = "lead"
parts = ["melody"]
instrument = "organ"
plugin = {{ name = "{synth}", params = {{ gain = "-6 dB" }} }}
[[tracks]]
name = "other"
parts = ["comp"]
instrument = "{other}"
effects = [{{ plugin = "{gain}" }}]
''', "t.toml")


def play(rig: Rig, blocks: int, first: int, *events: list[FrameEvent]) -> float:
    loudest = 0.0
    for i in range(blocks):
        due = [list(events[k]) if i == 0 and k < len(events) else [] for k in range(len(rig.strips))]
        audio = rig.process(due, BLOCK, Transport(first + i * BLOCK, 0.0, 120.0, playing=True))
        loudest = float(np.abs(audio).max())
    return loudest


def test_a_plug_in_that_stays_plays_on_in_its_process_and_one_that_goes_ends() -> None:
    on, off = FrameEvent(0, Kind.ON, 0, 69, 100.0), FrameEvent(0, Kind.OFF, 0, 69, 64.0)
    before = build_rig(session(), RATE, 1024, offline=True)
    lead, gone = (p.status()["pid"] for p in before.plugins)
    assert lead and gone
    loud = play(before, 60, 0, [on])
    before.turn("track.lead.synth.gain", -12.0)
    rig = build_rig(session("rhodes"), RATE, 1024, offline=True, before=before, number=1)
    rig.succeed(before)
    before.close(rig.played())
    assert next(p.status()["pid"] for p in rig.plugins) == lead, "the same process"
    assert [info.channel for info in rig.plugin_infos()] == ["lead", "other"]
    quiet = play(rig, 30, 60 * BLOCK)
    assert 0.3 * loud < quiet < 0.7 * loud, "the note goes on, turned down"
    play(rig, 230, 90 * BLOCK, [off])
    assert rig.gone and alive(gone)
    leaving = rig.strips[2]
    assert leaving.leaving
    for stage in rig.stages(leaving.name):
        stage.insert.effect.close()
    deadline = time.monotonic() + 5
    while alive(gone) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(gone) and alive(lead)
    with closing(rig):
        play(rig, 5, 400 * BLOCK)
    assert not alive(lead)


def test_a_rig_that_is_given_up_ends_its_own_plug_ins_alone() -> None:
    with closing(build_rig(session(), RATE, 1024, offline=True)) as before:
        more = session()
        tracks = [*more.tracks, msgspec.structs.replace(more.tracks[1], name="more", effects=[
            EffectSpec(plugin=str(oracle("effect")))])]
        rig = build_rig(msgspec.structs.replace(more, tracks=tracks), RATE, 1024, offline=True, before=before, number=1)
        pids = [p.status()["pid"] for p in rig.plugins]
        assert len(pids) == 3
        rig.close(before.played())
        assert [alive(pid or 0) for pid in pids] == [True, True, False]
        play(before, 5, 0)
