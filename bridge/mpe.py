"""MIDI Polyphonic Expression (MPE 1.1, M1-100-UM): zones, the messages that set them up, and notes with expression.

Sans I/O. A zone is a manager channel, for what holds for all notes (pedal, program), and member channels: each note has
one to itself, and with it a bend, a pressure and a timbre (CC 74) of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

MEMBER_RANGE = 48.0
"""Semitones of a member channel's full bend after a configuration message, of the manager's MANAGER_RANGE."""
MANAGER_RANGE = 2.0
TIMBRE = 74
NEUTRAL_TIMBRE = 64
MOST_MEMBERS = 15

_RPN_HIGH, _RPN_LOW, _DATA_HIGH, _DATA_LOW, _NULL = 101, 100, 6, 38, 127
_CONFIGURATION, _BEND_RANGE = 6, 0
"""Registered parameters."""
_ALL_SOUND_OFF, _RESET, _ALL_NOTES_OFF = 120, 121, 123


class Zone(NamedTuple):
    """lower: the manager is channel 1, members go up from 2; upper: 16, members go down from 15. members: 0..15, 0 is
    no zone."""

    side: Literal["lower", "upper"] = "lower"
    members: int = MOST_MEMBERS

    @property
    def manager(self) -> int:
        """The channel, 0..15."""
        return 0 if self.side == "lower" else 15

    @property
    def channels(self) -> tuple[int, ...]:
        """Of the members, 0..15."""
        return tuple(range(1, 1 + self.members) if self.side == "lower" else range(14, 14 - self.members, -1))


def configuration(zone: Zone) -> list[tuple[int, int]]:
    """The MPE Configuration Message as controllers (number, value), for the manager channel."""
    return [(_RPN_HIGH, 0), (_RPN_LOW, _CONFIGURATION), (_DATA_HIGH, zone.members), (_RPN_HIGH, _NULL),
            (_RPN_LOW, _NULL)]


def bend_range(semitones: float) -> list[tuple[int, int]]:
    """RPN 0 as controllers (number, value): a channel's full bend."""
    whole = int(semitones)
    return [(_RPN_HIGH, 0), (_RPN_LOW, _BEND_RANGE), (_DATA_HIGH, whole), (_DATA_LOW, round(100 * (semitones - whole))),
            (_RPN_HIGH, _NULL), (_RPN_LOW, _NULL)]


def timbre_of(value: int) -> float:
    """0..1 of a CC 74: 0.5 in the middle."""
    return value / 128 if value <= NEUTRAL_TIMBRE else 0.5 + (value - NEUTRAL_TIMBRE) / 126


def byte_of_timbre(timbre: float) -> float:
    """The CC 74 of a timbre 0..1, with its fraction."""
    return 128 * timbre if timbre <= 0.5 else NEUTRAL_TIMBRE + 126 * (timbre - 0.5)


class Voice(NamedTuple):
    """A note with its expression, as it is now.

    key       0..127; channel: 0..15, its own for as long as it lasts
    velocity  1..127; at its end the release velocity
    pitch     semitones, as keys are counted, with all bends
    pressure  0..1, the greater of the note's and the zone's
    timbre    0..1, CC 74 of the note's channel, 0.5 in the middle
    """

    key: int
    channel: int
    velocity: int
    pitch: float
    pressure: float
    timbre: float


class Expressed(NamedTuple):
    """What has come: "on", "off", or "moved" (bend, pressure or timbre of a note that sounds)."""

    change: Literal["on", "off", "moved"]
    voice: Voice


@dataclass(slots=True)
class _Channel:
    range: float = MANAGER_RANGE
    bend: float = 0.0
    pressure: int = 0
    timbre: int = NEUTRAL_TIMBRE
    keys: dict[int, int] = field(default_factory=dict)
    """Velocity by key held."""
    parameter: tuple[int, int] = (_NULL, _NULL)


class MpeReader:
    """Whole MIDI messages in, notes with expression out, in order. Channels outside all zones are ordinary: their bend
    has a range of 2 semitones until RPN 0 says otherwise, and moves all their notes.

    Any message is taken. A configuration message sets a zone up, ends what sounds in it, and takes channels from the
    other zone, as the later of the two wins.
    """

    def __init__(self, *zones: Zone) -> None:
        """zones: in force from the beginning."""
        self._zones: dict[str, Zone] = {}
        self._channels = [_Channel() for _ in range(16)]
        for zone in zones:
            list(self._configure(zone))

    @property
    def zones(self) -> tuple[Zone, ...]:
        """Those in force."""
        return tuple(self._zones.values())

    @property
    def sounding(self) -> list[Voice]:
        return [self._voice(number, key) for number, channel in enumerate(self._channels) for key in channel.keys]

    def hear(self, message: bytes) -> list[Expressed]:
        """One message, of the MIDI 1.0 length for its status."""
        if len(message) < 2 or not 0x80 <= message[0] < 0xF0:
            return []
        kind, number, first, second = message[0] & 0xF0, message[0] & 15, message[1], message[-1]
        channel = self._channels[number]
        if kind == 0x90 and second:
            ended = [*self._end(number, first, 64)] if first in channel.keys else []
            channel.keys[first] = second
            return [*ended, Expressed("on", self._voice(number, first))]
        if kind in (0x80, 0x90):
            return [*self._end(number, first, second if kind == 0x80 else 64)]
        if kind == 0xE0:
            channel.bend = ((first | second << 7) - 8192) / 8192
        elif kind == 0xD0:
            channel.pressure = first
        elif kind == 0xB0 and first == TIMBRE:
            channel.timbre = second
        else:
            return [*self._control(number, first, second)] if kind == 0xB0 else []
        return self._moved(self._moved_by(number))

    def is_global(self, number: int) -> bool:
        """Whether a pedal, a wheel or a volume on this channel (0..15) means something: on a zone's members it does
        not."""
        zone = self._zone_of(number)
        return zone is None or number == zone.manager

    def _moved(self, channels: Sequence[int]) -> list[Expressed]:
        return [Expressed("moved", self._voice(each, key)) for each in channels for key in self._channels[each].keys]

    def _control(self, number: int, control: int, value: int) -> Iterator[Expressed]:
        channel = self._channels[number]
        high, low = channel.parameter
        if control == _RPN_HIGH:
            channel.parameter = value, low
        elif control == _RPN_LOW:
            channel.parameter = high, value
        elif control == _DATA_HIGH and (high, low) == (0, _CONFIGURATION) and number in (0, 15):
            yield from self._configure(Zone("lower" if number == 0 else "upper", min(value, MOST_MEMBERS)))
        elif control in (_DATA_HIGH, _DATA_LOW) and (high, low) == (0, _BEND_RANGE):
            zone = self._zone_of(number)
            for each in zone.channels if zone is not None and number != zone.manager else (number,):
                had = self._channels[each].range
                self._channels[each].range = value if control == _DATA_HIGH else int(had) + value / 100
                if self._channels[each].bend:
                    yield from self._moved(self._moved_by(each))
        elif control in (_ALL_SOUND_OFF, _ALL_NOTES_OFF):
            for each in self._moved_by(number):
                for key in tuple(self._channels[each].keys):
                    yield from self._end(each, key, 64)
        elif control == _RESET:
            channel.bend, channel.pressure, channel.timbre = 0.0, 0, NEUTRAL_TIMBRE
            yield from self._moved(self._moved_by(number))

    def _configure(self, zone: Zone) -> Iterator[Expressed]:
        before = self._zones.pop(zone.side, Zone(zone.side, 0))
        rest = [replaced for other in self._zones.values()
                if (replaced := other._replace(members=min(other.members, 14 - zone.members))).members > 0
                or not zone.members]
        touched = {zone.manager, *zone.channels, *before.channels}
        for number in sorted(touched):
            for key in tuple(self._channels[number].keys):
                yield from self._end(number, key, 64)
            self._channels[number] = _Channel(parameter=self._channels[number].parameter)
        self._zones = {other.side: other for other in rest}
        if zone.members:
            self._zones[zone.side] = zone
            for number in zone.channels:
                self._channels[number].range = MEMBER_RANGE

    def _end(self, number: int, key: int, velocity: int) -> Iterator[Expressed]:
        if key in self._channels[number].keys:
            voice = self._voice(number, key)
            del self._channels[number].keys[key]
            yield Expressed("off", voice._replace(velocity=velocity))

    def _zone_of(self, number: int) -> Zone | None:
        return next((zone for zone in self._zones.values() if number == zone.manager or number in zone.channels), None)

    def _moved_by(self, number: int) -> tuple[int, ...]:
        zone = self._zone_of(number)
        return (number, *zone.channels) if zone is not None and number == zone.manager else (number,)

    def _voice(self, number: int, key: int) -> Voice:
        channel, zone = self._channels[number], self._zone_of(number)
        pitch, pressure = key + channel.bend * channel.range, channel.pressure
        if zone is not None and number != zone.manager:
            manager = self._channels[zone.manager]
            pitch, pressure = pitch + manager.bend * manager.range, max(pressure, manager.pressure)
        return Voice(key, number, channel.keys[key], pitch, pressure / 127, timbre_of(channel.timbre))
