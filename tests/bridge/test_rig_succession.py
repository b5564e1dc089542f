"""A rig in another's place: what both have goes on to the last bit, what is gone rings out, what is new begins."""

from __future__ import annotations

import gc
import tomllib
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.rig import Rig, build_rig
from bridge.session import Session
from instruments.block import FrameEvent, Kind, Transport

RATE, BLOCK = 48_000, 256

SESSION = msgspec.convert(tomllib.loads("""
name = "swap"
[[groups]]
name = "band"
effects = [{ effect = "compressor" }]
[[returns]]
name = "room"
effects = [{ effect = "reverb", params = { mix = 1.0 } }]
[[returns]]
name = "echo"
effects = [{ effect = "delay", params = { mix = 1.0 } }]
[[tracks]]
name = "piano"
parts = ["comp"]
instrument = "piano"
group = "band"
sends = { room = -12.0, echo = -14.0 }
effects = [{ effect = "chorus" }]
[[tracks]]
name = "bass"
parts = ["bass"]
instrument = "upright-bass"
effects = [{ effect = "eq" }, { effect = "limiter", name = "brick" }]
[[tracks]]
name = "drums"
parts = ["drums"]
instrument = "jazz-kit"
sends = { room = -10.0 }
"""), Session)


def on(key: int, channel: int = 0) -> FrameEvent:
    return FrameEvent(0, Kind.ON, channel, key, 100.0)


def off(key: int, channel: int = 0) -> FrameEvent:
    return FrameEvent(0, Kind.OFF, channel, key, 64.0)


def with_track(session: Session, index: int, **changes: object) -> Session:
    tracks = list(session.tracks)
    tracks[index] = msgspec.structs.replace(tracks[index], **changes)
    return msgspec.structs.replace(session, tracks=tracks)


def build(session: Session, before: Rig | None = None, number: int = 0) -> Rig:
    return build_rig(session, RATE, 1024, block=BLOCK, before=before, number=number)


class Hall:
    """Plays blocks on a rig that may be another from one block to the next."""

    def __init__(self, session: Session) -> None:
        self.rig = build(session)
        self.frame = 0
        self.heard: list[NDArray[np.float32]] = []

    def play(self, blocks: int, *events: Sequence[FrameEvent]) -> None:
        for i in range(blocks):
            due = [list(events[k]) if i == 0 and k < len(events) else [] for k in range(len(self.rig.strips))]
            beat = self.frame / RATE * 2
            audio = self.rig.process(due, BLOCK, Transport(self.frame, beat, 120.0, playing=True))
            self.heard.append(audio.copy())
            self.frame += BLOCK

    def swap(self, session: Session, number: int = 1) -> None:
        before, self.rig = self.rig, build(session, self.rig, number)
        self.rig.succeed(before)
        before.close(self.rig.played())

    @property
    def audio(self) -> NDArray[np.float32]:
        return np.concatenate(self.heard, axis=1)


MUSIC: list[list[FrameEvent]] = [[on(60), on(64)], [on(40)], [on(38, 9)]]


def test_what_does_not_change_goes_on_to_the_last_bit() -> None:
    def music(hall: Hall, *swaps: Session | None) -> NDArray[np.float32]:
        hall.play(30, *MUSIC)
        hall.rig.turn("mixer.bass.gain_db", -9.0, 20_000)
        hall.rig.turn("track.piano.chorus.mix", 0.9, 9_000)
        hall.rig.turn("master.filter.bypass", 0.0)
        hall.rig.turn("master.filter.cutoff_hz", 900.0, 30_000)
        hall.play(11, [off(60)])
        for i, session in enumerate(swaps):
            if session is not None:
                hall.swap(session, i + 1)
            hall.play(3)
        hall.play(40, [off(64)], [on(43)])
        hall.play(60, [], [off(40), off(43)])
        return hall.audio

    plain, swapped = Hall(SESSION), Hall(SESSION)
    expected = music(plain, None, None)
    got = music(swapped, SESSION, SESSION)
    assert np.abs(expected).max() > 0.05
    np.testing.assert_array_equal(got, expected)
    assert swapped.rig.get("bass", "gain_db") == -9.0
    for hall in (plain, swapped):
        hall.rig.close()


def test_a_silent_track_may_change_beside_what_plays() -> None:
    """Its old effects' modulation is silent, too: to the last bit."""
    def music(hall: Hall, session: Session | None) -> NDArray[np.float32]:
        hall.play(20, [], [on(40)], [on(38, 9)])
        if session is not None:
            hall.swap(session)
        hall.play(300, [], [off(40)], [on(42, 9)])
        return hall.audio

    expected = music(Hall(SESSION), None)
    for other in (with_track(SESSION, 0, instrument="rhodes"),
                  msgspec.structs.replace(SESSION, tracks=SESSION.tracks[1:]),
                  msgspec.structs.replace(SESSION, tracks=[*SESSION.tracks, msgspec.structs.replace(
                      SESSION.tracks[1], name="more", effects=[])])):
        hall = Hall(SESSION)
        if len(other.tracks) == 2:  # the events are by strip, the first of which is another then
            hall.play(20, [], [on(40)], [on(38, 9)])
            hall.swap(other)
            assert hall.rig.strip_places == [2, 0, 1]
            hall.play(300, [off(40)], [on(42, 9)])
            got = hall.audio
        else:
            got = music(hall, other)
        np.testing.assert_array_equal(got, expected)
        hall.rig.close()


def test_an_old_instrument_gets_its_ends_and_rings_out_under_the_new_one() -> None:
    hall = Hall(SESSION)
    hall.play(60, [on(60), on(64)])
    before = np.abs(hall.heard[-1]).max()
    hall.swap(with_track(SESSION, 0, instrument="rhodes"))
    rig = hall.rig
    assert [strip.name for strip in rig.strips] == ["piano", "bass", "drums", "piano~1"]
    assert [t.name for t in rig.tracks] == ["piano", "bass", "drums"]
    assert rig.strip_places == [3, 1, 2]
    assert not any("~" in info.path for info in rig.listed())
    hall.play(1, [on(72)], [], [], [off(60), off(64)])
    seam = hall.audio[:, -2 * BLOCK : -BLOCK + 64]
    assert np.abs(np.diff(seam, axis=1)).max() < 2 * np.abs(np.diff(hall.heard[-3], axis=1)).max() + 1e-4, "no click"
    hall.play(5)
    assert np.abs(hall.heard[-1]).max() > 0.1 * before, "it rings"
    assert not rig.gone and rig.ringing
    hall.play(RATE * 11 // 10 // BLOCK)
    assert rig.gone == {"piano~1"} and not rig.ringing
    hall.play(2)
    assert len(rig.read_meters()[0]) == 3 + 1
    hall.swap(SESSION, 2)
    assert [strip.name for strip in hall.rig.strips] == ["piano", "bass", "drums", "piano~2"], "it is gone"
    hall.rig.close()


def test_a_track_that_leaves_a_second_time_goes_on_leaving() -> None:
    hall = Hall(SESSION)
    hall.play(20, MUSIC[0])
    for i, name in enumerate(("rhodes", "piano", "rhodes"), 1):
        hall.swap(with_track(SESSION, 0, instrument=name), i)
        hall.play(8, [on(60 + i)])
    assert {s.name for s in hall.rig.strips[3:]} == {"piano~3", "piano~1", "piano~2"}
    for i in range(4, 30):  # faster than they ring out: they are gone in their time all the same
        hall.swap(with_track(SESSION, 0, instrument=("rhodes", "piano")[i % 2]), i)
        hall.play(50)
    assert len(hall.rig.strips) <= 3 + 5
    assert np.isfinite(hall.audio).all() and np.abs(hall.audio).max() <= 1.0
    hall.rig.close()


def test_faders_groups_and_returns_may_change_and_what_was_turned_stays() -> None:
    hall = Hall(SESSION)
    hall.play(20, *MUSIC)
    hall.rig.turn("mixer.drums.gain_db", -4.0, 0)
    hall.rig.turn("mixer.piano.pan", -0.5, 0)
    hall.play(3)
    other = with_track(with_track(SESSION, 1, gain_db=-6.0), 0, group=None, sends={"room": -20.0})
    other = msgspec.structs.replace(other, groups=[], returns=other.returns[:1])
    expected = hall.rig.get("bass", "gain_db") - 6.0
    hall.swap(other)
    hall.play(30)
    assert hall.rig.get("drums", "gain_db") == -4.0
    assert hall.rig.get("piano", "pan") == -0.5
    assert hall.rig.get("bass", "gain_db") == pytest.approx(expected)
    assert len(hall.rig.strips) == 3, "a fader is no reason to leave"
    hall.rig.close()


def test_a_rig_that_cannot_be_built_leaves_the_old_one_playing() -> None:
    hall = Hall(SESSION)
    hall.play(10, *MUSIC)
    with pytest.raises(Exception, match="no-such"):
        build(with_track(SESSION, 0, instrument="no-such.toml"), hall.rig, 1)
    hall.play(10)
    assert np.abs(hall.heard[-1]).max() > 0
    hall.rig.close()


def test_many_swaps_hold_no_more_memory_and_leave_nothing_to_the_garbage_collector() -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    hall = Hall(SESSION)
    other = with_track(SESSION, 0, instrument="rhodes")
    sizes = []
    gc.collect()
    gc.disable()
    try:
        for i in range(1, 41):
            hall.swap(other if i % 2 else SESSION, i)
            hall.play(2, MUSIC[0])
            if i % 5 == 0:
                hall.play(RATE * 11 // 10 // BLOCK)
            for strip in hall.rig.strips:
                if strip.name in hall.rig.gone and strip.instrument is not None:
                    strip.instrument.close()
            hall.heard.clear()
            sizes.append(resident())
        assert gc.collect() < 1000
    finally:
        gc.enable()
    hall.rig.close()
    assert sizes[-1] - sizes[9] < 8e6, sizes


def test_closing_a_rig_that_was_succeeded_leaves_what_the_new_one_plays() -> None:
    with closing(build(SESSION)) as first:
        second = build(SESSION, first, 1)
        assert second.played() == first.played()
        second.succeed(first)
