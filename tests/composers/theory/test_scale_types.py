"""Every scale that the program names: steps, spelling, modes, ways down, and music21's word where it knows one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composers.errors import MusicError
from composers.theory.pitch import KEYS, parse_pitch_name
from composers.theory.scale_types import (
    CATALOGUE,
    ScaleType,
    custom_scale,
    find_scale_type,
    interval_names,
    scale_names,
    scales_with,
)
from composers.theory.scales import SCALES


def _notes(name: str, tonic: str = "C") -> str:
    return str(find_scale_type(name).on(tonic))


@pytest.mark.parametrize(("name", "tonic", "notes"), [
    ("major", "C", "[C, D, E, F, G, A, B]"), ("natural minor", "G#", "[G#, A#, B, C#, D#, E, F#]"),
    ("harmonic minor", "A", "[A, B, C, D, E, F, G#]"), ("melodic minor", "C", "[C, D, Eb, F, G, A, B]"),
    ("dorian", "Bb", "[Bb, C, Db, Eb, F, G, Ab]"), ("phrygian", "E", "[E, F, G, A, B, C, D]"),
    ("lydian", "F", "[F, G, A, B, C, D, E]"), ("mixolydian", "Gb", "[Gb, Ab, Bb, Cb, Db, Eb, Fb]"),
    ("locrian", "B", "[B, C, D, E, F, G, A]"), ("bebop dominant", "G", "[G, A, B, C, D, E, F, F#]"),
    ("altered", "G", "[G, Ab, Bb, Cb, Db, Eb, F]"), ("whole tone", "C", "[C, D, E, F#, G#, A#]"),
    ("half-whole diminished", "C", "[C, Db, Eb, E, F#, G, A, Bb]"),
    ("whole-half diminished", "C", "[C, D, Eb, F, Gb, Ab, A, B]"),
    ("pentatonic major", "F#", "[F#, G#, A#, C#, D#]"), ("pentatonic minor", "A", "[A, C, D, E, G]"),
    ("blues", "C", "[C, Eb, F, Gb, G, Bb]"), ("in", "D", "[D, Eb, G, A, Bb]"), ("yo", "D", "[D, E, G, A, B]"),
    ("hirajoshi", "C", "[C, D, Eb, G, Ab]"), ("iwato", "B", "[B, C, E, F, A]"),
    ("bhairav", "C", "[C, Db, E, F, G, Ab, B]"), ("kafi", "C", "[C, D, Eb, F, G, A, Bb]"),
    ("todi", "C", "[C, Db, Eb, F#, Ab, B]"), ("marwa", "C", "[C, Db, E, F#, A, B]"),
    ("maqam rast", "C", "[C, D, E-50c, F, G, A, B-50c]"), ("nahawand", "C", "[C, D, Eb, F, G, Ab, B]"),
    ("hijaz", "D", "[D, Eb, F#, G, A, Bb, C]"), ("saba", "D", "[D, E-50c, F, Gb, A, Bb, C]"),
    ("hungarian minor", "A", "[A, B, C, D#, E, F, G#]"), ("gypsy", "C", "[C, Db, E, F, G, Ab, B]"),
])
def test_every_scale_of_the_foundation_is_spelled(name: str, tonic: str, notes: str) -> None:
    assert _notes(name, tonic) == notes


@pytest.mark.parametrize(("name", "down"), [
    ("melodic minor", "C Bb Ab G F Eb D C"), ("rast", "C Bb A G F E-50c D C"), ("nahawand", "C Bb Ab G F Eb D C"),
    ("todi", "C B Ab G F# Eb Db C"), ("major", "C B A G F E D C"),
])
def test_some_go_down_another_way(name: str, down: str) -> None:
    assert " ".join(map(str, find_scale_type(name).on("C").descending)) == down


def test_ragas_tell_their_chief_notes() -> None:
    for name, vadi, samvadi in (("bhairav", "Ab", "Db"), ("kafi", "G", "C"), ("todi", "Ab", "Eb"),
                                ("marwa", "Db", "A")):
        spelled = find_scale_type(name).on("C")
        roles = spelled.type.roles
        assert (str(spelled.degree(roles["vadi"])), str(spelled.degree(roles["samvadi"]))) == (vadi, samvadi), name


def test_patterns_as_people_write_them() -> None:
    assert find_scale_type("major").pattern == "W-W-H-W-W-W-H"
    assert find_scale_type("hungarian minor").pattern == "W-H-W+H-H-H-W+H-H"
    assert find_scale_type("gypsy").pattern == "H-W+H-H-W-H-W+H-H", "an octave; without the whole step it would be ten"
    assert interval_names(find_scale_type("rast")) == ["P1", "M2", "M3-50c", "P4", "P5", "M6", "M7-50c"]


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda s: s.name)
def test_each_is_sound_in_every_key(kind: ScaleType) -> None:
    assert kind.cents[0] == 0 and list(kind.cents) == sorted(set(kind.cents)) and kind.cents[-1] < 1200
    assert sum(kind.steps) == pytest.approx(kind.period) and len(kind.letters) == len(kind)
    for tonic in KEYS:
        spelled = kind.on(tonic)
        assert spelled[0].name == parse_pitch_name(tonic)
        for note, cents in zip(spelled, kind.cents, strict=True):
            off = note.name.pitch_class * 100 + note.cents - spelled.tonic.pitch_class * 100 - cents
            assert abs((off + 600) % 1200 - 600) < 0.001
            assert abs(note.name.alter) <= 3
        if len(kind) == 7:
            assert len({note.name.letter for note in spelled}) == 7


def test_modes_relatives_and_parallels() -> None:
    major = find_scale_type("major").on("C")
    assert [major.mode(d).name for d in range(1, 8)] == [
        "C major", "D dorian", "E phrygian", "F lydian", "G mixolydian", "A minor", "B locrian"]
    assert find_scale_type("melodic minor").mode(7).name == "altered"
    assert find_scale_type("harmonic minor").mode(5).name == "phrygian dominant"
    assert str(find_scale_type("minor").on("Eb").relative("major")) == "[Gb, Ab, Bb, Cb, Db, Eb, F]"
    assert major.relative("minor").name == "A minor" and major.parallel("minor").name == "C minor"
    with pytest.raises(MusicError, match="C major has no relative altered"):
        major.relative("altered")
    with pytest.raises(MusicError, match="major has no degree 8"):
        major.mode(8)


def test_degrees_and_membership() -> None:
    spelled = find_scale_type("major").on("D")
    assert str(spelled.degree(3)) == "F#" == str(spelled.degree(10)) and spelled.degree_of("Gb") == 3
    assert "F#" in spelled and "F" not in spelled and len(spelled) == 7
    assert spelled.pitch_classes == (2, 4, 6, 7, 9, 11, 1)


def test_which_scales_hold_these_notes() -> None:
    found = {s.name for s in scales_with(["C", "E", "F#", "Bb"], tonic="C")}
    assert {"C lydian dominant", "C whole tone"} <= found and "C mixolydian" not in found
    assert all({0, 4, 7} <= set(s.pitch_classes) for s in scales_with(["C", "E", "G"]))
    assert "G major" in {s.name for s in scales_with(["C", "E", "G"])}
    with pytest.raises(MusicError, match="no notes"):
        scales_with([])


def test_ones_own() -> None:
    mine = custom_scale("Custom", [0, 2, 4, 5, 7, 9, 11])
    assert str(mine.on("D")) == "[D, E, F#, G, A, B, C#]" and mine.cents == find_scale_type("major").cents
    slendro = custom_scale("slendro", [0, 240, 480, 720, 960], cents=True)
    assert str(slendro.on("C")) == "[C, D+40c, F-20c, G+20c, Bb-40c]"
    assert custom_scale("half", [0, 1.5, 7]).cents == (0, 150, 700)
    for steps in ([], [1, 2], [0, 2, 2], [0, 5, 4], [0, 12]):
        with pytest.raises(MusicError, match=r"scale 'x' = .* is not one"):
            custom_scale("x", steps)


@given(st.lists(st.integers(1, 1199), unique=True, max_size=12))
def test_any_steps_are_spelled_truly(steps: list[int]) -> None:
    kind = custom_scale("any", [0, *sorted(steps)], cents=True)
    for note, cents in zip(kind.on("Eb"), kind.cents, strict=True):
        assert ((note.name.pitch_class - 3) * 100 + note.cents - cents) % 1200 == pytest.approx(0, abs=1e-3)


def test_names_are_found_as_people_write_them_and_refused_with_what_is_near() -> None:
    assert find_scale_type("Natural_Minor") is find_scale_type("minor")
    assert find_scale_type("Half-Whole Diminished") is find_scale_type("half whole diminished")
    with pytest.raises(MusicError, match="scale 'dorain' is not known: did you mean 'dorian'"):
        find_scale_type("dorain")
    assert len(set(scale_names())) == len(scale_names()) >= 55


def test_the_scales_of_improvisers_are_the_same() -> None:
    for name, semitones in SCALES.items():
        assert find_scale_type(name).semitones == semitones, name


def test_music21_agrees_where_it_knows_the_scale() -> None:
    m21 = pytest.importorskip("music21", reason="pip install music21")
    pairs = {name: f"{name.title().replace(' ', '')}Scale" for name in (
        "major", "minor", "harmonic minor", "melodic minor", "dorian", "phrygian", "lydian", "mixolydian", "locrian",
        "whole tone")}
    for name, theirs in pairs.items():
        for tonic in KEYS:
            their = getattr(m21.scale, theirs)(tonic.replace("b", "-"))
            up = [p.name.replace("-", "b") for p in their.getPitches(f"{tonic.replace('b', '-')}4")]
            ours = [str(n) for n in find_scale_type(name).on(tonic)]
            if name == "whole tone":  # it respells beyond double sharps
                assert {parse_pitch_name(n).pitch_class for n in up} == {parse_pitch_name(n).pitch_class for n in ours}
            else:
                assert up[: len(ours)] == ours, (name, tonic)
