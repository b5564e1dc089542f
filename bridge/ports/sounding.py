"""Which notes sound on which port, by the messages that went out: what has to be ended when all else fails."""

from __future__ import annotations

from collections.abc import Iterator

_OFF, _ON, _CONTROL = 0x80, 0x90, 0xB0
_ALL_SOUND_OFF, _ALL_NOTES_OFF = 120, 123


class Sounding:
    """Fed with every message sent; one thread feeds it, and another may read between (a set of a few dozen keys)."""

    def __init__(self) -> None:
        self._keys: set[tuple[int, int, int]] = set()

    def __len__(self) -> int:
        return len(self._keys)

    def sent(self, port: int, data: bytes) -> None:
        if len(data) != 3:
            return
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        if kind == _ON and data[2]:
            self._keys.add((port, channel, data[1]))
        elif kind in (_ON, _OFF):
            self._keys.discard((port, channel, data[1]))
        elif kind == _CONTROL and data[1] in (_ALL_SOUND_OFF, _ALL_NOTES_OFF):
            self._keys -= {key for key in self._keys if key[:2] == (port, channel)}

    def offs(self) -> Iterator[tuple[int, bytes]]:
        """(port, note-off) for each note that sounds."""
        for port, channel, key in sorted(self._keys.copy()):
            yield port, bytes((_OFF | channel, key, 64))

    def clear(self) -> None:
        self._keys.clear()


def starts_note(data: bytes) -> bool:
    return len(data) == 3 and data[0] & 0xF0 == _ON and data[2] > 0
