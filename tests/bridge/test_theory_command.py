"""sideman theory: tables that musicians read, JSON that programs read, mistakes that say what to do, sound."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bridge import theory_playing, theory_tables
from bridge.commands import cli
from bridge.errors import MusicError
from composers.piece import Piece
from composers.score import PPQ, Clip, Note, Span
from composers.theory.chords import parse_chord
from composers.theory.pitch import PitchName
from composers.theory.progressions import progression
from composers.theory.scale_types import CATALOGUE, find_scale_type


def run(*arguments: str) -> str:
    done = CliRunner().invoke(cli, ["theory", *arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """C Am Dm7 G7 C, a bar each."""
    chords = [(48, 64, 67, 72), (45, 64, 69, 72), (50, 65, 69, 72), (43, 65, 67, 71), (48, 64, 67, 72)]
    notes = [Note(i * 4 * PPQ, 4 * PPQ, key, 80.0) for i, keys in enumerate(chords) for key in keys]
    path = tmp_path / "song.mid"
    Piece.of({"piano": Clip.of(Span(0, 20 * PPQ), notes)}, 100.0).save(path)
    return path


@pytest.mark.parametrize("name", ["scale", "chord", "voicing", "progression", "analyze"])
def test_every_part_has_examples(name: str) -> None:
    assert f"sideman theory {name}" in run(name, "--help")


def test_a_scale_as_a_table_and_a_keyboard() -> None:
    shown = run("scale", "D", "dorian")
    assert shown.startswith("D dorian: D E F G A B C\n")
    assert "Bm7b5" in shown
    assert shown.splitlines()[-1].split() == list("DEFGABC")


def test_quarter_tones_roles_and_descent_are_shown() -> None:
    shown = run("scale", "D", "maqam", "rast")
    for word in ("F#-50c", "M3-50c", "350", "ghammaz", "descending: D C B A G F#-50c E D", "Cairo"):
        assert word in shown


def test_a_scale_as_json() -> None:
    data = json.loads(run("scale", "A harmonic minor", "--json"))
    assert data["notes"] == ["A", "B", "C", "D", "E", "F", "G#"]
    assert data["pattern"] == "W-H-W-W-H-W+H-H"
    assert data["chords"] == ["Am(maj7)", "Bm7b5", "Cmaj7#5", "Dm7", "E7", "Fmaj7", "G#o7"]
    assert [d["interval"] for d in data["degrees"]] == ["P1", "M2", "m3", "P4", "P5", "m6", "M7"]


def test_all_scales_and_those_that_hold_some_notes() -> None:
    assert [row["name"] for row in json.loads(run("scale", "--json"))] == [kind.name for kind in CATALOGUE]
    found = [row["scale"] for row in json.loads(run("scale", "--with", "C Eb F# A", "--json"))]
    assert "C whole-half diminished" in found
    assert "C major" not in found
    assert "Eb" in run("scale", "--with", "C,Eb")


def test_a_scala_file_is_a_scale(tmp_path: Path) -> None:
    path = tmp_path / "five.scl"
    path.write_text("! five\nfive even steps\n 5\n!\n240.\n480.\n720.\n960.\n2/1\n")
    data = json.loads(run("scale", "C", str(path), "--json"))
    assert data["cents"] == [0, 240, 480, 720, 960]
    assert "C" in run("scale", "C", str(path))


def test_a_chord_as_a_table_and_as_json() -> None:
    shown = run("chord", "C7#9", "--key", "F")
    for word in ("♯9", "dominant sharp ninth", "Augmented Ninth", "in F major: V"):
        assert word in shown
    data = json.loads(run("chord", "Bb13#11/D", "--json"))
    assert data["notes"] == ["D", "F", "Ab", "C", "E", "G", "Bb"]
    assert [t["degree"] for t in data["tones"]] == ["1", "3", "5", "b7", "9", "#11", "13"]
    assert json.loads(run("chord", "F#", "half-diminished seventh", "--json"))["notes"] == ["F#", "A", "C", "E"]


def test_notes_are_named_as_a_chord() -> None:
    data = json.loads(run("chord", "E3", "G3", "C4", "--json"))
    assert data["chord"] == "C/E"
    assert data["inversion"] == 1
    assert "or else" in run("chord", "E", "G", "C")
    assert run("chord", "E G C") == run("chord", "E", "G", "C")
    with pytest.raises(MusicError, match="two chords"):
        run("chord", "D|C7")
    assert "F#4" in run("voicing", "D|C7")


def test_voicings() -> None:
    rows = json.loads(run("voicing", "Cmaj7", "--json"))
    assert {"close", "drop-2", "quartal", "rootless-a"} <= {row["style"] for row in rows}
    shown = run("voicing", "Dm11", "--style", "quartal", "--on", "guitar")
    assert "●" in shown
    assert len(run("voicing", "C5").splitlines()) > 5  # those that a power chord has not are told, too


def test_progressions_by_name_in_numerals_and_in_symbols() -> None:
    shown = run("progression", "ii-V-I", "--key", "Eb")
    assert shown.startswith("ii-V-I in Eb major: | Fm7 | Bb7 | Ebmaj7 |")
    assert json.loads(run("progression", "I VI7 | ii V7", "--key", "Bb", "--json"))["chart"] == "Bb G7 | Cm F7"
    assert json.loads(run("progression", "Dm7", "G7", "C", "--json"))["numerals"] == "IIm7 | V7 | I"
    assert "rhythm changes" in run("progression")


def test_progressions_made_up_are_the_same_from_a_seed() -> None:
    arguments = ("progression", "--style", "jazz", "--chords", "16", "--seed", "7", "--json")
    data = json.loads(run(*arguments))
    assert len(data["chords"]) == 16
    assert run(*arguments) == run(*arguments)
    assert json.loads(run("progression", "--style", "jazz", "--json"))["chart"].startswith("Cmaj7 | Am7 | Dm7 | G7")


def test_voices_and_substitutions() -> None:
    data = json.loads(run("progression", "ii-V-I", "--voices", "jazz", "--substitutions", "--json"))
    assert all(len(row["voices"]) == 4 for row in data["chords"])
    offers = [(o["chord"], " ".join(o["play"]), o["where"]) for o in data["substitutions"]]
    assert ("G7", "Db7", "instead") in offers
    shown = run("progression", "ii-V-I", "--voices", "jazz", "--substitutions")
    assert "tritone" in shown


def test_a_progression_as_a_midi_file(tmp_path: Path) -> None:
    path = tmp_path / "loop.mid"
    run("progression", "I-V-vi-IV", "--midi", str(path))
    made = Piece.load(path)
    assert [text for _, text in made.markers] == [text for _, text in made.chords] == ["C", "G", "Am", "F"]
    assert {n.pitch % 12 for n in made.clips["chords"].notes[:4]} <= {0, 4, 7}


def test_a_file_is_analysed(song: Path) -> None:
    data = json.loads(run("analyze", str(song), "--json"))
    assert (data["key"], data["scale"]) == ("C", "major")
    assert data["chords"][0]["chord"] == "C"
    shown = run("analyze", str(song))
    assert shown.startswith("song.mid: C major")
    assert "function" in shown
    assert "| C" in run("analyze", str(song), "--chart")


def test_a_score_is_analysed(tmp_path: Path) -> None:
    from theory_scores import SCORE

    path = tmp_path / "chorale.musicxml"
    path.write_text(SCORE)
    assert run("analyze", str(path)).startswith("chorale.musicxml: G major")


@pytest.mark.parametrize(("arguments", "word"), [
    (("scale", "C", "doriann"), "did you mean 'dorian'"), (("scale", "H"), "letter A to G"),
    (("chord", "Cmaj7x"), "from 'x'"), (("progression", "rythm changes"), "did you mean 'rhythm changes'"),
    (("progression", "--style", "jaz"), "did you mean 'jazz'"), (("voicing", "C", "--style", "drop9"), "drop-2"),
    (("voicing", "C", "--on", "kazoo"), "kazoo"), (("analyze", "nothing.mid"), "cannot be read"),
    (("progression", "ii-V-I", "--voices", "gospel"), "choose one of classical"),
    (("scale", "--with", "C H"), "'H'"), (("scale", "C", "missing.scl"), "missing.scl"),
])  # fmt: skip
def test_mistakes_end_in_the_next_step(arguments: tuple[str, ...], word: str) -> None:
    done = CliRunner().invoke(cli, ["theory", *arguments])
    assert done.exit_code != 0
    assert word in str(done.exception) + done.output


def test_a_progression_or_a_style_but_not_both() -> None:
    done = CliRunner().invoke(cli, ["theory", "progression", "ii-V-I", "--style", "jazz"])
    assert done.exit_code == 2
    assert "not both" in done.output


def test_a_file_that_is_no_music_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.mid"
    path.write_bytes(b"hello")
    with pytest.raises(MusicError, match="not a readable MIDI file"):
        run("analyze", str(path))


def test_sound_is_written(tmp_path: Path) -> None:
    """A scale with quarter tones, by an instrument of the synth."""
    path = tmp_path / "rast.wav"
    assert "s of D rast" in run("scale", "D", "rast", "-o", str(path))
    assert path.stat().st_size > 48_000


class TestTables:
    def test_the_keyboard_marks_white_and_black_keys(self) -> None:
        drawn = theory_tables.keyboard({60: "C", 63: "Eb", 67: "G"})
        assert drawn.splitlines() == [
            "        Eb",
            "|  ███ ███  |  ███ ███ ███  |",
            "|  ███ █●█  |  ███ ███ ███  |",
            "| ● |   |   |   | ● |   |   |",
            "  C               G",
        ]

    def test_keyboards_begin_at_c_or_f_and_hold_every_mark(self) -> None:
        for low in range(21, 100):
            drawn = theory_tables.keyboard({low: "x", low + 8: "y"})
            assert drawn.count("●") == 2

    def test_marks_rise(self) -> None:
        marks = theory_tables.marks_of(parse_chord("Cmaj9").notes)
        assert list(marks) == [60, 64, 67, 71, 74]
        assert list(theory_tables.marks_of([PitchName(6), PitchName(0)])) == [71, 72]

    @pytest.mark.parametrize(("steps", "semitones", "name"), [(0, 0, "1"), (2, 3, "b3"), (8, 15, "#9"), (6, 9, "bb7"),
                                                              (10, 18, "#11"), (12, 20, "b13")])
    def test_degrees(self, steps: int, semitones: int, name: str) -> None:
        assert theory_tables.degree_name(steps, semitones) == name


class TestPlaying:
    def test_a_scale_goes_up_and_comes_down_its_own_way(self) -> None:
        notes = theory_playing.scale_notes(find_scale_type("melodic minor").on("A"))
        assert [n.key for n in notes] == [69, 71, 72, 74, 76, 78, 80, 81, 81, 79, 77, 76, 74, 72, 71, 69]
        rast = theory_playing.scale_notes(find_scale_type("rast").on("C"))
        assert rast[2].cents == -50

    def test_chords_last_to_the_next_ones(self) -> None:
        made = progression("Dm7 G7 | Cmaj7")
        notes = theory_playing.progression_notes(made)
        assert sorted({n.beat for n in notes}) == [0, 2, 4]
        for beat, chord in zip((0, 2, 4), made, strict=True):
            sounding = {n.key % 12 for n in notes if n.beat == beat}
            assert chord.bass_pitch_class in sounding
            assert len(sounding & chord.pitch_classes) >= 3
