"""Chord symbols of every kind: read in the spellings in use, spelled, inverted, printed, and read back."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composers.errors import MusicError
from composers.theory.chord_kinds import NAMES, QUALITIES, ChordKind, kind_of, read_kind
from composers.theory.chords import Chord, NoChord, PolyChord, parse_chord, parse_symbol
from composers.theory.pitch import KEYS, PitchName, parse_pitch_name

names = st.builds(PitchName, st.integers(0, 6), st.integers(-2, 2))

SEED = {
    "C": "C E G", "Cm": "C Eb G", "C°": "C Eb Gb", "C+": "C E G#", "Cmaj7": "C E G B", "C7": "C E G Bb",
    "Cm7": "C Eb G Bb", "Cø7": "C Eb Gb Bb", "Cm7♭5": "C Eb Gb Bb", "C°7": "C Eb Gb Bbb", "Cm(maj7)": "C Eb G B",
    "C7♯5": "C E G# Bb", "C9": "C E G Bb D", "C11": "C E G Bb D F", "C13": "C E G Bb D A",
}  # fmt: skip
SPELLED = {
    "C7#9": "C E G Bb D#", "C7b9": "C E G Bb Db", "Cmaj7#11": "C E G B F#", "C7b13": "C E G Bb Ab", "C6": "C E G A",
    "Cm6": "C Eb G A", "C6/9": "C E G A D", "Csus2": "C D G", "Csus4": "C F G", "C7sus4": "C F G Bb",
    "C9sus4": "C F G Bb D", "Cadd2": "C D E G", "Cadd9": "C E G D", "Cadd11": "C E G F", "Cmadd9": "C Eb G D",
    "C5": "C G", "C(b5)": "C E Gb", "Cmaj7#5": "C E G# B", "Cmaj7b5": "C E Gb B", "C7b5": "C E Gb Bb",
    "Co(maj7)": "C Eb Gb B", "C7alt": "C E Bb Db D# F# Ab", "Cmb6": "C Eb G Ab", "Cm11": "C Eb G Bb D F",
    "Cm(maj9)": "C Eb G B D", "C7b5#5b9#9": "C E Gb G# Bb Db D#", "Gb7b9": "Gb Bb Db Fb Abb", "F#o7": "F# A C Eb",
    "B7#9": "B D# F# A C##", "G#maj7": "G# B# D# F##", "Fbm": "Fb Abb Cb", "Bb13#11/D": "Bb D F Ab C E G",
}  # fmt: skip


@pytest.mark.parametrize(("symbol", "notes"), (SEED | SPELLED).items())
def test_notes_are_spelled_as_the_symbol_says(symbol: str, notes: str) -> None:
    assert " ".join(map(str, parse_chord(symbol).notes)) == notes


@pytest.mark.parametrize("root", [*KEYS, "Fb", "B#", "E#", "Dbb", "F##"])
def test_every_kind_on_every_root_and_bass_comes_back_in_every_writing(root: str) -> None:
    name = parse_pitch_name(root)
    for quality, bass in product(QUALITIES, (None, name.up(2, 3), name.up(1, 2))):
        kind, _ = read_kind(quality)
        assert kind is not None and kind.quality == quality
        chord = Chord(name, quality, kind.intervals, bass)
        for text in (str(chord), chord.unicode, chord.shorthand):
            again = parse_chord(text)
            assert (again, again.intervals, again.steps) == (chord, chord.intervals, chord.steps), text


BASES = ("", "m", "maj", "o", "ø", "+", "-", "Δ", "min", "dim", "M")
TOKENS = (
    "7", "9", "11", "13", "6", "69", "5", "maj7", "(maj7)", "+", "/9", "/13", " ", "sus", "sus2", "sus24", "alt", "b5",
    "#5", "b9", "#9", "#11", "b6", "b13", "add9", "add2", "add4", "add11", "add6", "add13", "add#11", "addb6", "no3",
    "no5", "(b9)", "(9)", "(13)",
)  # fmt: skip


def test_any_two_tokens_come_back_from_the_canonical_form() -> None:
    understood: dict[str, ChordKind] = {}
    for base, one, two in product(BASES, ("", *TOKENS), ("", *TOKENS)):
        kind, _ = read_kind(base + one + two)
        if kind is None:
            continue
        assert understood.setdefault(kind.quality, kind) == kind
        assert [read_kind(t)[0] for t in (kind.quality, kind.unicode, kind.shorthand)] == [kind] * 3
    assert len(understood) > 800


@given(st.sampled_from(BASES), st.lists(st.sampled_from(TOKENS), max_size=5).map("".join), names, st.none() | names)
def test_whatever_is_understood_comes_back(base: str, tail: str, root: PitchName, bass: PitchName | None) -> None:
    try:
        chord = parse_chord(f"{root}{base}{tail}" + (f"/{bass}" if bass else ""))
    except MusicError:
        return
    for text in (str(chord), chord.unicode, chord.shorthand):
        again = parse_chord(text)
        assert (again, again.intervals, again.steps) == (chord, chord.intervals, chord.steps), text
    sounding = [(chord.root.pitch_class + i) % 12 for i in chord.intervals]
    assert [n.pitch_class for n in chord.notes] == sounding


@pytest.mark.parametrize(
    ("written", "usual"),
    [("C-Δ7", "Cm(maj7)"), ("CmM9", "Cm(maj9)"), ("Cm#7", "Cm(maj7)"), ("Cminmaj7", "Cm(maj7)"), ("C7M", "Cmaj7"),
     ("CM7#5", "Cmaj7#5"), ("C+M7", "Cmaj7#5"), ("CaugMaj7", "Cmaj7#5"), ("C7+", "C7#5"), ("C7-9", "C7b9"),
     ("C7+9", "C7#9"), ("Cmadd9", "Cmadd9"), ("C7(9,13)", "C13"), ("Csus7", "C7sus4"), ("Csus2/4", "Csus24"),
     ("Cmb5", "Co"), ("CmM7b5", "Co(maj7)"), ("C(#5)", "C+"), ("Caug5", "C+"), ("Cno3", "C5"), ("Calt", "C7alt"),
     ("C7#4", "C7#11"), ("Cmajor7", "Cmaj7"), ("Cminor", "Cm"), ("Cdiminished7", "Co7"), ("Chalf-dim", "Cm7b5"),
     ("Cdom9", "C9"), ("C^9", "Cmaj9"), ("Cmi7(b5)", "Cm7b5"), ("Cø9", "Cm9b5"), ("C7add9", "C9"), ("C6add9", "C6/9"),
     ("C7/9", "C9"), ("Cm7/11", "Cm7add11"), ("Cm/maj7", "Cm(maj7)"), ("C/9", "Cadd9"), ("C7/b9/13", "C13b9"),
     ("CMI7", "Cm7"), ("CMA9", "Cmaj9"), ("C7aug", "C7#5"), ("Cm+", "Cm#5"), ("Cm7(9,11,13)", "Cm13"),
     ("C7/9/E", "C9/E"), ("C7omit5", "C7no5"), ("C(add9)", "Cadd9"), ("Cm(add9)", "Cmadd9"),
     ("C♯m7", "C#m7"), ("E𝄫7", "Ebb7")],
)  # fmt: skip
def test_the_spellings_in_use(written: str, usual: str) -> None:
    assert str(parse_chord(written)) == usual


def test_writings() -> None:
    found = {s: (parse_chord(s).unicode, parse_chord(s).shorthand) for s in ("Ebm7b5/Bbb", "Cm(maj7)", "F#maj7#11")}
    assert found == {
        "Ebm7b5/Bbb": ("E♭ø7/B♭♭", "E♭ø7/B♭♭"), "Cm(maj7)": ("Cm(maj7)", "C-Δ7"),
        "F#maj7#11": ("F♯maj7♯11", "F♯Δ7♯11"),
    }  # fmt: skip


def test_a_flat_fifth_on_c_is_not_c_flat() -> None:
    assert parse_chord("C(b5)") != parse_chord("Cb5")
    assert str(parse_chord("C(b5)")) == "C(b5)" and str(parse_chord("Cmaj(#11)")) == "C(#11)"


@pytest.mark.parametrize(
    ("text", "place"),
    [("C7(b9", "its end"), ("C7b9)", "'\\)' \\(character 5\\)"), ("Cdom", "its end"), ("C7/", "'/' \\(character 3\\)"),
     ("C/E/G", "'/G' \\(character 4\\)"), ("Co7#5", "'#5' \\(character 4\\)"), ("C77", "'7' \\(character 3\\)"),
     ("C6maj7", "'maj7'"),
     ("Csus4sus4", "'sus4' \\(character 6\\)"), ("Cm7b5!", "'!' \\(character 6\\)"), ("Xm", "'Xm'"), ("C|D", "'|D'"),
     ("C7alt/x", "'/x'"), ("C7/Eq", "'q' \\(character 5\\)"), ("N.C.", "'N.C.'"), ("Cmaj6maj", "'maj'")],
)  # fmt: skip
def test_an_error_says_where_understanding_stopped(text: str, place: str) -> None:
    with pytest.raises(MusicError, match=place.replace("|", "\\|").replace("N.C.", "N\\.C\\.")):
        parse_chord(text)


# Inversions, slashes, poly chords, no chord ----------------------------------------------------------------------


def test_inversions() -> None:
    seventh = parse_chord("C7")
    assert [str(seventh.inverted(n)) for n in range(4)] == ["C7", "C7/E", "C7/G", "C7/Bb"]
    assert [seventh.inverted(n).inversion for n in range(4)] == [0, 1, 2, 3]
    assert " ".join(map(str, parse_chord("C/E").notes_from_bass)) == "E G C"
    assert " ".join(map(str, parse_chord("C/D").notes_from_bass)) == "D C E G"
    assert parse_chord("C/D").inversion is None and parse_chord("C/Fb").inversion is None
    assert str(parse_chord("Cadd2").inverted(1)) == "Cadd2/E" and str(parse_chord("Csus4").inverted(1)) == "Csus4/F"
    with pytest.raises(MusicError, match="C7 has no inversion 4"):
        seventh.inverted(4)


@pytest.mark.parametrize(("text", "printed"), [("D|C7", "D|C7"), ("D/C7", "D|C7"), ("F#m/E|Bø", "F#m/E|Bm7b5")])
def test_poly_chords(text: str, printed: str) -> None:
    poly = parse_symbol(text)
    assert isinstance(poly, PolyChord) and str(poly) == printed
    assert all(parse_symbol(t) == poly for t in (str(poly), poly.unicode, poly.shorthand))


def test_a_poly_chord_holds_both() -> None:
    poly = parse_symbol("D|C7")
    assert " ".join(map(str, poly.notes)) == "C E G Bb D F# A"
    assert poly.pitch_classes == parse_chord("C13#11").pitch_classes
    assert str(poly.transposed(2, 3)) == "F|Eb7"


@pytest.mark.parametrize(("text", "place"), [("D|H", "'H' \\(character 3\\)"), ("D|C7x", "'x'"), ("C|", "its end"),
                                             ("D|C|E", "'|E'"), ("C/E/G", "'/G'")])  # fmt: skip
def test_where_a_poly_chord_is_not_understood(text: str, place: str) -> None:
    with pytest.raises(MusicError, match=place.replace("|", "\\|")):
        parse_symbol(text)


@pytest.mark.parametrize("text", ["N.C.", "NC", "n.c."])
def test_no_chord(text: str) -> None:
    silence = parse_symbol(text)
    assert silence == NoChord() and str(silence) == "N.C." and not silence.notes and not silence.pitch_classes
    assert silence.transposed(1, 2) == silence


def test_kinds_are_all_different_and_named() -> None:
    assert len(set(NAMES.values())) == len(NAMES) == len({read_kind(q)[0] for q in QUALITIES})


def test_kinds_by_suffix_and_by_name() -> None:
    assert all(kind_of(name).quality == quality == kind_of(quality).quality for quality, name in NAMES.items())
    assert kind_of("-7b5") == kind_of("Half-diminished seventh") and kind_of("").intervals == (0, 4, 7)
    for text, place in (("m7!", "'!' \\(character 3\\)"), ("m7/E", "'/E'"), ("seventh heaven", "'seventh heaven'")):
        with pytest.raises(MusicError, match=place):
            kind_of(text)
