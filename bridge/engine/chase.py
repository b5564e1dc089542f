"""What a start in the middle owes to the music before it: controllers in force, and notes that sound already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple

from bridge.engine.bar_store import BarStore
from bridge.engine.due import ControlKey, Due, NoteKey, control_due
from composers.score import PPQ, Clip, Note, Tick
from instruments.block import Kind

CHASE_BARS = 4
"""Notes are looked for in so many bars before the position: they are asked of the composer for that."""
SLIVER_TICKS: Tick = 240
"""A note with no more than a sixteenth left is not struck again: it would be a blip, and its music is over."""
LATE_TICKS: Tick = PPQ
"""Bars that come to hand within a quarter note of the start are still searched; later, a chord would be an accident."""
PERCUSSION = 9
"""The MIDI channel of drums (General MIDI's 10), whose hits have no rest to be struck for."""


def worth_striking(channel: int, left: Tick) -> bool:
    """Whether a note of which `left` ticks remain is struck by a start in its middle.

    As sequencers chase notes: what sounds at the position is struck there, with its own velocity, for what is left
    of it; drums are not (Logic: tracks without transposition). That a sliver is left out is our own.
    """
    return channel != PERCUSSION and left > SLIVER_TICKS


class Chased(NamedTuple):
    """What is to sound at once: controls in the order in which they were set, then notes."""

    controls: list[Due]
    notes: list[Due]


class Chase:
    """Gathers, after a jump, as bars come to hand, what begins before `first` and holds there.

    The result is that of playing from the start: the last value of each controller (over all bars at hand), the
    notes last struck that have not ended. What has been played since counts as later. Engine's thread.
    """

    __slots__ = ("_bar", "_controls", "_first", "_onsets", "_seen", "_strike")

    def __init__(self, first: Tick, bar: int, strike: bool, held: Mapping[NoteKey, Tick] = MappingProxyType({})
                 ) -> None:
        """first   what begins here or later plays by itself; `bar` is the bar that it is in
        strike  False: only controllers, no notes
        held    notes that go on from another plan, with the tick at which they begin in this one: they sound already
        """
        self._first = first
        self._bar = bar
        self._strike = strike
        self._seen: set[int] = set()
        self._controls: dict[ControlKey, Tick] = {}
        self._onsets: dict[NoteKey, Tick] = {key: start + 1 for key, start in held.items()}

    def late(self, cursor: Tick) -> bool:
        """Whether it is too late for what is still missing."""
        return cursor > self._first + LATE_TICKS

    @property
    def done(self) -> bool:
        """Whether nothing is missing."""
        return all(b in self._seen for b in range(max(0, self._bar - CHASE_BARS), self._bar + 1))

    def played(self, due: Due) -> None:
        """This has come from the music since: nothing earlier takes its place."""
        if due.kind is Kind.ON:
            self._onsets[due.note] = due.tick
        elif due.kind is not Kind.OFF:
            self._controls[due.control] = due.tick

    def gather(self, bars: BarStore, cursor: Tick) -> Chased:
        """What holds at `cursor` by bars not seen before."""
        new = sorted(b for b in bars if b <= self._bar and b not in self._seen)
        if not new:
            return Chased([], [])
        self._seen.update(new)
        controls: dict[ControlKey, Due] = {}
        notes: dict[NoteKey, Due] = {}
        for bar in new:
            for due in bars.controls(bar).values() if bar < self._bar else self._begun(bars[bar]):
                if due.tick >= self._controls.get(due.control, 0):
                    self._controls[due.control] = due.tick
                    controls[due.control] = due
            if self._strike and bar >= self._bar - CHASE_BARS:
                for track, clip in enumerate(bars[bar]):
                    self._search(clip, track, cursor, notes)
        self._cut_short(bars, cursor, notes)
        in_order = sorted(controls.values(), key=attrgetter("tick"))  # a bank before the program that needs it
        return Chased([due._replace(tick=cursor) for due in in_order], list(notes.values()))

    def _begun(self, clips: tuple[Clip, ...]) -> Iterator[Due]:
        """The controllers of the bar itself, before the place."""
        return (control_due(c, track, c.tick) for track, clip in enumerate(clips) for c in clip.controls
                if c.tick < self._first)

    def _search(self, clip: Clip, track: int, cursor: Tick, notes: dict[NoteKey, Due]) -> None:
        for n in clip.notes:
            key = track, n.channel, n.pitch
            if n.start >= self._first or n.start < self._onsets.get(key, 0):
                continue
            self._onsets[key] = n.start
            if worth_striking(n.channel, n.end - cursor):
                notes[key] = Due(cursor, Kind.ON, track, n.channel, n.pitch, n.velocity, n.cents, n.end - cursor)
            else:
                notes.pop(key, None)

    def _cut_short(self, bars: BarStore, cursor: Tick, notes: dict[NoteKey, Due]) -> None:
        """Leave out what is about to be struck again anyway."""
        for bar in (self._bar, self._bar + 1) if notes else ():
            for track, clip in enumerate(bars.get(bar) or ()):
                for n in clip.notes:
                    key = track, n.channel, n.pitch
                    if n.start >= self._first and key in notes and n.start - cursor <= SLIVER_TICKS:
                        del notes[key]


def sounding_across(bars: BarStore, tick: Tick, bar: int) -> dict[NoteKey, Note]:
    """Of bars up to `bar`, which holds `tick`: the notes that begin before it and end behind it."""
    found: dict[NoteKey, Note] = {}
    for number in range(max(0, bar - CHASE_BARS), bar + 1):
        for track, clip in enumerate(bars.get(number) or ()):
            for n in clip.notes:
                key = track, n.channel, n.pitch
                if n.start < tick and (key not in found or found[key].start <= n.start):
                    found[key] = n
    return {key: n for key, n in found.items() if n.end > tick}
