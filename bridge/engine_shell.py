"""The shell around the engine: rings in, a step, rings out, in the driver's thread."""

from __future__ import annotations

import bisect
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from bridge.composer_process import REQUEST
from bridge.driver import Block, MidiIn, MidiOut
from bridge.driver import Outputs as DriverOutputs
from bridge.engine.clip_bytes import decode_bar
from bridge.engine.engine import Engine, Inputs, Outputs
from bridge.engine.inbox import (
    Answer,
    AnyCommand,
    EngineStatus,
    Halt,
    Play,
    SetTempo,
    decode_command,
    encode_moves,
    encode_notes,
    encode_status,
)
from bridge.engine.rig_change import RigChange, RigWithdrawn
from bridge.engine_link import AUDIO_HEAD, CONTROL, LOADS, MOVES, NOTES, PLAYED, STATUS, STRIPS, Rings, encode_strips
from bridge.inputs.played import encode_played
from bridge.live_stems import StemSender
from bridge.takes.blocks import RigNews
from bridge.takes.journal import Journal
from composers.score import PPQ
from instruments.system_clock import clock_ns

if TYPE_CHECKING:
    from bridge.clock.link import LinkSession
    from bridge.rig import Rig

_STATUS_NS = 33_000_000
_SYSTEM_RESET = b"\xff"
_BARS_A_BLOCK = 2
"""Decoding a bar takes some 0.1 ms: more than two a block would be felt."""


class EngineShell:
    """Between the driver and the engine: rings in, step, rings out. step() runs in the driver's thread."""

    def __init__(self, engine: Engine, rig: Rig, rings: Rings, rate: int, frames: int) -> None:
        """frames: the driver's."""
        self.engine = engine
        self.journal = Journal(rings.journal, engine, rate, frames)
        self.compensation_ns: Mapping[str, int] = {}
        """See Engine.compensation_ns: taken over with the next block. Any thread may set it."""
        self.faults = 0
        self.misses = 0
        self._loads = [0] * (len(LOADS) + 1)
        self._load_sum = 0.0
        self.notices: list[str] = []
        self._rig = rig
        self.rigs: deque[RigChange | RigWithdrawn] = deque()
        """What is built to take the rig's place, on its way into the engine; one a block. From the main thread."""
        self.rigs_told = 0
        """How many of them the engine has been told."""
        self.outputs: Sequence[int] = ()
        """The driver's numbers of the session's MIDI outputs, where they are not 0, 1, 2 ..."""
        self.rig_number = engine.rig_number
        """Of the rig that has made a block."""
        self._coming: RigChange | None = None
        self._rings = rings
        self.stems = StemSender(rings.stems, rig)
        self._rate = rate
        self._status_ns = 0
        self._first: Sequence[MidiOut] = ()
        self.controls: Mapping[str, int] = {}
        """Inputs that main hears, and not the engine, by name: which of the session's each is."""
        self.answers: Mapping[int, int] = {}
        """Which of the session's controls -> the driver's output that its lamps and motors are told by."""
        self.unplugged: deque[str] = deque()
        """Inputs that play tracks and whose keyboard has gone, by name: what it holds ends. From the main thread."""
        self.xruns = 0
        self.link: LinkSession | None = None
        self.ahead_ns = 0
        """What a block holds is heard so much after its ns0."""

    def join(self, link: LinkSession) -> None:
        """Before the first block: play in an Ableton Link session."""
        self.link = link

    def begin_with(self, messages: Sequence[MidiOut]) -> None:
        self._first = messages

    def step(self, block: Block) -> DriverOutputs:
        began = time.perf_counter_ns()
        rings = self._rings
        told = [(m, decode_command(m)) for m in rings.commands.drain()]
        answered: list[MidiOut] = []
        if told:
            told = [each for each in told if not self._to_controller(each[1], answered)]
        composed: list[bytes] = []
        while len(composed) < _BARS_A_BLOCK and (message := rings.bars.read()) is not None:
            composed.append(message)
        if self.link is not None:
            told = [each for each in told if not self._to_link(self.link, each[1])]
            block = block._replace(playhead=self.link.playhead(block.ns0, self.ahead_ns))
        if self.controls and block.midi:
            block = self._without_controls(block)
        if self.unplugged:
            gone = [MidiIn(block.ns0, self.unplugged.popleft(), _SYSTEM_RESET) for _ in range(len(self.unplugged))]
            block = block._replace(midi=(*block.midi, *gone))
        rig = self.rigs.popleft() if self.rigs else None
        self.stems.prepare(rig.rig if isinstance(rig, RigChange) else None)  # type: ignore[arg-type]  # it is whole
        out = self._play(block, told, composed, rig)
        if self._coming is not None and self.engine.rig_number == self._coming.number:
            self._begin_rig(self._coming)
        for want in out.wanted:
            rings.requests.write(REQUEST.pack(*want))
        for i in range(0, len(out.notes), 64):
            rings.events.write(NOTES, encode_notes(out.notes[i : i + 64]))
        for i in range(0, len(out.played), 128):
            rings.events.write(PLAYED, encode_played(out.played[i : i + 128]))
        for i in range(0, len(out.moves), 16):
            rings.events.write(MOVES, encode_moves(out.moves[i : i + 16]))
        self.stems.send(block.frame0)  # before the mix, which wakes the reader
        head = AUDIO_HEAD.pack(block.frame0, block.ns0, clock_ns(), block.frames, self._rate)
        rings.audio.write(head, np.ascontiguousarray(out.audio).data.cast("B"))
        if block.ns0 - self._status_ns >= _STATUS_NS or block.ns0 < self._status_ns:
            self._status_ns = block.ns0
            rings.events.write(STATUS, encode_status(self.status(block)))
        load = (time.perf_counter_ns() - began) * self._rate / (block.frames * 1e9)
        self._loads[bisect.bisect_left(LOADS, load)] += 1
        self._load_sum += load
        if load > 1:
            self.misses += 1
        midi: Sequence[MidiOut] = (*answered, *out.midi) if answered else out.midi
        if self._first:
            midi, self._first = (*self._first, *midi), ()
        return DriverOutputs(midi, out.audio)

    def _begin_rig(self, change: RigChange) -> None:
        """It has made this block."""
        self._coming = None
        self.rig_number = change.number
        self._rig = change.rig  # type: ignore[assignment]  # it is whole
        self.stems.adopt(self._rig)
        self.outputs = change.outputs
        self._rings.events.write(STRIPS, encode_strips(self._rig.strip_names()))

    def _play(self, block: Block, told: Sequence[tuple[bytes, AnyCommand]], composed: Sequence[bytes],
              rig: RigChange | RigWithdrawn | None = None) -> Outputs:
        """The block, and into the journal with what it was made of."""
        engine = self.engine
        engine.compensation_ns = compensation = self.compensation_ns
        failed = True
        try:
            out = engine.step(Inputs(block, [c for _, c in told], [decode_bar(m) for m in composed], rig))
            if rig is not None:
                self._coming = rig if isinstance(rig, RigChange) else None
                if self._coming is None:
                    self.stems.withdraw()
                self.rigs_told += 1
            failed = False
        finally:
            if not engine.left:
                self.journal.block(block, [m for m, _ in told], composed, engine.plugin_midi,
                                   compensation=compensation, failed=failed,
                                   rig=None if rig is None else RigNews.of(rig))
        return out

    def _without_controls(self, block: Block) -> Block:
        """What controllers send goes to main, which turns what it is mapped to."""
        rest = []
        for message in block.midi:
            index = self.controls.get(message.source)
            if index is None:
                rest.append(message)
            else:
                self._rings.events.write(CONTROL, bytes((index,)), message.data)
        return block._replace(midi=rest)

    def _to_controller(self, command: AnyCommand, out: list[MidiOut]) -> bool:
        """Is it for a controller? Then it goes out with this block."""
        if not isinstance(command, Answer):
            return False
        port = self.answers.get(command.control)
        if port is not None:
            out += [MidiOut(0, port, message) for message in command.messages]
        return True

    def _to_link(self, link: LinkSession, command: AnyCommand) -> bool:
        """What the session as a whole does, rather than we alone: play and stop, and with us the tempo."""
        match command:
            case Play():
                bar_ticks = self.engine.timeline.meter.bar_ticks
                link.play(self.engine.position // bar_ticks * bar_ticks / PPQ)
                return True
            case Halt():
                link.stop()
                return True
            case SetTempo(bpm):
                link.set_bpm(bpm)
        return False

    def status(self, block: Block) -> EngineStatus:
        engine, timeline = self.engine, self.engine.timeline
        notices, self.notices = engine.take_notices() + self.notices, []
        peaks, mix = self._rig.read_meters()
        end_ns = block.ns0 + block.frames * 1_000_000_000 // self._rate  # the cursor is at the block's end
        return EngineStatus(
            block.frame0 + block.frames, end_ns, engine.epoch, engine.playing, engine.starting, engine.position,
            engine.line.bpm, engine.clock, engine.source, engine.heard, engine.ended,
            peaks,
            {"late_bars": timeline.late_bars, "repeated_bars": timeline.repeated_bars, "notes": engine.notes_begun,
             "sounding": engine.sounding, "deadline_misses": self.misses, "xruns": self.xruns,
             "audio_dropped": self._rings.audio.refused, "stems_dropped": self.stems.refused,
             "faults": self._rig.faults,
             "block_frames": block.frames, "load_sum_ppm": round(self._load_sum * 1e6),
             **{f"load_{i}": count for i, count in enumerate(self._loads)}},
            notices, self._used(), engine.jitter_ms, mix,
        )

    def _used(self) -> list[int]:
        """See EngineStatus: in the order of the session's ports, which another engine would have."""
        used = self.engine.used
        return [used[i] if i < len(used) else 0 for i in self.outputs] if self.outputs else used
