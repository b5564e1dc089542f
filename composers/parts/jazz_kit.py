"""The jazz drummer: ride and pedal hat keep time, kick feathers, snare and kick chatter, fills close sections; brushes
in ballads, a clave in bossa nova.

Grids and velocities are measured on the swung takes of Groove MIDI, where there are any: no brushes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from composers.dice import Dice, dice
from composers.parts.kit import BELL, CRASH, FLOOR_TOM, HAT, HIGH_TOM, KICK, MID_TOM, PEDAL_HAT, RIDE, RIM, SNARE
from composers.parts.passage import Event, Passage
from composers.pulse import STEPS

BRUSH_TAP, BRUSH_SWEEP = 33, 34
"""Of our jazz kit alone; other kits are played softly with sticks."""
_BRUSHES = frozenset({"jazz-kit", "brushes"})

_OFF = STEPS // 2


@dataclass(frozen=True, slots=True)
class KitStyle:
    """How a drummer keeps time.

    time       "ride", "brushes" or "bossa"
    chatter    how much snare and kick talk, against the medium swing
    feathered  share of passages in which the kick plays soft quarters
    fills      how often sections close with a fill, against the medium swing
    level      velocity added
    accent     mean velocity of what stands out of the chatter
    straight   chatter and fills divide the beat in two and four, not in three
    """

    time: str = "ride"
    chatter: float = 1.0
    feathered: float = 0.5
    fills: float = 1.0
    level: float = 0.0
    accent: float = 96.0
    straight: bool = False


MEDIUM = KitStyle()
UP = KitStyle(chatter=0.85, feathered=0.25, fills=0.8)
BALLAD = KitStyle("brushes", chatter=1.0, feathered=0.2, fills=0.35, level=-16.0, accent=74.0)
BOSSA = KitStyle("bossa", chatter=0.3, feathered=1.0, fills=0.5, level=-6.0, accent=66.0, straight=True)
WALTZ = KitStyle(chatter=1.0, feathered=0.35, fills=0.9, level=-2.0)
_RIDES_4: dict[tuple[int, ...], float] = {
    (0, 12, 18, 24, 36, 42): 0.44, (0, 12, 18, 24, 36): 0.12, (0, 12, 24, 36, 42): 0.11, (0, 12, 24, 36): 0.07,
    (0, 12, 18, 30, 36, 42): 0.05, (0, 6, 12, 18, 24, 36, 42): 0.05, (0, 12, 18, 24, 30, 36): 0.05,
    (12, 18, 24, 36, 42): 0.05, (0, 12, 18, 36, 42): 0.06,
}  # fmt: skip
_RIDES_3: dict[tuple[int, ...], float] = {
    (0, 12, 18, 24): 0.42, (0, 12, 24): 0.12, (0, 12, 18, 24, 30): 0.16, (0, 18, 24): 0.12, (0, 6, 12, 24): 0.08,
    (0, 12, 24, 30): 0.1,
}  # fmt: skip
_RIDES_5: dict[tuple[int, ...], float] = {
    (0, 12, 18, 24, 36, 48): 0.3, (0, 12, 18, 24, 36, 48, 54): 0.25, (0, 12, 24, 30, 36, 48): 0.15,
    (0, 12, 18, 24, 36, 42, 48): 0.2, (0, 12, 24, 36, 48): 0.1,
}  # fmt: skip
_RIDES = {3: _RIDES_3, 4: _RIDES_4, 5: _RIDES_5}
_CHATTER_4 = ((6, 0.13), (8, 0.1), (12, 0.08), (18, 0.3), (20, 0.06), (24, 0.05), (30, 0.27), (32, 0.07), (36, 0.07),
              (42, 0.25), (44, 0.07))  # fmt: skip
_CHATTER_3 = ((6, 0.2), (8, 0.06), (12, 0.08), (18, 0.32), (24, 0.1), (30, 0.28), (32, 0.07))
_CHATTER_5 = (*_CHATTER_3, (42, 0.24), (44, 0.07), (48, 0.07), (54, 0.26))
_STRAIGHT_CHATTER = ((6, 0.2), (9, 0.1), (18, 0.25), (21, 0.1), (30, 0.2), (33, 0.08), (42, 0.3), (45, 0.15))
_CHATTER = {3: _CHATTER_3, 4: _CHATTER_4, 5: _CHATTER_5}
_PEDALS: dict[int, tuple[tuple[tuple[int, ...], float], ...]] = {
    3: (((1,), 0.6), ((1, 2), 0.4)), 4: (((1, 3), 1.0),), 5: (((1, 3), 0.7), ((1, 4), 0.3)),
}  # fmt: skip
"""Beats on which the foot closes the hat, with the share of bars."""
_CLAVE = ((0, 18, 36), (12, 30))
"""Of the bossa nova, in two bars; either may come first."""
_LANDS = 0.4
"""Share of sections that begin with a crash and kick (after fills 30-48 % do)."""
_GHOST = (36.0, 9.0)
_ACCENT_SPREAD = 9.0


def drums(passage: Passage, lead: Sequence[Event], style: KitStyle = MEDIUM) -> list[Event]:
    """The drum part of a passage, sorted. lead: the melody, whose holes the snare answers."""
    draw = dice(passage.seed, "drums", *passage.identity)
    if passage.role == "ending":
        return _ending(passage, style, draw)
    events: list[Event] = []
    fill = fill_beats(passage, style)
    fill_from = passage.steps - fill * STEPS
    notes_in_bar = [0] * (passage.bars + 1)
    for note in lead:
        notes_in_bar[min(passage.bars, note.step // passage.bar_steps)] += 1
    cells = _Cells(passage, style, draw)
    for bar in range(passage.bars):
        first = bar * passage.bar_steps
        if passage.drums_alone(bar):
            events += _solo_bar(passage, bar, draw)
            continue
        energy = passage.energy_at(bar)
        room = 1.25 if notes_in_bar[bar] <= passage.beats // 2 else 0.8 if notes_in_bar[bar] > 8 else 1.0
        for event in cells.bar(bar, energy, room):
            if first + event.step < fill_from or (event.pitch == PEDAL_HAT and fill < passage.beats):
                events.append(event._replace(step=first + event.step, velocity=event.velocity + style.level))
    if fill:
        events += _fill(passage, fill, style, draw)
    if passage.first_bar and not passage.drums_alone(0) and draw.chance(_LANDS * min(1.0, style.fills)):
        events = [e for e in events if e.step or e.pitch not in (KICK, RIDE, BELL)]
        events.append(Event(0, STEPS, CRASH, 84 + 20 * passage.energy + style.level))
        events.append(Event(0, STEPS, KICK, 78.0 + style.level))
    return sorted(set(events))


def fill_beats(passage: Passage, style: KitStyle = MEDIUM) -> int:
    """Beats of the fill at the end of a passage; 0 where the time just goes on. Depends on the passage's name alone."""
    if passage.role == "ending" or passage.drums_alone(passage.bars - 1) or passage.bars < 4:
        return 0
    draw = dice(passage.seed, "fill", *passage.identity)
    wanted = (0.95 if passage.closes else 0.35 + 0.5 * passage.energy) * style.fills
    if not draw.chance(wanted):
        return 0
    weights = (0.2, 0.4, 0.0, 0.4) if passage.closes else (0.4, 0.45, 0.0, 0.15)
    beats = draw.weighted((1, 2, 3, 4), weights)
    return min(beats, passage.beats)


class _Cells:
    """The patterns of a passage: drawn once, kept, and changed in one or two places a bar."""

    def __init__(self, passage: Passage, style: KitStyle, draw: Dice) -> None:
        self.draw = draw
        self.passage = passage
        self.style = style
        self.four = passage.beats == 4
        self.rides = _RIDES[passage.beats]
        self.feathered = passage.energy < 0.8 and draw.chance(style.feathered)
        self.brushes = style.time == "brushes" and passage.sounds.get("drums") in _BRUSHES
        self.clave = int(dice(passage.seed, "clave").chance(0.5))
        self.snare: list[tuple[int, ...]] = []
        self.kick: list[tuple[int, ...]] = []

    def _chatter(self, wanted: float) -> tuple[int, ...]:
        table = _STRAIGHT_CHATTER if self.style.straight else _CHATTER[self.passage.beats]
        scale = wanted / sum(weight for _, weight in table)
        return tuple(step for step, weight in table if self.draw.chance(min(0.9, weight * scale)))

    def bar(self, bar: int, energy: float, room: float) -> list[Event]:
        """One bar of time; steps from the bar's start."""
        draw, solo = self.draw, self.passage.role in ("solo", "trade")
        if bar % 2 == 0 and (bar % 4 == 0 or draw.chance(0.5)):  # a pair of bars, kept two or four
            density = (0.4 + 3.4 * energy) * (1.0 if solo else 0.6) * self.passage.beats / 4
            density *= self.style.chatter * 4.0 ** (self.passage.density - 0.5)
            self.snare = [self._chatter(density), self._chatter(density)]
            self.kick = [self._chatter(density * 0.4), self._chatter(density * 0.4)]
        match self.style.time:
            case "bossa" if self.four:
                events = self._bossa(bar, energy)
            case "brushes" if self.brushes:
                events = self._swept(bar, energy)
            case _:
                events = self._time(energy)
        snare, kick = self.snare[bar % 2], self.kick[bar % 2]
        for step in snare:
            if draw.chance(min(1.0, 0.82 * room)):
                loud = draw.chance(0.12 + 0.25 * energy) and step % STEPS != 0
                mean, spread = (self.style.accent, _ACCENT_SPREAD) if loud else _GHOST
                lift = 0.0 if loud else 8.0 * energy
                loudness = max(16.0, mean + lift + draw.normal(spread))
                events.append(Event(step, 3, BRUSH_TAP if self.brushes else SNARE, loudness))
        if draw.chance(0.25 * room * self.style.chatter) and not self.brushes:
            events += [Event(step, 3, SNARE, 30.0 + draw.normal(6.0)) for step in self._chatter(0.8)]
        for step in kick:
            if step not in snare and draw.chance(0.8):
                events.append(Event(step, 4, KICK, 52.0 + 22.0 * energy + draw.normal(8.0)))
        return list({(e.step, e.pitch): e for e in events}.values())

    def _time(self, energy: float) -> list[Event]:
        draw = self.draw
        strong = self.passage.pulse.strong
        ride = draw.weighted(tuple(self.rides), tuple(self.rides.values()))
        lift = 14.0 * (energy - 0.5)
        events = []
        for step in ride:
            off = step % STEPS != 0
            loud = step not in strong and (self.four or step == STEPS)
            velocity = (70.0 if off else 89.0 if loud else 74.0) + lift
            bell = energy > 0.85 and not off and draw.chance(0.12)
            events.append(Event(step, _OFF if off else STEPS, BELL if bell else RIDE, velocity))
        events += self._feet(0.94)
        if not self.feathered and draw.chance(0.3):
            events.append(Event(0, _OFF, KICK, 42.0 + draw.normal(6.0)))
        return events

    def _feet(self, share: float) -> list[Event]:
        """The pedalled hat, and where the kick is feathered its soft quarters."""
        draw, beats = self.draw, self.passage.beats
        feet = _PEDALS[beats]
        events = [
            Event(beat * STEPS, _OFF, PEDAL_HAT, 80.0 + draw.normal(5.0))
            for beat in draw.weighted([f for f, _ in feet], [w for _, w in feet]) if draw.chance(share)
        ]  # fmt: skip
        if self.feathered:
            events += [
                Event(beat * STEPS, _OFF, KICK, 27.0 + draw.normal(3.0)) for beat in range(beats) if draw.chance(0.7)
            ]
        return events

    def _swept(self, bar: int, energy: float) -> list[Event]:
        """Brushes: one hand sweeps, a beat or two at a time and louder on 2 and 4, the other taps the ride's figure."""
        draw, strong = self.draw, self.passage.pulse.strong
        events = []
        long = draw.chance(0.5)
        for beat in range(0, self.passage.beats, 2 if long else 1):
            if draw.chance(0.86):
                loudness = (66.0 if long or beat * STEPS not in strong else 52.0) + 16.0 * energy
                events.append(Event(beat * STEPS, STEPS * (2 if long else 1), BRUSH_SWEEP, loudness + draw.normal(5.0)))
        taps = draw.weighted(tuple(self.rides), tuple(self.rides.values()))
        for step in taps:
            if draw.chance(0.4 + 0.4 * energy if step % STEPS else 0.78):
                loudness = 50.0 if step % STEPS else 66.0 if step not in strong else 58.0
                events.append(Event(step, 4, BRUSH_TAP, loudness + 14.0 * (energy - 0.5) + draw.normal(4.0)))
        return [*events, *self._feet(0.8)]

    def _bossa(self, bar: int, energy: float) -> list[Event]:
        """The clave on the rim, eighths on the hat, the surdo's figure on the kick, the pedal on 2 and 4."""
        draw = self.draw
        events = []
        for step in _CLAVE[(bar + self.clave) % 2]:
            moved = step + 6 if step == 30 and draw.chance(0.2) else step
            if draw.chance(0.93):
                events.append(Event(moved, 3, RIM, 78.0 + 12.0 * energy + draw.normal(4.0)))
        for step in range(0, 48, 6):
            if draw.chance(0.96 if step % STEPS == 0 else 0.72 + 0.2 * energy):
                loud = 66.0 if step % STEPS == 0 else 52.0
                events.append(Event(step, 4, HAT, loud + 14.0 * (energy - 0.5) + draw.normal(4.0)))
        for step, share, loudness in ((0, 0.95, 54.0), (18, 0.85, 44.0), (24, 0.92, 56.0), (42, 0.8, 44.0)):
            if draw.chance(share):
                events.append(Event(step, _OFF, KICK, loudness + 12.0 * energy + draw.normal(4.0)))
        if draw.chance(0.12):
            events.append(Event(45, 3, HAT, 40.0))
        return [*events, *(Event(b * STEPS, _OFF, PEDAL_HAT, 62.0 + draw.normal(4.0)) for b in (1, 3)
                           if draw.chance(0.85))]  # fmt: skip


def _fill(passage: Passage, beats: int, style: KitStyle, draw: Dice) -> list[Event]:
    """Swung eighths and triplets from the snare down the toms, louder towards the end; the hats stop."""
    start = passage.steps - beats * STEPS
    triplets = draw.chance(0.45) and not style.straight
    events: list[Event] = []
    total = beats * STEPS
    for beat in range(beats):
        if draw.chance(0.25):
            grid: tuple[int, ...] = (0, 3, 6, 9) if style.straight else (0, 4, 8)
        else:
            grid = (0, 4, 8) if triplets else (0, _OFF)
        for offset in grid:
            at = beat * STEPS + offset
            if draw.chance(0.12) and at:
                continue
            progress = at / total
            drum = _fill_drum(progress, draw)
            accent = 14.0 if offset == grid[-1] and draw.chance(0.5) else 0.0
            velocity = 62.0 + style.level + 26.0 * progress + 14.0 * passage.energy_end + accent + draw.normal(6.0)
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
    pedal = _PEDALS[passage.beats][0][0]
    return [*events, *(Event(first + beat * STEPS, _OFF, PEDAL_HAT, 74.0) for beat in pedal)]


def _ending(passage: Passage, style: KitStyle, draw: Dice) -> list[Event]:
    """Time, a fill of two beats, and the last chord with crash and kick."""
    final = passage.regions[-1].start
    cells = _Cells(passage, style, draw)
    events: list[Event] = []
    if passage.bars > 1:
        cut = final - 2 * STEPS
        events = [e for e in cells.bar(0, passage.energy, 1.0) if e.step < cut]
        for index, offset in enumerate((0, 4, 8, 12, 16, 20)):
            drum = (SNARE, SNARE, HIGH_TOM, HIGH_TOM, MID_TOM, FLOOR_TOM)[index]
            events.append(Event(cut + offset, 4, drum, 70.0 + style.level + 6 * index + draw.normal(4.0)))
    length = passage.steps - final
    return sorted([*events, Event(final, length, CRASH, 104.0 + style.level),
                   Event(final, length, KICK, 96.0 + style.level)])  # fmt: skip
