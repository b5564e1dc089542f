"""A mix in figures. Pure: audio in, numbers out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InstrumentError
from instruments.loudness import integrated_lufs, loudness_range_lu, short_term_lufs, true_peak_db

OCTAVES_HZ = (31.25, 62.5, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0)
"""Centres; a band goes from f / sqrt(2) to f sqrt(2)."""
BASS_HZ = 120.0
"""Below, a mix should be mono."""
_FLOOR_DB = -120.0

Stereo = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MixFigures:
    """One mix.

    integrated_lufs   -inf for silence
    range_lu          EBU Tech 3342
    short_term_lufs   the loudest three seconds
    true_peak_db      dBTP at four times the rate; sample_peak_db: dBFS
    crest_db          true peak over the loudest three seconds
    octaves_db        power in octave bands, of the whole piece, re the 1 kHz band
    tilt_db           per octave, a straight line through the bands from 125 Hz to 4 kHz
    correlation       between left and right, of the whole piece; 1 for mono, silence, or equal channels
    correlated_share  of the 400 ms blocks that sound: those with a correlation above 0
    side_db           side over middle, all bands; bass_side_db: below 120 Hz
    mono_loss_lu      what the loudness falls by when both channels are summed to one (beyond what a mono mix does)
    dc_db             the larger channel's mean, dBFS
    """

    seconds: float
    rate: int
    channels: int
    integrated_lufs: float
    range_lu: float
    short_term_lufs: float
    true_peak_db: float
    sample_peak_db: float
    crest_db: float
    octaves_db: tuple[float, ...]
    tilt_db: float
    correlation: float
    correlated_share: float
    side_db: float
    bass_side_db: float
    mono_loss_lu: float
    dc_db: float


def analyze(audio: NDArray[np.floating], rate: int) -> MixFigures:
    """audio: shape (1 or 2, frames), full scale 1.0, at least 0.4 s. Raises InstrumentError."""
    if audio.ndim != 2 or audio.shape[0] not in (1, 2):
        raise InstrumentError(f"audio of {audio.shape[0]} channels cannot be judged as a mix: give mono or stereo")
    if audio.shape[1] < 0.4 * rate:
        raise InstrumentError(f"{audio.shape[1] / rate:.2f} s of audio are too short to judge: give 0.4 s at least")
    stereo = np.asarray(np.broadcast_to(audio, (2, audio.shape[1])), np.float64)
    integrated, true_peak = integrated_lufs(stereo, rate), true_peak_db(stereo)
    loudest = float(short_term_lufs(stereo, rate).max(initial=integrated))
    middle, side = (stereo[0] + stereo[1]) / 2, (stereo[0] - stereo[1]) / 2
    spectra = [power_spectrum(x, rate) for x in (stereo[0], stereo[1], middle, side)]
    hz = np.arange(len(spectra[0])) * rate / (2 * (len(spectra[0]) - 1))
    bands = octave_powers(spectra[0] + spectra[1], hz)
    octaves = tuple(round(float(x), 2) for x in _db(bands / max(bands[OCTAVES_HZ.index(1000.0)], 1e-30)))
    bass = hz < BASS_HZ
    mono = np.stack([middle, middle])
    return MixFigures(
        seconds=audio.shape[1] / rate, rate=rate, channels=audio.shape[0],
        integrated_lufs=integrated, range_lu=loudness_range_lu(stereo, rate), short_term_lufs=loudest,
        true_peak_db=true_peak, sample_peak_db=float(_db(np.abs(stereo).max() ** 2)), crest_db=true_peak - loudest,
        octaves_db=octaves, tilt_db=tilt(octaves),
        correlation=_correlation(stereo), correlated_share=_correlated(stereo, rate),
        side_db=_ratio(spectra[3].sum(), spectra[2].sum()),
        bass_side_db=_ratio(spectra[3][bass].sum(), spectra[2][bass].sum()),
        mono_loss_lu=0.0 if not math.isfinite(integrated) else integrated - integrated_lufs(mono, rate),
        dc_db=float(_db(np.abs(stereo.mean(axis=1)).max() ** 2)),
    )


def _db(power: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return 10 * np.log10(np.maximum(power, 10 ** (_FLOOR_DB / 10)))


def _ratio(a: float, b: float) -> float:
    """a over b in dB, within +-120; silence over silence is -120."""
    if a <= 1e-18:
        return _FLOOR_DB
    return float(np.clip(10 * math.log10(a / max(b, 1e-30)), _FLOOR_DB, -_FLOOR_DB))


def power_spectrum(x: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Mean power per bin (Welch: Hann windows of about 0.2 s, half overlapped), summing to the mean square."""
    size = 1 << round(math.log2(0.2 * rate))
    window = np.hanning(size)
    total, count = np.zeros(size // 2 + 1), 0
    padded = np.concatenate([x, np.zeros(max(0, size - len(x)))])
    for at in range(0, len(padded) - size + 1, size // 2):
        total += np.abs(np.fft.rfft(padded[at : at + size] * window)) ** 2
        count += 1
    total[1:-1] *= 2
    return total / (count * size * float((window**2).sum()))


def octave_powers(spectrum: NDArray[np.float64], hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """The power in each octave of OCTAVES_HZ."""
    edge = 2**0.5
    return np.array([spectrum[(hz >= f / edge) & (hz < f * edge)].sum() for f in OCTAVES_HZ])


def tilt(octaves_db: tuple[float, ...]) -> float:
    """dB per octave of a straight line through the bands from 125 Hz to 4 kHz."""
    some = [x for f, x in zip(OCTAVES_HZ, octaves_db, strict=True) if 125 <= f <= 4000]
    return float(np.polyfit(np.arange(len(some)), some, 1)[0])


def _correlation(stereo: Stereo) -> float:
    power = float((stereo[0] ** 2).sum() * (stereo[1] ** 2).sum())
    return 1.0 if power <= 1e-18 else float((stereo[0] * stereo[1]).sum() / power**0.5)


def _correlated(stereo: Stereo, rate: int) -> float:
    block = int(0.4 * rate)
    n = stereo.shape[1] // block
    parts = stereo[:, : n * block].reshape(2, n, block)
    power = (parts**2).sum(axis=(0, 2))
    sounding = power > 1e-7 * block  # -70 dB
    if not sounding.any():
        return 1.0
    return float(((parts[0] * parts[1]).sum(axis=1) > 0)[sounding].mean())
