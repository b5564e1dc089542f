"""Rock's songs in sections: how long, in which order, how loud.

Lengths and successions are those of the McGill Billboard annotations: introductions of 4 bars (30 %) or 8, verses of 8
and 16, choruses mostly of 8, a pre-chorus in one song of six, solos in one of three. Energies: introduction .4, verse
.5, pre-chorus .65, chorus .85, bridge .6, last chorus 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from composers.dice import Dice, dice
from composers.errors import MusicError
from composers.forms import ENDING, Arrangement, Stretch

LIFTED = "+"
"""A section of this sign stands so many semitones higher than its material: "B+2"."""
_LIFT_SHARE = 0.09
_LIFTS = (1, 2)
_LIFT_WEIGHTS = (0.6, 0.4)


class Lengths:
    """A song's lengths in bars, drawn once."""

    def __init__(self, seed: int, *, lift: bool) -> None:
        draw = dice(seed, "rock form")
        self.draw: Dice = draw
        self.intro = draw.weighted((2, 4, 8), (0.1, 0.6, 0.3))
        self.verse = draw.weighted((8, 12, 16), (0.62, 0.08, 0.3))
        self.pre = draw.weighted((0, 4, 8), (0.7, 0.2, 0.1))
        self.chorus = draw.weighted((8, 16), (0.85, 0.15))
        self.bridge = draw.weighted((8, 4), (0.85, 0.15))
        self.solo = draw.weighted((8, 16), (0.65, 0.35))
        self.interlude = draw.weighted((4, 2), (0.7, 0.3))
        self.outro = draw.weighted((4, 8), (0.5, 0.5))
        over = draw.one_of(("A", "B"))
        self.solo_over = over
        self.up = draw.weighted(_LIFTS, _LIFT_WEIGHTS) if draw.chance(_LIFT_SHARE) and lift else 0

    def lifted(self, name: str) -> str:
        return f"{name}{LIFTED}{self.up}" if self.up else name


Rows = tuple[tuple[Stretch, ...], tuple[Stretch, ...], tuple[Stretch, ...]]
"""Opening, cycle and closing."""


def _verse_chorus(at: Lengths) -> Rows:
    pre = (Stretch("pre-chorus", "P", at.pre, 0.62, 0.72),) if at.pre else ()
    verse = Stretch("verse", "A", at.verse, 0.48, 0.54)
    chorus = Stretch("chorus", "B", at.chorus, 0.85, 0.88)
    bridge = Stretch("bridge", "C", at.bridge, 0.58, 0.72)
    solo = Stretch("solo", at.solo_over, at.solo, 0.75, 0.92)
    last = Stretch("chorus", at.lifted("B"), at.chorus, 0.94, 1.0)
    interlude = Stretch("interlude", "R", at.interlude, 0.6, 0.56)
    middle: tuple[Stretch, ...]
    match at.draw.weighted(("bridge", "solo", "both"), (0.45, 0.3, 0.25)):
        case "bridge":
            middle = (bridge,)
        case "solo":
            middle = (solo,)
        case _:
            middle = (bridge, solo)
    cycle = (verse, *pre, chorus, interlude, verse, *pre, chorus, *middle, chorus)
    return ((Stretch("intro", "R", at.intro, 0.4, 0.48),), cycle,
            (last, Stretch("outro", "R", at.outro, 0.8, 0.62)))  # fmt: skip


def _aaba(at: Lengths) -> Rows:
    verse = Stretch("verse", "A", 8, 0.5, 0.56)
    cycle = (verse, verse._replace(energy=0.56, energy_end=0.62), Stretch("bridge", "B", 8, 0.68, 0.78),
             verse._replace(energy=0.7, energy_end=0.74), Stretch("solo", "A", 8, 0.75, 0.88),
             Stretch("bridge", "B", 8, 0.8, 0.85), verse._replace(energy=0.8, energy_end=0.84))  # fmt: skip
    return ((Stretch("intro", "R", min(4, at.intro), 0.42, 0.48),), cycle,
            (Stretch("verse", at.lifted("A"), 8, 0.88, 0.95), Stretch("outro", "R", 4, 0.8, 0.65)))  # fmt: skip


def _blues(at: Lengths) -> Rows:
    verse = Stretch("verse", "A", 12, 0.5, 0.6)
    cycle = (verse, verse._replace(energy=0.58, energy_end=0.66), Stretch("solo", "A", 12, 0.7, 0.82),
             Stretch("solo", "A", 12, 0.8, 0.95), verse._replace(energy=0.7, energy_end=0.75))  # fmt: skip
    return ((Stretch("intro", "R", 4, 0.5, 0.52),), cycle, (verse._replace(energy=0.82, energy_end=0.9),))


def _rondo(at: Lengths) -> Rows:
    theme = Stretch("theme", "R", 8, 0.62, 0.68)
    cycle = (theme, Stretch("verse", "A", 8, 0.5, 0.58), theme._replace(energy=0.68, energy_end=0.72),
             Stretch("bridge", "C", 8, 0.55, 0.7), theme._replace(energy=0.74, energy_end=0.78),
             Stretch("solo", "A", at.solo, 0.78, 0.92))  # fmt: skip
    return ((Stretch("intro", "R", 4, 0.42, 0.55),), cycle,
            (theme._replace(energy=0.92, energy_end=1.0), Stretch("outro", "R", 4, 0.8, 0.6)))  # fmt: skip


def _through_composed(at: Lengths) -> Rows:
    cycle = (Stretch("theme", "R", 8, 0.6, 0.66), Stretch("verse", "A", at.verse, 0.42, 0.55),
             Stretch("theme", "D", 8, 0.7, 0.76), Stretch("bridge", "C", 8, 0.38, 0.5),
             Stretch("interlude", "E", 4, 0.5, 0.62), Stretch("solo", "C", at.solo, 0.66, 0.9),
             Stretch("build", "P", 4, 0.7, 0.95), Stretch("chorus", "B", 8, 0.92, 0.96),
             Stretch("breakdown", "E", 4, 0.34, 0.4))  # fmt: skip
    return ((Stretch("intro", "R", at.intro, 0.36, 0.5),), cycle,
            (Stretch("theme", "R", 8, 0.96, 1.0), Stretch("outro", "R", 4, 0.7, 0.5)))  # fmt: skip


_FORMS: Mapping[str, Callable[[Lengths], Rows]] = {
    "verse-chorus": _verse_chorus, "aaba": _aaba, "blues": _blues, "rondo": _rondo,
    "through-composed": _through_composed,
}  # fmt: skip
FORMS = tuple(_FORMS)


_SHORT = 72
"""Bars below which a piece has no room for a song's usual lengths."""


def _short(form: str, at: Lengths, length: int) -> Rows:
    """A song in few bars: its sections at their shortest, without outro, so that the chorus (the theme, the last
    chorus of a blues) is heard twice and the piece ends with it."""
    verse, chorus = Stretch("verse", "A", 8, 0.5, 0.58), Stretch("chorus", "B", 8, 0.84, 0.88)
    bridge = Stretch("bridge", "C", 4 if length < 48 else 8, 0.6, 0.75)
    last = Stretch("chorus", at.lifted("B"), 8, 0.94, 1.0)
    intro = (Stretch("intro", "R", 2 if length < 40 else 4, 0.42, 0.5),)
    match form:
        case "aaba":
            again = verse._replace(energy=0.58, energy_end=0.64)
            middle = Stretch("bridge", "B", 8, 0.7, 0.8)
            return (() if length < 40 else intro,
                    (verse, again, middle, verse._replace(energy=0.75, energy_end=0.8)), ())  # fmt: skip
        case "blues":
            before = (length - 2) % 12
            opening = (Stretch("intro", "R", before, 0.48, 0.52),) if 2 <= before <= 8 else ()
            solo = Stretch("solo", "A", 12, 0.72, 0.9)
            first = Stretch("verse", "A", 12, 0.52, 0.62)
            return (opening, (first, solo, first._replace(energy=0.72, energy_end=0.8)), ())
        case "rondo":
            theme = Stretch("theme", "R", 4 if length < 48 else 8, 0.65, 0.7)
            return ((), (theme, verse, theme._replace(energy=0.7, energy_end=0.74), bridge),
                    (theme._replace(energy=0.9, energy_end=1.0),))  # fmt: skip
        case "through-composed":
            return (intro, (Stretch("theme", "R", 8, 0.6, 0.66), verse, Stretch("build", "P", 4, 0.7, 0.9), chorus,
                            Stretch("solo", "C", 8, 0.75, 0.95)), ())  # fmt: skip
    if length < 24:
        return ((), (verse, chorus), ())
    if length < 48:
        return (intro, (verse, chorus, bridge), (last,))
    return (intro, (verse, chorus, verse, chorus, bridge, Stretch("solo", at.solo_over, 8, 0.78, 0.92)), (last,))


def arrangement(form: str, seed: int, length: int | None, *, lift: bool) -> Arrangement:
    """A song's sections. lift: whether its last chorus may stand higher. Raises MusicError for an unknown form."""
    try:
        rows = _FORMS[form]
    except KeyError:
        raise MusicError(f"form {form!r} is not one of rock: choose one of {', '.join(FORMS)}") from None
    at = Lengths(seed, lift=lift)
    opening, cycle, closing = _short(form, at, length) if length is not None and length < _SHORT else rows(at)
    if at.up and any(lift_of(stretch.name)[1] for stretch in closing):  # what follows stays where the chorus went
        closing = tuple(s if lift_of(s.name)[1] else s._replace(name=at.lifted(s.name)) for s in (*closing, ENDING))
    return Arrangement(opening, cycle, closing, length)


def lift_of(name: str) -> tuple[str, int]:
    """ "B+2" -> ("B", 2): the material and the semitones by which it stands higher."""
    material, _, up = name.partition(LIFTED)
    return material, int(up or 0)
