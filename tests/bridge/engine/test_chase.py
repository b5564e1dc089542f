"""Wherever play begins, it sounds as if played from the start: controllers in force, and notes that ring."""

from __future__ import annotations

import random
from functools import cache

import pytest
from engine_stage import F8, FB, RATE, FakeRig, Stage
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.engine.chase import CHASE_BARS, SLIVER_TICKS
from bridge.engine.clip_bytes import Bar
from bridge.engine.due import ControlKey, NoteKey
from bridge.engine.engine import Engine
from bridge.engine.inbox import Halt, Locate, Play
from bridge.engine.timeline import Timeline
from bridge.routes import Route
from composers.score import PPQ, Clip, Control, Meter, Note
from instruments.block import FrameEvent, Kind

METER = Meter()
BAR = METER.bar_ticks


@cache
def bar_of(index: int, seed: int = 0) -> tuple[Clip, ...]:
    """Drums on channel 9; a track of notes up to four bars long and controllers of all kinds on two channels."""
    rng = random.Random(f"{seed} {index}")
    span = METER.bar(index)

    def at() -> int:
        return span.start + 60 * rng.randrange(64)

    drums = [Note(at(), rng.randrange(1, 2 * BAR), rng.randrange(36, 40), 80, 9) for _ in range(8)]
    pads = [Note(at(), rng.randrange(1, CHASE_BARS * BAR), rng.randrange(60, 66), 80, rng.randrange(2))
            for _ in range(4)]
    kinds = (("cc", 1, 127), ("cc", 64, 127), ("cc", 7, 127), ("bend", 0, 1), ("pressure", 0, 127), ("program", 0, 127))
    controls = [Control(at(), kind, number, float(rng.randrange(top + 1)), rng.randrange(2))
                for kind, number, top in rng.choices(kinds, k=4)]
    return Clip.of(span, drums), Clip.of(span, pads, controls)


class Heard:
    """What holds in a receiver of a timeline's events."""

    def __init__(self) -> None:
        self.notes: dict[NoteKey, int] = {}
        self.controls: dict[ControlKey, float] = {}

    def take(self, timeline: Timeline, end: int) -> list[tuple[object, ...]]:
        events = timeline.take(end)
        for due in events:
            if due.kind is Kind.ON:
                self.notes[due.note] = due.tick + due.length
            elif due.kind is Kind.OFF:
                del self.notes[due.note]
            else:
                self.controls[due.control] = due.value
        return [(d.tick, d.kind, d.track, d.channel, d.number, d.value) for d in events]


def full(first: int, last: int, seed: int, *, chase: bool = True) -> Timeline:
    timeline = Timeline(METER, chase=chase)
    for bar in range(first, last):
        timeline.insert(bar, bar_of(bar, seed))
    return timeline


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 14 * BAR), st.integers(0, 30))
def test_a_jump_sounds_as_if_played_from_the_start(tick: int, seed: int) -> None:
    through, located = full(0, 20, seed), full(0, 20, seed)
    from_start, from_there = Heard(), Heard()
    from_start.take(through, tick)
    located.jump(tick)
    from_start.take(through, tick + 1)
    from_there.take(located, tick + 1)
    assert from_there.controls == from_start.controls
    assert set(from_there.notes) <= set(from_start.notes)
    missing = set(from_start.notes) - set(from_there.notes)
    for key in missing:  # drums, slivers, and what is struck again at once
        clips = [bar_of(b, seed)[key[0]] for b in range(tick // BAR, tick // BAR + 2)]
        again = [n.start for c in clips for n in c.notes if (n.channel, n.pitch) == key[1:] and n.start >= tick]
        left = min([from_start.notes[key], *again]) - tick
        assert key[1] == 9 or left <= SLIVER_TICKS
    # from then on all is the same, but for the ends of what was not struck
    rest, same = from_start.take(through, 18 * BAR), from_there.take(located, 18 * BAR)
    assert [e for e in rest if e[1] is not Kind.OFF] == [e for e in same if e[1] is not Kind.OFF]
    assert set(same) <= set(rest)
    ends = {e for e in rest if e[1] is Kind.OFF} - set(same)
    assert {e[2:5] for e in ends} <= missing
    assert from_start.notes == from_there.notes


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 14 * BAR), st.integers(0, 30), st.lists(st.integers(1, 20), min_size=4, max_size=4))
def test_bars_may_come_one_by_one_after_the_jump(tick: int, seed: int, gaps: list[int]) -> None:
    """The nearest first, as they are asked for; they never take the place of what has been played meanwhile."""
    whole, parts = full(0, 20, seed), Timeline(METER)
    a, b = Heard(), Heard()
    whole.jump(tick)
    parts.jump(tick)
    home = tick // BAR
    for ahead in (home, home + 1, *range(max(0, home - CHASE_BARS))):
        parts.insert(ahead, bar_of(ahead, seed))
    at = tick + 1
    b.take(parts, at)
    for back, gap in enumerate(gaps, 1):
        if home >= back:
            parts.insert(home - back, bar_of(home - back, seed))
        at += gap
        b.take(parts, at)
    a.take(whole, at)
    assert a.controls == b.controls
    long_a, long_b = ({k: e for k, e in h.notes.items() if e - at > SLIVER_TICKS + 100} for h in (a, b))
    assert long_a == long_b


def test_without_chase_only_controllers_are_brought() -> None:
    located, heard = full(0, 16, 3, chase=False), Heard()
    located.jump(6 * BAR + 970)  # between the 60 ticks of bar_of
    events = heard.take(located, 6 * BAR + 971)
    assert events and {e[1] for e in events} & {Kind.CC, Kind.BEND, Kind.PRESSURE, Kind.PROGRAM}
    assert Kind.ON not in {e[1] for e in events}


def test_a_start_at_zero_owes_nothing() -> None:
    timeline = full(0, 4, 0)
    timeline.take(3 * BAR)
    timeline.jump(0)
    again = timeline.take(BAR)
    assert again == full(0, 4, 0).take(BAR)


def test_bars_that_come_too_late_are_not_chased() -> None:
    timeline = Timeline(METER)
    pad = Clip.of(METER.bar(3), [Note(3 * BAR, 4 * BAR, 60, 80)])
    timeline.insert(4, (Clip(METER.bar(4)),))
    timeline.insert(5, (Clip(METER.bar(5)),))
    timeline.jump(4 * BAR)
    assert timeline.take(4 * BAR + PPQ + 1) == []
    timeline.insert(3, (pad,))
    assert timeline.take(5 * BAR) == []


def test_a_jump_into_a_dense_score_is_found_out_in_time() -> None:
    """Not a measurement: the search is over five bars, whatever else is at hand."""
    timeline = Timeline(METER)
    for bar in range(12):
        span = METER.bar(bar)
        notes = [Note(span.start + 10 * i, 3000, i % 128, 80) for i in range(300)]
        timeline.insert(bar, tuple(Clip.of(span, notes) for _ in range(4)))
    timeline.jump(9 * BAR + 5)
    struck = [d for d in timeline.take(9 * BAR + 6) if d.kind is Kind.ON]
    assert len(struck) == 4 * 128 - 4 * len({i % 128 for i in range(1, 25)})


# -- the whole engine ------------------------------------------------------------------------------------------------


def song(bar: int, epoch: int) -> Bar:
    """A pad over two bars from each even bar, a controller at its start, quarters, and drums."""
    span = METER.bar(bar)
    pad = [Note(span.start, 2 * BAR - 1, 48, 70)] if bar % 2 == 0 else []
    quarters = [Note(span.start + 960 * i, 480, 60 + i, 90) for i in range(4)]
    controls = [Control(span.start, "cc", 1, 20.0 + bar), Control(span.start + 960, "cc", 64, 127.0),
                Control(span.start + 1920, "bend", 0, 0.5), Control(span.start + 3000, "cc", 64, 0.0)]
    drums = [Note(span.start, 4 * BAR, 36, 100, 9)]
    return Bar(epoch, bar, (Clip.of(span, pad + quarters, controls), Clip.of(span, drums)))


def song_stage(chase: bool = True) -> Stage:
    engine = Engine(FakeRig(), [Route(0), Route(1)], RATE, chase=chase)
    return Stage(engine=engine, composed=song)


def rig_of(stage: Stage) -> FakeRig:
    rig = stage.engine._rig
    assert isinstance(rig, FakeRig)
    return rig


def first_events(stage: Stage, frames: int = 2) -> list[FrameEvent]:
    events = rig_of(stage).events
    return [e for frame, e in events if frame <= events[0][0] + frames]


def test_locate_by_command_waits_for_the_bars_before_and_strikes_the_pad() -> None:
    stage = song_stage()
    stage.run(0.1)
    stage.step(Locate(21))
    stage.run(0.2, Play())
    assert {17, 18, 19, 20} <= set(stage.asked)
    assert max(stage.asked.index(b) for b in (21, 22)) < min(stage.asked.index(b) for b in (17, 18, 19, 20))
    said = [(e.kind, e.number, e.value) for e in first_events(stage)]
    of_bar_20 = [(Kind.CC, 1, 40.0), (Kind.BEND, 0, 0.5), (Kind.CC, 64, 0.0)]
    assert said[:3] == of_bar_20
    assert (Kind.CC, 1, 41.0) in said and (Kind.ON, 48, 70) in said and (Kind.ON, 60, 90) in said
    assert said.index((Kind.CC, 1, 41.0)) < said.index((Kind.ON, 48, 70))
    assert (Kind.ON, 36, 100) in said and len([s for s in said if s[0] is Kind.ON]) == 3  # the bar's own drum only


@pytest.mark.parametrize("running", [False, True])
def test_a_song_position_into_the_middle_of_a_bar(running: bool) -> None:
    """Bar 21, beat 3 and a sixteenth: pedal, bend and wheel are in force, the pad sounds, a quarter has half to go."""
    stage = song_stage()
    position = 21 * 16 + 9
    if running:
        stage.clocks(1_000, 120, 30)
        stage.send(1_000 + 29 * 1000 + 500, bytes((0xF2, position & 127, position >> 7)))
        stage.send(31_000, F8)
        at = 31_000
    else:
        stage.send(1_000, bytes((0xF2, position & 127, position >> 7)))
        stage.send(30_000, FB)
        stage.send(31_000, F8)
        at = 31_000
    for i in range(1, 60):
        stage.send(at + 1000 * i, F8)
    stage.run(1.5)
    events = [(frame, e) for frame, e in rig_of(stage).events if frame >= at - 1]
    begun = [(frame, e.number) for frame, e in events if e.kind is Kind.ON]
    if running:  # its bar had to be composed first: within two blocks
        assert [p for f, p in begun if f <= at + 3 * 128] == [48]
    else:
        assert begun[0] == (pytest.approx(at, abs=1), 48)
    assert 62 not in [p for f, p in begun if f < at + 200]  # a sixteenth is left of it: not struck
    in_force = {(e.kind, e.number): e.value for f, e in events if f <= at + 3 * 128}
    assert in_force[Kind.CC, 1] == 41.0 and in_force[Kind.CC, 64] == 127.0 and in_force[Kind.BEND, 0] == 0.5
    assert next(p for f, p in begun if f > at + 1000) == 63


def test_going_on_after_a_stop_restores_pedal_and_bend_and_strikes_what_was_cut() -> None:
    stage = song_stage()
    end = stage.clocks(1_000, 120, 24 * 2 + 12)  # into beat 3: pedal down, bend up, the pad sounds
    stage.send(end, b"\xfc")
    stage.run(1.5)
    at = stage.frame
    before = len(rig_of(stage).events)
    stage.clocks(at + 500, 120, 40, first=FB)
    stage.run(0.5)
    events = rig_of(stage).events[before:]
    first = [(e.kind, e.number, e.value) for f, e in events if f <= at + 502]
    assert first == [(Kind.CC, 64, 127.0), (Kind.BEND, 0, 0.5), (Kind.ON, 48, 70)]
    stage.leave()
    stage.check_paired()


def test_without_chase_going_on_strikes_nothing_but_restores_the_pedal() -> None:
    stage = song_stage(chase=False)
    stage.run(1.2, Play())
    stage.step(Halt())
    before = len(rig_of(stage).events)
    stage.run(0.01, Play())
    kinds = [e.kind for _, e in rig_of(stage).events[before:]]
    assert kinds == [Kind.CC, Kind.BEND]


def test_a_controller_that_the_target_does_not_know_goes_to_its_default() -> None:
    """CC 1 is 25 in bar 5; a jump to a bar before any controller finds it at 0, as from the start."""
    def composed(bar: int, epoch: int) -> Bar:
        span = METER.bar(bar)
        controls = [Control(span.start, "cc", 1, 25.0), Control(span.start, "cc", 7, 80.0)] if bar == 5 else []
        return Bar(epoch, bar, (Clip.of(span, [Note(span.start, 900, 60, 90)], controls),))

    stage = Stage(composed=composed)
    stage.step(Locate(5))
    stage.run(0.5, Play())
    before = len(rig_of(stage).events)
    stage.step(Locate(2))
    values = {(e.kind, e.number): e.value for _, e in rig_of(stage).events[before:] if e.kind is Kind.CC}
    assert values[Kind.CC, 1] == 0.0 and (Kind.CC, 7) not in values  # nobody knows what a volume was
