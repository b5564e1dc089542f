"""The client's end of a connection: opened, kept, opened again after a loss; refusals in words that say what to do."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl as tls
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.protocol import State

from bridge.errors import DeviceError

RETRY_S, MAX_RETRY_S = 0.25, 5.0
"""Wait before the first attempt to come back; twice as long before each next one; each by half more or less, so that
those whom one server has lost do not all come at once."""

_log = logging.getLogger("sideman.client")
_handshakes = logging.getLogger("sideman.client.handshakes")
_handshakes.setLevel(logging.INFO)  # at DEBUG each header is logged, and one holds the token


class Caller(NamedTuple):
    """Who speaks over a Call: what it does when. All of it is called on the event loop.

    hear        a message has come; raises nothing
    connecting  a connection is tried
    begin       it is there, of another server than the last (or the first) or of the same: the first messages may be
                sent. It counts as open once the caller has said Call.greeted()
    opened, closed  (with the reason)
    """

    hear: Callable[[str | bytes], None]
    connecting: Callable[[], None]
    begin: Callable[[bool], Awaitable[None]]
    opened: Callable[[], None]
    closed: Callable[[str], None]


class Call:
    """One connection at a time to the first of `urls` that answers. Belongs to one event loop.

    reconnect  come back by itself after a loss (not after an open() that failed)
    """

    def __init__(self, caller: Caller, urls: Sequence[str], headers: Mapping[str, str], context: tls.SSLContext | None,
                 *, reconnect: bool, patience_s: float) -> None:
        self.url = urls[0]
        """That answered last."""
        self._caller = caller
        self._urls = list(urls)
        self._headers, self._tls = headers, context
        self._reconnect = reconnect
        self._patience_s = patience_s
        self._connection: ClientConnection | None = None
        self._opening = asyncio.Lock()
        self._reader: asyncio.Task[None] | None = None
        self._returner: asyncio.Task[None] | None = None
        self._beside: set[asyncio.Task[None]] = set()
        self._greeting = asyncio.Event()
        self._ended = asyncio.Event()
        self._ended.set()
        self._answered: str | None = None
        self.closing = False
        """Whether close() was called, and open() not since."""

    @property
    def connected(self) -> bool:
        """Whether something may be sent."""
        return self._connection is not None

    def greeted(self) -> None:
        """The server has greeted as one of ours."""
        self._greeting.set()

    async def open(self) -> None:
        """Idempotent. Raises DeviceError where nobody answers, or nobody who greets."""
        async with self._opening:
            if self._connection is None:
                await self._open()

    async def send(self, text: str) -> None:
        """Raises ConnectionClosed, ConnectionError."""
        if self._connection is None:
            raise ConnectionResetError("not connected")
        await self._connection.send(text)

    def beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task that ends with this connection, at the latest."""
        task = asyncio.get_running_loop().create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        return task

    async def close(self) -> None:
        """Idempotent. Not from a callback: it waits for what calls them."""
        self.closing = True
        returner, self._returner = self._returner, None
        connection, self._connection = self._connection, None
        reader, self._reader = self._reader, None
        if returner is not None:
            returner.cancel()
            with suppress(asyncio.CancelledError):
                await returner
        if connection is not None and connection.state is not State.CLOSED:
            await connection.close()
        if reader is not None:
            await reader
        self._ended.set()

    async def wait_closed(self) -> None:
        """Until close(), or the end of the connection where it is not to come back."""
        await self._ended.wait()

    async def _open(self) -> None:
        self.closing = False
        self._caller.connecting()
        connection = await self._dial()
        self._greeting.clear()
        self._ended.clear()
        self._connection = connection
        self._reader = reader = asyncio.create_task(self._read(connection))
        waiting = asyncio.create_task(self._greeting.wait())
        try:
            await self._caller.begin(self._answered != self.url)
            await asyncio.wait({waiting, reader}, return_when=asyncio.FIRST_COMPLETED, timeout=self._patience_s)
        except (ConnectionClosed, ConnectionError):
            await reader
        finally:
            waiting.cancel()
        if not self._greeting.is_set():
            self._connection = self._reader = None
            await connection.close()
            await reader
            raise DeviceError(
                f"what answers at {self.url} does not greet as Sideman: give the address that it printed")
        self._answered = self.url
        self._caller.opened()

    async def _dial(self) -> ClientConnection:
        for url in tuple(self._urls):
            try:
                connection = await _dial(url, self._headers, self._tls)
            except DeviceError:
                if url == self._urls[-1]:
                    raise
            else:
                break
        self._urls.remove(url)
        self._urls.insert(0, url)
        self.url = url
        return connection

    async def _read(self, connection: ClientConnection) -> None:
        try:
            async for data in connection:
                self._caller.hear(data)
        except ConnectionClosed as closed:
            _log.info("the connection to %s broke: %s", self.url, closed)
        finally:
            lost = self._connection is connection  # nobody called close()
            if lost:
                self._connection = None
            for task in tuple(self._beside):
                task.cancel()
            self._caller.closed(f"{connection.protocol.close_code} {connection.protocol.close_reason}".strip())
            if lost and self._reconnect and self._greeting.is_set():
                self._returner = asyncio.create_task(self._come_back())
            elif self._returner is None:
                self._ended.set()

    async def _come_back(self) -> None:
        wait_s = RETRY_S
        while True:
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.5))
            try:
                await self.open()
                self._returner = None
                return
            except DeviceError as problem:
                _log.info("%s", problem)
                wait_s = min(MAX_RETRY_S, 2 * wait_s)


async def _dial(url: str, headers: Mapping[str, str], context: tls.SSLContext | None) -> ClientConnection:
    """Raises DeviceError."""
    try:
        return await connect(url, compression=None, max_size=2**22, max_queue=256, additional_headers=headers,
                             logger=_handshakes, ssl=(context or True) if url.startswith("wss:") else None)
    except InvalidStatus as problem:
        if problem.response.status_code != 401:
            raise DeviceError(f"{url} refuses ({problem}): {_words(problem.response.body)}") from None
        what = "is wrong, or was changed" if headers else "is missing"
        raise DeviceError(f"{url} wants a token, which {what}: give token=, or set SIDEMAN_TOKEN or "
                          "SIDEMAN_TOKEN_FILE (on the server `sideman token show` tells it)") from None
    except tls.SSLCertVerificationError as problem:
        raise DeviceError(f"{url} shows a certificate that is not trusted ({problem.verify_message}): "
                          "give ssl= or set SSL_CERT_FILE with the file of the server's certificate") from None
    except (OSError, InvalidHandshake, InvalidURI) as problem:
        raise DeviceError(f"no Sideman answers at {url} ({problem}): start it with `sideman play`, "
                          "or give the address that it printed") from problem


def _words(body: bytes | bytearray | None) -> str:
    """A refusal's first line."""
    return (body or b"").decode(errors="replace").partition("\n")[0][:200] or "it gives no reason"
