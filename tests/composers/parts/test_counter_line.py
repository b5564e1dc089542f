"""Second voices: thirds and sixths, contrary motion, answers in holes, guide tones; no parallel fifths or octaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passages import BALLAD, CHARTS, JAZZY, METERS, MINOR, POP, one_voice, passage

from composers.errors import MusicError
from composers.parts.counter_line import KINDS, CounterStyle, counter_line
from composers.parts.heard_line import HeardLine, clashes, parallel
from composers.parts.passage import Event, Lane, Passage
from composers.parts.tune import FOLK_TUNE, POP_TUNE, SONG_TUNE, tune

passages = st.builds(
    passage, st.sampled_from(CHARTS), st.sampled_from((1, 2, 3, 4, 8)), key=st.sampled_from(("C", "Eb", "F#")),
    mode=st.sampled_from(("major", "minor")), meter=st.sampled_from(METERS), seed=st.integers(0, 10**6),
    role=st.sampled_from(("verse", "chorus", "bridge", "ending")),
)  # fmt: skip


def sung(where: Passage) -> Sequence[Event]:
    return tune(where, {}, FOLK_TUNE).events


def together(lead: Sequence[Event], second: Sequence[Event]) -> list[tuple[int, int]]:
    """(melody, second voice) wherever both begin."""
    keys = {event.step: event.pitch for event in second}
    return [(event.pitch, keys[event.step]) for event in lead if event.step in keys]


@given(passages, st.sampled_from(KINDS), st.booleans(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_one_voice_in_range_the_same_every_time(where: Passage, kind: str, below: bool, led: bool) -> None:
    style = CounterStyle(kind, below)
    listening = {"melody": sung(where)} if led else {}
    events = counter_line(where, listening, style).events
    assert one_voice(list(events)) and events == counter_line(replace(where), listening, style).events
    assert all(style.low <= e.pitch <= style.high and e.end <= where.steps for e in events)


@pytest.mark.parametrize("kind", KINDS)
def test_no_parallel_fifths_or_octaves(kind: str) -> None:
    for seed in range(10):
        for chart in (POP, BALLAD, MINOR, JAZZY):
            where = passage(chart, 8, seed=seed, mode="minor" if chart == MINOR else "major")
            lead = sung(where)
            second = counter_line(where, {"melody": lead}, CounterStyle(kind)).events
            melody, line = HeardLine(lead), HeardLine(second)
            steps = [g.start for g in where.regions] if kind == "guide" else [event.step for event in second]
            both = [(melody.at(step), line.at(step)) for step in steps]
            pairs = [(a.pitch, b.pitch) if a and b else None for a, b in both]
            assert not any(parallel(a, b) for a, b in pairwise(pairs) if a and b)


def test_harmony_is_thirds_and_sixths_below() -> None:
    away = []
    for seed in range(10):
        where = passage(POP, 8, seed=seed)
        lead = tune(where, {}, POP_TUNE).events
        away += [a - b for a, b in together(lead, counter_line(where, {"melody": lead}, CounterStyle()).events)]
    assert min(away) > 0
    assert mean(gap in (3, 4, 8, 9) for gap in away) >= 0.8
    above = counter_line(where, {"melody": lead}, CounterStyle(below=False, high=86)).events
    assert all(b > a for a, b in together(lead, above))


def test_long_thirds_fit_the_chord() -> None:
    """Where a third below a held note would rub against the chord, another consonance is taken."""
    for chart in (POP, BALLAD, JAZZY):
        for seed in range(8):
            where = passage(chart, 8, seed=seed)
            lead = tune(where, {}, SONG_TUNE).events
            for event in counter_line(where, {"melody": lead}, CounterStyle()).events:
                tones = where.at(event.step).tones
                if event.length >= 12 and event.end <= where.at(event.step).end and not tones >> event.pitch % 12 & 1:
                    assert not tones >> (event.pitch - 1) % 12 & 1


def test_contrary_motion_outweighs_similar() -> None:
    against, along = 0, 0
    for seed in range(20):
        where = passage(BALLAD, 8, seed=seed)
        lead = tune(where, {}, SONG_TUNE).events
        second = counter_line(where, {"melody": lead}, CounterStyle("contrary")).events
        for a, b in pairwise(together(lead, second)):
            product = (b[0] - a[0]) * (b[1] - a[1])
            against += product < 0
            along += product > 0
    assert along > 0
    assert against > 1.5 * along


def test_answers_lie_in_the_melody_s_holes() -> None:
    lead = [Event(48 * bar + s, 6, 67 + s // 6, 80.0) for bar in range(0, 8, 2) for s in (0, 6, 12)]
    found = 0
    for seed in range(10):
        where = passage("I | I | IV | V", 8, seed=seed)
        events = counter_line(where, {"melody": lead}, CounterStyle("answer")).events
        found += len(events)
        for event in events:
            assert not any(note.step < event.end and note.end > event.step for note in lead)
            before = max(note.end for note in lead if note.end <= event.step)
            assert event.step - before >= 6
        assert all(any(0 < e.step - (96 * k + 18) <= 24 for e in events) for k in range(4))
    assert found >= 80


def test_guide_tones_move_by_step() -> None:
    where = passage("Dm7 | G7 | Cmaj7 | Fmaj7", 8)
    events = counter_line(where, {}, CounterStyle("guide")).events
    for event in events:
        chord = where.at(event.step).chord
        assert (event.pitch - chord.root.pitch_class) % 12 in (3, 4, 10, 11)
    assert mean(abs(a.pitch - b.pitch) <= 2 for a, b in pairwise(events)) >= 0.9


def test_long_notes_do_not_rub() -> None:
    for kind in ("contrary", "guide"):
        for seed in range(10):
            where = passage(JAZZY, 8, seed=seed)
            lead = sung(where)
            for event in counter_line(where, {"melody": lead}, CounterStyle(kind)).events:
                for note in lead:
                    if min(event.end, note.end) - max(event.step, note.step) >= 12:
                        assert not clashes(event.pitch, note.pitch) or event.length > 48


def test_an_instrument_s_lane_and_silence() -> None:
    where = passage(POP, 8, lanes={"counter": Lane(48, 72)})
    events = counter_line(where, {"melody": sung(where)}, CounterStyle()).events
    assert events and all(e.pitch - 5 >= 48 and e.pitch + 6 <= 72 for e in events)
    assert not counter_line(passage(POP, 4, role="intro"), {}, CounterStyle()).events
    with pytest.raises(MusicError, match="choose one of"):
        CounterStyle("sideways")
