"""Plays a timeline along a tempo line, out of all outlets: rolls, stops, jumps. It is told when, and by whom not."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from bridge.driver import MidiOut
from bridge.engine.automation import Move
from bridge.engine.clock_out import ClockPort
from bridge.engine.outlets import Frames, Outlets
from bridge.engine.through import Through
from bridge.engine.timeline import Timeline
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
        chase: bool,
        strips_offset_ns: int = 0,
    ) -> None:
        self.timeline = Timeline(meter, chase=chase)
        self.through = Through(throughs)
        ports = [r.port for r in routes] + [c.port for c in clock_outs] + [p for t in throughs for p in t.ports]
        self.outlets = Outlets(routes, self.through, max(ports, default=-1) + 1, strips_offset_ns)
        self.line = TempoLine(bpm, 0.0, 0)
        """Where the music is, while it plays."""
        self.playing = False
        self.position: Tick = 0
        """The first tick that has not been played (by what has no offset)."""
        self.moves: list[Move] = []
        """What the mix is to be told before this block is made: parameters on their way."""
        self._limit: float | None = None
        self._clocks = [ClockPort(route) for route in clock_outs]
        self._clock_midi: list[MidiOut] = []
        self._chase = chase
        self._strips_offset_ns = strips_offset_ns
        self._offsets = [0, *(r.offset_ns for r in routes), *(c.offset_ns for c in clock_outs)]
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
        self._clock_midi = []
        self.moves = []
        for clock in self._clocks:
            clock.open()

    def close(self) -> list[MidiOut]:
        """The block's messages, sorted: clocks before the notes of the same frame, which are counted by them."""
        midi = self.outlets.close()
        return sorted(self._clock_midi + midi, key=lambda m: m.offset) if self._clock_midi else midi

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
            outlets.put(timeline.take(ahead))
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
        if last is None or line.tick_at(ns - self._lag_ns) <= last - 1:
            return False
        self.jump(0, line.ns_at(last) + self._lag_ns)
        self.playing = False
        return True

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

    def leave(self) -> list[MidiOut]:
        """For good: the messages that must still be sent before the ports close."""
        self.playing = False
        self.open(Frames(0, 1, 1))
        return self.outlets.leave() + [message for clock in self._clocks for message in clock.stop(0, self._frames)]

    def _cut(self, ns: int, jump: bool = False) -> None:
        self.outlets.cut(ns, jump)
        for clock in self._clocks:
            self._clock_midi += clock.stop(ns, self._frames)
