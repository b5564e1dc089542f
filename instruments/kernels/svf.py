"""State-variable filters by the trapezoidal rule (A. Simper, "Linear Trapezoidal Integrated SVF", 2013; V. Zavalishin,
"The Art of VA Filter Design"): stable whatever their coefficients do, so these may slope from frame to frame.
"""

from __future__ import annotations

from instruments.kernels.tone import TINY, part

SECTION_COEFS, SECTION_STATES = 5, 4
"""Of a section: g, k, m0, m1, m2; two integrators a side, left and right."""
FAINT = 1e-3
"""A section that changes less (m1, m2) is not computed as a direct form, whose states say too little of its own."""
_LIMIT = 1e9
"""What a state never reaches with sound: NaN, Inf or a fault that came in."""


@part
def tangent(x):  # type: ignore[no-untyped-def]
    """tan(x) for 0 <= x <= 0.45 pi to 3e-6 of it, by Lambert's continued fraction: no call, as math.tan is."""
    y = x * x
    return x * (10395.0 - y * (1260.0 - 21.0 * y)) / (10395.0 - y * (4725.0 - y * (210.0 - y)))


@part
def healthy(z, first, count):  # type: ignore[no-untyped-def]
    """Set these states to zero if one of them has caught a NaN or the like: it would stay for ever."""
    for i in range(first, first + count):
        if not abs(z[i]) < _LIMIT:
            z[first : first + count] = 0
            return


@part
def _direct(c, at):  # type: ignore[no-untyped-def]
    """A section that stands still and is not faint, as a transposed direct form II: half the arithmetic.

    b0, b1, b2, a1, a2; then what its two states are of the integrators p, q (s1 = yp p + yq q, s2 = tp p + tq q), and
    one over the determinant.
    """
    g, k, m0, m1, m2 = c[at], c[at + 1], c[at + 2], c[at + 3], c[at + 4]
    r = 1 / (1 + g * (g + k))
    band = g * r
    low = g * band
    # The integrators' own matrix is pp, -2 band / 2 band, qq; the input comes in by 2 band, 2 low.
    pp, pq, qq, qx = 2 * r - 1, 2 * band, 1 - 2 * low, 2 * low
    yx, yp, yq = m0 + m1 * band + m2 * low, m1 * r + m2 * band, m2 * (1 - low) - m1 * band
    a1, a2 = -(pp + qq), pp * qq + pq * pq
    ahead_p, ahead_q = yp * pp + yq * pq, yq * qq - yp * pq
    h1, h2 = yp * pq + yq * qx, ahead_p * pq + ahead_q * qx
    tp, tq = ahead_p + a1 * yp, ahead_q + a1 * yq
    det = yp * tq - yq * tp
    return yx, h1 + a1 * yx, h2 + a1 * h1 + a2 * yx, a1, a2, yp, yq, tp, tq, 1 / det


@part
def still(left, right, frames, c, z, at, state):  # type: ignore[no-untyped-def]
    """One section whose coefficients stand still, in place."""
    b0, b1, b2, a1, a2, yp, yq, tp, tq, scale = _direct(c, at)
    p, q, u, v = z[state], z[state + 1], z[state + 2], z[state + 3]
    p, q, u, v = yp * p + yq * q, tp * p + tq * q, yp * u + yq * v, tp * u + tq * v
    for i in range(frames):
        x, y = float(left[i]), float(right[i])
        to_l, to_r = b0 * x + p, b0 * y + u
        p, q = (b1 * x + q) - a1 * to_l, (b2 * x + TINY) - a2 * to_l
        u, v = (b1 * y + v) - a1 * to_r, (b2 * y + TINY) - a2 * to_r
        left[i], right[i] = to_l, to_r
    z[state], z[state + 1] = scale * (tq * p - yq * q), scale * (yp * q - tp * p)
    z[state + 2], z[state + 3] = scale * (tq * u - yq * v), scale * (yp * v - tp * u)


@part
def still_pair(left, right, frames, c, z, at, state, at2, state2):  # type: ignore[no-untyped-def]
    """Two of them in one loop: the one computes while the other waits for its own last frame."""
    b0, b1, b2, a1, a2, yp, yq, tp, tq, scale = _direct(c, at)
    d0, d1, d2, c1, c2, yp2, yq2, tp2, tq2, scale2 = _direct(c, at2)
    p, q, u, v = z[state], z[state + 1], z[state + 2], z[state + 3]
    p, q, u, v = yp * p + yq * q, tp * p + tq * q, yp * u + yq * v, tp * u + tq * v
    p2, q2, u2, v2 = z[state2], z[state2 + 1], z[state2 + 2], z[state2 + 3]
    p2, q2, u2, v2 = yp2 * p2 + yq2 * q2, tp2 * p2 + tq2 * q2, yp2 * u2 + yq2 * v2, tp2 * u2 + tq2 * v2
    for i in range(frames):
        x, y = float(left[i]), float(right[i])
        mid_l, mid_r = b0 * x + p, b0 * y + u
        p, q = (b1 * x + q) - a1 * mid_l, (b2 * x + TINY) - a2 * mid_l
        u, v = (b1 * y + v) - a1 * mid_r, (b2 * y + TINY) - a2 * mid_r
        to_l, to_r = d0 * mid_l + p2, d0 * mid_r + u2
        p2, q2 = (d1 * mid_l + q2) - c1 * to_l, (d2 * mid_l + TINY) - c2 * to_l
        u2, v2 = (d1 * mid_r + v2) - c1 * to_r, (d2 * mid_r + TINY) - c2 * to_r
        left[i], right[i] = to_l, to_r
    z[state], z[state + 1] = scale * (tq * p - yq * q), scale * (yp * q - tp * p)
    z[state + 2], z[state + 3] = scale * (tq * u - yq * v), scale * (yp * v - tp * u)
    z[state2], z[state2 + 1] = scale2 * (tq2 * p2 - yq2 * q2), scale2 * (yp2 * q2 - tp2 * p2)
    z[state2 + 2], z[state2 + 3] = scale2 * (tq2 * u2 - yq2 * v2), scale2 * (yp2 * v2 - tp2 * u2)


@part
def _sloping(left, right, frames, c, s, z, at, state):  # type: ignore[no-untyped-def]
    """One section whose coefficients may slope, in place."""
    g, k, m0, m1, m2 = c[at], c[at + 1], c[at + 2], c[at + 3], c[at + 4]
    p, q, u, v = z[state], z[state + 1], z[state + 2], z[state + 3]
    for i in range(frames):
        g += s[at]
        k += s[at + 1]
        m0 += s[at + 2]
        m1 += s[at + 3]
        m2 += s[at + 4]
        a1 = 1 / (1 + g * (g + k))
        x, y = float(left[i]), float(right[i])
        band_l, band_r = a1 * (p + g * (x - q)), a1 * (u + g * (y - v))
        low_l, low_r = q + g * band_l, v + g * band_r
        p, q = 2 * band_l - p + TINY, 2 * low_l - q
        u, v = 2 * band_r - u + TINY, 2 * low_r - v
        left[i] = m0 * x + m1 * band_l + m2 * low_l
        right[i] = m0 * y + m1 * band_r + m2 * low_r
    z[state], z[state + 1], z[state + 2], z[state + 3] = p, q, u, v


@part
def sections(left, right, frames, c, s, z, at, state, count):  # type: ignore[no-untyped-def]
    """`count` sections in a row, in place: each m0 x + m1 band + m2 low.

    c, s: coefficients and slopes, five a section from `at` on: g = tan(pi f / rate), k = 1 / Q, m0, m1, m2; z: four
    states a section from `state` on. One that passes everything (m = 1, 0, 0) costs nothing.
    """
    waiting = -1
    for b in range(count):
        a, t = at + b * SECTION_COEFS, state + b * SECTION_STATES
        weights_still = s[a + 2] == 0 and s[a + 3] == 0 and s[a + 4] == 0
        if weights_still and c[a + 2] == 1 and c[a + 3] == 0 and c[a + 4] == 0:
            z[t : t + SECTION_STATES] = 0
        elif weights_still and s[a] == 0 and s[a + 1] == 0 and abs(c[a + 3]) + abs(c[a + 4]) > FAINT:
            if waiting < 0:
                waiting = b
            else:
                still_pair(left, right, frames, c, z, at + waiting * SECTION_COEFS, state + waiting * SECTION_STATES,
                            a, t)
                waiting = -1
        else:
            if waiting >= 0:
                still(left, right, frames, c, z, at + waiting * SECTION_COEFS, state + waiting * SECTION_STATES)
                waiting = -1
            _sloping(left, right, frames, c, s, z, a, t)
    if waiting >= 0:
        still(left, right, frames, c, z, at + waiting * SECTION_COEFS, state + waiting * SECTION_STATES)
    healthy(z, state, count * SECTION_STATES)
