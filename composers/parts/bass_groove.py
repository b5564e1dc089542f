"""Bass in grooves: rhythm cells kept for a section and locked to the kick, roots and fifths, approaches, riffs.

Cells and degrees: written accompaniments by genre (MMA) and POP909's lowest notes, as quoted with the tables. Kick lock
and where notes end are common teaching.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from composers.dice import Dice, dice
from composers.harmony import STEPS, Region
from composers.parts.cells import Cell, Cells, drawn, fitted, varied
from composers.parts.passage import Event, Listening, Passage, Turn, Written

KICKS = frozenset((35, 36))
SNARES = frozenset((37, 38, 39, 40))
TOMS = frozenset((41, 43, 45, 47, 48, 50))

ROCK_CELLS: Cells = {
    (0, 8): 0.19, (0,): 0.1, (0, 4, 8, 12): 0.11, (0, 2, 4, 6, 8, 10, 12, 14): 0.2, (0, 6, 8, 14): 0.1,
    (0, 6, 8, 10): 0.08, (0, 2, 6, 8, 10, 14): 0.08, (0, 4, 6, 8, 12, 14): 0.07,
}  # fmt: skip
POP_CELLS: Cells = {
    (0, 8): 0.15, (0,): 0.12, (0, 4, 8, 12): 0.11, (0, 7, 8): 0.08, (0, 12): 0.08, (0, 6, 8, 14): 0.1, (0, 6, 10): 0.06,
    (0, 6, 8): 0.08, (0, 2, 4, 6, 8, 10, 12, 14): 0.08,
}  # fmt: skip
HIP_HOP_CELLS: Cells = {
    (0, 8): 0.15, (0, 6, 8, 12): 0.14, (0,): 0.1, (0, 7, 9, 10): 0.08, (0, 3, 6, 14, 15): 0.06, (0, 6, 10): 0.12,
    (0, 3, 10): 0.1, (0, 7, 10, 14): 0.08,
}  # fmt: skip
FUNK_CELLS: Cells = {
    (0, 7, 15): 0.15, (0, 6, 8, 12): 0.12, (0, 3, 4, 6, 7, 11, 12, 14): 0.15, (0, 3, 6, 7, 10, 14): 0.15,
    (0, 2, 3, 7, 10, 11, 14): 0.12, (0, 3, 8, 10, 11, 14): 0.1, (0, 6, 7, 10, 12, 15): 0.1,
}  # fmt: skip
BOSSA_CELLS: Cells = {(0, 6, 8, 14): 0.45, (0, 8): 0.33, (0, 6, 8): 0.1, (0, 8, 14): 0.12}
HOUSE_CELLS: Cells = {(2, 6, 10, 14): 0.45, (0, 3, 6, 10, 14): 0.2, (2, 6, 10, 11, 14): 0.2, (0, 2, 6, 10, 14): 0.15}
TRANCE_CELLS: Cells = {
    (2, 3, 6, 7, 10, 11, 14, 15): 0.5, (2, 6, 10, 14): 0.25, (1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15): 0.25,
}  # fmt: skip
"""Shares of bars in written accompaniments (MMA), a few rare cells left out."""

DEGREES: Mapping[str, float] = {"root": 0.62, "fifth": 0.2, "octave": 0.12, "third": 0.06}

_APPROACHES = ((-1, 0.3), (1, 0.12), (-2, 0.24), (2, 0.14), (7, 0.1), (-5, 0.1))
"""Semitones from the coming root: half steps from below, whole steps of the scale, its dominant."""


@dataclass(frozen=True, slots=True)
class BassStyle:
    """How a bass grooves.

    cells      onsets of a bar, see cells.Cell
    degrees    of notes after a chord's first: "root", "fifth", "third", "octave", "seventh", "sixth" and their weights
    lock       least share of onsets that fall on a kick of listening["drums"], where there are drums
    stop       whether notes end at the snare
    ratio      sounding share of the time until the next note; `hold`: they last until it (808, pads of bass)
    approach   chance that the last note before another root leads into it
    vary       chance that the second bar of a pair differs from the first
    follow     chance, section by section, that it doubles listening["riff"] where that plays
    ghosts     chance of a light dead note before a beat
    slides     share of notes that slide in from the one before (bend), `graces`: hammered on from the scale below
    drops      chance to leave the last beats to a drummer's fill
    pedals     role -> semitones above the tonic that are held whatever the chords do
    low, high  keys as sounding in the middle of the keys; a part around C may come 6 lower or higher
    absolute   whether it writes keys as they sound (style.Player.absolute must say the same); then low, high hold
    riff_absolute  whether listening["riff"] is in keys as they sound
    """

    cells: Cells = field(default_factory=lambda: ROCK_CELLS)
    degrees: Mapping[str, float] = field(default_factory=lambda: DEGREES)
    lock: float = 0.7
    stop: bool = False
    ratio: float = 0.8
    hold: bool = False
    approach: float = 0.3
    vary: float = 0.35
    follow: float = 0.0
    ghosts: float = 0.0
    slides: float = 0.0
    graces: float = 0.0
    drops: float = 0.3
    pedals: Mapping[str, int] = field(default_factory=dict)
    low: int = 33
    high: int = 47
    absolute: bool = False
    riff_absolute: bool = True
    velocity: float = 90.0


def bass_groove(passage: Passage, listening: Listening, style: BassStyle) -> Written:
    """The bass of a passage: one voice, sorted, nothing overlapping. Around C unless style.absolute."""
    hits = _Hits.of(passage, listening.get("drums", ()))
    if passage.role == "ending":
        steps = [region.start for region in passage.regions]
    else:
        steps = _onsets(passage, hits, style)
    events = _pitched(passage, steps, style)
    riff = listening.get("riff", ())
    if riff and dice(passage.seed, "bass follows", *passage.material).chance(style.follow):
        events = _with_riff(passage, events, riff, style)
    return Written(*_played(passage, events, hits, style))


# Rhythm -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Hits:
    """What the kit plays, in steps: kicks, snares, and where a fill on the toms begins, by bar."""

    kicks: frozenset[int]
    snares: frozenset[int]
    fills: Mapping[int, int]

    @staticmethod
    def of(passage: Passage, drums: Sequence[Event]) -> _Hits:
        kicks, snares = set(), set()
        toms: dict[int, list[int]] = {}
        for event in drums:
            if event.pitch in KICKS:
                kicks.add(event.step)
            elif event.pitch in SNARES and event.velocity >= 60:
                snares.add(event.step)
            elif event.pitch in TOMS:
                toms.setdefault(event.step // passage.bar_steps, []).append(event.step)
        fills = {bar: min(steps) for bar, steps in toms.items() if len(steps) >= 3}
        return _Hits(frozenset(kicks), frozenset(snares), fills)


def _onsets(passage: Passage, hits: _Hits, style: BassStyle) -> list[int]:
    draw = dice(passage.seed, "bass", *passage.material)
    lively = passage.lively(0) / 1.08
    first = drawn(style.cells, lively, draw)
    second = varied(first, draw) if draw.chance(style.vary * (0.6 + 0.8 * passage.complexity)) else first
    own = dice(passage.seed, "bass", *passage.identity)
    found: list[int] = []
    for bar in range(passage.bars):
        cell: Cell = second if bar % 2 else first
        if bar % 4 == 3 and own.chance(0.25 + 0.3 * passage.complexity):
            cell = varied(cell, own)
        start = bar * passage.bar_steps
        bar_steps = [start + at for at in fitted(cell, passage.pulse, bar)]
        steps = _locked(passage, bar_steps, hits, style.lock) if hits.kicks else bar_steps
        steps = _with_changes(passage, start, steps)
        if bar in hits.fills and own.chance(style.drops):
            steps = [step for step in steps if step < hits.fills[bar] or passage.at(step).start == step]
        found += steps
    return sorted(set(found))


def _locked(passage: Passage, steps: Sequence[int], hits: _Hits, lock: float) -> list[int]:
    """Onsets moved onto kicks a sixteenth or two away; of the others as many as the share of `lock` leaves."""
    kicks = hits.kicks
    kept = {step for step in steps if step in kicks}
    loose: list[int] = []
    for step in steps:
        if step in kicks:
            continue
        bar = step // passage.bar_steps
        near = [k for k in (step - 3, step + 3, step - 6, step + 6)
                if k in kicks and k not in kept and k // passage.bar_steps == bar]  # fmt: skip
        if near and lock > 0.5:
            kept.add(near[0])
        else:
            loose.append(step)
    if steps and steps[0] % passage.bar_steps == 0 and steps[0] in loose:  # the downbeat is played in any case
        kept.add(steps[0])
        loose.remove(steps[0])
    room = len(loose) if lock <= 0.0 else int(len(kept) * (1.0 - lock) / lock) if kept else len(loose)
    loose.sort(key=lambda step: (not passage.strong(step), not passage.pulse.is_beat(step % passage.bar_steps), step))
    return sorted(kept | set(loose[:room]))


def _with_changes(passage: Passage, start: int, steps: Sequence[int]) -> list[int]:
    """Each chord of the bar gets a note where it begins, or just before by a syncopation that waits for it."""
    found = set(steps)
    for region in passage.regions:
        if start <= region.start < start + passage.bar_steps and region.start not in found:
            soon = any(region.start < step <= region.start + STEPS // 2 for step in found)
            pushed = any(region.start - STEPS // 2 <= step < region.start for step in found)
            if not soon and not pushed:
                found.add(region.start)
    return sorted(found)


# Pitch ------------------------------------------------------------------------------------------------------------


class _Bounds(NamedTuple):
    """The keys to write in: the style's as far as the instrument has them in this key, or in every key around C.
    `floor`: below `low` it leads into a note from here."""

    low: int
    high: int
    floor: int

    @staticmethod
    def of(passage: Passage, style: BassStyle) -> _Bounds:
        low, high, floor = style.low, style.high, style.low - 2
        lane = passage.lanes.get("bass")
        if lane is not None:
            spare = (0, 0) if style.absolute else (5, 6)  # as far as keys move what is written around C
            floor = max(floor, lane.low + spare[0])
            low, high = max(low, lane.low + spare[0]), min(high, lane.high - spare[1])
        return _Bounds(low, high if high - low >= 11 else low + 11, floor)


def _placed(pitch_class: int, low: int) -> int:
    return low + (pitch_class - low) % 12


def _pitched(passage: Passage, steps: Sequence[int], style: BassStyle) -> list[Event]:
    bounds = _Bounds.of(passage, style)
    low, high = bounds.low, bounds.high
    up = passage.tonic if style.absolute else 0
    names, weights = tuple(style.degrees), tuple(style.degrees.values())
    pattern: dict[tuple[int, int], str] = {}
    draw = dice(passage.seed, "bass degrees", *passage.material)
    leads = dice(passage.seed, "bass approaches", *passage.material)
    events: list[Event] = []
    previous: Region | None = None
    for index, step in enumerate(steps):
        following = steps[index + 1] if index + 1 < len(steps) else passage.steps
        region = _heard_as(passage, step, following if style.hold else step + round((following - step) * style.ratio))
        fresh = previous is None or region.start != previous.start
        then = passage.at(following)
        pedal = style.pedals.get(passage.role)
        root = _placed((region.root if pedal is None else pedal) + up, low)
        key = root
        if not fresh and pedal is None:
            place = (step // passage.bar_steps % 2, step % passage.bar_steps)
            if place not in pattern:
                pattern[place] = draw.weighted(names, weights)
            key = _degree(pattern[place], root, region, high, up)
            last = then.start != region.start and then.root != region.root and following - step <= STEPS
            if last and leads.chance(style.approach * (0.6 + 0.8 * passage.complexity)):
                key = _approach(_placed(then.root + up, low), key, region, bounds, up, leads)
        events.append(Event(step, max(1, following - step), key, style.velocity))
        previous = region
    return events


def _heard_as(passage: Passage, step: int, end: int) -> Region:
    """A syncopation just before a chord, held into it, is the new chord's note."""
    region = passage.at(step)
    if step % STEPS and region.end - step <= STEPS // 2 and end > region.end:
        return passage.at(region.end)
    return region


def _degree(name: str, root: int, region: Region, high: int, up: int) -> int:
    """A degree of the chord above (or below) its root, the nearest of its kind that the chord has."""
    choices = {"root": (0,), "octave": (12,), "fifth": (7, 6, 8), "third": (4, 3, 5, 2), "seventh": (10, 11, 9),
               "sixth": (9, 8)}[name]  # fmt: skip
    mask = region.scale if name in ("seventh", "sixth") else region.tones
    for above in choices:
        if above in (0, 12) or mask >> (root + above - up) % 12 & 1:
            if root + above <= high:
                return root + above
            return root + above - 12 if name == "fifth" and root + above - 12 >= high - 19 else root
    return root


def _approach(target: int, before: int, region: Region, bounds: _Bounds, up: int, draw: Dice) -> int:
    choices, weights = [], []
    for away, weight in _APPROACHES:
        key = target + away
        if not bounds.floor <= key <= bounds.high or key == before:
            continue
        if abs(away) == 2 and not region.scale >> (key - up) % 12 & 1:
            continue
        choices.append(key)
        weights.append(weight * 2.0 ** (-abs(key - before) / 6))
    return draw.weighted(choices, weights) if choices else before


def _with_riff(passage: Passage, events: Sequence[Event], riff: Sequence[Event], style: BassStyle) -> list[Event]:
    """The riff's lowest notes in the bass's octave, where the riff plays; elsewhere the groove."""
    low = _Bounds.of(passage, style).low
    down = passage.tonic * (int(style.absolute) - int(style.riff_absolute))
    lowest: dict[int, Event] = {}
    for event in riff:
        if event.step not in lowest or event.pitch < lowest[event.step].pitch:
            lowest[event.step] = event
    bars = {step // passage.bar_steps for step in lowest}
    doubled = [e._replace(pitch=_placed(e.pitch + down, low), velocity=style.velocity, strokes=1, swell=0.0, grace=None)
               for e in lowest.values()]  # fmt: skip
    rest = [event for event in events if event.step // passage.bar_steps not in bars]
    return sorted(doubled + rest)


# Playing ----------------------------------------------------------------------------------------------------------


def _played(passage: Passage, events: Sequence[Event], hits: _Hits, style: BassStyle) -> tuple[list[Event], list[Turn]]:
    draw = dice(passage.seed, "bass touch", *passage.identity)
    low = _Bounds.of(passage, style).low
    snares = sorted(hits.snares)
    found: list[Event] = []
    turns: list[Turn] = []
    for index, event in enumerate(events):
        step = event.step
        end = events[index + 1].step if index + 1 < len(events) else passage.steps
        gap = min(end, passage.steps) - step
        length = gap if style.hold or passage.role == "ending" else max(2, min(event.length, round(gap * style.ratio)))
        if style.stop and not style.hold:
            stop = next((s for s in snares if step + 3 <= s < step + length), None)
            length = length if stop is None else stop - step
        velocity = event.velocity + 20.0 * (passage.energy_at(step // passage.bar_steps) - 0.6)
        velocity += 5.0 if passage.strong(step) else -5.0 if step % STEPS else 0.0
        grace = None
        before = found[-1] if found else None
        slides, hammers, ghost = draw.random(), draw.random(), draw.random()
        if before is not None and before.pitch != event.pitch and slides < style.slides and step - before.step <= 24:
            away = max(-12, min(12, before.pitch - event.pitch))
            turns.append(Turn(step, min(4, max(2, length // 3)), "bend", 0, 0.0, float(away)))
        elif hammers < style.graces and event.pitch - 2 >= low and gap >= 6:
            grace = event.pitch - 2
        found.append(Event(step, length, event.pitch, velocity, grace=grace))
        if ghost < style.ghosts and gap >= 9 and end < passage.steps and end % STEPS == 0:
            found[-1] = found[-1]._replace(length=min(length, gap - 4))
            found.append(Event(end - 3, 2, event.pitch, 42.0))
    return found, turns
