"""Substitutions: each by its rule, in every key, and in place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composers.errors import MusicError
from composers.theory.chords import parse_chord
from composers.theory.pitch import KEYS
from composers.theory.progressions import progression
from composers.theory.scales import Key
from composers.theory.substitutions import (
    backdoor,
    coltrane,
    leading_diminished,
    modal_interchange,
    passing_diminished,
    reharmonised,
    related_ii,
    secondary_dominant,
    substitutions,
    tritone,
    two_five,
)


def chord(text: str):  # type: ignore[no-untyped-def]
    return parse_chord(text)


@given(st.sampled_from(KEYS))
def test_a_tritone_substitute_shares_third_and_seventh(root: str) -> None:
    dominant = chord(f"{root}7")
    other = tritone(dominant)
    guides = {(dominant.root.pitch_class + i) % 12 for i in (4, 10)}
    assert {(other.root.pitch_class + i) % 12 for i in (4, 10)} == guides
    assert tritone(other).root.pitch_class == dominant.root.pitch_class


def test_tritone_substitutes_fall_by_a_step_onto_the_goal() -> None:
    assert [str(tritone(chord(d))) for d in ("G7", "A7", "F7", "C7alt", "E7b9")] == ["Db7", "Eb7", "Cb7", "Gb7", "Bb7"]
    with pytest.raises(MusicError, match="no tritone"):
        tritone(chord("Cmaj7"))


def test_secondary_dominants_and_their_ii() -> None:
    assert str(secondary_dominant(chord("G"))) == "D7"
    assert str(secondary_dominant(chord("Dm7"))) == "A7b9"
    assert [str(c) for c in two_five(chord("Dm7"))] == ["Em7b5", "A7b9"]
    assert [str(c) for c in two_five(chord("Fmaj7"))] == ["Gm7", "C7"]
    assert str(related_ii(chord("G7"))) == "Dm7"
    assert str(related_ii(chord("G7b9"))) == "Dm7b5"
    with pytest.raises(MusicError, match="no related ii"):
        related_ii(chord("Cm7"))


def test_backdoor_and_diminished() -> None:
    assert [str(c) for c in backdoor(chord("Cmaj7"))] == ["Fm7", "Bb7"]
    assert str(leading_diminished(chord("Dm7"))) == "C#o7"
    assert str(passing_diminished(chord("Cmaj7"), chord("Dm7"))) == "C#o7"
    assert str(passing_diminished(chord("Em7"), chord("Dm7"))) == "Ebo7"
    assert passing_diminished(chord("C"), chord("G")) is None


def test_coltrane_changes_keep_their_first_chord_and_goal() -> None:
    made = [str(c) for c in coltrane(chord("Dm7"), chord("G7"), chord("Cmaj7"))]
    assert made == ["Dm7", "Eb7", "Abmaj7", "B7", "Emaj7", "G7", "Cmaj7"]
    with pytest.raises(MusicError, match="no ii-V-I"):
        coltrane(chord("Dm7"), chord("G7"), chord("Am7"))


def test_coltrane_changes_in_place() -> None:
    four = progression("Dm7 | G7 | Cmaj7 | Cmaj7")
    assert reharmonised(four, 0, "coltrane").chart == "Dm7 Eb7 | Abmaj7 B7 | Emaj7 G7 | Cmaj7"
    with pytest.raises(MusicError, match="only 2 chords"):
        reharmonised(four, 2, "coltrane")


def test_modal_interchange_borrows_what_the_key_has_not() -> None:
    borrowed = modal_interchange(Key.parse("C"))
    assert [str(c) for c in borrowed["minor"]] == ["Cm7", "Dm7b5", "Ebmaj7", "Fm7", "Gm7", "Abmaj7", "Bb7"]
    assert "major" not in borrowed
    assert "Dbmaj7" in map(str, borrowed["phrygian"])
    own = {"C", "Dm", "Em", "F", "G", "Am", "Bo"}
    assert not own & {str(c) for chords in modal_interchange(Key.parse("C"), sevenths=False).values() for c in chords}


def test_every_offer_says_why_and_applies() -> None:
    blues = progression("rhythm changes", "Bb")
    applied = 0
    for index in range(8):
        for offer in substitutions(blues[index], blues[index + 1], blues.key):
            assert offer.why
            changed = reharmonised(blues, index, offer.name)
            assert len(changed.bars) == len(blues.bars)
            applied += 1
    assert applied > 20


def test_in_place_by_name() -> None:
    made = progression("ii-V-I")
    assert str(reharmonised(made, 1, "tritone")) == "[Dm7, Db7, Cmaj7]"
    assert reharmonised(made, 1, "backdoor").chart == "Dm7 | Fm7 Bb7 | Cmaj7"
    assert reharmonised(made, 0, "secondary ii-V").chart == "Em7b5 A7b9 Dm7 | G7 | Cmaj7"
    with pytest.raises(MusicError, match=r"does not apply to Dm7 .* choose one of dominant for ii"):
        reharmonised(made, 0, "tritone")
    with pytest.raises(MusicError, match="count from 0"):
        reharmonised(made, 3, "tritone")
