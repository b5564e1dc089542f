"""The modes that a stroke excites: of a table of partials, or of a stiff string."""

from __future__ import annotations

import math

from instruments.kernels import layout as at
from instruments.kernels.modes import set_mode, tune
from instruments.kernels.tone import decibels, octaves, part, stepped, uniform

_LN60 = 6.907755278982137  # ln(1000): 60 dB


@part
def _table(p, x, key, n):  # type: ignore[no-untyped-def]
    """Level of harmonic n in dB, between the tables of the keys around."""
    last = at.PARTIALS + int(p[at.P_M_TABLES]) - 1
    i = at.PARTIALS
    while i < last and x[i + 1, 0] < key:
        i += 1
    if i == last or key <= x[i, 0]:
        return x[i, n]
    part = (key - x[i, 0]) / (x[i + 1, 0] - x[i, 0])
    return x[i, n] + part * (x[i + 1, n] - x[i, n])


@part
def strike(p, x, voice, modes, rng):  # type: ignore[no-untyped-def]
    """Fill a voice's modes: a table of partials, or a stiff string (Fletcher and Rossing's B, comb of the pick point).

    A string's partial n lies at n f0 sqrt(1 + B n^2); its loss rises with frequency; each is doubled by a weaker one
    of slower decay, slightly detuned and panned the other way: the second polarisation, which makes beats and the
    two slopes of a piano's decay (Weinreich 1977).
    """
    rate, f0, octave = p[at.P_RATE], voice[at.V_HZ], voice[at.V_OCT]
    bright = math.log(voice[at.V_VELOCITY] / 90.0)
    count = 0
    for k in range(int(p[at.P_PARTIALS])):
        hz = f0 * x[k, 0]
        if hz < 0.45 * rate and count < at.MODES:
            rng = stepped(rng)
            level = x[k, 1] * decibels(p[at.P_M_RAND] * uniform(rng))
            if k > 0:
                level *= decibels(p[at.P_M_UPPER] * octave) * math.exp(p[at.P_BRIGHT] * bright)
            side = p[at.P_M_WIDTH] * (1 - 2 * (k & 1))
            set_mode(modes, count, hz, rate, level, x[k, 2] * octaves(-p[at.P_M_KEY] * octave), 1 + side, 1 - side, 0.0)
            count += 1
    if p[at.P_M_COUNT] > 0:
        stiff = p[at.P_M_B] * octaves(p[at.P_M_BKEY] * octave)
        lp = p[at.P_M_LP] * octaves(p[at.P_M_LPKEY] * octave) * math.exp(p[at.P_BRIGHT] * bright)
        slow = 1.0 / (p[at.P_M_T60] * octaves(-p[at.P_M_TKEY] * octave))
        loss = p[at.P_M_LOSS] * octaves(p[at.P_M_LOSSKEY] * octave)
        beyond = 1.0
        for n in range(1, int(p[at.P_M_COUNT]) + 1):
            hz = n * f0 * math.sqrt((1 + stiff * n * n) / (1 + stiff))
            if hz > 0.42 * rate or count + 2 > at.MODES:
                break
            y = hz / lp
            level = math.exp(-p[at.P_M_LPPOLES] * 0.5 * math.log(1 + y * y)) * decibels(-p[at.P_M_TILT] * math.log2(n))
            level *= 0.06 + abs(math.sin(math.pi * n * p[at.P_M_PICK]))
            if p[at.P_M_HP] > 0:
                y = hz / p[at.P_M_HP]
                level *= y * y / math.sqrt(1 + y * y * y * y)
            t60 = 1.0 / (slow + loss * hz * hz * 1e-6 + 0.12 * math.sqrt(hz * 1e-3))
            if p[at.P_M_TABLES] > 0:
                # Measured partials; what velocity adds, and what lies beyond them, follows the exciter's low-pass.
                if n <= at.HARMONICS:
                    y = hz / (p[at.P_M_LP] * octaves(p[at.P_M_LPKEY] * octave))
                    early = math.exp(min(0.3 * _LN60 / t60, 1.7))  # they were measured 0.3 s after the onset
                    beyond = decibels(_table(p, x, voice[at.V_KEY], n) + p[at.P_M_TILT] * math.log2(n)) * early
                    beyond *= math.exp(p[at.P_M_LPPOLES] * 0.5 * math.log(1 + y * y))
                    y = hz / lp
                    level = math.exp(-p[at.P_M_LPPOLES] * 0.5 * math.log(1 + y * y))
                    level *= decibels(-p[at.P_M_TILT] * math.log2(n))
                level *= beyond
            # A harder stroke lifts each octave of partials a little more, besides opening the low-pass.
            level *= math.exp(0.5 * p[at.P_BRIGHT] * bright * math.log2(n))
            rng = stepped(rng)
            level *= decibels(p[at.P_M_RAND] * uniform(rng))
            if level < 1e-4 and n > 4:
                continue
            rng = stepped(rng)
            side = p[at.P_M_WIDTH] * (0.75 + 0.25 * uniform(rng)) * (1 - 2 * (n & 1))
            rng = stepped(rng)
            beat = p[at.P_M_BEAT] * (1 + 0.5 * uniform(rng)) * math.sqrt(n) if p[at.P_M_SECOND] > 0 else 0.0
            set_mode(modes, count, hz - 0.4 * beat, rate, level, t60, 1 + side, 1 - side, 0.0)
            count += 1
            if p[at.P_M_SECOND] > 0:
                slow_t60, quiet = t60 * p[at.P_M_SECOND_T], level * p[at.P_M_SECOND]
                set_mode(modes, count, hz + 0.6 * beat, rate, quiet, slow_t60, 1 - 2 * side, 1 + 2 * side, 0.0)
                count += 1
    padded = min(at.MODES, (count + 7) // 8 * 8)  # whole vectors
    for m in range(count, padded):
        set_mode(modes, m, 100.0, rate, 0.0, 1.0, 1.0, 1.0, 0.0)
        modes[at.M_RE, m] = 0
    voice[at.V_MODES] = padded
    tune(modes, padded, 1.0)
    return rng
