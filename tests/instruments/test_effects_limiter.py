"""The limiter: true peaks by ideal interpolation, whatever the sound; what it leaves alone; how it recovers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import RATE, Audio, treat, true_peak

from instruments.block import Transport
from instruments.effects.limiter import Limiter


def made(**params: Any) -> Limiter:
    effect = Limiter(params)
    effect.prepare(RATE, 4096)
    return effect


def noise(frames: int, seed: int = 1, level: float = 0.3) -> Audio:
    return (np.random.default_rng(seed).standard_normal((2, frames)) * level).astype(np.float32)


def sine(hz: float, level: float, phase: float = 0.0, frames: int = RATE) -> Audio:
    x = level * np.sin(2 * np.pi * hz * np.arange(frames) / RATE + phase)
    return np.tile(x, (2, 1)).astype(np.float32)


def to_20_khz(x: Audio) -> Audio:
    """No meter and no limiter at four times the rate hears above that well."""
    s = np.fft.rfft(x.astype(float), axis=1)
    f = np.fft.rfftfreq(x.shape[1], 1 / RATE)
    return np.fft.irfft(s * np.clip((21000 - f) / 1000, 0, 1), x.shape[1], axis=1).astype(np.float32)


N = np.arange(RATE)
LOUD = {
    "noise": noise(RATE, 3, 1.0),
    "bass": sine(55, 3),
    "tone": sine(997, 3),
    "between the samples": sine(RATE / 4, 2, np.pi / 4),  # 3 dB above its samples
    "of a third": sine(RATE / 3, 2, np.pi / 3),
    "beating": sine(RATE / 4 + 0.7, 2),
    "bursts": (noise(RATE, 5, 1.5) * (N % 4800 < 300)).astype(np.float32),
    "impulses": (4.0 * (N % 2401 == 7) * np.ones((2, 1))).astype(np.float32),
    "square": np.sign(sine(441, 1)) * np.float32(2),
    "one side": sine(2000, 4) * np.array([[1], [0.01]], np.float32),
}


@pytest.mark.parametrize("release", ["fixed", "adaptive"])
@pytest.mark.parametrize("signal", list(LOUD))
def test_true_peaks_never_pass_the_ceiling(signal: str, release: str) -> None:
    effect = made(release=release)
    y = treat(effect, to_20_khz(LOUD[signal]), (128,))
    assert -1.6 < 20 * np.log10(true_peak(y)) <= -1.0
    assert effect.reduction_db() > 2
    assert effect.reduction_db() == 0


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10000), st.floats(0.5, 10), st.floats(5, 1000), st.floats(-24, 0), st.floats(0, 24),
    st.sampled_from(["fixed", "adaptive"]),
)
def test_nor_with_random_sound_and_settings(
    seed: int, look: float, release: float, ceiling: float, gain: float, kind: str,
) -> None:
    """Noise with random envelopes from silence to +12 dBFS, steps of 0.2 to 50 ms."""
    rng = np.random.default_rng(seed)
    edges = np.cumsum(rng.integers(10, 2400, 200))
    levels = rng.choice([0, 0.05, 0.5, 4], 201)
    envelope = levels[np.searchsorted(edges, np.arange(24000))]
    x = to_20_khz((rng.uniform(-1, 1, (2, 24000)) * envelope).astype(np.float32))
    effect = made(lookahead_ms=look, release_ms=release, ceiling_db=ceiling, gain_db=gain, release=kind)
    assert 20 * np.log10(true_peak(treat(effect, x, (100,)))) <= ceiling


def test_quiet_sound_is_left_as_it_is_but_late() -> None:
    x = noise(20000, level=0.1)
    effect = made()
    y = treat(effect, x, (100,))
    assert effect.latency == 72 - 1 + 8
    assert y[:, effect.latency :].tobytes() == x[:, : -effect.latency].tobytes()
    assert not y[:, : effect.latency].any()


def test_after_a_peak_it_is_bit_exact_again() -> None:
    x = noise(3 * RATE, level=0.1)
    x[:, 1000:1100] *= 30
    effect = made(release_ms=20, release="fixed")
    y = treat(effect, x, (480,))
    assert y[:, -RATE:].tobytes() == x[:, -RATE - effect.latency : -effect.latency].tobytes()


@pytest.mark.parametrize("release", [20, 200])
def test_it_recovers_by_63_percent_in_its_release(release: float) -> None:
    x = np.full((2, RATE), 0.1, np.float32)
    x[:, 1000:1200] = 1.5
    effect = made(release_ms=release, release="fixed")
    lost = 1 - treat(effect, x)[0] / 0.1
    start = 1200 + effect.latency
    assert lost[start] > 0.35
    from_here = lost[start : start + int(release * RATE / 1000) + 1]
    assert from_here[-1] / from_here[0] == pytest.approx(np.exp(-1), rel=0.05)


def test_adaptive_release_lets_a_peak_go_and_does_not_pump() -> None:
    """After one short peak as quick as fixed; a steady bass distorts half as much."""
    def harmonics(kind: str) -> float:
        y = treat(made(release=kind, gain_db=6), sine(60, 1, frames=4 * RATE))[0, -RATE:].astype(float)
        s = np.abs(np.fft.rfft(y * np.hanning(RATE))) ** 2
        return float(np.sqrt(1 - s[57:64].sum() / s[5:].sum()))

    assert harmonics("adaptive") < harmonics("fixed") / 2
    x = np.full((2, RATE), 0.1, np.float32)
    x[:, 1000:1050] = 1.5
    fixed, adaptive = (20 * np.log10(treat(made(release=k), x)[0, 1130:] / 0.1) for k in ("fixed", "adaptive"))
    assert fixed[0] < -4
    assert np.abs(fixed - adaptive).max() < 0.5


def test_gain_drives_it() -> None:
    assert np.abs(treat(made(gain_db=6), sine(100, 0.25)))[:, 5000:].max() == pytest.approx(0.4988, abs=1e-3)
    assert 20 * np.log10(true_peak(treat(made(gain_db=20), sine(100, 0.25)))) == pytest.approx(-1.2, abs=0.05)


def test_a_ceiling_that_falls_is_kept_on_its_way() -> None:
    """By 23 dB in its glide of 30 cells of the control grid. Each frame is below the ceiling of when it went in."""
    effect = made(ceiling_db=-1.0)
    x = sine(1000, 2, frames=19200)
    y = np.abs(treat(effect, x[:, :9600], (128,)))
    effect.set("ceiling_db", -24)
    y = np.concatenate([y, np.abs(treat(effect, x[:, 9600:], (128,), first=9600))], axis=1)
    grid = 10 ** (np.linspace(-1, -24, 31) / 20)
    ceiling = np.interp(np.arange(19200) - effect.latency + 1, 9600 + 32 * np.arange(31), grid)
    assert (y <= ceiling).all()
    assert (y.reshape(2, -1, 96).max(axis=2)[:, 10:] > 0.9 * ceiling.reshape(-1, 96)[10:].min(axis=1)).all()


def test_after_a_pause_it_starts_without_the_old_sound() -> None:
    effect = made()
    treat(effect, sine(500, 3, frames=4800), (128,))
    for i in range(40):
        block = np.zeros((2, 128), np.float32)
        effect.process(block, Transport(4800 + 128 * i))
        if i > 0:
            assert not block.any()
    y = treat(effect, sine(500, 0.1, frames=4800), (128,), first=4800 + 128 * 40)
    assert np.abs(y).max() < 0.1001


def test_what_is_absurdly_loud_is_no_louder_than_the_ceiling_either() -> None:
    """A feedback that has run away: the console cuts off what is +120 dB in the mean, and peaks may be louder yet."""
    loud = noise(RATE, 3, 0.5) * np.float32(10) ** np.linspace(0, 6, RATE, dtype=np.float32)
    loud[:, ::480] *= 30
    y = treat(made(ceiling_db=-1), loud, (128,))
    assert np.isfinite(y).all()
    assert np.abs(y).max() <= 10 ** (-1 / 20)


def test_pedalboards_limiter_is_no_louder_and_lets_true_peaks_pass() -> None:
    pedalboard = pytest.importorskip("pedalboard")
    x = to_20_khz(noise(2 * RATE, 7, 0.5))
    ours = treat(made(release_ms=80, ceiling_db=-1), x, (512,))
    theirs = pedalboard.Limiter(threshold_db=-1, release_ms=80)(x, RATE)
    assert 20 * np.log10(true_peak(ours)) <= -1
    assert 20 * np.log10(true_peak(theirs)) > -1
    loudness = 20 * np.log10(ours[:, RATE:].std() / theirs[:, RATE:].std())
    assert abs(loudness) < 4
