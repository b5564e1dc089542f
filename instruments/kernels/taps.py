"""What moving delays share: reading between frames, and an LFO that may keep time with the transport's beat."""

from __future__ import annotations

import math

import numpy as np

from instruments.kernels.tone import part, sine

CELL = 32
"""Frames from one point of an LFO to the next; between them runs a straight line."""

# The first states of every effect with an LFO. PHASE is that of the coming point (at INTO 0: of this frame), in cycles;
# what is heard is PHASE + OFFSET. TARGET and LOCK come from Python: the beat's phase at the next frame and its cycles a
# frame, or LOCK -1 where there is no beat to keep to. BEAT: the cycles a frame that it keeps to, or 0. INTO: frames
# since the last point. AWAKE: 0 before the first frame.
PHASE, OFFSET, TARGET, LOCK, INTO, AWAKE, AT, BEAT = range(8)
LFO_STATES = 8


@part
def hermite(a, b, c, d, f):  # type: ignore[no-untyped-def]
    """Between b (f = 0) and c (f = 1): the cubic of Catmull and Rom, flat to 0.1 dB up to rate / 6 at its worst f."""
    m = 0.5 * (c - a)
    return b + f * (m + f * (a - 2.5 * b + 2 * c - 0.5 * d + f * (1.5 * (b - c) + 0.5 * (d - a))))


@part
def tap(ring, mask, position):  # type: ignore[no-untyped-def]
    """ring at a position >= 1 of frames, which wraps; three frames about it must have been written, or be silent."""
    j = int(position)
    return hermite(np.float64(ring[(j - 1) & mask]), np.float64(ring[j & mask]), np.float64(ring[(j + 1) & mask]),
                   np.float64(ring[(j + 2) & mask]), position - j)


@part
def fraction(x):  # type: ignore[no-untyped-def]
    return x - math.floor(x)


@part
def triangle(cycles):  # type: ignore[no-untyped-def]
    """-1 .. 1, in step with sine()."""
    return 4 * abs(fraction(cycles + 0.75) - 0.5) - 1


@part
def wake(z, rate, skipped):  # type: ignore[no-untyped-def]
    """Before a stretch: let the LFO (rate: cycles a frame) catch up with the frames skipped and with the beat.

    Returns whether the effect starts afresh: then the points are to be computed for this very frame, and memory is
    stale. A phase that the beat corrects stays what it is, and glides there by step().
    """
    ahead = (CELL - z[INTO]) % CELL
    if skipped > 0 and z[AWAKE] != 0:
        z[PHASE] = fraction(z[PHASE] + z[OFFSET] + (z[BEAT] if z[BEAT] > 0 else rate) * (skipped - ahead))
        z[OFFSET] = z[INTO] = z[AWAKE] = ahead = 0
    fresh = z[AWAKE] == 0
    if z[LOCK] > 0:
        goal = z[TARGET] + z[LOCK] * ahead
        off = z[PHASE] + z[OFFSET] - goal
        z[OFFSET] = 0.0 if fresh else off - math.floor(off + 0.5)
        z[PHASE], z[BEAT] = goal, z[LOCK]
    elif z[LOCK] < 0:
        z[BEAT] = 0
    z[LOCK] = 0
    z[AWAKE] = 1
    return fresh


@part
def step(z, rate, decay):  # type: ignore[no-untyped-def]
    """At a point: the phase of the next one. decay: share of a phase error that is left after a cell."""
    z[PHASE] = fraction(z[PHASE] + (z[BEAT] if z[BEAT] > 0 else rate) * CELL)
    z[OFFSET] *= decay
    return z[PHASE] + z[OFFSET]


@part
def swing(cycles, straight):  # type: ignore[no-untyped-def]
    """-1 .. 1 of an LFO between a sine (straight 0) and a triangle (1)."""
    s = sine(cycles)
    return s + straight * (triangle(cycles) - s)
