"""What glides: named parameters that move in straight lines along the control grid, and their numbers for a kernel."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from instruments.block import CONTROL_FRAMES, InstrumentError
from instruments.parameter import Choice, Parameter


class _Way:
    """From start to goal in so many steps, of which `done` are behind it (below 0: it has not begun)."""

    __slots__ = ("done", "goal", "rule", "start", "steps")

    def __init__(self, rule: Parameter | Choice, start: float, goal: float, steps: int, done: int) -> None:
        self.rule, self.start, self.goal, self.steps, self.done = rule, start, goal, steps, done


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
        self._now = {name: self._number(name, rule.default) for name, rule in rules.items()}
        for name, value in (params or {}).items():
            self._now[self._known(name)] = self._number(name, value)
        self.first = dict(self._now)
        """Where the parameters stood at the beginning."""
        self._ways: dict[str, _Way] = {}
        """Of what glides."""
        self.moving = False
        """A parameter glides, or has not reached the kernel yet."""

    def coefs(self, values: Mapping[str, float], rate: float, bpm: float) -> Sequence[float]:
        """The kernel's numbers where the parameters stand at `values` (a Choice: its index). Pure and quick: called at
        each grid line while something glides. Always as many."""
        raise NotImplementedError

    def _known(self, name: str) -> str:
        if name not in self.rules:
            raise InstrumentError(f"{self.what} has no parameter {name!r}: choose from {', '.join(self.rules)}")
        return name

    def _number(self, name: str, value: float | str | None) -> float:
        rule = self.rules[self._known(name)]
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
        goal = self._number(self._known(name), value)
        start = self._now[name] if origin is None else self._number(name, origin)
        rule = self.rules[name]
        if ramp_frames is None:
            ramp_frames = round(rule.glide_ms / 1000 * self.rate) if isinstance(rule, Parameter) else 0
        if isinstance(rule, Choice) or rule.whole:
            ramp_frames = 0
        steps = max(1, math.ceil(ramp_frames / CONTROL_FRAMES))
        self._ways[name] = _Way(rule, start, goal, steps, -round(delay_frames / CONTROL_FRAMES))
        self.moving = True

    def get(self, name: str) -> float:
        """Where the parameter stands or glides to; a Choice by its index."""
        way = self._ways.get(self._known(name))
        return self._now[name] if way is None else way.goal

    @property
    def values(self) -> dict[str, float]:
        """Where the parameters stand now."""
        return dict(self._now)

    def go_on(self, other: Gliding, names: Mapping[str, str]) -> None:
        """Parameters, by name, stand and glide as those of another, by their names there; one that began elsewhere
        there sets out from there to where it is here."""
        for name, theirs in names.items():
            goal = self.get(name)
            self._now[name] = other._now[theirs]
            self._ways.pop(name, None)
            if self.first[name] != other.first[theirs]:
                self.set(name, goal)
            elif theirs in other._ways:
                self._ways[name] = other._ways[theirs]
                self.moving = True

    def advance(self) -> Sequence[float]:
        """One step of the control grid: the coefficients that are to be reached at its end. Clears `moving` at the
        goal."""
        if self._ways:
            there = []
            for name, way in self._ways.items():
                way.done += 1
                if way.done >= way.steps:
                    self._now[name] = way.goal
                    there.append(name)
                elif way.done > 0 and isinstance(way.rule, Parameter):
                    self._now[name] = way.rule.between(way.start, way.goal, way.done / way.steps)
            for name in there:
                del self._ways[name]
        self.moving = bool(self._ways)
        return self.coefs(self._now, float(self.rate), self.bpm)

    def settle(self) -> Sequence[float]:
        """At the goals at once: the coefficients there."""
        for name, way in self._ways.items():
            self._now[name] = way.goal
        self._ways.clear()
        self.moving = False
        return self.coefs(self._now, float(self.rate), self.bpm)
