"""The slow drift that a band shares: all its parts are early and late together, by a few milliseconds.

A random walk of 1.5 ms a beat that is pulled back by a tenth (an ensemble's shared wander; its own noise comes on
top). Each beat's drift depends on the seed and its number alone, so that any bar can be asked first.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from operator import mul

from composers.dice import dice

STEP_MS = 1.5
PULL = 0.1
_BLOCK = 32
"""Beats that are worked out at once."""
_MEMORY = 64
"""Beats after which an impulse is forgotten: a thousandth of it is left."""
_LEFT = tuple((1.0 - PULL) ** back for back in range(_MEMORY))


def drift_ms(seed: int, beat: float) -> float:
    """How late the band is at a beat (quarters from the piece's beginning, >= 0), in ms; between beats it is linear."""
    whole = int(beat)
    now, then = drift_line(seed, whole, whole + 2)
    return now + (then - now) * (beat - whole)


def drift_line(seed: int, first: int, end: int) -> Sequence[float]:
    """The same on the beats first..end - 1."""
    blocks = range(first // _BLOCK, (end - 1) // _BLOCK + 1)
    offset = blocks.start * _BLOCK
    return [level for block in blocks for level in _block(seed, block)][first - offset : end - offset]


@lru_cache(maxsize=256)
def _block(seed: int, block: int) -> tuple[float, ...]:
    steps = [step for index in range(block - _MEMORY // _BLOCK, block + 1) for step in _steps(seed, index)]
    return tuple(
        sum(map(mul, steps[index : index - _MEMORY : -1], _LEFT)) for index in range(_MEMORY, len(steps))
    )


@lru_cache(maxsize=512)
def _steps(seed: int, block: int) -> tuple[float, ...]:
    draw = dice(seed, "drift", block)
    return tuple(draw.normal(STEP_MS) for _ in range(_BLOCK))
