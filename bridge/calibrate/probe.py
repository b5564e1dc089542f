"""The sound that calibration sends out and finds again: short sweeps at irregular times. Sans I/O.

A sweep is found by its matched filter (the correlation with what was sent), which is the best linear detector in white
noise: 20 ms of sound answer in one peak a few frames wide, some 25 dB above noise as loud as the sweep itself. The
times are irregular so that only one delay makes all of what was heard fit all of what was sent.
"""

from __future__ import annotations

import random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from instruments.block import AudioBlock

LEVEL_DBFS = -18.0
"""Peak level: the operating level of EBU R 68, far from what hurts a loudspeaker or clips an input."""
_SWEEP_S = 0.02
_FROM_HZ, _TO_HZ = 500.0, 16_000.0
"""Wide, so that the peak is narrow; without the bass that small speakers and inputs distort or leave out."""
_ALONE_S = 0.003
"""Peaks nearer than this to a higher one are its side lobes; further away these are 60 dB down."""
_SIGMAS = 7.0
"""How far above the noise a peak has to be: by chance in white noise once in days of recording."""
_FAINTEST = 1e-3
"""Peaks this far (-60 dB) below the highest are rounding, side lobes and crosstalk."""
_TAPS, _FINE = 24, 32


class Found(NamedTuple):
    """A sweep that was heard.

    frame  at which it begins, to some hundredths of a frame
    gain   its amplitude, as a factor of what was sent; negative when the way turns its polarity over
    """

    frame: float
    gain: float


def irregular_frames(
    count: int, rate: int, shortest_s: float, longest_s: float, *, lead_s: float = 0.3, seed: int = 1
) -> NDArray[np.int64]:
    """Frames of `count` repetitions, the first after lead_s, the gaps evenly distributed; the same for a seed."""
    chance = random.Random(seed)
    seconds = [lead_s]
    while len(seconds) < count:
        seconds.append(seconds[-1] + chance.uniform(shortest_s, longest_s))
    return np.array([round(at * rate) for at in seconds], np.int64)


def sweep(rate: int, level_dbfs: float = LEVEL_DBFS) -> AudioBlock:
    """float32 (frames,): a linear sweep of 20 ms under a raised-cosine envelope, its peak at level_dbfs."""
    t = np.arange(round(_SWEEP_S * rate)) / rate
    top = min(_TO_HZ, 0.4 * rate)
    phase = 2.0 * np.pi * (_FROM_HZ * t + 0.5 * (top - _FROM_HZ) / _SWEEP_S * t**2)
    window = np.sin(np.pi * t / _SWEEP_S) ** 2
    sound = window * np.sin(phase)
    return np.asarray(sound / np.abs(sound).max() * 10.0 ** (level_dbfs / 20.0), np.float32)


def placed(sound: AudioBlock, frames: NDArray[np.int64], total: int) -> AudioBlock:
    """float32 (total,): the sound at each of the frames; what does not fit is cut."""
    audio = np.zeros(total, np.float32)
    for frame in frames:
        end = min(int(frame) + len(sound), total)
        audio[frame:end] += sound[: end - frame]
    return audio


def find_sweeps(audio: AudioBlock, sound: AudioBlock) -> list[Found]:
    """All that are heard in a recording (frames,), in order. Takes some 0.1 s for 10 s of it."""
    if len(audio) < len(sound):
        return []
    size = 1 << (len(audio) + len(sound)).bit_length()
    template = sound.astype(np.float64) / float(np.dot(sound, sound))
    spectrum = np.fft.rfft(audio, size) * np.conj(np.fft.rfft(template, size))
    answer = np.fft.irfft(spectrum, size)[: len(audio)]
    height = np.abs(answer)
    # The median of |x| of a normal distribution is 0.6745 sigma, and sweeps fill too little of the time to move it.
    noise = float(np.median(height)) / 0.6745
    floor = max(_SIGMAS * noise, _FAINTEST * float(height.max()), 1e-6)
    found = []
    for peak in _peaks(height, floor, round(_ALONE_S * len(sound) / _SWEEP_S)):
        found.append(Found(*_between(answer, peak)))
    return found


def _peaks(height: NDArray[np.float64], floor: float, alone: int) -> list[int]:
    """Indices above the floor that nothing within `alone` is higher than, in order."""
    over = np.flatnonzero(height >= floor)
    kept: list[int] = []
    while len(over):
        # Runs of candidates that are near each other; within each the highest stands and shadows its surroundings.
        groups = np.split(over, np.flatnonzero(np.diff(over) > alone) + 1)
        rest = []
        for group in groups:
            best = int(group[np.argmax(height[group])])
            kept.append(best)
            rest.append(group[np.abs(group - best) > alone])
        over = np.concatenate(rest)
    return sorted(kept)


def _between(answer: NDArray[np.float64], peak: int) -> tuple[float, float]:
    """Position and value of an extremum between frames: windowed sinc interpolation, then a parabola."""
    sign = 1.0 if answer[peak] >= 0 else -1.0
    taps = np.arange(-_TAPS, _TAPS + 1)
    values = sign * answer[np.clip(peak + taps, 0, len(answer) - 1)]
    grid = np.arange(-_FINE, _FINE + 1) / _FINE
    distance = grid[:, None] - taps[None, :]
    window = np.cos(np.pi * np.clip(distance / (_TAPS + 1.0), -1.0, 1.0) / 2.0) ** 2
    fine = (np.sinc(distance) * window) @ values
    best = int(np.argmax(fine))
    if not 0 < best < len(grid) - 1:
        return float(peak + grid[best]), sign * float(fine[best])
    left, middle, right = fine[best - 1 : best + 2]
    bend = left - 2.0 * middle + right
    shift = 0.0 if bend == 0.0 else 0.5 * (left - right) / bend
    return float(peak + grid[best] + shift / _FINE), sign * float(middle)
