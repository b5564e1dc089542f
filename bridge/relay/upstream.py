"""One connection to where the music comes from: asks and answers, its clock, and what it says, in our time."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Protocol

import msgspec

from bridge.errors import DeviceError, MessageError
from bridge.relay.line import Line
from bridge.stream import wire
from bridge.stream.server_clock import ServerClock
from instruments.system_clock import clock_ns

PATIENCE_NS = 4_000_000_000
"""A far side that answers no ping for so long has gone, whatever its connection says: one of the pings that TCP sends
again comes through within 3 s (RFC 6298: after 1 s, then 2 s more)."""
ANSWER_S = 8.0
"""Less than what MusicClient waits for its own answer: it then hears why."""


MAX_RELAYS = 8
"""In a row. Relays that hear each other in a ring count up to it, and then look elsewhere."""

_log = logging.getLogger("sideman.relay")


class Ear(Protocol):
    """Who hears an upstream. All of it is called on the event loop and returns at once."""

    def joined(self, upstream: Upstream) -> None:
        """`hello`, `status` and clock are known: from now on the others are called."""
        ...

    def changed(self, hello: wire.Hello) -> None: ...

    def tell(self, message: wire.Status | wire.Midi | wire.Moved | wire.Lost | wire.Learning) -> None: ...

    def audio(self, head: wire.AudioHead, message: bytes) -> None:
        """As it came, but for the time in it, which is of our clock."""
        ...

    def left(self, why: str) -> None:
        """It has ended, or could not be reached at all; another will follow."""
        ...


class Upstream:
    """Runs on `line` until that ends.

    wish  what is asked for; its stems are those of hear_stems()
    """

    def __init__(self, line: Line, ear: Ear, wish: wire.Subscribe, *, now_ns: Callable[[], int] = clock_ns) -> None:
        self.clock = ServerClock()
        self.hello: wire.Hello | None = None
        self.status: wire.Status | None = None
        self.faults = 0
        """Messages that could not be read or handed on: those of a later version, and broken ones."""
        self._line = line
        self._ear = ear
        self._wish = wish
        self._now_ns = now_ns
        self._joined = False
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[wire.ServerMessage]] = {}
        self._pings: dict[int, int] = {}
        self._heard_ns = 0
        self._ring: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._stems: tuple[str, ...] = ()
        self._resubscribing: asyncio.Task[None] | None = None

    async def run(self) -> str:
        """Until it ends: why. The ear's left() is the caller's to call."""
        self._heard_ns = self._now_ns()
        tasks: tuple[asyncio.Future[str], ...] = (
            asyncio.ensure_future(self._line.run(self._hear)), asyncio.ensure_future(self._keep_time()), self._ring)
        why = "it ended"
        try:
            await self._line.send(self._wish)
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            why = next(task for task in tasks if task.done()).result()
        except DeviceError as problem:
            why = str(problem)
        finally:
            for task in tasks:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks, return_exceptions=True)
            await self._line.close()
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(DeviceError(f"the connection ended before it answered ({why}): ask again"))
        return why

    async def ask(self, message: wire.ClientMessage) -> wire.ServerMessage:
        """The answer. Raises MessageError with the far side's words where it refuses, DeviceError where it does not
        answer."""
        number = next(self._ids)
        answer: asyncio.Future[wire.ServerMessage] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            await self._line.send(msgspec.structs.replace(message, id=number))
            said = await asyncio.wait_for(answer, ANSWER_S)
        except TimeoutError:
            kind = type(message).__name__.lower()
            raise DeviceError(f"{kind}: no answer came from the engine within {ANSWER_S:g} s: look at its status") \
                from None
        finally:
            del self._answers[number]
        if isinstance(said, wire.Error):
            raise MessageError(said.message)
        return said

    def hear_stems(self, tracks: Collection[str]) -> None:
        """These, and no others; what the far side says to it comes as a notice, if it refuses."""
        self._stems = tuple(sorted(tracks))
        if self._resubscribing is None or self._resubscribing.done():
            self._resubscribing = asyncio.get_running_loop().create_task(self._resubscribe())

    async def _resubscribe(self) -> None:
        told: tuple[str, ...] | None = None
        while told != self._stems:
            told = self._stems
            tracks = self.hello.tracks if self.hello is not None else ()
            numbers = frozenset(n for n, track in enumerate(tracks, 1) if track.name in told)
            try:
                await self._line.hear_streams(numbers | {wire.MIX})
                await self.ask(wire.Subscribe(stems=list(told)))
            except MessageError as refusal:
                self._refused(str(refusal))
            except DeviceError:
                return

    def _refused(self, why: str) -> None:
        if self.status is not None:
            notice = wire.Notice("warning", why)
            self._ear.tell(msgspec.structs.replace(self.status, notices=(*self.status.notices, notice)))

    async def _keep_time(self) -> str:
        while True:
            now = self._now_ns()
            if now - self._heard_ns > PATIENCE_NS:
                return f"it has not answered for {PATIENCE_NS // 1_000_000_000} s"
            number = next(self._ids)
            self._pings[number] = self._now_ns()
            try:
                await self._line.send(wire.Ping(id=number))
            except DeviceError as problem:
                return str(problem)
            await asyncio.sleep(self.clock.wait_s)

    def _hear(self, data: str | bytes) -> None:
        now = self._now_ns()
        try:
            if isinstance(data, bytes):
                self._hear_audio(data)
            else:
                self._hear_text(wire.decode_server(data), now)
        except MessageError:
            self.faults += 1
        except Exception:
            self.faults += 1
            if self.faults == 1:
                _log.exception("a message could not be handed on")

    def _hear_audio(self, data: bytes) -> None:
        if self._joined:
            head = wire.audio_head(data)
            ns0 = self.clock.to_local(head.ns0)
            self._ear.audio(head._replace(ns0=ns0), wire.retimed(data, ns0))

    def _hear_text(self, message: wire.ServerMessage, now_ns: int) -> None:
        match message:
            case wire.Pong():
                sent = self._pings.pop(message.id, None) if message.id is not None else None
                if sent is not None:
                    self._heard_ns = now_ns
                    self.clock.add(sent, message.server_ns, now_ns)
            case wire.Hello():
                self.hello = message
                if message.relays >= MAX_RELAYS and not self._ring.done():
                    self._ring.set_result(f"{message.relays} relays lie between it and the engine: is it a ring?")
                elif self._joined:
                    self._ear.changed(message)
                    if self._stems:
                        self.hear_stems(self._stems)  # whose numbers may be others now
            case wire.Status() | wire.Midi() | wire.Moved() | wire.Lost() | wire.Learning():
                if isinstance(message, wire.Status):
                    self.status = message
                if self._joined:
                    self._ear.tell(message)
            case wire.Meters():
                pass  # our server makes them from status
            case _:
                answer = self._answers.get(message.id) if message.id is not None else None
                if answer is not None and not answer.done():
                    answer.set_result(message)
        known = self.hello is not None and self.status is not None and self.clock.ready
        if known and not self._joined and not self._ring.done():
            self._joined = True
            self._ear.joined(self)
