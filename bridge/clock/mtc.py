"""MIDI Time Code, sans I/O: time codes and frame counts, quarter frames and full frames in and out.

MIDI Time Code (MMA RP-004/008), SMPTE ST 12-1 for drop-frame counting. A position is counted in quarter frames: the
code that eight pieces spell is that of the frame at which piece 0 was sent, so that piece k of frame F stands for the
quarter frame 4 F + k, whenever the rest of the code becomes known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from bridge.errors import SessionError

QUARTER_FRAME = 0xF1
PIECES = 8
"""Pieces of a time code, sent over two frames."""
_FULL_FRAME = 10
"""Bytes of a full frame message: F0 7F device 01 01 hours minutes seconds frames F7."""


class Rate(Enum):
    """Frames as they are numbered a second, and the real length of one: (nominal, seconds, of so many frames)."""

    FPS_24 = (24, 1, 24)
    FPS_25 = (25, 1, 25)
    FPS_30_DROP = (30, 1001, 30_000)
    FPS_30 = (30, 1, 30)

    def __init__(self, nominal: int, seconds: int, frames: int) -> None:
        self.nominal = nominal
        self.frame_s = seconds / frames
        self.quarter_ns = 250_000_000.0 * seconds / frames
        self.drop = seconds != 1
        self.day_frames = 24 * 6 * (17_982 if self.drop else 600 * nominal)
        """Frames in 24 hours of time code."""

    @property
    def code(self) -> int:
        """The two bits beside the hours."""
        return RATES.index(self)


RATES = (Rate.FPS_24, Rate.FPS_25, Rate.FPS_30_DROP, Rate.FPS_30)


class Timecode(NamedTuple):
    """hours 0..23, minutes and seconds 0..59, frames from 0."""

    hours: int
    minutes: int
    seconds: int
    frames: int

    def valid(self, rate: Rate) -> bool:
        """Whether this frame exists: drop frame leaves out numbers 0 and 1 of each minute but every tenth."""
        hours, minutes, seconds, frames = self
        if hours > 23 or minutes > 59 or seconds > 59 or frames >= rate.nominal:
            return False
        return not (rate.drop and seconds == 0 and frames < 2 and minutes % 10)

    def frame(self, rate: Rate) -> int:
        """Frames since 00:00:00:00."""
        hours, minutes, seconds, frames = self
        total = (hours * 3600 + minutes * 60 + seconds) * rate.nominal + frames
        if rate.drop:
            whole = hours * 60 + minutes
            total -= 2 * (whole - whole // 10)
        return total

    @staticmethod
    def at(frame: int, rate: Rate) -> Timecode:
        """The code of a frame since 00:00:00:00; after 24 hours it begins again."""
        frame %= rate.day_frames
        if rate.drop:
            tens, rest = divmod(frame, 17_982)
            frame += 18 * tens + (2 * ((rest - 2) // 1798) if rest >= 1800 else 0)
        seconds, frames = divmod(frame, rate.nominal)
        return Timecode(seconds // 3600, seconds // 60 % 60, seconds % 60, frames)

    @staticmethod
    def parse(text: str, place: str = "time code") -> Timecode:
        """"01:00:00:00" (hours:minutes:seconds:frames; ";" before the frames is allowed). Raises SessionError."""
        match = re.fullmatch(r"(\d\d):(\d\d):(\d\d)[:;](\d\d)", text)
        code = Timecode(*(int(part) for part in match.groups())) if match else None
        if code is None or not code.valid(Rate.FPS_30):
            raise SessionError(f"{place} = {text!r}: give hours:minutes:seconds:frames from \"00:00:00:00\" to "
                               f"\"23:59:59:29\"")
        return code

    def pieces(self, rate: Rate) -> tuple[int, ...]:
        """The nibbles of its eight quarter frame messages."""
        hours, minutes, seconds, frames = self
        return (frames & 15, frames >> 4, seconds & 15, seconds >> 4, minutes & 15, minutes >> 4,
                hours & 15, hours >> 4 | rate.code << 1)

    @staticmethod
    def of_pieces(nibbles: list[int]) -> tuple[Timecode, Rate]:
        """The code and rate that eight nibbles spell; it need not be valid()."""
        low = [nibbles[i] | nibbles[i + 1] << 4 for i in (0, 2, 4)]
        high = nibbles[7]
        return (Timecode(nibbles[6] | (high & 1) << 4, low[2] & 63, low[1] & 63, low[0] & 31), RATES[high >> 1 & 3])


class MtcEncoder:
    """What a master sends that counts at `rate`; its sets of eight pieces begin at `origin`, a frame."""

    def __init__(self, rate: Rate, origin: int = 0) -> None:
        self.rate = rate
        self._origin = origin

    def quarter_frame(self, quarter: int) -> bytes:
        """The message for a quarter frame since 00:00:00:00."""
        piece = (quarter - 4 * self._origin) % PIECES
        nibble = Timecode.at((quarter - piece) // 4, self.rate).pieces(self.rate)[piece]
        return bytes((QUARTER_FRAME, piece << 4 | nibble))

    def take(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """(quarter, message) for each of [start, end); backwards where end < start."""
        for quarter in range(start, end, 1 if end >= start else -1):
            yield quarter, self.quarter_frame(quarter)

    def full_frame(self, frame: int) -> bytes:
        """Locates: the master is, or will begin, at this frame. To all devices."""
        hours, minutes, seconds, frames = Timecode.at(frame, self.rate)
        return bytes((0xF0, 0x7F, 0x7F, 1, 1, self.rate.code << 5 | hours, minutes, seconds, frames, 0xF7))


def read_full_frame(message: bytes) -> tuple[Timecode, Rate] | None:
    """The code that a full frame message locates to; None for any other message, or a frame that does not exist."""
    if len(message) != _FULL_FRAME or message[:2] != b"\xf0\x7f" or message[3:5] != b"\x01\x01":
        return None
    rate = RATES[message[5] >> 5 & 3]
    code = Timecode(message[5] & 31, *message[6:9])
    return (code, rate) if code.valid(rate) else None
