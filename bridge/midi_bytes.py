"""MIDI 1.0 bytes to messages, sans I/O. One parser a source; safe against any byte stream."""

from __future__ import annotations

CLOCK = 0xF8
START = 0xFA
CONTINUE = 0xFB
STOP = 0xFC
SONG_POSITION = 0xF2

SPP_TICKS = 240
"""Ticks to a Song Position Pointer unit, a sixteenth (MIDI 1.0: 6 clocks)."""
CLOCK_TICKS = 40
"""Ticks to a MIDI clock (24 to the quarter note)."""

_SYSEX_LIMIT = 65536
_LENGTHS = {0x80: 3, 0x90: 3, 0xA0: 3, 0xB0: 3, 0xC0: 2, 0xD0: 2, 0xE0: 3, 0xF1: 2, 0xF2: 3, 0xF3: 2, 0xF6: 1}


def message_length(status: int) -> int:
    """Bytes of a message with this status byte; 0 where the status is undefined or starts a system exclusive."""
    return _LENGTHS.get(status if status >= 0xF0 else status & 0xF0, 0)


class MidiParser:
    """Feeds on chopped bytes and gives whole messages.

    Knows running status, system exclusive, and realtime bytes (F8..FF) in the middle of any other message, which it
    gives at once and without harm to the message around them, as the MIDI 1.0 specification asks. Data bytes without
    a status are dropped and counted.
    """

    __slots__ = ("_message", "_need", "_running", "dropped_bytes")

    def __init__(self) -> None:
        self._message = bytearray()
        self._need = 0
        self._running = 0
        self.dropped_bytes = 0

    def feed(self, data: bytes) -> list[bytes]:
        if len(data) == 1 and data[0] >= 0xF8:
            return [bytes(data)] if data[0] not in (0xF9, 0xFD) else []
        out: list[bytes] = []
        message = self._message
        for byte in data:
            if byte >= 0xF8:
                if byte not in (0xF9, 0xFD):  # undefined realtime
                    out.append(bytes((byte,)))
                continue
            if byte >= 0x80:
                if message and message[0] == 0xF0:
                    if byte == 0xF7:
                        message.append(byte)
                        out.append(bytes(message))
                        message.clear()
                        continue
                    self.dropped_bytes += len(message)  # a sysex cut off by another status
                elif message:
                    self.dropped_bytes += len(message)
                message.clear()
                self._running = byte if byte < 0xF0 else 0
                self._need = message_length(byte)
                if byte == 0xF0:
                    message.append(byte)
                elif self._need == 1:
                    out.append(bytes((byte,)))
                elif self._need:
                    message.append(byte)
                else:
                    self.dropped_bytes += 1
                continue
            if not message:
                if not self._running:
                    self.dropped_bytes += 1
                    continue
                message.append(self._running)
                self._need = message_length(self._running)
            message.append(byte)
            if message[0] == 0xF0:
                if len(message) > _SYSEX_LIMIT:
                    self.dropped_bytes += len(message)
                    message.clear()
            elif len(message) == self._need:
                out.append(bytes(message))
                message.clear()
        return out
