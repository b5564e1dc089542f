"""An engine that plays as it does live, journal and all, without devices: what it was given ends as a take's bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import numpy as np

from bridge import session as sessions
from bridge.assembly import made_engine, prepared_rig, rig_change, succeeding_rig
from bridge.driver import Block, MidiIn, MidiOut, Playhead
from bridge.engine.automation import Move
from bridge.engine.clip_bytes import encode_bar
from bridge.engine.inbox import AnyCommand, encode_command
from bridge.engine.outlets import resets
from bridge.engine_link import Rebuild, Setup
from bridge.engine_shell import EngineShell
from bridge.port_plan import plan_ports
from bridge.session import Session
from bridge.takes.replay import Again, Replay
from bridge.takes.take_file import RecordKind, encode_record, header
from bridge.takes.values import About, EngineBegun, encode
from composers.score import Clip, Control, Meter, Note, Ramp
from instruments.block import AudioBlock, FrameEvent, InstrumentError, Transport

RATE = 48_000


class MemoryRing:
    """A ring of this process alone; `slots` messages find room."""

    def __init__(self, slots: int = 1 << 30, slot_bytes: int = 8192) -> None:
        self.slots, self.slot_bytes, self.refused = slots, slot_bytes, 0
        self.messages: list[bytes] = []

    def write(self, *parts: bytes | memoryview) -> bool:
        data = b"".join(bytes(p) for p in parts)
        assert len(data) + 8 <= self.slot_bytes or self.slots == 0
        if len(self.messages) >= self.slots:
            self.refused += 1
            return False
        self.messages.append(data)
        return True

    def read(self) -> bytes | None:
        return self.messages.pop(0) if self.messages else None

    def drain(self) -> Iterator[bytes]:
        while (message := self.read()) is not None:
            yield message


class EarRig:
    """Its sound is a number that all that it was ever told has left its trace in, to the last bit."""

    faults = 0

    def __init__(self, tracks: int) -> None:
        self.tracks = [SimpleNamespace(name=str(i)) for i in range(tracks)]
        self.latency = 0
        self.midi_out: Sequence[tuple[int, FrameEvent]] = ()
        self._state = np.float64(0.5)

    def _hear(self, *values: float) -> None:
        for value in values:
            self._state = np.float64(np.sin(self._state * 3.7 + value))

    def process(self, events: Sequence[Sequence[FrameEvent]], frames: int, transport: Transport) -> AudioBlock:
        self._hear(transport.frame % 9973, transport.beat, transport.bpm, transport.playing)
        for strip in events:
            for event in strip:
                self._hear(event.offset, event.kind, event.channel, event.number, event.value, event.cents)
        self._hear(frames)
        return np.full((2, frames), self._state, np.float32)

    def turn(self, path: str, value: float, ramp_frames: int | None = None) -> int:
        if path.startswith("no."):
            raise InstrumentError(f"there is no parameter {path!r}")
        self._hear(len(path), value, -1 if ramp_frames is None else ramp_frames)
        return ramp_frames or 0

    def move(self, move: Move) -> str:
        self._hear(move.track, len(move.path), move.value, move.frames, move.offset, move.share)
        return move.path

    def lacks(self, _move: Move) -> bool:
        return False

    def restore(self, track: int, path: str) -> tuple[str, float, int] | None:
        self._hear(track, len(path))
        return path, 0.0, 0

    def succeed(self, other: Any) -> None:
        self._state = other._state

    def read_meters(self) -> Any:
        return [(0.0, 0.0)], None

    def plugin_status(self) -> list[Any]:
        return []

    def close(self) -> None:
        pass


def a_session(**clock: Any) -> Session:
    loaded = sessions.load("jazz-trio")
    return sessions.changed(loaded, "test", clock=clock) if clock else loaded


def composed(bar: int, epoch: int, tracks: int, meter: Meter) -> bytes:
    """Notes, controls and a ramp, different in each bar and epoch."""
    start, length = bar * meter.bar_ticks, meter.bar_ticks
    clips = []
    for track in range(tracks):
        notes = [Note(start + i * length // 5, 200 + 37 * (bar % 7), 36 + 7 * track + (3 * bar + 5 * epoch + i) % 24,
                      40.0 + (11 * i + bar) % 80, track) for i in range(5)]
        controls = [Control(start + 17 * (epoch % 5), "cc", 11, (bar * 13) % 128, track)]
        ramps = [Ramp(start, length, "gain_db", -3.0 - bar % 3)] if track == 0 and bar % 2 else []
        clips.append(Clip.of(meter.bar(bar), notes, controls, ramps))
    return encode_bar(epoch, bar, clips)


@dataclass
class Live:
    """An engine with its shell, from its Setup; what it played is in `played`, what it told in journal.messages."""

    setup: Setup
    frames: int = 128
    slots: int = 1 << 30
    now_ns: int = 7_000_000_123
    played: list[tuple[list[MidiOut], bytes]] = field(default_factory=list)
    real: bool = False
    """With a rig that sounds, which may be changed."""
    rebuilds: list[Rebuild] = field(default_factory=list)

    def __post_init__(self) -> None:
        session = self.setup.session
        self.tracks = len(session.tracks)
        self.meter = session.meter
        self.rig: Any = prepared_rig(self.setup, RATE, self.frames) if self.real else EarRig(self.tracks)
        self._tracks_of = {self.setup.epoch: self.tracks}
        self._ports = {name: i for i, name in enumerate(plan_ports(session).outputs)}
        self.rings = SimpleNamespace(
            commands=MemoryRing(), requests=MemoryRing(), bars=MemoryRing(), events=MemoryRing(slot_bytes=1 << 20),
            audio=MemoryRing(slot_bytes=1 << 20), journal=MemoryRing(self.slots),
            stems=MemoryRing(slot_bytes=1 << 20))
        engine = made_engine(self.setup, cast(Any, self.rig), plan_ports(session), RATE)
        self.shell = EngineShell(engine, cast(Any, self.rig), cast(Any, self.rings), RATE, self.frames)
        if self.setup.recovering:
            self.shell.begin_with(resets(self.setup.used))
        self.frame = self.setup.frame0
        self.skipped = 0
        self._late: list[tuple[int, bytes]] = []

    @property
    def engine(self) -> Any:
        return self.shell.engine

    def step(self, *commands: AnyCommand, frames: int = 0, midi: Sequence[tuple[int, str, bytes]] = (),
             jitter_ns: int = 0, delay: int = 1, playhead: Playhead | None = None) -> None:
        """A block. midi: (ns after the block's start, source, bytes); delay: blocks until the composer answers."""
        frames = frames or self.frames
        self.rings.requests.messages.clear()
        for command in commands:
            self.rings.commands.write(encode_command(command))
        ns0 = self.now_ns + jitter_ns
        arrived = [MidiIn(ns0 + after, source, data) for after, source, data in sorted(midi)]
        head = None if playhead is None else playhead._replace(ns=ns0 + playhead.ns)
        block = Block(self.frame, ns0, frames, arrived, self.skipped, head)
        for _, bar in [each for each in self._late if each[0] <= 0]:
            self.rings.bars.write(bar)
        self._late = [(left - 1, bar) for left, bar in self._late if left > 0]
        try:
            out = self.shell.step(block)
            self.played.append((list(out.midi), out.audio.tobytes()))
        except ZeroDivisionError:
            self.played.append(([], np.zeros((2, frames), np.float32).tobytes()))
        for message in self.rings.requests.drain():
            epoch, bar = np.frombuffer(message, "<i4")[:2].tolist()
            self._late.append((delay, composed(bar, epoch, self._tracks_of.get(epoch, self.tracks), self.meter)))
        self.frame += frames
        self.now_ns += frames * 1_000_000_000 // RATE

    def stand_by(self, session: Session, epoch: int) -> int:
        """Another rig for the plan of `epoch`: its number."""
        number = len(self.rebuilds) + 1
        rebuild = Rebuild(number, session, {"mixer.master.gain_db": -3.0})
        self.rebuilds.append(rebuild)
        playing = self.rig
        rig = succeeding_rig(rebuild, playing, self.frames)
        plan = plan_ports(session)
        for name in plan.outputs:
            self._ports.setdefault(name, len(self._ports))
        self._tracks_of[epoch] = len(session.tracks)
        self.shell.rigs.append(rig_change(number, rig, plan, self._ports, self.engine.routes))
        return number

    def messages(self) -> list[bytes]:
        self.shell.journal.close()
        return list(self.rings.journal.messages)


def take_of(*lives: Live, session: str = "Test") -> bytes:
    """The file's bytes."""
    parts = [header(), encode_record(RecordKind.ABOUT, encode(About(0, session, {})))]
    for live in lives:
        parts.append(encode_record(RecordKind.ENGINE, encode(EngineBegun(0, live.setup))))
        parts += [encode_record(RecordKind.REBUILD, encode(rebuild)) for rebuild in live.rebuilds]
        parts += [encode_record(RecordKind.BLOCKS, message) for message in live.messages()]
    return b"".join(parts)


def replayed(take: bytes, *, to_damage: bool = False) -> list[tuple[list[MidiOut], bytes]]:
    replay = Replay(take, to_damage=to_damage,
                    prepare=lambda setup, rate, frames: cast(Any, EarRig(len(setup.session.tracks))))
    return [(list(each.midi), each.audio.tobytes()) for each in replay.blocks() if isinstance(each, Again)]


def a_setup(**changes: Any) -> Setup:
    return msgspec.structs.replace(Setup(a_session(), 1), **changes)
