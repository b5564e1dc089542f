"""What the tests hear with: rendering in blocks, loudness, true peak, partials, log-spectral distance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bridge.bench.hearing import DRUM_FRAMES_S, MELODIC_FRAMES_S, RATE, bands_db, lsd, trimmed
from instruments.block import Effect, FrameEvent, Instrument, Kind, Transport

__all__ = ["DRUM_FRAMES_S", "MELODIC_FRAMES_S", "RATE", "bands_db", "lsd", "trimmed"]
Audio = NDArray[np.float32]


def on(frame: int, key: int, velocity: float = 90, cents: float = 0.0, channel: int = 0) -> FrameEvent:
    return FrameEvent(frame, Kind.ON, channel, key, velocity, cents)


def off(frame: int, key: int, channel: int = 0) -> FrameEvent:
    return FrameEvent(frame, Kind.OFF, channel, key, 64)


def cc(frame: int, number: int, value: float, channel: int = 0) -> FrameEvent:
    return FrameEvent(frame, Kind.CC, channel, number, value)


def due(events: Sequence[FrameEvent], start: int, stop: int) -> list[FrameEvent]:
    return [e._replace(offset=e.offset - start) for e in events if start <= e.offset < stop]


def render(
    instrument: Instrument, events: Sequence[FrameEvent], frames: int, blocks: Sequence[int] = (512,), first: int = 0,
    bpm: float = 120.0,
) -> Audio:
    """Play events (offsets from the start) through a prepared instrument, in blocks of the given sizes, cycling."""
    out = np.zeros((2, frames), np.float32)
    at = turn = 0
    while at < frames:
        n = min(blocks[turn % len(blocks)], frames - at)
        block = np.empty((2, n), np.float32)
        instrument.process(due(events, at, at + n), block, Transport(frame=first + at, bpm=bpm))
        out[:, at : at + n] = block
        at, turn = at + n, turn + 1
    return out


def treat(effect: Effect, audio: Audio, blocks: Sequence[int] = (512,), first: int = 0, bpm: float = 120.0) -> Audio:
    """Run audio through a prepared effect in blocks."""
    out = audio.astype(np.float32).copy()
    at = turn = 0
    while at < out.shape[1]:
        n = min(blocks[turn % len(blocks)], out.shape[1] - at)
        block = np.ascontiguousarray(out[:, at : at + n])
        effect.process(block, Transport(frame=first + at, bpm=bpm))
        out[:, at : at + n] = block
        at, turn = at + n, turn + 1
    return out


def _filtered(x: NDArray[np.float64], b: Sequence[float], a: Sequence[float]) -> NDArray[np.float64]:
    """A biquad by way of its frequency response: exact enough for a signal with silence behind it."""
    n = 1 << int(np.ceil(np.log2(x.shape[-1] + RATE)))
    z = np.exp(-2j * np.pi * np.arange(n // 2 + 1) / n)
    h = (b[0] + b[1] * z + b[2] * z * z) / (a[0] + a[1] * z + a[2] * z * z)
    return np.fft.irfft(np.fft.rfft(x, n) * h, n)[..., : x.shape[-1]]


def weighted(audio: Audio) -> NDArray[np.float64]:
    """K weighting of BS.1770-4, its coefficients for 48 kHz."""
    x = _filtered(audio.astype(np.float64), (1.53512485958697, -2.69169618940638, 1.19839281085285),
                  (1, -1.69065929318241, 0.73248077421585))
    return _filtered(x, (1, -2, 1), (1, -1.99004745483398, 0.99007225036621))


def loudness(audio: Audio) -> float:
    """Integrated loudness in LUFS (BS.1770-4): 400 ms blocks, 75 % overlap, gates at -70 LUFS and -10 LU."""
    y = weighted(audio)
    step, span = RATE // 10, RATE * 4 // 10
    power = np.array([np.mean(y[:, i : i + span] ** 2, axis=1).sum() for i in range(0, y.shape[1] - span + 1, step)])
    lufs = -0.691 + 10 * np.log10(power + 1e-20)
    kept = power[lufs > -70]
    if not len(kept):
        return -120.0
    gate = -0.691 + 10 * np.log10(kept.mean()) - 10
    return float(-0.691 + 10 * np.log10(power[(lufs > -70) & (lufs > gate)].mean()))


def true_peak(audio: Audio, times: int = 4) -> float:
    """The largest magnitude at `times` the rate, linear, by ideal interpolation; the cut ends do not count."""
    n = audio.shape[1]
    pad = np.pad(audio.astype(np.float64), ((0, 0), (512, 512)))
    spectrum = np.fft.rfft(pad, axis=1)
    up = np.fft.irfft(spectrum, pad.shape[1] * times, axis=1) * times
    return float(np.abs(up[:, (512 + 256) * times : (512 + n - 256) * times]).max())


def pitch(x: NDArray[np.float64], near: float) -> float:
    """The strongest sinusoid within 3 % of `near` Hz: peak of a Gaussian-windowed spectrum, its parabola of logs."""
    n = len(x)
    t = (np.arange(n) - n / 2) / n
    w = np.exp(-0.5 * (t / 0.1) ** 2)
    size = 8 * (1 << int(np.ceil(np.log2(n))))
    s = np.abs(np.fft.rfft(x * w, size))
    hz = np.arange(len(s)) * RATE / size
    inside = np.flatnonzero((hz > near * 0.97) & (hz < near * 1.03))
    k = int(inside[np.argmax(s[inside])])
    a, b, c = np.log(s[k - 1 : k + 2] + 1e-30)
    return float((k + 0.5 * (a - c) / (a - 2 * b + c)) * RATE / size)


def cents(hz: float, reference: float) -> float:
    return float(1200 * np.log2(hz / reference))
