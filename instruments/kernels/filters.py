"""Filters and delays over whole stereo blocks: state-variable low-pass, tempo delay."""

from __future__ import annotations

import numpy as np

from instruments.kernels.compiled import kernel
from instruments.kernels.tone import TINY, warped


@kernel("void(float32[:,::1], float64[::1], float64[::1], int64, float64)")
def sweep(audio, numbers, states, frames, rate):  # type: ignore[no-untyped-def]
    """Two TPT state-variable low-passes in series over audio[:, :frames], in place; exact bypass when mix is 0.

    numbers: mix, log2 Hz, damping k (current), the same (goals), smoothing per frame; states: (8,).
    """
    if numbers[0] == 0.0 and numbers[3] == 0.0:
        return
    mix, octave, k = numbers[0], numbers[1], numbers[2]
    step = numbers[6]
    for i in range(frames):
        mix += step * (numbers[3] - mix)
        octave += step * (numbers[4] - octave)
        k += step * (numbers[5] - k)
        g = warped(np.exp(octave * 0.6931471805599453), rate)
        for c in range(2):
            x = np.float64(audio[c, i])
            y = x
            for stage in range(2):
                damp = k if stage == 0 else 1.4142135623730951
                at = 4 * c + 2 * stage
                band = (g * (y - states[at + 1]) + states[at]) / (1.0 + g * (g + damp))
                low = states[at + 1] + g * band
                states[at] = 2 * band - states[at] + TINY
                states[at + 1] = 2 * low - states[at + 1] + TINY
                y = low
            audio[c, i] = np.float32(x + mix * (y - x))
    if numbers[3] == 0.0 and mix < 1e-5:
        mix = 0.0
        states[:] = 0.0
    numbers[0], numbers[1], numbers[2] = mix, octave, k


@kernel("void(float32[:,::1], float32[:,::1], float64[::1], int64[::1], int64)")
def echo(audio, lines, numbers, clock, frames):  # type: ignore[no-untyped-def]
    """A stereo delay over audio[:, :frames], in place.

    lines: (2, power of two); numbers: delay left, right in frames (current), the same (goals), glide per frame,
    feedback, cross feed 0..1, wet, dry, low-pass and high-pass coefficients in the loop, then four states.
    """
    mask = lines.shape[1] - 1
    at = clock[0]
    dl, dr, glide = numbers[0], numbers[1], numbers[4]
    feedback, cross, wet, dry = numbers[5], numbers[6], numbers[7], numbers[8]
    lp, hp = numbers[9], numbers[10]
    for i in range(frames):
        dl += glide * (numbers[2] - dl)
        dr += glide * (numbers[3] - dr)
        if abs(numbers[2] - dl) < 1e-3:
            dl = numbers[2]
        if abs(numbers[3] - dr) < 1e-3:
            dr = numbers[3]
        wl, wr = int(dl), int(dr)
        fl, fr = dl - wl, dr - wr
        tl = lines[0, (at - wl) & mask] * (1 - fl) + lines[0, (at - wl - 1) & mask] * fl
        tr = lines[1, (at - wr) & mask] * (1 - fr) + lines[1, (at - wr - 1) & mask] * fr
        numbers[11] += lp * (tl - numbers[11]) + TINY
        numbers[12] += lp * (tr - numbers[12]) + TINY
        numbers[13] += hp * (numbers[11] - numbers[13]) + TINY
        numbers[14] += hp * (numbers[12] - numbers[14]) + TINY
        bl, br = numbers[11] - numbers[13], numbers[12] - numbers[14]
        xl, xr = np.float64(audio[0, i]), np.float64(audio[1, i])
        lines[0, at & mask] = np.float32((1 - cross) * xl + cross * 0.5 * (xl + xr)
                                         + feedback * ((1 - cross) * bl + cross * br))
        lines[1, at & mask] = np.float32((1 - cross) * xr + feedback * ((1 - cross) * br + cross * bl))
        audio[0, i] = np.float32(dry * xl + wet * tl)
        audio[1, i] = np.float32(dry * xr + wet * tr)
        at += 1
    numbers[0], numbers[1] = dl, dr
    clock[0] = at
