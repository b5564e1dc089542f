"""The look-ahead limiter: true peaks at four times the rate, the gain smoothed so that it cannot overshoot."""

from __future__ import annotations

import math

import numpy as np
from numba import carray  # type: ignore[attr-defined]
from numpy.typing import NDArray

from instruments.kernels.effect import effect_kernel, numbers, views
from instruments.kernels.levels import CHUNK, late_by
from instruments.kernels.tone import part

PHASES, TAPS = 4, 16
CENTRE = TAPS // 2
"""Frames by which the interpolated points lag the newest one."""

# Coefficients. FAST and SLOW: releases; SINK and CLIMB: speeds of LASTING (all one-pole per frame); FIRST and SECOND:
# frames of the two boxes; LATE: the latency (frames).
DRIVE, CEILING, FAST, SLOW, SINK, CLIMB, FIRST, SECOND, LATE = range(9)
# States, gains as 1 - gain. ENVELOPE: before the boxes; LASTING: its slow mean; TOTAL_...: of the boxes; CALM: frames
# since the envelope was last at work; SPOT_...: places in the block of maxima and in the boxes; MOST: of the block so
# far.
WORST, ENVELOPE, LASTING, TOTAL_1, TOTAL_2, CALM, SPOT, SPOT_1, SPOT_2, MOST, CLOCK = range(11)
SECTIONS = 16
"""The memory's parts, of equal size: late left and right, wants, most of those behind, boxes 1 and 2, newest left and
right, gains."""
_SAFE = np.float32(1.02)
"""Nothing is louder than this many times the ceiling within its margin (0.17 dB of the 0.2): of sound 110 dB above full
scale the float32 gain, kept as 1 - gain, is a per cent off and more."""
_REST = 1e-7
"""What is left of a reduction and counts as none."""


def _interpolator() -> NDArray[np.float32]:
    """Rows of a windowed sinc that read the signal at -CENTRE + p / PHASES frames, newest last; flat within 0.04 dB to
    20 kHz at 48 kHz."""
    x = np.arange(TAPS)[None, :] - (TAPS - 1 - CENTRE) - np.arange(PHASES)[:, None] / PHASES
    rows = np.sinc(x) * np.i0(4.0 * np.sqrt(np.clip(1 - (x / CENTRE) ** 2, 0, 1)))
    rows /= rows.sum(axis=1, keepdims=True)
    return rows.astype(np.float32)


_ROWS = _interpolator()
_SUM = float(np.abs(_ROWS).sum(axis=1).max())
"""The interpolator makes no more of samples than this."""


@part
def _true_peaks(x, n, peaks):  # type: ignore[no-untyped-def]
    """peaks[i] = max of itself and the magnitudes around x[TAPS - 1 + i - CENTRE], at PHASES times the rate."""
    for i in range(n):
        a, b, c = np.float32(0), np.float32(0), np.float32(0)
        for k in range(TAPS):
            a += _ROWS[1, k] * x[i + k]
            b += _ROWS[2, k] * x[i + k]
            c += _ROWS[3, k] * x[i + k]
        peaks[i] = max(peaks[i], abs(x[TAPS - 1 + i - CENTRE]), abs(a), abs(b), abs(c))


@part
def _renewed(newest, audio, at, n, cool):  # type: ignore[no-untyped-def]
    """n frames of audio behind the TAPS - 1 newest. Returns how many of all are louder than `cool`."""
    for i in range(n):
        newest[TAPS - 1 + i] = audio[at + i]
    count = 0
    for i in range(TAPS - 1 + n):
        count += abs(newest[i]) > cool
    return count


@part
def _shifted(newest, n):  # type: ignore[no-untyped-def]
    for i in range(TAPS - 1):
        newest[i] = newest[n + i]


@effect_kernel
def limit(audio, _key, stride, start, frames, coefs, slopes, state, memory, size, skipped):  # type: ignore[no-untyped-def]
    """See Limiter. What each frame wants of the reduction (1 - gain) is held for the look-ahead by a running maximum
    (in blocks, van Herk 1992), released, and smoothed by two boxes that together are as long: so the gain is down in
    time, whatever the sound."""
    left, right = views(audio, stride, start, frames)
    c, s, z = numbers(coefs), numbers(slopes), numbers(state)
    unit = size // SECTIONS
    whole = carray(memory, (size,))
    late_left, late_right = whole[:unit], whole[unit : 2 * unit]
    wants, behind = whole[2 * unit : 3 * unit], whole[3 * unit : 4 * unit]
    box_1, box_2 = whole[4 * unit : 5 * unit], whole[5 * unit : 6 * unit]
    new_left, new_right = whole[6 * unit : 7 * unit], whole[7 * unit : 8 * unit]
    gains = whole[8 * unit : 9 * unit]
    first, second, late = int(c[FIRST]), int(c[SECOND]), int(c[LATE])
    look = first + second - 1
    per_first, per_second = 1 / np.float64(first), 1 / np.float64(second)
    if skipped > 0:  # the gain has recovered as far as it would have, and nothing old is heard
        rest = z[ENVELOPE] * math.exp(math.log1p(-c[FAST]) * skipped)
        whole[:] = 0
        box_1[:first] = rest
        box_2[:second] = rest
        z[ENVELOPE], z[TOTAL_1], z[TOTAL_2] = rest, first * np.float64(box_1[0]), second * np.float64(box_2[0])
        z[LASTING] *= math.exp(math.log1p(-c[CLIMB]) * skipped)
        z[CALM] = z[SPOT] = z[MOST] = 0.0
    envelope, lasting, total_1, total_2, most = z[ENVELOPE], z[LASTING], z[TOTAL_1], z[TOTAL_2], np.float32(z[MOST])
    spot, spot_1, spot_2, calm, clock = int(z[SPOT]), int(z[SPOT_1]), int(z[SPOT_2]), int(z[CALM]), int(z[CLOCK])
    worst = np.float32(z[WORST])
    cool = np.float32(min(c[CEILING], c[CEILING] + frames * s[CEILING]) / _SUM)
    at = 0
    while at < frames:
        n = min(CHUNK, frames - at)
        if c[DRIVE] != 1 or s[DRIVE] != 0:
            for i in range(at, at + n):
                drive = np.float32(c[DRIVE] + s[DRIVE] * (i + 1))
                left[i] *= drive
                right[i] *= drive
        hot = _renewed(new_left, left, at, n, cool) + _renewed(new_right, right, at, n, cool) > 0
        late_by(late, at, n, left, right, late_left, late_right, clock)
        clock = (clock + n) & (unit - 1)
        gains[:n] = 0
        if hot:
            _true_peaks(new_left, n, gains)
            _true_peaks(new_right, n, gains)
            for i in range(n):
                ceiling = np.float32(c[CEILING] + s[CEILING] * (at + i + 1))
                gains[i] = np.float32(1) - ceiling / max(gains[i], ceiling)
        _shifted(new_left, n)
        _shifted(new_right, n)
        if not hot and calm >= look:
            lasting *= math.exp(math.log1p(-c[CLIMB]) * n)
            at += n
            continue
        for i in range(n):
            wants[spot] = gains[i]
            most = max(most, gains[i])
            spot += 1
            top = np.float64(max(most, behind[spot]))
            if spot > look:
                most = np.float32(0)
                while spot > 0:
                    spot -= 1
                    most = max(most, wants[spot])
                    behind[spot] = most
                most = np.float32(0)
            lasts = envelope <= lasting
            slowly = (1 - c[SLOW] - s[SLOW] * (at + i + 1)) * envelope
            quickly = (1 - c[FAST] - s[FAST] * (at + i + 1)) * envelope
            climbing = (1 - c[CLIMB]) * lasting + c[CLIMB] * envelope
            sinking = (1 - c[SINK]) * lasting + c[SINK] * envelope
            lasting = climbing if lasts else sinking
            envelope = max(top, slowly if lasts else quickly)
            envelope = envelope if envelope > _REST else 0.0
            calm = 0 if envelope > 0 else calm + 1
            newest = np.float32(envelope)
            total_1 += np.float64(newest) - np.float64(box_1[spot_1])
            box_1[spot_1] = newest
            spot_1 = spot_1 + 1 if spot_1 + 1 < first else 0
            newest = np.float32(total_1 * per_first)
            total_2 += np.float64(newest) - np.float64(box_2[spot_2])
            box_2[spot_2] = newest
            spot_2 = spot_2 + 1 if spot_2 + 1 < second else 0
            newest = np.float32(total_2 * per_second)
            worst = max(worst, newest)
            gains[i] = newest
        for i in range(n):
            edge = _SAFE * np.float32(c[CEILING] + s[CEILING] * (at + i + 1))
            left[at + i] = min(max(left[at + i] * (np.float32(1) - gains[i]), -edge), edge)
            right[at + i] = min(max(right[at + i] * (np.float32(1) - gains[i]), -edge), edge)
        at += n
    z[ENVELOPE], z[LASTING], z[TOTAL_1], z[TOTAL_2], z[MOST] = envelope, lasting, total_1, total_2, most
    z[SPOT], z[SPOT_1], z[SPOT_2], z[CALM], z[CLOCK] = spot, spot_1, spot_2, calm, clock
    z[WORST] = worst
