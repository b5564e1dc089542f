"""Beside the engine: what one Sideman says, published on a NATS server for as many relays as want it.

A process of its own, so that the one that plays needs no library more, and no NATS server, however slow, is near it:
for the engine's server this is one client like others. nats_line.py names the subjects.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from bridge.errors import DeviceError, MessageError, SidemanError
from bridge.relay.address import Address
from bridge.relay.follow import follow
from bridge.relay.line import Pass
from bridge.relay.nats_line import RENEW_S, ask_subject, audio_subject, text_subject
from bridge.relay.nats_link import Heard, NatsLink
from bridge.relay.node import REPEAT_S
from bridge.relay.stage import RelayStage
from bridge.relay.upstream import Upstream
from bridge.stream import wire
from instruments.system_clock import clock_ns

_ASKS = 256
"""That may wait for the engine at a time."""
_TAKEN_S = 1.0
_AGAIN_S = 1.0


class Publisher:
    """An `Ear`. All of it belongs to one event loop.

    addresses  where the music is to be had; target: the NATS server's, with the name under which it is published
    asked      format and block of what comes and so of what is published; ours: what lets us in there
    tell       is given a line when something comes and goes
    """

    def __init__(self, addresses: Sequence[Address], target: Address, *, asked: wire.Subscribe,
                 ours: Pass = Pass(),  # noqa: B008 - a value
                 tell: Callable[[str], None] = lambda _: None) -> None:
        self.stage = RelayStage()
        self.dropped = 0
        """Blocks of audio that the NATS server did not take in time."""
        self._addresses = addresses
        self._target = target
        self._asked = asked
        self._ours = ours
        self._tell = tell
        self._link: NatsLink | None = None
        self._asks: set[asyncio.Task[None]] = set()
        self._stems: dict[str, tuple[float, frozenset[str]]] = {}
        self._told_of_drops = 0
        self._frames = 0
        self._first = asyncio.Event()

    async def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Until it is cancelled. Raises DeviceError where the name is published already, or no NATS server answers at
        the start; later it waits for one."""
        following = asyncio.create_task(follow(self._addresses, self, self._asked, self._ours))
        first = asyncio.create_task(self._first.wait())
        repeating: asyncio.Task[None] | None = None
        try:
            self._link = await self._open()
            await asyncio.wait({following, first}, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                following.result()
            repeating = asyncio.create_task(self._repeat())
            await self._serve(self._link)
            started()
            while True:
                ends: tuple[asyncio.Future[Any], ...] = following, self._link.ended
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                if following.done():
                    following.result()
                self._tell(f"{self._target.shown}: {self._link.ended.result()}; tried again until it comes")
                await self._link.close()
                self._link = await self._reopen()
                self._tell(f"{self._target.shown} is back")
        finally:
            for task in (following, first, repeating):
                if task is not None:
                    task.cancel()
            for ask in tuple(self._asks):
                ask.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(following, first, *((repeating,) if repeating else ()), return_exceptions=True)
            if self._link is not None:
                self._text(b"")
                await self._link.close()

    async def _open(self) -> NatsLink:
        link = NatsLink(self._target)
        await link.open()
        answered = asyncio.Event()

        def answer(heard: Heard) -> None:
            if not heard.nobody:
                answered.set()
            nobody.set()

        nobody = asyncio.Event()
        inbox = link.new_inbox()
        try:
            off = await link.listen(inbox, answer)
        except DeviceError:
            await link.close()
            raise
        link.publish(ask_subject(self._target.name), wire.encode(wire.Ping()), inbox)
        with suppress(TimeoutError):
            await asyncio.wait_for(nobody.wait(), _TAKEN_S)
        await off()
        if answered.is_set():
            await link.close()
            raise DeviceError(f"{self._target.shown} is published already: give another name after the /, or stop the "
                              "other `sideman relay --to`")
        return link

    async def _reopen(self) -> NatsLink:
        while True:
            link = NatsLink(self._target)
            try:
                await link.open()
                self._link = link  # for answers, from the first ask on
                await self._serve(link)
                return link
            except DeviceError:
                await link.close()
                await asyncio.sleep(_AGAIN_S)

    async def _serve(self, link: NatsLink) -> None:
        await link.listen(ask_subject(self._target.name), self._asked_for)
        link.publish(text_subject(self._target.name), b"")

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(REPEAT_S)
            if not self.stage.up:
                self._text(wire.encode(self.stage.status()))
            self._forget()

    # --- As an Ear ---

    def joined(self, upstream: Upstream) -> None:
        self.stage.join(upstream)
        self._tell("the music is here")
        self._first.set()
        self._text(wire.encode(self.stage.hello()))
        self._text(wire.encode(self.stage.status()))

    def changed(self, hello: wire.Hello) -> None:
        self.stage.change(hello)
        self._text(wire.encode(self.stage.hello()))
        self._forget()

    def tell(self, message: wire.Status | wire.Midi | wire.Moved | wire.Lost | wire.Learning) -> None:
        if isinstance(message, wire.Status):
            self.stage.hear(message)
        self._text(wire.encode(message))

    def audio(self, head: wire.AudioHead, message: bytes) -> None:
        if self._link is None:
            return
        dropped = self._link.publish(audio_subject(self._target.name, head.stream), message, audio=True)
        self.dropped += dropped
        self._frames += dropped * head.frames
        if not dropped and self._frames and self._link.connected:
            self._text(wire.encode(wire.Lost(self.dropped - self._told_of_drops, self._frames)))
            self._told_of_drops, self._frames = self.dropped, 0

    def left(self, why: str) -> None:
        if self.stage.up or not self.stage.joins:
            self._tell(f"the music is away, tried again until it comes: {why}")
        self.stage.leave(why)
        if self.stage.joins:
            self._text(wire.encode(self.stage.status()))

    # --- What relays ask ---

    def _asked_for(self, heard: Heard) -> None:
        if not heard.reply:
            return
        try:
            message = wire.decode_client(heard.data)
        except MessageError as refusal:
            kind, number = wire.request_of(heard.data)
            self._answer(heard.reply, wire.Error(str(refusal), kind, number))
            return
        match message:
            case wire.Ping():
                self._answer(heard.reply, wire.Pong(clock_ns(), message.t, message.id))
            case wire.Subscribe():
                self._subscribe(heard.reply, message)
            case _ if len(self._asks) >= _ASKS:
                kind = type(message).__name__.lower()
                text = f"{kind}: {_ASKS} requests wait for the engine already: ask again in a moment"
                self._answer(heard.reply, wire.Error(text, kind, message.id))
            case _:
                task = asyncio.get_running_loop().create_task(self._forward(heard.reply, message))
                self._asks.add(task)
                task.add_done_callback(self._asks.discard)

    async def _forward(self, reply: str, message: wire.ClientMessage) -> None:
        kind = type(message).__name__.lower()
        try:
            answer = await self.stage.forward(message)
            answer = msgspec.structs.replace(answer, id=message.id)
        except SidemanError as refusal:
            answer = wire.Error(str(refusal), kind, message.id)
        self._answer(reply, answer)

    def _subscribe(self, reply: str, message: wire.Subscribe) -> None:
        """With an id it comes from a relay that waits for an answer; without, it greets, or renews what it has said."""
        if message.audio is not None and self.stage.joins:
            self._answer(reply, self.stage.hello())
            self._answer(reply, self.stage.status())
        if message.stems is not None:
            now = asyncio.get_running_loop().time()
            self._stems[reply] = now, frozenset(message.stems)
            self._forget()
        if message.id is not None:
            self._answer(reply, wire.Ok("subscribe", message.id))

    def _forget(self) -> None:
        """Stems that no relay has asked for of late, or that are no more."""
        before = asyncio.get_running_loop().time() - 3 * RENEW_S
        self._stems = {reply: entry for reply, entry in self._stems.items() if entry[0] > before}
        known = {track.name for track in self.stage.hello().tracks}
        wanted = frozenset(name for _, names in self._stems.values() for name in names if name in known)
        if wanted != self.stage.stems:
            self.stage.hear_stems(wanted)

    def _answer(self, reply: str, message: wire.ServerMessage) -> None:
        if self._link is not None:
            self._link.publish(reply, wire.encode(message))

    def _text(self, data: bytes) -> None:
        if self._link is not None:
            self._link.publish(text_subject(self._target.name), data)
