"""MIDI learn: from what a control sends while it is turned, which control that is and how it wants to be mapped.

Sans I/O. A control gives itself away by its messages: pairs of controllers are one of 14 bits, values that lie around
64 or at both ends of 0..127 are an endless knob's steps, a value at one end and then the other is a button.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from bridge.controls.encoders import Relative
from bridge.controls.gestures import Gesture
from bridge.controls.mapping import ACTIONS, Control, Mapped
from bridge.parameter_paths import ParameterInfo

SETTLE_S = 0.4
"""A control has been turned enough when it has rested so long ..."""
ENOUGH = 24
"""... or has sent so many messages."""
_LEAST = 3
"""A lone message of a knob that was brushed is no choice; a note, a program or a switch's end is."""
_PREFERRED = ("nrpn", "rpn", "cc14", "bend", "cc", "note", "program", "key_pressure", "pressure")
_STEPS = 4
"""An endless knob that is turned slowly sends steps no greater."""


class Learned(NamedTuple):
    """What was turned. input: which of the session's [[control]]."""

    input: int
    mapped: Mapped


class Learning:
    """Waits for a control that is to turn `path`. One thread's."""

    def __init__(self, path: str, info: ParameterInfo | None) -> None:
        """info: the parameter; None for an action, or one that takes words alone."""
        self.path = path
        self._info = info
        self._heard: list[tuple[int, Gesture]] = []
        self._last_s = 0.0

    def hear(self, index: int, gesture: Gesture, now_s: float) -> None:
        self._heard.append((index, gesture))
        self._last_s = now_s

    def result(self, now_s: float) -> Learned | None:
        """The control, once it is plain which."""
        if not self._heard or (now_s - self._last_s < SETTLE_S and len(self._heard) < ENOUGH):
            return None
        counts = Counter((index, g.kind, g.number, g.channel) for index, g in self._heard)
        wide = {(i, number % 32, channel) for i, kind, number, channel in counts if kind == "cc" and number >= 32
                if counts.get((i, "cc", number - 32, channel))}
        best = None
        for (index, kind, number, channel), count in counts.items():
            if kind == "cc14" and (index, number, channel) not in wide:
                continue  # each controller below 32 might be the coarse half of one
            if kind == "cc" and (index, number % 32, channel) in wide:
                continue
            rank = count * (3 if kind in ("nrpn", "rpn", "cc14") else 1), -_PREFERRED.index(kind)
            if best is None or rank > best[0]:
                best = rank, (index, kind, number, channel)
        if best is None:
            return None
        index, kind, number, channel = best[1]
        gestures = [g for i, g in self._heard if (i, g.kind, g.number, g.channel) == best[1]]
        if kind in ("cc", "bend", "pressure", "key_pressure") and len(gestures) < _LEAST and not _is_switch(gestures):
            self._heard.clear()
            return None
        return Learned(index, self._mapped(kind, number, channel, gestures))

    def _mapped(self, kind: str, number: int, channel: int, gestures: Sequence[Gesture]) -> Mapped:
        info = self._info
        switch = info is not None and info.whole and (info.low, info.high) == (0.0, 1.0)
        button = kind in ("note", "program") or (kind == "cc" and _is_switch(gestures))
        found: dict[str, object] = {kind: True if kind in ("bend", "pressure") else number}
        relative = _relative(gestures) if kind == "cc" and not button else None
        if relative is not None:
            found["relative"] = relative
        if button and self.path not in ACTIONS:
            if kind == "program" and info is not None:
                found["value"] = info.value
            elif switch or kind == "note":
                found["latch"] = True
        return Mapped(self.path, channel=channel + 1, **found)  # type: ignore[arg-type]


def _is_switch(gestures: Sequence[Gesture]) -> bool:
    """Only the two ends of the way, and at least one press."""
    raws = [g.raw for g in gestures]
    return bool(raws) and set(raws) <= {0, gestures[0].top} and max(raws) > 0 and len(raws) <= 8


def _relative(gestures: Sequence[Gesture]) -> Relative | None:
    """An endless knob's way of saying "a step"; None for one that says where it stands."""
    raws = [g.raw for g in gestures]
    if len(raws) < _LEAST:
        return None
    near_64 = all(0 < abs(raw - 64) <= _STEPS for raw in raws)
    low, high = [raw for raw in raws if raw <= _STEPS], [raw for raw in raws if raw >= 128 - _STEPS]
    signed = [raw for raw in raws if 64 < raw <= 64 + _STEPS]
    steps = len(set(raws)) < len(raws)  # where a knob stands is never told twice in a row
    if not steps or 0 in raws:
        return None
    if near_64 and any(raw < 64 for raw in raws):
        return "binary_offset"
    if near_64:  # only one way: 65 is a step up here, and down in signs and magnitudes; those who send 65 mean up
        return "binary_offset"
    if len(low) + len(high) == len(raws) and high:
        return "twos_complement"
    if len(low) + len(signed) == len(raws) and signed:
        return "sign_magnitude"
    return "twos_complement" if len(low) == len(raws) and len(set(raws)) <= 2 else None


def replaced(maps: Sequence[Mapped], learned: Mapped) -> list[Mapped]:
    """Mappings that the same control had: they go."""
    return [m for m in maps if (m.kind, m.number) == (learned.kind, learned.number)
            and m.channel in (None, learned.channel) and (m.value is None or m.value == learned.value)]


def others(controls: Sequence[Control], learned: Learned) -> list[str]:
    """What else turns the same parameter, in words: both will, which is told."""
    return [described(m) for i, control in enumerate(controls) for m in control.map
            if m.path == learned.mapped.path
            and not (i == learned.input and (m.kind, m.number, m.channel) == (
                learned.mapped.kind, learned.mapped.number, learned.mapped.channel))]


_WORDS = {"cc": "CC {}", "cc14": "CC {} in 14 bits", "nrpn": "NRPN {}", "rpn": "RPN {}", "note": "note {}",
          "program": "program {}", "key_pressure": "pressure of key {}", "bend": "bend", "pressure": "pressure"}


def described(mapped: Mapped) -> str:
    """A control in words: "CC 21 on channel 1"."""
    where = "" if mapped.channel is None else f" on channel {mapped.channel}"
    return _WORDS[mapped.kind].format(mapped.number) + where
