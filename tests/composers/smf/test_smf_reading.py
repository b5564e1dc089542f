"""MIDI files that are in order: formats, timing, names, texts, programs."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_smf import chunk, header, meta, smf

from composers.errors import MusicError
from composers.piece import Piece
from composers.score import Control, Meter, Note
from composers.smf import read_smf, read_smf_bytes
from composers.smf.text import decoded, encoding_of
from composers.smf.timing import beats, frames
from composers.theory.scales import Key


def read(data: bytes) -> Piece:
    """A file in which nothing is to be mended."""
    found = read_smf_bytes(data)
    assert found.problems == ()
    return found.piece


def test_format_0_is_split_by_channel() -> None:
    data = smf(meta(3, "Song") + bytes.fromhex("00 c0 21 00 c1 00 00 90 28 40 00 91 3c 50 00 99 24 60"
                                                "60 80 28 40 00 81 3c 40 00 89 24 40"), file_format=0)  # fmt: skip
    piece = read(data)
    assert piece.title == "Song"
    assert [(t.name, t.program, t.channel, t.is_drums) for t in piece.tracks] == [
        ("finger bass", 33, 0, False), ("acoustic grand piano", 0, 1, False), ("drums", None, 9, True),
    ]  # fmt: skip
    assert piece.clips["acoustic grand piano"].notes == (Note(0, 960, 60, 80.0, 1),)
    assert read(smf("00 92 3c 40 60 82 3c 00", file_format=0)).names == ("channel 3",)


def test_channel_prefixes_name_the_parts_of_format_0() -> None:
    data = smf(meta(3, "Song") + meta(0x20, b"\x04") + meta(3, "Lead") + meta(4, "alto-sax")
               + bytes.fromhex("00 94 3c 40 60 84 3c 00"), file_format=0)  # fmt: skip
    piece = read(data)
    assert (piece.title, piece.names, piece.tracks[0].instrument) == ("Song", ("Lead",), "alto-sax")


def test_format_1_keeps_tracks_and_takes_the_first_name_as_title() -> None:
    signs = meta(0x51, b"\x06\x1a\x80") + meta(0x58, b"\x03\x02\x18\x08") + meta(0x59, b"\xfd\x00")
    note = bytes.fromhex("00 90 3c 40 60 80 3c 40")
    same = meta(3, "same") + note
    piece = read(smf(meta(3, "Blue") + signs, same, same, note, meta(3, "words by X")))
    assert (piece.title, piece.names) == ("Blue", ("same", "same 2", "track 3"))
    assert (piece.tempi, piece.meters) == (((0, 150.0),), ((0, Meter(3, 4)),))
    assert piece.keys == ((0, Key.parse("Eb")),)


def test_a_track_of_several_instruments_is_split_and_one_instrument_on_several_channels_is_not() -> None:
    two = "00 c0 20 00 c1 38 00 90 28 40 00 91 3c 40 60 80 28 40 00 81 3c 40"
    assert read(smf(meta(3, "all") + bytes.fromhex(two))).names == ("all: acoustic bass", "all: trumpet")
    strings = "00 91 28 40 00 92 3c 40 60 81 28 40 00 82 3c 40"
    track = read(smf(meta(3, "guitar") + bytes.fromhex(strings))).track("guitar")
    assert (track.channel, [n.channel for n in track.clip.notes]) == (None, [1, 2])


def test_programs_and_banks_before_the_first_note_are_the_tracks() -> None:
    piece = read(smf("00 b0 00 79 00 b0 20 02 00 c0 05 00 b0 07 64 60 90 3c 40 60 80 3c 40 00 c0 06"))
    track = piece.tracks[0]
    assert (track.program, track.bank) == (5, 121 << 7 | 2)
    assert track.clip.controls == (Control(0, "cc", 7, 100), Control(1920, "program", 0, 6))
    late = read(smf("00 90 3c 40 60 80 3c 40 00 c0 06")).tracks[0]
    assert (late.program, late.clip.controls) == (None, (Control(960, "program", 0, 6),))


@pytest.mark.parametrize("message", ["f0 0a 41 10 42 12 40 11 15 02 18 f7", "f0 08 43 10 4c 08 01 07 01 f7"])
def test_roland_and_yamaha_drum_parts(message: str) -> None:
    """GS part 1 is channel 1, XG part 1 is channel 2."""
    data = smf(bytes.fromhex(f"00 {message} 00 90 24 40 00 91 24 40 60 80 24 40 00 81 24 40"), file_format=0)
    drums = [t.channel for t in read(data).tracks if t.is_drums]
    assert drums == ([0] if message.startswith("f0 0a") else [1])
    assert read(smf("00 b3 00 7f 00 b3 20 00 00 c3 00 00 93 24 40 60 83 24 40")).tracks[0].is_drums
    melodic = read(smf("00 b9 00 79 00 b9 20 00 00 c9 00 00 99 24 40 60 89 24 40")).tracks[0]
    assert not melodic.is_drums


def test_running_status_goes_over_meta_events_and_velocity_0_ends_a_note() -> None:
    data = smf(bytes.fromhex("00 90 3c 40 60 3c 00") + meta(6, "A") + bytes.fromhex("00 3e 50 60 3e 00"))
    piece = read(data)
    assert piece.notes == (Note(0, 960, 60, 64.0), Note(960, 960, 62, 80.0))
    assert piece.markers == ((960, "A"),)


def test_format_2_is_laid_end_to_end_from_bar_line_to_bar_line() -> None:
    first = meta(3, "intro") + meta(0x58, b"\x03\x02\x18\x08") + bytes.fromhex("00 90 3c 40 81 00 80 3c 40")
    second = meta(0x51, b"\x03\xd0\x90") + bytes.fromhex("00 90 3e 40 60 80 3e 40")
    piece = read(smf(first, second, file_format=2))
    assert piece.markers == ((0, "intro"), (2880, "pattern 2"))
    assert piece.meters == ((0, Meter(3, 4)), (2880, Meter(4, 4)))
    assert piece.tempi == ((0, 120.0), (2880, 240.0))
    assert [n.start for n in piece.notes] == [0, 2880]
    assert (piece.bars, piece.length) == (2, 2880 + 3840)


def test_texts_markers_lyrics_chords_and_keys() -> None:
    words = (meta(5, "Hel-") + meta(5, "lo ", 48) + meta(7, "cue") + meta(1, "chord: Dm7") + meta(1, "key: D dorian")
             + meta(1, "(c) someone"))  # fmt: skip
    found = read_smf_bytes(smf(words))
    piece = found.piece
    assert piece.lyrics == ((0, "Hel-"), (480, "lo "))
    assert (piece.markers, piece.chords) == (((480, "cue"),), ((480, "Dm7"),))
    assert piece.keys == ((480, Key.parse("D", "dorian")),)
    assert found.left_out == {"text": 1}


def test_karaoke_files() -> None:
    words = meta(1, "\\Love") + meta(1, " me", 48) + meta(1, "/do", 48)
    kar = meta(1, "@KMIDI KARAOKE FILE") + meta(1, "@TA Song") + words
    piece = read(smf(kar, "00 90 3c 40 60 80 3c 40"))
    assert piece.title == "A Song"
    assert piece.lyrics == ((0, "\nLove"), (480, " me"), (960, "\ndo"))


@pytest.mark.parametrize(("text", "encoding"), [
    ("Träume", "utf-8"), ("Träume", "latin-1"), ("Frédéric “Chopin”", "cp1252"), ("ピアノ", "cp932"),
    ("主旋律", "cp932"),
    ("Señor Ñandú", "latin-1"), ("plain", "ascii"), ("さくら", "utf-8"), ("Für Élise à Øre", "latin-1"),
])  # fmt: skip
def test_encodings_are_guessed(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    assert decoded(data + b"\0", encoding_of([b"Piano", data])) == text


class TestTime:
    @given(st.integers(1, 0x7FFF), st.integers(0, 1 << 40))
    def test_ticks_are_the_nearest_and_do_not_drift(self, division: int, raw: int) -> None:
        exact = Fraction(raw * 960, division)
        assert abs(beats(division)(raw) - exact) <= Fraction(1, 2)
        assert beats(division)(raw * division) == raw * 960

    def test_smpte_frames_are_time_at_the_files_tempo(self) -> None:
        """25 frames of 40 parts: milliseconds. At 120 BPM 500 of them are a quarter, from 1 s on at 60 BPM 1,000."""
        note = "00 90 3c 40 83 74 80 3c 40 83 74"  # 500 ticks, then 500 more
        tempo = bytes.fromhex("00 ff 51 03 0f 42 40")
        after = bytes.fromhex("00 90 3e 40 87 68 80 3e 40")
        data = smf(bytes.fromhex(note)[:-2] + b"\x83\x74" + tempo[1:] + after, division=0xE728)
        found = read_smf_bytes(data)
        assert found.ticks_per_quarter is None
        assert [n[:2] for n in found.piece.notes] == [(0, 960), (1920, 960)]
        assert found.piece.duration_s == 2.0
        assert found.piece.tempi == ((0, 120.0), (1920, 60.0))

    @given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 1 << 23)), max_size=5), st.integers(0, 10**6))
    def test_smpte_is_the_sum_of_its_stretches(self, tempi: list[tuple[int, int]], raw: int) -> None:
        rate, tempi = Fraction(30_000, 1001) * 4, sorted(tempi, key=lambda t: t[0])
        total, at, tempo = Fraction(0), 0, 500_000
        for start, new in [*tempi, (raw, 1)]:
            if start > raw:
                start = raw
            total += Fraction(start - at) / rate * 1_000_000 / tempo * 960
            at, tempo = start, new
            if start == raw:
                break
        assert abs(frames(rate, tempi)(raw) - total) <= Fraction(1, 2)

    def test_lengths_are_at_least_a_tick(self) -> None:
        notes = read(smf("00 90 3c 40 01 80 3c 40", division=9600)).notes
        assert notes == (Note(0, 1, 60, 64.0),)


def test_riff_and_alien_chunks_are_no_mistakes() -> None:
    inside = header() + chunk("00 01 02", b"XFIH") + chunk("00 90 3c 40 60 80 3c 40 00 ff 2f 00")
    found = read_smf_bytes(b"RIFF" + (len(inside) + 12).to_bytes(4, "little") + b"RMIDdata"
                           + len(inside).to_bytes(4, "little") + inside)  # fmt: skip
    assert (len(found.piece.notes), found.problems, found.left_out) == (1, (), {"chunk XFIH": 1})


@pytest.mark.parametrize(("data", "word"), [
    (b"", "is empty"), (b"hello", "no header"), (b"SMF2CLIP....", "MIDI 2.0 clip file"), (b"PK\x03\x04", "zip"),
    (b"RIFF....WAVEfmt ", "audio"), (b"<html>", "web page"), (b"FORM\0\0\0\0XDIR", "XMI"), (b"MUS\x1a", "Doom"),
    (b"MThd", "no tracks"), (header(), "no tracks"), (b"\x1f\x8b\x08", "gzip"),
])  # fmt: skip
def test_what_is_no_midi_file_is_refused_by_name(tmp_path: Path, data: bytes, word: str) -> None:
    path = tmp_path / "bad.mid"
    path.write_bytes(data)
    with pytest.raises(MusicError, match=rf"bad\.mid is not a readable MIDI file.*{word}"):
        read_smf(path)


def test_paths_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MusicError, match=r"none\.mid cannot be read: No such file"):
        read_smf(tmp_path / "none.mid")
    with pytest.raises(MusicError, match="cannot be read"):
        read_smf(tmp_path)
    with pytest.raises(MusicError, match="cannot be read"):
        read_smf("nul\0.mid")
    monkeypatch.setattr("composers.smf.reader.MOST_BYTES", 8)
    (tmp_path / "big.mid").write_bytes(smf(""))
    with pytest.raises(MusicError, match="larger than"):
        read_smf(tmp_path / "big.mid")


def test_prefixes_of_other_programs_lose_no_name() -> None:
    """Some write one before every name, whatever the notes' channel; of names the first that says something holds."""
    notes = bytes.fromhex("00 91 3c 40 60 81 3c 40")
    prefix = meta(0x20, b"\x00")
    piece = read(smf(prefix + meta(3, "Song"), prefix + meta(3, " ") + meta(3, "Horn") + meta(3, "later") + notes))
    assert (piece.title, piece.names) == ("Song", ("Horn",))
