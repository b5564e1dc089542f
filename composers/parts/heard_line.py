"""A line that other parts listen to, searched by step."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from composers.parts.passage import Event


class HeardLine:
    """Events sorted by step, with what sounds when. `up` semitones are added to its keys."""

    def __init__(self, events: Sequence[Event], up: int = 0) -> None:
        self._events = events
        self._steps = [event.step for event in events]
        self._longest = max((event.length for event in events), default=0)
        self._up = up

    def __len__(self) -> int:
        return len(self._events)

    def between(self, start: int, end: int) -> list[Event]:
        """What sounds within start..end (half-open)."""
        first = bisect_left(self._steps, start - self._longest)
        last = bisect_left(self._steps, end)
        return [event for event in self._events[first:last] if event.end > start]

    def keys(self, start: int, end: int, least: int = 1) -> list[int]:
        """The keys that sound there for `least` steps and more."""
        return [
            event.pitch + self._up for event in self.between(start, end)
            if min(end, event.end) - max(start, event.step) >= least
        ]  # fmt: skip

    def at(self, step: int) -> Event | None:
        """What sounds at a step: the latest struck."""
        found = self.between(step, step + 1)
        return found[-1] if found else None

    def onsets(self, start: int, end: int) -> int:
        """How many notes begin there."""
        return bisect_left(self._steps, end) - bisect_left(self._steps, start)

    def holes(self, start: int, end: int, least: int) -> list[tuple[int, int]]:
        """The silences of `least` steps and more, as (start, end)."""
        ends = [start]
        begins: list[int] = []
        for event in self.between(start, end):
            begins.append(max(start, event.step))
            ends.append(max(ends[-1], event.end))
        begins.append(end)
        return [(a, b) for a, b in zip(ends, begins, strict=True) if b - a >= least]


def clashes(key: int, other: int) -> bool:
    """Whether two keys rub: a semitone apart, or a semitone and octaves; a major seventh may stand."""
    return abs(key - other) % 12 == 1


def parallel(before: tuple[int, int] | None, now: tuple[int, int]) -> bool:
    """Whether two voices, given as their keys before and now, move in parallel fifths or octaves."""
    if before is None:
        return False
    first, second = abs(before[0] - before[1]) % 12, abs(now[0] - now[1]) % 12
    return before[0] != now[0] and before[1] != now[1] and first == second and second in (0, 7)


def one_voice(events: Sequence[Event]) -> list[Event]:
    """Sorted, one note at a step, each ending before the next."""
    kept: list[Event] = []
    for event in sorted(events):
        if not kept or kept[-1].step < event.step:
            kept.append(event)
    return [
        event._replace(length=min(event.length, then.step - event.step)) for event, then in pairwise(kept)
    ] + kept[-1:]  # fmt: skip
