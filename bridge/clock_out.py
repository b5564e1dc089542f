"""The other way: our position as MIDI clock, Start, Stop, Continue and song position. Sans I/O.

What the MIDI 1.0 specification asks of a master: Start or Continue, then the clock that is the downbeat; song
position only while stopped; 24 clocks to the quarter note.
"""

from __future__ import annotations

from bridge.midi_bytes import CLOCK, CLOCK_TICKS, CONTINUE, SONG_POSITION, SPP_TICKS, START, STOP
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
