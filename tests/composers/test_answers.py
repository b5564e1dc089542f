"""Answers: the call's rhythm and motif on the chords of another place, within the compass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composers.answers import WAYS, answer, similarity
from composers.errors import MusicError
from composers.score import PPQ, Note
from composers.theory.chords import parse_chord
from composers.theory.scales import Key

C = Key.parse("C")
CALL = tuple(Note(960 * i // 2 + 7, 400, p, 80.0) for i, p in enumerate((67, 69, 71, 74, 72, 69)))
BAR = 4 * PPQ
CHORDS = ((8 * BAR, "Dm7"), (8 * BAR + 1920, "G7"), (9 * BAR, "Cmaj7"))


@pytest.mark.parametrize("way", WAYS)
def test_rhythm_is_kept_the_end_is_of_the_chord_and_the_shape_is_near(way: str) -> None:
    got = answer(CALL, 8 * BAR, CHORDS, C, 55, 84, 1, way=way)
    assert [n.start - 8 * BAR for n in got] == [n.start - CALL[0].start for n in CALL]
    assert [n.length for n in got] == [n.length for n in CALL]
    last = parse_chord("G7" if got[-1].start < 9 * BAR else "Cmaj7")
    assert (got[-1].pitch - last.root.pitch_class) % 12 in last.tones[:3]
    assert similarity(CALL, got) > 0.7


def test_different_identities_give_different_answers_and_the_same_the_same() -> None:
    made = {tuple(n.pitch for n in answer(CALL, 8 * BAR, CHORDS, C, 55, 84, seed)) for seed in range(12)}
    assert len(made) >= 4
    assert answer(CALL, 8 * BAR, CHORDS, C, 55, 84, 3) == answer(CALL, 8 * BAR, CHORDS, C, 55, 84, 3)


@given(st.lists(st.integers(0, 127), min_size=1, max_size=12), st.integers(30, 60), st.integers(12, 40), st.integers())
def test_any_line_is_answered_within_the_compass(pitches: list[int], low: int, wide: int, seed: int) -> None:
    call = [Note(480 * i, 300, p, 127.0) for i, p in enumerate(pitches)]
    got = answer(call, 0, ((0, "F#7alt"),), Key.parse("F#", "minor"), low, low + wide, seed)
    assert len(got) == len(call) and all(low <= n.pitch <= low + wide and 0 < n.velocity <= 127 for n in got)


def test_a_phrase_is_like_itself_turned_over_too_and_not_like_another() -> None:
    turned = [n._replace(pitch=140 - n.pitch) for n in CALL]
    other = [Note(1313 * i, 400, p, 80.0) for i, p in enumerate((60, 72, 60, 60, 61, 80))]
    assert similarity(CALL, CALL) == similarity(CALL, turned) == 1.0
    assert similarity(CALL, other) < 0.4 and similarity(CALL, ()) == 0.0


def test_nothing_cannot_be_answered() -> None:
    with pytest.raises(MusicError, match="nothing to answer"):
        answer((), 0, (), C, 40, 80)
