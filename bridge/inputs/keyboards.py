"""All inputs that play tracks: bytes in, by the name of the port, and what the tracks get out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from bridge.inputs.keyboard import Held, Keyboard, Live
from bridge.inputs.route import InputRoute, Place, ZoneRoute
from bridge.midi_bytes import MidiParser
from bridge.mpe_keyboard import MpeKeyboard


class Reader(Protocol):
    """What understands a keyboard's messages: see Keyboard."""

    @property
    def places(self) -> set[Place]: ...

    def held(self, track: int) -> Held: ...

    def feed(self, message: bytes) -> Iterator[Live]: ...

    def end(self, gone: Callable[[Place], bool] = ...) -> Iterator[Live]: ...

    def adopt(self, zones: Sequence[ZoneRoute], places: Sequence[int]) -> None: ...


class _Input(NamedTuple):
    number: int
    parser: MidiParser
    reader: Reader


def reader_of(route: InputRoute) -> Reader:
    """For what is connected to this input."""
    return Keyboard(route.zones) if route.mpe is None else MpeKeyboard(route)


class Keyboards:
    """Each input by itself: what one holds, another does not end. Any bytes are taken. From the engine's thread."""

    def __init__(self, routes: Sequence[InputRoute]) -> None:
        self._inputs = {route.source: _Input(i, MidiParser(), reader_of(route)) for i, route in enumerate(routes)}
        self.places: frozenset[Place] = frozenset()
        """All that are played."""
        self._look()

    def _look(self) -> None:
        self.places = frozenset(place for each in self._inputs.values() for place in each.reader.places)

    def __contains__(self, source: object) -> bool:
        return source in self._inputs

    def __bool__(self) -> bool:
        return bool(self._inputs)

    def feed(self, source: str, data: bytes) -> Iterator[tuple[int, Live]]:
        """Bytes from an input, however they are cut up: (index of the input, what a track gets), in order."""
        index, parser, reader = self._inputs[source]
        for message in parser.feed(data):
            for live in reader.feed(message):
                yield index, live

    def held(self, track: int) -> Held:
        """What players have in hand there."""
        notes = pedal = bend = False
        for each in self._inputs.values():
            held = each.reader.held(track)
            notes, pedal, bend = notes or held.notes, pedal or held.pedal, bend or held.bend
        return Held(notes, pedal, bend)

    def end(self) -> Iterator[tuple[int, Live]]:
        """All that sounds ends, and what was moved goes back."""
        for index, _, reader in self._inputs.values():
            for live in reader.end():
                yield index, live

    def leave(self, routes: Sequence[InputRoute], places: Sequence[int]) -> Iterator[tuple[int, Live]]:
        """Before adopt(): what ends, since it is not played by that input any more."""
        after = {route.source: {zone.place for zone in route.zones} for route in routes}
        for source, (index, _, reader) in self._inputs.items():
            stay = after.get(source, set())

            def gone(place: Place, stay: set[Place] = stay) -> bool:
                return place._replace(track=places[place.track]) not in stay

            for live in reader.end(gone):
                yield index, live

    def adopt(self, routes: Sequence[InputRoute], places: Sequence[int]) -> None:
        """These hold from now on, among tracks that are elsewhere (see RigChange.places)."""
        inputs = {}
        for i, route in enumerate(routes):
            before = self._inputs.get(route.source)
            if before is None:
                inputs[route.source] = _Input(i, MidiParser(), reader_of(route))
            else:
                before.reader.adopt(route.zones, places)
                inputs[route.source] = before._replace(number=i)
        self._inputs = inputs
        self._look()
