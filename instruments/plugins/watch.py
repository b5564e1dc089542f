"""What a plug-in does by itself: parameters that it changes, its latency, its state. Looked at between its blocks."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Container, Sequence
from typing import Any

from instruments.block import InstrumentError
from instruments.hosts.host import PluginHost
from instruments.hosts.parameter_units import number_in
from instruments.plugins.messages import Answer, Setting, pack_setting

LOOK_S = 0.25
STATE_S = 5.0
SOON_S = 1.0
"""After a parameter was set."""

CHEAP_S = 0.0007
"""What a look at parameters or state may cost of a block of 2.7 ms while there is sound; else it waits for silence."""

_MOST_CHANGES = 64
"""Told at a time."""

_SILENT = 1e-8
"""Sum of squares of a block's 256 samples: -104 dB each."""

_SILENT_BLOCKS = 190
"""Half a second at 48 kHz."""

_UNEQUAL = 1e-6


class PluginWatch:
    """Belongs to the player's thread. Costs nothing but for a look every LOOK_S."""

    def __init__(self, host: PluginHost, indices: Sequence[int], say: Callable[[str, Any], None]) -> None:
        """indices: of the parameters, in the order of host.raws()."""
        self._host, self._indices, self._say = host, indices, say
        self._places = {index: place for place, index in enumerate(indices)}
        self._raws = list(host.raws())
        self._latency = host.latency
        self._state_hash = 0
        self._state_cost_s = 0.0
        self._has_state = True
        self._quiet_blocks = 0
        self._look_at = self._state_at = 0.0

    def raw(self, index: int) -> float:
        """Where a parameter stood last."""
        place = self._places.get(index)
        return 0.0 if place is None else self._raws[place]

    def arrived(self, index: int, raw: float) -> None:
        """It has been set: that is no change of the plug-in's own."""
        place = self._places.get(index)
        if place is not None:
            self._raws[place] = raw
        self._state_at = min(self._state_at, time.monotonic() + SOON_S)

    def told(self, indices: Sequence[int]) -> None:
        """These have been set, whatever the plug-in has made of it."""
        raws = self._host.raws()
        for index in indices:
            if index in self._places:
                self.arrived(index, raws[self._places[index]])

    def heard(self, energy: float) -> None:
        """A block of its output: the sum of squares."""
        self._quiet_blocks = self._quiet_blocks + 1 if energy < _SILENT else 0

    def look(self, gliding: Container[int], answers: bytearray, position: int) -> None:
        """Adds VALUE messages to answers."""
        now = time.monotonic()
        if now >= self._look_at:
            self._changes(gliding, answers, position)
            spent = time.monotonic() - now
            self._look_at = now + max(LOOK_S, 500.0 * spent)  # at most a fifth of a percent of the time
            if self._host.latency != self._latency:
                self._latency = self._host.latency
                self._say("latency", self._latency)
        elif now >= self._state_at and self._has_state and self._may_take_state():
            self.take_state()

    def take_state(self) -> None:
        """Tell the plug-in's state, if it is another than the last."""
        began = time.monotonic()
        try:
            state = self._host.state()
        except InstrumentError:
            self._has_state = False
            return
        now = time.monotonic()
        self._state_cost_s = now - began
        self._state_at = now + STATE_S
        if (found := hash(state)) != self._state_hash:
            self._state_hash = found
            self._say("state", state)

    def _may_take_state(self) -> bool:
        return self._state_cost_s < CHEAP_S or self._quiet_blocks > _SILENT_BLOCKS

    def _changes(self, gliding: Container[int], answers: bytearray, position: int) -> None:
        raws, told = self._host.raws(), 0
        for place, (before, raw) in enumerate(zip(self._raws, raws, strict=True)):
            if abs(raw - before) < _UNEQUAL or (index := self._indices[place]) in gliding:
                continue
            self._raws[place] = raw
            number = number_in(self._host.text_of(index, raw))
            answers += pack_setting(Setting(Answer.VALUE, position, index, 0, raw,
                                            math.nan if number is None else number, False))
            told += 1
            if told == _MOST_CHANGES:
                return
