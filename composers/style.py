"""A style of a genre as values: who writes what, how it is played, and the sheet that everybody reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from composers.composer import Plan
from composers.feel import Feel
from composers.forms import Form, Section
from composers.harmony import Bar
from composers.parts.humanise import Hand
from composers.parts.passage import Listening, Passage, Written
from composers.practice import PLAIN, Practice
from composers.score import Meter
from composers.theory.scales import Key

Writer = Callable[[Passage, Listening], Written]
"""Writes one part of a passage, having heard those that were asked before it. Pure: draws from dice named by
`passage.seed` and either `passage.identity` or `passage.material`."""


class Player(NamedTuple):
    """Who plays a part, and how.

    write     see Writer
    hand      how it is played; of a kit by key, with the hand of key 0 for all others
    channel   MIDI's, 9 for General MIDI drums
    absolute  it writes keys as they sound (and has added passage.tonic); others write around a tonic of C
    single    one voice: each note ends before the next begins
    """

    write: Writer
    hand: Hand | Mapping[int, Hand]
    channel: int = 0
    absolute: bool = False
    single: bool = False


class Tempi(NamedTuple):
    """Quarters a minute: the usual one, and the range in which the style is chosen of itself."""

    usual: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the band reads.

    key      of the piece (a blues in "mixolydian" is written in major)
    form     with the plan's length; `endless`: the same without
    changes  the chords of a section's bars, one Bar for each of section.bars
    blues    see Passage
    """

    key: Key
    form: Form
    endless: Form
    changes: Callable[[Section], tuple[Bar, ...]]
    blues: bool = False


@dataclass(frozen=True, slots=True)
class Style:
    """A way of playing.

    players    by part, in the order in which they are asked: who leads comes first, who answers later
    forms      with the weight of each where a plan leaves the choice
    ensemble   instruments that it is usually played on, by the names of composers.instrumentation
    turns      parts that several tracks take in turn, chorus by chorus (leads only in solos)
    weight     how often it is chosen, among those that fit tempo and meter
    favours    modes in which it is chosen six times as often
    offers     whether it has a form in a mode; None: each form in each mode
    stand_ins  for parts that it does not have: what a track plays instead; none of these: it rests
    practice   what it does with a tune that is not its own
    """

    name: str
    tempi: Tempi
    feel: Feel
    meters: tuple[Meter, ...]
    modes: tuple[str, ...]
    forms: Mapping[str, float]
    ensemble: tuple[str, ...]
    players: Mapping[str, Player]
    sheet: Callable[[Plan], Sheet]
    turns: frozenset[str] = frozenset()
    weight: float = 1.0
    favours: frozenset[str] = frozenset()
    offers: Callable[[str, str], bool] | None = None
    stand_ins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    practice: Practice = PLAIN

    def forms_in(self, mode: str) -> Mapping[str, float]:
        """The forms that it has in a mode, with their weights."""
        return {form: w for form, w in self.forms.items() if self.offers is None or self.offers(form, mode)}

    def stands_in(self, part: str) -> str | None:
        """The part that is played where `part` is asked for."""
        if part in self.players:
            return part
        others = self.stand_ins.get(part, STAND_INS.get(part, ()))
        return next((other for other in others if other in self.players), None)


STAND_INS: Mapping[str, tuple[str, ...]] = {
    "counter": (), "riff": ("comp",), "comp": ("riff", "pad", "arp"), "pad": ("comp",), "arp": ("comp",),
    "percussion": (), "fx": (), "melody": ("riff",), "bass": (), "drums": (),
}  # fmt: skip
