"""MusicXML: small scores of our own, strangers' files, and music21's reading of its corpus as the oracle."""

from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from composers import musicxml
from composers.errors import MusicError
from composers.musicxml import read_musicxml
from composers.score import PPQ, Meter

Q = PPQ
ATTRIBUTES = ("<attributes><divisions>2</divisions><key><fifths>-1</fifths><mode>minor</mode></key>"
              "<time><beats>3</beats><beat-type>4</beat-type></time></attributes>")


def note(name: str, duration: int, *more: str, alter: str = "", voice: int = 1) -> str:
    step, octave = name[0], name[1:]
    tail = "".join(more)
    chord, tail = ("<chord/>", tail.replace("<chord/>", "")) if "<chord/>" in tail else ("", tail)
    alter = f"<alter>{alter}</alter>" if alter else ""
    return (f"<note>{chord}<pitch><step>{step}</step>{alter}<octave>{octave}</octave></pitch>"
            f"<duration>{duration}</duration><voice>{voice}</voice>{tail}</note>")


def score(*measures: str, parts: tuple[tuple[str, ...], ...] = (), head: str = "") -> str:
    rows = (measures, *parts)
    listed = "".join(f'<score-part id="P{i}"><part-name>Part {i}</part-name></score-part>' for i in range(len(rows)))
    body = "".join(
        f'<part id="P{i}">' + "".join(f'<measure number="{n}">{m}</measure>' for n, m in enumerate(row, 1)) + "</part>"
        for i, row in enumerate(rows))
    return (f'<?xml version="1.0"?>{head}<score-partwise version="4.0"><work><work-title>A tune</work-title></work>'
            f"<part-list>{listed}</part-list>{body}</score-partwise>")


def read(folder: Path, text: str, name: str = "x.musicxml") -> musicxml.ScoreFile:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_musicxml(path)


def rows(file: musicxml.ScoreFile, part: str = "Part 0") -> list[tuple[float, str, float]]:
    return [(n.start / Q, str(n.pitch), n.length / Q) for n in file.parts[part]]


def test_notes_chords_rests_and_voices(tmp_path: Path) -> None:
    file = read(tmp_path, score(
        ATTRIBUTES + note("D4", 2) + note("F4", 2, "<chord/>") + "<note><rest/><duration>2</duration></note>"
        + note("A4", 2) + "<backup><duration>6</duration></backup>" + "<forward><duration>1</duration></forward>"
        + note("D3", 5, voice=2), note("C4", 6, alter="1")))
    assert rows(file) == [(0, "D4", 1), (0, "F4", 1), (0.5, "D3", 2.5), (2, "A4", 1), (3, "C#4", 3)]
    assert file.title == "A tune"
    assert file.meters == ((0, Meter(3, 4)),)
    assert [(k.tick, k.fifths, k.mode) for k in file.keys] == [(0, -1, "minor")]
    assert [(b.number, b.start, b.end) for b in file.bars] == [("1", 0, 3 * Q), ("2", 3 * Q, 6 * Q)]
    assert file.tracks["Part 0"].notes[0].pitch == 62


def test_ties_make_one_note_over_bars_voices_and_respelling(tmp_path: Path) -> None:
    start, stop = '<tie type="start"/>', '<tie type="stop"/>'
    file = read(tmp_path, score(
        ATTRIBUTES + note("G4", 6, start, alter="1"), note("G4", 6, stop, start, alter="1", voice=2),
        note("A4", 2, stop, alter="-1") + note("A4", 2, alter="-1") + note("E4", 2)))
    assert rows(file) == [(0, "G#4", 7), (7, "Ab4", 1), (8, "E4", 1)]


def test_a_tie_that_never_stops_holds_what_follows_at_once(tmp_path: Path) -> None:
    file = read(tmp_path, score(ATTRIBUTES + note("D4", 4, '<tie type="start"/>') + note("D4", 1) + note("D4", 1)))
    assert rows(file) == [(0, "D4", 2.5), (2.5, "D4", 0.5)]


def test_transposing_instruments_sound_and_are_spelled_where_they_are(tmp_path: Path) -> None:
    horn = "<transpose><diatonic>-4</diatonic><chromatic>-7</chromatic></transpose>"
    file = read(tmp_path, score(ATTRIBUTES.replace("</attributes>", horn + "</attributes>") + note("C5", 6, alter="1")))
    assert rows(file) == [(0, "F#4", 3)]
    assert file.keys[0].fifths == -2
    double_bass = "<transpose><chromatic>0</chromatic><octave-change>-1</octave-change></transpose>"
    file = read(tmp_path, score(ATTRIBUTES.replace("</attributes>", double_bass + "</attributes>") + note("C3", 6)))
    assert rows(file) == [(0, "C2", 3)]


def test_quarter_tones_tempo_and_loudness(tmp_path: Path) -> None:
    file = read(tmp_path, score(
        ATTRIBUTES + '<direction><direction-type><metronome><beat-unit>half</beat-unit><per-minute>60</per-minute>'
        '</metronome></direction-type><sound dynamics="100"/></direction>'
        + note("E4", 2, alter="-0.5") + note("B4", 4, alter="-1.5")))
    assert [str(n.pitch) for n in file.parts["Part 0"]] == ["E4-50c", "Bb4-50c"]
    assert file.bpm == 120
    assert file.parts["Part 0"][0].velocity == 90
    assert file.tracks["Part 0"].notes[0].cents == -50


def test_grace_cue_and_unpitched_notes_are_left_out(tmp_path: Path) -> None:
    grace = note("D4", 1).replace("<note>", "<note><grace/>").replace("<duration>1</duration>", "")
    cue = note("C4", 2).replace("<note>", "<note><cue/>")
    drum = "<note><unpitched><display-step>E</display-step></unpitched><duration>2</duration></note>"
    file = read(tmp_path, score(ATTRIBUTES + grace + note("E4", 2) + cue + drum))
    assert rows(file) == [(0, "E4", 1)]


def test_an_upbeat_is_short_and_a_bar_too_long_by_rests_is_not(tmp_path: Path) -> None:
    rest = "<note><rest/><duration>12</duration></note>"
    file = read(tmp_path, score(ATTRIBUTES + note("A4", 2), note("D4", 6), note("E4", 6), parts=(
        (ATTRIBUTES + note("A3", 2), rest, note("C3", 6)),)))
    assert [b.start / Q for b in file.bars] == [0, 1, 4]
    assert rows(file, "Part 1") == [(0, "A3", 1), (4, "C3", 3)]


def test_timewise_scores_are_turned(tmp_path: Path) -> None:
    file = read(tmp_path, "<score-timewise><part-list><score-part id='P0'><part-name>Flute</part-name></score-part>"
                f"</part-list><measure number='1'><part id='P0'>{ATTRIBUTES}{note('A4', 6)}</part></measure>"
                f"<measure number='2'><part id='P0'>{note('B4', 6)}</part></measure></score-timewise>")
    assert rows(file, "Flute") == [(0, "A4", 3), (3, "B4", 3)]
    assert [b.number for b in file.bars] == ["1", "2"]


def packed(path: Path, text: str, container: str | None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        if container is not None:
            archive.writestr("META-INF/container.xml", container)
        archive.writestr("inside/score.xml", text)
    return path


def test_compressed_scores(tmp_path: Path) -> None:
    container = '<container><rootfiles><rootfile full-path="inside/score.xml"/></rootfiles></container>'
    text = score(ATTRIBUTES + note("A4", 6))
    for inside in (container, None):
        assert rows(read_musicxml(packed(tmp_path / "x.mxl", text, inside))) == [(0, "A4", 3)]


BOMB = '<!DOCTYPE s [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("head", [BOMB, OUTSIDE])
def test_entities_are_refused(tmp_path: Path, head: str) -> None:
    with pytest.raises(MusicError, match="declares the entity"):
        read(tmp_path, score(ATTRIBUTES + note("A4", 6), head=head))


def test_a_document_type_without_entities_is_fine(tmp_path: Path) -> None:
    head = '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://nowhere.invalid/x.dtd">'
    assert rows(read(tmp_path, score(ATTRIBUTES + note("A4", 6), head=head))) == [(0, "A4", 3)]


def test_a_bomb_of_zeros_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(musicxml, "MOST_BYTES", 10_000)
    with pytest.raises(MusicError, match="larger than"):
        read_musicxml(packed(tmp_path / "x.mxl", score(ATTRIBUTES) + " " * 100_000, None))
    with pytest.raises(MusicError, match="larger than"):
        read(tmp_path, score(ATTRIBUTES) + " " * 100_000)


@pytest.mark.parametrize(("data", "word"), [
    (b"", "not readable XML"), (b"<score-partwise>", "not readable XML"), (b"<html/>", "its root is <html>"),
    (b"<score-partwise/>", "no parts"), (b"PK\x03\x04junk", "not a readable .mxl"), (b"MThd\0\0", "not readable XML"),
])  # fmt: skip
def test_what_is_no_score_says_so(tmp_path: Path, data: bytes, word: str) -> None:
    path = tmp_path / "x.musicxml"
    path.write_bytes(data)
    with pytest.raises(MusicError, match=word):
        read_musicxml(path)
    with pytest.raises(MusicError, match="cannot be read"):
        read_musicxml(tmp_path / "missing.mxl")


@pytest.mark.parametrize("broken", [
    "<note><pitch><step>H</step><octave>4</octave></pitch><duration>2</duration></note>",
    "<note><pitch><step>C</step><octave>x</octave></pitch><duration>2</duration></note>",
    "<note><pitch><step>C</step><octave>4</octave></pitch><duration>1e9999</duration></note>",
    "<note><pitch><step>C</step><octave>4</octave></pitch></note>", "<backup><duration>-5</duration></backup>",
    "<attributes><divisions>0</divisions></attributes>", "<attributes><key><fifths>many</fifths></key></attributes>",
    "<attributes><divisions>0.000000001</divisions></attributes>" + note("A3", 999999999),
    "<attributes><transpose><chromatic>999999999</chromatic></transpose></attributes>", note("C99999999", 2),
    "<attributes><time><beats>0</beats><beat-type>4</beat-type></time></attributes>",
])  # fmt: skip
def test_nonsense_inside_is_passed_over(tmp_path: Path, broken: str) -> None:
    file = read(tmp_path, score(ATTRIBUTES + broken + note("A4", 2)))
    assert rows(file)[-1][1] == "A4"
    assert len(str(rows(file))) < 200


FILES = ("bach/bwv66.6.mxl", "bach/bwv7.7.mxl", "corelli/opus3no1/1grave.xml", "monteverdi/madrigal.3.9.mxl",
         "mozart/k80/movement1.mxl")  # fmt: skip
"""Where music21's own joining of ties (which parts chords that are only partly tied) does what the score says."""


@pytest.mark.parametrize("name", FILES)
def test_scores_are_read_as_music21_reads_them(name: str) -> None:
    """Every note's time, key and length, as it sounds and with ties joined; grace notes and chord symbols apart."""
    music21 = pytest.importorskip("music21", reason="pip install music21")
    path = Path(music21.__file__).parent / "corpus" / name
    if not path.exists():
        pytest.skip(f"this music21 has no {name}")
    theirs: Counter[tuple[int, int, int]] = Counter()
    for part in music21.converter.parse(path).toSoundingPitch().stripTies().parts:
        flat = part.flatten()
        for n in flat.notes:
            if not n.duration.isGrace and "ChordSymbol" not in n.classes and n.style.noteSize != "cue":
                start, length = (round(float(x) * Q) for x in (flat.elementOffset(n), n.quarterLength))
                theirs.update((start, p.midi, length) for p in n.pitches)
    ours = Counter((n.start, n.pitch.midi, n.length) for notes in read_musicxml(path).parts.values() for n in notes)
    assert sum(ours.values()) > 50
    assert ours == theirs


WHOLE = score(ATTRIBUTES + note("D4", 2, '<tie type="start"/>') + note("F4", 2, "<chord/>") + note("D4", 4),
              note("G4", 6), parts=((ATTRIBUTES + note("D3", 6), note("G3", 6)),)).encode()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(WHOLE)), st.integers(0, 40), st.binary(max_size=12))
def test_damaged_files_are_read_or_refused(tmp_path: Path, at: int, length: int, junk: bytes) -> None:
    path = tmp_path / "x.musicxml"
    path.write_bytes(WHOLE[:at] + junk + WHOLE[at + length:])
    try:
        file = read_musicxml(path)
    except MusicError:
        return
    for notes in file.parts.values():
        assert all(n.length >= 1 and n.start >= 0 for n in notes)
    assert file.tracks is not None
