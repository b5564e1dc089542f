"""A guarded server over real sockets: what is public, what each role may, what a wrong token gets, and what is never
shown."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server_stage import FakeConductor, ask, get, http, music, serving, until
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bridge.client import MusicClient
from bridge.errors import DeviceError, MessageError
from bridge.stream import wire
from bridge.stream.door import Limits
from bridge.stream.front import own_address
from bridge.stream.gate import SUBPROTOCOL, TOKEN_SUBPROTOCOL
from bridge.stream.server import Server
from bridge.stream.tokens import Secret, TokenFile, Tokens, make

CONTROL, LISTEN = "control-token-" + "c" * 20, "listen-token-" + "l" * 20
TOKENS = Tokens(Secret(CONTROL), Secret(LISTEN), "the test")
BEARER = {"control": {"Authorization": f"Bearer {CONTROL}"}, "listen": {"Authorization": f"Bearer {LISTEN}"}}
ADDRESS = own_address()
far = pytest.mark.skipif(ADDRESS.startswith("127.") or os.name != "posix", reason="this machine has no network")


@pytest.fixture(autouse=True)
def no_token_is_logged(caplog: pytest.LogCaptureFixture) -> None:  # type: ignore[misc]
    caplog.set_level(logging.DEBUG)
    yield  # type: ignore[misc]
    assert CONTROL not in caplog.text and LISTEN not in caplog.text


def test_beyond_this_machine_there_is_no_server_without_tokens() -> None:
    async def run(host: str) -> None:
        with pytest.raises(DeviceError, match=r"sideman token make.*127\.0\.0\.1"):
            await Server(FakeConductor(), host, 0).start()
        server = Server(FakeConductor(), host, 0, tokens=TOKENS)
        await server.start()
        await server.stop()

    for host in ("0.0.0.0", *([ADDRESS] if not ADDRESS.startswith("127.") else [])):
        asyncio.run(run(host))


def test_the_page_is_public_and_the_rest_wants_a_token() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        for path in ("/", "/app.js", "/client.js", "/login.js", "/protocol.json"):
            assert (await http(server, get(path)))[0] == 200
        status, headers, text = await http(server, get("/metrics"))
        assert status == 401 and headers["www-authenticate"] == "Bearer" and b"sideman token show" in text
        assert json.loads((await http(server, get("/healthz")))[2]) == {"ok": True}
        wrong = await http(server, get("/healthz", more="Authorization: Bearer wrong\r\n"))
        assert (wrong[0], json.loads(wrong[2])) == (200, {"ok": True})
        for role, token in (("control", CONTROL), ("listen", LISTEN)):
            more = f"Authorization: Bearer {token}\r\n"
            health = json.loads((await http(server, get("/healthz", more=more)))[2])
            assert health["role"] == role and health["clients"] == 0
            assert (await http(server, get("/metrics", more=more)))[0] == 200
        for path in ("/metrics?token=", "/healthz?token="):  # an address is kept by proxies and histories: not there
            assert b"role" not in (await http(server, get(path + CONTROL)))[2]
        assert server.faults["unauthorized"] == 2

    serving(body, tokens=TOKENS)


def test_without_a_token_no_socket_and_with_one_by_either_way() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        for more in ({}, {"Authorization": "Bearer " + CONTROL[:-1]}, {"Authorization": f"Basic {CONTROL}"}):
            with pytest.raises(InvalidStatus) as caught:
                await music(server, additional_headers=more)
            assert caught.value.response.status_code == 401
            assert CONTROL not in str(caught.value) + (caught.value.response.body or b"").decode()
        async with music(server, additional_headers=BEARER["control"]) as client:
            assert (await until(client, "hello"))["role"] == "control" and client.subprotocol is None
        async with music(server, subprotocols=[SUBPROTOCOL, TOKEN_SUBPROTOCOL + LISTEN]) as client:
            assert (await until(client, "hello"))["role"] == "listen" and client.subprotocol == SUBPROTOCOL
            assert LISTEN not in str(client.response and client.response.headers)
        assert server.clients == 0 or await gone(server)

    serving(body, tokens=TOKENS)


async def gone(server: Server) -> bool:
    while server.clients:
        await asyncio.sleep(0.001)
    return True


def test_a_listener_hears_and_changes_nothing() -> None:
    async def body(server: Server, conductor: FakeConductor) -> None:
        async with (music(server, additional_headers=BEARER["listen"]) as listener,
                    music(server, additional_headers=BEARER["control"]) as player):
            await ask(listener, type="subscribe", id=1, stems=["bass"], meters=True)
            assert (await until(listener, "ok"))["id"] == 1
            await ask(listener, type="ping", id=2)
            await until(listener, "pong")
            await ask(listener, type="parameters", id=3)
            await until(listener, "parameters")
            told = list(conductor.told)
            for n, message in enumerate([
                {"type": "generate"}, {"type": "modify", "params": {"tempo": 90}}, {"type": "stop"}, {"type": "play"},
                {"type": "set", "values": {"mixer.bass.gain_db": 0}}, {"type": "locate", "bar": 1}, {"type": "keep"},
            ]):
                await ask(listener, id=100 + n, **message)
                error = await until(listener, "error")
                assert error["id"] == 100 + n and error["request"] == message["type"]
                assert "not for listeners" in error["message"]
            assert conductor.told == told and server.faults["forbidden"] == 7
            server.publish_audio(0, 0, np.zeros((2, 512), np.float32))
            while not isinstance(await asyncio.wait_for(listener.recv(), 5), bytes):
                pass
            await until(player, "status")
            await ask(player, type="generate", id=9, params={"instruments": ["sax"]})
            assert (await until(player, "hello"))["role"] == "control"
            assert (await until(listener, "hello"))["role"] == "listen"
            assert conductor.told[-1][0] == "generate"

    serving(body, tokens=TOKENS)


def test_the_python_client_says_its_token_and_is_told_what_is_wrong_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        url = server.socket_url
        with pytest.raises(DeviceError, match=r"wants a token, which is missing.*SIDEMAN_TOKEN"):
            await MusicClient(url).connect()
        with pytest.raises(DeviceError, match="is wrong, or was changed") as caught:
            await MusicClient(url, token=CONTROL + "x").connect()
        assert CONTROL not in repr(caught.value) and caught.value.__cause__ is None
        async with MusicClient(url, token=LISTEN) as client:
            assert client.hello is not None and client.hello.role == "listen"
            with pytest.raises(MessageError, match="not for listeners"):
                await client.stop()
        monkeypatch.setenv("SIDEMAN_TOKEN", CONTROL)
        async with MusicClient(url) as client:
            await client.stop()

    serving(body, tokens=TOKENS)


def test_who_came_in_by_a_token_that_was_changed_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.stream.server._KEYS_S", 0.02)
    path = tmp_path / "tokens.toml"
    old = make(path)
    assert old.listen is not None
    listen, control = old.listen.reveal(), old.control.reveal()

    async def body(server: Server, _: FakeConductor) -> None:
        async with (MusicClient(server.socket_url, token=listen) as listener,
                    MusicClient(server.socket_url, token=control) as player):
            make(path, anew=("listen",))
            await asyncio.wait_for(listener.wait_closed(), 5)
            await player.stop()
            with pytest.raises(DeviceError, match="wants a token"):
                await MusicClient(server.socket_url, token=listen).connect()
        new = TokenFile(path).tokens.listen
        assert new is not None
        async with MusicClient(server.socket_url, token=new.reveal()):
            pass

    serving(body, tokens=TokenFile(path))


@far
def test_clients_of_one_address_are_limited_and_this_machine_is_not() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        from websockets.asyncio.client import connect

        url = f"ws://{ADDRESS}:{server.port}/music"
        held = [await connect(url, additional_headers=BEARER["listen"], compression=None) for _ in range(2)]
        with pytest.raises(InvalidStatus) as caught:
            await connect(url, additional_headers=BEARER["listen"], compression=None)
        assert caught.value.response.status_code == 429 and b"2 clients" in (caught.value.response.body or b"")
        near = [await music(server, additional_headers=BEARER["listen"]) for _ in range(4)]
        for client in (*held, *near):
            await client.close()
        await gone(server)
        async with connect(url, additional_headers=BEARER["listen"], compression=None) as again:
            await until(again, "hello")

    serving(body, host="0.0.0.0", tokens=TOKENS, limits=Limits(clients_per_address=2))


@far
def test_a_thousand_connects_a_second_from_one_address_are_mostly_turned_away_and_others_are_served() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        async with music(server, additional_headers=BEARER["listen"]) as near:
            for n in range(1000):
                with socket.socket() as one:
                    one.setblocking(False)
                    one.connect_ex((ADDRESS, server.port))
                    if n % 20 == 0:
                        await asyncio.sleep(0.02)
            await ask(near, type="ping")
            await until(near, "pong")
            await ask(near, type="subscribe", status=False)
        assert server.faults["turned_away"] > 500
        while len(server._census):
            await asyncio.sleep(0.001)
        assert not server._register.all

    serving(body, host="0.0.0.0", tokens=TOKENS)


def test_limits_of_what_a_client_says_are_those_that_are_set() -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        async with music(server) as client:
            await ask(client, type="ping", pad="x" * 5000)
            with pytest.raises(ConnectionClosed):
                while True:
                    await asyncio.wait_for(client.recv(), 5)
            assert client.close_code == 1009
        loop = asyncio.get_running_loop()
        async with music(server) as client:
            await ask(client, type="subscribe", midi=False, status=False, audio=False)
            began = loop.time()
            for n in range(40):
                await ask(client, type="ping", id=n)
            while (await until(client, "pong"))["id"] != 39:
                pass
            assert loop.time() - began > (40 - 25) / 50 * 0.9  # 25 at once, then 50 a second

    serving(body, limits=Limits(message_bytes=4096, messages_a_s=50))


@pytest.mark.parametrize("head", [
    "GET /music HTTP/1.1\r\nHost: localhost\r\n" + "X: " + "y" * 20_000 + "\r\n\r\n",
    "GET /music HTTP/1.1\r\nHost: localhost\r\n" + "X: y\r\n" * 500 + "\r\n",
    f"GET /{'a' * 20_000} HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /music HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + "t" * 7000 + "\r\n\r\n",
], ids=["header", "headers", "address", "token"])
def test_oversize_headers_end_their_own_connection(head: str) -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head.encode())
        try:
            answer = await asyncio.wait_for(reader.read(), 5)
        except ConnectionResetError:
            answer = b""
        assert not answer.startswith(b"HTTP/1.1 101") and not answer.startswith(b"HTTP/1.1 200")
        writer.close()
        async with music(server, additional_headers=BEARER["listen"]) as client:
            await until(client, "hello")

    serving(body, tokens=TOKENS)


HEADER_BYTES = st.characters(min_codepoint=32, max_codepoint=255)
OFFERS = st.lists(st.one_of(
    st.text(HEADER_BYTES, max_size=60).map(lambda t: f"Authorization: Bearer {t}"),
    st.text(HEADER_BYTES, max_size=60).map(lambda t: f"Authorization: {t}"),
    st.text(HEADER_BYTES, max_size=60).map(lambda t: f"Sec-WebSocket-Protocol: sideman, sideman.token.{t}"),
    st.sampled_from([f"Authorization: Bearer {CONTROL[:-1]}", f"Authorization: Bearer {CONTROL}{CONTROL}",
                     f"Cookie: token={CONTROL}", f"Sec-WebSocket-Protocol: {CONTROL}", f"X-Token: {CONTROL}",
                     f"Authorization: Bearer {CONTROL}\r\nAuthorization: Bearer {CONTROL}",
                     f"Authorization: Bearer {CONTROL},{LISTEN}", f"authorization:Bearer {CONTROL.upper()}"]),
), max_size=4)
UPGRADE = ("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(["/music", "/metrics", "/healthz", f"/music?token={CONTROL}"]), OFFERS),
                min_size=1, max_size=4))
def test_no_wrong_token_opens_the_socket_or_the_figures(tries: list[tuple[str, list[str]]]) -> None:
    async def body(server: Server, _: FakeConductor) -> None:
        for path, offers in tries:
            lines = "".join(f"{line}\r\n" for line in offers)
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            upgrade = UPGRADE if path.startswith("/music") else ""
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{upgrade}{lines}\r\n".encode("latin-1"))
            try:
                answer = await asyncio.wait_for(reader.read(4000), 5)
            except ConnectionResetError:
                answer = b""
            writer.close()
            assert b" 101 " not in answer[:20] and b"sideman_" not in answer and b'"role"' not in answer
            assert CONTROL.encode() not in answer
        assert server.clients == 0

    serving(body, tokens=TOKENS)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
                    max_leaves=8)
KINDS = [kind.__name__.lower() for kind in get_args(wire.ClientMessage)]
SAID = st.one_of(
    st.sampled_from(KINDS).map(lambda kind: {"type": kind}),
    st.sampled_from([{"type": "generate", "params": {"genre": "jazz"}}, {"type": "modify", "params": {"tempo": 90}},
                     {"type": "set", "values": {"mixer.bass.gain_db": -3}}, {"type": "locate", "bar": 2},
                     {"type": "stop", "role": "control"}, {"type": "stop", "token": CONTROL}]),
    st.builds(lambda kind, more: {**more, "type": kind}, st.sampled_from(KINDS),
              st.dictionaries(st.sampled_from(["params", "values", "bar", "id", "role", "token", "on"]), JSON,
                              max_size=3)),
).map(json.dumps) | st.text(max_size=200) | st.binary(max_size=200)


def test_whatever_a_listener_says_nothing_is_done() -> None:
    async def body(server: Server, conductor: FakeConductor) -> None:
        loop = asyncio.get_running_loop()

        @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(SAID, min_size=1, max_size=8))
        def tried(said: list[str | bytes]) -> None:
            asyncio.run_coroutine_threadsafe(say(said), loop).result(10)

        async def say(said: list[str | bytes]) -> None:
            async with music(server, additional_headers=BEARER["listen"]) as client:
                for each in said:
                    await client.send(each)
                await ask(client, type="ping", id=2**40)
                while (await until(client, "pong")).get("id") != 2**40:
                    pass

        await asyncio.to_thread(tried)
        assert {what for what, _ in conductor.told} <= {"hear_stems"} and server.faults["forbidden"] > 10

    serving(body, tokens=TOKENS, limits=Limits(messages_a_s=10_000))
