"""The engine: where ticks become frames. Pure in time: the same inputs give the same outputs, live and offline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from bridge.clip_bytes import Bar
from bridge.clock_out import ClockOut
from bridge.driver import Block, MidiOut
from bridge.follower import Change, ClockFollower, Event
from bridge.inbox import (
    AnyCommand,
    ComposerBack,
    Halt,
    Locate,
    NewPlan,
    NoteBegun,
    Play,
    SetFilter,
    SetGain,
    SetMute,
    SetTempo,
)
from bridge.masters import Masters
from bridge.midi_bytes import CLOCK_TICKS
from bridge.routes import Route
from bridge.tempo import TempoLine
from bridge.timeline import Due, Timeline
from composers.score import PPQ, Meter
from instruments.block import AudioBlock, FrameEvent, Kind, Transport

AHEAD_BARS = 4
"""Bars composed ahead of the cursor."""
HOME_BARS = 2
"""Bars 0 and 1 are always at hand, so that a Start needs no composing."""
_MARGIN_NS = 150_000_000
"""A changed plan takes over at the next bar line, if that is at least this far away: the composer needs a few ms."""
_HALF_FRAME = 501_000_000
"""Rounding to frames, a little past the half: whole nanoseconds must not tip a note that falls between two frames."""
_ASK_AGAIN_NS = 1_000_000_000


class Sounding(Protocol):
    """What the engine needs of the mixer (bridge.rig.Rig)."""

    def process(
        self, events: Sequence[Sequence[FrameEvent]], frames: int, transport: Transport
    ) -> AudioBlock: ...
    def set_gain_db(self, strip: int, value: float) -> None: ...
    def set_mute(self, strip: int, value: bool) -> None: ...
    def set_master_gain_db(self, value: float) -> None: ...
    def set_filter(self, cutoff_hz: float | None, resonance: float = 0.0) -> None: ...


class Inputs(NamedTuple):
    """All that happens to the engine in a block."""

    block: Block
    commands: Sequence[AnyCommand] = ()
    bars: Sequence[Bar] = ()


class Outputs(NamedTuple):
    """All that the engine does in a block. `wanted` are (epoch, bar) to ask of the composer, most urgent first."""

    midi: list[MidiOut]
    audio: AudioBlock
    notes: list[NoteBegun]
    wanted: list[tuple[int, int]]


class Engine:
    """One block at a time: follow the clock, take what is due, render, mix.

    Called from one thread (the audio device's callback, or the pacer). Never blocks and reads no clock; what it
    allocates is garbage by reference counting alone, so that the collector may stay off.
    """

    def __init__(
        self,
        rig: Sounding,
        routes: Sequence[Route],
        rate: int,
        bpm: float = 120.0,
        meter: Meter | None = None,
        *,
        length: int | None = None,
        epoch: int = 0,
        accept: str = "auto",
        on_loss: str = "continue",
        clock_ports: Sequence[int] = (),
    ) -> None:
        """accept       "auto" (own tempo until a master starts), "midi" (wait for one), "internal" (ignore clocks)
        clock_ports  the driver's outputs that our own clock goes to
        """
        meter = meter or Meter()
        self.timeline = Timeline(len(routes), meter, HOME_BARS)
        self.line = TempoLine(bpm, 0.0, 0)
        self.playing = False
        self.ended = False
        self.epoch = epoch
        self.notices: list[str] = []
        self.notes_begun = 0
        self._rig = rig
        self.routes = routes
        self._rate = rate
        self._own_bpm = bpm
        self._length = length
        self._accept = accept
        self._stop_on_loss = on_loss == "stop"
        self._masters = Masters(bpm)
        self._starting = False
        self._resumed: tuple[TempoLine, str] | None = None
        self._stopped_at: int | None = None
        self._target_bar = 0
        self._asked: dict[int, int] = {}
        self._ask = True
        self._asked_at = 0
        self._now_ns = 0
        self._due: list[tuple[int, Due]] = []
        self._floor = 0
        self._strips: list[list[FrameEvent]] = [[] for _ in routes]
        self._clock_out = ClockOut()
        self._clock_ports = tuple(clock_ports)
        self._clocks: list[MidiOut] = []

    # -- what status tells -------------------------------------------------------------------------------------

    @property
    def clock(self) -> str:
        """See inbox.EngineStatus.clock."""
        state = self._masters.state
        return "waiting" if state == "own" and self._accept == "midi" else state

    @property
    def source(self) -> str:
        return self._masters.name

    @property
    def heard(self) -> bool:
        """Whether any clock has come within the last second."""
        return self._masters.heard(self._now_ns)

    def resume(self, tick: int, ns: int, bpm: float, source: str = "") -> None:
        """Before the first step: play on for an engine that died, which was at `tick` at `ns` (led by `source`)."""
        self._resumed = TempoLine(bpm, tick, ns), source

    @property
    def starting(self) -> bool:
        """Told to play, and waiting for the first bar."""
        return self._starting

    # -- the block -----------------------------------------------------------------------------------------------

    def step(self, inputs: Inputs) -> Outputs:
        block = self._on_frames(inputs.block)
        self._now_ns = block.ns0
        self._due.clear()
        self._clocks.clear()
        self._floor = 0
        for bar in inputs.bars:
            self.insert(bar)
        for command in inputs.commands:
            self._obey(command, block)
        if self._starting and self.timeline.has(self.timeline.bar):
            self._starting = False
            self.line = TempoLine(self._own_bpm, self.timeline.cursor, block.ns0)
            self._roll()
        if self._accept != "internal":
            for message in block.midi:
                self._hear(message.ns, message.source, message.data, block)
        self._advance(block.ns0 + block.frames * 1_000_000_000 // self._rate, block)
        self._check(block)
        return self._render(block)

    def _on_frames(self, block: Block) -> Block:
        """The block with all its times on the device's own clock, its frames.

        A master on the same audio clock is then followed to the frame, and xruns, which bend monotonic time against
        frames, move nothing. What arrives by other ways keeps its distance from the block's start.
        """
        ns0 = (block.frame0 + block.skipped) * 1_000_000_000 // self._rate
        shift = ns0 - block.ns0
        if self._resumed is not None:
            self._play_on(shift, ns0)
        return block._replace(ns0=ns0, midi=[m._replace(ns=m.ns + shift) for m in block.midi])

    def _play_on(self, shift: int, now_ns: int) -> None:
        assert self._resumed is not None
        (line, source), self._resumed = self._resumed, None
        self.line = line._replace(ns0=line.ns0 + shift)
        if source:
            self._masters.resume(source, self.line)
        self._jump(max(0, int(self.line.tick_at(now_ns))))
        self._roll()

    def halt(self) -> list[MidiOut]:
        """Stop now: the offs that the driver must still send before its ports close."""
        self.playing = self._starting = False
        stop = [MidiOut(0, port, message) for message in self._clock_out.stop() for port in self._clock_ports]
        return [self._midi(0, due) for due in self.timeline.silence()] + stop

    def _advance(self, ns: int, block: Block) -> None:
        """Take what is due before `ns`."""
        if not self.playing:
            return
        end = -int(-self.line.tick_at(ns) // 1)
        if self._length is not None and self._masters.leader is None:
            end = min(end, self._length * self.timeline.meter.bar_ticks)
        for due in self.timeline.take(end):
            self._place(due, self.line.ns_at(due.tick), block)
        if self._clock_ports:
            for tick, message in self._clock_out.take(end):
                self._send_clock(message, self.line.ns_at(tick), block)
        if self._length is not None and self._masters.leader is None:
            last = self._length * self.timeline.meter.bar_ticks
            if self.timeline.cursor >= last:
                self._silence(self.line.ns_at(last), block)
                self.playing = False
                self.ended = True
                self.timeline.jump(0)
                self._ask = True

    def _place(self, due: Due, ns: int, block: Block) -> None:
        """Give the event its frame; order is kept, and what is late sounds at once."""
        self._floor = min(max(self._offset(ns, block), self._floor), block.frames - 1)
        self._due.append((self._floor, due))

    def _offset(self, ns: int, block: Block) -> int:
        return ((ns - block.ns0) * self._rate + _HALF_FRAME) // 1_000_000_000

    def _send_clock(self, message: bytes, ns: int, block: Block) -> None:
        earliest = self._clocks[-1].offset if self._clocks else 0
        offset = min(max(self._offset(ns, block), earliest), block.frames - 1)
        self._clocks += [MidiOut(offset, port, message) for port in self._clock_ports]

    def _roll(self) -> None:
        """Play from the cursor on."""
        self.playing = True
        self._clock_out.play(self.timeline.cursor)

    def _silence(self, ns: int, block: Block) -> None:
        """Play ends here, or goes on elsewhere."""
        for due in self.timeline.silence():
            self._place(due, ns, block)
        for message in self._clock_out.stop():
            self._send_clock(message, ns, block)

    def _render(self, block: Block) -> Outputs:
        midi: list[MidiOut] = []
        notes: list[NoteBegun] = []
        for strip in self._strips:
            strip.clear()
        for offset, due in self._due:
            midi.append(self._midi(offset, due))
            self._strips[due.track].append(
                FrameEvent(offset, due.kind, due.channel, due.number, due.value, due.cents)
            )
            if due.kind is Kind.ON:
                notes.append(NoteBegun(block.frame0 + offset, due.tick, due.length, self.line.bpm, due.value,
                                       due.track, due.number, midi[-1].data[0] & 15))
        if self._clocks:  # before the notes of the same frame: the clock is what they are counted by
            midi = sorted(self._clocks + midi, key=lambda m: m.offset)
        self.notes_begun += len(notes)
        meter = self.timeline.meter
        position = self.line.tick_at(block.ns0) if self.playing else float(self.timeline.cursor)
        beat = max(0.0, position) / PPQ
        transport = Transport(block.frame0, beat, self.line.bpm, meter.beats, meter.unit, self.playing)
        audio = self._rig.process(self._strips, block.frames, transport)
        return Outputs(midi, audio, notes, self._wanted(block.ns0))

    def _midi(self, offset: int, due: Due) -> MidiOut:
        route = self.routes[due.track]
        channel = due.channel if route.channel is None else route.channel
        return MidiOut(offset, route.port, FrameEvent(offset, due.kind, channel, due.number, due.value).to_midi())

    # -- the clock -----------------------------------------------------------------------------------------------

    def _hear(self, ns: int, source: str, data: bytes, block: Block) -> None:
        for event, follower in self._masters.hear(ns, source, data):
            self._follow(event, follower, block)
        if self._masters.notices:
            self.notices += self._masters.notices
            self._masters.notices.clear()

    def _follow(self, event: Event, follower: ClockFollower, block: Block) -> None:
        match event.change:
            case Change.TEMPO:
                if follower is self._masters.leader and self._masters.running:
                    self._advance(event.ns, block)
                    self.line = follower.line
            case Change.STARTED:
                self._advance(event.ns, block)
                self._silence(event.ns, block)
                self._starting = self.ended = False
                self.line = follower.line
                kept, self._stopped_at = self._stopped_at, None
                if event.tick != kept or abs(event.tick - self.timeline.cursor) > CLOCK_TICKS:
                    self._jump(event.tick)
                self._roll()
            case Change.STOPPED:
                if follower is self._masters.leader:
                    self._advance(event.ns, block)
                    self._silence(event.ns, block)
                    self.playing = False
                    self._stopped_at = event.tick  # the cursor stays: a Continue loses and doubles nothing
            case Change.LOCATED:
                self._target_bar = event.tick // self.timeline.meter.bar_ticks
                self._ask = True
            case Change.FOUND:
                if follower is self._masters.leader:
                    self.notices.append(f"the clock of {self._masters.name} is back")
                    self.line = follower.line

    def _check(self, block: Block) -> None:
        leader, name = self._masters.leader, self._masters.name
        if leader is None or not leader.check(block.ns0):
            return
        if self._stop_on_loss:
            self.notices.append(f"the clock of {name} was lost: stopped")
            self._silence(block.ns0, block)
            self.playing = False
        else:
            self.notices.append(f"the clock of {name} was lost: going on at {self.line.bpm:.1f} BPM")

    def _jump(self, tick: int) -> None:
        self.timeline.jump(tick)
        self._target_bar = tick // self.timeline.meter.bar_ticks
        self._ask = True

    # -- commands ------------------------------------------------------------------------------------------------

    def _obey(self, command: AnyCommand, block: Block) -> None:
        match command:
            case Play():
                if not self.playing:
                    self._masters.release()
                    self._starting, self.ended = True, False
            case Halt():
                self._silence(block.ns0, block)
                self.playing = self._starting = False
                self.timeline.jump(self.timeline.cursor)
            case Locate(bar):
                if self._masters.running:
                    self.notices.append(f"{self._masters.name} leads: locate there")
                else:
                    self._silence(block.ns0, block)
                    self._starting, self.playing = self._starting or self.playing, False
                    self._jump(bar * self.timeline.meter.bar_ticks)
            case SetTempo(bpm):
                self._own_bpm = bpm
                if self._masters.lost:
                    self._masters.release()
                if self._masters.leader is None:
                    self.line = self.line.with_bpm(bpm, block.ns0)
                else:
                    self.notices.append(f"{self._masters.name} leads: {bpm:g} BPM is kept for when it does not")
            case NewPlan():
                self._replan(command, block)
            case ComposerBack():
                self._asked.clear()
                self._ask = True
            case SetGain(track, gain_db):
                if track < 0:
                    self._rig.set_master_gain_db(gain_db)
                else:
                    self._rig.set_gain_db(track, gain_db)
            case SetMute(track, mute):
                self._rig.set_mute(track, mute)
            case SetFilter(cutoff_hz, resonance):
                self._rig.set_filter(cutoff_hz, resonance)

    def _replan(self, plan: NewPlan, block: Block) -> None:
        """A new epoch: withdraw what lies beyond the commit horizon; late answers of older epochs are dropped."""
        self.epoch = plan.epoch
        self._length = plan.length
        self._asked.clear()
        self._ask = True
        meter = Meter(plan.beats, plan.unit)
        if plan.restart and not self._masters.running:
            self._silence(block.ns0, block)
            self._masters.release()
            self.playing, self._starting, self.ended = False, True, False
            self.timeline.withdraw(0, meter=meter)
            self._jump(0)
            self.timeline.withdraw(0)
            return
        if meter != self.timeline.meter:
            self._silence(block.ns0, block)
            tick = self.timeline.cursor
            self.timeline.withdraw(0, meter=meter)
            self._jump(tick)
            if self.playing:
                self._roll()
            return
        bar = self.timeline.bar
        if self.playing or self.timeline.cursor > bar * meter.bar_ticks:
            bar += 1
        if self.playing and self.line.ns_at(bar * meter.bar_ticks) - block.ns0 < _MARGIN_NS:
            bar += 1
        self.timeline.withdraw(bar)

    # -- the composer --------------------------------------------------------------------------------------------

    def insert(self, bar: Bar) -> None:
        """Take in an answer of the composer's; one to an older epoch is dropped."""
        self._asked.pop(bar.bar, None)
        if bar.epoch == self.epoch and not self.timeline.has(bar.bar) and len(bar.clips) == len(self.routes):
            self.timeline.insert(bar.bar, bar.clips)
        self._ask = True

    def _wanted(self, ns: int) -> list[tuple[int, int]]:
        """Bars that are missing and not yet asked for. Looks only when something has changed, or once a second."""
        bar = self.timeline.bar
        if bar != self._asked_at or ns % _ASK_AGAIN_NS < 20_000_000:
            self._ask = True
        if not self._ask:
            return []
        self._ask = False
        self._asked_at = bar
        wanted: list[tuple[int, int]] = []
        for want in (*range(bar, bar + AHEAD_BARS), self._target_bar, self._target_bar + 1, *range(HOME_BARS)):
            if self.timeline.has(want) or ns - self._asked.get(want, -_ASK_AGAIN_NS) < _ASK_AGAIN_NS:
                continue
            self._asked[want] = ns
            wanted.append((self.epoch, want))
        return wanted

