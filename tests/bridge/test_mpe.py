"""MPE as the specification has it: zones, ranges, and what each note's expression is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mpe import Expressed, MpeReader, Zone, bend_range, configuration


def controls(channel: int, told: list[tuple[int, int]]) -> list[bytes]:
    return [bytes((0xB0 | channel, *each)) for each in told]


def heard(reader: MpeReader, *messages: bytes) -> list[Expressed]:
    return [each for message in messages for each in reader.hear(message)]


def test_a_configuration_message_sets_up_a_zone() -> None:
    reader = MpeReader()
    heard(reader, *controls(0, configuration(Zone("lower", 5))))
    assert reader.zones == (Zone("lower", 5),) and Zone("lower", 5).channels == (1, 2, 3, 4, 5)
    heard(reader, *controls(15, configuration(Zone("upper", 4))))
    assert set(reader.zones) == {Zone("lower", 5), Zone("upper", 4)} and Zone("upper", 4).channels == (14, 13, 12, 11)
    heard(reader, *controls(15, configuration(Zone("upper", 12))))
    assert set(reader.zones) == {Zone("lower", 2), Zone("upper", 12)}, "the later one takes channels from the other"
    heard(reader, *controls(0, configuration(Zone("lower", 15))))
    assert reader.zones == (Zone("lower", 15),)
    heard(reader, *controls(0, configuration(Zone("lower", 0))))
    assert reader.zones == ()
    assert not MpeReader().hear(b"\xb3\x06\x05"), "on other channels it means nothing"


def test_bends_of_note_and_zone_add_up() -> None:
    reader = MpeReader(Zone("lower", 3))
    (struck,) = heard(reader, b"\x91\x3c\x64")
    assert struck.change == "on" and struck.voice[:4] == (60, 1, 100, 60.0)
    (moved,) = heard(reader, b"\xe1\x00\x60")
    assert moved.change == "moved" and moved.voice.pitch == 60 + 24
    heard(reader, b"\x92\x40\x64")
    assert [each.voice.pitch for each in heard(reader, b"\xe0\x00\x20")] == [60 + 24 - 1, 64 - 1], "the manager's: 2"
    heard(reader, *controls(2, bend_range(12.5)))
    heard(reader, b"\xe2\x00\x60")
    assert [voice.pitch for voice in reader.sounding] == [60 + 6.25 - 1, 64 + 6.25 - 1], "a range is all members'"


def test_pressure_timbre_and_release() -> None:
    reader = MpeReader(Zone("upper", 2))
    heard(reader, b"\x9e\x3c\x64", b"\xde\x40", b"\xbe\x4a\x7f")
    (voice,) = reader.sounding
    assert voice.pressure == pytest.approx(64 / 127) and voice.timbre == 1.0
    assert heard(reader, b"\xdf\x7f")[0].voice.pressure == 1.0
    (released,) = heard(reader, b"\x8e\x3c\x17")
    assert released.change == "off" and released.voice.velocity == 23
    assert heard(reader, b"\x8e\x3c\x17") == [] == reader.sounding


def test_outside_zones_a_channel_is_as_ever() -> None:
    reader = MpeReader(Zone("lower", 2))
    heard(reader, b"\x99\x24\x64", b"\x99\x26\x64", b"\xe9\x00\x60")
    assert [voice.pitch for voice in reader.sounding] == [37.0, 39.0]


@given(st.lists(st.binary(min_size=1, max_size=3), max_size=60))
def test_any_message_is_taken_and_each_on_has_its_off(messages: list[bytes]) -> None:
    reader, on = MpeReader(Zone("lower", 7), Zone("upper", 3)), set()
    for message in messages:
        data = bytes((message[0] | 0x80, *(byte & 127 for byte in message[1:])))
        for change, voice in reader.hear(data):
            if change == "on":
                assert (voice.channel, voice.key) not in on
                on.add((voice.channel, voice.key))
            elif change == "off":
                on.remove((voice.channel, voice.key))
            else:
                assert (voice.channel, voice.key) in on
            assert 0 <= voice.pressure <= 1 and 0 <= voice.timbre <= 1 and 0 <= voice.velocity <= 127
    assert on == {(voice.channel, voice.key) for voice in reader.sounding}
