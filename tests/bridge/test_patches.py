"""sideman patches: what there is, as a table and as JSON; a phrase in a file; a picture of each."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from bridge import audition, patch_sheet
from bridge.commands import cli
from bridge.errors import DeviceError, SidemanError
from instruments import registry
from instruments.registry import InstrumentInfo, instruments, register_synthesizer
from instruments.tuning import find_tuning, tuning_names


def sideman(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["patches", *arguments])


def bell(frequency: float, duration: float, context: object) -> np.ndarray:
    seconds = np.arange(24_000) / 48_000
    return np.sin(2 * np.pi * frequency * seconds) * np.exp(-5 * seconds)


@pytest.fixture
def mine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    register_synthesizer("my-bell", generate=bell, family="mallets", aliases=("ding",), description="one sine")


# -- the list ----------------------------------------------------------------------------------------------------


def test_the_table_names_all_with_where_they_are_from(mine: None) -> None:
    done = sideman()
    assert done.exit_code == 0
    for info in instruments():
        assert info.name in done.output
    assert "built in" in done.output and "ding" in done.output and "SoundFonts" in done.output


def test_json_holds_it_all(mine: None) -> None:
    rows = json.loads(sideman("--json").output)
    assert {row["name"] for row in rows} == {i.name for i in instruments()}
    mine_too = next(row for row in rows if row["name"] == "my-bell")
    assert mine_too == {"name": "my-bell", "family": "mallets", "engine": "function", "aliases": ["ding"],
                        "from": "registered by test_patches", "description": "one sine", "problem": ""}


def test_families_and_names_choose(mine: None) -> None:
    assert {row["family"] for row in json.loads(sideman("drums", "--json").output)} == {"drums"}
    assert [row["name"] for row in json.loads(sideman("piano", "ding", "--json").output)] == [
        registry.find_instrument("piano").name, "my-bell"]
    failed = sideman("kazoo")
    assert isinstance(failed.exception, SidemanError) and "kazoo" in str(failed.exception)


def test_a_fonts_presets_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import struct

    records = b"".join(struct.pack("<20sHH14x", name, program, bank)
                       for name, program, bank in ((b"Grand", 0, 0), (b"Kit", 0, 128), (b"EOP", 0, 0)))
    pdta = b"pdta" + b"phdr" + struct.pack("<I", len(records)) + records
    body = b"sfbk" + b"LIST" + struct.pack("<I", len(pdta)) + pdta
    (tmp_path / "Tiny.sf2").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    monkeypatch.setenv("SIDEMAN_SOUNDFONTS", str(tmp_path))
    rows = json.loads(sideman("Tiny.sf2", "--json").output)
    assert [(r["name"], r["family"], r["description"]) for r in rows] == [
        ("Tiny.sf2:0:0", "keys", "Grand"), ("Tiny.sf2:128:0", "drums", "Kit")]
    assert [r["description"] for r in json.loads(sideman("Tiny.sf2:kit", "--json").output)] == ["Kit"]
    assert "Tiny.sf2" in sideman("drums").output


def test_tunings_are_listed() -> None:
    assert all(name in sideman("--tunings").output for name in tuning_names())
    rows = json.loads(sideman("--tunings", "--json").output)
    assert {row["name"] for row in rows} == set(tuning_names()) and all(len(row["cents"]) == 12 for row in rows)


# -- a phrase ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["drums", "bass", "pad", "lead", "mallets", "keys", "never heard of"])
def test_phrases_are_playable(family: str) -> None:
    notes = audition.phrase(family)
    assert 10 <= len(notes) <= 60 and [n.beat for n in notes] == sorted(n.beat for n in notes)
    for note in notes:
        assert 0 <= note.key <= 127 and 1 <= note.velocity <= 127 and note.beats > 0
    assert max(n.beat + n.beats for n in notes) * 60 / audition.BPM < 9


def test_a_phrase_goes_into_a_file(mine: None, tmp_path: Path) -> None:
    path = tmp_path / "bell.wav"
    assert sideman("--play", "ding", "-o", str(path)).exit_code == 0
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 3, 48_000)
        seconds = file.getnframes() / 48_000
        data = np.frombuffer(file.readframes(file.getnframes()), np.uint8).reshape(-1, 3)
    assert 4 < seconds < 12
    samples = (data[:, 2].astype(np.int8).astype(int) << 16 | data[:, 1].astype(int) << 8 | data[:, 0]) / (1 << 23)
    assert np.abs(samples).max() == pytest.approx(audition.PEAK, rel=0.001)
    assert np.abs(samples[-2000:]).max() < 0.01


def test_a_phrase_in_a_tuning_is_another(mine: None) -> None:
    plain, rast = (audition.audition("my-bell", 24_000, t) for t in (None, find_tuning("rast")))
    first_notes = slice(0, 24_000 * 60 // 100 // 2)  # C, in both
    assert np.allclose(plain[:, first_notes], rast[:, first_notes], atol=0.05)
    assert np.abs(plain[:, : rast.shape[1]] - rast[:, : plain.shape[1]]).max() > 0.1


@pytest.mark.parametrize(("arguments", "words"), [
    (["-o", "x.wav"], "--play"), (["--tuning", "rast"], "--play"), (["--play", "kazoo"], "kazoo"),
    (["--play", "ding", "-o", "/no/such/folder/x.wav"], "folder"), (["--sheet", "/no/such/folder/x.png"], "folder"),
    (["--play", "ding", "--tuning", "wrong", "-o", "x.wav"], "wrong"),
])
def test_mistakes_are_told(mine: None, arguments: list[str], words: str) -> None:
    if arguments[0] == "--sheet":
        pytest.importorskip("matplotlib")
    done = sideman(*arguments)
    assert done.exit_code != 0 and words in done.output + str(done.exception)


def test_without_a_device_it_says_what_to_do(mine: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from bridge import audio_io

    monkeypatch.setattr(audio_io, "choose_driver", lambda *_, **__: audio_io.PacerDriver(48_000, 256, midi=None,
                                                                                         why="none here"))
    done = sideman("--play", "ding")
    assert isinstance(done.exception, DeviceError) and "-o my-bell.wav" in str(done.exception)


# -- the picture ---------------------------------------------------------------------------------------------------


def test_the_sheet_is_drawn_with_what_fails_named_in_it(mine: None, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")

    def wrong(frequency: float, duration: float, context: object) -> float:
        raise RuntimeError("out of tune")

    register_synthesizer("bad", generate=wrong)
    path = tmp_path / "sheet.png"
    told: list[str] = []
    failed = patch_sheet.save(path, [registry.find_instrument("my-bell"), registry.find_instrument("bad")], told.append)
    assert told == ["my-bell", "bad"] and len(failed) == 1 and "out of tune" in failed[0]
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG") and int.from_bytes(data[16:20]) > 700 and int.from_bytes(data[20:24]) > 350


def test_the_command_draws(mine: None, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "one.png"
    done = sideman("ding", "--sheet", str(path))
    assert done.exit_code == 0 and "1 instruments" in done.output and path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("hz", [40.0, 261.6, 1000.0, 9000.0])
def test_the_spectrogram_puts_a_tone_in_its_row(hz: float) -> None:
    tone = np.sin(2 * np.pi * hz * np.arange(48_000) / 48_000).astype(np.float32)
    picture = patch_sheet.spectrogram_db(tone, 48_000)
    row = int(np.argmax(picture[:, picture.shape[1] // 2]))
    heard = 30.0 * (20_000 / 30) ** ((row + 0.5) / picture.shape[0])
    assert heard == pytest.approx(hz, rel=0.08 if hz > 100 else 0.2) and picture.max() == 0
    assert (patch_sheet.spectrogram_db(np.zeros(48_000, np.float32), 48_000) < -80).all()


def test_a_look_suits_the_family(mine: None) -> None:
    look = audition.take("my-bell", 1.0)
    assert look.audio.shape == (48_000,) and not look.drums and "C4" in look.what
    assert audition.take("drums", 0.5).drums
    assert "C3" in audition.take("timpani", 0.5).what  # percussion with a pitch


def test_an_installed_package_that_fails_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = InstrumentInfo("broken", "other", "-", (), "a-package 1.0", problem="broken cannot be loaded [why]")
    monkeypatch.setattr(registry, "instruments", lambda: [bad])
    assert "cannot be loaded [why]" in " ".join(sideman().output.split())
