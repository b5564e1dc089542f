"""The drum kit's hits: swept sine modes, bands of noise and metal, shimmering cymbal modes; chokes and repetition.

Every decay is a product from sample to sample, so that a hit does not depend on how time is cut into blocks. No two
hits are equal: levels, frequencies and decays vary by a few percent, drawn from a counter of hits.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from instruments.kernels.compiled import kernel
from instruments.kernels.layout import (
    B_HIGH, B_HZ, B_LEVEL, B_Q, B_T60, D_ATTACK, D_BURST_GAP, D_BURST_TAU, D_BURSTS, D_CHOKE, D_DECAY_VEL, D_DRIVE,
    D_GROUP, D_HOLD, D_LEVEL, D_LP, D_METAL, D_NOISE_ATTACK, D_OVERLAP, D_PAN, D_SHARE, D_SHIMMER, D_SHIMMER_HIGH,
    D_SHIMMER_KEY, D_SHIMMER_LEVEL, D_SHIMMER_LOW, D_SHIMMER_T60, D_SHIMMER_TILT, D_SNAP, D_SWEEP, D_SWEEP2, D_TAIL_TAU,
    D_TAU, D_TAU2, D_VARY, D_VELOCITY, D_WIDTH, DRUM_BANDS, DRUM_MODES, E_KIND, E_NUMBER, E_OFFSET, E_VALUE, GRID,
    H_AGE, H_BURST, H_END, H_FADE, H_HOLD, H_KFADE, H_LEFT, H_LP, H_MODES, H_ORDER, H_PIECE, H_RIGHT, H_SWEEP, H_SWEEP2,
    H_THETA, H_TURN, HB_AMP, HB_FALL, HB_G, HB_K, HB_S1, HB_S2, HM_AMP, HM_FALL, HM_HZ, HM_PHASE,
)
from instruments.kernels.modes import flushed, resonate, set_mode, tune
from instruments.kernels.tone import FAST, TINY, decibels, octaves, saw, seeded, sine, stepped, uniform, warped

_LN60 = 6.907755278982137
_FREE = -1.0
_METAL = np.array([205.3, 304.4, 369.6, 522.7, 540.0, 800.0])  # the TR-808's six squares (Werner, Abel and Smith 2014)


@njit(fastmath=FAST)
def _fade(hit, tau_s, rate):  # type: ignore[no-untyped-def]
    hit[H_KFADE] = min(hit[H_KFADE], math.exp(-1.0 / (tau_s * rate)))


@njit(fastmath=FAST)
def _slot(d, h, piece, rate):  # type: ignore[no-untyped-def]
    """A free hit. Chokes the piece's group, thins out older hits of the piece, lets the oldest go if all are used."""
    group = d[piece, D_GROUP]
    same, used = 0, 0
    for i in range(len(h)):
        other = int(h[i, H_PIECE])
        if other < 0:
            continue
        used += 1
        if group > 0 and d[other, D_GROUP] == group:
            _fade(h[i], d[other, D_CHOKE], rate)
        elif other == piece and h[i, H_KFADE] == 1.0:
            same += 1
    oldest, order = 0, 1e300
    while same >= d[piece, D_OVERLAP] or used >= len(h) - 4:
        oldest, order = -1, 1e300
        for i in range(len(h)):
            running = h[i, H_PIECE] >= 0 and h[i, H_KFADE] == 1.0
            if running and (used >= len(h) - 4 or h[i, H_PIECE] == piece) and h[i, H_ORDER] < order:
                oldest, order = i, h[i, H_ORDER]
        if oldest < 0:
            break
        _fade(h[oldest], 0.06 if used < len(h) - 4 else 0.004, rate)
        same -= 1
        used -= 1
    best, score = 0, 1e300
    for i in range(len(h)):
        if h[i, H_PIECE] < 0:
            return i
        if h[i, H_FADE] < score:
            best, score = i, h[i, H_FADE]
    return best


@njit(fastmath=FAST)
def _hit(d, dm, db, h, hm, hb, m, r, piece, velocity, rate):  # type: ignore[no-untyped-def]
    i = _slot(d, h, piece, rate)
    row, hit = d[piece], h[i]
    r[-1] += np.uint64(1)
    rng = seeded(r[-1])
    vary = row[D_VARY]
    relative = math.log(min(max(velocity, 1.0), 127.0) / 90.0)
    hit[:] = 0.0
    hit[H_PIECE], hit[H_ORDER] = piece, np.float64(np.int64(r[-1]))
    rng = stepped(rng)
    level = row[D_LEVEL] * math.exp(row[D_VELOCITY] * relative) * decibels(0.7 * vary * uniform(rng))
    hit[H_LEFT] = level * math.cos((row[D_PAN] + 1) * math.pi / 4) * math.sqrt(2.0)
    hit[H_RIGHT] = level * math.sin((row[D_PAN] + 1) * math.pi / 4) * math.sqrt(2.0)
    hit[H_FADE], hit[H_KFADE] = 1.0, 1.0
    hit[H_SWEEP], hit[H_SWEEP2] = row[D_SWEEP] * math.exp(0.35 * relative), row[D_SWEEP2]
    hit[H_HOLD] = row[D_HOLD] * rate
    shorter = math.exp(row[D_DECAY_VEL] * relative)
    longest = 0.02
    ghost = 0.5 if velocity < 40 and row[D_SNAP] > 0 else 1.0  # a ghost note buzzes: its modes lose 6 dB more
    for k in range(DRUM_MODES):
        hm[i, k, HM_AMP] = 0.0
        if dm[piece, k, 1] <= 0:
            continue
        rng = stepped(rng)
        hm[i, k, HM_HZ] = dm[piece, k, 0] * (1 + 0.003 * vary * uniform(rng))
        rng = stepped(rng)
        hm[i, k, HM_AMP] = dm[piece, k, 1] * decibels(1.5 * vary * uniform(rng)) * ghost
        rng = stepped(rng)
        t60 = dm[piece, k, 2] * (1 + 0.08 * vary * uniform(rng)) * shorter
        hm[i, k, HM_FALL] = math.exp(-_LN60 / (t60 * rate))
        hm[i, k, HM_PHASE] = 0.0
        longest = max(longest, t60)
    for k in range(DRUM_BANDS):
        hb[i, k, HB_AMP] = 0.0
        if db[piece, k, B_LEVEL] <= 0:
            continue
        rng = stepped(rng)
        hz = db[piece, k, B_HZ] * (1 + 0.04 * vary * uniform(rng)) * math.exp(0.12 * relative)
        rng = stepped(rng)
        amp = db[piece, k, B_LEVEL] * decibels(1.5 * vary * uniform(rng)) * math.exp(row[D_SNAP] * relative)
        rng = stepped(rng)
        t60 = db[piece, k, B_T60] * (1 + 0.08 * vary * uniform(rng)) * (0.6 if ghost < 1 else 1.0)
        hb[i, k, HB_G], hb[i, k, HB_K] = warped(hz, rate), 1.0 / db[piece, k, B_Q]
        hb[i, k, HB_AMP], hb[i, k, HB_FALL] = amp, math.exp(-_LN60 / (t60 * rate))
        hb[i, k, HB_S1], hb[i, k, HB_S2] = 0.0, 0.0
        longest = max(longest, t60)
    if row[D_BURSTS] > 0:
        longest = max(longest, row[D_BURSTS] * row[D_BURST_GAP] + 7.0 * row[D_TAIL_TAU])
    count = int(row[D_SHIMMER])
    for k in range(count):
        # Modes of a plate: even density in Hz, so uneven on a log scale (here a compromise that spends few of them).
        rng = stepped(rng)
        place = (k + 0.5 + 0.45 * uniform(seeded(np.uint64(1000 * piece + k)))) / count
        hz = row[D_SHIMMER_LOW] * math.exp(place * math.log(row[D_SHIMMER_HIGH] / row[D_SHIMMER_LOW]))
        amp = decibels(row[D_SHIMMER_TILT] * math.log2(hz / 3000.0) + 4.0 * uniform(rng))
        amp *= math.exp((row[D_SNAP] + 0.25 * math.log2(hz / 3000.0)) * relative)
        t60 = row[D_SHIMMER_T60] * octaves(-row[D_SHIMMER_KEY] * math.log2(hz / 3000.0))
        rng = stepped(rng)
        side = row[D_WIDTH] * uniform(seeded(np.uint64(7777 + 1000 * piece + k)))
        set_mode(m[i], k, hz, rate, row[D_SHIMMER_LEVEL] * amp, t60, 1 + side, 1 - side, math.pi * uniform(rng))
        longest = max(longest, min(t60, 2.5 * row[D_SHIMMER_T60]))
    hit[H_MODES] = count
    tune(m[i], count, 1.0)
    hit[H_END] = 1.5 * longest * rate
    r[i] = rng


@njit(fastmath=FAST)
def _event(d, dm, db, keys, h, hm, hb, m, r, event, rate):  # type: ignore[no-untyped-def]
    kind, number = int(event[E_KIND]), int(event[E_NUMBER])
    if kind == 1 and keys[number] >= 0:
        _hit(d, dm, db, h, hm, hb, m, r, keys[number], event[E_VALUE], rate)
    elif kind == 2 and number == 120:
        for i in range(len(h)):
            if h[i, H_PIECE] >= 0:
                _fade(h[i], 0.004, rate)


@njit(fastmath=FAST)
def _sing(row, hit, hm, w, n, rate):  # type: ignore[no-untyped-def]
    """Swept modes into w[0]. w[2] is the phase that all modes share, in frames of the unswept mode."""
    theta, e1, e2 = hit[H_THETA], hit[H_SWEEP], hit[H_SWEEP2]
    if e1 > 1e-4 or e2 > 1e-4:
        k1 = math.exp(-1.0 / (row[D_TAU] * rate))
        k2 = math.exp(-1.0 / (row[D_TAU2] * rate))
        for j in range(n):
            w[2, j] = theta
            theta += octaves(e1) + e2
            e1 *= k1
            e2 *= k2
        hit[H_SWEEP], hit[H_SWEEP2] = e1, e2
    else:
        for j in range(n):
            w[2, j] = theta + j
        theta += n
    hit[H_THETA] = theta
    still = int(min(max(hit[H_HOLD] - hit[H_AGE], 0.0), np.float64(n)))
    for k in range(DRUM_MODES):
        amp, fall = hm[k, HM_AMP], hm[k, HM_FALL]
        if amp < 1e-9:
            continue
        for j in range(n):
            w[3, j] = amp
            amp *= fall if j >= still else 1.0
        hm[k, HM_AMP] = amp
        f, phase = hm[k, HM_HZ] / rate, hm[k, HM_PHASE]
        for j in range(n):
            w[0, j] += w[3, j] * sine(f * w[2, j] + phase)
    if row[D_DRIVE] > 1:
        for j in range(n):
            w[0, j] = math.tanh(row[D_DRIVE] * w[0, j]) / row[D_DRIVE]


@njit(fastmath=FAST)
def _rattle(row, band, hit, hb, rng, w, n, rate):  # type: ignore[no-untyped-def]
    """Noise (with a share of metal) through the piece's bands, added to w[0]. w[2] is the source."""
    share = row[D_SHARE]
    for j in range(n):
        rng = stepped(rng)
        w[2, j] = (1 - share) * 1.7320508 * uniform(rng)
    if share > 0:
        turn = hit[H_TURN]
        for q in range(6):
            inc = _METAL[q] * row[D_METAL] / rate
            for j in range(n):
                u = (turn + j) * inc + 0.37 * q
                w[2, j] += share * 0.408 * (saw(u, inc) - saw(u + 0.5, inc))
        hit[H_TURN] = turn + n
    if row[D_BURSTS] > 0:
        # A clap: several hands, then the room.
        amp, gap = hit[H_BURST], row[D_BURST_GAP] * rate
        k1, k2 = math.exp(-1.0 / (row[D_BURST_TAU] * rate)), math.exp(-1.0 / (row[D_TAIL_TAU] * rate))
        last = int((row[D_BURSTS] - 1) * gap)
        for j in range(n):
            age = int(hit[H_AGE]) + j
            if age <= last and age % int(gap) == 0:
                amp = 1.0
            w[3, j] = amp
            amp *= k1 if age <= last else k2
        hit[H_BURST] = amp
    for b in range(DRUM_BANDS):
        amp = hb[b, HB_AMP]
        if amp < 1e-9:
            continue
        g, k, fall, s1, s2 = hb[b, HB_G], hb[b, HB_K], hb[b, HB_FALL], hb[b, HB_S1], hb[b, HB_S2]
        a = 1.0 / (1.0 + g * (g + k))
        high = band[b, B_HIGH] > 0
        burst = row[D_BURSTS] > 0
        for j in range(n):
            x = w[2, j]
            mid = (g * (x - s2) + s1) * a
            low = s2 + g * mid
            s1 = 2 * mid - s1 + TINY
            s2 = 2 * low - s2 + TINY
            y = x - k * mid - low if high else k * mid
            if burst:
                w[1, j] += amp * y * w[3, j]
            else:
                w[1, j] += amp * y
                amp *= fall
        hb[b, HB_AMP], hb[b, HB_S1], hb[b, HB_S2] = amp, s1, s2
    return rng


@kernel(
    "void(float64[:,::1], float64[:,:,::1], float64[:,:,::1], int64[::1], float64[:,::1], float64[:,:,::1],"
    " float64[:,:,::1], float32[:,:,::1], uint64[::1], float64[:,::1], int64, float32[:,::1], float64[:,::1],"
    " int64, int64, int64, float64, float64)"
)
def drum(d, dm, db, keys, h, hm, hb, m, r, events, n_events, out, w, start, stop, frame, rate, gain):  # type: ignore[no-untyped-def]
    """Overwrite out[:, start:stop]; `frame` is the absolute frame of out[:, 0]. Arrays as named in layout.py.

    d, dm, db: pieces, their modes (Hz, level, T60) and bands; keys: piece of each MIDI key or -1; h, hm, hb, m: hits;
    r: generators, the last the counter of hits; w: scratch, (8, GRID).
    """
    pos, e = start, 0
    while pos < stop:
        while e < n_events and events[e, E_OFFSET] <= pos:
            _event(d, dm, db, keys, h, hm, hb, m, r, events[e], rate)
            e += 1
        ahead = GRID - (frame + pos) % GRID
        end = min(stop, pos + ahead)
        if e < n_events:
            end = min(end, int(events[e, E_OFFSET]))
        n = end - pos
        for j in range(n):
            w[4, j] = 0.0
            w[5, j] = 0.0
        for i in range(len(h)):
            hit = h[i]
            if hit[H_PIECE] < 0:
                continue
            if ahead == GRID and (hit[H_AGE] > hit[H_END] or hit[H_FADE] < 1e-5):
                hit[H_PIECE] = _FREE
                continue
            piece = int(hit[H_PIECE])
            row = d[piece]
            for j in range(n):
                w[0, j] = 0.0
                w[1, j] = 0.0
                w[6, j] = 0.0
                w[7, j] = 0.0
            _sing(row, hit, hm[i], w, n, rate)
            r[i] = _rattle(row, db[piece], hit, hb[i], r[i], w, n, rate)
            count = int(hit[H_MODES])
            if count > 0:
                if ahead == GRID and ((frame + pos) // GRID) % 16 == 0:
                    count, _energy = flushed(m[i], count)
                    hit[H_MODES] = count
                resonate(m[i], count, w[6:], n)
            rise, noise_rise = row[D_ATTACK] * rate, row[D_NOISE_ATTACK] * rate
            age = hit[H_AGE]
            if age < rise or age < noise_rise:
                for j in range(n):
                    a = min(1.0, (age + j) / max(rise, 1.0))
                    b = min(1.0, (age + j) / max(noise_rise, 1.0))
                    w[0, j] *= a
                    w[1, j] *= a * b
                    w[6, j] *= a
                    w[7, j] *= a
            if row[D_LP] > 0:
                low, k = hit[H_LP], 1 - math.exp(-2 * math.pi * row[D_LP] / rate)
                for j in range(n):
                    low += k * (w[0, j] + w[1, j] - low) + TINY
                    w[0, j] = low
                    w[1, j] = 0.0
                hit[H_LP] = low
            fade, fall, left, right = hit[H_FADE], hit[H_KFADE], hit[H_LEFT], hit[H_RIGHT]
            for j in range(n):
                x = w[0, j] + w[1, j]
                w[4, j] += fade * left * (x + w[6, j])
                w[5, j] += fade * right * (x + w[7, j])
                fade *= fall
            hit[H_FADE] = fade
            hit[H_AGE] = age + n
        for j in range(n):
            out[0, pos + j] = w[4, j] * gain
            out[1, pos + j] = w[5, j] * gain
        pos = end
    while e < n_events:  # more events at one frame than a call takes
        _event(d, dm, db, keys, h, hm, hb, m, r, events[e], rate)
        e += 1
