"""What is played becomes layers: each time round a loop one, each note whole, drawn to a grid if that is wished."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from composers.layers import Layer, LayerMode
from composers.quantise import Grid
from composers.score import PPQ, Clip, Control, Note, Span, Tick

EARLY: Tick = PPQ // 8
"""Played so much before the recording begins a note belongs to its beginning, as hands are not exact."""
_APART: Tick = 5
"""Of a controller's values nearer together than this the last is kept."""
PEDAL, _MODES = 64, 120
"""Not recorded: the pedal, as notes are kept for as long as it holds them; and messages of MIDI's own."""
_FOREVER: Tick = 1 << 40


class Settings(NamedTuple):
    """loop: ticks, 0 for none."""

    loop: Tick = 0
    mode: LayerMode = "merge"
    grid: Grid = Grid()


class Message(NamedTuple):
    """What a track got: at `tick` of the music, when `elapsed` ticks had been played. channel: the composer's own."""

    tick: float
    elapsed: float
    track: str
    channel: int
    data: bytes


class _Held(NamedTuple):
    stretch: int
    start: Tick
    elapsed: float
    velocity: float


@dataclass(slots=True)
class _Stretch:
    """From where the recording began, or a master jumped to, to where it ended or jumped away."""

    start: Tick
    end: Tick | None = None
    notes: dict[str, list[Note]] = field(default_factory=dict)
    controls: dict[str, list[Control]] = field(default_factory=dict)


class Recorder:
    """One recording, from punch-in to punch-out. Sans I/O; ticks are whole, absolute ones of the piece.

    A pass is once round the loop, or without one from a jump of the master to the next; each has a layer a track.
    """

    def __init__(self, settings: Settings, start: Tick, bar_ticks: Tick) -> None:
        self.settings = settings
        self.start = start
        self.bar_ticks = bar_ticks
        self._stretches = [_Stretch(start)]
        self._held: dict[tuple[str, int, int], _Held] = {}
        self.open = True
        """New notes are taken. After close() only the ends of those that are held."""

    @property
    def holding(self) -> bool:
        return bool(self._held)

    def hear(self, message: Message) -> None:
        """A message of a track that is armed."""
        status, data = message.data[0] & 0xF0, message.data
        key = message.track, message.channel, data[1]
        if status in (0x80, 0x90):
            self._let_go(key, message.elapsed)
            if status == 0x90 and data[2] and self.open:
                at = len(self._stretches) - 1
                first = self._stretches[at].start
                if message.tick >= first - EARLY:
                    start = max(first, self.settings.grid.drawn(message.tick))
                    self._held[key] = _Held(at, start, message.elapsed, float(data[2]))
        elif self.open and (control := _control(message)) is not None:
            stretch = self._stretches[-1]
            if control.tick >= stretch.start:
                controls = stretch.controls.setdefault(message.track, [])
                if controls and _same(controls[-1], control) and control.tick - controls[-1].tick < _APART:
                    controls.pop()
                controls.append(control)

    def jump(self, before: Tick, after: Tick) -> None:
        """The master went from one place to another. What was drawn to where it left belongs to where it went."""
        if not self.open:
            return
        last = self._stretches[-1]
        last.end = max(before, last.start + 1)
        start = after // self.bar_ticks * self.bar_ticks if self.settings.loop else after
        new = _Stretch(start)
        at = len(self._stretches)
        for track, notes in last.notes.items():
            moved = [n._replace(start=n.start - before + after) for n in notes if n.start >= before]
            if moved:
                new.notes[track] = moved
                last.notes[track] = [n for n in notes if n.start < before]
        for key, held in self._held.items():
            if held.stretch == at - 1 and held.start >= before:
                self._held[key] = held._replace(stretch=at, start=held.start - before + after)
        self._stretches.append(new)

    def close(self, tick: Tick) -> None:
        """Punch out."""
        if self.open:
            self.open = False
            last = self._stretches[-1]
            last.end = max(tick, last.start + 1)

    def release(self, elapsed: float) -> None:
        """Nobody will tell any more when what is held ends: it ends here."""
        for key in list(self._held):
            self._let_go(key, elapsed)

    def _let_go(self, key: tuple[str, int, int], elapsed: float) -> None:
        held = self._held.pop(key, None)
        if held is not None:
            track, channel, pitch = key
            note = Note(held.start, max(1, round(elapsed - held.elapsed)), pitch, held.velocity, channel)
            self._stretches[held.stretch].notes.setdefault(track, []).append(note)

    # -- layers ------------------------------------------------------------------------------------------------------

    def layers(self, position: Tick) -> list[Layer]:
        """What has been recorded and is over at `position` (where the music is now), in the order of the passes."""
        found = []
        for at, stretch in enumerate(self._stretches):
            latest = position if at == len(self._stretches) - 1 and self.open else _FOREVER
            for number in self._passes(stretch):
                found += self._of_pass(stretch, number, latest)
        return found

    def settled(self, position: Tick) -> int:
        """How many passes at the front will not change any more."""
        held = min(((h.stretch, self._number(self._stretches[h.stretch], h.start)) for h in self._held.values()),
                   default=(len(self._stretches), 0))
        count = 0
        for at, number in self._numbers():
            stretch = self._stretches[at]
            end = stretch.end if stretch.end is not None else _FOREVER
            if self.settings.loop:
                end = min(end, stretch.start + (number + 1) * self.settings.loop)
            over = stretch.end is not None or position >= end + EARLY
            if not over or (at, number) >= held:
                break
            count += 1
        return count

    def take(self, count: int) -> list[list[Layer]]:
        """The layers of the first `count` passes, which are left to the caller from now on."""
        found = []
        for at, number in self._numbers()[:count]:
            layers = self._of_pass(self._stretches[at], number, _FOREVER)
            self._forget(self._stretches[at], number)
            if layers:
                found.append(layers)
        return found

    def drop_last(self) -> bool:
        """Forget the newest pass in which anything was recorded. False where there is none."""
        numbers = self._numbers()
        if numbers:
            at, number = numbers[-1]
            self._forget(self._stretches[at], number)
        return bool(numbers)

    def _forget(self, stretch: _Stretch, number: int) -> None:
        stretch.notes = {track: [n for n in notes if self._number(stretch, n.start) != number]
                         for track, notes in stretch.notes.items()}
        stretch.controls = {track: [c for c in controls if self._number(stretch, c.tick) != number]
                            for track, controls in stretch.controls.items()}

    def _numbers(self) -> list[tuple[int, int]]:
        """All passes that anything is in: of which stretch, and which of it."""
        return [(at, number) for at, stretch in enumerate(self._stretches) for number in self._passes(stretch)]

    def _passes(self, stretch: _Stretch) -> Iterable[int]:
        """Numbers of the passes of a stretch that anything is in, in order."""
        values = [*(n.start for notes in stretch.notes.values() for n in notes),
                  *(c.tick for controls in stretch.controls.values() for c in controls)]
        return sorted({self._number(stretch, tick) for tick in values})

    def _number(self, stretch: _Stretch, tick: Tick) -> int:
        return (tick - stretch.start) // self.settings.loop if self.settings.loop else 0

    def _of_pass(self, stretch: _Stretch, number: int, latest: Tick) -> list[Layer]:
        loop, mode = self.settings.loop, self.settings.mode
        start = stretch.start + number * loop
        found = []
        for track in dict.fromkeys((*stretch.notes, *stretch.controls)):
            notes = [n for n in stretch.notes.get(track, ())
                     if self._number(stretch, n.start) == number and n.end <= latest]
            controls = [c for c in stretch.controls.get(track, ()) if self._number(stretch, c.tick) == number]
            if notes or (controls and latest == _FOREVER):
                span = Span(start, start + loop if loop else _end(stretch, notes, controls, latest))
                found.append(Layer(track, Clip.of(span, notes, controls), loop, mode))
        return found


def _end(stretch: _Stretch, notes: Sequence[Note], controls: Sequence[Control], latest: Tick) -> Tick:
    """Of a pass without a loop."""
    last = max([*(n.start + 1 for n in notes), *(c.tick + 1 for c in controls)], default=stretch.start + 1)
    return max(last, stretch.end if stretch.end is not None else latest if latest < _FOREVER else last)


def _control(message: Message) -> Control | None:
    status, data, tick = message.data[0] & 0xF0, message.data, max(0, round(message.tick))
    if status == 0xB0 and data[1] < _MODES and data[1] != PEDAL:
        return Control(tick, "cc", data[1], float(data[2]), message.channel)
    if status == 0xE0:
        value = (data[1] | data[2] << 7) - 8192
        return Control(tick, "bend", 0, value / (8191 if value > 0 else 8192), message.channel)
    if status == 0xD0:
        return Control(tick, "pressure", 0, float(data[1]), message.channel)
    return None


def _same(a: Control, b: Control) -> bool:
    return a.kind == b.kind and a.number == b.number and a.channel == b.channel
