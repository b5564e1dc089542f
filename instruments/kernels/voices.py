"""The synth's voices: oscillators or a bank of decaying modes, filter, noise, click; events, stealing, controllers.

Everything that moves (envelopes, vibrato, cutoff, levels) is computed at the points of a grid of 32 frames that is
anchored to the absolute frame, and runs in straight lines between them; a note's first line starts at its own frame.
So the sound does not depend on how time is cut into blocks.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from instruments.kernels import layout as at
from instruments.kernels.compiled import kernel
from instruments.kernels.modes import flushed, resonate, set_mode, tune
from instruments.kernels.tone import (
    FAST,
    TINY,
    decibels,
    octaves,
    saw,
    seeded,
    sine,
    stepped,
    triangle,
    uniform,
    warped,
)

_OFF, _ON, _CC, _BEND, _PRESSURE = 0, 1, 2, 3, 4
_LN60 = 6.907755278982137  # ln(1000): 60 dB
_STEAL_S = 0.004
_RESTRIKE_S = 0.030
_SILENT = 1e-5


@njit(fastmath=FAST)
def _pitch(p, c, voice, age_s):  # type: ignore[no-untyped-def]
    """Octaves by which the voice is off its note: bend, vibrato, scoop."""
    channel = c[int(voice[at.V_CHANNEL])]
    depth = p[at.P_VIB_CENTS]
    if p[at.P_VIB_FADE] > 0:
        depth *= min(1.0, max(0.0, (age_s - p[at.P_VIB_DELAY]) / p[at.P_VIB_FADE]))
    depth += 30.0 * max(channel[at.C_WHEEL], channel[at.C_PRESSURE])
    cents = 0.0
    if depth > 0:
        cents = depth * sine(p[at.P_VIB_HZ] * age_s + voice[at.V_LFO])
    if p[at.P_SCOOP] != 0:
        cents += p[at.P_SCOOP] * math.exp(-age_s / p[at.P_SCOOP_TIME])
    return channel[at.C_BEND] * p[at.P_BEND] / 12.0 + cents / 1200.0


@njit(fastmath=FAST)
def _cutoff(p, voice, age_s):  # type: ignore[no-untyped-def]
    """g of the voice's filter at an age."""
    if age_s < p[at.P_FATTACK]:
        env = age_s / p[at.P_FATTACK]
    else:
        env = p[at.P_FSUSTAIN] + (1 - p[at.P_FSUSTAIN]) * math.exp(-(age_s - p[at.P_FATTACK]) / p[at.P_FDECAY])
    octave = p[at.P_FENV] * env
    if p[at.P_FLFO] != 0:
        octave += p[at.P_FLFO] * sine(p[at.P_FLFO_HZ] * age_s + voice[at.V_LFO])
    return warped(voice[at.V_CUT] * octaves(octave), p[at.P_RATE])


@njit(fastmath=FAST)
def _lines(p, o, c, voice, osc, modes, n):  # type: ignore[no-untyped-def]
    """Draw the lines from here to the next grid point, n frames ahead."""
    rate = p[at.P_RATE]
    age_s = (voice[at.V_AGE] + n) / rate
    state = voice[at.V_STATE]
    if state == at.FADING:
        left = voice[at.V_FADE]
        target = voice[at.V_ENV] * (1.0 - n / left) if left > n else 0.0
        voice[at.V_FADE] = left - n
    elif state == at.RELEASING:
        target = voice[at.V_ENV] * math.exp(-_LN60 * n / (rate * p[at.P_RELEASE]))
    elif age_s < p[at.P_ATTACK]:
        target = age_s / p[at.P_ATTACK]
    else:
        target = p[at.P_SUSTAIN] + (1 - p[at.P_SUSTAIN]) * math.exp(-(age_s - p[at.P_ATTACK]) / p[at.P_DECAY])
    if voice[at.V_CLICK] < 1e-4:
        voice[at.V_CLICK] = 0.0
    voice[at.V_DENV] = (target - voice[at.V_ENV]) / n
    voice[at.V_DOUT] = (target * voice[at.V_LEVEL] * c[int(voice[at.V_CHANNEL]), at.C_GAIN] - voice[at.V_OUT]) / n
    if p[at.P_NOISE] > 0:
        burst = 1.0 + p[at.P_NOISE_BURST] * math.exp(-age_s / p[at.P_NOISE_TAU])
        voice[at.V_DNOISE] = (voice[at.V_NOISE_LEVEL] * burst - voice[at.V_NOISE]) / n
    if p[at.P_FILTER] > 0:
        voice[at.V_DG] = (_cutoff(p, voice, age_s) - voice[at.V_G]) / n
    octave = _pitch(p, c, voice, age_s)
    if p[at.P_ENGINE] == 0:
        hz = voice[at.V_HZ] * octaves(octave)
        for k in range(int(p[at.P_OSCS])):
            f = o[k, at.O_HZ] if o[k, at.O_HZ] > 0 else hz * o[k, at.O_RATIO]
            osc[k, at.S_INC] = f / rate
            level = o[k, at.O_LEVEL]
            if o[k, at.O_T60] > 0:
                level *= math.exp(-_LN60 * age_s / (o[k, at.O_T60] * octaves(-o[k, at.O_TKEY] * voice[at.V_OCT])))
            if f > 0.45 * rate:
                level = 0.0
                osc[k, at.S_INC] = 0.0
            osc[k, at.S_DLEVEL] = (level - osc[k, at.S_LEVEL]) / n
            if o[k, at.O_FM_RATIO] > 0:
                fm = hz * o[k, at.O_FM_RATIO]
                osc[k, at.S_FM_INC] = fm / rate
                index = o[k, at.O_INDEX_SUSTAIN]
                index += (1 - index) * math.exp(-age_s / o[k, at.O_INDEX_TAU])
                index *= o[k, at.O_INDEX] * octaves(-o[k, at.O_INDEX_KEY] * voice[at.V_OCT])
                index *= math.exp(o[k, at.O_INDEX_VEL] * math.log(voice[at.V_VELOCITY] / 90.0))
                # Carson: keep carrier + (index + 1) modulator below 0.45 of the rate.
                index = min(index, max(0.0, (0.45 * rate - f) / fm - 1.0))
                osc[k, at.S_DINDEX] = (index - osc[k, at.S_INDEX]) / n
    elif abs(octave - voice[at.V_PITCH]) > 3e-5:  # 0.04 cents
        voice[at.V_PITCH] = octave
        tune(modes, int(voice[at.V_MODES]), octaves(octave))


@njit(fastmath=FAST)
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


@njit(fastmath=FAST)
def _strike(p, x, voice, modes, rng):  # type: ignore[no-untyped-def]
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


@njit(fastmath=FAST)
def _slot(p, v):  # type: ignore[no-untyped-def]
    """A free voice; if the polyphony is full, what matters least starts to fade first."""
    sounding = 0
    for i in range(len(v)):
        if v[i, at.V_STATE] != at.FREE and v[i, at.V_STATE] != at.FADING:
            sounding += 1
    while sounding >= p[at.P_POLYPHONY]:
        worst, score = 0, 1e300
        for i in range(len(v)):
            s = v[i, at.V_STATE]
            if s in (at.FREE, at.FADING):
                continue
            rank = v[i, at.V_ORDER]
            if s == at.RELEASING:
                rank = v[i, at.V_OUT] - 1e9
            elif s == at.PEDAL:
                rank -= 5e8
            if rank < score:
                worst, score = i, rank
        v[worst, at.V_STATE] = at.FADING
        v[worst, at.V_FADE] = _STEAL_S * p[at.P_RATE]
        sounding -= 1
    best, score = 0, 1e300
    for i in range(len(v)):
        if v[i, at.V_STATE] == at.FREE:
            return i
        if v[i, at.V_STATE] == at.FADING and v[i, at.V_OUT] < score:
            best, score = i, v[i, at.V_OUT]
    return best


@njit(fastmath=FAST)
def _note_on(p, o, x, c, v, s, m, r, event, n):  # type: ignore[no-untyped-def]
    rate, key, channel = p[at.P_RATE], event[at.E_NUMBER], event[at.E_CHANNEL]
    for i in range(len(v)):
        held = v[i, at.V_STATE] == at.PEDAL or (v[i, at.V_STATE] == at.RELEASING and p[at.P_ENGINE] == 1)
        if held and v[i, at.V_KEY] == key and v[i, at.V_CHANNEL] == channel:
            v[i, at.V_STATE] = at.FADING
            v[i, at.V_FADE] = _RESTRIKE_S * rate
    i = _slot(p, v)
    r[-1] += np.uint64(1)
    rng = seeded(r[-1] + np.uint64(int(p[at.P_SEED])) * np.uint64(0x100000001))
    voice = v[i]
    voice[:] = 0.0
    voice[at.V_STATE], voice[at.V_KEY], voice[at.V_CHANNEL] = at.HELD, key, channel
    voice[at.V_ORDER] = np.float64(np.int64(r[-1]))
    voice[at.V_VELOCITY] = min(max(event[at.E_VALUE], 1.0), 127.0)
    rng = stepped(rng)
    cents = event[at.E_CENTS] + p[at.P_RAND_CENTS] * uniform(rng)
    octave = (key - 69.0) / 12.0 + cents / 1200.0
    voice[at.V_HZ] = 440.0 * octaves(octave)
    voice[at.V_OCT] = (key - 60.0) / 12.0
    relative = math.log(voice[at.V_VELOCITY] / 90.0)
    rng = stepped(rng)
    voice[at.V_LEVEL] = decibels(p[at.P_RAND_DB] * uniform(rng) + p[at.P_KEY_DB] * voice[at.V_OCT]) * math.exp(
        p[at.P_VELOCITY] * relative
    )
    rng = stepped(rng)
    voice[at.V_LFO] = uniform(rng) if p[at.P_STEREO] > 0 else 0.0
    rng = stepped(rng)
    voice[at.V_CUT] = p[at.P_CUTOFF] * octaves(p[at.P_TRACK] * voice[at.V_OCT]) * math.exp(p[at.P_BRIGHT] * relative)
    voice[at.V_CUT] *= 1 + 0.02 * uniform(rng)
    pan = min(max(p[at.P_SPREAD] * voice[at.V_OCT] / 3.0, -1.0), 1.0)
    voice[at.V_LEFT] = math.cos((pan + 1) * math.pi / 4) * math.sqrt(2.0)
    voice[at.V_RIGHT] = math.sin((pan + 1) * math.pi / 4) * math.sqrt(2.0)
    if p[at.P_ATTACK] * rate < 1.0:
        voice[at.V_ENV] = 1.0
        voice[at.V_OUT] = voice[at.V_LEVEL] * c[int(channel), at.C_GAIN]
    if p[at.P_FILTER] > 0:
        voice[at.V_G] = _cutoff(p, voice, 0.0)
    if p[at.P_NOISE] > 0:
        # Breath and bow: falls relative to the tone as it gets louder.
        voice[at.V_NOISE_LEVEL] = p[at.P_NOISE] * math.exp(-0.25 * relative)
        voice[at.V_NOISE] = voice[at.V_NOISE_LEVEL] * (1 + p[at.P_NOISE_BURST])
        voice[at.V_NOISE_G] = warped(p[at.P_NOISE_HZ] * octaves(p[at.P_NOISE_TRACK] * voice[at.V_OCT]), rate)
    if p[at.P_CLICK] > 0:
        voice[at.V_CLICK] = p[at.P_CLICK] * math.exp(0.5 * relative)
        voice[at.V_CLICK_G] = warped(p[at.P_CLICK_HZ] * octaves(p[at.P_CLICK_TRACK] * voice[at.V_OCT]), rate)
    if p[at.P_ENGINE] == 0:
        for k in range(int(p[at.P_OSCS])):
            rng = stepped(rng)
            phase = o[k, at.O_PHASE]
            s[i, k, at.S_PHASE] = phase if phase >= 0 else 0.5 + 0.5 * uniform(rng)
            s[i, k, at.S_FM_PHASE] = 0.0
            s[i, k, at.S_LEVEL] = o[k, at.O_LEVEL]
            index = o[k, at.O_INDEX] * octaves(-o[k, at.O_INDEX_KEY] * voice[at.V_OCT])
            s[i, k, at.S_INDEX] = index * math.exp(o[k, at.O_INDEX_VEL] * relative)
            if o[k, at.O_FM_RATIO] > 0:
                hz = voice[at.V_HZ] * o[k, at.O_FM_RATIO]
                top = (0.45 * rate - voice[at.V_HZ] * o[k, at.O_RATIO]) / hz - 1.0
                s[i, k, at.S_INDEX] = min(s[i, k, at.S_INDEX], max(0.0, top))
    else:
        rng = _strike(p, x, voice, m[i], rng)
    r[i] = rng
    _lines(p, o, c, voice, s[i], m[i], n)


@njit(fastmath=FAST)
def _release(p, o, c, voice, osc, modes, n):  # type: ignore[no-untyped-def]
    if voice[at.V_KEY] >= p[at.P_UNDAMPED]:
        return
    voice[at.V_STATE] = at.RELEASING
    _lines(p, o, c, voice, osc, modes, n)


@njit(fastmath=FAST)
def _event(p, o, x, c, v, s, m, r, event, n):  # type: ignore[no-untyped-def]
    """Take one event to heart; n frames are left to the next grid point."""
    kind, number = int(event[at.E_KIND]), int(event[at.E_NUMBER])
    ch = int(event[at.E_CHANNEL]) & (at.CHANNELS - 1)
    if kind == _ON:
        _note_on(p, o, x, c, v, s, m, r, event, n)
    elif kind == _OFF:
        oldest, order = -1, 1e300
        for i in range(len(v)):
            ours = v[i, at.V_STATE] == at.HELD and v[i, at.V_KEY] == number and v[i, at.V_CHANNEL] == ch
            if ours and v[i, at.V_ORDER] < order:
                oldest, order = i, v[i, at.V_ORDER]
        if oldest >= 0:
            if c[ch, at.C_SUSTAIN] > 0:
                v[oldest, at.V_STATE] = at.PEDAL
            else:
                _release(p, o, c, v[oldest], s[oldest], m[oldest], n)
    elif kind == _BEND:
        c[ch, at.C_BEND] = min(max(event[at.E_VALUE], -1.0), 1.0)
    elif kind == _PRESSURE:
        c[ch, at.C_PRESSURE] = event[at.E_VALUE] / 127.0
    elif kind == _CC:
        value = event[at.E_VALUE]
        if number == 1:
            c[ch, at.C_WHEEL] = value / 127.0
        elif number == 7:
            c[ch, at.C_VOLUME] = value / 100.0
        elif number == 11:
            c[ch, at.C_EXPRESSION] = value / 127.0
        elif number == 64:
            c[ch, at.C_SUSTAIN] = 1.0 if value >= 64 else 0.0
            if value < 64:
                for i in range(len(v)):
                    if v[i, at.V_STATE] == at.PEDAL and v[i, at.V_CHANNEL] == ch:
                        _release(p, o, c, v[i], s[i], m[i], n)
        elif number == 120:
            for i in range(len(v)):
                if v[i, at.V_STATE] != at.FREE and v[i, at.V_STATE] != at.FADING and v[i, at.V_CHANNEL] == ch:
                    v[i, at.V_STATE] = at.FADING
                    v[i, at.V_FADE] = _STEAL_S * p[at.P_RATE]
        elif number == 121:
            c[ch, at.C_BEND], c[ch, at.C_WHEEL], c[ch, at.C_PRESSURE], c[ch, at.C_EXPRESSION] = 0.0, 0.0, 0.0, 1.0
            c[ch, at.C_SUSTAIN] = 0.0
            for i in range(len(v)):
                if v[i, at.V_STATE] == at.PEDAL and v[i, at.V_CHANNEL] == ch:
                    _release(p, o, c, v[i], s[i], m[i], n)
        elif number >= 123:
            for i in range(len(v)):
                if (v[i, at.V_STATE] == at.HELD or v[i, at.V_STATE] == at.PEDAL) and v[i, at.V_CHANNEL] == ch:
                    _release(p, o, c, v[i], s[i], m[i], n)


@njit(fastmath=FAST)
def _oscillate(p, o, osc, w, n):  # type: ignore[no-untyped-def]
    """All oscillators of a voice into w[0] (and w[1] where the patch is stereo)."""
    stereo = p[at.P_STEREO] > 0
    for k in range(int(p[at.P_OSCS])):
        shape = int(o[k, at.O_SHAPE])
        ph, inc, lev, dlev = osc[k, at.S_PHASE], osc[k, at.S_INC], osc[k, at.S_LEVEL], osc[k, at.S_DLEVEL]
        left, right = o[k, at.O_LEFT], o[k, at.O_RIGHT]
        dt = max(inc, 1e-9)
        if shape == 0 and o[k, at.O_FM_RATIO] > 0:
            mph, minc, ind, dind = osc[k, at.S_FM_PHASE], osc[k, at.S_FM_INC], osc[k, at.S_INDEX], osc[k, at.S_DINDEX]
            for i in range(n):
                bent = (ind + i * dind) * 0.15915494309189535 * sine(mph + i * minc)
                w[2, i] = (lev + i * dlev) * sine(ph + i * inc + bent)
            osc[k, at.S_FM_PHASE] = (mph + n * minc) % 1.0
            osc[k, at.S_INDEX] = ind + n * dind
        elif shape == 0:
            for i in range(n):
                w[2, i] = (lev + i * dlev) * sine(ph + i * inc)
        elif shape == 1:
            for i in range(n):
                w[2, i] = (lev + i * dlev) * saw(ph + i * inc, dt)
        elif shape == 2:
            width = o[k, at.O_WIDTH]
            for i in range(n):
                u = ph + i * inc
                w[2, i] = (lev + i * dlev) * (saw(u, dt) - saw(u + width, dt))
        else:
            for i in range(n):
                w[2, i] = (lev + i * dlev) * triangle(ph + i * inc, dt)
        osc[k, at.S_PHASE] = (ph + n * inc) % 1.0
        osc[k, at.S_LEVEL] = lev + n * dlev
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
    damp = 1.0 / p[at.P_Q]
    g0, dg = voice[at.V_G], voice[at.V_DG]
    kind = int(p[at.P_FILTER])
    for stage in range(int(p[at.P_STAGES])):
        k = damp if stage == 0 else 1.0 / 0.7
        for i in range(n):
            g = g0 + i * dg
            w[3, i] = 1.0 / (1.0 + g * (g + k))
        for side in range(2 if p[at.P_STEREO] > 0 else 1):
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
                else:
                    w[side, i] = x - k * band - low
            voice[z], voice[z + 1] = s1, s2
    voice[at.V_G] = g0 + n * dg


@njit(fastmath=FAST)
def _hiss(p, voice, r, i, w, n):  # type: ignore[no-untyped-def]
    """Breath (as loud as the tone's envelope) and click (its own decay) as band-passed noise, added to the voice."""
    rng = r[i]
    sides = 2 if p[at.P_STEREO] > 0 else 1
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
            for side in range(sides):
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
            for side in range(sides):
                w[side, j] += y
        voice[at.V_C1], voice[at.V_C2], voice[at.V_CLICK] = s1, s2, level
    r[i] = rng


@njit(fastmath=FAST)
def _over(p, voice, osc, modes):  # type: ignore[no-untyped-def]
    """At a grid point: has the voice ended? Flushes modes that have died away, before they become denormal."""
    state = voice[at.V_STATE]
    if state == at.FADING:
        return voice[at.V_FADE] <= 0
    if state == at.RELEASING and voice[at.V_ENV] * voice[at.V_LEVEL] < _SILENT:
        return True
    if voice[at.V_CLICK] > _SILENT:
        return False
    if p[at.P_ENGINE] == 0:
        if p[at.P_NOISE] > 0:
            return False
        loudest = 0.0
        for k in range(int(p[at.P_OSCS])):
            loudest = max(loudest, osc[k, at.S_LEVEL])
        return loudest * voice[at.V_LEVEL] < _SILENT
    count, energy = flushed(modes, int(voice[at.V_MODES]))
    voice[at.V_MODES] = count
    return energy * voice[at.V_LEVEL] * voice[at.V_LEVEL] < 0.1 * _SILENT * _SILENT


@njit(fastmath=FAST)
def _shape(p, g, eq, eqs, acc, n):  # type: ignore[no-untyped-def]
    """What the whole instrument shares: body equaliser (biquads, transposed direct form II) and tremolo."""
    for b in range(int(p[at.P_BIQUADS])):
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
    if p[at.P_TREM] > 0:
        for i in range(n):
            acc[0, i] *= g[at.G_TREM_L] + i * g[at.G_DTREM_L]
            acc[1, i] *= g[at.G_TREM_R] + i * g[at.G_DTREM_R]
        g[at.G_TREM_L] += n * g[at.G_DTREM_L]
        g[at.G_TREM_R] += n * g[at.G_DTREM_R]


@njit(fastmath=FAST)
def _grid(p, o, c, v, s, m, g, frame):  # type: ignore[no-untyped-def]
    """A grid point: channels glide, finished voices go, new lines are drawn."""
    for ch in range(at.CHANNELS):
        goal = c[ch, at.C_VOLUME] * c[ch, at.C_VOLUME] * c[ch, at.C_EXPRESSION] * c[ch, at.C_EXPRESSION]
        c[ch, at.C_GAIN] += 0.1 * (goal - c[ch, at.C_GAIN])
    ends = (frame // at.GRID) % 8 == 0
    active = 0
    for i in range(len(v)):
        state = v[i, at.V_STATE]
        if state == at.FREE:
            continue
        if (state == at.FADING or ends) and _over(p, v[i], s[i], m[i]):
            v[i, at.V_STATE] = at.FREE
            continue
        active += 1
        _lines(p, o, c, v[i], s[i], m[i], at.GRID)
    g[at.G_ACTIVE] = active
    if p[at.P_TREM] > 0:
        turn = p[at.P_TREM_HZ] * ((frame + at.GRID) / p[at.P_RATE])
        left = decibels(-p[at.P_TREM] * (0.5 + 0.5 * sine(turn)))
        right = decibels(-p[at.P_TREM] * (0.5 + 0.5 * sine(turn + 0.5 * p[at.P_TREM_PAN])))
        g[at.G_DTREM_L], g[at.G_DTREM_R] = (left - g[at.G_TREM_L]) / at.GRID, (right - g[at.G_TREM_R]) / at.GRID


@kernel(
    "void(float64[::1], float64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1], float64[:,:,::1],"
    " float32[:,:,::1], uint64[::1], float64[::1], float64[:,::1], float64[:,::1], float64[:,::1], int64,"
    " float32[:,::1], float64[:,::1], int64, int64, int64)"
)
def synthesize(p, o, x, c, v, s, m, r, g, eq, eqs, events, n_events, out, w, start, stop, frame):  # type: ignore[no-untyped-def]
    """Overwrite out[:, start:stop]; `frame` is the absolute frame of out[:, 0]. Arrays as named in layout.py.

    eq: (biquads, 5) b0 b1 b2 a1 a2; eqs: their states. events: rows sorted by offset, all within start..stop.
    w: scratch, (6, GRID).
    """
    acc = w[4:]
    pos, e = start, 0
    while pos < stop:
        ahead = at.GRID - (frame + pos) % at.GRID
        if ahead == at.GRID:
            _grid(p, o, c, v, s, m, g, frame + pos)
        while e < n_events and events[e, at.E_OFFSET] <= pos:
            _event(p, o, x, c, v, s, m, r, events[e], ahead)
            g[at.G_IDLE] = 0.0
            e += 1
        end = min(stop, pos + ahead)
        if e < n_events:
            end = min(end, int(events[e, at.E_OFFSET]))
        n = end - pos
        for i in range(n):
            acc[0, i] = 0.0
            acc[1, i] = 0.0
        sounding = False
        for i in range(len(v)):
            voice = v[i]
            if voice[at.V_STATE] == at.FREE:
                continue
            sounding = True
            for j in range(n):
                w[0, j] = 0.0
                w[1, j] = 0.0
            if p[at.P_ENGINE] == 0:
                _oscillate(p, o, s[i], w, n)
            else:
                resonate(m[i], int(voice[at.V_MODES]), w, n)
            if p[at.P_NOISE] > 0 or voice[at.V_CLICK] > 0:
                _hiss(p, voice, r, i, w, n)
            if p[at.P_FILTER] > 0:
                _filtered(p, voice, w, n)
            level, step = voice[at.V_OUT], voice[at.V_DOUT]
            other = 1 if p[at.P_STEREO] > 0 else 0
            for j in range(n):
                a = level + j * step
                acc[0, j] += a * voice[at.V_LEFT] * w[0, j]
                acc[1, j] += a * voice[at.V_RIGHT] * w[other, j]
            voice[at.V_OUT] = level + n * step
            voice[at.V_ENV] += n * voice[at.V_DENV]
            voice[at.V_AGE] += n
        if sounding:
            g[at.G_IDLE] = 0.0
        else:
            g[at.G_IDLE] += n
        if g[at.G_IDLE] < p[at.P_RATE]:
            _shape(p, g, eq, eqs, acc, n)
            for i in range(n):
                out[0, pos + i] = acc[0, i] * p[at.P_GAIN]
                out[1, pos + i] = acc[1, i] * p[at.P_GAIN]
        else:
            for b in range(len(eqs)):
                eqs[b, :] = 0.0
            for i in range(n):
                out[0, pos + i] = 0.0
                out[1, pos + i] = 0.0
        pos = end
    while e < n_events:  # more events at one frame than a call takes
        _event(p, o, x, c, v, s, m, r, events[e], at.GRID - (frame + pos) % at.GRID)
        g[at.G_IDLE] = 0.0
        e += 1
