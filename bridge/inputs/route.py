"""Where what is played in goes: the engine's side of [[input]], by number."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """Where a track hears an input.

    track    its number among the tracks of a rig
    channel  0..15, on which its instrument gets it: one of the input's own, so that it shares no key, pedal or bend
             with the composer or another input; a plug-in gets it on the composer's, as many listen to one only
    port_channel  0..15, on which it leaves by the track's MIDI port, before the track's Route
    shared   the instrument gets it on the composer's channel
    by_note  the instrument can have each note on a channel of its own, bent in the range that RPN 0 says
    bend_range  semitones of a full bend, where it cannot
    """

    track: int
    channel: int
    port_channel: int = 0
    shared: bool = False
    by_note: bool = False
    bend_range: float = 2.0


class ZoneRoute(NamedTuple):
    """A part of a keyboard, for one track.

    channel   0..15: hears only what comes on it, or None for all
    keys      by key 0..127: which it becomes, or -1 where it is not played here
    velocity  by velocity 0..127: what it becomes, 1..127
    pedal     "pass": the instrument has it (CC 64); "hold": note-offs are held back; "off": it is not heard here
    """

    place: Place
    channel: int | None
    keys: tuple[int, ...]
    velocity: tuple[float, ...]
    pedal: str = "pass"


class InputRoute(NamedTuple):
    """What comes by our port `source`.

    mpe            the keyboard speaks MPE, in this zone from the beginning ("lower", "upper") or as it says ("auto")
    note_channels  0..15: on which its notes go, each on one of its own, where an instrument can have them so
    """

    source: str
    zones: tuple[ZoneRoute, ...]
    mpe: str | None = None
    note_channels: tuple[int, ...] = ()
