"""Pads: common tones held, few voices moving, clear below, no rub with the melody, swells that come back."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from statistics import mean

from hypothesis import given, settings
from hypothesis import strategies as st
from passages import BALLAD, CHARTS, JAZZY, METERS, MINOR, POP, passage

from composers.parts.hands import clear
from composers.parts.heard_line import clashes
from composers.parts.pads import PadStyle, pads
from composers.parts.passage import Event, Passage
from composers.parts.tune import FOLK_TUNE, tune

PAD = PadStyle()
STYLES = (
    PAD,
    PadStyle(3),
    PadStyle(6, 43, 79),
    PadStyle(hold=False, swell=0),
    PadStyle(restrike=2, swell=1, overlap=6),
)

passages = st.builds(
    passage, st.sampled_from(CHARTS), st.sampled_from((1, 2, 3, 4, 7, 8)), key=st.sampled_from(("C", "Eb", "F#", "A")),
    mode=st.sampled_from(("major", "minor")), meter=st.sampled_from(METERS), seed=st.integers(0, 10**6),
    role=st.sampled_from(("intro", "verse", "build", "ending")), energy=st.floats(0.05, 1),
)  # fmt: skip


def at(events: list[Event] | tuple[Event, ...], step: int) -> tuple[int, ...]:
    return tuple(sorted(e.pitch for e in events if e.step <= step < e.end))


@given(passages, st.sampled_from(STYLES), st.booleans())
@settings(max_examples=120, deadline=None)
def test_in_range_one_stroke_a_key_the_same_every_time(where: Passage, style: PadStyle, sung: bool) -> None:
    listening = {"melody": tune(where, {}, FOLK_TUNE).events} if sung else {}
    written = pads(where, listening, style)
    assert written == pads(replace(where), listening, style)
    ends: dict[int, int] = {}
    for event in written.events:
        assert style.low <= event.pitch <= style.high and 0 <= event.step < event.end <= where.steps + style.overlap
        assert ends.get(event.pitch, -99) <= event.step + style.overlap
        ends[event.pitch] = event.end
    for region in where.regions:
        assert len(at(list(written.events), region.start)) >= 2
    assert bool(written.turns) == bool(style.swell)
    for turn in written.turns:
        assert turn.number == style.swell and 0.0 <= turn.value <= 127.0 and 0 <= turn.step + turn.length <= where.steps


def test_common_tones_are_held_and_voices_move_little() -> None:
    struck, moves = [], []
    for chart in (POP, BALLAD, MINOR):
        where = passage(chart, 8, mode="minor" if chart == MINOR else "major")
        events = list(pads(where, {}, PAD).events)
        chords = [at(events, region.start) for region in where.regions]
        for region, (before, after) in zip(where.regions[1:], pairwise(chords), strict=True):
            begun = {e.pitch for e in events if e.step == region.start}
            assert not begun & set(before)
            struck.append(len(begun) / len(after))
            moves.append(mean(min(abs(key - other) for other in before) for key in after))
    assert mean(struck) < 0.85  # something is held in most chords
    assert mean(moves) <= 2.0
    again = pads(passage("I | I | I | I", 4), {}, replace(PAD, restrike=0)).events
    assert {e.length for e in again} == {192}
    assert {e.length for e in pads(passage("C | F/C | C | F/C", 4), {}, PadStyle(restrike=1)).events} <= {
        48,
        96,
        144,
        192,
    }


def test_open_below_and_clear() -> None:
    for chart in CHARTS:
        for voices in (3, 4, 5):
            where = passage(chart, 8)
            events = list(pads(where, {}, PadStyle(voices)).events)
            for region in where.regions:
                keys = at(events, region.start)
                assert clear(keys) and len(keys) == voices
                assert all(b - a >= 5 for a, b in pairwise(keys) if b < 60)
                classes = {(key - region.chord.root.pitch_class) % 12 for key in keys}
                assert len(classes) >= 3


def test_no_rub_with_the_melody() -> None:
    for seed in range(10):
        for chart in (POP, JAZZY):
            where = passage(chart, 8, seed=seed, key="A")
            lead = tune(where, {}, FOLK_TUNE).events
            for event in pads(where, {"melody": lead}, PadStyle(hold=False)).events:
                for note in lead:
                    if min(event.end, note.end) - max(event.step, note.step) >= 12:
                        assert not clashes(event.pitch, note.pitch + where.tonic)


def test_swells_rise_and_fall_and_stay_up_where_energy_grows() -> None:
    calm = pads(passage(POP, 8), {}, PAD).turns
    assert [t.value > t.origin for t in calm] == [True, False, True, False]
    build = replace(passage(POP, 8), energy=0.4, energy_end=0.9)
    assert [t.value > t.origin for t in pads(build, {}, PAD).turns] == [True, False, True]
