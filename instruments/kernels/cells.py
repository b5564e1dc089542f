"""A cell of frames at a time through delays that are longer than it: in loops of fixed length, which vectorise.

These run over the whole cell also where fewer frames are due: what they read is written already, and what they write
too far ahead is written again before it is read. Rings have a power of two of frames, mask is one less; `spare` is a
cell of scratch.
"""

from __future__ import annotations

import numpy as np

from instruments.kernels.taps import CELL, hermite
from instruments.kernels.tone import TINY, part

_HALF = CELL // 2


@part
def put(ring, mask, at, values, n):  # type: ignore[no-untyped-def]
    first = at & mask
    near = min(n, mask + 1 - first)
    for i in range(near):
        ring[first + i] = values[i]
    for i in range(near, n):
        ring[i - near] = values[i]


@part
def stretch(ring, mask, at, spare):  # type: ignore[no-untyped-def]
    """A cell of ring from `at` on, as an array: of the ring itself, or `spare`, if the ring ends within."""
    first = at & mask
    if first + CELL <= mask + 1:
        return ring[first : first + CELL]
    for i in range(CELL):
        spare[i] = ring[(first + i) & mask]
    return spare


@part
def moved(ring, mask, at, begin, end, gain, into, span, out, spare):  # type: ignore[no-untyped-def]
    """out += gain * ring, from `begin` frames before to `end` frames before in the course of a span."""
    near = stretch(ring, mask, at - int(begin), spare)
    if begin == end:
        for i in range(CELL):
            out[i] += gain * near[i]
        return
    x, step = np.float32(into / span), np.float32(1 / span)
    for i in range(CELL):
        out[i] += gain * (1 - (x + step * np.float32(i))) * near[i]
    far = stretch(ring, mask, at - int(end), spare)
    for i in range(CELL):
        out[i] += gain * (x + step * np.float32(i)) * far[i]


@part
def diffuse(ring, mask, at, length, g, x, spare):  # type: ignore[no-untyped-def]
    """A cell x through a Schroeder all-pass of gain g (float32)."""
    late = stretch(ring, mask, at - length, spare)
    first = at & mask
    if first + CELL <= mask + 1:
        now = ring[first : first + CELL]
        for i in range(CELL):
            y = late[i] - g * x[i]
            now[i] = x[i] + g * y + np.float32(TINY)
            x[i] = y
    else:
        for i in range(CELL):
            y = late[i] - g * x[i]
            ring[(first + i) & mask] = x[i] + g * y + np.float32(TINY)
            x[i] = y


@part
def read(ring, mask, at, begin, change, into, span, out):  # type: ignore[no-untyped-def]
    """out = ring, `begin` + change (into + i) / span >= 1 frames before at + i.

    Where the delay stays between the same two frames for half a cell, there is nothing to look up.
    """
    slope = change / span
    for k in range(0, CELL, _HALF):
        late = begin + slope * (into + k)
        whole = int(late)
        first = (at + k - whole - 2) & mask
        half = out[k : k + _HALF]
        if int(late + slope * (_HALF - 1)) == whole and first + _HALF + 3 <= mask:
            f0, f1 = np.float32(1 - (late - whole)), np.float32(-slope)
            p, q = ring[first : first + _HALF], ring[first + 1 : first + 1 + _HALF]
            r, s = ring[first + 2 : first + 2 + _HALF], ring[first + 3 : first + 3 + _HALF]
            for i in range(_HALF):
                f = f0 + f1 * np.float32(i)
                a, b, c, d = p[i], q[i], r[i], s[i]
                m = np.float32(0.5) * (c - a)
                half[i] = b + f * (m + f * (a - np.float32(2.5) * b + np.float32(2) * c - np.float32(0.5) * d
                                            + f * (np.float32(1.5) * (b - c) + np.float32(0.5) * (d - a))))
        else:
            for i in range(_HALF):
                x = at + k + i + mask + 1 - (late + slope * i)
                j = int(x)
                half[i] = hermite(ring[(j - 1) & mask], ring[j & mask], ring[(j + 1) & mask], ring[(j + 2) & mask],
                                  np.float32(x - j))


@part
def give(left, right, done, n, heard_l, heard_r, c, s, at, z, place):  # type: ignore[no-untyped-def]
    """The return of a reverb: heard, through a high-pass of 12 dB/oct (two one-poles) and a low-pass of 6, and mixed.

    c[at : at + 4]: high-pass, low-pass, dry, wet; z[place : place + 6]: states.
    """
    hl1, hl2, ll = z[place], z[place + 1], z[place + 2]
    hr1, hr2, lr = z[place + 3], z[place + 4], z[place + 5]
    for i in range(n):
        x = done + i + 1
        hp, lp = c[at] + s[at] * x, c[at + 1] + s[at + 1] * x
        dry, wet = c[at + 2] + s[at + 2] * x, c[at + 3] + s[at + 3] * x
        yl, yr = np.float64(heard_l[i]), np.float64(heard_r[i])
        hl1 += hp * (yl - hl1) + TINY
        hr1 += hp * (yr - hr1) + TINY
        hl2 += hp * (yl - hl1 - hl2) + TINY
        hr2 += hp * (yr - hr1 - hr2) + TINY
        ll += lp * (yl - hl1 - hl2 - ll) + TINY
        lr += lp * (yr - hr1 - hr2 - lr) + TINY
        left[done + i] = np.float32(dry * left[done + i] + wet * ll)
        right[done + i] = np.float32(dry * right[done + i] + wet * lr)
    z[place], z[place + 1], z[place + 2] = hl1, hl2, ll
    z[place + 3], z[place + 4], z[place + 5] = hr1, hr2, lr
