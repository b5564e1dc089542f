"""The delay: echoes to the frame and on the beat, the filters and the tape in its loop, and pedalboard's delay."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pedalboard
import pytest
from effect_checks import hertz, impulse, noise, response_db, sine, through
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracles import RATE, Audio, pitch

from instruments.block import Transport
from instruments.effects.delay import Delay

OPEN: dict[str, float | str] = {"low_pass_hz": 20000, "high_pass_hz": 10, "mix": 1}


def _made(**given: float | str) -> Delay:
    return Delay({**OPEN, **given})


EITHER = pytest.mark.parametrize("change", ["tape", "fade"])


@EITHER
@pytest.mark.parametrize(("beats", "bpm"), [(0.75, 100), (1, 120), (0.5, 60), (0.25, 150)])
def test_echoes_come_to_the_frame(change: str, beats: float, bpm: float) -> None:
    y = through(_made(beats=beats, feedback=0.5, change=change), impulse(4 * RATE), (128,), bpm=bpm)[0]
    gap = round(beats * 60 / bpm * RATE)
    want = np.zeros_like(y)
    for k in range(1, 4 * RATE // gap + 1):
        want[k * gap : k * gap + 1] = 0.5 ** (k - 1)
    assert np.abs(y - want).max() < 1e-5


@settings(max_examples=20, deadline=None)
@given(bpm=st.floats(50, 240), beats=st.sampled_from([0.25, 1 / 3, 0.5, 0.75, 1.0]),
       change=st.sampled_from(["tape", "fade"]))
def test_echoes_are_on_the_beat_at_any_tempo(bpm: float, beats: float, change: str) -> None:
    """The centre of what comes, to a hundredth of a frame."""
    gap = beats * 60 / bpm * RATE
    y = through(_made(beats=beats, feedback=0, change=change), impulse(round(gap) + 64), (128,), bpm=bpm)
    x = y[0, round(gap) - 32 : round(gap) + 32].astype(float)
    assert abs((x * np.arange(64)).sum() / x.sum() + round(gap) - 32 - gap) < 0.01


def _tempo(effect: Delay, x: Audio, bpm_at: Callable[[int], float]) -> tuple[Audio, NDArray[np.float64]]:
    """Through the effect while the tempo moves; and each block's first beat."""
    effect.prepare(RATE, 128)
    out, beat, beats = x.copy(), 0.0, []
    for at in range(0, x.shape[1], 128):
        bpm = bpm_at(at)
        beats.append(beat)
        effect.process(out[:, at : at + 128], Transport(at, beat, bpm, playing=True))
        beat += 128 / RATE * bpm / 60
    return out, np.array(beats)


@pytest.mark.parametrize("bpm_at", [
    lambda at: 120.0 if at < 60000 else 90.0, lambda at: 120.0 if at < 60000 else 150.0,
    lambda at: 100 + 30 * np.sin(at / 40000), lambda at: 80 + at / 3000,
])
def test_the_tape_echoes_on_the_beat_while_the_tempo_changes(bpm_at: Callable[[int], float]) -> None:
    """Each click comes a beat after it went in, wherever the tempo has gone meanwhile: within a millisecond."""
    x = np.zeros((2, 128 * 2000), np.float32)
    clicks = np.arange(9000, 210000, 9001)
    x[:, clicks] = 1
    y, beats = _tempo(_made(beats=1, feedback=0), x, bpm_at)
    line = np.interp(np.arange(x.shape[1]), np.arange(len(beats)) * 128, beats)
    for click in clicks:
        due = float(np.interp(line[click] + 1, line, np.arange(x.shape[1])))
        near = slice(round(due) - 300, round(due) + 300)
        assert abs(near.start + int(np.argmax(np.abs(y[0, near]))) - due) < 0.001 * RATE


def test_beats_too_long_for_the_memory_are_halved() -> None:
    y = through(_made(beats=16, feedback=0), impulse(9 * RATE), bpm=60)[0]
    assert np.argmax(np.abs(y)) == 8 * RATE


@EITHER
def test_a_free_delay_does_not_care_for_the_tempo(change: str) -> None:
    y = through(_made(beats=0, time_ms=123, feedback=0, change=change), impulse(RATE), bpm=77)[0]
    assert np.argmax(y) == round(0.123 * RATE)


def test_a_ping_pong_changes_sides() -> None:
    y = np.abs(through(_made(beats=0.25, feedback=0.6, ping_pong=1), impulse(RATE)))
    first, second, third = (y[:, k * 6000] for k in (1, 2, 3))
    assert first[0] > 0.9 and first[1] < 1e-6
    assert second[1] > 0.5 and second[0] < 1e-6
    assert third[0] > 0.3 and third[1] < 1e-6


def test_each_echo_goes_through_the_filters_once() -> None:
    effect = Delay({"beats": 0.25, "feedback": 0.5, "low_pass_hz": 3000, "high_pass_hz": 200, "mix": 1})
    y = through(effect, impulse(RATE // 2))[:, :18000]
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(6000, 1 / RATE) / RATE)
    low, high = (1 - np.exp(-2 * np.pi * hz / RATE) for hz in (3000, 200))
    once = low / (1 - (1 - low) * z) * (1 - high / (1 - (1 - high) * z))
    for k in (1, 2):
        heard = np.fft.rfft(y[0, 6000 * k : 6000 * (k + 1)].astype(float))
        assert np.abs(np.abs(heard) - np.abs(once**k * 0.5 ** (k - 1))).max() < 2e-3


def test_the_echoes_are_pedalboards() -> None:
    theirs = pedalboard.Delay(delay_seconds=0.125, feedback=0.6, mix=1.0)(impulse(RATE), RATE)
    ours = through(_made(beats=0.25, feedback=0.6), impulse(RATE))
    assert np.abs(ours - theirs).max() < 1e-4


def test_a_tape_that_is_set_to_another_time_bends_the_pitch_and_arrives() -> None:
    x = sine(500, 3 * RATE)
    y = through(_made(beats=0, time_ms=300, feedback=0), x, (128,), [(RATE, "time_ms", 400)])[0]
    before, after = y[RATE // 2 : RATE - 1000].astype(float), y[2 * RATE :].astype(float)
    assert abs(pitch(before, 500) - 500) < 0.01 and abs(pitch(after, 500) - 500) < 0.01
    during = y[RATE : RATE + 4800].astype(float)
    assert np.count_nonzero(np.diff(np.sign(during))) < 85  # of 100: slower, and so lower
    assert np.abs(np.diff(y.astype(float))).max() < 1.1 * 2 * np.pi * 500 / RATE * 0.5


def test_a_fade_keeps_the_pitch() -> None:
    x = sine(500, 2 * RATE)
    y = through(_made(beats=0, time_ms=300, feedback=0, change="fade"), x, (128,),
                [(RATE, "time_ms", 400)])[0]
    zero = np.count_nonzero(np.diff(np.sign(y[RATE : RATE + 4800])))
    assert abs(zero - 100) <= 2
    assert np.argmax(through(_made(beats=0, time_ms=300, feedback=0, change="fade"),
                             np.roll(impulse(2 * RATE), RATE + 9600, 1), (128,), [(RATE, "time_ms", 400)])[0]
                     ) == RATE + 9600 + 19200


def test_wow_is_a_deviation_of_the_speed() -> None:
    """Where two heads a second apart stand at unlike speeds, the pitch is their ratio."""
    x = sine(1000, 12 * RATE)
    y = through(_made(beats=0, time_ms=700, feedback=0, wow=1), x)[0, 2 * RATE :].astype(float)
    s = np.fft.fft(y)
    s[len(s) // 2 :] = 0
    phase = np.unwrap(np.angle(np.fft.ifft(s)))
    speed = (phase[480:] - phase[:-480])[4800:-4800] / (2 * np.pi * 480) * RATE / 1000 - 1
    assert 0.005 < np.abs(speed).max() < 0.0205
    assert abs(speed.mean()) < 5e-4


def test_saturation_holds_the_loop_and_leaves_quiet_sound() -> None:
    loud = through(_made(beats=0.05, feedback=0.98, saturation=1), sine(300, 2 * RATE, 1.0))
    assert np.abs(loud).max() < 0.35
    quiet = [through(_made(beats=0.25, feedback=0.5, saturation=s), impulse(RATE, 0.01)) for s in (0, 1)]
    assert np.abs(quiet[0] - quiet[1]).max() < 1e-5


def test_ducking_keeps_the_echoes_out_of_the_way() -> None:
    x = noise(2 * RATE, level=0.3)
    x[:, RATE:] = 0
    plain, ducked = (through(_made(mix=0.999, beats=0.25, feedback=0.9, duck_db=db), x) for db in (0, 20))
    during = slice(RATE // 2, RATE)
    db = 10 * np.log10((ducked[:, during] ** 2).mean() / (plain[:, during] ** 2).mean())
    assert abs(db + 20) < 1
    assert np.abs(ducked[:, -4800:]).max() > 0.8 * np.abs(plain[:, -4800:]).max()


def test_an_open_delay_is_flat() -> None:
    y = through(_made(beats=0.25, feedback=0), impulse(16384))
    assert np.abs(response_db(y)).max() < 1e-4 and len(hertz(y)) == 8193
