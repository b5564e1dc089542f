"""Controllers, pads and program changes that turn parameters, of the sound and of the composers, by their paths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

from bridge.errors import MessageError, SessionError
from bridge.midi_bytes import MidiParser
from bridge.mix import Name

_CC, _NOTE_ON, _NOTE_OFF, _PROGRAM = 0xB0, 0x90, 0x80, 0xC0
Data = Annotated[int, Meta(ge=0, le=127, description="a whole number from 0 to 127")]
PathName = Annotated[str, Meta(min_length=1, max_length=256, description="a path such as \"music.energy\"")]


class Mapped(Struct, frozen=True, forbid_unknown_fields=True):
    """What a message of MIDI turns: one of `cc`, `note` and `program`, and a path.

    cc       a controller's number: its 0..127 go to low..high
    note     a key or pad: struck it sets `value`, or without that high, and low when let go
    program  a program change of this number sets `value`
    channel  1..16; default: any
    path     "music.energy", "music.section", "mixer.bass.gain_db", ...: `sideman set --list` shows all
    low, high  in the parameter's unit; default: its own range
    value    what a note, a program, or a controller in its upper half sets: a number or a word ("chorus")
    """

    path: PathName
    cc: Data | None = None
    note: Data | None = None
    program: Data | None = None
    channel: Annotated[int, Meta(ge=1, le=16, description="a whole number from 1 to 16")] | None = None
    low: float | None = None
    high: float | None = None
    value: float | str | None = None


class Control(Struct, frozen=True, forbid_unknown_fields=True):
    """An input of ours for controllers.

    name  of the port; port: connect it to this existing port (exact name or a unique part of it)
    map   [[control.map]]
    """

    map: Annotated[list[Mapped], Meta(min_length=1, max_length=256, description="1 to 256 [[control.map]]")]
    name: Name = "control in"
    port: Name | None = None


class Turned(NamedTuple):
    """A path and where it is turned: a share of the way from `low` to `high` (None: of its range), or a value."""

    path: str
    share: float
    low: float | None = None
    high: float | None = None
    value: float | str | None = None

    def within(self, low: float, high: float) -> float | str:
        """The value for a parameter with this range."""
        if self.value is not None:
            return self.value
        low, high = low if self.low is None else self.low, high if self.high is None else self.high
        return low + (high - low) * self.share


def check_controls(controls: Sequence[Control], taken: set[str], place: str) -> None:
    """Names are free, and each entry says what it listens to. Raises SessionError."""
    for i, control in enumerate(controls):
        where = f"{place}: control[{i}]"
        if control.name in taken:
            raise SessionError(f"{where}.name = {control.name!r} is there already, as a port or a track: give it "
                               f"another name")
        taken.add(control.name)
        for k, mapped in enumerate(control.map):
            said = [name for name in ("cc", "note", "program") if getattr(mapped, name) is not None]
            if len(said) != 1:
                raise SessionError(f"{where}.map[{k}]: {' and '.join(said) or 'nothing'} is given: give one of cc, "
                                   f"note, program")
            if mapped.program is not None and mapped.value is None:
                raise SessionError(f"{where}.map[{k}]: program = {mapped.program} sets nothing: give a value")


class ControlMap:
    """What comes in by the control inputs as values for paths. Any bytes are taken; what is not mapped is nothing."""

    def __init__(self, controls: Sequence[Control]) -> None:
        self._controls = list(controls)
        self._parsers = [MidiParser() for _ in controls]

    def hear(self, index: int, data: bytes) -> list[Turned]:
        """Bytes that have come by input `index`."""
        if not 0 <= index < len(self._controls):
            return []
        found = []
        for message in self._parsers[index].feed(data):
            if len(message) < 2 or message[0] >= 0xF0:
                continue
            for mapped in self._controls[index].map:
                if mapped.channel is None or mapped.channel - 1 == message[0] & 0x0F:
                    turned = _turned(mapped, message)
                    if turned is not None:
                        found.append(turned)
        return found


def _turned(mapped: Mapped, message: bytes) -> Turned | None:
    kind, number = message[0] & 0xF0, message[1]
    value = message[2] if len(message) > 2 else 0
    if kind == _CC and mapped.cc == number:
        if mapped.value is None:
            return Turned(mapped.path, value / 127, mapped.low, mapped.high)
        return Turned(mapped.path, 1.0, value=mapped.value) if value >= 64 else None
    if kind in (_NOTE_ON, _NOTE_OFF) and mapped.note == number:
        struck = kind == _NOTE_ON and value > 0
        if mapped.value is None:
            return Turned(mapped.path, float(struck), mapped.low, mapped.high)
        return Turned(mapped.path, 1.0, value=mapped.value) if struck else None
    if kind == _PROGRAM and mapped.program == number:
        return Turned(mapped.path, 1.0, value=mapped.value)
    return None


def values_of(turned: Sequence[Turned], range_of: Callable[[str], tuple[float, float, bool] | None]
              ) -> dict[str, float | str]:
    """What is to be set, the last of each path. range_of: (low, high, whole) of a path, None where it takes words.

    Raises MessageError for a share of what has no range.
    """
    found: dict[str, float | str] = {}
    for each in turned:
        known = range_of(each.path)
        if known is None:
            if each.value is None and (each.low is None or each.high is None):
                raise MessageError(f"{each.path} is no number: give the mapping a value")
            found[each.path] = each.within(0.0, 1.0)
            continue
        value = each.within(known[0], known[1])
        if isinstance(value, float):
            value = min(max(value, min(known[:2])), max(known[:2]))
            value = float(round(value)) if known[2] else value
        found[each.path] = value
    return found


