"""The delay: a tape whose speed follows the tempo, or heads that cross-fade."""

from __future__ import annotations

import numpy as np
from numba import carray  # type: ignore[attr-defined]

from instruments.kernels.effect import effect_kernel, numbers, views
from instruments.kernels.taps import CELL, fraction, hermite
from instruments.kernels.tone import TINY, part, sine

MARKS = 4096
"""How many positions of the tape are noted: one every size / 2 / MARKS frames."""

# States: frames written since the tape began; its position now (at a cell's end), its speed there, the head's distance
# on it; frames into the cell; the mark at or before the head; delay of the heads A and B where the cell began and at
# its end; what they are (1 the tape's head, 0 a fixed time); share of B; low-pass, high-pass; the follower; phases of
# wow and flutter. Then the marks.
(_TIME, _POSITION, _SPEED, _DISTANCE, _INTO, _MARK, _A_FROM, _A_TO, _B_FROM, _B_TO, _A_TAPE, _B_TAPE, _SHARE, _LOW_L,
 _LOW_R, _HIGH_L, _HIGH_R, _ENVELOPE, _AWAKE) = range(19)
_WOBBLE = 20
_MARKS_AT = 24
DELAY_STATES = _MARKS_AT + MARKS
_NEAREST = 3.0
"""Frames of delay at least: what the cubic reads has then been written."""
_WOBBLES_HZ = np.array([0.43, 0.91, 7.3, 11.9])
"""Wow and flutter of a worn machine, two sines each."""


@part
def _head(z, marks, spacing, now, position, speed, distance, longest):  # type: ignore[no-untyped-def]
    """Delay in frames of the head `distance` behind `position` of the tape, which is reached at frame `now`."""
    goal = position - distance
    if goal <= 0:
        return min(max((position - goal) / speed, _NEAREST), longest)
    last = (int(now) - 1) // spacing
    first = max(1, last - MARKS + 2)
    m = min(max(int(z[_MARK]), first), last)
    while m < last and marks[(m + 1) % MARKS] <= goal:
        m += 1
    while m > first and marks[m % MARKS] > goal:
        m -= 1
    z[_MARK] = m
    here = marks[m % MARKS]
    if m < last:
        there, frames = marks[(m + 1) % MARKS], np.float64(spacing)
    else:
        there, frames = position, now - m * spacing
    return min(max(now - (m * spacing + frames * (goal - here) / max(there - here, 1e-9)), _NEAREST), longest)


@part
def _heads(z, c, s, done, marks, spacing, longest, fresh):  # type: ignore[no-untyped-def]
    """At a cell's start: where tape and heads are at its end (fresh: and now)."""
    distance = c[1] + s[1] * done
    wow, flutter = c[9] + s[9] * done, c[10] + s[10] * done
    speed = c[0] + s[0] * (CELL if fresh else done)  # the first tempo is there at once
    for k in range(4):
        z[_WOBBLE + k] = fraction(z[_WOBBLE + k] + _WOBBLES_HZ[k] * c[15])
    asked = speed * (1 + wow * 0.5 * (sine(z[_WOBBLE]) + sine(z[_WOBBLE + 1]))
                     + flutter * 0.5 * (sine(z[_WOBBLE + 2]) + sine(z[_WOBBLE + 3])))
    fixed = min(max(distance / speed, _NEAREST), longest)
    tape = c[12] + s[12] * done > 0.5
    if fresh:
        z[_POSITION] = z[_SHARE] = marks[1] = 0
        z[_TIME], z[_MARK] = spacing, 1
        z[_SPEED], z[_DISTANCE] = asked, distance
        z[_A_TAPE] = z[_B_TAPE] = 1.0 if tape else 0.0
        z[_A_TO] = min(max(distance / asked, _NEAREST), longest) if tape else fixed
        z[_B_TO] = z[_A_TO]
    off = distance - z[_DISTANCE]
    z[_DISTANCE] = distance if abs(off) < 1e-3 else z[_DISTANCE] + c[13] * off
    now = z[_TIME] + CELL
    z[_POSITION] += 0.5 * CELL * (z[_SPEED] + asked)
    z[_SPEED] = asked
    moved = _head(z, marks, spacing, now, z[_POSITION], asked, z[_DISTANCE], longest)
    if int(now) % spacing == 0:
        marks[(int(now) // spacing) % MARKS] = z[_POSITION]
    z[_A_FROM], z[_B_FROM] = z[_A_TO], z[_B_TO]
    if z[_SHARE] >= 1:
        z[_A_FROM], z[_A_TAPE], z[_SHARE] = z[_B_FROM], z[_B_TAPE], 0.0
        z[_A_TO] = z[_A_FROM]
    if z[_A_TAPE] != 0:
        z[_A_TO] = moved
    if z[_SHARE] == 0 and (tape != (z[_A_TAPE] != 0) or (not tape and abs(fixed - z[_A_TO]) > c[16])):
        z[_SHARE] = 1e-9
        z[_B_TAPE] = 1.0 if tape else 0.0
        z[_B_FROM] = z[_B_TO] = fixed
        if tape:
            z[_B_FROM] = moved
    if z[_SHARE] > 0 and z[_B_TAPE] != 0:
        z[_B_TO] = moved


@part
def _driven(x, drive):  # type: ignore[no-untyped-def]
    """tanh(drive x) / drive, by a quotient that meets 1 at drive x = 3."""
    u = min(3.0, max(-3.0, drive * x))
    return u * (27 + u * u) / ((27 + 9 * u * u) * drive)


@effect_kernel
def delay(audio, _key, stride, start, frames, coefs, slopes, state, memory, size, skipped):  # type: ignore[no-untyped-def]
    """coefs: 0 speed of the tape (1: a frame a frame), 1 the head's distance in frames at speed 1, 2 feedback, 3 from
    side to side, 4 low-pass and 5 high-pass in the loop (one pole, a frame), 6 dry, 7 wet, 8 drive, 9 wow and 10
    flutter (share of the speed), 11 ducking (share taken off), 12 tape (1) or fixed times (0), 13 glide of the distance
    a cell, 14 cross-fade a frame, 15 seconds a cell, 16 difference of fixed times in frames that is worth a cross-fade,
    17 attack and 18 release of the follower a frame.

    The tape's position is noted as it runs, and a head reads what was written when the tape stood `distance` before: so
    an echo comes on the beat also across a change of tempo, at the pitch that a tape would then have.
    """
    left, right = views(audio, stride, start, frames)
    c, s, z = numbers(coefs), numbers(slopes), carray(state, (DELAY_STATES,))
    ring = carray(memory, (size,))
    half = size // 2
    ring_l, ring_r = ring[:half], ring[half:]
    mask = half - 1
    spacing = max(half // MARKS, CELL)
    longest = half - 4.0 * CELL
    marks = z[_MARKS_AT:]
    begin = spacing - 2.0
    if skipped > 0 or z[_AWAKE] == 0:
        z[_AWAKE], z[_INTO] = 1, 0
        z[_LOW_L : _ENVELOPE + 1] = 0
        for k in range(1, 4):
            ring_l[spacing - k] = ring_r[spacing - k] = 0
        _heads(z, c, s, 0, marks, spacing, longest, True)
    elif z[_INTO] == 0:
        _heads(z, c, s, 0, marks, spacing, longest, False)
    done = 0
    while done < frames:
        into = int(z[_INTO])
        if into == 0 and done > 0:
            _heads(z, c, s, done, marks, spacing, longest, False)
        n = min(CELL - into, frames - done)
        time = int(z[_TIME])
        a, b, share = z[_A_FROM], z[_B_FROM], z[_SHARE]
        ua, ub = (z[_A_TO] - a) / CELL, (z[_B_TO] - b) / CELL
        low_l, low_r, high_l, high_r, env = z[_LOW_L], z[_LOW_R], z[_HIGH_L], z[_HIGH_R], z[_ENVELOPE]
        c2, c3, c4, c5, c6, c7, c8, c11 = c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[11]
        s2, s3, s4, s5, s6, s7, s8, s11 = s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[11]
        fade, attack, release = c[14], c[17], c[18]
        for i in range(n):
            now = done + i + 1
            x = into + i
            at = time + i
            tl = tr = 0.0
            p = at - a - ua * x
            if p > begin:
                j = int(p)
                f = p - j
                j0, j1, j2, j3 = (j - 1) & mask, j & mask, (j + 1) & mask, (j + 2) & mask
                tl = hermite(np.float64(ring_l[j0]), np.float64(ring_l[j1]), np.float64(ring_l[j2]),
                             np.float64(ring_l[j3]), f)
                tr = hermite(np.float64(ring_r[j0]), np.float64(ring_r[j1]), np.float64(ring_r[j2]),
                             np.float64(ring_r[j3]), f)
            if share > 0:
                share = min(1.0, share + fade)
                tl -= share * tl
                tr -= share * tr
                p = at - b - ub * x
                if p > begin:
                    j = int(p)
                    f = p - j
                    j0, j1, j2, j3 = (j - 1) & mask, j & mask, (j + 1) & mask, (j + 2) & mask
                    tl += share * hermite(np.float64(ring_l[j0]), np.float64(ring_l[j1]), np.float64(ring_l[j2]),
                                          np.float64(ring_l[j3]), f)
                    tr += share * hermite(np.float64(ring_r[j0]), np.float64(ring_r[j1]), np.float64(ring_r[j2]),
                                          np.float64(ring_r[j3]), f)
            lp, hp = c4 + s4 * now, c5 + s5 * now
            low_l += lp * (tl - low_l) + TINY
            low_r += lp * (tr - low_r) + TINY
            high_l += hp * (low_l - high_l) + TINY
            high_r += hp * (low_r - high_r) + TINY
            bl, br = low_l - high_l, low_r - high_r
            xl, xr = np.float64(left[done + i]), np.float64(right[done + i])
            feedback, cross, drive = c2 + s2 * now, c3 + s3 * now, c8 + s8 * now
            wl = (1 - cross) * xl + cross * 0.5 * (xl + xr) + feedback * ((1 - cross) * bl + cross * br)
            wr = (1 - cross) * xr + feedback * ((1 - cross) * br + cross * bl)
            if drive > 1e-4:
                wl, wr = _driven(wl, drive), _driven(wr, drive)
            ring_l[at & mask], ring_r[at & mask] = wl, wr
            peak = max(abs(xl), abs(xr))
            env += (attack if peak > env else release) * (peak - env)
            wet = (c7 + s7 * now) * (1 - (c11 + s11 * now) * min(1.0, 10 * env))
            dry = c6 + s6 * now
            left[done + i] = np.float32(dry * xl + wet * bl)
            right[done + i] = np.float32(dry * xr + wet * br)
        z[_SHARE], z[_ENVELOPE] = share, env
        z[_LOW_L], z[_LOW_R], z[_HIGH_L], z[_HIGH_R] = low_l, low_r, high_l, high_r
        z[_TIME] = time + n
        z[_INTO] = (into + n) % CELL
        done += n
