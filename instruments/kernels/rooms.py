"""Rooms and halls: early reflections, all-pass diffusion, and a feedback delay network of sixteen lines (Jot 1991).

Per-line losses give every mode the same decay; the lines sway, each at its own rate, which smears what modes are left.
Every delay is longer than a cell: see cells.py.
"""

from __future__ import annotations

import math

import numpy as np
from numba import carray  # type: ignore[attr-defined]

from instruments.kernels.cells import diffuse, give, moved, put, read
from instruments.kernels.effect import effect_kernel, numbers, views
from instruments.kernels.taps import CELL, fraction
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
# filters (6); then by line: delay, loss and pole where the span began and
# at its end, low-pass, phase of sway;
# then the taps in frames where the span began and at its end, the last of each side the pre-delay.
_AT, _INTO, _AWAKE, _FOR, _RETURN, _SHIMMER = 0, 1, 2, 3, 6, 12
_FROM, _TO, _GAIN_FROM, _GAIN, _POLE_FROM, _POLE, _LOW, _PHASE = (20 + LINES * k for k in range(8))
_TAP_FROM, _TAP_TO = 20 + 8 * LINES, 20 + 8 * LINES + 2 * (TAPS + 1)
ROOM_STATES = 20 + 8 * LINES + 4 * (TAPS + 1)
SCRATCH = CELL * (LINES + 7)
"""float32 at the end of the memory."""


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
    for k in range(LINES):
        z[_GAIN_FROM + k], z[_POLE_FROM + k] = z[_GAIN + k], z[_POLE + k]
    if z[_FOR] != decay or z[_FOR + 1] != high or z[_FOR + 2] != size:
        z[_FOR], z[_FOR + 1], z[_FOR + 2] = decay, high, size
        # The one-pole (1 - b) / (1 - b / z) whose gain falls from 1.4 kHz to 8 kHz by q: a quadratic in b.
        c1, c8 = c[14], c[15]
        for k in range(LINES):
            d = min(max(_LENGTHS[k] * scale * size, _SHORTEST), longest)
            q = math.exp((high - decay) * d)
            q = q * q
            b = 0.0
            if q < 0.999999:
                u, v = 1 - q, c1 - q * c8
                b = (v - math.sqrt(max(v * v - u * u, 0.0))) / u
            b = min(max(b, 0.0), 0.75)  # a darker one would make bass last far longer than asked
            z[_POLE + k] = b
            z[_GAIN + k] = min(math.exp(decay * d) * math.sqrt(1 - 2 * b * c1 + b * b), 0.9999 * (1 - b))
        if fresh:
            for k in range(LINES):
                z[_GAIN_FROM + k], z[_POLE_FROM + k] = z[_GAIN + k], z[_POLE + k]
    for k in range(2 * (TAPS + 1)):
        z[_TAP_FROM + k] = z[_TAP_TO + k]
        side, tap = k // (TAPS + 1), k % (TAPS + 1)
        d = c[5] + s[5] * done
        z[_TAP_TO + k] = min(np.floor(d + _TAPS_MS[side, tap] * c[16] * size) if tap < TAPS else d + 2, farthest)
        if fresh:
            z[_TAP_FROM + k] = z[_TAP_TO + k]


@part
def _lose(rows, z, k, into, n):  # type: ignore[no-untyped-def]
    """Loss and damping of lines k .. k + 3, together: a one-pole alone would wait for itself."""
    r0, r1, r2, r3 = rows[:CELL], rows[CELL : 2 * CELL], rows[2 * CELL : 3 * CELL], rows[3 * CELL :]
    b0, b1, b2, b3 = z[_POLE_FROM + k], z[_POLE_FROM + k + 1], z[_POLE_FROM + k + 2], z[_POLE_FROM + k + 3]
    g0, g1, g2, g3 = z[_GAIN_FROM + k], z[_GAIN_FROM + k + 1], z[_GAIN_FROM + k + 2], z[_GAIN_FROM + k + 3]
    y0, y1, y2, y3 = z[_LOW + k], z[_LOW + k + 1], z[_LOW + k + 2], z[_LOW + k + 3]
    if g0 == z[_GAIN + k] and b0 == z[_POLE + k]:
        for i in range(n):
            y0 = b0 * y0 + (g0 * r0[i] + TINY)
            y1 = b1 * y1 + (g1 * r1[i] + TINY)
            y2 = b2 * y2 + (g2 * r2[i] + TINY)
            y3 = b3 * y3 + (g3 * r3[i] + TINY)
            r0[i], r1[i], r2[i], r3[i] = y0, y1, y2, y3
    else:
        tb0, tb1 = (z[_POLE + k] - b0) / SPAN, (z[_POLE + k + 1] - b1) / SPAN
        tb2, tb3 = (z[_POLE + k + 2] - b2) / SPAN, (z[_POLE + k + 3] - b3) / SPAN
        tg0, tg1 = (z[_GAIN + k] - g0) / SPAN, (z[_GAIN + k + 1] - g1) / SPAN
        tg2, tg3 = (z[_GAIN + k + 2] - g2) / SPAN, (z[_GAIN + k + 3] - g3) / SPAN
        for i in range(n):
            x = np.float64(into + i)
            y0 = (b0 + tb0 * x) * y0 + ((g0 + tg0 * x) * r0[i] + TINY)
            y1 = (b1 + tb1 * x) * y1 + ((g1 + tg1 * x) * r1[i] + TINY)
            y2 = (b2 + tb2 * x) * y2 + ((g2 + tg2 * x) * r2[i] + TINY)
            y3 = (b3 + tb3 * x) * y3 + ((g3 + tg3 * x) * r3[i] + TINY)
            r0[i], r1[i], r2[i], r3[i] = y0, y1, y2, y3
    z[_LOW + k], z[_LOW + k + 1], z[_LOW + k + 2], z[_LOW + k + 3] = y0, y1, y2, y3


@part
def _octave_up(ring, at, grain, gain, slope, left, right):  # type: ignore[no-untyped-def]
    """left, right += gain * ring an octave higher: two grains, read at twice the speed, half a grain apart, under a
    squared sine each, which add to one."""
    mask = len(ring) - 1
    half = grain // 2
    for k in range(2):
        for i in range(CELL):
            g = (at + i + k * half) % (2 * half)
            w = sine(g / (4 * half))
            y = np.float32((gain + slope * i) * w * w) * ring[(at + i - 2 * half - 2 * CELL + g) & mask]
            left[i] += y
            right[i] += y


@effect_kernel
def room(audio, _key, stride, start, frames, coefs, slopes, state, memory, size, skipped):  # type: ignore[no-untyped-def]
    """coefs: 0, 1 ln gain a frame at 1.4 kHz and at 8 kHz, 2 size, 3 rate / 48000, 4 sway in frames, 5 pre-delay in
    frames, 6 level of early reflections, 7 high-pass and 8 low-pass of the return (one pole, a frame), 9 dry, 10 wet,
    11 level of the tail, 12 shimmer, 13 seconds a span, 14, 15 cosines of 1.4 and 8 kHz, 16 frames a ms, 17 frames of a
    line's ring, 18 of the pre-delay's, 19 of a diffuser's, 20 of the shimmer's (powers of two, but for
    a shimmer of 0 frames), 21 low-pass and 23 high-pass of what shimmers (one pole, a frame),
    22 scale of the diffusers.
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
    shimmer_at = ap_at + 2 * DIFFUSERS * ap_size
    shimmer_ring = floats[shimmer_at : shimmer_at + int(c[20])]
    longest, farthest = line_size - 3.0 * CELL, pre_size - 3.0 * CELL
    line_mask, pre_mask, ap_mask = line_size - 1, pre_size - 1, ap_size - 1
    if skipped > 0 or z[_AWAKE] == 0:
        if skipped > 0:
            floats[:] = 0
            z[_LOW : _LOW + LINES] = 0
            z[_RETURN : _SHIMMER + 6] = 0
        z[_AWAKE], z[_INTO] = 1, 0
        _point(z, c, s, 0, True, longest, farthest)
    elif z[_INTO] == 0:
        _point(z, c, s, 0, False, longest, farthest)
    done = 0
    while done < frames:
        into = int(z[_INTO])
        if into == 0 and done > 0:
            _point(z, c, s, done, False, longest, farthest)
        n = min(CELL - into % CELL, frames - done)
        at = int(z[_AT])
        pre_l, pre_r = floats[pre_at : pre_at + pre_size], floats[pre_at + pre_size : ap_at]
        put(pre_l, pre_mask, at, left[done:], n)
        put(pre_r, pre_mask, at, right[done:], n)
        for i in range(CELL):
            early_l[i] = early_r[i] = heard_l[i] = heard_r[i] = 0
        for k in range(TAPS):
            m = TAPS + 1 + k
            near, far = (pre_l, pre_r) if k % 2 == 0 else (pre_r, pre_l)
            moved(near, pre_mask, at, z[_TAP_FROM + k], z[_TAP_TO + k], np.float32(_TAP_GAINS[0, k]), into,
                  SPAN, early_l, spare)
            moved(far, pre_mask, at, z[_TAP_FROM + m], z[_TAP_TO + m], np.float32(_TAP_GAINS[1, k]), into,
                  SPAN, early_r, spare)
        begin = z[_TAP_FROM + TAPS]
        read(pre_l, pre_mask, at, begin, z[_TAP_TO + TAPS] - begin, into, SPAN, in_l)
        read(pre_r, pre_mask, at, begin, z[_TAP_TO + TAPS] - begin, into, SPAN, in_r)
        if c[12] > 0 or s[12] != 0:
            _octave_up(shimmer_ring, at, int(100 * c[16]), c[12] + s[12] * done, s[12], in_l, in_r)
        for k in range(DIFFUSERS):
            base = ap_at + 2 * k * ap_size
            length = max(CELL, int(_DIFFUSE[0, k] * c[22]))
            diffuse(floats[base : base + ap_size], ap_mask, at, length, _G, in_l, spare)
            base += ap_size
            length = max(CELL, int(_DIFFUSE[1, k] * c[22]))
            diffuse(floats[base : base + ap_size], ap_mask, at, length, _G, in_r, spare)
        for k in range(LINES):
            read(floats[k * line_size : (k + 1) * line_size], line_mask, at, z[_FROM + k], z[_TO + k] - z[_FROM + k],
                 into, SPAN, rows[k * CELL : (k + 1) * CELL])
        for k in range(0, LINES, 4):
            _lose(rows[k * CELL : (k + 4) * CELL], z, k, into, n)
        for k in range(LINES):
            row = rows[k * CELL : (k + 1) * CELL]
            gl, gr = np.float32(_SIGNS[0, k]), np.float32(_SIGNS[1, k])
            for i in range(CELL):
                heard_l[i] += gl * row[i]
                heard_r[i] += gr * row[i]
        if c[20] > 0:
            # 24 dB/oct above, that nothing folds back at twice the speed; 12 below, since no octave leads up from 0 Hz.
            low1, low2, low3, low4 = z[_SHIMMER], z[_SHIMMER + 1], z[_SHIMMER + 2], z[_SHIMMER + 3]
            base1, base2 = z[_SHIMMER + 4], z[_SHIMMER + 5]
            for i in range(n):
                low1 += c[21] * (heard_l[i] + heard_r[i] - low1) + TINY
                low2 += c[21] * (low1 - low2) + TINY
                low3 += c[21] * (low2 - low3) + TINY
                low4 += c[21] * (low3 - low4) + TINY
                base1 += c[23] * (low4 - base1) + TINY
                base2 += c[23] * (low4 - base1 - base2) + TINY
                shimmer_ring[(at + i) & (len(shimmer_ring) - 1)] = low4 - base1 - base2
            z[_SHIMMER], z[_SHIMMER + 1], z[_SHIMMER + 2], z[_SHIMMER + 3] = low1, low2, low3, low4
            z[_SHIMMER + 4], z[_SHIMMER + 5] = base1, base2
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
        early, tail = c[6] + s[6] * (done + 1), c[11] + s[11] * (done + 1)
        for i in range(CELL):
            e, u = np.float32(early + s[6] * i), np.float32(tail + s[11] * i)
            heard_l[i] = u * heard_l[i] + e * early_l[i]
            heard_r[i] = u * heard_r[i] + e * early_r[i]
        give(left, right, done, n, heard_l, heard_r, c, s, 7, z, _RETURN)
        z[_AT] = at + n
        z[_INTO] = (into + n) % SPAN
        done += n
