"""Lines of hip-hop: hooks that syncopate on sixteenths, short plucked answers, triplets over trap's hats.

There are no notes of hip-hop to count: half-bar rhythms are weighted as taught (the pushed sixteenth behind beats 1 and
3, the dotted figure 3 + 3 + 2, rests where the next line begins); chord tones are POP909's, .74 to .78 on strong beats
and .59 between eighths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from composers.dice import dice
from composers.parts.passage import Event, Passage
from composers.parts.tune_style import HOOK_TUNE, Manner, Rhythms, Shares

_FIRST: Shares = {
    (0, 3, 6): 13, (0, 2, 3, 6): 7, (0, 3, 4, 6): 6, (0, 3, 6, 7): 5, (0, 3): 6, (3, 6): 5, (0, 3, 5): 5, (2, 3, 6): 4,
    (0, 1, 3, 6): 4, (0, 2, 4, 6): 4, (0, 4, 7): 4, (0, 3, 5, 7): 3, (0, 6): 4, (0,): 5, (): 6, (1, 3, 6): 2,
    (0, 2, 5, 7): 3, (0, 4): 3, (2, 5): 2,
}  # fmt: skip
_SECOND: Shares = {
    (): 13, (0, 3, 6): 8, (0, 3): 8, (0, 2, 3): 6, (0,): 7, (3,): 4, (0, 4): 4, (0, 3, 5): 5, (4, 7): 4, (3, 6): 5,
    (0, 1, 3): 4, (2, 3, 6): 4, (0, 3, 4, 7): 3, (6,): 2, (0, 2, 5): 4, (5, 6, 7): 3, (7,): 3,
}  # fmt: skip
_SINGLE: Shares = {(0, 3): 26, (0,): 24, (0, 2): 12, (): 14, (3,): 8, (0, 1): 5, (2, 3): 5, (0, 1, 3): 6}
_LONG: Shares = {(0, 3): 20, (0, 2, 3): 12, (0, 2, 5): 12, (0,): 18, (0, 4): 12, (): 10, (3,): 6, (0, 3, 5): 10}

FLOW_RHYTHMS = Rhythms(_FIRST, _SECOND, _SINGLE, _LONG)

_MANNERS = {
    **HOOK_TUNE.manners, "hook": Manner(1.0, 10.0, 1.0, 0.6), "verse": Manner(-1.5, 8.0, 1.0, 0.5),
    "intro": Manner(-1.0, 7.0, 0.6, 0.6),
}  # fmt: skip

FLOW_TUNE = replace(
    HOOK_TUNE, rhythms=FLOW_RHYTHMS, scale="key", notes=5.2, on_strong=0.68, on_beat=0.6, off_beat=0.45,
    manners=_MANNERS,
)  # fmt: skip
"""Hooks over triads, with the scale's semitones: the flat sixth above the fifth, the flat second."""
SAMPLE_TUNE = replace(FLOW_TUNE, on_strong=0.57, on_beat=0.56, off_beat=0.4)
"""Lines over ninth chords, as a jazz record has them: four notes of seven are the chord's."""

_TRIPLET = 4
_IN_TRIPLETS = 0.5
"""Share of sections' kinds with bars in triplets."""


def in_triplets(passage: Passage, events: Sequence[Event]) -> list[Event]:
    """The line with the second or the fourth bar of every four on eighth triplets, in some kinds of sections: the flow
    of trap since about 2013. One voice, sorted, as before."""
    draw = dice(passage.seed, "triplet flow", *passage.material)
    which = draw.one_of((1, 3))
    if passage.role == "ending" or not draw.chance(_IN_TRIPLETS):
        return list(events)
    found: list[Event] = []
    for event in events:
        bar, within = divmod(event.step, passage.bar_steps)
        if bar % 4 == which and event.step >= 0:
            at = (within + _TRIPLET // 2) // _TRIPLET * _TRIPLET
            if at >= passage.bar_steps:
                at -= _TRIPLET
            step = bar * passage.bar_steps + at
            event = event._replace(step=step, length=max(1, event.end - step))
        if found and found[-1].step >= event.step:
            continue  # two on one triplet are one
        if found and found[-1].end > event.step:
            found[-1] = found[-1]._replace(length=event.step - found[-1].step)
        found.append(event)
    return found
