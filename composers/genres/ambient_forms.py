"""Forms of ambient music: fields that follow each other without end, and an energy that breathes over minutes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from composers.dice import dice
from composers.forms import Arrangement, Form, Section, Stretch

FORMS = ("drift", "arc", "loops", "phasing")
_LEVEL, _DEPTH = 0.45, 0.2
"""The middle of the energy, and how far it rises and falls (common craft: a sine of 3 to 10 minutes, depth .2)."""
_PERIODS = (61, 71, 83, 97, 109)
"""Bars of one breath: 4 to 8 minutes at 60 beats a minute. Primes, so that it never falls in with the sections."""
_LESS = {"stillness": 0.16, "intro": 0.12, "outro": 0.14, "ending": 0.2}
"""Energy that a role takes away."""


@dataclass(frozen=True, slots=True)
class Breathing:
    """A form whose energy is a slow sine of the bar, whatever the section: the same at bar 10 and never again.

    period  bars of a breath; phase: 0..1 of it at bar 0
    """

    form: Form
    period: int
    phase: float

    def section(self, bar: int) -> Section | None:
        section = self.form.section(bar)
        if section is None:
            return None
        start, end = self._energy(section.first_bar), self._energy(section.end_bar)
        less = _LESS.get(section.role, 0.0)
        fades = section.role in ("outro", "ending")
        return replace(section, energy=start - less, energy_end=(min(start, end) - 0.1 if fades else end) - less)

    def find(self, name: str) -> int | None:
        return self.form.find(name)

    def places(self) -> tuple[str, ...]:
        return self.form.places()

    def _energy(self, bar: int) -> float:
        return _LEVEL + _DEPTH * math.sin(2 * math.pi * (bar / self.period + self.phase))


def breathing(name: str, seed: int, length: int | None) -> Breathing:
    """A form by name, with a length or without end."""
    draw = dice(seed, "breath")
    return Breathing(_arrangement(name, length), draw.one_of(_PERIODS), draw.random())


def _arrangement(name: str, length: int | None) -> Arrangement:
    """Sections of 8 to 24 bars: half a minute to a minute and a half at 60 beats a minute. Energies are Breathing's."""
    intro, outro, ending = _stretch("intro", "A", 8), _stretch("outro", "A", 8), _stretch("ending", "ending", 4)
    closing = (outro, ending)
    if name == "arc":
        return Arrangement((intro,), (_stretch("field", "A", 16), _stretch("field", "B", 16),
                                      _stretch("field", "C", 16), _stretch("field", "B", 12),
                                      _stretch("field", "A", 12)), closing, length)  # fmt: skip
    if name in ("loops", "phasing"):
        role = "field" if name == "loops" else "phasing"
        return Arrangement((intro,), (_stretch(role, "A", 24), _stretch(role, "B", 24)), closing, length)
    return Arrangement((intro,), (_stretch("field", "A", 16), _stretch("field", "B", 16), _stretch("stillness", "A", 8),
                                  _stretch("field", "A", 12), _stretch("field", "C", 16),
                                  _stretch("stillness", "B", 8)), closing, length)  # fmt: skip


def _stretch(role: str, name: str, bars: int) -> Stretch:
    return Stretch(role, name, bars, _LEVEL)
