"""A bounced session is the live one; stems are what the master gets; both from the command line."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bridge import offline
from bridge.bounce import bounced_rig
from bridge.commands import cli
from bridge.rig import build_rig
from bridge.session import Session, parse
from bridge.stems import FloatWav, Stems
from instruments.block import AudioBlock, InstrumentError
from instruments.faust import compiler

FAUST = Path(__file__).resolve().parents[1] / "instruments" / "faust"
needs_faust = pytest.mark.skipif(bool(compiler.lacking()), reason="apt-get install -y faust gcc")

NATIVE = """
name = "native"
music = { tempo = 200.0, bars = 2, seed = 3 }
groups = [{ name = "rhythm", gain_db = -3.0, effects = [{ effect = "compressor" }], sends = { room = -20.0 } }]
[[tracks]]
name = "comp"
parts = ["comp"]
instrument = "piano"
pan = -0.4
[[tracks]]
name = "low/end"
parts = ["bass"]
instrument = "bass"
group = "rhythm"
[[tracks]]
name = "drums"
parts = ["drums"]
instrument = "drums"
group = "rhythm"
"""
# An instrument and what follows it; an effect behind a native one; one in a group that both feed.
PLUGINS = f"""
name = "plugins"
returns = []
music = {{ tempo = 200.0, bars = 2, seed = 3 }}
groups = [{{ name = "all", effects = [{{ plugin = "{FAUST}/cross_echo.dsp", params = {{ mix = 20, time = 90 }} }}] }}]
[[tracks]]
name = "comp"
parts = ["comp"]
instrument = "piano"
plugin = {{ name = "{FAUST}/pluck_saw.dsp", params = {{ cutoff = 2000 }} }}
effects = [{{ plugin = "{FAUST}/cross_echo.dsp", params = {{ mix = 30 }} }}]
group = "all"
[[tracks]]
name = "bass"
parts = ["bass"]
instrument = "bass"
effects = [{{ effect = "eq", params = {{ low_db = 3.0 }} }},
           {{ plugin = "{FAUST}/cross_echo.dsp", params = {{ time = 30 }}, bypass = true }},
           {{ plugin = "{FAUST}/cross_echo.dsp", params = {{ mix = 40 }} }}]
group = "all"
"""


def read_float_wav(path: Path) -> tuple[int, AudioBlock]:
    """Rate and audio; by the letter of the format."""
    data = path.read_bytes()
    assert (data[:4], data[8:16]) == (b"RIFF", b"WAVEfmt ")
    assert struct.unpack_from("<I", data, 4)[0] == len(data) - 8
    size, tag, channels, rate, a_second, a_frame, bits = struct.unpack_from("<IHHIIHH", data, 16)
    assert (size, tag, channels, a_second, a_frame, bits) == (16, 3, 2, rate * 8, 8, 32)
    fact, four, frames, word, count = struct.unpack_from("<4sII4sI", data, 36)
    assert (fact, four, word, count) == (b"fact", 4, b"data", len(data) - 56)
    assert count == frames * 8
    audio: AudioBlock = np.frombuffer(data, "<f4", offset=56).reshape(-1, 2).T
    return rate, audio


def rendered(session: Session, folder: Path | None = None) -> AudioBlock:
    """Bounced into `folder`, or by our own hosting."""
    rig = None if folder is None else bounced_rig(session, folder)
    return np.concatenate([piece.audio.copy() for piece in offline.render(session, rig=rig)], axis=1)


def test_a_float_wav_keeps_what_it_is_given(tmp_path: Path) -> None:
    audio = np.random.default_rng(1).standard_normal((2, 1000)).astype(np.float32) * 3
    file = FloatWav(tmp_path / "a.wav", 44_100)
    for start, end in ((0, 1), (1, 700), (700, 1000)):
        file.write(audio[:, start:end])
    file.close()
    rate, got = read_float_wav(tmp_path / "a.wav")
    assert rate == 44_100
    assert got.tobytes() == audio.tobytes()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, AudioBlock], AudioBlock, AudioBlock]:
    """Stems by channel, the mix with them, the mix without."""
    session = parse(NATIVE, "native.toml")
    rig = build_rig(session, session.sample_rate, offline.BLOCK, offline=True, stems=True)
    stems = Stems(rig, tmp_path_factory.mktemp("stems") / "new")
    blocks = []
    for piece in offline.render(session, rig=rig):
        blocks.append(piece.audio.copy())
        stems.write()
    stems.close()
    assert {path.name for path in stems.files.values()} == {
        "comp.wav", "low_end.wav", "drums.wav", "rhythm.wav", "room.wav", "mix.wav"}
    audio = {name: read_float_wav(path)[1] for name, path in stems.files.items()}
    return audio, np.concatenate(blocks, axis=1), rendered(session)


class TestStems:
    def test_they_add_up_to_what_comes_to_the_master(
        self, made: tuple[dict[str, AudioBlock], AudioBlock, AudioBlock]
    ) -> None:
        stems, _, _ = made
        for name in stems:
            assert np.abs(stems[name]).max() > 0.001, name
        frames = min(stem.shape[1] for stem in stems.values())
        total = sum(stems[name][:, :frames].astype(np.float64) for name in ("comp", "rhythm", "room"))
        assert np.abs(total - stems["master"][:, :frames]).max() < 1e-6

    def test_they_are_in_time_with_the_mix(self, made: tuple[dict[str, AudioBlock], AudioBlock, AudioBlock]) -> None:
        """The master only limits here: where it does not, it is as late as nothing, and the mix is the sum."""
        stems, mix, _ = made
        frames = min(stems["master"].shape[1], mix.shape[1], 12_000)
        before, after = stems["master"][:, :frames], mix[:, :frames]
        heard = [float(np.vdot(before[:, 64:-64], np.roll(after, shift, 1)[:, 64:-64])) for shift in range(-32, 33)]
        assert int(np.argmax(heard)) - 32 == 0

    def test_the_mix_is_the_same_with_them(self, made: tuple[dict[str, AudioBlock], AudioBlock, AudioBlock]) -> None:
        _, mix, without = made
        assert mix.shape == without.shape
        assert np.abs(mix - without).max() < 1e-6  # a channel is rounded once more on its way

    def test_a_console_where_they_are_not_open_says_so(self) -> None:
        rig = build_rig(parse(NATIVE, "native.toml"), 48_000, 256, offline=True)
        with pytest.raises(InstrumentError, match="not open"):
            rig.stem("comp")
        rig.close()


@needs_faust
class TestBouncedRig:
    def test_it_is_the_live_hosts_mix(self, tmp_path: Path) -> None:
        """Wherever in the mix they stand, bounced plug-ins make what hosted ones make."""
        session = parse(PLUGINS, "plugins.toml")
        bounced, hosted = rendered(session, tmp_path), rendered(session)
        assert len(list(tmp_path.glob("*.npy"))) == 5 + 3  # five plug-ins, three of them fed with sound
        frames = min(bounced.shape[1], hosted.shape[1])
        assert np.abs(hosted).max() > 0.05
        assert np.abs(bounced[:, :frames] - hosted[:, :frames]).max() < 1e-4

    def test_again_it_is_the_same_to_the_last_bit(self, tmp_path: Path) -> None:
        session = parse(PLUGINS, "plugins.toml")
        one, two = tmp_path / "one", tmp_path / "two"
        for folder in (one, two):
            folder.mkdir()
        assert rendered(session, one).tobytes() == rendered(session, two).tobytes()

    def test_a_session_without_plugins_is_the_usual(self, tmp_path: Path) -> None:
        session = parse(NATIVE, "native.toml")
        assert rendered(session, tmp_path).tobytes() == rendered(session).tobytes()
        assert not list(tmp_path.iterdir())


@needs_faust
def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(PLUGINS)
    done = CliRunner().invoke(cli, [
        "render", str(tmp_path / "my.toml"), "-o", str(tmp_path / "mix.wav"), "--engine", "dawdreamer", "--stems",
        str(tmp_path / "stems"), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["engine"], told["stems"]) == ("dawdreamer", str(tmp_path / "stems"))
    assert 0 < told["bounced_s"] < told["wall_s"]
    assert sorted(p.name for p in (tmp_path / "stems").iterdir()) == ["all.wav", "bass.wav", "comp.wav", "mix.wav"]
    assert (tmp_path / "mix.wav").stat().st_size > 200_000


@needs_faust
def test_a_plugin_that_is_broken_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.dsp").write_text("process = nothing;")
    (tmp_path / "my.toml").write_text(PLUGINS.replace(f"{FAUST}/pluck_saw.dsp", "broken.dsp"))
    done = CliRunner().invoke(cli, ["render", str(tmp_path / "my.toml"), "-o", str(tmp_path / "mix.wav"), "--engine",
                                    "dawdreamer"])
    assert done.exit_code != 0
    said = str(done.exception) + done.output
    assert "undefined symbol : nothing" in said
    assert "'comp'" in said
    assert not (tmp_path / "mix.wav").exists()
