"""[[input]] of a session: an input of ours for a keyboard or pads, and which tracks it plays."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from bridge.errors import SessionError
from bridge.inputs.velocity import CURVES
from bridge.mix import Name

PLAY_IN = "play in"
"""The name of an input that has none."""

Key = Annotated[int, Meta(ge=0, le=127)] | Annotated[str, Meta(max_length=4)]
Channel = Annotated[int, Meta(ge=1, le=16, description="a whole number from 1 to 16")]
Tracks = Annotated[list[Name], Meta(min_length=1, description="a list of names, at least one")]
Curve = Annotated[int, Meta(ge=1, le=127)] | Annotated[str, Meta(max_length=16)] | Annotated[
    list[Annotated[list[float], Meta(min_length=2, max_length=2)]], Meta(min_length=1, max_length=128)]
PedalName = Annotated[Literal["pass", "hold", "off"], Meta(description='"pass", "hold" or "off"')]
MpeSide = Annotated[Literal["lower", "upper", "auto"], Meta(description='"lower", "upper" or "auto"')]
Followed = Annotated[Literal["chords", "dynamics", "melody"], Meta(description='"chords", "dynamics" or "melody"')]
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_KEY = re.compile(r"([A-Ga-g])([#b]?)(-?\d)")


class Zone(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A part of a keyboard. What it does not say is as in its [[input]].

    to         names of tracks; default: the first that is neither bass nor drums
    channel    1..16: hears only what comes on it; default: on any
    low, high  the keys that play here, 0..127 or "C4" (60); default: all. They are those of the keyboard, before
               transpose
    transpose  semitones; a key that would leave 0..127 is silent
    velocity   "linear", "soft" (a light touch is loud already), "hard", a number 1..127 (all are so loud), or points
               [[1, 20], [64, 90], [127, 127]] with lines between them
    pedal      CC 64: "pass" (default) to the track's instrument, with half-pedal if that has it; "hold": the
               instrument has none, and note-offs are held back until it is up; "off": not heard here
    notes      pads: which key becomes which, { 36 = 38, C2 = "F#2" }; others are silent. low, high and transpose do
               not matter then
    """

    to: Tracks | None = None
    channel: Channel | None = None
    low: Key | None = None
    high: Key | None = None
    transpose: Annotated[int, Meta(ge=-60, le=60, description="semitones from -60 to 60")] | None = None
    velocity: Curve | None = None
    pedal: PedalName | None = None
    notes: Annotated[dict[str, Key], Meta(min_length=1, max_length=128, description="a table of keys")] | None = None


class Input(Zone, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """An input of ours that plays tracks.

    name  of the port; port: connect it to this existing port (exact name or a unique part of it)
    zone  [[input.zone]]: splits and layers; default: one, the whole keyboard
    mpe   "lower" or "upper": the keyboard speaks MPE in this zone; "auto": in whatever zones it says it has
    follow  what of it the band follows, of "chords", "dynamics", "melody": see bridge.playing
    """

    name: Name = PLAY_IN
    port: Name | None = None
    zone: Annotated[list[Zone], Meta(max_length=16, description="at most 16 [[input.zone]]")] = []
    mpe: MpeSide | None = None
    follow: Annotated[list[Followed], Meta(max_length=3, description='of "chords", "dynamics", "melody"')] = []

    @property
    def zones(self) -> list[Zone]:
        """With what each has from the input."""
        def said(zone: Zone, name: str) -> Any:
            own = getattr(zone, name)
            return getattr(self, name) if own is None else own

        return [Zone(**{name: said(zone, name) for name in Zone.__struct_fields__}) for zone in self.zone or [Zone()]]


def key_number(key: int | str) -> int:
    """Of a key, or of its name, where C4 is 60. Raises ValueError."""
    if isinstance(key, int):
        return key
    if key.isdigit():
        number = int(key)
    else:
        match = _KEY.fullmatch(key)
        if match is None:
            raise ValueError(key)
        letter, accidental, octave = match.groups()
        number = 12 * (int(octave) + 1) + _STEPS[letter.upper()] + {"#": 1, "b": -1, "": 0}[accidental]
    if not 0 <= number <= 127:
        raise ValueError(key)
    return number


def key_map(zone: Zone) -> tuple[int, ...]:
    """By key 0..127: which it becomes, or -1. Raises ValueError for what is no key."""
    if zone.notes is not None:
        found = {key_number(key): key_number(to) for key, to in zone.notes.items()}
        return tuple(found.get(key, -1) for key in range(128))
    low = 0 if zone.low is None else key_number(zone.low)
    high = 127 if zone.high is None else key_number(zone.high)
    by = zone.transpose or 0
    return tuple(key + by if low <= key <= high and 0 <= key + by <= 127 else -1 for key in range(128))


def check_inputs(inputs: Sequence[Input], taken: Collection[str], tracks: Collection[str], place: str) -> set[str]:
    """What types cannot say. Returns the inputs' names. Raises SessionError."""
    names: set[str] = set()
    for i, each in enumerate(inputs):
        where = f"{place}: input[{i}]"
        if each.name in taken or each.name in names:
            raise SessionError(f"{where}.name = {each.name!r} is there already, as a port or a track: give it another "
                               f"name")
        names.add(each.name)
        places = [f"{where}.zone[{k}]" for k in range(len(each.zone))] or [where]
        for here, zone in zip(places, each.zones, strict=True):
            _check_zone(zone, tracks, here)
    return names


def _check_zone(zone: Zone, tracks: Collection[str], where: str) -> None:
    for name in zone.to or ():
        if name not in tracks:
            raise SessionError(f"{where}.to: {name!r} is no track: choose from {', '.join(tracks)}")
    keys: Mapping[str, int | str | None] = {"low": zone.low, "high": zone.high}
    for name, key in (*keys.items(), *(("notes", key) for pair in (zone.notes or {}).items() for key in pair)):
        try:
            key_number(0 if key is None else key)
        except ValueError:
            raise SessionError(f"{where}.{name}: {key!r} is no key: give 0 to 127, or a name such as \"C4\" (60)"
                               ) from None
    if zone.notes is None and all(key < 0 for key in key_map(zone)):
        raise SessionError(f"{where}: no key is left by low = {zone.low}, high = {zone.high} and transpose = "
                           f"{zone.transpose or 0}: give low <= high, and keys that stay within 0 to 127")
    velocity = zone.velocity
    if isinstance(velocity, str) and velocity not in CURVES:
        raise SessionError(f"{where}.velocity = {velocity!r} is no curve: choose from {', '.join(CURVES)}, a number "
                           f"from 1 to 127, or points such as [[1, 20], [127, 110]]")
    if isinstance(velocity, list):
        if any(not 1 <= number <= 127 for point in velocity for number in point):
            raise SessionError(f"{where}.velocity = {velocity}: give points (struck, played), both from 1 to 127")
        if any(a[0] >= b[0] for a, b in pairwise(velocity)):
            raise SessionError(f"{where}.velocity = {velocity}: give points in order of the first number, each once")
