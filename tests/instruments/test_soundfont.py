"""SoundFonts: files read without a player, presets found or listed, and played in time and in tune."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracles import RATE, cc, off, on, render

from instruments import fluidsynth
from instruments.block import FrameEvent, InstrumentError, Kind
from instruments.soundfont import SoundFont
from instruments.soundfont_file import Preset, find_sound, fonts, is_font, read_presets

FONT = "TimGM6mb.sf2"
CELL = fluidsynth.FluidSynth.CELL


def chunk(name: bytes, data: bytes, pad: bool = True) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2 * pad)


def font(presets: list[Preset], samples: int = 2, pad: bool = True) -> bytes:
    """A SoundFont as far as headers go. pad: odd chunks are filled up, as they should be."""
    records = [struct.pack("<20sHH14x", p.name.encode("latin-1"), p.program, p.bank) for p in presets]
    phdr = b"".join([*records, struct.pack("<20sHH14x", b"EOP", 0, 0)])
    lists = (chunk(b"LIST", b"INFO" + chunk(b"INAM", b"Test\0\0"))
             + chunk(b"LIST", b"sdta" + chunk(b"smpl", b"\0" * samples, pad=False), pad)
             + chunk(b"LIST", b"pdta" + chunk(b"phdr", phdr)))
    return chunk(b"RIFF", b"sfbk" + lists)


# -- files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("samples", "pad"), [(2, True), (3, True), (3, False)])
def test_presets_are_read_in_order(tmp_path: Path, samples: int, pad: bool) -> None:
    """Also from writers of .sf3 that do not fill up odd chunks (MuseScore's)."""
    presets = [Preset(128, 0, "Standard Kit"), Preset(0, 32, "Acoustic Bass"), Preset(0, 0, "Piano é")]
    path = tmp_path / "t.sf3"
    path.write_bytes(font(presets, samples, pad))
    assert read_presets(path) == sorted(presets)


@pytest.mark.parametrize(("data", "words"), [
    (b"", "does not begin with RIFF"), (b"RIFF\0\0\0\0WAVE", "does not begin with RIFF"),
    (b"PK\3\4 a zip, renamed", "does not begin"), (font([Preset(0, 0, "x")])[:60], "cut off"),
    (font([Preset(0, 0, "x")])[:-20], "cut off"), (font([]), "list of presets"),
])
def test_what_is_no_soundfont_is_told(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "t.sf2"
    path.write_bytes(data)
    with pytest.raises(InstrumentError, match=words) as error:
        read_presets(path)
    assert "t.sf2" in str(error.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 400), st.binary(min_size=1, max_size=6))
def test_a_damaged_file_is_read_or_refused(tmp_path: Path, at: int, damage: bytes) -> None:
    data = bytearray(font([Preset(0, i, f"Preset {i}") for i in range(4)]))
    at %= len(data)
    data[at : at + len(damage)] = damage
    path = tmp_path / "t.sf2"
    path.write_bytes(data)
    try:
        assert read_presets(path)
    except InstrumentError as error:
        assert "t.sf2" in str(error)


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Small.sf2").write_bytes(font([
        Preset(0, 0, "Piano"), Preset(0, 4, "E. Piano"), Preset(0, 32, "Bass"), Preset(8, 4, "Detuned EP"),
        Preset(128, 0, "Standard")]))
    monkeypatch.setenv("SIDEMAN_SOUNDFONTS", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(("spec", "name"), [
    ("Small.sf2", "Piano"), ("Small.sf2:32", "Bass"), ("small.SF2:32", "Bass"), ("Small.sf2:8:4", "Detuned EP"),
    ("Small.sf2: 128 : 0 ", "Standard"), ("Small.sf2:piano", "Piano"), ("Small.sf2:detuned", "Detuned EP"),
])
def test_a_preset_by_number_or_name(library: Path, spec: str, name: str) -> None:
    assert find_sound(spec).preset.name == name
    assert find_sound(str(library / "Small.sf2") + spec[9:]).preset.name == name
    assert library / "Small.sf2" in fonts()


@pytest.mark.parametrize(("spec", "words"), [
    ("None.sf2", ["None.sf2", "Small.sf2", "looked in"]), ("/no/where/x.sf2", ["/no/where"]),
    ("Small.sf2:99", ["'99'", "32 Bass", "128:0 Standard"]), ("Small.sf2:Bas Guitar", ["Bas Guitar", "32 Bass"]),
    ("Small.sf2:pianu", ["did you mean 'Piano'"]), ("Small.sf2:an", ["several", "Piano", "Standard"]),
])
def test_a_preset_that_is_not_there_is_told(library: Path, spec: str, words: list[str]) -> None:
    with pytest.raises(InstrumentError) as error:
        find_sound(spec)
    for word in words:
        assert word in str(error.value)


def test_only_file_names_mean_fonts() -> None:
    assert is_font("x.sf2") and is_font("C:\\fonts\\x.SF3:128:0") and is_font("a b.sf2:Grand: Bright")
    assert not is_font("piano") and not is_font("x.sf2.toml") and not is_font("sf2")


def test_without_the_library_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    fluidsynth.library.cache_clear()
    monkeypatch.setenv("SIDEMAN_FLUIDSYNTH", "/no/such/library.so")
    with pytest.raises(InstrumentError, match="FluidSynth's library"):
        fluidsynth.library()
    fluidsynth.library.cache_clear()


# -- played ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def player() -> Iterator[SoundFont]:
    """A steady tone of one layer: Ocarina."""
    try:
        fluidsynth.library()
        instrument = SoundFont(find_sound(f"{FONT}:79"))
    except InstrumentError as error:
        pytest.skip(f"apt-get install libfluidsynth3 timgm6mb-soundfont: {error}")
    instrument.prepare(RATE, 4096)
    yield instrument
    instrument.close()
    instrument.close()


EVENTS = [on(5, 69, 100), on(777, 73, 90, 25.0), FrameEvent(9000, Kind.BEND, 0, 0, 0.5), cc(9500, 7, 90),
          FrameEvent(9600, Kind.PRESSURE, 0, 0, 50), off(20000, 69), off(20001, 73), on(23000, 69, 64, -50.0)]


def pitch(audio: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio)), 1 << 20))
    low, high = round(300 * (1 << 20) / RATE), round(600 * (1 << 20) / RATE)
    return float((low + np.argmax(spectrum[low:high])) * RATE / (1 << 20))


def test_output_does_not_depend_on_the_blocks(player: SoundFont) -> None:
    player.reset()
    render(player, EVENTS, 24_000)  # a voice's very first cell is FluidSynth's own affair: see the docstring of reset
    outputs = []
    for blocks in ((4096,), (1,), (64,), (128,), (100, 37, 1, 999)):
        player.reset()
        outputs.append(render(player, EVENTS, 24_000, blocks))
    assert np.abs(outputs[0]).max() > 0.01
    for other in outputs[1:]:
        assert np.abs(other - outputs[0]).max() <= 1e-6


@pytest.mark.parametrize("frame", [0, 1, 63, 64, 1000, 12_345])
def test_a_note_begins_at_the_next_cell(player: SoundFont, frame: int) -> None:
    player.reset()
    audio = render(player, [on(frame, 69, 127)], 16_384, (128,))
    first = int(np.flatnonzero(np.abs(audio[0]) > 1e-6)[0])
    cell = -(-frame // CELL) * CELL
    assert cell <= first < cell + 16


@pytest.mark.parametrize("cents", [0.0, 50.0, -33.0, 150.0])
def test_cents_are_a_notes_own(player: SoundFont, cents: float) -> None:
    player.reset()
    straight = pitch(render(player, [on(0, 69)], RATE)[0, RATE // 2:])
    player.reset()
    audio = render(player, [on(0, 69, cents=cents), on(RATE // 4, 64, 1, cents=-80.0)], RATE)
    assert 1200 * np.log2(pitch(audio[0, RATE // 2:]) / straight) == pytest.approx(cents, abs=0.5)


def test_the_wheel_bends_two_keys(player: SoundFont) -> None:
    player.reset()
    straight = pitch(render(player, [on(0, 69)], RATE)[0, RATE // 2:])
    player.reset()
    bent = pitch(render(player, [FrameEvent(0, Kind.BEND, 0, 0, 1.0), on(0, 69)], RATE)[0, RATE // 2:])
    assert 1200 * np.log2(bent / straight) == pytest.approx(200, abs=3)  # FluidSynth counts the range in 1/128 of 127


def test_louder_is_louder_and_reset_is_silence(player: SoundFont) -> None:
    levels = []
    for velocity in (30, 70, 120):
        player.reset()
        levels.append(float(np.abs(render(player, [on(0, 69, velocity)], 8192)).max()))
    assert levels == sorted(levels) and levels[2] > 3 * levels[0]
    assert player.sounding
    player.reset()
    assert not render(player, [], 8192).any() and player.sounding == 0


def test_bank_and_program_changes_are_left_alone(player: SoundFont) -> None:
    outputs = []
    for extra in ([], [cc(0, 0, 8), FrameEvent(0, Kind.PROGRAM, 0, 0, 5)]):
        player.reset()
        outputs.append(render(player, [*extra, on(64, 69)], 8192))
    assert np.array_equal(*outputs)


def test_a_drum_kit_plays_on_any_channel(player: SoundFont) -> None:
    kit = SoundFont(find_sound(f"{FONT}:128:0"))
    kit.prepare(RATE, 512)
    try:
        kick, crash = (render(kit, [on(0, key)], 48_000) for key in (36, 49))
        assert np.abs(kick).max() > 0.01 and np.abs(crash[:, 30_000:]).max() > 10 * np.abs(kick[:, 47_000:]).max()
    finally:
        kit.close()


def test_a_block_that_is_too_large_and_a_rate_that_is_none(player: SoundFont) -> None:
    with pytest.raises(InstrumentError, match="larger than the prepared"):
        render(player, [], 8192, (8192,))
    with pytest.raises(InstrumentError, match="8000 to 96000"):
        SoundFont(player.sound).prepare(192_000, 128)


def test_what_fluidsynth_refuses_is_told(player: SoundFont, tmp_path: Path) -> None:
    path = tmp_path / "Hollow.sf2"
    path.write_bytes(font([Preset(0, 0, "Nothing")]))
    with pytest.raises(InstrumentError, match=r"FluidSynth does not play .*Hollow\.sf2"):
        SoundFont(find_sound(str(path))).prepare(RATE, 128)
