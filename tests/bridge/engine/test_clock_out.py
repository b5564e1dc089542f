"""Our clock as a slave counts it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.clock.follower import Change, ClockFollower
from bridge.engine.clock_out import ClockOut

START, CONTINUE, STOP, CLOCK = b"\xfa", b"\xfb", b"\xfc", b"\xf8"


def test_start_comes_before_the_downbeat_and_24_clocks_make_a_quarter() -> None:
    out = ClockOut()
    out.play(0)
    taken = out.take(960)
    assert taken[:2] == [(0, START), (0, CLOCK)]
    assert [t for t, m in taken if m == CLOCK] == list(range(0, 960, 40))
    assert out.stop() == [STOP]
    assert out.stop() == []
    assert out.take(5000) == []


def test_elsewhere_it_is_song_position_and_continue() -> None:
    out = ClockOut()
    out.play(3840 * 5)
    assert out.take(3840 * 5 + 1) == [(19200, b"\xf2\x50\x00"), (19200, CONTINUE), (19200, CLOCK)]


def test_between_sixteenths_it_waits_for_the_next() -> None:
    out = ClockOut()
    out.play(250)
    assert out.take(480) == []
    assert [m for _, m in out.take(481)] == [b"\xf2\x02\x00", CONTINUE, CLOCK]


def test_a_slave_that_was_never_started_needs_no_stop() -> None:
    out = ClockOut()
    out.play(250)
    assert out.stop() == []


@given(st.lists(st.tuples(st.integers(0, 200_000), st.lists(st.integers(1, 4000), max_size=8)), max_size=6))
def test_a_follower_is_always_where_we_are(stretches: list[tuple[int, list[int]]]) -> None:
    out, slave = ClockOut(), ClockFollower()
    for start, steps in stretches:
        for message in out.stop():
            slave.feed(start, message)
        out.play(start)
        end = start
        for step in steps:
            end += step
            for tick, message in out.take(end):
                event = slave.feed(tick * 520_833, message)
                if event is not None and event.change is Change.STARTED:
                    assert event.tick == tick
