"""The transient shaper: attack and sustain by the differences of envelopes in decibels."""

from __future__ import annotations

import math

import numpy as np
from numba import carray  # type: ignore[attr-defined]

from instruments.kernels.effect import effect_kernel, numbers, views
from instruments.kernels.levels import CHUNK, NEAR_DB, PART, db_gain, power_db
from instruments.kernels.tone import TINY

# Coefficients. QUICK, FALL, SLOW, LONG: one-pole per frame; HOLD: frames.
ATTACK, SUSTAIN, QUICK, FALL, SLOW, LONG, HOLD = range(7)
# States: dB above FLOOR_DB.
WORST, HELD, AGE, FAST, RISING, LASTING = range(6)
FLOOR_DB = np.float32(-60)
"""What is quieter is as silence: no sound comes from infinitely far below."""
ONSET_DB = 20.0
"""An attack counts for no more, or one out of silence would last longer than one out of sound."""
_FULL_DB = np.float32(6)
"""Envelopes so far apart have 71 % of the effect."""


@effect_kernel
def shape(audio, _key, stride, start, frames, coefs, slopes, state, memory, size, skipped):  # type: ignore[no-untyped-def]
    """coefs: gain of attack and of sustain (dB), then the speeds of: a rise, a fall, the envelope that rises slowly,
    the one that falls slowly; and the hold of the level. memory: halves for attack and sustain."""
    left, right = views(audio, stride, start, frames)
    c, s, z = numbers(coefs), numbers(slopes), numbers(state)
    whole = carray(memory, (size,))
    onset, tail = whole[:CHUNK], whole[CHUNK : 2 * CHUNK]
    held, age, fast, rising, lasting = z[HELD], z[AGE], z[FAST], z[RISING], z[LASTING]
    if skipped > 0:
        held, age = 0.0, 0.0
        falls, lasts = math.exp(math.log1p(-c[FALL]) * skipped), math.exp(math.log1p(-c[LONG]) * skipped)
        fast, rising, lasting = fast * falls, rising * falls, lasting * lasts
    worst = np.float32(z[WORST])
    slow, long = c[SLOW], c[LONG]
    at = 0
    while at < frames:
        n = min(CHUNK, frames - at)
        for i in range(n):
            a, b = left[at + i] * left[at + i], right[at + i] * right[at + i]
            onset[i] = max(power_db(max(a, b)) - FLOOR_DB, np.float32(0))
        for i in range(n):  # selects, no branches: those that a sound decides are guessed wrong
            slow += s[SLOW]
            long += s[LONG]
            level = np.float64(onset[i])
            age = 0.0 if level > held - NEAR_DB else age + 1.0
            held = level if level > held or age > c[HOLD] + PART else held
            speed = c[QUICK] if held > fast else c[FALL]
            fast = (1 - speed) * fast + (speed * held + TINY)
            speed = slow if held > rising else c[FALL]
            rising = (1 - speed) * rising + (speed * held + TINY)
            rising = max(rising, fast - ONSET_DB)
            speed = c[QUICK] if held > lasting else long
            lasting = (1 - speed) * lasting + (speed * held + TINY)
            onset[i] = np.float32(fast - rising)
            tail[i] = np.float32(lasting - fast)
        for i in range(n):
            k = at + i + 1
            a, b = max(onset[i], np.float32(0)), max(tail[i], np.float32(0))
            gain = (np.float32(c[ATTACK] + s[ATTACK] * k) * a / np.sqrt(a * a + _FULL_DB * _FULL_DB)
                    + np.float32(c[SUSTAIN] + s[SUSTAIN] * k) * b / np.sqrt(b * b + _FULL_DB * _FULL_DB))
            onset[i] = gain
            tail[i] = db_gain(gain)
        for i in range(n):
            worst = max(worst, -onset[i])
        for i in range(n):
            left[at + i] *= tail[i]
            right[at + i] *= tail[i]
        at += n
    z[WORST], z[HELD], z[AGE], z[FAST], z[RISING], z[LASTING] = worst, held, age, fast, rising, lasting
