"""How classical music is shaped in time: hairpins over phrases, terraces, slurs and dots, rubato within the clock.

Dynamics as notation programs play them (p 49, mf 80, f 96; one step 10 to 16); lengths as taught (legato 1, plain .85
to .9, staccato .4 to .5); phrases gain time in their middle and give it back at their end (Friberg, Bresin & Sundberg
2006; final ritard: Friberg & Sundberg 1999, here as far as notes stay in their bar, for the clock is the master's).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sin

from composers.parts.passage import Event, Passage
from composers.parts.phrase_plan import Unit
from composers.score import PPQ

_SHORT = {"slur": 1.0, "plain": 0.88, "staccato": 0.48, "portato": 0.75}
_PHRASE_BARS = 4
_TERRACES = {"answer": -4.0, "fragment": 2.0, "cadence": 3.0, "echo": -9.0, "work": 2.0, "pedal": 0.0}
_GROWTH = 110.0
"""Velocities from an energy of 0 to 1: forms go from .4 (p) to .85 (f to ff), three steps of dynamics."""
_BREADTH = PPQ * 0.045
"""Ticks by which a phrase's last beats come late, and half of it by which its middle hurries."""
_RITARD = PPQ * 0.42
"""Ticks by which the piece's last chord comes late."""


def level(passage: Passage, plan: Sequence[Unit], step: int, base: float) -> float:
    """The velocity of a plain note at a step: the energy's curve, the phrase's hairpin, the unit's terrace."""
    bar = step // passage.bar_steps
    where = (step % (_PHRASE_BARS * passage.bar_steps)) / (_PHRASE_BARS * passage.bar_steps)
    unit = next((u for u in plan if u.bar <= bar < u.end), None)
    grown = _GROWTH * (passage.energy + (passage.energy_end - passage.energy) * step / max(1, passage.steps) - 0.6)
    swell = 9.0 * sin(pi * where**0.85) - 4.0
    if unit is not None and unit.kind in ("fragment", "pedal"):  # towards what comes
        swell = 9.0 * (step - unit.bar * passage.bar_steps) / (unit.bars * passage.bar_steps) - 3.0
    return base + grown + swell + (_TERRACES.get(unit.kind, 0.0) if unit is not None else 0.0)


def sounded(length: int, mark: str) -> int:
    """Steps that a note of so many sounds."""
    return max(2, round(length * _SHORT[mark]))


def breathed(passage: Passage, events: Sequence[Event]) -> list[Event]:
    """Events with the rubato that everybody keeps together: they hurry a little within four bars and lean back at their
    end; the last bars slow down."""
    phrase = _PHRASE_BARS * passage.bar_steps
    ending = passage.role == "ending"
    found: list[Event] = []
    for event in events:
        if ending:
            late = _RITARD * (min(1.0, event.step / max(1, passage.steps - passage.bar_steps))) ** 2
        else:
            where = (event.step % phrase) / phrase
            late = -0.5 * _BREADTH * sin(pi * where) if where < 0.7 else _BREADTH * ((where - 0.7) / 0.3) ** 2
            late = late if where < 0.7 or passage.bars >= 4 else 0.0
        found.append(event._replace(late=round(late)))
    return found
