"""The follower against simulated masters."""

import random

import pytest

from bridge.follower import Change, ClockFollower, Event, State

F8, FA, FB, FC = b"\xf8", b"\xfa", b"\xfb", b"\xfc"
MS = 1_000_000


def spp(sixteenths: int) -> bytes:
    return bytes((0xF2, sixteenths & 127, sixteenths >> 7))


def interval(bpm: float) -> float:
    return 60e9 / (bpm * 24)


class Master:
    """Sends clocks on an exact grid, late by what `jitter` says."""

    def __init__(self, follower: ClockFollower, bpm: float = 120.0, jitter_ms: float = 0.0, seed: int = 1) -> None:
        self.follower = follower
        self.bpm = bpm
        self.ns = 1_000 * MS
        self._jitter = jitter_ms * MS
        self._random = random.Random(seed)

    def send(self, message: bytes) -> Event | None:
        return self.follower.feed(round(self.ns), message)

    def clocks(self, count: int) -> list[Event | None]:
        events = []
        for _ in range(count):
            late = abs(self._random.gauss(0, self._jitter)) if self._jitter else 0.0
            events.append(self.follower.feed(round(self.ns + late), F8))
            self.ns += interval(self.bpm)
        return events


def test_the_first_clock_after_start_is_the_downbeat() -> None:
    follower = ClockFollower()
    master = Master(follower)
    assert all(e is not None and e.change is Change.TEMPO for e in master.clocks(10))
    assert follower.state is State.STOPPED
    assert master.send(FA) == Event(Change.LOCATED, round(master.ns), 0)
    assert follower.state is State.ARMED
    ns = round(master.ns)
    assert master.clocks(1)[0] == Event(Change.STARTED, ns, 0)
    assert follower.line.tick_at(ns) == pytest.approx(0, abs=0.01)
    assert follower.line.bpm == pytest.approx(120)


def test_clocks_while_stopped_move_nothing_but_warm_the_tempo() -> None:
    follower = ClockFollower(bpm=90)
    master = Master(follower, bpm=133)
    master.clocks(30)
    assert follower.line.bpm == pytest.approx(133, abs=0.01)
    master.send(FA)
    event = master.clocks(1)[0]
    assert event is not None and event.tick == 0


@pytest.mark.parametrize("sixteenths", [0, 1, 16, 1600, 16383])
def test_song_position_counts_sixteenths(sixteenths: int) -> None:
    master = Master(ClockFollower())
    master.send(spp(sixteenths))
    master.send(FB)
    event = master.clocks(1)[0]
    assert event is not None and event.change is Change.STARTED and event.tick == sixteenths * 240


def test_continue_goes_on_where_stop_was() -> None:
    master = Master(ClockFollower())
    master.send(FA)
    master.clocks(49)
    stopped = master.send(FC)
    assert stopped is not None and stopped.tick == 49 * 40
    master.clocks(7)  # the master's clock goes on while stopped
    master.send(FB)
    event = master.clocks(1)[0]
    assert event is not None and event.tick == 49 * 40


def test_position_while_running_takes_effect_at_the_next_clock() -> None:
    follower = ClockFollower()
    master = Master(follower)
    master.send(FA)
    master.clocks(30)
    assert master.send(spp(64)) is None
    event = master.clocks(1)[0]
    assert event is not None and event.change is Change.STARTED and event.tick == 64 * 240


@pytest.mark.parametrize(("before", "after"), [(120, 90), (90, 120), (120, 126), (120, 240), (200, 70)])
def test_a_live_tempo_change_on_an_exact_master(before: float, after: float) -> None:
    follower = ClockFollower()
    master = Master(follower, before)
    master.send(FA)
    master.clocks(200)
    master.bpm = after
    master.clocks(8)
    assert follower.line.bpm == pytest.approx(after, rel=0.001)
    assert follower.line.tick_at(round(master.ns)) == pytest.approx(208 * 40, abs=1.0)


def test_a_jittery_master_gives_a_steady_tempo() -> None:
    follower = ClockFollower()
    master = Master(follower, 120, jitter_ms=1.0)
    master.send(FA)
    master.clocks(100)
    errors, tempi = [], []
    for _ in range(400):
        master.clocks(1)
        tempi.append(follower.line.bpm)
        errors.append(follower.line.ns_at(0) - 1_000 * MS)
    assert abs(sum(tempi) / len(tempi) - 120) < 0.02
    assert max(abs(t - 120) for t in tempi) < 0.3
    assert max(tempi) != min(tempi)


def test_loss_is_told_once_and_recovery_keeps_the_beat() -> None:
    follower = ClockFollower()
    master = Master(follower)
    master.send(FA)
    master.clocks(100)
    assert not follower.check(round(master.ns))
    line = follower.line
    master.ns += 30 * interval(120)
    assert follower.check(round(master.ns))
    assert follower.state is State.LOST
    assert not follower.check(round(master.ns))
    assert follower.line == line
    event = master.clocks(1)[0]
    assert event is not None and event.change is Change.FOUND
    assert event.tick == 130 * 40


@pytest.mark.parametrize("bpm", [20, 60, 300, 400])
def test_the_extremes_of_tempo(bpm: float) -> None:
    follower = ClockFollower()
    master = Master(follower, bpm)
    master.send(FA)
    for _ in range(100):
        assert not follower.check(round(master.ns))
        master.clocks(1)
    assert follower.line.bpm == pytest.approx(bpm, rel=1e-4)


@pytest.mark.parametrize("lost", [1, 2, 5])
def test_dropped_clocks_move_no_beat(lost: int) -> None:
    follower = ClockFollower()
    master = Master(follower)
    master.send(FA)
    master.clocks(100)
    master.ns += lost * interval(120)
    event = master.clocks(60)[-1]
    assert event is not None and event.tick == (100 + lost + 59) * 40
    assert follower.line.bpm == pytest.approx(120, abs=0.01)


def test_half_the_tempo_is_not_taken_for_dropped_clocks() -> None:
    follower = ClockFollower()
    master = Master(follower, 160)
    master.send(FA)
    master.clocks(100)
    master.bpm = 80
    event = master.clocks(20)[-1]
    assert event is not None and event.tick == 119 * 40
    assert follower.line.bpm == pytest.approx(80, rel=1e-4)
