"""Grips: every chord in every key has one that a hand can hold, with its own notes, near the one before."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from composers.parts.fretboard import (
    CRUNCH,
    FINGERS,
    FULL,
    HIGH,
    LAST_FRET,
    REACH,
    STRINGS,
    Grip,
    Shape,
    capo_for,
    fingered,
    grips,
    move,
    power_grip,
)  # fmt: skip
from composers.theory.chords import parse_chord

ROOTS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
QUALITIES = ("", "m", "7", "maj7", "m7", "sus4", "sus2", "add9", "6", "m6", "9", "m9", "o", "o7", "m7b5", "+", "5",
             "7sus4", "maj9", "13", "7#9", "m(maj7)")  # fmt: skip
SHAPES = (FULL, CRUNCH, HIGH)


def held(frets: str) -> tuple[int | None, ...]:
    return tuple(None if f == "x" else int(f) for f in frets)


def check(grip: Grip) -> None:
    """A hand's limits, independently of Grip.playable."""
    struck = [i for i, fret in enumerate(grip.frets) if fret is not None]
    assert struck == list(range(struck[0], struck[-1] + 1)), f"{grip} has a silent string inside"
    fretted = [fret for fret in grip.frets if fret]
    assert not fretted or max(fretted) - min(fretted) <= REACH <= 4
    assert all(0 <= fret <= LAST_FRET for fret in grip.frets if fret is not None)
    keys = [STRINGS[i] + grip.capo + fret for i, fret in enumerate(grip.frets) if fret is not None]
    assert tuple(keys) == grip.keys
    assert all(a < b for a, b in pairwise(keys))
    lowest = min(fretted, default=0)
    at = [i for i, fret in enumerate(grip.frets) if fret == lowest and fret]
    barre = len(at) > 1 and all(grip.frets[i] != 0 for i in range(at[0], at[-1] + 1))
    assert len(fretted) - (len(at) - 1 if barre else 0) <= FINGERS
    assert grip.playable


@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_chord_in_every_key_can_be_held(quality: str, shape: Shape) -> None:
    for root in ROOTS:
        chord = parse_chord(root + quality)
        for grip in grips(chord, shape):
            check(grip)
            assert {key % 12 for key in grip.keys} <= set(chord.pitch_classes), f"{chord}: {grip}"


@pytest.mark.parametrize("capo", range(6))
def test_capos_raise_the_nut(capo: int) -> None:
    for root in ROOTS:
        for grip in grips(parse_chord(root), FULL, capo):
            check(grip)
            assert min(grip.keys) >= STRINGS[0] + capo


@pytest.mark.parametrize(("chord", "frets"), [
    ("E", "022100"), ("A", "x02220"), ("Am", "x02210"), ("Em", "022000"), ("C", "x32010"), ("F", "133211"),
])  # fmt: skip
def test_what_everybody_plays_comes_first(chord: str, frets: str) -> None:
    assert grips(parse_chord(chord))[0].frets == held(frets)


@pytest.mark.parametrize(("chord", "frets"), [("D", "xx0232"), ("G", "320003"), ("Dm", "xx0231")])
def test_open_chords_are_among_the_first(chord: str, frets: str) -> None:
    assert held(frets) in [grip.frets for grip in grips(parse_chord(chord))[:2]]


def test_the_third_is_there_and_the_bass_lies_lowest() -> None:
    for root in ROOTS:
        for quality, third in (("", 4), ("m", 3), ("7", 4), ("m7", 3)):
            chord = parse_chord(root + quality)
            grip = grips(chord)[0]
            assert grip.keys[0] % 12 == chord.root.pitch_class
            assert (chord.root.pitch_class + third) % 12 in {key % 12 for key in grip.keys}


def test_slash_chords_have_their_bass() -> None:
    for name, bass in (("C/E", 4), ("G/B", 11), ("D/F#", 6), ("F/A", 9)):
        assert grips(parse_chord(name))[0].keys[0] % 12 == bass


def test_crunch_has_no_low_thirds() -> None:
    for root in ROOTS:
        for quality in ("", "m", "7", "m7"):
            chord = parse_chord(root + quality)
            for grip in grips(chord, CRUNCH):
                thirds = [key for key in grip.keys if (key - chord.root.pitch_class) % 12 in (3, 4)]
                assert all(key >= 57 for key in thirds), f"{chord}: {grip}"


def test_power_chords_are_root_fifth_and_octave_on_low_strings() -> None:
    for root in range(12):
        found = power_grip(root, 7)
        assert found
        for grip in found:
            check(grip)
            low = grip.keys[0]
            assert (low % 12, [key - low for key in grip.keys]) == (root, [0, 7, 12])
            assert 40 <= low <= 62
        assert min(grip.keys[0] for grip in found) <= 52
        check(power_grip(root, 6)[0])
        check(power_grip(root, 8)[0])


@given(st.lists(st.sampled_from([r + q for r in ROOTS for q in ("", "m", "7")]), min_size=1, max_size=12))
@settings(max_examples=40, deadline=None)
def test_a_path_is_no_harder_than_the_first_grips(symbols: list[str]) -> None:
    options = [grips(parse_chord(symbol)) for symbol in symbols]
    path = fingered(options)
    assert len(path) == len(options)
    assert all(grip in choices for grip, choices in zip(path, options, strict=True))

    def way(row: list[Grip]) -> float:
        return sum(move(a, b) for a, b in pairwise(row))

    ranks = sum(choices.index(grip) for grip, choices in zip(path, options, strict=True))
    assert way(path) + 0.6 * ranks <= way([choices[0] for choices in options]) + 1.5


def test_hands_move_little() -> None:
    """Mean move between chords of common loops: 2 frets at most; grips at random take half as much again."""
    travelled, random_ones = [], []
    for loop in (("C", "G", "Am", "F"), ("E", "A", "B7", "E"), ("Am", "F", "C", "G"), ("Eb", "Bb", "Cm", "Ab")):
        options = [grips(parse_chord(symbol)) for symbol in loop]
        path = fingered(options)
        travelled += [abs(a.hand - b.hand) for a, b in pairwise(path)]
        random_ones += [abs(x.hand - y.hand) for a, b in pairwise(options) for x in a for y in b]
    assert sum(travelled) / len(travelled) <= 2.0
    assert sum(random_ones) / len(random_ones) > 1.5 * sum(travelled) / len(travelled)


def test_capos_make_flat_keys_open() -> None:
    assert [capo_for(tonic, False) for tonic in (7, 0, 2, 9, 4)] == [0] * 5
    assert capo_for(3, False) in (1, 3)  # Eb as D or C
    assert all(0 <= capo_for(tonic, minor) <= 5 for tonic in range(12) for minor in (False, True))
    for tonic, names in ((3, ("Eb", "Ab", "Bb")), (8, ("Ab", "Db", "Eb")), (10, ("Bb", "Eb", "F"))):
        capo = capo_for(tonic, False)
        without, with_capo = (
            sum(grips(parse_chord(name), FULL, at)[0].open_strings for name in names) for at in (0, capo)
        )
        assert with_capo > without
