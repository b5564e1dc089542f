"""The server's clock in the browser is the one that Python has: the same constants, the same answers."""

from __future__ import annotations

import random

import pytest
from javascript import run

from bridge.stream import server_clock
from bridge.stream.server_clock import ServerClock, weighted_median

pytestmark = pytest.mark.peer("node")

Trip = tuple[int, int, int]


def trips(seed: int, count: int, drift_ppm: float, jump_at: int = -1) -> list[Trip]:
    """Round trips of 0.2 to 20 ms, often held up on one way; at `jump_at` the server is another one."""
    dice = random.Random(seed)
    now, offset, found = 1_000_000_000.0, 73_000_000_000_000.0, []
    for number in range(count):
        now += 50e6 if number < 32 else 500e6
        if number == jump_at:
            offset -= 60_000_000_000_000
        there, back = (100_000 + dice.expovariate(1 / 400_000) for _ in range(2))
        if dice.random() < 0.2:
            back += dice.uniform(0, 20e6)
        at_server = now + there
        found.append((round(now), round(at_server * (1 + drift_ppm / 1e6) + offset), round(at_server + back)))
    return found


def test_both_sides_have_the_same_constants() -> None:
    theirs = run('return (await load("serverclock.js")).CLOCK')
    ours = {name: getattr(server_clock, name) for name in vars(server_clock)
            if name.isupper() and isinstance(getattr(server_clock, name), int | float)}
    assert theirs == ours


@pytest.mark.parametrize(("seed", "count", "drift_ppm", "jump_at"), [
    (1, 5, 0.0, -1), (2, 40, 100.0, -1), (3, 300, -80.0, -1), (4, 200, 30.0, 120), (5, 1, 0.0, -1)])
def test_both_sides_give_the_same_answers(seed: int, count: int, drift_ppm: float, jump_at: int) -> None:
    made = trips(seed, count, drift_ppm, jump_at)
    theirs = run("""
      const { ServerClock } = await load("serverclock.js");
      const clock = new ServerClock();
      return given[0].map((trip) => {
        clock.add(...trip);
        return [clock.offsetNs, clock.driftPpm, clock.errorNs, clock.waitS, clock.ready, clock.jumps,
                clock.toLocal(clock.toServer(trip[0]) + 1e9), clock.toServer(trip[2] + 1e9)];
      });""", made)
    clock = ServerClock()
    for (sent, server, received), found in zip(made, theirs, strict=True):
        clock.add(sent, server, received)
        ours = [clock.offset_ns, clock.drift_ppm, clock.error_ns, clock.wait_s, clock.ready, clock.jumps,
                clock.to_local(clock.to_server(sent) + 10**9), clock.to_server(received + 10**9)]
        assert found[3:6] == ours[3:6]
        if clock.ready:  # with fewer, a line through all points leaves rounding alone to weigh what is off it
            assert found == pytest.approx(ours, rel=0, abs=20)  # ns, of doubles beside whole numbers
            assert found[1] == pytest.approx(ours[1], abs=0.01)  # ppm
    if jump_at < 0 and count > 100:
        assert theirs[-1][1] == pytest.approx(drift_ppm, abs=10)


def test_the_weighted_median_is_the_same() -> None:
    dice = random.Random(7)
    lists = [[(dice.gauss(0, 1), dice.random()) for _ in range(dice.randint(1, 30))] for _ in range(50)]
    theirs = run('const { weightedMedian } = await load("serverclock.js"); return given[0].map(weightedMedian)', lists)
    assert theirs == pytest.approx([weighted_median(pairs) for pairs in lists])


def test_a_trip_that_ends_before_it_begins_is_refused() -> None:
    said = run("""const { ServerClock } = await load("serverclock.js");
      try { new ServerClock().add(10, 5, 4); } catch (problem) { return problem.message; }""")
    assert "before it began" in said
