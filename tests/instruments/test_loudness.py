"""Loudness against the standards' own values and against a second implementation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import loudness, true_peak

from instruments.errors import InstrumentError
from instruments.loudness import (
    integrated_lufs,
    k_weighting,
    loudness_range_lu,
    momentary_lufs,
    short_term_lufs,
    true_peak_db,
)


def _sine(hz: float, seconds: float, rate: int = 48000, level: float = 1.0) -> NDArray[np.float64]:
    return level * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)


def test_the_weighting_at_48_khz_is_the_standards() -> None:
    given = [[1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585],
             [1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621]]  # ITU-R BS.1770-4, tables 1 and 2
    assert np.abs(k_weighting(48000) - given).max() < 1e-8


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_a_sine_of_full_scale_in_one_channel_reads_3_below(rate: int) -> None:
    audio = np.stack([_sine(997, 5, rate), np.zeros(5 * rate)])
    assert abs(integrated_lufs(audio, rate) + 3.01) < 0.02
    assert abs(momentary_lufs(audio, rate)[5] + 3.01) < 0.02


def test_gates_and_windows_as_in_ebu_tech_3341() -> None:
    """Its cases 3 (a quiet stretch at both ends is left out) and 1."""
    quiet, loud = 10 ** (-36 / 20), 10 ** (-23 / 20)
    one = np.concatenate([_sine(1000, 10, level=quiet), _sine(1000, 60, level=loud), _sine(1000, 10, level=quiet)])
    assert abs(integrated_lufs(np.stack([one, one]), 48000) + 23) < 0.1
    assert abs(short_term_lufs(np.stack([one, one])[:, 15 * 48000 : 20 * 48000], 48000)[0] + 23) < 0.1


def test_range_as_in_ebu_tech_3342() -> None:
    """Its cases 1 to 3: 20 s at one level, 20 s at another."""
    for low, high, expected in ((-30, -20, 10), (-20, -15, 5), (-40, -20, 20)):
        one = np.concatenate([_sine(1000, 20, level=10 ** (low / 20)), _sine(1000, 20, level=10 ** (high / 20))])
        assert abs(loudness_range_lu(np.stack([one, one]), 48000) - expected) < 1


def test_the_same_as_a_second_implementation() -> None:
    rng = np.random.default_rng(3)
    noise = rng.standard_normal((2, 48000 * 6)) * np.repeat(rng.uniform(0.01, 0.3, 24), 12000)
    assert abs(integrated_lufs(noise, 48000) - loudness(noise.astype(np.float32))) < 0.05
    assert abs(true_peak_db(noise) - 20 * math.log10(true_peak(noise.astype(np.float32)))) < 0.1


def test_peaks_between_samples() -> None:
    """A sine at a quarter of the rate, 45 degrees off: 3 dB above its samples (EBU Tech 3341, cases 15 to 19)."""
    audio = np.sin(np.pi / 2 * np.arange(4800) + np.pi / 4)[None] * np.hanning(4800)
    assert abs(true_peak_db(audio)) < 0.05 and 20 * math.log10(np.abs(audio).max()) < -3


def test_silence_short_and_spoilt() -> None:
    assert integrated_lufs(np.zeros((2, 48000)), 48000) == -math.inf == true_peak_db(np.zeros((2, 100)))
    assert integrated_lufs(np.ones((2, 100)), 48000) == -math.inf
    with pytest.raises(InstrumentError, match="NaN"):
        integrated_lufs(np.full((1, 48000), np.nan), 48000)
    with pytest.raises(InstrumentError, match=r"shape \(5, 10\)"):
        integrated_lufs(np.zeros((5, 10)), 48000)
