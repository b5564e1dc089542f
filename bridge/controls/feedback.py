"""What controllers with motors, rings of LEDs and lamps are sent, so that they show what anybody turns. Sans I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bridge.controls.gestures import NARROW, WIDE, Gesture
from bridge.controls.mapping import ACTIONS, OFF, Mapped
from bridge.controls.travel import travel_of
from bridge.errors import MessageError
from bridge.parameter_paths import ParameterInfo

_SETTLE_S = 0.3
"""A control is let alone so long after it was moved: what it sent is on its way still, and a motor would pull."""
_BUDGET = 48
"""Messages a call: at twenty calls a second a MIDI cable carries some 50."""
_PLAYS: Mapping[str, Callable[[bool], bool]] = {"transport.play": lambda playing: playing,
                                                "transport.toggle": lambda playing: playing,
                                                "transport.stop": lambda playing: not playing}


class Feedback:
    """Of one control input. All methods belong to one thread; times are seconds of one monotonic clock."""

    def __init__(self, wanted: bool) -> None:
        """wanted: of mappings that do not say."""
        self._wanted = wanted
        self._maps: list[Mapped] = []
        self._told: dict[tuple[str, int, int], int] = {}
        """What each control shows, as far as is known: it was sent so, or has sent so itself."""
        self._moved: dict[tuple[str, int, int], float] = {}
        self._channels: dict[tuple[str, int], int] = {}
        """Where a control of any channel was heard last."""

    def remap(self, maps: Sequence[Mapped]) -> None:
        """From now on these are answered."""
        self._maps = [m for m in maps if (self._wanted if m.feedback is None else m.feedback and self._wanted)
                      and m.path != OFF and (m.path not in ACTIONS or m.path in _PLAYS)]

    def forget(self) -> None:
        """The controller may show anything: it has been switched on, or connected."""
        self._told.clear()
        self._moved.clear()

    def heard(self, gesture: Gesture, now_s: float) -> None:
        """It has been moved: it stands there now, and is left alone for a while. A button's lamp may have changed."""
        key: tuple[str, int, int] = gesture.kind, gesture.number, gesture.channel
        self._channels[key[:2]] = gesture.channel
        if gesture.kind == "note":
            self._told.pop(key, None)
        else:
            self._told[key] = gesture.raw
            self._moved[key] = now_s

    def show(self, now_s: float, find: Callable[[str], ParameterInfo | None], playing: bool = False) -> list[bytes]:
        """What it is to be sent now: what has changed since, at most 48 messages, the rest with the next call."""
        out: list[bytes] = []
        shown: dict[tuple[str, int, int], tuple[int, Mapped]] = {}
        for mapped in self._maps:
            raw = self._raw(mapped, find, playing)
            if raw is not None:
                channel = self._channels.get((mapped.kind, mapped.number), 0) if mapped.channel is None else \
                    mapped.channel - 1
                key: tuple[str, int, int] = mapped.kind, mapped.number, channel
                before = shown.get(key)
                # Of several words on one control the lamp tells whether any is in force.
                shown[key] = (max(raw, before[0]) if before and mapped.value is not None else raw), mapped
        for key, (raw, mapped) in shown.items():
            if len(out) >= _BUDGET:
                break
            held = not mapped.latch and now_s - self._moved.get(key, float("-inf")) < _SETTLE_S
            if self._told.get(key) == raw or held:
                continue
            self._told[key] = raw
            out.append(message(*key, raw))
        return out

    def _raw(self, mapped: Mapped, find: Callable[[str], ParameterInfo | None], playing: bool) -> int | None:
        """What the control would send if it stood where the parameter does; None: nothing to show."""
        if mapped.kind not in _SENT:
            return None
        if mapped.path in _PLAYS:
            return mapped.lit if _PLAYS[mapped.path](playing) else mapped.unlit
        info = find(mapped.path)
        if info is None:
            return None
        if mapped.value is not None:
            if isinstance(mapped.value, str):
                on = bool(info.words) and info.words[min(round(info.value), len(info.words) - 1)] == mapped.value
            else:
                on = abs(info.value - mapped.value) < 1e-9
            return mapped.lit if on else mapped.unlit
        try:
            travel = travel_of(mapped, info)
        except MessageError:
            return None
        if mapped.latch or mapped.kind == "note" or travel.curve == "toggle":
            on = abs(info.value - travel.low) > abs(info.value - travel.high)
            return mapped.lit if on else mapped.unlit
        top = NARROW if mapped.kind == "cc" else WIDE
        return raw_of(travel.rest(info.value), top)


def raw_of(share: float, top: int) -> int:
    """The value whose share of the way (Gesture.share) is nearest: the middle of an even number of values is 1/2."""
    middle = (top + 1) // 2
    return round(share * 2 * middle) if share <= 0.5 else round(middle + (share - 0.5) * 2 * (top - middle))


_SENT = ("cc", "cc14", "nrpn", "rpn", "note", "bend")


def message(kind: str, number: int, channel: int, raw: int) -> bytes:
    """A control's own message with this value; of 14 bits where the kind has them (cc14, nrpn, rpn, bend)."""
    status = 0xB0 | channel
    coarse, fine = raw >> 7, raw & 0x7F
    if kind == "cc":
        return bytes((status, number, raw))
    if kind == "cc14":
        return bytes((status, number, coarse, status, number + 32, fine))
    if kind in ("nrpn", "rpn"):
        first = 99 if kind == "nrpn" else 101
        return bytes((status, first, number >> 7, status, first - 1, number & 0x7F,
                      status, 6, coarse, status, 38, fine))
    if kind == "note":
        return bytes((0x90 | channel, number, raw))
    return bytes((0xE0 | channel, fine, coarse))
