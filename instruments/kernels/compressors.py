"""The compressor: feed-forward, in decibels, branching smoothing of the gain (Giannoulis, Massberg and Reiss 2012)."""

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
    db_gain,
    key_power,
    late_by,
    power_db,
)
from instruments.kernels.tone import TINY, part

# Coefficients, after KEY_COEFS of the key's filters.
THRESHOLD, SLOPE, KNEE, ATTACK, RELEASE, HOLD, MAKE_UP, MIX, RMS, MEAN, LATE = range(KEY_COEFS, KEY_COEFS + 11)
# States, before KEY_STATES of the key's filters.
WORST, REDUCTION, HELD, AGE, MEAN_SQUARE, CLOCK = range(6)
OWN_STATES = 6
UNKNOWN = -1.0
"""A mean square that starts with the first frame."""


@part
def _averaged(levels, n, at, c, s, mean):  # type: ignore[no-untyped-def]
    """levels[:n], squares, move towards their mean by the share of RMS. Returns the mean."""
    if mean == UNKNOWN:
        mean = np.float64(levels[0])
    for i in range(n):
        mean = (1 - c[MEAN]) * mean + (c[MEAN] * levels[i] + TINY)
        levels[i] += np.float32((c[RMS] + s[RMS] * (at + i + 1)) * (mean - levels[i]))
    return mean


@part
def _wanted(levels, n, at, c, s):  # type: ignore[no-untyped-def]
    """levels[:n], squares, become the reduction that the static curve wants, dB >= 0."""
    for i in range(n):
        k = at + i + 1
        knee = np.float32(c[KNEE] + s[KNEE] * k)
        over = power_db(levels[i]) - np.float32(c[THRESHOLD] + s[THRESHOLD] * k)
        half = np.float32(0.5) * knee
        bent = min(max(over + half, np.float32(0)), knee)
        straight = max(over - half, np.float32(0))
        levels[i] = np.float32(c[SLOPE] + s[SLOPE] * k) * (bent * bent / (knee + knee) + straight)


@effect_kernel
def compress(audio, key, stride, start, frames, coefs, slopes, state, memory, size, skipped):  # type: ignore[no-untyped-def]
    """coefs: the key's filters (levels.py), threshold dB, slope 1 - 1 / ratio, knee dB > 0, attack and release
    (one-pole per frame), hold (frames), make-up dB, share of the compressed sound, share of RMS against peak, one-pole
    of its mean, look-ahead (frames; constant). memory: quarters: late left, late right, levels, gains."""
    left, right = views(audio, stride, start, frames)
    key_left, key_right = views(key, stride, start, frames)
    c, s, z = numbers(coefs), numbers(slopes), numbers(state)
    unit = size >> 2
    whole = carray(memory, (size,))
    late_left, late_right = whole[:unit], whole[unit : 2 * unit]
    levels, gains = whole[2 * unit : 3 * unit], whole[3 * unit :]
    late = int(c[LATE])
    if skipped > 0:
        z[REDUCTION] *= math.exp(math.log1p(-c[RELEASE]) * max(0.0, skipped - max(0.0, c[HOLD] - z[AGE])))
        z[AGE] += skipped
        z[MEAN_SQUARE] = UNKNOWN
        z[OWN_STATES : OWN_STATES + KEY_STATES] = 0
        whole[: 2 * unit] = 0
    reduction, held, age, mean, clock = z[REDUCTION], z[HELD], z[AGE], z[MEAN_SQUARE], int(z[CLOCK])
    worst = z[WORST]
    hold, attack, release = c[HOLD], c[ATTACK], c[RELEASE]
    at = 0
    while at < frames:
        n = min(CHUNK, frames - at)
        key_power(key_left, key_right, c[RMS], s[RMS], c, s, z[OWN_STATES:], at, n, levels, gains)
        if c[RMS] != 0 or s[RMS] != 0:
            mean = _averaged(levels, n, at, c, s, mean)
        else:
            mean = UNKNOWN
        _wanted(levels, n, at, c, s)
        for i in range(n):  # selects, no branches: those that a sound decides are guessed wrong
            hold += s[HOLD]
            attack += s[ATTACK]
            release += s[RELEASE]
            want = np.float64(levels[i])
            age = 0.0 if want > held - NEAR_DB else age + 1.0
            held = want if want > held or age > hold + PART else held
            up = (1 - attack) * reduction + (attack * held + TINY)
            down = (1 - release) * reduction + (release * held + TINY)
            reduction = up if held > reduction else down
            worst = max(worst, reduction)
            levels[i] = np.float32(reduction)
        for i in range(n):
            k = at + i + 1
            mix = np.float32(c[MIX] + s[MIX] * k)
            gain = db_gain(np.float32(c[MAKE_UP] + s[MAKE_UP] * k - levels[i]))
            gains[i] = np.float32(1) + mix * (gain - np.float32(1))
        if late > 0:
            late_by(late, at, n, left, right, late_left, late_right, clock)
        for i in range(n):
            left[at + i] *= gains[i]
            right[at + i] *= gains[i]
        clock = (clock + n) & (unit - 1)
        at += n
    z[WORST], z[REDUCTION], z[HELD], z[AGE], z[MEAN_SQUARE], z[CLOCK] = worst, reduction, held, age, mean, clock
