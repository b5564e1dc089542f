"""Coefficients of kernels/svf.py's sections: (g, k, m0, m1, m2) of a second-order filter of each kind.

The responses are those of the Audio EQ Cookbook (R. Bristow-Johnson); the form is A. Simper's ("Solving the continuous
SVF equations using trapezoidal integration", 2013).
"""

from __future__ import annotations

import math

Section = tuple[float, float, float, float, float]

PASS: Section = (0.5, 1.0, 1.0, 0.0, 0.0)
"""All that comes in: costs nothing."""
FLAT_Q = 2**-0.5
"""The passes' Q at 12 dB an octave; at 24 two of them in a row have STEEP_QS, so that both are Butterworth's."""
STEEP_QS = (0.5 / math.cos(math.pi / 8), 0.5 / math.sin(math.pi / 8))


def g_of(hz: float, rate: float) -> float:
    """tan(pi hz / rate), hz held below 0.49 of the rate."""
    return math.tan(math.pi * min(hz / rate, 0.49))


def peak(hz: float, db: float, q: float, rate: float) -> Section:
    a = 10 ** (db / 40)
    k = 1 / (q * a)
    return g_of(hz, rate), k, 1.0, k * (a * a - 1), 0.0


def low_shelf(hz: float, db: float, rate: float, q: float = FLAT_Q) -> Section:
    a = 10 ** (db / 40)
    return g_of(hz, rate) / math.sqrt(a), 1 / q, 1.0, (a - 1) / q, a * a - 1


def high_shelf(hz: float, db: float, rate: float, q: float = FLAT_Q) -> Section:
    a = 10 ** (db / 40)
    return g_of(hz, rate) * math.sqrt(a), 1 / q, a * a, a * (1 - a) / q, 1 - a * a


def high_pass(hz: float, q: float, rate: float, share: float = 1.0) -> Section:
    """share: how much of it is done, 0 .. 1."""
    return g_of(hz, rate), 1 / q, 1.0, -share / q, -share


def low_pass(hz: float, q: float, rate: float, share: float = 1.0) -> Section:
    return g_of(hz, rate), 1 / q, 1.0 - share, 0.0, share


def high_passes(hz: float, slope_db: float, rate: float, share: float = 1.0) -> tuple[Section, Section]:
    """Two in a row: 12 dB an octave by the first alone, 24 by both; between these the second is done in part."""
    steep = (slope_db - 12) / 12
    return (high_pass(hz, FLAT_Q + steep * (STEEP_QS[0] - FLAT_Q), rate, share),
            high_pass(hz, STEEP_QS[1], rate, share * steep))


def low_passes(hz: float, slope_db: float, rate: float, share: float = 1.0) -> tuple[Section, Section]:
    steep = (slope_db - 12) / 12
    return (low_pass(hz, FLAT_Q + steep * (STEEP_QS[0] - FLAT_Q), rate, share),
            low_pass(hz, STEEP_QS[1], rate, share * steep))


def ring_s(section: Section, rate: float) -> float:
    """Seconds in which it rings down by 60 dB."""
    g, k, *m = section
    if m == [1.0, 0.0, 0.0]:
        return 0.0
    half = k / 2
    slow = half if half < 1 else half - math.sqrt(half * half - 1)
    return 6.91 / (2 * rate * math.atan(g) * slow)
