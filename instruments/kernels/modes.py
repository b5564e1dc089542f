"""A bank of decaying sine modes as rotating, shrinking phasors: bars, strings, cymbals."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from instruments.kernels import layout as at
from instruments.kernels.tone import FAST

_LN60 = 6.907755278982137  # ln(1000): 60 dB


@njit(fastmath=FAST)
def set_mode(modes, m, hz, rate, level, t60, left, right, phase):  # type: ignore[no-untyped-def]
    """Start mode m at a phase; tune() makes it turn."""
    modes[at.M_OMEGA, m] = np.float32(2 * math.pi * hz / rate)
    modes[at.M_RATE, m] = np.float32(_LN60 / (t60 * rate))
    modes[at.M_LEFT, m] = np.float32(level * left)
    modes[at.M_RIGHT, m] = np.float32(level * right)
    modes[at.M_RE, m] = np.float32(math.cos(phase))
    modes[at.M_IM, m] = np.float32(math.sin(phase))


@njit(fastmath=FAST)
def tune(modes, count, ratio):  # type: ignore[no-untyped-def]
    """Set the bank's rotations for a pitch ratio."""
    for m in range(count):
        radius = math.exp(-np.float64(modes[at.M_RATE, m]))
        w = min(np.float64(modes[at.M_OMEGA, m]) * ratio, 3.0)
        modes[at.M_COS, m] = np.float32(radius * math.cos(w))
        modes[at.M_SIN, m] = np.float32(radius * math.sin(w))


@njit(fastmath=FAST)
def resonate(modes, count, w, n):  # type: ignore[no-untyped-def]
    """A bank of rotating, shrinking phasors into w[0] and w[1]: 0.3 ns a mode and sample, across the vector lanes."""
    re, im, co, si = modes[at.M_RE], modes[at.M_IM], modes[at.M_COS], modes[at.M_SIN]
    gl, gr = modes[at.M_LEFT], modes[at.M_RIGHT]
    for i in range(n):
        left, right = np.float32(0), np.float32(0)
        for m in range(count):
            a, b = re[m], im[m]
            x = a * co[m] - b * si[m]
            y = a * si[m] + b * co[m]
            re[m] = x
            im[m] = y
            left += y * gl[m]
            right += y * gr[m]
        w[0, i] += left
        w[1, i] += right


@njit(fastmath=FAST)
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
