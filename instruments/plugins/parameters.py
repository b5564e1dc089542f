"""A plug-in's parameters as everything else here has them: by name, with a rule, in their own units.

Plug-in formats know a parameter only as 0..1 and as text. `describe` asks for a few texts, once, in the plug-in's
process; from these the engine knows unit, range and curve, and turns most values into 0..1 without asking again.
"""

from __future__ import annotations

import difflib
import itertools
import math
import re
from collections.abc import Mapping, Sequence
from enum import IntEnum
from types import MappingProxyType
from typing import NamedTuple

from instruments.block import InstrumentError
from instruments.hosts.host import Parameter as Shown
from instruments.hosts.host import ParamValue, PluginHost
from instruments.hosts.parameter_units import number_in, plain_name
from instruments.parameter import Choice, Parameter

MOST_WORDS = 64
"""A parameter with more steps than that is a number, or 0..1."""

_POINTS = (0.25, 0.5, 0.75)
_EXACT = 2e-3
"""A curve is a line (of the value or its logarithm) if the texts between its ends are on it to this share of the range:
texts are rounded to three digits or so."""

_UNIT = re.compile(r"^\s*[-+−]?[\d.]+(?:e[-+]?\d+)?\s*(.*?)\s*$", re.IGNORECASE)


class Described(NamedTuple):
    """The nth parameter of a loaded plug-in. Texts: at raw 0.25, 0.5 and 0.75; of one with few steps, at each."""

    nth: int
    name: str
    shown: Shown
    texts: tuple[str, ...]


def describe(host: PluginHost) -> tuple[Described, ...]:
    """In the plug-in's process, when it has loaded; in the order of host.parameters()."""
    found = []
    for p in host.parameters():
        index = host.raw_of(p.name, {"raw": p.raw})[0]
        points = [k / (p.steps - 1) for k in range(p.steps)] if 2 <= p.steps <= MOST_WORDS else _POINTS
        found.append(Described(index, plain_name(p.name), p, tuple(host.text_of(index, raw) for raw in points)))
    return tuple(found)


class Standing(NamedTuple):
    """Where the nth parameter stands; number: what it shows, NaN where that is none."""

    nth: int
    raw: float
    number: float


def standing(host: PluginHost, described: Sequence[Described]) -> tuple[Standing, ...]:
    """In the plug-in's process: the parameters that stand elsewhere than when they were described."""
    return tuple(Standing(d.nth, raw, _number(host.text_of(d.nth, raw)))
                 for d, raw in zip(described, host.raws(), strict=True) if raw != d.shown.raw)


class Curve(IntEnum):
    """How a parameter's own value goes with raw 0..1."""

    LINE = 0
    LOGARITHM = 1
    OTHER = 2
    """Only the plug-in knows."""
    WORDS = 3
    RAW = 4
    """It shows no numbers, or ones without end ("-inf dB")."""


class PluginParameter(NamedTuple):
    """rule: its range and unit. at_0, at_1: its value at raw 0 and 1, of curves of numbers."""

    nth: int
    rule: Parameter | Choice
    curve: Curve
    at_0: float = 0.0
    at_1: float = 1.0

    def raw(self, value: float) -> float | None:
        """Where raw 0..1 gives this value (of a Choice: its index); None if only the plug-in can tell."""
        match self.curve:
            case Curve.LINE:
                return min(1.0, max(0.0, (value - self.at_0) / (self.at_1 - self.at_0)))
            case Curve.LOGARITHM:
                return min(1.0, max(0.0, math.log(value / self.at_0) / math.log(self.at_1 / self.at_0)))
            case Curve.WORDS:
                assert isinstance(self.rule, Choice)
                return value / (len(self.rule.words) - 1)
            case Curve.RAW:
                return value
        return None

    def value(self, raw: float, number: float = math.nan) -> float:
        """The value at a raw one; number: what it shows there."""
        match self.curve:
            case Curve.WORDS:
                assert isinstance(self.rule, Choice)
                return float(round(raw * (len(self.rule.words) - 1)))
            case Curve.RAW:
                return raw
        if math.isfinite(number):
            return number
        if self.curve == Curve.LOGARITHM:
            return float(self.at_0 * (self.at_1 / self.at_0) ** raw)
        return self.at_0 + raw * (self.at_1 - self.at_0)


class PluginParameters:
    """All of a plug-in's, and where they stand. Made in any thread; then belongs to the one that calls process()."""

    def __init__(self, plugin: str, described: Sequence[Described] = ()) -> None:
        """plugin: for messages."""
        self._plugin = plugin
        self._found: dict[str, PluginParameter] = {}
        self._now: dict[str, float] = {}
        self._names: dict[int, str] = {}
        for d in described:
            if d.name and d.name not in self._found:
                self._found[d.name] = p = _parameter(d)
                self._names[d.nth] = d.name
                self._now[d.name] = p.value(d.shown.raw, _number(d.shown.text))
        self._aliases = {plain_name(f"{d.shown.name} {d.shown.label}"): d.name for d in described}
        self.rules: Mapping[str, Parameter | Choice] = MappingProxyType({n: p.rule for n, p in self._found.items()})

    def find(self, name: str) -> tuple[str, PluginParameter]:
        """By its plain name, or as people may write it. Raises InstrumentError with what is near."""
        for known in (name, plain := plain_name(name), self._aliases.get(plain, "")):
            if known in self._found:
                return known, self._found[known]
        near = difflib.get_close_matches(plain, self._found, 3)
        some = ", ".join(list(self._found)[:40]) or "none"
        raise InstrumentError(f"plug-in {self._plugin} has no parameter {name!r}: "
                              + (f"did you mean {' or '.join(near)}?" if near else f"it has {some}"))

    def checked(self, name: str, value: float | str) -> tuple[str, PluginParameter, float]:
        """Name and value as they are meant; of a Choice its index. Raises InstrumentError with what is allowed."""
        name, found = self.find(name)
        place, rule = f"plug-in {self._plugin}: {name}", found.rule
        if isinstance(rule, Parameter):
            number = number_in(value) if isinstance(value, str) else value
            return name, found, rule.checked(place, value if number is None else number)
        if isinstance(value, str):
            for index, word in enumerate(rule.words):
                if word.casefold() == value.strip().casefold():
                    return name, found, float(index)
        elif value in range(len(rule.words)):
            return name, found, float(value)
        raise InstrumentError(f"{place} = {value!r} is not known: give one of {', '.join(rule.words)}")

    def stands(self, name: str, value: float) -> None:
        """It has been set (of a Choice: the index)."""
        self._now[name] = value

    def changed(self, index: int, raw: float, number: float) -> str:
        """The plug-in has changed it by itself: its name."""
        name = self._names.get(index, "")
        if name:
            self._now[name] = self._found[name].value(raw, number)
        return name

    def get(self, name: str) -> float:
        """Where it stands or glides to. Raises InstrumentError."""
        return self._now[self.find(name)[0]]

    def given(self, params: Mapping[str, ParamValue]) -> None:
        """What was set by name, in whatever way; what does not fit is passed over."""
        for name, value in params.items():
            try:
                if isinstance(value, Mapping):
                    known, found = self.find(name)
                    self._now[known] = found.value(float(value["raw"]))
                else:
                    known, _, number = self.checked(name, value)
                    self._now[known] = number
            except (InstrumentError, KeyError, ValueError):
                continue


def _number(text: str) -> float:
    number = number_in(text)
    return math.nan if number is None else number


def _parameter(d: Described) -> PluginParameter:
    p = d.shown
    if len(d.texts) == p.steps and p.steps >= 2:
        words = tuple(text.strip() for text in d.texts)
        if len(set(words)) == len(words) and not all(math.isfinite(_number(word)) for word in words):
            return PluginParameter(d.nth, Choice(words, words[round(p.raw * (p.steps - 1))]), Curve.WORDS)
    numbers = [_number(text) for text in (p.low, *d.texts, p.high)]
    rising = numbers if numbers[-1] > numbers[0] else numbers[::-1]
    if (not all(math.isfinite(n) for n in numbers) or numbers[0] == numbers[-1]
            or any(b < a for a, b in itertools.pairwise(rising))):
        return PluginParameter(d.nth, Parameter("", 0.0, 1.0, p.raw), Curve.RAW)
    at_0, at_1 = numbers[0], numbers[-1]
    curve = _curve(numbers)
    now = _number(p.text)
    default = min(rising[-1], max(rising[0], now)) if math.isfinite(now) else rising[0]
    whole = 2 <= p.steps == round(rising[-1] - rising[0]) + 1 and all(n == round(n) for n in numbers)
    rule = Parameter(_unit(p), rising[0], rising[-1], default, whole=whole, log=curve == Curve.LOGARITHM)
    return PluginParameter(d.nth, rule, curve, at_0, at_1)


def _curve(numbers: Sequence[float]) -> Curve:
    steps = len(numbers) - 1
    if steps != len(_POINTS) + 1:  # one text for each step between low and high, which are steps, too
        numbers = numbers[1:-1]
        steps = len(numbers) - 1
    first, last = numbers[0], numbers[-1]

    def on(line: Sequence[float], tolerance: float) -> bool:
        return all(abs(a - b) <= tolerance for a, b in zip(numbers, line, strict=True))

    if on([first + (last - first) * k / steps for k in range(steps + 1)], _EXACT * abs(last - first)):
        return Curve.LINE
    if first > 0 and last > 0:
        curve = [first * (last / first) ** (k / steps) for k in range(steps + 1)]
        if all(abs(a - b) <= 3 * _EXACT * b for a, b in zip(numbers, curve, strict=True)):
            return Curve.LOGARITHM
    return Curve.OTHER


def _unit(p: Shown) -> str:
    if "khz" in p.text.casefold():
        return "Hz"  # as number_in() takes it
    match = _UNIT.match(p.text)
    return p.label.strip() or (match[1] if match else "")
