"""Drones: the lowest tone of the harmony, held for as long as it stays, with its companion or without."""

from __future__ import annotations

from dataclasses import dataclass

from composers.dice import dice
from composers.parts.field_pad import merged, swells
from composers.parts.passage import Event, Listening, Passage, Written
from composers.parts.settled import reach
from composers.theory.modes import MODES


@dataclass(frozen=True, slots=True)
class DroneStyle:
    """How a drone sounds.

    part        whose instrument it is
    low, high   keys as sounding
    companion   share of the passages in which the fifth (or what the mode has for it) sounds too; 0: one voice
    bars        after which a held tone is struck anew
    home        whether it stays on the tonic whatever the harmony is
    swell       steps of a swell, from so many to twice as many, and its depth
    """

    part: str = "bass"
    low: int = 24
    high: int = 36
    velocity: float = 62.0
    companion: float = 0.0
    bars: int = 10
    home: bool = False
    swell: int = 72
    depth: float = 34.0


def drone(passage: Passage, listening: Listening, style: DroneStyle) -> Written:
    """The drone of a passage, around C. Hears nobody."""
    low, high = reach(passage, style.part, style.low, style.high)
    draw = dice(passage.seed, "drone", style.part, *passage.identity)
    with_companion = draw.chance(style.companion)
    events: list[Event] = []
    start = 0
    roots = [(r.start, r.end, 0 if style.home else r.root) for r in merged(passage.regions)]
    for index, (_, end, root) in enumerate(roots):
        if index + 1 < len(roots) and roots[index + 1][2] == root:
            continue
        while start < end:
            longest = round(style.bars * passage.bar_steps * draw.between(0.7, 1.3))
            stop = end if end - start <= 1.4 * longest else start + longest
            loud = style.velocity + 18.0 * (passage.energy_at(start // passage.bar_steps) - 0.45)
            key = _lifted(root, low, high)
            events.append(Event(start, stop - start, key, loud))
            other = _companion(passage, root)
            if with_companion and other is not None:
                events.append(Event(start, stop - start, _lifted(root + other, key + 1, key + 19), loud - 8.0))
            start = stop
    return Written(sorted(events), swells(passage, style.part, style.swell, style.depth, 112.0))


def _companion(passage: Passage, root: int) -> int | None:
    """Semitones above the root of what sounds with it: on the tonic the mode's own, else a fifth that is a true one."""
    mode = MODES.get(passage.mode)
    if root == 0:
        return 7 if mode is None else mode.drone or None
    fifth = (root + 7) % 12
    off = 0.0 if mode is None else mode.cents[fifth] - mode.cents[root % 12]
    return 7 if passage.scale >> fifth & 1 and abs(off) < 30.0 else None


def _lifted(key: int, low: int, high: int) -> int:
    """The same pitch class at or above `low`, as near to it as can be; below `high` where there is room."""
    found = low + (key - low) % 12
    return found if found <= high or found - 12 < 0 else found - 12
