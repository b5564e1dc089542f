"""The gate: threshold, hysteresis, hold, range, ratio and times, and pedalboard's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles import RATE, Audio, treat

from instruments.block import Transport
from instruments.effects.gate import Gate


def made(**params: Any) -> Gate:
    effect = Gate(params)
    effect.prepare(RATE, 4096)
    return effect


def steps(*levels_db: float, frames: int = RATE // 2) -> Audio:
    """A steady value at each level, so that gain = out / in in each frame."""
    return np.tile(np.repeat(10 ** (np.array(levels_db) / 20), frames), (2, 1)).astype(np.float32)


def gain_db(y: Audio, x: Audio) -> np.ndarray:
    return 20 * np.log10(np.maximum(np.abs(y[0] / x[0]), 1e-9))


def test_it_opens_at_the_threshold_and_closes_below_the_hysteresis() -> None:
    x = steps(-41, -39, -43, -45)
    gain = gain_db(treat(made(threshold_db=-40, hysteresis_db=4, range_db=50, release_ms=50), x), x)
    ends = gain[RATE // 2 - 1 :: RATE // 2]
    assert ends == pytest.approx([-50, 0, 0, -50], abs=0.5)


def test_without_hysteresis_one_threshold_decides() -> None:
    x = steps(-39, -41, -39)
    gain = gain_db(treat(made(threshold_db=-40, hysteresis_db=0, range_db=30, release_ms=50), x), x)
    assert gain[RATE // 2 - 1 :: RATE // 2] == pytest.approx([0, -30, 0], abs=0.3)


@pytest.mark.parametrize(("attack", "hold", "release"), [(0.5, 40, 100), (5, 0, 20), (50, 200, 80)])
def test_times_are_63_percent_in_db(attack: float, hold: float, release: float) -> None:
    half = RATE // 2
    x = steps(-80, -10, -80, frames=half)
    gain = gain_db(treat(made(threshold_db=-40, range_db=40, attack_ms=attack, hold_ms=hold, release_ms=release), x), x)
    opened = np.argmax(gain[half:] > -40 * np.exp(-1)) / RATE * 1000
    closed = np.argmax(gain[2 * half :] < -40 * (1 - np.exp(-1))) / RATE * 1000
    assert opened == pytest.approx(attack, rel=0.05, abs=0.03)
    assert closed - hold == pytest.approx(release, rel=0.05)


@pytest.mark.parametrize("ratio", [1.5, 2, 4])
def test_as_an_expander_it_follows_its_curve(ratio: float) -> None:
    """Each dB below the threshold comes out as `ratio` dB below it, down to the range."""
    n = np.arange(RATE)
    for db in (-20, -32, -36, -42, -50, -70):
        x = np.tile(10 ** (db / 20) * np.sin(2 * np.pi * 300 * n / RATE), (2, 1)).astype(np.float32)
        y = treat(made(threshold_db=-30, hysteresis_db=0, ratio=ratio, range_db=40), x)
        got = 10 * np.log10(np.mean(y[0, -RATE // 4 :] ** 2) / np.mean(x[0, -RATE // 4 :] ** 2))
        assert got == pytest.approx(-min(40, max(0, (ratio - 1) * (-30 - db))), abs=0.1)


def test_an_open_gate_is_bit_exact_and_ratio_1_is_none() -> None:
    x = (np.random.default_rng(1).standard_normal((2, RATE)) * 0.3).astype(np.float32)
    y = treat(made(threshold_db=-60), x)
    assert y[:, RATE // 4 :].tobytes() == x[:, RATE // 4 :].tobytes()
    pause = (x * np.float32(0.01)).copy()
    pause[:, RATE // 4 : RATE // 2] = 0
    assert treat(made(threshold_db=0, ratio=1), pause).tobytes() == pause.tobytes()


def test_a_low_tone_does_not_make_it_chatter() -> None:
    x = np.tile(0.1 * np.sin(2 * np.pi * 41 * np.arange(RATE) / RATE), (2, 1)).astype(np.float32)
    y = treat(made(threshold_db=-24, hold_ms=20), x)
    assert np.abs(y[:, RATE // 4 :] - x[:, RATE // 4 :]).max() < 1e-6


def test_the_key_opens_it() -> None:
    pad = steps(-20, -20, frames=RATE)
    key = np.zeros_like(pad)
    key[:, RATE // 2 : RATE] = 0.5
    effect = made(threshold_db=-20, range_db=100, hold_ms=0, release_ms=5)
    y = pad.copy()
    for at in range(0, y.shape[1], 500):
        block = np.ascontiguousarray(y[:, at : at + 500])
        effect.process(block, Transport(at), np.ascontiguousarray(key[:, at : at + 500]))
        y[:, at : at + 500] = block
    gain = gain_db(y, pad)
    assert gain[RATE // 2 - 1] < -99 and gain[-1] < -99
    assert abs(gain[RATE - 1]) < 0.01


def test_pedalboards_gate_does_the_same() -> None:
    """JUCE's: through a word's length of sound and of what is to be gone, both at their levels within 0.5 dB."""
    pedalboard = pytest.importorskip("pedalboard")
    n = np.arange(RATE)
    x = np.tile(np.where(n < RATE // 2, 0.5, 0.003) * np.sin(2 * np.pi * 700 * n / RATE), (2, 1)).astype(np.float32)
    ours = treat(made(threshold_db=-30, range_db=100, hysteresis_db=0, attack_ms=1, release_ms=20, hold_ms=1), x)
    theirs = pedalboard.NoiseGate(threshold_db=-30, ratio=100, attack_ms=1, release_ms=20)(x, RATE)
    loud = slice(RATE // 4, RATE // 2)
    assert 10 * np.log10(np.mean(ours[0, loud] ** 2) / np.mean(theirs[0, loud] ** 2)) == pytest.approx(0, abs=0.5)
    assert np.abs(ours[0, -RATE // 8 :]).max() < 1e-6
    assert np.abs(theirs[0, -RATE // 8 :]).max() < 1e-6
