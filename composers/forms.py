"""Forms: sections of a chorus, and how choruses make a performance with an energy curve, an intro and an ending."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from composers.errors import MusicError

ENDING_BARS = 2
_LONGEST_INTRO = 8


class Part(NamedTuple):
    """A stretch of a chorus: its letter and its length in bars. The same letter means the same tune."""

    name: str
    bars: int


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of the performance that a band thinks as one.

    first_bar   absolute, counted from 0
    bars        how many are played (an ending may cut the written ones short)
    written     how many the form has
    role        "intro", "head", "solo", "trade", "out" or "ending"
    name        the letter in the form
    turn        how often this letter came before in the chorus
    chorus      counted from 0; -1 for an intro, the last chorus's for an ending
    chart_bar   where in the chorus it begins
    energy      0..1, the curve without the plan's own energy
    closes      whether it is the last of its chorus
    """

    first_bar: int
    bars: int
    written: int
    role: str
    name: str
    turn: int
    chorus: int
    chart_bar: int
    energy: float
    closes: bool

    @property
    def end_bar(self) -> int:
        return self.first_bar + self.bars


@dataclass(frozen=True, slots=True)
class Performance:
    """A form played chorus after chorus. Every question is answered by arithmetic: bar 10,000 costs what bar 1 does.

    Head (twice where a chorus has at most 16 bars), solos that build, the head again; endless performances go on
    with more solos. A finite one plays what does not fill a chorus as an intro (up to 8 bars, the form's last) or
    takes the head out from there, and its last two bars are an ending.
    """

    parts: tuple[Part, ...]
    length: int | None = None
    trades: bool = False

    def __post_init__(self) -> None:
        if self.length is not None and self.length < 1:
            raise MusicError(f"length = {self.length} bars is no piece: give 1 or more, or none for an endless one")

    @property
    def chorus_bars(self) -> int:
        return sum(part.bars for part in self.parts)

    @property
    def intro_bars(self) -> int:
        if self.length is None or self.length <= self.chorus_bars:
            return 0
        left = self.length % self.chorus_bars
        return left if left <= _LONGEST_INTRO else 0

    def section(self, bar: int) -> Section | None:
        """The section that holds `bar` (>= 0), None past the end."""
        body_end = None if self.length is None else max(0, self.length - ENDING_BARS)
        if self.length is not None and body_end is not None and bar >= body_end:
            if bar >= self.length:
                return None
            chorus = max(0, (self.length - 1 - self.intro_bars) // self.chorus_bars)
            return Section(body_end, self.length - body_end, ENDING_BARS, "ending", "ending", 0, chorus, 0, 0.7, True)
        if bar < self.intro_bars:
            bars = self.intro_bars if body_end is None else min(self.intro_bars, body_end)
            start = self.chorus_bars - self.intro_bars
            return Section(0, bars, self.intro_bars, "intro", "intro", 0, -1, start, 0.4, True)
        chorus, within = divmod(bar - self.intro_bars, self.chorus_bars)
        start, index = 0, 0
        while within >= start + self.parts[index].bars:
            start += self.parts[index].bars
            index += 1
        part = self.parts[index]
        first = self.intro_bars + chorus * self.chorus_bars + start
        bars = part.bars if body_end is None else min(part.bars, body_end - first)
        role, energy = self._role(chorus, index)
        turn = sum(1 for other in self.parts[:index] if other.name == part.name)
        closes = index == len(self.parts) - 1
        return Section(first, bars, part.bars, role, part.name, turn, chorus, start, energy, closes)

    def _role(self, chorus: int, index: int) -> tuple[str, float]:
        """What a section of a chorus is for, and how hot it is played (jazz: .4 to .9 over the solos, .5 heads)."""
        short = self.chorus_bars <= 16
        heads = 2 if short else 1
        lift = 0.03 * index
        if self.length is None:
            solos = 6 if short else 3
            if chorus < heads:
                return "head", 0.45 + lift
            at = (chorus - heads) % (solos + 1)
            if at == solos:
                return "out", 0.6
        else:
            choruses = -(-(self.length - self.intro_bars) // self.chorus_bars)
            heads = heads if choruses >= 5 else 1
            if chorus < heads:
                return "head", 0.45 + lift
            if choruses == 2 and chorus == 1 and index >= (len(self.parts) + 1) // 2 and len(self.parts) > 1:
                return "out", 0.6
            if choruses >= 3 and chorus == choruses - 1:
                return "out", 0.6
            solos = max(1, choruses - heads - (1 if choruses >= 3 else 0))
            at = chorus - heads
        if self.trades and solos >= 3 and at == solos - 1:
            return "trade", 0.8
        ramp = at / (solos - 1) if solos > 1 else 0.5
        return "solo", min(0.95, 0.5 + 0.38 * ramp + lift)
