"""The door to theory: what its methods give beyond the list's examples, and how it takes scores."""

from __future__ import annotations

from pathlib import Path

import pytest

from composers import MusicTheory, Scale
from composers.errors import MusicError
from composers.musicxml import Bar, ScoreFile
from composers.score import PPQ, Meter
from composers.theory.chords import parse_chord
from composers.theory.music_theory import _meters
from composers.theory.pitch import PitchName

theory = MusicTheory()
BAR = 4 * PPQ


def test_chord_notes_are_a_sequence_with_the_chord_behind() -> None:
    built = theory.build_chord("C", "maj7")
    assert list(built) == [PitchName(0), PitchName(2), PitchName(4), PitchName(6)]
    assert built[0] == PitchName(0)
    assert built[1:] == (PitchName(2), PitchName(4), PitchName(6))
    assert len(built) == 4
    assert built.chord == parse_chord("Cmaj7")
    assert built == theory.parse_chord("CΔ7")
    assert len({built, theory.parse_chord("CM7")}) == 1
    assert built != theory.build_chord("C", "7")


def test_scales_of_ones_own_have_cents_too() -> None:
    even = Scale("even five", [0, 240, 480, 720, 960], cents=True)
    assert [round(n.cents) for n in theory.get_scale("C", even)] == [0, 40, -20, 20, -40]


def test_voices_take_the_key_of_a_progression() -> None:
    made = theory.get_progression("ii-V-I", "Eb")
    assert theory.lead_voices(made, "pop").key == made.key
    assert len(theory.lead_voices(made, "jazz", voices=3).keys[0]) == 3


def test_poly_chords_are_voiced_and_no_chord_is_not() -> None:
    assert len(theory.voice("D|C7").keys) >= 6
    with pytest.raises(MusicError, match="name a chord"):
        theory.voice("N.C.")


def score(*lengths: int, meters: tuple[tuple[int, Meter], ...] = ((0, Meter()),)) -> ScoreFile:
    bars, at = [], 0
    for number, length in enumerate(lengths, 1):
        bars.append(Bar(str(number), at, at + length))
        at += length
    return ScoreFile("", {}, tuple(bars), meters, (), 120.0)


def test_meters_hold_from_bar_lines() -> None:
    assert [tuple(m) for m in _meters(score(BAR, BAR, BAR))] == [(0, Meter())]
    assert [tuple(m) for m in _meters(score(PPQ, BAR, BAR))] == [(PPQ, Meter())]  # an upbeat
    waltz = Meter(3, 4)
    changing = score(BAR, BAR, 3 * PPQ, 3 * PPQ, meters=((0, Meter()), (2 * BAR, waltz)))
    assert [tuple(m) for m in _meters(changing)] == [(0, Meter()), (2 * BAR, waltz)]
    split = score(BAR, PPQ, 3 * PPQ, BAR)  # a bar cut in two by a repeat
    assert [m.tick for m in _meters(split)] == [0, BAR + PPQ, 2 * BAR]
    assert [tuple(m) for m in _meters(score())] == [(0, Meter())]


@pytest.mark.parametrize(("signs", "name"), [(6, "F#"), (-6, "Gb")])
def test_the_signature_tells_f_sharp_from_g_flat(tmp_path: Path, signs: int, name: str) -> None:
    """I IV V I on the black keys, as two signatures have it."""
    written = {6: "F1 A1 C1 B0 D1 F1 C1 E1 G1 F1 A1 C1", -6: "G-1 B-1 D-1 C-1 E-1 G-1 D-1 F0 A-1 G-1 B-1 D-1"}
    notes = [(word[0], int(word[1:])) for word in written[signs].split()]
    measures = []
    for bar in range(4):
        chord = "".join(
            f"<note>{'<chord/>' if i else ''}<pitch><step>{letter}</step><alter>{alter}</alter>"
            f"<octave>{4 + (i > 0 and letter in 'CDE')}</octave></pitch><duration>4</duration></note>"
            for i, (letter, alter) in enumerate(notes[3 * bar : 3 * bar + 3]))
        first = (f"<attributes><divisions>1</divisions><key><fifths>{signs}</fifths></key><time><beats>4</beats>"
                 "<beat-type>4</beat-type></time></attributes>") if not bar else ""
        measures.append(f'<measure number="{bar + 1}">{first}{chord}</measure>')
    path = tmp_path / "x.musicxml"
    path.write_text('<score-partwise><part-list><score-part id="P"><part-name>P</part-name></score-part></part-list>'
                    f'<part id="P">{"".join(measures)}</part></score-partwise>')
    heard = theory.analyze_harmony(path)
    assert heard["key"] == name
    assert str(heard["chords"][0]).partition("/")[0] == name
