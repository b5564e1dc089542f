"""What a Faust program shows of itself: its controls with units, ranges and steps, and what it declares.

Faust's C interface hands its controls to a table of functions (faust/gui/CInterface.h, UIGlue and MetaGlue); this is
that table in ctypes. In a plug-in's process only.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["button", "check", "slider", "entry", "bar"]

_MENU = re.compile(r"(?:menu|radio)\s*\{(.*)\}")
_WORD = re.compile(r"'([^']*)'\s*:\s*([-+0-9.eE]+)")

_p, _s, _f = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_float
_BOX = ctypes.CFUNCTYPE(None, _p, _s)
_CLOSE = ctypes.CFUNCTYPE(None, _p)
_SWITCH = ctypes.CFUNCTYPE(None, _p, _s, _p)
_SLIDER = ctypes.CFUNCTYPE(None, _p, _s, _p, _f, _f, _f, _f)
_BAR = ctypes.CFUNCTYPE(None, _p, _s, _p, _f, _f)
_SOUNDFILE = ctypes.CFUNCTYPE(None, _p, _s, _s, _p)
_DECLARE = ctypes.CFUNCTYPE(None, _p, _p, _s, _s)
_META = ctypes.CFUNCTYPE(None, _p, _s, _s)


class UIGlue(ctypes.Structure):
    """Of faust/gui/CInterface.h."""

    _fields_ = (
        ("uiInterface", _p), ("openTabBox", _BOX), ("openHorizontalBox", _BOX), ("openVerticalBox", _BOX),
        ("closeBox", _CLOSE), ("addButton", _SWITCH), ("addCheckButton", _SWITCH), ("addVerticalSlider", _SLIDER),
        ("addHorizontalSlider", _SLIDER), ("addNumEntry", _SLIDER), ("addHorizontalBargraph", _BAR),
        ("addVerticalBargraph", _BAR), ("addSoundfile", _SOUNDFILE), ("declare", _DECLARE),
    )


class MetaGlue(ctypes.Structure):
    """Of faust/gui/CInterface.h."""

    _fields_ = (("metaInterface", _p), ("declare", _META))


@dataclass(frozen=True, slots=True)
class Control:
    """One control of one instance. zone is its number in the instance's memory; units are the program's own.

    label  the last word of its path "/Program/group/label"
    words  of a menu or radio, by value
    log    the program asks for a logarithmic scale
    """

    path: str
    label: str
    kind: Kind
    zone: ctypes.c_float
    init: float
    low: float
    high: float
    step: float
    meta: Mapping[str, str] = field(default_factory=dict)

    @property
    def unit(self) -> str:
        return self.meta.get("unit", "")

    @property
    def log(self) -> bool:
        return self.meta.get("scale") == "log" and self.low > 0

    @property
    def words(self) -> dict[float, str]:
        menu = _MENU.search(self.meta.get("style", ""))
        return {} if menu is None else {float(value): word for word, value in _WORD.findall(menu[1])}

    @property
    def steps(self) -> int:
        """How many values it has: of switches, entries and menus. A slider's step is how far a mouse moves it: 0."""
        if self.kind in ("button", "check"):
            return 2
        if self.words:
            return len(self.words)
        return round((self.high - self.low) / self.step) + 1 if self.kind == "entry" and self.step > 0 else 0

    def value(self, raw: float) -> float:
        """From 0..1."""
        if words := sorted(self.words):
            return words[min(len(words) - 1, int(raw * len(words)))]
        if self.log:
            return float(self.low * (self.high / self.low) ** raw)
        value = self.low + raw * (self.high - self.low)
        return self.low + round((value - self.low) / self.step) * self.step if self.steps and self.step else value

    def raw(self, value: float) -> float:
        """To 0..1."""
        if words := sorted(self.words):
            nearest = min(range(len(words)), key=lambda i: abs(words[i] - value))
            return nearest / max(1, len(words) - 1)
        if self.high == self.low:
            return 0.0
        if self.log:
            share = math.log(max(value, 1e-30) / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, share))

    def parsed(self, text: str) -> float:
        """The raw value of a text or number in its own units; -1 where it is neither."""
        wanted = text.strip().casefold()
        for value, word in self.words.items():
            if word.casefold() == wanted:
                return self.raw(value)
        try:
            value = float(text)
        except ValueError:
            return -1.0
        return self.raw(value) if self.low <= value <= self.high else -1.0

    def text(self, raw: float) -> str:
        value = self.value(raw)
        return self.words.get(value, f"{value:.7g}")


def read_controls(build: Callable[[Any], None]) -> list[Control]:
    """build: the program's buildUserInterface of one instance, to be called with a pointer to a UIGlue."""
    found: list[Control] = []
    groups: list[str] = []
    said: dict[int, dict[str, str]] = {}

    def opened(_: object, label: bytes) -> None:
        groups.append(label.decode(errors="replace"))

    def closed(_: object) -> None:
        groups.pop()

    def declared(_: object, zone: int | None, key: bytes, value: bytes) -> None:
        if zone:
            said.setdefault(zone, {})[key.decode(errors="replace")] = value.decode(errors="replace")

    def add(kind: Kind, label: bytes, zone: int, init: float, low: float, high: float, step: float) -> None:
        name = label.decode(errors="replace")
        path = "/" + "/".join([*(g for g in groups if g), name])
        found.append(Control(path, name, kind, _f.from_address(zone), init, low, high, step, said.get(zone, {})))

    def switch(kind: Kind) -> Callable[..., None]:
        return lambda _, label, zone: add(kind, label, zone, 0.0, 0.0, 1.0, 1.0)

    def slider(kind: Kind) -> Callable[..., None]:
        return lambda _, label, zone, *numbers: add(kind, label, zone, *numbers)

    def bar(_: object, label: bytes, zone: int, low: float, high: float) -> None:
        add("bar", label, zone, low, low, high, 0.0)

    def soundfile(*_: object) -> None:
        """Refused when it is compiled."""

    box, slide, show = _BOX(opened), _SLIDER(slider("slider")), _BAR(bar)
    glue = UIGlue(None, box, box, box, _CLOSE(closed), _SWITCH(switch("button")), _SWITCH(switch("check")), slide,
                  slide, _SLIDER(slider("entry")), show, show, _SOUNDFILE(soundfile), _DECLARE(declared))
    build(ctypes.byref(glue))
    return found


def read_meta(build: Callable[[Any], None]) -> dict[str, str]:
    """build: the program's metadata function, to be called with a pointer to a MetaGlue."""
    found: dict[str, str] = {}

    def declared(_: object, key: bytes, value: bytes) -> None:
        found[key.decode(errors="replace")] = value.decode(errors="replace")

    build(ctypes.byref(MetaGlue(None, _META(declared))))
    return found
