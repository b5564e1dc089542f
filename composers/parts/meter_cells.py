"""Bars written as cells of 4/4 ("X.x. X.x. ..."), and where their beats lie in any other meter.

A drummer who plays in five or seven does not cut a bar of four off: each felt beat takes the part of a beat of the
4/4 groove, a downbeat or a backbeat, and long beats (three eighths) get a third eighth of their own.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, TypeVar

from composers.errors import MusicError
from composers.pulse import STEPS, Pulse

T = TypeVar("T")
Level = str
"""How loud a cell is: "X" accent, "x" normal, "o" light, "g" ghost."""

LEVELS = "Xxog"


class Frame(NamedTuple):
    """A felt beat of a bar: where it lies, in steps, and the beat of the 4/4 groove whose part it takes.

    third  of a long beat in an odd meter: the source of its last eighth, None: it goes on by itself
    """

    start: int
    length: int
    source: int
    third: int | None = None


@lru_cache(maxsize=1024)
def parse_cells(text: str) -> tuple[tuple[tuple[int, Level], ...], ...]:
    """Bars of (cell, level), bars divided by "/"; "." is a rest, blanks and "|" are for the eye.

    Raises MusicError for another character.
    """
    bars = []
    for bar in text.split("/"):
        cells = [c for c in bar if not (c.isspace() or c == "|")]
        strange = next((c for c in cells if c not in LEVELS and c != "."), None)
        if strange is not None:
            raise MusicError(f"cells {text!r}: {strange!r} is none of {LEVELS} and '.'")
        if len(cells) not in (12, 16):
            raise MusicError(f"cells {text!r}: a bar has 16 cells, or 12 of triplets, not {len(cells)}")
        bars.append(tuple((index, c) for index, c in enumerate(cells) if c != "."))
    return tuple(bars)


@lru_cache(maxsize=1024)
def cells_a_beat(text: str) -> int:
    """4, or 3 of triplets."""
    return 3 if sum(c in LEVELS or c == "." for c in text.split("/")[0]) == 12 else 4


_PARTS: dict[int, tuple[tuple[tuple[int, ...], float], ...]] = {
    1: (((0,), 1.0),),
    2: (((0, 1), 1.0),),
    3: (((0, 2, 3), 0.5), ((0, 1, 3), 0.3), ((0, 1, 2), 0.2)),
    4: (((0, 1, 2, 3), 1.0),),
    5: (((0, 1, 2, 0, 3), 0.6), ((0, 1, 2, 3, 2), 0.4)),
    6: (((0, 1, 2, 0, 2, 3), 0.5), ((0, 1, 2, 3, 2, 3), 0.5)),
    7: (((0, 1, 2, 3, 0, 2, 3), 0.6), ((0, 1, 2, 3, 0, 1, 3), 0.4)),
}
"""By felt beats, the beats of 4/4 whose parts they take."""
_HALF_PARTS: dict[int, tuple[int, ...]] = {
    2: (0, 2), 3: (0, 1, 2), 5: (0, 1, 3, 2, 3), 6: (0, 1, 3, 2, 1, 3), 7: (0, 1, 3, 3, 2, 1, 3),
}  # fmt: skip
"""The same for grooves in half time."""
_LONG_PARTS: tuple[tuple[tuple[tuple[int, ...], int | None], float], ...] = (
    (((0, 1, 2), 3), 0.55), (((0, 1, 2), None), 0.25), (((0, 1, 3), None), 0.2),
)  # fmt: skip
"""Of 7/8 as 2 + 2 + 3: snares on 3 and 7, on 3 alone, on 3 and 5."""


@lru_cache(maxsize=512)
def frames(pulse: Pulse, bar: int, roll: float, half: bool = False) -> tuple[Frame, ...]:
    """The beats of bar `bar` of a pattern. roll: 0..1, the piece's own choice, the same in all its sections.

    half: the groove is in half time, its one backbeat the third beat of four, which no meter may lack. Two felt beats
    (6/8) take the first half of another groove, and in every other bar its first beat and its last.
    """
    starts = pulse.beats
    lengths = [after - at for at, after in zip(starts, (*starts[1:], pulse.steps), strict=True)]
    count = len(starts)
    long = lengths[-1] > lengths[0]
    third: int | None = None
    sources: tuple[int, ...]
    if half and count in _HALF_PARTS:
        sources = _HALF_PARTS[count]
    elif long and count == 3:
        sources, third = _chosen(_LONG_PARTS, roll)
    elif count == 2 and bar % 2 == 1 and not long:
        sources = (0, 3)
    else:
        sources = _chosen(_PARTS.get(count, ()), roll) if count in _PARTS else tuple(k % 4 for k in range(count - 1))
        if len(sources) < count:
            sources = (*sources, 3)
        if long:
            third = 2 if sources[-1] != 2 else 3
    return tuple(
        Frame(at, length, source, third if long and index == count - 1 else None)
        for index, (at, length, source) in enumerate(zip(starts, lengths, sources, strict=True))
    )


def _chosen(choices: tuple[tuple[T, float], ...], roll: float) -> T:
    left = roll * sum(weight for _, weight in choices)
    for choice, weight in choices:
        left -= weight
        if left < 0:
            return choice
    return choices[-1][0]


def offsets(frame: Frame, beat: int, cell: int, per_beat: int, filling: bool, swung: bool) -> tuple[int, ...]:
    """Where the cell `cell` of the 4/4 beat `beat` falls in a frame, in steps from the bar's start.

    filling  of what keeps time: an off-beat fills both eighths of a long beat, where a drum takes the last
    swung    of triplets: the third is written as the off-beat eighth, which the feel puts late
    """
    start, long = frame.start, frame.length > STEPS
    if frame.third is not None:
        if beat == frame.third and beat != frame.source:
            return (start + STEPS,) if cell == 0 and not filling else ()
        if beat != frame.source:
            return ()
        if filling and cell in (0, 2) and per_beat == 4:
            return (start, start + STEPS) if cell == 0 else (start + 6,)
        return (start + (cell * 3 if per_beat == 4 else (0, 4, 6 if swung else 8)[cell]),)
    if beat != frame.source:
        return ()
    if not long:
        return (start + (cell * 3 if per_beat == 4 else (0, 4, 6 if swung else 8)[cell]),)
    if per_beat == 3:
        return (start + 6 * cell,)
    if filling:
        return ((start,), (start + 3,), (start + 6, start + 12), (start + 15,))[cell]
    return (start + (0, 3, 12, 15)[cell],)
