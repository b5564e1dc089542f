"""Each note once, each on with its off, whatever the steps, jumps and late bars."""

import random

from hypothesis import given
from hypothesis import strategies as st

from bridge.engine.due import Due
from bridge.engine.timeline import Timeline
from composers.score import Clip, Meter, Note, Span
from instruments.block import Kind

METER = Meter()
BAR = METER.bar_ticks


def bar_of(index: int, seed: int = 0, tracks: int = 2) -> tuple[Clip, ...]:
    """Random notes; some ring past the bar's end, some repeat a pitch while it sounds."""
    rng = random.Random(f"{seed} {index}")
    span = METER.bar(index)
    return tuple(
        Clip.of(span, [Note(span.start + rng.randrange(BAR), rng.randrange(1, 3 * BAR // 2), rng.randrange(60, 66), 80)
                       for _ in range(12)])
        for _ in range(tracks)
    )


def check_paired(events: list[Due]) -> None:
    held: set[tuple[int, int, int]] = set()
    for e in events:
        key = (e.track, e.channel, e.number)
        if e.kind is Kind.ON:
            assert key not in held, f"{e} struck while it sounds"
            held.add(key)
        else:
            assert key in held, f"{e} ends what does not sound"
            held.remove(key)
    assert not held, f"stuck: {held}"


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=60), st.integers(0, 5))
def test_any_steps_play_each_note_once_with_its_end(steps: list[int], seed: int) -> None:
    timeline = Timeline(METER)
    for b in range(60):
        timeline.insert(b, bar_of(b, seed))
    events: list[Due] = []
    end = 0
    for step in steps:
        end += step
        events += timeline.take(end)
    ticks = [e.tick for e in events]
    assert ticks == sorted(ticks)
    wanted = sorted((n.start, t, n.pitch) for b in range(end // BAR + 1) for t, c in enumerate(bar_of(b, seed))
                    for n in c.notes if n.start < end)
    assert sorted((e.tick, e.track, e.number) for e in events if e.kind is Kind.ON) == wanted
    check_paired(events + timeline.silence())


@given(st.lists(st.one_of(st.integers(1, 3000), st.tuples(st.integers(0, 30 * BAR))), max_size=40))
def test_jumps_leave_no_note_behind(moves: list[int | tuple[int]]) -> None:
    timeline = Timeline(METER)
    for b in range(64):
        timeline.insert(b, bar_of(b))
    events: list[Due] = []
    for move in moves:
        if isinstance(move, tuple):
            events += timeline.jump(move[0])
            for b in range(64):
                timeline.insert(b, bar_of(b))
        else:
            before = timeline.cursor
            taken = timeline.take(before + move)
            assert all(before <= e.tick < before + move for e in taken)
            events += taken
    check_paired(events + timeline.silence())


def test_the_same_bars_sound_after_a_jump_as_from_the_start() -> None:
    def ons(start: int) -> list[tuple[int, int]]:
        timeline = Timeline(METER, chase=False)
        for b in range(8):
            timeline.insert(b, bar_of(b))
        timeline.jump(start)
        return [(e.tick, e.number) for e in timeline.take(8 * BAR) if e.kind is Kind.ON]

    assert ons(5 * BAR + 960) == [e for e in ons(0) if e[0] >= 5 * BAR + 960]


def test_a_late_bar_is_replaced_by_a_varied_repeat() -> None:
    timeline = Timeline(METER)
    for b in range(4):
        timeline.insert(b, bar_of(b, tracks=1))
    timeline.take(4 * BAR)
    again = [e for e in timeline.take(5 * BAR) if e.kind is Kind.ON and e.tick >= 4 * BAR]
    first = bar_of(0, tracks=1)[0]
    assert [(e.tick - 4 * BAR, e.number) for e in again] == [(n.start, n.pitch) for n in first.notes]
    assert timeline.repeated_bars == 1


def test_a_first_bar_that_is_waited_for_still_begins() -> None:
    timeline = Timeline(METER)
    assert timeline.take(100) == []
    clip = Clip.of(METER.bar(0), [Note(0, 480, 60, 90), Note(960, 480, 62, 90)])
    timeline.insert(0, (clip,))
    events = timeline.take(200)
    assert [(e.tick, e.kind, e.number) for e in events] == [(100, Kind.ON, 60)]
    assert [(e.tick, e.number) for e in timeline.take(BAR)] == [(480, 60), (960, 62), (1440, 62)]
    assert timeline.late_bars == 1


def test_span_is_half_open() -> None:
    assert 5 in Span(5, 6) and 6 not in Span(5, 6)
