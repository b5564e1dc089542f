"""Paths as OSC addresses, and patterns as OSC 1.0 has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import MessageError
from bridge.osc.addresses import address_of, is_pattern, matching

ALL = ["/mixer/bass/mute", "/mixer/piano/mute", "/mixer/bass/gain_db", "/mixer/a/mute", "/track/bass/eq2/low_db"]


def test_paths_are_addresses() -> None:
    assert address_of("mixer.bass.gain_db") == "/mixer/bass/gain_db"
    assert address_of("mixer.my bass#1.gain_db") == "/mixer/my_bass_1/gain_db"
    assert not is_pattern("/mixer/bass/mute") and is_pattern("/mixer/*/mute")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("/mixer/*/mute", [0, 1, 3]), ("/mixer/b*s/*", [0, 2]), ("/mixer/?/mute", [3]), ("/*/mute", []),
        ("/mixer/{bass,piano}/mute", [0, 1]), ("/mixer/[a-c]*/mute", [0, 3]), ("/mixer/[!a-c]*/mute", [1]),
        ("/track/bass/eq[0-9]/low_db", [4]), ("/mixer/bass/mute", [0]), ("/mixer/b.s*/mute", []),
        ("/mixer/***/mute", [0, 1, 3]),
    ],
)  # fmt: skip
def test_what_a_pattern_means(pattern: str, found: list[int]) -> None:
    assert matching(pattern, ALL) == [ALL[i] for i in found]


def test_what_is_no_pattern_is_refused() -> None:
    for pattern in ("/a[bc", "/a{b", "/a[]b", "/" + "*a" * 9, "/" + "a" * 300):
        with pytest.raises(MessageError):
            matching(pattern, ALL)


@given(st.text("/ab*?[]{},!-\\^.", max_size=40))
def test_any_text_is_a_pattern_or_refused(pattern: str) -> None:
    try:
        found = matching(pattern, ALL)
    except MessageError:
        return
    assert set(found) <= set(ALL)
