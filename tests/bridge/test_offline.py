"""Rendering: the same bytes again, the same music at any block size, and what is composed is what sounds."""

from __future__ import annotations

import hashlib
import json
import wave
from pathlib import Path

import mido
import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from bridge.commands import cli
from bridge.offline import clips_of, render, sent_clips
from bridge.session import Session, load
from instruments.tuning import find_tuning


def sound(session: Session, block: int) -> tuple[np.ndarray, list[tuple[int, int, int, int]]]:
    blocks, notes = [], []
    for piece in render(session, block):
        blocks.append(piece.audio.copy())
        notes += [(n.tick, n.length, n.track, n.pitch) for n in piece.notes]
    return np.concatenate(blocks, axis=1), notes


@pytest.fixture(scope="module")
def session() -> Session:
    return load("jazz-trio").with_music(bars=3, tempo=200.0)


@pytest.fixture(scope="module")
def whole(session: Session) -> tuple[np.ndarray, list[tuple[int, int, int, int]]]:
    return sound(session, 512)


def test_all_that_is_composed_is_played_once(
    session: Session, whole: tuple[np.ndarray, list[tuple[int, int, int, int]]]
) -> None:
    composed = sorted((n.start, n.length, track, n.pitch)
                      for track, clip in enumerate(clips_of(session, 3).values()) for n in clip.notes)
    assert sorted(whole[1]) == composed


@pytest.mark.parametrize("block", [64, 333])
def test_the_sound_does_not_depend_on_the_block(
    session: Session, whole: tuple[np.ndarray, list[tuple[int, int, int, int]]], block: int
) -> None:
    audio, notes = sound(session, block)
    assert notes == whole[1]
    frames = min(audio.shape[1], whole[0].shape[1])
    assert np.abs(audio[:, :frames] - whole[0][:, :frames]).max() < 1e-5


def test_it_ends_in_silence_and_never_clips(whole: tuple[np.ndarray, list[tuple[int, int, int, int]]]) -> None:
    audio = whole[0]
    assert np.abs(audio[:, -480:]).max() < 1e-3
    assert 0.1 < np.abs(audio).max() <= 10 ** (-1 / 20) + 1e-4


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_the_command_repeats_itself_to_the_byte(tmp_path: Path, rate: int) -> None:
    digests = []
    for i in range(2):
        wav, midi = tmp_path / f"{i}.wav", tmp_path / f"{i}.mid"
        done = CliRunner().invoke(cli, ["render", "jazz-trio", "--bars", "2", "-o", str(wav), "--midi", str(midi),
                                        "--rate", str(rate), "--json"])
        assert done.exit_code == 0, done.output
        digests.append((hashlib.sha256(wav.read_bytes()).digest(), hashlib.sha256(midi.read_bytes()).digest()))
    assert digests[0] == digests[1]
    with wave.open(str(wav)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (rate, 2, 3)
        assert file.getnframes() / rate > 2 * 4 * 60 / 152
    told = json.loads(done.stdout)
    notes = sum(1 for track in mido.MidiFile(midi).tracks for m in track if m.type == "note_on" and m.velocity)
    assert notes == told["notes"]


def test_a_tuned_track_is_tuned_in_the_midi_file_and_others_are_as_composed(session: Session) -> None:
    piano, *others = session.tracks
    tuned = msgspec.structs.replace(session, tracks=[msgspec.structs.replace(piano, tuning="meantone:C"), *others])
    composed = clips_of(session, 3)
    sent = sent_clips(tuned, composed)
    assert [sent[t.name] is composed[t.name] for t in session.tracks] == [False, True, True]
    clip = sent[piano.name]
    bends = {c.tick: c.value for c in clip.controls if c.kind == "bend"}
    offsets = find_tuning("meantone").offsets
    alone = [n for n in clip.notes if sum(m.start == n.start for m in clip.notes) == 1]
    assert alone and len(bends) > 3
    for note in alone:
        bent = max((tick for tick in bends if tick <= note.start), default=None)
        assert 200 * (0.0 if bent is None else bends[bent]) == pytest.approx(offsets[note.pitch], abs=0.02)


@pytest.mark.parametrize(("arguments", "words"), [
    (["nonesuch", "-o", "x.wav"], ["nonesuch", "jazz-trio"]),
    (["jazz-trio", "--key", "H", "-o", "x.wav"], ["'H'"]),
    (["jazz-trio", "-o", "no/such/folder/x.wav"], ["no/such/folder"]),
])
def test_what_cannot_be_rendered_is_told(arguments: list[str], words: list[str]) -> None:
    done = CliRunner().invoke(cli, ["render", *arguments])
    assert done.exit_code != 0
    for word in words:
        assert word in str(done.exception) + done.output


def test_a_render_says_which_plug_ins_it_did_without(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\n[music]\ngenre = "jazz"\n[[tracks]]\nname = "piano"\nparts = ["comp"]\n'
                    'instrument = "piano"\nplugin = "No Such Synth"\n', encoding="utf-8")
    done = CliRunner().invoke(cli, ["render", str(file), "--bars", "1", "-o", str(tmp_path / "mix.wav"), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert "No Such Synth" in told["notices"][0] and "missing" in told["notices"][0]
    assert "No Such Synth" in done.stderr and told["peak"] > 0.01
