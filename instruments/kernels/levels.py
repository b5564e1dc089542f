"""What the dynamics share: the loudness of the key, decibels of whole runs of frames, and late sound."""

from __future__ import annotations

import numpy as np

from instruments.kernels.tone import TINY, part

CHUNK = 64
"""Frames that a dynamics kernel takes at once: runs over so many are vector code, only the smoothing is frame by
frame."""
KEY_COEFS, KEY_STATES = 4, 8
"""Of key_power: how much high-pass, its tan(pi f / rate), how much low-pass, its own; states of each, both sides."""
NEAR_DB, PART = 1e-4, 0.3
"""Levels so near count as equal, and a hold lasts so much of a frame longer: so that rounding, which differs with the
blocks, decides nothing."""

_DAMPING = 2**0.5
_MANTISSA, _ONE_BITS, _EXPONENT = 0x7FFFFF, 0x3F800000, 23
SILENCE_DB = -200.0
_FLOOR = np.float32(1e-20)
"""Added to squares, so that silence is SILENCE_DB."""


@part
def _solved(g, high):  # type: ignore[no-untyped-def]
    """A Butterworth of 12 dB/oct, topology-preserving (Zavalishin 2012), solved for its output and its new states: each
    by the input and the two states. g = tan(pi f / rate)."""
    m1 = 1 / (1 + g * (g + _DAMPING))
    m2 = g * m1
    m3 = g * m2
    if high:
        x, a, b = m1, -(m2 + _DAMPING * m1), -m1
    else:
        x, a, b = m3, m2, 1 - m3
    return x, a, b, 2 * m2, 2 * m1 - 1, -2 * m2, 2 * m3, 2 * m2, 1 - 2 * m3


@part
def _filtered(x, y, n, at, share, share_slope, g, g_slope, high, z):  # type: ignore[no-untyped-def]
    """x[:n] and y[:n], left and right, through a filter, by its share: side by side, since a frame waits for the one
    before."""
    if share == 0 and share_slope == 0:
        return
    a, b, d, e = z[0], z[1], z[2], z[3]
    share += share_slope * at
    i = 0
    while i < n:
        end = n if g_slope == 0 else i + 1
        ox, oa, ob, ax, aa, ab, bx, ba, bb = _solved(g + g_slope * (at + end), high)
        for k in range(i, end):
            share += share_slope
            v, w = np.float64(x[k]), np.float64(y[k])
            x[k] = np.float32(v + share * (ox * v + (oa * a + ob * b) - v))
            y[k] = np.float32(w + share * (ox * w + (oa * d + ob * e) - w))
            a, b = aa * a + (ab * b + (ax * v + TINY)), ba * a + (bb * b + bx * v)
            d, e = aa * d + (ab * e + (ax * w + TINY)), ba * d + (bb * e + bx * w)
        i = end
    z[0], z[1], z[2], z[3] = a, b, d, e


@part
def key_power(left, right, both, both_slope, c, s, z, at, n, out, other):  # type: ignore[no-untyped-def]
    """out[:n] = squared level of the key in frames at .. at + n, both sides linked. other: scratch.

    both   0: of the louder side, 1: mean of the two
    c, s, z  KEY_COEFS filter coefficients as of the start of the stretch, their slopes, KEY_STATES states; a filter
           with no share is not run
    """
    for i in range(n):
        out[i] = left[at + i]
        other[i] = right[at + i]
    _filtered(out, other, n, at, c[0], s[0], c[1], s[1], True, z)
    _filtered(out, other, n, at, c[2], s[2], c[3], s[3], False, z[4:])
    for i in range(n):
        a, b = out[i] * out[i], other[i] * other[i]
        top = max(a, b)
        out[i] = top + np.float32(both + both_slope * (at + i + 1)) * (np.float32(0.5) * (a + b) - top)


@part
def power_db(power):  # type: ignore[no-untyped-def]
    """10 log10 of a float32 power, error below 1e-5 dB. Exponent and mantissa apart, log2(1 + t) by a polynomial (least
    squares, weighted towards equal ripple, fitted for this file); vectorises."""
    bits = np.float32(power + _FLOOR).view(np.int32)
    t = np.int32((bits & _MANTISSA) | _ONE_BITS).view(np.float32) - np.float32(1)
    p = np.float32(0.12345129) + t * np.float32(-0.02645738)
    p = np.float32(0.4582707) + t * (np.float32(-0.27953792) + t * p)
    p = t * (np.float32(1.44255314) + t * (np.float32(-0.7182819) + t * p))
    return np.float32(3.0102999566) * (np.float32((bits >> _EXPONENT) - 127) + p)


@part
def db_gain(db):  # type: ignore[no-untyped-def]
    """10^(dB / 20) for -700 .. 700 dB as float32, relative error below 3e-7, exactly 1 at 0 dB; vectorises. Polynomial
    as in power_db."""
    x = np.float32(0.16609640474436813) * db
    whole = np.floor(x + np.float32(0.5))
    t = x - whole
    p = np.float32(0.00967188) + t * np.float32(0.00134073)
    p = np.float32(0.24022235) + t * (np.float32(0.05550308) + t * p)
    p = np.float32(1) + t * (np.float32(0.69314721) + t * p)
    return p * np.int32((np.int32(whole) + 127) << _EXPONENT).view(np.float32)


@part
def late_by(frames, at, n, left, right, late_left, late_right, clock):  # type: ignore[no-untyped-def]
    """left and right[at : at + n] come `frames` later, by way of two rings (a power of two, more than frames); clock:
    frames that have gone in before."""
    mask = len(late_left) - 1
    for i in range(at, at + n):
        now = (clock + i - at) & mask
        then = (now - frames) & mask
        late_left[now], late_right[now] = left[i], right[i]
        left[i], right[i] = late_left[then], late_right[then]
