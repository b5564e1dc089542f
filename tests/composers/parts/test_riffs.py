"""Riffs: one figure a piece, that moves with the chords, is answered, and marks the groups of odd bars."""

from __future__ import annotations

from dataclasses import replace

import pytest
from passages import CHARTS, METERS, MINOR, passage

from composers.parts.passage import Event, Passage
from composers.parts.riffs import RiffStyle, accents, answers, figure_of, plays, riff
from composers.pulse import pulse_of
from composers.score import Meter

KINDS = ("line", "pedal", "stabs", "octaves")
KEYS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
ALL = RiffStyle({"line": 3, "pedal": 2, "stabs": 1.5, "octaves": 1}, {"verse": 1.0, "intro": 1.0})


def of(kind: str) -> RiffStyle:
    return replace(ALL, kinds={kind: 1.0})


def events(where: Passage, style: RiffStyle) -> list[Event]:
    return list(riff(where, {}, style).events)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("meter", METERS, ids=str)
def test_every_kind_plays_in_every_meter(kind: str, meter: Meter) -> None:
    for seed in range(6):
        where = passage(MINOR, 8, meter=meter, seed=seed, mode="minor")
        found = events(where, of(kind))
        assert {e.step // where.bar_steps for e in found} == set(range(8))
        assert all(0 <= e.step < where.steps and e.length >= 1 and 40 <= e.pitch <= 88 for e in found)
        assert found == sorted(found, key=lambda e: e.step)


def test_it_lies_low_and_within_the_chord_scale() -> None:
    """Over plain chords nothing but the key, the chords, and (where asked for) blue notes."""
    for key in KEYS:
        for chart in CHARTS[:3]:
            where = passage(chart, 8, key=key, mode="minor" if chart == MINOR else "major")
            for event in events(where, of("line")):
                region = where.at(event.step)
                assert (region.scale | region.tones) >> (event.pitch - where.tonic) % 12 & 1
    lows = [min(e.pitch for e in events(passage(seed=s, key=KEYS[s % 12]), ALL)) for s in range(24)]
    assert max(lows) <= 52


def test_one_riff_a_piece_whatever_the_section() -> None:
    for seed in range(12):
        verse = events(passage("i", 4, seed=seed, mode="minor"), ALL)
        intro = events(passage("i", 4, seed=seed, mode="minor", role="intro", name="R"), ALL)
        assert [(e.step, e.pitch, e.length) for e in verse] == [(e.step, e.pitch, e.length) for e in intro]
    figures = {figure_of(seed, pulse_of(Meter(4, 4)), ALL) for seed in range(20)}
    assert len(figures) == 20


def test_it_is_repeated_and_answered_in_the_fourth_bar() -> None:
    answered = 0
    for seed in range(20):
        where = passage("i", 8, seed=seed, mode="minor")
        bars = [
            [(e.step % where.bar_steps, e.pitch) for e in events(where, ALL) if e.step // where.bar_steps == bar]
            for bar in range(8)
        ]
        assert bars[0] == bars[4]
        assert bars[2] == bars[0] or bars[2] == bars[6]
        assert bars[3] == bars[7]
        answered += bars[3] != bars[1] and bars[3] != bars[0]
    assert answered >= 16


def test_it_moves_with_the_chords() -> None:
    """Over another minor chord the same figure, transposed: every interval that the scale allows."""
    moved = total = 0
    for seed in range(20):
        home, away = (events(passage(chart, 1, seed=seed, mode="dorian"), of("line")) for chart in ("i", "v"))
        assert [e.step for e in home] == [e.step for e in away]
        pairs = [(b.pitch - a.pitch) % 12 for a, b in zip(home, away, strict=True)]
        moved += sum(p == 7 for p in pairs)
        total += len(pairs)
    assert moved / total > 0.9


def test_transposition_moves_it_by_whole_octaves_at_most() -> None:
    for seed in range(8):
        plain = events(passage(seed=seed), ALL)
        for key in KEYS:
            where = passage(seed=seed, key=key)
            assert {(e.step, (e.pitch - where.tonic) % 12) for e in events(where, ALL)} == {
                (e.step, e.pitch % 12) for e in plain
            }


def test_pedals_are_muted_eighths_under_syncopated_accents() -> None:
    for seed in range(12):
        where = passage("i", 4, seed=seed, mode="minor")
        found = events(where, of("pedal"))
        assert {e.step for e in found} >= set(range(0, where.steps, 6))
        muted = [e for e in found if e.length <= 4]
        assert len({e.pitch for e in muted}) == 1
        hard = accents(found)
        assert hard
        assert all(step % 12 for step in hard)
        assert max(e.velocity for e in muted) < min(e.velocity for e in found if e.step in hard and e.length > 4)


def test_a_riff_has_rests_or_holds_and_syncopation() -> None:
    for seed in range(30):
        where = passage("i", 1, seed=seed, mode="minor")
        steps = {e.step for e in events(where, of("line"))}
        assert 3 <= len(steps) <= 9
        assert any(step % 12 for step in steps)


def test_answers_keep_to_the_end_of_a_phrase() -> None:
    style = RiffStyle({"line": 1.0}, {}, {"verse": 1.0})
    where = passage(bars=8)
    assert not plays(where, style)
    assert answers(where, style)
    found = events(where, style)
    assert {e.step // where.bar_steps for e in found} <= {3, 7}
    assert all(e.step % where.bar_steps >= where.bar_steps // 2 for e in found)
    assert not events(passage(role="chorus"), style)


def test_swung_riffs_stay_on_eighths() -> None:
    style = replace(of("line"), swung=True)
    assert all(e.step % 6 == 0 for seed in range(20) for e in events(passage(seed=seed), style))


def test_blue_fifths_pass_in_minor_only() -> None:
    style = replace(of("line"), blue=1.0)
    found = {
        mode: {e.pitch % 12 for seed in range(30) for e in events(passage("i" if mode == "minor" else "I", 4, seed=seed,
                                                                          mode=mode), style)}
        for mode in ("minor", "major")
    }  # fmt: skip
    assert 6 in found["minor"]
    assert 6 not in found["major"]
