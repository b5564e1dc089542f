"""Fills, rolls into drops, breaks: how long, on what, how loud."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from statistics import fmean

import pytest
from passages import METERS

from composers.dice import dice
from composers.parts import fills, grooves, kit
from composers.parts.fills import FillStyle, Hole
from composers.parts.passage import Event
from composers.pulse import STEPS, pulse_of
from composers.score import Meter

_FOUR = pulse_of(Meter())
_SHAPES = ("toms", "snare", "linear", "triplets", "roll", "flams", "stutter", "drop", "claps", "kicks")


def _fills(style: FillStyle, count: int = 300, length: int = 0, energy: float = 0.6) -> list[list[Event]]:
    return [fills.fill(fills.hole(_FOUR, 3, length, False), _FOUR, style, energy, dice(seed, "fill"))
            for seed in range(count)]  # fmt: skip


@pytest.mark.parametrize("meter", METERS)
@pytest.mark.parametrize("shape", _SHAPES)
def test_fills_stay_in_their_hole_in_every_meter(meter: Meter, shape: str) -> None:
    pulse = pulse_of(meter)
    style = FillStyle(shapes={shape: 1.0})
    for length in fills.LENGTHS:
        where = fills.hole(pulse, 5, length, False)
        assert where.end == 6 * pulse.steps and where.start % pulse.steps in pulse.beats
        for seed in range(10):
            for event in fills.fill(where, pulse, style, 0.7, dice(seed)):
                assert where.start <= event.step < event.end <= where.end or event.end - where.end <= 3
                assert 0 < event.velocity <= 127 and event.strokes >= 1


def test_lengths_are_beats() -> None:
    sizes = [fills.hole(_FOUR, 3, length, False) for length in fills.LENGTHS]
    assert [hole.end - hole.start for hole in sizes] == [12, 24, 48, 96]


def test_rock_fills_use_the_kit_as_players_do() -> None:
    """493 fills of Groove MIDI: snare 34 to 50 % of hits, toms 20 to 40, kick 8 to 20; 4.3 to 5.1 hits a beat with
    feet and hats (quartiles 3.2 to 5.0 in rock); last hit on a tom 14 to 45 %, a snare 10 to 33 %."""
    found = _fills(grooves.ROCK.fills)
    hits = Counter("tom" if e.pitch in kit.TOMS else e.pitch for row in found for e in row for _ in range(e.strokes))
    total = sum(hits.values())
    assert 0.34 < hits[kit.SNARE] / total < 0.6 and 0.2 < hits["tom"] / total < 0.45
    assert 0.06 < hits[kit.KICK] / total < 0.2
    assert 3.2 < total / len(found) / 4 < 5.1
    last = Counter("tom" if row[-1].pitch in kit.TOMS else row[-1].pitch for row in found)
    assert 0.3 < last["tom"] / len(found) < 0.7 and 0.1 < last[kit.SNARE] / len(found) < 0.5


def test_toms_come_down() -> None:
    rows = _fills(FillStyle(shapes={"toms": 1.0}))
    height = {kit.HIGH_TOM: 3, kit.MID_TOM: 2, kit.FLOOR_TOM: 1}
    rising = falling = 0
    for row in rows:
        toms = [height[e.pitch] for e in row if e.pitch in height]
        rising += sum(b > a for a, b in pairwise(toms))
        falling += sum(b < a for a, b in pairwise(toms))
    assert falling > 4 * rising


def test_beats_are_louder_than_what_lies_between_and_the_end_than_the_beginning() -> None:
    """Of a beat's four sixteenths 88, 64, 68, 69 on Groove MIDI's rock; soul's second half is louder by 22."""
    events = [e for row in _fills(FillStyle(shapes={"snare": 1.0}, rise=0.0)) for e in row if e.pitch == kit.SNARE]
    loud = [fmean(e.velocity for e in events if e.step % STEPS == place) for place in (0, 3, 6, 9)]
    assert loud[0] > loud[2] + 4 and loud[2] > loud[1] + 4 and loud[2] > loud[3]
    soul = [e for row in _fills(grooves.SOUL.fills) for e in row if e.pitch != kit.KICK]
    first, second = (fmean(e.velocity for e in soul if (e.step % 48 >= 24) == later) for later in (False, True))
    assert 6 < second - first < 24


def test_flams_and_doubles() -> None:
    flams = [e for row in _fills(FillStyle(shapes={"flams": 1.0}, doubles=0.0)) for e in row if e.pitch == kit.SNARE]
    assert sum(e.grace == kit.SNARE for e in flams) > 0.9 * len(flams)
    doubles = [e for row in _fills(FillStyle(shapes={"toms": 1.0}, doubles=0.5)) for e in row]
    assert any(e.strokes > 1 for e in doubles)
    assert all(e.strokes == 1 for row in _fills(FillStyle(shapes={"toms": 1.0}, doubles=0.0)) for e in row)


def test_a_build_doubles_and_swells_and_leaves_the_end_empty() -> None:
    events = fills.build_up(_FOUR, 8, 24, dice(1))
    quarter = 8 * 48 // 4
    strokes = [sum(e.strokes for e in events if e.step // quarter == k) for k in range(3)]
    assert strokes[1] == 2 * strokes[0] and strokes[2] == 2 * strokes[1]
    assert max(e.end for e in events) <= 8 * 48 - 24
    assert events[-1].strokes == 4 and events[-1].velocity > events[0].velocity + 40


@pytest.mark.parametrize("meter", METERS)
def test_a_break_fills_its_bar(meter: Meter) -> None:
    pulse = pulse_of(meter)
    for seed in range(10):
        events = fills.solo_break(pulse, 2 * pulse.steps, 0.7, dice(seed))
        assert all(2 * pulse.steps <= e.step < 3 * pulse.steps for e in events)
        assert len(events) >= pulse.steps // 12


def test_a_drop_is_silence() -> None:
    rows = _fills(FillStyle(shapes={"drop": 1.0}))
    assert all(len(row) <= 1 for row in rows) and any(not row for row in rows)


def test_landings_come_as_often_as_measured() -> None:
    """Rock after fills: kick .72, crash .39."""
    rows = [fills.landing(0, grooves.ROCK.fills, 0.6, dice(seed)) for seed in range(1000)]
    keys = Counter(e.pitch for row in rows for e in row)
    assert abs(keys[kit.KICK] / 1000 - 0.72) < 0.04 and abs(keys[kit.CRASH] / 1000 - 0.39) < 0.04


def test_a_hole_is_half_open() -> None:
    assert fills.hole(_FOUR, 0, 1, True) == Hole(36, 48, True)
