"""The binary interface of VST 2.4 plug-ins as ctypes: layouts, opcodes and flags.

Written from what is publicly known of the binary interface, as free hosts and plug-in frameworks use it; no line of
Steinberg's SDK, which is no longer licensed to new developers. Numbers and layouts are facts of the interface.
"""

from __future__ import annotations

import ctypes as c
from enum import IntEnum, IntFlag

MAGIC = 0x56737450
"""'VstP', the first four bytes of every plug-in."""

HOST_VERSION = 2400
TEXT_BYTES = 512
"""Longer than the interface asks for: plug-ins write beyond its 8 and 24 characters."""


class Do(IntEnum):
    """What the host asks of a plug-in."""

    OPEN = 0
    CLOSE = 1
    SET_PROGRAM = 2
    GET_PROGRAM = 3
    GET_PARAM_LABEL = 6
    GET_PARAM_DISPLAY = 7
    GET_PARAM_NAME = 8
    SET_SAMPLE_RATE = 10
    SET_BLOCK_SIZE = 11
    MAINS_CHANGED = 12
    GET_CHUNK = 23
    SET_CHUNK = 24
    PROCESS_EVENTS = 25
    STRING_TO_PARAM = 27
    GET_PLUG_CATEGORY = 35
    GET_EFFECT_NAME = 45
    GET_VENDOR_STRING = 47
    GET_PRODUCT_STRING = 48
    GET_VENDOR_VERSION = 49
    CAN_DO = 51
    START_PROCESS = 71
    STOP_PROCESS = 72


class Ask(IntEnum):
    """What a plug-in asks of the host."""

    AUTOMATE = 0
    VERSION = 1
    CURRENT_ID = 2
    GET_TIME = 7
    PROCESS_EVENTS = 8
    IO_CHANGED = 13
    GET_SAMPLE_RATE = 16
    GET_BLOCK_SIZE = 17
    GET_PROCESS_LEVEL = 23
    GET_VENDOR_STRING = 32
    GET_PRODUCT_STRING = 33
    GET_VENDOR_VERSION = 34
    CAN_DO = 37
    GET_LANGUAGE = 38


class Flag(IntFlag):
    HAS_EDITOR = 1 << 0
    CAN_REPLACING = 1 << 4
    PROGRAM_CHUNKS = 1 << 5
    IS_SYNTH = 1 << 8


class Time(IntFlag):
    """Which fields of a TimeInfo hold, and what the transport does."""

    CHANGED = 1 << 0
    PLAYING = 1 << 1
    CYCLE_ACTIVE = 1 << 2
    PPQ_VALID = 1 << 9
    TEMPO_VALID = 1 << 10
    BARS_VALID = 1 << 11
    CYCLE_VALID = 1 << 12
    METER_VALID = 1 << 13


class Effect(c.Structure):
    """A loaded plug-in."""


EffectPointer = c.POINTER(Effect)
Buffers = c.POINTER(c.POINTER(c.c_float))
Dispatcher = c.CFUNCTYPE(c.c_ssize_t, EffectPointer, c.c_int32, c.c_int32, c.c_ssize_t, c.c_void_p, c.c_float)
Process = c.CFUNCTYPE(None, EffectPointer, Buffers, Buffers, c.c_int32)
SetParameter = c.CFUNCTYPE(None, EffectPointer, c.c_int32, c.c_float)
GetParameter = c.CFUNCTYPE(c.c_float, EffectPointer, c.c_int32)
HostCallback = c.CFUNCTYPE(c.c_ssize_t, c.c_void_p, c.c_int32, c.c_int32, c.c_ssize_t, c.c_void_p, c.c_float)

Effect._fields_ = [
    ("magic", c.c_int32),
    ("dispatcher", Dispatcher),
    ("process", Process),
    ("set_parameter", SetParameter),
    ("get_parameter", GetParameter),
    ("programs", c.c_int32),
    ("params", c.c_int32),
    ("inputs", c.c_int32),
    ("outputs", c.c_int32),
    ("flags", c.c_int32),
    ("host1", c.c_ssize_t),
    ("host2", c.c_ssize_t),
    ("initial_delay", c.c_int32),
    ("real_qualities", c.c_int32),
    ("off_qualities", c.c_int32),
    ("io_ratio", c.c_float),
    ("object", c.c_void_p),
    ("user", c.c_void_p),
    ("unique_id", c.c_int32),
    ("version", c.c_int32),
    ("process_replacing", Process),
    ("process_double_replacing", c.c_void_p),
    ("future", c.c_char * 56),
]


class TimeInfo(c.Structure):
    _fields_ = (
        ("sample_pos", c.c_double),
        ("sample_rate", c.c_double),
        ("nanoseconds", c.c_double),
        ("ppq_pos", c.c_double),
        ("tempo", c.c_double),
        ("bar_start_pos", c.c_double),
        ("cycle_start_pos", c.c_double),
        ("cycle_end_pos", c.c_double),
        ("numerator", c.c_int32),
        ("denominator", c.c_int32),
        ("smpte_offset", c.c_int32),
        ("smpte_rate", c.c_int32),
        ("samples_to_next_clock", c.c_int32),
        ("flags", c.c_int32),
    )


MIDI_EVENT = 1


class MidiEvent(c.Structure):
    _fields_ = (
        ("type", c.c_int32),
        ("byte_size", c.c_int32),
        ("delta_frames", c.c_int32),
        ("flags", c.c_int32),
        ("note_length", c.c_int32),
        ("note_offset", c.c_int32),
        ("data", c.c_uint8 * 4),
        ("detune", c.c_int8),
        ("off_velocity", c.c_uint8),
        ("reserved", c.c_uint8 * 2),
    )


def events_type(most: int) -> type[c.Structure]:
    """A list of up to `most` events, as both directions pass it."""

    class Events(c.Structure):
        _fields_ = (("count", c.c_int32), ("reserved", c.c_ssize_t), ("events", c.POINTER(MidiEvent) * most))

    return Events
