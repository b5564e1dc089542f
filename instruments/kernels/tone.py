"""Shapes, noise and filter coefficients that every kernel inlines. Compiled into their callers, never called alone.

Nothing here is cached by itself: numba keeps a callee's code inside the caller's cache file (compiled.py stamps it).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

FAST = {"contract", "reassoc", "nsz", "arcp"}
"""What LLVM may do to arithmetic: re-associate (sums become vector sums), but NaN and Inf stay what they are."""

_OPTIONS: dict[str, Any] = {
    "fastmath": FAST, "error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True,
}
part = njit(**_OPTIONS)
"""A function for kernels alone: without the wrappers for Python and C it compiles in half the time."""

TINY = 1e-18
"""Added to recursive states: denormals cost 8 to 15 times the time, and numba sets no flush-to-zero."""

_MUL = np.uint64(6364136223846793005)
_ADD = np.uint64(1442695040888963407)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S40 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(40)
_UNIT = 2.0 / (1 << 24)


@part
def seeded(number):  # type: ignore[no-untyped-def]
    """uint64 -> a well mixed uint64 (the finaliser of SplitMix64, Steele et al. 2014)."""
    z = (number + np.uint64(0x9E3779B97F4A7C15)) * _MUL
    z = (z ^ (z >> _S30)) * _MIX1
    z = (z ^ (z >> _S27)) * _MIX2
    return z ^ (z >> _S31)


@part
def stepped(state):  # type: ignore[no-untyped-def]
    """The next state of a 64-bit linear congruential generator (Knuth's constants, as in MMIX)."""
    return state * _MUL + _ADD


@part
def uniform(state):  # type: ignore[no-untyped-def]
    """-1 <= x < 1 from the upper 24 bits of a generator's state."""
    return np.float64(np.int64(state >> _S40)) * _UNIT - 1.0


@part
def sine(cycles):  # type: ignore[no-untyped-def]
    """sin(2 pi cycles), error below 6e-8: a Taylor polynomial of degree 11 on a quarter wave; vectorises."""
    x = cycles - np.floor(cycles + 0.5)
    y = (0.25 - abs(abs(x) - 0.25)) * 6.283185307179586
    z = y * y
    s = y * (1 - z / 6 * (1 - z / 20 * (1 - z / 42 * (1 - z / 72 * (1 - z / 110)))))
    return math.copysign(s, x)


@part
def warped(hz, rate):  # type: ignore[no-untyped-def]
    """g = tan(pi f / rate) of a TPT filter (Zavalishin), f held within 10 Hz .. 0.45 rate."""
    return math.tan(math.pi * min(max(hz, 10.0), 0.45 * rate) / rate)


@part
def octaves(x):  # type: ignore[no-untyped-def]
    """2 ** x."""
    return math.exp(x * 0.6931471805599453)


@part
def decibels(x):  # type: ignore[no-untyped-def]
    """Linear gain of x dB."""
    return math.exp(x * 0.11512925464970229)
