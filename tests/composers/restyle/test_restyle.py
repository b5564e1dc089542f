"""A piece given to another genre's band."""

from __future__ import annotations

import pytest

from composers.composer import genre_names
from composers.errors import MusicError
from composers.piece import Piece, Track
from composers.restyle import restyle
from composers.score import PPQ, Clip, Meter, Note, Span

BAR = 4 * PPQ
TUNE = (
    # bar, beat, beats, key: a folk-like period of eight bars, its second half as the first but for the close
    (0, 0, 1, 60), (0, 1, 1, 62), (0, 2, 1, 64), (0, 3, 1, 60), (1, 0, 2, 67), (1, 2, 2, 64),
    (2, 0, 1, 65), (2, 1, 1, 64), (2, 2, 1, 62), (2, 3, 1, 65), (3, 0, 3, 62),
    (4, 0, 1, 60), (4, 1, 1, 62), (4, 2, 1, 64), (4, 3, 1, 60), (5, 0, 2, 67), (5, 2, 2, 69),
    (6, 0, 1, 67), (6, 1, 1, 65), (6, 2, 1, 64), (6, 3, 1, 62), (7, 0, 3, 60),
)  # fmt: skip
CHORDS = ("C", "C", "F", "G", "C", "Am", "G", "C")
TRIADS = {"C": (48, 52, 55), "F": (53, 57, 60), "G": (43, 47, 50), "Am": (45, 48, 52)}


def song(times: int = 2, *, drums: bool = False) -> Piece:
    """The period, some times, with block chords under it."""
    span = Span(0, 8 * times * BAR)
    tune = [Note(t * 8 * BAR + bar * BAR + beat * PPQ, beats * PPQ - 30, key, 84.0)
            for t in range(times) for bar, beat, beats, key in TUNE]  # fmt: skip
    chords = [Note(bar * BAR, BAR - 20, key, 62.0) for bar in range(8 * times) for key in TRIADS[CHORDS[bar % 8]]]
    tracks = [Track("voice", Clip.of(span, tune)), Track("piano", Clip.of(span, chords))]
    if drums:
        kick = [Note(beat * PPQ, 60, 36, 90.0, 9) for beat in range(span.end // PPQ)]
        tracks.append(Track("kit", Clip.of(span, kick), is_drums=True))
    return Piece.of(tracks, 100.0, Meter())


@pytest.mark.parametrize("genre", genre_names())
def test_every_genre_takes_the_tune_and_keeps_its_contour(genre: str) -> None:
    made = restyle(song(), genre, 0.5)
    report = made.report
    assert report.melody_kept is not None and report.melody_kept >= 0.9
    assert report.notes_kept is not None and report.notes_kept >= 0.9
    assert made.piece.bars >= 16
    assert report.melody_track == "voice"


def test_the_same_arguments_give_the_same_piece() -> None:
    assert restyle(song(), "jazz", 0.7, seed=3) == restyle(song(), "jazz", 0.7, seed=3)


def test_drums_alone_have_no_melody() -> None:
    kit = song(drums=True).without("voice", "piano")
    with pytest.raises(MusicError, match="only drums"):
        restyle(kit, "jazz")


def test_a_strength_out_of_range_is_named() -> None:
    with pytest.raises(MusicError, match=r"strength = 1\.5"):
        restyle(song(), "jazz", 1.5)
