"""Stereo width."""

from __future__ import annotations

import numpy as np

from instruments.kernels.effect import effect_kernel, numbers, views
from instruments.kernels.tone import TINY


@effect_kernel
def width(audio, _key, stride, start, frames, coefs, slopes, state, _memory, _size, _skipped):  # type: ignore[no-untyped-def]
    """coefs: gain of the middle, gain of the side, crossover (one-pole, per frame) below which the side is dropped, and
    how much of that is done. state: the side's low part."""
    left, right = views(audio, stride, start, frames)
    c, s, z = numbers(coefs), numbers(slopes), numbers(state)
    middle, side, pole, mono = c[0], c[1], c[2], c[3]
    low = z[0]
    for i in range(frames):
        middle += s[0]
        side += s[1]
        pole += s[2]
        mono += s[3]
        m = 0.5 * middle * (left[i] + right[i])
        d = 0.5 * side * (left[i] - right[i])
        low += pole * (d - low) + TINY
        d -= mono * low
        left[i] = np.float32(m + d)
        right[i] = np.float32(m - d)
    z[0] = low
