"""Where MIDI goes: the engine's sides of the driver's ports, by number."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bridge.mpe import Zone

if TYPE_CHECKING:
    from instruments.tuning import Tuning


class Route(NamedTuple):
    """Where a track's MIDI goes: `port` is the driver's output, `channel` 0..15 or None for the composer's own.

    offset_ns      sent so much later (> 0) or earlier than the music
    tuning         what the notes are bent to, None for equal temperament
    bend_range     semitones of the receiver's full bend, 1..96
    bend_channels  0..15, where notes between the keys may go; none: all stay on their channel
    mpe            the receiver's zone: each note on a channel of its own; bend_range is then the manager's
    hosted         the track's instrument is a plug-in, which gets the same as the port
    """

    port: int
    channel: int | None = None
    offset_ns: int = 0
    tuning: Tuning | None = None
    bend_range: float = 2.0
    bend_channels: tuple[int, ...] = ()
    mpe: Zone | None = None
    hosted: bool = False


class ClockRoute(NamedTuple):
    """A driver's output that our clock goes to, so much later (> 0) or earlier than the music."""

    port: int
    offset_ns: int = 0


class ThroughRoute(NamedTuple):
    """What comes by the input `source` goes on to these outputs, on `channel` (0..15) or its own (None)."""

    source: str
    ports: tuple[int, ...]
    channel: int | None = None
