"""A keyboard that speaks MPE: its messages in, and what each track that it plays gets out.

Each track gets two forms of the same music: each note on a channel of its own, with its own bend, pressure and timbre;
and all notes on one channel, whose bend is that of the note struck last. Which of them a track's instrument and its
port hear is theirs to say (see bridge.engine.outlets).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bridge.inputs.keyboard import Held, Live
from bridge.inputs.route import InputRoute, Place, ZoneRoute
from bridge.mpe import MEMBER_RANGE, TIMBRE, MpeReader, Voice, Zone, bend_range, byte_of_timbre
from bridge.mpe_fold import Fold
from instruments.block import FrameEvent, Kind

_CC, _SYSTEM_RESET = 0xB0, 0xFF
_SUSTAIN, _SOSTENUTO, _RESET = 64, 66, 121
_NOT_PASSED = frozenset({0, 6, 32, 38, TIMBRE, *range(96, 102), *range(120, 128)})
"""Sounds and ranges are the session's; what ends notes the reader does; timbre belongs to notes."""
_NEUTRAL = {1: 0.0, 2: 0.0, 11: 127.0, 64: 0.0, 65: 0.0, 66: 0.0, 67: 0.0}
"""Controllers whose state at power-up is known (MIDI RP-015), and breath."""
_RELEASED = 64.0


@dataclass(slots=True)
class _Slot:
    """A channel for notes: whose (of the keyboard's channels) they are, which keys they hold, and when last used."""

    number: int
    source: int = -1
    keys: dict[int, int] = field(default_factory=dict)
    used: int = 0


class _Note(NamedTuple):
    slot: _Slot
    key: int


class _Voices:
    """What one track has of the keyboard: both forms."""

    def __init__(self, place: Place, channels: Sequence[int]) -> None:
        self.place = place
        self.slots = [_Slot(number) for number in channels or (place.channel,)]
        self.fold = Fold(place.bend_range)
        self.notes: dict[tuple[int, int], _Note] = {}
        """By the keyboard's channel and key."""
        self.kept: dict[tuple[int, int], float] = {}
        """Let go, with this velocity, and held by a pedal that the instrument does not have."""
        self._turn = 0

    def on(self, at: tuple[int, int], voice: Voice, number: int, velocity: float) -> Iterator[Live]:
        if at in self.notes:  # kept by the pedal
            yield from self.off(at, _RELEASED)
        slot = min(self.slots, key=lambda s: (s.source != voice.channel or not s.keys, len(s.keys), s.used))
        slot.source = voice.channel
        for control, value in bend_range(MEMBER_RANGE):
            yield self._own(slot, Kind.CC, control, value)
        yield from self._expression(slot, voice)
        held = slot.keys.get(number, 0)
        if held:
            yield self._own(slot, Kind.OFF, number, _RELEASED)
        slot.keys[number] = held + 1
        self._use(slot)
        self.notes[at] = _Note(slot, number)
        yield self._own(slot, Kind.ON, number, velocity)
        yield from self.folded(self.fold.on(at, number, velocity, voice))

    def off(self, at: tuple[int, int], velocity: float) -> Iterator[Live]:
        note = self.notes.pop(at, None)
        self.kept.pop(at, None)
        if note is None:
            return
        left = note.slot.keys.pop(note.key) - 1
        if left:
            note.slot.keys[note.key] = left
        else:
            yield self._own(note.slot, Kind.OFF, note.key, velocity)
        self._use(note.slot)
        yield from self.folded(self.fold.off(at, velocity))

    def move(self, at: tuple[int, int], voice: Voice) -> Iterator[Live]:
        note = self.notes.get(at)
        if note is not None and at not in self.kept:
            yield from self._expression(note.slot, voice)
            yield from self.folded(self.fold.move(at, voice))

    def control(self, number: int, value: float) -> Iterator[Live]:
        """For all notes."""
        for slot in self.slots:
            yield self._own(slot, Kind.CC, number, value)
        yield from self.folded([FrameEvent(0, Kind.CC, 0, number, value)])

    def _expression(self, slot: _Slot, voice: Voice) -> Iterator[Live]:
        bend = max(-1.0, min(1.0, (voice.pitch - voice.key) / MEMBER_RANGE))
        yield self._own(slot, Kind.BEND, 0, bend)
        yield self._own(slot, Kind.CC, TIMBRE, byte_of_timbre(voice.timbre))
        yield self._own(slot, Kind.PRESSURE, 0, 127 * voice.pressure)

    def _own(self, slot: _Slot, kind: Kind, number: int, value: float) -> Live:
        return Live(self.place, FrameEvent(0, kind, slot.number, number, value), form="notes")

    def folded(self, events: Sequence[FrameEvent]) -> Iterator[Live]:
        """As one channel has it."""
        for event in events:
            yield Live(self.place, event._replace(channel=self.place.channel), form="channel")

    def _use(self, slot: _Slot) -> None:
        self._turn += 1
        slot.used = self._turn


class MpeKeyboard:
    """Whole messages in, in any order; see Keyboard, of which it keeps the contract: of each key of a channel strictly
    on, off, on ... in either form.

    A note keeps the channel that it is given for as long as it sounds; the one that has been silent for longest is
    next. Bend, timbre and pressure come before the note, and its release velocity goes with its end. Pedals and wheels
    count on the zone's manager, or outside zones. Keys, transposition, velocity and pedal are as in Keyboard; a zone's
    `channel` is not asked. Sans I/O; called from the engine's thread.
    """

    def __init__(self, route: InputRoute) -> None:
        side = route.mpe
        self._reader = MpeReader(Zone("upper" if side == "upper" else "lower")) if side != "auto" else MpeReader()
        self._zones = route.zones
        self._channels = route.note_channels
        self._tracks = {place: _Voices(place, self._channels) for place in self.places}
        self._controls: dict[int, float] = {}
        """Those that are not as at power-up."""

    @property
    def places(self) -> set[Place]:
        """All that it plays."""
        return {zone.place for zone in self._zones}

    def held(self, track: int) -> Held:
        """What it has in hand there."""
        mine = [voices for place, voices in self._tracks.items() if place.track == track]
        return Held(any(v.notes for v in mine), bool(mine) and bool(self._controls.get(_SUSTAIN)),
                    any(v.fold.bent for v in mine))

    def feed(self, message: bytes) -> Iterator[Live]:
        """A whole message of any kind."""
        status = message[0]
        if status >= 0xF0:
            if status == _SYSTEM_RESET:
                yield from self.end()
            return
        if status & 0xF0 == _CC and self._reader.is_global(status & 15):
            if message[1] == _RESET:
                for number in list(self._controls):
                    yield from self._control(number, _NEUTRAL.get(number, 0.0))
            elif message[1] not in _NOT_PASSED:
                yield from self._control(message[1], float(message[2]))
        for change, voice in self._reader.hear(message):
            if change == "on":
                yield from self._on(voice)
            elif change == "off":
                yield from self._off(voice)
            else:
                for voices in self._tracks.values():
                    yield from voices.move((voice.channel, voice.key), voice)

    def end(self, gone: Callable[[Place], bool] = lambda place: True) -> Iterator[Live]:
        """All that sounds ends, and what was moved goes back: the player has left, or the tracks for which `gone`."""
        for place, voices in self._tracks.items():
            if gone(place):
                for at in list(voices.notes):
                    yield from voices.off(at, _RELEASED)
                for number in self._controls:
                    yield from voices.control(number, _NEUTRAL.get(number, 0.0))
                yield from voices.folded(voices.fold.rest())
        if all(gone(place) for place in self.places):
            self._controls.clear()
            zones = self._reader.zones
            self._reader = MpeReader(*zones)

    def adopt(self, zones: Sequence[ZoneRoute], places: Sequence[int]) -> None:
        """Other zones from now on, among tracks that are elsewhere: see Keyboard."""
        self._zones = tuple(zones)
        before = {place._replace(track=places[place.track]): voices for place, voices in self._tracks.items()}
        self._tracks = {}
        for place in self.places:
            self._tracks[place] = voices = before.get(place) or _Voices(place, self._channels)
            voices.place = place

    def _on(self, voice: Voice) -> Iterator[Live]:
        at = voice.channel, voice.key
        struck: set[Place] = set()
        for zone in self._zones:
            number = zone.keys[voice.key]
            if number >= 0 and zone.place not in struck:
                struck.add(zone.place)
                yield from self._tracks[zone.place].on(at, voice, number, zone.velocity[voice.velocity])

    def _off(self, voice: Voice) -> Iterator[Live]:
        at = voice.channel, voice.key
        for place, voices in self._tracks.items():
            if at in voices.notes and self._holds(place):
                voices.kept[at] = float(voice.velocity)
            else:
                yield from voices.off(at, float(voice.velocity))

    def _pedal(self, place: Place) -> str:
        return next((zone.pedal for zone in self._zones if zone.place == place and zone.pedal != "off"), "off")

    def _holds(self, place: Place) -> bool:
        """Whether a pedal is done here, and down. Sostenuto is done by whoever has it."""
        return self._controls.get(_SUSTAIN, 0.0) >= 64 and self._pedal(place) == "hold"

    def _control(self, number: int, value: float) -> Iterator[Live]:
        if value == _NEUTRAL.get(number, 0.0):
            self._controls.pop(number, None)
        else:
            self._controls[number] = value
        for place, voices in self._tracks.items():
            pedal = self._pedal(place) if number in (_SUSTAIN, _SOSTENUTO) else "pass"
            if pedal == "pass":
                yield from voices.control(number, value)
            elif pedal == "hold" and number == _SUSTAIN and value < 64:
                for at, velocity in list(voices.kept.items()):
                    yield from voices.off(at, velocity)
