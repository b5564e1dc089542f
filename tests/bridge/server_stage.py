"""A server with a conductor that notes what it is told, and what tests say to it over real sockets."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from bridge.errors import MusicError
from bridge.parameter_paths import ParameterInfo, described, find, matching, number
from bridge.stream import wire
from bridge.stream.metrics import Metric
from bridge.stream.server import Server
from instruments.parameter import Choice, Parameter

KNOWN = {path: described(path, rule, 0) for path, rule in {
    "mixer.bass.gain_db": Parameter("dB", -90, 24, 0), "track.bass.filter.type": Choice(("low", "high"), "low"),
}.items()}


class FakeConductor:
    """Notes what it is told; genre "none" is refused, genre "bug" fails."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.session = "jazz-trio"

    async def generate(self, params: wire.GenerateParams) -> None:
        if params.genre == "none":
            raise MusicError("genre 'none' is not known: choose one of jazz")
        if params.genre == "bug":
            raise KeyError("bug")
        if params.genre == "slow":
            await asyncio.sleep(60)
        self.told.append(("generate", params))
        if params.instruments:
            self.session = "+".join(params.instruments)

    async def modify(self, params: wire.ModifyParams, at: wire.At = "bar") -> None:
        self.told.append(("modify", params))

    async def set(self, values: Mapping[str, float | str], ramp_s: float | None) -> None:
        for path, value in values.items():
            number(find(path, KNOWN), value)
        self.told.append(("set", (values, ramp_s)))

    def parameters(self, match: str | None) -> Sequence[ParameterInfo]:
        return matching(KNOWN.values(), match)

    async def stop(self) -> None:
        self.told.append(("stop", None))

    async def play(self) -> None:
        self.told.append(("play", None))

    async def locate(self, bar: int) -> None:
        self.told.append(("locate", bar))

    def hello(self) -> wire.Hello:
        return wire.Hello(session=self.session, sample_rate=48000, channels=2, tracks=(wire.TrackInfo("bass", "bass"),))

    async def keep(self) -> None:
        self.told.append(("keep", None))

    def hear_stems(self, tracks: Collection[str]) -> None:
        self.told.append(("hear_stems", set(tracks)))

    def figures(self) -> list[Metric]:
        return [Metric.counter("underruns_total", "Blocks that came late.", 3)]

    def status(self) -> wire.Status:
        return wire.Status(status="playing", time=1.0, position=2.0, tempo=120.0)


def serving(body: Callable[[Server, FakeConductor], Awaitable[None]], **options: Any) -> None:
    """Run `body` beside a server on a free port, within 20 s."""

    async def run() -> None:
        conductor = FakeConductor()
        server = Server(conductor, port=0, **options)
        await server.start()
        try:
            await body(server, conductor)
        finally:
            await server.stop()

    asyncio.run(asyncio.wait_for(run(), 20))


def music(server: Server, **options: Any) -> connect:
    return connect(server.socket_url.replace("localhost", "127.0.0.1"), compression=None, **options)


async def until(client: ClientConnection, kind: str) -> dict[str, Any]:
    """The next JSON message of a type."""
    while True:
        data = await asyncio.wait_for(client.recv(), 5)
        if isinstance(data, str) and (message := json.loads(data))["type"] == kind:
            return dict(message)


async def ask(client: ClientConnection, **message: Any) -> None:
    await client.send(json.dumps(message))


async def http(server: Server, request: str) -> tuple[int, dict[str, str], bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request.encode())
    raw = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    await writer.wait_closed()
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]), headers, body


def get(path: str, host: str = "localhost", more: str = "") -> str:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n"
