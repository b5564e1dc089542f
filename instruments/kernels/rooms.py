"""Rooms and halls: early reflections, all-pass diffusion, and a feedback delay network of sixteen lines (Jot 1991).

Every delay is longer than a cell of CELL frames, so that a cell passes through each stage at a time, in loops that
vectorise: these always run over the whole cell, also where fewer frames are due, since what they read is written
already, and what they write too far ahead is written again before it is read. Per-line losses give every mode the same
decay; the lines sway, each at its own rate, which smears what modes are left.
"""

from __future__ import annotations

import math

import numpy as np
from numba import carray  # type: ignore[attr-defined]

from instruments.kernels.effect import effect_kernel, numbers, views
from instruments.kernels.taps import CELL, fraction, hermite
from instruments.kernels.tone import TINY, part, sine

LINES = 16
TAPS = 8
DIFFUSERS = 4
# Primes about evenly apart by ratio from 8 to 40 ms, at 48 kHz and size 1: no two echoes fall together.
_LENGTHS = np.array([389, 433, 479, 541, 601, 673, 743, 827, 919, 1031, 1151, 1277, 1423, 1583, 1759, 1931], np.float64)
_SWAYS_HZ = np.array([0.43, 1.16, 0.66, 1.44, 0.85, 0.32, 1.27, 0.52, 0.99, 1.58, 0.41, 0.74, 1.36, 0.57, 0.94, 1.11])
_DIFFUSE = np.array([[142, 379, 277, 523], [151, 353, 299, 491]], np.float64)
_TAPS_MS = np.array([[4.3, 8.9, 13.7, 19.1, 25.3, 33.1, 42.7, 55.9], [5.1, 7.7, 15.1, 17.9, 27.7, 31.3, 45.1, 52.3]])
_TAP_GAINS = np.array([[1, -1, 1, 1, -1, 1, -1, 1], [1, 1, -1, 1, -1, -1, 1, -1]]) * 10 ** (-_TAPS_MS / 55)
_SIGNS = np.array([[1, 1, -1, 1, 1, -1, -1, -1, 1, -1, 1, 1, -1, 1, -1, -1],
                   [1, -1, 1, 1, -1, -1, 1, -1, -1, -1, -1, 1, 1, 1, 1, -1]], np.float64) * 0.25
"""What of each line is heard left and right: two rows at right angles."""
_G = np.float32(0.62)
_SHORTEST = CELL + 8.0
SPAN = 4 * CELL
"""Frames from one point of the sways to the next."""

# States: frames so far, frames into the span, awake, what gains were computed for (3), return filters (6), shimmer's
# low-passes (2); then by line: delay where the span began and at its end, loss, pole, low-pass, phase of sway;
# then the taps in frames where the span began and at its end, the last of each side the pre-delay.
_AT, _INTO, _AWAKE, _FOR, _RETURN, _SHIMMER = 0, 1, 2, 3, 6, 12
_FROM, _TO, _GAIN, _POLE, _LOW, _PHASE = (16 + LINES * k for k in range(6))
_TAP_FROM, _TAP_TO = 16 + 6 * LINES, 16 + 6 * LINES + 2 * (TAPS + 1)
ROOM_STATES = 16 + 6 * LINES + 4 * (TAPS + 1)
SCRATCH = CELL * (LINES + 7)
"""float32 at the end of the memory."""


@part
def _put(ring, mask, at, values, n):  # type: ignore[no-untyped-def]
    first = at & mask
    near = min(n, mask + 1 - first)
    for i in range(near):
        ring[first + i] = values[i]
    for i in range(near, n):
        ring[i - near] = values[i]


@part
def _stretch(ring, mask, at, spare):  # type: ignore[no-untyped-def]
    """A cell of ring from `at` on, as an array: of the ring itself, or `spare`, if the ring ends within."""
    first = at & mask
    if first + CELL <= mask + 1:
        return ring[first : first + CELL]
    for i in range(CELL):
        spare[i] = ring[(first + i) & mask]
    return spare


@part
def _moved(ring, mask, at, begin, end, gain, into, out, spare):  # type: ignore[no-untyped-def]
    """out += gain * ring, from `begin` frames before to `end` frames before in the course of a span."""
    near = _stretch(ring, mask, at - int(begin), spare)
    if begin == end:
        for i in range(CELL):
            out[i] += gain * near[i]
        return
    x, step = np.float32(into / SPAN), np.float32(1 / SPAN)
    for i in range(CELL):
        out[i] += gain * (1 - (x + step * np.float32(i))) * near[i]
    far = _stretch(ring, mask, at - int(end), spare)
    for i in range(CELL):
        out[i] += gain * (x + step * np.float32(i)) * far[i]


@part
def _diffuse(ring, mask, at, length, x, spare):  # type: ignore[no-untyped-def]
    """A cell x through a Schroeder all-pass."""
    late = _stretch(ring, mask, at - length, spare)
    first = at & mask
    if first + CELL <= mask + 1:
        now = ring[first : first + CELL]
        for i in range(CELL):
            y = late[i] - _G * x[i]
            now[i] = x[i] + _G * y + np.float32(TINY)
            x[i] = y
    else:
        for i in range(CELL):
            y = late[i] - _G * x[i]
            ring[(first + i) & mask] = x[i] + _G * y + np.float32(TINY)
            x[i] = y


@part
def _read(ring, mask, at, begin, change, into, out):  # type: ignore[no-untyped-def]
    """out = ring, `begin` + change (into + i) / SPAN frames before at + i."""
    slope = change / SPAN
    begin += slope * into
    whole = int(begin)
    first = (at - whole - 2) & mask
    if abs(slope) * CELL < 0.1 and first + CELL + 3 <= mask:
        f0, f1 = np.float32(1 - (begin - whole)), np.float32(-slope)
        p, q = ring[first : first + CELL], ring[first + 1 : first + 1 + CELL]
        r, s = ring[first + 2 : first + 2 + CELL], ring[first + 3 : first + 3 + CELL]
        for i in range(CELL):
            f = f0 + f1 * np.float32(i)
            a, b, c, d = p[i], q[i], r[i], s[i]
            m = np.float32(0.5) * (c - a)
            out[i] = b + f * (m + f * (a - np.float32(2.5) * b + np.float32(2) * c - np.float32(0.5) * d
                                       + f * (np.float32(1.5) * (b - c) + np.float32(0.5) * (d - a))))
    else:
        for i in range(CELL):
            x = at + i + mask + 1 - (begin + slope * i)
            j = int(x)
            out[i] = np.float32(hermite(np.float64(ring[(j - 1) & mask]), np.float64(ring[j & mask]),
                                        np.float64(ring[(j + 1) & mask]), np.float64(ring[(j + 2) & mask]), x - j))


@part
def _mix(rows, h):  # type: ignore[no-untyped-def]
    """Two stages of Hadamard's matrix: lines h apart, then 2 h."""
    for g in range(LINES // 4):
        k = g % h + g // h * 4 * h
        base, apart = k * CELL, h * CELL
        p, q = rows[base : base + CELL], rows[base + apart : base + apart + CELL]
        r, s = rows[base + 2 * apart : base + 2 * apart + CELL], rows[base + 3 * apart : base + 3 * apart + CELL]
        for i in range(CELL):
            a, b, c, d = p[i] + q[i], p[i] - q[i], r[i] + s[i], r[i] - s[i]
            p[i], q[i], r[i], s[i] = a + c, b + d, a - c, b - d


@part
def _point(z, c, s, done, fresh, longest, farthest):  # type: ignore[no-untyped-def]
    """At a span's start: where delays are at its end, and each line's loss and damping."""
    decay, high, size = c[0] + s[0] * done, c[1] + s[1] * done, c[2] + s[2] * done
    scale, depth = c[3], c[4] + s[4] * done
    for k in range(LINES):
        z[_PHASE + k] = fraction(z[_PHASE + k] + _SWAYS_HZ[k] * c[13])
        z[_FROM + k] = z[_TO + k]
        d = _LENGTHS[k] * scale * size + depth * sine(z[_PHASE + k])
        z[_TO + k] = min(max(d, _SHORTEST), longest)
        if fresh:
            z[_FROM + k] = z[_TO + k]
    if z[_FOR] != decay or z[_FOR + 1] != high or z[_FOR + 2] != size:
        z[_FOR], z[_FOR + 1], z[_FOR + 2] = decay, high, size
        # The one-pole (1 - b) / (1 - b / z) whose gain falls from 1.2 kHz to 8 kHz by q: a quadratic in b.
        c1, c8 = c[14], c[15]
        for k in range(LINES):
            d = min(max(_LENGTHS[k] * scale * size, _SHORTEST), longest)
            q = math.exp((high - decay) * d)
            q = q * q
            b = 0.0
            if q < 0.999999:
                u, v = 1 - q, c1 - q * c8
                b = (v - math.sqrt(max(v * v - u * u, 0.0))) / u
            b = min(max(b, 0.0), 0.98)
            z[_POLE + k] = b
            z[_GAIN + k] = min(math.exp(decay * d) * math.sqrt(1 - 2 * b * c1 + b * b) / (1 - b), 0.9999)
    for k in range(2 * (TAPS + 1)):
        z[_TAP_FROM + k] = z[_TAP_TO + k]
        side, tap = k // (TAPS + 1), k % (TAPS + 1)
        d = c[5] + s[5] * done + (_TAPS_MS[side, tap] * c[16] * size if tap < TAPS else 1.0)
        z[_TAP_TO + k] = np.floor(min(d, farthest))
        if fresh:
            z[_TAP_FROM + k] = z[_TAP_TO + k]


@effect_kernel
def room(audio, _key, stride, start, frames, coefs, slopes, state, memory, size, skipped):  # type: ignore[no-untyped-def]
    """coefs: 0, 1 ln gain a frame at 1.2 kHz and at 8 kHz, 2 size, 3 rate / 48000, 4 sway in frames, 5 pre-delay in
    frames, 6 level of early reflections, 7 high-pass and 8 low-pass of the return (one pole, a frame), 9 dry, 10 wet,
    11 level of the tail, 12 shimmer, 13 seconds a span, 14, 15 cosines of 1.2 and 8 kHz, 16 frames a ms, 17 frames of a
    line's ring, 18 of the pre-delay's, 19 of a diffuser's (each a power of two).
    """
    left, right = views(audio, stride, start, frames)
    c, s, z = numbers(coefs), numbers(slopes), numbers(state)
    floats = carray(memory, (size,))
    line_size, pre_size, ap_size = int(c[17]), int(c[18]), int(c[19])
    pre_at = LINES * line_size
    ap_at = pre_at + 2 * pre_size
    work = size - SCRATCH
    rows = floats[work : work + LINES * CELL]
    early_l, early_r = floats[size - 6 * CELL : size - 5 * CELL], floats[size - 5 * CELL : size - 4 * CELL]
    in_l, in_r = floats[size - 4 * CELL : size - 3 * CELL], floats[size - 3 * CELL : size - 2 * CELL]
    heard_l, heard_r = floats[size - 2 * CELL : size - CELL], floats[size - CELL :]
    spare = floats[size - 7 * CELL : size - 6 * CELL]
    longest, farthest = line_size - 3.0 * CELL, pre_size - 3.0 * CELL
    line_mask, pre_mask, ap_mask = line_size - 1, pre_size - 1, ap_size - 1
    if skipped > 0 or z[_AWAKE] == 0:
        if skipped > 0:
            floats[:] = 0
            z[_LOW : _LOW + LINES] = 0
            z[_RETURN : _RETURN + 8] = 0
        z[_AWAKE], z[_INTO] = 1, 0
        _point(z, c, s, 0, True, longest, farthest)
    elif z[_INTO] == 0:
        _point(z, c, s, 0, False, longest, farthest)
    done = 0
    while done < frames:
        into = int(z[_INTO])
        if into == 0 and done > 0:
            _point(z, c, s, done, False, longest, farthest)
        n = min(CELL, SPAN - into, frames - done)
        at = int(z[_AT])
        pre_l, pre_r = floats[pre_at : pre_at + pre_size], floats[pre_at + pre_size : ap_at]
        _put(pre_l, pre_mask, at, left[done:], n)
        _put(pre_r, pre_mask, at, right[done:], n)
        for i in range(CELL):
            early_l[i] = early_r[i] = in_l[i] = in_r[i] = heard_l[i] = heard_r[i] = 0
        for k in range(TAPS):
            m = TAPS + 1 + k
            near, far = (pre_l, pre_r) if k % 2 == 0 else (pre_r, pre_l)
            _moved(near, pre_mask, at, z[_TAP_FROM + k], z[_TAP_TO + k], np.float32(_TAP_GAINS[0, k]), into, early_l,
                   spare)
            _moved(far, pre_mask, at, z[_TAP_FROM + m], z[_TAP_TO + m], np.float32(_TAP_GAINS[1, k]), into, early_r,
                   spare)
        _moved(pre_l, pre_mask, at, z[_TAP_FROM + TAPS], z[_TAP_TO + TAPS], np.float32(1), into, in_l, spare)
        _moved(pre_r, pre_mask, at, z[_TAP_FROM + TAPS], z[_TAP_TO + TAPS], np.float32(1), into, in_r, spare)
        for k in range(DIFFUSERS):
            base = ap_at + 2 * k * ap_size
            length = max(CELL, int(_DIFFUSE[0, k] * c[3]))
            _diffuse(floats[base : base + ap_size], ap_mask, at, length, in_l, spare)
            base += ap_size
            length = max(CELL, int(_DIFFUSE[1, k] * c[3]))
            _diffuse(floats[base : base + ap_size], ap_mask, at, length, in_r, spare)
        for k in range(LINES):
            _read(floats[k * line_size : (k + 1) * line_size], line_mask, at, z[_FROM + k], z[_TO + k] - z[_FROM + k],
                  into, rows[k * CELL : (k + 1) * CELL])
        # Four lines at a time: a one-pole alone would wait for itself.
        for k in range(0, LINES, 4):
            r0, r1 = rows[k * CELL : (k + 1) * CELL], rows[(k + 1) * CELL : (k + 2) * CELL]
            r2, r3 = rows[(k + 2) * CELL : (k + 3) * CELL], rows[(k + 3) * CELL : (k + 4) * CELL]
            b0, b1, b2, b3 = z[_POLE + k], z[_POLE + k + 1], z[_POLE + k + 2], z[_POLE + k + 3]
            g0, g1 = z[_GAIN + k] * (1 - b0), z[_GAIN + k + 1] * (1 - b1)
            g2, g3 = z[_GAIN + k + 2] * (1 - b2), z[_GAIN + k + 3] * (1 - b3)
            y0, y1, y2, y3 = z[_LOW + k], z[_LOW + k + 1], z[_LOW + k + 2], z[_LOW + k + 3]
            for i in range(n):
                y0 = b0 * y0 + (g0 * r0[i] + TINY)
                y1 = b1 * y1 + (g1 * r1[i] + TINY)
                y2 = b2 * y2 + (g2 * r2[i] + TINY)
                y3 = b3 * y3 + (g3 * r3[i] + TINY)
                r0[i], r1[i], r2[i], r3[i] = y0, y1, y2, y3
            z[_LOW + k], z[_LOW + k + 1], z[_LOW + k + 2], z[_LOW + k + 3] = y0, y1, y2, y3
        for k in range(LINES):
            row = rows[k * CELL : (k + 1) * CELL]
            gl, gr = np.float32(_SIGNS[0, k]), np.float32(_SIGNS[1, k])
            for i in range(CELL):
                heard_l[i] += gl * row[i]
                heard_r[i] += gr * row[i]
        _mix(rows, 1)
        _mix(rows, 4)
        first = at & line_mask
        for k in range(LINES):
            row = rows[k * CELL : (k + 1) * CELL]
            fed = in_l if k % 2 == 0 else in_r
            base = k * line_size
            if first + CELL <= line_size:
                now = floats[base + first : base + first + CELL]
                for i in range(CELL):
                    now[i] = np.float32(0.25) * row[i] + fed[i]
            else:
                for i in range(n):
                    floats[base + ((first + i) & line_mask)] = np.float32(0.25) * row[i] + fed[i]
        hl1, hl2, ll = z[_RETURN], z[_RETURN + 1], z[_RETURN + 2]
        hr1, hr2, lr = z[_RETURN + 3], z[_RETURN + 4], z[_RETURN + 5]
        for i in range(n):
            x = done + i + 1
            tail, early = c[11] + s[11] * x, c[6] + s[6] * x
            hp, lp = c[7] + s[7] * x, c[8] + s[8] * x
            dry, wet = c[9] + s[9] * x, c[10] + s[10] * x
            yl = tail * heard_l[i] + early * early_l[i]
            yr = tail * heard_r[i] + early * early_r[i]
            # The return: a high-pass of 12 dB/oct as two one-poles, a low-pass of one.
            hl1 += hp * (yl - hl1) + TINY
            hr1 += hp * (yr - hr1) + TINY
            hl2 += hp * (yl - hl1 - hl2) + TINY
            hr2 += hp * (yr - hr1 - hr2) + TINY
            ll += lp * (yl - hl1 - hl2 - ll) + TINY
            lr += lp * (yr - hr1 - hr2 - lr) + TINY
            left[done + i] = np.float32(dry * left[done + i] + wet * ll)
            right[done + i] = np.float32(dry * right[done + i] + wet * lr)
        z[_RETURN], z[_RETURN + 1], z[_RETURN + 2] = hl1, hl2, ll
        z[_RETURN + 3], z[_RETURN + 4], z[_RETURN + 5] = hr1, hr2, lr
        z[_AT] = at + n
        z[_INTO] = (into + n) % SPAN
        done += n
