"""The Python client's clock, playback and coming back, against a real server."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from server_stage import FakeConductor
from websockets.asyncio.server import ServerConnection, serve

from bridge.client import MusicClient
from bridge.errors import DeviceError
from bridge.stream import dial, wire
from bridge.stream.server import Server
from bridge.stream.sync import Mode
from instruments.system_clock import clock_ns

RATE = 48_000
HALF = np.full((2, 512), 0.5, np.float32)


def connected(body: Callable[[MusicClient, Server], Awaitable[None]], **options: Any) -> None:
    async def run() -> None:
        server = Server(FakeConductor(), port=0)
        await server.start()
        try:
            async with MusicClient(server.socket_url, **options) as client:
                await body(client, server)
        finally:
            await server.stop()

    asyncio.run(asyncio.wait_for(run(), 20))


async def until(there: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not there():
            await asyncio.sleep(0.01)


def test_the_clock_is_kept_and_frames_are_due_in_sync() -> None:
    async def body(client: MusicClient, server: Server) -> None:
        heard: list[wire.Audio] = []
        client.on("audio", heard.append)
        assert client.due_ns(wire.Audio(0, 0, RATE, HALF)) is None
        await until(lambda: client.clock.ready)
        offset = client.clock.offset_ns - 100 * 10**9
        assert abs(offset) < 5_000_000
        ns = clock_ns()
        await client.ping()
        server.publish_audio(0, ns, HALF)
        await until(lambda: heard)
        assert client.hello is not None
        due = client.due_ns(heard[0])
        assert due == pytest.approx(ns - 100 * 10**9 + client.hello.sync_latency_ms * 1e6, abs=5_000_000)

    connected(body, keep_clock=True, now_ns=lambda: clock_ns() - 100 * 10**9)


def test_no_pings_where_no_clock_is_wanted() -> None:
    async def body(client: MusicClient, server: Server) -> None:
        client.playback(RATE, "low-latency")
        await asyncio.sleep(0.2)
        assert client.clock.offset_ns == 0
        client.playback(RATE, "sync")
        await until(lambda: client.clock.ready)

    connected(body)


@pytest.mark.parametrize("mode", ["sync", "low-latency"])
def test_playback_hears_the_mix_at_the_time_that_is_wanted(mode: Mode) -> None:
    async def body(client: MusicClient, server: Server) -> None:
        playback = client.playback(44_100, mode)
        await client.ping()  # the subscription is there
        await until(lambda: client.clock.ready or mode == "low-latency")
        began, frame, loud = clock_ns(), 0, 0.0
        async with asyncio.timeout(10):
            while loud < 0.45:
                ns = began + frame * 10**9 // RATE
                await asyncio.sleep(max(0.0, (ns - clock_ns()) / 1e9))
                server.publish_audio(frame, ns, HALF)
                frame += 512
                await asyncio.sleep(0.002)
                now = clock_ns()
                loud = float(playback.pull(470, now, now).max())
        behind_ms = (clock_ns() - began) / 1e6 - playback.report.frame / RATE * 1e3
        if mode == "sync":
            assert 150 < behind_ms < 250
        else:
            assert behind_ms < 150
        client.end_playback(playback)
        await client.ping()
        listened = next(metric for metric in server.metrics() if metric.name == "stream_listeners")
        assert not listened.samples

    connected(body)


def test_it_comes_back_after_a_loss_and_asks_again() -> None:
    async def run() -> None:
        server = Server(FakeConductor(), port=0)
        await server.start()
        client = MusicClient(server.socket_url, reconnect=True, keep_clock=True)
        states: list[str] = []
        heard: list[wire.Audio] = []
        client.on("connection", states.append)
        client.on("audio", heard.append)
        await client.connect()
        port = server.port
        await server.stop()
        await until(lambda: "closed" in states)
        again = Server(FakeConductor(), port=port, explicit_port=True)
        await again.start()
        await until(lambda: states.count("open") == 2)
        await client.ping()
        again.publish_audio(7, 8, HALF)
        await until(lambda: heard)
        assert heard[0].frame0 == 7
        await until(lambda: client.clock.ready)
        await client.close()
        await asyncio.wait_for(client.wait_closed(), 1)
        await again.stop()
        assert states[-1] == "closed"

    asyncio.run(asyncio.wait_for(run(), 20))


def test_another_address_is_taken_when_the_first_dies() -> None:
    async def run() -> None:
        one, other = Server(FakeConductor(), port=0), Server(FakeConductor(), port=0)
        await one.start()
        await other.start()
        client = MusicClient(one.socket_url, others=[other.socket_url], reconnect=True, keep_clock=True)
        await client.connect()
        assert client.url == one.socket_url
        await until(lambda: client.clock.ready)
        await one.stop()
        await until(lambda: client.url == other.socket_url and other.clients)
        await until(lambda: client.clock.ready)
        await client.close()
        await other.stop()

    asyncio.run(asyncio.wait_for(run(), 20))


def test_close_ends_the_coming_back() -> None:
    async def run() -> None:
        server = Server(FakeConductor(), port=0)
        await server.start()
        client = MusicClient(server.socket_url, reconnect=True)
        await client.connect()
        await server.stop()
        await asyncio.sleep(dial.RETRY_S / 2)
        await client.close()
        await asyncio.wait_for(client.wait_closed(), 1)
        with pytest.raises(DeviceError, match="sideman play"):
            await client.connect()

    asyncio.run(asyncio.wait_for(run(), 20))


def test_who_answers_in_the_servers_place_and_does_not_greet_is_left_and_tried_again() -> None:
    async def run() -> None:
        server = Server(FakeConductor(), port=0)
        await server.start()
        client = MusicClient(server.socket_url, reconnect=True, answer_timeout_s=0.2)
        states: list[str] = []
        client.on("connection", states.append)
        await client.connect()
        await server.stop()

        async def mute(connection: ServerConnection) -> None:
            await connection.wait_closed()

        async with serve(mute, "localhost", server.port):
            await until(lambda: states.count("closed") >= 3)
            ended = asyncio.create_task(client.wait_closed())
            await asyncio.sleep(0)
            assert not ended.done()
        again = Server(FakeConductor(), port=server.port, explicit_port=True)
        await again.start()
        await until(lambda: states[-1] == "open")
        await client.close()
        await ended
        await again.stop()

    asyncio.run(asyncio.wait_for(run(), 20))
