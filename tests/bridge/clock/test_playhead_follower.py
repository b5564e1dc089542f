"""The numbered cases of playheads: JACK's transport and Link's session, simulated block by block.

Each case has a number, a name, the behaviour it comes from, and a tolerance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.clock.follower import Change, Event, State
from bridge.clock.playhead_follower import PlayheadFollower
from bridge.driver import Playhead

RATE = 48_000
PERIOD = 128
QUARTER = 960


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


class Program:
    """A transport that is asked once a block; `quarter` is its position."""

    def __init__(
        self, bpm: float | None = 120.0, *, own_bpm: float = 100.0, bar_ticks: int = 0, period: int = PERIOD
    ) -> None:
        self.follower = PlayheadFollower(own_bpm, bar_ticks)
        self.bpm = bpm
        self.own_bpm = own_bpm
        self.period = period
        self.block = 0
        self.quarter = 0.0
        self.playing = False
        self.events: list[Event] = []

    @property
    def ns(self) -> int:
        return self.block * self.period * 1_000_000_000 // RATE

    def blocks(self, count: int = 1) -> None:
        for _ in range(count):
            bpm = self.bpm if self.bpm is not None else self.own_bpm
            tick = None if self.bpm is None else self.quarter * QUARTER
            event = self.follower.see(Playhead(self.ns, "JACK transport", self.playing, tick,
                                               self.quarter * 60 / bpm, self.bpm))
            if event is not None:
                self.events.append(event)
            self.block += 1
            if self.playing:
                self.quarter += self.period / RATE * bpm / 60

    def roll(self, count: int) -> None:
        self.playing = True
        self.blocks(count)

    def halt(self, count: int = 1) -> None:
        self.playing = False
        self.blocks(count)

    def at(self, tolerance_ticks: float = 0.001) -> None:
        """Asserts that the line is where the transport is, at the block to come."""
        assert self.follower.state is State.RUNNING
        assert self.follower.line.tick_at(self.ns) == pytest.approx(self.quarter * QUARTER, abs=tolerance_ticks)

    def changes(self) -> list[tuple[str, int]]:
        told = [(e.change.name, e.tick) for e in self.events]
        self.events.clear()
        return told


@case("A start from the beginning plays tick 0", "JACK: the first rolling cycle is at the position that was", "0 ticks")
def p01() -> None:
    program = Program()
    program.halt(5)
    program.roll(400)
    assert program.changes() == [("LOCATED", 0), ("STARTED", 0)]
    program.at()


@case("A steady transport is no news", "a block has better things to do", "no event; 0.001 ticks after 10 min")
def p02() -> None:
    program = Program(119.7)
    program.roll(1)
    program.changes()
    program.roll(60_000)
    assert program.changes() == []
    program.at(0.02)


@case("Stop is where it stopped, and it goes on there", "JACK", "1 tick")
def p03() -> None:
    program = Program()
    program.roll(1000)
    here = program.quarter * QUARTER
    program.halt(300)
    program.roll(100)
    changes = program.changes()
    assert [name for name, _ in changes] == ["STARTED", "STOPPED", "STARTED"]
    assert all(abs(tick - here) < 1 for _, tick in changes[1:])
    program.at()


@case("A locate while stopped is told once", "JACK", "0 ticks")
def p04() -> None:
    program = Program()
    program.halt(3)
    program.quarter = 64.0
    program.halt(50)
    program.quarter = 12.5
    program.halt(50)
    assert program.changes() == [("LOCATED", 0), ("LOCATED", 64 * QUARTER), ("LOCATED", 12_000)]


@case("A jump while rolling", "JACK's locate; loops", "the same block, 0.001 ticks")
def p05() -> None:
    program = Program()
    program.roll(500)
    program.changes()
    program.quarter = 16.0
    program.roll(1)
    assert program.changes() == [("STARTED", 16 * QUARTER)]
    program.at()


@case("Another tempo while rolling bends the line", "tempo maps", "the same block, 0.001 ticks")
def p06() -> None:
    program = Program()
    program.roll(500)
    program.changes()
    program.bpm = 87.5
    program.roll(1)
    assert [name for name, _ in program.changes()] == ["TEMPO"]
    program.roll(700)
    assert program.changes() == []
    program.at()
    assert program.follower.line.bpm == 87.5


@case("A ramp of tempo is followed", "Ardour's tempo ramps", "TEMPO alone; 0.01 ticks")
def p07() -> None:
    program = Program()
    program.roll(1)
    program.changes()
    for i in range(2000):
        program.bpm = 120 + i * 0.02
        program.roll(1)
        program.at(0.01)
    assert {name for name, _ in program.changes()} == {"TEMPO"}


@case("Cycles that are left out (xruns) are no jump", "jackd goes on without a late client", "TEMPO alone")
def p08() -> None:
    program = Program()
    program.roll(300)
    program.changes()
    program.block += 1  # the device's clock went on, the transport did not
    program.roll(300)
    assert [name for name, _ in program.changes()] == ["TEMPO"]
    program.at()


@case("Seconds alone are counted by the session's tempo", "JACK without a timebase master", "0.01 ticks")
def p09() -> None:
    program = Program(None, own_bpm=90.0)
    program.quarter = 30.0
    program.roll(300)
    assert program.changes() == [("STARTED", 30 * QUARTER)]
    program.at(0.01)
    assert program.follower.line.bpm == 90.0


@case("The session's tempo changed under seconds moves the music", "position is a function of the time", "1 tick")
def p10() -> None:
    program = Program(None, own_bpm=90.0)
    program.quarter = 30.0
    program.roll(10)
    program.changes()
    program.follower.bpm = program.own_bpm = 180.0
    program.quarter *= 2
    program.roll(1)
    ((name, tick),) = program.changes()
    assert name == "STARTED" and tick == pytest.approx(60 * QUARTER + 10 * PERIOD / RATE * 3 * QUARTER, abs=1)


@case("A master of tempo that comes or goes while rolling", "jack_transport's master and release", "0.01 ticks")
def p11() -> None:
    program = Program(None, own_bpm=100.0)
    program.roll(300)
    program.bpm = 100.0  # the same tempo: no news
    program.roll(300)
    program.at(0.01)
    program.bpm = 150.0
    program.roll(300)
    program.at(0.01)
    assert [name for name, _ in program.changes()] == ["STARTED", "TEMPO"]


@case("Before the start it waits, and tick 0 is on time", "a count-in; Link's negative beats", "told 50 ms before")
def p12() -> None:
    program = Program()
    program.quarter = -2.0
    program.roll(300)
    assert program.follower.state is State.ARMED
    program.roll(100)
    assert program.changes() == [("LOCATED", 0), ("STARTED", 0)]
    program.at()
    program.quarter = -1.0
    program.roll(10)
    assert program.changes() == [("STOPPED", 0)]
    program.roll(200)
    assert program.changes() == [("STARTED", 0)]


@case("A transport that is seen no more is lost, and found again", "a server that died", "250 ms; 0.001 ticks")
def p13() -> None:
    program = Program()
    program.roll(100)
    program.changes()
    follower = program.follower
    assert not follower.check(program.ns + 240_000_000)
    assert follower.check(program.ns + 260_000_000)
    assert not follower.check(program.ns + 300_000_000)
    assert follower.state is State.LOST
    program.roll(1)
    assert [name for name, _ in program.changes()] == ["FOUND"]
    program.at()


@case("A follower in place of one that died goes on", "restart of the engine", "FOUND where it agrees")
def p14() -> None:
    program = Program()
    program.roll(100)
    line = program.follower.line
    program.follower = PlayheadFollower(100.0)
    program.follower.resume(line.tick_at(program.ns), program.ns, line.bpm)
    program.changes()
    program.roll(100)
    assert [name for name, _ in program.changes()] == ["FOUND"]
    program.at()


@case("A Link session that is met playing is joined at its next bar line", "Link's quantum", "0 ticks")
def p15() -> None:
    program = Program(bar_ticks=4 * QUARTER)
    program.quarter = 9.7
    program.roll(100)
    program.at()
    assert program.changes() == [("STARTED", 12 * QUARTER)]
    program.quarter += 1.0  # the session's beat is moved: that is a jump, no joining
    program.roll(1)
    ((name, tick),) = program.changes()
    assert name == "STARTED" and tick < 12 * QUARTER


@case("Tempi beyond those of MIDI clock are followed", "masters at 1 or 2000 BPM, in long periods: their positions "
      "go by that tempo, and a line held to another one would jump in each of them", "one start; 0.001 ticks")
def p16() -> None:
    for bpm in (1.0, 10.0, 450.0, 2000.0):
        program = Program(bpm, period=4096)
        program.roll(100)
        program.at()
        assert program.changes() == [("STARTED", 0)]


@case("A Link session's new tempo that is heard of late is no jump", "Link tells others over the network",
      "25 ms late: TEMPO alone; 0.001 ticks")
def p17() -> None:
    program = Program(bar_ticks=4 * QUARTER)
    program.roll(300)
    program.changes()
    program.bpm = 170.0
    program.quarter += 0.025 * 50 / 60
    program.roll(1)
    assert [name for name, _ in program.changes()] == ["TEMPO"]
    program.at()


def test_the_cases_are_numbered_without_a_gap() -> None:
    assert [c.number for c in CASES] == [f"P{i:02d}" for i in range(1, len(CASES) + 1)]
    assert all(c.name and c.origin and c.tolerance for c in CASES)


@pytest.mark.parametrize("case", CASES, ids=[f"{c.number} {c.name}" for c in CASES])
def test_case(case: Case) -> None:
    case.check()


@given(st.lists(st.tuples(st.sampled_from(["roll", "halt", "jump", "tempo", "skip"]), st.integers(1, 40),
                          st.floats(0, 500)), max_size=30))
def test_whatever_a_transport_does_the_line_is_with_it_and_starts_and_stops_alternate(
    script: list[tuple[str, int, float]],
) -> None:
    program = Program()
    playing = False
    for what, blocks, value in script:
        match what:
            case "jump":
                program.quarter = value
            case "tempo":
                program.bpm = 20 + value * 0.7
            case "skip":
                program.block += blocks
            case _:
                program.playing = what == "roll"
        program.blocks(blocks)
        for event in program.events:
            assert event.tick >= 0
            if event.change is Change.STOPPED:
                assert playing
            playing = {Change.STARTED: True, Change.STOPPED: False}.get(event.change, playing)
        program.events.clear()
        assert playing is program.playing
        if playing:
            program.at(0.01)
