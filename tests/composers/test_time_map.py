"""Bars and seconds over changes of meter and tempo."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composers.errors import MusicError
from composers.score import Meter, Span
from composers.time_map import TimeMap, steps_from_zero, steps_within

meters = st.builds(Meter, st.integers(1, 12), st.sampled_from([2, 4, 8, 16]))
maps = st.builds(
    lambda tempi, meters: TimeMap(steps_from_zero(tempi, 120.0), steps_from_zero(meters, Meter())),
    st.lists(st.tuples(st.integers(0, 50_000), st.floats(10, 400)), max_size=6),
    st.lists(st.tuples(st.integers(0, 50_000), meters), max_size=6),
)


@given(maps, st.integers(0, 80_000))
def test_bars_lie_side_by_side(time: TimeMap, tick: int) -> None:
    bar = time.bar_at(tick)
    span = time.bar_span(bar)
    assert tick in span
    assert time.bar_span(bar + 1).start == span.end
    assert time.bar_at(span.end) == bar + 1
    assert 0 < span.length <= time.meter_at(tick).bar_ticks
    assert time.bars_to(tick + 1) == bar + 1


@given(maps, st.integers(0, 80_000))
def test_seconds_rise_and_go_back_to_ticks(time: TimeMap, tick: int) -> None:
    assert time.tick_at(time.seconds(tick)) == tick
    gone = time.seconds(tick + 1) - time.seconds(tick)
    assert gone == pytest.approx(60 / (time.bpm_at(tick) * 960), rel=1e-6)


def test_a_change_of_tempo_and_an_upbeat() -> None:
    time = TimeMap(((0, 120.0), (1920, 60.0)), ((0, Meter()), (960, Meter(3, 4)), (960 + 2 * 2880, Meter(5, 8))))
    assert [time.seconds(t) for t in (0, 1920, 2880)] == [0.0, 1.0, 2.0]
    assert [time.bar_span(i) for i in range(4)] == [Span(0, 960), Span(960, 3840), Span(3840, 6720), Span(6720, 9120)]
    assert (time.bars_to(0), time.bars_to(960), time.bars_to(961)) == (0, 1, 2)
    assert time.bar_at(-1) == -1


@given(maps, st.integers(0, 60_000), st.integers(1, 60_000))
def test_a_part_keeps_bar_lines_and_tempo(time: TimeMap, start: int, length: int) -> None:
    span = Span(start, start + length)
    part = TimeMap(steps_within(time.tempi, span), time.meters_of(span))
    for tick in (0, length // 2, length - 1):
        assert part.bpm_at(tick) == time.bpm_at(tick + start)
        whole = time.bar_span(time.bar_at(tick + start))
        assert part.bar_span(part.bar_at(tick)).start == max(0, whole.start - start)


@pytest.mark.parametrize(("tempi", "meter", "word"), [
    (((1, 120.0),), ((0, Meter()),), "do not begin at tick 0"), ((), ((0, Meter()),), "do not begin"),
    (((0, 0.0),), ((0, Meter()),), "bpm = 0"), (((0, float("nan")),), ((0, Meter()),), "bpm = nan"),
    (((0, 120.0), (0, 90.0)), ((0, Meter()),), "run backwards"),
    (((0, 120.0),), ((0, Meter()), (-1, Meter())), "meters"),
])  # fmt: skip
def test_maps_that_are_none(
    tempi: tuple[tuple[int, float], ...], meter: tuple[tuple[int, Meter], ...], word: str
) -> None:
    with pytest.raises(MusicError, match=word):
        TimeMap(tempi, meter)
