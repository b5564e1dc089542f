"""Controllers, pads, pedals and program changes as values for parameters, of the sound and of the composers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from bridge.controls.curves import CurveName, share_at, value_at
from bridge.controls.encoders import steps_of
from bridge.controls.gestures import NARROW, Gesture, Gestures
from bridge.controls.mapping import Control, Mapped
from bridge.controls.take_over import TakeOver, Takeover
from bridge.errors import MessageError
from bridge.parameter_paths import ParameterInfo

_PEDAL_DOWN = 64
"""MIDI 1.0: switches are on from here."""
Find = Callable[[str], ParameterInfo | None]
"""A path's parameter as it stands; None for one that takes words alone. Raises MessageError where there is none."""


class Turned(NamedTuple):
    """A control that was moved, and what it turns."""

    control: int
    place: int
    mapped: Mapped
    gesture: Gesture


class ControlMap:
    """What comes in by the control inputs. Any bytes are taken; what is not mapped is nothing. One thread's."""

    def __init__(self, controls: Sequence[Control]) -> None:
        self._controls = list(controls)
        self._gestures = [Gestures() for _ in controls]
        self._hands = {(i, k): _Hand(mapped, mapped.takeover or control.takeover)
                       for i, control in enumerate(controls) for k, mapped in enumerate(control.map)}

    def hear(self, index: int, data: bytes) -> list[Turned]:
        """Bytes that have come by input `index`."""
        if not 0 <= index < len(self._controls):
            return []
        return [Turned(index, k, mapped, gesture) for gesture in self._gestures[index].feed(data)
                for k, mapped in enumerate(self._controls[index].map) if mapped.hears(gesture)]

    def values(self, turned: Sequence[Turned], find: Find) -> dict[str, float | str]:
        """What is to be set, the last of each path. Raises MessageError for a share of what has no range."""
        found: dict[str, float | str] = {}
        for each in turned:
            path = each.mapped.path
            value = self._hands[each.control, each.place].value(each.gesture, find(path), found.get(path))
            if value is not None:
                found[path] = value
        return found


class _Hand:
    """What is known of one control's past."""

    def __init__(self, mapped: Mapped, takeover: Takeover) -> None:
        self._mapped = mapped
        self._over = TakeOver(takeover)
        self._down = False

    def value(self, gesture: Gesture, info: ParameterInfo | None, now: float | str | None) -> float | str | None:
        """Where the parameter goes, None: nowhere. now: where it goes already by what came just before."""
        mapped = self._mapped
        pressed = gesture.raw > 0 if gesture.kind == "note" else gesture.share >= _PEDAL_DOWN / 128
        rises, self._down = pressed and not self._down, pressed
        if mapped.value is not None:
            return mapped.value if rises or (pressed and gesture.kind in ("note", "program")) else None
        low, high = self._range(info)
        if mapped.latch:
            if not rises:
                return None
            stands = now if isinstance(now, float) else info.value if info is not None else low
            return _fit(low if abs(stands - high) < abs(stands - low) else high, info)
        if gesture.kind == "note":
            return _fit(high if pressed else low, info)
        curve, steps = self._curve(info)
        stands = now if isinstance(now, float) else info.value if info is not None else low
        at = share_at(stands, low, high, curve, steps, mapped.centre)
        detents = gesture.steps if mapped.relative is None else steps_of(gesture.raw, mapped.relative)
        if gesture.steps or mapped.relative is not None:
            if not detents:
                return None
            way = at + detents / (steps - 1 if curve == "stepped" else mapped.detents)
            if curve == "stepped":
                way = _middle(way, steps)
            return _fit(value_at(way, low, high, curve, steps, mapped.centre), info)
        share = gesture.share
        goes = self._over.moved(share, _middle(at, steps) if curve == "stepped" else at)
        if goes is None:
            return None
        value = _fit(value_at(goes, low, high, curve, steps, mapped.centre), info)
        at = share_at(value, low, high, curve, steps, mapped.centre)
        self._over.left(_middle(at, steps) if curve == "stepped" else at)
        return value

    def _range(self, info: ParameterInfo | None) -> tuple[float, float]:
        low, high = self._mapped.low, self._mapped.high
        if info is not None:
            low, high = info.low if low is None else low, info.high if high is None else high
        if low is None or high is None:
            raise MessageError(f"{self._mapped.path} is no number: give the mapping a value")
        return low, high

    def _curve(self, info: ParameterInfo | None) -> tuple[CurveName, int]:
        """And how many steps."""
        mapped = self._mapped
        low, high = self._range(info)
        curve, steps = mapped.curve, mapped.steps or 0
        if curve is None:
            if mapped.centre is not None:
                curve = "bipolar"
            elif steps or (info is not None and (info.words or (info.whole and abs(high - low) < NARROW))):
                curve = "stepped"
            else:
                curve = "log" if info is not None and info.log and low * high > 0 else "linear"
        if curve == "log" and not low * high > 0:
            raise MessageError(f"{mapped.path} goes from {low:g} to {high:g}, where curve = 'log' cannot go: give the "
                               f"mapping a low above 0, or curve = 'exponential'")
        if curve == "stepped" and not steps:
            steps = max(2, round(abs(high - low)) + 1) if info is None or info.whole or info.words else 2
        return curve, steps


def _middle(share: float, steps: int) -> float:
    """The middle of the stretch of the way that belongs to a step."""
    place = min(max(round(share * (steps - 1)), 0), steps - 1)
    return (place + 0.5) / steps


def _fit(value: float, info: ParameterInfo | None) -> float:
    if info is None:
        return value
    value = min(max(value, info.low), info.high)
    return float(math.floor(value + 0.5)) if info.whole else value
