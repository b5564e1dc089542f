"""MIDI through: what a player sends goes on to the ports named, and is the player's own until the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bridge.midi_bytes import MidiParser
from bridge.routes import ThroughRoute
from instruments.block import FrameEvent, Kind

_OFF, _ON, _CC, _BEND, _SYSEX = 0x80, 0x90, 0xB0, 0xE0, 0xF0
_PEDAL, _SOUND_OFF, _RESET, _NOTES_OFF = 64, 120, 121, 123
_CENTRE = 64 << 7


class Through:
    """Passes on channel messages and system exclusive; realtime and other system messages are not the player's.

    Whole messages come out, whatever pieces they came in. A stop of the music leaves held keys alone, and the pedal
    and the bend of a channel that the player is at: holds() says which. Called from the engine's thread.
    """

    def __init__(self, routes: Sequence[ThroughRoute]) -> None:
        self._routes = {route.source: (route, MidiParser()) for route in routes}
        self._keys: dict[tuple[int, int], set[int]] = {}
        self._pedals: set[tuple[int, int]] = set()
        self._bent: set[tuple[int, int]] = set()

    def adopt(self, routes: Sequence[ThroughRoute]) -> None:
        """These hold from now on; of an input that stays a message begun goes on, and keys are held as before."""
        parsers = {source: parser for source, (_, parser) in self._routes.items()}
        self._routes = {route.source: (route, parsers.get(route.source) or MidiParser()) for route in routes}

    def __contains__(self, source: object) -> bool:
        return source in self._routes

    def feed(self, source: str, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Bytes from a through input: (output port, message), in order."""
        route, parser = self._routes[source]
        for message in parser.feed(data):
            if message[0] > _SYSEX:
                continue
            if route.channel is not None and message[0] < _SYSEX:
                message = bytes((message[0] & 0xF0 | route.channel, *message[1:]))
            for port in route.ports:
                if message[0] < _SYSEX:
                    self._note((port, message[0] & 15), message)
                yield port, message

    def holds(self, port: int, channel: int) -> bool:
        """Whether the player holds a key, the pedal or the bend there."""
        at = port, channel
        return bool(self._keys.get(at)) or at in self._pedals or at in self._bent

    def release(self) -> Iterator[tuple[int, bytes]]:
        """At the exit: the ends of all keys held. (The rest is for a reset of the channels.)"""
        for (port, channel), keys in self._keys.items():
            for key in keys:
                yield port, FrameEvent(0, Kind.OFF, channel, key, 64.0).to_midi()
        self._keys.clear()
        self._pedals.clear()
        self._bent.clear()

    def _note(self, at: tuple[int, int], message: bytes) -> None:
        """Remember what the player holds."""
        kind, number = message[0] & 0xF0, message[1]
        if kind == _ON and message[2]:
            self._keys.setdefault(at, set()).add(number)
        elif kind in (_ON, _OFF):
            self._keys.get(at, set()).discard(number)
        elif kind == _BEND:
            _put(self._bent, at, (message[1] | message[2] << 7) != _CENTRE)
        elif kind == _CC and number == _PEDAL:
            _put(self._pedals, at, message[2] >= 64)
        elif kind == _CC and number == _RESET:
            self._pedals.discard(at)
            self._bent.discard(at)
        elif kind == _CC and (number == _SOUND_OFF or number >= _NOTES_OFF):
            self._keys.pop(at, None)


def _put(members: set[tuple[int, int]], member: tuple[int, int], there: bool) -> None:
    if there:
        members.add(member)
    else:
        members.discard(member)
