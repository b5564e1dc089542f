"""What masters send in a scenario with the whole program, and what must be heard of it: all in frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from bridge.bench.clock import Piece, grid
from bridge.jack.trace import Sent
from bridge.midi_bytes import CLOCK_TICKS

RATE = 48_000
MS = RATE // 1000
START, CONTINUE, STOP = b"\xfa", b"\xfb", b"\xfc"
_BEFORE = MS
"""Start, Stop and the like leave 1 ms before the clock that they belong to."""


class Stretch(NamedTuple):
    """Play that must be heard: the music is at `tick0 + 40 i` at `frames[i]`, and ends at the last of them.

    loose  clocks before the end in which a note may be missing: 1, or more where it is not said when play ends
    """

    tick0: int
    frames: list[float]
    loose: int = 1


class Doubt(NamedTuple):
    """From `first` to `last` (frames) events may be off by `ms`."""

    first: float
    last: float
    ms: float


class Shown(NamedTuple):
    """What the status must show around `frame`. None: whatever it likes. `source`: the end of its name."""

    frame: float
    state: str | None = None
    source: str | None = None
    bpm: float | None = None
    bpm_within: float = 0.1
    playing: bool | None = None


class Script:
    """One master's part, written down as it goes: `frame` is when its next clock is due.

    `tolerance_ms` holds for every note and clock that we send, except in a doubt.
    """

    def __init__(self, bpm: float = 120.0, *, port: int = 0, at_s: float = 0.1, tolerance_ms: float = 0.05) -> None:
        self.bpm = bpm
        self.frame = at_s * RATE
        self.tolerance_ms = tolerance_ms
        self.alone = False
        """The band plays by itself until the first stretch."""
        self.sent: list[Sent] = []
        self.stretches: list[Stretch] = []
        self.doubts: list[Doubt] = []
        self.shown: list[Shown] = []
        self.notices: list[str] = []
        """Words that the status must say."""
        self._port = port
        self._playing = False
        self._sent_until = 0

    # -- what is sent --------------------------------------------------------------------------------------------

    @property
    def interval(self) -> float:
        return RATE * 60 / (self.bpm * 24)

    def emit(self, frame: float, data: bytes) -> None:
        """At a frame, never before what was emitted already: a wire keeps the order."""
        self._sent_until = max(self._sent_until, round(frame))
        self.sent.append(Sent(self._sent_until, self._port, data))

    def send(self, *messages: bytes) -> None:
        """Just before the next clock."""
        for message in messages:
            self.emit(self.frame - _BEFORE, message)

    def clocks(self, count: int, arrive: Callable[[float], Sequence[float]] | None = None) -> None:
        """`arrive` gives when a clock due at a frame arrives: never, once or more often."""
        for _ in range(count):
            self._due()
            for frame in (self.frame,) if arrive is None else arrive(self.frame):
                self.emit(frame, b"\xf8")
            self.frame += self.interval

    def carried(self, carriers: Sequence[Sequence[bytes]]) -> None:
        """A clock in each, inside other bytes: the piece that holds it is on time, the others are around it."""
        for carrier in carriers:
            self._due()
            clock = next(i for i, piece in enumerate(carrier) if 0xF8 in piece)
            for i, piece in enumerate(carrier):
                self.emit(self.frame + (i - clock) * self.interval / 16, piece)
            self.frame += self.interval

    def ramp(self, to_bpm: float, seconds: float) -> None:
        """Clocks while the tempo goes evenly to another."""
        due = grid([Piece(seconds, self.bpm, to_bpm), Piece(1.0, to_bpm, to_bpm)]) * RATE / 1e9
        count = int((due < seconds * RATE).sum())
        begun = self.frame
        for at in due[:count]:
            self.frame = begun + at
            self._due()
            self.emit(self.frame, b"\xf8")
        self.bpm = to_bpm
        self.frame = begun + float(due[count])

    def pause(self, seconds: float) -> None:
        """Nothing is sent, and nothing plays."""
        self.frame += seconds * RATE

    # -- what must be heard --------------------------------------------------------------------------------------

    def begins(self, tick: int = 0) -> None:
        """With the next clock the music is at `tick`; what played ends there."""
        if self._playing:
            self.stretches[-1].frames.append(self.frame)
        self._playing = True
        self.stretches.append(Stretch(tick, []))

    def ends(self, loose: int = 1) -> None:
        """The music ends before the next clock."""
        self._playing = False
        self.stretches[-1].frames.append(self.frame)
        self.stretches[-1] = self.stretches[-1]._replace(loose=loose)

    def start(self) -> None:
        self.send(START)
        self.begins(0)

    def locate(self, sixteenths: int) -> None:
        self.send(bytes((0xF2, sixteenths & 127, sixteenths >> 7)))

    def continue_at(self, sixteenths: int) -> None:
        self.send(CONTINUE)
        self.begins(sixteenths * 240)

    def halt(self) -> None:
        self.send(STOP)
        self.ends()

    def silence(self, clocks: int) -> None:
        """The master plays on, and nothing of it arrives."""
        self.clocks(clocks, lambda _frame: ())

    def doubt(self, ms: float, clocks: float) -> None:
        self.doubts.append(Doubt(self.frame - self.interval / 2, self.frame + clocks * self.interval, ms))

    def shows(self, state: str | None = None, *, source: str | None = None, bpm: float | None = None,
              bpm_within: float = 0.1, playing: bool | None = None) -> None:
        """What the status must show about now."""
        self.shown.append(Shown(self.frame, state, source, bpm, bpm_within, playing))

    def merge(self, other: Script) -> None:
        """Another master's part beside this one."""
        for name in ("sent", "stretches", "doubts", "shown", "notices"):
            getattr(self, name).extend(getattr(other, name))
        self.stretches.sort(key=lambda s: s.frames[0])
        self.frame = max(self.frame, other.frame)

    @property
    def length(self) -> int:
        """Frames, with time to fall silent in."""
        return round(self.frame + 0.25 * RATE)

    def _due(self) -> None:
        if self._playing:
            self.stretches[-1].frames.append(self.frame)


def transport(stretches: Sequence[Stretch]) -> list[bytes]:
    """What our clock out says beside clocks when these are played."""
    out = []
    for stretch in stretches:
        sixteenths = -(-stretch.tick0 // 240)
        out += [START] if not sixteenths else [bytes((0xF2, sixteenths & 127, sixteenths >> 7)), CONTINUE]
        out.append(STOP)
    return out


def clock_ticks(stretch: Stretch) -> range:
    """Positions at which our clock out sends a clock in this stretch: from its first sixteenth on."""
    end = stretch.tick0 + CLOCK_TICKS * (len(stretch.frames) - 1)
    return range(-(-stretch.tick0 // 240) * 240, end, CLOCK_TICKS)
