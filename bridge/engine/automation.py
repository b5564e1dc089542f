"""Ramps of the composers on their way into the sound: each begun at its tick, and aimed anew when the tempo bends."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bridge.engine.outlets import Frames
from bridge.tempo import TempoLine
from composers.score import Ramp, Tick
from instruments.block import CONTROL_FRAMES

_NS = 1_000_000_000


class Move(NamedTuple):
    """For the mix: a parameter goes to `value` in `frames`, from `offset` frames into the block on.

    track   that the path is seen from
    origin  where the whole ramp begins; None: where the parameter stands
    share   0..1: so much of the ramp lies behind already (a start in its middle); then it begins there at once
    """

    track: int
    path: str
    value: float
    frames: int
    offset: int
    origin: float | None
    share: float


class Automation:
    """What moves by itself as the music goes along. Of the engine's thread, like the timeline that fills it.

    A ramp is told once, as a glide of so many frames, and again only where its end has moved by more than a step of the
    control grid: the tempo has changed, or play stopped and went on.
    """

    __slots__ = ("_moved", "_orphans", "_serial", "_under_way", "_waiting")

    def __init__(self) -> None:
        self._waiting: list[tuple[Tick, int, int, Ramp]] = []
        self._under_way: dict[tuple[int, str], tuple[Ramp, int]] = {}
        """By track and path: the ramp, and the frame (absolute, on the ns axis) at which its end was promised."""
        self._serial = 0
        self._moved: set[tuple[int, str]] = set()
        """What the music has moved, by track and path, and what of it the present plan has yet to take over."""
        self._orphans: set[tuple[int, str]] = set()

    def put(self, track: int, ramp: Ramp) -> None:
        """To begin at its tick, or at once where that has passed."""
        self._serial += 1
        heapq.heappush(self._waiting, (ramp.start, self._serial, track, ramp))

    def chase(self, played: Iterable[tuple[int, Ramp]]) -> None:
        """After a jump: of ramps that have begun before the place, in order, the last of each parameter holds."""
        last = {(track, ramp.path): (track, ramp) for track, ramp in played}
        self._orphans.difference_update(last)
        for track, ramp in last.values():
            self._under_way.pop((track, ramp.path), None)  # of another plan: this one is put in its place
            self.put(track, ramp)

    def adopt(self, places: Sequence[int] | None) -> None:
        """Another plan goes on from here: what the old one would have begun it does not, and what it has moved is left
        to the new one, or goes back to where it was. places: of its tracks among the new one's (see RigChange), -1 for
        none; None: the same."""
        self._waiting.clear()
        if places is not None:
            self._under_way = {(places[track], path): way for (track, path), way in self._under_way.items()
                               if places[track] >= 0}
            self._moved = {(places[track], path) for track, path in self._moved if places[track] >= 0}
        self._orphans = set(self._moved)

    def take_orphans(self) -> list[tuple[int, str]]:
        """What the old plan has moved and the new one does not know: by track and path. Once it has been chased."""
        if not self._orphans:
            return []
        found = sorted(self._orphans)
        self._orphans.clear()
        self._moved.difference_update(found)
        for way in found:
            self._under_way.pop(way, None)
        return found

    def jump(self) -> None:
        """The music goes on elsewhere."""
        self._waiting.clear()
        self._under_way.clear()

    def run(self, line: TempoLine, ns: int, offset_ns: int, frames: Frames) -> list[Move]:
        """What is to be told before the block is made that ends at `ns`; the mix is heard offset_ns after its time."""
        if not self._waiting and not self._under_way:
            return []
        moves: list[Move] = []
        upto = line.tick_at(ns - offset_ns)
        for (track, path), (ramp, promised) in list(self._under_way.items()):
            end = _frame(line, ramp.end, offset_ns, frames)
            if end <= 0:
                del self._under_way[track, path]
            elif abs(end + _base(frames) - promised) > CONTROL_FRAMES:
                moves.append(Move(track, path, ramp.value, end, 0, None, 0.0))
                self._under_way[track, path] = ramp, end + _base(frames)
        while self._waiting and self._waiting[0][0] < upto:
            _, _, track, ramp = heapq.heappop(self._waiting)
            start, end = (_frame(line, tick, offset_ns, frames) for tick in (ramp.start, ramp.end))
            offset = min(max(0, start), frames.size - 1)
            share = 1.0 if end <= 0 else max(0, -start) / max(1, end - start)
            moves.append(Move(track, ramp.path, ramp.value, max(0, end - offset), offset, ramp.origin, share))
            self._moved.add((track, ramp.path))
            if end > frames.size:
                self._under_way[track, ramp.path] = ramp, end + _base(frames)
            else:
                self._under_way.pop((track, ramp.path), None)
        return moves


def _frame(line: TempoLine, tick: Tick, offset_ns: int, frames: Frames) -> int:
    """Of the block; negative before it."""
    return round((line.ns_at(tick) + offset_ns - frames.ns0) * frames.rate / _NS)


def _base(frames: Frames) -> int:
    return round(frames.ns0 * frames.rate / _NS)
