"""Tempo, meter, position and loops reach the plug-in, and a delay that is told to sync echoes on the beat."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hosting import CASES, RATE, Told, at_tempo, every_host, play, prepared, real, traits
from oracle_plugin import oracle

from instruments.block import Transport
from instruments.hosts.song_position import SongPosition

pytestmark = [pytest.mark.peer("dpf-source"), pytest.mark.peer("zam-plugins")]
FRAMES = 128
DELAYS = [
    pytest.param("minihost", "ZamDelay.vst3", id="VST3"), pytest.param("minihost", "ZamDelay.lv2", id="LV2"),
    pytest.param("vst2", "ZamDelay.so", id="VST2"),
]


DIVISOR = {"ZamDelay.vst3": 3.0, "ZamDelay.so": 3.0, "ZamDelay.lv2": {"raw": 0.5}}
"""A beat."""


@every_host
def test_what_the_plugin_is_told(host: str, format_name: str, told: Told) -> None:
    synth = prepared(host, oracle("synth", format_name))
    told.forget()

    def transport(frame: int) -> Transport:
        if frame < 10 * FRAMES:
            return Transport(frame, 0.0, 90.0, 3, 4, False)
        if frame < 20 * FRAMES:
            return Transport(frame, 7.25 + (frame - 10 * FRAMES) / RATE * 1.5, 90.0, 3, 4, True)
        return Transport(frame, 33.0 + (frame - 20 * FRAMES) / RATE * 2.0, 120.0, 4, 4, True)

    play(synth, 30 * FRAMES, transport=transport)
    blocks = told.blocks()
    assert len(blocks) == 30
    if not traits(host).tempo:
        assert not any(b.playing for b in blocks)
        return
    assert [b.playing for b in blocks] == [False] * 10 + [True] * 20
    assert [b.meter for b in blocks] == ["3/4"] * 20 + ["4/4"] * 10
    assert [b.bpm for b in blocks] == pytest.approx([90.0] * 20 + [120.0] * 10)
    if format_name in traits(host).beat:
        assert [b.beat for b in blocks] == pytest.approx([transport(n * FRAMES).beat for n in range(30)], abs=1e-6)
        assert [b.bar for b in blocks[10:]] == pytest.approx([6.0] * 10 + [32.0] * 10)
    frames = [b.frame for b in blocks]
    assert frames[:10] == [0] * 10
    assert np.diff(frames[10:20]).tolist() == [FRAMES] * 9
    assert frames[10] == round(7.25 / 1.5 * RATE)
    assert frames[20] == round(33.0 / 2.0 * RATE), "it has jumped"


@pytest.mark.parametrize(("host", "name"), DELAYS)
@pytest.mark.parametrize("bpm", [60.0, 120.0, 240.0])
def test_a_synced_delay_echoes_on_the_beat(host: str, name: str, bpm: float) -> None:
    delay = synced(host, name)
    total = round(RATE * 60 / bpm) + 4096
    assert echo(delay, total, at_tempo(bpm)) == pytest.approx(RATE * 60 / bpm, abs=1)


@pytest.mark.parametrize(("host", "name"), DELAYS)
def test_it_follows_changes_and_jumps(host: str, name: str) -> None:
    delay = synced(host, name)
    for bpm, beat in ((120.0, 0.0), (150.0, 16.0), (100.0, 3.0), (240.0, 200.5)):
        play(delay, 48000 - 48000 % FRAMES, transport=at_tempo(bpm, beat))  # it glides to its new time
        delay.reset()
        assert echo(delay, round(RATE * 60 / bpm) + 4096, at_tempo(bpm, beat)) == pytest.approx(RATE * 60 / bpm, abs=1)


@pytest.mark.parametrize("host", ["vst2"])
def test_loops_are_told(host: str) -> None:
    """No plug-in here says what loop it sees: ask the time info that plug-ins are given."""
    synth = prepared(host, oracle("synth", "VST2"))
    synth.process(np.zeros((2, FRAMES), np.float32), Transport(0, 5.0, 120.0, 4, 4, True, 4.0, 12.0))
    info = synth._plugins[0]._time  # type: ignore[attr-defined]
    assert (info.cycle_start_pos, info.cycle_end_pos, bool(info.flags & 4)) == (4.0, 12.0, True)
    synth.process(np.zeros((2, FRAMES), np.float32), Transport(0, 5.0, 120.0, 4, 4, True))
    assert not info.flags & 4


def test_song_positions_go_on_through_tempo_changes_and_jump_when_the_song_does() -> None:
    position = SongPosition()
    at = [position.at(Transport(0, 0.0, 120.0, 4, 4, True), RATE, 24000)]
    at.append(position.at(Transport(24000, 1.0, 60.0, 4, 4, True), RATE, 48000))
    at.append(position.at(Transport(72000, 2.0, 60.0, 4, 4, True), RATE, 48000))
    at.append(position.at(Transport(120000, 1.0, 60.0, 4, 4, True), RATE, 48000))
    at.append(position.at(Transport(168000, 2.0, 60.0, 4, 4, False), RATE, 48000))
    at.append(position.at(Transport(216000, 2.0, 60.0, 4, 4, False), RATE, 48000))
    assert at == [0, 24000, 72000, 48000, 96000, 96000]


def synced(host: str, name: str) -> object:
    return prepared(host, real(name), sync_bpm=True, divisor=DIVISOR[name], feedback=0.0, dry_wet=1.0, lpf=20000.0)


def echo(delay: object, total: int, transport: Callable[[int], Transport]) -> int:
    """The frame at which an impulse comes back."""
    audio = np.zeros((2, total - total % FRAMES), np.float32)
    audio[:, 0] = 0.9
    got = np.abs(play(delay, audio.shape[1], audio=audio, transport=transport).audio[0])  # type: ignore[arg-type]
    return int(got[FRAMES:].argmax()) + FRAMES


def test_all_cases_are_here() -> None:
    assert len(CASES) == 4
