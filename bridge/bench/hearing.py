"""What a rendered note measures: spectrum over time, attack, decay, brightness, partials, distances.

The definitions are those of the measured targets (their `meta.keys`), so that the numbers compare. Mono signals at
48 kHz, float64, from the first sample above 0.3 % of the peak unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from instruments.block import FrameEvent, Instrument, Kind, Transport

RATE = 48000
MELODIC_FRAMES_S = ((0, 0.03), (0.03, 0.1), (0.1, 0.3), (0.3, 0.7), (0.7, 1.3))
DRUM_FRAMES_S = ((0, 0.01), (0.01, 0.03), (0.03, 0.08), (0.08, 0.2), (0.2, 0.5))
BANDS = 26
"""Third octaves from 40 Hz."""
_SIZE = 32768
_BLOCK = 4096

Signal = NDArray[np.float64]
Bands = NDArray[np.float64]
"""(frames, BANDS): power in dB."""


def play(instrument: Instrument, events: Sequence[FrameEvent], frames: int, first: int = 0) -> Signal:
    """Events (offsets from the start, ascending) through an instrument prepared for 48 kHz and 4096 frames: the mean
    of both sides. `first` is the absolute frame of the start: another one, other random differences."""
    out = np.zeros(frames)
    block = np.empty((2, _BLOCK), np.float32)
    for at in range(0, frames, _BLOCK):
        n = min(_BLOCK, frames - at)
        due = [e._replace(offset=e.offset - at) for e in events if at <= e.offset < at + n]
        part = np.ascontiguousarray(block[:, :n])
        instrument.process(due, part, Transport(frame=first + at))
        out[at : at + n] = part.mean(axis=0)
    return out


def notes(
    instrument: Instrument, key: int, velocity: float, seconds: float, held_s: float | None = None, count: int = 1
) -> list[Signal]:
    """The same note `count` times after one reset(), each for `seconds` and let go after held_s (None: held to the
    end), then silenced. Untrimmed. An instrument that varies its notes gives as many different ones."""
    instrument.reset()
    events = [FrameEvent(0, Kind.ON, 0, key, velocity)]
    if held_s is not None:
        events.append(FrameEvent(round(held_s * RATE), Kind.OFF, 0, key, 64))
    length = round(seconds * RATE)
    span = -(-(length + RATE // 4) // 32) * 32  # whole steps of the control grid
    return [play(instrument, [*events, FrameEvent(length, Kind.CC, 0, 120, 0)], span, i * span)[:length]
            for i in range(count)]


def note(instrument: Instrument, key: int, velocity: float, seconds: float, held_s: float | None = None) -> Signal:
    """One note after a reset(), as `notes`."""
    return notes(instrument, key, velocity, seconds, held_s)[0]


def trimmed(x: Signal) -> Signal:
    """From the first sample above 0.3 % of the peak."""
    top = np.abs(x).max()
    return x[int(np.argmax(np.abs(x) > 0.003 * top)) :] if top > 0 else x


@cache
def _edges(bands: int) -> NDArray[np.int64]:
    hz = np.fft.rfftfreq(_SIZE, 1 / RATE)
    return np.searchsorted(hz, 40 * 2.0 ** (np.arange(bands + 1) / 3))


def bands_db(x: Signal, frames_s: Sequence[tuple[float, float]], bands: int = BANDS) -> Bands:
    """Third octaves, the lowest from 40 Hz up, in Hann-windowed frames.

    Power over the frame's length, as the measured targets have it: a steady tone reads lower in longer frames.
    """
    parts = np.zeros((len(frames_s), _SIZE))
    for i, (a, b) in enumerate(frames_s):
        n = round((b - a) * RATE)
        got = x[round(a * RATE) :][:n]
        window = np.hanning(n)[: len(got)] / n
        if n <= _SIZE:
            parts[i, : len(got)] = got * window
        else:  # folding keeps the spectrum's values at the transform's frequencies
            whole = np.zeros(-(-n // _SIZE) * _SIZE)
            whole[: len(got)] = got * window
            parts[i] = whole.reshape(-1, _SIZE).sum(axis=0)
    power = np.abs(np.fft.rfft(parts)) ** 2
    return np.asarray(10 * np.log10(np.add.reduceat(power, _edges(bands), axis=1)[:, :bands] + 1e-20))


def lsd(a: Bands, b: Bands) -> float:
    """Log-spectral distance, dB: floor -50 dB below the loudest cell, one common gain of at most 6 dB removed, RMS over
    the cells above -44 dB in either."""
    a, b = np.maximum(a - a.max(), -50), np.maximum(b - b.max(), -50)
    use = (a > -44) | (b > -44)
    d = (a - b)[use]
    return float(np.sqrt(np.mean((d - np.clip(d.mean(), -6, 6)) ** 2)))


def envelope_db(x: Signal, span_s: float = 0.012) -> Signal:
    """RMS in a sliding window centred on each sample, dB."""
    n = max(1, int(span_s * RATE))
    power = np.concatenate([[0.0], np.cumsum(np.pad(x, (n // 2, n - n // 2)) ** 2)])
    return np.asarray(10 * np.log10(np.maximum((power[n:] - power[:-n])[: len(x)], 0) / n + 1e-18))


def pitch_hz(key: float) -> float:
    return float(440 * 2 ** ((key - 69) / 12))


def note_envelope_db(x: Signal, key: float) -> Signal:
    """With the window of the measured notes: 6 ms, or one and a half periods of a low note."""
    return envelope_db(x, max(0.006, 1.5 / pitch_hz(key)))


def attack_ms(envelope: Signal) -> float:
    """From 10 to 90 % of the maximum of the first 1.2 s."""
    e = 10 ** (envelope[: int(1.2 * RATE)] / 20)
    top = e.max()
    return float(int(np.argmax(e >= 0.9 * top)) - int(np.argmax(e >= 0.1 * top))) * 1e3 / RATE


def t60_s(envelope: Signal, start_db: float, end_db: float) -> float | None:
    """60 dB time, by a straight line through the envelope between two levels below its maximum; None if never there."""
    peak = int(envelope[: int(1.2 * RATE)].argmax())
    e = envelope[peak:] - envelope[peak]
    a, b = int(np.argmax(e < start_db)), int(np.argmax(e < end_db))
    if b <= a + 10:
        return None
    slope = np.polyfit(np.arange(a, b) / RATE, e[a:b], 1)[0]
    return float(-60 / slope) if slope < 0 else None


def fall_ms(x: Signal, db: float) -> float:
    """From the peak of a 4 ms envelope until one of 12 ms stays below that peak less `db`."""
    quick = envelope_db(x, 0.004)
    peak = int(quick.argmax())
    above = np.flatnonzero(envelope_db(x)[peak:] > quick[peak] - db)
    return float(above[-1] + 1) * 1e3 / RATE if len(above) else 0.0


def release_ms(x: Signal, key: float, off_s: float) -> float | None:
    """60 dB time after note-off, by a line from -3 to -30 dB."""
    e = note_envelope_db(x, key)
    at = round(off_s * RATE)
    if at >= len(e):
        return None
    e = e[at:] - e[at]
    a, b = int(np.argmax(e < -3)), int(np.argmax(e < -30))
    return float(1e3 * 60 / 27 * (b - a) / RATE) if b > a else None


def centroid_hz(x: Signal, start_s: float, end_s: float) -> float:
    """Power centroid from 20 Hz to 16 kHz of a Hann-windowed stretch."""
    part = x[max(0, round(start_s * RATE)) : round(end_s * RATE)]
    size = max(16384, 1 << (len(part) - 1).bit_length())
    s = np.abs(np.fft.rfft(part * np.hanning(len(part)), size)) ** 2
    hz = np.fft.rfftfreq(size, 1 / RATE)
    use = (hz > 20) & (hz < 16000)
    return float((s * hz)[use].sum() / max(s[use].sum(), 1e-30))


def centroid_at(x: Signal, centre_s: float) -> float:
    """The centroid of the 80 ms around a moment of a note (40 ms at its very start)."""
    half = min(0.04, centre_s)
    return centroid_hz(x, centre_s - half, centre_s + half)


def partials(x: Signal, key: float, count: int = 8) -> list[tuple[float, float]]:
    """(Hz, dB re the strongest) of the first partials, 0.1 to 0.5 s after the start; each within 3 % of its place."""
    part = x[int(0.1 * RATE) : int(0.5 * RATE)]
    size = 1 << 18
    s = np.abs(np.fft.rfft(part * np.blackman(len(part)), size))
    found = []
    for n in range(1, count + 1):
        hz = n * pitch_hz(key)
        if hz > 0.45 * RATE:
            break
        width = max(0.03 * hz / n, 3.0)
        a, b = (int((hz + side * width) * size / RATE) for side in (-1, 1))
        k = a + int(np.argmax(s[a : b + 1]))
        found.append((k * RATE / size, float(20 * np.log10(s[k] + 1e-12))))
    top = max(db for _, db in found)
    return [(hz, db - top) for hz, db in found]


def strongest_hz(x: Signal, low_hz: float = 20.0, high_hz: float = 16000.0) -> float:
    """The highest peak within a range, of the first 0.5 s under the falling half of a Hann window."""
    part = x[: round(0.5 * RATE)]
    size = 1 << 17
    s = np.abs(np.fft.rfft(part * np.hanning(2 * len(part))[len(part) :], size))
    hz = np.fft.rfftfreq(size, 1 / RATE)
    use = np.flatnonzero((hz >= low_hz) & (hz <= high_hz))
    return float(hz[use[np.argmax(s[use])]])


def low_pitch_hz(x: Signal, at_s: float, below_hz: float = 300.0) -> float:
    """Pitch of what lies below `below_hz` at a moment: the turning of its analytic signal, median of 4 ms or more."""
    s = np.fft.fft(x)
    hz = np.fft.fftfreq(len(x), 1 / RATE)
    turning = np.diff(np.unwrap(np.angle(np.fft.ifft(s * (hz > 0) * (hz < below_hz))))) * RATE / (2 * np.pi)
    half = max(0.002, 0.2 * at_s)
    return float(np.median(turning[max(0, int((at_s - half) * RATE)) : int((at_s + half) * RATE)]))


def share_below_db(x: Signal, hz: float) -> float:
    """Energy below a frequency re the whole, dB."""
    s = np.abs(np.fft.rfft(x)) ** 2
    return float(10 * np.log10(s[: int(len(x) * hz / RATE)].sum() / s.sum() + 1e-12))


def envelope_tops(hits: Sequence[Signal], within_s: float = 0.05) -> list[float]:
    """Times (s) of the maxima of the mean envelope of several hits: 2 ms windows, each the highest within 4 ms, and
    1.5 dB above the lowest point before it."""
    n = round((within_s + 0.005) * RATE)
    power = np.mean([10 ** (envelope_db(np.pad(x[:n], (0, max(0, n - len(x)))), 0.002) / 10) for x in hits], axis=0)
    e = 10 * np.log10(np.convolve(power, np.ones(48) / 48, "same") + 1e-12)
    near = round(0.004 * RATE)
    tops, low = [], -200.0
    for i in range(24, round(within_s * RATE)):
        low = min(low, float(e[i]))
        if e[i] >= e[max(0, i - near) : i + near].max() and e[i] > low + 1.5:
            tops.append(i / RATE)
            low = float(e[i])
    return tops


def level_db(x: Signal, seconds: float = 0.5) -> float:
    """RMS of the first `seconds`."""
    part = x[: round(seconds * RATE)]
    return float(10 * np.log10(np.mean(part**2) + 1e-20))
