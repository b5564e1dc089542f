"""Effects between the sections: risers into a drop, its impact, the down-lifter after it, sweeps at ends of blocks.

For an instrument with two registers (the patch "fx"): a boom where keys are low, noise and saws that last where they
are high. The way up is told as controllers, as any synth knows them: brightness (CC 74), expression (CC 11), the bend.
Risers of 4, 8 or 16 bars end exactly on the drop, down-lifters last two to four bars: production guides.
"""

from __future__ import annotations

from dataclasses import dataclass

from composers.dice import dice
from composers.parts.build_up import breath
from composers.parts.passage import Event, Passage, Turn, Written

BOOM, NOISE = 28, 60
"""Keys of both registers, around C."""
_BRIGHTNESS, _EXPRESSION = 74, 11
_CLUB = frozenset({"drop", "chorus", "hook"})


@dataclass(frozen=True, slots=True)
class EffectsStyle:
    """How much is made of the joints.

    riser    bars of it, at most; 0: none
    bend     semitones by which it climbs, as far as the receiver bends
    impact   velocity on the drop, 0: none
    falls    bars of the down-lifter
    sweeps   bars of the sweep at the end of a block of sixteen, 0: none
    """

    riser: int = 16
    bend: float = 12.0
    impact: float = 112.0
    falls: int = 4
    sweeps: int = 2
    velocity: float = 84.0


def club_effects(passage: Passage, style: EffectsStyle) -> Written:
    """The effects of a passage, sorted, around C."""
    events: list[Event] = []
    turns: list[Turn] = [Turn(0, 0, "bend", 0, 0.0)]
    if passage.role == "ending":
        return Written([Event(passage.regions[-1].start, passage.bar_steps, BOOM, style.impact)])
    if passage.role == "build":
        _riser(passage, style, events, turns)
        return Written(sorted(events), sorted(turns))
    free = 0
    if passage.role in _CLUB and style.impact:
        events.append(Event(0, passage.bar_steps, BOOM, style.impact))
    if (passage.role in _CLUB or passage.role == "breakdown") and style.falls:
        free = min(style.falls, passage.bars) * passage.bar_steps
        _fall(free, style, events, turns)
    if style.sweeps:
        for end in _block_ends(passage):
            length = style.sweeps * passage.bar_steps
            if end - length >= free:
                _rise(end - length, length, 0.55, style, events, turns)
    return Written(sorted(events), sorted(turns))


def _block_ends(passage: Passage) -> list[int]:
    """Where blocks of sixteen bars end; shorter sections have one end. Builds and drops to come are led into anyway."""
    block = 16 if passage.bars >= 16 else passage.bars
    wanted = dice(passage.seed, "sweeps", passage.role, passage.name).chance(0.8)
    ends = list(range(block, passage.bars + 1, block)) if wanted else []
    return [bar * passage.bar_steps for bar in ends if bar < passage.bars or passage.after not in ("", "ending")]


def _riser(passage: Passage, style: EffectsStyle, events: list[Event], turns: list[Turn]) -> None:
    bars = min(style.riser, passage.bars)
    if bars:
        end = passage.steps - breath(passage)
        start = (passage.bars - bars) * passage.bar_steps
        _rise(start, end - start, 1.0, style, events, turns)
        reach = min(style.bend, passage.bends.get("fx", 2.0))
        turns += _stairs(start, end - start, "bend", 0, 0.0, reach, 384)
        turns.append(Turn(end, 0, "bend", 0, 0.0))


def _rise(
    start: int, length: int, level: float, style: EffectsStyle, events: list[Event], turns: list[Turn]
) -> None:
    events.append(Event(start, length, NOISE, style.velocity * (0.6 + 0.4 * level)))
    turns += _stairs(start, length, "cc", _BRIGHTNESS, 0.0, 64.0 + 63.0 * level)
    turns += _stairs(start, length, "cc", _EXPRESSION, 24.0, 127.0 * level)


def _fall(length: int, style: EffectsStyle, events: list[Event], turns: list[Turn]) -> None:
    events.append(Event(0, length, NOISE, style.velocity * 0.8))
    turns += _stairs(0, length, "cc", _BRIGHTNESS, 120.0, 0.0)
    turns += _stairs(0, length, "cc", _EXPRESSION, 110.0, 8.0)


def _stairs(
    start: int, length: int, kind: str, number: int, origin: float, value: float, most: int = 128
) -> list[Turn]:
    """A way in as many steps as the controller has values: over sixteen bars a Turn would tell it 3,072 times."""
    count = min(most, length)
    return [Turn(start + length * k // count, 0, kind, number, origin + (value - origin) * k / max(1, count - 1))
            for k in range(count)]  # fmt: skip
