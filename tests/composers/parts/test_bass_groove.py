"""Basses in grooves: with the kick, on the roots, in one voice; repeated and not drawn anew each bar."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passages import BALLAD, CHARTS, METERS, MINOR, POP, kit, one_voice, passage

from composers.parts.bass_groove import (
    BOSSA_CELLS,
    FUNK_CELLS,
    HIP_HOP_CELLS,
    HOUSE_CELLS,
    POP_CELLS,
    TRANCE_CELLS,
    BassStyle,
    bass_groove,
)
from composers.parts.passage import Event, Lane, Passage

ROCK = BassStyle()
SUB = BassStyle(HIP_HOP_CELLS, hold=True, slides=0.2, low=26, high=40)
STYLES = (
    ROCK, BassStyle(POP_CELLS), SUB, BassStyle(FUNK_CELLS, stop=True, ratio=0.6, ghosts=0.3, graces=0.1),
    BassStyle(BOSSA_CELLS, {"fifth": 0.8, "root": 0.2}, lock=0.0), BassStyle(HOUSE_CELLS, lock=0.0, ratio=0.5),
    BassStyle(TRANCE_CELLS, lock=0.0, ratio=0.6, approach=0.0), replace(ROCK, absolute=True, low=28, high=43),
)  # fmt: skip
KICKS = ((0, 7, 8), (0, 6, 10), (0, 3, 8, 11), (0, 4, 8, 12))


def played(where: Passage, style: BassStyle = ROCK, kicks: tuple[int, ...] = (0, 7, 8)) -> Sequence[Event]:
    return bass_groove(where, {"drums": kit(where, kicks)}, style).events


passages = st.builds(
    passage, st.sampled_from(CHARTS), st.sampled_from((1, 2, 3, 4, 7, 8)), key=st.sampled_from(("C", "Eb", "F#", "A")),
    mode=st.sampled_from(("major", "minor", "mixolydian")), meter=st.sampled_from(METERS), seed=st.integers(0, 10**6),
    role=st.sampled_from(("intro", "verse", "chorus", "bridge", "drop", "ending")), energy=st.floats(0.05, 1),
    density=st.floats(0, 1), complexity=st.floats(0, 1),
)  # fmt: skip


@given(passages, st.sampled_from(STYLES), st.sampled_from(KICKS), st.booleans())
@settings(max_examples=150, deadline=None)
def test_one_voice_in_range_and_the_same_every_time(
    where: Passage, style: BassStyle, kicks: tuple[int, ...], drums: bool
) -> None:
    listening = {"drums": kit(where, kicks)} if drums else {}
    written = bass_groove(where, listening, style)
    assert one_voice(list(written.events))
    assert written == bass_groove(replace(where), listening, style)
    assert written.events
    for event in written.events:
        assert event.end <= where.steps and event.length >= 1
        assert style.low - 2 <= event.pitch <= style.high + 1
        assert 20 <= event.velocity <= 126
    for turn in written.turns:
        assert turn.kind == "bend" and turn.value == 0.0 and abs(turn.origin) <= 12


@given(passages, st.sampled_from(STYLES))
@settings(max_examples=60, deadline=None)
def test_every_chord_is_grounded(where: Passage, style: BassStyle) -> None:
    """Something is struck as each chord begins, an eighth before or after."""
    steps = [event.step for event in played(where, style)]
    for region in where.regions:
        assert any(region.start - 6 <= step <= region.start + 6 for step in steps)


def test_it_locks_to_the_kick() -> None:
    free, locked, dice = [], [], []
    for seed in range(12):
        for kicks in KICKS:
            where = passage(POP, 8, seed=seed)
            hits = {e.step for e in kit(where, kicks) if e.pitch == 36}
            locked.append(mean(e.step in hits for e in played(where, ROCK, kicks)))
            free.append(mean(e.step in hits for e in played(where, replace(ROCK, lock=0.0), kicks)))
            draw = random.Random(seed)
            dice.append(mean(step in hits for step in draw.sample(range(0, where.steps, 3), 30)))
    assert mean(share >= 0.7 for share in locked) >= 0.95
    assert mean(free) < 0.6 and mean(dice) < 0.4


def test_roots_first_then_fifths() -> None:
    first, degrees = [], []
    for seed in range(20):
        for chart in (POP, BALLAD, MINOR):
            where = passage(chart, 8, seed=seed, mode="minor" if chart == MINOR else "major")
            for event in played(where):
                above = (event.pitch - where.at(event.step).root) % 12
                degrees.append(above)
                if event.step % where.bar_steps == 0:
                    first.append(above == 0)
    assert mean(first) >= 0.9
    assert 0.55 <= degrees.count(0) / len(degrees) <= 0.9
    assert degrees.count(7) / len(degrees) >= 0.03


def test_approaches_lead_into_roots() -> None:
    def near(style: BassStyle) -> float:
        found = []
        for seed in range(20):
            where = passage("I | IV | V | vi", 8, seed=seed)
            for a, b in pairwise(played(where, style, (0, 4, 8, 12))):
                if where.at(a.step).root != where.at(b.step).root and b.step - a.step <= 12:
                    found.append(abs(a.pitch - b.pitch) in (1, 2))
        return mean(found) if found else 0.0

    assert near(replace(ROCK, approach=0.9)) > near(replace(ROCK, approach=0.0)) + 0.2


def test_the_groove_is_kept() -> None:
    """Bars of a section share their rhythm; drawn anew each bar they would not."""
    again = []
    for seed in range(20):
        where = passage("I | I | I | I", 8, seed=seed)
        bars = [tuple(e.step % 48 for e in played(where) if e.step // 48 == bar) for bar in range(8)]
        again.append(mean(bar in bars[:k] for k, bar in enumerate(bars) if k))
    assert mean(again) >= 0.55
    chorus = [[(e.step, e.pitch) for e in played(passage(POP, 8, seed=3, role="chorus", first_bar=b))] for b in (8, 24)]
    assert len(set(chorus[0]) & set(chorus[1])) >= 0.7 * len(chorus[0])


def test_notes_stop_at_the_snare() -> None:
    style = BassStyle(stop=True, ratio=1.0)
    for seed in range(8):
        where = passage(POP, 8, seed=seed)
        for event in played(where, style):
            assert not any(
                event.step + 3 <= snare < event.end for bar in range(8) for snare in (bar * 48 + 12, bar * 48 + 36)
            )


def test_a_held_bass_lasts_until_its_next_note() -> None:
    for a, b in pairwise(played(passage(POP, 8), SUB)):
        assert a.end == b.step


@pytest.mark.parametrize("absolute", [False, True])
def test_it_follows_the_riff(absolute: bool) -> None:
    where = passage("I | I | I | I", 4, key="E")
    up = where.tonic if absolute else 0
    riff = [Event(48 * bar + s, 6, k + up, 90.0) for bar in range(4) for s, k in ((0, 40), (0, 47), (9, 43), (18, 45))]
    style = replace(ROCK, follow=1.0, riff_absolute=absolute)
    events = bass_groove(where, {"riff": riff, "drums": kit(where)}, style).events
    assert [(e.step, e.pitch % 12) for e in events] == [
        (48 * bar + s, k % 12) for bar in range(4) for s, k in ((0, 40), (9, 43), (18, 45))
    ]


def test_a_pedal_stays() -> None:
    style = replace(ROCK, pedals={"intro": 7})
    assert {e.pitch % 12 for e in played(passage(POP, 8, role="intro"), style)} == {7}


@pytest.mark.parametrize("key", ["Db", "F", "G#", "B"])
def test_a_key_moves_it_exactly_and_absolute_lines_stay_low(key: str) -> None:
    assert played(passage(BALLAD, 8, key=key)) == played(passage(BALLAD, 8))
    low = played(passage(BALLAD, 8, key=key), STYLES[-1])
    assert min(e.pitch for e in low) >= 26 and mean(e.pitch for e in low) <= 40
    where = passage(BALLAD, 8, key=key)
    roots = [(e.pitch - where.tonic - where.at(e.step).root) % 12 == 0 for e in low if e.step % 48 == 0]
    assert mean(roots) >= 0.85


def test_an_instrument_s_lowest_key_is_kept() -> None:
    for seed in range(8):
        where = passage(POP, 8, seed=seed, lanes={"bass": Lane(36, 69)})
        assert all(event.pitch - 5 >= 36 for event in played(where))


def test_a_bass_guitar_stays_in_its_low_octave_and_a_half() -> None:
    """Register 28 to 45 (common teaching), in every key to which a line around C is moved."""
    keys = [e.pitch for seed in range(8) for e in played(passage(POP, 8, seed=seed, lanes={"bass": Lane(28, 55)}))]
    assert min(keys) - 5 >= 28 and max(keys) + 6 <= 55
    assert mean(33 <= key <= 44 for key in keys) > 0.85


def test_slides_come_from_the_note_before() -> None:
    where = passage("I | IV | V | vi", 8)
    written = bass_groove(where, {}, replace(SUB, slides=1.0))
    starts = {event.step: k for k, event in enumerate(written.events)}
    assert written.turns
    for turn in written.turns:
        k = starts[turn.step]
        assert turn.origin == written.events[k - 1].pitch - written.events[k].pitch
        assert turn.length <= written.events[k].length


def test_livelier_is_more() -> None:
    counts = [sum(len(played(passage(POP, 8, seed=s, density=d), replace(ROCK, lock=0.0))) for s in range(12))
              for d in (0.0, 0.5, 1.0)]  # fmt: skip
    assert counts[0] < counts[1] < counts[2]
