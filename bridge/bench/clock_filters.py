"""Clock followers to compare: ours, and the filters of peers, written anew from their published descriptions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import pi, sqrt
from typing import Protocol

from bridge import midi_bytes
from bridge.clock.follower import Change, ClockFollower, State
from bridge.midi_bytes import CLOCK_TICKS, SPP_TICKS


class Followed(Protocol):
    """What the bench and the conformance suite ask of a follower. An adapter to another one needs no more."""

    @property
    def bpm(self) -> float:
        """The tempo as now known."""

    @property
    def playing(self) -> bool:
        """Whether the music moves: from the first clock after Start or Continue to Stop."""

    @property
    def lost(self) -> bool:
        """Whether it has noticed that the clock no longer comes."""

    def feed(self, ns: int, data: bytes) -> None:
        """One whole MIDI message that arrived at `ns`. Times never go back."""

    def check(self, now_ns: int) -> None:
        """Time passes; called now and then."""

    def tick_at(self, ns: int) -> float:
        """Where the music is at `ns`, in ticks (40 a MIDI clock), while playing; where it stands, when not."""


class Ours:
    """bridge.clock.follower.ClockFollower."""

    def __init__(self, bpm: float = 100.0) -> None:
        self.follower = ClockFollower(bpm)
        self._stands = 0.0

    @property
    def bpm(self) -> float:
        return self.follower.line.bpm

    @property
    def playing(self) -> bool:
        return self.follower.state in (State.RUNNING, State.LOST)

    @property
    def lost(self) -> bool:
        return self.follower.state is State.LOST

    def feed(self, ns: int, data: bytes) -> None:
        event = self.follower.feed(ns, data)
        if event is not None and event.change in (Change.LOCATED, Change.STOPPED):
            self._stands = float(event.tick)

    def check(self, now_ns: int) -> None:
        self.follower.check(now_ns)

    def tick_at(self, ns: int) -> float:
        return self.follower.line.tick_at(ns) if self.playing else self._stands


class Filter(Protocol):
    """Stamps of clocks in; the interval, and when the last clock should have come, out."""

    @property
    def interval_ns(self) -> float: ...

    @property
    def phase_ns(self) -> float: ...

    def add(self, ns: int) -> None: ...

    def restart(self) -> None:
        """Start or Continue has come."""


class Dll:
    """A delay-locked loop of second order (F. Adriaensen, "Using a DLL to filter time", LAC 2005).

    bandwidth_hz of None is Ardour's, taken as its source states it: 2 / BPM Hz, with the first interval as the first
    tempo, and the loop begun again with each Start (libs/ardour/midi_clock_transport_master.cc). That is very slow;
    at 1 Hz the same loop shows what it can do.
    """

    def __init__(self, bpm: float, bandwidth_hz: float | None) -> None:
        self.interval_ns = 60e9 / (bpm * 24)
        self.phase_ns = 0.0
        self._bandwidth = bandwidth_hz
        self._count = 0
        self._next = 0.0

    def restart(self) -> None:
        self._count = 0

    def add(self, ns: int) -> None:
        self._count += 1
        if self._count == 1:
            self.phase_ns = self._next = float(ns)
        elif self._count == 2:
            interval = ns - self.phase_ns
            if not 60e9 / (24 * 999) < interval < 60e9 / 24:
                self._count = 1
                self.phase_ns = float(ns)
                return
            self.interval_ns = interval
            self.phase_ns, self._next = float(ns), ns + interval
        else:
            bandwidth = self._bandwidth or 2.0 / (60e9 / (24 * self.interval_ns))
            omega = min(1.0, 2.0 * pi * bandwidth * self.interval_ns / 1e9)
            error = ns - self._next
            self.phase_ns = self._next + sqrt(2.0) * omega * error
            self._next = self.phase_ns + self.interval_ns
            self.interval_ns += omega * omega * error


class MeanOfTen:
    """Hydrogen: the mean of the last ten intervals; the position is that of the last clock."""

    def __init__(self, bpm: float) -> None:
        self.interval_ns = 60e9 / (bpm * 24)
        self.phase_ns = 0.0
        self._stamps: deque[int] = deque(maxlen=11)

    def restart(self) -> None:
        """It goes on."""

    def add(self, ns: int) -> None:
        self._stamps.append(ns)
        self.phase_ns = float(ns)
        if len(self._stamps) > 1:
            self.interval_ns = max(1.0, (ns - self._stamps[0]) / (len(self._stamps) - 1))


class MeanOfReciprocals:
    """isobar: an exponential average (0.95) of each interval's own BPM; the position is that of the last clock."""

    def __init__(self, bpm: float) -> None:
        self.phase_ns = 0.0
        self._bpm: float | None = None
        self._guess = bpm
        self._last: int | None = None

    @property
    def interval_ns(self) -> float:
        return 60e9 / (24 * (self._bpm or self._guess))

    def restart(self) -> None:
        """It goes on."""

    def add(self, ns: int) -> None:
        if self._last is not None:
            bpm = 60e9 / (24 * max(1_000, ns - self._last))
            self._bpm = bpm if self._bpm is None else 0.95 * self._bpm + 0.05 * bpm
        self._last = ns
        self.phase_ns = float(ns)


class LeastSquares:
    """Plain least squares over the last `window` clocks, never begun again."""

    def __init__(self, bpm: float, window: int = 48) -> None:
        self.interval_ns = 60e9 / (bpm * 24)
        self.phase_ns = 0.0
        self._stamps: deque[int] = deque(maxlen=window)

    def restart(self) -> None:
        """It goes on."""

    def add(self, ns: int) -> None:
        stamps = self._stamps
        stamps.append(ns)
        n = len(stamps)
        if n < 2:
            self.phase_ns = float(ns)
            return
        middle = (n - 1) / 2.0
        sy = sxy = 0.0
        for x, stamp in enumerate(stamps):
            y = stamp - ns
            sy += y
            sxy += (x - middle) * y
        self.interval_ns = max(1.0, 12.0 * sxy / (n * (n * n - 1.0)))
        self.phase_ns = ns + sy / n + middle * self.interval_ns


class Peer:
    """A filter with the plain transport that its description gives: every clock heard counts one, and no other.

    `seeks`: whether it goes to a song position other than 0. `continues`: whether it knows Continue. `sixteenths`:
    whether Stop goes back to the last sixteenth. `patience_ns`: after how long without a clock it stops.
    """

    def __init__(
        self, filter_: Filter, *, seeks: bool = True, continues: bool = True, sixteenths: bool = False,
        patience_ns: int | None = None,
    ) -> None:
        self._filter = filter_
        self._seeks, self._continues, self._sixteenths = seeks, continues, sixteenths
        self._patience_ns = patience_ns
        self.playing = False
        self.lost = False
        self._armed = False
        self._tick = 0
        self._last_ns: int | None = None

    @property
    def bpm(self) -> float:
        return 60e9 / (24 * self._filter.interval_ns)

    def feed(self, ns: int, data: bytes) -> None:
        match data[0]:
            case midi_bytes.CLOCK:
                self._last_ns = ns
                self.lost = False
                self._filter.add(ns)
                if self._armed:
                    self._armed, self.playing = False, True
                elif self.playing:
                    self._tick += CLOCK_TICKS
            case midi_bytes.START:
                self._tick = 0
                self._arm()
            case midi_bytes.CONTINUE if self._continues and not self.playing:
                self._arm()
            case midi_bytes.STOP if self.playing or self._armed:
                if self.playing:
                    self._tick += CLOCK_TICKS
                if self._sixteenths:
                    self._tick -= self._tick % SPP_TICKS
                self.playing = self._armed = False
            case midi_bytes.SONG_POSITION if not self.playing:
                position = data[1] | data[2] << 7
                if self._seeks or not position:
                    self._tick = position * SPP_TICKS

    def _arm(self) -> None:
        self._armed, self.playing = True, False
        self._filter.restart()

    def check(self, now_ns: int) -> None:
        if self._patience_ns and self.playing and now_ns - (self._last_ns or now_ns) > self._patience_ns:
            self.lost = True

    def tick_at(self, ns: int) -> float:
        if not self.playing:
            return float(self._tick)
        return self._tick + (ns - self._filter.phase_ns) * CLOCK_TICKS / self._filter.interval_ns


PEERS: dict[str, Callable[[float], Followed]] = {
    "ardour_dll": lambda bpm: Peer(Dll(bpm, None), sixteenths=True, patience_ns=250_000_000),
    "dll_1_hz": lambda bpm: Peer(Dll(bpm, 1.0)),
    "hydrogen_mean_10": lambda bpm: Peer(MeanOfTen(bpm)),
    "isobar_ema": lambda bpm: Peer(MeanOfReciprocals(bpm), seeks=False, continues=False),
    "least_squares_48": lambda bpm: Peer(LeastSquares(bpm)),
}
"""The baselines, by name, each made with a first guess of the tempo."""
