"""The gate: an expander with hysteresis and hold."""

from __future__ import annotations

import math

import numpy as np
from numba import carray  # type: ignore[attr-defined]

from instruments.kernels.effect import effect_kernel, numbers, views
from instruments.kernels.levels import (
    CHUNK,
    KEY_COEFS,
    KEY_STATES,
    NEAR_DB,
    PART,
    SILENCE_DB,
    db_gain,
    key_power,
    late_by,
    power_db,
)
from instruments.kernels.tone import TINY

# Coefficients, after KEY_COEFS of the key's filters.
THRESHOLD, HYSTERESIS, SLOPE, RANGE, ATTACK, RELEASE, HOLD, LATE = range(KEY_COEFS, KEY_COEFS + 8)
# States, before KEY_STATES of the key's filters.
WORST, REDUCTION, HELD, AGE, OPEN, CLOCK = range(6)
OWN_STATES = 6


@effect_kernel
def gate(audio, key, stride, start, frames, coefs, slopes, state, memory, size, skipped):  # type: ignore[no-untyped-def]
    """coefs: the key's filters (levels.py), threshold dB, hysteresis dB, slope ratio - 1, range dB, attack and release
    (one-pole per frame), hold (frames), look-ahead (frames; constant). memory: quarters: late left, late right, levels,
    scratch."""
    left, right = views(audio, stride, start, frames)
    key_left, key_right = views(key, stride, start, frames)
    c, s, z = numbers(coefs), numbers(slopes), numbers(state)
    unit = size >> 2
    whole = carray(memory, (size,))
    late_left, late_right = whole[:unit], whole[unit : 2 * unit]
    levels, other = whole[2 * unit : 3 * unit], whole[3 * unit :]
    late = int(c[LATE])
    if skipped > 0:
        closing = max(0.0, skipped - max(0.0, c[HOLD] - z[AGE]))
        if closing > 0:
            z[HELD] = min((c[THRESHOLD] - SILENCE_DB) * c[SLOPE], c[RANGE])
            z[OPEN] = 1.0 if z[HELD] == 0 else 0.0
        z[REDUCTION] = z[HELD] + math.exp(math.log1p(-c[RELEASE]) * closing) * (z[REDUCTION] - z[HELD])
        z[AGE] += skipped
        z[OWN_STATES : OWN_STATES + KEY_STATES] = 0
        whole[: 2 * unit] = 0
    reduction, held, age, opened, clock = z[REDUCTION], z[HELD], z[AGE], z[OPEN], int(z[CLOCK])
    worst = z[WORST]
    threshold, hysteresis, slope, depth = c[THRESHOLD], c[HYSTERESIS], c[SLOPE], c[RANGE]
    hold, attack, release = c[HOLD], c[ATTACK], c[RELEASE]
    at = 0
    while at < frames:
        n = min(CHUNK, frames - at)
        key_power(key_left, key_right, 0.0, 0.0, c, s, z[OWN_STATES:], at, n, levels, other)
        for i in range(n):
            levels[i] = power_db(levels[i])
        for i in range(n):  # selects, no branches: those that a sound decides are guessed wrong
            threshold += s[THRESHOLD]
            hysteresis += s[HYSTERESIS]
            slope += s[SLOPE]
            depth += s[RANGE]
            hold += s[HOLD]
            attack += s[ATTACK]
            release += s[RELEASE]
            below = threshold - levels[i]
            want = min(max(below, 0.0) * slope, depth)
            want = 0.0 if below <= opened * hysteresis else want
            age = 0.0 if want < held + NEAR_DB else age + 1.0
            held = want if want < held or age > hold + PART else held
            opened = 1.0 if held == 0.0 else 0.0
            up = (1 - release) * reduction + (release * held + TINY)
            down = (1 - attack) * reduction + (attack * held + TINY)
            reduction = up if held > reduction else down
            worst = max(worst, reduction)
            levels[i] = np.float32(reduction)
        for i in range(n):
            levels[i] = db_gain(-levels[i])
        if late > 0:
            late_by(late, at, n, left, right, late_left, late_right, clock)
        for i in range(n):
            left[at + i] *= levels[i]
            right[at + i] *= levels[i]
        clock = (clock + n) & (unit - 1)
        at += n
    z[WORST], z[REDUCTION], z[HELD], z[AGE], z[OPEN], z[CLOCK] = worst, reduction, held, age, opened, clock
