"""Relays over a real NATS server, and as processes whose machines' clocks are far apart."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "bridge" / "relay"))
from relay_stage import SOUND, engine, play, relay, running, there, until, within

from bridge.client import MusicClient
from bridge.errors import DeviceError, MessageError
from bridge.relay.node import wish
from bridge.relay.publisher import Publisher
from bridge.stream import wire
from bridge.stream.server import Server
from instruments.system_clock import clock_ns

pytestmark = pytest.mark.peer("nats-server")
APART_S = 5000


class Nats:
    """A nats-server on a port of its own, started and stopped at will."""

    def __init__(self, *words: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._words = words
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def url(self, name: str = "jazz", who: str = "") -> str:
        return f"nats://{who}127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        command = [str(shutil.which("nats-server")), "-a", "127.0.0.1", "-p", str(self.port), *self._words]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            assert self._process.poll() is None, "nats-server ended"
        raise AssertionError("nats-server does not listen")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


@pytest.fixture
def nats() -> Iterator[Nats]:
    server = Nats()
    yield server
    server.stop()


@contextlib.asynccontextmanager
async def published(server: Server, target: str, told: list[str] | None = None) -> AsyncIterator[Publisher]:
    publisher = Publisher(there(server.socket_url), there(target)[0], asked=wish(),
                          tell=(told if told is not None else []).append)
    async with running(publisher.run):
        yield publisher


def near(server: Server) -> str:
    return server.socket_url.replace("localhost", "127.0.0.1")


def test_an_audience_of_two_relays_hears_and_commands_one_engine(nats: Nats) -> None:
    async def body() -> None:
        async with contextlib.AsyncExitStack() as stack:
            server, conductor = await stack.enter_async_context(engine())
            await stack.enter_async_context(published(server, nats.url()))
            one, two = [await stack.enter_async_context(relay(nats.url())) for _ in range(2)]
            async with MusicClient(near(one.server), block=128) as anna, MusicClient(
                    near(two.server), block=128) as ben:
                heard: dict[str, list[wire.Audio]] = {"anna": [], "ben": []}
                news: list[object] = []
                anna.on("audio", heard["anna"].append)
                ben.on("audio", heard["ben"].append)
                ben.on("midi", news.append)
                await asyncio.gather(anna.ping(), ben.ping())
                play(server, ns=clock_ns())
                notes = (wire.MidiEvent(1.0, 60, 100, 0.5, "bass", 0, 4.0),)
                server.publish_midi(notes)
                await until(lambda: len(heard["anna"]) == len(heard["ben"]) == 64 and news == [notes])
                for got in heard.values():
                    assert np.array_equal(np.concatenate([a.samples for a in got], axis=1), SOUND)
                apart = [abs(a.ns0 - b.ns0) for a, b in zip(*heard.values(), strict=True)]
                assert max(apart) < 20_000_000
                with pytest.raises(MessageError, match="'none' is not known"):
                    await anna.generate(genre="none")
                await ben.generate(instruments=["piano"])
                await until(lambda: anna.hello is not None and anna.hello.session == "piano")
                assert [info.path for info in await anna.parameters("gain")] == ["mixer.bass.gain_db"]
                assert [what for what, _ in conductor.told] == ["generate"]

    within(30, body())


def test_stems_are_made_for_the_relays_that_hear_them(nats: Nats) -> None:
    async def body() -> None:
        async with engine() as (server, conductor), published(server, nats.url()), relay(nats.url()) as one, relay(
                nats.url()) as two:
            async with MusicClient(near(one.server), block=128, stems=["bass"]) as client, MusicClient(
                    near(two.server), block=128) as other:
                heard: list[wire.Audio] = []
                others: list[wire.Audio] = []
                client.on("stem", heard.append)
                other.on("audio", others.append)
                await until(lambda: conductor.told[-1:] == [("hear_stems", {"bass"})])
                await asyncio.gather(client.ping(), other.ping())
                server.publish_stem("bass", 0, 0, SOUND[:, :128].copy())
                play(server, blocks=1)
                await until(lambda: bool(heard and others))
                assert [a.stream for a in heard] == [1] and [a.stream for a in others] == [0]
            await until(lambda: conductor.told[-1] == ("hear_stems", set()))

    within(30, body())


def test_whatever_goes_away_is_told_of_and_comes_back(nats: Nats) -> None:
    async def body() -> None:
        async with contextlib.AsyncExitStack() as stack:
            server, conductor = await stack.enter_async_context(engine())
            publishing = contextlib.AsyncExitStack()
            await publishing.enter_async_context(published(server, nats.url()))
            with pytest.raises(DeviceError, match="published already"):
                await Publisher(there(server.socket_url), there(nats.url())[0], asked=wish()).run()
            node = await stack.enter_async_context(relay(nats.url()))
            client = await stack.enter_async_context(MusicClient(near(node.server), block=128))
            states: list[str] = []
            closes: list[str] = []
            client.on("status", lambda status: states.append(status.status))
            client.on("close", closes.append)
            await client.ping()
            nats.stop()
            nats.start()
            for _ in range(100):  # the engine's side, or ours, may be back first
                try:
                    await client.play()
                    break
                except (MessageError, DeviceError):
                    await asyncio.sleep(0.1)
            assert conductor.told == [("play", None)]
            await publishing.aclose()
            await until(lambda: states[-1] == "stopped")
            assert client.status is not None and "lost its music" in client.status.notices[-1].text
            await stack.enter_async_context(published(server, nats.url()))
            await until(lambda: states[-1] == "playing")
            await client.stop()
            await server.stop()
            await until(lambda: states[-1] == "stopped")
            assert not closes

    within(40, body())


def test_users_as_the_documentation_has_them_suffice_and_nobody_sees_a_password(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "relays.md").read_text(encoding="utf-8")
    config = tmp_path / "nats.conf"
    config.write_text(text[text.index("authorization {"):].partition("```")[0])
    server = Nats("--config", str(config))

    async def body() -> None:
        told: list[str] = []
        async with engine() as (sideman, conductor):
            with pytest.raises(DeviceError, match="does not let us in") as refused:
                async with published(sideman, server.url(who="studio:wrong-pass@")):
                    pass
            assert "wrong-pass" not in str(refused.value)
            async with published(sideman, server.url(who="studio:SECRET-1@"), told), relay(
                    server.url(who="relay:SECRET-2@"), told=told) as node:
                async with MusicClient(near(node.server), block=128, stems=["bass"]) as client:
                    heard: list[wire.Audio] = []
                    client.on("audio", heard.append)
                    client.on("stem", heard.append)
                    await client.stop()
                    await until(lambda: ("hear_stems", {"bass"}) in conductor.told)
                    await client.ping()
                    sideman.publish_stem("bass", 0, clock_ns(), SOUND[:, :128].copy())
                    play(sideman, blocks=1, ns=clock_ns())
                    await until(lambda: {a.stream for a in heard} == {0, 1})
                assert ("stop", None) in conductor.told and not any("SECRET" in line for line in told)
            with pytest.raises(DeviceError, match="does not let this user"):  # a relay may not publish
                async with published(sideman, server.url(who="relay:SECRET-2@")):
                    pass

    try:
        within(30, body())
    finally:
        server.stop()


def test_relays_on_machines_with_other_clocks_tell_the_time_of_their_own() -> None:
    """The command, in a time namespace whose monotonic clock is APART_S ahead; where that is not allowed, 0."""
    unshare = ["unshare", "--time", "--monotonic", str(APART_S), "--fork", "--kill-child"]
    allowed = subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode == 0
    apart_ns = APART_S * 10**9 if allowed else 0

    async def body() -> None:
        async with engine() as (server, _):
            process = await asyncio.create_subprocess_exec(
                *(unshare if allowed else []), sys.executable, "-m", "bridge", "relay", near(server), "--port", "0",
                stdout=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"})
            try:
                assert process.stdout is not None
                said = b""
                while not (found := re.search(rb"socket +ws://localhost:(\d+)", said)):
                    line = await asyncio.wait_for(process.stdout.readline(), 20)
                    assert line, said
                    said += line
                async with MusicClient(f"ws://127.0.0.1:{int(found[1])}/music", block=128) as client:
                    heard: list[wire.Audio] = []
                    client.on("audio", heard.append)
                    await client.ping()
                    began = clock_ns()
                    play(server, ns=began)
                    await until(lambda: len(heard) == 64)
                off = [a.ns0 - apart_ns - began - a.frame0 * 20_833 for a in heard]
                assert max(map(abs, off)) < 20_000_000
            finally:
                process.kill()  # unshare takes no other signal, and takes its child with it
                await process.wait()

    within(40, body())
