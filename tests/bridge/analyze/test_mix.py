"""A mix in figures: known signals give known figures; the command says what is off, and why."""

from __future__ import annotations

import json
import math
import wave
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from bridge.analyze.mix import OCTAVES_HZ, analyze
from bridge.analyze.targets import TARGETS, checks
from bridge.commands import cli
from bridge.errors import InstrumentError, SessionError

RATE = 48000
Audio = NDArray[np.float64]


def _noise(seed: int, seconds: float = 6.0) -> Audio:
    """Pink: equal power in every octave."""
    n = int(seconds * RATE)
    hz = np.fft.rfftfreq(n, 1 / RATE)
    rng = np.random.default_rng(seed)
    spectrum = (rng.standard_normal(len(hz)) + 1j * rng.standard_normal(len(hz))) / np.sqrt(np.maximum(hz, 10))
    noise = np.fft.irfft(spectrum, n)
    return 0.1 * noise / noise.std()


def _write(path: Path, audio: Audio) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(audio.shape[0])
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((audio.T * 32767).astype("<i2").tobytes())
    return path


def test_pink_noise_is_flat_in_octaves_and_has_no_tilt() -> None:
    one = _noise(1)
    mix = analyze(np.stack([one, one]), RATE)
    assert np.abs(mix.octaves_db).max() < 1.0 and abs(mix.tilt_db) < 0.2
    assert mix.correlation == pytest.approx(1) and mix.correlated_share == 1
    assert mix.mono_loss_lu == pytest.approx(0, abs=1e-9) and mix.side_db == -120


def test_a_boosted_octave_shows_in_its_band_alone() -> None:
    one = _noise(2)
    spectrum, hz = np.fft.rfft(one), np.fft.rfftfreq(len(one), 1 / RATE)
    spectrum[(hz > 4000 / 2**0.5) & (hz < 4000 * 2**0.5)] *= 2
    louder = np.fft.irfft(spectrum, len(one))
    before, after = (np.array(analyze(np.stack([x, x]), RATE).octaves_db) for x in (one, louder))
    change = after - before
    assert abs(change[OCTAVES_HZ.index(4000)] - 6.02) < 0.3
    assert np.abs(np.delete(change, OCTAVES_HZ.index(4000))).max() < 0.3


def test_two_strangers_lose_three_db_in_mono_and_opposites_all() -> None:
    a, b = _noise(3), _noise(4)
    apart = analyze(np.stack([a, b]), RATE)
    assert abs(apart.correlation) < 0.1 and abs(apart.side_db) < 0.5
    assert abs(apart.mono_loss_lu - 3.01) < 0.3
    against = analyze(np.stack([a, -a]), RATE)
    assert against.correlation == pytest.approx(-1) and against.correlated_share == 0
    assert against.mono_loss_lu == math.inf and against.bass_side_db == 120


def test_wide_bass_is_found_and_wide_treble_is_not() -> None:
    t = np.arange(4 * RATE) / RATE
    bass, treble = 0.2 * np.sin(2 * np.pi * 60 * t), 0.2 * np.sin(2 * np.pi * 3000 * t)
    wide = analyze(np.stack([bass + treble, -bass + treble]), RATE)
    assert wide.bass_side_db > 20
    right = analyze(np.stack([bass + treble, bass - treble]), RATE)
    assert right.bass_side_db < -40
    found = {c.name: c.passed for c in checks(right)}
    assert found["bass width"] and not {c.name: c.passed for c in checks(wide)}["bass width"]


def test_a_mix_on_target_passes_and_one_off_target_does_not() -> None:
    one = _noise(5, 12)
    spectrum, hz = np.fft.rfft(one), np.fft.rfftfreq(len(one), 1 / RATE)
    target = np.interp(np.log2(np.maximum(hz, 1)), np.log2(OCTAVES_HZ), TARGETS["rock"].octaves_db)
    shaped = np.fft.irfft(spectrum * 10 ** (target / 20), len(one))
    mix = analyze(np.stack([shaped, shaped]), RATE)
    bands = [c for c in checks(mix, "rock") if c.name.endswith("Hz")]
    assert len(bands) == 9 and all(c.passed for c in bands)
    assert not all(c.passed for c in checks(mix, "ambient") if c.name.endswith("Hz"))
    with pytest.raises(SessionError, match="genre 'polka' has no target: choose from jazz, edm"):
        checks(mix, "polka")


def test_silence_and_what_is_no_mix() -> None:
    mix = analyze(np.zeros((2, RATE)), RATE)
    assert mix.integrated_lufs == -math.inf == mix.true_peak_db and mix.correlation == 1
    for audio, why in ((np.zeros((6, RATE)), "6 channels"), (np.zeros((2, 100)), "too short")):
        with pytest.raises(InstrumentError, match=why):
            analyze(audio, RATE)


def test_the_command_prints_a_table_json_and_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pip install 'sideman[plot]'")
    one = _noise(6)
    wav, picture = _write(tmp_path / "mix.wav", np.stack([one, one])), tmp_path / "mix.png"
    done = CliRunner().invoke(cli, ["analyze", str(wav), "--genre", "jazz", "--picture", str(picture)])
    assert done.exit_code == 0, done.output
    assert "0:06.0, 48000 Hz, stereo" in done.output and "off by" in done.output and "16000 Hz" in done.output
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and picture.stat().st_size > 20_000
    told = json.loads(CliRunner().invoke(cli, ["analyze", str(wav), "--json"]).output)
    assert told["channels"] == 2 and {c["name"] for c in told["checks"]} >= {"loudness", "true peak"}


def test_the_command_says_what_a_bad_file_is(tmp_path: Path) -> None:
    text = tmp_path / "notes.wav"
    text.write_text("not audio")
    for path, why in ((tmp_path / "none.wav", "does not exist"), (text, "cannot be read as audio")):
        done = CliRunner().invoke(cli, ["analyze", str(path)])
        assert isinstance(done.exception, InstrumentError) and why in str(done.exception)
