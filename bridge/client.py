"""A client in Python, with the names of the JavaScript one: generate, modify, stop, on("audio", ...)."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import ssl as tls
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self, TypeAlias, get_args

import msgspec
from websockets.exceptions import ConnectionClosed

from bridge.errors import DeviceError, MessageError
from bridge.parameter_paths import ParameterInfo
from bridge.stream import wire
from bridge.stream.dial import Call, Caller
from bridge.stream.opus import OpusReader
from bridge.stream.playback import Playback
from bridge.stream.resampling import AHEAD
from bridge.stream.server_clock import FIRST_EVERY_S, READY, ServerClock
from bridge.stream.sync import EarlySchedule, Mode, SyncSchedule
from bridge.stream.tls import client_context
from bridge.stream.tokens import bearer, own_token
from instruments.system_clock import clock_ns

Topic: TypeAlias = Literal["audio", "stem", "midi", "status", "meters", "moved", "lost", "learning", "hello", "error",
                           "close", "connection"]
Callback: TypeAlias = Callable[[Any], object]

_log = logging.getLogger("sideman.client")


class _Played(NamedTuple):
    playback: Playback
    schedule: SyncSchedule | None
    track: str | None


class MusicClient:
    """Plays Sideman from a program. All of it belongs to one event loop.

        async with MusicClient("ws://localhost:3000/music") as client:
            client.on("audio", lambda audio: record(audio.samples))
            await client.generate({"genre": "jazz", "key": "C", "tempo": 120, "duration": 32})
            await client.wait_closed()

    Callbacks get wire values: on "audio" an `Audio` (samples float32, (channels, frames)) of the mix, on "stem" one of
    a track (stream: its number in `hello.tracks`, from 1), on "midi" a tuple of `MidiEvent`, on "status" a `Status`, on
    "meters" a `Meters`, on "moved" a tuple of `Move`, on "lost" a `Lost`, on "learning" a `Learning`, on "hello" a
    `Hello`, on "error" an `Error`, on "close" the close code and reason as text, on "connection" "connecting", "open"
    or "closed". They are called on the event loop and must return soon; what one raises is logged and counted in
    `callback_faults`. Only what has a callback is asked of the server.

    playback() gives sound to play at a device's pace; `clock` is the server's, while it is kept: with keep_clock, or
    while a playback in sync is there.

    audio_format  "float32", "int16" (half the bytes) or "opus" (a tenth; needs sideman[opus] here and there)
    block         frames in a message, at least: 64 (least latency) to 2048 (least work)
    buffer_ms     sound that the server keeps for this client while it does not read
    stems         tracks whose own sound comes, to "stem"
    token         for a server that wants one; default: $SIDEMAN_TOKEN, or of the file that $SIDEMAN_TOKEN_FILE names
    ssl           for wss: a context, or the file of a certificate to trust, and no other (a self-signed one)
    reconnect     come back by itself after a loss (not after a connect() that failed)
    others        further addresses of the same music (relays), tried in turn when `url` does not answer
    keep_clock    keep `clock` also without a playback in sync, for due_ns()
    now_ns        our monotonic clock
    """

    def __init__(self, url: str = "ws://localhost:3000/music", *, audio_format: wire.SampleFormat = "float32",
                 block: wire.BlockFrames = 512, buffer_ms: int = 200, stems: Sequence[str] = (),
                 answer_timeout_s: float = 10.0, token: str | None = None,
                 ssl: tls.SSLContext | str | Path | None = None, reconnect: bool = False, others: Sequence[str] = (),
                 keep_clock: bool = False, now_ns: Callable[[], int] = clock_ns) -> None:
        """Raises MessageError for "opus" where nothing here reads it; TokenError, TlsError for a token or certificate
        that is none."""
        headers = bearer(own_token(os.environ) if token is None else token)
        context = client_context(Path(ssl).expanduser()) if isinstance(ssl, str | Path) else ssl
        caller = Caller(self._hear, self._connecting, self._begin, self._opened, self._closed)
        self._call = Call(caller, (url, *others), headers, context, reconnect=reconnect, patience_s=answer_timeout_s)
        self._sound = wire.Subscribe(format=audio_format, block=block, buffer=buffer_ms, stems=list(stems))
        self._readers: dict[int, OpusReader] = {}
        if audio_format == "opus":
            OpusReader()
        self.hello: wire.Hello | None = None
        self.status: wire.Status | None = None
        self.clock = ServerClock()
        self.callback_faults = 0
        self._keep_clock = keep_clock
        self._now_ns = now_ns
        self._answer_timeout_s = answer_timeout_s
        self._callbacks: dict[str, list[Callback]] = {topic: [] for topic in get_args(Topic)}
        self._played: list[_Played] = []
        self._pinger: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[wire.Ok | wire.Pong | wire.ParameterList]] = {}
        self._ids = itertools.count(1)
        self._asked: wire.Subscribe | None = None
        self._asking: int | None = 0
        """The number of the first subscription, until it is answered: sound before that is not what was asked for."""

    @property
    def url(self) -> str:
        """The address that answered last, or is to be tried first."""
        return self._call.url

    @property
    def closing(self) -> bool:
        """Whether close() was called: what ends then does not come back."""
        return self._call.closing

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def connect(self) -> wire.Hello:
        """Connect and wait for the server's hello; the first request does so by itself. Raises DeviceError."""
        await self._call.open()
        assert self.hello is not None
        return self.hello

    async def close(self) -> None:
        """Idempotent. Not from a callback: it waits for what calls them."""
        await self._call.close()

    async def wait_closed(self) -> None:
        """Until close(), or the end of the connection where it is not to come back."""
        await self._call.wait_closed()

    def on(self, topic: Topic, callback: Callback) -> Callable[[], None]:
        """Call `callback` with each message of `topic`; returns what takes it off again."""
        if topic not in self._callbacks:
            raise ValueError(f"topic {topic!r} is not known: use one of {', '.join(self._callbacks)}")
        self._callbacks[topic].append(callback)
        self._resubscribe()

        def off() -> None:
            if callback in self._callbacks[topic]:
                self._callbacks[topic].remove(callback)
                self._resubscribe()

        return off

    def playback(self, rate: int, mode: Mode = "sync", *, track: str | None = None, offset_ms: float = 0.0) -> Playback:
        """The mix, or a track alone, for a device of `rate` Hz: its thread calls pull() of what this gives.

        "sync": each frame together with all clients that play in sync; "low-latency": as soon as may be. offset_ms:
        heard so much later than others (earlier, if negative), for what a device does not tell of its latency.
        """
        schedule = SyncSchedule(self.clock, offset_ns=round(offset_ms * 1e6)) if mode == "sync" else None
        if schedule is not None and self.hello is not None:
            schedule.latency_ns = self.hello.sync_latency_ms * 1_000_000
        playback = Playback(schedule or EarlySchedule(AHEAD), rate)
        self._played.append(_Played(playback, schedule, track))
        self._tend_clock()
        self._resubscribe()
        return playback

    def end_playback(self, playback: Playback) -> None:
        """It gets nothing more. Idempotent."""
        self._played = [played for played in self._played if played.playback is not playback]
        self._resubscribe()

    def due_ns(self, audio: wire.Audio) -> int | None:
        """When, by our own clock, the first frame of a block is to be heard in sync with all others; None while the
        clock is not known well enough, or not kept."""
        if self.hello is None or not self.clock.ready:
            return None
        return self.clock.to_local(audio.ns0 + self.hello.sync_latency_ms * 1_000_000)

    async def generate(self, params: dict[str, Any] | None = None, **more: Any) -> None:
        """Compose afresh and play; the names of wire.GenerateParams as in JSON (timeSignature) or Python.

        Raises MessageError with the server's words when it refuses.
        """
        await self._request(wire.Generate(params=_params(wire.GenerateParams, "generate", params, more)))

    async def modify(self, params: dict[str, Any] | None = None, *, at: wire.At = "bar", **more: Any) -> None:
        """Change what plays; the names of wire.ModifyParams. at: heard from the next "bar" or "beat" on.

        Raises MessageError when the server refuses.
        """
        await self._request(wire.Modify(params=_params(wire.ModifyParams, "modify", params, more), at=at))

    async def set(self, values: Mapping[str, float | str], ramp: float | None = None) -> None:
        """Turn parameters by path, in `ramp` seconds: set({"mixer.bass.gain_db": -6}). Raises MessageError."""
        await self._request(wire.Set(values=dict(values), ramp=ramp))

    async def parameters(self, match: str | None = None) -> tuple[ParameterInfo, ...]:
        """What can be turned, with unit, range and value; those whose path holds all words of `match`."""
        answer = await self._request(wire.Parameters(match=match))
        assert isinstance(answer, wire.ParameterList)
        return answer.parameters

    async def stop(self) -> None:
        await self._request(wire.Stop())

    async def play(self) -> None:
        await self._request(wire.Play())

    async def locate(self, bar: int) -> None:
        """Go to the start of `bar`, counted from 1."""
        await self._request(wire.Locate(bar=bar))

    async def keep(self) -> None:
        """Write recorded layers, and what plug-ins are set to, into the session's own file. Raises MessageError."""
        await self._request(wire.Keep())

    async def learn(self, path: str | None) -> None:
        """The control that is turned next is to turn `path`; None: none is. "learning" tells which. Raises
        MessageError."""
        await self._request(wire.Learn(path=path))

    async def unlearn(self, path: str | None = None) -> None:
        """Take out what turns `path`; None: undo what was learnt last. Raises MessageError."""
        await self._request(wire.Unlearn(path=path))

    async def record(self, on: bool = True, **how: Any) -> None:
        """Record what is played in on armed tracks, or stop; how: loop, mode, quantise, strength, swing, count_in, at
        (see wire.Record). Raises MessageError when the server refuses."""
        await self._request(_checked(wire.Record(on=on, **how)))

    async def arm(self, *tracks: str) -> None:
        """These tracks are recorded, and no others. Raises MessageError."""
        await self._request(_checked(wire.Arm(tracks=list(tracks))))

    async def undo(self) -> None:
        """Take back the last layer. Raises MessageError where there is none."""
        await self._request(wire.Undo())

    async def redo(self) -> None:
        await self._request(wire.Redo())

    async def clear(self, layer: int | None = None, track: str | None = None) -> None:
        """Take away one layer by its number (see status.playing), those of a track, or all. Raises MessageError."""
        await self._request(_checked(wire.Clear(layer=layer, track=track)))

    async def follow(self, *what: str, react: wire.At | None = None, hold: int | None = None) -> None:
        """Of "chords", "dynamics", "melody" those that the band follows, and no others. Raises MessageError."""
        await self._request(_checked(wire.Follow(what=list(what), react=react, hold=hold)))  # type: ignore[arg-type]

    async def ping(self) -> tuple[float, int]:
        """(round trip in s, server's monotonic ns as it was half a round trip ago)."""
        sent = time.perf_counter()
        answer = await self._request(wire.Ping(t=sent))
        assert isinstance(answer, wire.Pong)
        return time.perf_counter() - sent, answer.server_ns

    async def _request(self, message: wire.ClientMessage) -> wire.Ok | wire.Pong | wire.ParameterList:
        await self.connect()
        number = next(self._ids)
        answer: asyncio.Future[wire.Ok | wire.Pong | wire.ParameterList] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            await self._call.send(wire.encode(msgspec.structs.replace(message, id=number)).decode())
            return await asyncio.wait_for(answer, self._answer_timeout_s)
        except (ConnectionClosed, ConnectionError) as problem:
            raise DeviceError(f"the connection to {self.url} ended before it answered: connect again") from problem
        except TimeoutError:
            kind = type(message).__name__.lower()
            raise DeviceError(
                f"{self.url} did not answer {kind} within {self._answer_timeout_s:g} s: look at its status"
            ) from None
        finally:
            del self._answers[number]

    def _resubscribe(self) -> None:
        if self._call.connected:
            self._call.beside(self._subscribe())

    async def _subscribe(self) -> None:
        heard = {topic for topic, callbacks in self._callbacks.items() if callbacks}
        stems = set(self._sound.stems or ()) if "stem" in heard else set()
        stems |= {played.track for played in self._played if played.track is not None}
        wanted = msgspec.structs.replace(
            self._sound, audio="audio" in heard or any(played.track is None for played in self._played),
            midi="midi" in heard, status=not heard.isdisjoint(("status", "moved", "learning")),
            meters="meters" in heard,
            stems=sorted(stems))
        if wanted != self._asked:
            self._asked = wanted
            if self._asking == 0:
                self._asking = next(self._ids)
                wanted = msgspec.structs.replace(wanted, id=self._asking)
            with suppress(ConnectionClosed, ConnectionError):
                await self._call.send(wire.encode(wanted).decode())

    def _tend_clock(self) -> None:
        wanted = self._keep_clock or any(played.schedule is not None for played in self._played)
        if wanted and self._call.connected and (self._pinger is None or self._pinger.done()):
            self._pinger = self._call.beside(self._ping_on())

    async def _ping_on(self) -> None:
        with suppress(ConnectionClosed, ConnectionError):
            for trip in itertools.count():
                await self._call.send(wire.encode(wire.Ping(t=float(self._now_ns()))).decode())
                await asyncio.sleep(FIRST_EVERY_S if trip < READY else self.clock.wait_s)

    # --- what the call tells

    def _connecting(self) -> None:
        self._tell("connection", "connecting")

    async def _begin(self, another: bool) -> None:
        if another:
            self.clock.reset()
        await self._subscribe()

    def _opened(self) -> None:
        self._tend_clock()
        self._tell("connection", "open")

    def _closed(self, reason: str) -> None:
        self._asked = None
        self._asking = 0
        self._readers.clear()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError(reason))
        self._tell("close", reason)
        self._tell("connection", "closed")

    def _hear(self, data: str | bytes) -> None:
        try:
            self._take(data)
        except MessageError as problem:
            self._tell("error", wire.Error(str(problem)))

    def _take(self, data: str | bytes) -> None:
        now_ns = self._now_ns()
        if isinstance(data, bytes):
            if self._asking is not None:
                return
            audio = self._sound_of(data)
            for played in self._played:
                if audio.stream == self._stream(played.track):
                    played.playback.push(audio, now_ns)
            self._tell("audio" if audio.stream == wire.MIX else "stem", audio)
            return
        match message := wire.decode_server(data):
            case wire.Midi():
                self._tell("midi", message.events)
            case wire.Status():
                self.status = message
                self._tell("status", message)
            case wire.Hello():
                self.hello = message
                for played in self._played:
                    if played.schedule is not None:
                        played.schedule.latency_ns = message.sync_latency_ms * 1_000_000
                self._call.greeted()
                self._tell("hello", message)
            case wire.Moved():
                self._tell("moved", message.moves)
            case wire.Meters():
                self._tell("meters", message)
            case wire.Lost():
                self._tell("lost", message)
            case wire.Learning():
                self._tell("learning", message)
            case wire.Error():
                self._resolve(message.id, MessageError(message.message))
                self._tell("error", message)
            case wire.Pong() if message.id is None and message.t is not None:
                sent_ns = round(message.t)
                if sent_ns <= now_ns:
                    self.clock.add(sent_ns, message.server_ns, now_ns)
            case wire.Ok() | wire.Pong() | wire.ParameterList():
                self._resolve(message.id, message)

    def _stream(self, track: str | None) -> int | None:
        """The number of a track's stream, or of the mix."""
        if track is None:
            return wire.MIX
        names = [info.name for info in self.hello.tracks] if self.hello is not None else []
        return names.index(track) + 1 if track in names else None

    def _sound_of(self, data: bytes) -> wire.Audio:
        if not wire.is_packet(data):
            return wire.decode_audio(data)
        packet = wire.decode_packet(data)
        return self._readers.setdefault(packet.stream, OpusReader()).read(packet)

    def _resolve(self, number: int | None, outcome: wire.Ok | wire.Pong | wire.ParameterList | MessageError) -> None:
        if number is not None and number == self._asking:
            self._asking = None
        answer = self._answers.get(number) if number is not None else None
        if answer is None or answer.done():
            return
        if isinstance(outcome, MessageError):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)

    def _tell(self, topic: Topic, value: object) -> None:
        for callback in tuple(self._callbacks[topic]):
            try:
                callback(value)
            except Exception:
                self.callback_faults += 1
                _log.exception("a callback on %r failed", topic)


def _checked(message: wire.PlayAlong) -> wire.ClientMessage:
    """As the server would have it: raises MessageError with its words."""
    return wire.decode_client(wire.encode(message))


def _params(kind: Any, request: str, params: dict[str, Any] | None, more: dict[str, Any]) -> Any:
    """Params from JSON or Python names, checked here as the server would: raises MessageError with the same words."""
    names: dict[str, str] = dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))
    given = {names.get(name, name): value for name, value in {**(params or {}), **more}.items()}
    try:
        text = msgspec.json.encode({"type": request, "params": given})
    except (TypeError, ValueError) as problem:
        raise MessageError(f"{request}: the parameters cannot be sent ({problem}): use numbers, text, lists") from None
    message = wire.decode_client(text)
    assert isinstance(message, wire.Generate | wire.Modify)
    return message.params
