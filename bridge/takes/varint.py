"""Whole numbers, floats and bytes in as few bytes as they need (LEB128, as in DWARF and protocol buffers)."""

from __future__ import annotations

import struct

_DOUBLE, _BITS = struct.Struct("<d"), struct.Struct("<Q")
_MOST_BYTES = 10
"""Of a number: 64 bits, seven a byte."""


def put_whole(out: bytearray, value: int) -> None:
    """value >= 0."""
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)


def put_signed(out: bytearray, value: int) -> None:
    """Small numbers of either sign are short: 0, -1, 1, -2 ... become 0, 1, 2, 3 ... ("zigzag")."""
    put_whole(out, value << 1 if value >= 0 else (-value << 1) - 1)


def put_bytes(out: bytearray, data: bytes) -> None:
    put_whole(out, len(data))
    out += data


def put_near(out: bytearray, value: float, expected: float) -> None:
    """A float, exactly; short where it is near what was expected: then their upper bits are the same."""
    put_whole(out, bits_of(value) ^ bits_of(expected))


def bits_of(value: float) -> int:
    """Of the 64-bit float."""
    bits: int = _BITS.unpack(_DOUBLE.pack(value))[0]
    return bits


class UnfinishedError(Exception):
    """The bytes end in the middle of a value."""


class MalformedError(Exception):
    """No such bytes were ever written."""


class Scanner:
    """Reads the values back. Each method raises UnfinishedError where the bytes end."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def whole(self) -> int:
        data, at, value, shift = self.data, self.at, 0, 0
        while True:
            if at >= len(data):
                raise UnfinishedError
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                self.at = at
                return value
            shift += 7
            if shift >= 7 * _MOST_BYTES:
                raise MalformedError("a number of more than 64 bits")

    def signed(self) -> int:
        value = self.whole()
        return value >> 1 if not value & 1 else -(value + 1 >> 1)

    def bytes(self) -> bytes:
        size = self.whole()
        start = self.at
        if start + size > len(self.data):
            raise UnfinishedError
        self.at = start + size
        return self.data[start : self.at]

    def near(self, expected: float) -> float:
        bits = self.whole() ^ bits_of(expected)
        if bits >> 64:
            raise MalformedError("a float of more than 64 bits")
        value: float = _DOUBLE.unpack(_BITS.pack(bits))[0]
        return value
