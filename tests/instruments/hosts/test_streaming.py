"""A plug-in streamed in blocks sounds as in one call, whichever the host: to 1e-7, and its state goes on."""

from __future__ import annotations

import numpy as np
import pytest
from hosting import REAL, SUFFIXES, every_host, noise, note, oracle_synth, play, prepared, real
from oracle_plugin import oracle

from instruments.block import AudioBlock, FrameEvent, Kind

pytestmark = [pytest.mark.peer("dpf-source"), pytest.mark.peer("zam-plugins")]
TOTAL = 48 * 512
SIZES = [64, 128, 256, 441, 512]
NOTES = sorted([
    *note(100, 9000), *note(3000, 12345, 67, 80.0), FrameEvent(5001, Kind.BEND, 0, 0, 0.5),
    FrameEvent(7003, Kind.CC, 0, 11, 0.0), FrameEvent(7777, Kind.CC, 0, 11, 127.0), *note(13000, 20000, 48),
])
ON_THE_GRID = [*note(512, 9 * 512), *note(3 * 512, 20 * 512, 67, 80.0)]
"""amsynth's control rate begins anew with each call and each note: between those its calls may be cut at will."""

SIZE_MATTERS = {"ZamVerb.vst3"}
"""Convolvers that want the size they were prepared for; and their own sound depends on it."""

BY_HOST = [
    pytest.param(host, name, frames, id=f"{host}-{name}-{frames}")
    for host, formats in (("pedalboard", ("VST3",)), ("minihost", ("VST3", "LV2")), ("vst2", ("VST2",)))
    for name, case in REAL.items() if name not in SIZE_MATTERS and name.endswith(tuple(SUFFIXES[f] for f in formats))
    for frames in (64, 128, 512) if not case.most or frames < case.most
]


@every_host
@pytest.mark.parametrize("frames", SIZES)
def test_the_oracle_synth(host: str, format_name: str, frames: int) -> None:
    path = oracle("synth", format_name)
    synth = prepared(host, path, frames)
    played = play(synth, TOTAL, NOTES, frames=frames).audio
    wanted = oracle_synth(TOTAL, NOTES)
    assert np.abs(wanted).max() > 0.1
    assert np.abs(played - wanted).max() <= 1e-7


@every_host
def test_blocks_are_one_call(host: str, format_name: str) -> None:
    path, notes = oracle("synth", format_name), [e for e in NOTES if e.kind <= Kind.ON]
    whole = play(prepared(host, path, TOTAL), TOTAL, notes, frames=TOTAL).audio
    assert np.array_equal(whole, play(prepared(host, path, 64), TOTAL, notes, frames=64).audio)


@every_host
@pytest.mark.parametrize("frames", SIZES)
def test_the_oracle_effect(host: str, format_name: str, frames: int) -> None:
    path = oracle("effect", format_name)
    audio = noise(TOTAL)
    got = play(prepared(host, path, frames, Gain=-6.0, Delay=300), TOTAL, frames=frames, audio=audio).audio
    gain = np.float32(10 ** (-6.0 / 20))
    assert np.abs(got[:, 300:] - gain * audio[:, :-300]).max() <= 1e-6
    assert np.abs(got[:, :300]).max() == 0.0


@pytest.mark.parametrize(("host", "name", "frames"), BY_HOST)
def test_real_plugins(host: str, name: str, frames: int) -> None:
    path, case = real(name), REAL[name]
    audio = None if case.instrument else noise(TOTAL)
    events = ON_THE_GRID if case.instrument else []

    def streamed(n: int) -> AudioBlock:
        return play(prepared(host, path, n, **case.settings), TOTAL, events, frames=n, audio=audio).audio

    whole, blocks = streamed(case.most or TOTAL), streamed(frames)
    assert np.abs(whole).max() > 0.01
    if audio is not None:
        assert np.abs(whole - audio).max() > 0.001, "it does nothing"
    assert np.abs(blocks - whole).max() <= 1e-7
