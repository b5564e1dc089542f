"""A bank of decaying sine modes as rotating, shrinking phasors: bars, strings, cymbals."""

from __future__ import annotations

import math

import numpy as np

from instruments.kernels import layout as at
from instruments.kernels.tone import part

_LN60 = 6.907755278982137  # ln(1000): 60 dB


@part
def set_mode(modes, m, hz, rate, level, t60, left, right, phase):  # type: ignore[no-untyped-def]
    """Start mode m at a phase; tune() makes it turn."""
    modes[at.M_OMEGA, m] = np.float32(2 * math.pi * hz / rate)
    modes[at.M_RADIUS, m] = np.float32(math.exp(-_LN60 / (t60 * rate)))
    modes[at.M_LEFT, m] = np.float32(level * left)
    modes[at.M_RIGHT, m] = np.float32(level * right)
    modes[at.M_RE, m] = np.float32(math.cos(phase))
    modes[at.M_IM, m] = np.float32(math.sin(phase))


@part
def tune(modes, count, ratio):  # type: ignore[no-untyped-def]
    """Set the bank's rotations for a pitch ratio."""
    for m in range(count):
        radius = np.float64(modes[at.M_RADIUS, m])
        w = min(np.float64(modes[at.M_OMEGA, m]) * ratio, 3.0)
        modes[at.M_COS, m] = np.float32(radius * math.cos(w))
        modes[at.M_SIN, m] = np.float32(radius * math.sin(w))


@part
def resonate(modes, count, w, n):  # type: ignore[no-untyped-def]
    """The bank into w[0] and w[1]: 0.2 ns a mode and sample, modes across the vector lanes, two frames a pass."""
    re, im, co, si = modes[at.M_RE], modes[at.M_IM], modes[at.M_COS], modes[at.M_SIN]
    gl, gr = modes[at.M_LEFT], modes[at.M_RIGHT]
    i = 0
    while i + 2 <= n:
        l0, l1, r0, r1 = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        for m in range(count):
            c, s = co[m], si[m]
            x = re[m] * c - im[m] * s
            y = re[m] * s + im[m] * c
            l0 += y * gl[m]
            r0 += y * gr[m]
            z = x * s + y * c
            re[m] = x * c - y * s
            im[m] = z
            l1 += z * gl[m]
            r1 += z * gr[m]
        w[0, i] += l0
        w[1, i] += r0
        w[0, i + 1] += l1
        w[1, i + 1] += r1
        i += 2
    if i < n:
        l0, r0 = np.float32(0), np.float32(0)
        for m in range(count):
            x = re[m] * co[m] - im[m] * si[m]
            y = re[m] * si[m] + im[m] * co[m]
            re[m] = x
            im[m] = y
            l0 += y * gl[m]
            r0 += y * gr[m]
        w[0, i] += l0
        w[1, i] += r0


@part
def flushed(modes, count):  # type: ignore[no-untyped-def]
    """Zero what has died away, before it becomes denormal. Returns the modes still needed and the energy left."""
    energy, last = 0.0, 0
    for m in range(count):
        a, b = modes[at.M_RE, m], modes[at.M_IM, m]
        e = a * a + b * b
        if e < 1e-16:
            modes[at.M_RE, m] = np.float32(0)
            modes[at.M_IM, m] = np.float32(0)
        else:
            last = m + 1
            energy += e * (modes[at.M_LEFT, m] * modes[at.M_LEFT, m] + modes[at.M_RIGHT, m] * modes[at.M_RIGHT, m])
    return (last + 7) // 8 * 8, energy
