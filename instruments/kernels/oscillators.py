"""The synth of oscillators: events, grid points and tiles of voices in their order; one compiled call a block.

Voices lie in tiles of sixteen, one to a lane; a tile without a sounding voice costs a comparison. A tile plays up to
four grids before the next takes its turn.
"""

from __future__ import annotations

import numpy as np

from instruments.kernels import lane_layout as at
from instruments.kernels.channels import gather, place_of
from instruments.kernels.compiled import kernel
from instruments.kernels.keying import clear, take
from instruments.kernels.lane_layout import Moment, Synthesis
from instruments.kernels.lanes import LANES, load, spread, store, total
from instruments.kernels.lines import draw_lines, pass_grid
from instruments.kernels.tables import rows_of
from instruments.kernels.tiles import play_tile
from instruments.kernels.tone import decibels, part, sine
from instruments.kernels.tones import shape_sum

_flat, _envelopes, _lfos = rows_of(1), rows_of(at.ENVELOPE_FIELDS), rows_of(at.LFO_FIELDS)
_oscillators, _rows, _modulations = rows_of(at.OSC_FIELDS), rows_of(at.ROW_FIELDS), rows_of(at.MOD_FIELDS)
_channels, _voices, _keys = rows_of(at.CHANNEL_FIELDS), rows_of(at.VOICE_NUMBERS), rows_of(at.KEY_FIELDS)
_events = rows_of(at.EVENT_FIELDS)

_SILENT = 1e-5


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
                play_tile(s, tile, first * times, last * times, (at_grid + first - frame - pos) * times)
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
