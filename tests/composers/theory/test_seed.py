"""Every entry of the project's list of theory, by its name there: what it must be, from a named source.

docs/theory.md lists the entries with these tests' names, and where the list itself was wrong.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from composers import MusicTheory, Scale
from composers.theory.chord_shapes import close, drop, spread
from composers.theory.chords import parse_chord
from composers.theory.intervals import Interval, interval_of
from composers.theory.pitch import Pitch, PitchName, circle_of_fifths, parse_pitch_name
from composers.theory.romans import parse_roman
from composers.theory.scale_types import find_scale_type

theory = MusicTheory()

SCALES = {
    # entry: (tonic, name, notes); the pattern of steps where the list gives one
    "Major Scale": ("C", "major", "C D E F G A B", "W-W-H-W-W-W-H"),
    "Natural Minor": ("A", "natural minor", "A B C D E F G", "W-H-W-W-H-W-W"),
    "Harmonic Minor": ("A", "harmonic minor", "A B C D E F G#", "W-H-W-W-H-W+H-H"),
    "Melodic Minor": ("A", "melodic minor", "A B C D E F# G#", "W-H-W-W-W-W-H"),
    "Dorian": ("D", "dorian", "D E F G A B C", ""),
    "Phrygian": ("E", "phrygian", "E F G A B C D", ""),
    "Lydian": ("F", "lydian", "F G A B C D E", ""),
    "Mixolydian": ("G", "mixolydian", "G A B C D E F", ""),
    "Locrian": ("B", "locrian", "B C D E F G A", ""),
    "Bebop Dominant": ("G", "bebop dominant", "G A B C D E F F#", ""),
    "Altered Scale": ("G", "altered", "G Ab Bb Cb Db Eb F", ""),
    "Diminished, whole-half": ("C", "diminished, whole-half", "C D Eb F Gb Ab A B", "W-H-W-H-W-H-W-H"),
    "Diminished, half-whole": ("C", "diminished, half-whole", "C Db Eb E F# G A Bb", "H-W-H-W-H-W-H-W"),
    "Whole Tone": ("C", "whole tone", "C D E F# G# A#", "W-W-W-W-W-W"),
    "Pentatonic Major": ("C", "pentatonic major", "C D E G A", ""),
    "Pentatonic Minor": ("A", "pentatonic minor", "A C D E G", ""),
    "In": ("D", "in", "D Eb G A Bb", ""),
    "Yo": ("D", "yo", "D E G A B", ""),
    "Hirajoshi": ("D", "hirajoshi", "D E F A Bb", ""),
    "Iwato": ("D", "iwato", "D Eb G Ab C", ""),
    "Raga Bhairav": ("C", "raga bhairav", "C Db E F G Ab B", ""),
    "Raga Kafi": ("C", "raga kafi", "C D Eb F G A Bb", ""),
    "Raga Todi": ("C", "raga todi", "C Db Eb F# Ab B", ""),
    "Raga Marwa": ("C", "raga marwa", "C Db E F# A B", ""),
    "Maqam Hijaz": ("D", "maqam hijaz", "D Eb F# G A Bb C", ""),
    "Maqam Nahawand": ("C", "maqam nahawand", "C D Eb F G Ab B", ""),
    "Maqam Saba": ("D", "maqam saba", "D E-50c F Gb A Bb C", ""),
    "Maqam Rast": ("C", "maqam rast", "C D E-50c F G A B-50c", ""),
    "Hungarian Minor": ("A", "hungarian minor", "A B C D# E F G#", "W-H-W+H-H-H-W+H-H"),
    "Gypsy": ("C", "gypsy", "C Db E F G Ab B", "H-W+H-H-W-H-W+H-H"),
}


@pytest.mark.parametrize("entry", SCALES)
def test_scale(entry: str) -> None:
    tonic, name, notes, pattern = SCALES[entry]
    scale = theory.get_scale(tonic, name)
    assert str(scale) == f"[{', '.join(notes.split())}]"
    assert sum(scale.type.steps) == 1200
    if pattern:
        assert scale.type.pattern == pattern


def test_melodic_minor_descends_as_natural_minor() -> None:
    assert " ".join(map(str, theory.get_scale("A", "melodic minor").descending)) == "A G F E D C B A"


@pytest.mark.parametrize(("raga", "vadi", "samvadi"), [("bhairav", "Ab", "Db"), ("kafi", "G", "C"),
                                                       ("marwa", "Db", "A")])  # fmt: skip
def test_vadi_and_samvadi(raga: str, vadi: str, samvadi: str) -> None:
    scale = theory.get_scale("C", raga)
    assert str(scale.degree(scale.type.roles["vadi"])) == vadi
    assert str(scale.degree(scale.type.roles["samvadi"])) == samvadi


def test_altered_scale_is_the_seventh_mode_of_melodic_minor() -> None:
    mode, altered = theory.get_scale("Ab", "jazz minor").mode(7), theory.get_scale("G", "altered")
    assert (mode.name, mode.notes) == (altered.name, altered.notes)


def test_custom_scales() -> None:
    custom = Scale("Custom", [0, 2, 4, 5, 7, 9, 11])
    assert custom.cents == find_scale_type("major").cents
    assert str(theory.get_scale("D", custom)) == "[D, E, F#, G, A, B, C#]"


CHORDS = {
    # entry: (quality, notes on C, degrees as the list gives them)
    "Major": ("", "C E G"), "Minor": ("m", "C Eb G"), "Diminished": ("dim", "C Eb Gb"), "Augmented": ("aug", "C E G#"),
    "Major 7th": ("maj7", "C E G B"), "Dominant 7th": ("7", "C E G Bb"), "Minor 7th": ("m7", "C Eb G Bb"),
    "Half-Diminished (ø7)": ("ø7", "C Eb Gb Bb"), "Half-Diminished (m7♭5)": ("m7♭5", "C Eb Gb Bb"),
    "Diminished 7th": ("°7", "C Eb Gb Bbb"), "Minor-Major 7th": ("m(maj7)", "C Eb G B"),
    "Augmented 7th": ("7♯5", "C E G# Bb"), "9th Chords": ("9", "C E G Bb D"), "11th Chords": ("11", "C E G Bb D F"),
    "13th Chords": ("13", "C E G Bb D A"), "Altered Chords": ("alt", "C E Bb Db D# F# Ab"),
}  # fmt: skip


@pytest.mark.parametrize("entry", CHORDS)
def test_chord(entry: str) -> None:
    quality, notes = CHORDS[entry]
    assert str(theory.build_chord("C", quality)) == f"[{', '.join(notes.split())}]"


def test_voicing_drop_2() -> None:
    assert drop(close(parse_chord("Cmaj7")), 2) == (-5, 0, 4, 11)


def test_voicing_drop_3() -> None:
    assert drop(close(parse_chord("Cmaj7")), 3) == (-8, 0, 7, 11)


def test_voicing_drop_2_and_4() -> None:
    assert drop(close(parse_chord("Cmaj7")), 2, 4) == (-12, -5, 4, 11)


def test_voicing_quartal() -> None:
    keys = theory.voice("Dm11", "quartal").keys
    assert all(high - low in (4, 5, 6) for low, high in pairwise(keys))


def test_voicing_cluster() -> None:
    keys = theory.voice("Cmaj9", "cluster").keys
    assert keys[-1] - keys[0] < 12
    assert all(high - low <= 3 for low, high in pairwise(keys))


def test_voicing_spread() -> None:
    assert spread(parse_chord("C7")) == (0, 7, 16, 22)


PROGRESSIONS = {
    # entry: (as the list writes it, chords in C or in A minor)
    "I-IV-V-I": ("I-IV-V-I", "C F G C"), "I-vi-IV-V": ("I-vi-IV-V", "C Am F G"), "ii-V-I": ("ii-V-I", "Dm7 G7 Cmaj7"),
    "I-V-vi-IV": ("I-V-vi-IV", "C G Am F"), "I-vi-ii-V": ("I-vi-ii-V", "C Am Dm G"),
    "iii-vi-ii-V-I": ("iii-vi-ii-V-I", "Em7 Am7 Dm7 G7 Cmaj7"),
    "Rhythm Changes: I-VI7-ii-V": ("I-VI7-ii-V", "C6 A7 Dm7 G7"),
    "Coltrane Changes": ("coltrane changes", "Dm7 Eb7 Abmaj7 B7 Emaj7 G7 Cmaj7"),
    "Blues (12-bar)": ("blues", "C7 C7 C7 C7 F7 F7 C7 C7 G7 F7 C7 C7"),
    "Minor Blues": ("minor blues", "Cm7 Cm7 Cm7 Cm7 Fm7 Fm7 Cm7 Cm7 G7 Fm7 Cm7 Cm7"),
    "Dorian: im7-IV7 vamp": ("dorian vamp", "Cm7 F7"), "Dorian (So What)": ("so what", "Cm7 Cm7"),
    "Phrygian: i-♭II": ("i-♭II", "Cm Db"), "Lydian: I-II7": ("I-II7", "C D7"),
    "Mixolydian: I-♭VII-IV": ("I-♭VII-IV", "C Bb F"),
}  # fmt: skip


@pytest.mark.parametrize("entry", PROGRESSIONS)
def test_progression(entry: str) -> None:
    text, chords = PROGRESSIONS[entry]
    assert " ".join(map(str, theory.get_progression(text, "C"))).startswith(chords)


@pytest.mark.parametrize(("name", "row"), [("12-bar blues", "I7-IV7-I7-V7-IV7-I7"),
                                           ("minor blues", "Im7-IVm7-Im7-V7-IVm7-Im7")])
def test_blues_change_chords_as_the_list_says(name: str, row: str) -> None:
    numerals = theory.get_progression(name).numerals
    changes = [n for i, n in enumerate(numerals) if i == 0 or numerals[i - 1] != n]
    assert "-".join(changes) == row


SUBSTITUTIONS = {
    "tritone": ("G7", "C", "Db7"), "related ii": ("G7", "C", "Dm7 G7"), "backdoor": ("G7", "Cmaj7", "Fm7 Bb7"),
    "secondary dominant": ("Dm7", None, "A7b9"), "passing diminished": ("Cmaj7", "Dm7", "Cmaj7 C#o7"),
    "minor subdominant": ("Fmaj7", None, "Fm6"),
}  # fmt: skip


@pytest.mark.parametrize("entry", SUBSTITUTIONS)
def test_substitution(entry: str) -> None:
    chord, following, expected = SUBSTITUTIONS[entry]
    found = {s.name: " ".join(map(str, s.chords)) for s in reversed(theory.substitutions(chord, following, "C"))}
    assert found[entry] == expected


INTERVALS = {
    "Perfect Unison": ("P1", 0), "Minor Second": ("m2", 1), "Major Second": ("M2", 2), "Minor Third": ("m3", 3),
    "Major Third": ("M3", 4), "Perfect Fourth": ("P4", 5), "Augmented Fourth": ("TT", 6), "Perfect Fifth": ("P5", 7),
    "Minor Sixth": ("m6", 8), "Major Sixth": ("M6", 9), "Minor Seventh": ("m7", 10), "Major Seventh": ("M7", 11),
    "Perfect Octave": ("P8", 12),
}  # fmt: skip


@pytest.mark.parametrize("entry", INTERVALS)
def test_interval(entry: str) -> None:
    short, semitones = INTERVALS[entry]
    assert Interval.parse(short).semitones == semitones
    assert interval_of(semitones).name == entry


def test_tritone_is_an_augmented_fourth_or_a_diminished_fifth() -> None:
    assert Interval.parse("A4").semitones == Interval.parse("d5").semitones == 6
    assert Interval.parse("A4") != Interval.parse("d5")


FUNCTIONS = {
    "Tonic (I)": ("I", "major", "T"), "Subdominant (IV)": ("IV", "major", "PD"), "Dominant (V)": ("V", "major", "D"),
    "Mediant (iii/III)": ("iii", "major", "Ts"), "Submediant (vi/VI)": ("vi", "major", "Ts"),
    "Leading Tone (vii°)": ("viio", "major", "Ds"), "Supertonic (ii)": ("ii", "major", "PDs"),
    "Mediant in minor": ("III", "minor", "Ts"), "Submediant in minor": ("VI", "minor", "Ts"),
}  # fmt: skip


@pytest.mark.parametrize("entry", FUNCTIONS)
def test_function(entry: str) -> None:
    from composers.theory.functions import function_of

    numeral, mode, letter = FUNCTIONS[entry]
    assert str(function_of(parse_roman(numeral), mode)) == letter


def test_circle_of_fifths() -> None:
    circle = circle_of_fifths()
    assert " ".join(map(str, circle)) == "C G D A E B Gb Db Ab Eb Bb F"
    assert all(low.interval_to(high).semitones == 7 for low, high in pairwise((*circle, circle[0])))
    sharp = " ".join(map(str, circle_of_fifths(flats_from=8)))
    assert sharp == "C G D A E B F# C# Ab Eb Bb F"


def test_enharmonics_are_told_apart() -> None:
    f_sharp, g_flat = parse_pitch_name("F#"), parse_pitch_name("Gb")
    assert f_sharp != g_flat
    assert f_sharp.pitch_class == g_flat.pitch_class
    assert g_flat in f_sharp.enharmonics
    assert str(PitchName(2, 2)) == "E##"


class TestVoiceLeadingRules:
    """The six rules, in what voice leading makes of chords."""

    def test_smooth_voice_leading(self) -> None:
        """No other close voicing of the second chord is nearer than the one that is taken."""
        led = theory.lead_voices(["C", "Am"], "pop")
        upper = [abs(a - b) for a, b in zip(led.keys[0][1:], led.keys[1][1:], strict=True)]
        assert max(upper) <= 2
        assert sum(upper) <= 2

    def test_contrary_motion(self) -> None:
        """From IV to V, where all could rise in parallel, the upper voices fall against the bass."""
        first, second = theory.lead_voices(["F", "G"], key="C").keys
        moves = [b - a for a, b in zip(first, second, strict=True)]
        assert moves[0] != 0
        assert all(m * moves[0] < 0 for m in moves[1:])

    def test_oblique_motion_and_common_tones(self) -> None:
        first, second = theory.lead_voices(["C", "Am"]).keys
        kept = sum(a == b for a, b in zip(first, second, strict=True))
        assert kept >= 2

    def test_parallel_motion(self) -> None:
        from composers.theory.voice_rules import Sonority, check

        parallel = [Sonority(bar, 1.0, tuple(map(Pitch.parse, notes.split())), parse_chord(symbol))
                    for bar, (notes, symbol) in enumerate([("C3 G3 E4 C5", "C"), ("D3 A3 F4 D5", "Dm")], 1)]
        rules = {v.rule.name for v in check(parallel, key=None)}
        assert {"parallel fifths", "parallel octaves"} <= rules
        assert not theory.lead_voices(["C", "Dm", "G", "C"]).violations

    def test_resolution(self) -> None:
        """The leading tone rises, the seventh falls."""
        led = theory.lead_voices(["G7", "C"], key="C")
        moves = {str(a.name): b.midi - a.midi for a, b in zip(*led.voicings, strict=True)}
        assert moves["B"] == 1
        assert moves["F"] == -1


class TestApi:
    """The calls of the list's "Music Theory API", as they stand there."""

    def test_get_scale(self) -> None:
        assert repr(theory.get_scale("C", "major")) == "[C, D, E, F, G, A, B]"

    def test_build_chord(self) -> None:
        assert repr(theory.build_chord("C", "maj7")) == "[C, E, G, B]"

    def test_generate_progression(self) -> None:
        made = theory.generate_progression(key="C", mode="major", style="jazz", num_chords=8)
        assert repr(made).startswith("[Cmaj7, Am7, Dm7, G7, Cmaj7, ")
        assert len(made) == 8

    def test_analyze_harmony(self) -> None:
        notes = [["C4", "E4", "G4"], ["A3", "C4", "E4"], ["D4", "F4", "A4"], ["G3", "B3", "D4", "F4"],
                 ["C4", "E4", "G4"]]  # fmt: skip
        heard = theory.analyze_harmony(notes)
        assert repr(heard) == "{key: 'C', scale: 'major', chords: [C, Am, Dm, G7, C]}"
        assert (heard["key"], heard["scale"]) == ("C", "major")
        assert [str(c) for c in heard["chords"]] == ["C", "Am", "Dm", "G7", "C"]
        assert list(heard) == ["key", "scale", "chords"]
