"""All that leaves with one offset against the music: what waits, what sounds, what a stop has cut."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from bridge.engine.chase import worth_striking
from bridge.engine.due import ControlKey, Due, NoteKey
from bridge.routes import Route
from bridge.tempo import TempoLine
from composers.score import Tick
from instruments.block import Kind

PEDAL, NOTES_OFF = 64, 123
RESET = ((Kind.CC, PEDAL), (Kind.BEND, 0), (Kind.CC, NOTES_OFF))
"""After the note-offs: pedal up first, because a synth keeps what the pedal holds through all-notes-off; then the bend,
so that it is back before the next note; last what ends notes that nobody knows of."""


class Lane:
    """All that leaves with one offset: a queue in order of ticks, and what was sent that is not over.

    queue     what the music has not reached, or, in an early lane, what will not be sent yet
    waiting   in a late lane, what the music has passed, with the time to send it: no tempo change moves that
    cursor    the queue begins here
    sounding  notes that have been begun and not ended
    cut       notes that a stop has ended before their time
    controls  the last value of each controller since the last jump
    """

    __slots__ = ("controls", "cursor", "cut", "floor", "offset_ns", "queue", "routes", "sounding", "stopped_ns",
                 "strips", "waiting")

    def __init__(self, offset_ns: int, routes: Sequence[Route | None], strips: bool) -> None:
        """routes  by track: where its MIDI goes from here, if it does; strips: the instruments hear this lane"""
        self.offset_ns = offset_ns
        self.routes = tuple(routes)
        self.strips = strips
        self.cursor: Tick = 0
        self.floor = 0
        self.stopped_ns: int | None = None
        self.queue: deque[Due] = deque()
        self.waiting: deque[tuple[int, Due]] = deque()
        self.sounding: dict[NoteKey, Due] = {}
        self.cut: list[Due] = []
        self.controls: dict[ControlKey, Due] = {}

    def put(self, dues: Iterable[Due]) -> None:
        self.queue.extend(dues if self.strips else (d for d in dues if self.routes[d.track] is not None))

    def note(self, due: Due) -> bool:
        """Remember what is sent; False where it is the end of a note that a stop has ended."""
        kind = due.kind
        if kind is Kind.ON:
            self.sounding[due.note] = due
        elif kind is Kind.OFF:
            return self.sounding.pop(due.note, None) is not None
        else:
            self.controls[due.control] = due
        return True

    def silence(self, ns: int) -> list[Due]:
        """Play stops, if it has not already: the ends of what sounds."""
        if self.stopped_ns is None:
            self.stopped_ns = ns
        ended = list(self.sounding.values())
        self.sounding.clear()
        self.cut += ended
        return [due._replace(kind=Kind.OFF, value=64.0, cents=0.0) for due in ended]

    def resume(self, tick: Tick, line: TempoLine, strike: bool) -> None:
        """The music goes on from `tick`: undo what the stop did, pedal, bend and notes cut short; then all the rest."""
        at = tick - round(self.offset_ns / line.ns_per_tick)
        if self.offset_ns <= 0:
            self.cursor = min(self.cursor, at)  # a stop may come late, when more has been sent than it stands for
        moved = [d for d in self.controls.values() if d.value and (d.kind, d.number) in RESET]
        again = [d._replace(tick=self.cursor) for d in moved]
        if strike:
            again += [d._replace(tick=self.cursor, length=d.tick + d.length - self.cursor) for d in self.cut
                      if worth_striking(d.channel, d.tick + d.length - at)]
        self.cut.clear()
        again.reverse()
        if self.offset_ns <= 0:
            self.queue.extendleft(again)
        else:
            ns = line.ns_at(tick)
            paused_ns = 0 if self.stopped_ns is None else ns - self.stopped_ns
            self.waiting = deque((due_ns + paused_ns, due) for due_ns, due in self.waiting)
            self.waiting.extendleft((ns, due) for due in again)
        self.stopped_ns = None

    def end(self, dues: Iterable[Due]) -> None:
        """Notes end at the cursor of the music, since another plan goes on there. One that would only begin there, as
        play was stopped in its middle (see resume), does not."""
        self.put(due for due in dues if not self._unstrike(due))

    def _unstrike(self, off: Due) -> bool:
        key, tick = off.note, off.tick
        for cut in self.cut:
            if cut.note == key and self.cursor >= tick:
                self.cut.remove(cut)
                return True
        for due in self.queue:
            if due.kind is Kind.ON and due.tick >= tick and due.note == key:
                self.queue.remove(due)
                return True
        for late in self.waiting:
            if late[1].kind is Kind.ON and late[1].tick >= tick and late[1].note == key:
                self.waiting.remove(late)
                return True
        return False

    def gone(self, places: Sequence[int]) -> list[Due]:
        """The ends of what sounds of tracks that have no place (-1) any more; they are none of this lane's then."""
        ended = [due for due in self.sounding.values() if places[due.track] < 0]
        for due in ended:
            del self.sounding[due.note]
        return [due._replace(kind=Kind.OFF, value=64.0, cents=0.0) for due in ended]

    def adopt(self, places: Sequence[int], routes: Sequence[Route | None]) -> None:
        """The tracks have other places (-1: none), see RigChange, and go by these routes."""
        self.routes = tuple(routes)
        self.queue = deque(_placed(self.queue, places))
        self.cut = list(_placed(self.cut, places))
        self.waiting = deque((ns, due._replace(track=places[due.track])) for ns, due in self.waiting
                             if places[due.track] >= 0)
        self.sounding = {due.note: due for due in _placed(self.sounding.values(), places)}
        self.controls = {due.control: due for due in _placed(self.controls.values(), places)}

    def twin(self) -> Lane:
        """A lane without strips or offset, for the ports that this one, of no offset so far, has served, too."""
        twin = Lane(0, self.routes, strips=False)
        twin.cursor, twin.floor, twin.stopped_ns = self.cursor, self.floor, self.stopped_ns
        served = [route is not None for route in self.routes]
        twin.queue = deque(due for due in self.queue if served[due.track])
        twin.waiting = deque((ns, due) for ns, due in self.waiting if served[due.track])
        twin.sounding = {key: due for key, due in self.sounding.items() if served[due.track]}
        twin.cut = [due for due in self.cut if served[due.track]]
        twin.controls = {key: due for key, due in self.controls.items() if served[due.track]}
        return twin

    def forget(self, tick: Tick) -> None:
        """After a jump to `tick`: what has not been sent never is."""
        self.cursor = tick
        self.queue.clear()
        self.waiting.clear()
        self.cut.clear()
        self.controls.clear()


def _placed(dues: Iterable[Due], places: Sequence[int]) -> Iterator[Due]:
    return (due._replace(track=places[due.track]) for due in dues if places[due.track] >= 0)
