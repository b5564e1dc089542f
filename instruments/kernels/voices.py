"""The synth's voices: oscillators or a bank of decaying modes, filter, noise, click; events, stealing, controllers.

Everything that moves (envelopes, vibrato, cutoff, levels) is computed at the points of a grid of 32 frames that is
anchored to the absolute frame, and runs in straight lines between them; a note's first line starts at its own frame.
So the sound does not depend on how time is cut into blocks.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from instruments.kernels.compiled import kernel
from instruments.kernels.layout import (
    C_BEND, C_EXPRESSION, C_GAIN, C_PRESSURE, C_SUSTAIN, C_VOLUME, C_WHEEL, CHANNELS, E_CENTS, E_CHANNEL, E_KIND,
    E_NUMBER, E_OFFSET, E_VALUE, FADING, FREE, G_ACTIVE, G_DTREM_L, G_DTREM_R, G_IDLE, G_TREM_L, G_TREM_R, GRID, HELD,
    M_RE, MODES, O_FM_RATIO, O_HZ, O_INDEX, O_INDEX_KEY,
    O_INDEX_SUSTAIN, O_INDEX_TAU, O_INDEX_VEL, O_LEFT, O_LEVEL, O_PHASE, O_RATIO, O_RIGHT, O_SHAPE, O_T60, O_TKEY,
    O_WIDTH, P_ATTACK, P_BEND, P_BIQUADS, P_BRIGHT, P_CLICK, P_CLICK_HZ, P_CLICK_Q, P_CLICK_TAU, P_CLICK_TRACK,
    P_CUTOFF, P_DECAY, P_ENGINE, P_FATTACK, P_FDECAY, P_FENV, P_FILTER, P_FLFO, P_FLFO_HZ, P_FSUSTAIN, P_GAIN,
    P_KEY_DB, P_M_B, P_M_BEAT, P_M_BKEY, P_M_COUNT, P_M_HP, P_M_KEY, P_M_LOSS, P_M_LOSSKEY, P_M_LP, P_M_LPKEY,
    P_M_LPPOLES, P_M_PICK, P_M_RAND, P_M_SECOND, P_M_SECOND_T, P_M_T60, P_M_TILT, P_M_TKEY, P_M_UPPER, P_M_WIDTH,
    P_NOISE, P_NOISE_BURST, P_NOISE_HZ, P_NOISE_Q, P_NOISE_TAU, P_NOISE_TRACK, P_OSCS, P_PARTIALS, P_POLYPHONY, P_Q,
    P_RAND_CENTS, P_RAND_DB, P_RATE, P_RELEASE, P_SCOOP, P_SCOOP_TIME, P_SEED, P_SPREAD, P_STAGES, P_STEREO,
    P_SUSTAIN, P_TRACK, P_TREM, P_TREM_HZ, P_TREM_PAN, P_UNDAMPED, P_VELOCITY, P_VIB_CENTS, P_VIB_DELAY, P_VIB_FADE,
    P_VIB_HZ, PEDAL, RELEASING, S_DINDEX, S_DLEVEL, S_FM_INC, S_FM_PHASE, S_INC, S_INDEX, S_LEVEL, S_PHASE, V_AGE,
    V_C1, V_C2, V_CHANNEL, V_CLICK, V_CLICK_G, V_CUT, V_DENV, V_DG, V_DNOISE, V_DOUT, V_ENV, V_F, V_FADE, V_G, V_HZ,
    V_KEY, V_LEFT, V_LEVEL, V_LFO, V_MODES, V_N1, V_N2, V_NOISE, V_NOISE_G, V_NOISE_LEVEL, V_OCT, V_ORDER, V_OUT,
    V_PITCH, V_RIGHT, V_STATE, V_VELOCITY,
)
from instruments.kernels.modes import flushed, resonate, set_mode, tune
from instruments.kernels.tone import (
    FAST, TINY, decibels, octaves, saw, seeded, sine, stepped, triangle, uniform, warped,
)

_OFF, _ON, _CC, _BEND, _PRESSURE = 0, 1, 2, 3, 4
_LN60 = 6.907755278982137  # ln(1000): 60 dB
_STEAL_S = 0.004
_RESTRIKE_S = 0.030
_SILENT = 1e-5


@njit(fastmath=FAST)
def _pitch(p, c, voice, age_s):  # type: ignore[no-untyped-def]
    """Octaves by which the voice is off its note: bend, vibrato, scoop."""
    channel = c[int(voice[V_CHANNEL])]
    depth = p[P_VIB_CENTS]
    if p[P_VIB_FADE] > 0:
        depth *= min(1.0, max(0.0, (age_s - p[P_VIB_DELAY]) / p[P_VIB_FADE]))
    depth += 30.0 * max(channel[C_WHEEL], channel[C_PRESSURE])
    cents = 0.0
    if depth > 0:
        cents = depth * sine(p[P_VIB_HZ] * age_s + voice[V_LFO])
    if p[P_SCOOP] != 0:
        cents += p[P_SCOOP] * math.exp(-age_s / p[P_SCOOP_TIME])
    return channel[C_BEND] * p[P_BEND] / 12.0 + cents / 1200.0


@njit(fastmath=FAST)
def _cutoff(p, voice, age_s):  # type: ignore[no-untyped-def]
    """g of the voice's filter at an age."""
    if age_s < p[P_FATTACK]:
        env = age_s / p[P_FATTACK]
    else:
        env = p[P_FSUSTAIN] + (1 - p[P_FSUSTAIN]) * math.exp(-(age_s - p[P_FATTACK]) / p[P_FDECAY])
    octave = p[P_FENV] * env
    if p[P_FLFO] != 0:
        octave += p[P_FLFO] * sine(p[P_FLFO_HZ] * age_s + voice[V_LFO])
    return warped(voice[V_CUT] * octaves(octave), p[P_RATE])


@njit(fastmath=FAST)
def _lines(p, o, c, voice, osc, modes, n):  # type: ignore[no-untyped-def]
    """Draw the lines from here to the next grid point, n frames ahead."""
    rate = p[P_RATE]
    age_s = (voice[V_AGE] + n) / rate
    state = voice[V_STATE]
    if state == FADING:
        left = voice[V_FADE]
        target = voice[V_ENV] * (1.0 - n / left) if left > n else 0.0
        voice[V_FADE] = left - n
    elif state == RELEASING:
        target = voice[V_ENV] * math.exp(-_LN60 * n / (rate * p[P_RELEASE]))
    elif age_s < p[P_ATTACK]:
        target = age_s / p[P_ATTACK]
    else:
        target = p[P_SUSTAIN] + (1 - p[P_SUSTAIN]) * math.exp(-(age_s - p[P_ATTACK]) / p[P_DECAY])
    voice[V_DENV] = (target - voice[V_ENV]) / n
    voice[V_DOUT] = (target * voice[V_LEVEL] * c[int(voice[V_CHANNEL]), C_GAIN] - voice[V_OUT]) / n
    if p[P_NOISE] > 0:
        burst = 1.0 + p[P_NOISE_BURST] * math.exp(-age_s / p[P_NOISE_TAU])
        voice[V_DNOISE] = (voice[V_NOISE_LEVEL] * burst - voice[V_NOISE]) / n
    if p[P_FILTER] > 0:
        voice[V_DG] = (_cutoff(p, voice, age_s) - voice[V_G]) / n
    octave = _pitch(p, c, voice, age_s)
    if p[P_ENGINE] == 0:
        hz = voice[V_HZ] * octaves(octave)
        for k in range(int(p[P_OSCS])):
            f = o[k, O_HZ] if o[k, O_HZ] > 0 else hz * o[k, O_RATIO]
            osc[k, S_INC] = f / rate
            level = o[k, O_LEVEL]
            if o[k, O_T60] > 0:
                level *= math.exp(-_LN60 * age_s / (o[k, O_T60] * octaves(-o[k, O_TKEY] * voice[V_OCT])))
            if f > 0.45 * rate:
                level = 0.0
                osc[k, S_INC] = 0.0
            osc[k, S_DLEVEL] = (level - osc[k, S_LEVEL]) / n
            if o[k, O_FM_RATIO] > 0:
                fm = hz * o[k, O_FM_RATIO]
                osc[k, S_FM_INC] = fm / rate
                index = o[k, O_INDEX_SUSTAIN]
                index += (1 - index) * math.exp(-age_s / o[k, O_INDEX_TAU])
                index *= o[k, O_INDEX] * octaves(-o[k, O_INDEX_KEY] * voice[V_OCT])
                index *= math.exp(o[k, O_INDEX_VEL] * math.log(voice[V_VELOCITY] / 90.0))
                # Carson: keep carrier + (index + 1) modulator below 0.45 of the rate.
                index = min(index, max(0.0, (0.45 * rate - f) / fm - 1.0))
                osc[k, S_DINDEX] = (index - osc[k, S_INDEX]) / n
    elif abs(octave - voice[V_PITCH]) > 1e-7:
        voice[V_PITCH] = octave
        tune(modes, int(voice[V_MODES]), octaves(octave))


@njit(fastmath=FAST)
def _strike(p, x, voice, modes, rng):  # type: ignore[no-untyped-def]
    """Fill a voice's modes: a table of partials, or a stiff string (Fletcher and Rossing's B, comb of the pick point).

    A string's partial n lies at n f0 sqrt(1 + B n^2); its loss rises with frequency; each is doubled by a weaker one
    of slower decay, slightly detuned and panned the other way: the second polarisation, which makes beats and the
    two slopes of a piano's decay (Weinreich 1977).
    """
    rate, f0, octave = p[P_RATE], voice[V_HZ], voice[V_OCT]
    bright = math.log(voice[V_VELOCITY] / 90.0)
    count = 0
    for k in range(int(p[P_PARTIALS])):
        hz = f0 * x[k, 0]
        if hz < 0.45 * rate and count < MODES:
            rng = stepped(rng)
            level = x[k, 1] * decibels(p[P_M_RAND] * uniform(rng))
            if k > 0:
                level *= decibels(p[P_M_UPPER] * octave) * math.exp(p[P_BRIGHT] * bright)
            side = p[P_M_WIDTH] * (1 - 2 * (k & 1))
            set_mode(modes, count, hz, rate, level, x[k, 2] * octaves(-p[P_M_KEY] * octave), 1 + side, 1 - side, 0.0)
            count += 1
    if p[P_M_COUNT] > 0:
        stiff = p[P_M_B] * octaves(p[P_M_BKEY] * octave)
        lp = p[P_M_LP] * octaves(p[P_M_LPKEY] * octave) * math.exp(p[P_BRIGHT] * bright)
        slow = 1.0 / (p[P_M_T60] * octaves(-p[P_M_TKEY] * octave))
        loss = p[P_M_LOSS] * octaves(p[P_M_LOSSKEY] * octave)
        for n in range(1, int(p[P_M_COUNT]) + 1):
            hz = n * f0 * math.sqrt((1 + stiff * n * n) / (1 + stiff))
            if hz > 0.42 * rate or count + 2 > MODES:
                break
            y = hz / lp
            level = math.exp(-p[P_M_LPPOLES] * 0.5 * math.log(1 + y * y)) * decibels(-p[P_M_TILT] * math.log2(n))
            level *= 0.06 + abs(math.sin(math.pi * n * p[P_M_PICK]))
            if p[P_M_HP] > 0:
                y = hz / p[P_M_HP]
                level *= y * y / math.sqrt(1 + y * y * y * y)
            rng = stepped(rng)
            level *= decibels(p[P_M_RAND] * uniform(rng))
            if level < 1e-4 and n > 4:
                continue
            t60 = 1.0 / (slow + loss * hz * hz * 1e-6 + 0.12 * math.sqrt(hz * 1e-3))
            rng = stepped(rng)
            side = p[P_M_WIDTH] * (0.75 + 0.25 * uniform(rng)) * (1 - 2 * (n & 1))
            set_mode(modes, count, hz, rate, level, t60, 1 + side, 1 - side, 0.0)
            count += 1
            if p[P_M_SECOND] > 0:
                rng = stepped(rng)
                beat = p[P_M_BEAT] * (1 + 0.5 * uniform(rng)) * math.sqrt(n)
                set_mode(modes, count, hz + beat, rate, level * p[P_M_SECOND], t60 * p[P_M_SECOND_T], 1 - 2 * side,
                      1 + 2 * side, 0.0)
                count += 1
    padded = min(MODES, (count + 7) // 8 * 8)  # whole vectors
    for m in range(count, padded):
        set_mode(modes, m, 100.0, rate, 0.0, 1.0, 1.0, 1.0, 0.0)
        modes[M_RE, m] = 0
    voice[V_MODES] = padded
    tune(modes, padded, 1.0)
    return rng


@njit(fastmath=FAST)
def _slot(p, v):  # type: ignore[no-untyped-def]
    """A free voice; if the polyphony is full, what matters least starts to fade first."""
    sounding = 0
    for i in range(len(v)):
        if v[i, V_STATE] != FREE and v[i, V_STATE] != FADING:
            sounding += 1
    while sounding >= p[P_POLYPHONY]:
        worst, score = 0, 1e300
        for i in range(len(v)):
            s = v[i, V_STATE]
            if s == FREE or s == FADING:
                continue
            rank = v[i, V_ORDER]
            if s == RELEASING:
                rank = v[i, V_OUT] - 1e9
            elif s == PEDAL:
                rank -= 5e8
            if rank < score:
                worst, score = i, rank
        v[worst, V_STATE] = FADING
        v[worst, V_FADE] = _STEAL_S * p[P_RATE]
        sounding -= 1
    best, score = 0, 1e300
    for i in range(len(v)):
        if v[i, V_STATE] == FREE:
            return i
        if v[i, V_STATE] == FADING and v[i, V_OUT] < score:
            best, score = i, v[i, V_OUT]
    return best


@njit(fastmath=FAST)
def _note_on(p, o, x, c, v, s, m, r, event, n):  # type: ignore[no-untyped-def]
    rate, key, channel = p[P_RATE], event[E_NUMBER], event[E_CHANNEL]
    for i in range(len(v)):
        held = v[i, V_STATE] == PEDAL or (v[i, V_STATE] == RELEASING and p[P_ENGINE] == 1)
        if held and v[i, V_KEY] == key and v[i, V_CHANNEL] == channel:
            v[i, V_STATE] = FADING
            v[i, V_FADE] = _RESTRIKE_S * rate
    i = _slot(p, v)
    r[-1] += np.uint64(1)
    rng = seeded(r[-1] + np.uint64(int(p[P_SEED])) * np.uint64(0x100000001))
    voice = v[i]
    voice[:] = 0.0
    voice[V_STATE], voice[V_KEY], voice[V_CHANNEL] = HELD, key, channel
    voice[V_ORDER] = np.float64(np.int64(r[-1]))
    voice[V_VELOCITY] = min(max(event[E_VALUE], 1.0), 127.0)
    rng = stepped(rng)
    cents = event[E_CENTS] + p[P_RAND_CENTS] * uniform(rng)
    octave = (key - 69.0) / 12.0 + cents / 1200.0
    voice[V_HZ] = 440.0 * octaves(octave)
    voice[V_OCT] = (key - 60.0) / 12.0
    relative = math.log(voice[V_VELOCITY] / 90.0)
    rng = stepped(rng)
    voice[V_LEVEL] = decibels(p[P_RAND_DB] * uniform(rng) + p[P_KEY_DB] * voice[V_OCT]) * math.exp(
        p[P_VELOCITY] * relative
    )
    rng = stepped(rng)
    voice[V_LFO] = uniform(rng) if p[P_STEREO] > 0 else 0.0
    rng = stepped(rng)
    voice[V_CUT] = p[P_CUTOFF] * octaves(p[P_TRACK] * voice[V_OCT]) * math.exp(p[P_BRIGHT] * relative)
    voice[V_CUT] *= 1 + 0.02 * uniform(rng)
    pan = min(max(p[P_SPREAD] * voice[V_OCT] / 3.0, -1.0), 1.0)
    voice[V_LEFT] = math.cos((pan + 1) * math.pi / 4) * math.sqrt(2.0)
    voice[V_RIGHT] = math.sin((pan + 1) * math.pi / 4) * math.sqrt(2.0)
    if p[P_ATTACK] * rate < 1.0:
        voice[V_ENV] = 1.0
        voice[V_OUT] = voice[V_LEVEL] * c[int(channel), C_GAIN]
    if p[P_FILTER] > 0:
        voice[V_G] = _cutoff(p, voice, 0.0)
    if p[P_NOISE] > 0:
        # Breath and bow: falls relative to the tone as it gets louder.
        voice[V_NOISE_LEVEL] = p[P_NOISE] * math.exp(-0.25 * relative)
        voice[V_NOISE] = voice[V_NOISE_LEVEL] * (1 + p[P_NOISE_BURST])
        voice[V_NOISE_G] = warped(p[P_NOISE_HZ] * octaves(p[P_NOISE_TRACK] * voice[V_OCT]), rate)
    if p[P_CLICK] > 0:
        voice[V_CLICK] = p[P_CLICK] * math.exp(0.5 * relative)
        voice[V_CLICK_G] = warped(p[P_CLICK_HZ] * octaves(p[P_CLICK_TRACK] * voice[V_OCT]), rate)
    if p[P_ENGINE] == 0:
        for k in range(int(p[P_OSCS])):
            rng = stepped(rng)
            phase = o[k, O_PHASE]
            s[i, k, S_PHASE] = phase if phase >= 0 else 0.5 + 0.5 * uniform(rng)
            s[i, k, S_FM_PHASE] = 0.0
            s[i, k, S_LEVEL] = o[k, O_LEVEL]
            index = o[k, O_INDEX] * octaves(-o[k, O_INDEX_KEY] * voice[V_OCT])
            s[i, k, S_INDEX] = index * math.exp(o[k, O_INDEX_VEL] * relative)
            if o[k, O_FM_RATIO] > 0:
                hz = voice[V_HZ] * o[k, O_FM_RATIO]
                top = (0.45 * rate - voice[V_HZ] * o[k, O_RATIO]) / hz - 1.0
                s[i, k, S_INDEX] = min(s[i, k, S_INDEX], max(0.0, top))
    else:
        rng = _strike(p, x, voice, m[i], rng)
    r[i] = rng
    _lines(p, o, c, voice, s[i], m[i], n)


@njit(fastmath=FAST)
def _release(p, o, c, voice, osc, modes, n):  # type: ignore[no-untyped-def]
    if voice[V_KEY] >= p[P_UNDAMPED]:
        return
    voice[V_STATE] = RELEASING
    _lines(p, o, c, voice, osc, modes, n)


@njit(fastmath=FAST)
def _event(p, o, x, c, v, s, m, r, event, n):  # type: ignore[no-untyped-def]
    """Take one event to heart; n frames are left to the next grid point."""
    kind, number = int(event[E_KIND]), int(event[E_NUMBER])
    ch = int(event[E_CHANNEL]) & (CHANNELS - 1)
    if kind == _ON:
        _note_on(p, o, x, c, v, s, m, r, event, n)
    elif kind == _OFF:
        oldest, order = -1, 1e300
        for i in range(len(v)):
            if (v[i, V_STATE] == HELD and v[i, V_KEY] == number and v[i, V_CHANNEL] == ch and v[i, V_ORDER] < order):
                oldest, order = i, v[i, V_ORDER]
        if oldest >= 0:
            if c[ch, C_SUSTAIN] > 0:
                v[oldest, V_STATE] = PEDAL
            else:
                _release(p, o, c, v[oldest], s[oldest], m[oldest], n)
    elif kind == _BEND:
        c[ch, C_BEND] = min(max(event[E_VALUE], -1.0), 1.0)
    elif kind == _PRESSURE:
        c[ch, C_PRESSURE] = event[E_VALUE] / 127.0
    elif kind == _CC:
        value = event[E_VALUE]
        if number == 1:
            c[ch, C_WHEEL] = value / 127.0
        elif number == 7:
            c[ch, C_VOLUME] = value / 100.0
        elif number == 11:
            c[ch, C_EXPRESSION] = value / 127.0
        elif number == 64:
            c[ch, C_SUSTAIN] = 1.0 if value >= 64 else 0.0
            if value < 64:
                for i in range(len(v)):
                    if v[i, V_STATE] == PEDAL and v[i, V_CHANNEL] == ch:
                        _release(p, o, c, v[i], s[i], m[i], n)
        elif number == 120:
            for i in range(len(v)):
                if v[i, V_STATE] != FREE and v[i, V_STATE] != FADING and v[i, V_CHANNEL] == ch:
                    v[i, V_STATE] = FADING
                    v[i, V_FADE] = _STEAL_S * p[P_RATE]
        elif number == 121:
            c[ch, C_BEND], c[ch, C_WHEEL], c[ch, C_PRESSURE], c[ch, C_EXPRESSION] = 0.0, 0.0, 0.0, 1.0
            c[ch, C_SUSTAIN] = 0.0
            for i in range(len(v)):
                if v[i, V_STATE] == PEDAL and v[i, V_CHANNEL] == ch:
                    _release(p, o, c, v[i], s[i], m[i], n)
        elif number >= 123:
            for i in range(len(v)):
                if (v[i, V_STATE] == HELD or v[i, V_STATE] == PEDAL) and v[i, V_CHANNEL] == ch:
                    _release(p, o, c, v[i], s[i], m[i], n)


@njit(fastmath=FAST)
def _oscillate(p, o, osc, w, n):  # type: ignore[no-untyped-def]
    """All oscillators of a voice into w[0] (and w[1] where the patch is stereo)."""
    stereo = p[P_STEREO] > 0
    for k in range(int(p[P_OSCS])):
        shape = int(o[k, O_SHAPE])
        ph, inc, lev, dlev = osc[k, S_PHASE], osc[k, S_INC], osc[k, S_LEVEL], osc[k, S_DLEVEL]
        left, right = o[k, O_LEFT], o[k, O_RIGHT]
        dt = max(inc, 1e-9)
        if shape == 0 and o[k, O_FM_RATIO] > 0:
            mph, minc, ind, dind = osc[k, S_FM_PHASE], osc[k, S_FM_INC], osc[k, S_INDEX], osc[k, S_DINDEX]
            for i in range(n):
                bent = (ind + i * dind) * 0.15915494309189535 * sine(mph + i * minc)
                w[2, i] = (lev + i * dlev) * sine(ph + i * inc + bent)
            osc[k, S_FM_PHASE] = (mph + n * minc) % 1.0
            osc[k, S_INDEX] = ind + n * dind
        elif shape == 0:
            for i in range(n):
                w[2, i] = (lev + i * dlev) * sine(ph + i * inc)
        elif shape == 1:
            for i in range(n):
                w[2, i] = (lev + i * dlev) * saw(ph + i * inc, dt)
        elif shape == 2:
            width = o[k, O_WIDTH]
            for i in range(n):
                u = ph + i * inc
                w[2, i] = (lev + i * dlev) * (saw(u, dt) - saw(u + width, dt))
        else:
            for i in range(n):
                w[2, i] = (lev + i * dlev) * triangle(ph + i * inc, dt)
        osc[k, S_PHASE] = (ph + n * inc) % 1.0
        osc[k, S_LEVEL] = lev + n * dlev
        if stereo:
            for i in range(n):
                w[0, i] += left * w[2, i]
                w[1, i] += right * w[2, i]
        else:
            for i in range(n):
                w[0, i] += w[2, i]


@njit(fastmath=FAST)
def _filtered(p, voice, w, n):  # type: ignore[no-untyped-def]
    """One or two TPT state-variable filters in series (Zavalishin 2018); g moves in a straight line."""
    damp = 1.0 / p[P_Q]
    g0, dg = voice[V_G], voice[V_DG]
    kind = int(p[P_FILTER])
    for stage in range(int(p[P_STAGES])):
        k = damp if stage == 0 else 1.0 / 0.7
        for i in range(n):
            g = g0 + i * dg
            w[3, i] = 1.0 / (1.0 + g * (g + k))
        for side in range(2 if p[P_STEREO] > 0 else 1):
            at = V_F + 4 * stage + 2 * side
            s1, s2 = voice[at], voice[at + 1]
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
                else:
                    w[side, i] = x - k * band - low
            voice[at], voice[at + 1] = s1, s2
    voice[V_G] = g0 + n * dg


@njit(fastmath=FAST)
def _hiss(p, voice, r, i, w, n):  # type: ignore[no-untyped-def]
    """Breath (as loud as the tone's envelope) and click (its own decay) as band-passed noise, added to the voice."""
    rng = r[i]
    sides = 2 if p[P_STEREO] > 0 else 1
    if p[P_NOISE] > 0:
        g, k = voice[V_NOISE_G], 1.0 / p[P_NOISE_Q]
        a = 1.0 / (1.0 + g * (g + k))
        s1, s2, level, step = voice[V_N1], voice[V_N2], voice[V_NOISE], voice[V_DNOISE]
        for j in range(n):
            rng = stepped(rng)
            band = (g * (uniform(rng) * 1.7320508 - s2) + s1) * a
            low = s2 + g * band
            s1 = 2 * band - s1
            s2 = 2 * low - s2
            y = k * band * (level + j * step)
            for side in range(sides):
                w[side, j] += y
        voice[V_N1], voice[V_N2], voice[V_NOISE] = s1, s2, level + n * step
    if voice[V_CLICK] > 1e-7:
        g, k = voice[V_CLICK_G], 1.0 / p[P_CLICK_Q]
        a = 1.0 / (1.0 + g * (g + k))
        s1, s2, level = voice[V_C1], voice[V_C2], voice[V_CLICK]
        fall = math.exp(-1.0 / (p[P_CLICK_TAU] * p[P_RATE]))
        for j in range(n):
            rng = stepped(rng)
            band = (g * (uniform(rng) * 1.7320508 - s2) + s1) * a
            low = s2 + g * band
            s1 = 2 * band - s1
            s2 = 2 * low - s2
            y = k * band * level
            level *= fall
            for side in range(sides):
                w[side, j] += y
        voice[V_C1], voice[V_C2], voice[V_CLICK] = s1, s2, level
    r[i] = rng


@njit(fastmath=FAST)
def _over(p, voice, osc, modes):  # type: ignore[no-untyped-def]
    """At a grid point: has the voice ended? Flushes modes that have died away, before they become denormal."""
    state = voice[V_STATE]
    if state == FADING:
        return voice[V_FADE] <= 0
    if state == RELEASING and voice[V_ENV] * voice[V_LEVEL] < _SILENT:
        return True
    if voice[V_CLICK] > _SILENT:
        return False
    if p[P_ENGINE] == 0:
        if p[P_NOISE] > 0:
            return False
        loudest = 0.0
        for k in range(int(p[P_OSCS])):
            loudest = max(loudest, osc[k, S_LEVEL])
        return loudest * voice[V_LEVEL] < _SILENT
    count, energy = flushed(modes, int(voice[V_MODES]))
    voice[V_MODES] = count
    return energy * voice[V_LEVEL] * voice[V_LEVEL] < 0.1 * _SILENT * _SILENT


@njit(fastmath=FAST)
def _shape(p, g, eq, eqs, acc, n):  # type: ignore[no-untyped-def]
    """What the whole instrument shares: body equaliser (biquads, transposed direct form II) and tremolo."""
    for b in range(int(p[P_BIQUADS])):
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
    if p[P_TREM] > 0:
        for i in range(n):
            acc[0, i] *= g[G_TREM_L] + i * g[G_DTREM_L]
            acc[1, i] *= g[G_TREM_R] + i * g[G_DTREM_R]
        g[G_TREM_L] += n * g[G_DTREM_L]
        g[G_TREM_R] += n * g[G_DTREM_R]


@njit(fastmath=FAST)
def _grid(p, o, c, v, s, m, g, frame):  # type: ignore[no-untyped-def]
    """A grid point: channels glide, finished voices go, new lines are drawn."""
    for ch in range(CHANNELS):
        goal = c[ch, C_VOLUME] * c[ch, C_VOLUME] * c[ch, C_EXPRESSION] * c[ch, C_EXPRESSION]
        c[ch, C_GAIN] += 0.1 * (goal - c[ch, C_GAIN])
    ends = (frame // GRID) % 8 == 0
    active = 0
    for i in range(len(v)):
        state = v[i, V_STATE]
        if state == FREE:
            continue
        if (state == FADING or ends) and _over(p, v[i], s[i], m[i]):
            v[i, V_STATE] = FREE
            continue
        active += 1
        _lines(p, o, c, v[i], s[i], m[i], GRID)
    g[G_ACTIVE] = active
    if p[P_TREM] > 0:
        turn = p[P_TREM_HZ] * ((frame + GRID) / p[P_RATE])
        left = decibels(-p[P_TREM] * (0.5 + 0.5 * sine(turn)))
        right = decibels(-p[P_TREM] * (0.5 + 0.5 * sine(turn + 0.5 * p[P_TREM_PAN])))
        g[G_DTREM_L], g[G_DTREM_R] = (left - g[G_TREM_L]) / GRID, (right - g[G_TREM_R]) / GRID


@kernel(
    "void(float64[::1], float64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1], float64[:,:,::1],"
    " float32[:,:,::1], uint64[::1], float64[::1], float64[:,::1], float64[:,::1], float64[:,::1], int64,"
    " float32[:,::1], float64[:,::1], int64, int64, int64)"
)
def synthesize(p, o, x, c, v, s, m, r, g, eq, eqs, events, n_events, out, w, start, stop, frame):  # type: ignore[no-untyped-def]
    """Overwrite out[:, start:stop]; `frame` is the absolute frame of out[:, 0]. Arrays as named in layout.py.

    eq: (biquads, 5) b0 b1 b2 a1 a2; eqs: their states. events: rows sorted by offset, all within start..stop. w: scratch, (6, GRID).
    """
    acc = w[4:]
    pos, e = start, 0
    while pos < stop:
        ahead = GRID - (frame + pos) % GRID
        if ahead == GRID:
            _grid(p, o, c, v, s, m, g, frame + pos)
        while e < n_events and events[e, E_OFFSET] <= pos:
            _event(p, o, x, c, v, s, m, r, events[e], ahead)
            g[G_IDLE] = 0.0
            e += 1
        end = min(stop, pos + ahead)
        if e < n_events:
            end = min(end, int(events[e, E_OFFSET]))
        n = end - pos
        for i in range(n):
            acc[0, i] = 0.0
            acc[1, i] = 0.0
        sounding = False
        for i in range(len(v)):
            voice = v[i]
            if voice[V_STATE] == FREE:
                continue
            sounding = True
            for j in range(n):
                w[0, j] = 0.0
                w[1, j] = 0.0
            if p[P_ENGINE] == 0:
                _oscillate(p, o, s[i], w, n)
            else:
                resonate(m[i], int(voice[V_MODES]), w, n)
            if p[P_NOISE] > 0 or voice[V_CLICK] > 1e-7:
                _hiss(p, voice, r, i, w, n)
            if p[P_FILTER] > 0:
                _filtered(p, voice, w, n)
            level, step = voice[V_OUT], voice[V_DOUT]
            other = 1 if p[P_STEREO] > 0 else 0
            for j in range(n):
                a = level + j * step
                acc[0, j] += a * voice[V_LEFT] * w[0, j]
                acc[1, j] += a * voice[V_RIGHT] * w[other, j]
            voice[V_OUT] = level + n * step
            voice[V_ENV] += n * voice[V_DENV]
            voice[V_AGE] += n
        if sounding:
            g[G_IDLE] = 0.0
        else:
            g[G_IDLE] += n
        if g[G_IDLE] < p[P_RATE]:
            _shape(p, g, eq, eqs, acc, n)
            for i in range(n):
                out[0, pos + i] = acc[0, i] * p[P_GAIN]
                out[1, pos + i] = acc[1, i] * p[P_GAIN]
        else:
            for b in range(len(eqs)):
                eqs[b, :] = 0.0
            for i in range(n):
                out[0, pos + i] = 0.0
                out[1, pos + i] = 0.0
        pos = end
    while e < n_events:  # more events at one frame than a call takes
        _event(p, o, x, c, v, s, m, r, events[e], GRID - (frame + pos) % GRID)
        g[G_IDLE] = 0.0
        e += 1
