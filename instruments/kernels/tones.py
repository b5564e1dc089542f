"""What a voice of modes adds between two grid points: noise and filter; and what all voices share."""

from __future__ import annotations

import math

from instruments.kernels import layout as at
from instruments.kernels.tone import TINY, part, stepped, uniform


@part
def filter_voice(p, voice, w, n):  # type: ignore[no-untyped-def]
    """One or two TPT state-variable filters in series (Zavalishin 2018); g moves in a straight line."""
    damp = 1.0 / p[at.P_Q]
    g0, dg = voice[at.V_G], voice[at.V_DG]
    kind = int(p[at.P_FILTER])
    for stage in range(int(p[at.P_STAGES])):
        k = damp if stage == 0 else 1.0 / 0.7
        for i in range(n):
            g = g0 + i * dg
            w[3, i] = 1.0 / (1.0 + g * (g + k))
        for side in range(2):
            z = at.V_F + 4 * stage + 2 * side
            s1, s2 = voice[z], voice[z + 1]
            for i in range(n):
                g = g0 + i * dg
                x = w[side, i]
                band = (g * (x - s2) + s1) * w[3, i]
                low = s2 + g * band
                s1 = 2 * band - s1 + TINY
                s2 = 2 * low - s2 + TINY
                if kind == 1:
                    w[side, i] = low
                elif kind == 2:
                    w[side, i] = k * band
                elif kind == 3:
                    w[side, i] = x - k * band - low
                else:
                    w[side, i] = x - k * band
            voice[z], voice[z + 1] = s1, s2
    voice[at.V_G] = g0 + n * dg


@part
def add_noise(p, voice, r, i, w, n):  # type: ignore[no-untyped-def]
    """Breath (as loud as the tone's envelope) and click (its own decay) as band-passed noise, added to the voice."""
    rng = r[i]
    if p[at.P_NOISE] > 0:
        g, k = voice[at.V_NOISE_G], 1.0 / p[at.P_NOISE_Q]
        a = 1.0 / (1.0 + g * (g + k))
        s1, s2, level, step = voice[at.V_N1], voice[at.V_N2], voice[at.V_NOISE], voice[at.V_DNOISE]
        for j in range(n):
            rng = stepped(rng)
            band = (g * (uniform(rng) * 1.7320508 - s2) + s1) * a
            low = s2 + g * band
            s1 = 2 * band - s1
            s2 = 2 * low - s2
            y = k * band * (level + j * step)
            for side in range(2):
                w[side, j] += y
        voice[at.V_N1], voice[at.V_N2], voice[at.V_NOISE] = s1, s2, level + n * step
    if voice[at.V_CLICK] > 0:
        g, k = voice[at.V_CLICK_G], 1.0 / p[at.P_CLICK_Q]
        a = 1.0 / (1.0 + g * (g + k))
        s1, s2, level = voice[at.V_C1], voice[at.V_C2], voice[at.V_CLICK]
        fall = math.exp(-1.0 / (p[at.P_CLICK_TAU] * p[at.P_RATE]))
        for j in range(n):
            rng = stepped(rng)
            band = (g * (uniform(rng) * 1.7320508 - s2) + s1) * a
            low = s2 + g * band
            s1 = 2 * band - s1
            s2 = 2 * low - s2
            y = k * band * level
            level *= fall
            for side in range(2):
                w[side, j] += y
        voice[at.V_C1], voice[at.V_C2], voice[at.V_CLICK] = s1, s2, level
    r[i] = rng


@part
def shape_sum(biquads, tremolo, g, eq, eqs, acc, n):  # type: ignore[no-untyped-def]
    """What the whole instrument shares: body equaliser (biquads, transposed direct form II) and tremolo."""
    for b in range(biquads):
        b0, b1, b2, a1, a2 = eq[b, 0], eq[b, 1], eq[b, 2], eq[b, 3], eq[b, 4]
        l1, l2, r1, r2 = eqs[b, 0], eqs[b, 1], eqs[b, 2], eqs[b, 3]
        for i in range(n):
            x = acc[0, i]
            y = b0 * x + l1
            l1 = b1 * x - a1 * y + l2 + TINY
            l2 = b2 * x - a2 * y
            acc[0, i] = y
            x = acc[1, i]
            y = b0 * x + r1
            r1 = b1 * x - a1 * y + r2 + TINY
            r2 = b2 * x - a2 * y
            acc[1, i] = y
        eqs[b, 0], eqs[b, 1], eqs[b, 2], eqs[b, 3] = l1, l2, r1, r2
    if tremolo:
        for i in range(n):
            acc[0, i] *= g[at.G_TREM_L] + i * g[at.G_DTREM_L]
            acc[1, i] *= g[at.G_TREM_R] + i * g[at.G_DTREM_R]
        g[at.G_TREM_L] += n * g[at.G_DTREM_L]
        g[at.G_TREM_R] += n * g[at.G_DTREM_R]
