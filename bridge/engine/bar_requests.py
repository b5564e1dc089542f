"""Which bars the composer is asked for, and when."""

from __future__ import annotations

from bridge.engine.chase import CHASE_BARS
from bridge.engine.coming_plans import ComingPlan, ComingPlans
from bridge.engine.timeline import HOME_BARS, Timeline

AHEAD_BARS = 4
"""Bars composed ahead of the cursor."""
_ASK_AGAIN_NS = 1_000_000_000
_LOOK_NS = 20_000_000
_MOST_ASKED = 256
RINGING_BARS = 1
"""Of a plan that is coming, so many bars before its first are asked for, for what rings into it: each costs time."""


class BarRequests:
    """Bars that a timeline lacks, and plans that are coming. Looks only when something has changed, or once a second.
    Engine's thread."""

    __slots__ = ("_asked", "_bar", "_changed", "_coming", "_target", "_timeline")

    def __init__(self, timeline: Timeline, coming: ComingPlans) -> None:
        self._timeline = timeline
        self._coming = coming
        self._asked: dict[tuple[int, int], int] = {}
        """By epoch and bar: when."""
        self._changed = True
        self._bar = 0
        self._target = 0

    def aim(self, bar: int) -> None:
        """Play will begin in `bar`, or has begun there: it is kept at hand, with the bars that ring into it."""
        self._target = bar
        self._timeline.kept = range(bar - CHASE_BARS, bar + 2)
        self._changed = True

    def answered(self, epoch: int, bar: int) -> None:
        self._asked.pop((epoch, bar), None)
        self._changed = True

    def look(self) -> None:
        """There is another plan: see what it wants."""
        self._changed = True

    def forget(self) -> None:
        """What was asked is not answered any more: the composer, or the plan, is another one."""
        self._asked.clear()
        self._changed = True

    def wanted(self, epoch: int, ns: int) -> list[tuple[int, int]]:
        """(epoch, bar) that are missing and were not asked for within the last second, most urgent first. `epoch` is
        that of the timeline's own bars; a plan that is coming asks for those alone without which it cannot begin."""
        timeline = self._timeline
        bar = timeline.bar
        if bar != self._bar or ns % _ASK_AGAIN_NS < _LOOK_NS:
            self._changed = True
        if not self._changed:
            return []
        self._changed = False
        self._bar = bar
        coming = self._coming.newest
        wanted: list[tuple[int, int]] = []
        if coming is not None:
            wanted += ((coming.epoch, want) for want in self._first_of(coming) if want not in coming.bars)
        target = self._target
        wanted += ((epoch, want) for want in (*range(bar, bar + AHEAD_BARS), target, target + 1, *range(HOME_BARS),
                                              *range(target - 1, max(-1, target - 1 - CHASE_BARS), -1))
                   if not timeline.has(want))
        if len(self._asked) > _MOST_ASKED:
            self._asked = {want: at for want, at in self._asked.items() if ns - at < _ASK_AGAIN_NS}
        asked = []
        for want in wanted:
            if ns - self._asked.get(want, -_ASK_AGAIN_NS) >= _ASK_AGAIN_NS:
                self._asked[want] = ns
                asked.append(want)
        return asked

    def _first_of(self, plan: ComingPlan) -> list[int]:
        """Where it may begin, the bar after that, and what rings into it."""
        if plan.restart:
            return [0, 1]
        bar_ticks = plan.meter.bar_ticks
        first = plan.first_line(self._timeline.cursor) // bar_ticks
        if plan.meter != self._timeline.meter:
            first = self._timeline.cursor // bar_ticks
        return [first, first + 1, *range(first - 1, max(-1, first - 1 - RINGING_BARS), -1)]
