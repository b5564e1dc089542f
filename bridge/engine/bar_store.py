"""Composed bars at hand: those to come, and those played of late, so that a loop of a DAW plays from memory."""

from __future__ import annotations

from collections.abc import Container, Iterator

from bridge.engine.due import ControlKey, Due, control_due
from composers.score import Clip

MOST_BARS = 128
"""A loop of 64 bars, what rings into it and what is composed ahead, twice over."""
_MOST_EVENTS = 60_000
"""Notes and controllers in all, some 10 MB; beyond, fewer bars are kept, but never fewer than these:"""
LEAST_BARS = 24

Clips = tuple[Clip, ...]


class BarStore:
    """Bars by number, one clip a track. The one played (or put in) longest ago is forgotten first.

    All of one epoch: who makes a new plan keeps only what has begun of the old one. Called from the engine's thread;
    constant time but in put(), which reads the bar once, and keep_only().
    """

    __slots__ = ("_bars", "_controls", "_events")

    def __init__(self) -> None:
        self._bars: dict[int, Clips] = {}
        self._controls: dict[int, dict[ControlKey, Due]] = {}
        self._events = 0

    def __contains__(self, bar: object) -> bool:
        return bar in self._bars

    def __iter__(self) -> Iterator[int]:
        return iter(self._bars)

    def __len__(self) -> int:
        return len(self._bars)

    def __getitem__(self, bar: int) -> Clips:
        return self._bars[bar]

    def get(self, bar: int) -> Clips | None:
        return self._bars.get(bar)

    def controls(self, bar: int) -> dict[ControlKey, Due]:
        """The last value that a bar gives each controller, with its tick."""
        return self._controls[bar]

    def put(self, bar: int, clips: Clips, keep: Container[int] = ()) -> None:
        """Take in a bar; others go for it where there are too many, but none in `keep`."""
        self._drop(bar)
        last: dict[ControlKey, Due] = {}
        for track, clip in enumerate(clips):
            for control in clip.controls:
                due = control_due(control, track, control.tick)
                known = last.get(due.control)
                if known is None or due.tick >= known.tick:
                    last[due.control] = due
        self._bars[bar], self._controls[bar] = clips, last
        self._events += _size(clips)
        while len(self._bars) > (LEAST_BARS if self._events > _MOST_EVENTS else MOST_BARS):
            old = next((b for b in self._bars if b not in keep and b != bar), None)
            if old is None:
                return
            self._drop(old)

    def played(self, bar: int) -> None:
        """The bar begins: it is the one to be forgotten last."""
        self._bars[bar] = self._bars.pop(bar)

    def keep_only(self, bars: Container[int]) -> None:
        """Forget all others."""
        for bar in [b for b in self._bars if b not in bars]:
            self._drop(bar)

    def _drop(self, bar: int) -> None:
        clips = self._bars.pop(bar, None)
        if clips is not None:
            self._events -= _size(clips)
            del self._controls[bar]


def _size(clips: Clips) -> int:
    return sum(len(clip.notes) + len(clip.controls) for clip in clips)
