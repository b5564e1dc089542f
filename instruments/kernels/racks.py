"""The rack: one call runs a whole list of effects and sums over all channels of the console."""

from __future__ import annotations

import numpy as np

from instruments.kernels.compiled import kernel
from instruments.kernels.effect import call_effect
from instruments.kernels.tone import part

# Columns of the program, a row a step.
OP, NODE, OTHER, ADDRESS, COEFS, COUNT, STATE, MEMORY, SIZE, SLOT, DRY = range(11)
COLUMNS = 11
# What OP says. EFFECT changes NODE's audio in place, with OTHER as the key. SUM adds NODE, times COEFS (left, right),
# to OTHER. CLEAR silences NODE. CHECK silences it if it is not finite, and counts that in FAULTS.
EFFECT, SUM, CLEAR, CHECK = range(4)

# Numbers of a slot. LATENCY: frames that the dry sound is late with the effect; then the ring of DRY, SIZE... (columns)
WET, WET_SLOPE, QUIET, TAIL, SKIPPED, LATENCY, AT, FAULTS = range(8)
SLOT_NUMBERS = 8
SILENT = 1e-14
"""Mean square, -140 dB: what is quieter counts as silence."""
_LIMIT = 1e12
"""Mean square, +120 dB: what is louder counts as a fault, like NaN."""


@part
def _energy(audio, stride, start, frames):  # type: ignore[no-untyped-def]
    """Mean square of both channels; NaN where one frame is."""
    left, right = np.float32(0), np.float32(0)
    for i in range(start, start + frames):
        left += audio[i] * audio[i]
        right += audio[stride + i] * audio[stride + i]
    return np.float64(left + right) / (2 * frames)


@part
def _add(node, other, stride, start, frames, c, s):  # type: ignore[no-untyped-def]
    if s[0] == 0 and s[1] == 0:
        if c[0] == 0 and c[1] == 0:
            return
        left, right = np.float32(c[0]), np.float32(c[1])
        for i in range(start, start + frames):
            other[i] += left * node[i]
            other[stride + i] += right * node[stride + i]
    else:
        a, b = c[0], c[1]
        for i in range(start, start + frames):
            a += s[0]
            b += s[1]
            other[i] += np.float32(a) * node[i]
            other[stride + i] += np.float32(b) * node[stride + i]


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


@kernel(
    "void(int64[:,::1], float32[::1], int64, int64, int64, float64[::1], float64[::1], float64[::1], float32[::1],"
    " float64[:,::1], float32[::1])"
)
def run(program, audio, stride, start, frames, coefs, slopes, state, memory, slots, scratch):  # type: ignore[no-untyped-def]
    """Run the program over frames start .. start + frames of every node.

    audio    node k is audio[2 k stride : 2 (k + 1) stride], left then right
    coefs, slopes, state, memory  of all steps, each from its column on; coefs are advanced by slopes
    slots    (effects, SLOT_NUMBERS); scratch: (2 stride,) at least
    An effect whose sound and whose input have been silent for its tail sleeps; one that puts out NaN, Inf or +120 dB
    is silenced for the stretch and counted in FAULTS.
    """
    for r in range(len(program)):
        row = program[r]
        base = 2 * row[NODE] * stride
        node = audio[base : base + 2 * stride]
        if row[OP] == CLEAR:
            for i in range(start, start + frames):
                node[i] = 0
                node[stride + i] = 0
            continue
        if row[OP] == CHECK:
            if not _energy(node, stride, start, frames) < _LIMIT:
                slots[row[SLOT], FAULTS] += 1
                for i in range(start, start + frames):
                    node[i] = 0
                    node[stride + i] = 0
            continue
        other_base = 2 * row[OTHER] * stride
        other = audio[other_base : other_base + 2 * stride]
        c = coefs[row[COEFS] : row[COEFS] + row[COUNT]]
        s = slopes[row[COEFS] : row[COEFS] + row[COUNT]]
        if row[OP] == SUM:
            _add(node, other, stride, start, frames, c, s)
        else:
            slot = slots[row[SLOT]]
            before = _energy(node, stride, start, frames)
            asleep = before < SILENT and slot[QUIET] >= slot[TAIL]
            bypassed = slot[WET] == 0 and slot[WET_SLOPE] == 0
            blending = slot[WET] != 1 or slot[WET_SLOPE] != 0
            late = int(slot[LATENCY])
            if late > 0:
                _delay(node, scratch, memory[row[DRY] : row[DRY] + late * 2], slot, late, stride, start, frames)
            elif blending and not bypassed:
                for i in range(start, start + frames):
                    scratch[i] = node[i]
                    scratch[stride + i] = node[stride + i]
            if asleep or bypassed:
                slot[SKIPPED] += frames
                if late > 0:
                    for i in range(start, start + frames):
                        node[i] = scratch[i]
                        node[stride + i] = scratch[stride + i]
            else:
                call_effect(row[ADDRESS], node, other, stride, start, frames, c, s, state[row[STATE] :],
                            memory[row[MEMORY] :], row[SIZE], np.int64(slot[SKIPPED]))
                slot[SKIPPED] = 0
                after = _energy(node, stride, start, frames)
                if not after < _LIMIT:
                    slot[FAULTS] += 1
                    after = 0.0
                    for i in range(start, start + frames):
                        node[i] = 0
                        node[stride + i] = 0
                slot[QUIET] = slot[QUIET] + frames if before < SILENT and after < SILENT else 0.0
                if blending:
                    wet = slot[WET]
                    for i in range(start, start + frames):
                        node[i] = scratch[i] + np.float32(wet) * (node[i] - scratch[i])
                        node[stride + i] = scratch[stride + i] + np.float32(wet) * (node[stride + i]
                                                                                    - scratch[stride + i])
                        wet += slot[WET_SLOPE]
            slot[WET] += slot[WET_SLOPE] * frames
        for i in range(row[COUNT]):
            c[i] += s[i] * frames
