"""The compressor against its static curve, its times in dB, its own side-chain, and pedalboard's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles import RATE, Audio, treat

from instruments.block import Transport
from instruments.effects.compressor import Compressor


def made(**params: Any) -> Compressor:
    effect = Compressor(params)
    effect.prepare(RATE, 4096)
    return effect


def sine(level_db: float, hz: float = 1000, frames: int = RATE) -> Audio:
    x = 10 ** (level_db / 20) * np.sin(2 * np.pi * hz * np.arange(frames) / RATE)
    return np.tile(x, (2, 1)).astype(np.float32)


def level(x: Audio) -> float:
    """Peak of the sine in the last quarter, dB, by its mean square."""
    return float(10 * np.log10(2 * np.mean(x[0, -x.shape[1] // 4 :].astype(float) ** 2)))


def curve(at: float, threshold: float, ratio: float, knee: float) -> float:
    """Output level by Giannoulis, Massberg and Reiss 2012, equation 4."""
    slope = 1 / ratio - 1
    if 2 * (at - threshold) < -knee:
        return at
    if 2 * abs(at - threshold) <= knee and knee:
        return at + slope * (at - threshold + knee / 2) ** 2 / (2 * knee)
    return threshold + (at - threshold) / ratio


@pytest.mark.parametrize("hz", [50, 1000, 12000])
@pytest.mark.parametrize(("threshold", "ratio", "knee"), [(-20, 4, 6), (-30, 1.5, 24), (-10, 10, 0), (-24, 100, 3)])
def test_static_curve(threshold: float, ratio: float, knee: float, hz: float) -> None:
    for db in (-50, -33, -26, -20, -14, -6, 0):
        effect = made(threshold_db=threshold, ratio=ratio, knee_db=knee)
        want = curve(db, threshold, np.inf if ratio == 100 else ratio, knee)
        assert level(treat(effect, sine(db, hz))) == pytest.approx(want, abs=0.1)


def test_rms_reads_the_mean_square() -> None:
    effect = made(threshold_db=-20, ratio=4, knee_db=0, detector="rms")
    assert level(treat(effect, sine(0))) == pytest.approx(-(20 - 3.01) * 0.75, abs=0.1)
    square = np.sign(sine(-6, 500) + np.float32(1e-9)) * np.float32(0.5)
    assert level(treat(made(threshold_db=-20, ratio=4, knee_db=0, detector="rms"), square)) == pytest.approx(
        -6.02 + 3.01 - (20 - 6.02) * 0.75, abs=0.1)


@pytest.mark.parametrize(("attack", "release", "hold"), [(0.5, 20, 0), (10, 120, 0), (30, 300, 50), (100, 600, 200)])
def test_times_are_63_percent_in_db(attack: float, release: float, hold: float) -> None:
    x = np.full((2, 3 * RATE), 0.01, np.float32)
    x[:, RATE // 10 : RATE] = 1
    effect = made(threshold_db=-20, ratio=4, knee_db=0, attack_ms=attack, release_ms=release, hold_ms=hold)
    gain = 20 * np.log10(treat(effect, x)[0] / x[0])
    assert gain[RATE - 1] == pytest.approx(-15, abs=0.02)
    rise = np.argmax(gain[RATE // 10 :] < -15 * (1 - np.exp(-1))) / RATE * 1000
    fall = np.argmax(gain[RATE:] > -15 * np.exp(-1)) / RATE * 1000
    assert rise == pytest.approx(attack, rel=0.05, abs=0.03)
    assert fall - hold == pytest.approx(release, rel=0.05)


def test_a_key_of_itself_is_no_key() -> None:
    x = np.random.default_rng(2).standard_normal((2, 20000)).astype(np.float32)
    assert treat(made(), x).tobytes() == _keyed(made(), x, x).tobytes()


def _keyed(effect: Compressor, x: Audio, key: Audio, block: int = 512) -> Audio:
    out = x.copy()
    for at in range(0, x.shape[1], block):
        part = np.ascontiguousarray(out[:, at : at + block])
        effect.process(part, Transport(at), np.ascontiguousarray(key[:, at : at + block]))
        out[:, at : at + block] = part
    return out


def test_the_key_alone_decides_and_its_filters_choose() -> None:
    """A kick at 55 Hz and a hat at 9 kHz in the key: of which one the bass is turned down is for the filters."""
    pad = sine(-30, 440)
    kick, hat = sine(-3, 55), sine(-3, 9000)
    base = {"threshold_db": -20, "ratio": 4, "knee_db": 0}
    assert level(_keyed(made(**base), pad, kick)) == pytest.approx(-30 - 17 * 0.75, abs=0.1)
    assert level(_keyed(made(**base), pad, 0 * kick)) == pytest.approx(-30, abs=0.01)
    low = {**base, "key_low_pass_hz": 150.0}
    assert level(_keyed(made(**low), pad, hat)) == pytest.approx(-30, abs=0.01)
    assert level(_keyed(made(**low), pad, kick)) == pytest.approx(-30 - 17 * 0.75, abs=0.2)
    high = {**base, "key_high_pass_hz": 1000.0}
    assert level(_keyed(made(**high), pad, kick)) == pytest.approx(-30, abs=0.01)
    assert level(_keyed(made(**high), pad, hat)) == pytest.approx(-30 - 17 * 0.75, abs=0.2)


def test_both_sides_are_turned_down_alike() -> None:
    x = sine(0)
    x[1] *= 0.1
    y = treat(made(threshold_db=-30), x)
    assert np.abs(y[1] - 0.1 * y[0]).max() < 1e-6


def test_look_ahead_is_latency_and_meets_the_attack() -> None:
    x = np.full((2, 9600), 0.01, np.float32)
    x[:, 4800:] = 1
    late = made(threshold_db=-20, ratio=100, knee_db=0, attack_ms=1, lookahead_ms=5)
    assert late.latency == 240
    y = treat(late, x)
    assert np.array_equal(y[:, 240:4800], x[:, : 4800 - 240])
    assert not y[:, :240].any()
    assert np.abs(y[:, 5040]).max() < 0.12  # without: 1
    assert made().latency == 0


def test_below_the_threshold_nothing_changes_and_dry_is_dry() -> None:
    x = (np.random.default_rng(2).standard_normal((2, 20000)) * 0.01).astype(np.float32)
    assert treat(made(), x).tobytes() == x.tobytes()
    loud = x * np.float32(50)
    assert treat(made(mix=0, makeup_db=10), loud).tobytes() == loud.tobytes()


def test_parallel_compression_adds_the_dry() -> None:
    x = sine(-4)
    wet = level(treat(made(threshold_db=-24, makeup_db=6), x))
    half = level(treat(made(threshold_db=-24, makeup_db=6, mix=0.5), x))
    assert half == pytest.approx(20 * np.log10((10 ** (wet / 20) + 10 ** (-4 / 20)) / 2), abs=0.02)


def test_pedalboards_compressor_has_the_same_slope() -> None:
    """JUCE's: hard knee, detector before the curve. Above the threshold both rise by 1 / ratio, as far from it."""
    pedalboard = pytest.importorskip("pedalboard")
    ours, theirs = [], []
    for db in (-40, -12, -6, 0):
        x = sine(db)
        ours.append(level(treat(made(threshold_db=-20, ratio=3, knee_db=0, attack_ms=0.1, release_ms=200), x)))
        board = pedalboard.Compressor(threshold_db=-20, ratio=3, attack_ms=0.1, release_ms=200)
        theirs.append(level(board(x, RATE)))
    assert ours == pytest.approx(theirs, abs=0.4)
    assert np.diff(ours[1:]) == pytest.approx(np.diff(theirs[1:]), abs=0.05)
