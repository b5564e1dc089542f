"""Fills: what a drummer plays into a new section, and what a machine does in its place.

Lengths, drums and velocities are measured on the fills of Groove MIDI: median 3.3 to 3.8 beats in fill takes, 4.3 to
5.1 hits a beat, snare 34-50 %, toms 20-40 %, kick 8-20 %, the loudest hits at the end of the bar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from composers.dice import Dice
from composers.parts.kit import CLAP, CRASH, FLOOR_TOM, HAT, HIGH_TOM, KICK, MID_TOM, SNARE
from composers.parts.passage import Event
from composers.pulse import STEPS, Pulse

LENGTHS = (1, 2, 0, -1)
"""Felt beats of a fill; 0 stands for a bar, -1 for two."""


@dataclass(frozen=True, slots=True)
class FillStyle:
    """How a style fills.

    every    bars between small fills inside a section; 0: none
    small    chance of one there, at an energy of .6
    closing  chance of a fill at the end of a section
    lengths  weights of 1 beat, 2 beats, a bar, two bars at a section's end
    shapes   with weights: "toms" down the kit, "snare", "linear" (snare, kick and hat in turn), "triplets", "roll",
             "flams"; of machines "stutter" (the last half beat again and again), "drop" (silence), "claps", "kicks"
    rise     velocity gained from first to last hit
    doubles  chance that a hit of a sixteenth is struck twice or more
    kick     chance that the landing has a kick, and
    crash    a crash; both are measured by style
    """

    every: int = 4
    small: float = 0.3
    closing: float = 0.85
    lengths: tuple[float, float, float, float] = (0.30, 0.35, 0.30, 0.05)
    shapes: Mapping[str, float] = field(default_factory=lambda: {"toms": 0.5, "snare": 0.3, "linear": 0.2})
    rise: float = 14.0
    kick: float = 0.75
    crash: float = 0.4
    doubles: float = 0.06


class Hole(NamedTuple):
    """Where a fill lies, in steps from the passage's beginning, half-open; `small`: the time goes on around it."""

    start: int
    end: int
    small: bool


def hole(pulse: Pulse, bar: int, beats: int, small: bool) -> Hole:
    """The last felt `beats` of a bar; 0: all of it, -1: with the bar before."""
    end = (bar + 1) * pulse.steps
    if beats <= 0 or beats >= len(pulse.beats):
        return Hole(end - pulse.steps * (2 if beats < 0 else 1), end, small)
    return Hole(bar * pulse.steps + pulse.beats[-beats], end, small)


def fill(where: Hole, pulse: Pulse, style: FillStyle, energy: float, draw: Dice) -> list[Event]:
    """The hits of one fill, sorted; louder towards its end."""
    shape = draw.weighted(tuple(style.shapes), tuple(style.shapes.values()))
    if shape == "drop":
        return _drop(where, draw)
    if shape in ("stutter", "claps", "kicks"):
        return _machine(shape, where, energy, draw)
    return _played(shape, where, pulse, style, energy, draw)


def _beats(where: Hole, pulse: Pulse) -> list[tuple[int, int]]:
    """(start, length) of the felt beats in a hole."""
    starts = [
        bar * pulse.steps + beat
        for bar in range(where.start // pulse.steps, -(-where.end // pulse.steps))
        for beat in pulse.beats
        if where.start <= bar * pulse.steps + beat < where.end
    ]
    return [(at, after - at) for at, after in zip(starts, (*starts[1:], where.end), strict=True)]


_CELLS = {
    "busy": (((0, 3, 6, 9), 0.5), ((0, 6, 9), 0.2), ((0, 3, 6), 0.2), ((0, 3, 9), 0.1)),
    "easy": (((0, 6), 0.35), ((0, 6, 9), 0.25), ((0, 3, 6), 0.15), ((0, 3, 6, 9), 0.15), ((0,), 0.1)),
    "triplets": (((0, 4, 8), 0.85), ((0, 8), 0.15)),
}


def _played(shape: str, where: Hole, pulse: Pulse, style: FillStyle, energy: float, draw: Dice) -> list[Event]:
    slots = _slots(shape, where, pulse, energy, draw)
    total = max(1, where.end - where.start)
    events: list[Event] = []
    for index, (step, length) in enumerate(slots):
        progress = (step - where.start) / total
        last = index == len(slots) - 1
        drum = _drum(shape, progress, index, last, draw)
        accent = step == where.start or last or draw.chance(0.2)
        loud = 80.0 + 20.0 * (energy - 0.5) + style.rise * progress + _weight(step, accent) + draw.normal(9.0)
        strokes = 1
        if shape == "roll" and drum == SNARE:
            strokes = max(1, length * 2 // 3)
        elif length <= STEPS // 2 and not last and draw.chance(style.doubles):
            strokes = 2 if length <= 4 else 4
        flam = drum if drum != KICK and strokes == 1 and (shape == "flams" or (accent and draw.chance(0.12))) else None
        events.append(Event(step, max(1, length - 1), drum, _audible(loud), strokes, 8.0 if strokes > 1 else 0.0, flam))
        if accent and drum != KICK and draw.chance(0.3):
            events.append(Event(step, 3, KICK, _audible(loud - 10.0)))
    return sorted(events)


def _slots(shape: str, where: Hole, pulse: Pulse, energy: float, draw: Dice) -> list[tuple[int, int]]:
    """(step, length) of the hits: a beat's cell, kept or changed from beat to beat; some fills stop before the end."""
    kind = "triplets" if shape == "triplets" else "busy" if draw.chance(0.35 + 0.5 * energy) else "easy"
    cells, weights = zip(*_CELLS[kind], strict=True)
    motif = draw.weighted(cells, weights)
    slots: list[tuple[int, int]] = []
    for start, length in _beats(where, pulse):
        cell = motif if draw.chance(0.6) else draw.weighted(cells, weights)
        steps = list(range(0, length, 3 if kind != "easy" else 6)) if length > STEPS else list(cell)
        slots += [(start + at, after - at) for at, after in zip(steps, (*steps[1:], length), strict=True)]
    early = int(draw.weighted((0, 1, 2), (0.65, 0.2, 0.15)))
    return slots[: len(slots) - early] if len(slots) > early + 2 else slots


def _weight(step: int, accent: bool) -> float:
    """Louder on beats than between, as hands fall: 88, 64, 70, 66 of a beat on Groove MIDI."""
    within = step % STEPS
    lift = 4.0 if within == 0 else -4.0 if within == STEPS // 2 else -13.0
    return lift + (12.0 if accent else 0.0)


def _audible(velocity: float) -> float:
    return min(124.0, max(30.0, velocity))


_DOWN = (SNARE, HIGH_TOM, MID_TOM, FLOOR_TOM)


def _drum(shape: str, progress: float, index: int, last: bool, draw: Dice) -> int:
    if last and shape != "roll":
        return draw.weighted((FLOOR_TOM, SNARE, KICK), (0.5, 0.35, 0.15) if shape != "snare" else (0.2, 0.65, 0.15))
    match shape:
        case "linear":
            return (SNARE, KICK, HAT, SNARE, SNARE, HAT)[index % 6]
        case "snare" | "roll" | "flams":
            return SNARE
    if draw.chance(0.3):
        return SNARE
    return _DOWN[min(3, int(progress * 4 + 0.35 * draw.random()))]


def _drop(where: Hole, draw: Dice) -> list[Event]:
    """Silence, with a pick-up at most."""
    if draw.chance(0.5):
        return []
    return [Event(where.end - 3, 3, draw.one_of((KICK, SNARE)), 84.0)]


def _machine(shape: str, where: Hole, energy: float, draw: Dice) -> list[Event]:
    loud = 88.0 + 24.0 * (energy - 0.5)
    if shape == "claps":
        first = max(where.start, where.end - 9)
        return [Event(first + 3 * k, 3, CLAP, loud + 4.0 * k) for k in range(3) if first + 3 * k < where.end]
    if shape == "kicks":
        return [Event(step, 3, KICK, loud) for step in range(where.start, where.end, draw.one_of((3, 6)))]
    key = draw.one_of((SNARE, SNARE, CLAP))
    events: list[Event] = []
    for step in range(where.start, where.end, 6):
        progress = (step - where.start) / max(1, where.end - where.start)
        strokes = 2 if progress < 0.5 else 4
        events.append(Event(step, 6, key, loud - 24.0 + 26.0 * progress, strokes, 6.0))
    return events


def build_up(pulse: Pulse, bars: int, empty: int, draw: Dice) -> list[Event]:
    """A snare roll that doubles: quarters, eighths, sixteenths, 32nds, each a quarter of the way; a crescendo. The last
    `empty` steps are silent."""
    total = bars * pulse.steps - empty
    key = SNARE if draw.chance(0.7) else CLAP
    events: list[Event] = []
    step = 0
    while step < total:
        progress = step / max(1, bars * pulse.steps)
        gap, strokes = ((12, 1), (6, 1), (6, 2), (6, 4))[min(3, int(progress * 4))]
        accent = 6.0 if step % STEPS == 0 else 0.0
        loud = 52.0 + 58.0 * progress + accent
        length = min(gap, total - step)
        events.append(Event(step, length, key, min(122.0, loud), strokes, 3.0 if strokes > 1 else 0.0))
        step += gap
    return events


def solo_break(pulse: Pulse, first: int, energy: float, draw: Dice) -> list[Event]:
    """A bar for the drummer alone, from step `first`."""
    where = Hole(first, first + pulse.steps, False)
    shape = draw.weighted(("toms", "snare", "linear", "triplets"), (0.4, 0.2, 0.25, 0.15))
    return _played(shape, where, pulse, FillStyle(), energy, draw)


def last_hit(step: int, length: int, energy: float) -> list[Event]:
    """The final chord's crash and kick."""
    return [Event(step, length, KICK, 92.0 + 16.0 * energy), Event(step, length, CRASH, 94.0 + 20.0 * energy)]


def landing(step: int, style: FillStyle, energy: float, draw: Dice, sure: bool = False) -> Sequence[Event]:
    """Kick and crash on the downbeat after a fill or of a new section."""
    events = []
    if sure or draw.chance(style.crash):
        events.append(Event(step, 2 * STEPS, CRASH, 92.0 + 20.0 * (energy - 0.3)))
    if sure or draw.chance(style.kick):
        events.append(Event(step, 3, KICK, 90.0 + 16.0 * (energy - 0.5)))
    return events
