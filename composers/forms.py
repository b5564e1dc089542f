"""Forms: songs and arrangements in sections (Arrangement), jumps (Cued); choruses with solos are in `choruses`.

Every question is answered by arithmetic: bar 10,000 costs what bar 1 does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple, Protocol

from composers.composer import Cue
from composers.errors import MusicError
from composers.section_names import label_of, letter_of

ENDING_BARS = 2


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of the performance that a band thinks as one.

    first_bar   absolute, counted from 0
    bars        how many are played (an ending may cut the written ones short)
    written     how many the form has
    role        what it is for: "intro", "head", "solo", "trade", "out", "verse", "pre-chorus", "chorus", "bridge",
                "interlude", "breakdown", "build", "drop", "outro", "theme", ..., and always at last "ending"
    name        the letter in the form: the same role and letter is the same material. Behind it may stand the degree
                in whose key it is ("B/V") or the semitones by which it stands higher ("B+2")
    turn        how often this letter came before in the chorus
    chorus      counted from 0; -1 for an intro, the last chorus's for an ending
    chart_bar   where in the chorus it begins
    energy      0..1, the curve without the plan's own energy
    closes      whether it is the last of its chorus
    energy_end  what the energy grows or falls to, None: a little more
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
    energy_end: float | None = None

    @property
    def end_bar(self) -> int:
        return self.first_bar + self.bars


def label(section: Section) -> str:
    """A section for readers, see section_names.label_of."""
    return label_of(section.role, section.name)


class Form(Protocol):
    """Which section a bar lies in."""

    def section(self, bar: int) -> Section | None:
        """The section that holds `bar` (>= 0), None past the end."""
        ...

    def find(self, name: str) -> int | None:
        """The first bar of the first section called so: a role, a letter, or either with its number ("verse 2")."""
        ...

    def places(self) -> tuple[str, ...]:
        """What find() knows, in the order in which it comes."""
        ...


class Stretch(NamedTuple):
    """A section as an arrangement has it. chart_bar: where in its chart it begins; energy_end: see Section."""

    role: str
    name: str
    bars: int
    energy: float
    energy_end: float | None = None
    chart_bar: int = 0


ENDING = Stretch("ending", "ending", ENDING_BARS, 0.7)
_REPEATED_LIFT = 0.04
"""Energy that each time round adds."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Sections in a row: an opening, a cycle that goes round for as long as there is time, a closing.

    Endless, the closing never comes. With a length the cycle is played as far as it fits; what is left over makes the
    opening longer (up to twice) or cuts the last section short, so that the closing ends with the piece. A short piece
    does without closing, then without opening; its last bars are an ending in any case.
    """

    opening: tuple[Stretch, ...]
    cycle: tuple[Stretch, ...]
    closing: tuple[Stretch, ...] = ()
    length: int | None = None

    def __post_init__(self) -> None:
        if self.length is not None and self.length < 1:
            raise MusicError(f"length = {self.length} bars is no piece: give 1 or more, or none for an endless one")
        if not self.cycle:
            raise MusicError("an arrangement without a cycle has nothing to go on with: give it at least one section")

    def section(self, bar: int) -> Section | None:
        if self.length is not None:
            if bar >= self.length:
                return None
            return next(s for s in _laid_out(self) if bar < s.end_bar)
        opening = sum(stretch.bars for stretch in self.opening)
        if bar < opening:
            return _within(self.opening, 0, bar, -1)
        once = sum(stretch.bars for stretch in self.cycle)
        round_, within = divmod(bar - opening, once)
        return _within(self.cycle, bar - within, bar, round_)

    def find(self, name: str) -> int | None:
        return found_place(self, name, self._bars())

    def places(self) -> tuple[str, ...]:
        return places_of(self, self._bars())

    def _bars(self) -> int:
        return self.length or sum(stretch.bars for stretch in (*self.opening, *self.cycle, *self.cycle))


def _section(stretch: Stretch, first: int, bars: int, turn: int, chorus: int, closes: bool) -> Section:
    lift = _REPEATED_LIFT * max(0, chorus)
    end = None if stretch.energy_end is None else min(1.0, stretch.energy_end + lift)
    return Section(first, bars, stretch.bars, stretch.role, stretch.name, turn, chorus, stretch.chart_bar,
                   min(1.0, stretch.energy + lift), closes, end)  # fmt: skip


def _within(stretches: Sequence[Stretch], first: int, bar: int, chorus: int) -> Section:
    for index, stretch in enumerate(stretches):
        if bar < first + stretch.bars:
            turn = sum(1 for other in stretches[:index] if other[:2] == stretch[:2])
            return _section(stretch, first, stretch.bars, turn, chorus, index == len(stretches) - 1)
        first += stretch.bars
    raise AssertionError("a bar beyond the stretches")


@lru_cache(maxsize=64)
def _laid_out(arrangement: Arrangement) -> tuple[Section, ...]:
    """The sections of a piece that ends."""
    length = arrangement.length or 0
    opening, closing = list(arrangement.opening), list(arrangement.closing)
    if not closing or closing[-1].role != "ending":
        closing.append(ENDING)
    shortest = min(stretch.bars for stretch in arrangement.cycle)

    def bars(*some: Sequence[Stretch]) -> int:
        return sum(stretch.bars for stretches in some for stretch in stretches)

    while len(closing) > 1 and bars(opening, closing) + shortest > length:
        closing.pop(0)
    while opening and bars(opening, closing) + shortest > length:
        opening.pop()
    if bars(closing) > length:
        closing = [closing[-1]._replace(bars=length)]
    room = length - bars(opening, closing)
    middle: list[tuple[Stretch, int, int]] = []  # the stretch, its bars, the time round
    at = 0
    while room > 0:
        round_, index = divmod(at, len(arrangement.cycle))
        stretch = arrangement.cycle[index]
        if stretch.bars > room and opening and middle and room <= opening[0].bars:
            opening[0] = opening[0]._replace(bars=opening[0].bars + room)
            break
        middle.append((stretch, min(stretch.bars, room), round_))
        room -= stretch.bars
        at += 1
    return _counted(opening, middle, closing)


def _counted(
    opening: Sequence[Stretch], middle: Sequence[tuple[Stretch, int, int]], closing: Sequence[Stretch]
) -> tuple[Section, ...]:
    sections: list[Section] = []
    first = 0
    last = middle[-1][2] if middle else 0
    rows = [(s, s.bars, -1) for s in opening] + list(middle) + [(s, s.bars, last) for s in closing]
    for index, (stretch, bars, round_) in enumerate(rows):
        same = [s for s in sections if s.chorus == round_ and (s.role, s.name) == stretch[:2]]
        closes = index + 1 == len(rows) or rows[index + 1][2] != round_ or rows[index + 1][0] in closing
        sections.append(_section(stretch, first, bars, len(same), round_, closes))
        first += bars
    return tuple(sections)


# Jumps ------------------------------------------------------------------------------------------------------------


def places_of(form: Form, bars: int) -> tuple[str, ...]:
    """Names of the sections in the first `bars` bars: the role alone for the first of its kind, with a number for
    those that follow.
    """
    found: list[str] = []
    counted: dict[str, int] = {}
    bar = 0
    while bar < bars and (section := form.section(bar)) is not None:
        counted[section.role] = count = counted.get(section.role, 0) + 1
        found.append(section.role if count == 1 else f"{section.role} {count}")
        bar = section.end_bar
    return tuple(dict.fromkeys(found))


def found_place(form: Form, name: str, bars: int) -> int | None:
    """See Form.find, within the first `bars` bars."""
    wanted = name.strip().lower()
    counted: dict[str, int] = {}
    bar = 0
    while bar < bars and (section := form.section(bar)) is not None:
        role, name, letter = section.role.lower(), section.name.lower(), letter_of(section.name).lower()
        for word in {role, name, letter, f"{role} {name}", f"{role} {letter}", label(section).lower()}:
            counted[word] = counted.get(word, 0) + 1
            if wanted == f"{word} {counted[word]}" or (wanted == word and counted[word] == 1):
                return section.first_bar
        bar = section.end_bar
    return None


@dataclass(frozen=True, slots=True)
class Cued:
    """A form with jumps: from each cue's bar on it goes on as from the section that the cue names.

    form     as it would be played; where it has a length, its last section keeps its place
    endless  the same without a length: what is jumped to lies in it
    cues     sorted by bar; one that comes later at the same bar replaces the one before

    Raises MusicError for a section that the form does not have: it names those that it has.
    """

    form: Form
    endless: Form
    cues: tuple[Cue, ...]
    length: int | None = None

    def __post_init__(self) -> None:
        for cue in self.cues:
            if self.endless.find(cue.section) is None:
                raise MusicError(f"section {cue.section!r} is not one of this form: choose one of "
                                 f"{', '.join(self.endless.places())}")  # fmt: skip

    def section(self, bar: int) -> Section | None:
        last = None if self.length is None else self.form.section(self.length - 1)
        if last is not None and bar >= last.first_bar:
            return self.form.section(bar)
        limit = None if last is None else last.first_bar
        origin, shift, form = 0, 0, self.form
        for cue in self.cues:
            if cue.bar > bar:
                limit = cue.bar if limit is None else min(limit, cue.bar)
                break
            target = self.endless.find(cue.section)
            if target is not None:
                origin, shift, form = cue.bar, cue.bar - target, self.endless
        section = form.section(bar - shift)
        if section is None:
            return None
        first = max(origin, section.first_bar + shift)
        end = section.end_bar + shift if limit is None else min(limit, section.end_bar + shift)
        return replace(section, first_bar=first, bars=end - first)

    def find(self, name: str) -> int | None:
        return self.endless.find(name)

    def places(self) -> tuple[str, ...]:
        return self.endless.places()
