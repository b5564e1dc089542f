"""A composed bar as flat bytes: what crosses from the composer's process into the engine, never a pickle."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import NamedTuple

from composers.score import Clip, Control, Note, Ramp, Span

_HEAD = struct.Struct("<IiqqHHHH")
_NOTE = struct.Struct("<qiHBBff")
_CONTROL = struct.Struct("<qHBBBxf")
_RAMP = struct.Struct("<qiHHdd")
_KINDS = ("cc", "bend", "pressure", "program")


class Bar(NamedTuple):
    """One bar for all tracks, answering a request of `epoch`."""

    epoch: int
    bar: int
    clips: tuple[Clip, ...]


def encode_bar(epoch: int, bar: int, clips: Sequence[Clip]) -> bytes:
    """About 24 bytes a note. Velocities and cents become float32; clips share one span."""
    notes = [_NOTE.pack(n.start, n.length, track, n.pitch, n.channel, n.velocity, n.cents)
             for track, clip in enumerate(clips) for n in clip.notes]
    controls = [_CONTROL.pack(c.tick, track, _KINDS.index(c.kind), c.number, c.channel, c.value)
                for track, clip in enumerate(clips) for c in clip.controls]
    ramps = [part for track, clip in enumerate(clips) for r in clip.ramps for part in _packed(r, track)]
    span = clips[0].span if clips else Span(0, 0)
    head = _HEAD.pack(epoch, bar, span.start, span.end, len(clips), len(notes), len(controls), len(ramps) // 2)
    return b"".join((head, *notes, *controls, *ramps))


def _packed(ramp: Ramp, track: int) -> tuple[bytes, bytes]:
    path = ramp.path.encode()
    origin = math.nan if ramp.origin is None else ramp.origin
    return _RAMP.pack(ramp.start, ramp.length, track, len(path), ramp.value, origin), path


def decode_bar(data: bytes | memoryview) -> Bar:
    """The inverse; about 0.5 us a note."""
    epoch, bar, start, end, tracks, n_notes, n_controls, n_ramps = _HEAD.unpack_from(data)
    notes: list[list[Note]] = [[] for _ in range(tracks)]
    controls: list[list[Control]] = [[] for _ in range(tracks)]
    middle = _HEAD.size + n_notes * _NOTE.size
    for at, length, track, pitch, channel, velocity, cents in _NOTE.iter_unpack(data[_HEAD.size : middle]):
        notes[track].append(Note(at, length, pitch, velocity, channel, cents))
    place = middle + n_controls * _CONTROL.size
    for at, track, kind, number, channel, value in _CONTROL.iter_unpack(data[middle:place]):
        controls[track].append(Control(at, _KINDS[kind], number, value, channel))
    ramps: list[list[Ramp]] = [[] for _ in range(tracks)]
    for _ in range(n_ramps):
        at, length, track, size, value, origin = _RAMP.unpack_from(data, place)
        path = bytes(data[place + _RAMP.size : place + _RAMP.size + size]).decode()
        ramps[track].append(Ramp(at, length, path, value, None if math.isnan(origin) else origin))
        place += _RAMP.size + size
    span = Span(start, end)
    parts = zip(notes, controls, ramps, strict=True)
    return Bar(epoch, bar, tuple(Clip(span, tuple(n), tuple(c), tuple(r)) for n, c, r in parts))
