"""What falls due at a tick: music on its way from the timeline to the outlets, before it has a frame."""

from __future__ import annotations

from typing import NamedTuple

from composers.score import Control, Tick
from instruments.block import Kind

_CONTROL_KINDS = {"cc": Kind.CC, "bend": Kind.BEND, "pressure": Kind.PRESSURE, "program": Kind.PROGRAM}

DEFAULTS = {(Kind.CC, 1): 0.0, (Kind.CC, 11): 127.0, (Kind.CC, 64): 0.0, (Kind.CC, 65): 0.0, (Kind.CC, 66): 0.0,
            (Kind.CC, 67): 0.0, (Kind.PRESSURE, 0): 0.0, (Kind.BEND, 0): 0.0}
"""Controllers whose state at power-up is known (MIDI RP-015): what one goes back to when the music that moved it is
over."""

NoteKey = tuple[int, int, int]
"""Track, channel and pitch: what of a note must end before it begins again."""
ControlKey = tuple[int, int, Kind, int]
"""Track, channel, kind and number: what a later control takes the place of."""


class Due(NamedTuple):
    """A FrameEvent that does not know its frame yet. `length` in ticks where kind is ON."""

    tick: Tick
    kind: Kind
    track: int
    channel: int
    number: int
    value: float
    cents: float = 0.0
    length: Tick = 0

    @property
    def note(self) -> NoteKey:
        return self[2:5]

    @property
    def control(self) -> ControlKey:
        return self.track, self.channel, self.kind, self.number


def control_due(control: Control, track: int, tick: Tick) -> Due:
    """A composer's control, at `tick`."""
    return Due(tick, _CONTROL_KINDS[control.kind], track, control.channel, control.number, control.value)
