"""The parameters of a loaded plug-in by name, over the few questions that every hosting library answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from instruments.block import InstrumentError
from instruments.hosts.host import Parameter, ParamValue
from instruments.hosts.parameter_units import plain_name, raw_for

_SHOWN_NAMES = 40

_CONTROLLERS = re.compile(r"^MIDI (CC|Ch\. ?\d+|Channel \d+)\b.*\d", re.IGNORECASE)
"""VST3 has no controllers: wrappers (JUCE's, DPF's) invent a parameter for each of 16 channels x 130 controllers."""

_INTERNAL = ["Buffer Size", "Sample Rate"]
"""What DPF's VST3 lists first, and nobody is to turn."""


class RawParameters(Protocol):
    """A plug-in's parameters by their index; raw values are 0..1."""

    def count(self) -> int: ...

    def name(self, index: int) -> str: ...

    def label(self, index: int) -> str: ...

    def steps(self, index: int) -> int:
        """How many values it has, 0 where it is continuous or does not tell."""
        ...

    def raw(self, index: int) -> float: ...

    def text(self, index: int, raw: float) -> str: ...

    def parsed(self, index: int, text: str) -> float:
        """The plug-in's own reading of a text: right, wrong, or out of 0..1."""
        ...


class _Fixed:
    """What does not change while a plug-in is loaded, asked for once."""

    __slots__ = ("high", "index", "label", "low", "name", "steps")

    def __init__(self, of: RawParameters, index: int, name: str) -> None:
        self.index, self.name, self.label, self.steps = index, name, of.label(index).strip(), of.steps(index)
        self.low, self.high = of.text(index, 0.0), of.text(index, 1.0)


class ParameterTable:
    """Finds parameters by name and turns values in their own units into raw ones. Belongs to the plug-in's thread."""

    def __init__(self, plugin: str, of: RawParameters) -> None:
        """plugin: its name, for messages. Reads names only: fast for thousands of parameters."""
        self._plugin, self._of = plugin, of
        names = [of.name(index) for index in range(of.count())]
        self._names = names
        # Controllers in disguise are found by name, but not listed: they would bury a synth's 5 parameters in 2,080.
        first = len(_INTERNAL) if names[: len(_INTERNAL)] == _INTERNAL else 0
        self._shown = [i for i, name in enumerate(names)
                       if i >= first and name.strip() and not _CONTROLLERS.match(name)]
        self._fixed: list[_Fixed] | None = None
        self._indices: dict[str, int] | None = None

    def all(self) -> tuple[Parameter, ...]:
        if self._fixed is None:
            self._fixed = [_Fixed(self._of, index, self._names[index]) for index in self._shown]
        of = self._of
        listed = []
        for p in self._fixed:
            raw = of.raw(p.index)
            listed.append(Parameter(p.name, p.label, raw, of.text(p.index, raw), p.low, p.high, p.steps))
        return tuple(listed)

    def raws(self) -> tuple[float, ...]:
        """The raw values of all(), in its order."""
        return tuple(self._of.raw(index) for index in self._shown)

    def text(self, index: int, raw: float) -> str:
        return self._of.text(index, raw)

    def raws_of(self, params: Mapping[str, ParamValue]) -> dict[int, float]:
        """Index and raw value of each. Raises InstrumentError."""
        return dict(self.raw_of(name, value) for name, value in params.items())

    def raw_of(self, name: str, value: ParamValue) -> tuple[int, float]:
        """Raises InstrumentError that names the plug-in, the parameter, the value and what is allowed."""
        of, index = self._of, self._index(name)
        if index is None:
            known = ", ".join(self._names[i] for i in self._shown[:_SHOWN_NAMES])
            raise InstrumentError(f"plug-in {self._plugin} has no parameter {name!r}: it has {known or 'none'}")
        try:
            return index, raw_for(
                self._names[index], value, lambda raw: of.text(index, raw), lambda text: of.parsed(index, text),
                of.steps(index),
            )
        except InstrumentError as error:
            raise InstrumentError(f"plug-in {self._plugin}: {error}") from None

    def _index(self, name: str) -> int | None:
        """By plain name, without and with the unit ("threshold", "threshold_db"); the first counts."""
        if self._indices is None:
            self._indices = {}
            for index, known in enumerate(self._names):
                self._indices.setdefault(plain_name(known), index)
            for index in self._shown:
                self._indices.setdefault(plain_name(f"{self._names[index]} {self._of.label(index)}"), index)
        return self._indices.get(plain_name(name))


class Tabled:
    """The part of a `PluginHost` that is its parameters: all of it stands on a table, but for setting one."""

    _table: ParameterTable

    def parameters(self) -> tuple[Parameter, ...]:
        return self._table.all()

    def raws(self) -> Sequence[float]:
        return self._table.raws()

    def text_of(self, index: int, raw: float) -> str:
        return self._table.text(index, raw)

    def set_params(self, params: Mapping[str, ParamValue]) -> None:
        for index, raw in self._table.raws_of(params).items():
            self.set_raw(index, raw)

    def raw_of(self, name: str, value: ParamValue) -> tuple[int, float]:
        return self._table.raw_of(name, value)

    def set_raw(self, index: int, raw: float) -> None:
        raise NotImplementedError
