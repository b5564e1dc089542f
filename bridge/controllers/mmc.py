"""MIDI Machine Control, sans I/O: what a message asks a transport to do, and what is sent to ask another's.

MMA RP-013, MIDI Machine Control 1.0: F0 7F device 06 command ... F7; a message may hold several commands. Those from 40
to 77 hex are followed by a count and as many bytes of data, the others stand alone.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from bridge.clock.mtc import RATES, Rate, Timecode

ALL = 0x7F
"""The device that everybody is."""
_COMMAND = 0x06
_LOCATE, _TARGET = 0x44, 0x01
Kind = Literal["stop", "play", "deferred_play", "forward", "rewind", "record", "record_exit", "pause", "reset",
               "locate"]
_KINDS: dict[int, Kind] = {0x01: "stop", 0x02: "play", 0x03: "deferred_play", 0x04: "forward", 0x05: "rewind",
                           0x06: "record", 0x07: "record_exit", 0x09: "pause", 0x0D: "reset"}
_CODES = {kind: code for code, kind in _KINDS.items()}


class Command(NamedTuple):
    """One command; where it is "locate", to which frame of which rate."""

    kind: Kind
    timecode: Timecode | None = None
    rate: Rate | None = None

    def seconds(self) -> float:
        """Of a locate: since 00:00:00:00."""
        assert self.timecode is not None and self.rate is not None
        return self.timecode.frame(self.rate) * self.rate.frame_s


def heard(message: bytes, device: int = ALL) -> list[Command]:
    """What a whole message asks of the device of this number; [] for all that is no MMC for it. Any bytes are taken.

    Commands that are not known are passed over; one that is cut short ends the message.
    """
    if len(message) < 6 or message[:2] != b"\xf0\x7f" or message[3] != _COMMAND or message[-1] != 0xF7:
        return []
    if ALL not in (device, message[2]) and message[2] != device:
        return []
    found: list[Command] = []
    rest = message[4:-1]
    while rest:
        code = rest[0]
        if 0x40 <= code < 0x78:
            if len(rest) < 2 or len(rest) < 2 + rest[1]:
                break
            data, rest = rest[2 : 2 + rest[1]], rest[2 + rest[1] :]
            if code == _LOCATE and len(data) >= 5 and data[0] == _TARGET:
                rate = RATES[data[1] >> 5 & 3]
                timecode = Timecode(data[1] & 0x1F, data[2] & 0x3F, data[3] & 0x3F, data[4] & 0x1F)
                if timecode.valid(rate):
                    found.append(Command("locate", timecode, rate))
            continue
        rest = rest[1:]
        if code == 0:  # an extension: one more byte says which
            rest = rest[1:]
        elif code in _KINDS:
            found.append(Command(_KINDS[code]))
    return found


def sent(kind: Kind, device: int = ALL) -> bytes:
    """A command that stands alone."""
    return bytes((0xF0, 0x7F, device, _COMMAND, _CODES[kind], 0xF7))


def locate(timecode: Timecode, rate: Rate, device: int = ALL) -> bytes:
    """Go to this frame."""
    hours, minutes, seconds, frames = timecode
    return bytes((0xF0, 0x7F, device, _COMMAND, _LOCATE, 6, _TARGET, rate.code << 5 | hours, minutes, seconds, frames,
                  0, 0xF7))
