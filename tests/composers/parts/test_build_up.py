"""Builds: the breath, the kick that leaves, the roll that speeds up; what goes round, gates, and effects between."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from passages import METERS, MINOR, passage

from composers.parts import build_up, kit
from composers.parts.automation import OPEN_HZ, Course, sweeps
from composers.parts.club_effects import BOOM, NOISE, EffectsStyle, club_effects
from composers.parts.gates import GateStyle, gated
from composers.parts.loops import looped, period
from composers.parts.passage import Event, Written


def test_all_agree_on_the_breath() -> None:
    lengths = set()
    for seed in range(40):
        where = passage(MINOR, 8, mode="minor", role="build", name="C", seed=seed, after="drop")
        empty = build_up.breath(where)
        lengths.add(empty)
        assert all(e.end <= where.steps - empty for e in build_up.roll(where))
        assert build_up.kick_leaves(where) <= where.steps - max(empty, 24)
        held = [Event(0, where.steps, 60, 80.0), Event(where.steps - 3, 3, 62, 80.0)]
        kept = build_up.shortened(held, where.steps - empty)
        assert kept[0].end == where.steps - empty and len(kept) == (1 if empty else 2)
    assert lengths == {0, 12, 24, 48}
    assert build_up.breath(passage(MINOR, 8, role="drop")) == 0


@pytest.mark.parametrize("meter", METERS)
def test_the_roll_doubles_and_grows(meter: object) -> None:
    where = passage(MINOR, 8, mode="minor", role="build", name="C", meter=meter)  # type: ignore[arg-type]
    roll = [e for e in build_up.roll(where) if e.pitch in (kit.SNARE, kit.CLAP)]
    quarter = where.steps // 4
    hits = [sum(e.strokes for e in roll if q * quarter <= e.step < (q + 1) * quarter) for q in range(4)]
    assert hits[0] < hits[1] < hits[2] < hits[3] or build_up.breath(where) >= quarter // 2
    assert roll[-1].velocity > roll[0].velocity + 40


def test_automation_says_in_each_bar_where_it_is() -> None:
    where = passage(MINOR, 8, role="build")
    courses = {"build": {"filter.cutoff_hz": Course(500.0, 8000.0), "x": Course(0.0, 4.0, log=False, share=0.5)}}
    found = sweeps(where, courses, {"filter.cutoff_hz": OPEN_HZ, "x": 0.0, "y": 3.0})
    ways = [s for s in found if s.path == "filter.cutoff_hz"]
    assert [s.step for s in ways] == [48 * bar for bar in range(8)] and ways[0].origin == 500.0
    assert all(a.value == pytest.approx(b.origin) for a, b in pairwise(ways)) and ways[-1].value == pytest.approx(8000)
    ratios = {round(s.value / s.origin, 6) for s in ways if s.origin}
    assert len(ratios) == 1  # an exponential way
    late = [s for s in found if s.path == "x"]
    assert [s.value for s in late] == [0.0] * 4 + [1.0, 2.0, 3.0, 4.0]
    assert [(s.length, s.value) for s in found if s.path == "y"] == [(0, 3.0)] * 8
    still = sweeps(replace(where, role="drop"), courses, {"filter.cutoff_hz": OPEN_HZ})
    assert {(s.length, s.value) for s in still} == {(0, OPEN_HZ)}


def test_what_goes_round_is_said_again() -> None:
    where = passage(MINOR, 16, mode="minor")
    assert period(where) == 4 and period(passage("I", 8)) == 2 and period(passage(MINOR, 4)) is None
    written = Written([Event(bar * 48, 60, 48 + bar, 80.0) for bar in range(16)])
    keys = [e.pitch for e in looped(where, written).events]
    assert keys == [48, 49, 50, 51, 48, 49, 50, 55, 48, 49, 50, 51, 48, 49, 50, 63]
    assert all(a.end <= b.step for a, b in pairwise(looped(where, written).events) if b.step // 48 % 8 in (0, 7)
               or b.step // 48 % 4 == 0)  # fmt: skip


def test_a_gate_opens_and_shuts() -> None:
    style = GateStyle((("xx.xxxxxxxxxxxxx", 1.0),), floor=10.0)
    turns = gated(passage(MINOR, 1), Written([Event(0, 48, 60, 80.0)]), style).turns
    found = [(t.step, t.value) for t in turns[:6]]
    assert found == [(0, 127.0), (2, 10.0), (3, 127.0), (5, 10.0), (6, 10.0), (9, 127.0)]


def test_effects_between_the_sections() -> None:
    build = passage(MINOR, 8, mode="minor", role="build", name="C", after="drop", seed=2)
    up = club_effects(build, EffectsStyle(riser=8))
    (riser,) = up.events
    assert riser.pitch == NOISE and (riser.step, riser.end) == (0, build.steps - build_up.breath(build))
    bright = [t.value for t in up.turns if t.number == 74]
    assert bright[0] == 0.0 and bright[-1] == 127.0 and bright == sorted(bright) and len(bright) <= 128
    assert max(t.value for t in up.turns if t.kind == "bend") == 2.0  # as far as the receiver bends
    wide = club_effects(replace(build, bends={"fx": 12.0}), EffectsStyle(riser=8))
    assert max(t.value for t in wide.turns if t.kind == "bend") == 12.0
    drop = club_effects(passage(MINOR, 16, mode="minor", role="drop", name="D", after="verse"), EffectsStyle())
    assert [e.pitch for e in drop.events if e.step == 0] == [BOOM, NOISE]
    fall = [t.value for t in drop.turns if t.number == 74 and t.step < 4 * 48]
    assert fall == sorted(fall, reverse=True)
    assert not any(a.number == b.number and a.step == b.step and a.kind == b.kind for a, b in pairwise(drop.turns))
