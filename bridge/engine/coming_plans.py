"""Plans that have been asked for and are not heard yet: their bars gather here while the old music goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from bridge.engine.bar_store import BarStore
from bridge.engine.clip_bytes import Bar
from composers.score import Meter, Tick

MOST_PLANS = 64
"""So many are kept while the composer answers none of them: two seconds of a fader being moved."""

At = Literal["bar", "beat"]


@dataclass(slots=True)
class ComingPlan:
    """A plan on its way in.

    at       where it may begin: at a bar line, or at any beat
    length   bars until the end, or None; of the old plan's end it takes the place when it begins
    rig      number of the rig that its bars are for (see RigChange)
    restart  it begins at bar 0, as soon as that is there; bpm: with this tempo of our own, None for the one that holds
    play     True restart: and plays
    """

    epoch: int
    at: At
    meter: Meter
    length: int | None = None
    rig: int = 0
    restart: bool = False
    bpm: float | None = None
    play: bool = True
    bars: BarStore = field(default_factory=BarStore)

    def first_line(self, tick: Tick) -> Tick:
        """The first at or after `tick` where it may begin."""
        step = self.meter.bar_ticks if self.at == "bar" else self.meter.beat_ticks
        return -(-tick // step) * step

    def needed(self, tick: Tick) -> tuple[int, ...]:
        """The bars without which it does not begin at `tick`: that one, and the next if it begins within a beat."""
        bar_ticks = self.meter.bar_ticks
        first, last = tick // bar_ticks, (tick + self.meter.beat_ticks) // bar_ticks
        return (first,) if first == last else (first, last)

    def ready(self, tick: Tick) -> bool:
        return all(bar in self.bars for bar in self.needed(tick))


class ComingPlans:
    """In order of their epochs. The newest that has been answered is the one that begins, though a newer one may have
    been asked for already: so a stream of changes, faster than the composer, is heard on its way. Engine's thread."""

    def __init__(self) -> None:
        self._plans: dict[int, ComingPlan] = {}

    def __bool__(self) -> bool:
        return bool(self._plans)

    def __iter__(self) -> Iterator[ComingPlan]:
        """Newest first."""
        return reversed(self._plans.values())

    @property
    def newest(self) -> ComingPlan | None:
        return next(iter(self), None)

    def add(self, plan: ComingPlan) -> None:
        """The newest. What is changed of a piece that is still to begin at bar 0 begins there, too."""
        before = self.newest
        if before is not None and before.restart and not plan.restart:
            plan.restart, plan.play = True, before.play
            plan.bpm = before.bpm if plan.bpm is None else plan.bpm
        self._plans[plan.epoch] = plan
        if len(self._plans) > MOST_PLANS:
            del self._plans[next(iter(self._plans))]

    def insert(self, bar: Bar) -> bool:
        """Take in an answer to one of them, the first for its bar."""
        plan = self._plans.get(bar.epoch)
        if plan is None or bar.bar in plan.bars:
            return False
        plan.bars.put(bar.bar, bar.clips)
        return True

    def begun(self, plan: ComingPlan) -> None:
        """It is the present one: it comes no more, and those before it never will."""
        for epoch in [e for e in self._plans if e <= plan.epoch]:
            del self._plans[epoch]
