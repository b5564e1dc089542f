"""Ramps: begun at their tick, aimed anew when the tempo bends, in force after a jump into their middle."""

from __future__ import annotations

import pytest

from bridge.engine.automation import Automation, Move
from bridge.engine.bar_store import BarStore
from bridge.engine.outlets import Frames
from bridge.engine.timeline import Timeline
from bridge.tempo import TempoLine
from composers.score import Clip, Meter, Ramp

RATE, SIZE = 48000, 128
METER = Meter()
TICK_FRAMES = 25  # at 120 BPM: half a second is 960 ticks


def _blocks(
    automation: Automation, line: TempoLine, first: int, count: int, offset_ns: int = 0
) -> list[tuple[int, Move]]:
    """(absolute frame of the block, move) over blocks from frame `first` on."""
    out = []
    for i in range(count):
        frame = first + i * SIZE
        ns0, ns1 = (round(f * 1e9 / RATE) for f in (frame, frame + SIZE))
        out += [(frame, move) for move in automation.run(line, ns1, offset_ns, Frames(ns0, SIZE, RATE))]
    return out


def test_a_ramp_is_told_once_in_the_block_of_its_tick() -> None:
    automation, ramp = Automation(), Ramp(100, 960, "filter.cutoff_hz", 8000, 200)
    automation.put(2, ramp)
    told = _blocks(automation, TempoLine(120, 0, 0), 0, 400)
    frame = 100 * TICK_FRAMES
    move = Move(2, "filter.cutoff_hz", 8000, 960 * TICK_FRAMES, frame % SIZE, 200, 0.0)
    assert told == [(frame // SIZE * SIZE, move)]


def test_a_steady_but_jittery_line_tells_nothing_new_and_a_new_tempo_does() -> None:
    automation = Automation()
    automation.put(0, Ramp(0, 3840, "gain_db", -6.0))
    assert len(_blocks(automation, TempoLine(120, 0, 0), 0, 10)) == 1
    wobble = TempoLine(120.001, 10 * SIZE / TICK_FRAMES, round(10 * SIZE * 1e9 / RATE))
    assert _blocks(automation, wobble, 10 * SIZE, 10) == []
    position = 20 * SIZE / TICK_FRAMES
    faster = TempoLine(150, position, round(20 * SIZE * 1e9 / RATE))
    (frame, move), = _blocks(automation, faster, 20 * SIZE, 500)
    assert frame == 20 * SIZE and move.origin is None
    assert move.frames == pytest.approx((3840 - position) * 20, abs=1)  # 20 frames a tick at 150 BPM


def test_what_is_early_by_the_latency_of_the_mix_is_told_so_much_earlier() -> None:
    automation = Automation()
    automation.put(0, Ramp(960, 0, "gain_db", -6.0))
    (frame, move), = _blocks(automation, TempoLine(120, 0, 0), 0, 400, offset_ns=-10_000_000)
    assert frame + move.offset == 960 * TICK_FRAMES - 480 and move.frames == 0


def _timeline(*ramps: Ramp) -> Timeline:
    timeline = Timeline(METER)
    for bar in range(4):
        span = METER.bar(bar)
        timeline.insert(bar, (Clip.of(span, []), Clip.of(span, [], ramps=ramps)))
    return timeline


def test_a_jump_into_the_middle_finds_the_ramp_on_its_way() -> None:
    timeline = _timeline(Ramp(0, 0, "send.room", -20.0), Ramp(1920, 3840, "send.room", -6.0, -30.0),
                         Ramp(2000, 0, "pan", 0.5), Ramp(5760, 10, "pan", -1.0))
    timeline.jump(3840)
    timeline.take(3841)
    line = TempoLine(120, 3840, 0)
    told = [move for _, move in _blocks(timeline.automation, line, 0, 1)]
    assert sorted(told) == [Move(1, "pan", 0.5, 0, 0, None, 1.0),
                            Move(1, "send.room", -6.0, 1920 * TICK_FRAMES, 0, -30.0, 0.5)]
    timeline.jump(0)
    assert _blocks(timeline.automation, TempoLine(120, 0, 0), 0, 4) == []


def test_another_plan_takes_over_what_it_knows_and_lets_go_of_the_rest() -> None:
    timeline = _timeline(Ramp(0, 0, "gain", -3.0), Ramp(0, 9000, "pan", 0.1), Ramp(960, 9000, "send.room", -9.0),
                         Ramp(2400, 0, "pan", 0.2))
    line = TempoLine(120, 0, 0)
    timeline.take(1920)
    assert len(_blocks(timeline.automation, line, 0, 1920 * TICK_FRAMES // SIZE)) == 3
    bars = BarStore()
    bars.put(0, (Clip(METER.bar(0)), Clip.of(METER.bar(0), [], ramps=[Ramp(480, 1920, "pan", -1.0, 1.0)])))
    timeline.adopt(bars)
    timeline.take(1930)
    assert timeline.automation.take_orphans() == [(1, "gain"), (1, "send.room")]
    told = _blocks(timeline.automation, TempoLine(120, 1920, 0), 0, 100)
    assert told == [(0, Move(1, "pan", -1.0, 480 * TICK_FRAMES, 0, 1.0, 0.75))]


def test_a_repeated_bar_repeats_no_ramp() -> None:
    timeline = _timeline(Ramp(11520, 0, "pan", 0.2))
    timeline.take(6 * 3840)  # bars 4 and 5 have not been composed: bars 0 to 3 stand in
    told = [move.value for _, move in _blocks(timeline.automation, TempoLine(120, 0, 0), 0, 6000)]
    assert told == [0.2] and timeline.repeated_bars == 2
