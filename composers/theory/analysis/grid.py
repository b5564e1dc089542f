"""A score cut into equal slices on its bars: what sounds, begins and lies lowest in each, as arrays.

Everything that listens (keys, chords, phrases) reads from here. Pure numpy, any thread; a slice is an eighth note
(the unit of the meter where that is shorter).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from composers.errors import MusicError
from composers.score import PPQ, Meter, Note, Tick

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

SLICE_TICKS = PPQ // 2
NEAR_TICKS = SLICE_TICKS // 4
"""Times are rounded to this."""
LEVELS = 4
"""Metrical levels of a slice: 0 the bar line, 1 a strong beat (the middle of 4/4), 2 a beat, 3 between beats."""
MOST_SLICES = 2_000_000


class MeterChange(NamedTuple):
    """A meter and the bar line from which it holds. Before the first one, bars are counted backwards: a pickup."""

    tick: Tick
    meter: Meter


@dataclass(frozen=True)
class Grid:
    """starts  [slices + 1] ticks, ascending; the last is the end
    level   [slices] 0..3, see LEVELS
    bar     [slices] number of the bar, 0 = the one that begins at the first meter's tick, below 0 in a pickup
    beat    [slices] number of the beat, counted through from the first slice's
    notes   start, end, key of each note as arrays, sorted by start
    """

    starts: Ints
    level: Ints
    bar: Ints
    beat: Ints
    note_start: Ints
    note_end: Ints
    note_key: Ints

    def __len__(self) -> int:
        return len(self.level)

    @cached_property
    def _pairs(self) -> tuple[Ints, Ints, Floats]:
        """Note, slice and shared part of the slice (0..1) for every note in every slice that it sounds in."""
        first = np.searchsorted(self.starts, self.note_start, side="right") - 1
        last = np.searchsorted(self.starts, self.note_end, side="left")
        counts = np.maximum(last - first, 1)
        note = np.repeat(np.arange(len(first)), counts)
        place = np.arange(len(note)) - np.repeat(np.cumsum(counts) - counts, counts) + first[note]
        begin = np.maximum(self.starts[place], self.note_start[note])
        end = np.minimum(self.starts[place + 1], self.note_end[note])
        share = (end - begin) / (self.starts[place + 1] - self.starts[place])
        return note, place, np.maximum(share, 0).astype(np.float32)

    @cached_property
    def sounding(self) -> Floats:
        """[slices, 12] how much of the slice each pitch class sounds, doublings counted up to twice."""
        note, place, share = self._pairs
        found = np.zeros(len(self) * 12, np.float32)
        np.add.at(found, place * 12 + self.note_key[note] % 12, share)
        return np.minimum(found, 2).reshape(-1, 12)

    @cached_property
    def beginning(self) -> Floats:
        """[slices, 12] 1 where a note of the pitch class begins in the slice."""
        found = np.zeros((len(self), 12), np.float32)
        found[np.searchsorted(self.starts, self.note_start, side="right") - 1, self.note_key % 12] = 1
        return found

    @cached_property
    def held(self) -> Floats:
        """[slices, 12] 1 where a note of the pitch class rings over from before the slice."""
        note, place, share = self._pairs
        found = np.zeros((len(self), 12), np.float32)
        over = (self.note_start[note] < self.starts[place]) & (share > 0.2)
        found[place[over], self.note_key[note[over]] % 12] = 1
        return found

    @cached_property
    def stepping(self) -> Floats:
        """[slices, 12] how much of what sounds came by step and goes by step: what may be passing or a neighbour."""
        note, place, share = self._pairs
        found = np.zeros(len(self) * 12, np.float32)
        np.add.at(found, place * 12 + self.note_key[note] % 12, share * self._stepwise[note])
        return np.minimum(found, 2).reshape(-1, 12)

    @cached_property
    def _stepwise(self) -> Floats:
        """[notes] 1 for a note that some note a step away leads to, and that leads to one a step away."""
        near = PPQ // 8
        came, goes = (np.zeros(len(self.note_key), bool) for _ in range(2))
        by_end = np.argsort(self.note_end, kind="stable")
        for step in (-2, -1, 1, 2):
            came |= _meets(self.note_start, self.note_key + step, self.note_end[by_end], self.note_key[by_end], near)
            goes |= _meets(self.note_end, self.note_key + step, self.note_start, self.note_key, near)
        return (came & goes).astype(np.float32)

    @cached_property
    def lowest(self) -> Ints:
        """[slices] the lowest key that sounds in half of the slice (in any part, where none does); -1 = rest."""
        note, place, share = self._pairs
        high = 1000
        long, any_ = np.full(len(self), high), np.full(len(self), high)
        np.minimum.at(any_, place, self.note_key[note])
        half = share >= 0.5
        np.minimum.at(long, place[half], self.note_key[note[half]])
        found = np.where(long < high, long, any_)
        return np.where(found < high, found, -1)

    @cached_property
    def highest(self) -> Ints:
        """[slices] the highest key that sounds in each, the last one through rests."""
        note, place, _ = self._pairs
        found = np.full(len(self), -1)
        np.maximum.at(found, place, self.note_key[note])
        last = np.maximum.accumulate(np.where(found >= 0, np.arange(len(self)), 0))
        return np.asarray(np.maximum(found[last], 0), np.int64)

    @cached_property
    def onsets(self) -> Floats:
        """[slices] notes that begin."""
        at = np.searchsorted(self.starts, self.note_start, side="right") - 1
        return np.bincount(at, minlength=len(self)).astype(np.float32)


def _meets(times: Ints, keys: Ints, other_times: Ints, other_keys: Ints, near: int) -> Flags:
    """Whether one of the others has this key at this time, give or take `near` ticks."""
    codes = np.sort(other_times // near * 256 + other_keys)
    found = np.zeros(len(times), bool)
    for shift in (-1, 0, 1):
        wanted = (times // near + shift) * 256 + keys
        at = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
        found |= codes[at] == wanted
    return found


def make_grid(notes: Sequence[Note], meters: Sequence[MeterChange]) -> Grid:
    """Slices from the bar line before the first note to the end of the last.

    Raises MusicError for no notes, for meters that do not ascend, or for a piece of more than MOST_SLICES slices.
    """
    if not notes:
        raise MusicError("there are no notes to analyse: give at least one note that has a pitch")
    ordered = sorted(notes)
    table = np.array([(n.start, n.start + n.length, n.pitch) for n in ordered], np.int64)
    table[:, :2] = (table[:, :2] + NEAR_TICKS // 2) // NEAR_TICKS * NEAR_TICKS  # played notes come early and late
    table[:, 1] = np.maximum(table[:, 1], table[:, 0] + NEAR_TICKS)
    begin, end = int(table[0, 0]), int(table[:, 1].max())
    starts, level, bar, beat = _slices(begin, end, meters)
    return Grid(starts, level, bar, beat, table[:, 0], table[:, 1], table[:, 2])


def _slices(begin: Tick, end: Tick, meters: Sequence[MeterChange]) -> tuple[Ints, Ints, Ints, Ints]:
    if any(a.tick >= b.tick for a, b in pairwise(meters)) or not meters:
        given = [(m.tick, str(m.meter)) for m in meters]
        raise MusicError(f"meters {given} do not ascend: give each at its own bar line, later than the one before")
    parts: list[tuple[Ints, Ints, Ints, Ints]] = []
    bars = beats = 0
    for index, (tick, meter) in enumerate(meters):
        length, bar_ticks = min(SLICE_TICKS, meter.beat_ticks), meter.bar_ticks
        until = meters[index + 1].tick if index + 1 < len(meters) else max(end, tick + 1)
        since = tick
        if index == 0 and begin < tick:  # a pickup: bars counted backwards
            bars = (begin - tick) // bar_ticks
            since = tick + bars * bar_ticks
        if (until - since) // length > MOST_SLICES:
            raise MusicError(
                f"the notes last {until - since} ticks, more than {MOST_SLICES} slices of {length}: analyse it in parts"
            )
        per_bar = bar_ticks // length
        count = -(-(until - since) // length)
        place = np.arange(count)
        inside = place % per_bar
        span = beat_ticks_of(meter)
        in_beat = inside * length % span
        level = np.where(inside == 0, 0, np.where(in_beat, 3, np.where(_strong(inside * length, meter), 1, 2)))
        through = np.cumsum(in_beat == 0) - 1 + beats
        parts.append((since + place * length, level, bars + place // per_bar, through))
        beats = int(through[-1]) + 1
        bars += -(-count // per_bar)
    starts, level, bar, beat = (np.concatenate(p) for p in zip(*parts, strict=True))
    keep = (starts < end) & (np.append(starts[1:], end) > begin)
    first = int(np.argmax(keep))
    starts, level, bar, beat = starts[keep], level[keep], bar[keep], beat[keep] - beat[first]
    return np.append(starts, max(end, int(starts[-1]) + 1)), level, bar, beat


def beat_ticks_of(meter: Meter) -> Tick:
    """What is felt as the beat: three units in 6/8, 9/8, 12/8 and the like, else one."""
    return meter.beat_ticks * (3 if meter.beats % 3 == 0 and meter.beats > 3 and meter.unit >= 4 else 1)


def _strong(ticks: Ints, meter: Meter) -> Flags:
    """Beats stronger than their neighbours within the bar: the third of four, every half of six."""
    beats = meter.bar_ticks // beat_ticks_of(meter)
    if beats % 2 or beats < 4:
        return np.zeros(len(ticks), bool)
    return np.asarray(ticks % (beat_ticks_of(meter) * 2) == 0)
