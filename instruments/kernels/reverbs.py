"""A stereo room: early reflections, all-pass diffusion and a feedback delay network of eight lines (Jot 1991)."""

from __future__ import annotations

import numpy as np
from numba import njit

from instruments.kernels.compiled import kernel
from instruments.kernels.tone import FAST, TINY, sine

LINES = 8
TAPS = 8
DIFFUSERS = 3
MODULATED = 4
_GRID = 32
_T = np.float32(TINY)
_SPEEDS_HZ = np.array([0.31, 0.47, 0.61, 0.83])


@njit(fastmath=FAST)
def _diffused(ap, length, at, x):  # type: ignore[no-untyped-def]
    """One Schroeder all-pass, g 0.65."""
    i = at % length
    held = ap[i]
    y = held - np.float32(0.65) * x
    ap[i] = x + np.float32(0.65) * y + _T
    return y


@kernel(
    "void(float32[:,::1], float32[:,::1], float32[:,:,::1], float32[:,::1], int64[::1], int64[:,::1], float32[:,::1],"
    " int64[:,::1], float32[::1], float32[::1], float64[::1], float64[::1], int64[::1], int64, int64, float64)"
)
def reverberate(  # type: ignore[no-untyped-def]
    audio, pre, ap, lines, lengths, taps, tap_gains, ap_lengths, feedback, damping, state, levels, clock, frames,
    frame, rate,
):
    """Change audio[:, :frames] in place.

    pre: (2, power of two) pre-delay; ap: (2, DIFFUSERS, n); lines: (LINES, power of two); lengths: (LINES,) frames;
    taps: (2, TAPS + 1) frames of the early reflections, last the pre-delay of the network; feedback, damping: (LINES,);
    state: (LINES + 8,) one-poles; levels: wet, dry (current), wet, dry (goal), smoothing, early, high-pass, low-pass,
    modulation depth in frames; clock: (1,) frames so far.
    """
    pre_mask, mask = pre.shape[1] - 1, lines.shape[1] - 1
    wet, dry, step = levels[0], levels[1], levels[4]
    early_level, hp, lp, depth = levels[5], levels[6], levels[7], levels[8]
    at = clock[0]
    read = np.empty(LINES, np.float32)
    sway, dsway = np.zeros(MODULATED), np.zeros(MODULATED)
    drawn = np.int64(-1)
    for i in range(frames):
        cell = (frame + i) // _GRID
        if cell != drawn:
            drawn = cell
            for k in range(MODULATED):
                here = depth * (1 + sine(_SPEEDS_HZ[k] * (cell * _GRID / rate) + 0.25 * k))
                there = depth * (1 + sine(_SPEEDS_HZ[k] * ((cell + 1) * _GRID / rate) + 0.25 * k))
                dsway[k] = (there - here) / _GRID
                sway[k] = here + dsway[k] * ((frame + i) % _GRID)
        xl, xr = audio[0, i], audio[1, i]
        pre[0, at & pre_mask] = xl
        pre[1, at & pre_mask] = xr
        el, er = np.float32(0), np.float32(0)
        for k in range(TAPS):
            el += tap_gains[0, k] * pre[k & 1, (at - taps[0, k]) & pre_mask]
            er += tap_gains[1, k] * pre[1 - (k & 1), (at - taps[1, k]) & pre_mask]
        il, ir = pre[0, (at - taps[0, TAPS]) & pre_mask], pre[1, (at - taps[1, TAPS]) & pre_mask]
        for k in range(DIFFUSERS):
            il = _diffused(ap[0, k], ap_lengths[0, k], at, il)
            ir = _diffused(ap[1, k], ap_lengths[1, k], at, ir)
        total = np.float32(0)
        for k in range(LINES):
            if k < MODULATED:
                whole = int(sway[k])
                part = np.float32(sway[k] - whole)
                j = at - lengths[k] + 2 * int(depth) + 2 - whole
                tap = lines[k, j & mask] * (1 - part) + lines[k, (j - 1) & mask] * part
                sway[k] += dsway[k]
            else:
                tap = lines[k, (at - lengths[k]) & mask]
            low = np.float32(state[k]) + (tap - np.float32(state[k])) * (1 - damping[k]) + _T
            state[k] = low
            read[k] = low * feedback[k]
            total += read[k]
        total *= np.float32(2.0 / LINES)
        for k in range(LINES):
            lines[k, at & mask] = read[k] - total + (il if k & 1 == 0 else ir)
        wl = read[0] - read[2] + read[4] - read[6] + np.float32(0.5) * (read[1] - read[5])
        wr = read[1] - read[3] + read[5] - read[7] + np.float32(0.5) * (read[2] - read[6])
        wl = np.float32(0.35) * wl + np.float32(early_level) * el
        wr = np.float32(0.35) * wr + np.float32(early_level) * er
        # Return: high-pass 12 dB/oct as two one-poles, low-pass one-pole.
        yl, yr = np.float64(wl), np.float64(wr)
        for side in range(2):
            y = yl if side == 0 else yr
            b = LINES + 3 * side
            state[b] += hp * (y - state[b]) + TINY
            y -= state[b]
            state[b + 1] += hp * (y - state[b + 1]) + TINY
            y -= state[b + 1]
            state[b + 2] += lp * (y - state[b + 2]) + TINY
            y = state[b + 2]
            if side == 0:
                yl = y
            else:
                yr = y
        wet += step * (levels[2] - wet)
        dry += step * (levels[3] - dry)
        audio[0, i] = np.float32(dry * xl + wet * yl)
        audio[1, i] = np.float32(dry * xr + wet * yr)
        at += 1
    levels[0], levels[1] = wet, dry
    clock[0] = at
