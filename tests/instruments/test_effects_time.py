"""What all effects that live on time must pass: chorus, flanger, phaser, tremolo, delay, reverb, plate, hall."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from effect_checks import impulse, noise, random_moves, sine, sleeps_without_a_spike, stays_finite, through
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import RATE, Audio

from instruments.block import Transport
from instruments.effects.chorus import Chorus
from instruments.effects.delay import Delay
from instruments.effects.flanger import Flanger
from instruments.effects.phaser import Phaser
from instruments.effects.plate import Plate
from instruments.effects.reverb import Hall, Reverb
from instruments.effects.tremolo import Tremolo
from instruments.native_effect import NativeEffect

BUSY: dict[str, Callable[[], NativeEffect]] = {
    "chorus": lambda: Chorus({"rate_hz": 2, "depth_ms": 3}),
    "juno": lambda: Chorus({"style": "juno"}),
    "ensemble": lambda: Chorus({"style": "ensemble", "rate_hz": 1}),
    "flanger": lambda: Flanger({"rate_hz": 1.5, "feedback": -0.8, "through_zero_ms": 1}),
    "phaser": lambda: Phaser({"rate_hz": 2, "stages": "8", "feedback": 0.7}),
    "tremolo": lambda: Tremolo({"rate_hz": 7, "shape": "square", "depth": 1}),
    "delay": lambda: Delay({"beats": 0.1, "feedback": 0.7, "ping_pong": 0.5, "saturation": 0.6, "wow": 0.5,
                            "flutter": 0.1, "duck_db": 12, "mix": 0.5}),
    "fade": lambda: Delay({"beats": 0, "time_ms": 31, "feedback": 0.7, "change": "fade", "mix": 0.5}),
    "reverb": lambda: Reverb({"t60_s": 0.4, "mix": 0.6}),
    "hall": lambda: Hall({"t60_s": 1.0, "mix": 0.6, "shimmer": 0.5}),
    "plate": lambda: Plate({"t60_s": 0.6, "mix": 0.6}),
}
every_effect = pytest.mark.parametrize("name", BUSY)


@every_effect
@settings(max_examples=6, deadline=None)
@given(cuts=st.lists(st.integers(1, 4096), min_size=1, max_size=5), seed=st.integers(0, 99),
       beat=st.sampled_from([None, 3.7]))
def test_the_sound_does_not_depend_on_blocks(name: str, cuts: list[int], seed: int, beat: float | None) -> None:
    x = noise(6000, seed)
    moves = random_moves(BUSY[name](), 6000, 1711, seed)
    whole = through(BUSY[name](), x, moves=moves, first=77, beat=beat)
    cut = through(BUSY[name](), x, cuts, moves, first=77, beat=beat)
    assert np.abs(cut - whole).max() < 1e-6 * max(1.0, np.abs(whole).max())


@every_effect
def test_ten_seconds_of_random_automation_stay_finite(name: str) -> None:
    stays_finite(BUSY[name](), 10, 5, 100)


@every_effect
def test_silence_then_sound_gives_no_spike(name: str) -> None:
    """Where an LFO goes on, the sound is as loud as it ever gets."""
    if name in ("juno", "chorus", "ensemble", "flanger", "phaser", "tremolo"):
        effect = BUSY[name]()
        always = np.abs(through(effect, sine(440, 2 * RATE, 0.3))).max()
        effect.reset()
        x = np.concatenate([sine(440, 4800, 0.3), np.zeros((2, 10 * RATE), np.float32), sine(440, RATE, 0.3)], axis=1)
        y = through(effect, x)
        assert np.abs(y[:, 5 * RATE : 9 * RATE]).max() < 1e-6
        assert np.abs(y[:, 9 * RATE :]).max() < 1.02 * always
    else:
        def make() -> NativeEffect:
            effect = BUSY[name]()
            for swaying in {"modulation", "wow", "flutter"} & set(effect.PARAMETERS):
                effect.set(swaying, 0)
            return effect

        sleeps_without_a_spike(make)


@every_effect
def test_reset_is_as_fresh(name: str) -> None:
    x = noise(3000)
    effect = BUSY[name]()
    first = through(effect, x)
    effect.reset()
    again = x.copy()
    effect.process(again, Transport(0))
    assert again.tobytes() == first.tobytes()


@pytest.mark.parametrize("make", [
    *BUSY.values(), lambda: Flanger({"feedback": 0.95, "delay_ms": 10, "depth": 0, "mix": 1}),
    lambda: Phaser({"feedback": 0.9, "centre_hz": 50, "stages": "12", "depth_octaves": 0}),
    lambda: Delay({"feedback": 0.9, "time_ms": 300, "beats": 0, "high_pass_hz": 10, "low_pass_hz": 20000}),
])
def test_the_tail_covers_60_db(make: Callable[[], NativeEffect]) -> None:
    effect = make()
    effect.prepare(RATE, 4096)
    y = np.abs(through(effect, impulse(effect.tail + 24000, 0.5))).max(axis=0)
    assert y[max(1, effect.tail) :].max() < 1e-3 * y.max()


@every_effect
def test_what_is_not_finite_leaves_no_trace(name: str) -> None:
    effect = BUSY[name]()
    x = noise(RATE)
    x[:, 100] = np.nan
    y = through(effect, x)
    assert np.isfinite(y[:, 4800:]).all() and np.abs(y[:, 4800:]).max() > 0.1


@every_effect
def test_at_mix_0_the_sound_is_as_it_was(name: str) -> None:
    x = noise(8000)
    effect = BUSY[name]()
    quiet = {"mix": 0} if "mix" in effect.PARAMETERS else {"depth": 0}
    if name == "flanger":
        quiet["through_zero_ms"] = 0
    for key, value in quiet.items():
        effect.set(key, value)
    assert np.abs(through(effect, x) - x).max() < 1e-6


def _pink(frames: int) -> Audio:
    f = np.fft.rfftfreq(frames, 1 / RATE)
    s = np.fft.rfft(np.random.default_rng(1).standard_normal(frames)) / np.sqrt(np.maximum(f, 20)) * (f > 30)
    x = np.fft.irfft(s, frames)
    return np.tile((0.1 * x / x.std()).astype(np.float32), (2, 1))


@pytest.mark.parametrize("name", [name for name in BUSY if name != "tremolo"])
def test_the_loudness_stays_within_reach_of_the_dry_sound(name: str) -> None:
    """Pink noise at any mix, within 4 dB."""
    x = _pink(3 * RATE)
    for mix in (0.25, 0.5, 0.75, 1.0):
        effect = BUSY[name]()
        effect.set("mix", mix)
        if "duck_db" in effect.PARAMETERS:
            effect.set("duck_db", 0)
            effect.set("saturation", 0)
        y = through(effect, x)[:, RATE:]
        assert abs(10 * np.log10((y**2).mean() / (x**2).mean())) < 4, mix


_SWEPT = {
    "chorus": [("depth_ms", 0.5, 4), ("delay_ms", 5, 12), ("mix", 0, 1), ("low_pass_hz", 3000, 20000)],
    "flanger": [("delay_ms", 0.5, 4), ("depth", 0, 1), ("feedback", -0.9, 0.9), ("through_zero_ms", 0, 4),
                ("mix", 0, 1)],
    "phaser": [("centre_hz", 200, 3000), ("feedback", -0.8, 0.8), ("depth_octaves", 0, 2), ("mix", 0, 1)],
    "tremolo": [("depth", 0, 1), ("spread_deg", 0, 180)],
    "delay": [("feedback", 0, 0.9), ("ping_pong", 0, 1), ("low_pass_hz", 500, 19000), ("saturation", 0, 1),
              ("mix", 0, 1), ("beats", 0.1, 0.2)],
    "fade": [("time_ms", 31, 90), ("change", 0, 1)],
    "reverb": [("t60_s", 0.2, 4), ("damping", 0.1, 1), ("size", 0.6, 2), ("predelay_ms", 0, 60), ("early", 0, 1),
               ("modulation", 0, 1), ("mix", 0, 1), ("high_pass_hz", 20, 900), ("low_pass_hz", 1500, 20000)],
    "hall": [("t60_s", 0.5, 10), ("shimmer", 0, 1)],
    "plate": [("t60_s", 0.3, 5), ("damping", 0.1, 1), ("predelay_ms", 0, 60), ("mix", 0, 1), ("modulation", 0, 1)],
}


@pytest.mark.parametrize(("name", "parameter", "low", "high"), [(n, *r) for n, rows in _SWEPT.items() for r in rows])
def test_nothing_clicks_when_a_parameter_moves(name: str, parameter: str, low: float, high: float) -> None:
    """A tone of 440 Hz, the parameter thrown to and fro by hand: nothing above 4 kHz, where zipper noise lies."""
    effect = BUSY[name]()
    calm = {"delay": ("saturation", 0), "tremolo": ("shape", "sine")}
    if name in calm:
        effect.set(*calm[name])
    effect.set(parameter, low)
    x = sine(440, RATE)
    x[:, :2400] *= np.linspace(0, 1, 2400, dtype=np.float32)
    moves = [(at, parameter, high if k % 2 == 0 else low) for k, at in enumerate(range(12000, 44000, 6000))]
    y = through(effect, x, (128,), moves)[:, 6000:].astype(float)
    s = np.abs(np.fft.rfft(y * np.blackman(y.shape[1]), axis=1))
    f = np.fft.rfftfreq(y.shape[1], 1 / RATE)
    assert 20 * np.log10(s[:, f > 4000].max() / s.max()) < -70


@every_effect
@pytest.mark.parametrize("rate", [8000, 44100, 192000])
def test_every_rate_will_do(name: str, rate: int) -> None:
    effect = BUSY[name]()
    effect.prepare(rate, 512)
    x = noise(rate // 2)
    for at in range(0, x.shape[1] - 511, 512):
        block = np.ascontiguousarray(x[:, at : at + 512])
        effect.process(block, Transport(at))
        x[:, at : at + 512] = block
    assert np.isfinite(x).all() and 0.02 < x[:, rate // 4 :].std() < 0.5
