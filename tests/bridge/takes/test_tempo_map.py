"""The tempo map of an exported take: time is kept to a tick, bars are bars, and few lines do."""

from __future__ import annotations

import math
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from bridge.takes.tempo_map import TOLERANCE_TICKS, Moment, TempoMap, music_begins
from bridge.tempo import TempoLine

BAR = 3840


def steady(bpm: float, seconds: float, *, at: float = 0.0, tick: float = 0.0, step: float = 1 / 375) -> list[Moment]:
    count = int(seconds / step)
    return [Moment(at + i * step, tick + i * step * bpm * 16, BAR, i == 0) for i in range(count + 1)]


def seconds_at(tempo_map: TempoMap, tick: int) -> float:
    """As who reads the file reckons."""
    tempo = next(t for t in reversed(tempo_map.tempos) if t.tick <= tick)
    return tempo.seconds + (tick - tempo.tick) * tempo.us / 960e6


def test_a_steady_tempo_is_one_line_and_stays_on_the_beat_for_an_hour() -> None:
    made = TempoMap(steady(137.3, 3600, step=0.05))
    assert len({t.us for t in made.tempos}) <= 2  # what a whole number of us is wrong by is made up for
    for tick in range(0, int(3600 * 137.3 * 16), 96_000):
        assert abs(made.tick_at(tick / 16 / 137.3) - tick) <= 1


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(40, 300), st.floats(0.5, 6), st.sampled_from([0.0, 0.0, 1.7, 31.0])), min_size=1,
                max_size=6), st.integers(0, 99))
def test_time_is_kept_whatever_the_tempo_does(parts: list[tuple[float, float, float]], wobble: int) -> None:
    """Tempi, pauses and starts elsewhere; where the music was, the file is, to a tick or so."""
    moments: list[Moment] = []
    at, tick = 0.0, 0.0
    for bpm, seconds, pause in parts:
        new = not moments or pause > 0
        if pause and moments:
            at, tick = at + pause, float(round(tick / 240) * 240)
        stretch = steady(bpm, seconds, at=at, tick=tick)
        moments += [m._replace(new=new and i == 0, tick=m.tick + 0.2 * math.sin(i * wobble))
                    for i, m in enumerate(stretch)]
        at, tick = stretch[-1].seconds, stretch[-1].tick
    made = TempoMap(moments)
    assert made.tempos[0][:2] == (0, 0.0)
    assert all(a.tick < b.tick and a.seconds < b.seconds for a, b in pairwise(made.tempos))
    assert all(1 <= t.us < 1 << 24 for t in made.tempos)
    for a, b in pairwise(made.tempos):
        assert a.seconds + (b.tick - a.tick) * a.us / 960e6 == pytest.approx(b.seconds, abs=1e-9)
    fastest = max(bpm for bpm, _, _ in parts) * 16
    for moment in moments[:: max(1, len(moments) // 50)]:
        file_tick = made.tick_at(moment.seconds)
        assert abs(seconds_at(made, file_tick) - moment.seconds) < 1.01 * 60 / 960 / min(p[0] for p in parts) + 0.002
    (first_tick, first) = made.starts[0]
    offset = first_tick - first.tick
    for moment in moments:
        if moment.new and moment is not first:
            break
        assert abs(made.tick_at(moment.seconds) - moment.tick - offset) <= 2 * TOLERANCE_TICKS + 1 + fastest * 1e-5


def test_after_a_pause_the_bars_are_the_files_again() -> None:
    first = steady(120, 5.3)
    second = steady(90, 4, at=8.0, tick=7 * BAR + 1920.0)
    made = TempoMap(first + second)
    (tick, _) = made.starts[1]
    assert tick % BAR == 1920
    assert abs(seconds_at(made, tick) - 8.0) < 1e-4


def test_a_long_wait_is_no_slower_than_a_file_can_say() -> None:
    made = TempoMap(steady(120, 1) + steady(120, 1, at=4000.0, tick=0.0))
    assert max(t.us for t in made.tempos) < 1 << 24
    assert abs(seconds_at(made, made.starts[1][0]) - 4000.0) < 1e-2


def test_without_music_there_is_a_tempo_all_the_same() -> None:
    made = TempoMap([])
    assert made.tick_at(1.0) == 1920


def test_music_that_waits_for_the_latest_begins_then() -> None:
    line = TempoLine(120.0, 480.0, 50_000_000)
    assert music_begins(line, 480, 0, 2_666_667) == 50_000_000
    follows = TempoLine(120.0, 959.0, 0)
    assert music_begins(follows, 965, 0, 2_666_667) == follows.ns_at(960)
    assert music_begins(TempoLine(120.0, 100.0, 0), 106, 0, 2_666_667) == 0
