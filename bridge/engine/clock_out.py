"""The other way: our position as MIDI clock, Start, Stop, Continue and song position, for each port at its offset.

What the MIDI 1.0 specification asks of a master: Start or Continue, then the clock that is the downbeat; song
position only while stopped; 24 clocks to the quarter note.
"""

from __future__ import annotations

from collections import deque
from math import ceil

from bridge.driver import MidiOut
from bridge.engine.outlets import Frames
from bridge.midi_bytes import CLOCK, CLOCK_TICKS, CONTINUE, SONG_POSITION, SPP_TICKS, START, STOP
from bridge.routes import ClockRoute
from bridge.tempo import TempoLine
from composers.score import Tick

_LAST_SPP = 16383


class ClockOut:
    """Turns stretches of play into messages with their ticks. Called from the engine's thread.

    A stretch that begins between two sixteenths cannot be said in song positions: the Continue then waits for the
    next sixteenth, so that the slave is never out of phase.
    """

    __slots__ = ("_next", "_running", "_start")

    def __init__(self) -> None:
        self._running = False
        self._start: Tick = 0
        self._next: Tick = 0

    def play(self, tick: Tick) -> None:
        """Play begins, or goes on elsewhere, at `tick`."""
        self._running = True
        self._start = self._next = -(-tick // SPP_TICKS) * SPP_TICKS

    def stop(self) -> list[bytes]:
        """Play ends. Returns what to send now: nothing if the slave has not been started."""
        was = self._running and self._next > self._start
        self._running = False
        return [bytes((STOP,))] if was else []

    def take(self, end: Tick) -> list[tuple[Tick, bytes]]:
        """The messages that fall due before `end`, with their ticks, in order."""
        out: list[tuple[Tick, bytes]] = []
        while self._running and self._next < end:
            if self._next == self._start:
                position = self._start // SPP_TICKS
                if position == 0:
                    out.append((self._next, bytes((START,))))
                elif position <= _LAST_SPP:
                    out.append((self._next, bytes((SONG_POSITION, position & 127, position >> 7))))
                    out.append((self._next, bytes((CONTINUE,))))
                else:  # beyond what song position can say (1,023 bars of 4/4): the slave plays from where it is
                    out.append((self._next, bytes((CONTINUE,))))
            out.append((self._next, bytes((CLOCK,))))
            self._next += CLOCK_TICKS
        return out


class ClockPort:
    """One output that our clock goes to. A tempo change moves the clocks that are not on their way.

    A port that sends early cannot do so where play begins by surprise (a master's Start): the clocks that are due
    already then follow the Start at once, so that a slave, which counts them, is where it should be.
    """

    __slots__ = ("_floor", "_offset_ns", "_out", "_port", "_rolls", "_waiting")

    def __init__(self, route: ClockRoute) -> None:
        self._port, self._offset_ns = route
        self._out = ClockOut()
        self._floor = 0
        self._rolls = False  # the slave does
        self._waiting: deque[tuple[int, bytes]] = deque()

    def open(self) -> None:
        """A new block."""
        self._floor = 0

    def play(self, tick: Tick) -> None:
        """Play begins, or goes on elsewhere, at `tick`."""
        self._out.play(tick)

    def run(self, line: TempoLine, ns: int, end: Tick, last: Tick | None, frames: Frames) -> list[MidiOut]:
        """All that is due before `ns`, which is before tick `end`; at tick `last`, if there is one, the Stop."""
        offset, waiting = self._offset_ns, self._waiting
        if offset < 0:
            end = ceil(line.tick_at(ns - offset))
        if last is not None:
            end = min(end, last)
        for tick, message in self._out.take(end):
            waiting.append((line.ns_at(tick) + offset, message))
        if end == last:
            waiting.extend((line.ns_at(end) + offset, message) for message in self._out.stop())
        sent: list[MidiOut] = []
        while waiting and (waiting[0][0] < ns or offset <= 0):
            sent.append(self._message(*waiting.popleft(), frames))
        return sent

    def stop(self, ns: int, frames: Frames) -> list[MidiOut]:
        """Play ends now, whatever the offset; what has not been sent never is."""
        self._out.stop()
        self._waiting.clear()
        return [self._message(ns, bytes((STOP,)), frames)] if self._rolls else []

    def _message(self, ns: int, message: bytes, frames: Frames) -> MidiOut:
        self._floor = max(self._floor, frames.at(ns))
        self._rolls = message[0] != STOP
        return MidiOut(self._floor, self._port, message)
