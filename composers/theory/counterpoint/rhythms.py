"""When a counterpoint may sound: the times that a species offers after each tone, and florid plans by chance."""

from __future__ import annotations

import random

from composers.theory.counterpoint.lines import BAR, Slot, slots_of

_WHOLE_BARS = ((4, 4), (4, 2, 2), (2, 2, 4), (2, 2, 2, 2), (2, 1, 1, 4), (2, 2, 2, 1, 1), (2, 1, 1, 2, 2), (4, 2, 1, 1))
"""Bars of the fifth species that begin with their own tone."""
_AFTER_HALF = ((4,), (2, 2), (2, 1, 1))
_AFTER_QUARTER = ((2, 4), (2, 2, 2), (2, 2, 1, 1))
"""And what follows a half, or a quarter, held over the bar line. (Eighths stand on the second or fourth quarter.)"""
_TIE = 0.6
"""Chance that a half at the end of a bar is held: Fux's own florid examples tie most of them."""


def first_slots(species: int) -> tuple[Slot, ...]:
    """Where a line begins: with the bar, or after a half rest."""
    return {1: (Slot(0, 8),), 2: (Slot(4, 4),), 3: (Slot(0, 2),), 4: (Slot(4, 8), Slot(4, 4))}[species]


def next_slots(species: int, slot: Slot, bars: int) -> tuple[Slot, ...]:
    """What may follow in species one to four; () after the last bar. The fourth may break its chain of ties."""
    start = slot.start + slot.length
    bar = start // BAR
    if bar >= bars:
        return ()
    if bar == bars - 1:
        return (Slot(start, BAR),)
    if species == 4 and start % BAR == 4 and bar < bars - 2:
        return Slot(start, 8), Slot(start, 4)
    return (Slot(start, {1: 8, 2: 4, 3: 2, 4: 4}[species]),)


def florid(bars: int, dice: random.Random) -> tuple[Slot, ...]:
    """A rhythm of the fifth species: mixed values, no shape twice in a row, a suspension before the end."""
    lengths = [4]
    held = 0  # of the half at the end of the last bar, what lies in this one
    shape: tuple[int, ...] = ()
    for bar in range(bars - 1):
        if bar:
            choices = {0: _WHOLE_BARS, 4: _AFTER_HALF, 2: _AFTER_QUARTER}[held]
            if bar == bars - 2:
                choices = ((4,),) if held else ((2, 2, 4), (4, 4), (2, 2, 2, 2))
            fresh = [c for c in choices if (held, *c) != shape] or list(choices)
            if bar == bars - 3:  # the suspension of the cadence needs a half to hold
                fresh = [c for c in fresh if c[-1] == 4] or [c for c in choices if c[-1] == 4] or fresh
            chosen = dice.choice(fresh)
            shape = (held, *chosen)
            lengths += chosen
        held = 0
        if bar < bars - 2 and lengths[-1] == 4 and (bar == bars - 3 or dice.random() < _TIE):
            held = 4 if bar == bars - 3 or dice.random() < 0.6 else 2
            lengths[-1] += held
    return slots_of([*lengths, BAR], 4)
