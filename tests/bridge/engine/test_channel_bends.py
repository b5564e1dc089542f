"""Notes between the keys as bends: each sounds at its pitch, each on has its off, chords keep apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.engine.channel_bends import ChannelBends
from instruments.block import FrameEvent, Kind
from instruments.tuned import tuned
from instruments.tuning import find_tuning

RANGE = 2.0


def on(key: int, cents: float = 0.0) -> FrameEvent:
    return FrameEvent(0, Kind.ON, 0, key, 90, cents)


def off(key: int) -> FrameEvent:
    return FrameEvent(0, Kind.OFF, 0, key, 64)


class Receiver:
    """A multitimbral synth as far as pitch goes, from the bytes."""

    def __init__(self) -> None:
        self.bend = [0.0] * 16
        self.sounding: list[tuple[int, int]] = []

    def hear(self, events: list[FrameEvent]) -> None:
        for event in events:
            status, first, *rest = event.to_midi()
            channel = status & 15
            match status & 0xF0:
                case 0xE0:
                    self.bend[channel] = ((rest[0] << 7 | first) - 8192) / 8192 * RANGE
                case 0x90:
                    self.sounding.append((channel, first))
                case 0x80:
                    self.sounding.remove((channel, first))

    def pitches(self) -> list[float]:
        return sorted(key + self.bend[channel] for channel, key in self.sounding)


def test_a_maqam_chord_sounds_in_tune_on_as_many_channels_as_it_needs() -> None:
    rast, bends, receiver = find_tuning("rast"), ChannelBends(), Receiver()
    chord = [60, 64, 67, 71]
    for key in chord:
        event = tuned(on(key), rast)
        assert event is not None
        receiver.hear(bends.apply(event))
    assert receiver.pitches() == pytest.approx([60, 63.5, 67, 70.5], abs=0.001)
    assert len({channel for channel, _ in receiver.sounding}) == 2
    for key in chord:
        receiver.hear(bends.apply(off(key)))
    assert receiver.sounding == [] and bends.clashes == 0


def test_a_melody_needs_one_channel() -> None:
    bends, receiver = ChannelBends([3]), Receiver()
    for key, cents in ((60, 0.0), (64, -50.0), (60, 12.0)):
        receiver.hear(bends.apply(on(key, cents)))
        assert receiver.pitches() == pytest.approx([key + cents / 100], abs=0.001)
        receiver.hear(bends.apply(off(key)))
    assert bends.clashes == 0


def test_a_clash_is_counted() -> None:
    bends = ChannelBends([0])
    bends.apply(on(60, 0.0))
    bends.apply(on(64, -50.0))
    assert bends.clashes == 1


def test_a_steep_deviation_is_another_key() -> None:
    receiver = Receiver()
    receiver.hear(ChannelBends().apply(on(79, -700.0)))
    assert receiver.pitches() == pytest.approx([72])


def test_bends_of_the_player_come_on_top() -> None:
    bends, receiver = ChannelBends(), Receiver()
    receiver.hear(bends.apply(on(60, 25.0)))
    receiver.hear(bends.apply(FrameEvent(0, Kind.BEND, 0, 0, 0.5)))
    assert receiver.pitches() == pytest.approx([61.25], abs=0.001)


def test_controllers_reach_every_channel_and_the_range_is_told() -> None:
    bends = ChannelBends([0, 1, 2])
    assert [e.channel for e in bends.apply(FrameEvent(0, Kind.CC, 5, 64, 127))] == [0, 1, 2]
    told = [e.to_midi() for e in bends.begin() if e.channel == 1]
    assert told[:3] == [b"\xb1\x65\x00", b"\xb1\x64\x00", b"\xb1\x06\x02"] and told[-1] == b"\xe1\x00\x40"


@given(st.lists(st.tuples(st.booleans(), st.integers(12, 115), st.floats(-1200, 1200)), max_size=60),
       st.integers(1, 15))
def test_each_on_has_its_off_and_the_last_note_is_in_tune(steps: list[tuple[bool, int, float]], count: int) -> None:
    bends, receiver = ChannelBends(range(count)), Receiver()
    held: list[int] = []
    for strike, key, cents in steps:
        if strike:
            events = bends.apply(on(key, cents))
            receiver.hear(events)
            held.append(key)
            channel, sent = receiver.sounding[-1]
            assert sent + receiver.bend[channel] == pytest.approx(key + cents / 100, abs=0.001)
        elif held:
            receiver.hear(bends.apply(off(held.pop())))
    for key in held:
        receiver.hear(bends.apply(off(key)))
    assert receiver.sounding == []
