"""The drum kit's hits: swept sine modes, bands of noise and metal, shimmering cymbal modes; chokes and repetition.

Every decay is a product from sample to sample, and noise follows from a hit's age, so that a hit does not depend on how
time is cut into blocks.
"""

from __future__ import annotations

import math

import numpy as np

from instruments.kernels import layout as at
from instruments.kernels.compiled import kernel
from instruments.kernels.hits import fade, start_hit
from instruments.kernels.lane_arrays import fetch, put
from instruments.kernels.lanes import (
    LANES,
    UNIT,
    floor,
    larger,
    magnitude,
    scrambled,
    spread,
    spread_int,
    to_floats,
    total,
    with_sign,
)
from instruments.kernels.modes import flushed, resonate
from instruments.kernels.tone import TINY, decibels, octaves, part, seeded, sine, uniform

_FREE = -1.0
_GONE = 1e-5
"""A mode or band this far down (-100 dB re full level) is put out, at a grid point."""
_METAL = np.array([205.3, 304.4, 369.6, 522.7, 540.0, 800.0])  # the TR-808's six squares (Werner, Abel and Smith 2014)
_COUNT = np.arange(LANES, dtype=np.int32)


@part
def _event(d, dm, db, keys, h, hm, hb, m, r, event, rate):  # type: ignore[no-untyped-def]
    kind, number = int(event[at.E_KIND]), int(event[at.E_NUMBER])
    if kind == 1 and keys[number] >= 0:
        start_hit(d, dm, db, h, hm, hb, m, r, keys[number], event[at.E_VALUE], rate)
    elif kind == 2 and number == 120:
        for i in range(len(h)):
            if h[i, at.H_PIECE] >= 0:
                fade(h[i], 0.004, rate)


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
def _noise(row, hit, r, wf, n, rate):  # type: ignore[no-untyped-def]
    """White noise with a share of metal into wf[:n]: what the bands filter. Both follow from the hit's age alone."""
    share, age = row[at.D_SHARE], np.int64(hit[at.H_AGE])
    seed = np.int64(r >> np.uint64(33))
    loud = (1 - share) * 1.7320508 * 2.0**-31
    for j in range(0, n, LANES):
        x = scrambled(fetch(_COUNT, 0) + spread_int(seed + age + j))
        put(wf, j, to_floats(x) * loud)
    if share > 0:
        for q in range(6):
            dt = _METAL[q] * row[at.D_METAL] / rate
            step = np.int64(dt * 2.0**32)
            sharp = 0.5 / dt
            for j in range(0, n, LANES):
                phase = (fetch(_COUNT, 0) + spread_int(age + j)) * spread_int(step) + spread_int((q * 37) << 26)
                u = to_floats(phase) * UNIT
                w = 2.0 * u - floor(2.0 * u + 0.5)
                z = larger(1.0 - magnitude(w) * sharp, spread(0.0))  # polyBLEP of both edges shrinks a square by z^2
                put(wf, j, fetch(wf, j) + with_sign((1.0 - z * z) * (0.408 * share), u))


@part
def _burst(row, hit, w, n, rate):  # type: ignore[no-untyped-def]
    """The envelope of a clap or a scrape into w[3]: several hands, no two as loud, then the room."""
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


@part
def _rattle(band, wf, w, n, still):  # type: ignore[no-untyped-def]
    """wf through the hit's bands, added to w[1]: TPT filters (Zavalishin), one in each lane, as each is a chain.

    No band decays in the first `still` frames.
    """
    g, a = fetch(band, at.HB_G * LANES), fetch(band, at.HB_A * LANES)
    dry, mid, deep = fetch(band, at.HB_DRY * LANES), fetch(band, at.HB_MID * LANES), fetch(band, at.HB_LOW * LANES)
    amp, fall = fetch(band, at.HB_AMP * LANES), fetch(band, at.HB_FALL * LANES)
    s1, s2 = fetch(band, at.HB_S1 * LANES), fetch(band, at.HB_S2 * LANES)
    ga = g * a
    for j in range(n):
        x = spread(np.float64(wf[j]))
        v = s1 * a + (x - s2) * ga
        low = s2 + g * v
        s1 = 2.0 * v - s1 + TINY
        s2 = 2.0 * low - s2 + TINY
        w[1, j] += total(amp * (dry * x + mid * v + deep * low))
        if j >= still:
            amp = amp * fall
    put(band, at.HB_AMP * LANES, amp)
    put(band, at.HB_S1 * LANES, s1)
    put(band, at.HB_S2 * LANES, s2)


@part
def _over(hit, hm, band, modes, look):  # type: ignore[no-untyped-def]
    """At a grid point: has the hit ended? Every eighth time it looks closely, and puts out what has died away."""
    if hit[at.H_AGE] > hit[at.H_END] or hit[at.H_FADE] < 1e-4:
        return True
    if not look or hit[at.H_AGE] < 2400:
        return False
    sings, rattles = 0.0, 0.0
    for k in range(at.DRUM_MODES):
        if hm[k, at.HM_AMP] < _GONE:
            hm[k, at.HM_AMP] = 0.0
        else:
            sings = 1.0
    for b in range(at.DRUM_BANDS):
        if band[at.HB_AMP * LANES + b] < _GONE:
            band[at.HB_AMP * LANES + b] = np.float32(0)
        else:
            rattles = 1.0
    hit[at.H_SINGS], hit[at.H_RATTLES] = sings, rattles
    count, energy = flushed(modes, int(hit[at.H_MODES]))
    hit[at.H_MODES] = count
    return sings + rattles == 0.0 and energy < _GONE * _GONE


@kernel(
    "void(float64[:,::1], float64[:,:,::1], float64[:,:,::1], int64[::1], float64[:,::1], float64[:,:,::1],"
    " float32[:,::1], float32[:,:,::1], uint64[::1], float64[:,::1], int64, float32[:,::1], float64[:,::1],"
    " float32[::1], int64, int64, int64, float64, float64)"
)
def drum(d, dm, db, keys, h, hm, hb, m, r, events, n_events, out, w, wf, start, stop, frame, rate, gain):  # type: ignore[no-untyped-def]
    """Overwrite out[:, start:stop]; `frame` is the absolute frame of out[:, 0]. Arrays as named in layout.py.

    d, dm, db: pieces, their modes (Hz, level, T60) and bands; keys: piece of each MIDI key or -1; h, hm, hb, m: hits;
    r: generators, the last the counter of hits; w, wf: scratch, (8, at.GRID) and at.GRID.
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
            if hit[at.H_SINGS] > 0:
                _sing(row, hit, hm[i], w, n, rate)
            if hit[at.H_RATTLES] > 0:
                _noise(row, hit, r[i], wf, n, rate)
                rise = row[at.D_NOISE_ATTACK] * rate  # a shaken thing swells, then stops
                _rattle(hb[i], wf, w, n, int(min(max(rise - hit[at.H_AGE], 0.0), np.float64(n))))
                if row[at.D_BURSTS] > 0:
                    _burst(row, hit, w, n, rate)
                    for j in range(n):
                        w[1, j] *= w[3, j]
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
            left, right, fall = hit[at.H_LEFT], hit[at.H_RIGHT], hit[at.H_KFADE]
            if fall < 1.0:
                faded = hit[at.H_FADE]
                for j in range(n):
                    w[3, j] = faded
                    faded *= fall
                hit[at.H_FADE] = faded
                for j in range(n):
                    x = w[0, j] + w[1, j]
                    w[4, j] += w[3, j] * left * (x + w[6, j])
                    w[5, j] += w[3, j] * right * (x + w[7, j])
            else:
                for j in range(n):
                    x = w[0, j] + w[1, j]
                    w[4, j] += left * (x + w[6, j])
                    w[5, j] += right * (x + w[7, j])
            hit[at.H_AGE] = age + n
        for j in range(n):
            out[0, pos + j] = w[4, j] * gain
            out[1, pos + j] = w[5, j] * gain
        pos = end
    while e < n_events:  # more events at one frame than a call takes
        _event(d, dm, db, keys, h, hm, hb, m, r, events[e], rate)
        e += 1
