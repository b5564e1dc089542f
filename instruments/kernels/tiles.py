"""Sixteen voices through oscillators, noise, drive, filter and gain: the loops over frames.

All voices of a synth play one patch, so what differs between patches is branched on outside these loops.
"""

from __future__ import annotations

import math

from instruments.kernels import lane_layout as at
from instruments.kernels.lanes import LANES, UNIT, larger, load, next_noise, smaller, spread, store, to_floats
from instruments.kernels.tone import part
from instruments.kernels.waves import add_saw, bend_phase, feed_back, hiss, synced, tone

_RMS = 1.7320508  # of even noise between +-1, inverted


@part
def _soft(x):  # type: ignore[no-untyped-def]
    """tanh to 3 %, by a quotient that meets +-1 at +-3 without a corner."""
    x = larger(smaller(x, spread(3.0)), spread(-3.0))
    z = x * x
    return x * (z + 27.0) / (z * 9.0 + 27.0)


@part
def _mix(s, line, wave, left, right, first, last):  # type: ignore[no-untyped-def]
    """Add a row's wave at its level."""
    base, slope = load(s.f, line), load(s.f, line + LANES)
    if s.p[at.P_STEREO] > 0.0:
        for i in range(first, last):
            y = load(s.w, (wave + i) * LANES) * (base + slope * load(s.w, (at.B_RAMP + i) * LANES))
            store(s.w, (at.B_LEFT + i) * LANES, load(s.w, (at.B_LEFT + i) * LANES) + y * left)
            store(s.w, (at.B_RIGHT + i) * LANES, load(s.w, (at.B_RIGHT + i) * LANES) + y * right)
    else:
        base, slope = base * left, slope * left
        for i in range(first, last):
            y = load(s.w, (wave + i) * LANES) * (base + slope * load(s.w, (at.B_RAMP + i) * LANES))
            store(s.w, (at.B_LEFT + i) * LANES, load(s.w, (at.B_LEFT + i) * LANES) + y)


@part
def _oscillate(s, fo, no, first, last):  # type: ignore[no-untyped-def]
    """All rows of a tile into B_LEFT (and B_RIGHT where the patch is stereo)."""
    wide, scale = s.p[at.P_TIMES] > 1.0, math.sqrt(s.p[at.P_TIMES])
    for r in range(int(s.p[at.P_ROWS])):
        k = int(s.rows[r, at.R_OSC])
        shape, by, master = int(s.o[k, at.O_SHAPE]), int(s.o[k, at.O_FM_BY]), int(s.o[k, at.O_SYNC])
        width, index = fo + int(s.o[k, at.O_WIDTH_LINE]) * LANES, fo + int(s.o[k, at.O_INDEX_LINE]) * LANES
        place, memory = no + int(s.rows[r, at.R_TURN]) * LANES, fo + int(s.rows[r, at.R_MEMORY]) * LANES
        leads = r == int(s.o[k, at.O_FIRST])
        wave = at.B_RAW + k * at.RAW_STEP if leads and s.o[k, at.O_HEARD] > 0.0 else at.B_WAVE
        bent = s.o[k, at.O_INDEX_LINE] >= 0.0
        if leads and bent and by != k:
            own = no + int(s.o[k, at.O_TURN]) * LANES if by < 0 else -1
            bend_phase(s.w, s.f, s.n, index, own, at.B_RAW + by * at.RAW_STEP, first, last)
        start, step = load(s.n, place), load(s.n, place + LANES)
        level = fo + int(s.o[k, at.O_LEVEL_LINE]) * LANES
        if shape == at.SAW and wave == at.B_WAVE and not (wide or bent or master >= 0 or s.p[at.P_STEREO] > 0.0):
            add_saw(s.w, s.f, level, s.rows[r, at.R_LEFT], start, step, first, last)
            continue
        if shape >= at.NOISE:
            generator = no + int(s.rows[r, at.R_GENERATOR]) * LANES
            hiss(s.w, s.f, s.n, shape == at.PINK, generator, memory, scale, s.p[at.P_RATE], wave, first, last)
        elif by == k:
            feed_back(s.w, s.f, index, memory, start, step, wave, first, last)
        elif master >= 0:
            lead = no + int(s.rows[int(s.o[master, at.O_FIRST]), at.R_TURN]) * LANES
            ratio = fo + int(s.rows[r, at.R_RATIO_LINE]) * LANES
            synced(s.w, s.f, shape, bent, s.o[k, at.O_START], width, ratio, load(s.n, lead), load(s.n, lead + LANES),
                   step, wave, first, last)
        else:
            tone(s.w, s.f, shape, wide, bent, width, start, step, wave, first, last)
        if s.o[k, at.O_LEVEL] > 0.0:
            _mix(s, level, wave, s.rows[r, at.R_LEFT], s.rows[r, at.R_RIGHT], first, last)


@part
def _band(s, fo, g, damp, base, slope, fall, state, memory, first, last):  # type: ignore[no-untyped-def]
    """Band-passed noise times a line that also falls by a factor a frame, added to both sides.

    Returns the generator and what the line has fallen to.
    """
    a = 1.0 / (g * (g + damp) + 1.0)
    s1, s2 = load(s.f, memory), load(s.f, memory + LANES)
    stereo = s.p[at.P_STEREO] > 0.0
    for i in range(first, last):
        state = next_noise(state)
        x = to_floats(state) * (2.0 * UNIT * _RMS * math.sqrt(s.p[at.P_TIMES]))
        band = (g * (x - s2) + s1) * a
        low = s2 + g * band
        s1 = band * 2.0 - s1
        s2 = low * 2.0 - s2
        y = band * damp * (base + slope * load(s.w, (at.B_RAMP + i) * LANES))
        base = base * fall
        store(s.w, (at.B_LEFT + i) * LANES, load(s.w, (at.B_LEFT + i) * LANES) + y)
        if stereo:
            store(s.w, (at.B_RIGHT + i) * LANES, load(s.w, (at.B_RIGHT + i) * LANES) + y)
    store(s.f, memory, s1)
    store(s.f, memory + LANES, s2)
    return state, base


@part
def _breathe(s, fo, no, first, last):  # type: ignore[no-untyped-def]
    """Breath (a line) and click (its own decay), each from its own chance: so that cuts in time do not matter."""
    if s.p[at.P_NOISE] > 0.0:
        place = no + at.I_NOISE * LANES
        state = load(s.n, place)
        line = fo + at.LINE_NOISE * LANES
        state, _ = _band(s, fo, load(s.f, fo + at.L_NOISE_G * LANES), 1.0 / s.p[at.P_NOISE_Q], load(s.f, line),
                         load(s.f, line + LANES), 1.0, state, fo + at.L_N1 * LANES, first, last)
        store(s.n, place, state)
    if s.p[at.P_CLICK] > 0.0:
        place = no + at.I_CLICK * LANES
        state = load(s.n, place)
        level = fo + at.L_CLICK * LANES
        fall = math.exp(-1.0 / (s.p[at.P_CLICK_TAU] * s.p[at.P_RATE]))
        state, left = _band(s, fo, load(s.f, fo + at.L_CLICK_G * LANES), 1.0 / s.p[at.P_CLICK_Q], load(s.f, level),
                            spread(0.0), fall, state, fo + at.L_C1 * LANES, first, last)
        store(s.f, level, left)
        store(s.n, place, state)


@part
def _drive(s, fo, buffer, first, last):  # type: ignore[no-untyped-def]
    """Soft saturation; what is at full level stays there, what is softer is lifted."""
    line = fo + at.LINE_DRIVE * LANES
    base, slope = load(s.f, line), load(s.f, line + LANES)
    for i in range(first, last):
        # Not 0 in the lane of a free voice either: 0 / 0 there would spoil the sum.
        a = larger(base + slope * load(s.w, (at.B_RAMP + i) * LANES), spread(1e-3))
        store(s.w, (buffer + i) * LANES, _soft(load(s.w, (buffer + i) * LANES) * a) / _soft(a))


@part
def _filter(s, fo, buffer, memory, own_q, first, last):  # type: ignore[no-untyped-def]
    """A TPT state-variable filter (Zavalishin 2018). g and k run in lines and the gain follows them exactly, so that it
    stays stable however fast they move."""
    kind = int(s.p[at.P_FILTER])
    g0, dg = load(s.f, fo + at.LINE_G * LANES), load(s.f, fo + (at.LINE_G + 1) * LANES)
    k0, dk = load(s.f, fo + at.LINE_K * LANES), load(s.f, fo + (at.LINE_K + 1) * LANES)
    if not own_q:
        k0, dk = spread(1 / 0.7), spread(0.0)
    # low, band, high, notch as shares of the input, of k times the band and of the low.
    through = 1.0 if kind >= 3 else 0.0
    middle = 1.0 if kind == 2 else (-1.0 if kind >= 3 else 0.0)
    under = 1.0 if kind == 1 else (-1.0 if kind == 3 else 0.0)
    s1, s2 = load(s.f, memory), load(s.f, memory + LANES)
    for i in range(first, last):
        ramp = load(s.w, (at.B_RAMP + i) * LANES)
        g, k = g0 + dg * ramp, k0 + dk * ramp
        a = 1.0 / (g * (g + k) + 1.0)
        x = load(s.w, (buffer + i) * LANES)
        band = s1 * a + (x - s2) * (g * a)
        low = s2 + g * band
        s1 = band * 2.0 - s1
        s2 = low * 2.0 - s2
        store(s.w, (buffer + i) * LANES, x * through + band * (k * middle) + low * under)
    store(s.f, memory, s1)
    store(s.f, memory + LANES, s2)


@part
def _pour(s, line, source, into, first, last):  # type: ignore[no-untyped-def]
    """A tile at its gain into the sum of all tiles, still lane by lane."""
    base, slope = load(s.f, line), load(s.f, line + LANES)
    for i in range(first, last):
        y = load(s.w, (source + i) * LANES) * (base + slope * load(s.w, (at.B_RAMP + i) * LANES))
        store(s.w, (into + i - first) * LANES, load(s.w, (into + i - first) * LANES) + y)


@part
def play_tile(s, tile, first, last, into):  # type: ignore[no-untyped-def]
    """Sixteen voices, frames first..last of their grid, into the sums from frame `into` of their stretch."""
    fo, no = tile * int(s.p[at.P_FLOATS]) * LANES, tile * int(s.p[at.P_INTS]) * LANES
    for i in range(first, last):
        store(s.w, (at.B_LEFT + i) * LANES, spread(0.0))
    if s.p[at.P_STEREO] > 0.0:
        for i in range(first, last):
            store(s.w, (at.B_RIGHT + i) * LANES, spread(0.0))
    _oscillate(s, fo, no, first, last)
    if s.p[at.P_NOISE] > 0.0 or s.p[at.P_CLICK] > 0.0:
        _breathe(s, fo, no, first, last)
    sides = 2 if s.p[at.P_STEREO] > 0.0 else 1
    for side in range(sides):
        buffer = at.B_LEFT if side == 0 else at.B_RIGHT
        if s.p[at.P_DRIVE] >= 0.0:
            _drive(s, fo, buffer, first, last)
        if s.p[at.P_FILTER] > 0.0:
            for stage in range(int(s.p[at.P_STAGES])):
                memory = fo + (at.L_F + 4 * stage + 2 * side) * LANES
                _filter(s, fo, buffer, memory, stage == 0, first, last)
    other = at.B_RIGHT if sides == 2 else at.B_LEFT
    _pour(s, fo + at.LINE_LEFT * LANES, at.B_LEFT, at.B_SUM_LEFT + into, first, last)
    _pour(s, fo + at.LINE_RIGHT * LANES, other, at.B_SUM_RIGHT + into, first, last)
