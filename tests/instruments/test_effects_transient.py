"""The transient shaper against its envelopes, worked out on paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles import RATE, Audio, treat

from instruments.effects.transient import Transient


def gain_db(x: Audio, **params: Any) -> np.ndarray:
    effect = Transient(params)
    effect.prepare(RATE, 4096)
    return 20 * np.log10(treat(effect, x)[0].astype(float) / x[0])


def step(first_db: float, then_db: float) -> Audio:
    level = np.where(np.arange(3 * RATE) < RATE, first_db, then_db)
    return np.tile(10 ** (level / 20), (2, 1)).astype(np.float32)


def share(d: np.ndarray) -> np.ndarray:
    return d / np.sqrt(d**2 + 36)


@pytest.mark.parametrize("attack", [-6, 9])
def test_an_attack_is_as_loud_and_as_long_as_asked(attack: float) -> None:
    got = gain_db(step(-28, -10), attack_db=attack, attack_ms=30)[RATE:]
    t = np.arange(1, 2 * RATE + 1) / RATE * 1000
    want = attack * share(18 * (np.exp(-t / 30) - np.exp(-t / 0.5)))
    assert np.abs(got - want).max() < 0.02
    assert np.abs(want).max() > 0.88 * abs(attack)


@pytest.mark.parametrize("sustain", [-12, 6])
def test_what_rings_on_too(sustain: float) -> None:
    got = gain_db(step(-10, -30), attack_db=0, sustain_db=sustain, sustain_ms=200)[RATE + 480 :]
    t = np.arange(1, len(got) + 1) / RATE * 1000
    want = sustain * share(20 * (np.exp(-t / 200) - np.exp(-t / 20)))
    assert np.abs(got - want).max() < 0.1
    assert np.abs(want).max() > 0.8 * abs(sustain)


@pytest.mark.parametrize("hz", [55, 1000])
def test_a_steady_tone_is_left_as_it_is(hz: float) -> None:
    x = np.tile(0.3 * np.sin(2 * np.pi * hz * np.arange(2 * RATE) / RATE), (2, 1)).astype(np.float32)
    effect = Transient({"attack_db": 12, "sustain_db": 12, "sustain_ms": 50})
    effect.prepare(RATE, 512)
    assert np.abs(treat(effect, x)[:, -RATE // 2 :] - x[:, -RATE // 2 :]).max() < 1e-4


def test_loud_and_soft_hits_are_shaped_alike() -> None:
    t = np.arange(RATE // 2) / RATE
    hit = np.sin(2 * np.pi * 180 * t) * np.exp(-t / 0.05)
    gains = []
    for level in (1.0, 0.2):
        x = np.tile(level * hit, (2, 1)).astype(np.float32)
        effect = Transient({"attack_db": 6, "sustain_db": -6})
        effect.prepare(RATE, 512)
        y = treat(effect, x)[0]
        gains.append([20 * np.log10(np.abs(y[span]).max() / np.abs(x[0, span]).max())
                      for span in (slice(0, 400), slice(2400, 4800))])
    assert gains[0][0] > 4 and gains[0][1] < -1.5
    assert gains[0] == pytest.approx(gains[1], abs=0.6)
