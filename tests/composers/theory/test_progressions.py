"""Progressions: charts of numerals, the ones that have a name, reading, transposing, replacing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composers.errors import MusicError
from composers.theory.charts import chord_of, numeral_of, parse_chart
from composers.theory.chords import parse_chord
from composers.theory.named_progressions import CATALOGUE, find_progression, named_progression
from composers.theory.pitch import KEYS
from composers.theory.progressions import Progression, diatonic_chords, key_of, names, progression
from composers.theory.scales import Key

C = Key.parse("C")


@pytest.mark.parametrize(("text", "symbols"), [
    ("I-vi-IV-V", "C Am F G"), ("ii–V–I", "Dm G C"), ("im7-iv7-im7-V7", "Cm7 Fm7 Cm7 G7"), ("i-♭II", "Cm Db"),
    ("I → ♭VII → IV", "C Bb F"), ("V7/V V7/7 I/3", "D7 G7/F C/E"), ("viiø7 vii°7 #ivo7", "Bm7b5 Bo7 F#o7"),
    ("IIm7b5, V7b9, Im6/9", "Dm7b5 G7b9 Cm6/9"), ("imaj7", "Cm(maj7)"), ("V7sus4 V7", "G7sus4 G7"),
])  # fmt: skip
def test_numerals_are_read_as_musicians_write_them(text: str, symbols: str) -> None:
    assert " ".join(map(str, Progression.of_chart(text, C))) == symbols


def test_bars_hold_what_stands_between_their_lines() -> None:
    chart = parse_chart("| I VI7 | ii V |")
    assert chart == (("I", "VI7"), ("ii", "V"))
    assert Progression.of_chart(chart, C).chart == "C A7 | Dm G"
    assert Progression.of_chart("I VI7 ii V", C).bars == (1, 1, 1, 1)


@pytest.mark.parametrize(("text", "word"), [("I | | V", "empty bar"), ("", "empty bar"), ("I foo V", "foo"),
                                            ("VIII", "VIII"), ("IX7", "X7")])
def test_what_is_no_chart_says_where(text: str, word: str) -> None:
    with pytest.raises(MusicError, match=word):
        parse_chart(text)


def test_every_named_progression_reads_in_every_key() -> None:
    for named in CATALOGUE:
        for tonic in KEYS:
            made = progression(named.name, Key.parse(tonic, named.mode))
            assert len(made) == len(made.numerals) == sum(made.bars)
            assert [c.family for c in made] == [c.family for c in progression(named.name, Key.parse("C", named.mode))]
            assert all(max(abs(n.alter) for n in c.notes) <= 3 for c in made)


def test_names_and_aliases_lead_to_one_progression_each() -> None:
    for named in CATALOGUE:
        for name in (named.name, *named.aliases):
            found = find_progression(name)
            assert found is not None
            assert found.name == named.name or name in (found.name, *found.aliases), name
        assert named_progression(named.name) is named
    assert len({p.name for p in CATALOGUE}) == len(CATALOGUE)
    assert set(names("blues")) < set(names())


@pytest.mark.parametrize(("text", "hint"), [("rythm changes", "rhythm changes"), ("12 bar blus", "12-bar blues"),
                                            ("coltrain changes", "coltrane changes")])
def test_a_misspelt_name_is_answered_with_the_near_ones(text: str, hint: str) -> None:
    with pytest.raises(MusicError, match=hint):
        progression(text)


def test_blues_and_rhythm_changes_fill_their_forms() -> None:
    for name, bars in (("12-bar blues", 12), ("jazz blues", 12), ("bird blues", 12), ("minor blues", 12),
                       ("16-bar blues", 16), ("8-bar blues", 8), ("rhythm changes", 32), ("so what", 32),
                       ("giant steps", 16), ("coltrane changes", 4)):  # fmt: skip
        assert len(progression(name).bars) == bars, name


def test_a_name_brings_its_mode_unless_told_otherwise() -> None:
    assert progression("minor ii-V-i", "A").key == Key.parse("A", "minor")
    assert progression("andalusian", "A", "phrygian").key == Key.parse("A", "phrygian")
    assert str(progression("ii-V-I", "F#m")) == "[G#m7, C#7, F#maj7]"


def test_symbols_are_read_with_their_numerals() -> None:
    made = progression("Dm7 G7 | Cmaj7 A7/C#", "C")
    assert made.numeral_chart == "IIm7 V7 | Imaj7 VI7/3"
    assert made.in_key("Eb").chart == "Fm7 Bb7 | Ebmaj7 C7/E"
    assert str(progression("Dm7-G7-C6")) == "[Dm7, G7, C6]"
    assert str(progression("C-7 F7")) == "[Cm7, F7]"
    assert str(progression("Emin7 A7")) == "[Em7, A7]"
    for text, word in (("Cmaj7x G7", "Cmaj7x"), ("Coltrain", "did you mean 'coltrane"), ("C | | G", "empty bar")):
        with pytest.raises(MusicError, match=word):
            progression(text)


@given(st.sampled_from(CATALOGUE), st.sampled_from(KEYS), st.sampled_from(KEYS))
def test_transposing_there_and_back_changes_nothing(named, first: str, second: str) -> None:  # type: ignore[no-untyped-def]
    made = Progression.of_chart(named.chart, Key.parse(first))
    assert made.in_key(second).in_key(first) == made


@given(st.sampled_from(CATALOGUE), st.sampled_from(KEYS))
def test_numerals_of_chords_are_read_back_as_those_chords(named, tonic: str) -> None:  # type: ignore[no-untyped-def]
    key = Key.parse(tonic)
    for chord in Progression.of_chart(named.chart, key):
        again = chord_of(numeral_of(chord, key), key)
        assert again.pitch_classes == chord.pitch_classes
        assert again.bass_pitch_class == chord.bass_pitch_class


def test_keys_as_people_write_them() -> None:
    assert key_of("Ebm") == key_of("Eb minor") == key_of("Eb", "min") == Key.parse("Eb", "minor")
    assert key_of("F# dorian") == Key.parse("F#", "dorian")
    with pytest.raises(MusicError, match="did you mean 'dorian'"):
        key_of("C", "dorain")


def test_chords_are_replaced_in_the_room_of_their_bars() -> None:
    bridge = progression("rhythm bridge")
    em, a = parse_chord("Em7"), parse_chord("A7")
    assert bridge.replaced(2, [em, a], 4).chart == "E7 | E7 | Em7 | A7 | D7 | D7 | G7 | G7"
    assert bridge.replaced(2, [em, a]).chart == "E7 | E7 | Em7 A7 | A7 | D7 | D7 | G7 | G7"
    assert bridge.replaced(2, [em], 4).chart == "E7 | E7 | Em7 | Em7 | D7 | D7 | G7 | G7"
    with pytest.raises(MusicError, match="count from 0"):
        bridge.replaced(8, [em])


@given(st.integers(0, 7), st.integers(1, 8), st.integers(1, 9))
def test_replacing_keeps_the_number_of_bars(start: int, length: int, new: int) -> None:
    made = progression("jazz blues")
    end = min(start + length, len(made))
    changed = made.replaced(start, [parse_chord("C7")] * new, end)
    assert len(changed.bars) == len(made.bars)
    assert all(changed.bars)
    assert sum(changed.bars) == len(changed) == len(changed.numerals)
    assert changed[:start] == made[:start]
    assert changed[len(changed) - (len(made) - end):] == made[end:]


@pytest.mark.parametrize(("tonic", "scale", "sevenths", "symbols"), [
    ("C", "major", False, "C Dm Em F G Am Bo"), ("C", "major", True, "Cmaj7 Dm7 Em7 Fmaj7 G7 Am7 Bm7b5"),
    ("A", "harmonic minor", True, "Am(maj7) Bm7b5 Cmaj7#5 Dm7 E7 Fmaj7 G#o7"),
    ("D", "dorian", True, "Dm7 Em7 Fmaj7 G7 Am7 Bm7b5 Cmaj7"),
])  # fmt: skip
def test_diatonic_chords(tonic: str, scale: str, sevenths: bool, symbols: str) -> None:
    assert " ".join(map(str, diatonic_chords(tonic, scale, sevenths=sevenths))) == symbols


def test_scales_without_thirds_have_no_diatonic_chords() -> None:
    with pytest.raises(MusicError, match="seven notes"):
        diatonic_chords("C", "whole tone")
