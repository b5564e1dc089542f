"""Pitch names, chord symbols, scales and voicings."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composers.errors import MusicError
from composers.theory.chords import Chord, parse_chord
from composers.theory.pitch import KEYS, PitchName, parse_pitch_name, spell
from composers.theory.scales import MODES, SCALES, Key, chord_scale, scale
from composers.theory.voicings import HIGH, LOW, close, drop2, is_clear, motion, rootless, shell, smoothest

names = st.builds(PitchName, st.integers(0, 6), st.integers(-2, 2))


# Pitch ------------------------------------------------------------------------------------------------------------


@given(names)
def test_names_print_and_parse(name: PitchName) -> None:
    assert parse_pitch_name(str(name)) == name


@pytest.mark.parametrize(
    ("text", "pitch_class", "printed"),
    [("Eb", 3, "Eb"), ("f#", 6, "F#"), ("B♭", 10, "Bb"), ("Cb", 11, "Cb"), ("Gx", 9, "G##"),
     ("bb", 10, "Bb"), ("E#", 5, "E#")],
)
def test_names_as_people_write_them(text: str, pitch_class: int, printed: str) -> None:
    name = parse_pitch_name(text)
    assert (name.pitch_class, str(name)) == (pitch_class, printed)


@pytest.mark.parametrize("text", ["", "H", "C4", "#", "Cis", "C#b"])
def test_what_is_no_name_is_refused_by_name(text: str) -> None:
    with pytest.raises(MusicError, match=f"pitch '{text}'"):
        parse_pitch_name(text)


@pytest.mark.parametrize(
    ("name", "steps", "semitones", "expected"),
    [("C", 2, 3, "Eb"), ("C", 1, 3, "D#"), ("Gb", 3, 5, "Cb"), ("B", 2, 4, "D#"), ("F#", 4, 7, "C#"),
     ("Db", 5, 8, "Bbb"),
     ("C", -1, -1, "B"), ("C", 7, 12, "C")],
)  # fmt: skip
def test_intervals_keep_their_letters(name: str, steps: int, semitones: int, expected: str) -> None:
    assert str(parse_pitch_name(name).up(steps, semitones)) == expected


@given(names, st.integers(-14, 14), st.integers(-3, 3))
def test_an_interval_up_sounds_as_many_semitones_higher(name: PitchName, steps: int, extra: int) -> None:
    semitones = round(steps * 12 / 7) + extra
    assert name.up(steps, semitones).pitch_class == (name.pitch_class + semitones) % 12
    assert name.up(steps, semitones).up(-steps, -semitones) == name


@given(names)
def test_plain_names_sound_the_same_with_one_accidental_at_most(name: PitchName) -> None:
    assert name.plain().pitch_class == name.pitch_class
    assert abs(name.plain().alter) <= 1


def test_fifths_order_the_keys() -> None:
    assert [parse_pitch_name(k).fifths for k in ("Cb", "F", "C", "G", "F#", "C#")] == [-7, -1, 0, 1, 6, 7]
    assert [spell(k, flats=True).pitch_class for k in range(12)] == list(range(12))
    assert {parse_pitch_name(k).pitch_class for k in KEYS} == set(range(12))


# Chords -----------------------------------------------------------------------------------------------------------

SYMBOLS = {
    "C": (0, 4, 7), "Cm": (0, 3, 7), "C7": (0, 4, 7, 10), "Cmaj7": (0, 4, 7, 11), "Dm7b5": (0, 3, 6, 10),
    "Bb13": (0, 4, 7, 10, 14, 21), "G7alt": (0, 4, 10, 13, 15, 18, 20), "F#o7": (0, 3, 6, 9), "Co": (0, 3, 6),
    "C6/9": (0, 4, 7, 9, 14), "Am(maj7)": (0, 3, 7, 11), "Gsus4": (0, 5, 7), "Csus2": (0, 2, 7),
    "C+": (0, 4, 8),
    "C7#5": (0, 4, 8, 10), "C7b5": (0, 4, 6, 10), "Cm6": (0, 3, 7, 9), "C9": (0, 4, 7, 10, 14),
    "Cm9": (0, 3, 7, 10, 14),
    "Cm11": (0, 3, 7, 10, 14, 17), "Cmaj9": (0, 4, 7, 11, 14), "Cmaj7#11": (0, 4, 7, 11, 18), "C5": (0, 7),
    "C9sus4": (0, 5, 7, 10, 14), "C7sus4b9": (0, 5, 7, 10, 13), "C7b9": (0, 4, 7, 10, 13),
    "C7#9": (0, 4, 7, 10, 15),
    "C13#11": (0, 4, 7, 10, 14, 18, 21), "C7b9b13": (0, 4, 7, 10, 13, 20), "Cadd9": (0, 4, 7, 14),
    "Cm6/9": (0, 3, 7, 9, 14), "Cm13": (0, 3, 7, 10, 14, 17, 21), "C7no5": (0, 4, 10),
}  # fmt: skip


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_symbols_mean_their_notes_and_print_as_written(symbol: str) -> None:
    chord = parse_chord(symbol)
    assert chord.intervals == SYMBOLS[symbol]
    assert str(chord) == symbol


@pytest.mark.parametrize(
    ("other", "usual"),
    [("C-7", "Cm7"), ("Cmin7", "Cm7"), ("Cmi7", "Cm7"), ("CΔ", "Cmaj7"), ("CM7", "Cmaj7"),
     ("CΔ7", "Cmaj7"), ("Cø", "Cm7b5"),
     ("Cø7", "Cm7b5"), ("C°7", "Co7"), ("Cdim7", "Co7"), ("C+7", "C7#5"), ("Caug", "C+"), ("C69", "C6/9"),
     ("CmM7", "Cm(maj7)"),
     ("Cm(maj7)", "Cm(maj7)"), ("C7(b9,#11)", "C7b9#11"), ("Csus", "Csus4"), ("C♭7", "Cb7"),
     ("C7♭9", "C7b9"), ("Cmaj", "C"),
     ("C-7b5", "Cm7b5"), ("C7b13b9", "C7b9b13")],
)  # fmt: skip
def test_other_spellings_are_the_same_chord(other: str, usual: str) -> None:
    assert parse_chord(other) == parse_chord(usual)
    assert str(parse_chord(other)) == usual


@given(st.sampled_from(sorted(SYMBOLS)), names, st.none() | names)
def test_every_symbol_round_trips_on_every_root_and_bass(symbol: str, root: PitchName, bass: PitchName | None) -> None:
    quality = parse_chord(symbol)
    chord = Chord(root, quality.quality, quality.intervals, bass)
    again = parse_chord(str(chord))
    assert (again, again.intervals) == (chord, chord.intervals)


@pytest.mark.parametrize(
    ("text", "place"),
    [("H7", "'H7' \\(character 1\\)"), ("C7x", "'x' \\(character 3\\)"), ("Cmaj7/H", "'/H'"),
     ("C7b7", "'b7'"), ("", "its end"),
     ("Cm7b5!", "'!' \\(character 6\\)"), ("Co6", "'6'"), ("Cmalt", "'alt'")],
)  # fmt: skip
def test_an_error_says_where_understanding_stopped(text: str, place: str) -> None:
    with pytest.raises(MusicError, match=place):
        parse_chord(text)


def test_slash_chords_sound_their_bass() -> None:
    chord = parse_chord("Bb13#11/D")
    assert (str(chord.bass), chord.bass_pitch_class, chord.root.pitch_class) == ("D", 2, 10)
    assert parse_chord("C/Bb").pitch_classes == {0, 4, 7, 10}


@pytest.mark.parametrize(
    ("symbol", "family"),
    [("C6", "major"), ("Cmaj7", "major"), ("C7alt", "dominant"), ("C13", "dominant"),
     ("Cm(maj7)", "minor"), ("Cm7", "minor"),
     ("Cm7b5", "half-diminished"), ("Co7", "diminished"), ("C9sus4", "suspended"), ("C5", "power")],
)  # fmt: skip
def test_families(symbol: str, family: str) -> None:
    assert parse_chord(symbol).family == family


# Scales -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("degree", "mode"),
    [(1, "ionian"), (2, "dorian"), (3, "phrygian"), (4, "lydian"), (5, "mixolydian"), (6, "aeolian"),
     (7, "locrian")],
)
def test_modes_of_major(degree: int, mode: str) -> None:
    assert scale(0, "major").mode(degree) == SCALES[mode]


@pytest.mark.parametrize(
    ("degree", "mode"),
    [(2, "dorian b2"), (3, "lydian augmented"), (4, "lydian dominant"), (5, "mixolydian b6"),
     (6, "locrian #2"), (7, "altered")],
)
def test_modes_of_melodic_minor(degree: int, mode: str) -> None:
    assert scale(0, "melodic minor").mode(degree) == SCALES[mode]


def test_bebop_scales_add_one_passing_tone() -> None:
    for bebop, plain in (("bebop dominant", "mixolydian"), ("bebop major", "major"),
     ("bebop dorian", "dorian")):
        assert len(set(SCALES[bebop]) - set(SCALES[plain])) == 1


def test_an_unknown_scale_lists_the_known() -> None:
    with pytest.raises(MusicError, match="altered"):
        scale(0, "superlocrian bb7")


@pytest.mark.parametrize(
    ("symbol", "following", "key", "expected"),
    [("Dm7", "G7", ("C", "major"), "dorian"), ("G7", "Cmaj7", ("C", "major"), "mixolydian"),
     ("Cmaj7", "Dm7", ("C", "major"), "major"), ("Fmaj7", "G7", ("C", "major"), "lydian"),
     ("Em7", "A7b9", ("C", "major"), "phrygian"), ("Am7", "Dm7", ("C", "major"), "aeolian"),
     ("Db7", "Cmaj7", ("C", "major"), "lydian dominant"),
     ("Bb13", "Cmaj7", ("C", "major"), "lydian dominant"),
     ("A7b9", "Dm7", ("C", "major"), "phrygian dominant"), ("G7alt", "Cm6", ("C", "minor"), "altered"),
     ("Cm6", "Dm7b5", ("C", "minor"), "melodic minor"), ("Dm7b5", "G7alt", ("C", "minor"), "locrian #2"),
     ("C#o7", "Dm7", ("C", "major"), "whole-half diminished"), ("G7#5", "C6", ("C", "major"), "whole tone"),
     ("G9sus4", "Cmaj7", ("C", "major"), "mixolydian"),
     ("C7sus4b9", "C7sus4b9", ("C", "phrygian"), "dorian b2"),
     ("Cm11", "Cm11", ("C", "dorian"), "dorian"),
     ("G13b9", "Cmaj7", ("C", "major"), "half-whole diminished")],
)  # fmt: skip
def test_chord_scales_in_context(symbol: str, following: str, key: tuple[str, str], expected: str) -> None:
    found = chord_scale(parse_chord(symbol), parse_chord(following), Key.parse(*key))
    assert found.name == expected
    assert found.root == parse_chord(symbol).root.pitch_class


@given(st.sampled_from(sorted(SYMBOLS)), st.sampled_from(sorted(SYMBOLS)), st.integers(0, 11), st.sampled_from(MODES))
def test_a_chord_scale_holds_third_and_seventh(symbol: str, then: str, root: int, mode: str) -> None:
    chord = parse_chord(symbol).on(spell(root, flats=True))
    found = chord_scale(chord, parse_chord(then), Key.parse("C", mode))
    guides = {i for i in chord.intervals if i in (3, 4, 10, 11)}
    assert {(root + i) % 12 for i in guides} <= found.pitch_classes


def test_signatures() -> None:
    keys = (("Eb", "major"), ("C", "minor"), ("D", "dorian"), ("E", "phrygian"))
    assert [Key.parse(*key).fifths for key in keys] == [-3, -3, 0, 0]
    with pytest.raises(MusicError, match="'jolly'"):
        Key.parse("C", "jolly")


# Voicings ---------------------------------------------------------------------------------------------------------

sounding = st.sampled_from([s for s in sorted(SYMBOLS) if s != "C5"])


def test_recipes() -> None:
    assert shell(parse_chord("C7")) == (0, 4, 10)
    assert rootless(parse_chord("Cmaj7")) == ((4, 7, 11, 14), (11, 14, 16, 19))
    assert rootless(parse_chord("Cm7")) == ((3, 7, 10, 14), (10, 14, 15, 19))
    assert rootless(parse_chord("C7")) == ((4, 9, 10, 14), (10, 14, 16, 21))
    assert rootless(parse_chord("C7alt"))[0] == (4, 8, 10, 15)
    assert drop2(close(parse_chord("Cmaj7"))) == (-5, 0, 4, 11)


@given(sounding, st.integers(0, 11), sounding, st.integers(0, 11))
def test_voicings_lie_in_their_lane_and_are_clear(one: str, low: int, two: str, high: int) -> None:
    first = smoothest(parse_chord(one).on(spell(low, flats=True)), None)
    second = smoothest(parse_chord(two).on(spell(high, flats=True)), first)
    for voices in (first, second):
        assert list(voices) == sorted(set(voices))
        assert voices[0] >= LOW and voices[-1] <= HIGH
        assert is_clear(voices)
        assert 3 <= len(voices) <= 4


@given(sounding, st.integers(0, 11))
def test_a_voicing_keeps_the_guide_tones(symbol: str, root: int) -> None:
    chord = parse_chord(symbol).on(spell(root, flats=True))
    heard = {(key - root) % 12 for key in smoothest(chord, None)}
    wanted = {5, 10} if chord.family == "suspended" else {3, 4, 10, 11}
    guides = wanted & set(chord.intervals)
    assert guides <= heard


def test_two_five_one_exchanges_third_and_seventh() -> None:
    """The seventh of ii falls a semitone to the third of V, the rest hardly moves."""
    two = smoothest(parse_chord("Dm7"), None)
    five = smoothest(parse_chord("G7"), two)
    one = smoothest(parse_chord("Cmaj7"), five)
    assert motion(two, five) <= 1.5 and motion(five, one) <= 2.5
    assert 60 in two and 59 in five


PROGRESSION = (
    "Cmaj7", "A7b9", "Dm7", "G7", "Em7", "A7alt", "Dm7b5", "G7b9", "Cm6", "F13", "Bbmaj7", "Ebmaj7",
)  # fmt: skip


def test_voice_motion_beats_root_position() -> None:
    chords = [parse_chord(s) for s in PROGRESSION]
    voices, led = smoothest(chords[0], None), []
    for chord in chords[1:]:
        after = smoothest(chord, voices)
        led.append(motion(voices, after))
        voices = after
    planed = [tuple(48 + c.root.pitch_class + i for i in rootless(c)[0]) for c in chords]
    jumps = [motion(a, b) for a, b in pairwise(planed)]
    assert sum(led) / len(led) <= 1.8
    assert sum(jumps) / len(jumps) > 2 * sum(led) / len(led)
