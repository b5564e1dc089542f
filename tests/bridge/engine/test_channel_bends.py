"""Notes between the keys as bends: each sounds at its pitch, each on has its off, chords keep apart."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.engine.bends import bent_clip
from bridge.engine.channel_bends import ChannelBends
from bridge.routes import Route
from composers.score import Clip, Control, Note, Span
from instruments.block import FrameEvent, Kind
from instruments.tuning import Tuning, find_tuning

RAST = find_tuning("rast")
MANY = tuple(c for c in range(16) if c != 9)
GAPS = Tuning("gaps", "", "", tuple(None if key % 12 == 1 else 0.0 for key in range(128)))


def on(key: int, cents: float = 0.0, channel: int = 0) -> FrameEvent:
    return FrameEvent(0, Kind.ON, channel, key, 90, cents)


def off(key: int, channel: int = 0) -> FrameEvent:
    return FrameEvent(0, Kind.OFF, channel, key, 64)


def cc(number: int, value: float) -> FrameEvent:
    return FrameEvent(0, Kind.CC, 0, number, value)


class Receiver:
    """A multitimbral synth as far as pitch goes, from the bytes: the bend's range is what it is told."""

    def __init__(self, bend_range: float = 2.0) -> None:
        self.bend = [0.0] * 16
        self.range = [bend_range] * 16
        self.sounding: list[tuple[int, int]] = []
        self.told: list[list[tuple[int, int]]] = [[] for _ in range(16)]
        self._parameter = [(127, 127)] * 16

    def hear(self, events: Sequence[FrameEvent]) -> None:
        for event in events:
            status, first, *rest = event.to_midi()
            channel = status & 15
            match status & 0xF0:
                case 0xE0:
                    self.bend[channel] = ((rest[0] << 7 | first) - 8192) / 8192
                case 0x90:
                    assert (channel, first) not in self.sounding
                    self.sounding.append((channel, first))
                case 0x80:
                    self.sounding.remove((channel, first))
                case 0xB0:
                    self._control(channel, first, rest[0])

    def _control(self, channel: int, number: int, value: int) -> None:
        high, low = self._parameter[channel]
        if number in (100, 101):
            self._parameter[channel] = (high, value) if number == 100 else (value, low)
        elif number == 6 and (high, low) == (0, 0):
            self.range[channel] = value
        elif number == 38 and (high, low) == (0, 0):
            self.range[channel] += value / 100
        else:
            self.told[channel].append((number, value))

    def pitch(self, channel: int, key: int) -> float:
        return key + self.bend[channel] * self.range[channel]

    def pitches(self) -> list[float]:
        return sorted(self.pitch(*place) for place in self.sounding)


def test_a_maqam_chord_sounds_in_tune_on_as_many_channels_as_it_needs() -> None:
    bends, receiver = ChannelBends(Route(0, tuning=RAST, bend_channels=MANY)), Receiver()
    for key in (60, 64, 67, 71):
        receiver.hear(bends.apply(on(key)))
    assert receiver.pitches() == pytest.approx([60, 63.5, 67, 70.5], abs=0.001)
    assert len({channel for channel, _ in receiver.sounding}) == 2
    for key in (60, 64, 67, 71):
        receiver.hear(bends.apply(off(key)))
    assert receiver.sounding == [] and bends.clashes == 0


@pytest.mark.parametrize("route", [Route(0), Route(0, 3)])
def test_a_melody_keeps_its_channel(route: Route) -> None:
    bends, receiver = ChannelBends(route), Receiver()
    for key, cents in ((60, 0.0), (64, -50.0), (60, 12.0)):
        receiver.hear(bends.apply(on(key, cents)))
        assert receiver.pitches() == pytest.approx([key + cents / 100], abs=0.001)
        assert [channel for channel, _ in receiver.sounding] == [route.channel or 0]
        receiver.hear(bends.apply(off(key)))
    assert bends.clashes == 0


@given(st.lists(st.tuples(st.sampled_from([Kind.CC, Kind.BEND, Kind.PROGRAM, Kind.ON, Kind.OFF, Kind.PRESSURE]),
                          st.integers(0, 15), st.integers(0, 127), st.floats(0, 1)), max_size=40))
def test_what_needs_no_bend_goes_out_as_it_came_in(steps: list[tuple[Kind, int, int, float]]) -> None:
    bends = ChannelBends(Route(0))
    down: set[tuple[int, int]] = set()
    for kind, channel, number, value in steps:
        if (kind is Kind.ON) == ((channel, number) in down) and kind in (Kind.ON, Kind.OFF):
            continue
        down ^= {(channel, number)} if kind in (Kind.ON, Kind.OFF) else set()
        event = FrameEvent(0, kind, channel, number, value if kind is Kind.BEND else 127 * value)
        assert [e.to_midi() for e in bends.apply(event)] == [event.to_midi()]


def test_a_clash_is_counted_and_the_latest_note_is_in_tune() -> None:
    bends, receiver = ChannelBends(Route(0)), Receiver()
    receiver.hear(bends.apply(on(60, 0.0)))
    receiver.hear(bends.apply(on(64, -50.0)))
    assert bends.clashes == 1 and receiver.pitch(0, 64) == pytest.approx(63.5, abs=0.001)


def test_notes_that_meet_on_a_key_are_struck_anew_and_the_last_end_counts() -> None:
    bends, receiver = ChannelBends(Route(0)), Receiver()
    receiver.hear(bends.apply(on(60, 80.0)))
    receiver.hear(bends.apply(on(61, -20.0)))
    assert receiver.sounding == [(0, 61)]
    receiver.hear(bends.apply(off(60)))
    assert receiver.sounding == [(0, 61)]
    receiver.hear(bends.apply(off(61)))
    assert receiver.sounding == [] and bends.apply(off(61)) == []


def test_a_steep_deviation_is_another_key() -> None:
    assert ChannelBends(Route(0)).apply(on(79, -700.0)) == [on(72)]


@pytest.mark.parametrize("channels", [(), (4, 5)])
def test_bends_of_the_composer_come_on_top(channels: tuple[int, ...]) -> None:
    bends, receiver = ChannelBends(Route(0, bend_channels=channels)), Receiver()
    receiver.hear(bends.apply(on(60, 25.0)))
    receiver.hear(bends.apply(FrameEvent(0, Kind.BEND, 0, 0, 0.5)))
    receiver.hear(bends.apply(on(64, 25.0)))
    assert receiver.pitches() == pytest.approx([61.25, 65.25], abs=0.001)


@pytest.mark.parametrize("bend_range", [1.0, 2.0, 12.0, 48.0, 1.5])
def test_the_receiver_is_told_the_range_once_between_resets(bend_range: float) -> None:
    bends, receiver = ChannelBends(Route(0, bend_range=bend_range)), Receiver(7.0)
    assert len(bends.apply(on(59))) == 1  # nothing, to those who need nothing
    first = bends.apply(on(60, 40.0))
    receiver.hear(first)
    assert len(first) == 8 and receiver.pitches() == pytest.approx([60.4], abs=bend_range / 8192)
    assert len(bends.apply(on(62, 30.0))) == 2
    for key in (59, 60, 62):
        bends.apply(off(key))
    bends.reset(0)
    assert len(bends.apply(on(60, 40.0))) == 8


def test_a_channel_learns_what_is_in_force_when_it_is_first_used_and_then_what_changes() -> None:
    bends, receiver = ChannelBends(Route(0, bend_channels=(0, 1, 2))), Receiver()
    for event in (cc(7, 90), cc(64, 127), cc(7, 80), cc(123, 0)):
        assert bends.apply(event) == []
    receiver.hear(bends.apply(on(60, 0.0)))
    assert receiver.told == [[(64, 127), (7, 80)]] + [[]] * 15
    receiver.hear(bends.apply(cc(64, 0)))
    receiver.hear(bends.apply(on(60, 50.0)))
    assert receiver.told[:3] == [[(64, 127), (7, 80), (64, 0)], [(7, 80), (64, 0)], []]
    for key in (60, 60):
        bends.apply(off(key))
    for channel in (0, 1):
        bends.reset(channel)
    receiver.hear(bends.apply(on(60)))
    assert receiver.told[2] == [(7, 80)]  # the pedal is up since the reset


def test_the_channel_that_was_silent_for_longest_is_taken_and_one_that_a_player_is_at_last() -> None:
    bends = ChannelBends(Route(0, bend_channels=(0, 1, 2)), held=lambda channel: channel == 1)
    places = []
    for cents in (10.0, 20.0, 30.0, 20.0, 30.0):
        places.append(bends.apply(on(60, cents))[-1].channel)
        bends.apply(off(60))
    assert places == [0, 2, 0, 2, 0]


def test_drums_and_unmapped_keys() -> None:
    bends = ChannelBends(Route(0, tuning=GAPS, bend_channels=(0, 1)))
    assert bends.apply(on(61)) == [] and bends.apply(off(61)) == []
    drum = on(37, 30.0, 9)
    assert bends.apply(drum) == [on(37, 0.0, 9)] and bends.apply(off(37, 9)) == [off(37, 9)]


@given(st.lists(st.tuples(st.booleans(), st.integers(12, 115), st.floats(-1200, 1200)), max_size=60),
       st.integers(0, 15), st.sampled_from([None, 5]))
def test_each_on_has_its_off_and_the_last_note_is_in_tune(steps: list[tuple[bool, int, float]], count: int,
                                                          fixed: int | None) -> None:
    bends, receiver = ChannelBends(Route(0, None if count else fixed, bend_channels=tuple(range(count)))), Receiver()
    held: list[int] = []
    for strike, key, cents in steps:
        if strike and key not in held:
            receiver.hear(bends.apply(on(key, cents)))
            held.append(key)
            assert receiver.pitch(*receiver.sounding[-1]) == pytest.approx(key + cents / 100, abs=0.001)
        elif held:
            receiver.hear(bends.apply(off(held.pop())))
    for key in held:
        receiver.hear(bends.apply(off(key)))
    assert receiver.sounding == []


# -- files ---------------------------------------------------------------------------------------------------------


def test_a_clip_without_cents_is_the_same_clip() -> None:
    clip = Clip.of(Span(0, 3840), [Note(0, 480, 60, 90)], [Control(0, "bend", 0, 0.5)])
    assert bent_clip(clip, Route(0)) is clip


def test_a_tuned_clip_holds_keys_and_bends_in_the_order_in_which_they_are_needed() -> None:
    clip = Clip.of(Span(0, 3840), [Note(0, 960, 62, 90), Note(960, 960, 64, 80), Note(1920, 960, 61, 70, cents=20.0),
                                   Note(1920, 480, 62, 60, cents=-80.0)], [Control(960, "cc", 1, 64.0)])
    bent = bent_clip(clip, Route(0, 2, tuning=RAST))
    # the last two meet on one key: the longer one, struck second, is heard until both have ended
    assert bent.notes == (Note(0, 960, 62, 90, 2), Note(960, 960, 64, 80, 2), Note(1920, 960, 61, 70, 2))
    assert [(c.tick, c.kind, c.number) for c in bent.controls] == [
        (960, "cc", 1), *((960, "cc", n) for n in (101, 100, 6, 38, 101, 100)), (960, "bend", 0), (1920, "bend", 0)]
    assert [c.value for c in bent.controls if c.kind == "bend"] == pytest.approx([-0.25, 0.1], abs=1e-4)
