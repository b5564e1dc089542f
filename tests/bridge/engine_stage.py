"""An engine without devices: a fake rig, simulated time, a composer that answers in the next block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from bridge.driver import Block, MidiIn, MidiOut, Playhead
from bridge.engine.automation import Move
from bridge.engine.clip_bytes import Bar
from bridge.engine.engine import Engine, Inputs
from bridge.engine.inbox import AnyCommand, ParameterMove
from bridge.routes import Route
from composers.score import Clip, Meter, Note
from instruments.block import AudioBlock, FrameEvent, InstrumentError, Transport

RATE = 48_000
METER = Meter()
F8, FA, FB, FC = b"\xf8", b"\xfa", b"\xfb", b"\xfc"


class FakeRig:
    def __init__(self) -> None:
        self.transports: list[Transport] = []
        self.events: list[tuple[int, FrameEvent]] = []
        self.turned: list[tuple[str, float, int | None]] = []
        self.moved: list[Move] = []
        self.restored: list[tuple[int, str]] = []
        self.before: FakeRig | None = None
        self.latency = 0
        self.midi_out: Sequence[tuple[int, FrameEvent]] = ()

    def process(self, events: Sequence[Sequence[FrameEvent]], frames: int, transport: Transport) -> AudioBlock:
        self.transports.append(transport)
        for strip in events:
            for e in strip:
                assert 0 <= e.offset < frames
                self.events.append((transport.frame + e.offset, e))
        return np.zeros((2, frames), np.float32)

    def turn(self, path: str, value: float, ramp_frames: int | None = None) -> int:
        if path.startswith("no."):
            raise InstrumentError(f"there is no parameter {path!r} in this session")
        self.turned.append((path, value, ramp_frames))
        return ramp_frames or 0

    def move(self, move: Move) -> str:
        if move.path.startswith("no."):
            raise InstrumentError(f"there is no parameter {move.path!r} in this session")
        self.moved.append(move)
        return f"track.{move.track}.{move.path}"

    def lacks(self, move: Move) -> bool:
        return move.path.startswith("no.effect.")

    def restore(self, track: int, path: str) -> tuple[str, float, int] | None:
        self.restored.append((track, path))
        return f"track.{track}.{path}", 0.0, 96

    def succeed(self, other: FakeRig) -> None:
        self.before = other


def quarters(bar: int, epoch: int = 0, tracks: int = 1) -> Bar:
    """Four quarter notes a bar; the pitch tells epoch and beat."""
    start = bar * METER.bar_ticks
    notes = [Note(start + 960 * i, 480, 40 + 10 * (epoch % 8) + i, 90) for i in range(4)]
    return Bar(epoch, bar, tuple(Clip.of(METER.bar(bar), notes) for _ in range(tracks)))


@dataclass
class Stage:
    """Runs an engine through simulated time, as a driver would, with a composer that answers in the next block."""

    block: int = 128
    engine: Engine = field(default_factory=lambda: Engine(FakeRig(), [Route(0)], RATE))
    frame: int = 0
    midi: list[tuple[int, MidiOut]] = field(default_factory=list)
    notes: list[tuple[int, int]] = field(default_factory=list)
    moves: list[ParameterMove] = field(default_factory=list)
    inbox: list[MidiIn] = field(default_factory=list)
    composer_alive: bool = True
    composed: Callable[[int, int], Bar] = quarters
    asked: list[int] = field(default_factory=list)
    playhead: Callable[[int], Playhead] | None = None
    _bars: list[Bar] = field(default_factory=list)

    def ns(self, frame: int) -> int:
        return frame * 1_000_000_000 // RATE

    def send(self, frame: float, data: bytes, source: str = "daw") -> None:
        self.inbox.append(MidiIn(round(frame * 1e9 / RATE), source, data))

    def step(self, *commands: AnyCommand) -> None:
        end = self.ns(self.frame + self.block)
        now = sorted((m for m in self.inbox if m.ns < end), key=lambda m: m.ns)
        self.inbox = [m for m in self.inbox if m.ns >= end]
        ns0 = self.ns(self.frame)
        playhead = self.playhead(ns0) if self.playhead else None
        block = Block(self.frame, ns0, self.block, now, playhead=playhead)
        out = self.engine.step(Inputs(block, commands, self._bars))
        self.asked += [bar for _, bar in out.wanted]
        self._bars = [self.composed(bar, epoch) for epoch, bar in out.wanted] if self.composer_alive else []
        self.midi += [(self.frame + m.offset, m) for m in out.midi]
        self.notes += [(n.frame, n.pitch) for n in out.notes]
        self.moves += out.moves
        self.frame += self.block

    def run(self, seconds: float, *commands: AnyCommand) -> None:
        for i in range(round(seconds * RATE / self.block)):
            self.step(*(commands if i == 0 else ()))

    def clocks(self, start: float, bpm: float, count: int, *, first: bytes | None = FA) -> float:
        """Clocks from frame `start` on; returns the frame of the clock after the last."""
        step = RATE * 60 / (bpm * 24)
        if first is not None:
            self.send(start - 10, first)
        for i in range(count):
            self.send(start + i * step, F8)
        return start + count * step

    def leave(self) -> list[MidiOut]:
        """Halt for good."""
        last = self.engine.halt()
        self.midi += [(self.frame, m) for m in last]
        return last

    def at_port(self, port: int) -> list[tuple[int, bytes]]:
        return [(frame, m.data) for frame, m in self.midi if m.port == port]

    def check_paired(self) -> None:
        held: set[int] = set()
        for frame, m in self.midi:
            if m.port != 0:
                continue
            key = m.data[1]
            if m.data[0] >> 4 == 9:
                assert key not in held, f"{key} struck twice at {frame}"
                held.add(key)
            elif m.data[0] >> 4 == 8:
                assert key in held, f"{key} ended twice at {frame}"
                held.remove(key)
        assert not held
