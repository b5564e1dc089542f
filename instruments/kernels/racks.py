"""The rack: one call runs a whole list of effects, sums, delays and meters over all channels of the console.

An effect whose sound and whose input have been silent for its tail sleeps; one that puts out NaN, Inf or +120 dB is
silenced for the stretch and counted in FAULTS.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import carray, types  # type: ignore[attr-defined]
from numba.extending import intrinsic

from instruments.kernels.compiled import kernel
from instruments.kernels.effect import call_effect
from instruments.kernels.metering import (
    FRAMES,
    METER_NUMBERS,
    PEAK_L,
    POWER_L,
    loudness,
    measured,
)
from instruments.kernels.tone import part

# Columns of the program, a row a step. LINE and METER: -1 where there is none.
OP, NODE, OTHER, ADDRESS, COEFS, COUNT, STATE, MEMORY, SIZE, SLOT, DRY, LINE, METER = range(13)
COLUMNS = 13
# What OP says:
# EFFECT    changes NODE's audio in place, with OTHER as the key
# SUM       adds NODE, late by LINE, times COEFS (left, right), to OTHER, and measures what it adds in METER
# CLEAR     silences NODE
# CHECK     silences NODE if it is not finite, and counts that in SLOT's FAULTS
# GAIN      NODE times COEFS (left, right)
# DELAY     OTHER is NODE (or the same node), late by LINE
# BLEND     NODE is OTHER where SLOT's WET is 0, itself where it is 1
# LOUDNESS  measures NODE, with COEFS and STATE
EFFECT, SUM, CLEAR, CHECK, GAIN, DELAY, BLEND, LOUDNESS = range(8)

# Numbers of a slot. WET goes to 0 (bypassed) or 1 by WET_SLOPE a frame, after HOLD frames. LATENCY: frames that the dry
# sound is late with the effect, AT: where its ring (of DRY) is. CLEARED: how much of a bypassed effect's memory is 0.
WET, WET_SLOPE, HOLD, QUIET, TAIL, SKIPPED, LATENCY, AT, FAULTS, CLEARED = range(10)
SLOT_NUMBERS = 10

# Numbers of a delay line: late by LATE frames, cross-fading (FADE 0..1, by STEP a frame) to GOAL, then to NEXT.
LATE, GOAL, NEXT, FADE, STEP, WRITE = range(6)
LINE_NUMBERS = 6

# The table that run() is given: addresses, and sizes in numbers (of slots, lines, meters: in rows). One program may be
# cut into several, which share all but PROGRAM and ROWS. Coefficients, slopes, state and memory are those of all steps,
# each step's from its column on; node k is audio[2 k stride : 2 (k + 1) stride], left then right.
(PROGRAM, ROWS, AUDIO, AUDIO_SIZE, SCRATCH, ALL_COEFS, ALL_SLOPES, COEFS_SIZE, ALL_STATE, STATE_SIZE, ALL_MEMORY,
 MEMORY_SIZE, SLOTS, SLOTS_SIZE, LINES, LINES_SIZE, METERS, METERS_SIZE) = range(18)
TABLE = 18
SPARE = 64
"""Frames that SCRATCH, of float32, has beyond two of the longest block."""

SILENT = 1e-14
"""Mean square, -140 dB: what is quieter counts as silence."""
_LIMIT = 1e12
"""Mean square, +120 dB: what is louder counts as a fault, like NaN."""
_SWEPT = 16384
"""float32 of a bypassed effect's memory that a call sets to zero."""


@part
def _energy(audio, stride, start, frames):  # type: ignore[no-untyped-def]
    """Mean square of both channels; NaN where one frame is."""
    x, y = audio[start : start + frames], audio[stride + start : stride + start + frames]
    left, right = np.float32(0), np.float32(0)
    for i in range(frames):
        left += x[i] * x[i]
        right += y[i] * y[i]
    return np.float64(left + right) / (2 * frames)


@part
def _silence(audio, stride, start, frames):  # type: ignore[no-untyped-def]
    for side in range(2):
        x = audio[side * stride + start : side * stride + start + frames]
        for i in range(frames):
            x[i] = 0


@part
def _copy(audio, out, stride, start, frames):  # type: ignore[no-untyped-def]
    for side in range(2):
        x = audio[side * stride + start : side * stride + start + frames]
        y = out[side * stride + start : side * stride + start + frames]
        for i in range(frames):
            y[i] = x[i]


@part
def _add(node, other, stride, start, frames, c, s):  # type: ignore[no-untyped-def]
    for side in range(2):
        x = node[side * stride + start : side * stride + start + frames]
        y = other[side * stride + start : side * stride + start + frames]
        if s[side] == 0:
            gain = np.float32(c[side])
            if gain != 0:
                for i in range(frames):
                    y[i] += gain * x[i]
        else:
            level, slope = c[side], s[side]
            for i in range(frames):
                y[i] += np.float32(level + slope * (i + 1)) * x[i]


@measured
def _measure(node, stride, start, frames, c, s, meter):  # type: ignore[no-untyped-def]
    """Peaks and powers of what _add adds."""
    meter[FRAMES] += frames
    for side in range(2):
        x = node[side * stride + start : side * stride + start + frames]
        level, slope = np.float32(c[side]), np.float32(s[side])
        top, power = np.float32(0), np.float32(0)
        if slope == 0:
            for i in range(frames):  # two loops: together they do not go by vectors
                top = max(top, abs(x[i]))
            for i in range(frames):
                power += x[i] * x[i]
            top *= abs(level)
            power *= level * level
        else:
            for i in range(frames):
                v = (level + slope * np.float32(i + 1)) * x[i]
                top = max(top, abs(v))
                power += v * v
        meter[PEAK_L + side] = max(meter[PEAK_L + side], np.float64(top))
        meter[POWER_L + side] += power


@part
def _scale(node, stride, start, frames, c, s):  # type: ignore[no-untyped-def]
    for side in range(2):
        x = node[side * stride + start : side * stride + start + frames]
        if s[side] == 0:
            gain = np.float32(c[side])
            if gain != 1:
                for i in range(frames):
                    x[i] *= gain
        else:
            level, slope = c[side], s[side]
            for i in range(frames):
                x[i] *= np.float32(level + slope * (i + 1))


@part
def _delay(node, scratch, ring, slot, late, stride, start, frames):  # type: ignore[no-untyped-def]
    """scratch = node, `late` frames ago; ring: left, then right, `late` frames each."""
    at = int(slot[AT])
    for i in range(start, start + frames):
        scratch[i] = ring[at]
        scratch[stride + i] = ring[late + at]
        ring[at] = node[i]
        ring[late + at] = node[stride + i]
        at += 1
        if at == late:
            at = 0
    slot[AT] = at


@part
def _line(node, out, ring, size, line, stride, start, frames):  # type: ignore[no-untyped-def]
    """out = node, LATE frames ago. ring: left, then right, `size` frames each, a power of two; out may be node."""
    mask = size - 1
    at = int(line[WRITE])
    first = min(frames, size - at)
    for c in range(2):
        base, ring_base = c * stride + start, c * size
        for i in range(first):
            ring[ring_base + at + i] = node[base + i]
        for i in range(first, frames):
            ring[ring_base + i - first] = node[base + i]
    line[WRITE] = (at + frames) & mask
    if line[NEXT] != line[LATE] and line[GOAL] == line[LATE]:
        line[GOAL], line[FADE] = line[NEXT], 0.0
    late = int(line[LATE])
    if line[GOAL] == line[LATE]:
        begin = (at - late) & mask
        first = min(frames, size - begin)
        for c in range(2):
            base, ring_base = c * stride + start, c * size
            for i in range(first):
                out[base + i] = ring[ring_base + begin + i]
            for i in range(first, frames):
                out[base + i] = ring[ring_base + i - first]
    else:
        goal, fade, step = int(line[GOAL]), line[FADE], line[STEP]
        for i in range(frames):
            share = np.float32(min(fade, 1.0))
            old, new = (at + i - late) & mask, (at + i - goal) & mask
            for c in range(2):
                a, b = ring[c * size + old], ring[c * size + new]
                out[c * stride + start + i] = a + share * (b - a)
            fade += step
        line[FADE] = fade
        if fade >= 1:
            line[LATE], line[FADE] = line[GOAL], 0.0


@part
def _blend(node, dry, slot, stride, start, frames):  # type: ignore[no-untyped-def]
    """node = dry + WET (node - dry), and WET goes on."""
    wet, slope, hold = slot[WET], slot[WET_SLOPE], slot[HOLD]
    for i in range(start, start + frames):
        share = np.float32(wet)
        node[i] = dry[i] + share * (node[i] - dry[i])
        node[stride + i] = dry[stride + i] + share * (node[stride + i] - dry[stride + i])
        if hold > 0:
            hold -= 1
        else:
            wet = min(max(wet + slope, 0.0), 1.0)
    slot[WET], slot[HOLD] = wet, hold
    if hold == 0 and ((slope < 0 and wet == 0) or (slope > 0 and wet == 1)):
        slot[WET_SLOPE] = 0


@part
def _effect(row, node, other, scratch, stride, start, frames, c, s, state, memory, slot, before):  # type: ignore[no-untyped-def]
    """Returns whether it was at fault."""
    bypassed = slot[WET] == 0 and slot[WET_SLOPE] == 0
    asleep = before < SILENT and slot[QUIET] >= slot[TAIL]
    blending = slot[WET] != 1 or slot[WET_SLOPE] != 0
    late = int(slot[LATENCY])
    fault = False
    if late > 0:
        _delay(node, scratch, memory[row[DRY] : row[DRY] + late * 2], slot, late, stride, start, frames)
    elif blending and not bypassed:
        _copy(node, scratch, stride, start, frames)
    if asleep or bypassed:
        slot[SKIPPED] += frames
        if late > 0:
            _copy(scratch, node, stride, start, frames)
        if bypassed:
            at = int(slot[CLEARED])
            if at < row[SIZE]:
                end = min(row[SIZE], at + _SWEPT)
                memory[row[MEMORY] + at : row[MEMORY] + end] = 0
                slot[CLEARED] = end
        elif blending:
            _blend(node, scratch, slot, stride, start, frames)
    else:
        call_effect(row[ADDRESS], node, other, stride, start, frames, c, s, state[row[STATE] :], memory[row[MEMORY] :],
                    row[SIZE], np.int64(slot[SKIPPED]))
        slot[SKIPPED] = 0
        after = _energy(node, stride, start, frames)
        if not after < _LIMIT:
            slot[FAULTS] += 1
            fault = True
            after = 0.0
            _silence(node, stride, start, frames)
        slot[QUIET] = slot[QUIET] + frames if before < SILENT and after < SILENT else 0.0
        if blending:
            _blend(node, scratch, slot, stride, start, frames)
    return fault


@intrinsic
def _i64(_context, address):  # type: ignore[no-untyped-def]
    return _pointer(types.int64)


@intrinsic
def _f64(_context, address):  # type: ignore[no-untyped-def]
    return _pointer(types.float64)


@intrinsic
def _f32(_context, address):  # type: ignore[no-untyped-def]
    return _pointer(types.float32)


_ints: Callable[..., Any] = _i64
_doubles: Callable[..., Any] = _f64
_floats: Callable[..., Any] = _f32
"""Without the typing context that numba passes by itself."""


def _pointer(kind):  # type: ignore[no-untyped-def]
    """int64 -> a pointer, for carray()."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

    return types.CPointer(kind)(types.int64), codegen


@kernel("int64(int64, int64, int64, int64)")
def run(table, stride, start, frames):  # type: ignore[no-untyped-def]
    """Run the program over frames start .. start + frames of every node. Returns how many steps were at fault.

    table: address of int64[TABLE], which says where everything is. Not the arrays themselves: to hand them over would
    take Python longer than the rest of the call, and to count references to their parts as long as a light effect.
    """
    t = carray(_ints(table), (TABLE,))
    program = carray(_ints(t[PROGRAM]), (t[ROWS], COLUMNS))
    audio, scratch = carray(_floats(t[AUDIO]), (t[AUDIO_SIZE],)), carray(_floats(t[SCRATCH]), (2 * stride + SPARE,))
    coefs, slopes = carray(_doubles(t[ALL_COEFS]), (t[COEFS_SIZE],)), carray(_doubles(t[ALL_SLOPES]), (t[COEFS_SIZE],))
    state, memory = carray(_doubles(t[ALL_STATE]), (t[STATE_SIZE],)), carray(_floats(t[ALL_MEMORY]), (t[MEMORY_SIZE],))
    slots = carray(_doubles(t[SLOTS]), (t[SLOTS_SIZE], SLOT_NUMBERS))
    lines = carray(_doubles(t[LINES]), (t[LINES_SIZE], LINE_NUMBERS))
    meters = carray(_doubles(t[METERS]), (t[METERS_SIZE], METER_NUMBERS))
    faults = 0
    for r in range(len(program)):
        row = program[r]
        op = row[OP]
        base, other_base = 2 * row[NODE] * stride, 2 * row[OTHER] * stride
        node, other = audio[base : base + 2 * stride], audio[other_base : other_base + 2 * stride]
        c = coefs[row[COEFS] : row[COEFS] + row[COUNT]]
        s = slopes[row[COEFS] : row[COEFS] + row[COUNT]]
        if op == EFFECT:
            before = _energy(node, stride, start, frames)
            if _effect(row, node, other, scratch, stride, start, frames, c, s, state, memory, slots[row[SLOT]], before):
                faults += 1
        elif op == SUM:
            source = node
            if row[LINE] >= 0:
                ring = memory[row[MEMORY] : row[MEMORY] + 2 * row[SIZE]]
                _line(node, scratch, ring, row[SIZE], lines[row[LINE]], stride, start, frames)
                source = scratch
            _add(source, other, stride, start, frames, c, s)
            if row[METER] >= 0:
                _measure(source, stride, start, frames, c, s, meters[row[METER]])
        elif op == CLEAR:
            _silence(node, stride, start, frames)
        elif op == CHECK:
            if not _energy(node, stride, start, frames) < _LIMIT:
                slots[row[SLOT], FAULTS] += 1
                faults += 1
                _silence(node, stride, start, frames)
        elif op == GAIN:
            _scale(node, stride, start, frames, c, s)
        elif op == DELAY:
            ring = memory[row[MEMORY] : row[MEMORY] + 2 * row[SIZE]]
            _line(node, other, ring, row[SIZE], lines[row[LINE]], stride, start, frames)
        elif op == BLEND:
            slot = slots[row[SLOT]]
            if slot[WET] != 1 or slot[WET_SLOPE] != 0:
                _blend(node, other, slot, stride, start, frames)
        else:
            loudness(node, scratch, stride, start, frames, c, state[row[STATE] :])
        for i in range(row[COUNT]):
            c[i] += s[i] * frames
    return faults
