"""A Mackie Control as it behaves: it takes what it is sent by the published tables, and sends what hands do."""

from __future__ import annotations

from collections.abc import Sequence


class Unit:
    """Its own reading of the protocol, so that a mistake in ours is one here only if it is made twice."""

    def __init__(self) -> None:
        self.motors = [0] * 9
        self.held: set[int] = set()
        self.fought = 0
        """Times that a motor was driven against a finger."""
        self.lamps: dict[int, int] = {}
        self.rings = [0] * 8
        self.text = [" "] * 112
        self.digits = [" "] * 10
        self.meters: dict[int, int] = {}
        self.heard_bytes = 0

    def take(self, messages: Sequence[bytes]) -> None:
        for m in messages:
            self.heard_bytes += len(m)
            if m[0] & 0xF0 == 0xE0:
                strip = m[0] & 15
                if strip in self.held:
                    self.fought += 1
                self.motors[strip] = m[1] + 128 * m[2]
            elif m[0] == 0x90:
                self.lamps[m[1]] = m[2]
            elif m[0] == 0xB0 and 0x30 <= m[1] < 0x38:
                self.rings[m[1] - 0x30] = m[2]
            elif m[0] == 0xB0 and 0x40 <= m[1] < 0x4A:
                code = m[2] & 0x3F
                self.digits[0x49 - m[1]] = chr(code + 64 if code < 32 else code)
            elif m[0] == 0xD0:
                self.meters[m[1] >> 4] = m[1] & 15
            elif m[:6] == b"\xf0\x00\x00\x66\x14\x12":
                for i, letter in enumerate(m[7:-1]):
                    self.text[m[6] + i] = chr(letter)
            else:
                raise AssertionError(f"a unit knows no {m.hex(' ')}")

    def touch(self, strip: int, down: bool = True) -> bytes:
        (self.held.add if down else self.held.discard)(strip)
        return bytes((0x90, 0x68 + strip, 127 if down else 0))

    def move(self, strip: int, raw: int) -> bytes:
        self.motors[strip] = raw
        return bytes((0xE0 | strip, raw % 128, raw // 128))

    @staticmethod
    def press(note: int) -> bytes:
        return bytes((0x90, note, 127, 0x90, note, 0))

    @staticmethod
    def pot(strip: int, detents: int) -> bytes:
        return bytes((0xB0, 0x10 + strip, detents if detents > 0 else 64 - detents))

    def cell(self, strip: int, line: int) -> str:
        return "".join(self.text[56 * line + 7 * strip : 56 * line + 7 * strip + 7]).strip()
