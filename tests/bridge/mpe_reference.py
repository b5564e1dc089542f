"""What an MPE receiver hears, from bytes alone: written from the specification (M1-100-UM), and unlike bridge.mpe."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Heard(NamedTuple):
    """A note as it sounds: pitch in semitones with all bends, pressure and timbre as MIDI's numbers."""

    key: int
    velocity: int
    pitch: float
    pressure: int
    timbre: int


class Receiver:
    """One lower and one upper zone at most. Anything that the specification forbids is an AssertionError."""

    def __init__(self) -> None:
        self.members = {0: 0, 15: 0}
        self.range = [2.0] * 16
        self.bend = [0] * 16
        self.pressure = [0] * 16
        self.timbre = [64] * 16
        self.rpn = [(127, 127)] * 16
        self.notes: list[tuple[int, int, int]] = []
        """(channel, key, velocity), in the order in which they began."""
        self.releases: list[tuple[int, int]] = []
        """(key, release velocity), in order."""
        self.began: list[Heard] = []
        """Each note as it was at the moment when it was struck."""
        self.struck_on: list[int] = []
        """Its channel."""
        self.controls: dict[int, int] = {}
        """Controllers of the managers."""

    def zone(self, channel: int) -> int | None:
        """The manager of the zone that a channel is in, or None."""
        if self.members[0] and channel <= self.members[0]:
            return 0
        return 15 if self.members[15] and channel >= 15 - self.members[15] else None

    def pitch(self, channel: int, key: int) -> float:
        manager = self.zone(channel)
        own = self.bend[channel] / 8192 * self.range[channel]
        return key + own + (self.bend[manager] / 8192 * self.range[manager]
                            if manager is not None and manager != channel else 0)

    def sounding(self) -> list[Heard]:
        return sorted(self._heard(*note) for note in self.notes)

    def _heard(self, channel: int, key: int, velocity: int) -> Heard:
        manager = self.zone(channel)
        pressure = max(self.pressure[channel], 0 if manager is None else self.pressure[manager])
        return Heard(key, velocity, self.pitch(channel, key), pressure, self.timbre[channel])

    def feed(self, messages: Iterable[bytes]) -> None:
        for message in messages:
            self._take(message[0] >> 4, message[0] & 15, message[1], message[-1])

    def _take(self, kind: int, channel: int, first: int, second: int) -> None:
        assert first < 128 and second < 128
        if kind == 9 and second:
            assert channel != self.zone(channel), "a note on a manager channel"
            assert (channel, first) not in [note[:2] for note in self.notes], "struck while it sounds"
            self.notes.append((channel, first, second))
            self.began.append(self._heard(channel, first, second))
            self.struck_on.append(channel)
        elif kind in (8, 9):
            (note,) = [note for note in self.notes if note[:2] == (channel, first)]
            self.notes.remove(note)
            self.releases.append((first, second))
        elif kind == 14:
            self.bend[channel] = (second << 7 | first) - 8192
        elif kind == 13:
            self.pressure[channel] = first
        elif kind == 11:
            self._control(channel, first, second)

    def _control(self, channel: int, number: int, value: int) -> None:
        if number == 74:
            self.timbre[channel] = value
        elif number in (101, 100):
            high, low = self.rpn[channel]
            self.rpn[channel] = (value, low) if number == 101 else (high, value)
        elif number == 6 and self.rpn[channel] == (0, 6) and channel in (0, 15):
            assert not self.notes, "a zone is set up while notes sound"
            self.members[channel] = value
            other = 15 - channel
            self.members[other] = min(self.members[other], max(0, 14 - value))
            for i in range(16):
                if self.zone(i) == channel:
                    self.range[i] = 2.0 if i == channel else 48.0
                    self.bend[i] = self.pressure[i] = 0
                    self.timbre[i] = 64
        elif number in (6, 38) and self.rpn[channel] == (0, 0):
            manager = self.zone(channel)
            same = [i for i in range(16) if manager is not None and i != manager and self.zone(i) == manager]
            for i in same if channel in same else [channel]:
                self.range[i] = value if number == 6 else int(self.range[i]) + value / 100
        elif channel == self.zone(channel) and number not in (6, 38):
            self.controls[number] = value
