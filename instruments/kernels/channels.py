"""What MIDI channels say to voices: bends, pressure, pedals; and the zones of MPE."""

from __future__ import annotations

import numpy as np

from instruments.kernels import lane_layout as at
from instruments.kernels.lanes import LANES
from instruments.kernels.tone import part


@part
def place_of(i, lane_count):  # type: ignore[no-untyped-def]
    """Where voice i's lane 0-th field lies, in an array of tiles of so many vectors."""
    return (i // LANES) * lane_count * LANES + i % LANES


@part
def gather(s, tile, gains):  # type: ignore[no-untyped-def]
    """What the channels of a tile's voices say, into their lanes; gains: the channels' field that holds theirs now.

    A zone's master channel adds to its members.
    """
    fo = tile * int(s.p[at.P_FLOATS]) * LANES
    for lane in range(LANES):
        i = tile * LANES + lane
        if s.v[i, at.N_STATE] == at.FREE:
            continue
        ch = int(s.v[i, at.N_CHANNEL])
        bend, wheel, pressure = s.c[ch, at.C_BEND], s.c[ch, at.C_WHEEL], s.c[ch, at.C_PRESSURE]
        timbre, gain, semitones = s.c[ch, at.C_TIMBRE], s.c[ch, gains], bend * s.c[ch, at.C_RANGE]
        master = int(s.c[ch, at.C_MASTER])
        if master >= 0 and master != ch:
            semitones += s.c[master, at.C_BEND] * s.c[master, at.C_RANGE]
            wheel, pressure = max(wheel, s.c[master, at.C_WHEEL]), max(pressure, s.c[master, at.C_PRESSURE])
            timbre = min(max(timbre + s.c[master, at.C_TIMBRE], -1.0), 1.0)
            gain *= s.c[master, gains]
        lane_at = fo + lane
        s.f[lane_at + at.L_BEND * LANES] = np.float32(semitones / 12.0)
        s.f[lane_at + at.L_BENT * LANES] = np.float32(bend)
        s.f[lane_at + at.L_WHEEL * LANES] = np.float32(wheel)
        s.f[lane_at + at.L_PRESSURE * LANES] = np.float32(pressure)
        s.f[lane_at + at.L_TIMBRE * LANES] = np.float32(timbre)
        s.f[lane_at + at.L_GAIN * LANES] = np.float32(gain)


@part
def pedalled(s, ch):  # type: ignore[no-untyped-def]
    master = int(s.c[ch, at.C_MASTER])
    return s.c[ch, at.C_SUSTAIN] > 0 or (master >= 0 and s.c[master, at.C_SUSTAIN] > 0)


@part
def within(s, channel, ch):  # type: ignore[no-untyped-def]
    """Does what channel `ch` says hold for `channel`: its own, or one of its zone's members?"""
    return channel == ch or int(s.c[channel, at.C_MASTER]) == ch


@part
def set_zone(s, master, members):  # type: ignore[no-untyped-def]
    """MPE's configuration message: a lower zone (master 0) or an upper one (15) of so many member channels."""
    members = min(max(members, 0), 15)
    s.c[master, at.C_MEMBERS] = members
    for ch in range(at.CHANNELS):
        if int(s.c[ch, at.C_MASTER]) == master:
            s.c[ch, at.C_MASTER] = -1.0
            s.c[ch, at.C_RANGE] = s.p[at.P_BEND]
    for j in range(1, members + 1):
        ch = master + j if master == 0 else master - j
        if ch != at.CHANNELS - 1 - master or s.c[ch, at.C_MEMBERS] == 0:
            s.c[ch, at.C_MASTER] = master
            s.c[ch, at.C_RANGE] = s.p[at.P_NOTE_BEND]
    if members > 0:
        s.c[master, at.C_RANGE] = 2.0
