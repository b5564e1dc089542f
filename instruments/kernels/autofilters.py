"""The filter that an LFO and an envelope move: one state-variable filter, or two in a row, any mixture of its outputs.

The LFO's and the envelope's points lie CELL frames apart, with straight lines between (taps.py).
"""

from __future__ import annotations

import math

import numpy as np

from instruments.kernels.effect import effect_kernel, numbers, views
from instruments.kernels.shapes import saturated
from instruments.kernels.svf import FAINT, healthy, still, still_pair, tangent
from instruments.kernels.taps import CELL, INTO, LFO_STATES, OFFSET, PHASE, step, wake
from instruments.kernels.tone import TINY, octaves, part, sine

# Coefficients: LFO cycles a frame, decay of its phase error a cell, pi f / rate, the least that modulation may make of
# it, k = 1 / Q, gain of low and high at this k, share of the second filter and its k, shares of low, band, high and
# notch, octaves of the LFO, octaves of the envelope at -12 dBFS, its attack and release (one-pole, a frame); share of
# the drive, gain before and after its tanh; share of the filtered sound; how fast the shares of the types may move.
(RATE, DECAY, ANGLE, LEAST, K, EVEN, STEEP, K2, LOW, BAND, HIGH, NOTCH, SWAY, FOLLOW, ATTACK, RELEASE, DRIVE, PUSH,
 PULL, MIX, SLEW) = range(21)

_FROM, _TO, _LEVEL, _TYPES = LFO_STATES, LFO_STATES + 1, LFO_STATES + 2, LFO_STATES + 3
FIRST = _TYPES + 4
"""Of eight integrators: left, right of the first filter, then of the second."""
_ROOM = FIRST + 8
"""For the coefficients of two sections of svf.py."""
STATES = _ROOM + 10
_MOST = 0.45 * math.pi
_REFERENCE = 4.0
"""One over -12 dBFS, where the envelope moves the cutoff by as much as it says."""


@part
def _now(c, s, done, which):  # type: ignore[no-untyped-def]
    return c[which] + s[which] * done


@part
def _factor(c, s, done, phase, level):  # type: ignore[no-untyped-def]
    """What modulation multiplies the cutoff by."""
    sway, follow = _now(c, s, done, SWAY), _now(c, s, done, FOLLOW)
    if sway == 0 and follow == 0:
        return 1.0
    return octaves(sway * sine(phase) + follow * min(_REFERENCE * level, 2.0))


@part
def _level(key_l, key_r, first, frames, level, c, s):  # type: ignore[no-untyped-def]
    attack, release = _now(c, s, first, ATTACK), _now(c, s, first, RELEASE)
    for i in range(first, first + frames):
        attack += s[ATTACK]
        release += s[RELEASE]
        x = np.float64(max(abs(key_l[i]), abs(key_r[i])))
        level += (attack if x > level else release) * (x - level) + TINY
    return level


@part
def _types(z, c, s):  # type: ignore[no-untyped-def]
    """Whether the shares of the types stand still where they belong."""
    settled = True
    for t in range(4):
        if s[LOW + t] != 0 or z[_TYPES + t] != c[LOW + t]:
            settled = False
    return settled


@part
def _move_types(z, c, s, slew):  # type: ignore[no-untyped-def]
    """One frame on their way; where they go is told while the coefficient still slopes there."""
    for t in range(4):
        goal = 1.0 if s[LOW + t] > 0 else 0.0 if s[LOW + t] < 0 else c[LOW + t]
        share = z[_TYPES + t]
        z[_TYPES + t] = share + min(max(goal - share, -slew), slew)


@part
def _stand(left, right, done, frames, c, z):  # type: ignore[no-untyped-def]
    """Frames done .. done + frames where nothing moves, driven already, without dry sound: as plain sections."""
    g = tangent(min(max(c[ANGLE] * z[_FROM], c[LEAST]), _MOST))
    k, even, steep = c[K], c[EVEN], c[STEEP]
    low, band, high, notch = c[LOW], c[BAND], c[HIGH], c[NOTCH]
    passed = even * high + notch
    z[_ROOM], z[_ROOM + 1], z[_ROOM + 2] = g, k, passed
    z[_ROOM + 3], z[_ROOM + 4] = k * (band - passed), even * low + notch - passed
    ahead, other = left[done : done + frames], right[done : done + frames]
    if steep == 0:
        still(ahead, other, frames, z, z, _ROOM, FIRST)
        z[FIRST + 4 : FIRST + 8] = 0
        return
    k, passed = c[K2], high + notch
    z[_ROOM + 5], z[_ROOM + 6], z[_ROOM + 7] = g, k, 1 + steep * (passed - 1)
    z[_ROOM + 8], z[_ROOM + 9] = steep * k * (band - passed), steep * (low + notch - passed)
    still_pair(ahead, other, frames, z, z, _ROOM, FIRST, _ROOM + 5, FIRST + 4)


@part
def _saturate(channel, done, frames, share, push, pull):  # type: ignore[no-untyped-def]
    for i in range(done, done + frames):
        channel[i] += share * (pull * saturated(push * channel[i]) - channel[i])


@part
def _filter(left, right, done, frames, c, s, z):  # type: ignore[no-untyped-def]
    """Frames done .. done + frames, over which modulation runs straight."""
    moved = (z[_TO] - z[_FROM]) / CELL
    settled = _types(z, c, s)
    moving = moved != 0 or s[ANGLE] != 0 or s[K] != 0
    driven = c[DRIVE] != 0 or s[DRIVE] != 0
    twice = c[STEEP] != 0 or s[STEEP] != 0
    stands = not moving and settled and s[DRIVE] == 0 and s[MIX] == 0 and s[EVEN] == 0 and s[STEEP] == 0
    if stands and c[MIX] == 1 and (c[STEEP] == 0 or c[STEEP] > FAINT):
        if driven:
            share, hard, back = np.float32(c[DRIVE]), np.float32(c[PUSH]), np.float32(c[PULL])
            _saturate(left, done, frames, share, hard, back)
            _saturate(right, done, frames, share, hard, back)
        _stand(left, right, done, frames, c, z)
        return
    # As of frame `done`, and how far they go a frame: in variables, since the loop writes to memory.
    angle, k, even = _now(c, s, done, ANGLE), _now(c, s, done, K), _now(c, s, done, EVEN)
    steep, mix = _now(c, s, done, STEEP), _now(c, s, done, MIX)
    d_angle, d_k, d_even, d_steep, d_mix = s[ANGLE], s[K], s[EVEN], s[STEEP], s[MIX]
    drive, push, pull = _now(c, s, done, DRIVE), _now(c, s, done, PUSH), _now(c, s, done, PULL)
    d_drive, d_push, d_pull = s[DRIVE], s[PUSH], s[PULL]
    factor, k2, least = z[_FROM] + moved * z[INTO], c[K2], c[LEAST]
    low, band, high, notch = z[_TYPES], z[_TYPES + 1], z[_TYPES + 2], z[_TYPES + 3]
    g = tangent(min(max(angle * factor, least), _MOST))
    a, a2 = 1 / (1 + g * (g + k)), 1 / (1 + g * (g + k2))
    p, q, u, v = z[FIRST], z[FIRST + 1], z[FIRST + 2], z[FIRST + 3]
    p2, q2, u2, v2 = z[FIRST + 4], z[FIRST + 5], z[FIRST + 6], z[FIRST + 7]
    for i in range(done, done + frames):
        even += d_even
        steep += d_steep
        mix += d_mix
        if moving:
            factor += moved
            angle += d_angle
            k += d_k
            g = tangent(min(max(angle * factor, least), _MOST))
            a, a2 = 1 / (1 + g * (g + k)), 1 / (1 + g * (g + k2))
        if not settled:
            _move_types(z, c, s, c[SLEW])
            low, band, high, notch = z[_TYPES], z[_TYPES + 1], z[_TYPES + 2], z[_TYPES + 3]
        x, y = left[i], right[i]
        if driven:
            drive += d_drive
            push += d_push
            pull += d_pull
            share, hard, back = np.float32(drive), np.float32(push), np.float32(pull)
            x += share * (back * saturated(hard * x) - x)
            y += share * (back * saturated(hard * y) - y)
        of_low, of_band, of_high = even * low + notch, k * band, even * high + notch
        x, y = float(x), float(y)
        band_l, band_r = a * (p + g * (x - q)), a * (u + g * (y - v))
        low_l, low_r = q + g * band_l, v + g * band_r
        p, q = 2 * band_l - p + TINY, 2 * low_l - q
        u, v = 2 * band_r - u + TINY, 2 * low_r - v
        x = of_high * (x - k * band_l - low_l) + of_band * band_l + of_low * low_l
        y = of_high * (y - k * band_r - low_r) + of_band * band_r + of_low * low_r
        if twice:
            of_low, of_band, of_high = low + notch, k2 * band, high + notch
            band_l, band_r = a2 * (p2 + g * (x - q2)), a2 * (u2 + g * (y - v2))
            low_l, low_r = q2 + g * band_l, v2 + g * band_r
            p2, q2 = 2 * band_l - p2 + TINY, 2 * low_l - q2
            u2, v2 = 2 * band_r - u2 + TINY, 2 * low_r - v2
            x += steep * (of_high * (x - k2 * band_l - low_l) + of_band * band_l + of_low * low_l - x)
            y += steep * (of_high * (y - k2 * band_r - low_r) + of_band * band_r + of_low * low_r - y)
        left[i] += mix * (x - left[i])
        right[i] += mix * (y - right[i])
    z[FIRST], z[FIRST + 1], z[FIRST + 2], z[FIRST + 3] = p, q, u, v
    if twice:
        z[FIRST + 4], z[FIRST + 5], z[FIRST + 6], z[FIRST + 7] = p2, q2, u2, v2
    else:
        z[FIRST + 4 : FIRST + 8] = 0


@effect_kernel
def autofilter(audio, key, stride, start, frames, coefs, slopes, state, _memory, _size, skipped):  # type: ignore[no-untyped-def]
    """coefs: as named above. state: of the LFO; modulation at the last point and the next; the envelope; shares of the
    types; integrators."""
    left, right = views(audio, stride, start, frames)
    key_l, key_r = views(key, stride, start, frames)
    c, s, z = numbers(coefs), numbers(slopes), numbers(state)
    follows = c[FOLLOW] != 0 or s[FOLLOW] != 0
    fresh = wake(z, c[RATE], skipped)
    if fresh:
        z[_LEVEL] = 0
    done = 0
    while done < frames:
        into = int(z[INTO])
        if into == 0:
            if fresh:
                z[_TO] = _factor(c, s, done, z[PHASE] + z[OFFSET], z[_LEVEL])
                fresh = False
            z[_FROM] = z[_TO]
            z[_TO] = _factor(c, s, done, step(z, _now(c, s, done, RATE), c[DECAY]), z[_LEVEL])
        n = min(CELL - into, frames - done)
        if follows:
            # Before the sound changes, which is its own key where there is no other.
            z[_LEVEL] = _level(key_l, key_r, done, n, z[_LEVEL], c, s)
        if c[MIX] != 0 or s[MIX] != 0:
            _filter(left, right, done, n, c, s, z)
        else:
            z[FIRST : FIRST + 8] = 0
        z[INTO] = (into + n) % CELL
        done += n
    healthy(z, _LEVEL, 1)
    healthy(z, FIRST, 8)
