"""State-variable filters by the trapezoidal rule (A. Simper, "Linear Trapezoidal Integrated SVF", 2013; V. Zavalishin,
"The Art of VA Filter Design"): stable whatever their coefficients do, so these may slope from frame to frame.
"""

from __future__ import annotations

from instruments.kernels.tone import TINY, part

SECTION_COEFS, SECTION_STATES = 5, 4
"""Of a section: g, k, m0, m1, m2; two integrators a side, left and right."""
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
def _matrix(c, at):  # type: ignore[no-untyped-def]
    """Of a section whose coefficients stand still: its states as a matrix times themselves and the input, and its
    output. Half as long a way from frame to frame as by the integrators."""
    g, k, m0, m1, m2 = c[at], c[at + 1], c[at + 2], c[at + 3], c[at + 4]
    a1 = 1 / (1 + g * (g + k))
    a2 = g * a1
    a3 = g * a2
    return (2 * a1 - 1, 2 * a2, 1 - 2 * a3, 2 * a3, m0 + m1 * a2 + m2 * a3, m1 * a1 + m2 * a2,
            m2 * (1 - a3) - m1 * a2)


@part
def still(left, right, frames, c, z, at, state):  # type: ignore[no-untyped-def]
    """One section whose coefficients stand still, in place."""
    p, q, u, v = z[state], z[state + 1], z[state + 2], z[state + 3]
    pp, pq, qq, qx, yx, yp, yq = _matrix(c, at)
    for i in range(frames):
        x, y = float(left[i]), float(right[i])
        left[i] = yx * x + yp * p + yq * q
        right[i] = yx * y + yp * u + yq * v
        p, q = pp * p + ((pq * x + TINY) - pq * q), qq * q + (pq * p + qx * x)
        u, v = pp * u + ((pq * y + TINY) - pq * v), qq * v + (pq * u + qx * y)
    z[state], z[state + 1], z[state + 2], z[state + 3] = p, q, u, v


@part
def still_pair(left, right, frames, c, z, at, state, at2, state2):  # type: ignore[no-untyped-def]
    """Two of them in one loop: the one computes while the other waits for its own last frame."""
    p, q, u, v = z[state], z[state + 1], z[state + 2], z[state + 3]
    pp, pq, qq, qx, yx, yp, yq = _matrix(c, at)
    p2, q2, u2, v2 = z[state2], z[state2 + 1], z[state2 + 2], z[state2 + 3]
    pp2, pq2, qq2, qx2, yx2, yp2, yq2 = _matrix(c, at2)
    for i in range(frames):
        x, y = float(left[i]), float(right[i])
        l2 = yx * x + yp * p + yq * q
        r2 = yx * y + yp * u + yq * v
        p, q = pp * p + ((pq * x + TINY) - pq * q), qq * q + (pq * p + qx * x)
        u, v = pp * u + ((pq * y + TINY) - pq * v), qq * v + (pq * u + qx * y)
        left[i] = yx2 * l2 + yp2 * p2 + yq2 * q2
        right[i] = yx2 * r2 + yp2 * u2 + yq2 * v2
        p2, q2 = pp2 * p2 + ((pq2 * l2 + TINY) - pq2 * q2), qq2 * q2 + (pq2 * p2 + qx2 * l2)
        u2, v2 = pp2 * u2 + ((pq2 * r2 + TINY) - pq2 * v2), qq2 * v2 + (pq2 * u2 + qx2 * r2)
    z[state], z[state + 1], z[state + 2], z[state + 3] = p, q, u, v
    z[state2], z[state2 + 1], z[state2 + 2], z[state2 + 3] = p2, q2, u2, v2


@part
def _sloping(left, right, frames, c, s, z, at, state):  # type: ignore[no-untyped-def]
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
        elif weights_still and s[a] == 0 and s[a + 1] == 0:
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
