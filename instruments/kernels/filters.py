"""Filters and delays over whole stereo blocks: state-variable low-pass, tempo delay."""

from __future__ import annotations

import numpy as np

from instruments.kernels.compiled import kernel
from instruments.kernels.tone import TINY


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
