"""The console: gains that glide, latency alignment, sum, send, meters."""

from __future__ import annotations

import numpy as np

from instruments.kernels.compiled import kernel


@kernel(
    "void(float32[:,:,::1], float32[:,:,::1], int64[::1], float64[:,::1], float64[:,::1], float64[:,::1],"
    " float32[:,::1], float32[:,::1], int64[::1], float64, int64)"
)
def mix(strips, delays, lags, gains, goals, peaks, out, send, clock, step, frames):  # type: ignore[no-untyped-def]
    """Overwrite out[:, :frames] and send[:, :frames] with the sums of strips[:, :, :frames].

    delays: (strips, 2, power of two) rings, lags: their lengths in frames; gains, goals: (strips, 3) left, right, send,
    gliding by `step` of the way each frame; peaks: (strips + 1, 2) raised to what passes; clock: (1,) frames so far.
    """
    mask = delays.shape[2] - 1
    for i in range(frames):
        out[0, i] = 0.0
        out[1, i] = 0.0
        send[0, i] = 0.0
        send[1, i] = 0.0
    for k in range(len(strips)):
        lag = lags[k]
        if lag > 0:
            for c in range(2):
                for i in range(frames):
                    at = clock[0] + i
                    delays[k, c, at & mask] = strips[k, c, i]
                    strips[k, c, i] = delays[k, c, (at - lag) & mask]
        left, right, wet = gains[k, 0], gains[k, 1], gains[k, 2]
        moving = left != goals[k, 0] or right != goals[k, 1] or wet != goals[k, 2]
        top_l, top_r = np.float32(0), np.float32(0)
        if not moving:
            gl, gr, gs = np.float32(left), np.float32(right), np.float32(wet)
            for i in range(frames):
                a, b = gl * strips[k, 0, i], gr * strips[k, 1, i]
                out[0, i] += a
                out[1, i] += b
                send[0, i] += gs * a
                send[1, i] += gs * b
                top_l = max(top_l, abs(a))
                top_r = max(top_r, abs(b))
        else:
            for i in range(frames):
                left += step * (goals[k, 0] - left)
                right += step * (goals[k, 1] - right)
                wet += step * (goals[k, 2] - wet)
                a, b = np.float32(left * strips[k, 0, i]), np.float32(right * strips[k, 1, i])
                out[0, i] += a
                out[1, i] += b
                send[0, i] += np.float32(wet * a)
                send[1, i] += np.float32(wet * b)
                top_l = max(top_l, abs(a))
                top_r = max(top_r, abs(b))
            gains[k, 0] = goals[k, 0] if abs(goals[k, 0] - left) < 1e-7 else left
            gains[k, 1] = goals[k, 1] if abs(goals[k, 1] - right) < 1e-7 else right
            gains[k, 2] = goals[k, 2] if abs(goals[k, 2] - wet) < 1e-7 else wet
        peaks[k, 0] = max(peaks[k, 0], np.float64(top_l))
        peaks[k, 1] = max(peaks[k, 1], np.float64(top_r))
    clock[0] += frames


@kernel("void(float32[:,::1], float32[:,::1], float64[::1], float64, int64)")
def add(audio, other, gain, step, frames):  # type: ignore[no-untyped-def]
    """audio = (audio + other) gain over [:, :frames]. gain: (2,) current, goal; glides by `step` of the way a frame."""
    level = gain[0]
    if level == gain[1]:
        same = np.float32(level)
        for c in range(2):
            for i in range(frames):
                audio[c, i] = (audio[c, i] + other[c, i]) * same
        return
    for i in range(frames):
        level += step * (gain[1] - level)
        audio[0, i] = np.float32((audio[0, i] + other[0, i]) * level)
        audio[1, i] = np.float32((audio[1, i] + other[1, i]) * level)
    gain[0] = gain[1] if abs(gain[1] - level) < 1e-7 else level
