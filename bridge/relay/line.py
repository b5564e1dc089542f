"""The way to where music comes from: a WebSocket, or subjects of a NATS server."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, Protocol, TypeAlias, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.frames import Frame, Opcode
from websockets.protocol import Event

from bridge.errors import DeviceError, RefusedError
from bridge.relay.address import Address
from bridge.stream import wire
from bridge.stream.tokens import bearer

Hear: TypeAlias = Callable[[str | bytes], None]
"""Called with each message, text or audio, as soon as it is there."""
_handshakes = logging.getLogger("sideman.relay.handshakes")
_handshakes.setLevel(logging.INFO)  # at DEBUG each header is logged, and one holds the token



class Line(Protocol):
    """One connection, open from when it was made. All of it belongs to one event loop."""

    async def run(self, hear: Hear) -> str:
        """Until it ends: why it did."""
        ...

    async def send(self, message: wire.ClientMessage) -> None:
        """Raises DeviceError where it has ended."""
        ...

    async def hear_streams(self, numbers: frozenset[int]) -> None:
        """Which streams of audio are wanted from now on, where that is not told by `subscribe` alone."""
        ...

    async def close(self) -> None:
        """Idempotent."""
        ...


class Pass(NamedTuple):
    """What lets a relay in. token: for a socket, what its server wants from who connects; tls: a context for wss, None:
    what the system trusts."""

    token: str | None = None
    tls: ssl.SSLContext | None = None


async def open_line(address: Address, ours: Pass = Pass()) -> Line:  # noqa: B008 - a value
    """Raises RefusedError, and DeviceError where nobody answers."""
    if address.on_nats:
        from bridge.relay.nats_line import NatsLine

        return await NatsLine.open(address)
    return await SocketLine.open(address, ours)


class _Hearing(ClientConnection):
    """A connection whose messages are handed on as they are read: by way of its queue, and of the task that waits
    there, they would be a turn of the event loop later."""

    hear: Hear | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._parts: list[bytes | bytearray | memoryview] = []
        self._text = False
        self._early: list[str | bytes] = []

    def begin(self, hear: Hear) -> None:
        """From now on; with what has come before."""
        for message in self._early:
            hear(message)
        self._early.clear()
        self.hear = hear

    def process_event(self, event: Event) -> None:
        if not isinstance(event, Frame) or event.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            super().process_event(event)
            return
        if event.opcode is not Opcode.CONT:
            self._parts.clear()
            self._text = event.opcode is Opcode.TEXT
        self._parts.append(event.data)
        if event.fin:
            whole = b"".join(self._parts)
            (self.hear or self._early.append)(whole.decode("utf-8", "replace") if self._text else whole)


class SocketLine:
    """To a Sideman, or to a relay."""

    def __init__(self, address: Address, connection: _Hearing) -> None:
        self._address = address
        self._connection = connection

    @staticmethod
    async def open(address: Address, ours: Pass) -> SocketLine:
        more: dict[str, Any] = {"ssl": ours.tls} if ours.tls is not None and address.url.startswith("wss") else {}
        try:
            connection = await connect(
                address.url, additional_headers=bearer(ours.token), compression=None, max_size=2**22, open_timeout=5,
                ping_interval=None, close_timeout=1, logger=_handshakes, create_connection=_Hearing, **more)
        except InvalidStatus as answer:
            status = answer.response.status_code
            said = (answer.response.body or b"").decode("utf-8", "replace").strip()[:300]
            kind = RefusedError if status in (401, 403, 404, 426) else DeviceError
            wants = " (give the token in a file by --upstream-token-file)" if status == 401 else ""
            raise kind(f"{address.shown} refuses a relay ({status}): {said or 'give the address that it printed'}"
                       f"{wants}") from None
        except ssl.SSLCertVerificationError as problem:
            raise RefusedError(f"{address.shown} shows a certificate that is not trusted ({problem.verify_message}): "
                               "give its file by --upstream-cert") from None
        except (OSError, InvalidHandshake, InvalidURI) as problem:
            raise DeviceError(f"no Sideman answers at {address.shown} ({problem}): start it with `sideman play`, or "
                              "give the address that it printed") from None
        return SocketLine(address, cast(_Hearing, connection))

    async def run(self, hear: Hear) -> str:
        self._connection.begin(hear)
        await self._connection.wait_closed()
        protocol = self._connection.protocol
        if protocol.close_code in (1000, 1001):
            return "it ended"
        return f"the connection broke ({protocol.close_code} {protocol.close_reason}".strip() + ")"

    async def send(self, message: wire.ClientMessage) -> None:
        try:
            await self._connection.send(wire.encode(message).decode())
        except (ConnectionClosed, ConnectionError):
            raise DeviceError(f"the connection to {self._address.shown} has ended: ask again in a moment") from None

    async def hear_streams(self, numbers: frozenset[int]) -> None:
        """Nothing more than `subscribe`."""

    async def close(self) -> None:
        with suppress(ConnectionClosed, OSError):
            await self._connection.close()
