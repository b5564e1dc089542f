"""Side-chains into plug-ins and MIDI out of them, where a host says that it has them, and not where it does not."""

from __future__ import annotations

import numpy as np
import pytest
from hosting import RATE, at_tempo, every_host, load, noise, note, play, prepared, real, traits
from oracle_plugin import oracle

from instruments.block import Kind

pytestmark = [pytest.mark.peer("dpf-source"), pytest.mark.peer("zam-plugins")]


@every_host
def test_side_chain(host: str, format_name: str) -> None:
    effect = prepared(host, oracle("effect", format_name))
    audio, key = noise(4096), np.abs(noise(4096, 1)) * 5
    key[1] = key[0]
    got = play(effect, 4096, audio=audio, key=key).audio
    assert effect.takes_key == traits(host).side_chain
    wanted = audio * (1 - np.abs(key[0])) if effect.takes_key else audio
    assert np.abs(got - wanted).max() < 1e-6
    assert np.abs(play(effect, 4096, audio=audio).audio - audio).max() < 1e-6, "without a key it is silent"
    assert not load(host, oracle("mono", format_name)).takes_key


@pytest.mark.parametrize(("host", "name"), [
    ("minihost", "ZamCompX2.lv2"), ("minihost", "ZamComp.lv2"), ("vst2", "ZamCompX2.so"), ("vst2", "ZamComp.so"),
])
def test_a_real_compressor_ducks(host: str, name: str) -> None:
    audio = (0.2 * np.sin(np.arange(RATE) * 2 * np.pi * 220 / RATE)).astype(np.float32) * np.ones((2, 1), np.float32)
    key = np.zeros_like(audio)
    key[:, RATE // 2 :] = 0.9 * np.sign(audio[:, RATE // 2 :])
    compressor = prepared(host, real(name), threshold=-20, ratio=20, sidechain=True)
    got = np.abs(play(compressor, RATE - RATE % 128, audio=audio, key=key).audio[0])
    assert got[RATE // 4 : RATE // 2].max() == pytest.approx(0.2, rel=0.05)
    assert got[3 * RATE // 4 :].max() < 0.05
    audio[1] = 0.0
    compressor.reset()
    assert np.abs(play(compressor, 8192, audio=audio).audio[1]).max() < 1e-6, "each side for itself"


@every_host
def test_midi_out(host: str, format_name: str) -> None:
    synth = prepared(host, oracle("synth", format_name), Mode="Echo")
    events = sorted([*note(100, 900), *note(555, 2000, 64, 70.0)])
    heard = play(synth, 4096, events).midi
    assert synth.sends_midi == traits(host).midi_out
    assert heard == (events if synth.sends_midi else [])


@every_host
def test_an_arpeggio_keeps_time(host: str, format_name: str) -> None:
    synth = prepared(host, oracle("synth", format_name), Mode="Arpeggio")
    if not synth.sends_midi or format_name not in traits(host).beat:
        assert not traits(host).midi_out or format_name not in traits(host).beat
        return
    heard = play(synth, 2 * RATE - 2 * RATE % 128, transport=at_tempo(150.0)).midi
    eighth = RATE * 60 / 150 / 2
    struck = [e.offset for e in heard if e.kind == Kind.ON]
    assert len(struck) == 10
    assert struck == pytest.approx([n * eighth for n in range(10)], abs=1)
