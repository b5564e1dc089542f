"""Mackie Control's messages against its published tables, and a unit's far side as a peer of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.controllers import mackie
from bridge.controllers.surface import meter_level

TABLE = [
    # what a unit sends (Logic Control manual, appendix B), and what it means
    ("E0 00 00", mackie.FaderMoved(0, 0.0)),
    ("E8 7F 7F", mackie.FaderMoved(8, 1.0)),
    ("90 68 7F", mackie.FaderTouched(0, True)),
    ("90 70 00", mackie.FaderTouched(8, False)),
    ("B0 10 01", mackie.PotTurned(0, 1)),
    ("B0 17 43", mackie.PotTurned(7, -3)),
    ("B0 3C 01", mackie.JogTurned(1)),
    ("B0 3C 41", mackie.JogTurned(-1)),
    ("90 5E 7F", mackie.Pressed(94, True)),
    ("90 5E 00", mackie.Pressed(94, False)),
    ("80 10 40", mackie.Pressed(16, False)),
    ("F0 00 00 66 14 01 58 59 5A 57 18 61 05 57 18 61 05 F7", mackie.Woken()),
    ("F0 00 00 66 10 01 58 F7", None),
    ("E9 00 00", None),
    ("B1 10 01", None),
    ("C0 05", None),
]


@pytest.mark.parametrize(("sent", "meant"), TABLE)
def test_what_a_unit_sends(sent: str, meant: mackie.Event | None) -> None:
    assert mackie.heard(bytes.fromhex(sent)) == meant


@given(st.binary(min_size=1, max_size=20))
def test_any_bytes_are_taken(data: bytes) -> None:
    mackie.heard(data)


def test_what_a_unit_is_sent() -> None:
    assert mackie.fader(0, 0.0) == b"\xe0\x00\x00" and mackie.fader(8, 1.0) == b"\xe8\x7f\x7f"
    assert mackie.fader(3, 2.0) == b"\xe3\x7f\x7f"
    assert mackie.lamp(mackie.PLAY, True) == b"\x90\x5e\x7f" and mackie.lamp(16, False) == b"\x90\x10\x00"
    assert mackie.lamp(16, True, flash=True) == b"\x90\x10\x01"
    assert mackie.ring(0, None) == b"\xb0\x30\x00"
    assert mackie.ring(1, 0.5, "boost", centre=True) == bytes((0xB0, 0x31, 0x40 | 1 << 4 | 6)), "the sixth of eleven"
    assert mackie.ring(7, 1.0) == bytes((0xB0, 0x37, 2 << 4 | 11)) and mackie.ring(7, 0.0)[2] == 2 << 4 | 1
    assert mackie.letters(56, "Hä♯", mackie.EXTENDER) == b"\xf0\x00\x00\x66\x15\x12\x38Hae#\xf7"
    assert mackie.meter(2, 99) == b"\xd0\x2c" and mackie.meter(2, 0, over=True) == b"\xd0\x2e"
    assert mackie.meter_cleared(2) == b"\xd0\x2f"


def test_the_position_is_written_from_the_right() -> None:
    sent = mackie.digits("12. 3. 1.120")
    assert len(sent) == mackie.DIGITS and [m[1] for m in sent] == list(range(0x49, 0x3F, -1))
    letters = "".join(chr((m[2] & 0x3F) + 0x40 if m[2] & 0x3F < 0x20 else m[2] & 0x3F) for m in sent)
    dots = [bool(m[2] & 0x40) for m in sent]
    assert letters == "  12 3 1120"[-10:]
    assert [letters[i] for i, dot in enumerate(dots) if dot] == ["2", "3", "1"]


def test_meters_stand_at_what_they_say() -> None:
    assert meter_level(0.0) == 0 and meter_level(1.0) == 12 and meter_level(0.001) == 1
    levels = [meter_level(i / 1000) for i in range(1001)]
    assert levels == sorted(levels)
