"""Which bars the composer is asked for, and when."""

from __future__ import annotations

from bridge.engine.chase import CHASE_BARS
from bridge.engine.timeline import HOME_BARS, Timeline

AHEAD_BARS = 4
"""Bars composed ahead of the cursor."""
_ASK_AGAIN_NS = 1_000_000_000
_LOOK_NS = 20_000_000


class BarRequests:
    """Bars that a timeline lacks. Looks only when something has changed, or once a second. Engine's thread."""

    __slots__ = ("_asked", "_bar", "_changed", "_target", "_timeline")

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._asked: dict[int, int] = {}
        self._changed = True
        self._bar = 0
        self._target = 0

    def aim(self, bar: int) -> None:
        """Play will begin in `bar`, or has begun there: it is kept at hand, with the bars that ring into it."""
        self._target = bar
        self._timeline.kept = range(bar - CHASE_BARS, bar + 2)
        self._changed = True

    def answered(self, bar: int) -> None:
        self._asked.pop(bar, None)
        self._changed = True

    def forget(self) -> None:
        """What was asked is not answered any more: the composer, or the plan, is another one."""
        self._asked.clear()
        self._changed = True

    def wanted(self, ns: int) -> list[int]:
        """Bars that are missing and were not asked for within the last second, most urgent first."""
        timeline = self._timeline
        bar = timeline.bar
        if bar != self._bar or ns % _ASK_AGAIN_NS < _LOOK_NS:
            self._changed = True
        if not self._changed:
            return []
        self._changed = False
        self._bar = bar
        target = self._target
        wanted: list[int] = []
        for want in (*range(bar, bar + AHEAD_BARS), target, target + 1, *range(HOME_BARS),
                     *range(target - 1, max(-1, target - 1 - CHASE_BARS), -1)):
            if not timeline.has(want) and ns - self._asked.get(want, -_ASK_AGAIN_NS) >= _ASK_AGAIN_NS:
                self._asked[want] = ns
                wanted.append(want)
        return wanted
