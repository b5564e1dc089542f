"""A track's notes for a receiver that speaks MPE: each on a member channel of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from bridge.mpe import MANAGER_RANGE, MEMBER_RANGE, NEUTRAL_TIMBRE, TIMBRE, Zone, bend_range, configuration
from bridge.routes import Route
from instruments.block import FrameEvent, Kind

_CENTRE = 8192


@dataclass(slots=True)
class _Member:
    """units: its bend, in steps of a bend message, as the receiver has it; keys: how many notes hold each key down."""

    number: int
    units: int = 0
    keys: dict[int, int] = field(default_factory=dict)
    used: int = 0
    open: bool = False


class MpeVoices:
    """As bridge.engine.channel_bends.ChannelBends, for route.mpe. Sans I/O; called from the engine's thread.

    The zone is set up (MPE Configuration Message, bend ranges of manager and members) before the first note since the
    last reset. A note gets the member that has been silent for longest, and before it is struck its bend, timbre and
    pressure; the bend stays through its release. When all members sound it joins the one with the fewest notes. Pedal,
    programs, and what the music bends as a whole go to the manager, and hold for all notes.
    """

    def __init__(self, route: Route, held: Callable[[int], bool] = lambda channel: False) -> None:
        """held: whether someone else holds notes on a channel, which is then left alone if another is free."""
        self.clashes = 0
        """Notes that had to share a member with one of another bend."""
        self._held = held
        self._turn = 0
        self._set_up = False
        self._where: dict[tuple[int, int], list[tuple[_Member, int]]] = {}
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
        return [*self._begin(event.offset), event._replace(channel=self._zone.manager)]

    def reset(self, number: int) -> None:
        """The channel (0..15) has been reset: no note, no pedal, no bend."""
        if number == self._zone.manager:
            self._set_up = False
        elif number in self._members:
            member = self._members[number]
            member.units, member.open = 0, False

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
            member.units, member.open = 0, False
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
        units = round(_CENTRE * (event.number - key + cents / 100) / MEMBER_RANGE)
        units = max(-_CENTRE, min(_CENTRE - 1, units))
        out = self._begin(event.offset)
        member = min(self._members.values(),
                     key=lambda m: (len(m.keys), self._held(m.number), key in m.keys, m.used))
        if member.units != units or not member.open:
            self.clashes += len(member.keys)
            member.units = units
            out.append(FrameEvent(event.offset, Kind.BEND, member.number, 0, units / _CENTRE))
        if not member.open:
            member.open = True
            out += [FrameEvent(event.offset, Kind.CC, member.number, TIMBRE, NEUTRAL_TIMBRE),
                    FrameEvent(event.offset, Kind.PRESSURE, member.number, 0, 0.0)]
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

    def _use(self, member: _Member) -> None:
        self._turn += 1
        member.used = self._turn
