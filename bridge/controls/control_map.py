"""Controllers, pads, pedals and program changes as values for parameters, of the sound and of the composers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from bridge.controls.encoders import steps_of
from bridge.controls.gestures import Gesture, Gestures
from bridge.controls.mapping import Control, Mapped
from bridge.controls.take_over import TakeOver, Takeover
from bridge.controls.travel import fitted, range_of, step_middle, travel_of
from bridge.errors import MessageError
from bridge.parameter_paths import ParameterInfo

_PEDAL_DOWN = 64
"""MIDI 1.0: switches are on from here."""
Find = Callable[[str], ParameterInfo | None]
"""A path's parameter as it stands; None for one that takes words alone. Raises MessageError where there is none."""
Refused = Callable[[Mapped, MessageError], None]


class Turned(NamedTuple):
    """A control that was moved, and what it turns."""

    control: int
    place: int
    mapped: Mapped
    gesture: Gesture


def is_pressed(gesture: Gesture) -> bool:
    """Of a pad, a button or a pedal: down. A program change has no up."""
    return gesture.raw > 0 if gesture.kind in ("note", "program") else gesture.share >= _PEDAL_DOWN / 128


class ControlMap:
    """What comes in by the control inputs. Any bytes are taken; what is not mapped is nothing. One thread's."""

    def __init__(self, controls: Sequence[Control]) -> None:
        self._gestures = [Gestures() for _ in controls]
        self._takeover: list[Takeover] = [control.takeover for control in controls]
        self._maps: list[list[Mapped]] = [[] for _ in controls]
        self._hands: dict[tuple[int, int], _Hand] = {}
        for index, control in enumerate(controls):
            self.remap(index, control.map)

    def remap(self, index: int, maps: Sequence[Mapped]) -> None:
        """From now on input `index` turns this; what stays as it was goes on where it stands."""
        before = {mapped: self._hands.pop((index, k)) for k, mapped in enumerate(self._maps[index])}
        self._maps[index] = list(maps)
        for k, mapped in enumerate(maps):
            self._hands[index, k] = before.get(mapped) or _Hand(mapped, mapped.takeover or self._takeover[index])

    def hear(self, index: int, data: bytes) -> list[Turned]:
        """Bytes that have come by input `index`."""
        return [each for gesture in self.gestures(index, data) for each in self.meant(index, gesture)]

    def gestures(self, index: int, data: bytes) -> list[Gesture]:
        """What has been moved there, mapped or not; instead of hear()."""
        return self._gestures[index].feed(data) if 0 <= index < len(self._gestures) else []

    def meant(self, index: int, gesture: Gesture) -> list[Turned]:
        """What that turns."""
        return [Turned(index, k, mapped, gesture) for k, mapped in enumerate(self._maps[index])
                if mapped.hears(gesture)]

    def values(self, turned: Sequence[Turned], find: Find, refused: Refused | None = None) -> dict[str, float | str]:
        """What is to be set, the last of each path.

        A share of what has no range, or is not there, raises MessageError, or where `refused` is given is told to it
        and passed over.
        """
        found: dict[str, float | str] = {}
        for each in turned:
            path = each.mapped.path
            hand = self._hands.get((each.control, each.place))
            if hand is None or hand.mapped != each.mapped:
                continue  # mapped anew since it was moved
            try:
                value = hand.value(each.gesture, find(path), found.get(path))
            except MessageError as error:
                if refused is None:
                    raise
                refused(each.mapped, error)
                continue
            if value is not None:
                found[path] = value
        return found


class _Hand:
    """What is known of one control's past."""

    def __init__(self, mapped: Mapped, takeover: Takeover) -> None:
        self.mapped = mapped
        self._over = TakeOver(takeover)
        self._down = False

    def value(self, gesture: Gesture, info: ParameterInfo | None, now: float | str | None) -> float | str | None:
        """Where the parameter goes, None: nowhere. now: where it goes already by what came just before."""
        mapped = self.mapped
        pressed = is_pressed(gesture)
        rises, self._down = pressed and not self._down, pressed
        if mapped.value is not None:
            return mapped.value if rises or (pressed and gesture.kind in ("note", "program")) else None
        low, high = range_of(mapped, info)
        stands = now if isinstance(now, float) else info.value if info is not None else low
        if mapped.latch:
            if not rises:
                return None
            return fitted(low if abs(stands - high) < abs(stands - low) else high, info)
        if gesture.kind == "note":
            return fitted(high if pressed else low, info)
        travel = travel_of(mapped, info)
        stepped, steps = travel.curve == "stepped", travel.steps
        at = travel.share(stands)
        detents = gesture.steps if mapped.relative is None else steps_of(gesture.raw, mapped.relative)
        if gesture.steps or mapped.relative is not None:
            if not detents:
                return None
            way = at + detents / (steps - 1 if stepped else mapped.detents)
            return travel.value(step_middle(way, steps) if stepped else way)
        goes = self._over.moved(gesture.share, step_middle(at, steps) if stepped else at)
        if goes is None:
            return None
        value = travel.value(goes)
        self._over.left(travel.rest(value))
        return value
