"""Notes for an MPE receiver, read by one: each at its pitch, on a channel of its own, with its end."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.engine.bends import bends_of, bent_clip
from bridge.engine.mpe_voices import MpeVoices
from bridge.mpe import MpeReader, Zone
from bridge.routes import Route
from composers.score import Clip, Note, Span
from instruments.block import FrameEvent, Kind
from instruments.tuning import find_tuning

LOWER = Route(0, mpe=Zone("lower"))


def on(key: int, cents: float = 0.0) -> FrameEvent:
    return FrameEvent(0, Kind.ON, 0, key, 90, cents)


def off(key: int) -> FrameEvent:
    return FrameEvent(0, Kind.OFF, 0, key, 31)


def sent(reader: MpeReader, events: Sequence[FrameEvent]) -> list[str]:
    return [each.change for event in events for each in reader.hear(event.to_midi())]


def test_the_zone_is_set_up_by_what_is_sent() -> None:
    voices, reader = bends_of(Route(0, mpe=Zone("upper", 6))), MpeReader()
    sent(reader, voices.apply(on(60, 31.0)))
    assert reader.zones == (Zone("upper", 6),)
    assert [voice.pitch for voice in reader.sounding] == [pytest.approx(60.31, abs=0.006)]


def test_bend_timbre_and_pressure_come_before_the_note() -> None:
    kinds = [event.kind for event in MpeVoices(LOWER).apply(on(60, 50.0)) if event.channel == 1]
    assert kinds == [Kind.BEND, Kind.CC, Kind.PRESSURE, Kind.ON]


def test_a_chord_between_the_keys_is_in_tune() -> None:
    voices, reader = MpeVoices(LOWER._replace(tuning=find_tuning("rast"))), MpeReader()
    for key in (60, 64, 67, 71):
        sent(reader, voices.apply(on(key)))
    assert sorted(voice.pitch for voice in reader.sounding) == pytest.approx([60, 63.5, 67, 70.5], abs=0.01)
    assert len({voice.channel for voice in reader.sounding}) == 4 and voices.clashes == 0


def test_the_longest_silent_channel_is_next_and_a_bend_stays_through_the_release() -> None:
    voices = MpeVoices(Route(0, mpe=Zone("lower", 3)))
    channels = []
    for key in (60, 61, 62, 63):
        events = voices.apply(on(key, 20.0))
        channels.append(events[-1].channel)
        assert [event.kind for event in voices.apply(off(key))] == [Kind.OFF], "nothing but the end, with its velocity"
    assert channels == [1, 2, 3, 1]
    assert voices.apply(off(60)) == []


def test_a_channels_bend_is_that_of_its_notes_and_pedals_go_to_the_manager() -> None:
    voices, reader = MpeVoices(LOWER), MpeReader()
    sent(reader, voices.apply(on(60)))
    sent(reader, voices.apply(FrameEvent(0, Kind.ON, 3, 67, 90.0)))
    sent(reader, voices.apply(FrameEvent(0, Kind.BEND, 0, 0, 0.5)))
    assert sorted(voice.pitch for voice in reader.sounding) == pytest.approx([61.0, 67.0], abs=0.003)
    assert [e.channel for e in voices.apply(FrameEvent(0, Kind.CC, 0, 64, 127))] == [0]
    wide, reader = MpeVoices(LOWER._replace(bend_range=12.0)), MpeReader()
    sent(reader, wide.apply(on(60)))
    sent(reader, wide.apply(FrameEvent(0, Kind.BEND, 0, 0, 0.5)))
    assert [voice.pitch for voice in reader.sounding] == pytest.approx([66.0], abs=0.003)


def test_after_a_reset_the_receiver_is_told_again() -> None:
    voices = MpeVoices(LOWER)
    voices.apply(on(60, 20.0))
    voices.apply(off(60))
    for channel in range(16):
        voices.reset(channel)
    reader = MpeReader()
    sent(reader, voices.apply(on(60, 20.0)))
    assert reader.zones == (Zone("lower"),) and [v.pitch for v in reader.sounding] == [pytest.approx(60.2, abs=0.006)]


@given(st.integers(0, 10_000), st.integers(1, 15))
def test_any_stream_comes_back_as_it_was(seed: int, members: int) -> None:
    """As many notes as there are channels: each is heard at its own pitch. With more of them every on has its off."""
    rng = random.Random(seed)
    voices, reader = MpeVoices(Route(0, mpe=Zone(rng.choice(["lower", "upper"]), members))), MpeReader()
    held: dict[int, float] = {}
    for _ in range(80):
        if held and rng.random() < 0.5:
            key = rng.choice(list(held))
            del held[key]
            changes = sent(reader, voices.apply(off(key)))
            assert changes == ["off"]
        elif len(held) < members:
            key = rng.choice([k for k in range(20, 110) if k not in held])
            held[key] = rng.choice([0.0, 50.0, -50.0, 14.0, 700.0, rng.uniform(-100, 100)])
            assert sent(reader, voices.apply(on(key, held[key])))[-1] == "on"
        pitches = sorted(key + cents / 100 for key, cents in held.items())
        assert sorted(voice.pitch for voice in reader.sounding) == pytest.approx(pitches, abs=0.006)
    crowd = [rng.randrange(30, 100) for _ in range(3 * members)]
    for key in crowd:
        sent(reader, voices.apply(on(key, rng.uniform(-40, 40))))
    for key in (*crowd, *held):
        sent(reader, voices.apply(off(key)))
    assert reader.sounding == []


def test_whoever_takes_over_finds_nothing_sounding() -> None:
    voices, reader = MpeVoices(LOWER), MpeReader()
    for key in (60, 64):
        sent(reader, voices.apply(on(key)))
    assert sent(reader, voices.release(0)) == ["off", "off"] and voices.apply(off(60)) == []


def test_a_file_of_it_is_an_mpe_file() -> None:
    clip = Clip.of(Span(0, 3840), [Note(0, 960, 60, 80, 0, 50.0), Note(0, 960, 64, 80), Note(960, 480, 62, 80)])
    bent = bent_clip(clip, LOWER)
    assert {note.channel for note in bent.notes} == {1, 2, 3}
    assert [(c.number, c.value) for c in bent.controls if c.channel == 0][:3] == [(101, 0), (100, 6), (6, 15)]
