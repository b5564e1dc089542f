"""Whatever comes over the wire, a well-behaved client beside it is served, nothing leaks and no task fails."""

import asyncio
import contextlib
import gc
import json
import os
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server_stage import FakeConductor, ask, get, music, until
from websockets.frames import Frame, Opcode

from bridge.stream import connection
from bridge.stream.door import Limits
from bridge.stream.server import Server

HANDSHAKE = get("/music", more="Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n").encode()
MESSAGES = [
    '{"type":"ping","t":1,"id":3}', '{"type":"subscribe","block":64,"format":"int16"}',
    '{"type":"subscribe","stems":["bass"],"buffer":10,"meters":true}', '{"type":"modify","params":{"tempo":NaN}}',
    '{"type":"generate","params":{"tempo":1e999}}', '{"type":"set","values":{"mixer.bass.gain_db":-6}}',
    '{"type":"locate","bar":3}', '{"type":"stop"}', '{"type":"dance"}', "[" * 3000,
]


def frame(first: int, payload: bytes, masked: bool) -> bytes:
    """With any opcode and bits; the mask, where there is one, is zeros."""
    size = bytes((len(payload),)) if len(payload) < 126 else b"\x7e" + len(payload).to_bytes(2, "big")
    return bytes((first, size[0] | 0x80 * masked)) + size[1:] + bytes(4 * masked) + payload


FRAMES = st.builds(
    frame, st.sampled_from([0x81, 0x81, 0x82, 0x01, 0x80, 0x88, 0x89, 0x8A, 0xF1, 0x83]) | st.integers(0, 255),
    st.binary(max_size=300) | st.sampled_from(MESSAGES).map(str.encode), st.sampled_from([True, True, True, False]),
)
LENGTHS = st.builds(lambda first, second, rest: bytes((first, second)) + rest, st.integers(0, 255), st.integers(0, 255),
                    st.binary(max_size=12))  # heads that promise what never comes, up to 2^64 bytes
AFTER = st.lists(FRAMES | LENGTHS | st.binary(max_size=400), max_size=6).map(b"".join)


@st.composite
def wrongs(draw: st.DrawFn) -> bytes:
    """Garbage; or a handshake, bent or whole, and frames after it."""
    if draw(st.booleans()):
        head = bytearray(HANDSHAKE)
        for _ in range(draw(st.integers(0, 4))):
            head[draw(st.integers(0, len(head) - 1))] = draw(st.integers(0, 255))
        return bytes(head) + draw(AFTER)
    return draw(st.sampled_from([b"", HANDSHAKE, HANDSHAKE[:40]])) + draw(AFTER)


class Bench:
    """A server with one good client, in a loop of its own; faults in tasks and callbacks are kept."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.faults: list[str] = []
        self.loop.set_exception_handler(lambda _, context: self.faults.append(str(context)))
        self.server = Server(FakeConductor(), port=0, limits=Limits(messages_a_s=100_000))
        self.run(self.server.start())
        self.good = self.run(self._connect())

    async def _connect(self):  # type: ignore[no-untyped-def]
        client = await music(self.server)
        await ask(client, type="subscribe", audio=False, midi=False, status=False)
        return client

    def run(self, what):  # type: ignore[no-untyped-def]
        return self.loop.run_until_complete(asyncio.wait_for(what, 30))

    async def still_serves(self) -> None:
        await ask(self.good, type="ping", t=1)
        await until(self.good, "pong")

    async def alone(self) -> None:
        """Until all but the good client have gone."""
        while self.server.clients > 1 or len(self.server._register.all) > 1:
            await asyncio.sleep(0.001)
        assert not self.server._register.opening and len(self.server._lanes.wishes) == 1

    def close(self) -> None:
        self.run(self.good.close())
        self.run(self.server.stop())
        self.loop.close()


@pytest.fixture(scope="module")
def bench():  # type: ignore[no-untyped-def]
    stage = Bench()
    yield stage
    stage.close()


async def say(server: Server, data: bytes, *, half_close: bool) -> None:
    """Say it, let the server act on it, read what it says, and vanish."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    with contextlib.suppress(OSError):
        writer.write(data)
        if half_close:
            writer.write_eof()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reader.read(100_000), 0.01)
    writer.transport.abort()


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=wrongs(), half_close=st.booleans())
def test_bytes_of_any_kind_harm_nobody_else(bench: Bench, data: bytes, half_close: bool) -> None:
    async def body() -> None:
        await say(bench.server, data, half_close=half_close)
        bench.server.publish_audio(0, 0, np.zeros((2, 512), np.float32))
        await bench.still_serves()
        await bench.alone()

    bench.run(body())
    assert not bench.faults


def test_bent_messages_are_answered_or_end_their_own_connection(bench: Bench) -> None:
    """Bits of good messages are turned, thousands of them, over connections that stay where they may."""
    dice = random.Random(5)

    async def body() -> None:
        client, answers = await music(bench.server), 0
        for _n in range(1500):
            text = bytearray(dice.choice(MESSAGES).encode())
            for _ in range(dice.randint(0, 3)):
                text[dice.randrange(len(text))] ^= 1 << dice.randrange(7)
            await client.send(bytes(text).decode(errors="replace"))
            await asyncio.sleep(0)  # who never lets the answers come has too many unread, and is thrown out
            while len(client.recv_messages.frames) > 8:
                answers += isinstance(await client.recv(), str)
        await ask(client, type="ping", t=2, id=77)
        while (answer := json.loads(await client.recv())).get("id") != 77:
            answers += answer["type"] == "error"
        assert answer["type"] == "pong" and answers > 500
        await client.close()
        await bench.alone()

    bench.run(body())
    assert not bench.faults


def test_half_open_handshakes_in_any_number_keep_nobody_out(bench: Bench) -> None:
    async def body() -> None:
        crowd = bench.server.faults["crowd"]
        writers = []
        for n in range(connection._OPENING + 60):
            _, writer = await asyncio.open_connection("127.0.0.1", bench.server.port)
            writer.write(HANDSHAKE[: n % 60])
            writers.append(writer)
        async with music(bench.server) as late:
            await until(late, "status")
        assert bench.server.faults["crowd"] - crowd >= 60 and len(bench.server._register.opening) <= connection._OPENING
        for writer in writers:
            writer.transport.abort()
        await bench.alone()

    bench.run(body())
    assert not bench.faults


def test_a_thousand_connections_at_once_are_served_or_refused_and_audio_goes_on(bench: Bench) -> None:
    async def visit(gate: asyncio.Semaphore) -> bool:
        async with gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", bench.server.port)
            writer.write(HANDSHAKE)
            answer = await reader.readline()
            writer.transport.abort()
            return answer.startswith(b"HTTP/1.1 101")

    async def body() -> None:
        gate = asyncio.Semaphore(200)
        visits = asyncio.gather(*(visit(gate) for _ in range(1000)))
        pongs = 0
        while not visits.done():
            bench.server.publish_audio(0, 0, np.zeros((2, 512), np.float32))
            await bench.still_serves()
            pongs += 1
        assert sum(await visits) == 1000 and pongs > 3
        await bench.alone()

    bench.run(body())
    assert not bench.faults


async def visits(server: Server, count: int, act: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> None:
    for _n in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
        await act(writer)
        writer.transport.abort()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_memory_is_flat_while_clients_come_and_go(bench: Bench) -> None:
    """Good ones, ones that subscribe to all and ones that never read: after the first ones nothing more is kept."""
    def rss() -> int:
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    async def act(writer: asyncio.StreamWriter) -> None:
        writer.write(Frame(Opcode.TEXT, MESSAGES[2].encode()).serialize(mask=True))
        for n in range(4):
            bench.server.publish_audio(n * 512, 0, np.zeros((2, 512), np.float32))
        await asyncio.sleep(0)

    bench.run(visits(bench.server, 150, act))
    bench.run(bench.alone())
    before = rss()
    bench.run(visits(bench.server, 500, act))
    bench.run(bench.alone())
    assert rss() - before < 500 * 800  # bytes: a connection takes 15 kB while it lasts
    assert not bench.faults


def test_a_good_client_hears_every_block_while_others_do_wrong(bench: Bench) -> None:
    dice, thrown_out = random.Random(7), bench.server.health()["dropped"]["clients"]

    async def wrong(until_s: float) -> int:
        done = 0
        while time.monotonic() < until_s:
            await say(bench.server, HANDSHAKE + dice.randbytes(dice.randint(0, 2000)), half_close=dice.random() < 0.5)
            done += 1
        return done

    async def body() -> None:
        async with music(bench.server, max_queue=None) as listener:
            await ask(listener, type="subscribe", id=1, block=128, midi=False, status=False)
            await until(listener, "ok")
            until_s = time.monotonic() + 1.5
            others = asyncio.gather(*(wrong(until_s) for _ in range(8)))
            sent = 0
            while not others.done():
                bench.server.publish_audio(sent * 128, 0, np.zeros((2, 128), np.float32))
                sent += 1
                await asyncio.sleep(128 / 48_000)
            heard = 0
            while heard < sent:
                heard += isinstance(await asyncio.wait_for(listener.recv(), 5), bytes)
            assert sum(await others) > 20 and bench.server.health()["dropped"]["clients"] == thrown_out
        await bench.alone()

    bench.run(body())
    assert not bench.faults
