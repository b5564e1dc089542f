"""Loudness of whole pieces of audio: BS.1770-4 (LUFS, true peak), EBU R 128 (short-term), EBU Tech 3342 (range).

Arrays in, numbers out; for files and tests. The meters of a running console are elsewhere: they may not allocate.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from instruments.errors import InstrumentError

Audio = NDArray[np.floating]
"""Shape (channels, frames), full scale 1.0; one or two channels (others would need their weights)."""
Series = NDArray[np.float64]

# BS.1770's two filters as analogue prototypes, so that any rate can have them (the values that give the standard's
# coefficients at 48 kHz; B. De Man, "Evaluation of implementations of the EBU R128 loudness measurement", 2014).
_SHELF_HZ, _SHELF_Q = 1681.974450955533, 0.7071752369554196
_SHELF_DB, _SHELF_POWER = 3.999843853973347, 0.4996667741545416
_PASS_HZ, _PASS_Q = 38.13547087602444, 0.5003270373238773
_CHUNK = 1 << 19
_SILENCE = 1e-12
"""Power that reads -120.7 LUFS: silence."""


def k_weighting(rate: float) -> NDArray[np.float64]:
    """The two biquads of the K weighting, rows of b0 b1 b2 a1 a2 (a0 = 1)."""
    k = math.tan(math.pi * _SHELF_HZ / rate)
    high, mid = 10 ** (_SHELF_DB / 20), 10 ** (_SHELF_DB / 20 * _SHELF_POWER)
    a0 = 1 + k / _SHELF_Q + k * k
    shelf = [(high + mid * k / _SHELF_Q + k * k) / a0, 2 * (k * k - high) / a0,
             (high - mid * k / _SHELF_Q + k * k) / a0, 2 * (k * k - 1) / a0, (1 - k / _SHELF_Q + k * k) / a0]
    k = math.tan(math.pi * _PASS_HZ / rate)
    a0 = 1 + k / _PASS_Q + k * k
    high_pass = [1.0, -2.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / _PASS_Q + k * k) / a0]
    return np.array([shelf, high_pass])


def k_weighted(audio: Audio, rate: int) -> NDArray[np.float64]:
    """The audio through the K weighting, by FFT; float64, same shape."""
    tail = int(rate)  # the high-pass is below -120 dB long before
    size = 1 << math.ceil(math.log2(min(_CHUNK, audio.shape[1]) + tail))
    step = size - tail
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    response = np.ones(len(z), complex)
    for b0, b1, b2, a1, a2 in k_weighting(rate):
        response *= (b0 + b1 * z + b2 * z * z) / (1 + a1 * z + a2 * z * z)
    out = np.zeros((audio.shape[0], audio.shape[1] + size))
    for at in range(0, audio.shape[1], step):
        piece = np.fft.rfft(np.asarray(audio[:, at : at + step], np.float64), size)
        out[:, at : at + size] += np.fft.irfft(piece * response, size)
    return out[:, : audio.shape[1]]


def _powers(audio: Audio, rate: int, window_s: float, hop_s: float) -> Series:
    """Mean square of the K-weighted channels, summed, in windows that overlap."""
    if audio.ndim != 2 or audio.shape[0] not in (1, 2):
        raise InstrumentError(f"audio of shape {audio.shape} has no loudness here: give (1, frames) or (2, frames)")
    if not np.isfinite(audio).all():
        raise InstrumentError("the audio holds NaN or Inf: it has no loudness")
    squares = (k_weighted(audio, rate) ** 2).sum(axis=0)
    whole = np.concatenate(([0.0], np.cumsum(squares)))
    window, hop = round(window_s * rate), round(hop_s * rate)
    if len(squares) < window:
        return np.zeros(0)
    starts = np.arange(0, len(squares) - window + 1, hop)
    return np.maximum(0.0, (whole[starts + window] - whole[starts]) / window)


def lufs(power: float | Series) -> Series:
    """K-weighted power, summed over channels, as LUFS; silence reads -120.7."""
    return np.asarray(-0.691 + 10 * np.log10(np.maximum(power, _SILENCE)))


def momentary_lufs(audio: Audio, rate: int) -> Series:
    """Of each 400 ms, every 100 ms."""
    return lufs(_powers(audio, rate, 0.4, 0.1))


def short_term_lufs(audio: Audio, rate: int) -> Series:
    """Of each 3 s, every 100 ms."""
    return lufs(_powers(audio, rate, 3.0, 0.1))


def integrated_lufs(audio: Audio, rate: int) -> float:
    """Of the whole piece, gated at -70 LUFS and 10 LU below what is left. Silence, or less than 0.4 s: -inf."""
    power = _powers(audio, rate, 0.4, 0.1)
    power = power[lufs(power) > -70]
    if not len(power):
        return -math.inf
    return float(lufs(power[lufs(power) > lufs(float(power.mean())) - 10].mean()))


def loudness_range_lu(audio: Audio, rate: int) -> float:
    """EBU Tech 3342: from the 10th to the 95th percentile of the short-term loudness, gated at -70 LUFS and -20 LU."""
    power = _powers(audio, rate, 3.0, 0.1)
    power = power[lufs(power) > -70]
    if not len(power):
        return 0.0
    kept = lufs(power[lufs(power) > lufs(float(power.mean())) - 20])
    low, high = np.percentile(kept, (10, 95))
    return float(high - low)


def true_peak_db(audio: Audio, times: int = 4) -> float:
    """The highest peak between the samples, at `times` the rate, in dBTP; silence: -inf."""
    half = 24
    top = float(np.abs(audio).max(initial=0.0))
    offsets = np.arange(-half, half + 1)
    for phase in range(1, times):
        x = offsets - phase / times
        taps = np.sinc(x) * np.i0(5.0 * np.sqrt(np.clip(1 - (x / (half + 1)) ** 2, 0, 1)))
        taps /= taps.sum()
        for row in audio:
            if len(row):
                top = max(top, float(np.abs(np.convolve(np.asarray(row, np.float64), taps)).max()))
    return 20 * math.log10(top) if top > 0 else -math.inf
