"""What the ear makes of hands: chords, their bass, tunes over them, incomplete voicings in their context."""

from __future__ import annotations

import pytest

from bridge.bench.playing import KINDS
from bridge.playing.chord_ear import ChordEar, understood
from composers.theory.chords import parse_chord
from composers.theory.scales import Key

C = Key.parse("C")


def heard(ear: ChordEar, seconds: float, until: float, playing: str = "", key: Key = C) -> list[str]:
    """What it says from one time to another, asked every 5 ms."""
    found = []
    while seconds < until:
        seconds += 0.005
        chord = ear.listen(seconds, key, playing)
        if chord is not None:
            found.append(str(chord))
    return found


def strike(ear: ChordEar, at: float, *keys: int, apart: float = 0.0) -> float:
    for i, key in enumerate(keys):
        ear.on(key, at + i * apart)
    return at + (len(keys) - 1) * apart


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_in_root_position_and_its_name_is_read_back(kind: str) -> None:
    for root in ("C", "F#", "Bb"):
        chord = parse_chord(root + kind)
        low = 48 + chord.root.pitch_class
        found = understood([low + i for i in chord.intervals], C).chord
        assert found.pitch_classes == chord.pitch_classes and found.root.pitch_class == chord.root.pitch_class
        assert parse_chord(str(found)).pitch_classes == chord.pitch_classes


def test_a_stroke_is_told_once_when_it_is_whole_and_again_when_it_is_struck_again() -> None:
    ear = ChordEar()
    end = strike(ear, 0.0, 48, 52, 55, 58, apart=0.02)
    assert heard(ear, end, 0.5) == ["C7"] and ear.holding and ear.held == (48, 52, 55, 58)
    for key in (48, 52, 55, 58):
        ear.off(key)
    assert not ear.holding and heard(ear, 0.5, 0.7) == []
    strike(ear, 1.0, 48, 52, 55, 58)
    assert heard(ear, 1.0, 1.3) == ["C7"]


def test_the_bass_says_the_inversion() -> None:
    for keys, name in (((52, 55, 60), "C/E"), ((55, 60, 64), "C/G"), ((50, 55, 60, 64), "C/D")):
        ear = ChordEar()
        strike(ear, 0.0, *keys)
        (found,) = heard(ear, 0.0, 0.3)
        assert parse_chord(found).bass_pitch_class == parse_chord(name).bass_pitch_class
        assert parse_chord(found).pitch_classes == parse_chord(name).pitch_classes


def test_a_tune_over_a_held_chord_passes_and_a_bass_below_it_that_stays_counts() -> None:
    ear = ChordEar()
    strike(ear, 0.0, 48, 52, 55)
    assert heard(ear, 0.0, 0.3) == ["C"]
    for i, key in enumerate((71, 69, 66, 74)):
        strike(ear, 0.4 + i * 0.2, key)
        assert heard(ear, 0.4 + i * 0.2, 0.55 + i * 0.2) == []
        ear.off(key)
    strike(ear, 2.0, 45)
    assert heard(ear, 2.0, 2.2) == [] and heard(ear, 2.2, 2.6) == ["Am7"]


def test_a_bass_that_is_held_belongs_to_the_hand_above_it() -> None:
    ear = ChordEar()
    strike(ear, 0.0, 36)
    heard(ear, 0.0, 0.3)
    strike(ear, 0.5, 64, 67, 71)
    (found,) = heard(ear, 0.5, 0.8)
    assert found == "Cmaj7"


def test_the_next_chord_is_its_own_while_the_pedal_holds_the_last() -> None:
    ear = ChordEar()
    strike(ear, 0.0, 48, 52, 55)
    heard(ear, 0.0, 0.3)
    strike(ear, 1.0, 53, 57, 60, 64)
    assert heard(ear, 1.0, 1.3)[-1].startswith("Fmaj7")


def test_two_notes_mean_what_the_key_or_the_chord_that_plays_has() -> None:
    assert str(understood([48, 52], C).chord) == "C"
    assert str(understood([50, 53], C).chord) == "Dm"
    assert str(understood([53, 59], C, "G7").chord) == "G7/F"
    assert str(understood([48, 55, 58], Key.parse("F"), "C7").chord) == "C7"


def test_a_rootless_voicing_is_the_chord_that_plays_and_a_low_one_is_itself() -> None:
    assert str(understood([53, 57, 60, 64], C, "Dm7").chord) == "Dm7"
    assert str(understood([41, 45, 48, 52], C, "Dm7").chord) == "Fmaj7"
    assert str(understood([53, 57, 60, 64], C, "E7").chord) == "Fmaj7"


def test_a_legato_line_is_no_chord_and_notes_that_gather_slowly_are() -> None:
    line, gathered = ChordEar(), ChordEar()
    found: list[str] = []
    for i, key in enumerate((60, 64, 67, 65, 62)):
        at = 0.3 * i
        strike(line, at, key)
        found += heard(line, at, at + 0.06)
        if i:
            line.off((60, 64, 67, 65, 62)[i - 1])
        found += heard(line, at + 0.06, at + 0.3)
    assert found == []
    for i, key in enumerate((48, 52, 55)):
        strike(gathered, 0.3 * i, key)
        found += heard(gathered, 0.3 * i, 0.3 * i + 0.3)
    assert found[-1] == "C"


def test_when_nobody_tells_what_is_held_nothing_is() -> None:
    ear = ChordEar()
    strike(ear, 0.0, 48, 52, 55)
    ear.clear()
    assert heard(ear, 0.0, 0.3) == [] and ear.held == ()
