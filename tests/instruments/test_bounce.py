"""Bounces: each chain in a fresh process, at the tempo, in time to the frame, the same again, as live."""

from __future__ import annotations

import io
import signal
from collections.abc import Sequence
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Kind, Transport
from instruments.bounce import BounceJob, BounceStage, bounce
from instruments.faust import compiler
from instruments.hosts.smf_bytes import smf_bytes
from instruments.plugins.hosts import choose_host, installed
from instruments.plugins.use import PluginUse
from instruments.rendered import RenderedEffect, RenderedInstrument
from instruments.tempo_curve import PPQ, TempoCurve, TempoPoint

RATE = 48000
FAUST = Path(__file__).parent / "faust"
DELAY, COMPRESSOR = Path("/usr/lib/vst3/ZamDelay.vst3"), Path("/usr/lib/vst3/ZamComp.vst3")
ZYN = Path("/usr/lib/vst/ZynAddSubFX.so")
needs_faust = pytest.mark.skipif(bool(compiler.lacking()), reason="apt-get install -y faust gcc")


def needs(*plugins: Path, host: str = "dawdreamer") -> pytest.MarkDecorator:
    there = installed(host) and all(p.exists() for p in plugins)
    return pytest.mark.skipif(not there, reason=f"apt-get install -y zam-plugins zynaddsubfx-vst; {host}")


def stage(path: Path, host: str, result: Path, **params: float | str | bool) -> BounceStage:
    return BounceStage(PluginUse(str(path), params=params), path, host, result)


def effect(tmp_path: Path, path: Path, host: str, fed: AudioBlock, tempo: TempoCurve | None = None,
           **params: float | str | bool) -> AudioBlock:
    np.save(tmp_path / "fed.npy", fed)
    tempo = tempo or TempoCurve.steady(120.0, RATE)
    bounce([BounceJob("track", [stage(path, host, tmp_path / "out.npy", **params)], fed.shape[1], tempo,
                      audio=tmp_path / "fed.npy")])
    made: AudioBlock = np.load(tmp_path / "out.npy")
    return made


def clicks(at: Sequence[int], frames: int) -> AudioBlock:
    fed = np.zeros((2, frames), np.float32)
    fed[:, list(at)] = 0.5
    return fed


def noise(frames: int) -> AudioBlock:
    return np.random.default_rng(7).standard_normal((2, frames)).astype(np.float32) * np.float32(0.1)


NOTES = [FrameEvent(at + more, kind, 0, 60 + at // 6000, value) for at in range(0, 24_000, 6000)
         for more, kind, value in ((100, Kind.ON, 100.0), (5000, Kind.OFF, 0.0))]


class TestMidiFile:
    @given(st.sampled_from([8000, 11_025, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000]),
           st.lists(st.integers(0, 30_000_000), min_size=1, max_size=20))
    def test_a_reader_gets_the_same_frames_back(self, rate: int, frames: list[int]) -> None:
        events = [FrameEvent(f, Kind.CC, 3, 74, 99.0) for f in sorted(frames)]
        read = mido.MidiFile(file=io.BytesIO(smf_bytes(events, rate)))
        tick, found = 0, []
        tempo = read.tracks[0][0].tempo
        for message in read.tracks[0]:
            tick += message.time
            if message.type == "control_change":
                found.append(int(tick * tempo / 1e6 / read.ticks_per_beat * rate))
                assert (message.channel, message.control, message.value) == (3, 74, 99)
        assert found == sorted(frames)


class TestTempoCurve:
    CURVE = TempoCurve((TempoPoint(0, 0.0, 120.0), TempoPoint(48_000, 2.0, 60.0)), RATE, 3, 4)

    @pytest.mark.parametrize(("frame", "beat", "bpm"), [(0, 0, 120), (24_000, 1, 120), (48_000, 2, 60),
                                                         (96_000, 3, 60)])
    def test_beats_by_frames(self, frame: int, beat: float, bpm: float) -> None:
        assert self.CURVE.at(frame) == Transport(frame, beat, bpm, 3, 4, True)

    def test_tempo_by_beats(self) -> None:
        bpm = self.CURVE.bpm_by_beat(96_000)
        assert (bpm[: 2 * PPQ - 1] == 120).all()
        assert (bpm[2 * PPQ - 1 :] == 60).all()
        assert len(bpm) > 3 * PPQ

    def test_a_later_beginning(self) -> None:
        later = self.CURVE.later(96_000, 4.0)
        assert later.at(96_000 + 72_000).beat == self.CURVE.at(72_000).beat + 4
        assert later.at(0).beat == 0
        assert self.CURVE.is_steady is False
        assert TempoCurve.steady(99.0, RATE).is_steady


class TestStandIns:
    def test_they_take_down_what_comes_and_then_play(self, tmp_path: Path) -> None:
        instrument, effect = RenderedInstrument(), RenderedEffect()
        for each in (instrument, effect):
            each.prepare(RATE, 64)
        for block in range(3):
            at = Transport(block * 64, block * 64 / RATE * 2, 120.0, playing=True)
            audio = np.full((2, 64), block, np.float32)
            instrument.process([FrameEvent(5, Kind.ON, 0, 60, 1.0)], np.ones((2, 64), np.float32), at)
            effect.process(audio, at)
            assert (audio == block).all()
        assert [e.offset for e in instrument.events] == [5, 69, 133]
        assert effect.heard()[0, ::64].tolist() == [0, 1, 2]
        assert instrument.tempo() == effect.tempo() == TempoCurve.steady(120.0, RATE)
        np.save(tmp_path / "made.npy", np.arange(200, dtype=np.float32).reshape(2, 100))
        for each in (instrument, effect):
            each.load(tmp_path / "made.npy")
            each.prepare(RATE, 64)
        out = np.ones((2, 64), np.float32)
        instrument.process([], out, Transport())
        effect.process(out, Transport())
        effect.process(out, Transport())
        assert out[0].tolist() == [*range(64, 100), *[0] * 28]


@needs_faust
class TestProcesses:
    def test_chains_and_progress(self, tmp_path: Path) -> None:
        told: list[tuple[str, float]] = []
        jobs = [BounceJob(name, [stage(FAUST / "pluck_saw.dsp", "faust", tmp_path / f"{name}0.npy"),
                                 stage(FAUST / "cross_echo.dsp", "faust", tmp_path / f"{name}1.npy", mix=0.0001)],
                          24_000, TempoCurve.steady(120.0, RATE), NOTES) for name in ("one", "two", "three")]
        bounce(jobs, lambda name, share: told.append((name, share)))
        first = np.load(tmp_path / "one0.npy")
        assert first.shape == (2, 24_000)
        assert np.abs(first).max() > 0.05
        assert not first[:, :100].any()
        for name in ("one", "two", "three"):
            shares = [share for each, share in told if each == name]
            assert shares == sorted(shares)
            assert shares[-1] == 1.0
            assert (np.load(tmp_path / f"{name}1.npy") == np.load(tmp_path / "one1.npy")).all()

    @staticmethod
    def broken(tmp_path: Path, body: str) -> BounceJob:
        """A program that calls C code of its own."""
        code = f"#include <signal.h>\nstatic float broken(float x) {{ {body} return x; }}\n"
        (tmp_path / "broken.h").write_text(code)
        path = tmp_path / "broken.dsp"
        path.write_text('process = par(i, 2, ffunction(float broken(float), "broken.h", ""));')
        np.save(tmp_path / "fed.npy", noise(9600))
        return BounceJob("bass", [stage(path, "faust", tmp_path / "out.npy")], 9600, TempoCurve.steady(120.0, RATE),
                         audio=tmp_path / "fed.npy")

    def test_a_crash_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(InstrumentError, match=r"broken\.dsp of 'bass' crashed \(SIGSEGV\)"):
            bounce([self.broken(tmp_path, f"raise({int(signal.SIGSEGV)});")])

    def test_a_hang_is_ended(self, tmp_path: Path) -> None:
        job = self.broken(tmp_path, "for (volatile int i = 0; ; i++) {}")
        with pytest.raises(InstrumentError, match=r"of 'bass' hung"):
            bounce([BounceJob(job.name, job.stages, job.frames, job.tempo, audio=job.audio, load_timeout_s=4.0)],
                   hang_s=4.0)

    def test_what_is_not_a_number_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InstrumentError, match="NaN"):
            bounce([self.broken(tmp_path, "x = 0.0f / (x - x);")])

    def test_an_instrument_is_no_effect(self, tmp_path: Path) -> None:
        with pytest.raises(InstrumentError, match="is an instrument, not an effect"):
            effect(tmp_path, FAUST / "pluck_saw.dsp", "faust", noise(128))

    def test_what_a_plugin_refuses_names_the_track(self, tmp_path: Path) -> None:
        with pytest.raises(InstrumentError, match=r"track 'track': .*no parameter 'warmth'"):
            effect(tmp_path, FAUST / "cross_echo.dsp", "faust", noise(128), warmth=3)


@pytest.mark.peer("zam-plugins")
@needs(DELAY, COMPRESSOR)
class TestDawDreamer:
    @pytest.mark.parametrize("bpm", [60.0, 120.0, 240.0])
    def test_a_synced_delay_echoes_on_the_beat(self, tmp_path: Path, bpm: float) -> None:
        got = effect(tmp_path, DELAY, "dawdreamer", clicks([10_000], 72_000), TempoCurve.steady(bpm, RATE),
                     **{"Sync BPM": True, "Feedback": 0.0})
        beat = round(60 / bpm * RATE)
        echo = 10_200 + np.argmax(np.abs(got[:, 10_200:]), axis=1)
        assert np.abs(echo - (10_000 + beat)).max() <= 2  # its own filter turns the click by a frame or two

    def test_it_follows_a_change_of_tempo(self, tmp_path: Path) -> None:
        tempo = TempoCurve((TempoPoint(0, 0.0, 120.0), TempoPoint(48_000, 2.0, 60.0)), RATE)
        got = effect(tmp_path, DELAY, "dawdreamer", clicks([100_000], 160_000), tempo,
                     **{"Sync BPM": True, "Feedback": 0.0})
        assert abs(100_200 + int(np.argmax(np.abs(got[0, 100_200:]))) - 148_000) <= 2

    def test_two_renders_are_the_same_to_the_last_bit(self, tmp_path: Path) -> None:
        one, two = (effect(tmp_path, COMPRESSOR, "dawdreamer", noise(24_000), Threshold=-30) for _ in range(2))
        assert np.abs(one).max() > 0
        assert one.tobytes() == two.tobytes()

    @needs(DELAY, host="minihost")
    @pytest.mark.parametrize(("path", "params"), [
        (DELAY, {"Sync BPM": True, "Feedback": 0.3}), (COMPRESSOR, {"Threshold": -30.0, "Ratio": 8.0}),
    ], ids=["delay", "compressor"])
    def test_it_sounds_as_the_live_host(self, tmp_path: Path, path: Path, params: dict[str, float | bool]) -> None:
        tempo = TempoCurve((TempoPoint(0, 0.0, 120.0), TempoPoint(24_064, 24_064 / 24_000, 90.0)), RATE)
        bounced, hosted = (effect(tmp_path, path, host, noise(72_000), tempo, **params)
                           for host in ("dawdreamer", "minihost"))
        assert np.abs(bounced - hosted).max() < 1e-6

    def test_it_takes_a_live_hosts_state(self, tmp_path: Path) -> None:
        from instruments.hosts.pedalboard_host import PedalboardHost

        host = PedalboardHost(COMPRESSOR, None, 30.0)
        host.set_params({"Threshold": -40.0, "Ratio": 10.0})
        host.prepare(RATE, 128)
        np.save(tmp_path / "fed.npy", noise(12_000))
        use = PluginUse(str(COMPRESSOR), state=host.state())
        bounce([BounceJob("track", [BounceStage(use, COMPRESSOR, "dawdreamer", tmp_path / "state.npy")], 12_000,
                          TempoCurve.steady(120.0, RATE), audio=tmp_path / "fed.npy")])
        got = np.load(tmp_path / "state.npy")
        as_set = effect(tmp_path, COMPRESSOR, "dawdreamer", noise(12_000), Threshold=-40, Ratio=10)
        as_it_comes = effect(tmp_path, COMPRESSOR, "dawdreamer", noise(12_000))
        assert np.abs(got - as_set).max() < 1e-6 < np.abs(got - as_it_comes).max()

    def test_parameters_have_their_own_units(self, tmp_path: Path) -> None:
        with pytest.raises(InstrumentError, match=r"Threshold.*out of range.*-80"):
            effect(tmp_path, COMPRESSOR, "dawdreamer", noise(128), Threshold=-300)


@pytest.mark.peer("zynaddsubfx-vst")
@needs(ZYN)
def test_vst2_instruments_play_at_their_frames_and_take_their_state_back(tmp_path: Path) -> None:
    results = []
    for name, state in (("plain", None), ("state", _state_of(tmp_path))):
        job = BounceJob("keys", [BounceStage(PluginUse(str(ZYN), state=state), ZYN, "dawdreamer",
                                             tmp_path / f"{name}.npy")], 24_000, TempoCurve.steady(120.0, RATE), NOTES)
        bounce([job])
        results.append(np.load(tmp_path / f"{name}.npy"))
    assert np.abs(results[0]).max() > 0.01
    assert np.abs(results[0][:, :100]).max() < 1e-6  # the first note is at 100
    assert np.abs(results[0][:, 100:400]).max() > 1e-4
    assert np.abs(results[0] - results[1]).max() < 1e-6


def _state_of(tmp_path: Path) -> bytes:
    """Zyn's own state, taken in a process of its own."""
    import subprocess
    import sys

    code = (f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
            "from pathlib import Path\nfrom instruments.hosts.dawdreamer_host import DawDreamerHost\n"
            f"host = DawDreamerHost(Path({str(ZYN)!r})); host.prepare(48000, 128)\n"
            f"Path({str(tmp_path / 'zyn.state')!r}).write_bytes(host.state())\nimport os; os._exit(0)")
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return (tmp_path / "zyn.state").read_bytes()


def test_vst2_and_dawdreamer_live_say_what_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIDEMAN_VST2", raising=False)
    with pytest.raises(InstrumentError, match="sideman render --engine dawdreamer"):
        choose_host("VST2")
    with pytest.raises(InstrumentError, match="host 'dawdreamer' plays no VST3 plug-ins live"):
        choose_host("VST3", "dawdreamer")
    assert choose_host("VST2", live=False, is_there=lambda host: True) == "dawdreamer"
