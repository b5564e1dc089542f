"""What a style does with a tune that is not its own: how it phrases it, how fast, on what harmony. Data, no code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Practice:
    """A style's way with a given tune. The defaults suit a style that says nothing.

    Its harmony (chords, their order, loops) is not told here but heard from its own sheets: see restyle.habits.

    grid         steps (12 a quarter) on which tunes lie: 3 sixteenths, 6 eighths; triplets are made straight
    triplets     triplets may stay: what swings has them anyway
    syncopation  share of a tune's notes that begin between beats and are held over the next; a tune with fewer gains
                 some, one with more loses some. None: as it comes
    anticipate   where it gains them, how early: steps before the beat (6 an eighth, 3 a sixteenth)
    pace         notes a second that a tune has at most; a quicker one is sung slower. None: as it comes
    sustain      0..1, how far a note is held towards the next one
    thin         0..1, share of the quick notes off the beat (passing notes) that are left out
    most         notes a quarter; what is quicker is thinned
    lift         semitones by which the tune lies higher than the middle of its instrument
    lead         who sings it where the ensemble has no lead, by a name of composers.instrumentation
    roles        kind of section (lead_sheet.KINDS) -> the role of the style's forms; what is missing is found by name
    """

    grid: int = 3
    triplets: bool = False
    syncopation: float | None = None
    anticipate: int = 6
    pace: float | None = None
    sustain: float = 0.0
    thin: float = 0.0
    most: float = 4.0
    lift: int = 0
    lead: str | None = None
    roles: Mapping[str, str] = field(default_factory=dict)


PLAIN = Practice()
