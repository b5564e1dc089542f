"""A connection to a NATS server (https://docs.nats.io), by nats-py, an extra, which no other module knows."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple, TypeAlias

from bridge.errors import DeviceError, RefusedError
from bridge.relay.address import Address

QUEUE_MESSAGES = 128
"""Blocks of sound that wait for a NATS server that does not take them: a third of a second at 128 frames."""
_PENDING_BYTES = 256 * 1024
"""Of them in nats-py; and of what came and was not heard yet."""
_TRIES, _TRY_EVERY_S = 10, 0.25

_log = logging.getLogger("sideman.relay.nats")
_log.addHandler(logging.NullHandler())


class Heard(NamedTuple):
    """A message. reply: the subject on which who sent it waits, or ""; nobody: it is the server's word that nobody
    listens where we asked; missed: how many came before it and had to be dropped, since we did not read them."""

    data: bytes
    reply: str
    nobody: bool
    missed: int


Hear: TypeAlias = Callable[[Heard], None]


def available() -> bool:
    """Whether the library is installed; nothing is loaded."""
    return importlib.util.find_spec("nats") is not None


class NatsLink:
    """Open from open() to close(), or until `ended` is set. A connection that breaks is made again by nats-py, with any
    server of the cluster that it has heard of, for some seconds. All of it belongs to one event loop."""

    def __init__(self, address: Address) -> None:
        """Raises DeviceError where the library is missing."""
        if not available():
            raise DeviceError(f"{address.shown} is on NATS, and nothing here speaks it: pip install 'sideman[relay]'")
        from nats.aio.client import Client

        self._address = address
        self._client = Client()
        self._missed: dict[int, int] = {}
        self._queue: deque[tuple[str, bytes, str, bool]] = deque()
        self._some = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._forbidden = ""
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Why it has."""

    async def open(self) -> None:
        """Raises DeviceError where no server answers, RefusedError where it wants another user or password."""
        from nats import errors

        troubles: list[Exception] = []

        async def trouble(problem: Exception) -> None:
            if isinstance(problem, errors.SlowConsumerError):
                self._missed[problem.sid] = self._missed.get(problem.sid, 0) + 1
            else:
                troubles.append(problem)
                del troubles[:-4]
                _log.info("%s: %s", self._address.shown, problem)
                if "permissions violation" in str(problem).lower():
                    self._forbidden = f"the NATS server does not let this user do that ({problem})"
                    self._end(self._forbidden)

        async def closed() -> None:
            self._end(str(troubles[-1]) if troubles else "the connection to the NATS server ended")

        try:
            await asyncio.wait_for(self._client.connect(
                self._address.url, name="sideman", error_cb=trouble, closed_cb=closed, connect_timeout=3,
                max_reconnect_attempts=1, reconnect_time_wait=_TRY_EVERY_S,  # type: ignore[arg-type]
                ping_interval=2, max_outstanding_pings=2), 10)
        except (OSError, errors.Error, TimeoutError) as problem:
            why = troubles[-1] if troubles else problem
            if any("authoriz" in str(t).lower() or "authentic" in str(t).lower() for t in (*troubles, problem)):
                raise RefusedError(f"the NATS server at {self._address.shown} does not let us in: give user and "
                                   "password as nats://USER:PASSWORD@HOST") from None
            raise DeviceError(f"no NATS server answers at {self._address.shown} ({why}): start one with `nats-server`, "
                              "or give the address of one") from None
        self._client.options["max_reconnect_attempts"] = _TRIES
        self._pump = asyncio.create_task(self._write())

    @property
    def connected(self) -> bool:
        return bool(self._client.is_connected)

    def new_inbox(self) -> str:
        return str(self._client.new_inbox())

    def publish(self, subject: str, data: bytes, reply: str = "", *, audio: bool = False) -> int:
        """Queued, and sent as soon as may be; gives how many blocks of audio were dropped for it (the oldest go)."""
        if audio and not self._client.is_connected:
            return 1
        self._queue.append((subject, data, reply, audio))
        self._some.set()
        if len(self._queue) <= QUEUE_MESSAGES or not audio:
            return 0
        oldest = next(place for place, entry in enumerate(self._queue) if entry[3])
        del self._queue[oldest]
        return 1

    async def listen(self, subject: str, hear: Hear, *, audio: bool = False) -> Callable[[], Awaitable[None]]:
        """Hear what is published there, until what this gives is called. Raises DeviceError where it has ended."""
        from nats import errors
        from nats.aio.msg import Msg

        async def heard(message: Msg) -> None:
            missed = self._missed.pop(message.sid, 0)
            hear(Heard(message.data, message.reply, (message.headers or {}).get("Status") == "503", missed))

        try:
            subscription = await self._client.subscribe(
                subject, cb=heard, pending_bytes_limit=_PENDING_BYTES if audio else 16 * _PENDING_BYTES)
            await self._client.flush(5)
        except (OSError, errors.Error, TimeoutError) as problem:
            raise DeviceError(f"{self._address.shown}: the NATS server does not listen ({problem})") from None
        if self._forbidden:
            raise RefusedError(f"{self._address.shown}: {self._forbidden}: see docs/relays.md for what users need")

        async def off() -> None:
            with suppress(errors.Error, OSError):
                await subscription.unsubscribe()

        return off

    async def close(self) -> None:
        """What was published before is sent first. Idempotent."""
        from nats import errors

        if self._pump is not None:
            with suppress(errors.Error, OSError, TimeoutError):
                while self._queue and self._client.is_connected and not self._pump.done():
                    await asyncio.sleep(0.01)
                if self._client.is_connected:
                    await self._client.flush(1)
            self._pump.cancel()
            with suppress(asyncio.CancelledError):
                await self._pump
            self._pump = None
        with suppress(errors.Error, OSError):
            await self._client.close()
        self._end("it was closed")

    async def _write(self) -> None:
        from nats import errors

        while True:
            await self._some.wait()
            self._some.clear()
            while self._queue:
                subject, data, reply, _ = self._queue.popleft()
                try:
                    if self._client.pending_data_size > _PENDING_BYTES:
                        await self._client.flush(5)
                    await self._client.publish(subject, data, reply)
                except (OSError, errors.Error, TimeoutError) as problem:
                    if self._client.is_closed:
                        self._end(str(problem))
                        return

    def _end(self, why: str) -> None:
        if not self.ended.done():
            self.ended.set_result(why)
