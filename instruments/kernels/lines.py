"""What moves in sixteen voices: envelopes, LFOs and modulations, as lines from one grid point to the next.

Everything that moves is computed at the points of a grid of 32 frames that is anchored to the absolute frame, and runs
in straight lines between them; a note's first line starts at its own frame. A line is anchored to the grid point before
it, so that the sound does not depend on how time is cut into blocks, to the bit.
"""

from __future__ import annotations

import math

from instruments.kernels import lane_layout as at
from instruments.kernels.lanes import (
    LANES,
    UNIT,
    above,
    audible,
    between,
    bits_of,
    centred,
    chosen,
    larger,
    load,
    magnitude,
    power_of_two,
    scrambled,
    smaller,
    spread,
    spread_int,
    store,
    to_floats,
    to_ints,
    turn_sine,
    with_bits,
    with_sign,
    wrapped,
)
from instruments.kernels.tone import part

_LOG2E = 1.4426950408889634
_OCTAVES_PER_DB = 0.16609640474436813
_DECADES3 = 9.965784284662087  # log2(1000): 60 dB
_LOUDEST_DB = 36.0
"""That modulations add to a level, at most: amounts multiply, and nothing shall come out at 300 dB."""


@part
def _put(s, place, value):  # type: ignore[no-untyped-def]
    """Write the float lanes that B_MASK names."""
    old = bits_of(load(s.f, place))
    store(s.f, place, with_bits(chosen(load(s.w, at.B_MASK * LANES), bits_of(value), old)))


@part
def _put_int(s, place, value):  # type: ignore[no-untyped-def]
    """Write the int lanes that B_MASK names."""
    store(s.n, place, chosen(load(s.w, at.B_MASK * LANES), value, load(s.n, place)))


@part
def _draw(s, line, target, m):  # type: ignore[no-untyped-def]
    """A line from where it is now, `pos` frames into the grid, to its target in `ahead` frames; at once if 0."""
    if m.ahead > 0:
        slope = load(s.f, line + LANES)
        now = load(s.f, line) + slope * m.pos
        slope = (target - now) * (1.0 / m.ahead)
        _put(s, line, now - slope * m.pos)
        _put(s, line + LANES, slope)
    else:
        _put(s, line, target)
        _put(s, line + LANES, spread(0.0))


@part
def _envelope(s, fo, e, after):  # type: ignore[no-untyped-def]
    """Of envelope e, `after` frames behind the grid point before: up, down to the sustain, released."""
    base = fo + (at.L_ENV + e * at.ENV_LANES) * LANES
    age = load(s.f, fo + at.L_AGE * LANES) + after
    attack = load(s.f, base + at.A_ATTACK * LANES)
    start = load(s.f, base + at.A_FROM * LANES)
    share = age / larger(attack, spread(1e-3))
    curve = s.x[e, at.X_ATTACK_CURVE]
    if curve != 0.0:
        share = (1.0 - power_of_two(share * -curve)) * (1.0 / (1.0 - math.exp(-0.6931471805599453 * curve)))
    up = start + (1.0 - start) * share
    y = larger(age - attack, spread(0.0)) * load(s.f, base + at.A_SLOW * LANES)
    straight, sustain = 1.0 - s.x[e, at.X_DECAY_CURVE], s.x[e, at.X_SUSTAIN]
    fall = power_of_two(y * -_LOG2E) * (1.0 - straight)
    if straight > 0.0:
        fall = fall + larger(1.0 - y * 0.5, spread(0.0)) * straight
    value = above(attack, age, up, fall * (1.0 - sustain) + sustain)
    if s.x[e, at.X_RELEASE] > 0.0:
        z = (load(s.f, fo + at.L_SINCE_OFF * LANES) + after) * load(s.f, base + at.A_FALL * LANES)
        straight = 1.0 - s.x[e, at.X_RELEASE_CURVE]
        gone = power_of_two(z * -_DECADES3) * (1.0 - straight)
        if straight > 0.0:
            gone = gone + larger(1.0 - z, spread(0.0)) * straight
        gone = gone * load(s.f, base + at.A_OFF_FROM * LANES)
        value = above(load(s.f, fo + at.L_GATE * LANES), spread(0.5), value, gone)
    return value


@part
def _slow_wave(shape, u, cycle, seed):  # type: ignore[no-untyped-def]
    """-1..1 at u cycles, -0.5 <= u < 0.5: sine, triangle, saw, square, or a new level with each cycle."""
    if shape == 0:
        return turn_sine(u)
    if shape == 1:
        return 1.0 - magnitude(centred(u - 0.25)) * 4.0
    if shape == 2:
        return u * 2.0
    if shape == 3:
        return with_sign(spread(1.0), u)
    return to_floats(scrambled(cycle + seed)) * (2.0 * UNIT)


@part
def _lfos(s, fo, no, m):  # type: ignore[no-untyped-def]
    """Those that are used, into B_SOURCES."""
    rate = s.p[at.P_RATE]
    then = m.pos + m.ahead
    age_s = (load(s.f, fo + at.L_AGE * LANES) + then) * (1.0 / rate)
    for k in range(at.SLOW):
        if s.t[k, at.T_USED] == 0.0:
            continue
        place = no + (at.I_LFO + 2 * k) * LANES
        shape = int(s.t[k, at.T_SHAPE])
        if s.t[k, at.T_FREE] > 0.0:
            if s.t[k, at.T_BEATS] > 0.0:
                cycles = (m.beat + then / rate * m.bpm / 60.0) / s.t[k, at.T_BEATS]
            else:
                cycles = (m.frame + then) / rate * s.t[k, at.T_HZ]
            cycles += s.t[k, at.T_PHASE]
            whole = math.floor(cycles + 0.5)
            # A free random LFO has one level for all voices: it is the instrument that turns.
            level = _slow_wave(shape, spread(cycles - whole), spread_int(math.floor(cycles)), spread_int(k * 7919))
        else:
            before = load(s.n, place)
            ph = before + load(s.n, place + LANES) * spread_int(then)
            cycle = load(s.n, no + (at.I_CYCLES + k) * LANES) + wrapped(ph, before)
            seed = load(s.n, no + at.I_SEED * LANES) + spread_int(k * 7919)
            level = _slow_wave(shape, to_floats(ph) * UNIT, cycle, seed)
        if s.t[k, at.T_FADE] > 0.0 or s.t[k, at.T_DELAY] > 0.0:
            share = between((age_s - s.t[k, at.T_DELAY]) * (1.0 / max(s.t[k, at.T_FADE], 1e-3)), 0.0, 1.0)
            if k == at.VIBRATO:  # wheel and pressure bring it in at once
                store(s.w, at.B_FADED * LANES, share)
            else:
                level = level * share
        elif k == at.VIBRATO:
            store(s.w, at.B_FADED * LANES, spread(1.0))
        store(s.w, (at.B_SOURCES + at.S_LFO + k) * LANES, level)


@part
def _lfo_steps(s, no, m):  # type: ignore[no-untyped-def]
    """How fast the LFOs of each note turn from here on."""
    for k in range(at.SLOW):
        if s.t[k, at.T_USED] == 0.0 or s.t[k, at.T_FREE] > 0.0:
            continue
        place = no + (at.I_LFO + 2 * k) * LANES
        hz = s.t[k, at.T_HZ]
        if s.t[k, at.T_BEATS] > 0.0:
            hz = m.bpm / 60.0 / s.t[k, at.T_BEATS]
        turns = spread(hz / s.p[at.P_RATE])
        if k < at.LFOS:
            turns = turns * power_of_two(load(s.w, (at.B_SUMS + at.M_LFO + k) * LANES))
        _turn(s, place, turns, m)


@part
def _turn(s, place, turns, m):  # type: ignore[no-untyped-def]
    """Let the int phase at `place` go on with so many cycles a frame (below a half)."""
    step = to_ints(smaller(turns, spread(0.499)) * 4294967296.0)
    now = load(s.n, place) + load(s.n, place + LANES) * spread_int(m.pos)
    _put_int(s, place, now - step * spread_int(m.pos))
    _put_int(s, place + LANES, step)


@part
def _sum(s, fo):  # type: ignore[no-untyped-def]
    """What modulates what: B_SOURCES times amounts into B_SUMS, which stay 0 where nothing is modulated."""
    one = at.B_SOURCES * LANES
    store(s.w, one, spread(1.0))
    store(s.w, one + at.S_VELOCITY * LANES, load(s.f, fo + at.L_VELOCITY * LANES) * (1 / 127))
    store(s.w, one + at.S_KEY * LANES, load(s.f, fo + at.L_OCT * LANES))
    store(s.w, one + at.S_RANDOM * LANES, load(s.f, fo + at.L_RANDOM * LANES))
    store(s.w, one + at.S_WHEEL * LANES, load(s.f, fo + at.L_WHEEL * LANES))
    store(s.w, one + at.S_PRESSURE * LANES, load(s.f, fo + at.L_PRESSURE * LANES))
    store(s.w, one + at.S_TIMBRE * LANES, load(s.f, fo + at.L_TIMBRE * LANES))
    store(s.w, one + at.S_BEND * LANES, load(s.f, fo + at.L_BENT * LANES))
    for i in range(int(s.p[at.P_MODS])):
        store(s.w, (at.B_SUMS + int(s.mods[i, 2])) * LANES, spread(0.0))
    for i in range(int(s.p[at.P_MODS])):
        level = load(s.w, one + int(s.mods[i, 0]) * LANES) * load(s.w, one + int(s.mods[i, 1]) * LANES) * s.mods[i, 3]
        place = (at.B_SUMS + int(s.mods[i, 2])) * LANES
        store(s.w, place, load(s.w, place) + level)


@part
def _gain(s, place):  # type: ignore[no-untyped-def]
    """Linear, of the decibels at a place of the scratch."""
    return power_of_two(smaller(load(s.w, place), spread(_LOUDEST_DB)) * _OCTAVES_PER_DB)


@part
def _pitch(s, fo, then):  # type: ignore[no-untyped-def]
    """Octaves by which the voices are off their notes: bend, glide, vibrato, scoop, envelope, modulations."""
    age = load(s.f, fo + at.L_AGE * LANES) + then
    octaves = load(s.f, fo + at.L_BEND * LANES)
    if s.p[at.P_GLIDE] > 0.0:
        share = 1.0 - (load(s.f, fo + at.L_GLIDE_AGE * LANES) + then) * (1.0 / (s.p[at.P_GLIDE] * s.p[at.P_RATE]))
        octaves = octaves + load(s.f, fo + at.L_GLIDE * LANES) * larger(share, spread(0.0))
    depth = load(s.w, at.B_FADED * LANES) * s.p[at.P_VIB]
    wheel = load(s.f, fo + at.L_WHEEL * LANES) * s.p[at.P_VIB_WHEEL]
    depth = depth + larger(wheel, load(s.f, fo + at.L_PRESSURE * LANES) * s.p[at.P_VIB_PRESSURE])
    depth = depth + load(s.w, (at.B_SUMS + at.M_VIBRATO) * LANES)
    cents = depth * load(s.w, (at.B_SOURCES + at.S_LFO + at.VIBRATO) * LANES)
    if s.p[at.P_SCOOP] != 0.0:
        cents = cents + power_of_two(age * (-_LOG2E / (s.p[at.P_SCOOP_TIME] * s.p[at.P_RATE]))) * s.p[at.P_SCOOP]
    cents = cents + load(s.f, fo + at.L_PENV * LANES) * load(s.w, (at.B_SOURCES + at.S_ENV + at.PITCH) * LANES)
    return octaves + (cents + load(s.w, (at.B_SUMS + at.M_PITCH) * LANES)) * (1 / 1200)


@part
def _filter(s, fo, m):  # type: ignore[no-untyped-def]
    """Lines of g = tan(pi f / rate) (TPT, Zavalishin), damping 1/Q and drive."""
    octaves = load(s.f, fo + at.L_FENV * LANES) * load(s.w, (at.B_SOURCES + at.S_ENV + at.FILTER) * LANES)
    octaves = octaves + load(s.f, fo + at.L_TIMBRE * LANES) * s.p[at.P_TIMBRE]
    octaves = octaves + load(s.w, (at.B_SUMS + at.M_CUTOFF) * LANES)
    turns = load(s.f, fo + at.L_CUT * LANES) * power_of_two(octaves) * (1.0 / s.p[at.P_RATE])
    turns = between(turns, 10.0 / s.p[at.P_RATE], 0.45)
    sine, cosine = turn_sine(turns * 0.5), turn_sine(0.25 - turns * 0.5)
    _draw(s, fo + at.LINE_G * LANES, sine / cosine, m)
    k = spread(1.0 / s.p[at.P_Q])
    if s.p[at.P_MODS] > 0.0:
        k = between(k * power_of_two(load(s.w, (at.B_SUMS + at.M_Q) * LANES) * -1.0), 0.02, 20.0)
    _draw(s, fo + at.LINE_K * LANES, k, m)
    if s.p[at.P_DRIVE] >= 0.0:
        decibels = load(s.w, (at.B_SUMS + at.M_DRIVE) * LANES) + s.p[at.P_DRIVE]
        drive = larger(power_of_two(between(decibels, 0.0, 60.0) * _OCTAVES_PER_DB) - 1.0, spread(1e-3))
        _draw(s, fo + at.LINE_DRIVE * LANES, drive, m)


@part
def _levels(s, fo, then, m):  # type: ignore[no-untyped-def]
    """Lines of the voices' gains left and right, and of their noise."""
    level = load(s.w, (at.B_SOURCES + at.S_ENV + at.AMP) * LANES) * load(s.f, fo + at.L_LEVEL * LANES)
    fade = load(s.f, fo + at.L_FADE * LANES) - load(s.f, fo + at.L_FADING * LANES) * then
    level = level * larger(fade, spread(0.0)) * load(s.f, fo + at.L_GAIN * LANES)
    if s.p[at.P_MODS] > 0.0:
        level = level * _gain(s, (at.B_SUMS + at.M_LEVEL) * LANES)
    pan = between(load(s.f, fo + at.L_PAN * LANES) + load(s.w, (at.B_SUMS + at.M_PAN) * LANES), -1.0, 1.0)
    loud = level * 1.4142135623730951
    _draw(s, fo + at.LINE_LEFT * LANES, loud * turn_sine((1.0 - pan) * 0.125), m)
    _draw(s, fo + at.LINE_RIGHT * LANES, loud * turn_sine((1.0 + pan) * 0.125), m)
    if s.p[at.P_NOISE] > 0.0:
        age = load(s.f, fo + at.L_AGE * LANES) + then
        burst = power_of_two(age * (-_LOG2E / (s.p[at.P_NOISE_TAU] * s.p[at.P_RATE]))) * s.p[at.P_NOISE_BURST] + 1.0
        breath = load(s.f, fo + at.L_NOISE_LEVEL * LANES) * burst * _gain(s, (at.B_SUMS + at.M_NOISE) * LANES)
        _draw(s, fo + at.LINE_NOISE * LANES, breath, m)


@part
def _oscillators(s, fo, no, octaves, then, m):  # type: ignore[no-untyped-def]
    """Frequency, level, width and index of each oscillator."""
    rate = s.p[at.P_RATE]
    age, key = load(s.f, fo + at.L_AGE * LANES) + then, load(s.f, fo + at.L_OCT * LANES)
    hz = load(s.f, fo + at.L_HZ * LANES) * power_of_two(octaves)
    for k in range(int(s.p[at.P_OSCS])):
        sums = (at.B_SUMS + at.M_OSC + k * 4) * LANES
        own = hz * s.o[k, at.O_RATIO]
        if s.o[k, at.O_HZ] > 0.0:
            own = spread(s.o[k, at.O_HZ])
        if s.o[k, at.O_PITCHED] > 0.0:
            own = own * power_of_two(load(s.w, sums + at.MO_PITCH * LANES) * (1 / 1200))
        store(s.w, (at.B_HZ + k) * LANES, own)
        level = spread(s.o[k, at.O_LEVEL])
        if s.o[k, at.O_T60] > 0.0:
            fall = power_of_two(key * s.o[k, at.O_TKEY]) * (-_DECADES3 / (s.o[k, at.O_T60] * rate))
            level = level * power_of_two(age * fall)
        if s.o[k, at.O_LEVELLED] > 0.0:
            level = level * _gain(s, sums + at.MO_LEVEL * LANES)
        level = above(own, spread(0.45 * rate), spread(0.0), level)
        _draw(s, fo + int(s.o[k, at.O_LEVEL_LINE]) * LANES, level, m)
        if s.o[k, at.O_WIDTH_LINE] >= 0.0:
            share = load(s.w, (at.B_SUMS + at.M_WIDTH) * LANES) + load(s.w, sums + at.MO_WIDTH * LANES)
            width = between(share + s.o[k, at.O_WIDTH], 0.02, 0.98)
            _draw(s, fo + int(s.o[k, at.O_WIDTH_LINE]) * LANES, width, m)
        if s.o[k, at.O_INDEX_LINE] >= 0.0:
            fall = power_of_two(age * (-_LOG2E / (s.o[k, at.O_INDEX_TAU] * rate)))
            index = fall * (1.0 - s.o[k, at.O_INDEX_SUSTAIN]) + s.o[k, at.O_INDEX_SUSTAIN]
            loud = load(s.f, fo + at.L_LOUD * LANES) * (s.o[k, at.O_INDEX_VEL] * _LOG2E)
            index = index * power_of_two(loud - key * s.o[k, at.O_INDEX_KEY]) * s.o[k, at.O_INDEX]
            index = index + load(s.w, (at.B_SUMS + at.M_INDEX) * LANES) + load(s.w, sums + at.MO_INDEX * LANES)
            if s.o[k, at.O_FM_BY] >= 0.0:
                other = load(s.w, (at.B_HZ + int(s.o[k, at.O_FM_BY])) * LANES)
            else:
                other = hz * s.o[k, at.O_FM_RATIO]
                _turn(s, no + int(s.o[k, at.O_TURN]) * LANES, other * (1.0 / rate), m)
            # Carson: keep carrier + (index + 1) modulator below 0.45 of the rate.
            most = larger((0.45 * rate - own) / larger(other, spread(1.0)) - 1.0, spread(0.0))
            index = larger(smaller(index, most), spread(0.0))
            _draw(s, fo + int(s.o[k, at.O_INDEX_LINE]) * LANES, index, m)


@part
def _rows(s, fo, no, m):  # type: ignore[no-untyped-def]
    """Phase steps of every copy of every oscillator."""
    for r in range(int(s.p[at.P_ROWS])):
        k = int(s.rows[r, at.R_OSC])
        hz = load(s.w, (at.B_HZ + k) * LANES)
        if s.rows[r, at.R_PLACE] != 0.0:
            # Linear in the cents that are added: 0.1 cent off at 20.
            more = load(s.w, (at.B_SUMS + at.M_UNISON) * LANES) * (s.rows[r, at.R_PLACE] * 0.0005776226504666211)
            hz = hz * (more + 1.0) * s.rows[r, at.R_RATIO]
        _turn(s, no + int(s.rows[r, at.R_TURN]) * LANES, hz * (1.0 / s.p[at.P_RATE]), m)
        if s.rows[r, at.R_RATIO_LINE] >= 0.0:
            master = larger(load(s.w, (at.B_HZ + int(s.o[k, at.O_SYNC])) * LANES), spread(1.0))
            _draw(s, fo + int(s.rows[r, at.R_RATIO_LINE]) * LANES, hz / master, m)


@part
def draw_lines(s, fo, no, m):  # type: ignore[no-untyped-def]
    """New lines for the lanes that B_MASK names."""
    then = m.pos + m.ahead
    for e in range(4):
        if s.x[e, at.X_USED] > 0.0:
            value = _envelope(s, fo, e, then)
            _draw(s, fo + (at.LINE_ENV + 2 * e) * LANES, value, m)
            store(s.w, (at.B_SOURCES + at.S_ENV + e) * LANES, value)
    _lfos(s, fo, no, m)
    if s.p[at.P_MODS] > 0.0:
        _sum(s, fo)
    _lfo_steps(s, no, m)
    octaves = _pitch(s, fo, then)
    if s.p[at.P_FILTER] > 0.0 or s.p[at.P_DRIVE] >= 0.0:
        _filter(s, fo, m)
    _levels(s, fo, then, m)
    _oscillators(s, fo, no, octaves, then, m)
    _rows(s, fo, no, m)


@part
def pass_grid(s, fo, no, frames):  # type: ignore[no-untyped-def]
    """A grid's frames are over: lines, ages and phases start from the new grid point."""
    for i in range(int(s.p[at.P_LINES])):
        line = fo + (at.L_LINES + 2 * i) * LANES
        store(s.f, line, load(s.f, line) + load(s.f, line + LANES) * frames)
    for i in (at.L_AGE, at.L_SINCE_OFF, at.L_GLIDE_AGE):
        store(s.f, fo + i * LANES, load(s.f, fo + i * LANES) + frames)
    fade = load(s.f, fo + at.L_FADE * LANES) - load(s.f, fo + at.L_FADING * LANES) * frames
    store(s.f, fo + at.L_FADE * LANES, larger(fade, spread(0.0)))
    gone = spread_int(frames)
    for k in range(at.SLOW):
        if int(s.t[k, at.T_SHAPE]) == len(at.LFO_SHAPES) - 1:
            place, cycles = no + (at.I_LFO + 2 * k) * LANES, no + (at.I_CYCLES + k) * LANES
            before = load(s.n, place)
            over = wrapped(before + load(s.n, place + LANES) * gone, before)
            store(s.n, cycles, load(s.n, cycles) + over)
    for i in range(int(s.p[at.P_PHASES])):
        place = no + (at.I_PHASES + 2 * i) * LANES
        store(s.n, place, load(s.n, place) + load(s.n, place + LANES) * gone)
    # What rings and has died away is nothing, before it becomes denormal.
    click = load(s.f, fo + at.L_CLICK * LANES)
    store(s.f, fo + at.L_CLICK * LANES, click * above(click, spread(1e-4), spread(1.0), spread(0.0)))
    if s.p[at.P_FILTER] > 0.0 or s.p[at.P_NOISE] > 0.0 or s.p[at.P_CLICK] > 0.0:
        for i in range(at.L_N1, at.L_ENV):
            store(s.f, fo + i * LANES, audible(load(s.f, fo + i * LANES)))
