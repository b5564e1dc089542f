"""The synth of oscillators: sixteen voices at a time through waves, noise, filter and gain; one compiled call a block.

Voices lie in tiles of sixteen, one to a lane; a tile without a sounding voice costs a comparison. All voices of a synth
play one patch, so what differs between patches is branched on outside the loops over frames.
"""

from __future__ import annotations

import math

import numpy as np

from instruments.kernels import lane_layout as at
from instruments.kernels.compiled import kernel
from instruments.kernels.keying import clear, gather, place_of, take
from instruments.kernels.lane_layout import Moment, Synthesis
from instruments.kernels.lanes import (
    LANES,
    UNIT,
    larger,
    load,
    next_noise,
    smaller,
    spread,
    store,
    to_floats,
    total,
)
from instruments.kernels.lines import draw_lines, pass_grid
from instruments.kernels.tables import rows_of
from instruments.kernels.tone import decibels, part, sine
from instruments.kernels.tones import shape_sum
from instruments.kernels.waves import bend_phase, feed_back, hiss, synced, tone

_flat, _envelopes, _lfos = rows_of(1), rows_of(at.ENVELOPE_FIELDS), rows_of(at.LFO_FIELDS)
_oscillators, _rows, _modulations = rows_of(at.OSC_FIELDS), rows_of(at.ROW_FIELDS), rows_of(at.MOD_FIELDS)
_channels, _voices, _keys = rows_of(at.CHANNEL_FIELDS), rows_of(at.VOICE_NUMBERS), rows_of(at.KEY_FIELDS)
_events = rows_of(at.EVENT_FIELDS)

_SILENT = 1e-5
_RMS = 1.7320508  # of even noise between +-1, inverted


@part
def _soft(x):  # type: ignore[no-untyped-def]
    """tanh to 3 %, by a quotient that meets +-1 at +-3 without a corner."""
    x = larger(smaller(x, spread(3.0)), spread(-3.0))
    z = x * x
    return x * (z + 27.0) / (z * 9.0 + 27.0)


@part
def _mix(s, lanes, wave, left, right, first, last):  # type: ignore[no-untyped-def]
    """Add a row's wave at its level."""
    base, slope = load(s.f, lanes + at.W_LEVEL * LANES), load(s.f, lanes + (at.W_LEVEL + 1) * LANES)
    if s.p[at.P_STEREO] > 0.0:
        for i in range(first, last):
            y = load(s.w, (wave + i) * LANES) * (base + slope * load(s.w, (at.B_RAMP + i) * LANES))
            store(s.w, (at.B_LEFT + i) * LANES, load(s.w, (at.B_LEFT + i) * LANES) + y * left)
            store(s.w, (at.B_RIGHT + i) * LANES, load(s.w, (at.B_RIGHT + i) * LANES) + y * right)
    else:
        base, slope = base * left, slope * left
        for i in range(first, last):
            y = load(s.w, (wave + i) * LANES) * (base + slope * load(s.w, (at.B_RAMP + i) * LANES))
            store(s.w, (at.B_LEFT + i) * LANES, load(s.w, (at.B_LEFT + i) * LANES) + y)


@part
def _oscillate(s, fo, no, first, last):  # type: ignore[no-untyped-def]
    """All rows of a tile into B_LEFT (and B_RIGHT where the patch is stereo)."""
    oscs, wide = int(s.p[at.P_OSCS]), s.p[at.P_TIMES] > 1.0
    ints, floats = no + (at.I_OSC + oscs * at.OSC_INTS) * LANES, fo + (at.L_OSC + oscs * at.OSC_LANES) * LANES
    scale = math.sqrt(s.p[at.P_TIMES])
    for r in range(int(s.p[at.P_ROWS])):
        k = int(s.rows[r, at.R_OSC])
        shape, by, master = int(s.o[k, at.O_SHAPE]), int(s.o[k, at.O_FM_BY]), int(s.o[k, at.O_SYNC])
        own = fo + (at.L_OSC + k * at.OSC_LANES) * LANES
        place, lanes = ints + r * at.ROW_INTS * LANES, floats + r * at.ROW_LANES * LANES
        leads = r == int(s.o[k, at.O_FIRST])
        wave = at.B_RAW + k * at.RAW_STEP if leads and s.o[k, at.O_HEARD] > 0.0 else at.B_WAVE
        bent = by >= 0 or s.o[k, at.O_FM_RATIO] > 0.0
        if leads and bent and by != k:
            phase = no + (at.I_OSC + k * at.OSC_INTS) * LANES if by < 0 else -1
            bend_phase(s.w, s.f, s.n, own + at.K_INDEX * LANES, phase, at.B_RAW + by * at.RAW_STEP, first, last)
        start, step = load(s.n, place), load(s.n, place + LANES)
        if shape >= at.NOISE:
            memory = lanes + at.W_MEMORY * LANES
            hiss(s.w, s.f, s.n, shape == at.PINK, place + 2 * LANES, memory, scale, wave, first, last)
        elif by == k:
            index, memory = own + at.K_INDEX * LANES, lanes + at.W_MEMORY * LANES
            feed_back(s.w, s.f, index, memory, start, step, wave, first, last)
        elif master >= 0:
            lead = ints + int(s.o[master, at.O_FIRST]) * at.ROW_INTS * LANES
            synced(s.w, s.f, shape, bent, s.o[k, at.O_START], own + at.K_WIDTH * LANES, lanes + at.W_RATIO * LANES,
                   load(s.n, lead), load(s.n, lead + LANES), step, wave, first, last)
        else:
            tone(s.w, s.f, shape, wide, bent, own + at.K_WIDTH * LANES, start, step, wave, first, last)
        if s.o[k, at.O_LEVEL] > 0.0 or s.o[k, at.O_LEVELLED] > 0.0:
            _mix(s, lanes, wave, s.rows[r, at.R_LEFT], s.rows[r, at.R_RIGHT], first, last)


@part
def _band(s, fo, g, damp, base, slope, fall, state, memory, first, last):  # type: ignore[no-untyped-def]
    """Band-passed noise times a line that also falls by a factor a frame, added to both sides.

    Returns the generator and what the line has fallen to.
    """
    a = 1.0 / (g * (g + damp) + 1.0)
    s1, s2 = load(s.f, memory), load(s.f, memory + LANES)
    stereo = s.p[at.P_STEREO] > 0.0
    for i in range(first, last):
        state = next_noise(state)
        x = to_floats(state) * (2.0 * UNIT * _RMS * math.sqrt(s.p[at.P_TIMES]))
        band = (g * (x - s2) + s1) * a
        low = s2 + g * band
        s1 = band * 2.0 - s1
        s2 = low * 2.0 - s2
        y = band * damp * (base + slope * load(s.w, (at.B_RAMP + i) * LANES))
        base = base * fall
        store(s.w, (at.B_LEFT + i) * LANES, load(s.w, (at.B_LEFT + i) * LANES) + y)
        if stereo:
            store(s.w, (at.B_RIGHT + i) * LANES, load(s.w, (at.B_RIGHT + i) * LANES) + y)
    store(s.f, memory, s1)
    store(s.f, memory + LANES, s2)
    return state, base


@part
def _breathe(s, fo, no, first, last):  # type: ignore[no-untyped-def]
    """Breath (a line) and click (its own decay)."""
    place = no + at.I_NOISE * LANES
    state = load(s.n, place)
    if s.p[at.P_NOISE] > 0.0:
        line = fo + (at.L_LINES + 2 * at.LINE_NOISE) * LANES
        state, _ = _band(s, fo, load(s.f, fo + at.L_NOISE_G * LANES), 1.0 / s.p[at.P_NOISE_Q], load(s.f, line),
                         load(s.f, line + LANES), 1.0, state, fo + at.L_N1 * LANES, first, last)
    if s.p[at.P_CLICK] > 0.0:
        level = fo + at.L_CLICK * LANES
        fall = math.exp(-1.0 / (s.p[at.P_CLICK_TAU] * s.p[at.P_RATE]))
        state, left = _band(s, fo, load(s.f, fo + at.L_CLICK_G * LANES), 1.0 / s.p[at.P_CLICK_Q], load(s.f, level),
                            spread(0.0), fall, state, fo + at.L_C1 * LANES, first, last)
        store(s.f, level, left)
    store(s.n, place, state)


@part
def _drive(s, fo, buffer, first, last):  # type: ignore[no-untyped-def]
    """Soft saturation; what is at full level stays there, what is softer is lifted."""
    line = fo + (at.L_LINES + 2 * at.LINE_DRIVE) * LANES
    base, slope = load(s.f, line), load(s.f, line + LANES)
    for i in range(first, last):
        a = base + slope * load(s.w, (at.B_RAMP + i) * LANES)
        store(s.w, (buffer + i) * LANES, _soft(load(s.w, (buffer + i) * LANES) * a) / _soft(a))


@part
def _filter(s, fo, buffer, memory, own_q, first, last):  # type: ignore[no-untyped-def]
    """A TPT state-variable filter (Zavalishin 2018). g and k run in lines and the gain follows them exactly, so that it
    stays stable however fast they move."""
    kind = int(s.p[at.P_FILTER])
    line = fo + at.L_LINES * LANES
    g0, dg = load(s.f, line + 2 * at.LINE_G * LANES), load(s.f, line + (2 * at.LINE_G + 1) * LANES)
    k0, dk = load(s.f, line + 2 * at.LINE_K * LANES), load(s.f, line + (2 * at.LINE_K + 1) * LANES)
    if not own_q:
        k0, dk = spread(1 / 0.7), spread(0.0)
    # low, band, high, notch as shares of the input, of k times the band and of the low.
    through = 1.0 if kind >= 3 else 0.0
    middle = 1.0 if kind == 2 else (-1.0 if kind >= 3 else 0.0)
    under = 1.0 if kind == 1 else (-1.0 if kind == 3 else 0.0)
    s1, s2 = load(s.f, memory), load(s.f, memory + LANES)
    for i in range(first, last):
        ramp = load(s.w, (at.B_RAMP + i) * LANES)
        g, k = g0 + dg * ramp, k0 + dk * ramp
        a = 1.0 / (g * (g + k) + 1.0)
        x = load(s.w, (buffer + i) * LANES)
        band = s1 * a + (x - s2) * (g * a)
        low = s2 + g * band
        s1 = band * 2.0 - s1
        s2 = low * 2.0 - s2
        store(s.w, (buffer + i) * LANES, x * through + band * (k * middle) + low * under)
    store(s.f, memory, s1)
    store(s.f, memory + LANES, s2)


@part
def _pour(s, fo, line, source, into, first, last):  # type: ignore[no-untyped-def]
    """A tile at its gain into the sum of all tiles, still lane by lane."""
    base, slope = load(s.f, line), load(s.f, line + LANES)
    for i in range(first, last):
        y = load(s.w, (source + i) * LANES) * (base + slope * load(s.w, (at.B_RAMP + i) * LANES))
        store(s.w, (into + i) * LANES, load(s.w, (into + i) * LANES) + y)


@part
def _tile(s, tile, first, last):  # type: ignore[no-untyped-def]
    """Sixteen voices, frames first..last of their grid, into the sums."""
    fo, no = tile * int(s.p[at.P_FLOATS]) * LANES, tile * int(s.p[at.P_INTS]) * LANES
    for i in range(first, last):
        store(s.w, (at.B_LEFT + i) * LANES, spread(0.0))
        store(s.w, (at.B_RIGHT + i) * LANES, spread(0.0))
    _oscillate(s, fo, no, first, last)
    if s.p[at.P_NOISE] > 0.0 or s.p[at.P_CLICK] > 0.0:
        _breathe(s, fo, no, first, last)
    sides = 2 if s.p[at.P_STEREO] > 0.0 else 1
    for side in range(sides):
        buffer = at.B_LEFT if side == 0 else at.B_RIGHT
        if s.p[at.P_DRIVE] >= 0.0:
            _drive(s, fo, buffer, first, last)
        if s.p[at.P_FILTER] > 0.0:
            for stage in range(int(s.p[at.P_STAGES])):
                memory = fo + (at.L_F + 4 * stage + 2 * side) * LANES
                _filter(s, fo, buffer, memory, stage == 0, first, last)
    line = fo + at.L_LINES * LANES
    other = at.B_RIGHT if sides == 2 else at.B_LEFT
    _pour(s, fo, line + 2 * at.LINE_LEFT * LANES, at.B_LEFT, at.B_SUM_LEFT, first, last)
    _pour(s, fo, line + 2 * at.LINE_RIGHT * LANES, other, at.B_SUM_RIGHT, first, last)


@part
def _heard(s, place, sounding):  # type: ignore[no-untyped-def]
    """One frame of all tiles' lanes."""
    return total(load(s.w, place * LANES)) if sounding else np.float32(0.0)


@part
def _over(s, i):  # type: ignore[no-untyped-def]
    """At a grid point: has voice i ended?"""
    place = place_of(i, int(s.p[at.P_FLOATS]))
    state = s.v[i, at.N_STATE]
    if state == at.FADING:
        return s.f[place + at.L_FADE * LANES] <= 0.0
    level = s.f[place + at.L_LEVEL * LANES]
    loud = s.f[place + (at.L_ENV + at.AMP * at.ENV_LANES + at.A_VALUE) * LANES] * level
    done = s.f[place + at.L_AGE * LANES] > s.f[place + (at.L_ENV + at.A_ATTACK) * LANES]
    if loud < _SILENT and done and (state == at.RELEASING or s.x[at.AMP, at.X_SUSTAIN] == 0.0):
        return True
    if s.p[at.P_ENDS] == 0.0 or s.f[place + at.L_CLICK * LANES] > _SILENT:
        return False
    oscs, loudest = int(s.p[at.P_OSCS]), np.float32(0.0)
    for r in range(int(s.p[at.P_ROWS])):
        loudest = max(loudest, s.f[place + (at.L_OSC + oscs * at.OSC_LANES + r * at.ROW_LANES + at.W_LEVEL) * LANES])
    return loudest * level < _SILENT


@part
def _grid(s, m):  # type: ignore[no-untyped-def]
    """A grid point: channels glide, finished voices go, new lines are drawn."""
    for ch in range(at.CHANNELS):
        goal = s.c[ch, at.C_VOLUME] * s.c[ch, at.C_VOLUME] * s.c[ch, at.C_EXPRESSION] * s.c[ch, at.C_EXPRESSION]
        s.c[ch, at.C_GAIN] += 0.1 * (goal - s.c[ch, at.C_GAIN])
    ends = (m.frame // m.ahead) % 8 == 0
    active = 0
    floats, ints = int(s.p[at.P_FLOATS]), int(s.p[at.P_INTS])
    for tile in range(int(s.p[at.P_VOICES]) // LANES):
        sounding = 0
        for i in range(tile * LANES, (tile + 1) * LANES):
            if s.v[i, at.N_STATE] != at.FREE:
                sounding += 1
        if sounding == 0:
            continue
        fo, no = tile * floats * LANES, tile * ints * LANES
        pass_grid(s, fo, no, m.ahead)
        for lane in range(LANES):
            i = tile * LANES + lane
            state = s.v[i, at.N_STATE]
            if state != at.FREE and (state == at.FADING or ends) and _over(s, i):
                clear(s, i)
                sounding -= 1
            s.w[at.B_MASK * LANES + lane] = np.float32(0.0 if s.v[i, at.N_STATE] == at.FREE else 1.0)
        active += sounding
        if sounding > 0:
            gather(s, tile)
            draw_lines(s, fo, no, m)
    s.g[at.G_ACTIVE] = active


@part
def _tremble(s, frame):  # type: ignore[no-untyped-def]
    """The tremolo's lines to the grid point after `frame`."""
    if s.p[at.P_TREM] > 0.0:
        turn = s.p[at.P_TREM_HZ] * ((frame + at.GRID) / (s.p[at.P_RATE] / s.p[at.P_TIMES]))
        left = decibels(-s.p[at.P_TREM] * (0.5 + 0.5 * sine(turn)))
        right = decibels(-s.p[at.P_TREM] * (0.5 + 0.5 * sine(turn + 0.5 * s.p[at.P_TREM_PAN])))
        s.g[at.G_DTREM_L] = (left - s.g[at.G_TREM_L]) / at.GRID
        s.g[at.G_DTREM_R] = (right - s.g[at.G_TREM_R]) / at.GRID


@part
def _halve(taps, past, frames):  # type: ignore[no-untyped-def]
    """2 x frames of past[:, TAPS - 1 :] through a half-band filter to every second; the newest end goes to the front.

    Every second tap but the middle is zero. The result lies at past[:, 0 : frames] for the caller to take first.
    """
    middle = at.TAPS // 2
    for side in range(2):
        for i in range(frames):
            # Newest sample that this output sees: odd ones, so that the filter's delay is a whole number of frames.
            base = 2 * i + 1
            y = past[side, base + middle] * taps[middle]
            for j in range(0, at.TAPS, 2):
                y += past[side, base + j] * taps[j]
            past[side, at.TAPS + at.GRID * at.OVERSAMPLED + i] = y
        for j in range(at.TAPS - 1):
            past[side, j] = past[side, j + 2 * frames]


@kernel(
    "void(float64[::1], float64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1],"
    " float64[:,::1], int64[:,::1], float32[::1], int32[::1], float32[::1], float64[::1], float64[:,::1],"
    " float64[:,::1], float64[:,::1], float32[::1], float32[:,::1], float64[:,::1], int64, float32[:,::1],"
    " float64[:,::1], int64, int64, int64, float64, float64)"
)
def play(  # type: ignore[no-untyped-def]
    p, x, t, o, rows, mods, c, v, f, n, w, g, h, eq, eqs, taps, past, events, n_events, out, acc, start, stop, frame,
    beat, bpm,
):
    """Overwrite out[:, start:stop]; `frame` and `beat` are of out[:, 0]. Arrays as in lane_layout.Synthesis.

    eq: (biquads, 5) b0 b1 b2 a1 a2; eqs: their states. taps, past: of the half-band filter. events: rows sorted by
    offset, all within start..stop. acc: scratch, (2, GRID).
    """
    s = Synthesis(
        _flat(p), _envelopes(x), _lfos(t), _oscillators(o), _rows(rows), _modulations(mods), _channels(c), _voices(v),
        _flat(f), _flat(n), _flat(w), _flat(g), _keys(h), _events(events),
    )
    times = int(p[at.P_TIMES])
    rate = p[at.P_RATE] / times
    pos, e = start, np.int64(0)
    while pos < stop:
        into = (frame + pos) % at.GRID
        ahead = at.GRID - into
        grid_frame, grid_beat = frame + pos - into, beat + (pos - into) / rate * bpm / 60.0
        if into == 0:
            _grid(s, Moment(grid_frame * times, grid_beat, bpm, into, ahead * times))
            _tremble(s, grid_frame)
        while e < n_events and events[e, at.E_OFFSET] <= pos:
            take(s, e, Moment(grid_frame * times, grid_beat, bpm, into * times, ahead * times))
            g[at.G_IDLE] = 0.0
            e += 1
        end = min(stop, pos + ahead)
        if e < n_events:
            end = min(end, int(events[e, at.E_OFFSET]))
        frames = end - pos
        first, last = into * times, (into + frames) * times
        sounding = False
        for tile in range(int(p[at.P_VOICES]) // LANES):
            alive = False
            for i in range(tile * LANES, (tile + 1) * LANES):
                alive = alive or v[i, at.N_STATE] != at.FREE
            if alive:
                if not sounding:
                    for i in range(first, last):
                        store(s.w, (at.B_SUM_LEFT + i) * LANES, spread(0.0))
                        store(s.w, (at.B_SUM_RIGHT + i) * LANES, spread(0.0))
                sounding = True
                _tile(s, tile, first, last)
        g[at.G_IDLE] = 0.0 if sounding else g[at.G_IDLE] + frames
        if g[at.G_IDLE] < rate:
            if times > 1:
                for i in range(last - first):
                    past[0, at.TAPS - 1 + i] = _heard(s, at.B_SUM_LEFT + first + i, sounding)
                    past[1, at.TAPS - 1 + i] = _heard(s, at.B_SUM_RIGHT + first + i, sounding)
                _halve(taps, past, frames)
                for i in range(frames):
                    acc[0, i] = past[0, at.TAPS + at.GRID * at.OVERSAMPLED + i]
                    acc[1, i] = past[1, at.TAPS + at.GRID * at.OVERSAMPLED + i]
            else:
                for i in range(frames):
                    acc[0, i] = _heard(s, at.B_SUM_LEFT + first + i, sounding)
                    acc[1, i] = _heard(s, at.B_SUM_RIGHT + first + i, sounding)
            shape_sum(int(p[at.P_BIQUADS]), p[at.P_TREM] > 0.0, g, eq, eqs, acc, frames)
            for i in range(frames):
                out[0, pos + i] = acc[0, i] * p[at.P_GAIN]
                out[1, pos + i] = acc[1, i] * p[at.P_GAIN]
        else:
            for b in range(len(eqs)):
                eqs[b, :] = 0.0
            past[:] = 0.0
            for i in range(frames):
                out[0, pos + i] = 0.0
                out[1, pos + i] = 0.0
        pos = end
    while e < n_events:  # more events at one frame than a call takes
        into = (frame + pos) % at.GRID
        grid_beat = beat + (pos - into) / rate * bpm / 60.0
        take(s, e, Moment((frame + pos - into) * times, grid_beat, bpm, into * times, (at.GRID - into) * times))
        g[at.G_IDLE] = 0.0
        e += 1
