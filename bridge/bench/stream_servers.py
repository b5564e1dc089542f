"""The servers that `sideman bench stream` compares, each in a process of its own: ours, and those of others.

A run is the same for all: a block of two channels every frames / 48 kHz, stamped with the monotonic clock just before
it is handed out, to all who are connected. What a server costs is its process's CPU time.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from websockets.asyncio.server import ServerConnection, broadcast, serve

from bridge.audio_feed import AudioFeed
from bridge.engine_link import AUDIO_HEAD
from bridge.errors import DeviceError
from bridge.parameter_paths import ParameterInfo
from bridge.processes import take_fifo
from bridge.ring import Ring
from bridge.stream import wire
from bridge.stream.door import Limits
from bridge.stream.fanout import frame_of
from bridge.stream.metrics import Metric
from bridge.stream.server import Server
from instruments.system_clock import clock_ns

Kind: TypeAlias = Literal["sideman", "sideman-uvloop", "broadcast", "broadcast-uvloop", "picows", "bare"]
RATE = 48_000
HOST = "127.0.0.1"
FIFO_PRIORITY = 5
"""Servers and listeners run with SCHED_FIFO where that is allowed: else what is measured is who else is at work."""
_ANSWER_S = 120.0


def fifo_allowed() -> bool:
    """Whether programs may have SCHED_FIFO here. Asked of a child, which may keep it."""
    try:
        return subprocess.run(["chrt", "-f", str(FIFO_PRIORITY), "true"], capture_output=True, check=False,
                              timeout=10).returncode == 0
    except OSError:
        return False


class Run(NamedTuple):
    """What one run cost: blocks handed out, CPU and wall seconds, bytes of the process's memory at its end."""

    blocks: int
    cpu_s: float
    wall_s: float
    rss: int


class ServerProcess:
    """A server of `kind` on a free port, pinned to core `core` where the system lets it (None: anywhere)."""

    def __init__(self, kind: Kind, core: int | None = None, ring: Ring | None = None) -> None:
        """ring: of ours, where it takes its audio from, as `sideman play` does. Raises DeviceError where it does not
        start: the library that it needs is missing."""
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(kind, core, theirs, ring), daemon=True)
        self._process.start()
        theirs.close()
        answer = self._hear(kind)
        if isinstance(answer, str):
            self.close()
            raise DeviceError(answer)
        self.port: int = answer

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, frames: int, seconds: float) -> Run:
        """Blocks: waits until it is done."""
        self._pipe.send((frames, seconds))
        return Run(*self._hear("run"))

    def rss(self) -> int:
        """Bytes of memory, now; 0 where the system does not tell."""
        return self.run(128, 0.0).rss

    def health(self) -> Mapping[str, Any]:
        """Of ours: what /healthz says."""
        self._pipe.send("health")
        return dict(self._hear("health"))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._pipe.send(None)
        self._process.join(3)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._pipe.close()

    def _hear(self, what: str) -> Any:
        if not self._pipe.poll(_ANSWER_S):
            self.close()
            raise DeviceError(f"the server of the bench does not answer ({what}): run it again on a quieter machine")
        try:
            return self._pipe.recv()
        except EOFError:
            raise DeviceError(f"the server of the bench ended ({what}): its error is above") from None


class Silence:
    """A conductor for whom nothing plays: the audio that the bench hands out is all there is."""

    async def generate(self, params: wire.GenerateParams) -> None: ...
    async def modify(self, params: wire.ModifyParams, at: wire.At = "bar") -> None: ...
    async def set(self, values: Mapping[str, float | str], ramp_s: float | None) -> None: ...
    async def stop(self) -> None: ...
    async def play(self) -> None: ...
    async def locate(self, bar: int) -> None: ...
    async def keep(self) -> None: ...
    def hear_stems(self, tracks: Collection[str]) -> None: ...

    def figures(self) -> Sequence[Metric]:
        return ()

    def parameters(self, match: str | None) -> Sequence[ParameterInfo]:
        return ()

    def hello(self) -> wire.Hello:
        return wire.Hello(session="bench", sample_rate=RATE, channels=2, tracks=())

    def status(self) -> wire.Status:
        return wire.Status(status="stopped", time=0.0, position=0.0, tempo=120.0)


class Engine:
    """A process that does of an engine no more than to put blocks into a ring, each stamped as it goes in."""

    def __init__(self, ring: Ring, frames: int, seconds: float, core: int | None = None) -> None:
        self._process = get_context("spawn").Process(target=_play, args=(ring, frames, seconds, core), daemon=True)
        self._process.start()

    def join(self, patience_s: float = 60.0) -> None:
        self._process.join(patience_s)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _play(ring: Ring, frames: int, seconds: float, core: int | None) -> None:
    _settle(core)
    period, block = frames / RATE, _noise(frames).data.cast("B")
    began = time.perf_counter()
    for n in range(round(seconds * RATE / frames)):
        if (wait := began + n * period - time.perf_counter()) > 0:
            time.sleep(wait)
        ns = clock_ns()
        ring.write(AUDIO_HEAD.pack(n * frames, ns, ns, frames, RATE), block)
    ring.close()


def _settle(core: int | None) -> None:
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    take_fifo(FIFO_PRIORITY)


def _serve(kind: Kind, core: int | None, pipe: Connection[Any, Any], ring: Ring | None) -> None:
    """The child's whole life."""
    _settle(core)
    library, _, loop = kind.partition("-")
    if kind == "bare":
        _bare(pipe)
        return
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    if loop == "uvloop" or kind == "picows":
        try:
            import uvloop
        except ImportError:
            pipe.send("uvloop is not installed: pip install uvloop")
            return
        factory = uvloop.new_event_loop
    bodies: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
        "sideman": lambda: _sideman(pipe, ring), "broadcast": lambda: _broadcast(pipe), "picows": lambda: _picows(pipe)}
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(bodies[library]())


async def _sideman(pipe: Connection[Any, Any], ring: Ring | None) -> None:
    server = Server(Silence(), HOST, 0, limits=Limits(clients=4096))
    await server.start()
    if ring is not None:
        feed = AudioFeed(ring, server.publish_audio)
        asyncio.get_running_loop().add_reader(ring.wake.fileno(), feed.take)
    pipe.send(server.port)
    await _runs(pipe, server.publish_audio, server.health)
    await server.stop()
    if ring is not None:
        asyncio.get_running_loop().remove_reader(ring.wake.fileno())
        ring.close()


async def _broadcast(pipe: Connection[Any, Any]) -> None:
    """`websockets` as its documentation has it: its own broadcast()."""
    clients: set[ServerConnection] = set()

    async def handle(connection: ServerConnection) -> None:
        clients.add(connection)
        await connection.wait_closed()
        clients.discard(connection)

    async with serve(handle, HOST, 0, compression=None) as server:
        pipe.send(next(iter(server.sockets)).getsockname()[1])
        await _runs(pipe, lambda frame0, ns, block: broadcast(clients, wire.encode_audio(frame0, ns, RATE, block)))
        for client in clients:
            client.transport.abort()


async def _picows(pipe: Connection[Any, Any]) -> None:
    try:
        from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server
    except ImportError:
        pipe.send("picows is not installed: pip install picows")
        return
    clients: set[WSTransport] = set()

    class Listener(WSListener):  # type: ignore[misc, unused-ignore]  # it is Any where picows is not installed
        def on_ws_connected(self, transport: WSTransport) -> None:
            clients.add(transport)

        def on_ws_disconnected(self, transport: WSTransport) -> None:
            clients.discard(transport)

        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None: ...

    def listener(_request: WSUpgradeRequest) -> WSListener:
        return Listener()

    server = await ws_create_server(listener, HOST, 0)
    pipe.send(server.sockets[0].getsockname()[1])

    def publish(frame0: int, ns: int, block: np.ndarray[Any, np.dtype[np.float32]]) -> None:
        message = wire.encode_audio(frame0, ns, RATE, block)
        for client in clients:
            client.send(WSMsgType.BINARY, message)

    await _runs(pipe, publish)
    server.close()


def _bare(pipe: Connection[Any, Any]) -> None:
    """The least that a Python program can do: one frame, and socket.send() for each client."""
    clients: list[socket.socket] = []
    with socket.create_server((HOST, 0), backlog=1024) as listener:
        listener.setblocking(False)
        pipe.send(listener.getsockname()[1])
        while True:
            while not pipe.poll(0.005):
                with contextlib.suppress(BlockingIOError):
                    while True:
                        clients.append(_upgraded(listener.accept()[0]))
            order = pipe.recv()
            if order is None:
                break
            frames, seconds = order
            period, blocks = frames / RATE, round(seconds * RATE / frames)
            block = _noise(frames)
            began, cpu = time.perf_counter(), time.process_time()
            for n in range(blocks):
                if (wait := began + n * period - time.perf_counter()) > 0:
                    time.sleep(wait)
                frame = frame_of(wire.encode_audio(n * frames, clock_ns(), RATE, block), binary=True)
                for client in clients:
                    client.send(frame)
            pipe.send((blocks, time.process_time() - cpu, time.perf_counter() - began, _rss()))
    for client in clients:
        client.close()


def _upgraded(client: socket.socket) -> socket.socket:
    """After a handshake that only the bench's own client takes for one."""
    client.setblocking(True)
    got = b""
    while b"\r\n\r\n" not in got:
        got += client.recv(4096)
    client.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.setblocking(False)
    return client


async def _runs(pipe: Connection[Any, Any],
                publish: Callable[[int, int, np.ndarray[Any, np.dtype[np.float32]]], None],
                health: Callable[[], Mapping[str, Any]] = dict) -> None:
    """Until the pipe says None: runs as they are ordered, at their pace."""
    while True:
        while not pipe.poll():
            await asyncio.sleep(0.005)
        order = pipe.recv()
        if order is None:
            return
        if order == "health":
            pipe.send(dict(health()))
            continue
        frames, seconds = order
        period, blocks = frames / RATE, round(seconds * RATE / frames)
        block = _noise(frames)
        began, cpu = time.perf_counter(), time.process_time()
        for n in range(blocks):
            wait = began + n * period - time.perf_counter()
            await asyncio.sleep(max(0.0, wait))
            publish(n * frames, clock_ns(), block)
        pipe.send((blocks, time.process_time() - cpu, time.perf_counter() - began, _rss()))


def _noise(frames: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(1).standard_normal((2, frames)).astype(np.float32)


def _rss() -> int:
    """Bytes of this process in memory; 0 where there is no /proc."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0
