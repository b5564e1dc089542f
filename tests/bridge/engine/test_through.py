"""What a player sends goes on, whole, to the ports named; what is held is known."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.engine.through import Through
from bridge.midi_bytes import MidiParser
from bridge.routes import ThroughRoute


def test_to_all_ports_on_its_own_channel_or_another() -> None:
    through = Through([ThroughRoute("keys", (0, 2)), ThroughRoute("pads", (1,), 9)])
    assert "keys" in through and "clock in" not in through
    assert list(through.feed("keys", b"\x93\x3c\x40")) == [(0, b"\x93\x3c\x40"), (2, b"\x93\x3c\x40")]
    assert list(through.feed("pads", b"\x93\x24\x40\xc3\x05")) == [(1, b"\x99\x24\x40"), (1, b"\xc9\x05")]


def test_realtime_and_system_messages_stay_behind_and_sysex_goes() -> None:
    through = Through([ThroughRoute("keys", (0,), 4)])
    data = b"\xfa\xf8\xf2\x01\x02\xf3\x01\xf1\x21\xf6\xf0\x7e\xf8\x01\xf7\xfe"
    assert list(through.feed("keys", data)) == [(0, b"\xf0\x7e\x01\xf7")]


def test_pieces_and_running_status_become_whole_messages() -> None:
    through = Through([ThroughRoute("keys", (0,))])
    pieces = [list(through.feed("keys", bytes((byte,)))) for byte in b"\x90\x3c\xf8\x40\x3c\x00"]
    assert [m for p in pieces for _, m in p] == [b"\x90\x3c\x40", b"\x90\x3c\x00"]


def test_what_is_held() -> None:
    through = Through([ThroughRoute("keys", (1,))])

    def after(*data: int) -> bool:
        list(through.feed("keys", bytes(data)))
        return through.holds(1, 0)

    assert not through.holds(1, 0)
    assert after(0x90, 60, 1)
    assert not through.holds(0, 0) and not through.holds(1, 1)
    assert after(0x90, 62, 1)
    assert after(0x80, 60, 64)
    assert not after(0x90, 62, 0)
    assert after(0xB0, 64, 127)
    assert not after(0xB0, 64, 0)
    assert after(0xE0, 1, 64)
    assert not after(0xE0, 0, 64)
    assert after(0x90, 60, 1, 0xB0, 64, 64, 0xE0, 0, 0)
    assert after(0xB0, 121, 0)  # all controllers are at rest, the key is not
    assert not after(0xB0, 123, 0)


def test_release_ends_each_key_once() -> None:
    through = Through([ThroughRoute("keys", (0,)), ThroughRoute("pads", (1,), 9)])
    list(through.feed("keys", b"\x90\x3c\x40\x91\x3c\x40"))
    list(through.feed("pads", b"\x90\x24\x40"))
    assert sorted(through.release()) == [(0, b"\x80\x3c\x40"), (0, b"\x81\x3c\x40"), (1, b"\x89\x24\x40")]
    assert list(through.release()) == []


@given(st.lists(st.binary(max_size=12), max_size=30))
def test_any_bytes_give_whole_channel_messages_or_sysex(chunks: list[bytes]) -> None:
    through = Through([ThroughRoute("keys", (0,), 3)])
    out = [m for chunk in chunks for _, m in through.feed("keys", chunk)]
    parser = MidiParser()
    assert [m for whole in out for m in parser.feed(whole)] == out
    assert all(m[0] == 0xF0 or (0x80 <= m[0] < 0xF0 and m[0] & 15 == 3) for m in out)
    list(through.release())
    assert not through.holds(0, 3)
