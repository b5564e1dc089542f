"""Arpeggios: the chord's notes, in the pattern, at the rate, in range."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passages import CHARTS, METERS, POP, passage

from composers.errors import MusicError
from composers.parts.arpeggio import PATTERNS, ArpeggioStyle, arpeggio
from composers.parts.passage import Passage

passages = st.builds(
    passage, st.sampled_from(CHARTS), st.sampled_from((1, 2, 3, 8)), key=st.sampled_from(("C", "Eb", "F#", "A")),
    meter=st.sampled_from(METERS), seed=st.integers(0, 10**6), role=st.sampled_from(("verse", "drop", "ending")),
    energy=st.floats(0.05, 1), density=st.floats(0, 1),
)  # fmt: skip
styles = st.builds(
    ArpeggioStyle, st.sampled_from(PATTERNS), st.sampled_from((2, 3, 4, 6)), st.integers(1, 3), st.floats(0.3, 1.0),
    cell=st.sampled_from((0, 3, 5, 7)), pulses=st.integers(0, 9), mutes=st.sampled_from((0, 3, 4)),
    voices=st.integers(2, 4), restart=st.booleans(),
)  # fmt: skip


@given(passages, styles)
@settings(max_examples=150, deadline=None)
def test_chord_tones_in_range_on_the_grid(where: Passage, style: ArpeggioStyle) -> None:
    events = arpeggio(where, {}, style).events
    assert events == arpeggio(replace(where), {}, style).events and list(events) == sorted(events)
    for event in events:
        assert style.low <= event.pitch <= style.high
        assert event.step < where.steps and event.length >= 1
        region = where.at(event.step)
        assert (event.pitch - region.chord.root.pitch_class) % 12 in {i % 12 for i in region.chord.intervals} | {
            9,
            10,
            11,
            2,
        }  # a triad lends its sixth or seventh, a seventh its ninth
        if where.role != "ending":
            assert event.step % style.rate == 0


def row(pattern: str, **more: object) -> list[int]:
    style = ArpeggioStyle(pattern, rate=6, **more)  # type: ignore[arg-type]
    return [event.pitch for event in arpeggio(passage("I", 1), {}, style).events]


def test_patterns() -> None:
    up = row("up")
    assert up[:3] == sorted(up[:3]) and up[3:6] == up[:3]
    assert row("down")[:3] == up[:3][::-1]
    assert row("up-down")[:5] == [up[0], up[1], up[2], up[1], up[0]]
    assert row("down-up")[:5] == [up[2], up[1], up[0], up[1], up[2]]
    assert row("alberti")[:4] == [up[0], up[2], up[1], up[2]]
    assert row("broken")[:4] == [up[0], up[2], up[1], up[2]]
    assert row("converge")[:3] == [up[0], up[2], up[1]]
    assert len(row("gate")) == 3 * len(up)
    assert len(set(row("up", octaves=2))) == 6
    assert row("random") == row("random") != up
    with pytest.raises(MusicError, match="choose one of"):
        ArpeggioStyle("sideways")


def test_cells_of_three_run_against_the_bar() -> None:
    """A cell of three onsets over sixteenths begins in another place in every beat and comes round after three bars."""
    where = passage("I | I | I | I", 4)
    pitches = [e.pitch for e in arpeggio(where, {}, ArpeggioStyle(cell=3, octaves=2, restart=False)).events]
    assert len(set(pitches)) == 3 and pitches[:16] != pitches[16:32] and pitches[:16] == pitches[48:64]


def test_euclid_and_mutes() -> None:
    where = passage("I", 1)
    steps = [e.step // 3 for e in arpeggio(where, {}, ArpeggioStyle(pulses=3, euclid=8)).events]
    assert steps == [0, 3, 6, 8, 11, 14]  # tresillo
    gate = [e.step // 3 for e in arpeggio(where, {}, ArpeggioStyle("gate", mutes=4)).events]
    assert sorted(set(gate)) == [k for k in range(16) if k % 4 != 3]


def test_accents() -> None:
    loud = {e.step // 3: e.velocity for e in arpeggio(passage("I", 1), {}, ArpeggioStyle(accents=(3, 6, 11))).events}
    assert min(loud[k] for k in (3, 6, 11)) > max(v for k, v in loud.items() if k not in (3, 6, 11))


def test_little_is_half_as_fast() -> None:
    assert 2 * len(arpeggio(passage(POP, 4, density=0.0), {}, ArpeggioStyle()).events) == len(
        arpeggio(passage(POP, 4), {}, ArpeggioStyle()).events
    )
