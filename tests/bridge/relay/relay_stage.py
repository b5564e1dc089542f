"""Relays on free ports of this machine, beside a server with a conductor that notes what it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import numpy as np
from server_stage import FakeConductor

from bridge.relay.address import Address, address
from bridge.relay.line import Pass
from bridge.relay.node import Relay, wish
from bridge.stream import wire
from bridge.stream.server import Server

SOUND = np.random.default_rng(2).uniform(-0.9, 0.9, (2, 128 * 64)).astype(np.float32)


@asynccontextmanager
async def engine(**options: Any) -> AsyncIterator[tuple[Server, FakeConductor]]:
    conductor = FakeConductor()
    server = Server(conductor, **({"port": 0} | options))
    await server.start()
    try:
        yield server, conductor
    finally:
        await server.stop()


@asynccontextmanager
async def relay(*upstreams: str, told: list[str] | None = None, token: str | None = None,
                asked: wire.Subscribe | None = None, **options: Any) -> AsyncIterator[Relay]:
    """Running, with its upstream reached."""
    node = Relay(there(*upstreams), lambda stage: Server(stage, **({"port": 0} | options)),
                 asked=wish() if asked is None else asked, ours=Pass(token),
                 tell=(told if told is not None else []).append)
    async with running(node.run):
        yield node


def there(*urls: str) -> list[Address]:
    return [address(url.replace("localhost", "127.0.0.1")) for url in urls]


@asynccontextmanager
async def running(run: Callable[[Callable[[], None]], Awaitable[None]]) -> AsyncIterator["asyncio.Future[None]"]:
    """A node's run(), from when it has started."""
    started = asyncio.Event()
    task = asyncio.ensure_future(run(started.set))
    first = asyncio.ensure_future(started.wait())
    try:
        await asyncio.wait({task, first}, return_when=asyncio.FIRST_COMPLETED, timeout=10)
        if task.done():
            task.result()
        assert started.is_set(), "it did not start"
        yield task
    finally:
        for each in (task, first):
            each.cancel()
        with suppress(asyncio.CancelledError):
            await task


def play(server: Server, first: int = 0, blocks: int = 64, size: int = 128, ns: int = 0) -> None:
    """`blocks` blocks of SOUND, frame n being at ns + n * 20833 ns."""
    for n in range(blocks):
        at = (first + n) * size
        place = at % SOUND.shape[1]
        server.publish_audio(at, ns + at * 20_833, SOUND[:, place : place + size].copy())


async def until(holds: Callable[[], bool], patience_s: float = 8.0) -> None:
    ends = asyncio.get_running_loop().time() + patience_s
    while not holds():
        assert asyncio.get_running_loop().time() < ends, "it did not come"
        await asyncio.sleep(0.01)


def within(seconds: float, body: Awaitable[None]) -> None:
    async def run() -> None:
        await asyncio.wait_for(body, seconds)

    asyncio.run(run())
