"""The record under the loop: hiss for as long as a section lasts, and pops here and there, a few of them once a turn.

For the patch "vinyl", where every note is a pop with hiss behind it. A scratch is heard once a turn of the record
(33 1/3 a minute: 1.8 s, or 2.4 quarters at 80 beats a minute), which never agrees with the bars; the rest comes at
random.
"""

from __future__ import annotations

from composers.dice import dice
from composers.parts.passage import Event, Passage, Written

HISS, POPS = 60, (67, 72, 76, 79)
"""Keys around C."""
_TURN = 29
"""Steps of a turn, at 80 beats a minute: no tempo decides a note."""
_SCRATCHES = 2
_STRAY = 1.6
"""Stray pops a bar."""


def vinyl(passage: Passage, worn: float = 0.5) -> Written:
    """Hiss and pops of a passage, sorted. worn: 0..1, how many and how loud."""
    if passage.role == "ending":
        return Written([Event(0, passage.steps, HISS, 30.0 + 20.0 * worn)])
    draw = dice(passage.seed, "vinyl", *passage.identity)
    events = [Event(0, passage.steps, HISS, 30.0 + 20.0 * worn)]
    scratch = dice(passage.seed, "scratches")
    origin = -passage.first_bar * passage.bar_steps
    for _ in range(_SCRATCHES):
        first, loud = (origin + int(scratch.random() * _TURN)) % _TURN, 38.0 + 20.0 * scratch.random()
        events += [Event(at, 1, POPS[0], loud + draw.normal(5.0)) for at in range(first, passage.steps, _TURN)]
    for _ in range(round(passage.bars * _STRAY * (0.5 + worn))):
        at, key = int(draw.random() * passage.steps), draw.one_of(POPS[1:])
        events.append(Event(at, 1, key, 26.0 + 46.0 * draw.random() ** 3))
    return Written(sorted({(e.step, e.pitch): e for e in events}.values()))
