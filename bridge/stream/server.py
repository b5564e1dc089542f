"""The page and the socket on one port: HTTP for the page, /healthz, /metrics, /protocol.json; WebSocket at /music.

Runs on the event loop of the main process. It never waits for a client and never touches the engine: commands go to a
`Conductor`, audio, notes and status come in by the publish methods.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import ssl
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any, cast

import msgspec
from websockets.asyncio.server import Server as SocketServer
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from bridge.errors import DeviceError, MessageError, SidemanError
from bridge.stream import metrics, opus, protocol_doc, wire
from bridge.stream.conductor import Accompanist, Conductor, Forwarder, Learner
from bridge.stream.connection import Allowance, Connection, Register
from bridge.stream.door import Census, Limits, open_door, place_of
from bridge.stream.fanout import Fanout, Outlet, Stream, frame_of
from bridge.stream.gate import Gate, check_allowed, chosen_subprotocol, is_loopback, offered, spoken
from bridge.stream.lanes import Lanes, Wish
from bridge.stream.metrics import Metric
from bridge.stream.pages import JSON, reply, web_files, words
from bridge.stream.tokens import ROLES, Role, TokenFile, Tokens
from instruments.block import AudioBlock
from instruments.system_clock import clock_ns

SOCKET_PATH = "/music"
DEFAULT_PORT = 3000
_PORTS_TRIED = 20
_BACKLOG = 1024
_WRITE_BUFFER = (32 * 1024, 8 * 1024)
_STOP_S = 0.5
_TLS_HANDSHAKE_S = 5.0
_KEYS_S = 1.0
"""How often the token file is looked at."""

_log = logging.getLogger("sideman.server")
_handshakes = logging.getLogger("sideman.server.handshakes")
_handshakes.setLevel(logging.CRITICAL)  # garbage on the port is counted, not printed with a traceback


class Server:
    """Serves page and socket from start() to stop(). All methods belong to the event loop's thread.

    host           address to listen on; "127.0.0.1" is reached from this machine alone
    port           first port to try; 0 lets the system choose
    explicit_port  whether somebody asked for exactly this port: then no other will do
    allowed_hosts  further names by which browsers may call this server (behind a proxy)
    tokens         who knows one may talk to it; None: everybody who reaches it, which is for this machine alone
    tls            makes it https and wss
    """

    def __init__(
        self,
        conductor: Conductor | Forwarder,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        explicit_port: bool = False,
        *,
        allowed_hosts: Sequence[str] = (),
        limits: Limits = Limits(),  # noqa: B008 - a value
        tokens: Tokens | TokenFile | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.faults: Counter[str] = Counter()
        """What clients did wrong, by kind: bad_message, too_big, broken, bad_handshake, refused, crowd (too many
        without a handshake), unread (answers that were not read), unauthorized (no token, or a wrong one), forbidden (a
        listener's commands), turned_away (too many or too fast from an address, or in all)."""
        self._conductor = conductor
        self._explicit_port = explicit_port
        self._limits = limits
        self._census = Census(limits)
        self._gate = Gate(host, allowed_hosts, tokens)
        self._tls = tls
        self._listeners: set[Outlet] = set()
        """Clients that may only listen."""
        self._keys: asyncio.Task[None] | None = None
        self._fanout = Fanout()
        self._lanes = Lanes(self._fanout)
        self._files = web_files()
        self._server: SocketServer | None = None
        self._register = Register(self.faults)
        self._stems: dict[Outlet, Sequence[str]] = {}
        """Tracks whose own sound a client hears; and all of them, as the conductor was told last."""
        self._stems_told: frozenset[str] = frozenset()
        self._numbers: Mapping[str, int] = {}
        """Of the tracks, from 1: the stream in an audio header."""
        self._handlers: set[asyncio.Task[Any]] = set()
        self._hello: wire.Hello | None = None

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"{'http' if self._tls is None else 'https'}://{spoken(self.host)}:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"{'ws' if self._tls is None else 'wss'}://{spoken(self.host)}:{self.port}{SOCKET_PATH}"

    @property
    def clients(self) -> int:
        return len(self._fanout)

    async def start(self) -> None:
        """Listen on the port, or on the next free one; `port` says which.

        Raises DeviceError when a port that was asked for is taken, when none of the next is free, when the host is no
        address of this machine, or one that others reach and there are no tokens.
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
                if self._gate.guarded:
                    self._keys = asyncio.create_task(self._heed_keys())
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
        door = open_door(self.host, port, self._census, self._turned_away)
        try:
            address = door.getsockname()[0]
            if not self._gate.guarded and not is_loopback(address):
                raise DeviceError(f"on {address} others could take over the music: give tokens (`sideman token make`), "
                                  "or listen on 127.0.0.1")
            return await serve(
                self._serve,
                sock=door,
                ssl=self._tls,
                process_request=self._respond,
                select_subprotocol=chosen_subprotocol,
                create_connection=cast("type[ServerConnection]", self._connect),
                compression=None,
                max_size=self._limits.message_bytes,
                max_queue=4,
                write_limit=_WRITE_BUFFER,
                open_timeout=5,
                close_timeout=5,
                server_header=None,
                logger=_handshakes,
                backlog=_BACKLOG,
                ssl_handshake_timeout=None if self._tls is None else _TLS_HANDSHAKE_S,
            )
        except BaseException:
            door.close()
            raise

    def _turned_away(self) -> None:
        self.faults["turned_away"] += 1

    async def _heed_keys(self) -> None:
        """Who came in by a token that is one no longer, or has another role now, is disconnected."""
        while True:
            await asyncio.sleep(_KEYS_S)
            if self._gate.renewed():
                _log.info("other tokens: clients with the old ones are disconnected")
                for connection in tuple(self._register.all):
                    if connection.role is not None and connection.role != self._gate.role(connection.digest):
                        connection.transport.abort()

    async def stop(self) -> None:
        """Close every connection and the port, within a second even if clients do not answer. Idempotent."""
        server, self._server = self._server, None
        if server is None:
            return
        if self._keys is not None:
            self._keys.cancel()
        server.close()
        closed = asyncio.ensure_future(server.wait_closed())
        await asyncio.wait({closed}, timeout=_STOP_S)
        if not closed.done():
            for task in tuple(self._handlers):
                task.cancel()
            for connection in tuple(self._register.all):
                connection.transport.abort()
            await asyncio.wait({closed}, timeout=_STOP_S / 2)
        if not closed.done():
            closed.cancel()
            with suppress(asyncio.CancelledError):
                await closed

    # --- What goes out ---

    def publish_audio(self, frame0: int, ns0: int, block: AudioBlock) -> None:
        """Hand a block of the mix, of shape (channels, frames), to everyone who listens; frame0, ns0 as in
        bridge.driver.Block. It may be kept until a message is full: do not write into it any more."""
        self._publish(wire.MIX, frame0, ns0, block)

    def publish_stem(self, track: str, frame0: int, ns0: int, block: AudioBlock) -> None:
        """The same of a track alone, as it goes into the mix. One that is not known is passed over."""
        if (number := self._numbers.get(track)) is not None:
            self._publish(number, frame0, ns0, block)

    def _publish(self, stream: int, frame0: int, ns0: int, block: AudioBlock) -> None:
        if stream in self._lanes.streams:
            self._lanes.publish(stream, frame0, ns0, self._greeting().sample_rate, block)

    def pass_on(self, head: wire.AudioHead, message: bytes, samples: Callable[[], AudioBlock]) -> None:
        """An audio message of another server, whose tracks are ours; samples: what is in it, where somebody needs it
        otherwise than it is."""
        self._lanes.pass_on(head, message, samples)

    def publish_lost(self, lost: wire.Lost) -> None:
        """To all who hear anything: what did not come this far."""
        frame = frame_of(wire.encode(lost), binary=False)
        for outlet, wish in tuple(self._lanes.wishes.items()):
            if wish.streams:
                outlet.put(frame)

    def publish_midi(self, events: Sequence[wire.MidiEvent]) -> None:
        if events and self._fanout.wanted(Stream.MIDI):
            self._fanout.send(wire.encode(wire.midi(events)), Stream.MIDI)

    def publish_status(self, status: wire.Status) -> None:
        if self._fanout.wanted(Stream.STATUS):
            self._fanout.send(wire.encode(status), Stream.STATUS)
        if status.levels is not None and self._fanout.wanted(Stream.METERS):
            self._fanout.send(wire.encode(wire.Meters(status.time, status.levels)), Stream.METERS)

    def publish_moves(self, moves: Sequence[wire.Move]) -> None:
        if moves and self._fanout.wanted(Stream.STATUS):
            self._fanout.send(wire.encode(wire.Moved(tuple(moves))), Stream.STATUS)

    def publish_learning(self, learning: wire.Learning) -> None:
        if self._fanout.wanted(Stream.STATUS):
            self._fanout.send(wire.encode(learning), Stream.STATUS)

    def announce(self) -> None:
        """Send hello again if the conductor's has changed (tracks, sample rate); commands do so by themselves."""
        hello = self._hello_now()
        if hello == self._hello:
            return
        self._hello = hello
        for role in ROLES:
            frame = _greeting_frame(hello, role)
            for outlet in [each for each in self._fanout if self._role(each) == role]:
                outlet.put(frame)
        self._numbers = {track.name: number for number, track in enumerate(hello.tracks, 1)}
        for outlet, wish in tuple(self._lanes.wishes.items()):
            numbers = frozenset(self._numbers[name] for name in self._stems.get(outlet, ()) if name in self._numbers)
            if wish.format == "opus" and (why := opus.refusal(hello.sample_rate)) is not None:
                _answer(outlet, wire.Error(f"{why}; float32 comes instead"))
                wish = wish._replace(format="float32")
            self._lanes.subscribe(outlet, wish._replace(stems=numbers), hello.sample_rate)
        self._tell_stems()

    def _greeting(self) -> wire.Hello:
        """As it was sent last; before the first, as it would be."""
        if self._hello is None:
            self._hello = self._hello_now()
            self._numbers = {track.name: number for number, track in enumerate(self._hello.tracks, 1)}
        return self._hello

    def _hello_now(self) -> wire.Hello:
        return msgspec.structs.replace(self._conductor.hello(), formats=_FORMATS)

    def _tell_stems(self) -> None:
        """Only what is heard is made."""
        wanted = frozenset(name for names in self._stems.values() for name in names if name in self._numbers)
        if wanted != self._stems_told:
            self._conductor.hear_stems(wanted)
            self._stems_told = wanted

    def health(self) -> dict[str, Any]:
        """What /healthz answers."""
        total = self._fanout.counts
        return {
            "ok": True,
            "server": self._conductor.hello().server,
            "protocol": wire.PROTOCOL_VERSION,
            "status": self._conductor.status().status,
            "clients": self.clients,
            "sent": {"messages": total.messages, "bytes": total.bytes},
            "dropped": {"audio": total.audio_dropped, "frames": total.frames_dropped, "clients": total.thrown_out},
            "faults": dict(self.faults),
        }

    def metrics(self) -> Sequence[Metric]:
        """What /metrics answers."""
        total = self._fanout.counts
        return (
            *self._conductor.figures(),
            Metric.gauge("clients", "Clients connected.", self.clients),
            Metric.by("stream_listeners", "gauge", "Clients that hear a stream: 0 is the mix, others are tracks.",
                      "stream", self._lanes.listeners()),
            Metric.counter("sent_messages_total", "Messages handed to the system.", total.messages),
            Metric.counter("sent_bytes_total", "Bytes handed to the system.", total.bytes),
            Metric.counter("dropped_messages_total", "Audio messages dropped: their clients did not keep up.",
                           total.audio_dropped),
            Metric.counter("dropped_frames_total", "Frames of audio dropped so.", total.frames_dropped),
            Metric.counter("thrown_out_total", "Clients disconnected because they did not read.", total.thrown_out),
            Metric.by("client_faults_total", "counter", "What clients did wrong.", "kind", self.faults),
        )

    # --- What comes in ---

    def _connect(self, *args: Any, **kwargs: Any) -> Connection:
        return Connection(self._register, *args, **kwargs)

    async def _serve(self, connection: ServerConnection) -> None:
        assert isinstance(connection, Connection)
        outlet = connection.open_outlet(self._fanout.counts)
        if connection.role != "control":
            self._listeners.add(outlet)
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._handlers.add(task)
        self._fanout.add(outlet)
        allowance = Allowance(asyncio.get_running_loop().time(), self._limits.messages_a_s)
        try:
            self._lanes.subscribe(outlet, Wish(), self._greeting().sample_rate)
            outlet.put(_greeting_frame(self._greeting(), self._role(outlet)))
            self.announce()
            _answer(outlet, self._conductor.status())
            async for data in connection:
                await self._receive(outlet, data)
                if (pause := allowance.spend(asyncio.get_running_loop().time())) > 0:
                    await asyncio.sleep(pause)
        except ConnectionClosed as closed:
            code = closed.sent.code if closed.sent is not None else None
            self.faults["too_big" if code == 1009 else "broken"] += 1
        finally:
            self._lanes.remove(outlet)
            self._fanout.remove(outlet)
            self._listeners.discard(outlet)
            if self._stems.pop(outlet, None) is not None:
                self._tell_stems()
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
            check_allowed(self._role(outlet), message)
        except MessageError as refusal:
            self.faults["forbidden"] += 1
            _answer(outlet, wire.Error(str(refusal), kind, message.id))
            return
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

    def _role(self, outlet: Outlet) -> Role:
        return "listen" if outlet in self._listeners else "control"

    async def _carry_out(self, outlet: Outlet, message: wire.ClientMessage) -> None:
        match message:
            case wire.Ping():
                _answer(outlet, wire.Pong(clock_ns(), message.t, message.id))
                return
            case wire.Subscribe():
                self._subscribe(outlet, message)
                return
        if isinstance(self._conductor, Forwarder):
            answer = await self._conductor.forward(message)
            if not isinstance(answer, wire.Ok):  # that is said by who called
                _answer(outlet, msgspec.structs.replace(answer, id=message.id))
            return
        match message:
            case wire.Parameters():
                _answer(outlet, wire.ParameterList(parameters=tuple(self._conductor.parameters(message.match)),
                                                   id=message.id))
                return
            case wire.Keep():
                await self._conductor.keep()
                return
            case wire.Learn() | wire.Unlearn():
                if not isinstance(self._conductor, Learner):
                    raise MessageError("nothing is learnt in here: `sideman play` a session with a [[control]]")
                await (self._conductor.learn if isinstance(message, wire.Learn) else self._conductor.unlearn)(
                    message.path)
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
            case wire.Record() | wire.Arm() | wire.Undo() | wire.Redo() | wire.Clear() | wire.Follow():
                if not isinstance(self._conductor, Accompanist):
                    raise MessageError("nothing is played in here: `sideman play` a session with an [[input]]")
                await self._conductor.play_along(message)
        self.announce()
        self.publish_status(self._conductor.status())

    def _subscribe(self, outlet: Outlet, asked: wire.Subscribe) -> None:
        """All of it, or nothing where a part is refused: raises MessageError."""
        rate = self._greeting().sample_rate
        wish = self._lanes.wish_of(outlet)
        if asked.format == "opus" and (why := opus.refusal(rate)) is not None:
            raise MessageError(f"subscribe: {why}")
        if asked.stems is not None:
            strange = next((name for name in asked.stems if name not in self._numbers), None)
            if strange is not None:
                raise MessageError(f"subscribe: stems names a track {strange!r} that is not there: give some of "
                                   f"{', '.join(self._numbers) or '(there is none)'}")
            wish = wish._replace(stems=frozenset(self._numbers[name] for name in asked.stems))
        wish = Wish(wish.mix if asked.audio is None else asked.audio, wish.stems, asked.format or wish.format,
                    asked.block or wish.block, asked.buffer or wish.buffer_ms)
        if asked.stems is not None:
            before = self._stems.get(outlet, ())
            self._stems[outlet] = tuple(asked.stems)
            try:
                self._tell_stems()
            except SidemanError:
                self._stems[outlet] = before
                raise
        self._lanes.subscribe(outlet, wish, rate)
        for stream, wanted in ((Stream.MIDI, asked.midi), (Stream.STATUS, asked.status), (Stream.METERS, asked.meters)):
            if wanted is not None:
                (outlet.wants.add if wanted else outlet.wants.discard)(stream)

    # --- HTTP ---

    def _respond(self, connection: ServerConnection, request: Request) -> Response | None:
        """The answer to a request, or None to go on to the WebSocket handshake."""
        method = getattr(request, "method", "GET")
        path = request.path.partition("?")[0]
        if (refusal := self._gate.refusal(request.headers, self.url)) is not None:
            self.faults["refused"] += 1
            return words(HTTPStatus.FORBIDDEN, refusal, method)
        if method not in ("GET", "HEAD"):
            return words(HTTPStatus.METHOD_NOT_ALLOWED, f"{method} is not served here: use GET", method)
        if path == SOCKET_PATH:
            if request.headers.get("Upgrade", "").lower() != "websocket":
                text = f"{SOCKET_PATH} speaks WebSocket: connect to {self.socket_url}; the page is at /"
                return words(HTTPStatus.UPGRADE_REQUIRED, text, method)
            return self._admit(cast(Connection, connection), request, method)
        if path == "/healthz":
            role = self._gate.role(offered(request.headers))
            health = {"ok": True} if role is None else {**self.health(), "role": role}
            return reply(HTTPStatus.OK, JSON, msgspec.json.encode(health), method)
        if path == "/protocol.json":
            return reply(HTTPStatus.OK, JSON, protocol_doc.schema(), method)
        if path == "/metrics":
            if self._gate.role(offered(request.headers)) is None:
                return self._unauthorized(method)
            return reply(HTTPStatus.OK, metrics.CONTENT_TYPE, metrics.text(self.metrics()).encode(), method)
        if path in self._files:
            content_type, body = self._files[path]
            return reply(HTTPStatus.OK, content_type, body, method)
        return words(HTTPStatus.NOT_FOUND, f"nothing is here: the page is at /, the socket at {SOCKET_PATH}", method)

    def _admit(self, connection: Connection, request: Request, method: str) -> Response | None:
        """None for one who may come in as a client, and is counted as one from now on."""
        digest = offered(request.headers)
        role = self._gate.role(digest)
        if role is None:
            return self._unauthorized(method)
        if self.clients >= self._limits.clients:
            self.faults["refused"] += 1
            text = f"{self.clients} clients are connected, which is the most that are served: try again later"
            return words(HTTPStatus.SERVICE_UNAVAILABLE, text, method)
        peer = connection.remote_address
        place = place_of(str(peer[0])) if peer else None
        if not self._census.client_enters(place):
            self.faults["refused"] += 1
            text = f"{self._limits.clients_per_address} clients are connected from {place}, the most: close one"
            return words(HTTPStatus.TOO_MANY_REQUESTS, text, method)
        connection.admitted(role, digest, lambda: self._census.client_leaves(place))
        return None

    def _unauthorized(self, method: str) -> Response:
        self.faults["unauthorized"] += 1
        text = ("a token is wanted: open the link that Sideman printed, or send `Authorization: Bearer TOKEN` "
                "(`sideman token show`)")
        answer = words(HTTPStatus.UNAUTHORIZED, text, method)
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer


_FORMATS = wire.FORMATS if opus.available() else wire.FORMATS[:2]


def _answer(outlet: Outlet, message: wire.ServerMessage) -> None:
    outlet.put(frame_of(wire.encode(message), binary=False))


def _greeting_frame(hello: wire.Hello, role: Role) -> bytes:
    """A relay that may only listen has no clients who may do more."""
    role = "listen" if hello.role == "listen" else role
    return frame_of(wire.encode(msgspec.structs.replace(hello, role=role)), binary=False)
