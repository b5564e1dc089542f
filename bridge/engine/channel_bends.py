"""Notes between the keys for MIDI 1.0 outputs: the nearest key, and a pitch bend on a channel that can take it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from instruments.block import FrameEvent, Kind

MELODIC = tuple(c for c in range(16) if c != 9)
"""All channels but the drums'."""
_RPN_HIGH, _RPN_LOW, _DATA_HIGH, _DATA_LOW, _NULL = 101, 100, 6, 38, 127


@dataclass(slots=True)
class _Channel:
    number: int
    cents: float = 0.0
    keys: list[int] = field(default_factory=list)
    used: int = 0


class ChannelBends:
    """A stream of events with cents in, the same without cents but with bends out. Sans I/O; one for each output.

    A bend is a channel's: notes of the same deviation share one, others take the channel that has been silent for
    longest, and when all sound the one whose note is oldest, whose notes are then bent too (`clashes` counts them).
    So one channel suffices for melodies, and chords of a 12-key tuning need as many as they have different deviations.
    The receiver must play the same sound on all of the channels, each with its own bend (most multitimbral synths, and
    MPE ones in their multi-channel mode). Controllers, pressure and program changes go to all.
    """

    def __init__(self, channels: Sequence[int] = MELODIC, range_semitones: float = 2.0) -> None:
        """channels: at least one, 0..15; range_semitones: of the receiver's bend, 1..96, see begin()."""
        self.clashes = 0
        self._channels = [_Channel(c) for c in channels]
        self._range = range_semitones
        self._bend = 0.0
        self._where: dict[tuple[int, int], list[tuple[_Channel, int]]] = {}
        self._turn = 0

    def begin(self, offset: int = 0) -> list[FrameEvent]:
        """Tell the receiver the range of the bend (RPN 0) and put every bend where it belongs."""
        whole = int(self._range)
        told = ((_RPN_HIGH, 0), (_RPN_LOW, 0), (_DATA_HIGH, whole), (_DATA_LOW, round(100 * (self._range - whole))),
                (_RPN_HIGH, _NULL), (_RPN_LOW, _NULL))
        return [event for c in self._channels
                for event in (*(FrameEvent(offset, Kind.CC, c.number, number, value) for number, value in told),
                              self._bent(c, offset))]

    def apply(self, event: FrameEvent) -> list[FrameEvent]:
        """What to send in its place, in order."""
        match event.kind:
            case Kind.ON:
                return self._on(event)
            case Kind.OFF:
                places = self._where.get((event.channel, event.number))
                if not places:
                    return []
                channel, key = places.pop(0)
                channel.keys.remove(key)
                self._use(channel)
                return [event._replace(channel=channel.number, number=key)]
            case Kind.BEND:
                self._bend = event.value
                return [self._bent(c, event.offset) for c in self._channels]
            case _:
                return [event._replace(channel=c.number) for c in self._channels]

    def _on(self, event: FrameEvent) -> list[FrameEvent]:
        pitch = event.number + event.cents / 100
        shift = int(math.copysign(math.ceil(abs(event.cents) / 100 - 0.5), event.cents))  # a quarter tone keeps its key
        key = min(127, max(0, event.number + shift))
        cents = round(100 * (pitch - key), 3)
        channel = self._channel(key, cents)
        out = []
        if channel.cents != cents:
            self.clashes += len(channel.keys)
            channel.cents = cents
            out.append(self._bent(channel, event.offset))
        channel.keys.append(key)
        self._use(channel)
        self._where.setdefault((event.channel, event.number), []).append((channel, key))
        return [*out, event._replace(channel=channel.number, number=key, cents=0.0)]

    def _channel(self, key: int, cents: float) -> _Channel:
        same = [c for c in self._channels if c.cents == cents and key not in c.keys]
        if same:
            return max(same, key=lambda c: len(c.keys))
        return min(self._channels, key=lambda c: (bool(c.keys), c.used))

    def _use(self, channel: _Channel) -> None:
        self._turn += 1
        channel.used = self._turn

    def _bent(self, channel: _Channel, offset: int) -> FrameEvent:
        value = self._bend + channel.cents / 100 / self._range
        return FrameEvent(offset, Kind.BEND, channel.number, 0, max(-1.0, min(1.0, value)))
