"""The start of a hit: a free slot, chokes, and numbers that no other hit has.

No two hits are equal: levels, frequencies, decays and starts vary by a few percent, drawn from a counter of hits.
"""

from __future__ import annotations

import math

import numpy as np

from instruments.kernels import layout as at
from instruments.kernels.lanes import LANES
from instruments.kernels.modes import set_mode, tune
from instruments.kernels.tone import decibels, octaves, part, seeded, stepped, uniform, warped

_LN60 = 6.907755278982137


@part
def fade(hit, tau_s, rate):  # type: ignore[no-untyped-def]
    """Let a hit go, with a time constant."""
    hit[at.H_KFADE] = min(hit[at.H_KFADE], math.exp(-1.0 / (tau_s * rate)))


@part
def _slot(d, h, piece, rate):  # type: ignore[no-untyped-def]
    """A free hit. Chokes the piece's group, thins out older hits of the piece, lets the oldest go if all are used."""
    group = d[piece, at.D_GROUP]
    same, used = 0, 0
    for i in range(len(h)):
        other = int(h[i, at.H_PIECE])
        if other < 0:
            continue
        used += 1
        if group > 0 and d[other, at.D_GROUP] == group:
            fade(h[i], d[other, at.D_CHOKE], rate)
        elif other == piece and h[i, at.H_KFADE] == 1.0:
            same += 1
    oldest, order = 0, 1e300
    while same >= d[piece, at.D_OVERLAP] or used >= len(h) - 4:
        oldest, order = -1, 1e300
        for i in range(len(h)):
            running = h[i, at.H_PIECE] >= 0 and h[i, at.H_KFADE] == 1.0
            if running and (used >= len(h) - 4 or h[i, at.H_PIECE] == piece) and h[i, at.H_ORDER] < order:
                oldest, order = i, h[i, at.H_ORDER]
        if oldest < 0:
            break
        fade(h[oldest], 0.03 if used < len(h) - 4 else 0.004, rate)
        same -= 1
        used -= 1
    best, score = 0, 1e300
    for i in range(len(h)):
        if h[i, at.H_PIECE] < 0:
            return i
        if h[i, at.H_FADE] < score:
            best, score = i, h[i, at.H_FADE]
    return best


@part
def start_hit(d, dm, db, h, hm, hb, m, r, piece, velocity, rate):  # type: ignore[no-untyped-def]
    i = _slot(d, h, piece, rate)
    row, hit, band = d[piece], h[i], hb[i]
    r[-1] += np.uint64(1)
    rng = seeded(r[-1])
    vary = row[at.D_VARY]
    relative = math.log(min(max(velocity, 1.0), 127.0) / 90.0)
    hit[:] = 0.0
    hit[at.H_PIECE], hit[at.H_ORDER] = piece, np.float64(np.int64(r[-1]))
    rng = stepped(rng)
    level = row[at.D_LEVEL] * math.exp(row[at.D_VELOCITY] * relative) * decibels(0.7 * min(vary, 1.0) * uniform(rng))
    hit[at.H_LEFT] = level * math.cos((row[at.D_PAN] + 1) * math.pi / 4) * math.sqrt(2.0)
    hit[at.H_RIGHT] = level * math.sin((row[at.D_PAN] + 1) * math.pi / 4) * math.sqrt(2.0)
    hit[at.H_FADE], hit[at.H_KFADE] = 1.0, 1.0
    hit[at.H_SWEEP], hit[at.H_SWEEP2] = row[at.D_SWEEP] * math.exp(0.35 * relative), row[at.D_SWEEP2]
    hit[at.H_HOLD] = row[at.D_HOLD] * rate
    shorter = math.exp(row[at.D_DECAY_VEL] * relative)
    tilt = row[at.D_TILT] * relative
    rng = stepped(rng)
    hit[at.H_LATE] = max(0.0, 0.5e-3 * rate * min(vary, 1.0) * uniform(rng))
    rng = stepped(rng)
    hit[at.H_GAP] = row[at.D_BURST_GAP] * rate * (1 + 0.06 * vary * uniform(rng))
    longest = 0.02
    ghost = 0.5 if velocity < 40 and row[at.D_SNAP] > 0 else 1.0  # a ghost note buzzes: its modes lose 6 dB more
    plain = row[at.D_SWEEP] == 0 and row[at.D_SWEEP2] == 0 and row[at.D_HOLD] == 0 and row[at.D_DRIVE] == 0
    count = 0
    for k in range(at.DRUM_MODES):
        hm[i, k, at.HM_AMP] = 0.0
        if dm[piece, k, 1] <= 0:
            continue
        rng = stepped(rng)
        hm[i, k, at.HM_HZ] = dm[piece, k, 0] * (1 + 0.003 * vary * uniform(rng))
        rng = stepped(rng)
        hm[i, k, at.HM_AMP] = dm[piece, k, 1] * decibels(1.5 * vary * uniform(rng)) * ghost
        hm[i, k, at.HM_AMP] *= math.exp(tilt * math.log2(dm[piece, k, 0] / row[at.D_CENTRE]))
        rng = stepped(rng)
        t60 = dm[piece, k, 2] * (1 + 0.08 * vary * uniform(rng)) * shorter
        hm[i, k, at.HM_FALL] = math.exp(-_LN60 / (t60 * rate))
        hm[i, k, at.HM_PHASE] = 0.0
        if plain:  # such modes turn as phasors, at a tenth of the cost
            set_mode(m[i], count, hm[i, k, at.HM_HZ], rate, hm[i, k, at.HM_AMP], t60, 1.0, 1.0, 0.0)
            hm[i, k, at.HM_AMP] = 0.0
            count += 1
        else:
            hit[at.H_SINGS] = 1.0
        longest = max(longest, t60)
    for k in range(at.DRUM_BANDS):
        for line in range(at.HIT_BAND_ROWS):
            band[line * LANES + k] = np.float32(0)
        if db[piece, k, at.B_LEVEL] <= 0:
            continue
        rng = stepped(rng)
        hz = db[piece, k, at.B_HZ] * (1 + 0.04 * vary * uniform(rng)) * math.exp(0.12 * relative)
        rng = stepped(rng)
        amp = db[piece, k, at.B_LEVEL] * decibels(1.5 * vary * uniform(rng)) * math.exp(row[at.D_SNAP] * relative)
        amp *= math.exp(tilt * math.log2(hz / row[at.D_CENTRE]))
        rng = stepped(rng)
        t60 = db[piece, k, at.B_T60] * (1 + 0.08 * vary * uniform(rng)) * (0.6 if ghost < 1 else 1.0) * shorter
        g, damp = warped(hz, rate), 1.0 / db[piece, k, at.B_Q]
        band[at.HB_G * LANES + k], band[at.HB_A * LANES + k] = g, 1.0 / (1.0 + g * (g + damp))
        if db[piece, k, at.B_HIGH] > 0:
            band[at.HB_DRY * LANES + k], band[at.HB_LOW * LANES + k] = 1.0, -1.0
            damp = -damp
        band[at.HB_MID * LANES + k] = damp
        bursts = row[at.D_BURSTS] > 0  # their envelope is the claps'
        band[at.HB_AMP * LANES + k] = amp
        band[at.HB_FALL * LANES + k] = 1.0 if bursts else math.exp(-_LN60 / (t60 * rate))
        hit[at.H_RATTLES] = 1.0
        longest = max(longest, t60)
    if row[at.D_BURSTS] > 0:
        longest = max(longest, 1.1 * row[at.D_BURSTS] * row[at.D_BURST_GAP] + 7.0 * row[at.D_TAIL_TAU])
    shimmer = int(row[at.D_SHIMMER])
    for k in range(shimmer):
        # Modes of a plate: even density in Hz, so uneven on a log scale (here a compromise that spends few of them).
        rng = stepped(rng)
        place = (k + 0.5 + 0.45 * uniform(seeded(np.uint64(1000 * piece + k)))) / shimmer
        hz = row[at.D_SHIMMER_LOW] * math.exp(place * math.log(row[at.D_SHIMMER_HIGH] / row[at.D_SHIMMER_LOW]))
        amp = decibels(row[at.D_SHIMMER_TILT] * math.log2(hz / 3000.0) + 4.0 * uniform(rng))
        amp *= math.exp((row[at.D_SNAP] + 0.25 * math.log2(hz / 3000.0)) * relative)
        t60 = row[at.D_SHIMMER_T60] * min(1.5, octaves(-row[at.D_SHIMMER_KEY] * math.log2(hz / 3000.0))) * shorter
        rng = stepped(rng)
        side = row[at.D_WIDTH] * uniform(seeded(np.uint64(7777 + 1000 * piece + k)))
        set_mode(m[i], count, hz, rate, row[at.D_SHIMMER_LEVEL] * amp, t60, 1 + side, 1 - side, math.pi * uniform(rng))
        count += 1
        longest = max(longest, t60)
    tune(m[i], count, 1.0)
    while count % 8:  # whole vectors
        m[i, :, count] = 0
        count += 1
    hit[at.H_MODES] = count
    hit[at.H_END] = 1.5 * longest * rate
    r[i] = rng
