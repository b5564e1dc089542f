"""Distortion: a curve at four times the rate, and what stands before and after it."""

from __future__ import annotations

import numpy as np
from numba import carray  # type: ignore[attr-defined]

from instruments.kernels.effect import effect_kernel, numbers, views
from instruments.kernels.oversampling import PAST, PAST2, PAST_Y, down, down2, keep, up, up2
from instruments.kernels.shapes import biased, clipped, folded, saturated
from instruments.kernels.svf import SECTION_STATES, healthy, sections
from instruments.kernels.tone import TINY, part

SOFT, TUBE, HARD, FOLD, CRUSH = range(5)
SHAPES = 5
# Coefficients: how often oversampled (1, 2, 4: constant), shares of the shapes and how fast they may move, gain before,
# gains after (of each shape), one-poles of the low cut and of the block of DC, how much low cut, levels of the crush a
# unit, its frames a frame, share of the distorted sound, gain at last; then sections: tone, cabinet.
TIMES, SHARES, SLEW, PUSH, PULLS = 0, 1, 6, 7, 8
CUT, DC, CUTS, LEVELS, HOLD, MIX, GAIN, SECTIONS = 13, 14, 15, 16, 17, 18, 19, 20
COUNT = 6
"""Of sections."""

# States: the shapes' shares, low cuts, DC, held frames, the crush's clock, sections.
_LOW, _DC, _HELD, _CLOCK, _STATES = SHAPES, SHAPES + 2, SHAPES + 4, SHAPES + 6, SHAPES + 7
STATES = _STATES + COUNT * SECTION_STATES

CHUNK = 128
LATENCY = (0, 35, 41)
"""At 1x, 2x, 4x. At 4x a frame of 2x is added, so that the whole is whole."""
_LATEST = 41
# Memory of a side: input, at 2x, at 4x (two phases, then the same distorted), back at 2x, its phases; dry, crushed.
_X, _V = 0, PAST + CHUNK
_U0, _U1 = _V + PAST2 + 2 * CHUNK, _V + PAST2 + 4 * CHUNK
_A, _B = _U1 + 2 * CHUNK, _U1 + PAST2 + 4 * CHUNK
_Y = _B + PAST2 + 2 * CHUNK
_E, _O = _Y + PAST_Y + 1 + 2 * CHUNK, _Y + PAST_Y + 1 + 2 * CHUNK + PAST + 1 + CHUNK
_DRY, _CRUSHED = _O + PAST + 1 + CHUNK, _O + PAST + 1 + CHUNK + _LATEST + CHUNK
SIDE_MEMORY = _CRUSHED + _LATEST + CHUNK


@part
def _curve(shape, x, out, count):  # type: ignore[no-untyped-def]
    if shape == SOFT:
        for i in range(count):
            out[i] = saturated(x[i])
    elif shape == TUBE:
        for i in range(count):
            out[i] = biased(x[i])
    elif shape == HARD:
        for i in range(count):
            out[i] = clipped(x[i])
    else:
        for i in range(count):
            out[i] = folded(x[i])


@part
def _share(z, c, s, shape, frame):  # type: ignore[no-untyped-def]
    """Of a shape, `frame` frames on; where it goes is told while the coefficient still slopes there."""
    at = c[SHARES + shape]
    goal = 1.0 if s[SHARES + shape] > 0 else 0.0 if s[SHARES + shape] < 0 else at
    most = c[SLEW] * frame
    return z[shape] + min(max(goal - z[shape], -most), most)


@part
def _settled(c, s, z):  # type: ignore[no-untyped-def]
    """The only shape, or -1 while they change."""
    only = -1
    for shape in range(SHAPES):
        if z[shape] != c[SHARES + shape] or s[SHARES + shape] != 0:
            return -1
        if z[shape] == 1:
            only = shape
    return only


@part
def _distort(x, out, count, a_frame, c, s, z, only):  # type: ignore[no-untyped-def]
    """x, out: count values, a_frame of them a frame. The sum of the curves by their shares."""
    if only >= 0:
        _curve(only, x, out, count)
        return
    for i in range(count):
        total = np.float32(0)
        for shape in range(CRUSH):
            share = np.float32(_share(z, c, s, shape, i // a_frame + 1))
            if share != 0:
                y = x[i]
                if shape == SOFT:
                    y = saturated(y)
                elif shape == TUBE:
                    y = biased(y)
                elif shape == HARD:
                    y = clipped(y)
                else:
                    y = folded(y)
                total += share * y
        out[i] = total


@part
def _come_in(side, m, x, n, c, s, z):  # type: ignore[no-untyped-def]
    """The dry sound, and the same without lows and driven."""
    past = LATENCY[2] if c[TIMES] == 4 else LATENCY[1] if c[TIMES] == 2 else 0
    dry, driven = m[_DRY + past :], m[_X + PAST :]
    for i in range(n):
        dry[i] = x[i]
    push, slope = np.float32(c[PUSH]), np.float32(s[PUSH])
    if c[CUTS] == 0 and s[CUTS] == 0:
        for i in range(n):
            driven[i] = (push + slope * np.float32(i + 1)) * x[i]
        z[_LOW + side] = 0
    else:
        low, pole, cuts = z[_LOW + side], c[CUT], c[CUTS]
        for i in range(n):
            pole += s[CUT]
            cuts += s[CUTS]
            low = (1 - pole) * low + (pole * x[i] + TINY)
            driven[i] = (push + slope * np.float32(i + 1)) * np.float32(x[i] - cuts * low)
        z[_LOW + side] = low
    return past


@part
def _crush(side, m, past, n, c, s, z):  # type: ignore[no-untyped-def]
    """Fewer steps, and fewer frames: held until the clock comes round."""
    driven, out = m[_X + PAST :], m[_CRUSHED + past :]
    held, clock = np.float32(z[_HELD + side]), z[_CLOCK]
    for i in range(n):
        clock += c[HOLD] + s[HOLD] * (i + 1)
        if clock >= 1:
            clock -= np.floor(clock)
            levels = np.float32(c[LEVELS] + s[LEVELS] * (i + 1))
            held = np.floor(clipped(driven[i]) * levels + np.float32(0.5)) / levels
        out[i] = held
    z[_HELD + side] = held
    return clock


@part
def _go_out(side, m, x, n, c, s, z, only, crushed):  # type: ignore[no-untyped-def]
    """Crushed sound besides, as loud as it came in, without DC."""
    dc, pole = z[_DC + side], c[DC]
    if only >= 0:
        pull, slope = c[PULLS + only], s[PULLS + only]
        if crushed:
            for i in range(n):
                x[i] += m[_CRUSHED + i]
        for i in range(n):
            pull += slope
            y = pull * x[i]
            dc = (1 - pole) * dc + (pole * y + TINY)
            x[i] = np.float32(y - dc)
    else:
        for i in range(n):
            pull = 0.0
            for shape in range(SHAPES):
                pull += _share(z, c, s, shape, i + 1) * (c[PULLS + shape] + s[PULLS + shape] * (i + 1))
            y = float(x[i])
            if crushed:
                y += _share(z, c, s, CRUSH, i + 1) * m[_CRUSHED + i]
            y *= pull
            dc = (1 - pole) * dc + (pole * y + TINY)
            x[i] = np.float32(y - dc)
    z[_DC + side] = dc


@part
def _through(m, n, out, c, s, z, only):  # type: ignore[no-untyped-def]
    """Up, through the curve, down."""
    times = c[TIMES]
    phases, count, a_frame, x, y, next_x, next_y = 1, n, 1, _X + PAST, _E, 0, 0
    if times > 1:
        up(m[_X:], m[_V + PAST2 :], n)
        count, a_frame, x, y = 2 * n, 2, _V + PAST2, _Y + PAST_Y
    if times > 2:
        up2(m[_V:], m[_U0:], m[_U1:], 2 * n)
        phases, x, y, next_x, next_y = 2, _U0, _A + PAST2, _U1 - _U0, _B - _A
    for phase in range(phases):
        _distort(m[x + phase * next_x :], m[y + phase * next_y :], count, a_frame, c, s, z, only)
    if times > 2:
        down2(m[_A:], m[_B:], m[_Y + PAST_Y + 1 :], 2 * n)
        keep(m[_V:], PAST2, 2 * n)
        keep(m[_A:], PAST2, 2 * n)
        keep(m[_B:], PAST2, 2 * n)
    if times > 1:
        down(m[_Y:], m[_E:], m[_O:], out, n)
        keep(m[_Y:], PAST_Y + 1, 2 * n)
    else:
        out[:] = m[_E : _E + n]


@part
def _mix(dry, x, n, c, s):  # type: ignore[no-untyped-def]
    mix, mixes, gain, gains = np.float32(c[MIX]), np.float32(s[MIX]), np.float32(c[GAIN]), np.float32(s[GAIN])
    if mix == 1 and gain == 1 and mixes == 0 and gains == 0:
        return
    for i in range(n):
        frame = np.float32(i + 1)
        x[i] = (gain + gains * frame) * (dry[i] + (mix + mixes * frame) * (x[i] - dry[i]))


@effect_kernel
def distort(audio, _key, stride, start, frames, coefs, slopes, state, memory, size, _skipped):  # type: ignore[no-untyped-def]
    """coefs, state, memory: as named above. Slopes are other than 0 only where frames <= CHUNK."""
    left, right = views(audio, stride, start, frames)
    c, s, z = numbers(coefs), numbers(slopes), numbers(state)
    memories = carray(memory, (size,))
    done = 0
    while done < frames:
        n = min(CHUNK, frames - done)
        only, curved = _settled(c, s, z), False
        for shape in range(CRUSH):
            curved = curved or z[shape] != 0 or c[SHARES + shape] != 0 or s[SHARES + shape] != 0
        crushed = z[CRUSH] != 0 or c[SHARES + CRUSH] != 0 or s[SHARES + CRUSH] != 0
        past, clock = 0, z[_CLOCK]
        for side in range(2):
            m = memories[side * SIDE_MEMORY : (side + 1) * SIDE_MEMORY]
            x = left[done : done + n] if side == 0 else right[done : done + n]
            past = _come_in(side, m, x, n, c, s, z)
            if crushed:
                clock = _crush(side, m, past, n, c, s, z)
            else:
                m[_CRUSHED : _CRUSHED + past] = 0
            if curved:
                _through(m, n, x, c, s, z, only)
            else:
                m[_V:_DRY] = 0
                x[:] = 0
            keep(m[_X:], PAST, n)
            _go_out(side, m, x, n, c, s, z, only, crushed)
            if crushed:
                keep(m[_CRUSHED:], past, n)
        z[_CLOCK] = clock
        for shape in range(SHAPES):
            z[shape] = _share(z, c, s, shape, n)
        sections(left[done : done + n], right[done : done + n], n, c, s, z, SECTIONS, _STATES, COUNT)
        for side in range(2):
            m = memories[side * SIDE_MEMORY : (side + 1) * SIDE_MEMORY]
            x = left[done : done + n] if side == 0 else right[done : done + n]
            _mix(m[_DRY:], x, n, c, s)
            keep(m[_DRY:], past, n)
        done += n
    healthy(z, _LOW, 7)
