"""Silence to the last channel: what a stop, a jump and the exit send, and to whom; MIDI through; input offsets."""

from __future__ import annotations

import threading

import pytest
from engine_stage import F8, FB, FC, METER, RATE, FakeRig, Stage

from bridge.driver import Playhead
from bridge.engine.clip_bytes import Bar
from bridge.engine.engine import Engine
from bridge.engine.inbox import Halt, Locate, NewPlan, Play
from bridge.engine.outlets import resets
from bridge.routes import ClockRoute, Route, ThroughRoute
from composers.score import Clip, Control, Note
from instruments.block import AudioBlock, FrameEvent, Kind, Transport


def long_notes(bar: int, epoch: int) -> Bar:
    """Track 0 on channels 0 and 2 with the pedal down, track 1 on channel 9, track 2 silent."""
    span = METER.bar(bar)
    held = Clip.of(span, [Note(span.start, 3800, 60, 90), Note(span.start, 3800, 64, 90, 2)],
                   [Control(span.start, "cc", 64, 127.0)])
    return Bar(epoch, bar, (held, Clip.of(span, [Note(span.start, 100, 36, 90, 9)]), Clip(span)))


def band(**options: object) -> Stage:
    engine = Engine(FakeRig(), [Route(0), Route(1), Route(2)], RATE, **options)  # type: ignore[arg-type]
    return Stage(engine=engine, composed=long_notes)


def reset(channel: int) -> list[bytes]:
    return [bytes((0xB0 | channel, 64, 0)), bytes((0xE0 | channel, 0, 64)), bytes((0xB0 | channel, 123, 0))]


def events_of(stage: Stage) -> list[tuple[int, FrameEvent]]:
    rig = stage.engine._rig
    assert isinstance(rig, FakeRig)
    return rig.events


def test_a_stop_ends_notes_then_resets_the_channels_used_and_a_second_one_sends_nothing() -> None:
    stage = band()
    stage.run(1.0, Play())
    assert stage.engine.used == [0b101, 1 << 9, 0]
    stage.midi.clear()
    events_of(stage).clear()
    stage.step(Halt())
    assert [d for _, d in stage.at_port(0)] == [b"\x80\x3c\x40", b"\x82\x40\x40", *reset(0), *reset(2)]
    assert [d for _, d in stage.at_port(1)] == reset(9)
    assert stage.at_port(2) == []
    strip = [(e.kind, e.number, e.channel) for _, e in events_of(stage)]
    assert strip[:2] == [(Kind.OFF, 60, 0), (Kind.OFF, 64, 2)]
    assert strip[2:5] == [(Kind.CC, 64, 0), (Kind.BEND, 0, 0), (Kind.CC, 123, 0)]
    assert len(strip) == 2 + 3 * 3
    assert stage.engine.used == [0, 0, 0] and stage.engine.sounding == 0
    stage.midi.clear()
    stage.step(Halt())
    stage.leave()
    assert stage.midi == []


def test_channels_that_a_track_merges_do_not_strike_a_key_that_is_down() -> None:
    """A track with two parts, on the composer's channels 1 and 10, all sent on channel 3."""
    def same_keys(bar: int, epoch: int) -> Bar:
        span = METER.bar(bar)
        first, second = Note(span.start, 1900, 60, 90), Note(span.start + 960, 1920, 60, 90, 9)
        return Bar(epoch, bar, (Clip.of(span, [first, second]),))

    stage = Stage(engine=Engine(FakeRig(), [Route(0, 2)], RATE), composed=same_keys)
    stage.run(1.9, Play())
    begun = stage.notes[0][0]
    on, off = b"\x92\x3c\x5a", b"\x82\x3c\x40"
    # the first one's end, at tick 1900, is nobody's: the key is held down for the second
    assert [(frame - begun, data) for frame, data in stage.at_port(0)] == [
        (0, on), (24_000, off), (24_000, on), (72_000, off)]
    stage.run(1.0)
    stage.leave()
    stage.check_paired()


@pytest.mark.parametrize("way", ["stop", "jump", "loss", "plan", "end", "exit"])
def test_every_way_to_silence_resets(way: str) -> None:
    stage = band(on_loss="stop", length=1 if way == "end" else None)
    if way in ("stop", "loss"):
        end = stage.clocks(1_000, 120, 30)
        stage.run(0.6)
        stage.midi.clear()
        if way == "stop":
            stage.send(max(end, stage.frame), FC)
        stage.run(0.5)
    else:
        stage.run(0.6, Play())
        stage.midi.clear()
        if way == "jump":
            stage.step(Locate(7))
        elif way == "plan":
            stage.step(NewPlan(1, 4, 4, None, True))
            assert not stage.midi, "it goes on until the composer has answered"
            stage.step()
        elif way == "end":
            stage.run(2.0)
        else:
            stage.leave()
    data = [d for _, d in stage.at_port(0)][:8]
    if way == "end":  # its last note has ended by itself
        assert data[2:] == [*reset(0), *reset(2)]
    else:
        assert data == [b"\x80\x3c\x40", b"\x82\x40\x40", *reset(0), *reset(2)]
    assert [d for _, d in stage.at_port(1)][:3] == reset(9)


def test_a_fixed_channel_is_the_one_that_is_reset() -> None:
    stage = Stage(engine=Engine(FakeRig(), [Route(0, 5)], RATE))
    stage.run(0.5, Play())
    assert stage.engine.used == [1 << 5]
    stage.midi.clear()
    assert [m.data for m in stage.leave()][-3:] == reset(5)


def test_a_successor_resets_what_was_used() -> None:
    assert [(m.port, m.data) for m in resets([0, 0b100000001])] == [(1, d) for ch in (0, 8) for d in reset(ch)]


def test_notes_of_the_web_are_told_at_the_time_of_their_sound() -> None:
    stage = Stage(engine=Engine(FakeRig(), [Route(0, None, -40_000_000)], RATE))
    stage.run(2.0, Play())
    sent = [frame for frame, d in stage.at_port(0) if d[0] == 0x90]
    sounded = [frame for frame, e in events_of(stage) if e.kind is Kind.ON]
    assert [f for f, _ in stage.notes] == sounded
    assert [b - a for a, b in zip(sent, sounded, strict=False)] == [1920] * len(sounded)


def test_the_master_stops_and_goes_on_and_an_early_port_neither_loses_nor_doubles() -> None:
    def notes(bar: int, epoch: int) -> Bar:
        span = METER.bar(bar)
        row = [Note(span.start + 120 * i, 60, (32 * bar + i) % 128, 90) for i in range(32)]
        return Bar(epoch, bar, (Clip.of(span, row), Clip.of(span, row), Clip.of(span, row)))

    routes = [Route(0), Route(1, None, -100_000_000), Route(2, None, 80_000_000)]
    engine = Engine(FakeRig(), routes, RATE, clock_outs=[ClockRoute(3, -50_000_000)])
    stage = Stage(engine=engine, composed=notes)
    end = stage.clocks(5_000, 120, 24 * 3 + 1)
    stage.send(end, FC)
    stage.run(3.0)
    stage.clocks(stage.frame + 700, 97, 24 * 4, first=FB)
    stage.run(3.0)
    for port in range(3):
        pitches = [d[1] for _, d in stage.at_port(port) if d[0] == 0x90]
        assert pitches == list(range(len(pitches))) and len(pitches) >= 56
    stage.leave()


# -- MIDI through ----------------------------------------------------------------------------------------------------


def through(**options: object) -> Stage:
    return band(throughs=[ThroughRoute("keys", (0, 2)), ThroughRoute("pads", (1,), 9)], **options)


def test_a_player_is_passed_on_at_the_frame_in_order_with_the_music() -> None:
    stage = through()
    stage.run(0.5)
    for i in range(20):
        stage.send(30_000 + 100 * i, bytes((0x90, 40 + i, 64)), "keys")
        stage.send(30_050 + 100 * i, bytes((0x80, 40 + i, 64)), "keys")
    stage.send(30_000, F8, "keys")
    stage.run(0.5, Play())
    heard = [(f, d) for f, d in stage.at_port(2)]
    assert heard == [(30_000 + 50 * i, bytes((0x80 if i % 2 else 0x90, 40 + i // 2, 64))) for i in range(40)]
    frames = [f for f, _ in stage.midi]
    assert frames == sorted(frames)
    assert not stage.engine.heard  # its clocks lead nobody


def test_a_stop_of_the_music_leaves_the_player_alone_and_the_exit_does_not() -> None:
    stage = through(source="internal")
    stage.send(100, b"\x90\x30\x40\xb2\x40\x7f", "keys")
    stage.run(0.5, Play())
    stage.midi.clear()
    stage.step(Halt())
    assert [d for _, d in stage.at_port(0)] == [b"\x80\x3c\x40", b"\x82\x40\x40"]  # the player holds both channels
    assert stage.at_port(2) == []
    stage.send(stage.frame, b"\xb2\x40\x00", "keys")
    stage.run(0.1)
    stage.midi.clear()
    stage.step(Halt())
    assert [d for _, d in stage.at_port(0)] == reset(2)
    assert [d for _, d in stage.at_port(2)] == reset(2)
    stage.midi.clear()
    stage.leave()
    assert [d for _, d in stage.at_port(0)] == [b"\x80\x30\x40", *reset(0)]
    assert [d for _, d in stage.at_port(2)] == [b"\x80\x30\x40", *reset(0)]
    assert stage.at_port(1) == []


# -- inputs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("offset_ms", "compensation_ms"), [(0, 0), (25, 0), (-25, 0), (0, 12), (300, 30), (-400, 0)])
def test_a_clock_counts_as_heard_later_or_earlier(offset_ms: int, compensation_ms: int) -> None:
    stage = Stage(engine=Engine(FakeRig(), [Route(0)], RATE, in_offsets={"daw": offset_ms * 1_000_000}))
    stage.engine.compensation_ns = {"daw": compensation_ms * 1_000_000}
    stage.clocks(48_000, 120, 24 * 8)
    stage.run(4.5)
    shift = (offset_ms - compensation_ms) * 48
    late = [48_000 + 24_000 * i + shift for i in range(8)]
    heard = [f for f, _ in stage.notes][:7]
    assert heard[1:] == pytest.approx(late[1:7], abs=2)
    assert heard[0] == pytest.approx(max(late[0], 48_000), abs=130)  # nobody plays before the Start is heard
    assert stage.engine.clock == "following" and not stage.engine.take_notices()


def test_a_playhead_leads_to_the_frame() -> None:
    stage = Stage(engine=Engine(FakeRig(), [Route(0)], RATE, source="jack"))
    begins = 20_000 * 1_000_000_000 // RATE

    def roll(ns: int) -> Playhead:
        playing = ns >= begins
        seconds = (ns - begins) / 1e9 if playing else 0.0
        return Playhead(ns, "JACK transport", playing, seconds * 1920, seconds, 120.0)

    stage.playhead = roll
    stage.run(2.6)
    assert stage.engine.source == "JACK transport" and stage.engine.clock == "following"
    frames = [f for f, _ in stage.notes]
    assert len(frames) == 5 and frames[1:] == pytest.approx([20_000 + 24_000 * i for i in range(1, 5)], abs=1)
    assert 20_000 <= frames[0] < 20_000 + 128  # the first block that rolls tells of it


# -- the exit ----------------------------------------------------------------------------------------------------------


class SlowRig(FakeRig):
    """Its first block takes until another thread lets it go."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.go = threading.Event(), threading.Event()

    def process(self, events: list[list[FrameEvent]], frames: int, transport: Transport) -> AudioBlock:  # type: ignore[override]
        if transport.playing:
            self.inside.set()
            assert self.go.wait(5)
        return super().process(events, frames, transport)


def test_halt_waits_for_the_block_that_begins_notes_and_lets_no_other_begin() -> None:
    rig = SlowRig()
    stage = Stage(engine=Engine(rig, [Route(0)], RATE))
    last: list[bytes] = []
    player = threading.Thread(target=stage.run, args=(0.2, Play()))
    player.start()
    assert rig.inside.wait(5)
    leaver = threading.Thread(target=lambda: last.extend(m.data for m in stage.engine.halt()))
    leaver.start()
    rig.go.set()
    player.join(10)
    leaver.join(10)
    begun = [d for _, d in stage.at_port(0)]
    assert begun == [b"\x90\x28\x5a"]  # one note, in the block that was being made; none after
    assert last == [b"\x80\x28\x40", *reset(0)]
