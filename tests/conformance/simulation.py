"""The engine without devices: driven block by block through simulated time, as JACK would, with a silent rig."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from live_judge import Performance
from live_script import RATE, Script

from bridge.driver import Block, MidiIn, MidiOut, Playhead
from bridge.engine.automation import Move
from bridge.engine.clip_bytes import Bar
from bridge.engine.engine import Engine, Inputs
from bridge.engine.inbox import AnyCommand
from bridge.jack.recorder import Heard
from bridge.midi_bytes import CLOCK_TICKS
from bridge.routes import ClockRoute, Route
from composers.score import Clip, Meter, Note
from instruments.block import AudioBlock, FrameEvent, Transport

BLOCK = 128
_BEHIND = 60.0
"""Ticks by which the last clock sent may be behind what the engine says: less than a clock, and a block at 400 BPM."""
_AHEAD = 45.0
"""And ahead, where it has just learned that it was too fast: what is sent cannot be taken back."""
Composed = Callable[[int], tuple[Clip, ...]]


class SilentRig:
    """bridge.engine.engine.Sounding that computes nothing."""

    def __init__(self) -> None:
        self._silence = np.zeros((2, BLOCK), np.float32)
        self.latency = 0
        self.midi_out: Sequence[tuple[int, FrameEvent]] = ()

    def process(self, _events: Sequence[Sequence[FrameEvent]], _frames: int, _transport: Transport) -> AudioBlock:
        return self._silence

    def turn(self, _path: str, _value: float, ramp_frames: int | None = None) -> int:
        return ramp_frames or 0

    def move(self, move: Move) -> str:
        return move.path

    def lacks(self, _move: Move) -> bool:
        return False


def sixteenths(bar: int) -> tuple[Clip, ...]:
    """A bar of one track with a short note on each sixteenth."""
    meter = Meter()
    start = bar * meter.bar_ticks
    return (Clip.of(meter.bar(bar), [Note(start + 240 * i, 120, 36 + i, 90) for i in range(16)]),)


class SimulatedEngine:
    """An engine and the time that it lives in. `composed` answers for a bar, in the block after it was asked."""

    def __init__(self, composed: Composed = sixteenths, tracks: int = 1, bpm: float = 120.0, **options: Any) -> None:
        self.engine = Engine(SilentRig(), [Route(i) for i in range(tracks)], RATE, bpm,
                             clock_outs=[ClockRoute(tracks)], **options)
        self.sent: list[tuple[int, MidiOut]] = []
        """(frame, message), port `tracks` being clock out."""
        self.playhead: Callable[[int], Playhead | None] = lambda _ns: None
        """What comes with the block at so many ns."""
        self.frame = 0
        self.inbox: list[MidiIn] = []
        self.clock_tick: int | None = None
        """Where the last clock that it sent says the music is; None while no Start or Continue holds."""
        self._clock_next = 0
        self._clock_port = tracks
        self._composed = composed
        self._bars: list[Bar] = []

    def send(self, ns: int, data: bytes, source: str = "clock in") -> None:
        """In order of ns. What has come in a block that is over is heard in the next, with its own stamp."""
        self.inbox.append(MidiIn(ns, source, data))

    def run_to(self, ns: int) -> None:
        """Through the block in which this moment is, and until all that was sent before it has been heard."""
        while self.frame * 1_000_000_000 // RATE <= ns or (self.inbox and self.inbox[0].ns <= ns):
            self.step()

    def step(self, *commands: AnyCommand) -> None:
        ns0 = self.frame * 1_000_000_000 // RATE
        end = (self.frame + BLOCK) * 1_000_000_000 // RATE
        count = sum(message.ns < end for message in self.inbox)
        midi, self.inbox = self.inbox[:count], self.inbox[count:]
        bars, self._bars = self._bars, []
        out = self.engine.step(Inputs(Block(self.frame, ns0, BLOCK, midi, 0, self.playhead(ns0)), commands, bars))
        self._bars = [Bar(epoch, bar, self._composed(bar)) for epoch, bar in out.wanted]
        for message in out.midi:
            self.sent.append((self.frame + message.offset, message))
            if message.port == self._clock_port:
                self._clocked(message.data)
        self.frame += BLOCK

    def _clocked(self, data: bytes) -> None:
        """Counts our own clock out by the MIDI 1.0 rules."""
        match data[0]:
            case 0xF8:
                self.clock_tick = self._clock_next
                self._clock_next += CLOCK_TICKS
            case 0xFA:
                self._clock_next = 0
            case 0xF2:
                self._clock_next = (data[1] | data[2] << 7) * 240
            case 0xFC:
                self.clock_tick = None


class EngineFollowed:
    """The engine as bridge.bench.clock_filters.Followed, so that the numbered cases can be put to it.

    What is asked about a moment is answered after the block of 128 frames in which it lies, with the line that the
    engine has then; a message that comes later in such a block is heard in the next one, with its own stamp, as from
    RtMidi. Where the engine stands when it does not play (at a clock), it is asked by telling a copy of it to continue.
    Whatever it answers, the clock that it has really sent must be with it, less than a clock behind.
    """

    def __init__(self, bpm: float = 100.0) -> None:
        self._sim = SimulatedEngine(bpm=bpm)
        self._engine = self._sim.engine
        self._ns = 0
        self._clocks = (0, 0)

    @property
    def bpm(self) -> float:
        self._sim.run_to(self._ns)
        return self._engine.line.bpm

    @property
    def playing(self) -> bool:
        self._sim.run_to(self._ns)
        return self._engine.playing

    @property
    def lost(self) -> bool:
        self._sim.run_to(self._ns)
        return self._engine.clock == "lost"

    def feed(self, ns: int, data: bytes) -> None:
        self._ns = max(ns, self._ns)
        self._sim.run_to(ns - BLOCK * 1_000_000_000 // RATE)
        self._sim.send(ns, data)
        if data == b"\xf8":
            self._clocks = self._clocks[1], ns

    def check(self, now_ns: int) -> None:
        self._ns = max(now_ns, self._ns)
        self._sim.run_to(now_ns)

    def tick_at(self, ns: int) -> float:
        self._ns = max(ns, self._ns)
        self._sim.run_to(ns)
        if self._engine.playing:
            sent, tick = self._sim.clock_tick, self._engine.line.tick_at(self._sim.frame * 1_000_000_000 // RATE)
            # what it has sent so far is of the present, which may be after `ns`
            assert sent is None or tick - _BEHIND <= sent <= tick + _AHEAD, f"its clock out is at {sent}, not at {tick}"
            return self._engine.line.tick_at(ns)
        return self._stands()

    def _stands(self) -> float:
        """Where a Continue and the next clock would begin."""
        other, (before, last) = copy.deepcopy(self._sim), self._clocks
        ns = 2 * last - before if last else self._ns
        other.send(ns, b"\xfb")
        other.send(ns, b"\xf8")
        other.run_to(max(ns, self._ns) + BLOCK * 1_000_000_000 // RATE)
        return float(round(other.engine.line.tick_at(ns) / CLOCK_TICKS) * CLOCK_TICKS)


def perform(script: Script, sim: SimulatedEngine, tracks: Sequence[str]) -> Performance:
    """A scenario in simulated time, by an engine that may have played others before; there is no status."""
    first = sim.frame
    ns0 = first * 1_000_000_000 // RATE
    names = ("clock in", "clock in 2")
    for event in sorted(script.sent, key=lambda e: e.frame):
        sim.send(ns0 + round(event.frame * 1e9 / RATE), event.data, names[event.port])
    sim.run_to(ns0 + script.length * 1_000_000_000 // RATE)
    heard: list[list[Heard]] = [[] for _ in range(len(tracks) + 1)]
    for frame, message in sim.sent:
        if frame >= first:
            heard[message.port].append(Heard(frame - first, message.data))
    return Performance(dict(zip(tracks, heard, strict=False)), heard[-1], ())


__all__ = ["EngineFollowed", "SimulatedEngine", "perform"]
