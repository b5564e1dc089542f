"""A look-ahead limiter that holds true peaks: measured at four times the rate, gain smoothed without overshoot."""

from __future__ import annotations

import numpy as np

from instruments.kernels.compiled import kernel
from instruments.kernels.tone import part

PHASES, TAPS = 4, 16
CENTRE = TAPS // 2
"""Frames by which the interpolated points lag the newest sample."""

# clock: counter, deque head, deque size, frames that stay hot
# numbers: ceiling, release coefficient, envelope, running sum, hot threshold, least gain since it was read


@part
def _peak(history, at, taps):  # type: ignore[no-untyped-def]
    """The largest magnitude of both channels around the centre of the last TAPS samples, at PHASES times the rate."""
    top = 0.0
    for c in range(2):
        top = max(top, abs(history[c, at + TAPS - 1 - CENTRE]))
        for p in range(1, PHASES):
            s = 0.0
            for k in range(TAPS):
                s += taps[p, k] * history[c, at + k]
            top = max(top, abs(s))
    return top


@kernel(
    "void(float32[:,::1], float64[:,::1], float64[:,::1], float32[:,::1], float64[::1], int64[::1], float64[::1],"
    " int64[::1], float64[::1], int64)"
)
def limit(audio, taps, history, delay, box, deque_at, deque_value, clock, numbers, frames):  # type: ignore[no-untyped-def]
    """Change audio[:, :frames] in place; the sound comes len(box) - 1 + CENTRE frames later.

    taps: (PHASES, TAPS) interpolator, newest sample last; history: (2, 2 TAPS); delay: (2, latency); box: (look-ahead,)
    running mean; deque_*: (look-ahead + 2,) running minimum (Lemire 2006).
    """
    look, ring = len(box), len(deque_at)
    count, head, size, hot = clock[0], clock[1], clock[2], clock[3]
    ceiling, release, env, total, least = numbers[0], numbers[1], numbers[2], numbers[3], numbers[5]
    latency = delay.shape[1]
    for i in range(frames):
        at = count % TAPS
        loud = 0.0
        for c in range(2):
            x = np.float64(audio[c, i])
            history[c, at] = x
            history[c, at + TAPS] = x
            loud = max(loud, abs(x))
        if loud > numbers[4]:
            hot = TAPS + 1
        need = 1.0
        if hot > 0:
            hot -= 1
            peak = _peak(history, at + 1, taps) if at + 1 < TAPS else _peak(history, 0, taps)
            if peak > ceiling:
                need = ceiling / peak
        # Running minimum of what the last look + 1 frames need.
        while size > 0 and deque_value[(head + size - 1) % ring] >= need:
            size -= 1
        deque_at[(head + size) % ring], deque_value[(head + size) % ring] = count, need
        size += 1
        if deque_at[head] < count - look:
            head = (head + 1) % ring
            size -= 1
        low = deque_value[head]
        env = low if low < env else env + release * (low - env)
        if env > 0.9999999:
            env = 1.0
        spot = count % look
        total += env - box[spot]
        box[spot] = env
        gain = total / look
        least = min(least, gain)
        spot = count % latency
        for c in range(2):
            y = gain * delay[c, spot]
            delay[c, spot] = audio[c, i]
            audio[c, i] = np.float32(min(max(y, -ceiling), ceiling))
        count += 1
    clock[0], clock[1], clock[2], clock[3] = count, head, size, hot
    numbers[2], numbers[3], numbers[5] = env, total, least
