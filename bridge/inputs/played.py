"""What a player played, as the tracks got it: plain values, from the engine's process to the main one."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple


class Played(NamedTuple):
    """A message as a track got it, after all that its input makes of it (split, transposition, curve, pedal).

    frame  absolute, at which the track got it: a note-on sounds there, and later by what the chain takes
    tick   where the music was then, in ticks (960 to the quarter note) with their fraction; -1 while it stands
    input  which of session.input it came by
    track  its number among the tracks of the rig that plays (see engine_link.STRIPS)
    data   a whole channel message of MIDI 1.0, 2 or 3 bytes: notes, controllers, bend, pressure, programs. A note-on
           never has velocity 0. Each note-on is followed by one note-off of its key and channel, also where the input
           was unplugged, the rig changed, or the pedal held it
    """

    frame: int
    tick: float
    input: int
    track: int
    data: bytes


_ROW = struct.Struct("<qdBBB3s")


def encode_played(played: Sequence[Played]) -> bytes:
    """For the ring of events; 22 bytes each."""
    return b"".join([_ROW.pack(p.frame, p.tick, p.input, p.track, len(p.data), p.data) for p in played])


def decode_played(data: bytes) -> list[Played]:
    return [Played(frame, tick, input_, track, message[:length])
            for frame, tick, input_, track, length, message in _ROW.iter_unpack(data)]
