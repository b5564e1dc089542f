"""The console's meters against the loudness of whole files."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from instruments.block import AudioBlock, FrameEvent, Transport
from instruments.channel import Channel
from instruments.console import Console
from instruments.loudness import integrated_lufs, momentary_lufs, short_term_lufs, true_peak_db

Audio = NDArray[np.float32]


class Tape:
    """Plays an array."""

    latency = tail = 0

    def __init__(self, audio: Audio) -> None:
        self.audio = audio

    def prepare(self, rate: int, max_frames: int) -> None: ...
    def reset(self) -> None: ...
    def close(self) -> None: ...

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        out[:] = self.audio[:, transport.frame : transport.frame + out.shape[1]]


def played(audio: Audio, rate: int = 48000, blocks: Sequence[int] = (480,)) -> Console:
    desk = Console([Channel("tape", instrument=Tape(audio)), Channel("master", "master")], rate, 4096)
    desk.prepare()
    at = turn = 0
    while at < audio.shape[1]:
        n = min(blocks[turn % len(blocks)], audio.shape[1] - at)
        desk.process([[]], n, Transport(at))
        at, turn = at + n, turn + 1
    return desk


def programme(rate: int, seconds: float = 8.0) -> Audio:
    """Noise whose level and width change, with two silences."""
    rng = np.random.default_rng(5)
    frames = int(seconds * rate)
    t = np.arange(frames) / rate
    level = 0.2 * (1 + np.sin(2 * np.pi * 0.4 * t)) * (np.sin(2 * np.pi * 0.13 * t + 1) > -0.6)
    both, side = rng.standard_normal(frames), rng.standard_normal(frames)
    return np.array([level * (both + 0.4 * side), level * (both - 0.4 * side)]).astype(np.float32) * np.float32(0.5)


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_loudness_is_that_of_the_file(rate: int) -> None:
    audio = programme(rate)
    level = played(audio, rate, (480, 33, 1024)).mix_level()
    assert abs(level.momentary_lufs - momentary_lufs(audio, rate)[-1]) < 0.01
    assert abs(level.short_term_lufs - short_term_lufs(audio, rate)[-1]) < 0.01
    assert abs(level.integrated_lufs - integrated_lufs(audio, rate)) < 0.05
    assert abs(20 * math.log10(level.true_peak) - true_peak_db(audio)) < 0.2  # 16 taps against 49, up to Nyquist
    assert np.allclose(level.peak, np.abs(audio).max(axis=1))
    assert np.allclose(level.rms, np.sqrt((audio.astype(float) ** 2).mean(axis=1)), rtol=1e-4)
    assert abs(level.correlation - np.corrcoef(audio[0], audio[1]).item(1)) < 0.01


def test_a_sine_reads_what_the_standard_says() -> None:
    """BS.1770-4: 997 Hz at full scale in one channel is -3.01 LUFS."""
    t = np.arange(4 * 48000) / 48000
    audio = np.array([np.sin(2 * np.pi * 997 * t), 0 * t]).astype(np.float32)
    level = played(audio).mix_level()
    assert abs(level.momentary_lufs + 3.01) < 0.02 and abs(level.integrated_lufs + 3.01) < 0.02


def test_a_peak_between_the_samples_is_seen() -> None:
    """A quarter of the rate, sampled beside its tops: 3 dB more than any sample."""
    t = np.arange(4800)
    faded = 0.5 * np.minimum(1, t / 1000) * np.sin(np.pi / 2 * t + np.pi / 4)
    audio = np.tile(faded, (2, 1)).astype(np.float32)
    level = played(audio, blocks=(64, 5, 1)).mix_level()
    assert abs(20 * math.log10(level.true_peak / 0.5)) < 0.1 < 20 * math.log10(level.true_peak / level.peak[0])


def test_each_look_begins_anew_but_for_loudness() -> None:
    audio = programme(48000, 4)
    desk = played(audio)
    first, second = desk.mix_level(), desk.mix_level()
    assert first.true_peak > 0 and second.true_peak == 0 and second.peak == (0, 0) and second.correlation == 1
    assert second[3:6] == first[3:6]
    desk.clear_loudness()
    assert desk.mix_level().integrated_lufs == -math.inf


def test_opposite_sides_and_silence() -> None:
    x = np.random.default_rng(1).standard_normal(9600).astype(np.float32)
    assert played(np.array([x, -x])).mix_level().correlation < -0.9999
    level = played(np.zeros((2, 48000), np.float32)).mix_level()
    assert level.correlation == 1 and level.integrated_lufs == -math.inf and level.momentary_lufs < -110
