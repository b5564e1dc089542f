"""Lines of a sequencer: a pattern of steps, the same in every bar but the last of eight, on the roots of the chords.

Basses of machines are written so: off-beats of house, the rolling sixteenths of trance, techno's rumble between the
kicks, an acid line of octaves and slides, the long note of a reese.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from composers.dice import Dice, dice
from composers.errors import MusicError
from composers.harmony import Region
from composers.parts.meter_cells import frames, offsets
from composers.parts.passage import Event, Passage, Turn, Written
from composers.pulse import STEPS

_DEGREES = "0123578"
_PHRASE = 8
"""Bars after which a sequence is changed for a moment."""


class Cell(NamedTuple):
    """A note of a pattern: sixteenth of its bar, degree (a character of _DEGREES), sixteenths that it lasts."""

    bar: int
    at: int
    degree: str
    length: int


@dataclass(frozen=True, slots=True)
class SequenceStyle:
    """How a sequence goes.

    patterns   with their weights: bars of sixteen sixteenths divided by "/"; "0" the root, "8" its octave, "5" and "3"
               fifth and third, "7" seventh, "2" and "1" the scale's second and the half step above the root, "-" holds,
               "." rests
    gate       sounding share of a note's time
    accents    chance that a note of the pattern is louder; drawn once
    slides     chance that one slides in from the note before it
    swells     velocity by sixteenth of the beat: (on it, then three)
    vary       chance that the last bar of eight is changed
    low, high  keys around C before transposition by -5..+6: the root lies in the octave above `low`
    pedal      whether the key's tonic stays, whatever the chords do
    """

    patterns: Mapping[str, float]
    gate: float = 0.7
    accents: float = 0.0
    slides: float = 0.0
    swells: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    vary: float = 0.8
    low: int = 33
    high: int = 57
    pedal: bool = False
    velocity: float = 96.0


@lru_cache(maxsize=256)
def parse_pattern(text: str) -> tuple[Cell, ...]:
    """Raises MusicError for another character, or a bar that has not sixteen."""
    found: list[Cell] = []
    bars = text.split("/")
    for cells in bars:
        if len(cells) != 16 or any(c not in _DEGREES + ".-" for c in cells):
            raise MusicError(f"pattern {text!r}: a bar has 16 of {_DEGREES}, '-' and '.', not {cells!r}")
    row = "".join(bars)
    for index, degree in enumerate(row):
        if degree in ".-":
            continue
        end = index + 1
        while end < len(row) and row[end] == "-":
            end += 1
        found.append(Cell(index // 16, index % 16, degree, end - index))
    return tuple(found)


def sequence(passage: Passage, style: SequenceStyle, part: str = "bass", *material: str) -> Written:
    """A line of one voice, sorted, nothing overlapping, around a tonic of C. `material`: what shares its pattern; the
    passage's own without it."""
    if passage.role == "ending":
        return Written([Event(r.start, r.end - r.start, _key(r.root, style), style.velocity)
                        for r in passage.regions])  # fmt: skip
    draw = dice(passage.seed, "sequence", part, *(material or passage.material))
    text = draw.weighted(tuple(style.patterns), tuple(style.patterns.values()))
    roll = draw.random()
    touch = {cell: (draw.chance(style.accents), draw.chance(style.slides)) for cell in parse_pattern(text)}
    bars = text.count("/") + 1
    starts: list[tuple[int, int, Cell]] = []
    for bar in range(passage.bars):
        layout = frames(passage.pulse, bar, roll)
        for cell in parse_pattern(text):
            if cell.bar == bar % bars:
                starts += [(bar * passage.bar_steps + step, cell.length * 3, cell) for frame in layout
                           for step in offsets(frame, cell.at // 4, cell.at % 4, 4, False, False)]  # fmt: skip
    starts.sort()
    events: list[Event] = []
    turns: list[Turn] = []
    reach = passage.bends.get(part, 2.0)
    for index, (step, length, cell) in enumerate(starts):
        until = starts[index + 1][0] if index + 1 < len(starts) else passage.steps
        loud, slides = touch[cell]
        velocity = style.velocity + 14.0 * (passage.energy_at(step // passage.bar_steps) - 0.6)
        velocity += style.swells[step % STEPS // 3] + (14.0 if loud else 0.0)
        for event in _on_chords(passage, step, min(until, step + length), cell, style, velocity):
            if slides and events and events[-1].end >= event.step - 3:
                away = float(events[-1].pitch - event.pitch)
                if away and abs(away) <= reach:
                    turns.append(Turn(event.step, min(3, event.length), "bend", 0, 0.0, away))
            events.append(event)
    return Written(_varied(passage, events, style, part), turns)


def _on_chords(
    passage: Passage, step: int, end: int, cell: Cell, style: SequenceStyle, velocity: float
) -> list[Event]:
    """A note; a held one moves with the chords under it."""
    found: list[Event] = []
    while step < end:
        region = passage.at(step)
        held = min(end, region.end)
        if not style.pedal:
            while held < end and passage.at(held).root == region.root:
                held = min(end, passage.at(held).end)
        else:
            held = end
        sounding = held - step if cell.length > 4 else max(1, round((held - step) * style.gate))
        found.append(Event(step, sounding, _pitch(region, cell.degree, style), velocity))
        step = held
    return found


def _key(root: int, style: SequenceStyle) -> int:
    return style.low + (root - style.low) % 12


_CHOICES: Mapping[str, tuple[int, ...]] = {
    "0": (0,), "8": (12,), "5": (7, 6, 8), "3": (3, 4, 5, 2), "7": (10, 11, 9), "2": (2, 1, 3), "1": (1, 2),
}  # fmt: skip


def _pitch(region: Region, degree: str, style: SequenceStyle) -> int:
    """The nearest of its kind that the chord's scale has."""
    root = 0 if style.pedal else region.root
    key = _key(root, style)
    for above in _CHOICES[degree]:
        if above in (0, 12) or region.scale >> (root + above) % 12 & 1:
            return key + above if key + above <= style.high else key + above - 12
    return key


def _varied(passage: Passage, events: list[Event], style: SequenceStyle, part: str) -> list[Event]:
    """The last bar of each eight: a hole, an octave, or a repeated note at its end."""
    own = dice(passage.seed, "sequence turns", part, *passage.identity)
    for bar in range(_PHRASE - 1, passage.bars, _PHRASE):
        kind, wanted = own.random(), own.chance(style.vary)
        if wanted:
            events = _turned(passage, events, bar, kind, style, own)
    return events


def _turned(
    passage: Passage, events: Sequence[Event], bar: int, kind: float, style: SequenceStyle, own: Dice
) -> list[Event]:
    end = (bar + 1) * passage.bar_steps
    last = end - (passage.bar_steps - passage.pulse.beats[-1])
    if kind < 0.35:  # the last beat is left to the kit
        return [e._replace(length=last - e.step) if e.step < last < e.end else e for e in events
                if not last <= e.step < end]  # fmt: skip
    if kind < 0.75:
        return [e._replace(pitch=e.pitch + 12) if last <= e.step < end and e.pitch + 12 <= style.high + 5 else e
                for e in events]  # fmt: skip
    before = [e for e in events if e.step < last]
    if not before:
        return list(events)
    key = before[-1].pitch
    cut = [e if e.end <= last else e._replace(length=last - e.step) for e in before]
    gap = own.one_of((3, 6))
    added = [Event(step, max(1, round(gap * style.gate)), key, style.velocity)
             for step in range(last, min(end, passage.steps), gap)]  # fmt: skip
    return sorted([*cut, *added, *(e for e in events if e.step >= end)])
