"""The parameters of an effect of others: checked on the way in, and where they stand."""

from __future__ import annotations

from collections.abc import Mapping

from instruments.block import InstrumentError
from instruments.parameter import Choice, Parameter


class Values:
    """Every parameter at what was given for it, or at its default."""

    def __init__(self, what: str, rules: Mapping[str, Parameter | Choice] | None = None,
                 params: Mapping[str, float | str] | None = None) -> None:
        """what: for messages, "effect 'my-fx'". Raises InstrumentError that names the parameter, value and range."""
        self.what = what
        self.rules = dict(rules or {})
        self.now: dict[str, float | str] = {}
        """A Choice by its word."""
        for name, rule in self.rules.items():
            if rule.default is not None:
                self.now[name] = rule.default
        for name, value in (params or {}).items():
            self.set(name, value)
        for name in self.rules:
            if name not in self.now:
                raise InstrumentError(f"{what}: {name} is missing: give a value")

    def set(self, name: str, value: object) -> float | str:
        """A number in range; or a word, or its index. What it is then. Raises InstrumentError."""
        rule = self.rules.get(name)
        if rule is None:
            raise InstrumentError(f"{self.what} has no parameter {name!r}: "
                                  + (f"choose from {', '.join(self.rules)}" if self.rules else "it has none"))
        place = f"{self.what}: {name}"
        if isinstance(rule, Parameter):
            self.now[name] = rule.checked(place, value)
        elif isinstance(value, int | float) and not isinstance(value, bool) and value in range(len(rule.words)):
            self.now[name] = rule.words[int(value)]
        elif isinstance(value, str) and value in rule.words:
            self.now[name] = value
        else:
            raise InstrumentError(f"{place} = {value!r} is not known: give one of {', '.join(rule.words)}")
        return self.now[name]

    def get(self, name: str) -> float:
        """A Choice by its index. Raises InstrumentError."""
        rule = self.rules.get(name)
        if rule is None:
            raise InstrumentError(f"{self.what} has no parameter {name!r}")
        value = self.now[name]
        return float(rule.words.index(str(value))) if isinstance(rule, Choice) else float(value)
