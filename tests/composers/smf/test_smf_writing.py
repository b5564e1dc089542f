"""Pieces out to MIDI files and back."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TypeVar

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from composers.errors import MusicError
from composers.piece import Piece, Track
from composers.score import Clip, Control, Meter, Note, Ramp, Span
from composers.smf import encode_smf, read_smf, read_smf_bytes, with_channels, write_smf
from composers.theory.pitch import of_fifths
from composers.theory.scales import Key

T = TypeVar("T")
END = 30_000
LETTERS = "abcXYZäøñ ピ音楽♭/:\\"
seeds = st.integers(0, 1 << 40)
"""Of made-up pieces: drawn number by number Hypothesis would take minutes for as many."""


def made_up(seed: int) -> Piece:
    """All that a file can carry: no key struck again while it sounds, whole numbers, all within the piece."""
    random = Random(seed)

    def some(most: int) -> range:
        return range(random.randint(0, most))

    def text() -> str:
        return "x".join(random.sample(LETTERS, random.randint(1, 8))).strip() or "-"

    def steps(value: Callable[[], T], first: bool = False) -> tuple[tuple[int, T], ...]:
        found = {random.randrange(END): value() for _ in some(4)}
        return tuple(sorted(({0: value(), **found} if first else found).items()))

    def track(name: str) -> Track:
        ends: dict[int, int] = {}
        notes = []
        for start in sorted(random.randrange(END) for _ in some(20)):
            pitch = random.choice((0, 60, 61, 127))
            if start >= ends.get(pitch, 0):
                ends[pitch] = min(END, start + random.choice((1, 480, 5000)))
                notes.append(Note(start, ends[pitch] - start, pitch, float(random.randint(1, 127))))
        kinds = (("cc", random.choice((1, 7, 64, 101, 119)), 100), ("pressure", 0, 127),
                 ("bend", 0, random.randint(-8192, 8191) / 8192))  # fmt: skip
        controls = [Control(tick, *random.choice(kinds)) for tick in sorted(random.randrange(END) for _ in some(8))]
        drums = random.random() < 0.2
        program = random.choice((None, random.randint(0, 127)))
        bank = None if program is None else random.choice((None, 0, 1, 128, 119 << 7))
        clip = Clip(Span(0, END), tuple(sorted(notes)), tuple(controls))
        return Track(name, clip, program, bank, 9 if drums else None, drums, random.choice((None, text())))

    return with_channels(Piece(
        tuple(track(name) for name in dict.fromkeys(text() for _ in some(5))),
        steps(lambda: 60_000_000 / random.randint(1, (1 << 24) - 1), True),
        steps(lambda: Meter(random.randint(1, 32), 1 << random.randint(0, 5)), True),
        steps(lambda: Key(of_fifths(random.randint(-9, 9)), random.choice(("major", "minor", "dorian", "lydian")))),
        steps(text), steps(text), steps(text), random.choice(("", text())),
    ))  # fmt: skip


@given(seeds)
@settings(max_examples=150, deadline=None)
def test_what_is_written_comes_back(seed: int) -> None:
    piece = made_up(seed)
    written = encode_smf(piece)
    found = read_smf_bytes(written.data)
    assert found.piece == piece
    assert (found.problems, found.left_out, written.lost) == ((), {}, ())
    assert encode_smf(found.piece) == written
    assert mido.MidiFile(file=io.BytesIO(written.data), charset="utf-8").type == 1


@given(seeds)
@settings(max_examples=60, deadline=None)
def test_type_0_carries_as_much_where_channels_differ(seed: int) -> None:
    piece = made_up(seed)
    kept: dict[int | None, Track] = {}
    for track in piece.tracks:
        if track.clip.notes:
            kept.setdefault(track.channel, track)
    piece = replace(piece, tracks=tuple(kept[c] for c in sorted(kept, key=lambda c: c or 0)))
    found = read_smf_bytes(encode_smf(piece, 0).data)
    assert (found.format, found.problems) == (0, ())
    assert found.piece == piece


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_mido_reads_the_same_notes(seed: int) -> None:
    piece = made_up(seed)
    file = mido.MidiFile(file=io.BytesIO(encode_smf(piece).data), charset="utf-8")
    assert [t.name for t in file.tracks] == [piece.title, *piece.names]
    for ours, theirs in zip(piece.tracks, file.tracks[1:], strict=True):
        now, found = 0, []
        for message in theirs:
            now += message.time
            if message.type == "note_on":
                found.append((now, message.note, message.velocity, message.channel))
        assert sorted(found) == sorted((n.start, n.pitch, n.velocity, n.channel) for n in ours.clip.notes)
        assert now == piece.length


def test_clips_of_a_band_get_channels_and_the_same_bytes_twice(tmp_path: Path) -> None:
    """Composers leave every pitched part on channel 1 and drums on 10."""
    span = Span(0, 12 * 3840)
    made = {
        name: Clip.of(span, [Note(bar * 3840 + i, 240, 40 + bar, 80.0, channel) for bar in range(12) for i in (0, 960)])
        for name, channel in (("piano", 0), ("bass", 0), ("drums", 9))
    }
    for name in ("one.mid", "two.mid"):
        Piece.of(made, 140.0, Meter(), Key.parse("C"), title="Blues").save(tmp_path / name)
    assert (tmp_path / "one.mid").read_bytes() == (tmp_path / "two.mid").read_bytes()
    back = Piece.load(tmp_path / "one.mid")
    assert [(t.name, t.channel, t.is_drums) for t in back.tracks] == [
        ("piano", 0, False), ("bass", 1, False), ("drums", 9, True)]  # fmt: skip
    for track, clip in made.items():
        assert [n[:3] for n in back.clips[track].notes] == [n[:3] for n in clip.notes]


def one(name: str = "a", channel: int | None = None, **rest: object) -> Track:
    return Track(name, Clip(Span(0, 960), (Note(0, 960, 60, 80.0),)), channel=channel, **rest)  # type: ignore[arg-type]


class TestChannels:
    def test_each_track_gets_one_and_drums_get_10(self) -> None:
        given = Piece((one("a"), one("b"), one("k", is_drums=True), one("c", 1), one("d", 9), *map(one, "efghijlmnop")))
        found = [t.channel for t in with_channels(given).tracks]
        assert found == [0, 2, 9, 1, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15]
        assert all({n.channel for n in t.clip.notes} == {t.channel} for t in with_channels(given).tracks)

    def test_more_than_fit_go_to_another_port(self) -> None:
        given = Piece(tuple(one(f"t{i}", program=i) for i in range(20)))
        data = encode_smf(given).data
        ports = [m.port for t in mido.MidiFile(file=io.BytesIO(data)).tracks for m in t if m.type == "midi_port"]
        assert ports == [0] * 15 + [1] * 5
        assert [t.program for t in read_smf_bytes(data).piece.tracks] == list(range(20))
        with pytest.raises(MusicError, match="more than 16 channels"):
            encode_smf(given, 0)
        same = Piece(tuple(one(f"t{i}", program=5) for i in range(20)))
        file = mido.MidiFile(file=io.BytesIO(encode_smf(same).data))
        assert all(m.type != "midi_port" for t in file.tracks for m in t)

    def test_a_track_on_several_channels_keeps_them(self) -> None:
        notes = (Note(0, 960, 60, 80.0, 2), Note(0, 960, 64, 80.0, 3))
        given = Piece((Track("mpe", Clip(Span(0, 960), notes), 25), one("b", 0)))
        assert read_smf_bytes(encode_smf(given).data).piece == given


class TestCents:
    def test_a_melody_is_bent_on_its_channel(self) -> None:
        notes = (Note(0, 960, 60, 80.0), Note(960, 960, 62, 80.0, 0, -50.0), Note(1920, 960, 64, 80.0, 0, 150.0))
        found = read_smf_bytes(encode_smf(Piece.of({"ney": Clip(Span(0, 2880), notes)})).data).piece.tracks[0]
        assert [n.pitch for n in found.clip.notes] == [60, 62, 65]
        assert [(c.tick, c.value) for c in found.clip.controls if c.kind == "bend"] == [(960, -0.25), (1920, 0.25)]
        told = [(101, 0), (100, 0), (6, 2), (38, 0), (101, 127), (100, 127)]
        assert [c[2:4] for c in found.clip.controls[:6]] == told

    def test_chords_take_free_channels_with_program_and_controls(self) -> None:
        notes = (Note(0, 960, 60, 80.0), Note(0, 960, 64, 80.0, 0, -14.0), Note(0, 960, 67, 80.0, 0, 2.0))
        clip = Clip(Span(0, 960), notes, (Control(0, "cc", 7, 100),))
        written = encode_smf(Piece((Track("just", clip, 19), one("b", 1))))
        assert written.lost == ()
        found = read_smf_bytes(written.data).piece.track("just")
        assert (found.program, found.channel, [n.channel for n in found.clip.notes]) == (19, None, [0, 2, 3])
        bends = {c.channel: round(c.value * 200) for c in found.clip.controls if c.kind == "bend" and c.value}
        assert bends == {2: -14, 3: 2}
        assert {c.channel for c in found.clip.controls if c.number == 7} == {0, 2, 3}

    def test_without_free_channels_it_says_so(self) -> None:
        chord = (Note(0, 960, 60, 80.0), Note(0, 960, 64, 80.0, 0, -14.0))
        crowd = [one(f"t{i}", i) for i in range(16) if i not in (0, 9)]
        written = encode_smf(Piece((Track("just", Clip(Span(0, 960), chord), channel=0), *crowd)))
        assert written.lost == ("track 'just': 1 notes are out of tune, for want of free channels to bend",)

    def test_the_clips_own_range_and_bends_hold(self) -> None:
        """A range of 12 semitones, a slide of the clip's own: the deviation is added to it."""
        own = [*(Control(0, "cc", *told) for told in ((101, 0), (100, 0), (6, 12))), Control(480, "bend", 0, 0.5)]
        clip = Clip(Span(0, 960), (Note(0, 960, 36, 80.0, 0, 30.0),), tuple(own))
        found = read_smf_bytes(encode_smf(Piece.of({"808": clip})).data).piece.tracks[0].clip.controls
        assert [c.number for c in found if c.kind == "cc"] == [101, 100, 6]
        assert [round(c.value * 1200) for c in found if c.kind == "bend"] == [30, 630]


def test_what_a_file_cannot_carry_is_told(tmp_path: Path) -> None:
    ramp = Ramp(0, 960, "filter.cutoff_hz", 900.0)
    clip = Clip(Span(0, 960), (Note(0, 960, 60, 80.4, 9, 20.0),), (), (ramp,))
    lost = write_smf(tmp_path / "x.mid", Piece.of({"kit": clip}))
    assert lost == ("track 'kit': cents of drums are not written",
                    "track 'kit': 1 ramps have no place in a MIDI file")  # fmt: skip
    assert read_smf(tmp_path / "x.mid").piece.notes == (Note(0, 960, 60, 80.0, 9),)


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(MusicError, match="cannot be written"):
        Piece().save(tmp_path / "no" / "x.mid")
    with pytest.raises(MusicError, match=r"bpm = 2"):
        encode_smf(Piece.of({}, 2))
    with pytest.raises(MusicError, match="file_type = 2"):
        encode_smf(Piece(), 2)
    with pytest.raises(MusicError, match=r"shifted\(960\)"):
        encode_smf(Piece.of({"a": Clip(Span(-960, 0), (Note(-960, 1, 60, 1.0),))}))
    with pytest.raises(MusicError, match="nothing happens"):
        encode_smf(Piece.of({"a": Clip(Span(0, 1 << 30))}))
    with pytest.raises(MusicError, match=r"x\.wav: .*\.mid"):
        Piece().save(tmp_path / "x.wav")


def test_notes_that_ring_past_the_end_are_whole() -> None:
    piece = Piece.of({"a": Clip(Span(0, 960), (Note(900, 960, 60, 80.0),))})
    assert read_smf_bytes(encode_smf(piece).data).piece.notes == piece.notes
