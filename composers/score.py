"""Music as data in beats: ticks, notes, controls, clips, meters. Nothing here knows frames or clocks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from composers.errors import MusicError

PPQ = 960
"""Ticks to the quarter note: 40 to a MIDI clock (24 ppqn), 240 to a sixteenth (one SPP unit)."""

Tick = int


class Note(NamedTuple):
    """One note: a length, never an on/off pair, so that no note can lack its end.

    start     tick, absolute (0 = the first downbeat of the piece)
    length    ticks, >= 1
    pitch     MIDI key, 0..127 (60 = C4)
    velocity  0 < v <= 127; a float, because MIDI 2.0 and the synth know more than 7 bits
    channel   0..15
    cents     deviation from the key, -1200..1200
    """

    start: Tick
    length: Tick
    pitch: int
    velocity: float
    channel: int = 0
    cents: float = 0.0

    @property
    def end(self) -> Tick:
        return self.start + self.length


class Control(NamedTuple):
    """A controller change at a tick.

    kind    "cc", "bend", "pressure" or "program"
    number  the controller's number where kind is "cc", else 0
    value   cc, pressure and program 0..127, bend -1..1 (of the bend range); a float for the same reason as velocity
    """

    tick: Tick
    kind: str
    number: int
    value: float
    channel: int = 0


class Ramp(NamedTuple):
    """A parameter of the sound on its way from one value to another: a filter that opens, a send that grows.

    length  ticks, >= 0; 0: at once
    path    of the parameter, seen from the track that plays the clip: "gain_db", "filter.cutoff_hz", "send.room",
            "synth.amp.attack_ms"; or, beginning with "master.", "mixer.", "group.", "return." or "track.", of
            anything in the mix. Where there is no such parameter nothing happens
    value   in the parameter's unit, at the end; it stays there
    origin  at the start; None: from where the parameter is
    """

    start: Tick
    length: Tick
    path: str
    value: float
    origin: float | None = None

    @property
    def end(self) -> Tick:
        return self.start + self.length


class Span(NamedTuple):
    """A half-open range of ticks: start <= tick < end."""

    start: Tick
    end: Tick

    def __contains__(self, tick: object) -> bool:
        return isinstance(tick, int) and self.start <= tick < self.end

    @property
    def length(self) -> Tick:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Clip:
    """What starts within a span, sorted by time. A note may ring, a ramp may go on past the span's end."""

    span: Span
    notes: tuple[Note, ...] = ()
    controls: tuple[Control, ...] = ()
    ramps: tuple[Ramp, ...] = ()

    @staticmethod
    def of(
        span: Span, notes: Iterable[Note], controls: Iterable[Control] = (), ramps: Iterable[Ramp] = ()
    ) -> Clip:
        """Sort, drop what starts outside the span, and check each value's range.

        Raises MusicError for a note that MIDI cannot carry, or a ramp that has no length or number: it names it.
        """
        kept = tuple(sorted(n for n in notes if span.start <= n.start < span.end))
        for n in kept:
            if not (0 <= n.pitch <= 127 and 0 < n.velocity <= 127 and n.length >= 1 and 0 <= n.channel <= 15):
                raise MusicError(
                    f"{n} cannot be played: pitch 0..127, 0 < velocity <= 127, length >= 1 tick, channel 0..15"
                )
        moves = tuple(sorted((r for r in ramps if span.start <= r.start < span.end), key=lambda r: (r.start, r.path)))
        for r in moves:
            values = (r.value,) if r.origin is None else (r.value, r.origin)
            if r.length < 0 or not r.path or not all(math.isfinite(v) for v in values):
                raise MusicError(f"{r} cannot be played: length >= 0 ticks, a path such as 'filter.cutoff_hz', numbers")
        return Clip(span, kept, tuple(sorted(c for c in controls if span.start <= c.tick < span.end)), moves)

    def shifted(self, ticks: Tick) -> Clip:
        """The same music, `ticks` later."""
        return Clip(
            Span(self.span.start + ticks, self.span.end + ticks),
            tuple(n._replace(start=n.start + ticks) for n in self.notes),
            tuple(c._replace(tick=c.tick + ticks) for c in self.controls),
            tuple(r._replace(start=r.start + ticks) for r in self.ramps),
        )


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature: `beats` of one `unit`-th note each (unit a power of two, 1..32)."""

    beats: int = 4
    unit: int = 4

    def __post_init__(self) -> None:
        if not 1 <= self.beats <= 32 or self.unit not in (1, 2, 4, 8, 16, 32):
            raise MusicError(f"meter {self.beats}/{self.unit} is not one: give 1..32 beats of a 1, 2, 4, 8, 16 or 32")

    @staticmethod
    def parse(text: str) -> Meter:
        """"4/4" -> Meter(4, 4). Raises MusicError for anything else."""
        top, slash, bottom = text.partition("/")
        if not (slash and top.strip().isdigit() and bottom.strip().isdigit()):
            raise MusicError(f"meter {text!r} is not one: write it as beats/unit, for example 4/4 or 3/4")
        return Meter(int(top), int(bottom))

    @property
    def beat_ticks(self) -> Tick:
        return PPQ * 4 // self.unit

    @property
    def bar_ticks(self) -> Tick:
        return self.beats * self.beat_ticks

    def bar(self, index: int) -> Span:
        """The span of bar `index`, counted from 0."""
        return Span(index * self.bar_ticks, (index + 1) * self.bar_ticks)

    def __str__(self) -> str:
        return f"{self.beats}/{self.unit}"
