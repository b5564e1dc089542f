"""Roman numerals: read, printed, spelled in a key, and named again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from composers.errors import MusicError
from composers.theory import roman_batch
from composers.theory.chord_kinds import QUALITIES, kind_of
from composers.theory.chords import parse_chord
from composers.theory.pitch import KEYS, Pitch, PitchName, parse_pitch_name
from composers.theory.roman_figures import Figure, complete, shortest
from composers.theory.roman_numeral import AUGMENTED_SIXTHS, Change, RomanNumeral
from composers.theory.roman_stacks import SAID
from composers.theory.romans import parse_roman, roman_of, romans_of, vocabulary
from composers.theory.scales import Key

C, C_MINOR = Key.parse("C"), Key.parse("C", "minor")


def spelled(notes: tuple[PitchName, ...]) -> str:
    return " ".join(map(str, notes))


def names(text: str) -> list[PitchName]:
    return [parse_pitch_name(n) for n in text.split()]


@pytest.mark.parametrize(
    ("figure", "in_major", "in_minor"),
    [
        ("I", "C E G", "C E G"), ("i6", "C Eb G", "C Eb G"), ("ii65", "D F A C", "D F A C"),
        ("V7", "G B D F", "G B D F"), ("V9", "G B D F A", "G B D F Ab"), ("IV7", "F A C E", "F A C Eb"),
        ("IVd7", "F A C Eb", "F A C Eb"), ("IVM7", "F A C E", "F A C E"), ("i7", "C Eb G Bb", "C Eb G Bb"),
        ("viio7", "B D F Ab", "B D F Ab"), ("viiø7", "B D F A", "B D F A"), ("#viio7", "B# D# F# A", "B D F Ab"),
        ("VI", "A C# E", "Ab C Eb"), ("bVI", "Ab C Eb", "Ab C Eb"), ("vi", "A C E", "A C E"),
        ("bvi", "Ab Cb Eb", "Ab Cb Eb"), ("#VI", "A# C## E#", "A C# E"), ("VII7", "B D# F# A", "Bb D F Ab"),
        ("III+", "E G# B#", "Eb G B"), ("I+M7", "C E G# B", "C E G# B"),
        ("V65/V", "D F# A C", "D F# A C"), ("viio7/ii", "C# E G Bb", "C# E G Bb"), ("V/V/V", "A C# E", "A C# E"),
        ("V7/III", "B D# F# A", "Bb D F Ab"), ("ii/o6/5/V", "A C Eb G", "A C Eb G"),
        ("bII6", "Db F Ab", "Db F Ab"), ("N6", "Db F Ab", "Db F Ab"), ("V7/N", "Ab C Eb Gb", "Ab C Eb Gb"),
        ("It6", "F# Ab C", "F# Ab C"), ("Ger+6", "F# Ab C Eb", "F# Ab C Eb"), ("Fr43", "D F# Ab C", "D F# Ab C"),
        ("Sw43", "D# F# Ab C", "D# F# Ab C"), ("Ger65/V", "C# Eb G Bb", "C# Eb G Bb"),
        ("Cad64", "C E G", "C Eb G"), ("V54", "G C D", "G C D"), ("V[sus4]", "G C D", "G C D"),
        ("V7[no3][add4]", "G C D F", "G C D F"), ("V7[no5][add6]", "G B E F", "G B Eb F"),
        ("V9[b9]", "G B D F Ab", "G B D F Ab"), ("V7[b5]", "G B Db F", "G B Db F"),
        ("V7b9", "G B D F Ab", "G B D F Ab"),
        ("V#", "G B# D", "G B D"), ("I[no3no5]", "C", "C"),
    ],
)  # fmt: skip
def test_a_figure_is_spelled_in_major_and_minor(figure: str, in_major: str, in_minor: str) -> None:
    numeral = parse_roman(figure)
    assert sorted(map(str, numeral.notes(C))) == sorted(in_major.split())
    assert sorted(map(str, numeral.notes(C_MINOR))) == sorted(in_minor.split())


@pytest.mark.parametrize(
    ("figure", "symbol", "inversion"),
    [
        ("V65/V", "D7/F#", 1), ("viiø42", "Bm7b5/A", 3), ("vii/o4/3/V", "F#m7b5/C", 2), ("N", "Db/F", 1),
        ("N53", "Db", 0), ("Ger65", "Ab7", 1), ("Fr43", "Ab7b5", 2), ("It6", "Ab7no5", 1), ("Ger7", "Ab7/F#", 0),
        ("Cad64", "C/G", 2), ("V43[b5]", "G7b5/Db", 2), ("V7[no3][add4]", "G7sus4", 0), ("I[add6]", "C6", 0),
        ("I[no3][add9][add7][add4]", "Cmaj9sus4", 0), ("V7[add13]", "G7add13", 0), ("ii7[add9]", "Dm9", 0),
    ],
)  # fmt: skip
def test_its_chord_has_a_symbol_and_an_inversion(figure: str, symbol: str, inversion: int) -> None:
    numeral = parse_roman(figure)
    assert str(numeral.chord(C)) == symbol
    assert numeral.inversion == inversion
    assert set(numeral.chord(C).notes) == set(numeral.notes(C))


def test_an_augmented_sixth_keeps_its_spelling_as_a_chord() -> None:
    chord = parse_roman("Ger65").chord(Key.parse("Eb"))
    assert spelled(chord.notes) == "Cb Eb Gb A"
    assert str(chord) == "Cb7"
    assert parse_roman("Ger65").root(C) == parse_pitch_name("F#")


@pytest.mark.parametrize(
    ("numeral", "in_c"),
    [
        ("I7", "C7"), ("bVIImaj7", "Bbmaj7"), ("V7alt/ii", "A7alt"), ("IV6/9", "F6/9"), ("I/3", "C/E"),
        ("iiø7", "Dm7b5"), ("#ivo7", "F#o7"), ("imaj7", "Cm(maj7)"), ("IIm7", "Dm7"), ("♭IIIΔ7", "Ebmaj7"),
        ("V13#11", "G13#11"), ("V7sus4/IV", "C7sus4"), ("VI7", "A7"), ("V7/7", "G7/F"), ("I(b5)", "C(b5)"),
    ],
)  # fmt: skip
def test_a_chart_counts_along_major_and_reads_suffixes(numeral: str, in_c: str) -> None:
    read = parse_roman(numeral, chart=True)
    assert str(read.chord(C)) == str(read.chord(C_MINOR)) == in_c
    assert parse_roman(str(read), chart=True) == parse_roman(read.unicode, chart=True) == read


@pytest.mark.parametrize(
    ("text", "stopped", "allowed"),
    [
        ("V7q", "'q' (character 3)", "figures"), ("Vi", "'i' (character 2)", "figures"), ("", "at its end", "I to VII"),
        ("VIII", "'I' (character 4)", "figures"), ("V[foo]", "'foo]' (character 3)", "[no5]"),
        ("V/", "at its end", "I to VII"), ("Qx", "'Qx' (character 1)", "I to VII"), ("♭♭VIIx", "'x'", "figures"),
        ("𝄫VIIx", "'x' (character 5)", "figures"), ("IM", "'M' (character 2)", "M7"), ("vd7", "'d7'", "capital"),
        ("V7(b9", "'9' (character 5)", "V7(b9)"), ("V77", "at its end", "once"), ("V[#no5]", "'#no5]'", "[b9]"),
    ],
)  # fmt: skip
def test_an_error_says_where_reading_stopped_and_what_is_allowed(text: str, stopped: str, allowed: str) -> None:
    with pytest.raises(MusicError) as error:
        parse_roman(text)
    assert repr(text) in str(error.value)
    assert stopped in str(error.value)
    assert allowed in str(error.value)


@pytest.mark.parametrize("text", ["I/4", "IVx7", "#7", "V7/"])
def test_an_error_of_a_chart(text: str) -> None:
    with pytest.raises(MusicError, match="roman numeral"):
        parse_roman(text, chart=True)


def test_a_value_is_checked() -> None:
    with pytest.raises(MusicError, match="degree 8"):
        RomanNumeral(8)
    with pytest.raises(MusicError, match="13"):
        RomanNumeral(5, quality="13")
    with pytest.raises(MusicError, match="no notes"):
        roman_of([], C)


def test_ways_to_write_one_chord() -> None:
    for one, two in (("viio6/5", "viio65"), ("V42", "V2"), ("V642", "V2"), ("I53", "I"), ("Fr6", "Fr43"),
                     ("Ger", "Ger65"), ("vii/o7", "viiø7"), ("vii°7", "viio7"), ("-VI", "bVI"), ("♭VI", "bVI"),
                     ("IVmaj6/5", "IVM65"), ("I6+", "I+6"), ("V7(b9)", "V7b9"), ("[no5]".join(("V7", "")), "V7[omit5]"),
                     ("V7[b9b5]", "V7[b9][b5]"), ("Nmaj7", "NM7")):  # fmt: skip
        assert parse_roman(one) == parse_roman(two), (one, two)
    for one, two, key in (("N6", "bII6", C), ("viio7", "#viio7", C_MINOR), ("bVI", "VI", C_MINOR), ("Cad64", "I64", C)):
        assert parse_roman(one) != parse_roman(two)
        assert parse_roman(one).sounds_as(parse_roman(two), key)
    assert not parse_roman("V/IV").sounds_as(parse_roman("I"), C)
    assert not parse_roman("#viio7").sounds_as(parse_roman("viio7"), C)


def test_a_degree_may_be_altered_against_major() -> None:
    assert [parse_roman(f).alter("minor") for f in ("VI", "vi", "VII", "viio", "III", "V", "bII")] == [
        -1, 0, -1, 0, -1, 0, -1]  # fmt: skip
    assert parse_roman("bVI").alter("major") == parse_roman("VI").alter("minor") == -1
    assert parse_roman("V/vi").kind("major").quality == ""
    assert parse_roman("VII7").kind("minor").quality == "7"


FIGURES = {
    False: [(), (Figure(6),), (Figure(6), Figure(4)), (Figure(5), Figure(4)), (Figure(3, -1),), (Figure(5, 1),)],
    True: [(Figure(7),), (Figure(6), Figure(5)), (Figure(4), Figure(3)), (Figure(4), Figure(2)), (Figure(9),),
           (Figure(9, -1),), (Figure(7), Figure(5, -1)), (Figure(13),), (Figure(6, 1), Figure(5))],
}  # fmt: skip
CHANGES = st.lists(
    st.one_of(
        st.builds(Change, st.just("no"), st.integers(1, 9), st.just(0)),
        st.builds(Change, st.just("add"), st.integers(1, 13), st.integers(-2, 2)),
        st.builds(Change, st.just(""), st.integers(3, 13), st.sampled_from([-2, -1, 1, 2])),
    ),
    max_size=3,
).map(tuple)


@st.composite
def figured(draw: st.DrawFn, depth: int = 2) -> RomanNumeral:
    of = draw(st.one_of(st.none(), figured(depth - 1))) if depth else None
    changes = draw(CHANGES)
    if draw(st.integers(0, 5)) == 0:
        name = draw(st.sampled_from(["It", "Fr", "Ger", "Sw", "N", "Cad"]))
        if name == "Cad":
            return RomanNumeral(1, 0, "", (Figure(6), Figure(4)), changes, of, name)
        if name == "N":
            return RomanNumeral(2, -1, "", draw(st.sampled_from([(Figure(6),), (), (Figure(7),)])), changes, of, name)
        degree, alter = {"It": (4, 1), "Ger": (4, 1), "Fr": (2, 0), "Sw": (2, 1)}[name]
        figures = [(Figure(6),), (), (Figure(6), Figure(4))] if name == "It" else FIGURES[True][:4]
        return RomanNumeral(degree, alter, "", draw(st.sampled_from(figures)), changes, of, name)
    quality = draw(st.sampled_from(list(SAID)))
    seventh = quality in ("o7", "m7b5", "7", "maj7", "m(maj7)", "maj7#5")
    choice = FIGURES[True] if seventh else FIGURES[False] if quality == "o" else FIGURES[True] + FIGURES[False]
    figures = shortest(draw(st.sampled_from(choice)))
    return RomanNumeral(draw(st.integers(1, 7)), draw(st.integers(-2, 2)), quality, figures, changes, of)


@st.composite
def charted(draw: st.DrawFn, depth: int = 2) -> RomanNumeral:
    of = draw(st.one_of(st.none(), charted(depth - 1))) if depth else None
    quality = draw(st.sampled_from(QUALITIES))
    members = [m for m in (2, 3, 4, 5, 7) if m - 1 in {s % 7 for s in kind_of(quality).steps}]
    figures = draw(st.sampled_from([(), *((Figure(m),) for m in members)]))
    return RomanNumeral(draw(st.integers(1, 7)), draw(st.integers(-2, 2)), quality, figures, of=of, chart=True)


@given(figured())
def test_a_figured_numeral_comes_back_from_its_text(numeral: RomanNumeral) -> None:
    assert parse_roman(str(numeral)) == numeral
    assert parse_roman(numeral.unicode) == numeral


@given(charted())
def test_a_charted_numeral_comes_back_from_its_text(numeral: RomanNumeral) -> None:
    assert parse_roman(str(numeral), chart=True) == numeral
    assert parse_roman(numeral.unicode, chart=True) == numeral


@given(figured(), st.sampled_from(KEYS), st.sampled_from(["major", "minor", "dorian", "mixolydian"]))
def test_chord_notes_root_and_bass_are_of_one_piece(numeral: RomanNumeral, tonic: str, mode: str) -> None:
    key = Key.parse(tonic, mode)
    chord, notes = numeral.chord(key), numeral.notes(key)
    assert set(chord.notes) == set(notes)
    assert (chord.bass or chord.root) == numeral.bass(key) or not notes
    assert numeral.bass(key) in notes or not notes
    in_c = numeral.notes(Key.parse("C", mode))  # the same everywhere
    assert [n.fifths - key.tonic.fifths for n in notes] == [n.fifths for n in in_c]


@given(st.lists(st.builds(Figure, st.sampled_from([2, 3, 4, 5, 6, 7, 9, 11, 13]), st.integers(-1, 1)), max_size=4,
                unique_by=lambda f: f.number).map(tuple))  # fmt: skip
def test_the_shortest_figures_say_the_same(figures: tuple[Figure, ...]) -> None:
    assert complete(shortest(figures)) == complete(figures)
    assert shortest(shortest(figures)) == shortest(figures)


@pytest.mark.parametrize(
    ("chord", "in_major", "in_minor"),
    [
        ("C", "I", "I"), ("Cmaj7", "IM7", "IM7"), ("C7/E", "V65/IV", "V65/iv"), ("Dm7", "ii7", "ii7"),
        ("D7/F#", "V65/V", "V65/V"), ("Bo7/F", "viio43", "viio43"), ("Ab", "bVI", "VI"), ("Db/F", "N6", "N6"),
        ("Db", "bII", "bII"), ("F#m7b5", "viiø7/V", "viiø7/V"), ("G7b9", "V9[b9]", "V9"),
        ("G9", "V9", "V7[add#9]"), ("C6", "I[add6]", "I[add#6]"), ("G7sus4", "V7[no3][add4]", "V7[no3][add4]"),
        ("Bb7", "V7/bIII", "V7/III"), ("Gm", "v", "v"), ("Bb", "bVII", "VII"), ("C5", "I[no3]", "i[no3]"),
        ("Am7/C", "vi65", "vi65"), ("G13", "V9[add13]", "V7[add#13][add#9]"), ("Eb+", "V+/bVI", "III+"),
        ("Dbmaj7", "bIIM7", "bIIM7"), ("Bm7", "vii7", "vii7[#7]"),
    ],
)  # fmt: skip
def test_a_chord_is_named_in_major_and_minor(chord: str, in_major: str, in_minor: str) -> None:
    assert str(roman_of(parse_chord(chord), C)) == in_major
    assert str(roman_of(parse_chord(chord), C_MINOR)) == in_minor


@pytest.mark.parametrize(
    ("notes", "named"),
    [
        ("Ab C Eb F#", "Ger65"), ("Ab C F#", "It6"), ("Ab C D F#", "Fr43"), ("F# Ab C Eb", "Ger7"),
        ("Ab C D# F#", "Sw43"), ("Ab C Eb Gb", "V7/bII"), ("C E", "I[no5]"), ("G B", "V[no5]"), ("C D# G", "i"),
        ("C F G", "I[no3][add4]"), ("D F A B", "viiø65"), ("B F", "viio[no3]"), ("E G C", "I6"), ("G C E", "I64"),
        ("G", "V[no3][no5]"),
    ],
)  # fmt: skip
def test_notes_are_named_by_their_spelling_then_by_their_sound(notes: str, named: str) -> None:
    assert str(roman_of(names(notes), C)) == named


def test_pitches_are_named_too() -> None:
    assert str(roman_of([Pitch.parse(p) for p in ("F#3", "A3", "C4", "D4")], C)) == "V65/V"


@pytest.mark.parametrize(
    ("chord", "following", "mode", "named"),
    [
        ("C/G", "G7", "major", "Cad64"), ("Cm/G", "G", "minor", "Cad64"), ("C/G", "F", "major", "I64"),
        ("C", "Fm", "minor", "V/iv"), ("C", "G", "minor", "I"), ("Bb", "Eb", "minor", "VII"),
        ("Ab7", "G", "major", "Ger65"), ("Ab7", "C/G", "major", "Ger65"), ("Ab7", "Db", "major", "V7/bII"),
        ("D#o7", "C/E", "major", "#iio7"), ("D#o7", "Em", "major", "viio7/iii"), ("Em", "F", "major", "iii"),
    ],
)  # fmt: skip
def test_the_chord_behind_decides_between_readings(chord: str, following: str, mode: str, named: str) -> None:
    key = Key.parse("C", mode)
    assert str(roman_of(parse_chord(chord), key, following=parse_chord(following))) == named


def test_chords_are_named_as_charts_do() -> None:
    for chord, numeral in (("C7", "I7"), ("Bbmaj7", "bVIImaj7"), ("F#m7b5", "#ivø7"), ("C/E", "I/3"), ("G7/F", "V7/7"),
                           ("Ebm9", "biii9"), ("C/D", "I")):  # fmt: skip
        assert str(roman_of(parse_chord(chord), C, chart=True)) == numeral
        assert str(roman_of(parse_chord(chord), C_MINOR, chart=True)) == numeral
    assert str(roman_of(names("F# A C D"), C, chart=True)) == "II7/3"


@pytest.mark.parametrize("mode", ["major", "minor"])
def test_every_numeral_of_the_vocabulary_is_found_again_in_every_key(mode: str) -> None:
    for tonic in KEYS:
        key = Key.parse(tonic, mode)
        for numeral in vocabulary(mode):
            notes, bass = numeral.notes(key), numeral.bass(key)
            readings = romans_of((bass, *(n for n in notes if n != bass)), key)
            assert numeral in readings, (str(numeral), tonic)
            assert all(set(r.notes(key)) == set(notes) and r.bass(key) == bass for r in readings)
            first = roman_of(numeral.chord(key), key)
            assert set(first.notes(key)) == set(notes)
            assert first.bass(key) == bass


@given(st.lists(st.builds(PitchName, st.integers(0, 6), st.integers(-1, 1)), min_size=1, max_size=6, unique=True),
       st.sampled_from(KEYS), st.sampled_from(["major", "minor", "dorian", "phrygian", "lydian", "mixolydian"]))
def test_any_notes_are_named_so_that_they_sound(notes: list[PitchName], tonic: str, mode: str) -> None:  # fmt: skip
    key = Key.parse(tonic, mode)
    for numeral in romans_of(notes, key):
        assert {n.pitch_class for n in numeral.notes(key)} == {n.pitch_class for n in notes}
        assert parse_roman(str(numeral)) == numeral


@given(st.sampled_from(QUALITIES), st.sampled_from(KEYS), st.sampled_from(KEYS), st.sampled_from(["major", "minor"]))
def test_any_chord_is_named_on_its_root(quality: str, root: str, tonic: str, mode: str) -> None:
    key, chord = Key.parse(tonic, mode), parse_chord(f"{root}{quality}")
    numeral = roman_of(chord, key)
    assert {n.pitch_class for n in numeral.notes(key)} == chord.pitch_classes
    if numeral.name not in AUGMENTED_SIXTHS and quality not in ("+", "o7"):  # those have no root that can be heard
        assert numeral.root(key).pitch_class == chord.root.pitch_class


class TestBatch:
    def test_it_names_what_one_by_one_names(self) -> None:
        known = roman_batch.numerals()
        for index, numeral in enumerate(known.numerals):
            minor = index >= known.first_minor
            for tonic in ("C", "F#", "Eb"):
                key = Key.parse(tonic, "minor" if minor else "major")
                mask = sum({1 << n.pitch_class for n in numeral.notes(key)})
                bass = numeral.bass(key).pitch_class
                found = known.numerals[int(roman_batch.romans(mask, bass, key.tonic.pitch_class, minor))]
                assert sum({1 << n.pitch_class for n in found.notes(key)}) == mask
                assert found.bass(key).pitch_class == bass

    @pytest.mark.parametrize(
        ("notes", "tonic", "minor", "named"),
        [
            ((0, 4, 7), 0, False, "I"), ((6, 9, 0, 2), 0, False, "V65/V"), ((8, 0, 3, 6), 0, False, "Ger65"),
            ((7, 11), 0, False, "V"), ((5, 7, 11), 0, True, "V42"), ((0, 4, 7), 5, True, "V"),
            ((2, 5, 8, 11), 0, True, "viio65"), ((9, 1, 4), 2, False, "V"),
        ],
    )  # fmt: skip
    def test_examples(self, notes: tuple[int, ...], tonic: int, minor: bool, named: str) -> None:
        mask = sum(1 << n for n in notes)
        found = int(roman_batch.romans(mask, notes[0], tonic, minor))
        assert str(roman_batch.numerals().numerals[found]) == named

    def test_arrays_and_facts(self) -> None:
        masks = np.array([[0b10010001, 0b100010010001]])
        found = roman_batch.romans(masks, 0, np.array([[0], [7]]), np.array([[False], [True]]))
        assert found.shape == (2, 2)
        known = roman_batch.numerals()
        assert known.roots[found[0, 0]] == 0
        assert not known.applied[found[0, 0]]
        assert int(roman_batch.romans(0b111, 0, 0, False)) == roman_batch.NO_ROMAN

    def test_no_mask(self) -> None:
        with pytest.raises(MusicError, match="4095"):
            roman_batch.romans(4096, 0, 0, False)
