"""Soft take-over: what a fader does whose parameter has been moved by somebody else meanwhile."""

from __future__ import annotations

from typing import Literal

Takeover = Literal["jump", "pickup", "scale"]
_NEAR = 2.5 / 127
"""A control that stands this near has its parameter: a fader of 7 bits moved fast skips values."""


class TakeOver:
    """Of one control and the parameter that it turns; both are told as shares of the way, 0..1.

    jump    the parameter goes where the control is
    pickup  nothing happens until the control passes the place where the parameter stands
    scale   the parameter moves the same way at once, as much faster or slower as it takes that both reach the end
            together
    """

    __slots__ = ("_has", "_kind", "_last", "_left")

    def __init__(self, kind: Takeover = "jump") -> None:
        self._kind = kind
        self._last: float | None = None
        self._has = False
        """The parameter went where the control was, the last time."""
        self._left: float | None = None
        """Where the parameter stood then."""

    def moved(self, control: float, parameter: float) -> float | None:
        """The control is at `control` now, and the parameter at `parameter`: where it is to go, None: to stay."""
        last, self._last = self._last, control
        held = self._has and self._left is not None and abs(self._left - parameter) < _NEAR / 2
        new: float | None
        if self._kind == "jump" or held or abs(control - parameter) <= _NEAR:
            new = control
        elif last is None or control == last:
            new = None
        elif self._kind == "pickup":
            new = control if min(last, control) <= parameter <= max(last, control) else None
        elif control > last:
            new = parameter + (1 - parameter) * (control - last) / (1 - last)
        else:
            new = parameter * control / last
        self._has, self._left = new == control, new
        return new

    def left(self, parameter: float) -> None:
        """Where the parameter stands after that, if it takes only some values."""
        self._left = parameter
