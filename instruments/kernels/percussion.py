"""The drum kit's hits: swept sine modes, bands of noise and metal, shimmering cymbal modes; chokes and repetition.

Every decay is a product from sample to sample, so that a hit does not depend on how time is cut into blocks. No two
hits are equal: levels, frequencies and decays vary by a few percent, drawn from a counter of hits.
"""

from __future__ import annotations

import math

import numpy as np

from instruments.kernels import layout as at
from instruments.kernels.compiled import kernel
from instruments.kernels.modes import flushed, resonate, set_mode, tune
from instruments.kernels.tone import TINY, decibels, octaves, part, seeded, sine, square, stepped, uniform, warped

_LN60 = 6.907755278982137
_FREE = -1.0
_GONE = 1e-5
"""A mode or band this far down (-100 dB re full level) is put out, at a grid point."""
_METAL = np.array([205.3, 304.4, 369.6, 522.7, 540.0, 800.0])  # the TR-808's six squares (Werner, Abel and Smith 2014)


@part
def _fade(hit, tau_s, rate):  # type: ignore[no-untyped-def]
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
            _fade(h[i], d[other, at.D_CHOKE], rate)
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
        _fade(h[oldest], 0.03 if used < len(h) - 4 else 0.004, rate)
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
def _hit(d, dm, db, h, hm, hb, m, r, piece, velocity, rate):  # type: ignore[no-untyped-def]
    i = _slot(d, h, piece, rate)
    row, hit = d[piece], h[i]
    r[-1] += np.uint64(1)
    rng = seeded(r[-1])
    vary = row[at.D_VARY]
    relative = math.log(min(max(velocity, 1.0), 127.0) / 90.0)
    hit[:] = 0.0
    hit[at.H_PIECE], hit[at.H_ORDER] = piece, np.float64(np.int64(r[-1]))
    rng = stepped(rng)
    level = row[at.D_LEVEL] * math.exp(row[at.D_VELOCITY] * relative) * decibels(0.7 * vary * uniform(rng))
    hit[at.H_LEFT] = level * math.cos((row[at.D_PAN] + 1) * math.pi / 4) * math.sqrt(2.0)
    hit[at.H_RIGHT] = level * math.sin((row[at.D_PAN] + 1) * math.pi / 4) * math.sqrt(2.0)
    hit[at.H_FADE], hit[at.H_KFADE] = 1.0, 1.0
    hit[at.H_SWEEP], hit[at.H_SWEEP2] = row[at.D_SWEEP] * math.exp(0.35 * relative), row[at.D_SWEEP2]
    hit[at.H_HOLD] = row[at.D_HOLD] * rate
    shorter = math.exp(row[at.D_DECAY_VEL] * relative)
    tilt = row[at.D_TILT] * relative
    rng = stepped(rng)
    hit[at.H_LATE] = max(0.0, 0.5e-3 * rate * vary * uniform(rng))
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
        longest = max(longest, t60)
    for k in range(at.DRUM_BANDS):
        hb[i, :, k] = 0.0
        if db[piece, k, at.B_LEVEL] <= 0:
            continue
        rng = stepped(rng)
        hz = db[piece, k, at.B_HZ] * (1 + 0.04 * vary * uniform(rng)) * math.exp(0.12 * relative)
        rng = stepped(rng)
        amp = db[piece, k, at.B_LEVEL] * decibels(1.5 * vary * uniform(rng)) * math.exp(row[at.D_SNAP] * relative)
        amp *= math.exp(tilt * math.log2(hz / row[at.D_CENTRE]))
        rng = stepped(rng)
        t60 = db[piece, k, at.B_T60] * (1 + 0.08 * vary * uniform(rng)) * (0.6 if ghost < 1 else 1.0)
        g, damp = warped(hz, rate), 1.0 / db[piece, k, at.B_Q]
        hb[i, at.HB_G, k], hb[i, at.HB_A, k] = g, 1.0 / (1.0 + g * (g + damp))
        if db[piece, k, at.B_HIGH] > 0:
            hb[i, at.HB_DRY, k], hb[i, at.HB_MID, k], hb[i, at.HB_LOW, k] = 1.0, -damp, -1.0
        else:
            hb[i, at.HB_MID, k] = damp
        bursts = row[at.D_BURSTS] > 0  # their envelope is the claps'
        hb[i, at.HB_AMP, k], hb[i, at.HB_FALL, k] = amp, 1.0 if bursts else math.exp(-_LN60 / (t60 * rate))
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
        t60 = row[at.D_SHIMMER_T60] * min(1.5, octaves(-row[at.D_SHIMMER_KEY] * math.log2(hz / 3000.0)))
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


@part
def _event(d, dm, db, keys, h, hm, hb, m, r, event, rate):  # type: ignore[no-untyped-def]
    kind, number = int(event[at.E_KIND]), int(event[at.E_NUMBER])
    if kind == 1 and keys[number] >= 0:
        _hit(d, dm, db, h, hm, hb, m, r, keys[number], event[at.E_VALUE], rate)
    elif kind == 2 and number == 120:
        for i in range(len(h)):
            if h[i, at.H_PIECE] >= 0:
                _fade(h[i], 0.004, rate)


@part
def _sing(row, hit, hm, w, n, rate):  # type: ignore[no-untyped-def]
    """Swept modes into w[0]. w[2] is the phase that all modes share, in frames of the unswept mode."""
    theta, e1, e2 = hit[at.H_THETA], hit[at.H_SWEEP], hit[at.H_SWEEP2]
    if abs(e1) > 1e-9 or e2 > 1e-9:
        k1 = math.exp(-1.0 / (row[at.D_TAU] * rate))
        k2 = math.exp(-1.0 / (row[at.D_TAU2] * rate))
        if abs(e1) > 0.25:
            for j in range(n):
                w[2, j] = theta
                theta += octaves(e1) + e2
                e1 *= k1
                e2 *= k2
        else:  # 2 ** e1 by its series: error below 2e-6
            for j in range(n):
                w[2, j] = theta
                theta += 1 + e1 * (0.69314718 + e1 * (0.24022651 + e1 * (0.05550411 + e1 * 0.00961813))) + e2
                e1 *= k1
                e2 *= k2
        hit[at.H_SWEEP], hit[at.H_SWEEP2] = e1, e2
    else:
        for j in range(n):
            w[2, j] = theta + j
        theta += n
    hit[at.H_THETA] = theta
    still = int(min(max(hit[at.H_HOLD] - hit[at.H_AGE], 0.0), np.float64(n)))
    for k in range(at.DRUM_MODES):
        amp, fall = hm[k, at.HM_AMP], hm[k, at.HM_FALL]
        if amp == 0.0:
            continue
        for j in range(n):
            w[3, j] = amp
            amp *= fall if j >= still else 1.0
        hm[k, at.HM_AMP] = amp
        f, phase = hm[k, at.HM_HZ] / rate, hm[k, at.HM_PHASE]
        for j in range(n):
            w[0, j] += w[3, j] * sine(f * w[2, j] + phase)
    if row[at.D_DRIVE] > 1:
        for j in range(n):
            w[0, j] = math.tanh(row[at.D_DRIVE] * w[0, j]) / row[at.D_DRIVE]


@part
def _rattle(row, hit, hb, rng, w, n, rate):  # type: ignore[no-untyped-def]
    """Noise (with a share of metal) through the piece's bands, added to w[0]. w[2] is the source."""
    loudest = 0.0
    for b in range(at.DRUM_BANDS):
        loudest = max(loudest, hb[at.HB_AMP, b])
    if loudest == 0.0:
        return rng
    share = row[at.D_SHARE]
    for j in range(n):
        rng = stepped(rng)
        w[2, j] = (1 - share) * 1.7320508 * uniform(rng)
    if share > 0:
        turn = hit[at.H_TURN]
        for q in range(6):
            inc = _METAL[q] * row[at.D_METAL] / rate
            for j in range(n):
                u = (turn + j) * inc + 0.37 * q
                w[2, j] += share * 0.408 * square(u, inc)
        hit[at.H_TURN] = turn + n
    if row[at.D_BURSTS] > 0:
        # A clap: several hands, then the room.
        amp, gap = hit[at.H_BURST], hit[at.H_GAP]
        k1, k2 = math.exp(-1.0 / (row[at.D_BURST_TAU] * rate)), math.exp(-1.0 / (row[at.D_TAIL_TAU] * rate))
        last = int((row[at.D_BURSTS] - 1) * gap)
        for j in range(n):
            age = int(hit[at.H_AGE]) + j
            if age <= last and age % int(gap) == 0:
                hand = np.uint64(64 * np.int64(hit[at.H_ORDER]) + age // int(gap))
                amp = decibels(2.0 * row[at.D_VARY] * uniform(seeded(hand)))
            w[3, j] = amp
            amp *= k1 if age <= last else k2
        hit[at.H_BURST] = amp
    burst = row[at.D_BURSTS] > 0
    g, a, s1, s2 = hb[at.HB_G], hb[at.HB_A], hb[at.HB_S1], hb[at.HB_S2]
    dry, mid, deep = hb[at.HB_DRY], hb[at.HB_MID], hb[at.HB_LOW]
    amp, fall = hb[at.HB_AMP], hb[at.HB_FALL]
    for j in range(n):
        x, y = w[2, j], 0.0
        for b in range(at.DRUM_BANDS):  # side by side in the vector lanes: each is a chain of its own
            v = (g[b] * (x - s2[b]) + s1[b]) * a[b]
            low = s2[b] + g[b] * v
            s1[b] = 2 * v - s1[b] + TINY
            s2[b] = 2 * low - s2[b] + TINY
            y += amp[b] * (dry[b] * x + mid[b] * v + deep[b] * low)
            amp[b] *= fall[b]
        w[1, j] += y * w[3, j] if burst else y
    return rng


@part
def _over(hit, hm, hb, modes, look):  # type: ignore[no-untyped-def]
    """At a grid point: has the hit ended? Every eighth time it looks closely, and puts out what has died away."""
    if hit[at.H_AGE] > hit[at.H_END] or hit[at.H_FADE] < 1e-4:
        return True
    if not look or hit[at.H_AGE] < 2400:
        return False
    sounding = False
    for k in range(at.DRUM_MODES):
        if hm[k, at.HM_AMP] < _GONE:
            hm[k, at.HM_AMP] = 0.0
        else:
            sounding = True
    for b in range(at.DRUM_BANDS):
        if hb[at.HB_AMP, b] < _GONE:
            hb[at.HB_AMP, b] = 0.0
        else:
            sounding = True
    count, energy = flushed(modes, int(hit[at.H_MODES]))
    hit[at.H_MODES] = count
    return not sounding and energy < _GONE * _GONE


@kernel(
    "void(float64[:,::1], float64[:,:,::1], float64[:,:,::1], int64[::1], float64[:,::1], float64[:,:,::1],"
    " float64[:,:,::1], float32[:,:,::1], uint64[::1], float64[:,::1], int64, float32[:,::1], float64[:,::1],"
    " int64, int64, int64, float64, float64)"
)
def drum(d, dm, db, keys, h, hm, hb, m, r, events, n_events, out, w, start, stop, frame, rate, gain):  # type: ignore[no-untyped-def]
    """Overwrite out[:, start:stop]; `frame` is the absolute frame of out[:, 0]. Arrays as named in layout.py.

    d, dm, db: pieces, their modes (Hz, level, T60) and bands; keys: piece of each MIDI key or -1; h, hm, hb, m: hits;
    r: generators, the last the counter of hits; w: scratch, (8, at.GRID).
    """
    pos, e = start, 0
    while pos < stop:
        while e < n_events and events[e, at.E_OFFSET] <= pos:
            _event(d, dm, db, keys, h, hm, hb, m, r, events[e], rate)
            e += 1
        ahead = at.GRID - (frame + pos) % at.GRID
        end = min(stop, pos + ahead)
        if e < n_events:
            end = min(end, int(events[e, at.E_OFFSET]))
        n = end - pos
        for j in range(n):
            w[4, j] = 0.0
            w[5, j] = 0.0
        for i in range(len(h)):
            hit = h[i]
            if hit[at.H_PIECE] < 0:
                continue
            if ahead == at.GRID and _over(hit, hm[i], hb[i], m[i], ((frame + pos) // at.GRID) % 8 == 0):
                hit[at.H_PIECE] = _FREE
                continue
            piece = int(hit[at.H_PIECE])
            row = d[piece]
            for j in range(n):
                w[0, j] = 0.0
                w[1, j] = 0.0
                w[6, j] = 0.0
                w[7, j] = 0.0
            _sing(row, hit, hm[i], w, n, rate)
            r[i] = _rattle(row, hit, hb[i], r[i], w, n, rate)
            count = int(hit[at.H_MODES])
            if count > 0:
                resonate(m[i], count, w[6:], n)
            rise, noise_rise = row[at.D_ATTACK] * rate, row[at.D_NOISE_ATTACK] * rate
            age = hit[at.H_AGE]
            late = hit[at.H_LATE]  # noise and modes do not start together
            if age < rise or age < noise_rise or age < late:
                for j in range(n):
                    a = min(1.0, (age + j) / max(rise, 1.0))
                    b = min(1.0, (age + j) / max(noise_rise, 1.0)) if age + j >= late else 0.0
                    w[0, j] *= a
                    w[1, j] *= a * b
                    w[6, j] *= a
                    w[7, j] *= a
            if row[at.D_LP] > 0:
                low, k = hit[at.H_LP], 1 - math.exp(-2 * math.pi * row[at.D_LP] / rate)
                for j in range(n):
                    low += k * (w[0, j] + w[1, j] - low) + TINY
                    w[0, j] = low
                    w[1, j] = 0.0
                hit[at.H_LP] = low
            fade, fall, left, right = hit[at.H_FADE], hit[at.H_KFADE], hit[at.H_LEFT], hit[at.H_RIGHT]
            for j in range(n):
                x = w[0, j] + w[1, j]
                w[4, j] += fade * left * (x + w[6, j])
                w[5, j] += fade * right * (x + w[7, j])
                fade *= fall
            hit[at.H_FADE] = fade
            hit[at.H_AGE] = age + n
        for j in range(n):
            out[0, pos + j] = w[4, j] * gain
            out[1, pos + j] = w[5, j] * gain
        pos = end
    while e < n_events:  # more events at one frame than a call takes
        _event(d, dm, db, keys, h, hm, hb, m, r, events[e], rate)
        e += 1
