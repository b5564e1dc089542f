"""What phrases are built of: ideas, answers, fragments, cadences, for any number of bars and each kind of section.

After Caplin, Classical Form (1998): sentence 2 + 2 + 4, period 4 + 4, transitions that end on a dominant, closing
sections of cadences said again, developments that put a model through its keys.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from composers.dice import dice


class Unit(NamedTuple):
    """A few bars of one purpose.

    kind     "idea" (the basic idea), "answer" (it again, on other harmony), "contrast" (another idea), "fragment" (the
             idea's first bar, twice), "cadence", "echo" (the tonic after it), "work" (the idea transformed), "pedal"
             (a dominant held), "digression" (the idea on the dominant)
    cadence  how it ends: "" (on), "half", "full", "deceptive"
    turn     counts units of its kind in the section, from 0
    """

    bar: int
    bars: int
    kind: str
    cadence: str = ""
    turn: int = 0

    @property
    def end(self) -> int:
        return self.bar + self.bars


_Row = tuple[int, str, str]


@lru_cache(maxsize=1024)
def units(seed: int, role: str, letter: str, bars: int) -> tuple[Unit, ...]:
    """The units of a section of so many bars (>= 1); sections of one letter are built alike, whatever their role."""
    draw = dice(seed, "phrases", letter)
    sentence = draw.chance(0.5)
    evaded = draw.chance(0.22)
    if role == "transition":
        rows = _transition(bars)
    elif role in ("closing", "coda"):
        rows = _closing(bars, role)
    elif role == "development":
        rows = [(2, "work", "")] * (bars // 2) + [(bars % 2, "echo", "")]
    elif role == "retransition":
        rows = [(bars, "pedal", "half")]
    elif role == "ending":
        rows = [(bars, "cadence", "full")] if bars <= 2 else [(bars - 2, "echo", ""), (2, "cadence", "full")]
    else:
        rows = _theme(bars, sentence, evaded, open_=letter in _HALF_OPEN)
    found: list[Unit] = []
    at = 0
    turns: dict[str, int] = {}
    for size, kind, cadence in rows:
        if size > 0:
            turn = turns.get(kind, 0)
            turns[kind] = turn + 1
            found.append(Unit(at, size, kind, cadence, turn))
            at += size
    return tuple(found)


_HALF_OPEN = frozenset("M")
"""Material whose second half begins away from home and turns back (the second part of a minuet)."""


def _theme(bars: int, sentence: bool, evaded: bool, open_: bool) -> list[_Row]:
    rows: list[_Row] = []
    left = bars
    while left >= 16:  # two of eight: the first one open
        rows += _eight(sentence, "half") + _eight(sentence, "full")
        left -= 16
    if left >= 8:
        if open_:
            rows += [(2, "digression", ""), (2, "contrast", "half"), (2, "idea", ""), (2, "cadence", "full")]
        else:
            rows += _eight(sentence, "full")
        left -= 8
    if left >= 4:
        if evaded and rows and left >= 6:  # the cadence goes astray, and is said again
            size, kind, _ = rows[-1]
            rows[-1] = (size, kind, "deceptive")
        rows += [(2, "idea", ""), (left - 4, "fragment" if left > 4 else "echo", ""), (2, "cadence", "full")]
        left = 0
    if left == 3:
        rows += [(2, "cadence", "full"), (1, "echo", "")]
    elif left == 2:
        if evaded and rows:
            size, kind, _ = rows[-1]
            rows[-1] = (size, kind, "deceptive")
        rows += [(2, "cadence", "full")]
    elif left == 1:
        rows += [(1, "echo" if rows else "cadence", "")]
    return rows


def _eight(sentence: bool, cadence: str) -> list[_Row]:
    if sentence:
        last: _Row = (2, "contrast", "half") if cadence == "half" else (2, "cadence", cadence)
        return [(2, "idea", ""), (2, "answer", ""), (2, "fragment", ""), last]
    end: _Row = (2, "answer", "half") if cadence == "half" else (2, "cadence", cadence)
    return [(2, "idea", ""), (2, "contrast", "half"), (2, "idea", ""), end]


def _transition(bars: int) -> list[_Row]:
    if bars <= 3:
        return [(bars, "contrast", "half")]
    return [(2, "idea", ""), *[(2, "fragment", "")] * ((bars - 4) // 2), (2 + bars % 2, "contrast", "half")]


def _closing(bars: int, role: str) -> list[_Row]:
    if role == "coda" and bars >= 4:
        if bars >= 10:  # the theme once more
            return [*_eight(True, "full"), *_closing(bars - 8, "closing")]
        rest = bars - 2
        return [(2, "idea", ""), *[(2, "cadence", "full")] * (rest // 2), (rest % 2, "echo", "")]
    return [*[(2, "cadence", "full")] * (bars // 2), (bars % 2, "echo", "")]
