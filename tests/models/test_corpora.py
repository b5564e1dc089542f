"""Readers of the data: small files made here, and, where the data is, all of it as its sources count it."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from itertools import islice
from pathlib import Path

import pytest

from composers.errors import MusicError
from composers.score import PPQ, Meter, Note
from composers.theory.scales import Key
from models.corpora import CORPORA, data_folder, read
from models.corpora.entry import split_of
from models.corpora.harte import parse_harte
from models.corpora.pickup import pickup_ticks
from models.errors import CorpusError

try:
    DATA = data_folder()
except CorpusError:
    DATA = None
needs_data = pytest.mark.skipif(DATA is None, reason="set SIDEMAN_DATA to the folder that holds groove_midi and others")


TAKE = {"id": "a", "style": "jazz", "bpm": 120, "beat_type": "beat", "ts": "4-4", "split": "train", "tpb": 480,
        "bars": 1, "ev": [[36, 0, 90], [38, 490, 30], [42, 1910, 60]]}  # fmt: skip


def named(key: Key | None) -> str:
    return f"{key.tonic} {key.mode}" if key else ""


def write_lines(folder: Path, name: str, *rows: dict[str, object]) -> None:
    path = folder / name
    path.parent.mkdir(parents=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def write_archive(folder: Path, name: str, files: dict[str, str]) -> None:
    path = folder / name
    path.parent.mkdir(parents=True)
    with tarfile.open(path, "w:xz") as archive:
        for inside, text in files.items():
            info = tarfile.TarInfo(inside)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))


def test_a_missing_folder_or_file_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CorpusError, match="is not there: set SIDEMAN_DATA"):
        data_folder(tmp_path / "none")
    monkeypatch.setenv("SIDEMAN_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    for corpus in CORPORA:
        with pytest.raises(CorpusError, match=r"is not there: set SIDEMAN_DATA \(or give the option\)"):
            next(read(corpus))


def test_a_broken_file_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "groove_midi" / "groove.jsonl.gz"
    path.parent.mkdir()
    path.write_bytes(gzip.compress(b"{not json\n"))
    with pytest.raises(CorpusError, match=r"groove.jsonl.gz, line 1, cannot be read"):
        list(read("groove_midi", tmp_path))
    whole = gzip.compress(json.dumps(TAKE).encode() + b"\n")
    path.write_bytes(whole[:-12])
    with pytest.raises(CorpusError, match="get the file again"):
        list(read("groove_midi", tmp_path))


def test_unknown_names(tmp_path: Path) -> None:
    with pytest.raises(MusicError, match="corpus 'x' is not known: choose one of pop909"):
        read("x")
    with pytest.raises(MusicError, match="split 'dev' is not one: choose train, validation, test"):
        read("groove_midi", split="dev")


def test_reading_is_lazy(tmp_path: Path) -> None:
    write_lines(tmp_path, "groove_midi/groove.jsonl.gz", TAKE, {"broken": True})
    entries = read("groove_midi", tmp_path)
    first = next(entries)
    assert first.piece.of("drums") == (Note(0, 120, 36, 90, 9), Note(980, 120, 38, 30, 9), Note(3820, 120, 42, 60, 9))
    assert first.piece.bars == 1 and first.split == "train" and first.style == "jazz" and first.piece.bpm == 120
    with pytest.raises(CorpusError, match=r"piece \(the one after a\) is not as expected: KeyError 'ts'"):
        next(entries)


def test_scores_are_read_with_pickup_roles_and_flags(tmp_path: Path) -> None:
    voice = [[67, 0, 48, 0]] + [[60 + i % 3, 48 + 48 * i, 48 if i % 4 else 96, 0] for i in range(0, 32, 2)]
    piano = [[48, 48 + 192 * bar, 192, 1] for bar in range(8)]
    row = {"title": "Song", "fifths": "-3", "meter": "4/4", "tempo": "90", "parts": ["Voice", "Piano"], "bars": 9,
           "notes": voice + piano, "file": "a/b"}  # fmt: skip
    write_lines(tmp_path, "openscore_lieder/lieder.jsonl.gz", row, {**row, "file": "c", "dup": 1},
                {**row, "file": "d", "bars": 40}, {**row, "file": "e", "meter": None})  # fmt: skip
    everything = list(read("openscore_lieder", tmp_path, duplicates=True))
    first = everything[0]
    assert first.piece.of("melody")[0].start == 3 * PPQ  # the pickup ends its bar
    assert all(n.start % (4 * PPQ) == 0 for n in first.piece.of("comp"))
    assert first.fifths == -3 and first.piece.bpm == 90 and first.licence == "CC0 1.0" and first.meter_ok
    assert [e.id for e in everything] == ["a/b", "c", "d", "e"]
    assert [e.duplicate for e in everything] == [False, True, False, False]
    assert [e.id for e in read("openscore_lieder", tmp_path)] == ["a/b", "d", "e"]
    assert [e.id for e in read("openscore_lieder", tmp_path, broken_meter=False)] == ["a/b"]


def test_tunes_have_their_mode(tmp_path: Path) -> None:
    row = {"id": "1", "title": "T", "rhythm": "reel", "meter": "4/4", "key": "Amix", "tempo": "1/4=120", "bars": 2,
           "notes": [[69, 48 * i, 48] for i in range(8)], "chords": [], "total": 384, "file": "x", "dup": None,
           "meter_ok": True}  # fmt: skip
    write_lines(tmp_path, "folk_abc/abc_melodies.jsonl.gz", row)
    (entry,) = read("folk_abc", tmp_path)
    assert named(entry.key) == "A mixolydian" and entry.style == "reel" and entry.piece.bpm == 120
    assert entry.piece.bars == 2 and len(entry.piece.of("melody")) == 8


def test_polish_keys_are_humdrum(tmp_path: Path) -> None:
    row = {"title": "M", "lic": "", "genre": "Sacred", "key": "B-", "meter": "3/4", "tempo": None, "parts": 3,
           "bars": 1, "notes": [[60, 0, 48, 2], [64, 0, 48, 1], [67, 0, 144, 0]], "file": "k"}  # fmt: skip
    write_lines(tmp_path, "polish_scores/polish.jsonl.gz", row, {**row, "key": "f#"}, {**row, "key": None})
    keys = [named(e.key) for e in read("polish_scores", tmp_path)]
    assert keys == ["Bb major", "F# minor", ""]
    (entry, *_) = read("polish_scores", tmp_path)
    assert [entry.piece.roles[t] for t in ("part 0", "part 1", "part 2")] == ["melody", "comp", "bass"]


def test_pop_songs_are_laid_on_their_beats(tmp_path: Path) -> None:
    beat = 0.5
    chords = [[0.1 + 2 * i * beat * 2, 0.1 + (2 * i + 2) * beat * 2, f"{root}:maj"]
              for i, root in enumerate("CGAF" * 4)]  # fmt: skip
    row = {"id": "001", "tpb": 480, "tempo": [[0, 120.0]], "chords": chords,
           "tracks": {"MELODY": [[60 + i % 5, 96 + 480 * i, 400, 90] for i in range(64)], "PIANO": []}}  # fmt: skip
    write_lines(tmp_path, "pop909/pop909.jsonl.gz", row)
    (entry,) = read("pop909", tmp_path)
    bar = Meter().bar_ticks
    assert entry.meter_ok
    assert all(abs((c.start + bar // 2) % bar - bar // 2) == 0 for c in entry.piece.chords)
    assert all((n.start + 20) % PPQ < 40 for n in entry.piece.of("melody"))
    first = entry.piece.of("melody")[0]
    assert entry.piece.chord_at(first.start) == parse_harte("C:maj")


@pytest.mark.parametrize(("label", "chord"), [
    ("C:maj", "C"), ("Ab:min7/b3", "Abm7/Cb"), ("F#:hdim7", "F#m7b5"), ("B:sus4(b7)", "B7sus4"), ("D:maj/5", "D/A"),
    ("G:7(#9)", "G7#9"), ("Eb:maj6(9)", "Eb6/9"), ("A", "A"), ("C:5", "C5"),
])  # fmt: skip
def test_labels_of_recordings(label: str, chord: str) -> None:
    from composers.theory.chords import parse_chord

    found, meant = parse_harte(label), parse_chord(chord)
    assert found is not None and found.pitch_classes == meant.pitch_classes
    assert found.bass_pitch_class == meant.bass_pitch_class and found.root == meant.root


def test_what_is_no_label() -> None:
    assert parse_harte("N") is None
    with pytest.raises(MusicError, match="'H:maj' is not a chord label"):
        parse_harte("H:maj")


def test_billboard_bars_sections_repeats(tmp_path: Path) -> None:
    song = ("# title: T\n# artist: A\n# metre: 4/4\n# tonic: D\n\n0.0\tsilence\n"
            "0.2\tA, intro, | D:maj | G:maj . A:7 . |, (guitar)\n9.1\tB, verse, | D:maj | N | x2, (voice\n20.0\tend\n")
    changed = song.replace("| N |", "| (2/4) N |")
    write_archive(tmp_path, "chords_billboard/salami_chords.tar.xz",
                  {"x/1/salami_chords.txt": song, "x/2/salami_chords.txt": changed})  # fmt: skip
    first, again = read("chords_billboard", tmp_path, duplicates=True)
    bar = Meter().bar_ticks
    assert first.piece.sections == ("intro", "intro", "verse", "verse", "verse", "verse")
    assert [(c.start, c.end, str(c.chord)) for c in first.piece.chords] == [
        (0, bar, "D"), (bar, bar + bar // 2, "G"), (bar + bar // 2, 2 * bar, "A7"), (2 * bar, 3 * bar, "D"),
        (4 * bar, 5 * bar, "D"),
    ]  # fmt: skip
    assert named(first.key) == "D major" and first.meter_ok and not first.duplicate
    assert again.duplicate and not again.meter_ok


def test_roman_numerals_in_time(tmp_path: Path) -> None:
    text = ("Composer: X\nTitle: Y\nAnalyst: Z\n\nTime Signature: 6/8\n\nForm: A\nm1 a: i b2 V65\nm2 i ||\n"
            "m3-4 = m1-2\nm5 C: viio7/V b2 V7\nm6 I\n")  # fmt: skip
    write_archive(tmp_path, "chords_when_in_rome/analyses_human.tar.xz", {
        "./Corpus/Songs/Y/analysis.txt": text,
        "./Corpus/Songs/NC/analysis.txt": "Analyst: Q. Licence CC-BY-NC-SA\nTime Signature: 4/4\nm1 C: I\n",
    })  # fmt: skip
    (entry,) = read("chords_when_in_rome", tmp_path)
    bar = Meter(6, 8).bar_ticks
    assert entry.id == "Songs/Y" and entry.piece.bars == 6 and entry.title == "X: Y" and entry.meter_ok
    assert [(c.start, str(c.chord)) for c in entry.piece.chords] == [
        (0, "Am"), (bar // 2, "E7/G#"), (bar, "Am"), (2 * bar, "Am"), (2 * bar + bar // 2, "E7/G#"), (3 * bar, "Am"),
        (4 * bar, "F#o7"), (4 * bar + bar // 2, "G7"), (5 * bar, "C"),
    ]  # fmt: skip
    assert [named(key) for _, key in entry.keys] == ["A minor", "C major"]


def test_pickups_are_guessed_from_length_and_bass() -> None:
    bars = [Note(PPQ + bar * 3 * PPQ, 2 * PPQ, 48, 80.0) for bar in range(8)]
    tune = [Note(i * PPQ, PPQ, 60 + i % 4, 80.0) for i in range(25)]
    assert pickup_ticks(bars + tune, Meter(3, 4)) == PPQ
    assert pickup_ticks(tune[:24], Meter(3, 4)) == 0 and pickup_ticks([], Meter()) == 0


def test_splits_are_eight_to_one_to_one() -> None:
    found = [split_of(f"piece {i}") for i in range(4000)]
    assert found.count("train") / 4000 == pytest.approx(0.8, abs=0.02)
    assert found.count("test") / 4000 == pytest.approx(0.1, abs=0.02)
    assert split_of("piece 1") == split_of("piece 1")


@needs_data
@pytest.mark.parametrize(("corpus", "entries", "distinct"), [
    ("groove_midi", 1150, 1150), ("folk_abc", 4433, 4304), ("chords_billboard", 890, 739),
])  # fmt: skip
def test_the_data_is_all_read(corpus: str, entries: int, distinct: int) -> None:
    ids, seen, held, splits = set(), 0, 0, []
    for entry in read(corpus, duplicates=True):
        ids.add(entry.id)
        seen += not entry.duplicate
        splits.append(entry.split)
        held += bool(entry.piece.chords or any(entry.piece.tracks.values()))
    assert len(ids) == entries and seen == distinct and held >= 0.99 * entries
    if corpus == "groove_midi":  # the official split
        assert [splits.count(s) for s in ("train", "validation", "test")] == [897, 124, 129]


@needs_data
def test_of_the_large_sets_the_first_few() -> None:
    for corpus in ("pop909", "polish_scores", "openscore_lieder", "openscore_quartets", "chords_when_in_rome"):
        for entry in islice(read(corpus), 5):
            assert entry.piece.bars > 4 and entry.licence
            assert entry.piece.chords or entry.piece.of("melody")
