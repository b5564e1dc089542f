"""How loud: velocities by metric position, spread, ghost notes and accents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, pstdev

from composers.score import Meter, Note
from composers.statistics.meter_places import PLACES, place_of

GHOST = 60
ACCENT = 90


def by_place(notes: Sequence[Note], meter: Meter, fineness: int = 4) -> Mapping[str, float]:
    """Mean velocity (1..127) by metric position, of positions that have notes."""
    found: dict[str, list[float]] = {name: [] for name in PLACES}
    for note in notes:
        found[place_of(note.start, meter, fineness)].append(note.velocity)
    return {name: fmean(velocities) for name, velocities in found.items() if velocities}


def spread(notes: Sequence[Note]) -> float | None:
    """Standard deviation of velocities; None without notes."""
    return pstdev([n.velocity for n in notes]) if notes else None


def ghost_share(notes: Sequence[Note], below: float = GHOST) -> float | None:
    """Share of notes below a velocity, 0..1 (snare off the backbeat: .52 to .71)."""
    return sum(n.velocity < below for n in notes) / len(notes) if notes else None


def accent_share(notes: Sequence[Note], least: float = ACCENT) -> float | None:
    """Share of notes from a velocity on, 0..1 (snare off the backbeat: .21 to .39)."""
    return sum(n.velocity >= least for n in notes) / len(notes) if notes else None
