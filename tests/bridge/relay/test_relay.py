"""Relays over real sockets: sound, news and commands pass, and whoever goes away comes back."""

import asyncio
import socket
from contextlib import AsyncExitStack

import numpy as np
import pytest
from relay_stage import SOUND, engine, play, relay, running, there, until, within

from bridge.client import MusicClient
from bridge.errors import DeviceError, MessageError
from bridge.relay.line import Pass
from bridge.relay.node import Relay, wish
from bridge.stream import opus, wire
from bridge.stream.door import Limits
from bridge.stream.server import Server
from bridge.stream.tokens import Secret, Tokens
from instruments.system_clock import clock_ns

TOKENS = Tokens(Secret("c" * 30), Secret("l" * 30), "the test")
needs_opus = pytest.mark.skipif(not opus.available(), reason="no PyAV: pip install 'sideman[opus]'")


def near(server: Server) -> str:
    return server.socket_url.replace("localhost", "127.0.0.1")


def test_sound_passes_two_relays_to_the_bit_with_the_time_of_its_own_clock() -> None:
    async def body() -> None:
        async with engine() as (server, _), relay(server.socket_url) as one, relay(one.server.socket_url) as two:
            async with MusicClient(near(server), block=128) as direct, MusicClient(near(two.server), block=128) as far:
                first: list[wire.Audio] = []
                heard: list[wire.Audio] = []
                direct.on("audio", first.append)
                far.on("audio", heard.append)
                await asyncio.gather(direct.ping(), far.ping())
                began = clock_ns()
                play(server, ns=began)
                await until(lambda: len(heard) == len(first) == 64)
            assert np.array_equal(np.concatenate([a.samples for a in heard], axis=1), SOUND)
            assert [a.frame0 for a in heard] == [a.frame0 for a in first]
            off = [b.ns0 - a.ns0 for a, b in zip(first, heard, strict=True)]
            assert max(map(abs, off)) < 20_000_000, "the clocks of one machine are one"

    within(20, body())


@pytest.mark.parametrize("asked", [wish("int16", 64), pytest.param(wish("opus", 256), marks=needs_opus)])
def test_the_way_to_a_relay_may_be_narrow(asked: wire.Subscribe) -> None:
    async def body() -> None:
        async with engine() as (server, _), relay(server.socket_url, asked=asked) as node:
            async with MusicClient(near(node.server), block=512) as client:
                heard: list[wire.Audio] = []
                client.on("audio", heard.append)
                await client.ping()
                play(server)
                await until(lambda: sum(a.samples.shape[1] for a in heard) >= SOUND.shape[1] - 1024)
            if asked.format == "int16":
                assert np.abs(np.concatenate([a.samples for a in heard], axis=1) - SOUND).max() < 1 / 32767
            assert node.server.health()["dropped"]["audio"] == 0

    within(20, body())


def test_commands_go_up_and_answers_come_back_to_who_asked() -> None:
    async def body() -> None:
        async with AsyncExitStack() as stack:
            server, conductor = await stack.enter_async_context(engine())
            one = await stack.enter_async_context(relay(server.socket_url))
            two = await stack.enter_async_context(relay(one.server.socket_url))
            async with MusicClient(near(one.server)) as anna, MusicClient(near(two.server)) as ben:
                bens: list[wire.Error] = []
                ben.on("error", bens.append)
                hellos: list[wire.Hello] = []
                ben.on("hello", hellos.append)
                with pytest.raises(MessageError, match="'none' is not known"):
                    await anna.generate(genre="none")
                await ben.generate(instruments=["piano"])
                assert (hello := hellos[-1]).session == "piano" and hello.tracks
                await anna.modify(tempo=90)
                await ben.set({"mixer.bass.gain_db": -6}, 2.0)
                with pytest.raises(MessageError, match=r"mixer\.nobody"):
                    await ben.set({"mixer.nobody": 1})
                assert [info.path for info in await ben.parameters("gain")] == ["mixer.bass.gain_db"]
                for ask in (ben.stop, ben.play, ben.keep):
                    await ask()
                await ben.locate(9)
                assert [what for what, _ in conductor.told] == [
                    "generate", "modify", "set", "stop", "play", "keep", "locate"]
                assert conductor.told[2] == ("set", ({"mixer.bass.gain_db": -6}, 2.0)) and not bens[1:]

    within(20, body())


def test_news_pass_and_late_joiners_are_told_at_once() -> None:
    async def body() -> None:
        async with engine() as (server, _), relay(server.socket_url) as node:
            news: list[object] = []
            async with MusicClient(near(node.server)) as client:
                for topic in ("midi", "moved", "status", "meters", "lost"):
                    client.on(topic, news.append)  # type: ignore[arg-type]
                client.on("audio", lambda _: None)
                await client.ping()
                notes = (wire.MidiEvent(1.0, 60, 100, 0.5, "bass", 0, 4.0),)
                moves = (wire.Move("mixer.bass.gain_db", -6, 1.0, 0.0),)
                status = wire.Status(status="playing", time=5.0, position=1.0, tempo=90.0,
                                     levels=wire.Levels((0.5, 0.4)))
                server.publish_midi(notes)
                server.publish_moves(moves)
                server.publish_status(status)
                server.publish_lost(wire.Lost(2, 256))
                await until(lambda: wire.Lost(2, 256) in news)
                for what in (notes, moves, status, wire.Meters(5.0, wire.Levels((0.5, 0.4)))):
                    assert what in news
            async with MusicClient(near(node.server)) as late:
                late.on("status", lambda _: None)
                await until(lambda: late.status is not None)
                assert late.status == status and late.hello is not None and late.hello.session == "jazz-trio"

    within(20, body())


def test_stems_are_made_as_long_as_a_relays_client_hears_them() -> None:
    async def body() -> None:
        async with engine() as (server, conductor), relay(server.socket_url) as node:
            async with MusicClient(near(node.server), block=128, stems=["bass"]) as client:
                heard: list[wire.Audio] = []
                client.on("stem", heard.append)
                await until(lambda: ("hear_stems", {"bass"}) in conductor.told)
                await client.ping()
                for n in range(8):
                    server.publish_stem("bass", n * 128, n, SOUND[:, :128].copy())
                await until(lambda: len(heard) == 8)
                assert {a.stream for a in heard} == {1}
            await until(lambda: conductor.told[-1] == ("hear_stems", set()))

    within(20, body())


def test_without_its_music_a_relay_says_so_keeps_its_clients_and_comes_back() -> None:
    async def body() -> None:
        told: list[str] = []
        async with AsyncExitStack() as stack:
            first = AsyncExitStack()
            server, conductor = await first.enter_async_context(engine())
            node = await stack.enter_async_context(relay(server.socket_url, told=told))
            client = await stack.enter_async_context(MusicClient(near(node.server)))
            closes: list[str] = []
            states: list[str] = []
            client.on("close", closes.append)
            client.on("status", lambda status: states.append(status.status))
            await client.ping()
            await first.aclose()
            await until(lambda: states[-1:] == ["stopped"])
            assert client.status is not None and client.status.notices[-1].level == "error"
            assert "lost its music" in client.status.notices[-1].text
            with pytest.raises(MessageError, match="nobody can be asked"):
                await client.generate(genre="jazz")
            again, conductor = await stack.enter_async_context(engine(port=server.port))
            await until(lambda: states[-1] == "playing")
            await client.generate(genre="jazz")
            assert [what for what, _ in conductor.told] == ["generate"] and not closes
            assert [line.partition(":")[0] for line in told] == [
                "the music is here", "the music is away, tried again until it comes", "the music is here"]
            heard: list[wire.Audio] = []
            client.on("audio", heard.append)
            await client.ping()
            play(again)
            await until(lambda: sum(a.samples.shape[1] for a in heard) == SOUND.shape[1])

    within(20, body())


def test_a_relay_that_dies_loses_only_its_own_clients_who_come_to_another() -> None:
    async def body() -> None:
        async with engine() as (server, conductor), relay(server.socket_url) as stays:
            goes = AsyncExitStack()
            dies = await goes.enter_async_context(relay(server.socket_url))
            urls = [near(dies.server), near(stays.server)]
            async with MusicClient(urls[0], others=urls[1:], reconnect=True, block=128) as moves, MusicClient(
                    urls[1], block=128) as remains:
                heard: dict[str, list[wire.Audio]] = {"moves": [], "remains": []}
                closes: list[str] = []
                moves.on("audio", heard["moves"].append)
                remains.on("audio", heard["remains"].append)
                remains.on("close", closes.append)
                await asyncio.gather(moves.ping(), remains.ping())
                play(server, blocks=8)
                await until(lambda: len(heard["moves"]) == len(heard["remains"]) == 8)
                await goes.aclose()
                await until(lambda: moves.url == urls[1])
                await moves.play()
                play(server, first=8, blocks=8)
                await until(lambda: len(heard["moves"]) == len(heard["remains"]) == 16)
                assert conductor.told == [("play", None)] and not closes

    within(20, body())


def test_a_full_relay_sends_clients_to_the_next() -> None:
    async def body() -> None:
        async with engine() as (server, _), relay(server.socket_url, limits=Limits(clients=1)) as full, relay(
                server.socket_url) as free, MusicClient(near(full.server)), MusicClient(
                near(full.server), others=[near(free.server)]) as second:
            assert second.url == near(free.server) and full.server.clients == 1

    within(20, body())


def test_of_several_upstreams_the_next_is_taken() -> None:
    async def body() -> None:
        async with AsyncExitStack() as stack:
            first = AsyncExitStack()
            one, _ = await first.enter_async_context(engine())
            two, conductor = await stack.enter_async_context(engine())
            node = await stack.enter_async_context(relay("ws://127.0.0.1:9/music", one.socket_url, two.socket_url))
            async with MusicClient(near(node.server)) as client:
                await first.aclose()
                await until(lambda: node.stage.joins == 2)
                await client.stop()
                assert conductor.told == [("stop", None)]

    within(20, body())


def test_each_side_has_tokens_of_its_own() -> None:
    others = Tokens(Secret("d" * 30), Secret("m" * 30), "the test")

    async def body() -> None:
        async with engine(tokens=TOKENS) as (server, conductor):
            async with relay(server.socket_url, token="c" * 30, tokens=others) as node:
                with pytest.raises(DeviceError, match="token"):
                    await MusicClient(near(node.server), token="c" * 30).connect()
                async with MusicClient(near(node.server), token="m" * 30) as listener:
                    assert listener.hello is not None and listener.hello.role == "listen"
                    with pytest.raises(MessageError, match="not for listeners"):
                        await listener.stop()
                async with MusicClient(near(node.server), token="d" * 30) as client:
                    await client.stop()
                assert conductor.told == [("stop", None)]
            async with relay(server.socket_url, token="l" * 30) as node, MusicClient(near(node.server)) as client:
                assert client.hello is not None and client.hello.role == "listen", "no more than the relay itself"
                with pytest.raises(MessageError, match="not for listeners"):
                    await client.stop()

    within(20, body())


def test_a_wrong_token_ends_it_at_the_start() -> None:
    async def body() -> None:
        async with engine(tokens=TOKENS) as (server, _):
            for token in (None, "x" * 30):
                node = Relay(there(server.socket_url), lambda stage: Server(stage, port=0), asked=wish(),
                             ours=Pass(token))
                with pytest.raises(DeviceError, match="upstream-token-file"):
                    await node.run()

    within(20, body())


def test_a_relay_that_starts_before_its_music_waits_for_it() -> None:
    async def body() -> None:
        async with AsyncExitStack() as stack:
            async with engine() as (server, _):
                port = server.port
            told: list[str] = []
            node = Relay(there(f"ws://127.0.0.1:{port}/music"), lambda stage: Server(stage, port=0), asked=wish(),
                         tell=told.append)
            waiting = asyncio.ensure_future(stack.enter_async_context(running(node.run)))
            await until(lambda: bool(told))
            assert "no Sideman answers" in told[0]
            await stack.enter_async_context(engine(port=port))
            await waiting
            assert node.stage.up and len(told) == 2

    within(20, body())


def test_a_ring_of_relays_is_left_when_its_engine_has_gone() -> None:
    """Both would else hear the other for ever, and never the engine that came back."""

    async def body() -> None:
        async with AsyncExitStack() as stack:
            first = AsyncExitStack()
            server, _ = await first.enter_async_context(engine())
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = free.getsockname()[1]
            told: list[str] = []
            one = await stack.enter_async_context(
                relay(server.socket_url, f"ws://127.0.0.1:{port}/music", told=told))
            two = await stack.enter_async_context(
                relay(server.socket_url, one.server.socket_url, port=port, explicit_port=True, told=told))
            assert one.stage.hello().relays == two.stage.hello().relays == 1
            await first.aclose()
            await until(lambda: any("a ring" in line for line in told))
            _, conductor = await stack.enter_async_context(engine(port=server.port))
            for node in (one, two):
                await until(lambda node=node: node.stage.up and node.stage.hello().relays <= 2)
                async with MusicClient(near(node.server)) as client:
                    await client.stop()
            assert conductor.told == [("stop", None)] * 2

    within(30, body())


def test_metrics_tell_of_the_upstream() -> None:
    async def body() -> None:
        async with engine() as (server, _), relay(server.socket_url) as node:
            names = {metric.name: metric.samples[0].value for metric in node.server.metrics() if metric.samples}
            assert names["relay_up"] == 1 and names["relay_joins_total"] == 1 and names["clients"] == 0
            assert 0 < names["relay_clock_error_seconds"] < 1

    within(20, body())
