"""Numbers of a sound that may change while it plays: each glides to where it is told, along the control grid."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from instruments.block import CONTROL_FRAMES
from instruments.errors import InstrumentError
from instruments.parameter import Parameter


class LiveNumber(NamedTuple):
    """rule: unit, range, glide; write: puts a value where the sound is made, in a few microseconds."""

    rule: Parameter
    value: float
    write: Callable[[float], None]


class LiveNumbers:
    """By name ("filter.cutoff_hz"). Belongs to the thread that plays; nothing here blocks or takes long.

    A number moves at the lines of the control grid (every CONTROL_FRAMES of the absolute frame index), straight (its
    logarithm, where the rule says so): what plays draws its own line from one to the next.
    """

    def __init__(self, owner: str, numbers: Mapping[str, LiveNumber], rate: int) -> None:
        """owner: for messages, "patch 'rhodes'"."""
        self._owner = owner
        self._numbers = dict(numbers)
        self._rate = rate
        self._now = {name: number.value for name, number in numbers.items()}
        self._ways: dict[str, tuple[float, float, int, int]] = {}
        """Of what moves: from, to, steps done, steps."""

    @property
    def rules(self) -> dict[str, Parameter]:
        """Each with the sound's own value as its default."""
        return {name: number.rule._replace(default=number.value) for name, number in self._numbers.items()}

    @property
    def moving(self) -> bool:
        return bool(self._ways)

    def get(self, name: str) -> float:
        """Where it stands or glides to. Raises InstrumentError."""
        self._known(name)
        return self._ways[name][1] if name in self._ways else self._now[name]

    def set(
        self, name: str, value: float, ramp_frames: int | None = None, *, delay_frames: int = 0,
        origin: float | None = None,
    ) -> None:
        """Glide there in ramp_frames (None: as the rule says), beginning delay_frames into the next block at `origin`
        (None: where it stands). Raises InstrumentError: name, value, range."""
        rule = self._known(name).rule
        goal = rule.checked(f"{self._owner}: {name}", value)
        frames = round(rule.glide_ms / 1000 * self._rate) if ramp_frames is None else ramp_frames
        steps = 1 if rule.whole else max(1, math.ceil(frames / CONTROL_FRAMES))
        start = self._now[name] if origin is None else rule.checked(f"{self._owner}: {name}", origin)
        self._ways[name] = start, goal, -round(delay_frames / CONTROL_FRAMES), steps

    def _known(self, name: str) -> LiveNumber:
        number = self._numbers.get(name)
        if number is None:
            raise InstrumentError(f"{self._owner} has no {name!r} that can change while it plays: choose from "
                                  f"{', '.join(self._numbers)}")
        return number

    def stretches(self, frame: int, frames: int) -> Iterator[tuple[int, int]]:
        """(start, stop) within a block that begins at absolute `frame`: cut at the grid while something moves, which it
        does at the beginning of each stretch that begins on the grid."""
        at = 0
        while at < frames:
            into = (frame + at) % CONTROL_FRAMES
            if into == 0 and self._ways:
                self._advance()
            stop = min(frames, at + CONTROL_FRAMES - into) if self._ways else frames
            yield at, stop
            at = stop

    def _advance(self) -> None:
        for name, (origin, goal, done, steps) in list(self._ways.items()):
            if done < 0:  # not yet
                self._ways[name] = origin, goal, done + 1, steps
                continue
            number = self._numbers[name]
            value = number.rule.between(origin, goal, (done + 1) / steps)
            if done + 1 >= steps:
                del self._ways[name]
            else:
                self._ways[name] = origin, goal, done + 1, steps
            self._now[name] = value
            number.write(value)
