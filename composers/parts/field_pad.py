"""Pads of a slow harmony: tones that stay are held, the others move one after another, swells come and go.

Writes keys around a tonic of C, and nothing but the tones that the chord's symbol names: where a mode has notes between
the keys, an added ninth may be out of tune.
"""

from __future__ import annotations

from dataclasses import dataclass

from composers.dice import dice
from composers.harmony import Region
from composers.parts.passage import Event, Listening, Passage, Turn, Written
from composers.parts.settled import calm_chord, reach

_SPLIT = 60
_BELOW, _ABOVE = 5, 2
"""Semitones that neighbours keep from each other below and above middle C."""


@dataclass(frozen=True, slots=True)
class FieldPadStyle:
    """How a pad lies.

    voices     how many; low, high: keys as sounding
    late       steps by which a voice may move after the chord has changed
    overlap    steps that a voice rings on when it has moved
    restrike   bars after which a held tone is struck anew
    swell      steps of a swell of controller 11, from so many to twice as many; depth of it, down from `top`
    """

    voices: int = 4
    low: int = 48
    high: int = 76
    velocity: float = 58.0
    late: int = 18
    overlap: int = 9
    restrike: int = 12
    swell: int = 60
    depth: float = 40.0
    top: float = 112.0


def field_pad(passage: Passage, listening: Listening, style: FieldPadStyle) -> Written:
    """The pad of a passage, sorted. Hears nobody."""
    low, high = reach(passage, "pad", style.low, style.high)
    draw = dice(passage.seed, "field pad", *passage.identity)
    sounding: dict[int, int] = {}  # key -> since
    events: list[Event] = []
    keys: tuple[int, ...] = ()
    longest = style.restrike * passage.bar_steps
    for region in merged(passage.regions):
        before, keys = keys, voiced(keys, _classes(passage, region), low, high, style.voices)
        leaving = [key for key in before if key not in keys]
        coming = [key for key in keys if key not in before]
        for index, key in enumerate(sorted(coming)):
            wait = int(draw.random() * style.late) if region.start else 0
            at = min(region.start + wait + 2 * index, region.end - 1)
            sounding[key] = at
            if index < len(leaving):
                events += _held(passage, leaving[index], sounding.pop(leaving[index]), at + style.overlap, style)
        for key in leaving[len(coming) :]:
            events += _held(passage, key, sounding.pop(key), region.start + style.overlap, style)
        for key in keys:
            if region.end - sounding[key] > longest > region.start - sounding[key] > 0:
                events += _held(passage, key, sounding[key], region.start, style)
                sounding[key] = region.start
    for key, since in sounding.items():
        events += _held(passage, key, since, passage.steps, style)
    return Written(sorted(events), swells(passage, "pad", style.swell, style.depth, style.top))


def _held(passage: Passage, key: int, start: int, end: int, style: FieldPadStyle) -> list[Event]:
    loud = style.velocity + 20.0 * (passage.energy_at(start // passage.bar_steps) - 0.45) + (key - 60) * 0.15
    return [Event(start, end - start, key, min(110.0, max(14.0, loud)))] if end > start else []


def merged(regions: tuple[Region, ...]) -> list[Region]:
    """Neighbours of one chord as one."""
    found: list[Region] = []
    for region in regions:
        if found and found[-1].chord == region.chord:
            found[-1] = found[-1]._replace(end=region.end)
        else:
            found.append(region)
    return found


def _classes(passage: Passage, region: Region) -> frozenset[int]:
    mask = calm_chord(passage, region)
    return frozenset(key for key in range(12) if mask >> key & 1)


def voiced(before: tuple[int, ...], classes: frozenset[int], low: int, high: int, voices: int) -> tuple[int, ...]:
    """So many keys of these classes, none too near to another: those that were there, then the nearest to them.

    Each class has its voice before one is doubled, as far as there are voices.
    """
    offered = [key for key in range(low, high + 1) if key % 12 in classes]
    kept = [key for key in before if key in offered][:voices]
    middle = (low + high) / 2
    while len(kept) < voices:
        have = {key % 12 for key in kept}
        free = [key for key in offered if all(_apart(key, other) for other in kept)]
        if not free:
            break
        moved = [key for key in before if key not in kept]
        spread = low + (high - low) * (len(kept) + 0.5) / voices

        costs = [((8.0 if key % 12 in have else 0.0) + 0.1 * abs(key - middle)
                  + min((abs(key - other) for other in moved), default=abs(key - spread)), key) for key in free]
        kept.append(min(costs)[1])
    return tuple(sorted(kept)) or tuple(offered[:1]) or (low,)


def _apart(key: int, other: int) -> bool:
    least = _BELOW if min(key, other) < _SPLIT else _ABOVE
    return abs(key - other) >= least and abs(key - other) % 12 != 1


def swells(passage: Passage, part: str, shortest: int, depth: float, top: float) -> list[Turn]:
    """Expression that rises and falls, one swell after another, each from `shortest` steps to twice as many."""
    if not depth:
        return []
    draw = dice(passage.seed, "swells", part, *passage.identity)
    found: list[Turn] = []
    at, level = 0, top - 0.5 * depth
    while at < passage.steps:
        length = min(passage.steps - at, round(shortest * draw.between(1.0, 2.0)))
        rest = passage.steps - at - length
        if rest < shortest:
            length += rest
        crest = max(1, round(length * draw.between(0.4, 0.65)))
        high, floor = top - depth * draw.between(0.0, 0.25), top - depth * draw.between(0.65, 1.0)
        ends = top - 0.5 * depth if at + length >= passage.steps else floor
        if passage.role == "ending" and at + length >= passage.steps:
            ends = 20.0
        found += [Turn(at, crest, "cc", 11, high, level), Turn(at + crest, length - crest, "cc", 11, ends, high)]
        at, level = at + length, ends
    return found
