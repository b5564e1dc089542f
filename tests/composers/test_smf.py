"""MIDI files out and back."""

from __future__ import annotations

from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from composers.composer import Plan
from composers.errors import MusicError
from composers.genres.jazz import JAZZ
from composers.score import PPQ, Clip, Control, Meter, Note, Span
from composers.smf import read_smf, write_smf
from composers.theory.scales import Key

notes = st.lists(
    st.builds(
        Note,
        start=st.integers(0, 20_000),
        length=st.integers(1, 5_000),
        pitch=st.integers(0, 127),
        velocity=st.integers(1, 127).map(float),
        channel=st.integers(0, 15),
        cents=st.just(0.0),
    ),
    max_size=30,
)


def _apart(found: list[Note]) -> list[Note]:
    """Without overlaps of one key, which a MIDI file cannot tell apart."""
    ends: dict[tuple[int, int], int] = {}
    kept = []
    for note in sorted(found):
        if note.start >= ends.get((note.channel, note.pitch), -1):
            kept.append(note)
            ends[note.channel, note.pitch] = note.end
    return kept


@given(notes)
@settings(max_examples=60, deadline=None)
def test_notes_round_trip(tmp_path_factory: pytest.TempPathFactory, found: list[Note]) -> None:
    clip = Clip.of(Span(0, 26_000), _apart(found))
    path = tmp_path_factory.getbasetemp() / "round.mid"
    write_smf(path, {"lead": clip}, 120.0, Meter())
    again = read_smf(path).tracks
    assert again == ({"lead": clip} if clip.notes else {})


def test_all_that_is_written_comes_back(tmp_path: Path) -> None:
    clip = Clip.of(
        Span(0, 3840),
        [Note(0, 960, 60, 80.0), Note(960, 960, 60, 90.0)],
        [Control(0, "program", 0, 12), Control(480, "cc", 64, 127), Control(500, "bend", 0, -0.5),
         Control(600, "pressure", 0, 33)],
    )  # fmt: skip
    path = tmp_path / "all.mid"
    markers = ((0, "head A"), (1920, "Brücke"))
    write_smf(path, {"piano": clip, "silent": Clip(clip.span)}, 97.5, Meter(3, 4), Key.parse("Eb", "minor"), markers)
    back = read_smf(path)
    assert back.tracks == {"piano": clip}
    assert (back.meter, back.key, back.markers) == (Meter(3, 4), "Ebm", markers)
    assert back.bpm == pytest.approx(97.5, abs=1e-3)
    file = mido.MidiFile(str(path))
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, PPQ, 3)
    assert [track.name for track in file.tracks] == ["", "piano", "silent"]


@pytest.mark.parametrize(
    ("key", "mode", "named"),
    [("C", "major", "C"), ("F#", "major", "F#"), ("Gb", "major", "Gb"), ("C", "minor", "Cm"), ("D", "dorian", "C"),
     ("E", "phrygian", "C"), ("G", "mixolydian", "C"), ("D#", "minor", "D#m"), ("D#", "major", None)],
)  # fmt: skip
def test_key_signatures(tmp_path: Path, key: str, mode: str, named: str | None) -> None:
    write_smf(tmp_path / "k.mid", {"a": Clip(Span(0, 960))}, 120, Meter(), Key.parse(key, mode))
    assert read_smf(tmp_path / "k.mid").key == named


def test_a_band_is_written_the_same_twice(tmp_path: Path) -> None:
    plan = Plan(form="blues", parts={"piano": ("comp", "melody"), "bass": ("bass",), "drums": ("drums",)}, length=12)
    for name in ("one.mid", "two.mid"):
        band = JAZZ.band(plan)
        clips = [band.compose(bar) for bar in range(12)]
        tracks = {
            track: Clip.of(Span(0, 12 * 3840), [note for clip in clips for note in clip[track].notes])
            for track in plan.parts
        }
        write_smf(tmp_path / name, tracks, 140.0, plan.meter, Key.parse("C"))
    assert (tmp_path / "one.mid").read_bytes() == (tmp_path / "two.mid").read_bytes()
    back = read_smf(tmp_path / "one.mid")
    for track, clip in tracks.items():
        assert [(n.start, n.end, n.pitch, n.channel) for n in back.tracks[track].notes] == [
            (n.start, n.end, n.pitch, n.channel) for n in clip.notes
        ]


def test_the_first_tick_is_the_clips_own(tmp_path: Path) -> None:
    clip = Clip.of(Span(3840, 7680), [Note(4800, 240, 40, 100.0)])
    write_smf(tmp_path / "late.mid", {"bass": clip}, 120, Meter(), markers=[(3840, "B")])
    back = read_smf(tmp_path / "late.mid")
    assert back.tracks["bass"].notes[0].start == 960
    assert back.markers == ((0, "B"),)


def test_other_programs_files(tmp_path: Path) -> None:
    """Type 0 at 96 ticks, velocity-0 offs, a note without an end, a name used twice."""
    file = mido.MidiFile(type=0, ticks_per_beat=96)
    track = mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=400_000, time=0))
    track.append(mido.Message("note_on", note=60, velocity=64, time=0))
    track.append(mido.Message("note_on", note=60, velocity=0, time=48))
    track.append(mido.Message("note_on", note=62, velocity=64, time=0))
    track.append(mido.MetaMessage("end_of_track", time=96))
    file.save(str(tmp_path / "zero.mid"))
    back = read_smf(tmp_path / "zero.mid")
    assert back.bpm == 150
    assert back.tracks["track 0"].notes == (Note(0, 480, 60, 64.0), Note(480, 960, 62, 64.0))

    two = mido.MidiFile(type=1)
    for pitch in (40, 41):
        part = mido.MidiTrack()
        part.append(mido.MetaMessage("track_name", name="same", time=0))
        part.append(mido.Message("note_on", note=pitch, velocity=9, time=0))
        part.append(mido.Message("note_off", note=pitch, time=10))
        two.tracks.append(part)
    two.save(str(tmp_path / "same.mid"))
    assert list(read_smf(tmp_path / "same.mid").tracks) == ["same", "same 1"]


CUT_SHORT = b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x03\xc0MTrk\x00\x00\x10\x00\x00"


@pytest.mark.parametrize("content", [b"", b"RIFF....", CUT_SHORT])
def test_what_is_no_midi_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.mid"
    path.write_bytes(content)
    with pytest.raises(MusicError, match=r"bad\.mid is not a readable MIDI file"):
        read_smf(path)


def test_paths_and_tempi_that_do_not_do(tmp_path: Path) -> None:
    with pytest.raises(MusicError, match=r"none\.mid cannot be read: No such file"):
        read_smf(tmp_path / "none.mid")
    with pytest.raises(MusicError, match="cannot be written"):
        write_smf(tmp_path / "no" / "x.mid", {}, 120, Meter())
    with pytest.raises(MusicError, match="bpm = 2"):
        write_smf(tmp_path / "x.mid", {}, 2, Meter())
    file = mido.MidiFile(type=2)
    file.tracks.append(mido.MidiTrack())
    file.save(str(tmp_path / "two.mid"))
    with pytest.raises(MusicError, match="type 2"):
        read_smf(tmp_path / "two.mid")
