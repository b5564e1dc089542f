"""The jazz kit: ride and pedal hat keep time, kick feathers, snare and kick chatter, fills close sections.

Keys are General MIDI's; grids and velocities are measured on the swung takes of Groove MIDI.
"""

from __future__ import annotations

from collections.abc import Sequence

from composers.dice import Dice, dice
from composers.harmony import STEPS
from composers.parts.passage import Event, Passage

KICK, RIM, SNARE, PEDAL_HAT, RIDE, BELL, CRASH = 36, 37, 38, 44, 51, 53, 49
HIGH_TOM, MID_TOM, FLOOR_TOM = 50, 47, 43
CHANNEL = 9

_OFF = STEPS // 2
_RIDES_4: dict[tuple[int, ...], float] = {
    (0, 12, 18, 24, 36, 42): 0.44, (0, 12, 18, 24, 36): 0.12, (0, 12, 24, 36, 42): 0.11, (0, 12, 24, 36): 0.07,
    (0, 12, 18, 30, 36, 42): 0.05, (0, 6, 12, 18, 24, 36, 42): 0.05, (0, 12, 18, 24, 30, 36): 0.05,
    (12, 18, 24, 36, 42): 0.05, (0, 12, 18, 36, 42): 0.06,
}  # fmt: skip
_RIDES_3: dict[tuple[int, ...], float] = {
    (0, 12, 18, 24): 0.42, (0, 12, 24): 0.12, (0, 12, 18, 24, 30): 0.16, (0, 18, 24): 0.12, (0, 6, 12, 24): 0.08,
    (0, 12, 24, 30): 0.1,
}  # fmt: skip
_CHATTER_4 = ((6, 0.13), (8, 0.1), (12, 0.08), (18, 0.3), (20, 0.06), (24, 0.05), (30, 0.27), (32, 0.07), (36, 0.07),
              (42, 0.25), (44, 0.07))  # fmt: skip
_CHATTER_3 = ((6, 0.2), (8, 0.06), (12, 0.08), (18, 0.32), (24, 0.1), (30, 0.28), (32, 0.07))
_LANDS = 0.4
"""Share of sections that begin with a crash and kick (after fills 30-48 % do)."""
_GHOST = (36.0, 9.0)
_ACCENT = (96.0, 9.0)


def drums(passage: Passage, lead: Sequence[Event]) -> list[Event]:
    """The drum part of a passage, sorted. lead: the melody, whose holes the snare answers."""
    draw = dice(passage.seed, "drums", *passage.identity)
    if passage.role == "ending":
        return _ending(passage, draw)
    events: list[Event] = []
    fill = fill_beats(passage)
    fill_from = passage.steps - fill * STEPS
    notes_in_bar = [0] * (passage.bars + 1)
    for note in lead:
        notes_in_bar[min(passage.bars, note.step // passage.bar_steps)] += 1
    cells = _Cells(passage, draw)
    for bar in range(passage.bars):
        first = bar * passage.bar_steps
        if passage.drums_alone(bar):
            events += _solo_bar(passage, bar, draw)
            continue
        energy = passage.energy_at(bar)
        room = 1.25 if notes_in_bar[bar] <= passage.beats // 2 else 0.8 if notes_in_bar[bar] > 8 else 1.0
        for event in cells.bar(bar, energy, room):
            if first + event.step < fill_from or (event.pitch == PEDAL_HAT and fill < passage.beats):
                events.append(event._replace(step=first + event.step))
    if fill:
        events += _fill(passage, fill, draw)
    if passage.first_bar and not passage.drums_alone(0) and draw.chance(_LANDS):
        events = [e for e in events if e.step or e.pitch not in (KICK, RIDE, BELL)]
        events.append(Event(0, STEPS, CRASH, 84 + 20 * passage.energy))
        events.append(Event(0, STEPS, KICK, 78.0))
    return sorted(set(events))


def fill_beats(passage: Passage) -> int:
    """Beats of the fill at the end of a passage; 0 where the time just goes on. Depends on the passage's name alone."""
    if passage.role == "ending" or passage.drums_alone(passage.bars - 1) or passage.bars < 4:
        return 0
    draw = dice(passage.seed, "fill", *passage.identity)
    wanted = 0.95 if passage.closes else 0.35 + 0.5 * passage.energy
    if not draw.chance(wanted):
        return 0
    weights = (0.2, 0.4, 0.0, 0.4) if passage.closes else (0.4, 0.45, 0.0, 0.15)
    beats = draw.weighted((1, 2, 3, 4), weights)
    return min(beats, passage.beats)


class _Cells:
    """The patterns of a passage: drawn once, kept, and changed in one or two places a bar."""

    def __init__(self, passage: Passage, draw: Dice) -> None:
        self.draw = draw
        self.passage = passage
        self.four = passage.beats == 4
        self.rides = _RIDES_4 if self.four else _RIDES_3
        self.feathered = passage.energy < 0.8 and draw.chance(0.5)
        self.snare: list[tuple[int, ...]] = []
        self.kick: list[tuple[int, ...]] = []

    def _chatter(self, wanted: float) -> tuple[int, ...]:
        table = _CHATTER_4 if self.four else _CHATTER_3
        scale = wanted / sum(weight for _, weight in table)
        return tuple(step for step, weight in table if self.draw.chance(min(0.9, weight * scale)))

    def bar(self, bar: int, energy: float, room: float) -> list[Event]:
        """One bar of time; steps from the bar's start."""
        draw, solo = self.draw, self.passage.role in ("solo", "trade")
        if bar % 2 == 0 and (bar % 4 == 0 or draw.chance(0.5)):  # a pair of bars, kept two or four
            density = (0.4 + 3.4 * energy) * (1.0 if solo else 0.6) * self.passage.beats / 4
            self.snare = [self._chatter(density), self._chatter(density)]
            self.kick = [self._chatter(density * 0.4), self._chatter(density * 0.4)]
        events = self._time(energy)
        snare, kick = self.snare[bar % 2], self.kick[bar % 2]
        for step in snare:
            if draw.chance(min(1.0, 0.82 * room)):
                loud = draw.chance(0.12 + 0.25 * energy) and step % STEPS != 0
                mean, spread = _ACCENT if loud else _GHOST
                lift = 0.0 if loud else 8.0 * energy
                events.append(Event(step, 3, SNARE, max(16.0, mean + lift + draw.normal(spread))))
        if draw.chance(0.25 * room):
            events += [Event(step, 3, SNARE, 30.0 + draw.normal(6.0)) for step in self._chatter(0.8)]
        for step in kick:
            if step not in snare and draw.chance(0.8):
                events.append(Event(step, 4, KICK, 52.0 + 22.0 * energy + draw.normal(8.0)))
        return list({(e.step, e.pitch): e for e in events}.values())

    def _time(self, energy: float) -> list[Event]:
        draw, beats = self.draw, self.passage.beats
        ride = draw.weighted(tuple(self.rides), tuple(self.rides.values()))
        lift = 14.0 * (energy - 0.5)
        events = []
        for step in ride:
            off = step % STEPS != 0
            loud = step // STEPS % 2 == 1 if self.four else step == STEPS
            velocity = (70.0 if off else 89.0 if loud else 74.0) + lift
            bell = energy > 0.85 and not off and draw.chance(0.12)
            events.append(Event(step, _OFF if off else STEPS, BELL if bell else RIDE, velocity))
        for beat in (1, 3) if self.four else (1,) if draw.chance(0.6) else (1, 2):
            if draw.chance(0.94):
                events.append(Event(beat * STEPS, _OFF, PEDAL_HAT, 80.0 + draw.normal(5.0)))
        if self.feathered:
            events += [
                Event(beat * STEPS, _OFF, KICK, 27.0 + draw.normal(3.0)) for beat in range(beats) if draw.chance(0.7)
            ]
        elif draw.chance(0.3):
            events.append(Event(0, _OFF, KICK, 42.0 + draw.normal(6.0)))
        return events


def _fill(passage: Passage, beats: int, draw: Dice) -> list[Event]:
    """Swung eighths and triplets from the snare down the toms, louder towards the end; the hats stop."""
    start = passage.steps - beats * STEPS
    triplets = draw.chance(0.45)
    events: list[Event] = []
    total = beats * STEPS
    for beat in range(beats):
        grid = (0, 4, 8) if triplets or draw.chance(0.25) else (0, _OFF)
        for offset in grid:
            at = beat * STEPS + offset
            if draw.chance(0.12) and at:
                continue
            progress = at / total
            drum = _fill_drum(progress, draw)
            accent = 14.0 if offset == grid[-1] and draw.chance(0.5) else 0.0
            velocity = 62.0 + 26.0 * progress + 14.0 * passage.energy_end + accent + draw.normal(6.0)
            events.append(Event(start + at, 4, drum, min(120.0, velocity)))
            if accent and draw.chance(0.5):
                events.append(Event(start + at, 4, KICK, velocity - 12.0))
    return events


def _fill_drum(progress: float, draw: Dice) -> int:
    """Snare, high tom, middle tom, floor tom as the fill goes on; the snare comes back in between."""
    if draw.chance(0.3):
        return SNARE
    return (SNARE, HIGH_TOM, MID_TOM, FLOOR_TOM)[min(3, int(progress * 4))]


_SOLO_GRIDS = ((0, 6), (0, 4, 8), (0,), (6,), (0, 3, 6, 9), (0, 6, 9), (4, 8))
_SOLO_WEIGHTS = (0.3, 0.25, 0.12, 0.1, 0.08, 0.07, 0.08)


def _solo_bar(passage: Passage, bar: int, draw: Dice) -> list[Event]:
    """A bar of the drummer's four: a motif in bars 1 and 2, its answer in 3, and 4 that sets up the downbeat."""
    place = bar % 4
    motif = dice(passage.seed, "four", *passage.identity, bar // 4) if place < 2 else draw
    events: list[Event] = []
    first = bar * passage.bar_steps
    for beat in range(passage.beats):
        grid = (0, 4, 8) if place == 3 and beat >= passage.beats - 2 else motif.weighted(_SOLO_GRIDS, _SOLO_WEIGHTS)
        for offset in grid:
            drum = motif.weighted((SNARE, HIGH_TOM, MID_TOM, FLOOR_TOM, KICK), (0.45, 0.17, 0.14, 0.14, 0.1))
            loud = 22.0 if motif.chance(0.3) else 0.0
            velocity = 66.0 + loud + 5.0 * place + motif.normal(6.0)
            events.append(Event(first + beat * STEPS + offset, 4, drum, min(122.0, velocity)))
    if passage.beats == 4:
        events += [Event(first + beat * STEPS, _OFF, PEDAL_HAT, 74.0) for beat in (1, 3)]
    else:
        events.append(Event(first + STEPS, _OFF, PEDAL_HAT, 74.0))
    return events


def _ending(passage: Passage, draw: Dice) -> list[Event]:
    """Time, a fill of two beats, and the last chord with crash and kick."""
    final = passage.regions[-1].start
    cells = _Cells(passage, draw)
    events: list[Event] = []
    if passage.bars > 1:
        cut = final - 2 * STEPS
        events = [e for e in cells.bar(0, passage.energy, 1.0) if e.step < cut]
        for index, offset in enumerate((0, 4, 8, 12, 16, 20)):
            drum = (SNARE, SNARE, HIGH_TOM, HIGH_TOM, MID_TOM, FLOOR_TOM)[index]
            events.append(Event(cut + offset, 4, drum, 70.0 + 6 * index + draw.normal(4.0)))
    length = passage.steps - final
    return sorted([*events, Event(final, length, CRASH, 104.0), Event(final, length, KICK, 96.0)])
