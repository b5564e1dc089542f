"""Lines of a sequencer: on the pattern's steps, on the chords' roots, the same until the eighth bar."""

from __future__ import annotations

import pytest
from passages import FOUR, METERS, MINOR, one_voice, passage

from composers.errors import MusicError
from composers.parts.sequence import SequenceStyle, parse_pattern, sequence

OFF_BEAT = SequenceStyle({"..0...0...0...0.": 1.0}, gate=0.5, vary=0.0)


def test_a_pattern_is_its_cells() -> None:
    short, long = parse_pattern("0---..5.....8..."), parse_pattern("0---------------/----5-----------")
    assert short == ((0, 0, "0", 4), (0, 6, "5", 1), (0, 12, "8", 1))
    assert long == ((0, 0, "0", 20), (1, 4, "5", 12))
    for wrong in ("0...", "x...............", ""):
        with pytest.raises(MusicError, match="16"):
            parse_pattern(wrong)


def test_off_beats_on_the_roots() -> None:
    where = passage(MINOR, 8, mode="minor")
    events = sequence(where, OFF_BEAT).events
    assert [e.step for e in events] == [bar * 48 + beat + 6 for bar in range(8) for beat in (0, 12, 24, 36)]
    assert all(e.pitch % 12 == where.at(e.step).root and 33 <= e.pitch <= 44 for e in events)
    assert all(e.length == 2 for e in events)  # half of a sixteenth's three steps


def test_a_held_note_moves_with_the_chords() -> None:
    where = passage(MINOR, 4, mode="minor")
    reese = SequenceStyle({"0---------------/----------------/----------------/----------------": 1.0}, vary=0.0)
    events = sequence(where, reese).events
    assert [(e.step, e.length) for e in events] == [(0, 48), (48, 48), (96, 48), (144, 48)]
    assert [e.pitch % 12 for e in events] == [r.root for r in where.regions]
    pedal = sequence(where, SequenceStyle(reese.patterns, vary=0.0, pedal=True)).events
    assert [(e.step, e.length, e.pitch % 12) for e in pedal] == [(0, 192, 0)]


def test_degrees_are_those_of_the_scale() -> None:
    where = passage("Im | bVI", 2, mode="minor")
    keys = [e.pitch % 12 for e in sequence(where, SequenceStyle({"0...3...5...7...": 1.0}, vary=0.0)).events]
    assert keys == [0, 3, 7, 10, 8, 0, 3, 7]


def test_only_the_eighth_bar_changes() -> None:
    found = []
    for seed in range(20):
        where = passage("Im", 16, mode="minor", seed=seed)
        events = sequence(where, SequenceStyle(OFF_BEAT.patterns, vary=1.0)).events
        bars = [tuple((e.step % 48, e.pitch, e.length) for e in events if e.step // 48 == bar) for bar in range(16)]
        assert len({bars[bar] for bar in range(16) if bar % 8 != 7}) == 1
        found += [bars[bar] != bars[0] for bar in (7, 15)]
        assert one_voice(list(events))
    assert sum(found) > 30


@pytest.mark.parametrize("meter", METERS)
def test_it_fits_any_meter(meter: object) -> None:
    for pattern in ("..0...0...0...0.", ".000.000.000.000", "0---------------"):
        where = passage(MINOR, 8, mode="minor", meter=meter)  # type: ignore[arg-type]
        events = list(sequence(where, SequenceStyle({pattern: 1.0})).events)
        assert events and one_voice(events) and all(0 <= e.step < where.steps and e.end <= where.steps for e in events)


def test_slides_stay_within_what_the_receiver_bends() -> None:
    style = SequenceStyle({"0.8.0.8.0.8.0.8.": 1.0}, gate=1.0, slides=1.0, vary=0.0)
    assert not sequence(passage("Im", 2, mode="minor", meter=FOUR), style).turns  # an octave is more than two semitones
