"""The engine without devices: simulated time, simulated masters."""

from __future__ import annotations

from itertools import pairwise

import pytest
from engine_stage import F8, FA, FB, FC, RATE, FakeRig, Stage, quarters
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.engine.engine import Engine
from bridge.engine.inbox import AnyCommand, Halt, Locate, NewPlan, Play, SetTempo
from bridge.routes import ClockRoute, Route
from instruments.block import Kind


def test_own_tempo_starts_when_the_first_bar_is_there_and_keeps_it() -> None:
    stage = Stage()
    stage.run(4.0, Play())
    first = stage.notes[0][0]
    assert first <= 3 * 128
    assert [f - first for f, _ in stage.notes] == pytest.approx([24_000 * i for i in range(len(stage.notes))], abs=1)
    assert len(stage.notes) == 8


@pytest.mark.parametrize("block", [32, 128, 441, 1024])
def test_a_master_is_followed_to_the_frame_on_its_downbeat(block: int) -> None:
    stage = Stage(block=block)
    stage.run(1.0)
    stage.clocks(60_000, 120, 24 * 16)
    stage.run(6.0)
    assert stage.engine.clock == "following"
    assert [f for f, _ in stage.notes[:8]] == pytest.approx([60_000 + 24_000 * i for i in range(8)], abs=2)


def test_the_band_plays_alone_until_the_master_starts_then_falls_in() -> None:
    stage = Stage()
    stage.run(1.3, Play())
    assert stage.engine.clock == "own"
    at = stage.frame + 5_000
    stage.clocks(at, 100, 24 * 9)
    stage.run(4.0)
    heard = [(f, p) for f, p in stage.notes if f >= at]
    assert heard[0] == (pytest.approx(at, abs=1), 40)
    assert [f - at for f, _ in heard] == pytest.approx([28_800 * i for i in range(len(heard))], abs=2)
    stage.engine.halt()


def test_a_live_tempo_change_neither_loses_nor_doubles() -> None:
    stage = Stage()
    stage.run(0.5)
    end = stage.clocks(48_000, 120, 24 * 8)
    stage.clocks(end, 90, 24 * 8, first=None)
    stage.run(10.0)
    expected = [48_000 + 24_000 * i for i in range(8)] + [end + 32_000 * i for i in range(8)]
    assert [f for f, _ in stage.notes[:16]] == pytest.approx(expected, abs=96)
    assert [p for _, p in stage.notes[:16]] == [40, 41, 42, 43] * 4


def test_stop_silences_and_continue_goes_on() -> None:
    stage = Stage()
    end = stage.clocks(48_000, 120, 24 * 2 + 6)
    stage.send(end, FC)
    stage.run(3.0)
    assert len(stage.notes) == 3
    assert stage.engine.clock == "stopped"
    stage.check_paired()
    at = stage.frame + 1000
    stage.clocks(at, 120, 24 * 4, first=FB)
    stage.run(2.0)
    # stopped 6 clocks into beat 3 (its note has begun): the next note is beat 4, 18 clocks on
    assert stage.notes[3] == (pytest.approx(at + 18 * 1000, abs=2), 43)


def test_song_position_plays_from_there_and_has_it_composed_before_the_clock() -> None:
    stage = Stage()
    stage.send(40_000, b"\xf2" + bytes((100 * 16 & 127, 100 * 16 >> 7)))
    stage.clocks(48_000, 120, 24 * 4, first=FB)
    stage.run(2.5)
    assert stage.engine.timeline.bar in (100, 101)
    assert stage.notes[0][0] == pytest.approx(48_000, abs=1)


def test_a_lost_clock_free_wheels_or_stops_by_option() -> None:
    for option, playing in (("continue", True), ("stop", False)):
        stage = Stage(engine=Engine(FakeRig(), [Route(0)], RATE, on_loss=option))
        stage.clocks(4_800, 120, 24 * 8)
        stage.run(8.0)
        assert stage.engine.clock == "lost"
        assert stage.engine.playing is playing
        assert len(stage.engine.take_notices()) == 1
        if playing:
            assert [f for f, _ in stage.notes][10] == pytest.approx(4_800 + 240_000, abs=4)
        else:
            stage.check_paired()


def test_clocks_without_start_do_not_take_over() -> None:
    stage = Stage()
    stage.clocks(10_000, 90, 24 * 8, first=None)
    stage.run(4.0, Play())
    assert stage.engine.clock == "own" and stage.engine.heard
    assert [f for f, _ in stage.notes][1] - stage.notes[0][0] == pytest.approx(24_000, abs=1)


def test_a_second_master_does_not_disturb_the_first() -> None:
    stage = Stage()
    stage.clocks(10_000, 120, 24 * 8)
    step = RATE * 60 / (77 * 24)
    stage.send(70_000, FA, "other")
    for i in range(60):
        stage.send(70_010 + i * step, F8, "other")
    stage.run(4.0)
    assert stage.engine.source == "daw"
    assert [f for f, _ in stage.notes] == pytest.approx([10_000 + 24_000 * i for i in range(8)], abs=2)
    assert any("other" in n for n in stage.engine.take_notices())


def test_a_new_plan_takes_over_at_the_next_bar_and_old_answers_are_dropped() -> None:
    stage = Stage()
    stage.run(1.2, Play())
    stage.step(NewPlan(1, 4, 4, None, False))
    stage._bars.append(quarters(1, 0))  # a late answer to the old epoch
    stage.run(4.0)
    pitches = [p for _, p in stage.notes]
    assert pitches[:4] == [40, 41, 42, 43]
    assert pitches[4:8] == [50, 51, 52, 53]


def test_restart_begins_at_bar_zero_with_the_new_plan() -> None:
    stage = Stage()
    stage.run(3.1, Play())
    stage.step(NewPlan(1, 4, 4, 2, True))
    stage.run(5.0)
    assert [p for _, p in stage.notes if p >= 50] == [50, 51, 52, 53] * 2
    assert stage.engine.ended and not stage.engine.playing
    stage.check_paired()


def test_a_dead_composer_means_repeated_bars_not_silence() -> None:
    stage = Stage()
    stage.run(2.0, Play())
    stage.composer_alive = False
    before = len(stage.notes)
    stage.run(20.0)
    assert len(stage.notes) - before == 40
    assert stage.engine.timeline.repeated_bars > 3


def test_own_tempo_changes_are_continuous() -> None:
    stage = Stage()
    stage.run(1.0, Play())
    beat = stage.engine.line.tick_at(stage.ns(stage.frame))
    stage.step(SetTempo(60.0))
    assert stage.engine.line.tick_at(stage.ns(stage.frame - stage.block)) == pytest.approx(beat, abs=0.5)
    stage.run(8.0)
    assert stage.notes[-1][0] - stage.notes[-2][0] == pytest.approx(48_000, abs=1)


def test_resume_plays_on_for_an_engine_that_died_and_rejoins_its_master() -> None:
    stage = Stage()
    step = 1000
    for i in range(24 * 12):
        stage.send(i * step, F8)
    stage.frame = 100_096
    stage.inbox = [m for m in stage.inbox if m.ns >= stage.ns(stage.frame)]
    stage.engine.resume(3840 - 200, stage.ns(96_000 - 5_000), 120.0, "daw")
    stage.run(3.0)
    assert stage.engine.clock == "following"
    (first, chased), *rest = stage.notes
    assert chased == 40 and first < 100_096 + 3 * stage.block  # what sounded goes on as soon as its bar is there
    frames = [f for f, _ in rest]
    assert all(min(f % 24_000, 24_000 - f % 24_000) <= 2 for f in frames)
    assert len(frames) >= 5


Move = tuple[str, int]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["clock", "start", "continue", "stop", "spp", "play", "halt", "locate", "tempo",
                                        "plan", "lull"]), st.integers(0, 400)), max_size=40),
    st.sampled_from([64, 128, 500]),
)
def test_nothing_sticks_whatever_happens(moves: list[Move], block: int) -> None:
    stage = Stage(block=block)
    epoch = 0
    for what, n in moves:
        at = stage.frame + n % block
        commands: list[AnyCommand] = []
        match what:
            case "clock":
                stage.clocks(at, 60 + n, n % 50, first=None)
            case "start":
                stage.send(at, FA)
            case "continue":
                stage.send(at, FB)
            case "stop":
                stage.send(at, FC)
            case "spp":
                stage.send(at, bytes((0xF2, n & 127, n >> 7)))
            case "play":
                commands = [Play()]
            case "halt":
                commands = [Halt()]
            case "locate":
                commands = [Locate(n)]
            case "tempo":
                commands = [SetTempo(20.0 + n % 380)]
            case "plan":
                epoch += 1
                commands = [NewPlan(epoch, 4, 4, None, bool(n & 1))]
            case "lull":
                stage.run(n / 500)
        stage.run(0.2, *commands)
    stage.leave()
    stage.check_paired()


def clock_stage(block: int = 128) -> Stage:
    return Stage(block=block, engine=Engine(FakeRig(), [Route(0)], RATE, clock_outs=[ClockRoute(1)]))


def clocks_of(stage: Stage) -> list[tuple[int, bytes]]:
    return [(f, m.data) for f, m in stage.midi if m.port == 1]


@pytest.mark.parametrize("block", [64, 1000])
def test_our_own_clock_is_exact_to_the_frame_and_starts_on_the_downbeat(block: int) -> None:
    stage = clock_stage(block)
    stage.run(2.0, Play())
    sent = clocks_of(stage)
    assert sent[0][1] == FA and sent[1] == (sent[0][0], F8)
    clocks = [f for f, data in sent if data == F8]
    assert {b - a for a, b in pairwise(clocks)} == {1000}
    assert stage.notes[0][0] == clocks[0]
    stage.step(Halt())
    assert clocks_of(stage)[-1][1] == FC


def test_a_followed_master_is_passed_on_with_its_start_stop_and_position() -> None:
    stage = clock_stage()
    end = stage.clocks(48_000, 120, 60)
    stage.send(end, FC)
    stage.send(end + 20_000, b"\xf2\x20\x00")
    stage.clocks(end + 40_000, 120, 30, first=FB)
    stage.run(6.0)
    said = [data for _, data in clocks_of(stage) if data != F8]
    assert said[:4] == [FA, FC, b"\xf2\x20\x00", FB]
    first = [f for f, data in clocks_of(stage) if data == F8][:50]
    assert [f - 48_000 for f in first] == pytest.approx([1000 * i for i in range(50)], abs=2)


def test_a_rig_that_takes_its_time_gets_its_events_before_theirs_so_that_all_sounds_on_the_beat() -> None:
    rig = FakeRig()
    rig.latency = 335
    stage = Stage(engine=Engine(rig, [Route(0)], RATE))
    stage.run(4.2, Play())
    ports = [f for f, m in stage.midi if m.data[0] >> 4 == 9]
    strips = [f for f, e in rig.events if e.kind is Kind.ON]
    assert len(ports) >= 7
    assert [p - s for p, s in zip(ports, strips, strict=False)] == [335] * len(ports)
    assert [f for f, _ in stage.notes][: len(ports)] == ports, "a note's time is that of its sound"


def test_a_rig_that_turns_out_to_be_later_is_given_its_notes_earlier_from_then_on_none_lost_none_doubled() -> None:
    rig = FakeRig()
    rig.latency = 256
    stage = Stage(engine=Engine(rig, [Route(0)], RATE))
    stage.run(2.2, Play())
    rig.latency = 256 + 4800  # a plug-in has loaded
    stage.run(2.0)
    rig.latency = 64
    stage.run(4.0)
    ports = [f for f, m in stage.midi if m.data[0] >> 4 == 9]
    strips = [f for f, e in rig.events if e.kind is Kind.ON]
    assert len(ports) >= 15 and len(strips) in (len(ports), len(ports) + 1)
    leads = [p - s for p, s in zip(ports, strips, strict=False)]
    assert set(leads) == {256, 256 + 4800, 64}
    assert leads == [256] * leads.count(256) + [5056] * leads.count(5056) + [64] * leads.count(64)
    ons = sorted(e.number for _, e in rig.events if e.kind is Kind.ON)
    offs = sorted(e.number for _, e in rig.events if e.kind is Kind.OFF)
    assert len(ons) - len(offs) in (0, 1)


def test_the_rig_is_told_the_beat_that_is_heard_when_it_sounds() -> None:
    rig = FakeRig()
    rig.latency = 4800
    stage = Stage(engine=Engine(rig, [Route(0)], RATE))
    stage.run(3.0, Play())
    first = next(t for t in rig.transports if t.playing)
    on = next(f for f, e in rig.events if e.kind is Kind.ON)
    at = next(t for t in reversed(rig.transports) if t.frame <= on)
    assert at.beat + (on - at.frame) * at.bpm / 60 / RATE == pytest.approx(0, abs=0.001)
    assert first.beat == pytest.approx(0, abs=0.01)


def test_what_a_plug_in_plays_itself_leaves_by_its_track_s_port() -> None:
    class Arpeggiator(FakeRig):
        def process(self, events, frames, transport):  # type: ignore[no-untyped-def]
            audio = super().process(events, frames, transport)
            mine = [e for e in events[0] if e.kind in (Kind.ON, Kind.OFF)]
            self.midi_out = [(0, e._replace(number=e.number + 12, channel=3)) for e in mine]
            return audio

    stage = Stage(engine=Engine(Arpeggiator(), [Route(0)], RATE))
    stage.run(2.2, Play())
    said = [(f, m.data[0], m.data[1]) for f, m in stage.midi if m.data[0] >> 4 == 9]
    own = [(f, key) for f, status, key in said if status == 0x93]
    assert len(own) >= 4 and own == [(f, key + 12) for f, status, key in said if status == 0x90]
    stage.run(0.5, Halt())
    assert (0xB3, 123) in [(m.data[0], m.data[1]) for _, m in stage.midi], "its channel is reset at the stop, too"
