"""What controllers send, recognised at the width at which it was sent, whatever pieces it comes in."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.controls.encoders import Relative, steps_of
from bridge.controls.gestures import Gesture, Gestures


def heard(*data: bytes) -> list[Gesture]:
    gestures = Gestures()
    return [gesture for each in data for gesture in gestures.feed(each)]


def of(kind: str, found: list[Gesture]) -> list[int]:
    return [gesture.raw for gesture in found if gesture.kind == kind]


def test_each_kind_of_message() -> None:
    assert heard(b"\x92\x3c\x40") == [Gesture("note", 60, 2, 64)]
    assert heard(b"\x82\x3c\x40") == [Gesture("note", 60, 2, 0)], "a release velocity is no press"
    assert heard(b"\xa0\x3c\x11") == [Gesture("key_pressure", 60, 0, 17)]
    assert heard(b"\xd1\x22") == [Gesture("pressure", 0, 1, 34)]
    assert heard(b"\xe0\x00\x40") == [Gesture("bend", 0, 0, 8192, 16383)]
    assert heard(b"\xc3\x05")[0][:3] == ("program", 5, 3)
    assert heard(b"\xb0\x50\x7f") == [Gesture("cc", 80, 0, 127)], "80 has no finer half"


def test_a_pair_of_controllers_is_one_of_14_bits() -> None:
    both = b"\xb0\x01\x40\xb0\x21\x20"
    assert of("cc14", heard(both, both)) == [64 << 7 | 64, 64 << 7 | 32, 64 << 7 | 32], (
        "the coarse half alone moves it only while nothing finer has been heard")
    assert of("cc", heard(both)) == [64, 32], "and each is one of 7 bits, for who has mapped that"
    assert of("cc14", heard(b"\xb0\x01\x7f")) == [16383], "a controller without a finer half reaches the end"
    assert of("cc14", heard(b"\xb0\x01\x7f\xb1\x21\x05")) == [16383, 5], "channels are apart"


def test_nrpn_and_rpn() -> None:
    select = b"\xb0\x63\x05\xb0\x62\x09"
    assert heard(select, b"\xb0\x06\x40") == [Gesture("nrpn", 5 << 7 | 9, 0, 64 << 7 | 64, 16383)]
    found = heard(select, b"\xb0\x06\x40\xb0\x26\x01", b"\xb0\x06\x41\xb0\x26\x02")
    assert of("nrpn", found) == [8256, 8193, 65 << 7 | 2]
    assert not of("cc", found), "data entry of a parameter is no controller 6"
    assert [g.steps for g in heard(select, b"\xb0\x60\x00\xb0\x61\x00")] == [1, -1]
    assert heard(select, b"\xb0\x63\x7f\xb0\x62\x7f\xb0\x06\x05")[-2:][0] == Gesture("cc", 6, 0, 5), "null selects none"
    assert heard(b"\xb0\x65\x00\xb0\x64\x01\xb0\x06\x30")[0][:2] == ("rpn", 1)
    assert heard(select, b"\xb1\x06\x40")[0].kind == "cc", "selected on another channel"


@pytest.mark.parametrize(
    ("relative", "right", "left"), [("twos_complement", 3, 125), ("binary_offset", 67, 61), ("sign_magnitude", 3, 67)])
def test_endless_knobs(relative: Relative, right: int, left: int) -> None:
    assert (steps_of(right, relative), steps_of(left, relative)) == (3, -3)
    assert {steps_of(raw, relative) for raw in range(128)} >= set(range(-63, 64))


def test_shares_reach_both_ends_and_the_middle() -> None:
    assert [Gesture("cc", 1, 0, raw).share for raw in (0, 64, 127)] == [0.0, 0.5, 1.0]
    assert [Gesture("bend", 0, 0, raw, 16383).share for raw in (0, 8192, 16383)] == [0.0, 0.5, 1.0]
    shares = [Gesture("cc", 1, 0, raw).share for raw in range(128)]
    assert shares == sorted(set(shares))


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=10))
def test_any_bytes_in_any_pieces(data: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    whole, pieces = Gestures(), Gestures()
    in_pieces = [g for a, b in pairwise(places) for g in pieces.feed(data[a:b])]
    assert whole.feed(data) == in_pieces
    assert all(0 <= g.raw <= g.top and 0 <= g.share <= 1 and 0 <= g.channel < 16 for g in in_pieces)
