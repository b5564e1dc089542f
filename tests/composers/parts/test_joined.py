"""Notes fitted together within a track, and over the end of a section."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from composers.parts.joined import followed, legato, merged
from composers.score import PPQ, Note

_NOTES = st.lists(
    st.tuples(st.integers(0, 3839), st.integers(1, 6000), st.integers(60, 63), st.floats(1.0, 127.0)).map(
        lambda values: Note(*values)
    ),
    max_size=30,
)


def test_merging_makes_one_note_of_two_at_once() -> None:
    notes = [Note(0, 2000, 60, 50.0), Note(20, 400, 60, 70.0), Note(960, 900, 60, 60.0), Note(960, 5000, 64, 60.0)]
    assert merged(notes) == [Note(0, 959, 60, 70.0), Note(960, 900, 60, 60.0), Note(960, 5000, 64, 60.0)]


@given(_NOTES, _NOTES)
def test_no_key_is_struck_while_it_sounds(notes: list[Note], more: list[Note]) -> None:
    after = merged([note._replace(start=note.start + 3840) for note in more])
    whole = [*followed(merged(notes), after, 3840), *after]
    for key in range(60, 64):
        mine = [note for note in whole if note.pitch == key]
        assert all(a.end < b.start for a, b in pairwise(mine))
        assert all(b.start - a.start >= PPQ // 16 for a, b in pairwise(merged(notes)) if a.pitch == b.pitch == key)
    assert {note.pitch for note in notes} == {note.pitch for note in merged(notes)}


def test_what_rings_over_ends_before_the_key_comes_again() -> None:
    notes = merged([Note(0, 3000, 60, 60.0), Note(960, 5000, 64, 60.0), Note(1920, 5000, 65, 60.0)])
    after = [Note(4000, 10, 64, 60.0), Note(4500, 10, 64, 60.0)]
    assert followed(notes, after, 3840) == [notes[0], Note(960, 3039, 64, 60.0), notes[2]]
    assert followed(notes, (), 3840) == notes


def test_legato_leaves_one_voice() -> None:
    notes = legato([Note(0, 2000, 60, 50.0), Note(960, 5000, 62, 60.0)])
    assert notes == [Note(0, 959, 60, 50.0), Note(960, 5000, 62, 60.0)]
    assert followed(notes, [Note(3840, 10, 70, 60.0)], 3840, single=True)[1] == Note(960, 2879, 62, 60.0)


@given(_NOTES)
def test_one_voice_never_sounds_twice(notes: list[Note]) -> None:
    assert all(a.end < b.start or b.start - a.start <= 1 for a, b in pairwise(legato(merged(notes))))
