"""A stereo room: early reflections, all-pass diffusion and a feedback delay network of eight lines (Jot 1991).

Every delay is longer than a grid cell, so that a cell's worth of frames passes through each stage at a time.
"""

from __future__ import annotations

import numpy as np

from instruments.kernels.compiled import kernel
from instruments.kernels.tone import TINY, part, sine

LINES = 8
TAPS = 8
DIFFUSERS = 3
MODULATED = 4
SHORTEST = 48
"""Frames that no delay of a line or diffuser may undercut: a cell of the grid and what modulation takes off."""
_GRID = 32
_SPEEDS_HZ = np.array([0.31, 0.47, 0.61, 0.83])


@part
def _tap(ring, at, gain, out, n):  # type: ignore[no-untyped-def]
    """out[:n] += gain * ring from `at` on; the ring's length is a power of two."""
    start = at & (len(ring) - 1)
    first = min(n, len(ring) - start)
    for i in range(first):
        out[i] += gain * ring[start + i]
    for i in range(first, n):
        out[i] += gain * ring[i - first]


@part
def _put(ring, at, values, n):  # type: ignore[no-untyped-def]
    mask = len(ring) - 1
    for i in range(n):
        ring[(at + i) & mask] = values[i]


@part
def _diffuse(ring, at, length, x, held, n):  # type: ignore[no-untyped-def]
    """x[:n] through a Schroeder all-pass, g 0.65; `held` is scratch."""
    g = np.float32(0.65)
    for i in range(n):
        held[i] = 0
    _tap(ring, at - length, np.float32(1), held, n)
    mask = len(ring) - 1
    for i in range(n):
        y = held[i] - g * x[i]
        ring[(at + i) & mask] = x[i] + g * y + np.float32(TINY)
        x[i] = y


@kernel(
    "void(float32[:,::1], float32[:,::1], float32[:,:,::1], float32[:,::1], int64[::1], int64[:,::1], float32[:,::1],"
    " int64[:,::1], float32[::1], float32[::1], float32[::1], float64[::1], float64[::1], float32[:,::1],"
    " float32[:,::1], int64[::1], int64, int64, float64)"
)
def reverberate(  # type: ignore[no-untyped-def]
    audio, pre, ap, lines, lengths, taps, tap_gains, ap_lengths, feedback, damping, memory, state, levels, w, rows,
    clock, frames, frame, rate,
):
    """Change audio[:, :frames] in place.

    pre: (2, power of two) pre-delay; ap: (2, DIFFUSERS, power of two); lines: (LINES, power of two); lengths: (LINES,)
    frames; taps: (2, TAPS + 1) frames of the early reflections, last the pre-delay of the network; feedback, damping,
    memory: (LINES,) of the one-poles; state: (6,) of the return's filters; levels: wet, dry (current), wet, dry (goal),
    smoothing, early, high-pass, low-pass, modulation depth in frames; w: scratch (5, 32); rows: scratch (32, LINES);
    clock: (1,) frames so far.
    """
    mask = lines.shape[1] - 1
    wet, dry, step = levels[0], levels[1], levels[4]
    hp, lp, depth = levels[6], levels[7], levels[8]
    pos = 0
    while pos < frames:
        at = clock[0] + pos
        inside = (frame + pos) % _GRID
        n = min(frames - pos, _GRID - inside)
        _put(pre[0], at, audio[0, pos:], n)
        _put(pre[1], at, audio[1, pos:], n)
        for i in range(n):
            for k in range(4):
                w[k, i] = 0
        early = np.float32(levels[5])
        for k in range(TAPS):
            _tap(pre[k & 1], at - taps[0, k], early * tap_gains[0, k], w[0], n)
            _tap(pre[1 - (k & 1)], at - taps[1, k], early * tap_gains[1, k], w[1], n)
        for c in range(2):
            _tap(pre[c], at - taps[c, TAPS], np.float32(1), w[2 + c], n)
            for k in range(DIFFUSERS):
                _diffuse(ap[c, k], at, ap_lengths[c, k], w[2 + c], w[4], n)
        for k in range(LINES):
            if k < MODULATED:
                cell = (frame + pos) // _GRID
                here = depth * (1 + sine(_SPEEDS_HZ[k] * (cell * _GRID / rate) + 0.25 * k))
                there = depth * (1 + sine(_SPEEDS_HZ[k] * ((cell + 1) * _GRID / rate) + 0.25 * k))
                for i in range(n):
                    sway = here + (there - here) * (inside + i) / _GRID
                    whole = int(sway)
                    part = np.float32(sway - whole)
                    j = at + i - lengths[k] + int(depth) - whole
                    rows[i, k] = lines[k, j & mask] * (1 - part) + lines[k, (j - 1) & mask] * part
            else:
                for i in range(n):
                    rows[i, k] = lines[k, (at + i - lengths[k]) & mask]
        for i in range(n):
            total = np.float32(0)
            for k in range(LINES):
                low = memory[k] + (rows[i, k] - memory[k]) * (1 - damping[k]) + np.float32(TINY)
                memory[k] = low
                rows[i, k] = low * feedback[k]
                total += rows[i, k]
            total *= np.float32(2.0 / LINES)
            for k in range(LINES):
                lines[k, (at + i) & mask] = rows[i, k] - total + w[2 + (k & 1), i]
        for i in range(n):
            r = rows[i]
            left = r[0] - r[2] + r[4] - r[6] + np.float32(0.5) * (r[1] - r[5])
            right = r[1] - r[3] + r[5] - r[7] + np.float32(0.5) * (r[2] - r[6])
            # Return: high-pass 12 dB/oct as two one-poles, low-pass one-pole.
            yl = np.float64(np.float32(0.35) * left + w[0, i])
            yr = np.float64(np.float32(0.35) * right + w[1, i])
            state[0] += hp * (yl - state[0]) + TINY
            state[3] += hp * (yr - state[3]) + TINY
            yl -= state[0]
            yr -= state[3]
            state[1] += hp * (yl - state[1]) + TINY
            state[4] += hp * (yr - state[4]) + TINY
            state[2] += lp * (yl - state[1] - state[2]) + TINY
            state[5] += lp * (yr - state[4] - state[5]) + TINY
            wet += step * (levels[2] - wet)
            dry += step * (levels[3] - dry)
            audio[0, pos + i] = np.float32(dry * audio[0, pos + i] + wet * state[2])
            audio[1, pos + i] = np.float32(dry * audio[1, pos + i] + wet * state[5])
        pos += n
    levels[0], levels[1] = wet, dry
    clock[0] += frames
