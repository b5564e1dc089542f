"""Keys, pedals and controllers: which voice plays what. Scalar work, done once an event; others draw what follows."""

from __future__ import annotations

import math

import numpy as np

from instruments.kernels import lane_layout as at
from instruments.kernels.channels import pedalled, place_of, set_zone, within
from instruments.kernels.lanes import LANES
from instruments.kernels.tone import decibels, octaves, part, seeded, stepped, uniform, warped

_OFF, _ON, _CC, _BEND, _PRESSURE = 0, 1, 2, 3, 4
_STEAL_S = 0.004
_RESTRIKE_S = 0.030
_NO_RPN = 16383.0


@part
def clear(s, i):  # type: ignore[no-untyped-def]
    """Voice i is free, and its lanes are nothing."""
    s.v[i, at.N_STATE] = at.FREE
    floats, ints = int(s.p[at.P_FLOATS]), int(s.p[at.P_INTS])
    place = place_of(i, floats)
    for j in range(floats):
        s.f[place + j * LANES] = np.float32(0.0)
    place = place_of(i, ints)
    for j in range(ints):
        s.n[place + j * LANES] = np.int32(0)


@part
def _fade(s, i, pos, seconds):  # type: ignore[no-untyped-def]
    """Let voice i fade out in so many seconds from `pos` on; its lines follow from the next grid point."""
    place = place_of(i, int(s.p[at.P_FLOATS]))
    s.v[i, at.N_STATE] = at.FADING
    step = 1.0 / (seconds * s.p[at.P_RATE])
    now = s.f[place + at.L_FADE * LANES] - s.f[place + at.L_FADING * LANES] * pos
    s.f[place + at.L_FADING * LANES] = np.float32(step)
    s.f[place + at.L_FADE * LANES] = np.float32(max(now, 0.0) + step * pos)


@part
def _slot(s, pos):  # type: ignore[no-untyped-def]
    """A free voice; if the polyphony is full, what matters least starts to fade first."""
    floats = int(s.p[at.P_FLOATS])
    sounding = 0
    for i in range(int(s.p[at.P_VOICES])):
        if s.v[i, at.N_STATE] != at.FREE and s.v[i, at.N_STATE] != at.FADING:
            sounding += 1
    while sounding >= s.p[at.P_POLYPHONY]:
        worst, score = np.int64(0), 1e300
        for i in range(int(s.p[at.P_VOICES])):
            state = s.v[i, at.N_STATE]
            if state in (at.FREE, at.FADING):
                continue
            rank = np.float64(s.v[i, at.N_ORDER])
            if state == at.RELEASING:
                place = place_of(i, floats) + at.LINE_LEFT * LANES
                rank = np.float64(s.f[place] + s.f[place + 2 * LANES]) - 1e12
            elif state == at.PEDAL:
                rank -= 5e11
            if rank < score:
                worst, score = np.int64(i), rank
        _fade(s, worst, pos, _STEAL_S)
        sounding -= 1
    best, score = np.int64(0), 1e300
    for i in range(int(s.p[at.P_VOICES])):
        if s.v[i, at.N_STATE] == at.FREE:
            return i
        left = np.float64(s.f[place_of(i, floats) + at.L_FADE * LANES])
        if s.v[i, at.N_STATE] == at.FADING and left < score:
            best, score = np.int64(i), left
    return best


@part
def _tune(s, place, hz, pos, glides):  # type: ignore[no-untyped-def]
    """Give a voice its note; where it glides, from the last note's pitch."""
    s.f[place + at.L_GLIDE * LANES] = np.float32(0.0)
    if glides and s.p[at.P_GLIDE] > 0.0 and s.g[at.G_LAST] > 0.0:
        s.f[place + at.L_GLIDE * LANES] = np.float32(math.log2(s.g[at.G_LAST] / hz))
        s.f[place + at.L_GLIDE_AGE * LANES] = np.float32(-pos)
    s.f[place + at.L_HZ * LANES] = np.float32(hz)
    s.g[at.G_LAST] = hz


@part
def _start_envelopes(s, place, loud, octave, pos):  # type: ignore[no-untyped-def]
    """Begin all envelopes at `pos`, each from where it is; times by velocity and key."""
    rate = s.p[at.P_RATE]
    for e in range(4):
        base = place + (at.L_ENV + e * at.ENV_LANES) * LANES
        line = place + (at.LINE_ENV + 2 * e) * LANES
        value = s.f[line] + s.f[line + LANES] * pos
        faster = octaves(s.x[e, at.X_KEY] * octave)
        attack = s.x[e, at.X_ATTACK] * rate / faster * math.exp(-s.x[e, at.X_VELOCITY] * loud)
        s.f[base + at.A_FROM * LANES] = np.float32(min(max(value, 0.0), 1.0))
        s.f[base + at.A_ATTACK * LANES] = np.float32(attack if attack >= 1.0 else 0.0)
        s.f[base + at.A_SLOW * LANES] = np.float32(faster / (s.x[e, at.X_DECAY] * rate))
        s.f[base + at.A_FALL * LANES] = np.float32(faster / (max(s.x[e, at.X_RELEASE], 1e-3) * rate))
    s.f[place + at.L_GATE * LANES] = np.float32(1.0)
    s.f[place + at.L_AGE * LANES] = np.float32(-pos)


@part
def _voice_note(s, place, velocity, octave, rng, pos):  # type: ignore[no-untyped-def]
    """What a voice takes from its note besides the pitch: level, brightness, envelopes' depths and times."""
    loud = math.log(velocity / 90.0)
    s.f[place + at.L_OCT * LANES] = np.float32(octave)
    s.f[place + at.L_VELOCITY * LANES] = np.float32(velocity)
    s.f[place + at.L_LOUD * LANES] = np.float32(loud)
    rng = stepped(rng)
    level = decibels(s.p[at.P_RAND_DB] * uniform(rng) + s.p[at.P_KEY_DB] * octave) * math.exp(s.p[at.P_VELOCITY] * loud)
    s.f[place + at.L_LEVEL * LANES] = np.float32(level)
    rng = stepped(rng)
    s.f[place + at.L_RANDOM * LANES] = np.float32(uniform(rng))
    cut = s.p[at.P_CUTOFF] * octaves(s.p[at.P_TRACK] * octave) * math.exp(s.p[at.P_BRIGHT] * loud)
    rng = stepped(rng)
    s.f[place + at.L_CUT * LANES] = np.float32(cut * (1.0 + 0.02 * uniform(rng)))
    s.f[place + at.L_FENV * LANES] = np.float32(s.p[at.P_FENV] * math.exp(s.p[at.P_FENV_VEL] * loud))
    s.f[place + at.L_PENV * LANES] = np.float32(s.p[at.P_PENV] * math.exp(s.p[at.P_PENV_VEL] * loud))
    s.f[place + at.L_PAN * LANES] = np.float32(min(max(s.p[at.P_SPREAD] * octave / 3.0, -1.0), 1.0))
    # Breath and bow: falls relative to the tone as it gets louder.
    s.f[place + at.L_NOISE_LEVEL * LANES] = np.float32(s.p[at.P_NOISE] * math.exp(-0.25 * loud))
    noise_hz, click_hz = s.p[at.P_NOISE_HZ] * octaves(s.p[at.P_NOISE_TRACK] * octave), s.p[at.P_CLICK_HZ]
    s.f[place + at.L_NOISE_G * LANES] = np.float32(warped(noise_hz, s.p[at.P_RATE]))
    s.f[place + at.L_CLICK * LANES] = np.float32(s.p[at.P_CLICK] * math.exp(0.5 * loud))
    click_g = warped(click_hz * octaves(s.p[at.P_CLICK_TRACK] * octave), s.p[at.P_RATE])
    s.f[place + at.L_CLICK_G * LANES] = np.float32(click_g)
    _start_envelopes(s, place, loud, octave, pos)
    return rng


@part
def _phase(cycles):  # type: ignore[no-untyped-def]
    """The int phase of so many cycles."""
    return np.int32(np.int64(cycles * 4294967296.0) & np.int64(0xFFFFFFFF))


@part
def _phases(s, i, rng):  # type: ignore[no-untyped-def]
    """Where the oscillators and LFOs of a new voice start; their steps are not yet drawn, and so zero."""
    place = place_of(i, int(s.p[at.P_INTS]))
    rng = stepped(rng)
    s.n[place + at.I_SEED * LANES] = np.int32(np.int64(rng >> np.uint64(33)))
    rng = stepped(rng)
    s.n[place + at.I_NOISE * LANES] = np.int32(np.int64(rng >> np.uint64(34)) | np.int64(1))
    s.n[place + at.I_CLICK * LANES] = np.int32(np.int64(rng >> np.uint64(4)) & np.int64(0x3FFFFFFF) | np.int64(1))
    for k in range(at.SLOW):
        rng = stepped(rng)
        start = s.t[k, at.T_PHASE] if s.t[k, at.T_PHASE] >= 0.0 else 0.5 + 0.5 * uniform(rng)
        s.n[place + (at.I_LFO + 2 * k) * LANES] = _phase(start)
    for r in range(int(s.p[at.P_ROWS])):
        rng = stepped(rng)
        start = s.rows[r, at.R_START] if s.rows[r, at.R_START] >= 0.0 else 0.5 + 0.5 * uniform(rng)
        s.n[place + int(s.rows[r, at.R_TURN]) * LANES] = _phase(start)
        rng = stepped(rng)
        if s.rows[r, at.R_GENERATOR] >= 0.0:
            s.n[place + int(s.rows[r, at.R_GENERATOR]) * LANES] = np.int32(np.int64(rng >> np.uint64(34)) | np.int64(1))
    return rng


@part
def _begin(s, key, channel, velocity, cents, pos):  # type: ignore[no-untyped-def]
    """A new voice for a note."""
    glides = s.p[at.P_GLIDE_LEGATO] == 0.0
    for i in range(int(s.p[at.P_VOICES])):
        ours = s.v[i, at.N_KEY] == key and s.v[i, at.N_CHANNEL] == channel
        if s.v[i, at.N_STATE] == at.PEDAL and ours:
            _fade(s, i, pos, _RESTRIKE_S)
        glides = glides or s.v[i, at.N_STATE] == at.HELD
    i = _slot(s, pos)
    clear(s, i)
    s.g[at.G_COUNT] += 1
    rng = seeded(np.uint64(int(s.g[at.G_COUNT])) + np.uint64(int(s.p[at.P_SEED])) * np.uint64(0x100000001))
    s.v[i, at.N_STATE], s.v[i, at.N_ORDER] = at.HELD, int(s.g[at.G_COUNT])
    s.v[i, at.N_KEY], s.v[i, at.N_CHANNEL] = key, channel
    place = place_of(i, int(s.p[at.P_FLOATS]))
    rng = stepped(rng)
    hz = 440.0 * octaves((key - 69.0) / 12.0 + (cents + s.p[at.P_RAND_CENTS] * uniform(rng)) / 1200.0)
    _tune(s, place, hz, pos, glides)
    s.f[place + at.L_FADE * LANES] = np.float32(1.0)
    rng = _voice_note(s, place, velocity, (key - 60.0) / 12.0, rng, pos)
    _phases(s, i, rng)
    s.v[i, at.N_DRAW] = at.DRAW_NEW


@part
def _change(s, i, strike, pos):  # type: ignore[no-untyped-def]
    """Voice i plays the last of the held keys, struck anew or tied."""
    note = int(s.g[at.G_KEYS]) - 1
    place = place_of(i, int(s.p[at.P_FLOATS]))
    tied = s.v[i, at.N_STATE] == at.HELD
    if s.p[at.P_GLIDE] > 0.0:  # from where the last glide has come to
        age = s.f[place + at.L_GLIDE_AGE * LANES] + pos
        share = max(0.0, 1.0 - age / (s.p[at.P_GLIDE] * s.p[at.P_RATE]))
        s.g[at.G_LAST] = s.f[place + at.L_HZ * LANES] * octaves(s.f[place + at.L_GLIDE * LANES] * share)
    s.v[i, at.N_STATE] = at.HELD
    s.v[i, at.N_KEY], s.v[i, at.N_CHANNEL] = int(s.h[note, at.K_KEY]), int(s.h[note, at.K_CHANNEL])
    octave = (s.h[note, at.K_KEY] - 60.0) / 12.0
    hz = 440.0 * octaves((s.h[note, at.K_KEY] - 69.0) / 12.0 + s.h[note, at.K_CENTS] / 1200.0)
    _tune(s, place, hz, pos, tied or s.p[at.P_GLIDE_LEGATO] == 0.0)
    if strike:
        s.g[at.G_COUNT] += 1
        rng = seeded(np.uint64(int(s.g[at.G_COUNT])) + np.uint64(int(s.p[at.P_SEED])) * np.uint64(0x100000001))
        _voice_note(s, place, s.h[note, at.K_VELOCITY], octave, rng, pos)
    s.f[place + at.L_OCT * LANES] = np.float32(octave)
    s.v[i, at.N_DRAW] = max(s.v[i, at.N_DRAW], at.DRAW_ON)


@part
def _forget(s, key, channel):  # type: ignore[no-untyped-def]
    """Take a key from those that are held."""
    to = 0
    for j in range(int(s.g[at.G_KEYS])):
        if s.h[j, at.K_KEY] != key or s.h[j, at.K_CHANNEL] != channel:
            if to != j:
                for k in range(at.KEY_FIELDS):
                    s.h[to, k] = s.h[j, k]
            to += 1
    s.g[at.G_KEYS] = to


@part
def _single(s):  # type: ignore[no-untyped-def]
    """The voice of a synth of one voice, or -1."""
    for i in range(int(s.p[at.P_VOICES])):
        if s.v[i, at.N_STATE] != at.FREE and s.v[i, at.N_STATE] != at.FADING:
            return np.int64(i)
    return np.int64(-1)


@part
def _on(s, key, channel, velocity, cents, pos):  # type: ignore[no-untyped-def]
    if s.p[at.P_MODE] == at.POLY:
        _begin(s, key, channel, velocity, cents, pos)
        return
    _forget(s, key, channel)
    if s.g[at.G_KEYS] >= at.HELD_KEYS:
        _forget(s, int(s.h[0, at.K_KEY]), int(s.h[0, at.K_CHANNEL]))
    note = int(s.g[at.G_KEYS])
    s.h[note, at.K_KEY], s.h[note, at.K_CHANNEL] = key, channel
    s.h[note, at.K_VELOCITY], s.h[note, at.K_CENTS] = velocity, cents
    s.g[at.G_KEYS] += 1
    i = _single(s)
    if i >= 0:
        strike = s.p[at.P_MODE] == at.MONO or s.v[i, at.N_STATE] != at.HELD
        _change(s, i, strike, pos)
    else:
        _begin(s, key, channel, velocity, cents, pos)


@part
def _release(s, i, pos):  # type: ignore[no-untyped-def]
    if s.v[i, at.N_KEY] >= s.p[at.P_UNDAMPED]:
        return
    s.v[i, at.N_STATE] = at.RELEASING
    place = place_of(i, int(s.p[at.P_FLOATS]))
    for e in range(4):
        base = place + (at.L_ENV + e * at.ENV_LANES) * LANES
        line = place + (at.LINE_ENV + 2 * e) * LANES
        value = s.f[line] + s.f[line + LANES] * pos
        if s.v[i, at.N_DRAW] == at.DRAW_NEW and s.f[base + at.A_ATTACK * LANES] == 0.0:
            value = 1.0  # its lines are not yet drawn
        s.f[base + at.A_OFF_FROM * LANES] = np.float32(value)
    s.f[place + at.L_GATE * LANES] = np.float32(0.0)
    s.f[place + at.L_SINCE_OFF * LANES] = np.float32(-pos)
    s.v[i, at.N_DRAW] = max(s.v[i, at.N_DRAW], at.DRAW_ON)


@part
def _off(s, key, ch, pos):  # type: ignore[no-untyped-def]
    if s.p[at.P_MODE] != at.POLY:
        _forget(s, key, ch)
    oldest, order = np.int64(-1), np.int64(1) << np.int64(62)
    for i in range(int(s.p[at.P_VOICES])):
        ours = s.v[i, at.N_STATE] == at.HELD and s.v[i, at.N_KEY] == key and s.v[i, at.N_CHANNEL] == ch
        if ours and s.v[i, at.N_ORDER] < order:
            oldest, order = np.int64(i), s.v[i, at.N_ORDER]
    if oldest < 0:
        return
    if s.g[at.G_KEYS] > 0:
        _change(s, oldest, s.g[at.G_KEYS] < 0, pos)
    elif pedalled(s, ch):
        s.v[oldest, at.N_STATE] = at.PEDAL
    else:
        _release(s, oldest, pos)


@part
def _release_all(s, ch, pedal_only, pos):  # type: ignore[no-untyped-def]
    if not pedal_only:
        s.g[at.G_KEYS] = 0
    for i in range(int(s.p[at.P_VOICES])):
        state, channel = s.v[i, at.N_STATE], int(s.v[i, at.N_CHANNEL])
        if not within(s, channel, ch):
            continue
        if (state == at.PEDAL and not (pedal_only and pedalled(s, channel))) or (state == at.HELD and not pedal_only):
            _release(s, i, pos)


@part
def _controller(s, ch, number, value, pos):  # type: ignore[no-untyped-def]
    if number == 1:
        s.c[ch, at.C_WHEEL] = value / 127.0
    elif number == 6:
        if s.c[ch, at.C_RPN] == 0.0:
            s.c[ch, at.C_RANGE] = min(value, 96.0)
            if s.c[ch, at.C_MASTER] >= 0:  # of all the zone's members
                for other in range(at.CHANNELS):
                    if s.c[other, at.C_MASTER] == s.c[ch, at.C_MASTER]:
                        s.c[other, at.C_RANGE] = min(value, 96.0)
        elif s.c[ch, at.C_RPN] == 6.0 and ch in (0, at.CHANNELS - 1):
            set_zone(s, ch, int(value))
    elif number == 7:
        s.c[ch, at.C_VOLUME] = value / 100.0
    elif number == 11:
        s.c[ch, at.C_EXPRESSION] = value / 127.0
    elif number == 74:
        s.c[ch, at.C_TIMBRE] = min(max((value - 64.0) / 63.0, -1.0), 1.0)
    elif number == 64:
        s.c[ch, at.C_SUSTAIN] = 1.0 if value >= 64 else 0.0
    elif number in (98, 99):
        s.c[ch, at.C_RPN] = _NO_RPN
    elif number == 100:
        s.c[ch, at.C_RPN] = float((int(s.c[ch, at.C_RPN]) & ~127) | int(value))
    elif number == 101:
        s.c[ch, at.C_RPN] = float((int(s.c[ch, at.C_RPN]) & 127) | (int(value) << 7))
    elif number == 120:
        s.g[at.G_KEYS] = 0
        for i in range(int(s.p[at.P_VOICES])):
            state = s.v[i, at.N_STATE]
            if state not in (at.FREE, at.FADING) and within(s, int(s.v[i, at.N_CHANNEL]), ch):
                _fade(s, i, pos, _STEAL_S)
    elif number == 121:
        s.c[ch, at.C_BEND], s.c[ch, at.C_WHEEL], s.c[ch, at.C_PRESSURE], s.c[ch, at.C_EXPRESSION] = 0.0, 0.0, 0.0, 1.0
        s.c[ch, at.C_TIMBRE], s.c[ch, at.C_RPN], s.c[ch, at.C_SUSTAIN] = 0.0, _NO_RPN, 0.0
    if number >= 123 or number == 121 or (number == 64 and value < 64):
        _release_all(s, ch, number < 123, pos)


@part
def take(s, e, pos):  # type: ignore[no-untyped-def]
    """Take event e to heart, `pos` frames after the grid point before. The caller draws what N_DRAW asks for."""
    s.g[at.G_CHANGED] = 1.0
    kind, number, value = int(s.events[e, at.E_KIND]), int(s.events[e, at.E_NUMBER]), s.events[e, at.E_VALUE]
    ch = int(s.events[e, at.E_CHANNEL]) & (at.CHANNELS - 1)
    if kind == _ON:
        velocity = min(max(value, 1.0), 127.0)
        cents = s.events[e, at.E_CENTS]
        _on(s, number, ch, velocity, cents, pos)
    elif kind == _OFF:
        _off(s, number, ch, pos)
    elif kind == _BEND:
        s.c[ch, at.C_BEND] = min(max(value, -1.0), 1.0)
    elif kind == _PRESSURE:
        s.c[ch, at.C_PRESSURE] = value / 127.0
    elif kind == _CC:
        _controller(s, ch, number, value, pos)
