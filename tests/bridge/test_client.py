"""The Python client against a real server with a conductor that answers."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from bridge.client import MusicClient
from bridge.errors import DeviceError, MessageError, MusicError
from bridge.parameter_paths import ParameterInfo, described, find, matching, number
from bridge.stream import wire
from bridge.stream.metrics import Metric
from bridge.stream.server import Server
from instruments.parameter import Choice, Parameter

KNOWN = {path: described(path, rule, 0) for path, rule in {
    "mixer.bass.gain_db": Parameter("dB", -90, 24, 0), "track.bass.filter.type": Choice(("low", "high"), "low"),
}.items()}


class Conductor:
    def __init__(self) -> None:
        self.told: list[Any] = []

    async def generate(self, params: wire.GenerateParams) -> None:
        if params.genre == "polka":
            raise MusicError("genre 'polka' is not known: choose one of jazz")
        self.told.append(params)

    async def modify(self, params: wire.ModifyParams, at: wire.At = "bar") -> None:
        self.told.append(params)

    async def set(self, values: Mapping[str, float | str], ramp_s: float | None) -> None:
        for path, value in values.items():
            number(find(path, KNOWN), value)
        self.told.append((values, ramp_s))

    def parameters(self, match: str | None) -> Sequence[ParameterInfo]:
        return matching(KNOWN.values(), match)

    async def stop(self) -> None:
        self.told.append("stop")

    async def play(self) -> None:
        self.told.append("play")

    async def locate(self, bar: int) -> None:
        self.told.append(bar)

    def hello(self) -> wire.Hello:
        return wire.Hello(session="jazz-trio", sample_rate=44100, channels=2, tracks=())

    async def keep(self) -> None:
        self.told.append("keep")

    def hear_stems(self, tracks: Collection[str]) -> None:
        self.told.append(set(tracks))

    def figures(self) -> list[Metric]:
        return []

    def status(self) -> wire.Status:
        return wire.Status(status="stopped", time=0.0, position=0.0, tempo=100.0)


def connected(body: Callable[[MusicClient, Server, Conductor], Awaitable[None]], **options: Any) -> None:
    async def run() -> None:
        conductor = Conductor()
        server = Server(conductor, port=0)
        await server.start()
        try:
            async with MusicClient(server.socket_url.replace("localhost", "127.0.0.1"), **options) as client:
                await body(client, server, conductor)
        finally:
            await server.stop()

    asyncio.run(asyncio.wait_for(run(), 15))


def test_commands_arrive_and_take_json_or_python_names() -> None:
    async def body(client: MusicClient, _: Server, conductor: Conductor) -> None:
        await client.generate({"genre": "jazz", "timeSignature": [3, 4]}, duration=8)
        await client.generate(time_signature=(4, 4))
        await client.modify(tempo=90)
        await client.locate(5)
        await client.play()
        await client.stop()
        await client.keep()
        assert conductor.told == [
            wire.GenerateParams(genre="jazz", time_signature=(3, 4), duration=8),
            wire.GenerateParams(time_signature=(4, 4)), wire.ModifyParams(tempo=90.0), 5, "play", "stop", "keep",
        ]
        assert client.hello is not None and client.hello.sample_rate == 44100

    connected(body)


def test_refusals_are_raised_with_the_servers_words() -> None:
    async def body(client: MusicClient, _: Server, conductor: Conductor) -> None:
        heard: list[wire.Error] = []
        client.on("error", heard.append)
        with pytest.raises(MessageError, match="choose one of jazz"):
            await client.generate(genre="polka")
        with pytest.raises(MessageError, match=r"tempo.*20 to 400"):
            await client.modify(tempo=5)
        with pytest.raises(MessageError, match="not known"):
            await client.modify(temp=5)
        with pytest.raises(MessageError, match="bar = 0"):
            await client.locate(0)
        assert [e.request for e in heard] == ["generate", "locate"]
        assert conductor.told == []

    connected(body)


def test_callbacks_get_values_and_only_what_is_listened_to_is_sent() -> None:
    async def body(client: MusicClient, server: Server, conductor: Conductor) -> None:
        await client.ping()
        before = server.health()["sent"]["messages"]
        server.publish_audio(0, 0, np.zeros((2, 64), np.float32))
        assert server.health()["sent"]["messages"] == before
        audio: list[wire.Audio] = []
        notes: list[wire.MidiEvent] = []
        off = client.on("audio", audio.append)
        client.on("midi", notes.extend)
        client.on("midi", lambda _events: 1 / 0)
        await client.ping()
        block = np.random.default_rng(1).standard_normal((2, 64)).astype(np.float32)
        event = wire.MidiEvent(0.25, 64, 90.0, 0.5, "piano", 1, 0.5)
        server.publish_audio(441, 9, block)
        server.publish_midi([event])
        await client.ping()
        assert (audio[0].frame0, audio[0].time, audio[0].sample_rate) == (441, 0.01, 44100)
        np.testing.assert_array_equal(audio[0].samples, block)
        assert notes == [event] and client.callback_faults == 1
        off()
        await client.ping()
        server.publish_audio(882, 9, block)
        await client.ping()
        assert len(audio) == 1

    connected(body, block=64)


def test_ping_measures_the_way_to_the_servers_clock() -> None:
    async def body(client: MusicClient, _: Server, __: Conductor) -> None:
        (trip, first), (_trip, second) = await client.ping(), await client.ping()
        assert 0 < trip < 2 and second > first

    connected(body)


def test_the_end_of_the_connection_is_told() -> None:
    async def body(client: MusicClient, server: Server, _: Conductor) -> None:
        reasons: list[str] = []
        client.on("close", reasons.append)
        await server.stop()
        await asyncio.wait_for(client.wait_closed(), 5)
        assert "1001" in reasons[0]
        with pytest.raises(DeviceError, match="sideman play"):
            await client.play()

    connected(body)


def test_nobody_there_is_said_with_the_remedy() -> None:
    with pytest.raises(DeviceError, match="sideman play"):
        asyncio.run(MusicClient("ws://127.0.0.1:9/music").connect())
    with pytest.raises(DeviceError, match="address"):
        asyncio.run(MusicClient("nonsense").connect())


def test_an_unknown_topic_is_refused() -> None:
    with pytest.raises(ValueError, match="audio, stem, midi, status"):
        MusicClient().on("sound", print)  # type: ignore[arg-type]


def test_parameters_are_listed_turned_and_refused_and_moves_are_told() -> None:
    async def body(client: MusicClient, server: Server, conductor: Conductor) -> None:
        assert [p.path for p in await client.parameters()] == list(KNOWN)
        (one,) = await client.parameters("TYPE bass")
        assert one.words == ("low", "high") and one.high == 1
        moved: list[wire.Move] = []
        client.on("moved", moved.extend)
        await client.set({"mixer.bass.gain": -6, "track.bass.filter.type": "high"}, ramp=2)
        assert conductor.told == [({"mixer.bass.gain": -6.0, "track.bass.filter.type": "high"}, 2.0)]
        for values, why in (({"mixer.bas.gain_db": 0}, "did you mean 'mixer.bass.gain_db'"),
                            ({"mixer.bass.gain_db": 60}, r"= 60.0 does not fit: give a number from -90 to 24 \(dB\)"),
                            ({"track.bass.filter.type": "band"}, "give one of low, high"),
                            ({}, "1 to 64 paths")):
            with pytest.raises(MessageError, match=why):
                await client.set(values)
        server.publish_moves([wire.Move("mixer.bass.gain_db", -6, 1.5, 2)])
        await client.ping()
        assert moved == [wire.Move("mixer.bass.gain_db", -6, 1.5, 2)]

    connected(body)
