"""Waves of one oscillator for sixteen voices: a stretch of frames into a buffer, at full level, band-limited.

`u` is the phase in cycles, -0.5 <= u < 0.5; saws jump and sines rise at 0. `w` is the scratch of lane_layout.py, `ph`
and `step` int phases. Two-point polyBLEP and polyBLAMP (Valimaki and Huovilainen 2007; Esqueda, Valimaki and Bilbao
2016) in the branch-free form; with quality "high" the saw's residual is that of the cubic B-spline, four points.
"""

from __future__ import annotations

from instruments.kernels import lane_layout as at
from instruments.kernels.lanes import (
    LANES,
    UNIT,
    above,
    centred,
    floor,
    larger,
    load,
    magnitude,
    next_noise,
    signed,
    spread,
    spread_int,
    store,
    to_floats,
    turn_sine,
    with_sign,
)
from instruments.kernels.tone import part

_TURN = 0.15915494309189535  # cycles to a radian


@part
def _cycles(w, ph, i, bent):  # type: ignore[no-untyped-def]
    u = to_floats(ph) * UNIT
    if bent:
        u = centred(u + load(w, (at.B_BENT + i) * LANES))
    return u


@part
def jump(u, inverse):  # type: ignore[no-untyped-def]
    """A saw's 2 u - sign(u) with its jump spread over a frame on either side."""
    z = larger(1.0 - magnitude(u) * inverse, spread(0.0))
    return u * 2.0 - signed(1.0 - z * z, u)


@part
def wide_jump(u, inverse):  # type: ignore[no-untyped-def]
    """The same over two frames on either side."""
    d = magnitude(u) * inverse
    a = larger(2.0 - d, spread(0.0))
    b = larger(1.0 - d, spread(0.0))
    a, b = a * a, b * b
    return u * 2.0 - signed(1.0 - (a * a - b * b * 4.0) * (1 / 12), u)


@part
def _triangle(u, dt, inverse):  # type: ignore[no-untyped-def]
    """Peak at 0 cycles."""
    x = magnitude(u)
    a = larger(1.0 - x * inverse, spread(0.0))
    b = larger(1.0 - (0.5 - x) * inverse, spread(0.0))
    return 1.0 - x * 4.0 + (b * b * b - a * a * a) * dt * (8.0 / 6.0)


@part
def bend_phase(w, f, n, line, own, source, first, last):  # type: ignore[no-untyped-def]
    """Phase modulation of an oscillator, in cycles, into B_BENT: its index times its own sine or another's wave.

    line: where the index lies in f; own: where the modulator's phase lies in n, or -1; source: the other's buffer.
    """
    base, slope = load(f, line), load(f, line + LANES)
    if own >= 0:
        step = load(n, own + LANES)
        ph = load(n, own) + step * spread_int(first)
        for i in range(first, last):
            index = base + slope * load(w, (at.B_RAMP + i) * LANES)
            store(w, (at.B_BENT + i) * LANES, index * turn_sine(to_floats(ph) * UNIT) * _TURN)
            ph = ph + step
    else:
        for i in range(first, last):
            index = base + slope * load(w, (at.B_RAMP + i) * LANES)
            store(w, (at.B_BENT + i) * LANES, index * load(w, (source + i) * LANES) * _TURN)


@part
def feed_back(w, f, line, memory, start, step, to, first, last):  # type: ignore[no-untyped-def]
    """A sine that modulates its own phase by the mean of its last two samples."""
    base, slope = load(f, line), load(f, line + LANES)
    y1, y2 = load(f, memory), load(f, memory + LANES)
    ph = start + step * spread_int(first)
    for i in range(first, last):
        index = base + slope * load(w, (at.B_RAMP + i) * LANES)
        y = turn_sine(centred(to_floats(ph) * UNIT + index * (y1 + y2) * (0.5 * _TURN)))
        y2 = y1
        y1 = y
        store(w, (to + i) * LANES, y)
        ph = ph + step
    store(f, memory, y1)
    store(f, memory + LANES, y2)


@part
def tone(w, f, shape, wide, bent, line, start, step, to, first, last):  # type: ignore[no-untyped-def]
    """Sine, saw, pulse (line: its width) or triangle, its phase bent by B_BENT or not, to w[to + first : to + last]."""
    dt = larger(to_floats(step) * UNIT, spread(1e-7))
    inverse = 1.0 / dt
    ph = start + step * spread_int(first)
    if shape == at.SINE:
        for i in range(first, last):
            store(w, (to + i) * LANES, turn_sine(_cycles(w, ph, i, bent)))
            ph = ph + step
    elif shape == at.SAW:
        if wide:
            for i in range(first, last):
                store(w, (to + i) * LANES, wide_jump(_cycles(w, ph, i, bent), inverse))
                ph = ph + step
        else:
            for i in range(first, last):
                store(w, (to + i) * LANES, jump(_cycles(w, ph, i, bent), inverse))
                ph = ph + step
    elif shape == at.PULSE:
        base, slope = load(f, line), load(f, line + LANES)
        for i in range(first, last):
            u = _cycles(w, ph, i, bent)
            other = centred(u + base + slope * load(w, (at.B_RAMP + i) * LANES))
            if wide:
                y = wide_jump(u, inverse) - wide_jump(other, inverse)
            else:
                y = jump(u, inverse) - jump(other, inverse)
            store(w, (to + i) * LANES, y)
            ph = ph + step
    else:
        for i in range(first, last):
            store(w, (to + i) * LANES, _triangle(_cycles(w, ph, i, bent), dt, inverse))
            ph = ph + step


@part
def _held_saw(t, inverse, begin, end):  # type: ignore[no-untyped-def]
    """A saw at t cycles that has begun at `begin` and is cut off at `end`: only jumps between the two are smoothed."""
    whole = floor(t + 0.5)
    u = t - whole
    z = larger(1.0 - magnitude(u) * inverse, spread(0.0))
    z = above(whole, begin, above(end, whole, z, spread(0.0)), spread(0.0))
    return u * 2.0 - signed(1.0 - z * z, u)


@part
def _plain(shape, t):  # type: ignore[no-untyped-def]
    """The wave at t cycles without any smoothing."""
    u = centred(t)
    if shape == at.SINE:
        return turn_sine(u)
    if shape == at.TRIANGLE:
        return 1.0 - magnitude(u) * 4.0
    return u * 2.0 - with_sign(spread(1.0), u)


@part
def add_saw(w, f, line, gain, start, step, first, last):  # type: ignore[no-untyped-def]
    """The commonest case in one pass: a saw at its level, added to B_LEFT."""
    inverse = 1.0 / larger(to_floats(step) * UNIT, spread(1e-7))
    base, slope = load(f, line) * gain, load(f, line + LANES) * gain
    ph = start + step * spread_int(first)
    for i in range(first, last):
        place = (at.B_LEFT + i) * LANES
        level = base + slope * load(w, (at.B_RAMP + i) * LANES)
        store(w, place, load(w, place) + level * jump(to_floats(ph) * UNIT, inverse))
        ph = ph + step


@part
def synced(w, f, shape, bent, begin, width, ratio, start, step, own_step, to, first, last):  # type: ignore[no-untyped-def]
    """A wave that starts anew with each cycle of a master (hard sync), the jump spread over a frame on either side.

    start, step: the master's phase; own_step: the slave's; ratio: where the line of slave to master frequency lies
    in f; width: the pulse's line. `begin`: cycles at which the slave starts. The slave's phase follows from the
    master's, so the fraction of a frame at which it starts anew is exact.
    """
    inverse = 1.0 / larger(to_floats(own_step) * UNIT, spread(1e-7))
    reset = 1.0 / larger(to_floats(step) * UNIT, spread(1e-7))
    base, slope = load(f, ratio), load(f, ratio + LANES)
    wide, widening = load(f, width), load(f, width + LANES)
    ph = start + step * spread_int(first)
    zero = spread(0.0)
    for i in range(first, last):
        ramp = load(w, (at.B_RAMP + i) * LANES)
        u = to_floats(ph) * UNIT
        master = u + above(zero, u, spread(1.0), zero)
        r = base + slope * ramp
        t = master * r + begin
        top = r + begin
        if bent:
            t = t + load(w, (at.B_BENT + i) * LANES)
        after = larger(1.0 - master * reset, zero)
        before = larger(1.0 - (1.0 - master) * reset, zero)
        ease = (before * before - after * after) * 0.5
        low = spread(begin)
        if shape == at.SAW:
            y = _held_saw(t, inverse, low, top) + ease * (_plain(shape, low) - _plain(shape, top))
        elif shape == at.PULSE:
            share = wide + widening * ramp
            y = _held_saw(t, inverse, low, top) - _held_saw(t + share, inverse, low + share, top + share)
            height = _plain(shape, low) - _plain(shape, low + share) - _plain(shape, top) + _plain(shape, top + share)
            y = y + ease * height
        else:
            y = _plain(shape, t) + ease * (_plain(shape, low) - _plain(shape, top))
        store(w, (to + i) * LANES, y)
        ph = ph + step


@part
def hiss(w, f, n, pink, generator, memory, scale, rate, to, first, last):  # type: ignore[no-untyped-def]
    """White noise, even between +-scale, or pink: three poles, Kellet's economy filter, 0.5 dB from -3 dB/octave."""
    state = load(n, generator)
    if pink:
        a, b, c = load(f, memory), load(f, memory + LANES), load(f, memory + 2 * LANES)
        # Made for 48 kHz: at another rate the poles keep their frequencies, and the sections their gain at 0 Hz.
        p, q, r = 0.99765 ** (48000.0 / rate), 0.963 ** (48000.0 / rate), 0.57 ** (48000.0 / rate)
        i_p, i_q = 0.0990460 * (1.0 - p) / 0.00235, 0.2965164 * (1.0 - q) / 0.037
        i_r = 1.0526913 * (1.0 - r) / 0.43
        for i in range(first, last):
            state = next_noise(state)
            x = to_floats(state) * (2.0 * UNIT * scale)
            a = a * p + x * i_p
            b = b * q + x * i_q
            c = c * r + x * i_r
            store(w, (to + i) * LANES, (a + b + c + x * 0.1848) * 0.35)
        store(f, memory, a)
        store(f, memory + LANES, b)
        store(f, memory + 2 * LANES, c)
    else:
        for i in range(first, last):
            state = next_noise(state)
            store(w, (to + i) * LANES, to_floats(state) * (2.0 * UNIT * scale))
    store(n, generator, state)
