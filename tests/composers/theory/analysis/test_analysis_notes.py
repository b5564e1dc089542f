"""What may be handed to an analysis."""

from __future__ import annotations

from pathlib import Path

import pytest

from composers.errors import MusicError
from composers.piece import Piece
from composers.score import PPQ, Clip, Meter, Note, Span
from composers.theory.analysis.notes import read_notes
from composers.theory.pitch import Pitch, PitchName
from composers.theory.scales import Key

CHORD = [Note(0, PPQ, k, 80.0) for k in (60, 64, 67)]


def keys(source: object) -> list[tuple[int, int, int]]:
    return [(n.start, n.length, n.pitch) for n in read_notes(source).notes]  # type: ignore[arg-type]


def test_notes_clips_and_tracks() -> None:
    clip = Clip.of(Span(0, PPQ), CHORD)
    drums = Clip.of(Span(0, PPQ), [Note(0, 10, 36, 100.0, channel=9)])
    assert keys(CHORD) == keys(reversed(CHORD)) == keys(clip) == keys({"piano": clip, "drums": drums})


def test_a_midi_file_brings_its_meter_and_signature(tmp_path: Path) -> None:
    path = tmp_path / "waltz.mid"
    Piece.of({"piano": Clip.of(Span(0, PPQ), CHORD)}, 120, Meter(3, 4), Key.parse("Eb", "minor")).save(path)
    played = read_notes(path)
    assert (played.meter, played.signs, keys(str(path))) == (Meter(3, 4), -6, keys(CHORD))


def test_tuples_are_start_length_and_pitch_in_quarters() -> None:
    assert keys([(0, 1, 60), (1.5, 0.5, "Eb4")]) == [(0, PPQ, 60), (PPQ * 3 // 2, PPQ // 2, 63)]


def test_pitches_follow_each_other_and_names_take_the_nearest_octave() -> None:
    assert keys(["C4", 62, Pitch.parse("E4")]) == [(0, PPQ, 60), (PPQ, PPQ, 62), (2 * PPQ, PPQ, 64)]
    assert [k for _, _, k in keys(["C", "E", "G", "C"])] == [60, 64, 67, 72]
    assert [k for _, _, k in keys([PitchName(6), PitchName(0)])] == [71, 72]
    assert [k for _, _, k in keys(["E", "F", "G", "E", "D", "C", "B"])] == [64, 65, 67, 64, 62, 60, 59]


def test_chords_follow_by_bars() -> None:
    found = read_notes([["C", "E", "G"], [53, 57, 60]], Meter(3, 4)).notes
    assert [(n.start, n.length, n.pitch) for n in found] == [
        (0, 3 * PPQ, 48), (0, 3 * PPQ, 52), (0, 3 * PPQ, 55),
        (3 * PPQ, 3 * PPQ, 53), (3 * PPQ, 3 * PPQ, 57), (3 * PPQ, 3 * PPQ, 60),
    ]  # fmt: skip


def test_chords_may_be_tuples() -> None:
    assert keys([(60, 64, 67), (53, 57, 60, 64)]) == keys([[60, 64, 67], [53, 57, 60, 64]])
    assert keys([(30, 2, 60)]) == [(30 * PPQ, 2 * PPQ, 60)]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ([], "no notes to analyse: give Notes"),
        ([Note(0, 9, 36, 90.0, channel=9)], "only percussion"),
        ([3.5], "3.5 is no note"),
        ([(0, 1, None)], "None is no pitch"),
        (["X"], "'X' is not a name"),
        ([128], "outside 0 to 127"),
        ([True], "no pitch"),
        (None, "None is no music"),
        (5, "5 is no music"),
        ("nowhere.mid", "nowhere.mid"),
    ],
)
def test_what_is_none_is_refused_with_what_to_give(source: object, message: str) -> None:
    with pytest.raises(MusicError, match=message):
        read_notes(source)  # type: ignore[arg-type]
