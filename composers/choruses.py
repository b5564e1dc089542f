"""Choruses of a tune, as jazz is played: intro, head, solos that build, trading, the head again, tag and ending."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from composers.errors import MusicError
from composers.forms import ENDING_BARS, Section, found_place, places_of

_LONGEST_INTRO = 8
_TAG = 4
_SHORT = 16
"""A chorus of so many bars is played twice as head, and has twice the solos."""


class Part(NamedTuple):
    """A stretch of a chorus: its letter and its length in bars. The same letter means the same tune."""

    name: str
    bars: int


@dataclass(frozen=True, slots=True)
class Performance:
    """A form played chorus after chorus.

    Head (twice where a chorus has at most 16 bars), solos that build, the head again; endless performances go on
    with more solos. A finite one plays what does not fill a chorus as an intro (up to 8 bars, the form's last) and as
    a tag, or takes the head out from there; its last two bars are an ending.

    parts   of a chorus
    length  bars until the piece ends, None: it does not
    trades  bars that band and drummer take in turn in the last chorus before the head out, 4 or 8; 0: they do not
    bass    whether a chorus of the bass comes before that
    tag     whether the last bars of a finite piece are said again before it ends (2 or 4 of those left over)
    intro   bars before the first head of an endless piece
    """

    parts: tuple[Part, ...]
    length: int | None = None
    trades: int = 0
    bass: bool = False
    tag: bool = False
    intro: int = 0

    def __post_init__(self) -> None:
        if self.length is not None and self.length < 1:
            raise MusicError(f"length = {self.length} bars is no piece: give 1 or more, or none for an endless one")

    @property
    def chorus_bars(self) -> int:
        return sum(part.bars for part in self.parts)

    @property
    def _left_bars(self) -> int:
        """What does not fill a chorus, where intro and tag can take it."""
        if self.length is None or self.length <= self.chorus_bars:
            return 0
        left = self.length % self.chorus_bars
        return left if left <= _LONGEST_INTRO else 0

    @property
    def tag_bars(self) -> int:
        """Bars between the last chorus's last two and the ending's: 4, 2 or 0."""
        left = self._left_bars
        return 0 if not self.tag else _TAG if left >= _TAG else left if left == 2 else 0

    @property
    def intro_bars(self) -> int:
        return self.intro if self.length is None else self._left_bars - self.tag_bars

    @property
    def _short(self) -> bool:
        return self.chorus_bars <= _SHORT

    def section(self, bar: int) -> Section | None:
        """The section that holds `bar` (>= 0), None past the end."""
        body_end = None
        if self.length is not None:
            if bar >= self.length:
                return None
            ending = max(0, self.length - ENDING_BARS)
            body_end = max(0, ending - self.tag_bars)
            last = max(0, (self.length - self.tag_bars - 1 - self.intro_bars) // self.chorus_bars)
            if bar >= ending:
                return Section(ending, self.length - ending, ENDING_BARS, "ending", "ending", 0, last, 0, 0.7, True)
            if bar >= body_end:
                chart_bar = self.chorus_bars - ENDING_BARS
                return Section(body_end, ending - body_end, self.tag_bars, "tag", "tag", 0, last, chart_bar, 0.65, True)
        if bar < self.intro_bars:
            bars = self.intro_bars if body_end is None else min(self.intro_bars, body_end)
            start = max(0, self.chorus_bars - self.intro_bars)
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
        heads = 2 if self._short else 1
        lift = 0.03 * index
        if self.length is None:
            solos = (6 if self._short else 3) + self.bass
            if chorus < heads:
                return "head", 0.45 + lift
            at = (chorus - heads) % (solos + 1)
            if at == solos:
                return "out", 0.6
        else:
            choruses = -(-(self.length - self.intro_bars - self.tag_bars) // self.chorus_bars)
            heads = heads if choruses >= 5 else 1
            if chorus < heads:
                return "head", 0.45 + lift
            if choruses == 2 and chorus == 1 and index >= (len(self.parts) + 1) // 2 and len(self.parts) > 1:
                return "out", 0.6
            if choruses >= 3 and chorus == choruses - 1:
                return "out", 0.6
            solos = max(1, choruses - heads - (1 if choruses >= 3 else 0))
            at = chorus - heads
        return self._solo(at, solos, index, lift)

    def _solo(self, at: int, solos: int, index: int, lift: float) -> tuple[str, float]:
        """Solo chorus `at` of so many: the last is traded, the one before is the bass's."""
        traded = self.trades > 0 and solos >= 3
        if traded and at == solos - 1:
            eights = self.trades >= 8 and all(part.bars == 8 for part in self.parts)
            return ("trade" if not eights else "drum-solo" if index % 2 else "solo"), 0.8
        bass = self.bass and solos >= 4
        if bass and at == solos - 1 - traded:
            return "bass-solo", 0.42 + lift
        climb = solos - bass  # the bass rests the arc, which goes on to the trading
        ramp = at / (climb - 1) if climb > 1 else 0.5
        return "solo", min(0.95, 0.5 + 0.38 * min(1.0, ramp) + lift)

    def find(self, name: str) -> int | None:
        return found_place(self, name, 8 * self.chorus_bars + self.intro_bars)

    def places(self) -> tuple[str, ...]:
        return places_of(self, 8 * self.chorus_bars + self.intro_bars)
