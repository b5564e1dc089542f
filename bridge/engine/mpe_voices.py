"""A track's notes for a receiver that speaks MPE: each on a member channel of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from bridge.engine.chase import PERCUSSION
from bridge.mpe import MANAGER_RANGE, MEMBER_RANGE, NEUTRAL_TIMBRE, TIMBRE, Zone, bend_range, configuration
from bridge.routes import Route
from instruments.block import FrameEvent, Kind

_CENTRE = 8192
_RPN = (101, 100, 6, 38)
_MODES = 120


@dataclass(slots=True)
class _Member:
    """units: its bend, in steps of a bend message, as the receiver has it; timbre and pressure likewise, as MIDI's
    whole numbers; keys: how many notes hold each key down. cents, source: of the note that began last."""

    number: int
    units: int = 0
    timbre: int = NEUTRAL_TIMBRE
    pressure: int = 0
    cents: float = 0.0
    source: int = 0
    keys: dict[int, int] = field(default_factory=dict)
    used: int = 0
    open: bool = False


@dataclass(slots=True)
class _Source:
    """A channel of the music, but not the drums': the expression of the notes on it. reach: semitones of its full bend;
    parameter: what RPN it has selected."""

    reach: float
    bend: float = 0.0
    timbre: float = NEUTRAL_TIMBRE
    pressure: float = 0.0
    parameter: tuple[float, float] = (127.0, 127.0)


class MpeVoices:
    """As bridge.engine.channel_bends.ChannelBends, for route.mpe. Sans I/O; called from the engine's thread.

    The zone is set up (MPE Configuration Message, bend ranges of manager and members) before the first note since the
    last reset. A note gets the member that has been silent for longest, and before it is struck its bend, timbre and
    pressure; the bend stays through its release. When all members sound it joins the one with the fewest notes.

    Bends, pressure and timbre of a channel of the music are those of its notes alone, as for a receiver without MPE; a
    bend in the range that RPN 0 has set there (the track's bend_range where it has not). Those of drums, pedals,
    programs and all else go to the manager, for all notes.
    """

    def __init__(self, route: Route, held: Callable[[int], bool] = lambda channel: False) -> None:
        """held: whether someone else holds notes on a channel, which is then left alone if another is free."""
        self.clashes = 0
        """Notes that had to share a member with one of another bend."""
        self._held = held
        self._turn = 0
        self._set_up = False
        self._where: dict[tuple[int, int], list[tuple[_Member, int]]] = {}
        self._sources: dict[int, _Source] = {}
        self._told: dict[tuple[Kind, int], float] = {}
        """What the manager has, as far as channels of notes have said it."""
        self._route = route
        self._zone = route.mpe or Zone()
        self._members = {number: _Member(number) for number in self._zone.channels}

    def adopt(self, route: Route) -> None:
        """Notes go by this route from now on; those that sound end where they are."""
        self._route = route
        if route.mpe is not None and route.mpe != self._zone:
            self._zone, self._set_up = route.mpe, False
            self._members = {number: self._members.get(number) or _Member(number) for number in route.mpe.channels}

    def apply(self, event: FrameEvent) -> list[FrameEvent]:
        """What to send in its place, in order."""
        if event.kind is Kind.ON:
            return self._on(event)
        if event.kind is Kind.OFF:
            return self._off(event)
        if event.channel != PERCUSSION:
            return self._express(event)
        self._told.pop((event.kind, event.number), None)
        return [*self._begin(event.offset), event._replace(channel=self._zone.manager)]

    def settle(self, event: FrameEvent) -> list[FrameEvent]:
        """The composers let go of a channel of the port where a player has something in hand."""
        return [event] if event.kind is not Kind.BEND or event.channel == self._zone.manager else []

    def reset(self, number: int) -> None:
        """The channel (0..15) has been reset: no note, no pedal, no bend."""
        if number == self._zone.manager:
            self._set_up = False
            self._sources.clear()
            self._told.clear()
        elif number in self._members:
            member = self._members[number]
            member.units, member.timbre, member.pressure, member.open = 0, NEUTRAL_TIMBRE, 0, False

    def release(self, offset: int) -> list[FrameEvent]:
        """The ends of all that sounds: another takes over."""
        self._where.clear()
        ends = [FrameEvent(offset, Kind.OFF, member.number, key, 64.0)
                for member in self._members.values() for key in member.keys]
        for member in self._members.values():
            member.keys.clear()
        return ends

    def _begin(self, offset: int) -> list[FrameEvent]:
        """The zone, unless it is set up already."""
        if self._set_up:
            return []
        self._set_up = True
        for member in self._members.values():
            member.units, member.timbre, member.pressure, member.open = 0, NEUTRAL_TIMBRE, 0, False
        told = configuration(self._zone)
        if self._route.bend_range != MANAGER_RANGE:
            told += bend_range(self._route.bend_range)
        return [FrameEvent(offset, Kind.CC, self._zone.manager, number, value) for number, value in told]

    def _on(self, event: FrameEvent) -> list[FrameEvent]:
        cents = event.cents
        if self._route.tuning is not None:
            offset = self._route.tuning.offsets[event.number]
            if offset is None:
                return []
            cents += offset
        shift = int(math.copysign(math.ceil(abs(cents) / 100 - 0.5), cents))  # a quarter tone keeps its key
        key = min(127, max(0, event.number + shift))
        cents += 100 * (event.number - key)
        source = self._sources.get(event.channel) or _Source(self._route.bend_range)
        units = _units(cents, source)
        out = self._begin(event.offset)
        member = min(self._members.values(),
                     key=lambda m: (len(m.keys), self._held(m.number), key in m.keys, m.used))
        if member.units != units:
            self.clashes += len(member.keys)
        member.cents, member.source = cents, event.channel
        out += self._set(member, event.offset, units, source, fresh=not member.open)
        member.open = True
        held = member.keys.get(key, 0)
        if held:
            out.append(event._replace(kind=Kind.OFF, channel=member.number, number=key, value=64.0, cents=0.0))
        member.keys[key] = held + 1
        self._use(member)
        self._where.setdefault((event.channel, event.number), []).append((member, key))
        out.append(event._replace(channel=member.number, number=key, cents=0.0))
        return out

    def _off(self, event: FrameEvent) -> list[FrameEvent]:
        places = self._where.get((event.channel, event.number))
        if not places:
            return []
        member, key = places.pop(0)
        self._use(member)
        left = member.keys.pop(key) - 1
        if left:
            member.keys[key] = left
            return []
        return [event._replace(channel=member.number, number=key)]

    def _express(self, event: FrameEvent) -> list[FrameEvent]:
        """Something of the notes of one channel of the music."""
        source = self._sources.get(event.channel)
        if source is None:
            source = self._sources[event.channel] = _Source(self._route.bend_range)
        kind, number, value = event.kind, event.number, event.value
        if kind is Kind.BEND:
            source.bend = value
        elif kind is Kind.PRESSURE:
            source.pressure = value
        elif kind is Kind.CC and number == TIMBRE:
            source.timbre = value
        elif kind is Kind.CC and number in _RPN:
            self._select(source, number, value)
        else:
            key = kind, number
            if self._told.get(key) == value and not (kind is Kind.CC and number >= _MODES):
                return []  # said on each of the channels, meant once
            self._told[key] = value
            return [*self._begin(event.offset), event._replace(channel=self._zone.manager)]
        mine = {id(member): member for (channel, _), places in self._where.items() if channel == event.channel
                for member, _ in places if member.source == channel}
        return [each for member in mine.values()
                for each in self._set(member, event.offset, _units(member.cents, source), source)]

    @staticmethod
    def _select(source: _Source, number: int, value: float) -> None:
        high, low = source.parameter
        if number == _RPN[0]:
            source.parameter = value, low
        elif number == _RPN[1]:
            source.parameter = high, value
        elif (high, low) == (0, 0):
            source.reach = value if number == _RPN[2] else int(source.reach) + value / 100

    @staticmethod
    def _set(member: _Member, offset: int, units: int, source: _Source, *, fresh: bool = False) -> list[FrameEvent]:
        """What of it the receiver has not; all, where it is fresh."""
        timbre, pressure = round(source.timbre), round(source.pressure)
        out = []
        if fresh or member.units != units:
            out.append(FrameEvent(offset, Kind.BEND, member.number, 0, units / _CENTRE))
        if fresh or member.timbre != timbre:
            out.append(FrameEvent(offset, Kind.CC, member.number, TIMBRE, timbre))
        if fresh or member.pressure != pressure:
            out.append(FrameEvent(offset, Kind.PRESSURE, member.number, 0, pressure))
        member.units, member.timbre, member.pressure = units, timbre, pressure
        return out

    def _use(self, member: _Member) -> None:
        self._turn += 1
        member.used = self._turn


def _units(cents: float, source: _Source) -> int:
    """Steps of a member's bend."""
    units = round(_CENTRE * (cents / 100 + source.bend * source.reach) / MEMBER_RANGE)
    return max(-_CENTRE, min(_CENTRE - 1, units))
