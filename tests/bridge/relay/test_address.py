"""Addresses of music: sockets and names on NATS, and no secret in what is printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import DeviceError
from bridge.relay.address import address


@pytest.mark.parametrize(("url", "whole", "name"), [
    ("ws://studio:3000/music", "ws://studio:3000/music", ""), ("http://studio:3000", "ws://studio:3000/music", ""),
    ("https://studio/", "wss://studio/music", ""), ("ws://[::1]:3000/other", "ws://[::1]:3000/other", ""),
    ("nats://hub", "nats://hub", "sideman"), ("nats://hub:4223/jazz-1", "nats://hub:4223", "jazz-1"),
    ("tls://hub/x/", "tls://hub", "x"),
])
def test_what_is_typed_is_completed(url: str, whole: str, name: str) -> None:
    found = address(url)
    assert (found.url, found.name, found.on_nats) == (whole, name, bool(name))


def test_secrets_are_for_the_connection_alone() -> None:
    for url in ("nats://anna:pass-word@hub:4222/jazz", "ws://anna:pass-word@hub:3000/music",
                "wss://hub/music?token=pass-word"):
        found = address(url)
        assert "pass-word" in found.url and "pass-word" not in found.shown and "anna" not in found.shown


@pytest.mark.parametrize("url", ["", "studio:3000", "ftp://studio", "ws://", "ws://studio:port", "nats://hub/a b",
                                 "nats://hub/a.b", "nats://hub/*", "nats://hub/" + "a" * 65, "ws://[::1"])
def test_what_is_none_is_refused_with_the_remedy(url: str) -> None:
    with pytest.raises(DeviceError, match="give"):
        address(url)


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_is_refused(text: str) -> None:
    try:
        found = address(text)
    except DeviceError:
        return
    assert found.url and found.shown
