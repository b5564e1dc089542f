"""Voices of struck and plucked things: a bank of decaying modes, filter, noise, click; events, stealing, controllers.

Everything that moves (envelopes, vibrato, cutoff, levels) is computed at the points of a grid of 32 frames that is
anchored to the absolute frame, and runs in straight lines between them; a note's first line starts at its own frame.
So the sound does not depend on how time is cut into blocks.
"""

from __future__ import annotations

import math

import numpy as np

from instruments.kernels import layout as at
from instruments.kernels.compiled import kernel
from instruments.kernels.modes import flushed, resonate, tune
from instruments.kernels.strokes import strike
from instruments.kernels.tone import decibels, octaves, part, seeded, sine, stepped, uniform, warped
from instruments.kernels.tones import add_noise, filter_voice, shape_sum

_OFF, _ON, _CC, _BEND, _PRESSURE = 0, 1, 2, 3, 4
_LN60 = 6.907755278982137  # ln(1000): 60 dB
_STEAL_S = 0.004
_RESTRIKE_S = 0.030
_SILENT = 1e-5


@part
def _pitch(p, c, voice, age_s):  # type: ignore[no-untyped-def]
    """Octaves by which the voice is off its note: bend, vibrato, scoop."""
    channel = c[int(voice[at.V_CHANNEL])]
    depth = p[at.P_VIB_CENTS]
    if p[at.P_VIB_FADE] > 0:
        depth *= min(1.0, max(0.0, (age_s - p[at.P_VIB_DELAY]) / p[at.P_VIB_FADE]))
    depth += max(p[at.P_VIB_WHEEL] * channel[at.C_WHEEL], p[at.P_VIB_PRESSURE] * channel[at.C_PRESSURE])
    cents = 0.0
    if depth > 0:
        cents = depth * sine(p[at.P_VIB_HZ] * age_s + voice[at.V_LFO])
    if p[at.P_SCOOP] != 0:
        cents += p[at.P_SCOOP] * math.exp(-age_s / p[at.P_SCOOP_TIME])
    return channel[at.C_BEND] * p[at.P_BEND] / 12.0 + cents / 1200.0


@part
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


@part
def _lines(p, c, voice, modes, n):  # type: ignore[no-untyped-def]
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
    if abs(octave - voice[at.V_PITCH]) > 3e-5:  # 0.04 cents
        voice[at.V_PITCH] = octave
        tune(modes, int(voice[at.V_MODES]), octaves(octave))


@part
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


@part
def _note_on(p, x, c, v, m, r, event, n):  # type: ignore[no-untyped-def]
    rate, key, channel = p[at.P_RATE], event[at.E_NUMBER], event[at.E_CHANNEL]
    for i in range(len(v)):
        held = v[i, at.V_STATE] == at.PEDAL or v[i, at.V_STATE] == at.RELEASING
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
    voice[at.V_LFO] = uniform(rng)
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
    rng = strike(p, x, voice, m[i], rng)
    r[i] = rng
    _lines(p, c, voice, m[i], n)


@part
def _release(p, c, voice, modes, n):  # type: ignore[no-untyped-def]
    if voice[at.V_KEY] >= p[at.P_UNDAMPED]:
        return
    voice[at.V_STATE] = at.RELEASING
    _lines(p, c, voice, modes, n)


@part
def _event(p, x, c, v, m, r, event, n):  # type: ignore[no-untyped-def]
    """Take one event to heart; n frames are left to the next grid point."""
    kind, number = int(event[at.E_KIND]), int(event[at.E_NUMBER])
    ch = int(event[at.E_CHANNEL]) & (at.CHANNELS - 1)
    if kind == _ON:
        _note_on(p, x, c, v, m, r, event, n)
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
                _release(p, c, v[oldest], m[oldest], n)
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
                        _release(p, c, v[i], m[i], n)
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
                    _release(p, c, v[i], m[i], n)
        elif number >= 123:
            for i in range(len(v)):
                if (v[i, at.V_STATE] == at.HELD or v[i, at.V_STATE] == at.PEDAL) and v[i, at.V_CHANNEL] == ch:
                    _release(p, c, v[i], m[i], n)


@part
def _over(p, voice, modes):  # type: ignore[no-untyped-def]
    """At a grid point: has the voice ended? Flushes modes that have died away, before they become denormal."""
    state = voice[at.V_STATE]
    if state == at.FADING:
        return voice[at.V_FADE] <= 0
    if state == at.RELEASING and voice[at.V_ENV] * voice[at.V_LEVEL] < _SILENT:
        return True
    if voice[at.V_CLICK] > _SILENT:
        return False
    count, energy = flushed(modes, int(voice[at.V_MODES]))
    voice[at.V_MODES] = count
    return energy * voice[at.V_LEVEL] * voice[at.V_LEVEL] < 0.1 * _SILENT * _SILENT


@part
def _grid(p, c, v, m, g, frame):  # type: ignore[no-untyped-def]
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
        if (state == at.FADING or ends) and _over(p, v[i], m[i]):
            v[i, at.V_STATE] = at.FREE
            continue
        active += 1
        _lines(p, c, v[i], m[i], at.GRID)
    g[at.G_ACTIVE] = active
    if p[at.P_TREM] > 0:
        turn = p[at.P_TREM_HZ] * ((frame + at.GRID) / p[at.P_RATE])
        left = decibels(-p[at.P_TREM] * (0.5 + 0.5 * sine(turn)))
        right = decibels(-p[at.P_TREM] * (0.5 + 0.5 * sine(turn + 0.5 * p[at.P_TREM_PAN])))
        g[at.G_DTREM_L], g[at.G_DTREM_R] = (left - g[at.G_TREM_L]) / at.GRID, (right - g[at.G_TREM_R]) / at.GRID


@kernel(
    "void(float64[::1], float64[:,::1], float64[:,::1], float64[:,::1],"
    " float32[:,:,::1], uint64[::1], float64[::1], float64[:,::1], float64[:,::1], float64[:,::1], int64,"
    " float32[:,::1], float64[:,::1], int64, int64, int64)"
)
def synthesize(p, x, c, v, m, r, g, eq, eqs, events, n_events, out, w, start, stop, frame):  # type: ignore[no-untyped-def]
    """Overwrite out[:, start:stop]; `frame` is the absolute frame of out[:, 0]. Arrays as named in layout.py.

    eq: (biquads, 5) b0 b1 b2 a1 a2; eqs: their states. events: rows sorted by offset, all within start..stop.
    w: scratch, (6, GRID).
    """
    acc = w[4:]
    pos, e = start, 0
    while pos < stop:
        ahead = at.GRID - (frame + pos) % at.GRID
        if ahead == at.GRID:
            _grid(p, c, v, m, g, frame + pos)
        while e < n_events and events[e, at.E_OFFSET] <= pos:
            _event(p, x, c, v, m, r, events[e], ahead)
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
            resonate(m[i], int(voice[at.V_MODES]), w, n)
            if p[at.P_NOISE] > 0 or voice[at.V_CLICK] > 0:
                add_noise(p, voice, r, i, w, n)
            if p[at.P_FILTER] > 0:
                filter_voice(p, voice, w, n)
            level, step = voice[at.V_OUT], voice[at.V_DOUT]
            for j in range(n):
                a = level + j * step
                acc[0, j] += a * voice[at.V_LEFT] * w[0, j]
                acc[1, j] += a * voice[at.V_RIGHT] * w[1, j]
            voice[at.V_OUT] = level + n * step
            voice[at.V_ENV] += n * voice[at.V_DENV]
            voice[at.V_AGE] += n
        if sounding:
            g[at.G_IDLE] = 0.0
        else:
            g[at.G_IDLE] += n
        if g[at.G_IDLE] < p[at.P_RATE]:
            shape_sum(int(p[at.P_BIQUADS]), p[at.P_TREM] > 0, g, eq, eqs, acc, n)
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
        _event(p, x, c, v, m, r, events[e], at.GRID - (frame + pos) % at.GRID)
        g[at.G_IDLE] = 0.0
        e += 1
