"""Plays a timeline along a tempo line, out of all outlets: rolls, stops, jumps. It is told when, and by whom not."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from bridge.driver import MidiOut
from bridge.engine.automation import Move
from bridge.engine.clock_out import ClockPort
from bridge.engine.coming_plans import ComingPlan, ComingPlans
from bridge.engine.outlets import Frames, Outlets
from bridge.engine.rig_change import RigChange
from bridge.engine.through import Through
from bridge.engine.timeline import Timeline
from bridge.inputs.keyboard import Live
from bridge.inputs.keyboards import Keyboards
from bridge.inputs.played import Played
from bridge.inputs.route import InputRoute
from bridge.routes import ClockRoute, Route, ThroughRoute
from bridge.tempo import TempoLine
from composers.score import Meter, Tick


class Player:
    """The transport of the music.

    The timeline is taken ahead by the earliest offset, each outlet sends what its own offset makes due: what sounds on
    a beat arrives on the beat. A stop keeps what has not been sent, and going on loses and doubles nothing; a jump
    drops it. All ns are on the frames' axis. Called from the engine's thread, a block at a time.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        clock_outs: Sequence[ClockRoute],
        throughs: Sequence[ThroughRoute],
        bpm: float,
        meter: Meter,
        *,
        played: Sequence[InputRoute] = (),
        chase: bool,
        strips_offset_ns: int = 0,
        epoch: int = 0,
        length: int | None = None,
    ) -> None:
        self.timeline = Timeline(meter, chase=chase)
        self.through = Through(throughs)
        ports = [r.port for r in routes] + [c.port for c in clock_outs] + [p for t in throughs for p in t.ports]
        self.keyboards = Keyboards(played)
        self.played: list[Played] = []
        """What tracks got from players in this block, at frames of the block."""
        self.outlets = Outlets(routes, self.through, max(ports, default=-1) + 1, strips_offset_ns, self.keyboards)
        self.line = TempoLine(bpm, 0.0, 0)
        """Where the music is, while it plays."""
        self.playing = False
        self.epoch = epoch
        """Of the plan whose bars are taken now. It is heard once `position` is there: see heard_epoch."""
        self.length = length
        """Bars until the end, or None."""
        self.coming = ComingPlans()
        self.rig_number = 0
        self.standing_by: RigChange | None = None
        """The rig for a plan that is coming."""
        self.change: RigChange | None = None
        """The rig that must take the present one's place before this block is made."""
        self.position: Tick = 0
        """The first tick that has not been played (by what has no offset)."""
        self.moves: list[Move] = []
        """What the mix is to be told before this block is made: parameters on their way."""
        self.orphans: list[tuple[int, str]] = []
        """And those, by track and path, that go back to where they were before the music moved them."""
        self._heard = epoch
        self._begun: list[tuple[Tick, int]] = []
        """Plans that have been taken and are not heard yet: from which tick on, epoch."""
        self._limit: float | None = None
        self._clock_offsets = [c.offset_ns for c in clock_outs]
        self._clocks = [ClockPort(route) for route in clock_outs]
        self._clock_midi: list[MidiOut] = []
        self._chase = chase
        self._strips_offset_ns = strips_offset_ns
        self._offsets = [0, *(r.offset_ns for r in routes), *self._clock_offsets]
        self._lead_ns, self._lag_ns = self._span()
        self._frames = self.outlets.frames

    def _span(self) -> tuple[int, int]:
        offsets = (*self._offsets, self._strips_offset_ns)
        return -min(offsets), max(offsets)

    def lead(self, strips_offset_ns: int) -> None:
        """See Outlets.lead. strips_offset_ns <= 0."""
        self._strips_offset_ns = strips_offset_ns
        self._lead_ns, self._lag_ns = self._span()
        self.outlets.lead(strips_offset_ns)

    @property
    def lead_ns(self) -> int:
        """How long before its time the music must be there, for the earliest outlet."""
        return self._lead_ns

    def open(self, frames: Frames) -> None:
        """A new block."""
        self._frames = frames
        self.outlets.open(frames)
        self.played.clear()
        self._clock_midi = []
        self.moves = []
        self.orphans = []
        self.change = None
        for clock in self._clocks:
            clock.open()

    def close(self) -> list[MidiOut]:
        """The block's messages, sorted: clocks before the notes of the same frame, which are counted by them."""
        midi = self.outlets.close()
        return sorted(self._clock_midi + midi, key=lambda m: m.offset) if self._clock_midi else midi

    def play_in(self, ns: int, source: str, data: bytes) -> None:
        """Bytes that a player sent: his tracks sound at once, whether or not the music plays."""
        for index, live in self.keyboards.feed(source, data):
            self._sound(ns, index, live)

    def _sound(self, ns: int, index: int, live: Live) -> None:
        frame = self.outlets.play(ns, live)
        if live.form == "notes":  # it is said again, on one channel
            return
        tick = -1.0
        if self.playing:
            tick = max(0.0, self.line.tick_at(self._frames.ns0 + frame * 1_000_000_000 // self._frames.rate))
        self.played.append(Played(frame, tick, index, live.place.track, live.to_midi()))

    def follow(self, line: TempoLine, limit: float | None = None) -> None:
        """The music goes along this line from now on; at tick `limit` it waits for another one."""
        self.line, self._limit = line, limit

    def begin(self, bpm: float, ns: int) -> None:
        """Roll on our own tempo from the position on, as soon as the earliest outlet can be in time."""
        self.follow(TempoLine(bpm, self.position, ns + self._lead_ns))
        self.roll(self.position)

    def roll(self, tick: Tick) -> None:
        """Play from the position on, which the line says is `tick`: after a stop there, or a jump."""
        self.playing = True
        self.outlets.resume(tick, self.line, self._chase)
        for clock in self._clocks:
            clock.play(min(self.position, tick))

    def advance(self, ns: int, last: Tick | None = None) -> bool:
        """Send what is due before `ns`. True when all has been sent that there is before `last`, and play has ended."""
        if not self.playing:
            return False
        if self._limit is not None and self.line.tick_at(ns) > self._limit:
            ended = self._run(self.line.ns_at(self._limit), last)
            self.line = TempoLine(self.line.bpm, self._limit, ns)
            if ended:
                return True
        return self._run(ns, last)

    def _run(self, ns: int, last: Tick | None) -> bool:
        line, timeline, outlets = self.line, self.timeline, self.outlets
        end = ceil(line.tick_at(ns))
        ahead = ceil(line.tick_at(ns + self._lead_ns)) if self._lead_ns else end
        if last is not None:
            ahead = min(ahead, last)
        if ahead > timeline.cursor:
            if self.coming:
                self._begin_plans(ahead)
            outlets.put(timeline.take(ahead))
            self.orphans += timeline.automation.take_orphans()
        if last is not None and timeline.cursor >= last:
            outlets.put(timeline.silence())
        outlets.run(line, ns, end)
        self.moves += timeline.automation.run(line, ns, self._strips_offset_ns, self._frames)
        for clock in self._clocks:
            self._clock_midi += clock.run(line, ns, end, last, self._frames)
        if last is not None:
            end = min(end, last)
        if end > self.position:
            self.position = end
            while self._begun and self._begun[0][0] < end:
                self._heard = self._begun.pop(0)[1]
        if last is None or line.tick_at(ns - self._lag_ns) <= last - 1:
            return False
        self.jump(0, line.ns_at(last) + self._lag_ns)
        self.playing = False
        return True

    # -- plans -------------------------------------------------------------------------------------------------------

    @property
    def heard_epoch(self) -> int:
        """Of the plan that is heard at the position."""
        return self._heard

    def _begin_plans(self, end: Tick) -> None:
        """Of what is taken up to `end`: let the newest plan that can begin do so, at the first line where it may."""
        timeline = self.timeline
        for plan in self.coming:
            tick = plan.first_line(timeline.cursor)
            here = plan.meter == timeline.meter and not plan.restart
            if here and tick < end and plan.ready(tick) and self.fits(plan):
                self.outlets.put(timeline.take(tick))
                self.adopt(plan)
                return

    def fits(self, plan: ComingPlan) -> bool:
        """Whether the rig that its bars are for plays, or stands by."""
        return plan.rig == self.rig_number or (self.standing_by is not None and self.standing_by.number == plan.rig)

    def adopt(self, plan: ComingPlan) -> None:
        """The plan begins at the timeline's cursor, and with it its rig. It must fit."""
        change = None
        if plan.rig != self.rig_number:
            change, self.standing_by = self.standing_by, None
            assert change is not None and change.number == plan.rig
        tick = self.timeline.cursor
        ended = self.timeline.adopt(plan.bars, None if change is None else change.places)
        if change is not None:
            self._re_rig(change)
        self.outlets.end(ended)
        self.coming.begun(plan)
        self.epoch, self.length = plan.epoch, plan.length
        if self.playing:
            self._begun.append((tick, plan.epoch))
        else:
            self._heard_now()

    def _re_rig(self, change: RigChange) -> None:
        self.rig_number, self.change = change.number, change
        self.through.adopt(change.throughs)
        for index, live in self.keyboards.leave(change.played, change.places):
            self._sound(self._frames.ns0, index, live)
        self.keyboards.adopt(change.played, change.places)
        self.played = [p._replace(track=change.places[p.track]) for p in self.played if change.places[p.track] >= 0]
        offset_ns = -(change.rig.latency * 1_000_000_000 // self._frames.rate)
        self.outlets.adopt(change.routes, change.places, change.ports, offset_ns, self.timeline.cursor)
        self.moves = [m._replace(track=change.places[m.track]) for m in self.moves if change.places[m.track] >= 0]
        self.orphans = [(change.places[track], path) for track, path in self.orphans if change.places[track] >= 0]
        self._offsets = [0, *(r.offset_ns for r in change.routes), *self._clock_offsets]
        self._strips_offset_ns = offset_ns
        self._lead_ns, self._lag_ns = self._span()

    def _heard_now(self) -> None:
        self._begun.clear()
        self._heard = self.epoch

    def stop(self, ns: int) -> None:
        """Silence, at the position."""
        self.playing = False
        self._cut(ns)

    def jump(self, tick: Tick, ns: int) -> None:
        """Silence, and the position is another one."""
        self._cut(ns, jump=True)
        self.outlets.forget(tick)
        self.timeline.jump(tick)
        self.position = tick
        self._heard_now()

    def leave(self) -> list[MidiOut]:
        """For good: the messages that must still be sent before the ports close."""
        self.playing = False
        self.open(Frames(0, 1, 1))
        for index, live in self.keyboards.end():
            self._sound(0, index, live)
        last = self.outlets.close() + self.outlets.leave()
        return last + [message for clock in self._clocks for message in clock.stop(0, self._frames)]

    def _cut(self, ns: int, jump: bool = False) -> None:
        self.outlets.cut(ns, jump)
        for clock in self._clocks:
            self._clock_midi += clock.stop(ns, self._frames)
