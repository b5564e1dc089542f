"""Notes between the keys for MIDI 1.0 outputs: the nearest key, and a pitch bend on a channel that can take it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from bridge.engine.chase import PERCUSSION
from bridge.routes import Route
from instruments.block import FrameEvent, Kind

_CENTRE = 8192
_PEDAL = 64
_RPN_HIGH, _RPN_LOW, _DATA_HIGH, _DATA_LOW, _NULL = 101, 100, 6, 38, 127
_MODES = 120
"""Controllers from here on are channel mode messages: events, not states."""


@dataclass(slots=True)
class _Channel:
    """units: what its notes are bent by, in steps of a bend message; keys: how many notes hold each key down."""

    number: int
    units: int = 0
    bend: float = 0.0
    keys: dict[int, int] = field(default_factory=dict)
    used: int = 0
    open: bool = False


class ChannelBends:
    """A track's events with cents in, the same without cents but with bends out, in the tuning of its route. Sans I/O.

    A bend is a channel's, and so moves all that sounds on it. By default a track keeps the channel that it has: right
    for melodies on any receiver, while of a chord with different deviations only the last note is in tune (`clashes`
    counts the others). With route.bend_channels notes of one deviation share a channel, and others take the one that
    has been silent for longest: for receivers that play the same sound on all of these, each with its own bend.
    Such a channel is told the controllers in force when it is first used, and each change from then on.

    Before its first bend since the last reset a channel is told the range (RPN 0). What needs no bend goes out as it
    came in. Where notes meet on a key of a channel, it is struck anew, and only the last end counts. Drums (channel
    10) are not tuned. Called from the engine's thread.
    """

    def __init__(self, route: Route, held: Callable[[int], bool] = lambda channel: False) -> None:
        """held: whether someone else holds notes on a channel, which is then left alone if another is free."""
        self.clashes = 0
        self._route = route
        self._held = held
        self._channels: dict[int, _Channel] = {}
        self._pool = [self._at(number) for number in route.bend_channels]
        self._where: dict[tuple[int, int], list[tuple[_Channel, int]]] = {}
        self._state: dict[tuple[Kind, int], float] = {}
        """Controllers in force, in the order in which they were set: for channels that are not open yet."""
        self._turn = 0

    def adopt(self, route: Route) -> None:
        """Notes go by this route from now on; those that sound end where they are."""
        self._route = route
        self._pool = [self._at(number) for number in route.bend_channels]

    def apply(self, event: FrameEvent) -> list[FrameEvent]:
        """What to send in its place, in order."""
        kind = event.kind
        if kind is Kind.ON:
            return self._on(event)
        if kind is Kind.OFF:
            return self._off(event)
        if self._pool and event.channel != PERCUSSION:
            key = kind, event.number
            self._state.pop(key, None)
            if not (kind is Kind.CC and event.number >= _MODES):
                self._state[key] = event.value
            return [self._control(channel, event) for channel in self._pool if channel.open]
        return [self._control(self._home(event.channel), event)]

    def settle(self, event: FrameEvent) -> list[FrameEvent]:
        """Of a bend, what the notes themselves need stays."""
        return self.apply(event) if event.kind is Kind.BEND else [event]

    def reset(self, number: int) -> None:
        """The channel (0..15) has been reset: no note, no pedal, no bend."""
        self._state.pop((Kind.CC, _PEDAL), None)
        self._state.pop((Kind.BEND, 0), None)
        channel = self._channels.get(number)
        if channel is not None:
            channel.units, channel.bend, channel.open = 0, 0.0, False

    def release(self, offset: int) -> list[FrameEvent]:
        """The ends of all that sounds: another takes over."""
        self._where.clear()
        ends = [FrameEvent(offset, Kind.OFF, channel.number, key, 64.0)
                for channel in self._channels.values() for key in channel.keys]
        for channel in self._channels.values():
            channel.keys.clear()
        return ends

    def _at(self, number: int) -> _Channel:
        return self._channels.setdefault(number, _Channel(number))

    def _home(self, channel: int) -> _Channel:
        return self._at(channel if self._route.channel is None else self._route.channel)

    def _on(self, event: FrameEvent) -> list[FrameEvent]:
        cents, drums = event.cents, event.channel == PERCUSSION
        if drums:
            cents = 0.0
        elif self._route.tuning is not None:
            offset = self._route.tuning.offsets[event.number]
            if offset is None:
                return []
            cents += offset
        shift = int(math.copysign(math.ceil(abs(cents) / 100 - 0.5), cents))  # a quarter tone keeps its key
        key = min(127, max(0, event.number + shift))
        units = round(_CENTRE * (event.number - key + cents / 100) / self._route.bend_range)
        pooled = bool(self._pool) and not drums
        channel = self._choose(key, units) if pooled else self._home(event.channel)
        out = [] if channel.open or not (pooled or units) else self._open(channel, event.offset, pooled)
        if channel.units != units:
            self.clashes += len(channel.keys)
            channel.units = units
            out.append(self._bent(channel, event.offset))
        held = channel.keys.get(key, 0)
        if held:
            out.append(event._replace(kind=Kind.OFF, channel=channel.number, number=key, value=64.0, cents=0.0))
        channel.keys[key] = held + 1
        self._use(channel)
        self._where.setdefault((event.channel, event.number), []).append((channel, key))
        plain = event.channel == channel.number and event.number == key and not event.cents
        out.append(event if plain else event._replace(channel=channel.number, number=key, cents=0.0))
        return out

    def _off(self, event: FrameEvent) -> list[FrameEvent]:
        places = self._where.get((event.channel, event.number))
        if not places:
            return []
        channel, key = places.pop(0)
        self._use(channel)
        left = channel.keys.pop(key) - 1
        if left:
            channel.keys[key] = left
            return []
        plain = event.channel == channel.number and event.number == key
        return [event if plain else event._replace(channel=channel.number, number=key)]

    def _choose(self, key: int, units: int) -> _Channel:
        same = [c for c in self._pool if c.open and c.units == units and key not in c.keys]
        if same:
            return max(same, key=lambda c: len(c.keys))
        return min(self._pool, key=lambda c: (bool(c.keys), self._held(c.number), key in c.keys, c.used))

    def _use(self, channel: _Channel) -> None:
        self._turn += 1
        channel.used = self._turn

    def _open(self, channel: _Channel, offset: int, pooled: bool) -> list[FrameEvent]:
        """Tell it the range of the bend, and where it stands in for others, the controllers in force."""
        channel.open = True
        bend_range = self._route.bend_range
        whole = int(bend_range)
        told = ((_RPN_HIGH, 0), (_RPN_LOW, 0), (_DATA_HIGH, whole), (_DATA_LOW, round(100 * (bend_range - whole))),
                (_RPN_HIGH, _NULL), (_RPN_LOW, _NULL))
        out = [FrameEvent(offset, Kind.CC, channel.number, number, value) for number, value in told]
        if pooled:
            out += [self._control(channel, FrameEvent(offset, kind, 0, number, value))
                    for (kind, number), value in self._state.items()]
        return out

    def _control(self, channel: _Channel, event: FrameEvent) -> FrameEvent:
        if event.kind is Kind.BEND:
            channel.bend = event.value
            return self._bent(channel, event.offset)
        return event if event.channel == channel.number else event._replace(channel=channel.number)

    def _bent(self, channel: _Channel, offset: int) -> FrameEvent:
        value = channel.bend + channel.units / _CENTRE
        return FrameEvent(offset, Kind.BEND, channel.number, 0, max(-1.0, min(1.0, value)))
