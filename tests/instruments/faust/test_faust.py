"""Faust programs: played to the frame whatever the blocks, tuned, held, stolen; compiled once, and again if changed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Kind, Transport
from instruments.faust import compiler, jit
from instruments.faust.source import read_source
from instruments.hosts.faust_host import FaustHost

RATE = 48000
EXAMPLES = Path(__file__).parent
PLUCK, ECHO = EXAMPLES / "pluck_saw.dsp", EXAMPLES / "cross_echo.dsp"
SINE = """
import("stdfaust.lib");
freq = hslider("freq", 440, 1, 20000, 0.001);
gain = hslider("gain", 0, 0, 1, 0.001);
gate = button("gate");
process = os.oscsin(freq) * gain * gate;
"""

pytestmark = [pytest.mark.peer("faust"),
              pytest.mark.skipif(bool(compiler.lacking()), reason="apt-get install -y faust gcc")]


def on(offset: int, key: int, velocity: float = 127.0, cents: float = 0.0, channel: int = 0) -> FrameEvent:
    return FrameEvent(offset, Kind.ON, channel, key, velocity, cents)


def off(offset: int, key: int, channel: int = 0) -> FrameEvent:
    return FrameEvent(offset, Kind.OFF, channel, key, 0.0)


def cc(offset: int, number: int, value: float, channel: int = 0) -> FrameEvent:
    return FrameEvent(offset, Kind.CC, channel, number, value)


def play(host: FaustHost, frames: int, events: Sequence[FrameEvent] = (), fed: AudioBlock | None = None,
         cuts: Sequence[int] = (), key: AudioBlock | None = None) -> AudioBlock:
    """From silence, in blocks that end at these frames (default: 128 each)."""
    cuts = cuts or range(128, frames, 128)
    ends = sorted({*(c for c in cuts if 0 < c < frames), frames})
    host.prepare(RATE, int(np.diff([0, *ends]).max()))
    out = np.zeros((2, frames), np.float32) if fed is None else fed.astype(np.float32)
    start = 0
    for end in ends:
        block = np.ascontiguousarray(out[:, start:end])
        due = [e._replace(offset=e.offset - start) for e in events if start <= e.offset < end]
        host.process(block, Transport(start), due, None if key is None else key[:, start:end])
        out[:, start:end] = block
        start = end
    return out


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("faust cache")


@pytest.fixture(autouse=True)
def own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(compiler.CACHE_VARIABLE, str(cache))


def written(folder: Path, text: str, name: str = "made.dsp") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def sine(hz: float, frames: int) -> AudioBlock:
    """What SINE plays from its first frame on, in which its phase has gone a step already."""
    return np.sin(2 * np.pi * hz * np.arange(1, frames + 1) / RATE).astype(np.float32)


def pitch_hz(audio: AudioBlock) -> float:
    """Of a steady sine, by its zero crossings, which a straight line places between frames."""
    x = audio.astype(np.float64)
    up = np.flatnonzero((x[:-1] < 0) & (x[1:] >= 0))
    at = up + x[up] / (x[up] - x[up + 1])
    return float(RATE * (len(at) - 1) / (at[-1] - at[0]))


SCORE = [on(1000, 48, 100), on(1000, 55, 90), FrameEvent(5003, Kind.BEND, 0, 0, 0.5), cc(6001, 64, 127),
         off(7000, 48), cc(9017, 74, 100), cc(11000, 64, 0), *(on(12000 + 37 * i, 40 + i) for i in range(12)),
         *(off(14000 + 11 * i, 40 + i) for i in range(12))]


class TestPlaying:
    @settings(max_examples=12, deadline=None)
    @given(st.lists(st.integers(1, 19_999), min_size=1, max_size=40))
    def test_where_blocks_begin_and_end_does_not_matter(self, cuts: list[int]) -> None:
        host = self.pluck()
        whole = play(host, 20_000, SCORE, cuts=[20_000])
        host = self.pluck()
        cut = play(host, 20_000, SCORE, cuts=cuts)
        assert np.abs(whole).max() > 0.5
        assert np.abs(cut - whole).max() <= 1e-6 * max(1.0, float(np.abs(whole).max()))

    @staticmethod
    def pluck() -> FaustHost:
        return FaustHost(PLUCK)

    def test_a_note_begins_at_its_frame_with_its_pitch_and_loudness(self, tmp_path: Path) -> None:
        host = FaustHost(written(tmp_path, SINE))
        got = play(host, 4800, [on(777, 69, 64)])
        assert not got[:, :777].any()
        assert np.abs(got[0, 777:] - sine(440.0, 4800 - 777) * np.float32(64 / 127)).max() < 2e-4
        assert (got[0] == got[1]).all()

    @pytest.mark.parametrize(("events", "hz"), [
        ([on(0, 69, cents=50.0)], 440 * 2 ** (0.5 / 12)),
        ([on(0, 69), FrameEvent(0, Kind.BEND, 0, 0, -1.0)], 440 * 2 ** (-2 / 12)),
        ([FrameEvent(0, Kind.BEND, 0, 0, 0.5), on(10, 69)], 440 * 2 ** (1 / 12)),
        ([cc(0, 101, 0), cc(0, 100, 0), cc(0, 6, 12), on(0, 69), FrameEvent(0, Kind.BEND, 0, 0, 1.0)], 880.0),
        ([on(0, 69), FrameEvent(0, Kind.BEND, 3, 0, 1.0)], 440.0),
    ], ids=["cents", "bend of a sounding note", "bend before the note", "bend range", "bend of another channel"])
    def test_pitch(self, tmp_path: Path, events: list[FrameEvent], hz: float) -> None:
        got = play(FaustHost(written(tmp_path, SINE)), 24_000, events)
        assert pitch_hz(got[0, 1000:]) == pytest.approx(hz, rel=1e-5)

    def test_the_pedal_holds_and_lets_go(self, tmp_path: Path) -> None:
        host = FaustHost(written(tmp_path, SINE))
        got = play(host, 4800, [on(0, 69), cc(100, 64, 127), off(1000, 69), cc(3000, 64, 0)])
        assert np.abs(got[0, 2800:3000]).max() > 0.9
        assert not got[:, 3000:].any()

    def test_all_notes_off_and_all_sound_off(self, tmp_path: Path) -> None:
        host = FaustHost(written(tmp_path, SINE))
        assert not play(host, 3000, [on(0, 69), on(0, 60), cc(1000, 123, 0)])[:, 1000:].any()
        silenced = play(host, 3000, [on(0, 69), cc(1000, 120, 0)])
        assert np.abs(np.diff(silenced[0])).max() < 0.1  # faded in 5 ms, no click
        assert not silenced[:, 1300:].any()

    def test_the_oldest_of_too_many_notes_fades(self, tmp_path: Path) -> None:
        host = FaustHost(written(tmp_path, SINE.replace("import", 'declare options "[nvoices:2]";\nimport')))
        got = play(host, 9600, [on(0, 45, 60), on(1000, 57, 60), on(2000, 69, 60)])
        assert np.abs(np.diff(got[0])).max() < 0.1
        tail = got[0, 4800:].astype(np.float64) * np.hanning(4800)
        level = {hz: abs(np.exp(-2j * np.pi * hz * np.arange(4800) / RATE) @ tail) for hz in (110.0, 220.0, 440.0)}
        assert level[110.0] < 0.01 * level[220.0] == pytest.approx(0.01 * level[440.0], rel=0.05)

    def test_voices_are_given_back(self) -> None:
        host = FaustHost(PLUCK)
        play(host, 48_000, [on(0, 60), off(4000, 60)])
        assert host._voices is not None
        assert host._voices.playing == (0, 0)

    def test_reset_leaves_nothing(self) -> None:
        host = FaustHost(PLUCK)
        play(host, 4000, [on(0, 60)])
        host.reset()
        block = np.ones((2, 128), np.float32)
        host.process(block, Transport())
        assert np.abs(block).max() < 1e-6

    def test_other_sample_rates(self, tmp_path: Path) -> None:
        host = FaustHost(written(tmp_path, SINE))
        host.prepare(96_000, 9600)
        block = np.zeros((2, 9600), np.float32)
        host.process(block, Transport(), [on(0, 69)])
        assert pitch_hz(block[0]) == pytest.approx(220.0, rel=1e-4)  # counted at 48 kHz


class TestEffects:
    def test_an_echo_comes_after_its_time_on_the_other_side(self) -> None:
        host = FaustHost(ECHO)
        host.set_params({"time": 100, "feedback": "50", "damping": 20_000, "mix": {"raw": 1.0}})
        fed = np.zeros((2, 24_000), np.float32)
        fed[0, 9000] = 1.0
        got = play(host, 24_000, fed=fed)
        assert np.argmax(np.abs(got[0, 9500:])) + 9500 == 9000 + 4800
        assert np.argmax(np.abs(got[1])) == 9000 + 9600

    def test_mono_effects_play_stereo(self, tmp_path: Path) -> None:
        host = FaustHost(written(tmp_path, 'process = @(10) : *(hslider("level", 1, 0, 2, 0.1));'))
        host.set_params({"level": 0.5})
        fed = np.random.default_rng(1).standard_normal((2, 1000)).astype(np.float32)
        got = play(host, 1000, fed=fed)
        assert (got[:, 10:] == fed[:, :-10] * np.float32(0.5)).all()

    def test_a_side_chain(self, tmp_path: Path) -> None:
        host = FaustHost(written(tmp_path, "process(l, r, a, b) = l * a, r * b;"))
        assert host.takes_key
        fed, key = np.full((2, 500), 0.5, np.float32), np.stack([np.zeros(500), np.ones(500)]).astype(np.float32)
        got = play(host, 500, fed=fed, key=key)
        assert not got[0].any()
        assert (got[1] == 0.5).all()

    def test_it_is_told_the_tempo(self, tmp_path: Path) -> None:
        host = FaustHost(written(tmp_path, 'process = _, _ : !, ! : nentry("tempo[transport:bpm]", 0, 0, 999, 1), '
                                           'nentry("where[transport:beat]", 0, 0, 99999, 1);'))
        assert host.follows_tempo
        assert host.parameters() == ()
        host.prepare(RATE, 64)
        block = np.zeros((2, 64), np.float32)
        host.process(block, Transport(0, 6.25, 98.5, playing=True))
        assert block[:, 0].tolist() == [98.5, 6.25]


class TestParameters:
    def test_names_units_and_ranges_are_the_programs(self) -> None:
        host = FaustHost(PLUCK)
        found = {p.name: p for p in host.parameters()}
        assert set(found) == {"attack", "cutoff", "mono", "release", "resonance", "shape", "sweep"}
        assert (found["cutoff"].label, found["cutoff"].text) == ("Hz", "800")
        assert (found["cutoff"].low, found["cutoff"].high, found["cutoff"].steps) == ("80", "12000", 0)
        assert (found["mono"].steps, found["shape"].steps, found["shape"].text) == (2, 2, "saw")

    @pytest.mark.parametrize(("name", "value", "text"), [
        ("cutoff", 979.8, "979.8"), ("shape", "square", "square"), ("mono", True, "1"), ("sweep", {"raw": 0.5}, "2.5"),
        ("release_ms", 3000, "3000"),
    ])
    def test_values_are_shown_as_they_were_set(self, name: str, value: float | str, text: str) -> None:
        host = FaustHost(PLUCK)
        host.set_params({name: value})
        found = {p.name: p.text for p in host.parameters()}[name.removesuffix("_ms")]
        assert found == text or float(found) == pytest.approx(float(text), rel=1e-4)

    def test_what_does_not_fit_is_refused(self) -> None:
        host = FaustHost(PLUCK)
        before = host.raws()
        with pytest.raises(InstrumentError, match=r"cutoff.*80.*12000"):
            host.set_params({"attack": 10, "cutoff": 50_000})
        with pytest.raises(InstrumentError, match="no parameter 'gate'"):
            host.set_params({"gate": 1})
        assert host.raws() == before

    def test_a_controller_moves_what_asks_for_it(self) -> None:
        host = FaustHost(PLUCK)
        play(host, 256, [cc(0, 74, 127)])
        assert {p.name: p.text for p in host.parameters()}["cutoff"] == "12000"

    def test_states_come_back(self, tmp_path: Path) -> None:
        host, other = FaustHost(PLUCK), FaustHost(PLUCK)
        host.set_params({"cutoff": 2000, "shape": "square"})
        host.save_preset(tmp_path / "bright.json")
        other.load_preset(tmp_path / "bright.json")
        assert other.raws() == host.raws()
        other.prepare(44_100, 64)
        assert other.raws() == host.raws()
        with pytest.raises(InstrumentError, match="no state of a Faust program"):
            host.load_state(b"VC2!")


class TestCompiling:
    def test_a_mistake_is_told_in_fausts_own_words(self, tmp_path: Path) -> None:
        with pytest.raises(InstrumentError, match=r"made\.dsp.* : 2 : ERROR : undefined symbol : foo"):
            FaustHost(written(tmp_path, 'import("stdfaust.lib");\nprocess = foo;\n'))

    @pytest.mark.parametrize(("text", "why"), [
        ("process = 0.5;", "no controls freq"), ("process = _, _, _ :> _;", "3 inputs"),
        ("process = _ <: _, _, _;", "3 outputs"), ('declare nvoices "500"; process = _;', "nvoices = 500"),
    ])
    def test_what_cannot_be_played_says_why(self, tmp_path: Path, text: str, why: str) -> None:
        with pytest.raises(InstrumentError, match=why):
            FaustHost(written(tmp_path, text))

    def test_a_program_is_compiled_once_and_again_when_what_it_imports_changes(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        written(tmp_path, "level = 0.25;", "own.lib")
        path = written(tmp_path, 'import("own.lib"); process = *(level), *(level);')
        compiled: list[str] = []
        build = compiler._build
        monkeypatch.setattr(compiler, "_build", lambda *args: (compiled.append("x"), build(*args)))
        ones = np.ones((2, 16), np.float32)
        assert (play(FaustHost(path), 16, fed=ones) == 0.25).all()
        assert (play(FaustHost(path), 16, fed=ones) == 0.25).all()
        assert len(compiled) == 1
        written(tmp_path, "level = 0.75;", "own.lib")
        assert (play(FaustHost(path), 16, fed=ones) == 0.75).all()
        assert len(compiled) == 2

    def test_without_a_compiler_it_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(compiler, "lacking", lambda: "faust")
        monkeypatch.setattr(jit, "installed", lambda: False)
        with pytest.raises(InstrumentError, match=r"apt-get install faust gcc.*pip install 'sideman\[dawdreamer\]'"):
            FaustHost(PLUCK)

    def test_what_a_file_says_of_itself(self) -> None:
        source = read_source(PLUCK)
        assert (source.voices, source.has_effect) == (8, True)
        assert read_source(ECHO).has_effect is False


JIT = """
import sys, numpy as np
sys.path[:0] = [{here!r}, {tests!r}, {root!r}]
from test_faust import ECHO, PLUCK, SCORE, FaustHost, play
fed = np.random.default_rng(1).standard_normal((2, 20000)).astype(np.float32)
made = FaustHost(PLUCK, compiler="jit"), FaustHost(ECHO, compiler="jit")
assert "DawDreamer" in made[0].made_by
np.save({out!r}, np.concatenate([play(made[0], 20000, SCORE), play(made[1], 20000, fed=fed)]))
"""

POLY = """
import sys, numpy as np, dawdreamer
sys.path[:0] = [{here!r}, {tests!r}, {root!r}]
engine = dawdreamer.RenderEngine(48000, 128)
made = engine.make_faust_processor("voices")
made.set_dsp_string(open({dsp!r}).read())
made.num_voices, made.release_length = 8, 1.0
made.compile()
for key, start, length in ((60, 480.5, 9600), (67, 4800.5, 9600), (72, 14400.5, 4800)):
    made.add_midi_note(key, 100, start / 48000, length / 48000)
engine.load_graph([(made, [])])
engine.render(24000.5 / 48000)
np.save({out!r}, engine.get_audio())
"""


def by_dawdreamer(program: str, out: Path, **words: str) -> AudioBlock:
    """In a process of its own, as DawDreamer is in the program."""
    here = Path(__file__).resolve()
    code = program.format(here=str(here.parent), tests=str(here.parents[1]), root=str(here.parents[3]), out=str(out),
                          **words)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: AudioBlock = np.load(out)
    return found


@pytest.mark.skipif(not jit.installed(), reason="pip install 'sideman[dawdreamer]'")
class TestJustInTime:
    def test_it_sounds_as_compiled(self, tmp_path: Path) -> None:
        fed = np.random.default_rng(1).standard_normal((2, 20_000)).astype(np.float32)
        compiled = np.concatenate([play(FaustHost(PLUCK), 20_000, SCORE), play(FaustHost(ECHO), 20_000, fed=fed)])
        got = by_dawdreamer(JIT, tmp_path / "jit.npy")
        assert np.abs(got - compiled).max() < 2e-4

    def test_voices_are_dawdreamers_own(self, tmp_path: Path) -> None:
        """Its polyphony is Faust's: another implementation of the same convention, an oracle for ours."""
        events = [on(480, 60, 100), on(4800, 67, 100), off(10_080, 60), off(14_400, 67), on(14_400, 72, 100),
                  off(19_200, 72)]
        ours = play(FaustHost(PLUCK), 24_000, events)
        theirs = by_dawdreamer(POLY, tmp_path / "poly.npy", dsp=str(PLUCK))
        peak = float(np.abs(ours).max())
        assert np.abs(theirs[:, :24_000] - ours).max() < 1e-3 * peak
