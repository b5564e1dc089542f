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
from instruments.kernels.waves import add_saw, bend_phase, feed_back, hiss, synced, tone

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
def _mix(s, line, wave, left, right, first, last):  # type: ignore[no-untyped-def]
    """Add a row's wave at its level."""
    base, slope = load(s.f, line), load(s.f, line + LANES)
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
    wide, scale = s.p[at.P_TIMES] > 1.0, math.sqrt(s.p[at.P_TIMES])
    for r in range(int(s.p[at.P_ROWS])):
        k = int(s.rows[r, at.R_OSC])
        shape, by, master = int(s.o[k, at.O_SHAPE]), int(s.o[k, at.O_FM_BY]), int(s.o[k, at.O_SYNC])
        width, index = fo + int(s.o[k, at.O_WIDTH_LINE]) * LANES, fo + int(s.o[k, at.O_INDEX_LINE]) * LANES
        place, memory = no + int(s.rows[r, at.R_TURN]) * LANES, fo + int(s.rows[r, at.R_MEMORY]) * LANES
        leads = r == int(s.o[k, at.O_FIRST])
        wave = at.B_RAW + k * at.RAW_STEP if leads and s.o[k, at.O_HEARD] > 0.0 else at.B_WAVE
        bent = s.o[k, at.O_INDEX_LINE] >= 0.0
        if leads and bent and by != k:
            own = no + int(s.o[k, at.O_TURN]) * LANES if by < 0 else -1
            bend_phase(s.w, s.f, s.n, index, own, at.B_RAW + by * at.RAW_STEP, first, last)
        start, step = load(s.n, place), load(s.n, place + LANES)
        level = fo + int(s.o[k, at.O_LEVEL_LINE]) * LANES
        if shape == at.SAW and wave == at.B_WAVE and not (wide or bent or master >= 0 or s.p[at.P_STEREO] > 0.0):
            add_saw(s.w, s.f, level, s.rows[r, at.R_LEFT], start, step, first, last)
            continue
        if shape >= at.NOISE:
            generator = no + int(s.rows[r, at.R_GENERATOR]) * LANES
            hiss(s.w, s.f, s.n, shape == at.PINK, generator, memory, scale, s.p[at.P_RATE], wave, first, last)
        elif by == k:
            feed_back(s.w, s.f, index, memory, start, step, wave, first, last)
        elif master >= 0:
            lead = no + int(s.rows[int(s.o[master, at.O_FIRST]), at.R_TURN]) * LANES
            ratio = fo + int(s.rows[r, at.R_RATIO_LINE]) * LANES
            synced(s.w, s.f, shape, bent, s.o[k, at.O_START], width, ratio, load(s.n, lead), load(s.n, lead + LANES),
                   step, wave, first, last)
        else:
            tone(s.w, s.f, shape, wide, bent, width, start, step, wave, first, last)
        if s.o[k, at.O_LEVEL] > 0.0:
            _mix(s, level, wave, s.rows[r, at.R_LEFT], s.rows[r, at.R_RIGHT], first, last)


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
        line = fo + at.LINE_NOISE * LANES
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
    line = fo + at.LINE_DRIVE * LANES
    base, slope = load(s.f, line), load(s.f, line + LANES)
    for i in range(first, last):
        # Not 0 in the lane of a free voice either: 0 / 0 there would spoil the sum.
        a = larger(base + slope * load(s.w, (at.B_RAMP + i) * LANES), spread(1e-3))
        store(s.w, (buffer + i) * LANES, _soft(load(s.w, (buffer + i) * LANES) * a) / _soft(a))


@part
def _filter(s, fo, buffer, memory, own_q, first, last):  # type: ignore[no-untyped-def]
    """A TPT state-variable filter (Zavalishin 2018). g and k run in lines and the gain follows them exactly, so that it
    stays stable however fast they move."""
    kind = int(s.p[at.P_FILTER])
    g0, dg = load(s.f, fo + at.LINE_G * LANES), load(s.f, fo + (at.LINE_G + 1) * LANES)
    k0, dk = load(s.f, fo + at.LINE_K * LANES), load(s.f, fo + (at.LINE_K + 1) * LANES)
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
def _pour(s, line, source, into, first, last):  # type: ignore[no-untyped-def]
    """A tile at its gain into the sum of all tiles, still lane by lane."""
    base, slope = load(s.f, line), load(s.f, line + LANES)
    for i in range(first, last):
        y = load(s.w, (source + i) * LANES) * (base + slope * load(s.w, (at.B_RAMP + i) * LANES))
        store(s.w, (into + i - first) * LANES, load(s.w, (into + i - first) * LANES) + y)


@part
def _tile(s, tile, first, last, into):  # type: ignore[no-untyped-def]
    """Sixteen voices, frames first..last of their grid, into the sums from frame `into` of their stretch."""
    fo, no = tile * int(s.p[at.P_FLOATS]) * LANES, tile * int(s.p[at.P_INTS]) * LANES
    for i in range(first, last):
        store(s.w, (at.B_LEFT + i) * LANES, spread(0.0))
    if s.p[at.P_STEREO] > 0.0:
        for i in range(first, last):
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
    other = at.B_RIGHT if sides == 2 else at.B_LEFT
    _pour(s, fo + at.LINE_LEFT * LANES, at.B_LEFT, at.B_SUM_LEFT + into, first, last)
    _pour(s, fo + at.LINE_RIGHT * LANES, other, at.B_SUM_RIGHT + into, first, last)


@part
def _over(s, i):  # type: ignore[no-untyped-def]
    """At a grid point: has voice i ended?"""
    place = place_of(i, int(s.p[at.P_FLOATS]))
    state = s.v[i, at.N_STATE]
    if state == at.FADING:
        return s.f[place + at.L_FADE * LANES] <= 0.0
    level = s.f[place + at.L_LEVEL * LANES]
    loud = s.f[place + (at.LINE_ENV + 2 * at.AMP) * LANES] * level
    done = s.f[place + at.L_AGE * LANES] > s.f[place + (at.L_ENV + at.A_ATTACK) * LANES]
    if loud < _SILENT and done and (state == at.RELEASING or s.x[at.AMP, at.X_SUSTAIN] == 0.0):
        return True
    if s.p[at.P_ENDS] == 0.0 or s.f[place + at.L_CLICK * LANES] > _SILENT:
        return False
    loudest = np.float32(0.0)
    for k in range(int(s.p[at.P_OSCS])):
        loudest = max(loudest, s.f[place + int(s.o[k, at.O_LEVEL_LINE]) * LANES])
    return loudest * level < _SILENT


@part
def _glide(s, chunk):  # type: ignore[no-untyped-def]
    """A grid point of the channels: volume and expression glide; notes whether there is anything new to gather."""
    moved, s.g[at.G_CHANGED] = s.g[at.G_CHANGED], 0.0
    for ch in range(at.CHANNELS):
        goal = s.c[ch, at.C_VOLUME] * s.c[ch, at.C_VOLUME] * s.c[ch, at.C_EXPRESSION] * s.c[ch, at.C_EXPRESSION]
        gain = s.c[ch, at.C_GAIN]
        if abs(goal - gain) > 1e-7:
            goal = gain + 0.1 * (goal - gain)
            moved = 1.0
        s.c[ch, at.C_GAIN] = goal
        s.c[ch, at.C_GAINS + chunk] = goal
    s.g[at.G_MOVED + chunk] = moved


@part
def _alive(s, tile):  # type: ignore[no-untyped-def]
    """Does any of a tile's voices sound?"""
    sounding = False
    for i in range(tile * LANES, (tile + 1) * LANES):
        sounding = sounding or s.v[i, at.N_STATE] != at.FREE
    return sounding


@part
def _grid(s, tile, chunk, m):  # type: ignore[no-untyped-def]
    """A grid point of a tile: finished voices go, new lines are drawn."""
    fo, no = tile * int(s.p[at.P_FLOATS]) * LANES, tile * int(s.p[at.P_INTS]) * LANES
    pass_grid(s, fo, no, m.ahead)
    ends = (m.frame // m.ahead) % 8 == 0
    for i in range(tile * LANES, (tile + 1) * LANES):
        state = s.v[i, at.N_STATE]
        if (state == at.FADING or (ends and state != at.FREE)) and _over(s, i):
            clear(s, i)
    if s.g[at.G_MOVED + chunk] > 0.0:
        gather(s, tile, at.C_GAINS + chunk)
    store(s.w, at.B_MASK * LANES, spread(1.0))  # a free voice's lines are of no gain
    draw_lines(s, fo, no, m)


@part
def _bend_lines(s, tile, m):  # type: ignore[no-untyped-def]
    """New lines in the middle of a grid for the voices of a tile that events have changed."""
    most = np.int64(0)
    for lane in range(LANES):
        draw = s.v[tile * LANES + lane, at.N_DRAW]
        most = max(most, draw)
        s.w[at.B_MASK * LANES + lane] = np.float32(1.0 if draw == at.DRAW_NEW else 0.0)
    if most == 0:
        return
    gather(s, tile, np.int64(at.C_GAIN))
    for turn in range(2):
        if turn == 1:
            for lane in range(LANES):
                s.w[at.B_MASK * LANES + lane] = np.float32(1.0 if s.v[tile * LANES + lane, at.N_DRAW] > 0 else 0.0)
                s.v[tile * LANES + lane, at.N_DRAW] = 0
        if turn == 1 or most == at.DRAW_NEW:
            fo, no = tile * int(s.p[at.P_FLOATS]) * LANES, tile * int(s.p[at.P_INTS]) * LANES
            draw_lines(s, fo, no, Moment(m.frame, m.beat, m.bpm, m.pos, m.ahead * turn))


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
def _halve(taps, past, acc, frames):  # type: ignore[no-untyped-def]
    """The 2 x frames of past[:, TAPS - 1 :] through a half-band filter, every second into acc; keeps the newest.

    Every second tap but the middle is zero.
    """
    middle = at.TAPS // 2
    for side in range(2):
        for i in range(frames):
            base = 2 * i + 1  # so that the filter's delay is a whole number of frames
            y = past[side, base + middle] * taps[middle]
            for j in range(0, at.TAPS, 2):
                y += past[side, base + j] * taps[j]
            acc[side, i] = y
        for j in range(at.TAPS - 1):
            past[side, j] = past[side, j + 2 * frames]


@kernel(
    "void(float64[::1], float64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1], float64[:,::1],"
    " float64[:,::1], int64[:,::1], float32[::1], int32[::1], float32[::1], float64[::1], float64[:,::1],"
    " float64[:,::1], float64[:,::1], float32[::1], float32[:,::1], float64[:,::1], int64, float32[:,::1],"
    " float64[:,::1], int64[::1], int64, int64, int64, float64, float64)"
)
def play(  # type: ignore[no-untyped-def]
    p, x, t, o, rows, mods, c, v, f, n, w, g, h, eq, eqs, taps, past, events, n_events, out, acc, sounds, start, stop,
    frame, beat, bpm,
):
    """Overwrite out[:, start:stop]; `frame` and `beat` are of out[:, 0]. Arrays as in lane_layout.Synthesis.

    eq: (biquads, 5) b0 b1 b2 a1 a2; eqs: their states. taps, past: of the half-band filter. events: rows sorted by
    offset, all within start..stop. acc, sounds: scratch, (2, GRID) and (STRETCH + 1).
    """
    s = Synthesis(
        _flat(p), _envelopes(x), _lfos(t), _oscillators(o), _rows(rows), _modulations(mods), _channels(c), _voices(v),
        _flat(f), _flat(n), _flat(w), _flat(g), _keys(h), _events(events),
    )
    times = int(p[at.P_TIMES])
    rate = p[at.P_RATE] / times
    tiles = int(p[at.P_VOICES]) // LANES
    pos, e = start, np.int64(0)
    while pos < stop or e < n_events:  # once more for events at one frame than a call takes
        into = (frame + pos) % at.GRID
        ahead = at.GRID - into
        due = e < n_events and (events[e, at.E_OFFSET] <= pos or pos >= stop)
        base_frame, base_beat = frame + pos - into, beat + (pos - into) / rate * bpm / 60.0
        if into == 0 and pos < stop:
            _glide(s, into)
        if due:
            if into == 0 and pos < stop:
                for tile in range(tiles):
                    if _alive(s, tile):
                        _grid(s, tile, into, Moment(base_frame * times, base_beat, bpm, into, ahead * times))
            while e < n_events and (events[e, at.E_OFFSET] <= pos or pos >= stop):
                take(s, e, into * times)
                e += 1
            for tile in range(tiles):
                _bend_lines(s, tile, Moment(base_frame * times, base_beat, bpm, into * times, ahead * times))
            g[at.G_IDLE] = 0.0
            if pos >= stop:
                return
        end = min(stop, pos - into + at.STRETCH * at.GRID)
        if e < n_events:
            end = min(end, int(events[e, at.E_OFFSET]))
        chunks = (end - pos + into + at.GRID - 1) // at.GRID
        for chunk in range(1, chunks):
            _glide(s, chunk)
        for chunk in range(chunks):
            sounds[chunk] = 0
        for i in range((end - pos) * times):
            store(s.w, (at.B_SUM_LEFT + i) * LANES, spread(0.0))
            store(s.w, (at.B_SUM_RIGHT + i) * LANES, spread(0.0))
        for tile in range(tiles):
            for chunk in range(chunks):
                if not _alive(s, tile):
                    break
                at_grid = base_frame + chunk * at.GRID
                first = into if chunk == 0 else np.int64(0)
                last = min(at.GRID, frame + end - at_grid)
                if first == 0 and not (chunk == 0 and due):
                    grid_beat = base_beat + chunk * at.GRID / rate * bpm / 60.0
                    _grid(s, tile, chunk, Moment(at_grid * times, grid_beat, bpm, first, at.GRID * times))
                _tile(s, tile, first * times, last * times, (at_grid + first - frame - pos) * times)
                sounds[chunk] = 1
        for chunk in range(chunks):
            at_grid = base_frame + chunk * at.GRID
            first = into if chunk == 0 else np.int64(0)
            frames = min(at.GRID, frame + end - at_grid) - first
            here = at_grid + first - frame
            if first == 0:
                _tremble(s, at_grid)
            g[at.G_IDLE] = 0.0 if sounds[chunk] > 0 else g[at.G_IDLE] + frames
            if g[at.G_IDLE] >= rate:
                eqs[:] = 0.0
                past[:] = 0.0
                out[:, here : here + frames] = 0.0
                continue
            for i in range(frames * times):
                for side in range(2):
                    lanes = (at.B_SUM_LEFT if side == 0 else at.B_SUM_RIGHT) + (here - pos) * times + i
                    y = total(load(s.w, lanes * LANES))
                    if times > 1:
                        past[side, at.TAPS - 1 + i] = y
                    else:
                        acc[side, i] = y
            if times > 1:
                _halve(taps, past, acc, frames)
            shape_sum(int(p[at.P_BIQUADS]), p[at.P_TREM] > 0.0, g, eq, eqs, acc, frames)
            for i in range(frames):
                out[0, here + i] = acc[0, i] * p[at.P_GAIN]
                out[1, here + i] = acc[1, i] * p[at.P_GAIN]
        pos = end
