"""Frame events as a Standard MIDI File whose ticks are half frames: the way of a whole part into DawDreamer."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from fractions import Fraction

from instruments.block import FrameEvent, InstrumentError

_MOST_DIVISION = 32767
_MICROSECONDS = 1_000_000


def division(rate: int) -> tuple[int, int]:
    """Ticks a quarter note, and microseconds a quarter note, so that there are exactly 2 * rate ticks a second.

    Raises InstrumentError for a rate that no MIDI file can count.
    """
    ticks_us = Fraction(2 * rate, _MICROSECONDS)  # ticks a microsecond; a quarter is to be whole in both
    for times in range(_MOST_DIVISION // ticks_us.numerator, 0, -1):
        if times * ticks_us.denominator < 1 << 24:
            return ticks_us.numerator * times, ticks_us.denominator * times
    raise InstrumentError(f"a sample rate of {rate} Hz cannot be counted by a MIDI file: use 44100, 48000 or 96000")


def smf_bytes(events: Iterable[FrameEvent], rate: int) -> bytes:
    """A file of one track. Event offsets are frames from the start, in order; each is put into the middle of its frame,
    so that a reader which truncates seconds times rate gets the same frame back."""
    per_quarter, quarter_us = division(rate)
    track = bytearray(b"\0\xff\x51\x03" + quarter_us.to_bytes(3, "big"))
    last = 0
    for event in events:
        tick = 2 * event.offset + 1
        track += _length(tick - last) + event.to_midi()
        last = tick
    track += b"\0\xff\x2f\0"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, per_quarter) + b"MTrk" + struct.pack(">I", len(track)) + bytes(track)


def _length(value: int) -> bytes:
    """A variable-length quantity."""
    parts = [value & 127]
    while value := value >> 7:
        parts.append(value & 127 | 128)
    return bytes(reversed(parts))
