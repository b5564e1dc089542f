"""Twice and four times the rate and back, by half-band FIR filters in polyphase form: linear phase, whole frames late.

A half-band filter's odd taps but the middle one are zero. So of two frames at the higher rate one is a frame of the
input as it was, the other a sum over SIDE pairs of taps. Buffers carry their history in front of what is new.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from instruments.kernels.tone import part


def _half_band(side: int, beta: float) -> NDArray[np.float32]:
    """The taps of the outer pairs, from the outside in, of 4 side - 1 in all: a sinc in a Kaiser window."""
    count = 4 * side - 1
    n = np.arange(count) - count // 2
    taps = (np.sinc(n / 2) / 2 * np.kaiser(count, beta))[::2][:side]
    return np.asarray(taps * 0.25 / taps.sum(), np.float32)


SIDE, SIDE2 = 18, 6
FIRST, SECOND = _half_band(SIDE, 9.0), _half_band(SIDE2, 9.0)
"""1x - 2x: 71 taps, flat to 0.01 dB up to 20.4 kHz of 48, -89 dB from 28 kHz; 2x - 4x: 23 taps, -89 dB from 76 kHz."""
PAST, PAST2 = 2 * SIDE - 1, 2 * SIDE2 - 1
"""Frames of history, 35 and 11: also the delay of one stage, up and down together, at its lower rate."""
PAST_Y = 2 * (PAST + 1)
"""Of what comes down to 1x, at 2x."""
_HALF, _TWO = np.float32(0.5), np.float32(2)


@part
def up(x, out, frames):  # type: ignore[no-untyped-def]
    """x: PAST + frames at 1x; out: 2 frames at 2x."""
    for i in range(frames):
        total = np.float32(0)
        for j in range(SIDE):
            total += FIRST[j] * (x[i + j] + x[i + PAST - j])
        out[2 * i] = _TWO * total
        out[2 * i + 1] = x[i + SIDE]


@part
def up2(x, even, odd, frames):  # type: ignore[no-untyped-def]
    """x: PAST2 + frames at 2x; even, odd: frames each, the frames of 4x in turns."""
    for i in range(frames):
        total = np.float32(0)
        for j in range(SIDE2):
            total += SECOND[j] * (x[i + j] + x[i + PAST2 - j])
        even[i] = _TWO * total
        odd[i] = x[i + SIDE2]


@part
def down2(even, odd, out, frames):  # type: ignore[no-untyped-def]
    """even, odd: PAST2 + frames each; out: frames at 2x."""
    for i in range(frames):
        total = np.float32(0)
        for j in range(SIDE2):
            total += SECOND[j] * (even[i + j] + even[i + PAST2 - j])
        out[i] = total + _HALF * odd[i + SIDE2 - 1]


@part
def down(y, even, odd, out, frames):  # type: ignore[no-untyped-def]
    """y: PAST_Y + 2 frames at 2x; even, odd: room for PAST + 1 + frames; out: frames at 1x."""
    for i in range(PAST + 1 + frames):
        even[i] = y[2 * i]
        odd[i] = y[2 * i + 1]
    for i in range(frames):
        total = np.float32(0)
        for j in range(SIDE):
            total += FIRST[j] * (even[i + 1 + j] + even[i + 1 + PAST - j])
        out[i] = total + _HALF * odd[i + SIDE]


@part
def keep(x, past, frames):  # type: ignore[no-untyped-def]
    """The history for the next `frames`: the last `past` to the front."""
    for i in range(past):
        x[i] = x[i + frames]
