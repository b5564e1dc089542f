"""Arrangements of dance music in blocks of 8, 16 and 32 bars: tension in breakdown and build, release in the drop.

Sections, lengths and energies as production and DJ guides agree on them; no measured corpus of arrangements is known.
A piece of a given length keeps them all whole: blocks are halved until they fit, then grow by eight and four bars where
they are shortest against their measure, so that a drop never comes without its build nor ends in its middle.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    _Block("intro", "A", 16, 0.25, 0.42, 3), _Block("breakdown", "B", 16, 0.3, 0.44, 2),
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
_LEAST = {"build": 4, "drop": 8}
"""Bars that a section must have to be one; others 4."""


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
    if whole < _least(_kept(blocks, 6)):
        return [_stretch(next(b for b in blocks if b.role == "drop"), room)]
    keep = next(k for k in range(7) if _least(_kept(blocks, k)) <= whole)
    kept = _kept(blocks, keep)
    scale = next((s for s in (1, 2, 4, 8) if sum(_scaled(b, s) for b in kept) <= whole), 16)
    bars = [_scaled(block, scale) for block in kept]
    while (left := whole - sum(bars)) > 0:
        step = 8 if left >= 8 else 4
        index = min(range(len(kept)), key=lambda i: (_fullness(kept[i], bars[i], step), i))
        bars[index] += step
    bars[-1] += room - whole
    return [_stretch(block, count) for block, count in zip(kept, bars, strict=True)]


def _kept(blocks: tuple[_Block, ...], keep: int) -> tuple[_Block, ...]:
    return tuple(block for block in blocks if block.keep >= keep)


def _least(blocks: tuple[_Block, ...]) -> int:
    return sum(_LEAST.get(block.role, 4) for block in blocks)


def _scaled(block: _Block, scale: int) -> int:
    return max(_LEAST.get(block.role, 4), block.bars // scale // 4 * 4)


def _fullness(block: _Block, bars: int, step: int) -> float:
    """How far a section is beyond its measure when it grows; builds stay at 8 or 16 bars, whole blocks are liked."""
    grown = (bars + step) / block.bars
    odd = 0.2 if (bars + step) % 8 else 0.0
    return grown + odd + (1.0 if block.role == "build" and (bars + step > 16 or (bars + step) % 8) else 0.0)
