"""Whole pieces: cut, moved, transposed, put together, and said in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composers.errors import MusicError
from composers.general_midi import PROGRAMS, kit_of, program_of
from composers.instrumentation import DRUMS, INSTRUMENTS
from composers.piece import Piece, Track, unique_names
from composers.score import Clip, Control, Meter, Note, Ramp, Span
from composers.theory.intervals import Interval
from composers.theory.scales import Key

BAR = 3840
PIANO = Clip(Span(0, 4 * BAR), tuple(Note(i * BAR, 960, 60 + i, 80.0) for i in range(4)))
KIT = Clip(Span(0, 4 * BAR), tuple(Note(i * BAR, 240, 36, 100.0, 9) for i in range(4)))
PIECE = Piece.of({"piano": PIANO, "drums": KIT}, 120, Meter(), Key.parse("Eb"), markers=[(0, "A"), (2 * BAR, "B")],
                 chords=[(0, "Ebmaj7"), (BAR, "Bb7/D")], lyrics=[(BAR, "la")], title="Blue")  # fmt: skip


def test_a_piece_says_what_it_is_in_one_line() -> None:
    assert repr(PIECE) == ("Piece 'Blue': 4 bars of 4/4 at 120 BPM in Eb major, 2 tracks: piano 4 notes, drums 4 notes")
    many = Piece(tuple(Track(f"t{i}", Clip(Span(0, 1), (Note(0, 1, 60, 1.0),))) for i in range(9)),
                 ((0, 90.0), (960, 140.0)), ((0, Meter()), (960, Meter(3, 4)), (1920, Meter(5, 4))))  # fmt: skip
    assert repr(many).startswith("Piece: 1 bar of 3 meters from 4/4 at 90 to 140 BPM, 9 tracks: t0 1 note, ")
    assert repr(many).endswith("t5 1 note and 3 more")
    assert repr(Piece()) == "Piece: 0 bars of 4/4 at 120 BPM, no tracks"


def test_numbers() -> None:
    assert (PIECE.length, PIECE.bars, PIECE.duration_s) == (4 * BAR, 4, 8.0)
    assert (PIECE.bar_at(BAR), PIECE.bar_span(1), PIECE.seconds(960), PIECE.tick_at(0.5)) == (
        1, Span(BAR, 2 * BAR), 0.5, 960)  # fmt: skip
    assert [s.start for s in PIECE.bar_spans()] == [0, BAR, 2 * BAR, 3 * BAR]
    assert PIECE.key_at(0) == PIECE.key_at(9999) == Key.parse("Eb")
    assert Piece().key_at(0) is None
    assert PIECE.notes == tuple(sorted((*PIANO.notes, *KIT.notes)))
    assert PIECE.track("drums").is_drums
    with pytest.raises(MusicError, match="no track 'bass': the piece has piano, drums"):
        PIECE.track("bass")


def test_a_slice_begins_at_0_and_knows_what_was_in_force() -> None:
    controls = (
        *(Control(0, "cc", n, v) for n, v in ((101, 0), (100, 0), (6, 12), (101, 127), (100, 127))),
        Control(10, "cc", 7, 100), Control(20, "cc", 7, 90), Control(30, "program", 0, 5), Control(40, "bend", 0, 0.5),
        Control(50, "cc", 123, 0), Control(BAR, "cc", 7, 80),
    )  # fmt: skip
    clip = replace(PIANO, controls=controls, ramps=(Ramp(0, 9, "pan", 0.0), Ramp(BAR, 9, "pan", 1.0)))
    piece = replace(PIECE.with_track(Track("piano", clip, 0, 1)), tempi=((0, 120.0), (960, 90.0), (BAR + 960, 60.0)))
    part = piece.slice(Span(BAR, 3 * BAR))
    track = part.track("piano")
    assert [n[:3] for n in track.clip.notes] == [(0, 960, 61), (BAR, 960, 62)]
    assert (track.program, track.bank, track.clip.span) == (5, None, Span(0, 2 * BAR))
    assert [c[1:4] for c in track.clip.controls] == [
        ("cc", 101, 0), ("cc", 100, 0), ("cc", 6, 12), ("cc", 101, 127), ("cc", 100, 127),
        ("cc", 7, 90), ("bend", 0, 0.5), ("cc", 7, 80),
    ]  # fmt: skip
    assert track.clip.ramps == (Ramp(0, 9, "pan", 1.0),)
    assert part.tempi == ((0, 90.0), (960, 60.0))
    assert (part.markers, part.chords, part.lyrics) == (((BAR, "B"),), ((0, "Bb7/D"),), ((0, "la"),))
    assert (part.keys, part.bars) == (((0, Key.parse("Eb")),), 2)
    assert [s.length for s in piece.slice(Span(960, 2 * BAR)).bar_spans()] == [BAR - 960, BAR]
    with pytest.raises(MusicError, match="no part of a piece"):
        piece.slice(Span(5, 5))


@given(st.integers(0, 10 * BAR))
def test_shifted_there_and_back(ticks: int) -> None:
    later = PIECE.shifted(ticks)
    assert later.notes == tuple(sorted(n._replace(start=n.start + ticks) for n in PIECE.notes))
    assert later.bar_span(later.bar_at(ticks)).start == ticks
    back = later.shifted(-ticks)
    assert (back.notes, back.markers, back.chords) == (PIECE.notes, PIECE.markers, PIECE.chords)
    with pytest.raises(MusicError, match="cut it by slice"):
        later.shifted(-ticks - 1)


@pytest.mark.parametrize(("by", "key", "chords"), [
    (2, "F", ["Fmaj7", "C7/E"]), (-1, "D", ["Dmaj7", "A7/C#"]), (12, "Eb", ["Ebmaj7", "Bb7/D"]),
    (3, "Gb", None), (Interval.parse("A2"), "F#", None), (-3, "C", ["Cmaj7", "G7/B"]),
])  # fmt: skip
def test_transposed(by: int | Interval, key: str, chords: list[str] | None) -> None:
    moved = PIECE.transposed(by)
    if by == 3:
        assert str(moved.keys[0][1].tonic) in ("Gb", "F#")
    else:
        assert moved.keys[0][1] == Key.parse(key)
    assert chords is None or [symbol for _, symbol in moved.chords] == chords
    semitones = by if isinstance(by, int) else by.semitones
    assert [n.pitch for n in moved.clips["piano"].notes] == [60 + i + semitones for i in range(4)]
    assert moved.clips["drums"] == KIT


@given(st.integers(-60, 60))
def test_transposed_pitches_stay_on_the_keyboard_and_signs_few(semitones: int) -> None:
    moved = PIECE.transposed(semitones * 2)
    for before, after in zip(PIANO.notes, sorted(moved.clips["piano"].notes), strict=True):
        assert (after.pitch - before.pitch - 2 * semitones) % 12 == 0
        assert 0 <= after.pitch <= 127
    assert abs(moved.keys[0][1].fifths) <= 6
    assert (moved.keys[0][1].tonic.pitch_class - 3 - 2 * semitones) % 12 == 0


def test_tracks_come_and_go() -> None:
    assert PIECE.with_track(Track("piano", KIT)).names == ("piano", "drums")
    assert PIECE.with_track(Track("bass", KIT)).names == ("piano", "drums", "bass")
    assert PIECE.without("piano").names == ("drums",)
    with pytest.raises(MusicError, match="no track 'x'"):
        PIECE.without("x")
    both = PIECE.merged(replace(PIECE, markers=((5, "C"),), title="Other"))
    assert both.names == ("piano", "drums", "piano 2", "drums 2")
    assert (both.title, [text for _, text in both.markers]) == ("Blue", ["A", "C", "B"])
    assert unique_names(["a", "a 2", "a", "a"]) == ("a", "a 2", "a 3", "a 4")


@pytest.mark.parametrize(("change", "word"), [
    ({"tracks": (Track("a", KIT), Track("a", KIT))}, "two tracks are called 'a'"),
    ({"keys": ((5, Key.parse("C")), (5, Key.parse("D")))}, "keys are not in the order"),
    ({"markers": ((5, "b"), (4, "a"))}, "markers are not"), ({"lyrics": ((-1, "a"),)}, "begin at tick -1"),
    ({"tempi": ((0, -3.0),)}, "bpm = -3"),
])  # fmt: skip
def test_what_is_out_of_order_is_named(change: dict[str, object], word: str) -> None:
    with pytest.raises(MusicError, match=word):
        Piece(**change)  # type: ignore[arg-type]


@pytest.mark.parametrize(("change", "word"), [
    ({"name": ""}, "empty name"), ({"program": 128}, "program = 128"), ({"channel": 16}, "channel = 16"),
    ({"program": 1, "bank": 16384}, "bank = 16384"), ({"bank": 1}, "without a program"),
])  # fmt: skip
def test_tracks_out_of_range_are_named(change: dict[str, object], word: str) -> None:
    with pytest.raises(MusicError, match=word):
        Track(**{"name": "a", "clip": KIT, **change})  # type: ignore[arg-type]


def test_instruments_have_programs() -> None:
    assert len(PROGRAMS) == len(set(PROGRAMS)) == 128
    assert [PROGRAMS[i] for i in (0, 40, 56, 73, 127)] == [
        "acoustic grand piano", "violin", "trumpet", "flute", "gunshot"]  # fmt: skip
    for name in INSTRUMENTS:
        assert (program_of(name) is None) == (name in DRUMS), name
    track = Track.of("Solo", PIANO, "Alto Sax")
    assert (track.program, track.is_drums, track.instrument) == (65, False, "Alto Sax")
    kit = Track.of("Beat", PIANO, "tr-808")
    assert (kit.program, kit.is_drums, kit.channel) == (kit_of("tr-808"), True, 9)
    assert Track.of("x", PIANO).program is None


@pytest.mark.parametrize(
    ("kit", "program"),
    [("Brushes", 40), ("jazz-kit", 32), ("rock-kit", 16), ("studio-kit", 8), ("electronic-kit", 24), ("TR-808", 25),
     ("808", 25), ("orchestra-kit", 48), ("drums", 0), ("acoustic-kit", 0)],
)  # fmt: skip
def test_kits_have_the_programs_of_general_midi_2(kit: str, program: int, tmp_path: Path) -> None:
    """On channel 10, in the file too."""
    clip = Clip(PIANO.span, tuple(n._replace(channel=9) for n in PIANO.notes))
    piece = Piece.of([Track.of("beat", clip, kit)], 120.0, Meter())
    piece.save(tmp_path / "kit.mid")
    assert bytes((0xC9, program)) in (tmp_path / "kit.mid").read_bytes()
    assert Piece.load(tmp_path / "kit.mid").tracks[0].program == program


def test_saved_and_loaded(tmp_path: Path) -> None:
    PIECE.save(tmp_path / "blue.MID")
    again = Piece.load(str(tmp_path / "blue.MID"))
    assert (again.title, again.names, again.keys, again.chords) == (PIECE.title, PIECE.names, PIECE.keys, PIECE.chords)
    for name in ("blue.wav", "blue", "blue.musicxml"):
        with pytest.raises(MusicError, match=r"ends in \.mid"):
            PIECE.save(tmp_path / name)


def test_a_score_is_a_piece(tmp_path: Path) -> None:
    """An upbeat of a quarter, a bar of 4/4, one that is too long, a key with a mode."""
    note = "<note><pitch><step>C</step><octave>5</octave></pitch><duration>{}</duration></note>"
    first = ("<attributes><divisions>1</divisions><key><fifths>0</fifths><mode>dorian</mode></key>"
             "<time><beats>4</beats><beat-type>4</beat-type></time></attributes>")  # fmt: skip
    bars = [first + note.format(1), note.format(4), note.format(4) + note.format(2), note.format(4)]
    measures = "".join(f'<measure number="{i}">{bar}</measure>' for i, bar in enumerate(bars))
    path = tmp_path / "song.musicxml"
    parts = '<part-list><score-part id="P1"><part-name>Voice</part-name></score-part></part-list>'
    path.write_text("<score-partwise><work><work-title>Song</work-title></work>"
                    f'{parts}<part id="P1">{measures}</part></score-partwise>')  # fmt: skip
    piece = Piece.load(path)
    assert (piece.title, piece.names, piece.keys) == ("Song", ("Voice",), ((0, Key.parse("D", "dorian")),))
    assert [span.length // 960 for span in piece.bar_spans()] == [1, 4, 6, 4]
    assert len(piece.notes) == 5


def test_the_documentation_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "midi-files.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    clip = Clip.of(Span(0, 12 * BAR), (Note(bar * BAR, 960, 60, 80.0) for bar in range(12)))
    Piece.of({"piano": clip, "drums": KIT}, key=Key.parse("Eb"), title="Song").save("song.mid")
    for block in text.split("```python\n")[1:]:
        exec(block.partition("```")[0], {})
    assert capsys.readouterr().out.startswith("Piece 'Song': 12 bars of 4/4 at 120 BPM in Eb major, 2 tracks: piano 12")
    verse = Piece.load("verse.mid")
    assert (verse.names, verse.bars, verse.notes[0].pitch) == (("piano",), 1, 62)
