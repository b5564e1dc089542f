"""The numbered cases of MIDI Time Code: a follower against simulated masters.

Each case has a number, a name, the standard's rule or the behaviour it comes from, and a tolerance.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from bridge.clock.follower import Change, Event, State
from bridge.clock.mtc import RATES, MtcEncoder, Rate, Timecode
from bridge.clock.timecode_follower import TimecodeFollower

MS = 1_000_000


class Case(NamedTuple):
    number: str
    name: str
    origin: str
    tolerance: str
    check: Callable[[], None]


CASES: list[Case] = []


def case(name: str, origin: str, tolerance: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Registers a case; the function's name is its number."""

    def register(check: Callable[[], None]) -> Callable[[], None]:
        CASES.append(Case(check.__name__.upper(), name, origin, tolerance, check))
        return check

    return register


class Master:
    """A machine that plays from a frame on; `late` delays each arrival, in order."""

    def __init__(
        self,
        rate: Rate = Rate.FPS_25,
        at: tuple[int, int, int, int] = (1, 0, 0, 0),
        *,
        bpm: float = 120.0,
        start: tuple[int, int, int, int] = (1, 0, 0, 0),
        late: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.rate = rate
        self.bpm = bpm
        self.speed = 1.0
        self.follower = TimecodeFollower(bpm, Timecode(*start))
        self.start = 4 * Timecode(*start).frame(rate)
        self.ns = 1_000.0 * MS
        """When the next quarter frame is due."""
        self.events: list[Event] = []
        self._late = late
        self._heard = 0
        self.cue(at)

    def cue(self, at: tuple[int, int, int, int], *, say: bool = False) -> None:
        """The tape is moved; with `say` a full frame message tells of it."""
        frame = Timecode(*at).frame(self.rate)
        self.quarter = 4 * frame
        self.encoder = MtcEncoder(self.rate, frame)
        if say:
            self.send(self.encoder.full_frame(frame))

    def send(self, message: bytes) -> None:
        self._heard = max(self._heard, round(self.ns - 2 * MS))
        self._feed(message)

    def _feed(self, message: bytes) -> Event | None:
        event = self.follower.feed(self._heard, message)
        if event is not None:
            self.events.append(event)
        return event

    def roll(self, quarters: int, *, backwards: bool = False) -> list[float]:
        """Returns by how many ms the follower's line was ahead of the tape at each quarter frame while it ran."""
        errors = []
        for _ in range(quarters):
            self.quarter -= backwards
            self._heard = max(self._heard, round(self.ns + self._late()))
            self._elapse(self._heard - 1)
            self._feed(self.encoder.quarter_frame(self.quarter))
            self.quarter += not backwards
            self.ns += self.rate.quarter_ns / self.speed
            if self.follower.state is State.RUNNING:
                errors.append(self.error_ms())
        return errors

    def lose(self, quarters: int) -> None:
        self.quarter += quarters
        self.wait(quarters * self.rate.quarter_ns / self.speed / MS)

    def wait(self, ms: float) -> None:
        for ns in np.arange(self.ns, self.ns + ms * MS, 2.0 * MS):
            self._elapse(round(ns))
        self.ns += ms * MS

    def _elapse(self, ns: int) -> None:
        event = self.follower.elapse(ns)
        if event is not None:
            self.events.append(event)

    def error_ms(self) -> float:
        """The follower's line against the tape, at the moment when the next quarter frame is due."""
        away = self.follower.line.tick_at(round(self.ns)) - self.tick
        return away * self.follower.line.ns_per_tick / MS

    @property
    def tick(self) -> float:
        """Where the music is when the next quarter frame is due."""
        return (self.quarter - self.start) * self.rate.quarter_ns * self.bpm * 960 / 60e9

    def changes(self) -> list[str]:
        """What has happened since the last call, without the many TEMPO."""
        names = [e.change.name for e in self.events if e.change is not Change.TEMPO]
        self.events.clear()
        return names

    def at(self, tolerance_ms: float = 0.05) -> None:
        assert self.follower.state is State.RUNNING
        assert abs(self.error_ms()) < tolerance_ms, f"{self.error_ms():.3f} ms off"

    @property
    def playing(self) -> bool:
        return self.follower.state is State.RUNNING


@case("The code that eight pieces spell is that of the first piece", "MTC: two frames late when complete", "0.05 ms")
def m01() -> None:
    for rate in RATES:
        master = Master(rate)
        master.roll(7)
        assert not master.playing
        errors = master.roll(100)
        assert len(errors) == 100 and max(map(abs, errors)) < 0.05
        assert master.changes() == ["STARTED"]
        assert master.follower.line.bpm == pytest.approx(120, abs=0.01)


@case("Position is real time: 29.97 drop frame is not 30", "SMPTE ST 12-1", "0.05 ms after ten minutes")
def m02() -> None:
    master = Master(Rate.FPS_30_DROP, (0, 10, 0, 0), start=(0, 0, 0, 0), bpm=100.0)
    master.roll(64)
    assert master.tick == pytest.approx(17_982 * 1001 / 30_000 * 100 / 60 * 960 + 64 * 8.341667e-3 * 1600, abs=0.1)
    master.at()


@case("Drop frame over the minutes: no step where numbers are left out", "SMPTE ST 12-1", "0.05 ms")
def m03() -> None:
    for minute in (0, 8, 9):
        master = Master(Rate.FPS_30_DROP, (1, minute, 59, 20))
        errors = master.roll(200)
        assert len(errors) > 180 and max(map(abs, errors)) < 0.05
        assert master.changes() == ["STARTED"]


@case("A full frame message locates and plays nothing", "MTC: full messages are for locating", "1 tick")
def m04() -> None:
    master = Master()
    master.cue((1, 0, 30, 0), say=True)
    assert (master.events[-1].change, master.events[-1].tick) == (Change.LOCATED, 60 * 960)
    master.cue((0, 59, 0, 0), say=True)
    assert master.events[-1].tick == 0, "before the start there is no music"
    assert not master.playing


@case("After a full frame message the first piece starts the music, on its first note",
      "masters that send it when they locate: Ardour, Reaper, Pro Tools", "0.05 ms from the first piece on")
def m05() -> None:
    for rate in RATES:
        master = Master(rate)
        master.cue((1, 0, 0, 0), say=True)
        errors = master.roll(100)
        assert len(errors) == 100 and max(map(abs, errors)) < 0.05
        started = [e for e in master.events if e.change is Change.STARTED]
        assert [e.tick for e in started] == [0]


@case("A master that begins some frames off its full frame message", "masters that begin at even frames",
      "4 pieces, then 0.05 ms")
def m06() -> None:
    for away in (1, 2, 5, 24):
        master = Master()
        master.cue((1, 0, 10, 0), say=True)
        master.cue((1, 0, 10, away))
        master.roll(4)
        master.at()
        errors = master.roll(60)
        assert len(errors) == 60 and max(map(abs, errors)) < 0.05
        assert master.changes() == ["LOCATED", "STARTED"]


@case("Silence is stop, where the tape stopped", "MTC has no stop message", "167 ms; the position exact to 1 tick")
def m07() -> None:
    master = Master()
    master.roll(100)
    master.changes()
    master.wait(145)
    assert master.playing
    master.wait(20)
    assert not master.playing
    assert master.events[-1].tick == pytest.approx(master.tick - 19.2, abs=1), "at the last piece sent"
    assert master.changes() == ["STOPPED"]
    master.wait(5000)
    assert master.changes() == []


@case("It goes on where it stopped after four pieces, elsewhere after eight", "pause and play of a tape machine",
      "0.05 ms")
def m08() -> None:
    master = Master()
    master.roll(99)
    master.wait(3_000)
    master.quarter += -master.quarter % 8
    master.roll(4)
    master.at()
    master.wait(3_000)
    master.cue((5, 11, 12, 13))
    master.roll(7)
    assert not master.playing
    master.roll(1)
    master.at()
    assert master.changes() == ["STARTED", "STOPPED", "STARTED", "STOPPED", "STARTED"]


@case("Codes before the start wait for it, and the first note is on time", "pre-roll", "0.05 ms; tick 0 once")
def m09() -> None:
    master = Master(at=(0, 59, 58, 0))
    master.roll(180)
    assert master.follower.state is State.ARMED
    master.roll(200)
    master.at()
    assert [(e.change.name, e.tick) for e in master.events if e.change is not Change.TEMPO] == [
        ("LOCATED", 0), ("STARTED", 0)]
    started = next(e for e in master.events if e.change is Change.STARTED)
    assert started.ns < master.ns - (master.quarter - master.start) * 10 * MS, "told before it is due"


@case("A jump while rolling", "a DAW that loops", "the new place within 0.4 s, nothing between")
def m10() -> None:
    rng = random.Random(10)
    for _ in range(60):
        master = Master(rng.choice(RATES), (2, rng.randrange(60), rng.randrange(60), rng.randrange(2, 24)),
                        start=(0, 0, 0, 0))
        master.roll(50 + rng.randrange(8))
        master.changes()
        away = rng.choice((-1, 1)) * 8 * rng.randrange(3, 80_000)
        master.quarter += away
        master.roll(30)
        master.at()
        assert master.changes() == ["STARTED"]


@case("A jump that a full frame message tells of", "Ardour, Pro Tools", "four pieces, 0.05 ms")
def m11() -> None:
    master = Master()
    master.roll(93)
    master.cue((1, 20, 0, 0), say=True)
    master.roll(4)
    master.at()
    assert master.changes() == ["STARTED", "LOCATED", "STARTED"]


@case("Pieces that are lost", "a wire that drops messages", "0.05 ms at once; 8 in a row: within 30 pieces")
def m12() -> None:
    for lost in (1, 2, 3, 5, 6, 7, 8, 9, 12, 15):
        master = Master()
        master.roll(100)
        master.lose(lost)
        errors = master.roll(60)
        assert max(map(abs, errors[30:])) < 0.05
        if lost < 8:
            assert max(map(abs, errors)) < 0.05
        assert set(master.changes()) == {"STARTED"}


@case("Pieces that come twice", "a merger", "0.05 ms")
def m13() -> None:
    master = Master()
    for _ in range(40):
        master.roll(3)
        master._feed(master.encoder.quarter_frame(master.quarter - 1))
    master.at()
    assert master.changes() == ["STARTED"]


@case("Wrong nibbles move nothing", "a bad cable", "0.05 ms")
def m14() -> None:
    rng = random.Random(14)
    master = Master()
    master.roll(40)
    for _ in range(60):
        master.roll(23)
        quarter = master.encoder.quarter_frame(master.quarter)
        master._heard = round(master.ns)
        master._feed(bytes((quarter[0], quarter[1] ^ rng.randrange(1, 16))))
        master.quarter += 1
        master.ns += master.rate.quarter_ns
        master.at()
    assert master.changes() == ["STARTED"]


@case("User bits, NAK, cueing messages and garbage change nothing", "MTC; MIDI 1.0", "nothing")
def m15() -> None:
    others = ["f07f7f01020102030405060708f7", "f07e7f7e00f7", "f07e7f040100f7", "f07f7f0101617f7f7ff7", "f1", "f0f7"]
    master = Master()
    for i in range(80):
        master.roll(1)
        master._feed(bytes.fromhex(others[i % len(others)]))
    master.at()
    assert master.changes() == ["STARTED"]


@case("Backwards is stopped, forwards again plays", "shuttling", "the position within a set")
def m16() -> None:
    master = Master(at=(1, 10, 0, 0))
    master.roll(80)
    master.changes()
    master.roll(40, backwards=True)
    assert not master.playing
    assert master.changes() == ["STOPPED"]
    master.roll(60)
    master.at()
    assert master.changes() == ["STARTED"]


@case("Varispeed: the tempo scales", "tape machines", "0.1 BPM and 0.1 ms after 2 s, no jump")
def m17() -> None:
    for speed in (0.8, 0.97, 1.04, 1.25):
        master = Master()
        master.roll(200)
        master.speed = speed
        master.roll(200)
        errors = master.roll(200)
        assert max(map(abs, errors)) < 0.1
        assert master.follower.line.bpm == pytest.approx(120 * speed, abs=0.1)
        assert master.changes() == ["STARTED"]


@case("Varispeed from the first piece on", "tape machines", "0.5 ms after 0.3 s; no jump")
def m18() -> None:
    for speed in (0.8, 0.9, 1.1, 1.25):
        master = Master()
        master.speed = speed
        master.roll(30)
        errors = master.roll(100)
        assert max(map(abs, errors)) < 0.5
        assert master.changes() == ["STARTED"]


@case("Jitter: the phase is as steady as under MIDI clock", "one-sided |N(0, 1 ms)|",
      "p99 0.3 ms around the median; median under 0.2 ms late; tempo sd 0.05 BPM, after 2 s")
def m19() -> None:
    spread, medians, tempo = [], [], []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        master = Master(RATES[seed % 4], late=lambda rng=rng: abs(rng.normal(0, MS)))
        master.roll(250)
        errors = []
        for _ in range(1500):
            errors += master.roll(1)
            tempo.append(master.follower.line.bpm)
        assert master.changes() == ["STARTED"]
        medians.append(np.median(errors))
        spread += list(np.abs(errors - np.median(errors)))
    assert np.percentile(spread, 99) < 0.3
    assert max(np.abs(medians)) < 0.2
    assert np.std(tempo) < 0.05


@case("The first second under jitter", "one-sided |N(0, 1 ms)|", "p99 1.5 ms")
def m20() -> None:
    errors: list[float] = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        master = Master(late=lambda rng=rng: abs(rng.normal(0, MS)))
        master.cue((1, 0, 0, 0), say=True)
        errors += master.roll(100)
    assert np.percentile(np.abs(errors), 99) < 1.5


@case("Whole milliseconds and packets of a millisecond", "WinMM's stamps; USB frames", "1 ms")
def m21() -> None:
    for rate in RATES:
        master = Master(rate)
        master._late = lambda master=master: -master.ns % MS  # type: ignore[misc]
        errors = master.roll(600)
        assert len(errors) > 590
        assert np.percentile(np.abs(errors[50:]), 99) < 1.0
        assert master.changes() == ["STARTED"]


@case("A stall, then all that was held back at once", "a busy computer", "no jump; 1 ms after 0.3 s")
def m22() -> None:
    master = Master()
    master.roll(200)
    late = [80 * MS]
    held = master.ns + late[0]
    master._late = lambda: max(0.0, held - master.ns)
    master.roll(30)
    errors = master.roll(100)
    assert max(map(abs, errors)) < 1.0
    assert master.changes() == ["STARTED"]


@case("A new tempo of the session moves the music to where it would be", "position is a function of the code",
      "0.05 ms")
def m23() -> None:
    master = Master()
    master.roll(400)
    master.changes()
    master.follower.bpm = master.bpm = 90.0
    master.roll(1)
    assert master.changes() == ["STARTED"]
    master.at()
    master.roll(50)
    master.at()
    assert master.follower.line.bpm == pytest.approx(90, abs=0.01)


@case("Over midnight: after a start in the evening the music goes on", "24-hour code", "0.05 ms")
def m24() -> None:
    master = Master(at=(23, 59, 59, 0), start=(23, 50, 0, 0))
    master.roll(300)
    master.at()
    assert master.changes() == ["STARTED"]


@case("Another rate", "a project changed in the DAW, after a stop", "0.05 ms")
def m25() -> None:
    master = Master(Rate.FPS_24)
    master.roll(100)
    master.wait(1000)
    master.rate = Rate.FPS_30
    master.start = 4 * Timecode(1, 0, 0, 0).frame(Rate.FPS_30)
    master.cue((1, 0, 7, 3))
    master.roll(60)
    errors = master.roll(60)
    assert max(map(abs, errors)) < 0.05
    assert master.changes() == ["STARTED", "STOPPED", "STARTED"]


@case("A follower in place of one that died goes on without a break", "restart of the engine", "FOUND, 0.05 ms")
def m26() -> None:
    master = Master()
    master.roll(100)
    line = master.follower.line
    master.follower = TimecodeFollower(120.0, Timecode(1, 0, 0, 0))
    master.follower.resume(line.tick0, line.ns0, line.bpm)
    master.changes()
    master.roll(12)
    master.at()
    assert master.changes() == ["FOUND"]
    master.follower = TimecodeFollower(120.0, Timecode(1, 0, 0, 0))
    master.follower.resume(line.tick0, line.ns0, line.bpm)
    master.wait(400)
    assert master.follower.state is State.LOST
    master.wait(400)
    assert master.changes() == ["STOPPED"]


def test_the_cases_are_numbered_without_a_gap() -> None:
    assert [c.number for c in CASES] == [f"M{i:02d}" for i in range(1, len(CASES) + 1)]
    assert all(c.name and c.origin and c.tolerance for c in CASES)


@pytest.mark.parametrize("case", CASES, ids=[f"{c.number} {c.name}" for c in CASES])
def test_case(case: Case) -> None:
    case.check()
