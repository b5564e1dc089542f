"""A composed bar as flat bytes: what crosses from the composer's process into the engine, never a pickle."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from composers.score import Clip, Control, Note, Span

_HEAD = struct.Struct("<IiqqHHH")
_NOTE = struct.Struct("<qiHBBff")
_CONTROL = struct.Struct("<qHBBBxf")
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
    span = clips[0].span if clips else Span(0, 0)
    head = _HEAD.pack(epoch, bar, span.start, span.end, len(clips), len(notes), len(controls))
    return b"".join((head, *notes, *controls))


def decode_bar(data: bytes | memoryview) -> Bar:
    """The inverse; about 0.5 us a note."""
    epoch, bar, start, end, tracks, n_notes, n_controls = _HEAD.unpack_from(data)
    notes: list[list[Note]] = [[] for _ in range(tracks)]
    controls: list[list[Control]] = [[] for _ in range(tracks)]
    middle = _HEAD.size + n_notes * _NOTE.size
    for at, length, track, pitch, channel, velocity, cents in _NOTE.iter_unpack(data[_HEAD.size : middle]):
        notes[track].append(Note(at, length, pitch, velocity, channel, cents))
    for at, track, kind, number, channel, value in _CONTROL.iter_unpack(
        data[middle : middle + n_controls * _CONTROL.size]
    ):
        controls[track].append(Control(at, _KINDS[kind], number, value, channel))
    span = Span(start, end)
    return Bar(epoch, bar, tuple(Clip(span, tuple(n), tuple(c)) for n, c in zip(notes, controls, strict=True)))
