"""Meters of the console: peaks and powers of channels; loudness, true peak and correlation of the mix."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from instruments.kernels.tone import TINY, part

_OPTIONS: dict[str, Any] = {
    "fastmath": True, "error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True,
}
measured = njit(**_OPTIONS)
"""A `part` whose largest values are found by vectors, too: that wants numbers that are not NaN, as what was checked."""

PEAK_L, PEAK_R, POWER_L, POWER_R, FRAMES = range(5)
"""Numbers of a channel's meter since they were last cleared: largest magnitudes, sums of squares, frames."""
METER_NUMBERS = 5

HOPS_KEPT = 32
"""Tenths of a second that a loudness meter remembers: short-term loudness wants 30."""
BINS = 1000
"""Of the histogram of momentary loudness for the gated mean: 0.1 LU each, from -70 LUFS up."""
TAPS = 16
"""Of each phase of the interpolator for true peaks."""

# State of a loudness meter. Since they were last cleared by who reads: PEAK_L .. FRAMES as above, TRUE_PEAK, BOTH (sum
# of left x right). Then the K weighting's states, the hop that is being measured, hops so far, powers of the last hops,
# the histogram (counts, powers), and the last frames for the interpolator.
TRUE_PEAK, BOTH, WEIGHTING, HOP_POWER, HOP_AT, HOPS = 5, 6, 7, 15, 16, 17
HOP_RING = 18
COUNTS = HOP_RING + HOPS_KEPT
POWERS = COUNTS + BINS
PAST = POWERS + BINS
LOUDNESS_STATE = PAST + 2 * (TAPS - 1)
LOUDNESS_COEFS = 11
"""The two biquads of the K weighting (b0 b1 b2 a1 a2), and the frames of a hop."""


def _interpolator() -> NDArray[np.float32]:
    """Rows 1/4, 2/4, 3/4 of a frame after the middle of TAPS frames, oldest first: a Kaiser-windowed sinc."""
    x = np.arange(TAPS)[None, :] - (TAPS / 2 - 1) - np.arange(1, 4)[:, None] / 4
    rows = np.sinc(x) * np.i0(4.0 * np.sqrt(np.clip(1 - (x / (TAPS / 2)) ** 2, 0, 1)))
    return np.asarray(rows / rows.sum(axis=1, keepdims=True), np.float32)


_ROWS = _interpolator()
_MOST = np.float32(np.abs(_ROWS).sum(axis=1).max())
"""The interpolator can make no more of a peak than this."""


@measured
def loudness(node, scratch, stride, start, frames, c, z):  # type: ignore[no-untyped-def]
    """Measure a stretch of `node` (left, right). c: LOUDNESS_COEFS, z: LOUDNESS_STATE numbers."""
    x, y = node[start : start + frames], node[stride + start : stride + start + frames]
    left, right, both = np.float32(0), np.float32(0), np.float32(0)
    top_l, top_r = np.float32(0), np.float32(0)
    for i in range(frames):
        a, b = x[i], y[i]
        left += a * a
        right += b * b
        both += a * b
    for i in range(frames):
        top_l = max(top_l, abs(x[i]))
    for i in range(frames):
        top_r = max(top_r, abs(y[i]))
    z[POWER_L] += left
    z[POWER_R] += right
    z[BOTH] += both
    z[FRAMES] += frames
    z[PEAK_L] = max(z[PEAK_L], np.float64(top_l))
    z[PEAK_R] = max(z[PEAK_R], np.float64(top_r))
    z[TRUE_PEAK] = max(z[TRUE_PEAK], np.float64(max(top_l, top_r)))
    for side in range(2):
        _true_peak(y if side else x, scratch, scratch[stride + TAPS :], frames, z, PAST + side * (TAPS - 1))
    _weigh(x, y, frames, c, z)


@measured
def _true_peak(x, scratch, between, frames, z, at):  # type: ignore[no-untyped-def]
    """Of one side, x[:frames]; z[at :] holds the TAPS - 1 frames before, and then these."""
    past = TAPS - 1
    top = np.float32(0)
    for k in range(past):
        scratch[k] = np.float32(z[at + k])
        top = max(top, abs(scratch[k]))
    for i in range(frames):
        scratch[past + i] = x[i]
        top = max(top, abs(x[i]))
    for k in range(past):
        z[at + k] = scratch[frames + k]
    if top * _MOST <= z[TRUE_PEAK]:
        return
    top = np.float32(0)
    for row in range(3):
        for i in range(frames):  # apart from the largest, so that it goes by vectors
            s = np.float32(0)
            for k in range(TAPS):
                s += _ROWS[row, k] * scratch[i + k]
            between[i] = s
        for i in range(frames):
            top = max(top, abs(between[i]))
    z[TRUE_PEAK] = max(z[TRUE_PEAK], np.float64(top))


@part
def _weigh(left, right, frames, c, z):  # type: ignore[no-untyped-def]
    b0, b1, b2, a1, a2 = c[0], c[1], c[2], c[3], c[4]
    p1, p2 = c[8], c[9]
    hop = int(c[10])
    w = WEIGHTING
    l1, l2, l3, l4 = z[w], z[w + 1], z[w + 2], z[w + 3]
    r1, r2, r3, r4 = z[w + 4], z[w + 5], z[w + 6], z[w + 7]
    power, at = z[HOP_POWER], int(z[HOP_AT])
    for i in range(frames):
        x, y = np.float64(left[i]), np.float64(right[i])
        u = b0 * x + l1
        v = b0 * y + r1
        l1 = b1 * x - a1 * u + l2 + TINY
        r1 = b1 * y - a1 * v + r2 + TINY
        l2 = b2 * x - a2 * u
        r2 = b2 * y - a2 * v
        x = u + l3
        y = v + r3
        l3 = -2 * u - p1 * x + l4 + TINY
        r3 = -2 * v - p1 * y + r4 + TINY
        l4 = u - p2 * x
        r4 = v - p2 * y
        power += x * x + y * y
        at += 1
        if at == hop:
            _hop(z, power, hop)
            power, at = 0.0, 0
    z[w], z[w + 1], z[w + 2], z[w + 3] = l1, l2, l3, l4
    z[w + 4], z[w + 5], z[w + 6], z[w + 7] = r1, r2, r3, r4
    z[HOP_POWER], z[HOP_AT] = power, at


@part
def _hop(z, power, hop):  # type: ignore[no-untyped-def]
    """A tenth of a second is full: remember it, and put the last four into the histogram."""
    hops = int(z[HOPS])
    z[HOP_RING + hops % HOPS_KEPT] = power / hop
    hops += 1
    z[HOPS] = hops
    if hops >= 4:
        mean = 0.0
        for k in range(1, 5):
            mean += 0.25 * z[HOP_RING + (hops - k) % HOPS_KEPT]
        level = -0.691 + 10 * np.log10(mean + 1e-20)
        if level > -70:
            b = min(BINS - 1, int((level + 70) * 10))
            z[COUNTS + b] += 1
            z[POWERS + b] += mean
