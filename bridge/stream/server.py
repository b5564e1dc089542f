"""The web page and the socket on one port: HTTP for the page and /healthz, WebSocket at /music.

Runs on the event loop of the main process. It never waits for a client and never touches the engine: commands go to a
`Conductor`, audio, notes and status come in by the publish methods.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import socket
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from importlib import resources
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import msgspec
from websockets.asyncio.server import Server as SocketServer
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from bridge.errors import DeviceError, MessageError, SidemanError
from bridge.parameter_paths import ParameterInfo
from bridge.stream import wire
from bridge.stream.fanout import Fanout, Outlet, Stream, frame_of
from instruments.block import AudioBlock
from instruments.system_clock import clock_ns

SOCKET_PATH = "/music"
DEFAULT_PORT = 3000
_PORTS_TRIED = 20
_WRITE_BUFFER = (32 * 1024, 8 * 1024)
_SEND_BUFFER = 64 * 1024
"""Of the kernel, which doubles it: a third of a second of stereo. Left to itself it grows to several MB, and a slow
client would hear music seconds old."""
_STOP_S = 0.5

_CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_SAFETY = {
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}

_log = logging.getLogger("sideman.server")
_handshakes = logging.getLogger("sideman.server.handshakes")
_handshakes.setLevel(logging.CRITICAL)  # garbage on the port is counted, not printed with a traceback


class Conductor(Protocol):
    """Who carries out what clients ask for. A SidemanError is answered to the client that asked, and to it alone."""

    async def generate(self, params: wire.GenerateParams) -> None: ...

    async def modify(self, params: wire.ModifyParams, at: wire.At = "bar") -> None: ...

    async def set(self, values: Mapping[str, float | str], ramp_s: float | None) -> None:
        """Parameters by path; none is turned where one is refused."""
        ...

    def parameters(self, match: str | None) -> Sequence[ParameterInfo]: ...

    async def stop(self) -> None: ...

    async def play(self) -> None: ...

    async def locate(self, bar: int) -> None:
        """`bar` counts from 1."""
        ...

    async def keep(self) -> None:
        """Write what plug-ins are set to into the session's file."""
        ...

    def hello(self) -> wire.Hello: ...

    def status(self) -> wire.Status: ...


class Server:
    """Serves page and socket from start() to stop(). All methods belong to the event loop's thread.

    host           address to listen on; "127.0.0.1" is reached from this machine alone
    port           first port to try; 0 lets the system choose
    explicit_port  whether somebody asked for exactly this port: then no other will do
    allowed_hosts  further names by which browsers may call this server (behind a proxy)
    """

    def __init__(
        self,
        conductor: Conductor,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        explicit_port: bool = False,
        *,
        allowed_hosts: Sequence[str] = (),
        max_clients: int = 512,
    ) -> None:
        self.host = host
        self.port = port
        self.faults: Counter[str] = Counter()
        """What clients did wrong, by kind: bad_message, too_big, broken, bad_handshake, refused."""
        self._conductor = conductor
        self._explicit_port = explicit_port
        self._max_clients = max_clients
        self._names = {name.lower() for name in (*allowed_hosts, host, socket.gethostname())}
        self._names |= {f"{name}.local" for name in tuple(self._names)}
        self._fanout = Fanout()
        self._files = web_files()
        self._server: SocketServer | None = None
        self._connections: set[_Connection] = set()
        self._handlers: set[asyncio.Task[Any]] = set()
        self._hello: wire.Hello | None = None

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{_spoken(self.host)}:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://{_spoken(self.host)}:{self.port}{SOCKET_PATH}"

    @property
    def clients(self) -> int:
        return len(self._fanout)

    async def start(self) -> None:
        """Listen on the port, or on the next free one; `port` says which.

        Raises DeviceError when a port that was asked for is taken, when none of the next is free, or when the host is
        no address of this machine.
        """
        first, tries = self.port, 1 if self._explicit_port or self.port == 0 else _PORTS_TRIED
        for port in range(first, min(first + tries, 65536)):
            try:
                self._server = await self._listen(port)
            except OSError as problem:
                if problem.errno != errno.EADDRINUSE:
                    raise DeviceError(
                        f"web address {self.host}:{port} cannot be used ({problem.strerror or problem}): "
                        "give a host that is this machine's, such as 127.0.0.1, and a port above 1023"
                    ) from problem
            else:
                self.port = next(iter(self._server.sockets)).getsockname()[1]
                return
        if self._explicit_port:
            raise DeviceError(
                f"web port {first} on {self.host} is taken: stop the program that has it, give another port, "
                f"or none to use the next free one from {DEFAULT_PORT}"
            )
        raise DeviceError(
            f"web ports {first} to {first + tries - 1} on {self.host} are all taken: give a free one, or 0 for any"
        )

    async def _listen(self, port: int) -> SocketServer:
        return await serve(
            self._serve,
            self.host,
            port,
            process_request=self._respond,
            create_connection=cast("type[ServerConnection]", self._connect),
            compression=None,
            max_size=wire.MAX_MESSAGE_BYTES,
            max_queue=4,
            write_limit=_WRITE_BUFFER,
            open_timeout=5,
            close_timeout=5,
            server_header=None,
            logger=_handshakes,
        )

    async def stop(self) -> None:
        """Close every connection and the port, within a second even if clients do not answer. Idempotent."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        closed = asyncio.ensure_future(server.wait_closed())
        await asyncio.wait({closed}, timeout=_STOP_S)
        if not closed.done():
            for task in tuple(self._handlers):
                task.cancel()
            for connection in tuple(self._connections):
                connection.transport.abort()
            await asyncio.wait({closed}, timeout=_STOP_S / 2)
        if not closed.done():
            closed.cancel()
            with suppress(asyncio.CancelledError):
                await closed

    # --- What goes out ---

    def publish_audio(self, frame0: int, ns0: int, block: AudioBlock) -> None:
        """Hand a block of shape (channels, frames) to everyone who listens; frame0, ns0 as in bridge.driver.Block."""
        if self._fanout.wanted(Stream.AUDIO):
            rate = (self._hello or self._conductor.hello()).sample_rate
            self._fanout.send(wire.encode_audio(frame0, ns0, rate, block), Stream.AUDIO, binary=True)

    def publish_midi(self, events: Sequence[wire.MidiEvent]) -> None:
        if events and self._fanout.wanted(Stream.MIDI):
            self._fanout.send(wire.encode(wire.midi(events)), Stream.MIDI)

    def publish_status(self, status: wire.Status) -> None:
        if self._fanout.wanted(Stream.STATUS):
            self._fanout.send(wire.encode(status), Stream.STATUS)

    def publish_moves(self, moves: Sequence[wire.Move]) -> None:
        if moves and self._fanout.wanted(Stream.STATUS):
            self._fanout.send(wire.encode(wire.Moved(tuple(moves))), Stream.STATUS)

    def announce(self) -> None:
        """Send hello again if the conductor's has changed (tracks, sample rate); commands do so by themselves."""
        hello = self._conductor.hello()
        if hello != self._hello:
            self._hello = hello
            self._fanout.send(wire.encode(hello), Stream.ANSWER)

    def health(self) -> dict[str, Any]:
        """What /healthz answers."""
        total = self._fanout.total()
        return {
            "ok": True,
            "server": self._conductor.hello().server,
            "protocol": wire.PROTOCOL_VERSION,
            "status": self._conductor.status().status,
            "clients": self.clients,
            "sent": {"messages": total.messages, "bytes": total.bytes},
            "dropped": {"audio": total.audio_dropped, "clients": total.thrown_out},
            "faults": dict(self.faults),
        }

    # --- What comes in ---

    def _connect(self, *args: Any, **kwargs: Any) -> _Connection:
        return _Connection(self._connections, self.faults, *args, **kwargs)

    async def _serve(self, connection: ServerConnection) -> None:
        outlet = Outlet(connection.transport, lambda: connection.protocol.state is State.OPEN)
        cast(_Connection, connection).outlet = outlet
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._handlers.add(task)
        self._fanout.add(outlet)
        try:
            self._hello = self._hello or self._conductor.hello()
            _answer(outlet, self._hello)
            self.announce()
            _answer(outlet, self._conductor.status())
            async for data in connection:
                await self._receive(outlet, data)
        except ConnectionClosed as closed:
            code = closed.sent.code if closed.sent is not None else None
            self.faults["too_big" if code == 1009 else "broken"] += 1
        finally:
            self._fanout.remove(outlet)
            self._handlers.discard(task)

    async def _receive(self, outlet: Outlet, data: str | bytes) -> None:
        """One message. A client's are carried out one after another, those of different clients side by side."""
        try:
            if isinstance(data, bytes):
                raise MessageError(f"a binary message of {len(data)} bytes is not understood: send JSON as text")
            message = wire.decode_client(data)
        except MessageError as refusal:
            self.faults["bad_message"] += 1
            kind, number = wire.request_of(data)
            _answer(outlet, wire.Error(str(refusal), kind, number))
            return
        kind = type(message).__name__.lower()
        try:
            await self._carry_out(outlet, message)
        except SidemanError as refusal:
            _answer(outlet, wire.Error(str(refusal), kind, message.id))
        except Exception as fault:
            _log.exception("%s failed", kind)
            text = f"{kind} failed inside Sideman ({type(fault).__name__}): its log says where; the music goes on"
            _answer(outlet, wire.Error(text, kind, message.id))
        else:
            if message.id is not None and not isinstance(message, wire.Ping | wire.Parameters):
                _answer(outlet, wire.Ok(kind, message.id))

    async def _carry_out(self, outlet: Outlet, message: wire.ClientMessage) -> None:
        match message:
            case wire.Ping():
                _answer(outlet, wire.Pong(clock_ns(), message.t, message.id))
                return
            case wire.Subscribe():
                for stream, wanted in zip(Stream, (message.audio, message.midi, message.status), strict=False):
                    if wanted is not None:
                        outlet.subscribe(stream, wanted)
                return
            case wire.Parameters():
                _answer(outlet, wire.ParameterList(parameters=tuple(self._conductor.parameters(message.match)),
                                                   id=message.id))
                return
            case wire.Keep():
                await self._conductor.keep()
                return
            case wire.Set():
                await self._conductor.set(message.values, message.ramp)
                return
            case wire.Generate():
                await self._conductor.generate(message.params)
            case wire.Modify():
                await self._conductor.modify(message.params, message.at)
            case wire.Locate():
                await self._conductor.locate(message.bar)
            case wire.Play():
                await self._conductor.play()
            case wire.Stop():
                await self._conductor.stop()
        self.announce()
        self.publish_status(self._conductor.status())

    # --- HTTP ---

    def _respond(self, connection: ServerConnection, request: Request) -> Response | None:
        """The answer to a request, or None to go on to the WebSocket handshake."""
        method = getattr(request, "method", "GET")
        path = request.path.partition("?")[0]
        if (refusal := self._stranger(request.headers)) is not None:
            self.faults["refused"] += 1
            return _text(HTTPStatus.FORBIDDEN, refusal, method)
        if method not in ("GET", "HEAD"):
            return _text(HTTPStatus.METHOD_NOT_ALLOWED, f"{method} is not served here: use GET", method)
        if path == SOCKET_PATH:
            if request.headers.get("Upgrade", "").lower() != "websocket":
                text = f"{SOCKET_PATH} speaks WebSocket: connect to {self.socket_url}; the page is at /"
                return _text(HTTPStatus.UPGRADE_REQUIRED, text, method)
            if self.clients >= self._max_clients:
                self.faults["refused"] += 1
                text = f"{self.clients} clients are connected, which is the most that are served: try again later"
                return _text(HTTPStatus.SERVICE_UNAVAILABLE, text, method)
            return None
        if path == "/healthz":
            return _reply(HTTPStatus.OK, "application/json", msgspec.json.encode(self.health()), method)
        if path in self._files:
            content_type, body = self._files[path]
            return _reply(HTTPStatus.OK, content_type, body, method)
        return _text(HTTPStatus.NOT_FOUND, f"nothing is here: the page is at /, the socket at {SOCKET_PATH}", method)

    def _stranger(self, headers: Headers) -> str | None:
        """Why a browser's request does not come from our own page, or None if it does (or from no browser).

        Two ways in for a foreign page: a socket opened across sites, which its Origin tells, and a name of its own
        that it points to this machine (DNS rebinding), which the Host tells: that must be an address or a name of ours.
        """
        hosts, origins = headers.get_all("Host"), headers.get_all("Origin")
        if len(hosts) > 1 or len(origins) > 1:
            return "a request has one Host and at most one Origin"
        host = _hostname(f"//{hosts[0]}") if hosts else None
        if hosts and (host is None or not self._ours(host)):
            return f"Host {hosts[0][:80]!a} is not this machine: call it by its address, localhost or its own name"
        if origins:
            origin = _hostname(origins[0])
            if origin is None or not (origin == host or (_loopback(origin) and host and _loopback(host))):
                return f"pages of {origins[0][:80]!a} may not talk to Sideman: open its own page at {self.url}"
        return None

    def _ours(self, host: str) -> bool:
        return host in self._names or _loopback(host) or _is_address(host)


class _Connection(ServerConnection):
    """A connection that tells its outlet when the transport is full and when it has drained."""

    outlet: Outlet | None = None

    def __init__(self, register: set[_Connection], faults: Counter[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._register = register
        self._faults = faults

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        super().connection_made(transport)
        self._register.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._register.discard(self)
        if self.request is None:
            self._faults["bad_handshake"] += 1
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.outlet is not None:
            self.outlet.full = True

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.outlet is not None:
            self.outlet.drained()


def web_files() -> Mapping[str, tuple[str, bytes]]:
    """The page's files as the package holds them: URL path -> (content type, body). Nothing else can be asked for."""
    found: dict[str, tuple[str, bytes]] = {}
    for entry in resources.files("bridge.web").iterdir():
        content_type = _CONTENT_TYPES.get(entry.name[entry.name.rfind(".") :])
        if content_type is not None and entry.is_file():
            found[f"/{entry.name}"] = (content_type, entry.read_bytes())
    if "/index.html" in found:
        found["/"] = found["/index.html"]
    return found


def _answer(outlet: Outlet, message: wire.ServerMessage) -> None:
    outlet.put(frame_of(wire.encode(message), binary=False), Stream.ANSWER)


def _text(status: HTTPStatus, text: str, method: str) -> Response:
    return _reply(status, "text/plain; charset=utf-8", f"{text}\n".encode(), method)


def _reply(status: HTTPStatus, content_type: str, body: bytes, method: str) -> Response:
    headers = Headers({
        "Date": formatdate(usegmt=True),
        "Connection": "close",
        "Content-Length": str(len(body)),
        "Content-Type": content_type,
        **_SAFETY,
    })
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = "GET, HEAD"
    if status is HTTPStatus.UPGRADE_REQUIRED:
        headers["Upgrade"] = "websocket"
    return Response(status.value, status.phrase, headers, b"" if method == "HEAD" else body)


def _hostname(address: str) -> str | None:
    with suppress(ValueError):
        return urlsplit(address).hostname
    return None


def _is_address(host: str) -> bool:
    with suppress(ValueError):
        ipaddress.ip_address(host)
        return True
    return False


def _loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _spoken(host: str) -> str:
    """The host as one types it into a browser."""
    if host in ("0.0.0.0", "::", "") or _loopback(host):
        return "localhost" if host != "::1" else "[::1]"
    return f"[{host}]" if ":" in host else host
