"""Intervals and pitches: names there and back, arithmetic that keeps letters, and music21's word on all of it."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composers.errors import MusicError
from composers.theory.intervals import NAMED, Interval, interval_of
from composers.theory.pitch import (
    KEYS,
    Pitch,
    PitchName,
    cents_between,
    circle_of_fifths,
    of_fifths,
    parse_pitch_name,
)

names = st.builds(PitchName, st.integers(0, 6), st.integers(-2, 2))
pitches = st.builds(Pitch, names, st.integers(-1, 9), st.integers(-99, 99).map(float))
QUALITIES = ["P1", "P4", "P5", "P8", "P11", *(f"{q}{n}" for q in "Mm" for n in (2, 3, 6, 7, 9, 10, 13)),
             *(f"{q}{n}" for q in ("A", "d", "AA", "dd") for n in range(2, 15)), "A1", "AA1"]
SEED = ["Perfect Unison", "Minor Second", "Major Second", "Minor Third", "Major Third", "Perfect Fourth",
        "Augmented Fourth", "Perfect Fifth", "Minor Sixth", "Major Sixth", "Minor Seventh", "Major Seventh",
        "Perfect Octave"]


def test_the_thirteen_of_an_octave_by_name() -> None:
    assert [interval_of(n).name for n in range(13)] == SEED
    assert Interval.parse("TT") == Interval.parse("A4") == interval_of(6)
    assert Interval.parse("d5").semitones == 6 and Interval.parse("d5") != Interval.parse("A4")
    assert len(NAMED) == 13


@pytest.mark.parametrize("text", [*QUALITIES, *("-" + q for q in QUALITIES if q != "P1")])
def test_names_come_back(text: str) -> None:
    assert str(Interval.parse(text)) == text


def test_compounds_inversions_and_long_names() -> None:
    tenth = Interval.parse("m10")
    assert tenth.compound and str(tenth.simple) == "m3" and tenth.name == "Minor Tenth"
    assert [str(Interval.parse(x).inverted) for x in ("M3", "A4", "P5", "d7", "P1", "P8", "M2")] == [
        "m6", "d5", "P4", "A2", "P8", "P1", "m7"]
    assert Interval.parse("M17").name == "Major 17th" and Interval.parse("dd5").name == "Doubly Diminished Fifth"


@pytest.mark.parametrize("text", ["", "P3", "M5", "m4", "5", "H2", "P0", "d1", "M3 up"])
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(MusicError, match="is not one"):
        Interval.parse(text)


@given(pitches, st.sampled_from(QUALITIES), st.booleans())
def test_up_and_down_again(pitch: Pitch, text: str, down: bool) -> None:
    interval = -Interval.parse(text) if down else Interval.parse(text)
    there = pitch.transposed(interval)
    assert there.midi == pitch.midi + interval.semitones
    assert there.transposed(-interval) == pitch
    assert pitch.interval_to(there) == interval


@given(pitches)
def test_pitches_print_and_parse(pitch: Pitch) -> None:
    assert Pitch.parse(str(pitch)) == pitch


def test_octaves_change_between_b_and_c() -> None:
    assert Pitch.parse("B#3").midi == 60 == Pitch.parse("C4").midi and Pitch.parse("Cb4").midi == 59
    assert Pitch.parse("A4").hz == 440 and Pitch.parse("A4-50c").hz == pytest.approx(427.47, abs=0.01)
    assert str(Pitch.of_midi(61)) == "C#4" and str(Pitch.of_midi(61, flats=True)) == "Db4"
    assert cents_between(440, 660) == pytest.approx(701.955, abs=0.001)
    with pytest.raises(MusicError, match="pitch 'H4'"):
        Pitch.parse("H4")


def test_the_circle_of_fifths_and_enharmonics() -> None:
    assert " ".join(map(str, circle_of_fifths())) == "C G D A E B Gb Db Ab Eb Bb F"
    assert " ".join(map(str, circle_of_fifths(flats_from=8))) == "C G D A E B F# C# Ab Eb Bb F"
    assert str(circle_of_fifths(parse_pitch_name("Eb"))[1]) == "Bb"
    assert [str(n) for n in parse_pitch_name("C#").enharmonics] == ["Db", "B##"]
    assert parse_pitch_name("F#") not in parse_pitch_name("F#").enharmonics
    assert all(of_fifths(parse_pitch_name(k).fifths) == parse_pitch_name(k) for k in KEYS)


def test_music21_agrees_on_every_interval_from_every_name() -> None:
    m21 = pytest.importorskip("music21", reason="pip install music21")
    disagree = []
    spelled = [PitchName(letter, alter) for letter in range(7) for alter in (-1, 0, 1)]
    for name, text in product(spelled, QUALITIES):
        if len(text.rstrip("0123456789")) > 1:
            continue
        theirs = m21.interval.Interval(text).transposePitch(m21.pitch.Pitch(str(name).replace("b", "-") + "4"))
        ours = Pitch(name, 4).transposed(Interval.parse(text))
        printed = f"{str(ours.name).replace('b', '-')}{ours.octave}"
        if abs(ours.name.alter) <= 3 and printed != theirs.nameWithOctave:
            disagree.append((str(name), text, str(ours), theirs.nameWithOctave))
    assert not disagree


def test_music21_agrees_between_any_two_names() -> None:
    m21 = pytest.importorskip("music21", reason="pip install music21")
    spelled = [PitchName(letter, alter) for letter in range(7) for alter in (-1, 0, 1)]
    for low, high in product(spelled, spelled):
        a, b = (m21.pitch.Pitch(str(n).replace("b", "-") + str(octave)) for n, octave in ((low, 4), (high, 5)))
        theirs = m21.interval.Interval(a, b)
        assert Pitch(low, 4).interval_to(Pitch(high, 5)).semitones == theirs.semitones
        assert str(Pitch(low, 4).interval_to(Pitch(high, 5))) == theirs.name, (low, high)
