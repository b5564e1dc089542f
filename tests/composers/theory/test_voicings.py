"""Voicings in every style: the shapes of the books, within the compass of every instrument, spelled."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composers.errors import MusicError
from composers.instrumentation import DRUMS, INSTRUMENTS
from composers.registers import REGISTERS, Register, register_of
from composers.theory.chord_kinds import QUALITIES
from composers.theory.chord_shapes import (
    available,
    close,
    cluster,
    core,
    drop,
    quartal,
    shell,
    spread,
    upper_structure,
    upper_structures,
)
from composers.theory.chords import Chord, NoChord, PolyChord, parse_chord, parse_symbol
from composers.theory.pitch import KEYS
from composers.theory.voicings import STYLES, is_clear, rootless, voice

WITH_SEVENTHS = [q for q in QUALITIES if len(parse_chord("C" + q).tones) >= 4 or "alt" in q]
chords = st.builds(lambda root, quality: parse_chord(root + quality), st.sampled_from(KEYS), st.sampled_from(QUALITIES))
sevenths = st.builds(
    lambda root, quality: parse_chord(root + quality), st.sampled_from(KEYS), st.sampled_from(WITH_SEVENTHS)
)


def c(quality: str) -> Chord:
    return parse_chord("C" + quality)


@pytest.mark.parametrize(
    ("style", "expected"),
    [("close", "C4 E4 G4 B4"), ("drop-2", "G3 C4 E4 B4"), ("drop-3", "E3 C4 G4 B4"), ("drop-2-4", "C3 G3 E4 B4"),
     ("quartal", "B3 E4 A4 D5"), ("cluster", "B3 C4 D4 E4"), ("spread", "C3 G3 E4 B4"), ("shell", "C4 E4 B4"),
     ("rootless-a", "E4 G4 B4 D5"), ("rootless-b", "B3 D4 E4 G4"), ("upper-structure", "E3 B3 D4 F#4 A4")],
)  # fmt: skip
def test_a_major_seventh_in_every_style(style: str, expected: str) -> None:
    assert str(voice(c("maj7"), style)) == expected


def test_drops_of_every_inversion() -> None:
    """Pease & Pullig's tables for C7, over the root's key."""
    assert [drop(close(c("7"), n), 2) for n in range(4)] == [
        (-5, 0, 4, 10), (-2, 4, 7, 12), (0, 7, 10, 16), (4, 10, 12, 19)]  # fmt: skip
    assert drop(close(c("7")), 3) == (-8, 0, 7, 10) and drop(close(c("7")), 2, 4) == (-12, -5, 4, 10)


@given(sevenths, st.integers(0, 3))
def test_drops_keep_the_notes_and_open_them(chord: Chord, inversion: int) -> None:
    shape = close(chord, inversion)
    assert shape[-1] - shape[0] < 12
    for which in ((2,), (3,), (2, 4)):
        dropped = drop(shape, *which)
        assert {v % 12 for v in dropped} == {v % 12 for v in shape}
        assert dropped[-1] == shape[-1] and dropped[-1] - dropped[0] > 12 - 1
        assert sum(dropped) == sum(shape) - 12 * len(which)


def test_tensions_stand_for_root_and_fifth_in_close_position() -> None:
    assert close(c("9")) == (2, 4, 7, 10) and close(c("13")) == (2, 4, 9, 10) and close(c("7alt")) == (3, 4, 8, 10)
    assert close(c("7b9")) == (1, 4, 7, 10) and close(c("m7add11")) == (0, 3, 5, 10)
    assert close(c("add9")) == (0, 2, 4, 7)


@given(sevenths)
def test_close_position_keeps_the_guide_tones(chord: Chord) -> None:
    third, _, seventh = core(chord)
    assert {third, seventh} & set(chord.intervals) <= set(close(chord))


def test_quartal_stacks() -> None:
    found = {quartal(c("m11"), n, 5) for n in range(3)}
    assert (0, 5, 10, 15, 19) in found  # "So What"
    assert quartal(c("13")) == (10, 16, 21, 26)


@given(chords)
def test_quartal_is_in_fourths_of_the_chords_own_notes(chord: Chord) -> None:
    shape = quartal(chord)
    gaps = [b - a for a, b in pairwise(shape)]
    assert set(gaps[:-1]) <= {5, 6} and gaps[-1] in (4, 5, 6)
    assert {v % 12 for v in shape} <= available(chord)


@given(chords.filter(lambda chord: chord.family != "power"))
def test_clusters_are_narrow(chord: Chord) -> None:
    shape = cluster(chord)
    assert len(shape) >= 3 and all(b - a <= 3 for a, b in pairwise(shape))
    assert {v % 12 for v in shape} <= available(chord)
    if not set(chord.intervals) - {0, 3, 6, 9}:
        return
    assert any(b - a <= 2 for a, b in pairwise(shape))


@given(chords.filter(lambda chord: len(chord.tones) >= 3), st.integers(0, 2))
def test_spread_is_wide_and_whole(chord: Chord, inversion: int) -> None:
    shape = spread(chord, inversion)
    assert shape[-1] - shape[0] > 12 and all(2 <= b - a <= 13 for a, b in pairwise(shape))
    missing = {i % 12 for i in chord.intervals} - {v % 12 for v in shape}
    assert missing <= {7}


def test_shells_and_rootless() -> None:
    assert shell(c("7")) == (0, 4, 10) and shell(c("7"), 1) == (0, 10, 16)
    assert shell(c("+")) == (0, 4, 8) and shell(c("o")) == (0, 3, 6) and shell(c("6")) == (0, 4, 9)
    assert voice(c("7"), "rootless-a").keys == tuple(60 + i for i in rootless(c("7"))[0])


@pytest.mark.parametrize("quality", QUALITIES)
def test_rootless_forms_keep_guide_tones_and_contradict_no_tension(quality: str) -> None:
    chord = c(quality)
    third, _, seventh = core(chord)
    has = set(chord.intervals)
    for form in rootless(chord):
        heard = {i % 12 for i in form}
        assert {third, seventh} & has <= heard
        if chord.family == "diminished" and not has & {11, 14}:
            assert heard == {3, 6, 9, 0}
        if 14 in has:
            assert 1 not in heard
        if 13 in has and 15 not in has and chord.family != "half-diminished":
            assert 1 in heard and 2 not in heard


def test_upper_structures_of_a_dominant_are_levines() -> None:
    """II, bV, bVI, VI, bIII major, and I, bII, bIII, #IV minor."""
    triads = {(u.root, u.quality) for u in upper_structures(c("7"))}
    assert {(2, ""), (6, ""), (8, ""), (9, ""), (3, ""), (0, "m"), (1, "m"), (3, "m"), (6, "m")} <= triads
    assert upper_structure(c("7")) == (4, 10, 14, 18, 21)
    altered = {(u.root, u.quality) for u in upper_structures(c("7alt"))}
    assert (6, "") in altered and (8, "") in altered and not {(2, ""), (9, "")} & altered
    assert (2, "") in {(u.root, u.quality) for u in upper_structures(c("13#11"))}
    assert (10, "") in {(u.root, u.quality) for u in upper_structures(c("m7"))}


@given(chords.filter(lambda chord: upper_structures(chord) != ()), st.integers(0, 2))
def test_an_upper_structure_adds_what_it_says(chord: Chord, inversion: int) -> None:
    for triad in upper_structures(chord):
        shape = upper_structure(chord, inversion, triad)
        assert list(shape) == sorted(set(shape)) and len(shape) == 5
        assert set(triad.tensions) <= {v % 12 for v in shape[2:]}
        clashes = {13} if 14 in chord.intervals else {14} if 13 in chord.intervals else set()
        assert not {i % 12 for i in clashes} & {v % 12 for v in shape}


# On instruments ---------------------------------------------------------------------------------------------------


def test_every_pitched_instrument_has_a_register() -> None:
    assert set(REGISTERS) == set(INSTRUMENTS) - set(DRUMS)
    for name, register in REGISTERS.items():
        low, high, easy_low, easy_high = register
        assert 0 <= low <= easy_low < easy_high <= high <= 127, name
    assert register_of("Alto Sax") == (49, 81, 53, 77)
    for name in ("drums", "theremin"):
        with pytest.raises(MusicError, match=f"instrument '{name}'"):
            register_of(name)


@given(chords, st.sampled_from(sorted(STYLES)), st.sampled_from(sorted(REGISTERS)), st.integers(0, 3))
def test_voicings_lie_in_the_compass_and_are_spelled(chord: Chord, style: str, instrument: str, inversion: int) -> None:
    try:
        voicing = voice(chord, style, inversion=inversion, instrument=instrument)
    except MusicError as error:
        assert "give" in str(error) or "take" in str(error)
        return
    low, high, *_ = register_of(instrument)
    assert low <= voicing.keys[0] and voicing.keys[-1] <= high
    assert list(voicing.keys) == sorted(set(voicing.keys))
    assert tuple(p.midi for p in voicing.pitches) == voicing.keys
    if style in ("close", "spread"):
        assert {p.name for p in voicing.pitches} <= set(chord.notes)


@pytest.mark.parametrize("style", STYLES)
def test_sevenths_fit_piano_and_guitar_in_every_key_and_are_clear(style: str) -> None:
    for root in KEYS:
        for quality in ("7", "maj7", "m7", "m7b5", "9", "13", "m9"):
            chord = parse_chord(root + quality)
            for instrument in ("piano", "guitar"):
                assert voice(chord, style, instrument=instrument).keys
            assert is_clear(voice(chord, style).keys)


def test_near_moves_the_voicing() -> None:
    assert voice(c("7"), near=53).keys == (48, 52, 55, 58) and voice(c("7"), near=77).keys == (72, 76, 79, 82)


def test_a_slash_bass_is_lowest() -> None:
    for style in STYLES:
        for symbol in ("C7/E", "Dm7/G", "C7/Bb", "Fmaj7/G"):
            chord = parse_chord(symbol)
            assert voice(chord, style).keys[0] % 12 == chord.bass_pitch_class, (style, symbol)
    assert str(voice(parse_chord("C/E"))) == "E4 G4 C5"


def test_poly_chords_one_above_the_other() -> None:
    poly = parse_symbol("D|C7")
    assert not isinstance(poly, NoChord)
    assert str(voice(poly)) == "C3 E3 G3 Bb3 D4 F#4 A4" and str(voice(poly, inversion=1)) == "C3 E3 G3 Bb3 F#4 A4 D5"
    over_bass = parse_symbol("Gb|C7/Bb")
    assert isinstance(over_bass, PolyChord) and voice(over_bass).keys[0] % 12 == 10
    with pytest.raises(MusicError, match=r"poly chord D\|C7 in drop-2"):
        voice(poly, "drop-2")


def test_errors_name_the_remedy() -> None:
    for call, words in (
        (lambda: voice(c("7"), "drop-5"), "voicing 'drop-5' is not known: choose one of close"),
        (lambda: voice(c("7"), inversion=4), "inversion 4 of 4 voices: give 0 to 3"),
        (lambda: voice(c(""), "drop-2-4"), "drop 2\\+4 of 3 voices"),
        (lambda: voice(c("5"), "cluster"), "no cluster 0"),
        (lambda: voice(c("13"), "spread", instrument=Register(60, 72, 60, 72)), "does not fit into the keys 60 to 72"),
        (lambda: voice(c("7"), "rootless-a", inversion=1), "inversion 1 of a rootless"),
        (lambda: shell(c("7"), 2), "form 2 of a shell"),
        (lambda: upper_structure(c("5")), "takes no upper structure"),
    ):
        with pytest.raises(MusicError, match=words):
            call()
