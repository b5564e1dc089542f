"""One keyboard or set of pads: its messages in, and out what each track that it plays gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from bridge.inputs.route import Place, ZoneRoute
from instruments.block import FrameEvent, Kind

_OFF, _ON, _KEY_PRESSURE, _CC, _PROGRAM, _PRESSURE, _BEND = range(0x80, 0xF0, 0x10)
_SYSTEM_RESET = 0xFF
_SUSTAIN, _SOSTENUTO = 64, 66
_SOUND_OFF, _RESET, _NOTES_OFF = 120, 121, 123
_NOT_PASSED = frozenset({0, 6, 32, 38, _SUSTAIN, _SOSTENUTO, *range(96, 102), 122})
"""Sounds (banks) and the ranges that RPNs set are the session's; the pedals are done here; local control is for
keyboards with a sound of their own."""
_NEUTRAL = {(Kind.CC, 1): 0.0, (Kind.CC, 2): 0.0, (Kind.CC, 11): 127.0, (Kind.CC, 64): 0.0, (Kind.CC, 65): 0.0,
            (Kind.CC, 67): 0.0, (Kind.BEND, 0): 0.0, (Kind.PRESSURE, 0): 0.0}
"""What Reset All Controllers sets (MIDI RP-015), and breath."""
_RELEASED = 64.0


Form = Literal["any", "notes", "channel"]


class Live(NamedTuple):
    """What a track gets, at once.

    event  on place.channel; at offset 0, since its frame is the caller's to say
    raw    what its MIDI port gets in the event's place, on place.port_channel: key pressure, which no FrameEvent says
    form   "any": for whoever hears the track. A keyboard that speaks MPE says all twice: "notes" to those who have each
           note on a channel of its own, on the event's channel, and "channel" to those who have all on one
    """

    place: Place
    event: FrameEvent
    raw: bytes | None = None
    form: Form = "any"

    def to_midi(self) -> bytes:
        """What the port gets, before the track's Route."""
        if self.raw is not None:
            return self.raw
        return self.event._replace(channel=self.place.port_channel).to_midi()


class Held(NamedTuple):
    """What of a track a player has in hand: notes that sound, a pedal that is down, a bend that is not in the middle.
    """

    notes: bool = False
    pedal: bool = False
    bend: bool = False


class _Key(NamedTuple):
    place: Place
    number: int


@dataclass(slots=True)
class _Note:
    """A key of a track that sounds.

    presses  keys of the keyboard that hold it down, each by channel and number
    kept     let go, and held by a pedal that the instrument does not have; sustained: by sostenuto
    """

    channel: int
    presses: list[tuple[int, int]] = field(default_factory=list)
    kept: bool = False
    sustained: bool = False
    pressure: int = 0


class Keyboard:
    """Whole messages in, in any order, and what the tracks get out: of each key of a track strictly on, off, on ...

    Two keys that play the same one share it: the second strikes it anew, and it ends with the last. Bend, wheel,
    pressure and other controllers go to all tracks of the channel's zones. Sustain as the zone says; sostenuto is done
    here, so that it works with any instrument. Key pressure becomes the pressure of the key pressed hardest. All
    notes off, all sound off, and a system reset end what sounds, whatever pedal holds it.

    Sans I/O; called from the engine's thread. A message costs some 5 us a zone.
    """

    def __init__(self, zones: Sequence[ZoneRoute]) -> None:
        self._zones = tuple(zones)
        self._heard = [_places(zones, channel) for channel in range(16)]
        """By channel: the places that hear it, each with what is done with its pedal."""
        self._notes: dict[_Key, _Note] = {}
        self._presses: dict[tuple[int, int], list[_Key]] = {}
        self._pedals = [False] * 16
        self._sostenuto = [False] * 16
        self._controls: dict[tuple[Place, Kind, int], float] = {}
        """What is not as at power-up."""

    @property
    def places(self) -> set[Place]:
        """All that it plays."""
        return {zone.place for zone in self._zones}

    def held(self, track: int) -> Held:
        """What it has in hand there."""
        notes = any(key.place.track == track for key in self._notes)
        moved = {(kind, number) for (place, kind, number) in self._controls if place.track == track}
        return Held(notes, (Kind.CC, _SUSTAIN) in moved, (Kind.BEND, 0) in moved)

    def feed(self, message: bytes) -> Iterator[Live]:
        """A whole message of any kind."""
        status = message[0]
        if status >= 0xF0:
            if status == _SYSTEM_RESET:
                yield from self.end()
            return
        kind, channel = status & 0xF0, status & 15
        if kind == _ON and message[2]:
            yield from self._on(channel, message[1], message[2])
        elif kind == _ON:
            yield from self._off((channel, message[1]), _RELEASED)
        elif kind == _OFF:
            yield from self._off((channel, message[1]), float(message[2]))
        elif kind == _CC:
            yield from self._control(channel, message[1], message[2])
        elif kind == _BEND:
            value = ((message[1] | message[2] << 7) - 8192) / 8192
            yield from self._pass(channel, Kind.BEND, 0, value)
        elif kind == _PRESSURE:
            yield from self._pass(channel, Kind.PRESSURE, 0, float(message[1]))
        elif kind == _KEY_PRESSURE:
            yield from self._key_pressure(channel, message[1], message[2])

    def end(self, gone: Callable[[Place], bool] = lambda place: True) -> Iterator[Live]:
        """All that sounds ends, and what was moved goes back: the player has left, or the tracks for which `gone`."""
        yield from self._end_notes(lambda key, note: gone(key.place))
        for place, kind, number in [at for at in self._controls if gone(at[0])]:
            yield from self._set(place, kind, number, _NEUTRAL.get((kind, number), 0.0))
        if all(gone(place) for place in self.places):
            self._pedals, self._sostenuto = [False] * 16, [False] * 16

    def adopt(self, zones: Sequence[ZoneRoute], places: Sequence[int]) -> None:
        """Other zones from now on, among tracks that are elsewhere: see RigChange.places. What sounds goes on, and ends
        where it is. What leaves has ended: see end()."""
        def moved(place: Place) -> Place:
            return place._replace(track=places[place.track])

        self._zones = tuple(zones)
        self._heard = [_places(zones, channel) for channel in range(16)]
        self._notes = {_Key(moved(key.place), key.number): note for key, note in self._notes.items()}
        self._presses = {press: [_Key(moved(key.place), key.number) for key in keys]
                         for press, keys in self._presses.items()}
        self._controls = {(moved(place), kind, number): value
                          for (place, kind, number), value in self._controls.items()}

    # -- notes -------------------------------------------------------------------------------------------------------

    def _on(self, channel: int, key: int, velocity: int) -> Iterator[Live]:
        press = channel, key
        yield from self._off(press, _RELEASED)  # it was lost, or two keyboards are on one input
        struck: dict[_Key, float] = {}
        for zone in self._zones:
            number = zone.keys[key]
            if number >= 0 and zone.channel in (None, channel):
                struck.setdefault(_Key(zone.place, number), zone.velocity[velocity])
        if struck:
            self._presses[press] = list(struck)
        for at, loud in struck.items():
            note = self._notes.get(at)
            if note is None:
                note = self._notes[at] = _Note(channel)
            else:
                yield _live(at.place, Kind.OFF, at.number, _RELEASED)
            note.channel, note.kept = channel, False
            note.presses.append(press)
            yield _live(at.place, Kind.ON, at.number, loud)

    def _off(self, press: tuple[int, int], velocity: float) -> Iterator[Live]:
        for at in self._presses.pop(press, ()):
            note = self._notes[at]
            note.presses.remove(press)
            if not note.presses:
                note.kept = self._pedals[note.channel] and self._holds(note.channel, at.place)
                yield from self._end_unless_held(at, note, velocity)

    def _end_unless_held(self, at: _Key, note: _Note, velocity: float = _RELEASED) -> Iterator[Live]:
        if not (note.presses or note.kept or note.sustained):
            del self._notes[at]
            yield _live(at.place, Kind.OFF, at.number, velocity)

    def _end_notes(self, which: Callable[[_Key, _Note], bool]) -> Iterator[Live]:
        for at, note in [each for each in self._notes.items() if which(*each)]:
            del self._notes[at]
            for press in note.presses:
                keys = self._presses[press]
                keys.remove(at)
                if not keys:
                    del self._presses[press]
            yield _live(at.place, Kind.OFF, at.number, _RELEASED)

    # -- controllers -------------------------------------------------------------------------------------------------

    def _holds(self, channel: int, place: Place) -> bool:
        """Whether a pedal is done here."""
        return self._heard[channel].get(place) == "hold"

    def _control(self, channel: int, number: int, value: int) -> Iterator[Live]:
        if number == _SUSTAIN:
            yield from self._sustain(channel, value)
        elif number == _SOSTENUTO:
            for at, note in [each for each in self._notes.items() if each[1].channel == channel]:
                if value < 64:
                    note.sustained = False
                    yield from self._end_unless_held(at, note)
                elif note.presses and not self._sostenuto[channel]:
                    note.sustained = True
            self._sostenuto[channel] = value >= 64
        elif number == _RESET:
            yield from self._control(channel, _SUSTAIN, 0)
            yield from self._control(channel, _SOSTENUTO, 0)
            for place, kind, moved in [at for at in self._controls if at[0] in self._heard[channel]]:
                if (kind, moved) in _NEUTRAL:
                    yield from self._set(place, kind, moved, _NEUTRAL[kind, moved])
        elif number == _SOUND_OFF or number >= _NOTES_OFF:
            yield from self._end_notes(lambda key, note: note.channel == channel)
            if number == _SOUND_OFF:
                yield from self._control(channel, _SUSTAIN, 0)
        elif number not in _NOT_PASSED:
            yield from self._pass(channel, Kind.CC, number, float(value))

    def _sustain(self, channel: int, value: int) -> Iterator[Live]:
        self._pedals[channel] = value >= 64
        for place, pedal in self._heard[channel].items():
            if pedal == "pass":
                yield from self._set(place, Kind.CC, _SUSTAIN, float(value))
        if value < 64:
            for at, note in [each for each in self._notes.items() if each[1].kept and each[1].channel == channel]:
                note.kept = False
                yield from self._end_unless_held(at, note)

    def _pass(self, channel: int, kind: Kind, number: int, value: float) -> Iterator[Live]:
        for place in self._heard[channel]:
            yield from self._set(place, kind, number, value)

    def _set(self, place: Place, kind: Kind, number: int, value: float) -> Iterator[Live]:
        if value == _NEUTRAL.get((kind, number)):
            self._controls.pop((place, kind, number), None)
        elif (kind, number) in _NEUTRAL:
            self._controls[place, kind, number] = value
        yield _live(place, kind, number, value)

    def _key_pressure(self, channel: int, key: int, value: int) -> Iterator[Live]:
        for at in self._presses.get((channel, key), ()):
            self._notes[at].pressure = value
            hardest = max(note.pressure for other, note in self._notes.items() if other.place == at.place)
            event = FrameEvent(0, Kind.PRESSURE, at.place.channel, 0, float(hardest))
            if hardest:
                self._controls[at.place, Kind.PRESSURE, 0] = float(hardest)
            else:
                self._controls.pop((at.place, Kind.PRESSURE, 0), None)
            yield Live(at.place, event, bytes((_KEY_PRESSURE | at.place.port_channel, at.number, value)))


def _live(place: Place, kind: Kind, number: int, value: float) -> Live:
    return Live(place, FrameEvent(0, kind, place.channel, number, value))


def _places(zones: Sequence[ZoneRoute], channel: int) -> dict[Place, str]:
    """Of those that hear the channel. Where zones of a track do different things with the pedal, the first that does
    anything counts."""
    found: dict[Place, str] = {}
    for zone in zones:
        if zone.channel in (None, channel) and found.get(zone.place, "off") == "off":
            found[zone.place] = zone.pedal
    return found
