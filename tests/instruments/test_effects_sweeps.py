"""Chorus, flanger, phaser, tremolo: against combs, all-passes and LFOs on paper, and pedalboard's phaser."""

from __future__ import annotations

import numpy as np
import pedalboard
import pytest
from effect_checks import hertz, impulse, noise, response_db, sine, through
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracles import RATE

from instruments.block import Transport
from instruments.effects.chorus import STYLES, Chorus
from instruments.effects.flanger import Flanger
from instruments.effects.lfo import Swept, blend
from instruments.effects.phaser import Phaser
from instruments.effects.tremolo import Tremolo

HALF, _ = blend(0.5)


def _pitches(x: NDArray[np.float32], frames: int = 480) -> NDArray[np.float64]:
    """Frequency in Hz of a tone, averaged over so many frames."""
    s = np.fft.fft(x.astype(float))
    s[len(s) // 2 :] = 0
    phase = np.unwrap(np.angle(np.fft.ifft(s)))
    found: NDArray[np.float64] = (phase[frames:] - phase[:-frames]) / (2 * np.pi * frames) * RATE
    return found


# -- flanger -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("feedback", [0, 0.7, -0.7])
def test_the_flanger_is_a_comb(feedback: float) -> None:
    y = through(Flanger({"depth": 0, "delay_ms": 1, "feedback": feedback}), impulse(65536))
    z = np.exp(-2j * np.pi * hertz(y) * 0.001)
    wet = HALF * (1 - feedback**2) ** 0.5
    want = np.abs(HALF + wet * z / (1 - feedback * z))
    assert np.abs(10 ** (response_db(y) / 20) - want).max() < 1e-4
    if not feedback:
        assert response_db(y)[np.argmin(np.abs(hertz(y) - 2500))] < -60


def test_the_flanger_sweeps_in_octaves() -> None:
    """Where each click of a train comes out."""
    effect = Flanger({"depth": 0.5, "delay_ms": 2, "feedback": 0, "mix": 1, "rate_hz": 1, "spread_deg": 90})
    x = np.zeros((2, RATE), np.float32)
    at = np.arange(0, RATE - 1200, 1200)
    x[:, at] = 1
    y = through(effect, x)
    for side in range(2):
        for click in at:
            echo = y[side, click : click + 400].astype(float) ** 2
            came = (echo * np.arange(400)).sum() / echo.sum()
            want = 96 * 4 ** (0.5 * np.sin(2 * np.pi * ((click + came) / RATE + side * 0.25)))
            assert abs(came - want) < 0.75


def test_through_zero_meets_the_dry_sound() -> None:
    y = through(Flanger({"depth": 0, "delay_ms": 2, "through_zero_ms": 2, "feedback": 0}), impulse(8192))
    assert np.argmax(y[0]) == 96
    assert np.abs(response_db(y) - 20 * np.log10(2 * HALF)).max() < 0.01


# -- phaser ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stages", ["4", "6", "8", "12"])
@pytest.mark.parametrize("feedback", [0, 0.6, -0.6])
def test_the_phaser_is_its_all_passes(stages: str, feedback: float) -> None:
    y = through(Phaser({"stages": stages, "depth_octaves": 0, "centre_hz": 900, "feedback": feedback}),
                impulse(131072))
    n, t = int(stages), np.tan(np.pi * 900 / RATE)
    a = (t - 1) / (t + 1)
    z = np.exp(-2j * np.pi * hertz(y) / RATE)
    chain = ((a + z) / (1 + a * z)) ** n
    want = np.abs(HALF * (1 - feedback**2) ** 0.5 * (1 + chain) / (1 - feedback * chain))
    assert np.abs(10 ** (response_db(y) / 20) - want).max() < 1e-4
    for k in range(n // 2):
        hz = RATE / np.pi * np.arctan(t * np.tan((2 * k + 1) * np.pi / (2 * n)))
        near = np.abs(hertz(y) / hz - 1) < 0.05
        notch = hertz(y)[near][np.argmin(response_db(y)[near])]
        assert abs(notch / hz - 1) < 0.002


def test_the_phaser_without_feedback_is_pedalboards() -> None:
    theirs = pedalboard.Phaser(rate_hz=1, depth=0, centre_frequency_hz=800, feedback=0, mix=0.5)
    a = theirs(impulse(65536), RATE)
    b = through(Phaser({"stages": "6", "depth_octaves": 0, "centre_hz": 800, "feedback": 0}), impulse(65536))
    loud = response_db(a) > -40
    assert np.abs(response_db(b) - response_db(a) - 20 * np.log10(2 * HALF))[loud].max() < 0.1


def test_stages_change_without_a_click() -> None:
    x = sine(300, RATE)
    y = through(Phaser({"depth_octaves": 0}), x, (128,), [(12000, "stages", "12"), (30000, "stages", "6")])
    s = np.abs(np.fft.rfft(y[0] * np.blackman(RATE)))
    assert 20 * np.log10(s[4000:].max() / s.max()) < -80


# -- chorus ------------------------------------------------------------------------------------------------------------


def test_the_junos_triangle_bends_the_pitch_by_a_constant() -> None:
    """To either side by 4 x rate x depth, the sides against each other."""
    effect = Chorus({"style": "juno", "mix": 1})
    y = through(effect, sine(1000, 3 * RATE))
    want = 4 * 0.513 * 1.85e-3 * 1000
    left, right = (np.round(_pitches(y[k]) - 1000, 2)[4800:-4800] for k in range(2))
    assert abs(np.median(left[left > 0]) - want) < 0.05
    assert abs(np.median(left[left < 0]) + want) < 0.05
    assert np.corrcoef(left, right)[0, 1] < -0.9


def test_a_faster_triangle_bends_further() -> None:
    y = through(Chorus({"style": "juno", "rate_hz": 2, "depth_ms": 1, "mix": 1}), sine(1000, 2 * RATE))
    assert abs(np.abs(_pitches(y[0])[4800:-4800] - 1000).max() - 8) < 0.4


@pytest.mark.parametrize("style", STYLES)
def test_a_chorus_decorrelates_the_sides(style: str) -> None:
    mono = np.tile(noise(4 * RATE)[:1], (2, 1))
    y = through(Chorus({"style": style, "mix": 1}), mono)[:, RATE:].astype(float)
    high = np.diff(np.diff(y, axis=1), axis=1)  # where a millisecond is many periods
    assert np.corrcoef(high)[0, 1] < 0.5


def test_a_style_brings_its_settings_unless_they_are_given() -> None:
    effect = Chorus({"style": "juno", "rate_hz": 0.863})
    assert effect.get("rate_hz") == 0.863 and effect.get("depth_ms") == 1.85
    assert Chorus().get("rate_hz") == 0.6


def test_styles_change_without_a_click() -> None:
    x = sine(300, RATE)
    y = through(Chorus(), x, (128,), [(12000, "style", "juno"), (30000, "style", "ensemble")])[:, 4800:].astype(float)
    s = np.abs(np.fft.rfft(y[0] * np.blackman(y.shape[1])))
    assert 20 * np.log10(s[4000:].max() / s.max()) < -70


# -- tremolo -----------------------------------------------------------------------------------------------------------

ONES = np.ones((2, RATE), np.float32)
TIME = np.arange(RATE) / RATE


def test_the_tremolo_is_a_cosine() -> None:
    y = through(Tremolo({"rate_hz": 5, "depth": 0.8, "spread_deg": 90}), ONES)
    for side in range(2):
        want = 1 - 0.8 * (0.5 - 0.5 * np.cos(2 * np.pi * (5 * TIME + 0.25 * side)))
        assert np.abs(y[side] - want).max() < 2e-4


def test_a_pan_keeps_the_power() -> None:
    y = through(Tremolo({"mode": "pan", "rate_hz": 3, "depth": 1}), ONES).astype(float)
    assert np.abs((y**2).sum(axis=0) - 2).max() < 1e-3
    assert y[0].max() > 1.41 and y[0].min() < 0.01 and y[1].max() > 1.41


def test_the_rhodes_sways_in_opposition() -> None:
    y = through(Tremolo({"mode": "rhodes", "rate_hz": 4, "depth": 0.6}), ONES).astype(float)
    assert np.abs(y.sum(axis=0) - 1.4).max() < 1e-3


@pytest.mark.parametrize("shape", ["square", "rise", "fall"])
def test_edges_take_four_milliseconds(shape: str) -> None:
    y = through(Tremolo({"shape": shape, "rate_hz": 2, "depth": 1}), ONES)[0]
    assert np.abs(np.diff(y)).max() < 1.01 / (0.004 * RATE)
    assert y.max() > 0.99 and y.min() < 0.01


# -- time with the beat ------------------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(bpm=st.floats(40, 220), beat=st.floats(0, 100), cycle=st.sampled_from([0.5, 1, 3, 4]))
def test_a_synced_lfo_stands_where_the_beat_does(bpm: float, beat: float, cycle: float) -> None:
    y = through(Tremolo({"sync_beats": cycle, "depth": 1}), ONES[:, :24000], (128,), bpm=bpm, beat=beat)[0]
    phase = (beat + TIME[:24000] * bpm / 60) / cycle
    assert np.abs(y - (0.5 + 0.5 * np.cos(2 * np.pi * phase)))[64:].max() < 0.003


def test_a_synced_lfo_keeps_to_the_beat_through_changes_of_tempo_and_jumps() -> None:
    effect = Tremolo({"sync_beats": 1, "depth": 1})
    effect.prepare(RATE, 128)
    beat, bpm, out, want = 0.0, 100.0, [], []
    for k in range(3000):
        bpm = 100 + 60 * np.sin(k / 200)
        if k == 1500:
            beat += 7.37
        block = np.ones((2, 128), np.float32)
        effect.process(block, Transport(128 * k, beat, float(bpm), playing=True))
        out.append(block[0])
        want.append(0.5 + 0.5 * np.cos(2 * np.pi * (beat + np.arange(128) / RATE * bpm / 60)))
        beat += 128 / RATE * bpm / 60
    off = np.abs(np.array(out) - np.array(want)).max(axis=1)
    assert off[2:1500].max() < 0.01
    assert off[1500] > 0.1 and off[1700:].max() < 0.01
    assert np.abs(np.diff(np.concatenate(out))).max() < 0.01


def test_a_stopped_transport_lets_the_lfo_go_on() -> None:
    effect = Tremolo({"sync_beats": 1, "depth": 1})
    effect.prepare(RATE, 128)
    y = []
    for k in range(750):
        block = np.ones((2, 128), np.float32)
        effect.process(block, Transport(128 * k, 0.0, 120.0))
        y.append(block[0])
    gain = np.concatenate(y)
    assert np.abs(gain - (0.5 + 0.5 * np.cos(2 * np.pi * 2 * np.arange(len(gain)) / RATE))).max() < 0.003


@pytest.mark.parametrize("made", [Chorus, Flanger, Phaser, Tremolo])
def test_all_of_them_say_how_they_are_synced(made: type[Swept]) -> None:
    assert made.PARAMETERS["sync_beats"].default == 0
