"""Counterpoint as a value: tones in eighth notes over the bars of a cantus firmus."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from composers.errors import MusicError
from composers.theory.counterpoint.cantus import Cantus
from composers.theory.pitch import Pitch

BAR = 8
"""Eighth notes to a bar, a whole note of the cantus."""


class Slot(NamedTuple):
    """A tone's time: start and length in eighth notes. One that crosses a bar line is written tied."""

    start: int
    length: int

    @property
    def bar(self) -> int:
        """From 0."""
        return self.start // BAR

    @property
    def at(self) -> int:
        """Eighth notes after the bar line: 0 on the beat, 4 half way."""
        return self.start % BAR

    @property
    def tied(self) -> bool:
        return self.at + self.length > BAR


class Tone(NamedTuple):
    """A note of the counterpoint."""

    slot: Slot
    pitch: Pitch


@dataclass(frozen=True, slots=True)
class Counterpoint:
    """A voice in a species, above or below its cantus."""

    cantus: Cantus
    species: int
    above: bool
    tones: tuple[Tone, ...]

    @staticmethod
    def parse(text: str, cantus: Cantus, species: int, *, above: bool = True) -> Counterpoint:
        """Pitches with a length where it changes: "A4:w G4 A4", ":h" half, ":q" quarter, ":e" eighth; "r:h" rests.

        A "~" ties to the next note of the same pitch: "D5:h~ D5:h". Raises MusicError.
        """
        lengths = {"w": 8, "h": 4, "q": 2, "e": 1}
        length, start, tying = 8, 0, False
        tones: list[Tone] = []
        for word in text.split():
            name, _, value = word.rstrip("~").partition(":")
            if value:
                if value not in lengths:
                    raise MusicError(f"length {value!r} of {word!r} is not known: write w, h, q or e")
                length = lengths[value]
            if tying and tones:
                last = tones[-1]
                if name != str(last.pitch):
                    raise MusicError(f"{last.pitch} is tied to {name}: a tie joins two notes of one pitch")
                tones[-1] = Tone(Slot(last.slot.start, last.slot.length + length), last.pitch)
            elif name != "r":
                tones.append(Tone(Slot(start, length), Pitch.parse(name)))
            start += length
            tying = word.endswith("~")
        return Counterpoint(cantus, species, above, tuple(tones))

    @property
    def pitches(self) -> tuple[Pitch, ...]:
        return tuple(t.pitch for t in self.tones)

    def __str__(self) -> str:
        lines = [f"species {self.species} {'above' if self.above else 'below'} {self.cantus.name} ({self.cantus.mode})"]
        for bar, below in enumerate(self.cantus.pitches):
            lines.append(f"{bar + 1:>3}  {below!s:<4} {' '.join(self._words(bar))}")
        return "\n".join(lines)

    def _words(self, bar: int) -> list[str]:
        """A bar as `parse` reads it."""
        words = []
        for slot, pitch in self.tones:
            begin, end = max(slot.start, bar * BAR), min(slot.start + slot.length, (bar + 1) * BAR)
            if begin < end:
                tie = "~" if slot.start + slot.length > end else ""
                words.append(f"{pitch}:{_LENGTH.get(end - begin, end - begin)}{tie}")
        if not bar and self.tones and self.tones[0].slot.start in _LENGTH:
            words.insert(0, f"r:{_LENGTH[self.tones[0].slot.start]}")
        return words


_LENGTH = {8: "w", 4: "h", 2: "q", 1: "e"}


def slots_of(lengths: Iterable[int], start: int = 0) -> tuple[Slot, ...]:
    """One after the other."""
    found = []
    for length in lengths:
        found.append(Slot(start, length))
        start += length
    return tuple(found)
