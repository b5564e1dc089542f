"""Mackie Control's messages, both ways. Sans I/O.

Mackie's Logic Control User's Manual, appendix B; numbers as in github.com/Do-sth-sharp/libMackieControl. A unit has
eight strips, a master fader, buttons (notes on channel 1), V-Pots (endless, sign and magnitude), a display of two lines
with 56 letters, ten digits of position, and meters.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from bridge.controls.encoders import steps_of
from bridge.controls.gestures import WIDE

STRIPS = 8
MASTER = 8
"""The number of the master's fader."""
RECORD, SOLO, MUTE, SELECT, POT = 0x00, 0x08, 0x10, 0x18, 0x20
"""A strip's buttons: the first strip's notes."""
TRACK, SEND, PAN, PLUGIN, EQ, INSTRUMENT = 0x28, 0x29, 0x2A, 0x2B, 0x2C, 0x2D
BANK_LEFT, BANK_RIGHT, CHANNEL_LEFT, CHANNEL_RIGHT, FLIP, SMPTE_BEATS = 0x2E, 0x2F, 0x30, 0x31, 0x32, 0x35
REWIND, FORWARD, STOP, PLAY, RECORD_ALL = 0x5B, 0x5C, 0x5D, 0x5E, 0x5F
UP, LEFT, RIGHT = 0x60, 0x62, 0x63
SMPTE_LAMP, BEATS_LAMP, SOLO_LAMP = 0x71, 0x72, 0x73
_TOUCH = 0x68
_POT_CC, _RING_CC, _JOG_CC, _DIGIT_CC = 0x10, 0x30, 0x3C, 0x40
DIGITS = 10
LETTERS = 56
CELL = 7
"""Letters of a strip, in each of the two lines."""
METER_TOP = 12
_CENTRE_LED = 0x40
Ring = Literal["dot", "boost", "wrap", "spread"]
_RINGS: tuple[Ring, ...] = ("dot", "boost", "wrap", "spread")
_LEDS = 11
CONTROL, EXTENDER = 0x14, 0x15


class FaderMoved(NamedTuple):
    """strip 0..7 or MASTER; share 0..1."""

    strip: int
    share: float


class FaderTouched(NamedTuple):
    strip: int
    down: bool


class PotTurned(NamedTuple):
    """strip 0..7; detents, to the right positive."""

    strip: int
    detents: int


class JogTurned(NamedTuple):
    detents: int


class Pressed(NamedTuple):
    """A button's note, down or let go."""

    note: int
    down: bool


class Woken(NamedTuple):
    """The unit has been switched on, or asks who is there: it knows nothing of what it was sent."""


Event: TypeAlias = FaderMoved | FaderTouched | PotTurned | JogTurned | Pressed | Woken


def heard(message: bytes) -> Event | None:
    """What a whole message of the unit's means; None for what is none of its."""
    status = message[0]
    if status == 0xF0:
        ours = len(message) > 6 and message[1:4] == b"\x00\x00\x66" and message[4] in (CONTROL, EXTENDER)
        return Woken() if ours and message[5] in (0x01, 0x03, 0x14) else None
    if len(message) != 3:
        return None
    kind, channel, first, second = status & 0xF0, status & 15, message[1], message[2]
    if kind == 0xE0 and channel <= MASTER:
        return FaderMoved(channel, (first | second << 7) / WIDE)
    if channel:
        return None
    if kind in (0x80, 0x90):
        down = kind == 0x90 and second > 0
        if _TOUCH <= first <= _TOUCH + MASTER:
            return FaderTouched(first - _TOUCH, down)
        return Pressed(first, down) if first < _TOUCH else None
    if kind == 0xB0 and _POT_CC <= first < _POT_CC + STRIPS:
        detents = steps_of(second, "sign_magnitude")
        return PotTurned(first - _POT_CC, detents) if detents else None
    if kind == 0xB0 and first == _JOG_CC:
        return JogTurned(steps_of(second, "sign_magnitude"))
    return None


def fader(strip: int, share: float) -> bytes:
    """A motor: to a share of its way. The units have ten bits of the fourteen."""
    raw = round(min(max(share, 0.0), 1.0) * WIDE)
    return bytes((0xE0 | strip, raw & 0x7F, raw >> 7))


def lamp(note: int, on: bool, *, flash: bool = False) -> bytes:
    return bytes((0x90, note, (1 if flash else 127) if on else 0))


def ring(strip: int, share: float | None, kind: Ring = "wrap", *, centre: bool = False) -> bytes:
    """The eleven LEDs around a V-Pot; None: dark. centre: the LED below them, too.

    wrap: from the left to the place; boost: from the middle to it; spread: outwards from the middle.
    """
    if share is None:
        return bytes((0xB0, _RING_CC + strip, 0))
    leds = 6 if kind == "spread" else _LEDS
    place = 1 + round(min(max(share, 0.0), 1.0) * (leds - 1))
    return bytes((0xB0, _RING_CC + strip, (_CENTRE_LED if centre else 0) | _RINGS.index(kind) << 4 | place))


def letters(at: int, text: str, product: int = CONTROL) -> bytes:
    """The display from place `at` on: 0..55 above, 56..111 below. What is not ASCII is a question mark."""
    return b"\xf0\x00\x00\x66" + bytes((product, 0x12, at)) + displayed(text) + b"\xf7"


def displayed(text: str) -> bytes:
    """Text in the display's letters, ASCII from 32 to 126."""
    plain = text.translate(_PLAIN)
    return bytes(ord(c) if 32 <= ord(c) < 127 else 63 for c in plain)


_PLAIN = {ord(a): b for a, b in (("♯", "#"), ("♭", "b"), ("é", "e"), ("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"),
                                 ("–", "-"), ("−", "-"))}


def digits(text: str) -> list[bytes]:
    """The position's ten digits, from the left; a dot stands in the digit before it. One message each: see digit()."""
    found: list[int] = []
    for c in text:
        if c == "." and found:
            found[-1] |= 0x40
        else:
            found.append(_segments(c))
    found = ([_segments(" ")] * DIGITS + found)[-DIGITS:]
    return [bytes((0xB0, _DIGIT_CC + DIGITS - 1 - i, code)) for i, code in enumerate(found)]


def _segments(c: str) -> int:
    """A letter's code: @..Z are 0..1A, space..? are 20..3F."""
    code = ord(c.upper())
    return code - 0x40 if 0x40 <= code <= 0x5F else code if 0x20 <= code <= 0x3F else 0x20


def meter(strip: int, level: int, *, over: bool = False) -> bytes:
    """level 0..METER_TOP; over: the overload lamp is lit, which stays so until meter_cleared()."""
    return bytes((0xD0, strip << 4 | (0x0E if over else min(max(level, 0), METER_TOP))))


def meter_cleared(strip: int) -> bytes:
    return bytes((0xD0, strip << 4 | 0x0F))
