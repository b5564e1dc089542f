"""Hosted instruments: exact offline; live the fallback plays whenever the plug-in does not, and no note is lost."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sine_host import SineHost
from sine_stage import FRAMES, RATE, Fallback, Stage, Troupe, sine_library

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Kind, Transport
from instruments.hosted_instrument import LATE_S, HostedInstrument
from instruments.hosted_plugin import PIPELINE_FRAMES
from instruments.plugins.home import Home
from instruments.plugins.use import PluginUse

pytestmark = pytest.mark.timeout(150)


@pytest.fixture
def troupe(tmp_path: Path) -> Iterator[Troupe]:
    made = Troupe(tmp_path)
    with sine_library():
        yield made
        made.close()


NOTES = [(5, 60, 100.0), (300, 67, 80.0), (301, 60, 90.0), (2000, 72, 127.0)]
ENDS = [(250, 60), (1500, 67), (2500, 60), (3999, 72)]


def score() -> list[tuple[int, FrameEvent]]:
    found = [(at, FrameEvent(0, Kind.ON, 0, key, v)) for at, key, v in NOTES]
    found += [(at, FrameEvent(0, Kind.OFF, 0, key, 0.0)) for at, key in ENDS]
    found += [(1000, FrameEvent(0, Kind.CC, 0, 7, 64.0)), (1700, FrameEvent(0, Kind.CC, 0, 7, 127.0))]
    return sorted(found)


def streamed(instrument: HostedInstrument, frames: int, sizes: list[int]) -> AudioBlock:
    out: AudioBlock = np.zeros((2, frames), np.float32)
    at = turn = 0
    while at < frames:
        n = min(sizes[turn % len(sizes)], frames - at)
        block: AudioBlock = np.empty((2, n), np.float32)
        events = [e._replace(offset=p - at) for p, e in score() if at <= p < at + n]
        instrument.process(events, block, Transport(at, at / 24000, playing=True))
        out[:, at : at + n] = block
        at, turn = at + n, turn + 1
    return out


@pytest.mark.parametrize("place", ["own", "here"])
def test_offline_it_is_exact_at_any_block_size(troupe: Troupe, place: str) -> None:
    alone = SineHost(Path("Sine"), "latency=100", 1.0)
    alone.prepare(RATE, 128)
    wanted: AudioBlock = np.zeros((2, 5120), np.float32)
    for at in range(0, 5120, 128):
        block: AudioBlock = np.zeros((2, 128), np.float32)
        alone.process(block, Transport(at), [e._replace(offset=p - at) for p, e in score() if at <= p < at + 128])
        wanted[:, at : at + 128] = block
    for sizes in ([128], [512], [100, 1, 300, 63, 512]):
        played = troupe.instrument("latency=100", offline=True, place=place, frames=512).instrument
        pipeline = 128 if place == "here" else PIPELINE_FRAMES
        assert played.latency == pipeline + 100
        got = streamed(played, 5120, sizes)
        assert not got[:, :pipeline].any()
        assert (got[:, pipeline:] == wanted[:, :-pipeline]).all()


def test_offline_what_goes_wrong_is_an_error(troupe: Troupe) -> None:
    with pytest.raises(InstrumentError, match=r"Sine.*cannot be loaded: it was told so"):
        troupe.instrument("fails", offline=True)
    with pytest.raises(InstrumentError, match=r"Sine.*SIGSEGV"):
        troupe.instrument("dies", offline=True)
    stage = troupe.instrument(params={"trouble": "crash"}, offline=True)
    with pytest.raises(InstrumentError, match=r"Sine.*died of SIGSEGV"):
        stage.play(8)


def test_a_missing_instrument_is_played_by_the_other(tmp_path: Path) -> None:
    fallback = Fallback()
    played = HostedInstrument(PluginUse("NoSuchThing"), lambda: fallback, fallback_name="piano", missing_ok=True,
                              search=[tmp_path])
    played.prepare(RATE, FRAMES)
    assert played.latency == 0
    stage = Stage(played, fallback)
    stage.on(69)
    assert np.abs(stage.block()).max() > 0.01
    status = played.status()
    assert status["state"].startswith("missing: no plug-in named 'NoSuchThing'")
    assert status["plays_instead"] == "piano"
    played.close()


def level(audio: AudioBlock) -> AudioBlock:
    """Peaks of every 5 ms."""
    return np.abs(audio[0][: audio.shape[1] // 240 * 240]).reshape(-1, 240).max(axis=1)


def test_live_the_other_plays_until_a_bar_line(troupe: Troupe) -> None:
    stage = troupe.instrument()
    stage.on(69)
    assert stage.instrument.status()["plays_instead"] == "piano"
    stage.ready(playing=True)
    assert stage.at_bar_line
    stage.on(76)
    both = stage.play(20)
    # The old note is still the fallback's, at a tenth of the level; the new one is the plug-in's.
    spectrum = np.abs(np.fft.rfft(both[0][-2048:] * np.hanning(2048)))
    old, new = spectrum[round(440 * 2048 / RATE)], spectrum[round(659.3 * 2048 / RATE)]
    assert 0.05 < old / new < 0.2
    stage.off(69)
    stage.off(76)
    assert level(stage.play(20))[-1] < 1e-6
    assert stage.instrument.status()["plays_instead"] == ""
    assert [e.kind for _, e in stage.fallback.told] == [Kind.ON, Kind.OFF]
    told = stage.fallback.frames
    stage.play(20)
    assert stage.fallback.frames == told  # it costs nothing where it is not needed


@pytest.mark.parametrize("end", ["kill", "crash", "nan", "hang"])
def test_when_it_fails_the_notes_go_on_and_it_comes_back_at_a_bar_line(troupe: Troupe, end: str) -> None:
    stage = troupe.instrument(hang_s=0.2, deadline_s=0.05 if end == "nan" else None)
    stage.ready()
    stage.block([FrameEvent(0, Kind.CC, 0, 7, 64.0)])
    stage.on(69, 90.0)
    stage.on(72, 50.0)
    stage.play(20)
    pid = stage.instrument.status()["pid"]
    assert pid
    before = len(stage.heard)
    if end == "kill":
        os.kill(pid, signal.SIGKILL)
    elif end == "hang":
        os.kill(pid, signal.SIGSTOP)
    else:
        stage.instrument.set_params({"trouble": end})
    stage.until(lambda: not stage.instrument.plays)
    stage.instrument.set_params({"trouble": "none"})
    struck = [(e.number, e.value) for _, e in stage.fallback.told if e.kind == Kind.ON]
    assert struck == [(69, 90.0), (72, 50.0)]
    assert any(e.kind == Kind.CC and e.value == 64.0 for _, e in stage.fallback.told)
    stage.play(20)
    quiet = level(np.concatenate(stage.heard[before:], axis=1)) < 0.001
    longest = max((len(run) for run in "".join("x" if q else " " for q in quiet).split()), default=0)
    assert longest * 0.005 <= 0.050 + 0.005
    stage.off(72)
    stage.until(lambda: stage.instrument.plays)
    assert stage.at_bar_line
    status = stage.instrument.status()
    assert status["crashes"] == 1 or end in ("crash", "nan")  # it may have been started again as it was
    told = {"kill": "SIGKILL", "crash": "SIGSEGV", "nan": "NaN", "hang": "it hung: no answer for 0.2 s"}[end]
    assert told in status["last_error"]
    stage.off(69)  # still the fallback's
    stage.play(20)
    assert level(stage.play(10)).max() < 1e-6
    stage.on(60)
    stage.play(10)
    # The volume has been told to the new process.
    assert level(stage.play(10)).max() == pytest.approx(0.2 * 100 / 127 * 64 / 127, rel=0.02)


def test_a_short_delay_is_a_gap_and_no_change_of_hands(troupe: Troupe) -> None:
    stage = troupe.instrument()
    stage.ready()
    stage.on(69)
    stage.play(10)
    pid = stage.instrument.status()["pid"] or 0
    os.kill(pid, signal.SIGSTOP)
    for _ in range(round(LATE_S * RATE / FRAMES) - 4):
        stage.block()
    os.kill(pid, signal.SIGCONT)
    stage.until(lambda: stage.state == "ok")
    assert stage.instrument.plays
    assert level(stage.play(40))[-1] > 0.1
    stage.off(69)
    assert level(stage.play(20))[-1] < 1e-6


def test_notes_that_it_was_told_and_never_heard_of_are_played(troupe: Troupe) -> None:
    """A drum hit that began and ended between two looks at a dead plug-in."""
    stage = troupe.instrument("latency=1000")
    stage.ready()
    stage.play(10)
    os.kill(stage.instrument.status()["pid"] or 0, signal.SIGSTOP)
    at = stage.position
    stage.block([FrameEvent(10, Kind.ON, 0, 60, 100.0), FrameEvent(90, Kind.OFF, 0, 60, 0.0)])
    stage.until(lambda: not stage.instrument.plays)
    assert [(e.kind, e.number) for _, e in stage.fallback.told] == [(Kind.ON, 60), (Kind.OFF, 60)]
    (on, _), (off, _) = stage.fallback.told
    assert off - on == 80
    assert on >= at + 10
    heard = np.concatenate(stage.heard[-60:], axis=1)
    assert np.abs(heard).max() > 0.005 or np.abs(stage.play(20)).max() > 0.005


def test_after_max_crashes_the_other_plays_for_good(troupe: Troupe) -> None:
    stage = troupe.instrument(params={"trouble": "crash"}, max_crashes=2)
    stage.until(lambda: stage.state.startswith("out: crashed 2 times within 60 s"))
    assert stage.instrument.status()["plays_instead"] == "piano"
    stage.on(69)
    assert level(stage.play(10))[-1] > 0.005


def test_its_own_midi_comes_out_and_ends_with_it(troupe: Troupe) -> None:
    stage = troupe.instrument("echo")
    stage.ready()
    at = stage.position
    stage.on(60, offset=33)
    stage.play(8)
    assert [(p, e.kind, e.number) for p, e in stage.midi] == [(at + 33 + PIPELINE_FRAMES, Kind.ON, 72)]
    os.kill(stage.instrument.status()["pid"] or 0, signal.SIGKILL)
    stage.until(lambda: len(stage.midi) > 1)
    assert [(e.kind, e.number) for _, e in stage.midi[1:]] == [(Kind.OFF, 72)]


def test_a_plug_in_that_allocates_without_end_is_ended_with_a_reason(troupe: Troupe) -> None:
    stage = troupe.instrument(params={"trouble": "eat"}, home=Home(memory_bytes=300 << 20), max_crashes=1)
    stage.until(lambda: stage.state.startswith("out"))
    assert "memory" in stage.state


def test_reset_ends_all_notes_and_begins_anew(troupe: Troupe) -> None:
    stage = troupe.instrument()
    stage.on(64)
    stage.ready(playing=True)
    stage.on(69)
    stage.play(5)
    stage.instrument.reset()
    assert np.abs(stage.play(20)).max() < 1e-6
    stage.on(69)
    assert level(stage.play(20)).max() > 0.01


class Noted(SineHost):
    """Holds notes as a synth does, silently, and fails on certain calls."""

    plan: Iterator[bool] = iter(())

    def __init__(self, path: Path, which: str | None, load_timeout_s: float) -> None:
        super().__init__(path, which, load_timeout_s)
        self.held: Counter[int] = Counter()
        Noted.last = self

    last: Noted

    def process(self, audio: AudioBlock, transport: Transport, events: list[FrameEvent] = (),  # type: ignore[assignment,override]
                key: AudioBlock | None = None) -> list[FrameEvent]:
        if next(Noted.plan, False):
            raise InstrumentError("as planned")
        count(self.held, events)
        return []

    def reset(self) -> None:
        super().reset()
        self.held: Counter[int] = Counter()


def count(held: Counter[int], events: list[FrameEvent]) -> None:
    for event in events:
        if event.kind == Kind.ON:
            held[event.number] += 1
        elif event.kind == Kind.OFF:
            held[event.number] -= 1
            assert held[event.number] >= 0, f"{event} ends what has not begun"


class Keeper(Fallback):
    def __init__(self) -> None:
        super().__init__()
        self.held: Counter[int] = Counter()

    def process(self, events: list[FrameEvent], out: AudioBlock, transport: Transport) -> None:  # type: ignore[override]
        count(self.held, events)
        out.fill(0.0)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 127), st.integers(60, 63), st.booleans()), max_size=80),
       st.lists(st.sampled_from([True, *[False] * 12]), max_size=160))
def test_every_note_is_held_by_exactly_one_of_the_two(keys: list[tuple[int, int, bool]], plan: list[bool]) -> None:
    from instruments.plugins import hosts
    from instruments.plugins.hosts import HostTraits

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(hosts.HOSTS, "noted", HostTraits("test_hosted_instrument:Noted", "numpy", "", ("VST3",)))
        patch.setattr(Path, "exists", lambda _: True)
        Noted.plan = iter([False, *plan])
        keeper = Keeper()
        played = HostedInstrument(PluginUse("/x/Noted.vst3", host="noted", place="here"), lambda: keeper,
                                  max_crashes=None)
        played.prepare(RATE, FRAMES)
        out: AudioBlock = np.zeros((2, FRAMES), np.float32)
        down: Counter[int] = Counter()
        for block, (offset, key, on) in enumerate([*keys, *[(0, k, False) for k in range(60, 64) for _ in range(80)]]):
            events = []
            if on or down[key]:
                down[key] += 1 if on else -1
                events = [FrameEvent(offset, Kind.ON if on else Kind.OFF, 0, key, 80.0)]
            # A bar of one block and a half: it comes back often.
            played.process(events, out, Transport(block * FRAMES, block * 4 / 1.5, 60 * 4 / 1.5 * RATE / FRAMES,
                                                  4, 4, True))
            assert +(keeper.held + Noted.last.held) == +down
        assert not +keeper.held and not +Noted.last.held
        played.close()
