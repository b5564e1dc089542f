"""Arrangements of dance music in blocks of 8, 16 and 32 bars: tension in breakdown and build, release in the drop.

Sections, lengths and energies as production and DJ guides agree on them; no measured corpus of arrangements is known.
A piece of a given length has as many of them as it has room for, whole, and they grow by eight bars where they are
shortest against their measure, so that a drop never comes without its build nor ends in its middle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from composers.errors import MusicError
from composers.forms import ENDING_BARS, Arrangement, Stretch

FORMS = ("club", "radio", "festival", "linear")


@dataclass(frozen=True, slots=True)
class _Block:
    """A section and how many bars it likes to have; `keep`: the higher, the longer a short piece holds on to it."""

    role: str
    name: str
    bars: int
    energy: float
    end: float
    keep: int


_DROP_ENERGY, _DROP_END = 0.94, 0.98
_CLUB = (
    _Block("intro", "A", 32, 0.2, 0.42, 3), _Block("verse", "A", 32, 0.5, 0.6, 2),
    _Block("breakdown", "B", 16, 0.3, 0.42, 4), _Block("build", "C", 8, 0.42, 0.85, 5),
    _Block("drop", "D", 32, _DROP_ENERGY, _DROP_END, 6), _Block("verse", "A", 16, 0.56, 0.6, 0),
    _Block("breakdown", "B", 16, 0.3, 0.45, 1), _Block("build", "C", 8, 0.45, 0.9, 1),
    _Block("drop", "D", 32, 0.97, 1.0, 1), _Block("outro", "A", 32, 0.5, 0.2, 3),
)  # fmt: skip
_RADIO = (
    _Block("intro", "A", 8, 0.28, 0.42, 3), _Block("verse", "A", 16, 0.5, 0.6, 2),
    _Block("build", "C", 8, 0.42, 0.85, 5), _Block("drop", "D", 16, _DROP_ENERGY, _DROP_END, 6),
    _Block("breakdown", "B", 16, 0.3, 0.44, 1), _Block("build", "C", 8, 0.45, 0.9, 1),
    _Block("drop", "D", 16, 0.97, 1.0, 1), _Block("outro", "A", 8, 0.5, 0.25, 2),
)  # fmt: skip
_FESTIVAL = (
    _Block("intro", "A", 16, 0.25, 0.42, 2), _Block("breakdown", "B", 16, 0.3, 0.44, 4),
    _Block("build", "C", 16, 0.42, 0.9, 5), _Block("drop", "D", 16, _DROP_ENERGY, _DROP_END, 6),
    _Block("verse", "A", 16, 0.52, 0.58, 0), _Block("breakdown", "B", 16, 0.3, 0.48, 1),
    _Block("build", "C", 16, 0.45, 0.92, 1), _Block("drop", "D", 32, 0.97, 1.0, 1),
    _Block("outro", "A", 16, 0.5, 0.2, 3),
)  # fmt: skip
_LINEAR = (
    _Block("intro", "A", 32, 0.25, 0.45, 3), _Block("verse", "A", 32, 0.52, 0.6, 3),
    _Block("build", "C", 8, 0.5, 0.82, 4), _Block("drop", "D", 64, 0.9, 0.96, 6),
    _Block("breakdown", "B", 32, 0.35, 0.46, 1), _Block("build", "C", 16, 0.46, 0.88, 1),
    _Block("drop", "D", 64, 0.94, 1.0, 1), _Block("outro", "A", 32, 0.5, 0.22, 2),
)  # fmt: skip
_SKELETONS = {"club": _CLUB, "radio": _RADIO, "festival": _FESTIVAL, "linear": _LINEAR}
_DECENT = {"build": 8, "drop": 8, "breakdown": 8}
_LEAST = {"drop": 8}
_LONG = 1.3
"""Bars that a section should have, and must have in a very short piece; others 4. _LONG: of a form's own length, what a
piece must have for another round."""


def arrangement(form: str, length: int | None) -> Arrangement:
    """The sections of a form; with a length (bars) just those and so long that they fill it, the ending included.

    Raises MusicError for an unknown form.
    """
    try:
        blocks = _SKELETONS[form]
    except KeyError:
        raise MusicError(f"form {form!r} is not one of edm: choose one of {', '.join(FORMS)}") from None
    if length is None:
        opening = 2 if blocks[1].role == "verse" else 1
        rows = [_stretch(block, block.bars) for block in blocks]
        return Arrangement(tuple(rows[:opening]), tuple(rows[opening:-1]), (rows[-1],))
    return Arrangement((), tuple(_fitted(blocks, length)), (), length)


def _stretch(block: _Block, bars: int) -> Stretch:
    return Stretch(block.role, block.name, bars, block.energy, block.end)


def _fitted(blocks: tuple[_Block, ...], length: int) -> list[Stretch]:
    """Sections that together have `length` bars less the ending's."""
    room = max(1, length - min(ENDING_BARS, length - 1))
    whole = room // 4 * 4  # what is over joins the last section: with the ending it makes four bars
    again = blocks[max(index for index, block in enumerate(blocks) if block.role == "breakdown"):]
    round_bars = sum(block.bars for block in again[:-1])  # one more from the last breakdown on, in place of the outro
    rounds = max(0, math.ceil((whole / _LONG - sum(block.bars for block in blocks)) / round_bars))
    blocks = (*blocks[:-1], *again[:-1] * rounds, blocks[-1])
    kept, bars = _chosen(blocks, whole)
    if not kept:
        return [_stretch(next(block for block in blocks if block.role == "drop"), room)]
    left = whole - sum(bars)
    emptiest = [(_fullness(block, count, left), -block.keep, i)
                for i, (block, count) in enumerate(zip(kept, bars, strict=True))]
    heapify(emptiest)
    while left > 0:
        was, rank, index = heappop(emptiest)
        if (full := _fullness(kept[index], bars[index], left)) <= was:
            more = 4 if left < 8 or bars[index] % 8 else 8
            bars[index] += more
            left -= more
            full = _fullness(kept[index], bars[index], left)
        heappush(emptiest, (full, rank, index))  # what waits there is never less full than it was
    bars[-1] += room - whole
    return [_stretch(block, count) for block, count in zip(kept, bars, strict=True)]


def _chosen(blocks: tuple[_Block, ...], whole: int) -> tuple[tuple[_Block, ...], list[int]]:
    """As many of the sections as have room, and the bars that they have at least; none at all where not even a build
    and a drop have."""
    for sizes, spare in ((_DECENT, 4), (_LEAST, 0)):
        for keep in range(7 if sizes is _LEAST else 6):
            kept = tuple(block for block in blocks if block.keep >= keep)
            bars = [sizes.get(block.role, 4) for block in kept]
            if sum(bars) + (spare if keep == 0 else 0) <= whole:
                return kept, bars
    return (), []


def _fullness(block: _Block, bars: int, left: int) -> float:
    """How near a section is to its measure; builds have 8 or 16 bars, or 4 in the shortest pieces."""
    closed = block.role == "build" and (bars >= min(16, block.bars) or left + bars % 8 < 8)
    return bars / block.bars + (100.0 if closed else 0.0)
