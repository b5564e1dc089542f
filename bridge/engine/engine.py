"""The engine: where ticks become frames. Pure in time: the same inputs give the same outputs, live and offline."""

from __future__ import annotations

import time
from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

from bridge.clock.masters import Masters
from bridge.driver import Block, MidiIn, MidiOut
from bridge.engine.automation import Move
from bridge.engine.clip_bytes import Bar
from bridge.engine.conductor import Conductor
from bridge.engine.inbox import AnyCommand, NoteBegun, ParameterMove, SetParameter
from bridge.engine.outlets import Frames
from bridge.engine.player import Player
from bridge.engine.rig_change import RigChange, RigWithdrawn
from bridge.engine.timeline import Timeline
from bridge.inputs.played import Played
from bridge.inputs.route import InputRoute
from bridge.routes import ClockRoute, Route, ThroughRoute
from bridge.tempo import TempoLine
from composers.score import PPQ, Meter, Tick
from instruments.block import AudioBlock, FrameEvent, InstrumentError, Transport

_NS = 1_000_000_000
_LEAVE_MS = 200
"""A block that is not made by then never will be."""


class Sounding(Protocol):
    """What the engine needs of the mixer (bridge.rig.Rig)."""

    latency: int
    """Frames until what it is given is heard. It may change while it plays, as plug-ins load."""
    midi_out: Sequence[tuple[int, FrameEvent]]
    """What plug-ins put out in the last block themselves, by track; as late as the sound."""

    def process(
        self, events: Sequence[Sequence[FrameEvent]], frames: int, transport: Transport
    ) -> AudioBlock: ...

    def turn(self, path: str, value: float, ramp_frames: int | None = None) -> int:
        """Set a parameter by its full path. Returns the frames it takes. Raises InstrumentError."""
        ...

    def move(self, move: Move) -> str:
        """Set out on a composer's ramp. Returns the full path. Raises InstrumentError."""
        ...

    def lacks(self, move: Move) -> bool:
        """Whether there is no such effect or return at all, of one that move() refused."""
        ...

    def restore(self, track: int, path: str) -> tuple[str, float, int] | None:
        """Back to where a parameter stood before the first ramp moved it: full path, value, frames. None where it has
        been turned by hand since, or never moved."""
        ...

    def succeed(self, other: Any) -> None:
        """Before the first block: go on with all that `other`, which has played so far, has in common with it."""
        ...


class Inputs(NamedTuple):
    """All that happens to the engine in a block."""

    block: Block
    commands: Sequence[AnyCommand] = ()
    bars: Sequence[Bar] = ()
    rig: RigChange | RigWithdrawn | None = None
    """A rig that stands by for a plan that comes (NewPlan.rig), before or after it; or is not wanted any more."""


class Outputs(NamedTuple):
    """All that the engine does in a block. `wanted` are (epoch, bar) to ask of the composer, most urgent first; `moves`
    the parameters that were turned; `played` what tracks got from players."""

    midi: list[MidiOut]
    audio: AudioBlock
    notes: list[NoteBegun]
    wanted: list[tuple[int, int]]
    moves: list[ParameterMove]
    played: Sequence[Played] = ()


class Engine:
    """One block at a time: follow the clock, take what is due, render, mix.

    step() is called from one thread (the audio device's callback, or the pacer). It never blocks and reads no clock;
    what it allocates is garbage by reference counting alone, so that the collector may stay off.
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
        source: str = "auto",
        on_loss: str = "continue",
        clock_outs: Sequence[ClockRoute] = (),
        in_offsets: Mapping[str, int] | None = None,
        throughs: Sequence[ThroughRoute] = (),
        played: Sequence[InputRoute] = (),
        chase: bool = True,
        mtc_start: str = "00:00:00:00",
        rig_number: int = 0,
    ) -> None:
        """length      bars until the end, or None; epoch: of the plan that the first bars answer
        source      what leads: see session.Clock; on_loss, chase and mtc_start likewise
        clock_outs  the driver's outputs that our own clock goes to
        rig_number  see RigChange
        in_offsets  by clock input: ns that its messages count as heard later
        throughs    inputs that are passed on; they are no clock inputs
        played      inputs that play tracks; likewise

        The rig is given its events as much before their time as it takes until it sounds.

        Raises SessionError for an mtc_start that is no time code.
        """
        meter = meter or Meter()
        self.compensation_ns: Mapping[str, int] = {}
        """By clock input: its clocks count as heard so much earlier, since what is played takes so long to be heard.
        Any thread may set it."""
        self.notes_begun = 0
        self.routes = tuple(routes)
        """By strip: see RigChange."""
        self.tracks = len(self.routes)
        """Of a bar."""
        self._rig = rig
        self._rate = rate
        self._in_offsets = dict(in_offsets or {})
        self._latency = rig.latency
        self._player = Player(routes, clock_outs, throughs, bpm, meter, played=played, chase=chase,
                              strips_offset_ns=-(rig.latency * _NS // rate), epoch=epoch, length=length)
        self._player.rig_number = rig_number
        self._masters = Masters(bpm, source, mtc_start=mtc_start, bar_ticks=meter.bar_ticks)
        self._conductor = Conductor(self._player, self._masters, bpm, stop_on_loss=on_loss == "stop")
        self._timecode = source == "mtc"
        self._heard: list[MidiIn] = []
        self._resumed: tuple[TempoLine, str] | None = None
        self._now_ns = 0
        self._frame = 0
        self._moves: list[ParameterMove] = []
        self._refused: set[tuple[int, str]] = set()
        self._stepping = self._left = False

    # -- what status tells -------------------------------------------------------------------------------------

    @property
    def timeline(self) -> Timeline:
        return self._player.timeline

    @property
    def line(self) -> TempoLine:
        """Where the music is, while it plays."""
        return self._player.line

    @property
    def playing(self) -> bool:
        return self._player.playing

    @property
    def starting(self) -> bool:
        """Told to play, and waiting for the first bar."""
        return self._conductor.starting

    @property
    def ended(self) -> bool:
        """The piece has been played to its end."""
        return self._conductor.ended

    @property
    def epoch(self) -> int:
        """Of the plan that is heard."""
        return self._player.heard_epoch

    @property
    def rig_number(self) -> int:
        """Of the rig that plays: see RigChange."""
        return self._player.rig_number

    @property
    def plan_epoch(self) -> int:
        """Of the plan whose bars are taken now: it is heard within what the earliest outlet needs."""
        return self._player.epoch

    @property
    def position(self) -> Tick:
        """The first tick that has not been played."""
        return self._player.position

    @property
    def sounding(self) -> int:
        """Notes that the instruments have begun and not ended."""
        return self._player.outlets.sounding

    @property
    def used(self) -> list[int]:
        """See inbox.EngineStatus.used."""
        return self._player.outlets.used

    @property
    def latency(self) -> int:
        """Frames by which the rig's events went before their time in the last block."""
        return self._latency

    @property
    def plugin_midi(self) -> Sequence[tuple[int, FrameEvent]]:
        """What plug-ins put out themselves in the last block, by track."""
        return self._rig.midi_out

    @property
    def left(self) -> bool:
        """halt() has been called: blocks are silent from the next one on, or from this."""
        return self._left

    @property
    def clashes(self) -> list[int]:
        """By track, notes sent by MIDI that the bend for another has put out of tune."""
        return self._player.outlets.clashes

    @property
    def clock(self) -> str:
        """See inbox.EngineStatus.clock."""
        return self._masters.state

    @property
    def source(self) -> str:
        """Name of the master that leads, or ""."""
        return self._masters.name

    @property
    def jitter_ms(self) -> float:
        """See inbox.EngineStatus.jitter_ms."""
        return self._masters.jitter_ms

    @property
    def heard(self) -> bool:
        """Whether any clock has come within the last second."""
        return self._masters.heard(self._now_ns)

    def is_played(self, source: str) -> bool:
        """Whether the input of this name plays tracks. Any thread may ask."""
        return source in self._player.keyboards

    def take_notices(self) -> list[str]:
        """What people should know that has happened since the last call."""
        notices, self._conductor.notices = self._conductor.notices, []
        return notices

    # -- life ----------------------------------------------------------------------------------------------------

    def resume(self, tick: Tick, ns: int, bpm: float, source: str = "") -> None:
        """Before the first step: play on for an engine that died, which was at `tick` at `ns` (led by `source`)."""
        self._resumed = TempoLine(bpm, tick, ns), source

    def insert(self, bar: Bar) -> None:
        """Take in an answer of the composer's; one to an older epoch is dropped."""
        if bar.epoch != self._player.epoch or len(bar.clips) == self.tracks:
            self._conductor.insert(bar)

    def step(self, inputs: Inputs) -> Outputs:
        """A block. Should halt() be at work just now, it plays nothing."""
        self._stepping = True
        try:
            return self._step(inputs)
        finally:
            self._stepping = False

    def halt(self) -> list[MidiOut]:
        """Leave: what the driver must still send before its ports close. From then on the engine plays nothing.

        For another thread than step()'s: it waits for the block that is being made, which may still begin notes.
        """
        self._left = True
        patience = _LEAVE_MS
        while self._stepping and patience:
            time.sleep(0.001)
            patience -= 1
        return self._conductor.leave()

    # -- the block -----------------------------------------------------------------------------------------------

    def _step(self, inputs: Inputs) -> Outputs:
        """All times are on the device's own clock, its frames.

        A master on the same audio clock is then followed to the frame, and xruns, which bend monotonic time against
        frames, move nothing. What arrives by other ways keeps its distance from the block's start.
        """
        block, conductor = inputs.block, self._conductor
        self._frame, self._moves = block.frame0, []
        ns0 = (block.frame0 + block.skipped) * _NS // self._rate
        end_ns = ns0 + block.frames * _NS // self._rate
        shift = ns0 - block.ns0
        self._now_ns = ns0
        if self._left:
            return Outputs([], self._process(block, [[] for _ in self.routes]), [], [], [])
        self._player.open(Frames(ns0, block.frames, self._rate))
        if self._resumed is not None:
            (line, source), self._resumed = self._resumed, None
            conductor.resume(line._replace(ns0=line.ns0 + shift), source, ns0)
        if inputs.rig is not None:
            self._stand_by(inputs.rig)
        for bar in inputs.bars:
            self.insert(bar)
        for command in inputs.commands:
            self._obey(command)
        if self._player.coming:
            conductor.check_plans(ns0)
        if conductor.starting:
            conductor.start(ns0)
        if self._heard or block.midi:
            self._hear(block.midi, shift, end_ns)
        if self._timecode:
            conductor.follow(self._masters.elapse(ns0 + min(0, self._delay(self._masters.name))))
        if block.playhead is not None:
            conductor.follow(self._masters.see(block.playhead._replace(ns=block.playhead.ns + shift)))
        conductor.advance(end_ns)
        if self._masters.leader is not None:
            conductor.check(ns0, max(0, -self._delay(self._masters.name)))
        return self._render(block)

    def _stand_by(self, rig: RigChange | RigWithdrawn) -> None:
        """The newest only; what another was wanted for waits for this one, or never begins."""
        player = self._player
        if isinstance(rig, RigChange):
            player.standing_by = rig
        elif player.standing_by is not None and player.standing_by.number == rig.number:
            player.standing_by = None

    def _take_over(self, change: RigChange) -> None:
        """The new rig makes this block."""
        try:
            change.rig.succeed(self._rig)
        except Exception as error:  # then it begins anew: with the old one there is no way on, its strips are others
            self._conductor.notices.append(f"the instruments begin anew: {type(error).__name__}: {error}")
        self._rig, self.routes, self.tracks = change.rig, tuple(change.routes), change.tracks
        self._latency = self._rig.latency
        self._refused.clear()

    def _obey(self, command: AnyCommand) -> None:
        if not isinstance(command, SetParameter):
            self._conductor.obey(command, self._now_ns)
            return
        path, value, ramp_s = command.path, command.value, command.ramp_s
        try:
            frames = self._rig.turn(path, value, None if ramp_s is None else round(ramp_s * self._rate))
        except InstrumentError as error:
            self._conductor.notices.append(str(error))
        else:
            self._moves.append(ParameterMove(self._frame, path, value, frames))

    def _automate(self) -> None:
        """What the composers move from this block on, and what they have let go; of tracks that leave, nothing."""
        for track, path in self._player.orphans:
            told = self._rig.restore(track, path) if track < self.tracks else None
            if told is not None:
                self._moves.append(ParameterMove(self._frame, *told))
        for move in self._player.moves:
            if move.track >= self.tracks:
                continue
            try:
                path = self._rig.move(move)
            except InstrumentError as error:
                if (move.track, move.path) not in self._refused:  # once: a composer says the same in every bar
                    self._refused.add((move.track, move.path))
                    if not self._rig.lacks(move):
                        self._conductor.notices.append(str(error))
            else:
                self._moves.append(ParameterMove(self._frame + move.offset, path, move.value, move.frames))

    def _hear(self, midi: Iterable[MidiIn], shift: int, end_ns: int) -> None:
        """In order: heed clocks when they count as heard, which may be in a later block, and pass on what a player
        sends; what he plays is heard in this block, whatever its stamp."""
        heard, player = self._heard, self._player
        for ns, source, data in midi:
            if source in player.keyboards:
                ns = min(ns + shift, end_ns - 1)
            else:
                ns += shift if source in player.through else shift + self._delay(source)
            message = MidiIn(ns, source, data)
            if heard or ns >= end_ns:
                insort(heard, message, key=_ns)
            else:
                self._heed(message)
        while heard and heard[0].ns < end_ns:
            self._heed(heard.pop(0))

    def _heed(self, message: MidiIn) -> None:
        ns, source, data = message
        player = self._player
        if source in player.through:
            for port, each in player.through.feed(source, data):
                player.outlets.pass_on(ns, port, each)
        elif source in player.keyboards:
            if player.playing:
                self._conductor.advance(ns)  # what the music begins before it goes before it
            player.play_in(ns, source, data)
        else:
            self._conductor.follow(self._masters.hear(ns, source, data))

    def _delay(self, source: str) -> int:
        """How much later (> 0) than stamped what comes by a clock input counts as heard."""
        return self._in_offsets.get(source, 0) - self.compensation_ns.get(source, 0)

    def _render(self, block: Block) -> Outputs:
        player = self._player
        if player.change is not None:
            self._take_over(player.change)
        if player.moves or player.orphans:
            self._automate()
        if self._rig.latency != self._latency:
            self._latency = self._rig.latency
            player.lead(-(self._latency * _NS // self._rate))
        outlets, bpm = player.outlets, player.line.bpm
        notes = []
        for frame, due in outlets.begun:
            routed = self.routes[due.track].channel
            channel = due.channel if routed is None else routed
            notes.append(NoteBegun(block.frame0 + frame + self._latency, due.tick, due.length, bpm, due.value,
                                   due.track, due.number, channel))
        self.notes_begun += len(notes)
        audio = self._process(block, outlets.strips)
        for track, event in self._rig.midi_out:
            outlets.put_out(track, event)
        return Outputs(player.close(), audio, notes, self._conductor.wanted(self._now_ns), self._moves,
                       [played._replace(frame=block.frame0 + played.frame) for played in player.played])

    def _process(self, block: Block, strips: Sequence[Sequence[FrameEvent]]) -> AudioBlock:
        """The rig is told the beat that is heard when what it makes now is."""
        player, meter = self._player, self.timeline.meter
        line = player.line
        heard_ns = self._now_ns + self._latency * _NS // self._rate
        beat = (line.tick_at(heard_ns) if player.playing else player.position) / PPQ
        transport = Transport(block.frame0, max(0.0, beat), line.bpm, meter.beats, meter.unit, player.playing)
        return self._rig.process(strips, block.frames, transport)


_ns = attrgetter("ns")
