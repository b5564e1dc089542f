"""The ducker: an envelope drawn at each note of another track."""

from __future__ import annotations

import math

import numpy as np

from instruments.kernels.effect import effect_kernel, numbers, views
from instruments.kernels.tone import part

# Coefficients. Attack, hold and release: the share of the segment that a frame is.
DEPTH, ATTACK, HOLD, RELEASE, BEND, VELOCITY = range(6)
# States. LOST, BEGIN: 1 - gain, now and when the segment began; SHARE: of the depth, by the note's velocity.
WORST, STAGE, PLACE, LOST, BEGIN, SHARE = range(6)
_IDLE, _FALL, _STAY, _RISE = range(4)


@part
def _smooth(x):  # type: ignore[no-untyped-def]
    """From 0 to 1, level at both ends."""
    return x * x * (3 - 2 * x)


@part
def _loss(depth_db):  # type: ignore[no-untyped-def]
    return 1 - math.exp(-0.11512925464970229 * depth_db)


@effect_kernel
def duck(audio, key, stride, start, frames, coefs, slopes, state, _memory, _size, skipped):  # type: ignore[no-untyped-def]
    """key: left, velocity / 127 in the frame of each note-on that ducks, else 0.

    coefs: depth dB; the share of attack, hold and release that a frame is; bend b > 0 of the release; how much less
    softer notes duck. The gain goes as an S from where it is down to the depth, stays, and comes back as an S of
    x / (x + b (1 - x)) (Schlick 1994).
    """
    left, right = views(audio, stride, start, frames)
    notes, _ = views(key, stride, start, frames)
    c, s, z = numbers(coefs), numbers(slopes), numbers(state)
    stage, place, lost, begin, share = int(z[STAGE]), z[PLACE], z[LOST], z[BEGIN], z[SHARE]
    depth, bend = c[DEPTH], c[BEND]
    ahead = float(skipped)
    while ahead > 0 and stage != _IDLE:  # what has passed unheard
        step = c[ATTACK + stage - _FALL]
        place += ahead * step
        ahead = (place - 1) / step
        if place >= 1:
            stage, place = (stage + 1) & 3, 0.0
            lost = 0.0 if stage == _IDLE else lost
    full, most = _loss(depth * share), 0.0
    for i in range(frames):
        depth += s[DEPTH]
        bend += s[BEND]
        if notes[i] > 0:
            stage, place, begin = _FALL, 0.0, lost
            share = 1 - (c[VELOCITY] + s[VELOCITY] * (i + 1)) * (1 - notes[i])
            full = _loss(depth * share)
        if stage != _IDLE:
            if s[DEPTH] != 0:
                full = _loss(depth * share)
            segment = ATTACK + stage - _FALL
            place += c[segment] + s[segment] * (i + 1)
            x = min(place, 1.0)
            if stage == _FALL:
                lost = begin + _smooth(x) * (full - begin)
            elif stage == _STAY:
                lost = full
            else:
                lost = full * (1 - _smooth(x / (x + bend * (1 - x))))
            if place > 1 - 1e-9:
                stage, place = (stage + 1) & 3, 0.0
            most = max(most, lost)
            gain = np.float32(1 - lost)
            left[i] *= gain
            right[i] *= gain
    z[STAGE], z[PLACE], z[LOST], z[BEGIN], z[SHARE] = stage, place, lost, begin, share
    if most > 0:
        z[WORST] = max(z[WORST], -20 * math.log10(1 - most))
