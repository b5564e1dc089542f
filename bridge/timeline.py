"""Bars of music and one monotone cursor: what falls due, each note once, each with its end."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import NamedTuple

from composers.score import Clip, Meter, Tick
from instruments.block import Kind

GRACE_TICKS: Tick = 240
"""A note of a bar that was waited for still sounds if it is at most this late (a quarter of a beat)."""
KEEP_BARS = 8
"""Bars kept behind the cursor, to repeat from when the composer is late."""
_REPEAT_BACK = (4, 2, 1, 3, 5, 6, 7, 8)
"""Which earlier bar stands in for a late one: the phrase unit is four or two bars in most music."""

_OFF, _CONTROL, _ON = 0, 1, 2
_CONTROL_KINDS = {"cc": Kind.CC, "bend": Kind.BEND, "pressure": Kind.PRESSURE, "program": Kind.PROGRAM}


class Due(NamedTuple):
    """What falls due at a tick: a FrameEvent that does not know its frame yet. `length` in ticks where kind is ON."""

    tick: Tick
    kind: Kind
    track: int
    channel: int
    number: int
    value: float
    cents: float = 0.0
    length: Tick = 0


class Timeline:
    """Holds composed bars by number and plays them from a cursor that only moves forward, except by jump().

    Called from the engine's thread alone. take() is monotone: a tempo change can neither repeat nor skip a note.
    """

    def __init__(self, tracks: int, meter: Meter, home_bars: int = 2) -> None:
        self.meter = meter
        self.cursor: Tick = 0
        self.repeated_bars = 0
        self.late_bars = 0
        self._tracks = tracks
        self._home = home_bars
        self._bars: dict[int, tuple[Clip, ...]] = {}
        self._loaded: int | None = None
        self._waiting_from: Tick | None = None
        self._played: dict[int, tuple[Clip, ...]] = {}
        self._pending: list[tuple[Tick, int, int, Due]] = []
        self._offs: list[tuple[Tick, int, tuple[int, int, int]]] = []
        self._sounding: dict[tuple[int, int, int], tuple[Tick, int]] = {}
        self._serial = 0

    def has(self, bar: int) -> bool:
        return bar in self._bars

    @property
    def bar(self) -> int:
        return self.cursor // self.meter.bar_ticks

    @property
    def sounding(self) -> int:
        """Notes that have begun and not ended."""
        return len(self._sounding)

    def insert(self, bar: int, clips: tuple[Clip, ...]) -> None:
        """Take in a composed bar: one clip a track. A bar that is already being played is not changed."""
        self._bars[bar] = clips

    def withdraw(self, from_bar: int, tracks: int | None = None, meter: Meter | None = None) -> None:
        """Forget all that lies at or beyond `from_bar` and has not begun; what is sounding rings to its end.

        Bars kept for a jump home (0, 1, ...) are forgotten too: they belong to the old plan.
        """
        if tracks is not None:
            self._tracks = tracks
        if meter is not None:
            self.meter = meter
        self._bars = {b: c for b, c in self._bars.items() if self.bar <= b < from_bar}
        start = from_bar * self.meter.bar_ticks
        if self._loaded is not None and self._loaded >= from_bar:
            self._pending = [p for p in self._pending if p[0] < start]
            heapq.heapify(self._pending)
            self._loaded = from_bar - 1

    def jump(self, tick: Tick) -> list[Due]:
        """Continue from `tick`. Returns the offs for what sounds, at the old cursor's place."""
        offs = self.silence()
        self.cursor = tick
        self._pending.clear()
        self._loaded = None
        self._waiting_from = None
        self._played.clear()
        return offs

    def silence(self) -> list[Due]:
        """The offs for all that sounds."""
        offs = [Due(self.cursor, Kind.OFF, track, channel, pitch, 64.0) for track, channel, pitch in self._sounding]
        self._sounding.clear()
        self._offs.clear()
        return offs

    def take(self, end: Tick) -> list[Due]:
        """All that falls due before `end`, in order, at one tick the offs first. Moves the cursor there."""
        if end <= self.cursor:
            return []
        bar_ticks = self.meter.bar_ticks
        for bar in range(self.cursor // bar_ticks, (end - 1) // bar_ticks + 1):
            if self._loaded is None or bar > self._loaded:
                self._load(bar, max(self.cursor, bar * bar_ticks))
        out: list[Due] = []
        while True:
            on = self._pending[0] if self._pending and self._pending[0][0] < end else None
            off = self._offs[0] if self._offs and self._offs[0][0] < end else None
            if on is None and off is None:
                break
            if off is not None and (on is None or off[0] <= on[0]):
                tick, serial, key = heapq.heappop(self._offs)
                held = self._sounding.get(key)
                if held is not None and held[1] == serial:
                    del self._sounding[key]
                    out.append(Due(tick, Kind.OFF, *key, 64.0))
                continue
            due = heapq.heappop(self._pending)[3]
            if due.kind is Kind.ON:
                key = (due.track, due.channel, due.number)
                if key in self._sounding:  # struck again: end the old one first
                    out.append(Due(due.tick, Kind.OFF, *key, 64.0))
                self._serial += 1
                self._sounding[key] = (due.tick + due.length, self._serial)
                heapq.heappush(self._offs, (due.tick + due.length, self._serial, key))
            out.append(due)
        self.cursor = end
        return out

    def _load(self, bar: int, cursor: Tick) -> None:
        clips = self._bars.get(bar)
        if clips is None:
            for back in _REPEAT_BACK:
                earlier = self._played.get(bar - back)
                if earlier is not None:
                    clips = tuple(_varied(c.shifted(back * self.meter.bar_ticks), bar) for c in earlier)
                    self.repeated_bars += 1
                    break
            else:
                if self._waiting_from is None:  # nothing has been played yet: wait, the bar may still begin late
                    self._waiting_from = cursor
                    self.late_bars += 1
                return
        first = cursor if self._waiting_from is None else max(self._waiting_from, cursor - GRACE_TICKS)
        self._waiting_from = None
        self._loaded = bar
        self._played[bar] = clips
        self._played.pop(bar - KEEP_BARS - 1, None)
        for old in [b for b in self._bars if b < bar - KEEP_BARS and b >= self._home]:
            del self._bars[old]
        for track, clip in enumerate(clips):
            for n in clip.notes:
                if n.start >= first:
                    tick = max(n.start, cursor)
                    self._push(tick, _ON, Due(tick, Kind.ON, track, n.channel, n.pitch, n.velocity, n.cents,
                                              max(1, n.end - tick)))
            for c in clip.controls:
                self._push(max(c.tick, cursor), _CONTROL, Due(max(c.tick, cursor), _CONTROL_KINDS[c.kind], track,
                                                              c.channel, c.number, c.value))

    def _push(self, tick: Tick, order: int, due: Due) -> None:
        self._serial += 1
        heapq.heappush(self._pending, (tick, order, self._serial, due))


def _varied(clip: Clip, bar: int) -> Clip:
    """A repeat that is not to the letter: velocities breathe by up to 6 %, differently in each bar."""
    factor = (1.0, 0.94, 1.03, 0.97)[bar % 4]
    return Clip(
        clip.span, tuple(n._replace(velocity=min(127.0, max(1.0, n.velocity * factor))) for n in clip.notes),
        clip.controls,
    )


def ordered(clips: Mapping[str, Clip], tracks: tuple[str, ...], bar: int, meter: Meter) -> tuple[Clip, ...]:
    """A band's answer in the order of the tracks; a track that it left out is silent."""
    empty = Clip(meter.bar(bar))
    return tuple(clips.get(name, empty) for name in tracks)
