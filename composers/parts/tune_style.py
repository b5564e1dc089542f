"""What a tune is like: rhythms, intervals, chord tones, phrases and ranges of a style, as values.

Half-bar rhythms were counted in 17,102 bars of POP909's melodies whose bar lines its chords show, 10,113 bars of tunes
(4/4 of old tune books), 18,186 bars of voices of OpenScore's Lieder; beats of 3/4 and 6/8 in the same two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from composers.parts.passage import Event

Shares = Mapping[tuple[int, ...], float]
"""Onsets in sixteenths, and the share of each."""


class Rhythms(NamedTuple):
    """How beats are filled: `first` and `second` half bars of 4/4 (onsets 0..7), single beats (0..3) where beats do not
    pair, and beats of three eighths (0..5)."""

    first: Shares
    second: Shares
    single: Shares
    long: Shares


class Manner(NamedTuple):
    """How sections of one role sing.

    lift   semitones above the style's centre
    reach  semitones from the usual lowest note to the peak
    notes  of the style's own measure
    hook   chance that an idea's second bar has the first one's rhythm
    """

    lift: float = 0.0
    reach: float = 11.0
    notes: float = 1.0
    hook: float = 0.35


class Motif(NamedTuple):
    """An idea to build on: (step, length) of each note from a bar line, and its keys around a tonic of C."""

    rhythm: tuple[tuple[int, int], ...]
    pitches: tuple[int, ...]


_POP_FIRST: Shares = {
    (0, 2, 4, 6): 16.1, (0,): 11.5, (0, 4): 7.3, (0, 4, 6): 6.7, (): 5.7, (0, 6): 4.6, (2, 4, 6): 3.2, (0, 2, 6): 3.1,
    (0, 2, 4): 2.8, (2,): 2.6, (4, 6): 2.3, (0, 2, 4, 6, 7): 2.0, (0, 2): 1.9, (0, 2, 3, 4, 6): 1.3, (0, 3, 4, 6): 1.3,
    (6,): 1.2, (4,): 1.1, (0, 2, 3, 6, 7): 1.0, (0, 3, 6): 1.0, (0, 2, 3, 6): 0.8, (0, 2, 3, 5): 0.7, (0, 6, 7): 0.7,
    (2, 6): 0.6, (0, 3): 0.6, (0, 2, 3, 5, 7): 0.6, (0, 1, 2, 3, 4, 6, 7): 0.8, (0, 1, 2, 3, 4, 6): 0.6,
    (2, 3, 4, 6, 7): 0.5, (0, 2, 3, 4, 6, 7): 0.5, (6, 7): 0.5, (0, 4, 6, 7): 0.4, (0, 2, 6, 7): 0.3, (3, 4, 6): 0.3,
}  # fmt: skip
_POP_SECOND: Shares = {
    (): 12.7, (0, 2, 4, 6): 11.8, (0,): 9.2, (0, 4, 6): 7.3, (4, 6): 5.7, (0, 4): 5.6, (2, 4, 6): 4.2, (0, 2, 4): 3.8,
    (0, 2, 6): 2.6, (0, 2): 2.2, (0, 6): 2.1, (6,): 1.9, (6, 7): 1.8, (0, 6, 7): 1.5, (2,): 1.4, (4,): 1.3,
    (0, 3, 6): 1.0, (7,): 0.9, (2, 6): 0.9, (0, 2, 4, 6, 7): 0.8, (0, 2, 3, 6): 0.7, (0, 2, 3, 4, 6): 0.7,
    (0, 3, 4, 6): 0.6, (4, 6, 7): 0.5, (0, 2, 3, 5): 0.7, (0, 2, 6, 7): 0.6, (0, 2, 3, 6, 7): 0.5, (4, 5, 6, 7): 0.5,
    (5, 6, 7): 0.5, (1, 6, 7): 0.4, (0, 2, 3): 0.4, (3, 4, 6): 0.3,
}  # fmt: skip
_POP_SINGLE: Shares = {(0, 2): 44, (0,): 26, (): 10, (2,): 9, (0, 2, 3): 4, (0, 3): 3, (2, 3): 2, (0, 1, 2): 2}
_POP_LONG: Shares = {(0, 2, 4): 30, (0, 4): 20, (0,): 18, (0, 2): 12, (2, 4): 6, (4,): 5, (): 6, (0, 3, 4): 3}
_TUNE_FIRST: Shares = {
    (0, 2, 4, 6): 21.4, (0, 2, 4): 11.3, (0, 4): 8.4, (0, 3, 4, 7): 5.5, (0, 3, 4): 4.3, (0, 4, 6): 3.9,
    (0, 2, 5, 6): 1.7, (0, 4, 7): 2.5, (0, 2, 6): 2.5, (2, 4, 6): 2.4, (0, 2, 4, 7): 1.8, (0, 6): 1.8,
    (0, 3, 4, 6): 1.7, (2, 4): 1.7, (0, 2, 4, 5, 6): 1.5, (0,): 3.0,
}  # fmt: skip
_TUNE_SECOND: Shares = {
    (0, 2, 4, 6): 18.9, (0, 4): 10.1, (0, 2, 4): 9.7, (0, 3, 4): 6.5, (0, 2, 6): 4.1, (0, 3, 4, 7): 4.1, (0, 4, 6): 3.7,
    (0,): 3.4, (): 3.2, (0, 2): 2.1, (2, 4): 1.9, (4,): 1.7, (2, 4, 6): 1.7, (0, 3, 4, 6): 1.6,
}  # fmt: skip
_TUNE_SINGLE: Shares = {(0,): 46.5, (0, 2): 23.8, (): 10, (2,): 6.2, (0, 3): 5.6, (0, 1, 2): 2.1, (0, 1, 2, 3): 1.2,
                        (0, 2, 3): 1.2, (1, 2): 1.5}  # fmt: skip
_TUNE_LONG: Shares = {(0, 2, 4): 57.6, (0, 2): 18.8, (0, 4): 6.3, (0, 1, 2, 4): 2.4, (0, 2, 5): 2.8, (0,): 2.9,
                      (2, 4): 1.0, (2,): 1.7, (): 1.1}  # fmt: skip
_SONG_FIRST: Shares = {
    (0,): 22.6, (0, 4): 19.4, (0, 6): 9.4, (0, 4, 6): 7.1, (): 5.9, (0, 2, 4, 6): 5.3, (0, 2, 4): 4.8, (4,): 4.2,
    (2, 4, 6): 2.4, (2, 4): 2.1, (0, 4, 7): 1.8, (4, 6): 1.3, (0, 3, 4): 1.3, (0, 2, 6): 1.2, (2, 6): 1.2, (0, 2): 1.0,
}  # fmt: skip
_SONG_SECOND: Shares = {
    (0, 4): 17.9, (0,): 12.3, (): 12.3, (4,): 8.9, (0, 6): 8.8, (0, 4, 6): 6.6, (0, 2, 4, 6): 6.5, (0, 2, 4): 3.4,
    (2, 4, 6): 3.1, (6,): 2.9, (4, 6): 2.4, (2, 4): 2.2, (0, 4, 7): 1.4, (0, 2, 6): 1.1,
}  # fmt: skip
_SONG_SINGLE: Shares = {(0,): 45.3, (): 23.3, (0, 2): 15, (2,): 9.5, (0, 3): 3.5, (0, 1, 2, 3): 0.8, (0, 2, 3): 0.9}
_SONG_LONG: Shares = {(0,): 20.9, (0, 4): 17.5, (0, 2, 4): 14.6, (0, 2): 10.5, (): 11.9, (4,): 6.1, (2, 4): 4.4,
                      (2,): 3.0, (0, 3, 4): 2.6, (0, 2, 5): 1.9}  # fmt: skip

POP_RHYTHMS = Rhythms(_POP_FIRST, _POP_SECOND, _POP_SINGLE, _POP_LONG)
TUNE_RHYTHMS = Rhythms(_TUNE_FIRST, _TUNE_SECOND, _TUNE_SINGLE, _TUNE_LONG)
SONG_RHYTHMS = Rhythms(_SONG_FIRST, _SONG_SECOND, _SONG_SINGLE, _SONG_LONG)
SPARSE_RHYTHMS = Rhythms({(0,): 30, (): 40, (4,): 15, (0, 4): 10, (0, 6): 5}, {(): 50, (0,): 25, (4,): 20, (0, 4): 5},
                         {(): 50, (0,): 45, (2,): 5}, {(): 45, (0,): 45, (4,): 10})  # fmt: skip

MANNERS: Mapping[str, Manner] = {
    "verse": Manner(-2.5, 9.0, 1.08, 0.35), "pre-chorus": Manner(-0.5, 9.0, 1.05, 0.3),
    "chorus": Manner(2.0, 11.0, 0.95, 0.5), "hook": Manner(2.0, 10.0, 0.95, 0.65), "drop": Manner(2.0, 10.0, 1.0, 0.6),
    "bridge": Manner(0.5, 10.0, 0.85, 0.25), "solo": Manner(2.0, 14.0, 1.35, 0.2), "outro": Manner(0.0, 9.0, 0.7, 0.3),
    "breakdown": Manner(0.0, 9.0, 0.75, 0.3),
}  # fmt: skip
"""Verses lie lower, are narrower and have more words; choruses rise, hold and repeat."""

POP_INTERVALS = (0.23, 0.09, 0.37, 0.14, 0.04, 0.06, 0.0005, 0.04, 0.006, 0.008, 0.001, 0.0003, 0.007)
TUNE_INTERVALS = (0.10, 0.16, 0.35, 0.15, 0.10, 0.07, 0.002, 0.03, 0.01, 0.01, 0.003, 0.0005, 0.010)
SONG_INTERVALS = (0.21, 0.19, 0.30, 0.10, 0.06, 0.07, 0.007, 0.03, 0.01, 0.01, 0.003, 0.0005, 0.008)
"""Shares of moves of 0..12 semitones: POP909, tune books, voices of Lieder."""


PLANS: Mapping[str, float] = {"AABA": 0.34, "AABC": 0.3, "ABAC": 0.28, "ABCA": 0.08}
HOOK_PLANS: Mapping[str, float] = {"AAAB": 0.35, "AABA": 0.25, "ABAB": 0.4}
"""Ideas of eight bars by letter: state, repeat, depart on the third time; hooks say it again and again."""


@dataclass(frozen=True, slots=True)
class TuneStyle:
    """How tunes go.

    rhythms      see Rhythms; `notes`: in a bar of 4/4 that is sung through
    intervals    shares of moves of 0..12 semitones
    on_strong, on_beat, off_beat  share of chord tones on strong beats, other beats, and between
    scale        "key" (its scale, bent by the chords), "pentatonic", "blues"
    centre       of the range, and the range (low, high): keys around C before transposition by -5..+6
    rest         steps of silence between phrases, usual
    pickups      chance that a phrase begins before its bar
    repeat       liking for the very same keys when an idea comes again over other chords, 0..1
    plans        see PLANS, with the weight of each
    same_rhythm  chance that a new idea keeps the rhythm of the first
    temperature  0: always the likeliest; 1: as in the measured music; 2: loose
    motif        an idea to begin with and to return to
    silent       roles in which it rests
    manners      by role, see Manner; others sing as Manner()
    ornaments    chance of a grace note on a long note, at complexity 0.5
    """

    rhythms: Rhythms = POP_RHYTHMS
    notes: float = 5.6
    intervals: Sequence[float] = POP_INTERVALS
    on_strong: float = 0.75
    on_beat: float = 0.67
    off_beat: float = 0.6
    scale: str = "key"
    centre: float = 69.0
    low: int = 57
    high: int = 81
    rest: int = 12
    pickups: float = 0.45
    repeat: float = 0.75
    plans: Mapping[str, float] = field(default_factory=lambda: PLANS)
    same_rhythm: float = 0.3
    temperature: float = 1.0
    motif: Motif | None = None
    silent: frozenset[str] = frozenset({"intro"})
    manners: Mapping[str, Manner] = field(default_factory=lambda: MANNERS)
    ornaments: float = 0.06
    velocity: float = 88.0


POP_TUNE = TuneStyle()
ROCK_TUNE = TuneStyle(scale="pentatonic", notes=5.4, pickups=0.4)
BLUES_TUNE = TuneStyle(scale="blues", notes=5.0, off_beat=0.55, pickups=0.5)
HOOK_TUNE = TuneStyle(scale="pentatonic", notes=4.8, pickups=0.25, repeat=0.9, plans=HOOK_PLANS, same_rhythm=0.5)
FOLK_TUNE = TuneStyle(TUNE_RHYTHMS, 7.0, TUNE_INTERVALS, 0.78, 0.8, 0.66, rest=6, pickups=0.5, silent=frozenset())
SONG_TUNE = TuneStyle(SONG_RHYTHMS, 3.8, SONG_INTERVALS, 0.72, 0.66, 0.58, rest=12, silent=frozenset({"intro"}))
SPARSE_TUNE = TuneStyle(SPARSE_RHYTHMS, 1.2, SONG_INTERVALS, 0.7, 0.7, 0.6, rest=36, pickups=0.1, same_rhythm=0.1)


def motif_of(events: Sequence[Event], bar_steps: int, bars: int = 2) -> Motif | None:
    """The idea of a line that most invites to go on: of its windows of so many bars the one whose rhythm comes again
    most often, the last of equals. None for fewer than two notes. Keys are taken as they are: around C.
    """
    found: dict[int, list[Event]] = {}
    for event in sorted(events):
        found.setdefault(event.step // bar_steps, []).append(event)
    if sum(map(len, found.values())) < 2:
        return None
    masks = {bar: tuple(e.step % bar_steps for e in inside) for bar, inside in found.items()}

    def worth(bar: int) -> tuple[bool, int, int]:
        inside = sum(len(masks.get(b, ())) for b in range(bar, bar + bars))
        again = sum(masks[other] == masks[bar] for other in masks)
        return inside >= 2, again, bar

    first = max(found, key=worth)
    chosen = [event for bar in range(first, first + bars) for event in found.get(bar, ())]
    if len(chosen) < 2:
        chosen = sorted(events)[-4:]
        first = chosen[0].step // bar_steps
    rhythm = tuple((e.step - first * bar_steps, e.length) for e in chosen)
    return Motif(rhythm, tuple(e.pitch for e in chosen))
