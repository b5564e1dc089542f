"""Handfuls of notes named, against the catalogue and against music21."""

from __future__ import annotations

import pytest

from composers.errors import MusicError
from composers.theory.analysis.decoder import LABELS
from composers.theory.analysis.recognition import coloured, recognise
from composers.theory.analysis.spelling import QUALITIES, chord_in, home_key
from composers.theory.chords import Chord, parse_chord
from composers.theory.scales import Key


@pytest.mark.parametrize(("notes", "symbol"), [
    (["C4", "E4", "G4"], "C"), (["E3", "G3", "C4"], "C/E"), (["G3", "C4", "E4"], "C/G"), ([57, 60, 64], "Am"),
    (["C4", "E4", "A4"], "Am/C"), (["B3", "D4", "F4", "Ab4"], "Bo7"), (["F3", "A3", "B3", "D4"], "Bm7b5/F"),
    (["G3", "B3", "D4", "F4"], "G7"), (["F3", "G3", "B3", "D4"], "G7/F"), (["C3", "E3", "B3", "D4"], "Cmaj9"),
    (["C4", "F4", "G4"], "Csus4"), (["C4", "E4", "G4", "D5"], "Cadd9"), (["C3", "E3", "G3", "A3"], "C6"),
    (["C3", "Bb3", "E4", "A4"], "C13"), (["Eb3", "G3", "Bb3", "D4"], "Ebmaj7"), (["C3", "Eb3", "Gb3", "Bb3"], "Cm7b5"),
    ([48, 55], "C5"), (["C3", "E3", "G#3"], "C+"), ([36, 64, 67, 72, 76], "C"),
])  # fmt: skip
def test_named(notes: list[str | int], symbol: str) -> None:
    assert str(recognise(notes)[0].chord) == symbol


@pytest.mark.parametrize("quality", ["", "m", "o", "+", "7", "maj7", "m7", "m7b5", "o7", "m(maj7)", "9", "maj9", "m9",
                                     "7b9", "sus4", "add9", "6/9", "7sus4"])  # fmt: skip
def test_every_root_and_inversion_is_heard_as_these_notes(quality: str) -> None:
    for root in ("C", "Db", "F#", "Bb"):
        chord = parse_chord(f"{root}{quality}")
        for inversion in range(len(chord.stack)):
            heard = recognise(chord.inverted(inversion).notes_from_bass)[0].chord
            assert heard.pitch_classes == chord.pitch_classes
            assert heard.bass_pitch_class == chord.inverted(inversion).bass_pitch_class


def test_a_missing_fifth_and_a_foreign_note_cost() -> None:
    whole, without, clash = (recognise(n)[0] for n in (["C3", "E3", "G3", "B3"], ["C3", "E3", "B3"],
                                                       ["C3", "E3", "G3", "B3", "C#4"]))  # fmt: skip
    assert [str(m.chord) for m in (whole, without, clash)] == ["Cmaj7"] * 3
    assert whole.cost < without.cost < clash.cost


def test_spelled_as_the_key_does() -> None:
    assert str(recognise([61, 65, 68], Key.parse("Ab"))[0].chord) == "Db"
    assert str(recognise([61, 64, 68], Key.parse("A"))[0].chord) == "C#m"


def test_no_notes_and_no_pitches_are_refused() -> None:
    with pytest.raises(MusicError, match="give at least one"):
        recognise([])
    with pytest.raises(MusicError, match="not a name"):
        recognise(["H"])
    with pytest.raises(MusicError, match="outside 0 to 127"):
        recognise([128])


def colour(label: str, lasting: dict[int, float], stepping: dict[int, float] | None = None) -> str:
    index = LABELS.index(label)
    chord = chord_in(Key.parse("C"), 0, index)
    return str(coloured(chord, index, [lasting.get(i, 0.0) for i in range(12)],
                        [(stepping or {}).get(i, 0.0) for i in range(12)]))  # fmt: skip


def test_colours_that_last_are_named_and_those_that_pass_are_not() -> None:
    triad = {0: 1.0, 4: 1.0, 7: 1.0}
    assert colour("major", triad) == "C"
    assert colour("major", triad | {2: 0.9}) == "Cadd9"
    assert colour("major", triad | {2: 0.9}, {2: 0.8}) == "C"
    assert colour("major", triad | {2: 0.3}) == "C"
    assert colour("major", triad | {9: 1.0, 2: 1.0}) == "C6/9"
    assert colour("dominant", triad | {10: 1.0, 2: 1.0}) == "C9"
    assert colour("dominant", triad | {10: 1.0, 1: 1.0}) == "C7b9"
    assert colour("major", {0: 1.0, 5: 1.0, 7: 1.0}) == "Csus4"
    assert colour("major", {0: 1.0, 5: 1.0, 7: 1.0, 4: 0.4}) == "C"  # the suspension resolves
    assert colour("dominant", {0: 1.0, 5: 1.0, 7: 1.0, 10: 1.0}) == "C7sus4"
    assert colour("major", {0: 1.0, 7: 1.0}) == "C5"
    assert colour("minor seventh", {0: 1.0, 3: 1.0, 7: 1.0, 10: 1.0, 2: 1.0, 5: 1.0}) == "Cm11"


def test_labels_and_suffixes_belong_together() -> None:
    assert len(LABELS) == len(QUALITIES)
    for index in range(len(LABELS)):
        assert isinstance(chord_in(Key.parse("C"), 0, index), Chord)


def test_keys_have_few_signs_or_keep_near_a_signature() -> None:
    assert [str(home_key(k, False).tonic) for k in range(12)] == [
        "C",
        "Db",
        "D",
        "Eb",
        "E",
        "F",
        "Gb",
        "G",
        "Ab",
        "A",
        "Bb",
        "B",
    ]
    assert [str(home_key(k, True).tonic) for k in range(12)] == [
        "C",
        "C#",
        "D",
        "Eb",
        "E",
        "F",
        "F#",
        "G",
        "G#",
        "A",
        "Bb",
        "B",
    ]
    assert str(home_key(6, False, 6).tonic) == "F#"
    assert str(home_key(1, False, 7).tonic) == "C#"
    assert str(home_key(3, True, 6).tonic) == "D#"


def test_chromatic_chords_are_spelled_by_what_they_lead_to() -> None:
    names = {label: index for index, label in enumerate(LABELS)}
    key = Key.parse("C")
    assert str(chord_in(key, 1, names["fully diminished"])) == "C#o7"
    assert str(chord_in(key, 1, names["major"])) == "Db"
    assert str(chord_in(key, 8, names["fully diminished"])) == "G#o7"
    assert str(chord_in(key, 6, names["half-diminished"])) == "F#m7b5"
    assert str(chord_in(Key.parse("E", "minor"), 3, names["fully diminished"])) == "D#o7"
    assert str(chord_in(Key.parse("F"), 9, names["dominant"])) == "A7"
