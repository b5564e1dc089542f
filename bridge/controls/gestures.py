"""What a controller's messages mean: which control was moved, and how far, in as many bits as were sent. Sans I/O."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from bridge.midi_bytes import MidiParser

Kind = Literal["cc", "cc14", "nrpn", "rpn", "bend", "pressure", "key_pressure", "note", "program"]

_NOTE_OFF, _NOTE_ON, _KEY_PRESSURE, _CC, _PROGRAM, _PRESSURE, _BEND = 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0
_DATA_MSB, _DATA_LSB, _INCREMENT, _DECREMENT = 6, 38, 96, 97
_NRPN_LSB, _NRPN_MSB, _RPN_LSB, _RPN_MSB = 98, 99, 100, 101
_NULL = 0x3FFF
"""MIDI 1.0: 127, 127 selects no parameter."""
WIDE = 16_383
"""The highest value of 14 bits."""
NARROW = 127


class Gesture(NamedTuple):
    """One control, moved.

    kind, number, channel  which one; channel 0..15; number 0 where there is but one (bend, pressure)
    raw      as sent: 0..127, 0..16383 (cc14, nrpn, rpn, bend; 8192 is a bend's middle), a note's velocity (0: let go)
    top      the highest that raw can be
    steps    of an increment or decrement of an NRPN or RPN: how many, up or down; then raw says nothing
    """

    kind: Kind
    number: int
    channel: int
    raw: int
    top: int = NARROW
    steps: int = 0

    @property
    def share(self) -> float:
        """How far it is on its way, 0..1. Both ends can be reached; the middle of an even number of values is 1/2."""
        middle = (self.top + 1) // 2
        return self.raw / (2 * middle) if self.raw <= middle else 0.5 + 0.5 * (self.raw - middle) / (self.top - middle)


class Gestures:
    """The messages of one input, in order; any bytes are taken.

    A controller of 14 bits is a pair, 0..31 and 32..63 above it. Who sends the finer half is waited for: once one has
    been heard of a pair, its coarse half alone moves nothing, so that no value in between is heard (MIDI 1.0 has the
    coarse half first). Who never sends it still reaches both ends. So with the data entry of RPN and NRPN.
    """

    def __init__(self) -> None:
        self._parser = MidiParser()
        self._coarse: dict[tuple[str, int, int], int] = {}
        self._fine: set[tuple[str, int, int]] = set()
        self._selected: dict[int, tuple[Kind, int]] = {}
        self._halves: dict[tuple[int, Kind], list[int]] = {}

    def feed(self, data: bytes) -> list[Gesture]:
        return [gesture for message in self._parser.feed(data) if 1 < len(message) <= 3 and message[0] < 0xF0
                for gesture in self._of(message)]

    def _of(self, message: bytes) -> Iterator[Gesture]:
        kind, channel, first, second = message[0] & 0xF0, message[0] & 15, message[1], message[-1]
        if kind in (_NOTE_ON, _NOTE_OFF):
            yield Gesture("note", first, channel, second if kind == _NOTE_ON else 0)
        elif kind == _KEY_PRESSURE:
            yield Gesture("key_pressure", first, channel, second)
        elif kind == _PROGRAM:
            yield Gesture("program", first, channel, NARROW)
        elif kind == _PRESSURE:
            yield Gesture("pressure", 0, channel, first)
        elif kind == _BEND:
            yield Gesture("bend", 0, channel, first | second << 7, WIDE)
        elif kind == _CC:
            yield from self._control(channel, first, second)

    def _control(self, channel: int, number: int, value: int) -> Iterator[Gesture]:
        selected = self._selected.get(channel)
        if number in (_NRPN_LSB, _NRPN_MSB):
            self._select(channel, "nrpn", number == _NRPN_MSB, value)
        elif number in (_RPN_LSB, _RPN_MSB):
            self._select(channel, "rpn", number == _RPN_MSB, value)
        elif selected is not None and number in (_DATA_MSB, _DATA_LSB):
            yield from self._pair(*selected, channel, number == _DATA_MSB, value)
        elif selected is not None and number in (_INCREMENT, _DECREMENT):
            yield Gesture(*selected, channel, 0, WIDE, 1 if number == _INCREMENT else -1)
        else:
            yield Gesture("cc", number, channel, value)
            if number < 64:
                yield from self._pair("cc14", number % 32, channel, number < 32, value)

    def _select(self, channel: int, kind: Kind, coarse: bool, value: int) -> None:
        halves = self._halves.setdefault((channel, kind), [NARROW, NARROW])
        halves[not coarse] = value
        number = halves[0] << 7 | halves[1]
        if number == _NULL:
            self._selected.pop(channel, None)
        else:
            self._selected[channel] = kind, number

    def _pair(self, kind: Kind, number: int, channel: int, coarse: bool, value: int) -> Iterator[Gesture]:
        key = kind, number, channel
        if coarse:
            self._coarse[key] = value
            if key not in self._fine:
                yield Gesture(kind, number, channel, value << 7 | value, WIDE)
        else:
            self._fine.add(key)
            yield Gesture(kind, number, channel, self._coarse.get(key, 0) << 7 | value, WIDE)
