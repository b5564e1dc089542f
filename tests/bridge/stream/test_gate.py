"""The gate: whose token a request offers, what its role may say, and which hosts and origins are ours."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.datastructures import Headers

from bridge.errors import MessageError
from bridge.stream import wire
from bridge.stream.gate import Gate, check_allowed, chosen_subprotocol, is_loopback, offered
from bridge.stream.tokens import Secret, Tokens, digest_of

CONTROL, LISTEN = "c" * 43, "l" * 43
TOKENS = Tokens(Secret(CONTROL), Secret(LISTEN), "here")
URL = "http://localhost:3000"


def headers(*pairs: tuple[str, str]) -> Headers:
    return Headers(pairs)


@pytest.mark.parametrize(("pairs", "token"), [
    ([("Authorization", f"Bearer {CONTROL}")], CONTROL),
    ([("authorization", f"bearer   {CONTROL} ")], CONTROL),
    ([("Sec-WebSocket-Protocol", f"sideman, sideman.token.{CONTROL}")], CONTROL),
    ([("Sec-WebSocket-Protocol", "sideman"), ("Sec-WebSocket-Protocol", f" sideman.token.{CONTROL} ,x")], CONTROL),
    ([("Authorization", "Bearer wrong")], "wrong"),
    ([], None),
    ([("Authorization", f"Basic {CONTROL}")], None),
    ([("Authorization", CONTROL)], None),
    ([("Authorization", "Bearer")], None),
    ([("Authorization", f"Bearer {CONTROL}"), ("Authorization", f"Bearer {LISTEN}")], None),
    ([("Authorization", f"Bearer {CONTROL}"), ("Sec-WebSocket-Protocol", f"sideman.token.{CONTROL}")], None),
    ([("Sec-WebSocket-Protocol", "sideman, sideman.token.")], None),
    ([("Authorization", "Bearer " + "x" * 5000)], None),
    ([("Cookie", f"token={CONTROL}")], None),
])
def test_one_token_is_offered_or_none(pairs: list[tuple[str, str]], token: str | None) -> None:
    assert offered(headers(*pairs)) == (None if token is None else digest_of(token))


def test_without_tokens_everybody_controls_and_with_them_who_knows_one() -> None:
    open_gate, gate = Gate("127.0.0.1"), Gate("0.0.0.0", tokens=TOKENS)
    assert not open_gate.guarded and open_gate.role(None) == "control" and not open_gate.renewed()
    assert gate.guarded and gate.role(None) is None and gate.role(bytes(32)) is None and not gate.renewed()
    assert gate.role(digest_of(CONTROL)) == "control" and gate.role(digest_of(LISTEN)) == "listen"


NAMES = st.sampled_from(["Authorization", "Sec-WebSocket-Protocol"])
VALUES = (st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=80)
          | st.sampled_from(["Bearer ", f"Bearer {LISTEN[:-1]}", "sideman.token.", f"sideman.token.{LISTEN}x",
                             f"Bearer {CONTROL.upper()}"]))


@settings(max_examples=50)
@given(st.lists(st.tuples(NAMES, VALUES), max_size=4))
def test_no_other_header_lets_in(pairs: list[tuple[str, str]]) -> None:
    assert Gate("0.0.0.0", tokens=TOKENS).role(offered(headers(*pairs))) is None


def test_the_token_is_never_the_chosen_subprotocol() -> None:
    assert chosen_subprotocol(None, ["sideman.token.x", "sideman"]) == "sideman"  # type: ignore[list-item]
    assert chosen_subprotocol(None, ["sideman.token.x"]) is None  # type: ignore[list-item]
    assert chosen_subprotocol(None, []) is None


def test_a_listener_may_subscribe_ping_and_list_and_nothing_else() -> None:
    """Over all messages that there are: one that is new is for control until somebody decides otherwise."""
    may = set()
    for kind in get_args(wire.ClientMessage):
        message = kind(**dict.fromkeys(kind.__struct_fields__))
        check_allowed("control", message)
        try:
            check_allowed("listen", message)
            may.add(kind)
        except MessageError as refusal:
            assert kind.__name__.lower() in str(refusal) and "control token" in str(refusal)
    assert may == {wire.Subscribe, wire.Ping, wire.Parameters}


@pytest.mark.parametrize(("pairs", "why"), [
    ([("Host", "localhost:3000")], None), ([("Host", "192.168.1.9:3000")], None), ([("Host", "[fe80::1]:3000")], None),
    ([("Host", "evil.example")], "is not this machine"), ([("Host", "a"), ("Host", "b")], "one Host"),
    ([("Host", "localhost:3000"), ("Origin", "http://localhost:3000")], None),
    ([("Host", "192.168.1.9:3000"), ("Origin", "http://192.168.1.9:3000")], None),
    ([("Host", "192.168.1.9:3000"), ("Origin", "http://192.168.1.8:3000")], "may not talk"),
    ([("Host", "localhost:3000"), ("Origin", "null")], "may not talk"),
    ([("Host", "localhost:3000"), ("Origin", "https://evil.example")], "may not talk"),
    ([("Host", "localhost:3000"), ("Origin", "http://localhost.evil.example")], "may not talk"),
    ([("Host", "[::1]:3000"), ("Origin", "http://localhost:3000")], None),
    ([], None),
])
def test_hosts_and_origins_are_looked_at_whatever_token_comes(pairs: list[tuple[str, str]], why: str | None) -> None:
    refusal = Gate("0.0.0.0", tokens=TOKENS).refusal(headers(*pairs, ("Authorization", f"Bearer {CONTROL}")), URL)
    assert refusal is None if why is None else refusal is not None and why in refusal


@pytest.mark.parametrize(("host", "ours"), [
    ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", True), ("localhost", True),
    ("a.localhost", True), ("0.0.0.0", False), ("::", False), ("192.168.1.1", False), ("::ffff:10.0.0.1", False),
    ("localhost.example", False), ("", False), ("127.0.0.1.example", False),
])
def test_loopback(host: str, ours: bool) -> None:
    assert is_loopback(host) is ours
