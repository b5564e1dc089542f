"""The tempo of a whole piece by frames, as it was while it was played."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from instruments.block import Transport

PPQ = 960
"""Points a quarter note of bpm_by_beat()."""


class TempoPoint(NamedTuple):
    """From this frame on, which is at this beat (quarter notes), the tempo is bpm."""

    frame: int
    beat: float
    bpm: float


@dataclass(frozen=True, slots=True)
class TempoCurve:
    """points: by frame, the first at frame 0. The song plays throughout."""

    points: Sequence[TempoPoint]
    rate: int
    beats_per_bar: int = 4
    beat_unit: int = 4
    _frames: list[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_frames", [p.frame for p in self.points])

    @staticmethod
    def steady(bpm: float, rate: int) -> TempoCurve:
        return TempoCurve((TempoPoint(0, 0.0, bpm),), rate)

    def at(self, frame: int) -> Transport:
        """What a plug-in is told at this frame."""
        point = self.points[max(0, bisect_right(self._frames, frame) - 1)]
        beat = point.beat + (frame - point.frame) / self.rate * point.bpm / 60
        return Transport(frame, beat, point.bpm, self.beats_per_bar, self.beat_unit, True)

    @property
    def is_steady(self) -> bool:
        return len({p.bpm for p in self.points}) == 1

    def later(self, frames: int, beats: float) -> TempoCurve:
        """The same, begun so many frames and beats earlier at its first tempo."""
        first = self.points[0]
        moved = [TempoPoint(p.frame + frames, p.beat + beats, p.bpm) for p in self.points]
        return TempoCurve((TempoPoint(0, first.beat, first.bpm), *moved), self.rate, self.beats_per_bar,
                          self.beat_unit)

    def bpm_by_beat(self, frames: int) -> NDArray[np.float32]:
        """The tempo on every PPQth of a quarter note, up to `frames`; a change counts from the PPQth before it on:
        DawDreamer adds beats up block by block, and comes out a little below."""
        last = self.at(frames).beat
        beats = np.arange(1, int(last * PPQ) + 3) / PPQ
        which = np.searchsorted([p.beat for p in self.points], beats, side="right") - 1
        bpms = np.array([p.bpm for p in self.points], np.float32)
        return bpms[np.maximum(which, 0)]
