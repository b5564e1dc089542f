"""What arrivals far from the line mean together."""

from __future__ import annotations

from bridge.clock.regression import Arrival, Regression
from bridge.clock.suspects import among_strays, excused, leap, whole

I = 20_000_000  # noqa: E741 - an interval, at 125 BPM
GATE = 0.01 * I


def line(clocks: int = 12, interval: int = I, start: int = 0) -> Regression:
    return Regression.through([Arrival(start + k, (start + k) * interval) for k in range(clocks)], float(interval))


def numbered(*places: float) -> list[Arrival]:
    """Arrivals at these places on the grid, numbered as heard after clock 11."""
    return [Arrival(12 + i, round(place * I)) for i, place in enumerate(places)]


def test_lost_and_doubled_clocks_are_whole_intervals() -> None:
    assert whole(numbered(14, 15), line(), GATE, rough=False) == 2
    assert whole(numbered(11, 12), line(), GATE, rough=False) == -1
    assert whole(numbered(14), line(), GATE, rough=False) == 0, "one is not enough"
    assert whole(numbered(14), line(), GATE, rough=False, sure=False) == 2
    assert whole(numbered(14, 15.5), line(), GATE, rough=False) == 0
    assert whole(numbered(14, 15), line(), GATE, rough=True) == 0, "nor are two on a noisy port"


def test_own_clocks_are_told_from_strays_between_them() -> None:
    own = among_strays(numbered(11.3, 12, 12.6, 13), line(), GATE, known=False)
    assert own == [Arrival(12, 12 * I), Arrival(13, 13 * I)]
    assert among_strays(numbered(11.3, 12, 12.6), line(), GATE, known=False) == [], "the last one is a stray"
    assert among_strays(numbered(11.3, 13), line(), GATE, known=False) == [], "one of its own is missing"
    assert among_strays(numbered(12.0, 13.0), line(), GATE, known=False) == [], "there is no stray"


def test_twice_the_tempo_is_no_stray_unless_strays_are_known() -> None:
    assert among_strays(numbered(11.5, 12), line(), GATE, known=False) == []
    assert among_strays(numbered(11.5, 12), line(), GATE, known=True) == [Arrival(12, 12 * I)]


def test_a_leap_leaves_the_line_between_two_clocks() -> None:
    assert leap(numbered(12.4, 13.9), line(), 25_000.0, rough=False) == numbered(12.4, 13.9)
    assert leap(numbered(14.4, 15.9), line(), 25_000.0, rough=False) == (), "it came from nowhere"
    assert leap(numbered(12.4), line(), 25_000.0, rough=False) == ()


def test_only_whole_intervals_excuse_a_change() -> None:
    former = line()
    lost = Regression.through([Arrival(12 + k, (14 + 2 * k) * I) for k in range(6)], 2.0 * I)
    slower = Regression.through([Arrival(12 + k, round((12 + 1.7 * k) * I)) for k in range(6)], 1.7 * I)
    assert excused(lost, former, 25_000.0)
    assert not excused(slower, former, 25_000.0)
