"""A plate: the figure-eight tank of Dattorro (Effect Design, part 1, JAES 1997), a cell of frames at a time."""

from __future__ import annotations

import math

import numpy as np
from numba import carray  # type: ignore[attr-defined]

from instruments.kernels.cells import diffuse, give, put, read, stretch
from instruments.kernels.effect import effect_kernel, numbers, views
from instruments.kernels.taps import CELL, fraction
from instruments.kernels.tone import TINY, part, sine

SPAN = 4 * CELL
# Frames at 29761 Hz, as published: input all-passes; then by half of the tank its swaying all-pass, first delay, second
# all-pass, second delay.
_INPUT = np.array([142, 107, 379, 277], np.float64)
_INPUT_G = np.array([0.75, 0.75, 0.625, 0.625], np.float32)
_TANK = np.array([[672, 4453, 1800, 3720], [908, 4217, 2656, 3163]], np.float64)
# Taps of the left: first delay, first delay, second all-pass and second delay of the right half, then first delay,
# second all-pass and second delay of the left half; the right's the other way round.
_TAPS = np.array([[266, 2974, 1913, 1996, 1990, 187, 1066], [353, 3627, 1228, 2673, 2111, 335, 121]], np.float64)
_TAP_NODES = np.array([[1, 1, 2, 3, 1, 2, 3]])
_TAP_SIGNS = np.array([1, 1, -1, 1, -1, -1, -1], np.float32)
_LOOP = 672 + 4453 + 1800 + 3720 + 908 + 4217 + 2656 + 3163
_SWAYS_HZ = np.array([0.97, 0.71, 0.83, 0.59])

# States: frames so far, frames into the span, awake; what losses were computed for (2); ln gain a frame, gain that
# makes up for a damping, and its pole, where the span began and at its end; low-passes (4); phases and delays of the
# all-passes (4), where the span began and at its end; the pre-delay, likewise; the return's filters.
_AT, _INTO, _AWAKE, _FOR, _DECAY_FROM, _DECAY, _MADE_FROM, _MADE = 0, 1, 2, 3, 5, 6, 7, 8
_POLE_FROM, _POLE, _LOW = 9, 10, 11
_PHASE, _FROM, _TO, _PRE_FROM, _PRE_TO, _RETURN = 15, 19, 23, 27, 28, 29
PLATE_STATES = 35
SCRATCH = 8 * CELL
_DULLEST = 0.65
"""Pole of a damping at most: below its pass-band it would make up for more than the loop loses."""
_SWAYING, _SECOND = np.float32(-0.7), np.float32(0.5)


@part
def _point(z, c, s, done, fresh):  # type: ignore[no-untyped-def]
    """At a span's start: what moves, at its end."""
    decay, high, depth = c[0] + s[0] * done, c[1] + s[1] * done, c[3] + s[3] * done
    z[_DECAY_FROM], z[_MADE_FROM], z[_POLE_FROM] = z[_DECAY], z[_MADE], z[_POLE]
    if z[_FOR] != decay or z[_FOR + 1] != high:
        z[_FOR], z[_FOR + 1] = decay, high
        # Four dampings in a round: the one-pole whose gain falls from 1.4 kHz to 8 kHz by q.
        frames, c1, c8 = _LOOP * c[2], c[9], c[10]
        q = math.exp((high - decay) * frames / 4)
        q = q * q
        b = 0.0
        if q < 0.999999:
            u, v = 1 - q, c1 - q * c8
            b = (v - math.sqrt(max(v * v - u * u, 0.0))) / u
        b = min(max(b, 0.0), _DULLEST)
        z[_POLE], z[_DECAY] = b, decay
        z[_MADE] = math.sqrt(1 - 2 * b * c1 + b * b) / (1 - b)
    for k in range(4):
        z[_PHASE + k] = fraction(z[_PHASE + k] + _SWAYS_HZ[k] * c[8])
        z[_FROM + k] = z[_TO + k]
        z[_TO + k] = max(CELL + 8.0, _TANK[k % 2, k // 2 * 2] * c[2] + depth * sine(z[_PHASE + k] + 0.25 * k))
        if fresh:
            z[_FROM + k] = z[_TO + k]
    z[_PRE_FROM] = z[_PRE_TO]
    z[_PRE_TO] = c[11] + s[11] * done + 2
    if fresh:
        z[_DECAY_FROM], z[_MADE_FROM], z[_POLE_FROM], z[_PRE_FROM] = z[_DECAY], z[_MADE], z[_POLE], z[_PRE_TO]


@part
def _loss(z, frames, into):  # type: ignore[no-untyped-def]
    """Gain of a delay, now and its change a frame (float32)."""
    begin, end = math.exp(z[_DECAY_FROM] * frames), math.exp(z[_DECAY] * frames)
    change = (end - begin) / SPAN
    return np.float32(begin + change * into), np.float32(change)


@part
def _damp(z, place, x, out, into, gain, change, n):  # type: ignore[no-untyped-def]
    """out[:n] = x through the low-pass whose state is z[place], and a gain that changes."""
    pole, made = z[_POLE_FROM], z[_MADE_FROM]
    step_pole, step_made = (z[_POLE] - pole) / SPAN, (z[_MADE] - made) / SPAN
    low = z[place]
    for i in range(n):
        b = pole + step_pole * (into + i)
        low = b * low + ((1 - b) * x[i] + TINY)
        out[i] = np.float32(low * (made + step_made * (into + i))) * (gain + change * np.float32(i))
    z[place] = low


@effect_kernel
def plate(audio, _key, stride, start, frames, coefs, slopes, state, memory, size, skipped):  # type: ignore[no-untyped-def]
    """coefs: 0, 1 ln gain a frame at 1.4 kHz and at 8 kHz, 2 rate / 29761, 3 sway in frames, 4 high-pass and 5 low-pass
    of the return (one pole, a frame), 6 dry, 7 wet, 8 seconds a span, 9, 10 cosines of 1.4 and 8 kHz, 11 pre-delay in
    frames, 12 level, 13 frames of the rings of the tank, 14 of the input's all-passes, 15 of the pre-delay's (each a
    power of two)."""
    left, right = views(audio, stride, start, frames)
    c, s, z = numbers(coefs), numbers(slopes), numbers(state)
    floats = carray(memory, (size,))
    ring, small, pre_size = int(c[13]), int(c[14]), int(c[15])
    mask = ring - 1
    small_at = 8 * ring
    pre_at = small_at + 4 * small
    pre = floats[pre_at : pre_at + pre_size]
    work = size - SCRATCH
    spare, x = floats[work : work + CELL], floats[work + CELL : work + 2 * CELL]
    ends_l, ends_r = floats[work + 2 * CELL : work + 3 * CELL], floats[work + 3 * CELL : work + 4 * CELL]
    u, v = floats[work + 4 * CELL : work + 5 * CELL], floats[work + 5 * CELL : work + 6 * CELL]
    heard_l, heard_r = floats[work + 6 * CELL : work + 7 * CELL], floats[work + 7 * CELL :]
    if skipped > 0 or z[_AWAKE] == 0:
        if skipped > 0:
            floats[:] = 0
            z[_LOW : _LOW + 4] = 0
            z[_RETURN : _RETURN + 6] = 0
        z[_AWAKE], z[_INTO] = 1, 0
        _point(z, c, s, 0, True)
    elif z[_INTO] == 0:
        _point(z, c, s, 0, False)
    scale = c[2]
    done = 0
    while done < frames:
        into = int(z[_INTO])
        if into == 0 and done > 0:
            _point(z, c, s, done, False)
        n = min(CELL - into % CELL, frames - done)
        at = int(z[_AT])
        for i in range(n):
            u[i] = np.float32(0.5) * (left[done + i] + right[done + i])
        put(pre, pre_size - 1, at, u, n)
        for i in range(CELL):
            heard_l[i] = heard_r[i] = 0
        read(pre, pre_size - 1, at, z[_PRE_FROM], z[_PRE_TO] - z[_PRE_FROM], into, SPAN, x)
        for k in range(4):
            diffuse(floats[small_at + k * small : small_at + (k + 1) * small], small - 1, at,
                    max(CELL, int(_INPUT[k] * scale)), _INPUT_G[k], x, spare)
        for half in range(2):
            base = (4 * half + 3) * ring
            ends = ends_l if half == 0 else ends_r
            late = stretch(floats[base : base + ring], mask, at - int(_TANK[half, 3] * scale), spare)
            for i in range(CELL):
                ends[i] = late[i]
        for half in range(2):
            base = 4 * half * ring
            other = ends_r if half == 0 else ends_l
            begin, change = _loss(z, _TANK[1 - half, 3] * scale, into)
            _damp(z, _LOW + half, other, u, into, begin, change, n)
            for i in range(CELL):
                u[i] += x[i]
            # All-passes lose what their delay would: so every mode dies away alike, however long it stays in them.
            first = floats[base : base + ring]
            read(first, mask, at, z[_FROM + half], z[_TO + half] - z[_FROM + half], into, SPAN, v)
            begin, change = _loss(z, _TANK[half, 0] * scale, into)
            for i in range(CELL):
                y = (begin + change * np.float32(i)) * v[i] - _SWAYING * u[i]
                u[i] += _SWAYING * y
                v[i] = y
            put(first, mask, at, u, CELL)
            put(floats[base + ring : base + 2 * ring], mask, at, v, CELL)
            late = stretch(floats[base + ring : base + 2 * ring], mask, at - int(_TANK[half, 1] * scale), spare)
            begin, change = _loss(z, _TANK[half, 1] * scale, into)
            _damp(z, _LOW + 2 + half, late, u, into, begin, change, n)
            second = floats[base + 2 * ring : base + 3 * ring]
            read(second, mask, at, z[_FROM + 2 + half], z[_TO + 2 + half] - z[_FROM + 2 + half], into, SPAN, v)
            begin, change = _loss(z, _TANK[half, 2] * scale, into)
            for i in range(CELL):
                y = (begin + change * np.float32(i)) * v[i] - _SECOND * u[i]
                u[i] += _SECOND * y
                v[i] = y
            put(second, mask, at, u, CELL)
            put(floats[base + 3 * ring : base + 4 * ring], mask, at, v, CELL)
        for side in range(2):
            heard = heard_l if side == 0 else heard_r
            for k in range(7):
                half = 1 - side if k < 4 else side
                base = (4 * half + _TAP_NODES[0, k]) * ring
                late = stretch(floats[base : base + ring], mask, at - int(_TAPS[side, k] * scale), spare)
                gain = _TAP_SIGNS[k] * np.float32(c[12])
                for i in range(CELL):
                    heard[i] += gain * late[i]
        give(left, right, done, n, heard_l, heard_r, c, s, 4, z, _RETURN)
        z[_AT] = at + n
        z[_INTO] = (into + n) % SPAN
        done += n
