"""Broken MIDI files: what is kept, and what is said about it."""

from __future__ import annotations

import io
import tracemalloc

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_smf import END, chunk, groove_files, header, meta, smf

from composers.errors import MusicError
from composers.score import Meter, Note
from composers.smf import Read, read_smf_bytes

NOTE = bytes.fromhex("00 90 3c 40 60 80 3c 40")
ONE = (Note(0, 960, 60, 64.0),)


def mended(data: bytes, *words: str) -> Read:
    """What is read; exactly these problems are told."""
    found = read_smf_bytes(data)
    told = [str(problem) for problem in found.problems]
    assert len(told) == len(words), told
    for word in words:
        assert any(word in text for text in told), (word, told)
    return found


@pytest.mark.parametrize("length", [0, 5, 13, 1000, 0xFFFFFFFF, 0x7FFFFFFF])
def test_wrong_lengths_of_a_track(length: int) -> None:
    """Of the first, the second, and the only track of a file."""
    wrong, right = chunk(NOTE + END, length=length), chunk(NOTE + END)
    for tracks in ([wrong, right], [right, wrong], [wrong]):
        data = header(1, len(tracks)) + b"".join(tracks)
        found = read_smf_bytes(data)
        assert [t.clip.notes for t in found.piece.tracks] == [ONE] * len(tracks)
        assert any("wrong length" in p.what for p in found.problems)


def test_a_length_that_swallows_the_next_track() -> None:
    both = chunk(NOTE + END) * 2
    data = header(1, 2) + both[:4] + (len(both) - 8).to_bytes(4, "big") + both[8:]
    assert len(mended(data, "goes over the next one").piece.tracks) == 2


def test_a_chunk_of_which_only_the_name_is_left() -> None:
    """It once kept the reader where it was for ever."""
    assert mended(header() + chunk(NOTE + END) + b"MTrk\0", "no chunk").piece.notes == ONE


def test_bytes_before_between_and_behind() -> None:
    track = chunk(NOTE + END)
    assert mended(b"\0" * 128 + header() + track, "before the header").piece.notes == ONE
    assert mended(header() + b"??" + track, "no chunk").piece.notes == ONE
    found = mended(header() + track + b"some text", "no chunk")
    assert (found.piece.notes, found.problems[0].offset) == (ONE, len(header() + track))
    mended(header() + track + b"\0" * 40)
    mended(header() + chunk(NOTE + END + b"\1\2\3"), "behind the end-of-track")


def test_the_header() -> None:
    track = chunk(NOTE + END)
    assert mended(track, "no header").piece.notes == (Note(0, 192, 60, 64.0),)
    assert mended(b"MXhd" + header()[4:] + track, "wrong name").piece.notes == ONE
    assert mended(header()[3:] + track, "no header").piece.notes == (Note(0, 192, 60, 64.0),)
    assert mended(header()[:-2] + track, "cut short", "no ticks").piece.notes == (Note(0, 192, 60, 64.0),)
    assert mended(header(7) + track, "format 7").format == 1
    assert mended(header(division=0) + track, "no ticks to the quarter").ticks_per_quarter == 480
    assert mended(header(tracks=3) + track, "says 3 tracks: there are 1").piece.notes == ONE
    longer = b"MThd\0\0\0\x08" + header()[8:] + b"\1\2"
    assert mended(longer + track).piece.notes == ONE
    assert mended(b"MThd\0\0\0\0" + header()[8:] + track, "length of the header").piece.notes == ONE
    assert mended(b"MThd\xff\xff\xff\xff" + header()[8:] + track, "length of the header").piece.notes == ONE
    assert mended(header(division=0xD200) + track, "46 SMPTE frames", "ticks to the SMPTE frame").piece.notes


def test_a_file_cut_anywhere_keeps_what_came_before() -> None:
    data = smf(NOTE * 20)
    counts = []
    for size in range(len(header()) + 8, len(data)):
        found = read_smf_bytes(data[:size])
        assert found.problems
        counts.append(len(found.piece.notes))
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (0, 20)


def test_no_end_of_track() -> None:
    assert mended(header() + chunk(NOTE), "no end-of-track").piece.notes == ONE


def test_notes() -> None:
    assert mended(smf("00 90 3c 40 60 90 3e 40 60 80 3e 40"), "without an end").piece.notes == (
        Note(0, 1920, 60, 64.0), Note(960, 960, 62, 64.0))  # fmt: skip
    assert not mended(smf("00 80 3c 40 60 80 3c 40"), "note-off without a note").piece.tracks
    assert str(read_smf_bytes(smf("00 80 3c 40 60 80 3c 40")).problems[0]).endswith("track 0: note-off without a note: "
                                                                                  "passed over (2 times)")  # fmt: skip
    assert mended(smf("00 90 3c 40 00 80 3c 40"), "no length").piece.notes == (Note(0, 1, 60, 64.0),)
    over = mended(smf("00 90 3c 40 30 90 3c 50 30 80 3c 40 30 80 3c 40"), "struck again")
    assert over.piece.notes == (Note(0, 960, 60, 64.0), Note(480, 960, 60, 80.0))
    off = read_smf_bytes(smf("00 90 3c 40 60 b0 7b 00 60 90 3e 40 60 80 3e 40"))
    assert (off.piece.notes[0], off.problems) == (Note(0, 960, 60, 64.0), ())


def test_waits() -> None:
    assert mended(smf(b"\xff\xff\xff\x7f" + NOTE[1:]), "negative wait").piece.notes == ONE
    assert mended(smf(b"\xbf\xff\xff\x7f" + NOTE[1:]), "endless wait").piece.notes == ONE
    assert mended(smf(b"\x80\x80\x80\x80\x80\x00" + NOTE[1:]), "more than 4 bytes").piece.notes == ONE


def test_bytes_where_others_belong() -> None:
    assert mended(smf("00 90 3c c8 60 80 3c 40"), "above 127").piece.notes == (Note(0, 960, 60, 127.0),)
    assert mended(smf(b"\x00\x3c" + NOTE), "without a status").piece.notes == ONE
    assert mended(smf(b"\x00\xf8\x00\xf2\x01\x02\x00\xfe" + NOTE)).left_out == {"system message": 3}
    assert mended(smf(NOTE + b"\x00\xf0\x7f\x01"), "cut off within an event").piece.notes == ONE
    assert mended(smf(NOTE + b"\x00\xff\x01\x7f\x01"), "cut off within an event").piece.notes == ONE


def test_tempi_meters_and_keys_that_are_none() -> None:
    signs = (meta(0x51, b"\0\0\0") + meta(0x51, b"\1"), meta(0x58, b"\0\2") + meta(0x58, b"\4") + meta(0x58, b"\4\x40"),
             meta(0x59, b"\x08\0") + meta(0x59, b"\1\7") + meta(0x59, b""))  # fmt: skip
    found = mended(smf(b"".join(signs) + NOTE), "tempo of 0", "meter that is none", "key signature that is none")
    assert [p.times for p in found.problems] == [2, 3, 3]
    assert (found.piece.tempi, found.piece.keys) == (((0, 120.0),), ())


@pytest.mark.parametrize(("written", "meter"), [
    (b"\x08\x06", Meter(4, 32)), (b"\x24\x03", Meter(18, 4)), (b"\x40\x02", Meter(32, 2)), (b"\x01\x00", Meter(1, 1)),
    (b"\x05\x06", None), (b"\x21\x03", None), (b"\xff\x02", None),
])  # fmt: skip
def test_strange_meters_are_shortened_where_they_can_be(written: bytes, meter: Meter | None) -> None:
    found = read_smf_bytes(smf(meta(0x58, written) + NOTE))
    assert found.piece.meters == ((0, meter or Meter()),)
    assert bool(found.problems) == (meter is None)


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_bytes_in_a_track(events: bytes) -> None:
    for data in (header() + chunk(events), header(0) + chunk(events + END), smf(NOTE, events, file_format=2)):
        checked(read_smf_bytes(data))


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_real_files_with_wrong_bytes(data: st.DataObject) -> None:
    """Bytes changed, cut out and put in, anywhere; headers and lengths among them."""
    files = groove_files()
    real = bytearray(files[data.draw(st.sampled_from(sorted(files)[:40]))][:4000])
    for _ in range(data.draw(st.integers(1, 12))):
        near = data.draw(st.booleans())
        at = data.draw(st.integers(0, min(len(real), 80) if near else len(real)))
        wrong = data.draw(st.binary(max_size=6))
        real[at : at + data.draw(st.integers(0, 6))] = wrong
    if data.draw(st.booleans()):
        del real[data.draw(st.integers(0, len(real))) :]
    try:
        found = read_smf_bytes(bytes(real))
    except MusicError:
        return
    checked(found)


def checked(found: Read) -> None:
    """It is a piece with all its rules, and one that can be written."""
    piece = found.piece
    for note in piece.notes:
        assert note.start >= 0 < note.length
        assert 0 <= note.pitch <= 127 >= note.velocity > 0 <= note.channel <= 15
        assert note.end <= piece.length
    for clip in piece.clips.values():
        assert list(clip.notes) == sorted(clip.notes)
        assert [c.tick for c in clip.controls] == sorted(c.tick for c in clip.controls)
    assert repr(piece)
    assert piece.bars >= 0
    for problem in found.problems:
        assert str(problem)


def test_problems_do_not_fill_the_memory() -> None:
    """120 kB of nothing but mistakes: a handful of entries."""
    data = smf(b"\x00\x80\x3c\x40" * 30_000)
    tracemalloc.start()
    found = read_smf_bytes(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [p.times for p in found.problems] == [30_000]
    assert peak < 10 * len(data)


def test_every_real_file_is_read() -> None:
    """As many notes as another reader counted in all of them; nothing mended but what the drummers' pads did."""
    notes, told = 0, set()
    for name, data in groove_files().items():
        found = read_smf_bytes(data, name)
        notes += len(found.piece.notes)
        told |= {p.what.partition(":")[0] for p in found.problems}
    assert notes == 446_312
    assert told == {"note struck again while it sounded", "note of no length", "note-off without a note",
                    "note without an end"}  # fmt: skip


def test_real_files_have_the_notes_that_mido_finds() -> None:
    """Every 20th, note by note: start, key, velocity, channel."""
    for name, data in sorted(groove_files().items())[::20]:
        file = mido.MidiFile(file=io.BytesIO(data), clip=True)
        theirs = []
        for track in file.tracks:
            now = 0
            for message in track:
                now += message.time
                if message.type == "note_on" and message.velocity:
                    tick = (now * 1920 + file.ticks_per_beat) // (2 * file.ticks_per_beat)
                    theirs.append((tick, message.note, float(message.velocity), message.channel))
        ours = [(n.start, n.pitch, n.velocity, n.channel) for n in read_smf_bytes(data, name).piece.notes]
        assert sorted(ours) == sorted(theirs), name
