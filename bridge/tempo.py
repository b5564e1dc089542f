"""Tick <-> nanosecond, as a small immutable value that is replaced and never mutated."""

from __future__ import annotations

from typing import NamedTuple

from composers.score import PPQ

MIN_BPM = 20.0
MAX_BPM = 400.0


class TempoLine(NamedTuple):
    """A straight line through (ns0, tick0): where the music is at any nanosecond.

    bpm    quarter notes a minute
    tick0  position in ticks at ns0; fractions are kept, because a clock's phase falls between ticks
    ns0    nanoseconds of the engine's clock
    """

    bpm: float
    tick0: float
    ns0: int

    @property
    def ns_per_tick(self) -> float:
        return 60e9 / (self.bpm * PPQ)

    def tick_at(self, ns: int) -> float:
        return self.tick0 + (ns - self.ns0) * (self.bpm * PPQ / 60e9)

    def ns_at(self, tick: float) -> int:
        return self.ns0 + round((tick - self.tick0) * (60e9 / (self.bpm * PPQ)))

    def with_bpm(self, bpm: float, ns: int) -> TempoLine:
        """Another tempo from `ns` on, continuous in position there."""
        return TempoLine(bpm, self.tick_at(ns), ns)

    def moved_to(self, tick: float, ns: int) -> TempoLine:
        """The same tempo, with a jump: at `tick` at `ns`."""
        return TempoLine(self.bpm, tick, ns)
