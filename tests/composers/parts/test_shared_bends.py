"""Bends beside chords."""

from __future__ import annotations

import pytest

from composers.composer import Plan, find_genre
from composers.parts.humanise import Played
from composers.parts.shared_bends import apart, unbent
from composers.score import Control, Note

UP = [Control(960 + 20 * k, "bend", 0, k / 10) for k in range(1, 11)]
BACK = Control(2400, "bend", 0, 0.0)
LEAD = Played([Note(960, 1200, 67, 90.0), Note(2880, 480, 71, 90.0)], [*UP, BACK, Control(0, "cc", 1, 20.0)], [])


def test_a_bend_under_a_chord_is_struck_where_it_would_have_led() -> None:
    chord = Played([Note(1500, 400, 60, 70.0), Note(1500, 400, 64, 70.0)], [], [])
    lead, comp = unbent([LEAD, chord], 2.0)
    assert comp == chord
    assert [n.pitch for n in lead.notes] == [69, 71] and not any(n.cents for n in lead.notes)
    assert not any(c.kind == "bend" and c.value for c in lead.controls) and Control(0, "cc", 1, 20.0) in lead.controls


@pytest.mark.parametrize("chord", [Note(0, 960, 60, 70.0), Note(2400, 960, 60, 70.0), Note(1500, 400, 60, 70.0, 3)])
def test_where_no_chord_sounds_it_bends(chord: Note) -> None:
    assert unbent([LEAD, Played([chord], [], [])], 2.0)[0] == LEAD


def test_a_slide_into_a_note_leaves_the_note() -> None:
    slide = Played([Note(960, 1200, 67, 90.0)], [Control(960, "bend", 0, -1.0), Control(1060, "bend", 0, 0.0)], [])
    lead, _ = unbent([slide, Played([Note(900, 400, 60, 70.0)], [], [])], 2.0)
    assert lead.notes == slide.notes and [c.value for c in lead.controls] == [0.0]


def test_quarter_tones_become_cents() -> None:
    half = Played([Note(960, 1200, 67, 90.0)], [Control(960, "bend", 0, 0.25), BACK], [])
    lead, _ = unbent([half, Played([Note(900, 400, 60, 70.0)], [], [])], 2.0)
    assert (lead.notes[0].pitch, lead.notes[0].cents) in {(67, 50.0), (68, -50.0)}


def test_a_guitar_that_comps_and_leads_never_bends_its_chords() -> None:
    rock = find_genre("rock")
    alone = bends = 0
    for seed in range(6):
        for parts in (("comp", "melody"), ("melody",)):
            plan = Plan(genre="rock", style="classic", form="blues", seed=seed, energy=0.8,
                        parts={"guitar": parts, "drums": ("drums",)}, sounds={"guitar": "electric-guitar"})  # fmt: skip
            band = rock.band(plan)
            clips = [band.compose(bar)["guitar"] for bar in range(48)]
            notes = [n for clip in clips for n in clip.notes]
            bent = False
            start = 0
            for control in sorted(c for clip in clips for c in clip.controls if c.kind == "bend"):
                if bool(control.value) == bent:
                    continue
                if bent and len(parts) > 1:
                    sounding = [n for n in notes if n.start < control.tick and n.end > start]
                    assert len(sounding) <= 2
                bends += len(parts) > 1
                alone += len(parts) == 1
                bent, start = bool(control.value), control.tick
    assert alone > bends


def test_where_some_notes_can_bend_and_not_others_the_part_that_does_goes_apart() -> None:
    chord = Played([Note(1500, 400, 60, 70.0), Note(1500, 400, 64, 70.0)], [Control(0, "cc", 64, 127.0)], [])
    lead, comp = apart([LEAD, chord])
    assert comp == chord
    assert [n._replace(channel=0) for n in lead.notes] == LEAD.notes and {n.channel for n in lead.notes} == {1}
    assert {c.channel for c in lead.controls} == {1} and len(lead.controls) == len(LEAD.controls)
    assert unbent([lead, comp], 2.0) == [lead, comp], "its bends are nobody's trouble"
    quiet = Played([Note(2600, 100, 60, 70.0)], [], [])
    assert apart([LEAD, quiet]) == [LEAD, quiet]
