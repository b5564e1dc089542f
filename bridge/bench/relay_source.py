"""The two ends of the bench of relays: a stand-in for the engine, and who compares the times that relays tell.

Each is a process of its own in its place. All of them have the clock of one machine, so what a relay says of another
clock than its own is wrong by just the difference.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Literal, TypeAlias

import numpy as np

from bridge.bench.relay_places import Place
from bridge.bench.stream_servers import FIFO_PRIORITY, RATE, Silence
from bridge.client import MusicClient
from bridge.errors import DeviceError
from bridge.processes import take_fifo
from bridge.stream.door import Limits
from bridge.stream.server import Server
from bridge.stream.tokens import Secret, Tokens
from instruments.system_clock import clock_ns

Whom: TypeAlias = Literal["near", "far"]
_ANSWER_S = 120.0


class _Process:
    """A child that answers what it is asked through a pipe."""

    def __init__(self, what: str, *work: Any) -> None:
        context = get_context("spawn")
        self._what = what
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=work[0], args=(theirs, *work[1:]), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, *order: Any) -> Any:
        """Blocks. Raises DeviceError where no answer comes."""
        if order:
            self._pipe.send(order)
        try:
            if self._pipe.poll(_ANSWER_S):
                return self._pipe.recv()
        except EOFError:
            pass
        self.close()
        raise DeviceError(f"{self._what} of the bench does not answer: its error is above, if it has ended")

    def send(self, *order: Any) -> None:
        self._pipe.send(order)

    def close(self) -> None:
        """Idempotent."""
        with contextlib.suppress(OSError):
            self._pipe.send(())
        self._process.join(3)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._pipe.close()


class Source:
    """Hands out blocks as an engine's process does: to clients near it, or to relays, who want the token.

    near, far  ports: of 127.0.0.1 in its place, and of all its addresses
    """

    def __init__(self, place: Place, token: str) -> None:
        self._process = _Process("the source", _serve, place, token)
        self.near, self.far = self._process.ask()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.close()

    def run(self, whom: Whom, frames: int, seconds: float) -> dict[int, int]:
        """Blocks until it is done: the first frame of each block, with when it was handed out."""
        return dict(self._process.ask(whom, frames, seconds))


class Observer:
    """A client in a place, which keeps what times came with which frames."""

    def __init__(self, place: Place, url: str, frames: int) -> None:
        self._process = _Process("an observer", _observe, place, url, frames)
        self._process.ask()

    def times(self) -> dict[int, int]:
        """The first frame of each block -> its time, since this was asked last."""
        return dict(self._process.ask("times"))

    def close(self) -> None:
        self._process.close()


def _serve(pipe: Connection[Any, Any], place: Place, token: str) -> None:
    place.enter()
    take_fifo(FIFO_PRIORITY)
    asyncio.run(_served(pipe, token))


async def _served(pipe: Connection[Any, Any], token: str) -> None:
    limits = Limits(clients=4096, clients_per_address=4096)
    near = Server(Silence(), "127.0.0.1", 0, limits=limits)
    far = Server(Silence(), "0.0.0.0", 0, limits=limits, tokens=Tokens(Secret(token), None, "the bench"))
    for server in (near, far):
        await server.start()
    pipe.send((near.port, far.port))
    first = 0
    while order := await _next(pipe):
        whom, frames, seconds = order
        server = near if whom == "near" else far
        block = np.random.default_rng(1).standard_normal((2, frames)).astype(np.float32)
        stamps: dict[int, int] = {}
        began, period = time.perf_counter(), frames / RATE
        for n in range(round(seconds * RATE / frames)):
            await asyncio.sleep(max(0.0, began + n * period - time.perf_counter()))
            stamps[first] = now = clock_ns()
            server.publish_audio(first, now, block)
            first += frames
        pipe.send(stamps)
    for server in (near, far):
        await server.stop()


def _observe(pipe: Connection[Any, Any], place: Place, url: str, frames: int) -> None:
    place.enter()
    asyncio.run(_observed(pipe, url, frames))


async def _observed(pipe: Connection[Any, Any], url: str, frames: Any) -> None:
    times: dict[int, int] = {}
    async with MusicClient(url, block=frames) as client:
        client.on("audio", lambda audio: times.__setitem__(audio.frame0, audio.ns0))
        await client.ping()
        pipe.send("ready")
        while await _next(pipe):
            pipe.send(times)
            times.clear()


async def _next(pipe: Connection[Any, Any]) -> Any:
    while not pipe.poll():
        await asyncio.sleep(0.005)
    return pipe.recv()
