"""The follower against simulated masters."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.clock.follower import Change, ClockFollower, Event, State
from bridge.clock.masters import Masters
from bridge.clock.regression import WINDOW

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


def test_a_position_that_comes_while_the_clock_is_lost_is_where_it_comes_back() -> None:
    follower = ClockFollower()
    master = Master(follower)
    master.send(FA)
    master.clocks(50)
    master.ns += 30 * interval(120)
    assert follower.check(round(master.ns))
    master.send(b"\xf2\x20\x00")
    event = master.clocks(1)[0]
    assert event is not None and (event.change, event.tick) == (Change.STARTED, 32 * 240)


def test_a_start_while_playing_that_no_clock_follows_is_a_loss_and_the_next_clock_its_downbeat() -> None:
    follower = ClockFollower()
    master = Master(follower)
    master.send(FA)
    master.ns += 30 * interval(120)
    assert not follower.check(round(master.ns)), "a Start that waits for its clock plays nothing that could be lost"
    master.clocks(50)
    master.send(FA)
    assert not follower.check(round(master.ns))
    master.ns += 30 * interval(120)
    assert follower.check(round(master.ns))
    assert follower.state is State.LOST
    event = master.clocks(1)[0]
    assert event is not None and (event.change, event.tick) == (Change.STARTED, 0)


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


def test_a_position_and_then_stop_is_where_continue_goes_on() -> None:
    master = Master(ClockFollower())
    master.send(FA)
    master.clocks(30)
    master.send(spp(5))
    stopped = master.send(FC)
    assert stopped is not None and stopped.tick == 5 * 240
    master.send(FB)
    event = master.clocks(1)[0]
    assert event is not None and (event.change, event.tick) == (Change.STARTED, 5 * 240)


def test_continue_after_a_loss_goes_on_in_the_count() -> None:
    follower = ClockFollower()
    master = Master(follower)
    master.send(FA)
    master.clocks(50)
    master.ns += 900 * MS
    assert follower.check(round(master.ns))
    master.send(FB)
    event = master.clocks(1)[0]
    assert event is not None and event.tick == 50 * 40


@pytest.mark.parametrize("check", [False, True])
def test_a_burst_after_a_stall_restores_the_count(check: bool) -> None:
    follower = ClockFollower()
    master = Master(follower)
    master.send(FA)
    master.clocks(100)
    due, step = master.ns, interval(120)
    came = due + 16.5 * step  # 344 ms: all that was held back comes at once
    if check:
        assert follower.check(round(came - 1))
    for _ in range(17):
        follower.feed(round(came), F8)
    master.ns = due + 17 * step
    event = master.clocks(20)[-1]
    assert event is not None and event.tick == 136 * 40
    assert follower.line.tick_at(round(master.ns)) == pytest.approx(137 * 40, abs=0.5)
    assert follower.line.bpm == pytest.approx(120, abs=0.1)


def test_taking_over_from_a_dead_follower_keeps_the_beat() -> None:
    follower = ClockFollower()
    follower.resume(1003.0, 5_000 * MS, 120.0)
    ns = 5_000 * MS + round(1_250 * MS - 3 * interval(120) / 40)
    event = follower.feed(ns, F8)  # 1.25 s later, 60 clocks
    assert event is not None and event.change is Change.FOUND and event.tick == 1000 + 60 * 40
    assert follower.state is State.RUNNING


def test_the_early_edge_is_the_phase() -> None:
    follower = ClockFollower()
    master = Master(follower, jitter_ms=1.0)
    master.send(FA)
    master.clocks(500)
    errors = []
    for _ in range(500):
        errors.append((master.ns - follower.line.ns_at(follower.line.tick0 + 40)) / MS)
        master.clocks(1)
    middle = sorted(errors)[250]
    assert -0.25 < middle <= 0.1  # the mean of the arrivals is 0.8 ms late
    assert max(abs(e - middle) for e in errors) < 0.5


@pytest.mark.parametrize("size", [2, 3, 4])
def test_packets_of_clocks(size: int) -> None:
    follower = ClockFollower()
    follower.feed(0, FA)
    step = interval(120)
    for clock in range(600):
        follower.feed(round((clock // size * size + size - 1) * step), F8)
    assert follower.line.bpm == pytest.approx(120, abs=0.3)
    assert follower.line.tick_at(round(599 * step)) == pytest.approx(599 * 40, abs=3 * size)


def test_no_growth_in_a_long_run() -> None:
    follower = ClockFollower()
    master = Master(follower, jitter_ms=2.0)
    master.clocks(3_000)
    tempo = follower._filter
    assert len(tempo._line.points) <= WINDOW and len(tempo._suspects) <= 16
    assert len(tempo.jitter._sorted) == len(tempo.jitter._order) <= 192


tempi = st.floats(30.0, 300.0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(tempi, st.integers(9, 60)), min_size=1, max_size=6))
def test_any_steps_of_tempo_lose_and_double_no_clock(steps: list[tuple[float, int]]) -> None:
    """On an exact master. At each step's end the count is that of the clocks sent, and the music is on its beat."""
    follower = ClockFollower()
    master = Master(follower, steps[0][0])
    master.send(FA)
    master.clocks(30)
    sent = 30
    for bpm, clocks in steps:
        master.bpm = bpm
        event = master.clocks(clocks)[-1]
        sent += clocks
        assert event is not None and event.tick == (sent - 1) * 40
        assert follower.line.bpm == pytest.approx(bpm, rel=2e-3)
        assert follower.line.tick_at(round(master.ns)) == pytest.approx(sent * 40, abs=1.0)


@settings(max_examples=60, deadline=None)
@given(tempi, st.lists(st.tuples(st.integers(12, 60), st.sampled_from(["drop", "drop", "double", "late"]),
                                 st.integers(1, 4)), min_size=1, max_size=8))
def test_lost_doubled_and_late_clocks_move_no_beat(bpm: float, faults: list[tuple[int, str, int]]) -> None:
    follower = ClockFollower()
    master = Master(follower, bpm)
    master.send(FA)
    master.clocks(20)
    sent = 20
    for clocks, fault, size in faults:
        match fault:
            case "drop":
                master.ns += size * interval(bpm)
                sent += size
            case "double":
                follower.feed(round(master.ns - 0.98 * interval(bpm)), F8)
            case "late":
                follower.feed(round(master.ns + size / 5 * interval(bpm)), F8)
                master.ns += interval(bpm)
                sent += 1
        event = master.clocks(clocks)[-1]
        sent += clocks
        assert event is not None and event.tick == (sent - 1) * 40
        assert follower.line.tick_at(round(master.ns)) == pytest.approx(sent * 40, abs=1.0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2_000 * MS), st.sampled_from([F8, F8, F8, F8, FA, FB, FC, spp(7), spp(0)])),
                max_size=300), st.booleans())
def test_no_stream_breaks_it(stream: list[tuple[int, bytes]], checks: bool) -> None:
    """Whatever comes: the line stays a line of a possible tempo, and positions stay near whole clocks."""
    follower = ClockFollower()
    ns = 1_000 * MS
    for gap, message in stream:
        ns += gap
        if checks:
            follower.check(ns)
        event = follower.feed(ns, message)
        assert 10 <= follower.line.bpm <= 800
        assert event is None or event.tick % 40 == 0
        assert event is None or event.change is Change.TEMPO or event.tick >= 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 60 * MS), min_size=1, max_size=400))
def test_a_master_without_any_rhythm_is_survived(gaps: list[int]) -> None:
    follower = ClockFollower()
    follower.feed(0, FA)
    ns = 0
    for gap in gaps:
        ns += gap
        follower.feed(ns, F8)
        assert follower.state is State.RUNNING
        assert 10 <= follower.line.bpm <= 800


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.integers(0, 10_000))
def test_a_chopped_stream_counts_every_clock_once(sizes: list[int], seed: int) -> None:
    """Clocks in the middle of notes and system exclusive, cut anywhere, through the parser and Masters."""
    chance = random.Random(seed)
    masters = Masters(120.0)
    pieces = [b"\xfa"]
    for _ in range(60):
        pieces.append(chance.choice([b"\xf8", b"\x90\xf8\x40\x40", b"\x41\xf8\x40", b"\xf0\x01\xf8\x02\xf7",
                                     b"\xf8\x90\x40\x00"]))
    ns, events, cut = 1_000 * MS, [], 0
    for piece in pieces:
        if 0xF8 in piece:
            ns += round(interval(120))
        while piece:
            size = sizes[cut % len(sizes)]
            cut += 1
            head, piece = piece[:size], piece[size:]
            events += [event for event, _ in masters.hear(ns, "port", head)]
    clocks = [event.tick for event in events if event.change in (Change.STARTED, Change.TEMPO)]
    assert clocks == [40 * i for i in range(60)]
