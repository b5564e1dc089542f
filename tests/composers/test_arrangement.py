"""Songs in sections: laid out whole, endless by arithmetic, and jumped about in."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composers.composer import Cue
from composers.errors import MusicError
from composers.forms import Arrangement, Cued, Form, Section, Stretch

INTRO, OUTRO = Stretch("intro", "intro", 4, 0.4), Stretch("outro", "outro", 4, 0.5)
VERSE, CHORUS = Stretch("verse", "A", 8, 0.5), Stretch("chorus", "B", 8, 0.8, chart_bar=8)
BRIDGE = Stretch("bridge", "C", 4, 0.6, 0.9)
SONG = ((INTRO,), (VERSE, CHORUS, VERSE, CHORUS, BRIDGE, CHORUS), (OUTRO,))
arrangements = st.builds(
    Arrangement,
    opening=st.sampled_from(((), (INTRO,), (INTRO, BRIDGE))),
    cycle=st.sampled_from((SONG[1], (VERSE,), (BRIDGE, VERSE))),
    closing=st.sampled_from(((), (OUTRO,))),
    length=st.none() | st.integers(1, 300),
)


def sections(form: Form, bars: int) -> list[Section]:
    found: list[Section] = []
    bar = 0
    while bar < bars and (section := form.section(bar)) is not None:
        found.append(section)
        bar = section.end_bar
    return found


@given(arrangements, st.integers(0, 400))
def test_every_bar_is_in_one_section_that_says_the_same_of_all_its_bars(form: Arrangement, bar: int) -> None:
    section = form.section(bar)
    if section is None:
        assert form.length is not None and bar >= form.length
        return
    assert section.first_bar <= bar < section.end_bar and 0 <= section.energy <= 1
    assert all(form.section(b) == section for b in range(section.first_bar, section.end_bar))
    before = form.section(section.first_bar - 1) if section.first_bar else None
    assert before is None or before.end_bar == section.first_bar


@given(arrangements.filter(lambda a: a.length is not None))
def test_a_piece_with_a_length_ends_there_with_an_ending(form: Arrangement) -> None:
    assert form.length is not None
    found = sections(form, 1000)
    assert found[-1].role == "ending" and found[-1].end_bar == form.length
    assert sum(s.bars for s in found) == form.length
    assert found[-1].bars == min(2, form.length)


def test_a_song_that_fits_is_played_as_written() -> None:
    found = sections(Arrangement(*SONG, length=4 + 44 + 4 + 2), 99)
    assert [s.role for s in found] == [
        "intro", "verse", "chorus", "verse", "chorus", "bridge", "chorus", "outro", "ending",
    ]  # fmt: skip
    assert [s.turn for s in found[1:7]] == [0, 0, 1, 1, 0, 2]
    assert found[6].closes and not found[5].closes
    assert found[5].energy_end == 0.9


def test_what_is_left_over_makes_the_intro_longer_or_cuts_the_last_section() -> None:
    longer = sections(Arrangement(*SONG, length=4 + 44 + 4 + 2 + 3), 99)
    assert longer[0].bars == 7 and longer[-2].role == "outro"
    cut = sections(Arrangement(*SONG, length=4 + 44 + 4 + 2 + 5), 99)
    assert cut[0].bars == 4 and (cut[7].role, cut[7].bars, cut[7].written) == ("verse", 5, 8)


def test_time_goes_round_hotter() -> None:
    form = Arrangement(*SONG)
    first, second = form.section(4), form.section(4 + 44)
    assert first is not None and second is not None
    assert (first.role, second.role, second.chorus) == ("verse", "verse", 1)
    assert second.energy > first.energy
    far = form.section(4 + 44 * 100_000)
    assert far is not None and far.role == "verse" and far.energy <= 1


def test_a_short_piece_keeps_an_ending_before_all_else() -> None:
    assert [s.role for s in sections(Arrangement(*SONG, length=1), 9)] == ["ending"]
    assert [s.role for s in sections(Arrangement(*SONG, length=9), 20)] == ["verse", "ending"]


def test_lengths_and_cycles_that_are_none_are_refused() -> None:
    with pytest.raises(MusicError, match="length = 0"):
        Arrangement(*SONG, length=0)
    with pytest.raises(MusicError, match="without a cycle"):
        Arrangement((INTRO,), ())


# Jumps ------------------------------------------------------------------------------------------------------------


def test_places_have_names_and_numbers() -> None:
    form = Arrangement((INTRO,), (VERSE, CHORUS, VERSE))
    assert form.places()[:5] == ("intro", "verse", "chorus", "verse 2", "verse 3")
    assert (form.find("chorus"), form.find("Verse 2"), form.find("B"), form.find("chorus B")) == (12, 20, 12, 12)
    assert form.find("solo") is None


def test_a_jump_goes_on_from_the_section_it_names() -> None:
    endless = Arrangement(*SONG)
    form = Cued(endless, endless, (Cue(6, "bridge"), Cue(30, "verse")))
    found = sections(form, 40)
    assert [(s.role, s.first_bar, s.bars) for s in found][:5] == [
        ("intro", 0, 4), ("verse", 4, 2), ("bridge", 6, 4), ("chorus", 10, 8), ("verse", 18, 8),
    ]  # fmt: skip
    assert next(s for s in found if s.first_bar == 30).role == "verse"
    assert all(a.end_bar == b.first_bar for a, b in pairwise(found))


def test_a_piece_with_a_length_ends_there_whatever_was_jumped_to() -> None:
    form = Cued(Arrangement(*SONG, length=60), Arrangement(*SONG), (Cue(57, "chorus"),), 60)
    found = sections(form, 99)
    assert [(s.role, s.first_bar, s.bars) for s in found][-2:] == [("chorus", 57, 1), ("ending", 58, 2)]


@given(arrangements, st.lists(st.tuples(st.integers(0, 80), st.sampled_from(("verse", "A"))), max_size=4),
       st.integers(0, 120))  # fmt: skip
def test_jumps_leave_no_bar_out(form: Arrangement, jumps: list[tuple[int, str]], bar: int) -> None:
    endless = Arrangement(form.opening, form.cycle, form.closing)
    cues = tuple(Cue(*jump) for jump in sorted(jumps) if endless.find(jump[1]) is not None)
    cued = Cued(form, endless, cues, form.length)
    section = cued.section(bar)
    if section is None:
        assert form.length is not None and bar >= form.length
        return
    assert section.first_bar <= bar < section.end_bar
    assert all(cued.section(b) == section for b in range(section.first_bar, section.end_bar))


def test_a_section_that_is_not_there_is_refused_with_those_that_are() -> None:
    endless = Arrangement(*SONG)
    with pytest.raises(MusicError, match="'drop' is not one of this form: choose one of intro, verse, chorus"):
        Cued(endless, endless, (Cue(3, "drop"),))
