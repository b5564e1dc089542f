"""Play recorded audio at any speed: one voice that blends two recordings of a note."""

from __future__ import annotations

from instruments.kernels.compiled import kernel
from instruments.kernels.tone import part

POSITION, STEP, GAIN_A, GAIN_B, FADE, FADE_STEP, LEVEL = range(7)
FIELDS = 7


@part
def _at(audio, row, position):  # type: ignore[no-untyped-def]
    """The value between samples, by Catmull and Rom's cubic: exact on the samples; beyond the ends is silence."""
    i = int(position)
    x = position - i
    n = audio.shape[1]
    b = audio[row, i] if i < n else 0.0
    if x == 0.0:
        return b
    a = audio[row, i - 1] if 0 < i <= n else 0.0
    c = audio[row, i + 1] if i + 1 < n else 0.0
    d = audio[row, i + 2] if i + 2 < n else 0.0
    return b + 0.5 * x * (c - a + x * (2.0 * a - 5.0 * b + 4.0 * c - d + x * (3.0 * (b - c) + d - a)))


@kernel("void(float64[::1], float32[:,::1], float32[:,::1], float32[:,::1], int64, int64, float64, float64, float64)")
def play(voice, a, b, out, start, stop, bend, goal, glide):  # type: ignore[no-untyped-def]
    """Add a voice to out[:, start:stop].

    a, b: recordings of shape (1 or 2, n), which sound with voice[GAIN_A] and voice[GAIN_B]
    voice[POSITION]: in their samples, going on by voice[STEP] * bend each frame
    voice[FADE]: 1 while the key is held, then falling by voice[FADE_STEP] each frame to 0; heard squared
    voice[LEVEL]: the channel's volume, moving to `goal` by at most `glide` each frame
    """
    position, step = voice[POSITION], voice[STEP] * bend
    gain_a, gain_b, fade, fall, level = voice[GAIN_A], voice[GAIN_B], voice[FADE], voice[FADE_STEP], voice[LEVEL]
    right_a, right_b = a.shape[0] - 1, b.shape[0] - 1
    end = max(a.shape[1], b.shape[1])
    for i in range(start, stop):
        if position >= end or fade <= 0.0:
            fade = 0.0
            break
        heard = fade * fade * level
        left = gain_a * _at(a, 0, position) + gain_b * _at(b, 0, position)
        right = left
        if right_a + right_b > 0:
            right = gain_a * _at(a, right_a, position) + gain_b * _at(b, right_b, position)
        out[0, i] += heard * left
        out[1, i] += heard * right
        position += step
        fade -= fall
        level += min(max(goal - level, -glide), glide)
    voice[POSITION], voice[FADE], voice[LEVEL] = position, fade, level
