"""How hot a player plays: velocity and density, smoothed over a couple of bars, as an energy for the band."""

from __future__ import annotations

import math

from composers.score import PPQ

_WINDOW = 8.0
"""Quarters over which playing is averaged: two bars of 4/4, so that a phrase counts and a note does not."""
_SOFT, _LOUD = 30.0, 112.0
"""Velocities that count as 0 and 1: General MIDI's pp (about 33) and between ff and fff (about 112)."""
_DENSE = 4.0
"""Strokes a quarter that count as 1: sixteenths."""
_VELOCITY = 0.65
"""Share of the velocity; density has the rest."""
_STROKE = PPQ / 24
"""Notes nearer together are one stroke."""
REST_QUARTERS = 16.0
"""After so long without a note there is nothing to follow."""


class Dynamics:
    """Fed with notes by the ticks that have been played so far, which only grow. Sans I/O."""

    def __init__(self) -> None:
        self._velocity = 0.0
        self._weight = 0.0
        self._strokes = 0.0
        self._seen = 0.0
        """Share of the window that has been listened to."""
        self._at = 0.0
        self._last: float | None = None

    def on(self, velocity: float, elapsed: float) -> None:
        self._age(elapsed)
        self._velocity += velocity
        self._weight += 1.0
        if self._last is None or elapsed - self._last > _STROKE:
            self._strokes += 1.0
        self._last = elapsed

    def energy(self, elapsed: float) -> float | None:
        """0..1; None where nothing was played for four bars of 4/4, or ever."""
        if self._last is None or elapsed - self._last > REST_QUARTERS * PPQ:
            self._seen = self._velocity = self._weight = self._strokes = 0.0
            self._last = None
            return None
        self._age(elapsed)
        loud = (self._velocity / max(self._weight, 1e-9) - _SOFT) / (_LOUD - _SOFT)
        dense = self._strokes / (_WINDOW * max(self._seen, 0.25)) / _DENSE
        return _VELOCITY * min(1.0, max(0.0, loud)) + (1 - _VELOCITY) * min(1.0, dense)

    def _age(self, elapsed: float) -> None:
        if self._last is None:
            self._at = elapsed
        kept = math.exp(-max(0.0, elapsed - self._at) / (_WINDOW * PPQ))
        self._velocity, self._weight, self._strokes = (
            kept * self._velocity, kept * self._weight, kept * self._strokes)
        self._seen = 1 - kept * (1 - self._seen)
        self._at = max(self._at, elapsed)
