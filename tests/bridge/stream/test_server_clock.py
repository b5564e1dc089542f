"""The server's clock from round trips: simulated networks whose truth is known."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.stream.server_clock import EVERY_S, FIRST, FIRST_EVERY_S, JUMPS, READY, ServerClock, weighted_median

LOCAL0 = 7_000_000_000_000
S = 1_000_000_000


class Network:
    """A server whose clock is `ppm` faster and `offset_ns` ahead; ways of 0.1 ms and what `held` adds to each."""

    def __init__(self, ppm: float, offset_ns: int, held: Callable[[int, int], float]) -> None:
        self.ppm, self.offset_ns, self._held = ppm, offset_ns, held
        self.now = LOCAL0

    def server(self, local_ns: float) -> int:
        return round(LOCAL0 + self.offset_ns + (local_ns - LOCAL0) * (1 + self.ppm / 1e6))

    def feed(self, clock: ServerClock, seconds: float) -> list[float]:
        """Errors in us at the moment before each next trip, once the clock is ready."""
        errors, end = [], self.now + seconds * S
        while self.now < end:
            out, back = (100_000 + self._held(self.now, way) for way in (0, 1))
            received = round(self.now + out + back)
            clock.add(self.now, self.server(self.now + out), received)
            self.now = received + round(clock.wait_s * S)
            if clock.ready:
                errors.append((clock.to_server(self.now) - self.server(self.now)) / 1e3)
        return errors


def jitter(mean_ns: float, seed: int = 3) -> Callable[[int, int], float]:
    dice = random.Random(seed)
    return lambda now, way: dice.expovariate(1 / mean_ns)


@pytest.mark.parametrize("ppm", [0.0, 100.0, -100.0, 400.0])
def test_offset_and_drift_come_out_within_what_the_jitter_allows(ppm: float) -> None:
    network = Network(ppm, -3_600 * S, jitter(100_000))
    clock = ServerClock()
    errors = network.feed(clock, 90)
    assert max(map(abs, errors)) < 200  # ready after 8 trips, and of use at once
    assert max(map(abs, errors[2 * FIRST :])) < 80
    assert clock.drift_ppm == pytest.approx(ppm, abs=3)
    assert clock.jumps == 0


def test_ways_that_are_held_up_on_one_side_do_not_bend_it() -> None:
    dice = random.Random(5)

    def held(now: int, way: int) -> float:
        busy = way == 0 and now // S % 20 < 8
        return dice.expovariate(1 / 50_000) + (dice.expovariate(1 / 5_000_000) if busy else 0)

    network = Network(100.0, 5 * S, held)
    errors = network.feed(ServerClock(), 150)
    assert max(map(abs, errors[2 * FIRST :])) < 250  # although two of five ways are 5 ms late, on the mean


def test_it_begins_fast_and_goes_on_slowly() -> None:
    clock, network = ServerClock(), Network(0, 0, jitter(1000))
    assert not clock.ready
    assert clock.wait_s == FIRST_EVERY_S
    network.feed(clock, READY * FIRST_EVERY_S + 0.01)
    assert clock.ready
    network.feed(clock, FIRST * FIRST_EVERY_S)
    assert clock.wait_s == EVERY_S


def test_a_clock_that_begins_anew_is_learnt_anew() -> None:
    network = Network(50.0, 5 * S, jitter(50_000))
    clock = ServerClock()
    network.feed(clock, 60)
    network.offset_ns -= 100 * S
    for _ in range(JUMPS - 1):
        network.feed(clock, 1e-9)
    assert clock.jumps == 0  # it could still be a few trips that went astray
    network.feed(clock, 1e-9)
    assert clock.jumps == 1
    errors = network.feed(clock, 20)
    assert max(map(abs, errors[-10:])) < 100


def test_a_single_lie_changes_nothing() -> None:
    network = Network(0.0, 5 * S, jitter(50_000))
    clock = ServerClock()
    network.feed(clock, 60)
    before = clock.offset_ns, clock.drift_ppm
    clock.add(network.now, network.server(network.now) + S, network.now + 200_000)
    assert (clock.offset_ns, clock.drift_ppm) == before


@settings(max_examples=30, deadline=None)
@given(st.floats(-500, 500), st.integers(-10**18, 10**18), st.integers(0, 2**32), st.integers(-10**12, 10**12))
def test_there_and_back_is_the_same_time(ppm: float, offset_ns: int, seed: int, far_ns: int) -> None:
    network = Network(ppm, offset_ns, jitter(200_000, seed))
    clock = ServerClock()
    network.feed(clock, 1)
    local = network.now + far_ns
    assert abs(clock.to_local(clock.to_server(local)) - local) <= 2


def test_the_error_is_half_of_the_shortest_trip() -> None:
    clock = ServerClock()
    assert clock.error_ns == 0
    clock.add(0, 50, 1000)
    clock.add(2000, 2300, 2600)
    assert clock.error_ns == 300
    assert clock.offset_ns == pytest.approx(0, abs=450)


def test_a_trip_does_not_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="before it began"):
        ServerClock().add(10, 5, 9)


def test_weighted_median() -> None:
    assert weighted_median([(3.0, 1.0)]) == 3.0
    assert weighted_median([(1.0, 1.0), (2.0, 1.0), (9.0, 1.0)]) == 2.0
    assert weighted_median([(1.0, 1.0), (3.0, 1.0)]) == 2.0
    assert weighted_median([(1.0, 1.0), (2.0, 1.0), (50.0, 1000.0)]) > 49.9


def test_another_server_is_learnt_from_nothing() -> None:
    network, clock = Network(80.0, 5 * S, jitter(50_000)), ServerClock()
    network.feed(clock, 20)
    clock.reset()
    assert not clock.ready
    assert clock.offset_ns == clock.drift_ppm == 0
    other = Network(0.0, -9 * S, jitter(50_000))
    other.feed(clock, 20)
    assert clock.offset_ns == pytest.approx(-9 * S, abs=100_000)
    assert clock.jumps == 0
