"""Parameters of a plug-in that follow the tempo in note values, where its host tells it none."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Protocol

from instruments.block import Transport
from instruments.errors import InstrumentError
from instruments.note_values import beats_of
from instruments.parameter import Choice, Parameter

_SETTLED = 0.0005
"""Share of the tempo below which a change is none: behind a MIDI clock it sways by as much."""


class Synced(Protocol):
    """A hosted plug-in, as far as this goes."""

    @property
    def rules(self) -> Mapping[str, Parameter | Choice]: ...

    @property
    def serial(self) -> int: ...

    def set(self, name: str, value: float, frames: int | None = None, *, delay_frames: int = 0) -> None: ...


class TempoSync:
    """Turns a time (s, ms), a rate (Hz) or a tempo (BPM) of a plug-in as the tempo asks, by the parameter's own unit.

    What is out of the parameter's range is halved or doubled until it fits, as hardware delays do it. Belongs to the
    engine's thread: follow() before each block costs a comparison while the tempo stands.
    """

    def __init__(self, plugin: Synced, sync: Mapping[str, str], owner: str) -> None:
        """sync: note values by parameter; owner: for messages. Raises InstrumentError for what is no note value."""
        self.errors: deque[str] = deque()
        """What cannot be synchronised, each once; who tells people takes it out."""
        self._said: set[str] = set()
        self.plugin, self._owner = plugin, owner
        self._beats = {name: beats_of(value, f"{owner}: sync.{name}") for name, value in sync.items()}
        self._bpm = 0.0
        self._serial = -1

    def follow(self, transport: Transport) -> None:
        bpm, plugin = transport.bpm, self.plugin
        if abs(bpm - self._bpm) <= _SETTLED * self._bpm and plugin.serial == self._serial:
            return
        rules = plugin.rules
        if not rules:
            return  # it has not loaded
        fresh, self._serial, self._bpm = plugin.serial != self._serial, plugin.serial, bpm
        for name, beats in self._beats.items():
            try:
                plugin.set(name, synced(rules.get(name), beats, bpm, f"{self._owner}: sync.{name}"), 0)
            except InstrumentError as error:
                if fresh and str(error) not in self._said:
                    self._said.add(str(error))
                    self.errors.append(str(error))


def synced(rule: Parameter | Choice | None, beats: float, bpm: float, place: str) -> float:
    """The parameter's value for a note value at a tempo. Raises InstrumentError: no such parameter, or of which the
    unit tells no time."""
    if rule is None:
        raise InstrumentError(f"{place}: the plug-in has no such parameter: `sideman plugins info` lists them")
    if isinstance(rule, Choice):
        raise InstrumentError(f"{place}: this parameter is one of {', '.join(rule.words[:6])}: set it in params")
    seconds = beats * 60 / bpm
    unit = rule.unit.casefold().split(";")[0].strip()
    value = {"s": seconds, "sec": seconds, "seconds": seconds, "ms": seconds * 1000, "msec": seconds * 1000,
             "milliseconds": seconds * 1000, "hz": 1 / seconds, "bpm": bpm / beats}.get(unit)
    if value is None:
        raise InstrumentError(f"{place}: this parameter is in {rule.unit or 'no unit'}, and neither a time, a rate nor "
                              f"a tempo: set it in params")
    low = max(rule.low, 1e-9)
    while value > rule.high and value / 2 >= low:
        value /= 2
    while value < low and value * 2 <= rule.high:
        value *= 2
    return min(rule.high, max(rule.low, value))
