"""What leads have in common, whether they state a tune or improvise: compass, dynamics, one voice."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sin
from typing import NamedTuple

from composers.dice import Dice
from composers.parts.lines import HIGH, LOW
from composers.parts.passage import Event, Passage
from composers.pulse import STEPS
from composers.registers import REGISTERS

EIGHTH = STEPS // 2
_MOVES_DOWN, _MOVES_UP = 5, 6
"""Semitones by which keys move a line that is written around C."""
_WIDEST = 23

Rhythm = list[tuple[int, int]]
"""(step, length) of each note."""


class Compass(NamedTuple):
    """Keys around a tonic of C that stay on the instrument in every key, and where the line is at home."""

    low: int
    high: int

    @property
    def centre(self) -> float:
        return self.low + 0.46 * (self.high - self.low)


def compass(passage: Passage) -> Compass:
    """Of the lead: where its instrument reaches it, the usual one; higher by the plan's register."""
    register = REGISTERS.get(passage.sounds.get("melody", ""))
    lane = passage.lanes.get("melody")
    low, high = LOW, HIGH
    if register is not None:
        bottom, top = register.lowest + _MOVES_DOWN, register.highest - _MOVES_UP
        if lane is not None and lane != (register.easy_lowest, register.easy_highest):  # several share the part
            bottom, top = max(bottom, lane.low), min(top, lane.high)
        if top - bottom < 12:
            bottom, top = register.lowest, register.highest
        if bottom > low:
            low, high = bottom, min(top, bottom + _WIDEST)
        elif top < high:
            low, high = max(bottom, top - _WIDEST), top
        room_up, room_down = max(0, top - high), min(0, bottom - low)
        up = max(room_down, min(room_up, passage.register))
        return _narrowed(low + up, high + up, passage.register - up)
    return Compass(low + passage.register, high + passage.register)


def _narrowed(low: int, high: int, by: int) -> Compass:
    """Where an instrument goes no further, the line leaves the other end of its compass; an octave remains."""
    spare = max(0, high - low - 12)
    return Compass(low + min(spare, by), high) if by > 0 else Compass(low, high - min(spare, -by))


def dynamics(rhythm: Rhythm, pitches: Sequence[int], level: float, draw: Dice) -> list[Event]:
    """Velocities: an arc over the phrase, accents on off-beats and on the top of a turn, ghosts at the bottom."""
    events = []
    count = len(pitches)
    for index, ((step, length), pitch) in enumerate(zip(rhythm, pitches, strict=True)):
        velocity = level + 8.0 * sin(pi * (index + 0.5) / count) - 4.0
        if step % STEPS == EIGHTH:
            velocity += 4.0
        if 0 < index < count - 1:
            left, right = pitches[index - 1], pitches[index + 1]
            if left < pitch > right:
                velocity += 8.0
            elif left > pitch < right and length <= EIGHTH and draw.chance(0.5):
                velocity -= 18.0
        events.append(Event(step, length, pitch, velocity))
    return events


def one_voice(events: list[Event], limit: int) -> list[Event]:
    """What is past the end goes, and each note ends before the next."""
    kept = sorted(event for event in events if event.step < limit)
    for index in range(len(kept) - 1):
        room = kept[index + 1].step - kept[index].step
        if room <= 0:
            kept[index + 1] = kept[index + 1]._replace(step=kept[index].step + 3)
            room = 3
        if kept[index].length > room:
            kept[index] = kept[index]._replace(length=room)
    return kept
