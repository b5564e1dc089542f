"""Rhythm guitars: what the right hand does, in every texture, meter and key; that it leaves others room."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from passages import CHARTS, FOUR, METERS, MINOR, POP, passage

from composers.parts.fretboard import STRINGS
from composers.parts.guitar import TEXTURES, GuitarStyle, guitar
from composers.parts.passage import Event, Passage
from composers.pulse import STEPS
from composers.score import Meter

PLAYED = tuple(texture for texture in TEXTURES if texture != "rest")
KEYS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


def style(texture: str, **more: object) -> GuitarStyle:
    return replace(GuitarStyle({"": {texture: 1.0}}), **more)


def chords(events: list[Event]) -> dict[int, list[Event]]:
    found: dict[int, list[Event]] = {}
    for event in events:
        found.setdefault(event.step, []).append(event)
    return found


def written(texture: str, where: Passage, **more: object) -> list[Event]:
    return list(guitar(where, {}, style(texture, **more)).events)


@pytest.mark.parametrize("texture", PLAYED)
@pytest.mark.parametrize("meter", METERS, ids=str)
def test_every_texture_plays_in_every_meter(texture: str, meter: Meter) -> None:
    for seed in range(4):
        where = passage(POP, 8, meter=meter, seed=seed)
        events = written(texture, where)
        assert {event.step // where.bar_steps for event in events} == set(range(8))
        assert all(a.step <= b.step for a, b in pairwise(events))
        assert all(0 <= event.step < where.steps and event.length >= 1 for event in events)
        assert all(0 < event.velocity <= 127 and STRINGS[0] <= event.pitch <= STRINGS[-1] + 15 for event in events)


@pytest.mark.parametrize("texture", PLAYED)
@pytest.mark.parametrize("key", KEYS)
def test_strokes_are_chords_that_sound_in_every_key(texture: str, key: str) -> None:
    for chart in CHARTS:
        where = passage(chart, 8, key=key)
        for step, stroke in chords(written(texture, where, push=0.0)).items():
            region = where.at(step)
            keys = [event.pitch for event in stroke]
            assert keys == sorted(keys)
            assert len(set(keys)) == len(keys)
            assert len(keys) <= 6
            allowed = {p % 12 for p in region.chord.pitch_classes}
            root = region.chord.root.pitch_class
            if texture == "shuffle":
                allowed |= {(root + i) % 12 for i in (7, 9, 10)}
            if texture in ("muted", "eighths", "ring"):
                allowed |= {(root + i) % 12 for i in (6, 7, 8)}
            assert {k % 12 for k in keys} <= allowed, f"{region.chord}: {keys}"


def test_a_change_of_chord_is_struck() -> None:
    for texture in ("muted", "eighths", "ring", "strum", "shuffle"):
        for seed in range(8):
            where = passage("I V | vi iii | IV I | ii V", 8, seed=seed)
            steps = chords(written(texture, where, push=0.0))
            assert all(region.start in steps for region in where.regions), texture


def test_palm_muted_eighths_open_on_accents() -> None:
    """Muted ones about 70 and short, open ones about 100."""
    muted, opened = [], []
    for seed in range(20):
        for stroke in chords(written("muted", passage(seed=seed))).values():
            (muted if stroke[0].length < 6 else opened).append(stroke[0].velocity)
    assert abs(sum(muted) / len(muted) - 74) < 6
    assert abs(sum(opened) / len(opened) - 99) < 6
    assert 0.2 < len(opened) / (len(muted) + len(opened)) < 0.6


def test_upstrokes_are_softer_and_take_the_upper_strings() -> None:
    down, up = [], []
    for seed in range(20):
        where = passage(seed=seed, energy=0.8)
        for step, stroke in chords(written("strum", where, push=0.0)).items():
            (up if step % STEPS else down).append(stroke)
    assert max(map(len, up)) <= 4 < max(map(len, down))
    loud = [sum(e.velocity for s in some for e in s) / sum(map(len, some)) for some in (down, up)]
    assert 8 <= loud[0] - loud[1] <= 22
    share = len(up) / (len(up) + len(down))
    assert 0.2 < share < 0.55


def test_odd_bars_open_on_their_groups() -> None:
    """3 + 2 quarters of 5/4 and 2 + 2 + 3 eighths of 7/8 are accented; elsewhere hands stay closed more often."""
    for meter, groups in ((Meter(5, 4), (0, 36)), (Meter(7, 8), (0, 12, 24))):
        on, off = [], []
        for seed in range(20):
            where = passage(MINOR, 4, meter=meter, seed=seed, mode="minor")
            for step, stroke in chords(written("muted", where)).items():
                (on if step % where.bar_steps in groups else off).append(stroke[0].length >= 6)
        assert sum(on) == len(on)
        assert sum(off) / len(off) < 0.3


def test_the_pattern_of_a_kind_of_section_is_kept() -> None:
    for texture in ("muted", "strum", "pick", "scratch", "eighths"):
        for seed in range(10):
            where = passage("I | I | I | I", 16, seed=seed)
            later = replace(where, first_bar=32, identity=("verse", 32))
            mine, again = chords(written(texture, where, push=0.0)), chords(written(texture, later, push=0.0))
            assert set(mine) == set(again)
            bars = [frozenset(s % where.bar_steps for s in mine if s // where.bar_steps == b) for b in range(16)]
            assert bars[0] == bars[1] == bars[4]


def test_it_leaves_a_riff_its_room_and_the_singer_theirs() -> None:
    where = passage("I | I | I | I", 8)
    riff = [Event(bar * where.bar_steps + at, 6, 45, 90.0) for bar in range(8) for at in (0, 18, 36)]
    assert not guitar(where, {"riff": riff}, style("strum")).events
    answer = [Event(3 * where.bar_steps + 24, 6, 45, 90.0)]
    beside = guitar(where, {"riff": answer}, style("strum")).events
    assert beside
    assert not any(e.end > answer[0].step for e in beside if e.step // where.bar_steps == 3)
    busy = [Event(at, 4, 60, 90.0) for at in range(0, where.bar_steps, 4)]
    with_lead = guitar(where, {"melody": busy}, style("strum")).events
    alone = guitar(where, {}, style("strum")).events

    def strokes(events: object) -> int:
        return len({e.step for e in events if e.step < where.bar_steps})  # type: ignore[attr-defined]

    assert strokes(with_lead) < strokes(alone)


def test_pushes_have_the_coming_chord() -> None:
    pushed = 0
    for seed in range(10):
        where = passage("I | IV", 8, seed=seed)
        for step, stroke in chords(written("eighths", where, push=1.0)).items():
            if step % where.bar_steps == where.bar_steps - 6 and step + 6 < where.steps:
                assert stroke[0].pitch % 12 == where.at(step + 6).chord.root.pitch_class
                pushed += 1
    assert pushed > 20


def test_the_end_rings() -> None:
    where = passage("V | I", 2, role="ending", meter=FOUR)
    events = written("eighths", where)
    assert events[-1].end == where.steps
    assert len(chords(events)) == 2


def test_distorted_guitars_play_no_low_thirds() -> None:
    for key in KEYS:
        where = replace(passage(POP, 8, key=key), sounds={"comp": "overdriven-guitar"})
        for step, stroke in chords(written("strum", where, push=0.0)).items():
            root = where.at(step).chord.root.pitch_class
            assert all(e.pitch >= 57 for e in stroke if (e.pitch - root) % 12 in (3, 4))
