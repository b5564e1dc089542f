"""What glides: named parameters that move in straight lines along the control grid, and their numbers for a kernel."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from instruments.block import CONTROL_FRAMES, InstrumentError
from instruments.parameter import Choice, Parameter


class Gliding:
    """Parameters that change by set() between blocks, in the thread that makes the blocks.

    A change goes along a straight line (of the logarithm, for a Parameter with log) in its glide_ms, or as long as the
    caller says, in steps of the control grid: every CONTROL_FRAMES of the absolute frame index the coefficients get a
    new goal, which they reach, frame by frame, at the next grid line. So the sound does not depend on the blocks. A
    Choice and a whole number jump at a grid line.
    """

    rate = 48000
    bpm = 120.0

    def __init__(self, what: str, rules: Mapping[str, Parameter | Choice],
                 params: Mapping[str, float | str] | None = None) -> None:
        """what: for messages, "effect 'eq'". Raises InstrumentError that names the parameter, the value, the range."""
        self.what = what
        self.rules = dict(rules)
        self.names = list(rules)
        self._now = [self._number(name, rule.default) for name, rule in rules.items()]
        for name, value in (params or {}).items():
            self._now[self._place(name)] = self._number(name, value)
        self._from, self._goal = list(self._now), list(self._now)
        self._done = [0] * len(self._now)
        self._steps = [0] * len(self._now)
        self.moving = False
        """A parameter glides, or has not reached the kernel yet."""

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        """The kernel's numbers where the parameters stand at `values` (a Choice: its index). Pure and quick: called at
        each grid line while something glides. Always as many."""
        raise NotImplementedError

    def _place(self, name: str) -> int:
        if name not in self.rules:
            raise InstrumentError(f"{self.what} has no parameter {name!r}: choose from {', '.join(self.names)}")
        return self.names.index(name)

    def _number(self, name: str, value: float | str | None) -> float:
        rule = self.rules[name]
        place = f"{self.what}: {name}"
        if isinstance(rule, Parameter):
            return rule.checked(place, value)
        if isinstance(value, str) and value in rule.words:
            return float(rule.words.index(value))
        if isinstance(value, int | float) and not isinstance(value, bool) and value in range(len(rule.words)):
            return float(value)
        raise InstrumentError(f"{place} = {value!r} is not known: give one of {', '.join(rule.words)}")

    def set(
        self, name: str, value: float | str, ramp_frames: int | None = None, *, delay_frames: int = 0,
        origin: float | None = None,
    ) -> None:
        """Change a parameter, in ramp_frames (None: its own glide_ms), beginning delay_frames into the next block at
        `origin` (None: where it stands). Raises InstrumentError: name, value, range."""
        i = self._place(name)
        goal = self._number(name, value)
        start = self._now[i] if origin is None else self._number(name, origin)
        rule = self.rules[name]
        if ramp_frames is None:
            ramp_frames = round(rule.glide_ms / 1000 * self.rate) if isinstance(rule, Parameter) else 0
        if isinstance(rule, Choice) or rule.whole:
            ramp_frames = 0
        self._from[i], self._goal[i] = start, goal
        self._done[i] = -round(delay_frames / CONTROL_FRAMES)
        self._steps[i] = max(1, math.ceil(ramp_frames / CONTROL_FRAMES))
        self.moving = True

    def get(self, name: str) -> float:
        """Where the parameter stands or glides to; a Choice by its index."""
        return self._goal[self._place(name)]

    @property
    def values(self) -> dict[str, float]:
        """Where the parameters stand now."""
        return dict(zip(self.names, self._now, strict=True))

    def advance(self) -> Sequence[float]:
        """One step of the control grid: the coefficients that are to be reached at its end. Clears `moving` at the
        goal."""
        self.moving = False
        for i, steps in enumerate(self._steps):
            if steps:
                self._done[i] += 1
                if self._done[i] <= 0:  # not yet
                    self.moving = True
                    continue
                rule = self.rules[self.names[i]]
                share = self._done[i] / steps
                if share >= 1 or isinstance(rule, Choice):
                    self._now[i] = self._goal[i]
                    self._steps[i] = 0
                else:
                    self._now[i] = rule.between(self._from[i], self._goal[i], share)
                    self.moving = True
        return self.coefs(self.values, float(self.rate), self.bpm)

    def settle(self) -> Sequence[float]:
        """At the goals at once: the coefficients there."""
        self._now[:] = self._goal
        self._steps = [0] * len(self._steps)
        self.moving = False
        return self.coefs(self.values, float(self.rate), self.bpm)
