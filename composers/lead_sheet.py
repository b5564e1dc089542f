"""A lead sheet: a tune, its chords and its sections, without the band. What one genre hands to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from composers.errors import MusicError
from composers.score import PPQ, Meter

KINDS = ("intro", "verse", "chorus", "bridge", "interlude", "outro")
"""What a section can be in a song. Genres call them otherwise: theme, head, hook, drop, breakdown, coda."""


class SheetNote(NamedTuple):
    """A note of the tune: `step`, `length` in steps (12 a quarter) from the sheet's beginning, MIDI key, velocity."""

    step: int
    length: int
    pitch: int
    velocity: float = 84.0

    @property
    def end(self) -> int:
        return self.step + self.length


class SheetSection(NamedTuple):
    """A section: the same letter is the same music.

    kind    one of KINDS
    role    what its own genre calls it ("head", "theme", "drop"); "": nobody has said
    energy  0..1
    """

    kind: str
    letter: str
    first_bar: int
    bars: int
    energy: float = 0.6
    role: str = ""

    @property
    def end_bar(self) -> int:
        return self.first_bar + self.bars


class SheetChord(NamedTuple):
    """A chord symbol from a step on."""

    step: int
    symbol: str


class SheetKey(NamedTuple):
    """A key from a bar on: tonic "Eb", mode "major" or "minor" (or a church mode)."""

    bar: int
    tonic: str
    mode: str


@dataclass(frozen=True, slots=True)
class LeadSheet:
    """A tune in one meter, bars counted from 0.

    bars      how many; at least 1
    tempo     quarters a minute
    sections  one after the other, from bar 0 to the last
    keys      from bar 0 on
    chords    in order; none before the first is known. Empty: a tune without chords
    melody    one voice, sorted, nothing overlapping
    origin    bar of the performance in which its first bar lies: a band that takes it up while it plays goes on where
              the other was
    settled   its bars are played as they are where the meter allows it, at whatever tempo; else a style may take two
              for one, or one for two, to come near its own tempo

    Raises MusicError for sections that leave bars out.
    """

    meter: Meter
    bars: int
    tempo: float
    sections: tuple[SheetSection, ...]
    keys: tuple[SheetKey, ...]
    chords: tuple[SheetChord, ...] = ()
    melody: tuple[SheetNote, ...] = ()
    title: str = ""
    origin: int = 0
    settled: bool = False

    def __post_init__(self) -> None:
        at = 0
        for section in self.sections:
            if section.first_bar != at or section.bars < 1:
                raise MusicError(f"section {section.letter} begins at bar {section.first_bar + 1}, not {at + 1}: the "
                                 "sections of a lead sheet follow each other without gaps")  # fmt: skip
            at = section.end_bar
        if at != self.bars or not self.keys or self.keys[0].bar != 0:
            raise MusicError(f"a lead sheet of {self.bars} bars has sections up to bar {at} and keys "
                             f"{self.keys}: give both from the first bar to the last")  # fmt: skip

    @property
    def steps(self) -> int:
        """Of the whole, 12 a quarter."""
        return self.bars * self.bar_steps

    @property
    def bar_steps(self) -> int:
        return self.meter.bar_ticks * 12 // PPQ

    def __str__(self) -> str:
        name = f"{self.title!r}, " if self.title else ""
        return f"{name}{self.bars} bars of {self.meter} in {self.keys[0].tonic} {self.keys[0].mode}"

    def section_at(self, bar: int) -> SheetSection:
        """The section that a bar lies in."""
        return next(section for section in self.sections if bar < section.end_bar)

    def chord_at(self, step: int) -> str | None:
        """The symbol in force, None before the first."""
        return next((chord.symbol for chord in reversed(self.chords) if chord.step <= step), None)
