"""Passages to write in: a chart in numerals made into what a part is given."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from composers.changes import EVERYWHERE, parse_changes
from composers.harmony import mask, regions
from composers.parts.passage import Event, Lane, Passage
from composers.pulse import pulse_of
from composers.score import Meter
from composers.theory.scales import Key

FOUR = Meter(4, 4)
METERS = (FOUR, Meter(3, 4), Meter(6, 8), Meter(5, 4), Meter(7, 8), Meter(12, 8), Meter(2, 4), Meter(9, 8), Meter(7, 4))
POP = "I | V | vi | IV"
BALLAD = "I V | vi iii | IV I | ii V"
MINOR = "i | bVI | bIII | bVII"
JAZZY = "Dm7 G7 | Cmaj7 A7 | Dm7b5 G7b9 | Cm9"
CHARTS = (POP, BALLAD, MINOR, JAZZY, "I | I | IV | V7", "i | i | iv | V")


def passage(
    chart: str = POP,
    bars: int = 8,
    *,
    key: str = "C",
    mode: str = "major",
    meter: Meter = FOUR,
    role: str = "verse",
    name: str = "A",
    seed: int = 1,
    first_bar: int = 0,
    energy: float = 0.6,
    density: float = 0.5,
    complexity: float = 0.5,
    register: int = 0,
    closes: bool = True,
    after: str = "",
    lanes: Mapping[str, Lane] | None = None,
    tempo: float = 120.0,
    chorus: int = 0,
) -> Passage:
    """`bars` bars of a chart that goes round and round."""
    where = Key.parse(key, mode)
    cycle = parse_changes(chart, where)[EVERYWHERE]
    changes = tuple(cycle[index % len(cycle)] for index in range(bars))
    own = regions(changes, cycle[bars % len(cycle)][0], where, meter)
    pulse = pulse_of(meter)
    steps = bars * pulse.steps
    tonic = where.tonic.pitch_class
    scale = mask(p - tonic for p in where.scale.pitch_classes)
    ahead = regions((cycle[bars % len(cycle)],), cycle[0][0], where, meter)[0]
    return Passage(
        seed=seed, identity=(role, first_bar), pulse=pulse, bars=bars, written=bars, role=role, name=name, turn=0,
        chorus=chorus, closes=closes, regions=own,
        following=ahead._replace(start=steps, end=steps + ahead.end - ahead.start), energy=energy,
        energy_end=min(1.0, energy + 0.05), minor=scale >> 3 & 1 == 1, scale=scale, after=after, density=density,
        complexity=complexity, register=register, tempo=tempo, tonic=(tonic + 5) % 12 - 5, first_bar=first_bar,
        lanes=lanes or {}, starts=tuple(region.start for region in own),
    )  # fmt: skip


def kit(passage: Passage, cell: tuple[int, ...] = (0, 7, 8)) -> list[Event]:
    """A plain kit: kicks of a cell (sixteenths of 4/4, fitted), a snare on the backbeats, hats on the eighths."""
    from composers.parts.cells import fitted

    events: list[Event] = []
    for bar in range(passage.bars):
        start = bar * passage.bar_steps
        events += [Event(start + at, 3, 36, 100.0) for at in fitted(cell, passage.pulse, bar)]
        events += [Event(start + at, 3, 38, 100.0) for at in passage.pulse.backbeats]
        events += [Event(start + at, 3, 42, 70.0) for at in range(0, passage.bar_steps, 6)]
    return sorted(events)


def one_voice(events: list[Event] | tuple[Event, ...]) -> bool:
    """Whether they are sorted and none sounds when the next begins."""
    return all(a.step < b.step and a.end <= b.step for a, b in pairwise(events))
