"""Chorus, flanger, phaser: what an LFO sweeps. Points of the LFO lie CELL frames apart, with straight lines between."""

from __future__ import annotations

import math

import numpy as np
from numba import carray  # type: ignore[attr-defined]

from instruments.kernels.cells import read
from instruments.kernels.effect import effect_kernel, numbers, views
from instruments.kernels.taps import AT, CELL, INTO, LFO_STATES, fraction, step, swing, tap, wake
from instruments.kernels.tone import TINY, part, sine

# Of the chorus's styles (chorus, juno, ensemble): phases in cycles and gains of the taps (left two, right two), how
# straight the LFO is, how far the lines hear both sides, and the share of depth that sways ten times as fast.
_PHASES = np.array([[0.0, 0.5, 0.25, 0.75], [0.0, 0.0, 0.5, 0.5], [0.0, 1 / 3, 2 / 3, 1 / 3]])
_GAINS = np.array([[0.7071, 0.7071, 0.7071, 0.7071], [1.0, 0.0, 1.0, 0.0], [0.82, 0.58, 0.82, 0.58]])
_STRAIGHT = np.array([0.0, 1.0, 0.0])
_MONO = np.array([0.0, 1.0, 1.0])
_FAST = np.array([0.0, 0.0, 0.125])
_JUNO = 1
"""The style with one tap a side."""
_SHORTEST = 2.0
"""Frames: the three about a tap are then written."""

# Further states of the chorus: where the taps are and go to, low-passes, style, level while the style
# changes, its change a frame.
_FROM, _TO, _LOW, _STYLE, _LEVEL, _FADE = (LFO_STATES + k for k in (0, 4, 8, 10, 11, 12))
CHORUS_STATES = LFO_STATES + 13


@part
def _chorus_point(z, phase, delay, depth, longest):  # type: ignore[no-untyped-def]
    style = int(z[_STYLE])
    for k in range(4):
        cycles = phase + _PHASES[style, k]
        sway = swing(cycles, _STRAIGHT[style]) + _FAST[style] * sine(fraction(phase) * 10 + 3 * _PHASES[style, k])
        z[_FROM + k] = z[_TO + k]
        z[_TO + k] = min(max(delay + depth * sway, _SHORTEST), longest)


@effect_kernel
def chorus(audio, _key, stride, start, frames, coefs, slopes, state, memory, size, skipped):  # type: ignore[no-untyped-def]
    """coefs: LFO cycles a frame, decay of its phase error a cell, delay and depth in frames, low-pass of the taps (one
    pole, a frame), dry, wet, style, change of level a frame while the style changes."""
    left, right = views(audio, stride, start, frames)
    c, s, z = numbers(coefs), numbers(slopes), numbers(state)
    ring = carray(memory, (size,))
    half = size // 4
    ring_l, ring_r = ring[:half], ring[half : 2 * half]
    taps_a, taps_b = ring[2 * half : 2 * half + CELL], ring[2 * half + CELL : 2 * half + 2 * CELL]
    taps_c, taps_d = ring[2 * half + 2 * CELL : 2 * half + 3 * CELL], ring[2 * half + 3 * CELL : 2 * half + 4 * CELL]
    mask = half - 1
    longest = half - CELL - 4.0
    if wake(z, c[0], skipped):
        z[_STYLE], z[_LEVEL], z[_FADE] = round(c[7]), 1.0, c[8]
        z[_LOW] = z[_LOW + 1] = 0
        ring[:] = 0
        _chorus_point(z, z[0], c[2], c[3], longest)
    at = int(z[AT])
    low_l, low_r, level = z[_LOW], z[_LOW + 1], z[_LEVEL]
    done = 0
    while done < frames:
        into = int(z[INTO])
        style = int(z[_STYLE])
        if into == 0:
            if s[7] == 0:
                if level == 0:
                    style = round(c[7])
                    z[_STYLE] = style
                z[_FADE] = c[8] if style == c[7] else -c[8]
            _chorus_point(z, step(z, c[0] + s[0] * done, c[1]), c[2] + s[2] * done, c[3] + s[3] * done, longest)
        fade = z[_FADE]
        n = min(CELL - into, frames - done)
        mono = 0.5 * _MONO[style]
        for i in range(n):
            x_l, x_r = np.float64(left[done + i]), np.float64(right[done + i])
            ring_l[(at + i) & mask] = np.float32(x_l + mono * (x_r - x_l))
            ring_r[(at + i) & mask] = np.float32(x_r + mono * (x_l - x_r))
        ga, gb, gc, gd = _GAINS[style, 0], _GAINS[style, 1], _GAINS[style, 2], _GAINS[style, 3]
        read(ring_l, mask, at, z[_FROM], z[_TO] - z[_FROM], into, CELL, taps_a)
        read(ring_r, mask, at, z[_FROM + 2], z[_TO + 2] - z[_FROM + 2], into, CELL, taps_c)
        if style != _JUNO:
            read(ring_l, mask, at, z[_FROM + 1], z[_TO + 1] - z[_FROM + 1], into, CELL, taps_b)
            read(ring_r, mask, at, z[_FROM + 3], z[_TO + 3] - z[_FROM + 3], into, CELL, taps_d)
        c4, c5, c6, s4, s5, s6 = c[4], c[5], c[6], s[4], s[5], s[6]
        for i in range(n):
            now = done + i + 1
            wet_l, wet_r = ga * taps_a[i] + gb * taps_b[i], gc * taps_c[i] + gd * taps_d[i]
            pole = c4 + s4 * now
            low_l += pole * (wet_l - low_l) + TINY
            low_r += pole * (wet_r - low_r) + TINY
            level = min(1.0, max(0.0, level + fade))
            dry, wet = c5 + s5 * now, (c6 + s6 * now) * level
            left[done + i] = np.float32(dry * left[done + i] + wet * low_l)
            right[done + i] = np.float32(dry * right[done + i] + wet * low_r)
        at = (at + n) & mask
        z[INTO] = (into + n) % CELL
        done += n
    z[AT], z[_LOW], z[_LOW + 1], z[_LEVEL] = at, low_l, low_r, level


FLANGER_STATES = LFO_STATES + 4


@part
def _flanger_point(z, phase, middle, octaves, spread, longest):  # type: ignore[no-untyped-def]
    for k in range(2):
        z[LFO_STATES + k] = z[LFO_STATES + 2 + k]
        d = middle * math.exp(0.6931471805599453 * octaves * sine(phase + k * spread))
        z[LFO_STATES + 2 + k] = min(max(d, _SHORTEST), longest)


@effect_kernel
def flanger(audio, _key, stride, start, frames, coefs, slopes, state, memory, size, skipped):  # type: ignore[no-untyped-def]
    """coefs: LFO cycles a frame, decay of its phase error a cell, delay in frames in the middle of the sweep, octaves
    of sweep to either side, the right side's lead in cycles, feedback, delay of the dry sound in frames, dry, wet.

    memory: rings of what goes into the delay, left and right, then of the dry sound."""
    left, right = views(audio, stride, start, frames)
    c, s, z = numbers(coefs), numbers(slopes), numbers(state)
    ring = carray(memory, (size,))
    part_size = size // 4
    mask = part_size - 1
    in_l, in_r = ring[:part_size], ring[part_size : 2 * part_size]
    dry_l, dry_r = ring[2 * part_size : 3 * part_size], ring[3 * part_size :]
    longest = part_size - 8.0
    if wake(z, c[0], skipped):
        ring[:] = 0
        _flanger_point(z, z[0], c[2], c[3], c[4], longest)
    at = int(z[AT])
    done = 0
    while done < frames:
        into = int(z[INTO])
        if into == 0:
            _flanger_point(z, step(z, c[0] + s[0] * done, c[1]), c[2] + s[2] * done, c[3] + s[3] * done,
                           c[4] + s[4] * done, longest)
        n = min(CELL - into, frames - done)
        dl, dr = z[LFO_STATES], z[LFO_STATES + 1]
        ul, ur = (z[LFO_STATES + 2] - dl) / CELL, (z[LFO_STATES + 3] - dr) / CELL
        c5, c6, c7, c8, s5, s6, s7, s8 = c[5], c[6], c[7], c[8], s[5], s[6], s[7], s[8]
        for i in range(n):
            now = done + i + 1
            x = into + i
            base = np.float64(at + part_size)
            wet_l = tap(in_l, mask, base - dl - ul * x)
            wet_r = tap(in_r, mask, base - dr - ur * x)
            feedback, late = c5 + s5 * now, c6 + s6 * now
            x_l, x_r = np.float64(left[done + i]), np.float64(right[done + i])
            in_l[at] = np.float32(x_l + feedback * wet_l + TINY)
            in_r[at] = np.float32(x_r + feedback * wet_r + TINY)
            dry_l[at], dry_r[at] = x_l, x_r
            if late > 0:
                # Below two frames the cubic would need a frame that is yet to come: a straight line there.
                if late >= _SHORTEST:
                    x_l, x_r = tap(dry_l, mask, base - late), tap(dry_r, mask, base - late)
                else:
                    j = int(late)
                    f = late - j
                    x_l = dry_l[(at - j) & mask] * (1 - f) + dry_l[(at - j - 1) & mask] * f
                    x_r = dry_r[(at - j) & mask] * (1 - f) + dry_r[(at - j - 1) & mask] * f
            dry, wet = c7 + s7 * now, c8 + s8 * now
            left[done + i] = np.float32(dry * x_l + wet * wet_l)
            right[done + i] = np.float32(dry * x_r + wet * wet_r)
            at = (at + 1) & mask
        z[INTO] = (into + n) % CELL
        done += n
    z[AT] = at


STAGES = 12
_STAGES_NOW = LFO_STATES + 4
_DIP = LFO_STATES + 5
_DIPPING = LFO_STATES + 6
_CHAINS = LFO_STATES + 7
PHASER_STATES = _CHAINS + 2 * STAGES


@part
def _phaser_point(z, phase, centre, octaves, spread):  # type: ignore[no-untyped-def]
    """The all-passes' coefficient, (tan(w / 2) - 1) / (tan(w / 2) + 1); centre: pi f / rate."""
    for k in range(2):
        z[LFO_STATES + k] = z[LFO_STATES + 2 + k]
        t = math.tan(min(1.4, centre * math.exp(0.6931471805599453 * octaves * sine(phase + k * spread))))
        z[LFO_STATES + 2 + k] = (t - 1) / (t + 1)


@effect_kernel
def phaser(audio, _key, stride, start, frames, coefs, slopes, state, _memory, _size, skipped):  # type: ignore[no-untyped-def]
    """coefs: LFO cycles a frame, decay of its phase error a cell, pi f / rate in the middle of the sweep, octaves of
    sweep to either side, the right side's lead in cycles, feedback, how far the dry sound comes from behind the
    feedback's sum, dry, wet, stages, change of level a frame while their number changes.

    The loop of feedback has no delay: the chain's answer to nothing (S) and its gain (a^n) are known, and the loop is
    solved for its input u = (x + fb S) / (1 - fb a^n). So notches lie where the all-passes alone put them.
    """
    left, right = views(audio, stride, start, frames)
    c, s, z = numbers(coefs), numbers(slopes), numbers(state)
    if wake(z, c[0], skipped):
        z[_STAGES_NOW], z[_DIP], z[_DIPPING] = round(c[9]), 1.0, c[10]
        z[_CHAINS : _CHAINS + 2 * STAGES] = 0
        _phaser_point(z, z[0], c[2], c[3], c[4])
    chain_l, chain_r = z[_CHAINS : _CHAINS + STAGES], z[_CHAINS + STAGES : _CHAINS + 2 * STAGES]
    level = z[_DIP]
    done = 0
    while done < frames:
        into = int(z[INTO])
        if into == 0:
            if s[9] == 0:
                if level == 0:
                    z[_STAGES_NOW] = c[9]
                    z[_CHAINS : _CHAINS + 2 * STAGES] = 0
                z[_DIPPING] = c[10] if z[_STAGES_NOW] == c[9] else -c[10]
            _phaser_point(z, step(z, c[0] + s[0] * done, c[1]), c[2] + s[2] * done, c[3] + s[3] * done,
                          c[4] + s[4] * done)
        stages = int(z[_STAGES_NOW])
        fade = z[_DIPPING]
        n = min(CELL - into, frames - done)
        al, ar = z[LFO_STATES], z[LFO_STATES + 1]
        ul, ur = (z[LFO_STATES + 2] - al) / CELL, (z[LFO_STATES + 3] - ar) / CELL
        c5, c6, c7, c8, s5, s6, s7, s8 = c[5], c[6], c[7], c[8], s[5], s[6], s[7], s[8]
        for i in range(n):
            now = done + i + 1
            a, b = al + ul * (into + i), ar + ur * (into + i)
            feedback = c5 + s5 * now
            x_l, x_r = np.float64(left[done + i]), np.float64(right[done + i])
            rest_l = rest_r = 0.0
            gain_l = gain_r = 1.0
            for k in range(stages):
                rest_l = a * rest_l + chain_l[k]
                rest_r = b * rest_r + chain_r[k]
                gain_l *= a
                gain_r *= b
            in_l = (x_l + feedback * rest_l) / (1 - feedback * gain_l)
            in_r = (x_r + feedback * rest_r) / (1 - feedback * gain_r)
            y, w = in_l, in_r
            for k in range(stages):
                p = a * y + chain_l[k]
                q = b * w + chain_r[k]
                chain_l[k] = y - a * p + TINY
                chain_r[k] = w - b * q + TINY
                y, w = p, q
            behind, dry, wet = c6 + s6 * now, c7 + s7 * now, c8 + s8 * now
            level = min(1.0, max(0.0, level + fade))
            left[done + i] = np.float32(x_l + level * (dry * (x_l + behind * (in_l - x_l)) + wet * y - x_l))
            right[done + i] = np.float32(x_r + level * (dry * (x_r + behind * (in_r - x_r)) + wet * w - x_r))
        z[INTO] = (into + n) % CELL
        done += n
    z[_DIP] = level


TREMOLO_STATES = LFO_STATES + 4


@part
def _tremolo_shape(cycles, c, s, done):  # type: ignore[no-untyped-def]
    """0 .. 1, loudest at 0 cycles (but for the rise)."""
    p = fraction(cycles)
    return ((c[4] + s[4] * done) * (0.5 + 0.5 * sine(p + 0.25)) + (c[5] + s[5] * done) * abs(2 * p - 1)
            + (c[6] + s[6] * done) * (1.0 if p < 0.5 else 0.0) + (c[7] + s[7] * done) * p
            + (c[8] + s[8] * done) * (1 - p))


@part
def _tremolo_point(z, phase, c, s, done, fresh):  # type: ignore[no-untyped-def]
    depth, panned = c[2] + s[2] * done, c[9] + s[9] * done
    angle = 0.25 * math.pi * (1 + depth * (1 - 2 * _tremolo_shape(phase, c, s, done)))
    for k in range(2):
        goal = 1 - depth * (1 - _tremolo_shape(phase + k * (c[3] + s[3] * done), c, s, done))
        goal += panned * (1.4142135623730951 * (math.cos(angle) if k == 0 else math.sin(angle)) - goal)
        held = z[LFO_STATES + 2 + k]
        z[LFO_STATES + k] = held
        z[LFO_STATES + 2 + k] = goal if fresh else held + min(c[10], max(-c[10], goal - held))


@effect_kernel
def tremolo(audio, _key, stride, start, frames, coefs, slopes, state, _memory, _size, skipped):  # type: ignore[no-untyped-def]
    """coefs: LFO cycles a frame, decay of its phase error a cell, depth, the right side's lead in cycles, weights of
    the shapes (sine, triangle, square, rise, fall), how far it pans (equal power, left at the shape's top), and the
    most that a gain may change in a cell: no square clicks."""
    left, right = views(audio, stride, start, frames)
    c, s, z = numbers(coefs), numbers(slopes), numbers(state)
    if wake(z, c[0], skipped):
        _tremolo_point(z, z[0], c, s, 0, True)
    done = 0
    while done < frames:
        into = int(z[INTO])
        if into == 0:
            _tremolo_point(z, step(z, c[0] + s[0] * done, c[1]), c, s, done, False)
        n = min(CELL - into, frames - done)
        gl, gr = z[LFO_STATES], z[LFO_STATES + 1]
        ul, ur = (z[LFO_STATES + 2] - gl) / CELL, (z[LFO_STATES + 3] - gr) / CELL
        for i in range(n):
            left[done + i] *= np.float32(gl + ul * (into + i))
            right[done + i] *= np.float32(gr + ur * (into + i))
        z[INTO] = (into + n) % CELL
        done += n
