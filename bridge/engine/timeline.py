"""Bars of music and one monotone cursor: what falls due, each note once, each with its end."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

from bridge.engine.automation import Automation
from bridge.engine.bar_store import BarStore
from bridge.engine.chase import CHASE_BARS, LATE_TICKS, Chase, sounding_across
from bridge.engine.due import DEFAULTS, ControlKey, Due, NoteKey, control_due
from composers.score import Clip, Meter, Tick
from instruments.block import Kind

GRACE_TICKS: Tick = 240
"""A note of a bar that was waited for still sounds if it is at most this late (a quarter of a beat)."""
HOME_BARS = 2
"""Bars 0 and 1 are always kept, so that a Start needs no composing."""
_REPEAT_BARS = 8
"""Of the last bars played, so many may be repeated when the composer is late."""
_REPEAT_BACK = (4, 2, 1, 3, 5, 6, 7, 8)
"""Which earlier bar stands in for a late one: the phrase unit is four or two bars in most music."""
_AHEAD_BARS = 8
"""From the cursor on, what is never forgotten for a new bar: more than is composed ahead."""

_OWED, _CONTROL, _STRUCK, _ON = range(4)
"""What goes first at one tick: what a jump owes of controls, then the bar's own; and so for notes."""


class Timeline:
    """Holds composed bars by number and plays them from a cursor that only moves forward, except by jump().

    What is played is a function of the position: a jump into the middle brings the controllers in force there, and the
    notes that sound there (see Chase); the bars played last are kept, so that a loop plays from memory. Called from the
    engine's thread alone. take() is monotone: a tempo change can neither repeat nor skip a note.
    """

    def __init__(self, meter: Meter, *, chase: bool = True) -> None:
        """chase  strike what sounds already where a jump leads"""
        self._meter = meter
        self._bar_ticks = meter.bar_ticks
        self.cursor: Tick = 0
        self.repeated_bars = 0
        self.late_bars = 0
        self.automation = Automation()
        """The ramps of the bars that are played."""
        self.kept = range(0)
        """Bars that are kept at hand too, wherever the cursor is: a place that play may jump to."""
        self._strike = chase
        self._bars = BarStore()
        self._loaded: int | None = None
        self._waiting_from: Tick | None = None
        self._played: dict[int, tuple[Clip, ...]] = {}
        self._chase: Chase | None = None
        self._going_on: dict[NoteKey, Tick] = {}
        """Notes of another plan that this one goes on with, with their beginning here."""
        self._controls: dict[ControlKey, float] = {}
        """Controllers as they were played last since the last jump."""
        self._pending: list[tuple[Tick, int, int, Due]] = []
        self._offs: list[tuple[Tick, int, NoteKey]] = []
        self._sounding: dict[NoteKey, tuple[Tick, int]] = {}
        self._serial = 0

    @property
    def meter(self) -> Meter:
        return self._meter

    def has(self, bar: int) -> bool:
        return bar in self._bars

    @property
    def bar(self) -> int:
        return self.cursor // self._bar_ticks

    @property
    def sounding(self) -> int:
        """Notes that have begun and not ended."""
        return len(self._sounding)

    @property
    def whole(self) -> bool:
        """Nothing is missing of what a start at the cursor owes to the bars before it."""
        bar = self.bar
        return self._loaded is not None or all(b in self._bars for b in range(max(0, bar - CHASE_BARS), bar))

    def insert(self, bar: int, clips: tuple[Clip, ...]) -> None:
        """Take in a composed bar: one clip a track. A bar that is already being played is not changed."""
        now = self.bar
        self._bars.put(bar, clips, (*range(HOME_BARS), *self.kept, *range(now - CHASE_BARS, now + _AHEAD_BARS)))

    def replace(self, bars: BarStore, meter: Meter) -> None:
        """Nothing of the present bars is played any more. To be followed by jump()."""
        self._bars, self._meter, self._bar_ticks = bars, meter, meter.bar_ticks

    def adopt(self, bars: BarStore, places: Sequence[int] | None = None) -> list[Due]:
        """From the cursor on these bars hold. Returns what ends there: notes, but for those that these bars have, too,
        sounding on. Those go on to their ends here; what else sounds here already is struck by the next take(), as
        after a jump, and controllers stand as they do here, or as at power-up.

        places: where the tracks so far are among those of these bars (-1: nowhere), see RigChange; None: the same.
        """
        tick, bar = self.cursor, self.bar
        if places is not None:
            self._sounding = {(places[track], channel, pitch): held
                              for (track, channel, pitch), held in self._sounding.items() if places[track] >= 0}
            self._controls = {(places[track], channel, kind, number): value
                              for (track, channel, kind, number), value in self._controls.items() if places[track] >= 0}
        on = sounding_across(bars, tick, bar)
        ended: list[Due] = []
        old, self._sounding, self._offs = self._sounding, {}, []
        for key, (end, _) in old.items():
            note = on.get(key)
            if note is None and end > tick:
                ended.append(Due(tick, Kind.OFF, *key, 64.0))
            else:
                self._sound(key, end if note is None else note.end)
        self._going_on = {key: on[key].start for key in self._sounding if key in on}
        self._bars = bars
        self._pending.clear()
        self._loaded = self._waiting_from = self._chase = None
        self._played.clear()
        self.automation.adopt(places)
        known = {moved for b in bars if b <= bar for moved, due in bars.controls(b).items()
                 if b < bar or due.tick <= tick}
        for moved, value in self._controls.items():
            track, channel, kind, number = moved
            default = DEFAULTS.get((kind, number), value)
            if default != value and moved not in known:
                self._push(_OWED, Due(tick, kind, track, channel, number, default))
        return ended

    def _sound(self, key: NoteKey, end: Tick) -> None:
        self._serial += 1
        self._sounding[key] = end, self._serial
        heapq.heappush(self._offs, (end, self._serial, key))

    def jump(self, tick: Tick) -> list[Due]:
        """Continue from `tick`. Returns the offs for what sounds, at the old cursor's place."""
        offs = self.silence()
        self.cursor = tick
        self._pending.clear()
        self._loaded = None
        self._waiting_from = None
        self._played.clear()
        self._chase = None
        self._going_on = {}
        self._controls.clear()
        self.automation.jump()
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
        bar_ticks, loaded = self._bar_ticks, self._loaded
        first = self.bar if loaded is None else max(self.bar, loaded + 1)
        for bar in range(first, (end - 1) // bar_ticks + 1):
            self._load(bar, max(self.cursor, bar * bar_ticks))
        if self._chase is not None:
            self._owe(self._chase)
        pending, offs, sounding = self._pending, self._offs, self._sounding
        out: list[Due] = []
        while True:
            off = offs[0][0] if offs else end
            if pending and (on := pending[0][0]) < off and on < end:
                _, order, _, due = heapq.heappop(pending)
                if due.kind is Kind.ON:
                    key = due.note
                    if key in sounding:  # struck again: end the old one first
                        out.append(Due(on, Kind.OFF, *key, 64.0))
                    self._sound(key, on + due.length)
                else:
                    self._controls[due.control] = due.value
                if self._chase is not None and order in (_CONTROL, _ON):
                    self._chase.played(due)
                out.append(due)
            elif off < end:
                tick, serial, key = heapq.heappop(offs)
                held = sounding.get(key)
                if held is not None and held[1] == serial:
                    del sounding[key]
                    out.append(Due(tick, Kind.OFF, *key, 64.0))
            else:
                break
        self.cursor = end
        return out

    def _owe(self, chase: Chase) -> None:
        """Put what holds at the cursor before all that falls due there."""
        if chase.late(self.cursor):
            self._chase = None
            return
        owed = chase.gather(self._bars, self.cursor)
        for due in owed.controls:
            if self._controls.get(due.control) != due.value:
                self._push(_OWED, due)
        for due in owed.notes:
            self._push(_STRUCK, due)
        if chase.done:
            self._chase = None

    def _load(self, bar: int, cursor: Tick) -> None:
        clips = self._bars.get(bar)
        if clips is not None:
            self._bars.played(bar)
        else:
            for back in _REPEAT_BACK:
                earlier = self._played.get(bar - back)
                if earlier is not None:
                    clips = tuple(_varied(c.shifted(back * self._bar_ticks), bar) for c in earlier)
                    self.repeated_bars += 1
                    break
            else:
                if self._waiting_from is None:  # nothing has been played yet: wait, the bar may still begin late
                    self._waiting_from = cursor
                    self.late_bars += 1
                return
        since = cursor if self._waiting_from is None else self._waiting_from
        first = max(since, cursor - GRACE_TICKS)
        self._waiting_from = None
        if self._loaded is None and first > 0:
            self._chase = Chase(first, bar, self._strike and cursor - since <= LATE_TICKS, self._going_on)
            begun = (self._bars[b] for b in sorted(self._bars) if b <= bar)
            self.automation.chase((track, ramp) for them in begun for track, clip in enumerate(them)
                                  for ramp in clip.ramps if ramp.start < first)
        self._loaded = bar
        self._played[bar] = clips
        self._played.pop(bar - _REPEAT_BARS - 1, None)
        for track, clip in enumerate(clips):
            for n in clip.notes:
                if n.start >= first:
                    tick = max(n.start, cursor)
                    self._push(_ON, Due(tick, Kind.ON, track, n.channel, n.pitch, n.velocity, n.cents,
                                        max(1, n.end - tick)))
            for ramp in clip.ramps:
                if ramp.start >= first:
                    self.automation.put(track, ramp)
            for c in clip.controls:
                if c.tick >= first:
                    self._push(_CONTROL, control_due(c, track, max(c.tick, cursor)))

    def _push(self, order: int, due: Due) -> None:
        self._serial += 1
        heapq.heappush(self._pending, (due.tick, order, self._serial, due))


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
