"""Music that somebody publishes on a NATS server (see publisher.py), heard as if it came over a connection of its own.

Subjects, NAME being the address's:

    sideman.NAME.text      what all hear: hello, status, midi, moved, lost, as JSON; an empty message: join again
    sideman.NAME.audio.N   audio messages of stream N, 0 being the mix
    sideman.NAME.ask       a client's messages, each answered to its reply subject
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bridge.errors import DeviceError
from bridge.relay.address import Address
from bridge.relay.line import Hear
from bridge.relay.nats_link import Heard, NatsLink
from bridge.stream import wire

RENEW_S = 5.0
"""How often a relay repeats what it has subscribed to; a publisher forgets one that has not for three times that."""


def text_subject(name: str) -> str:
    return f"sideman.{name}.text"


def ask_subject(name: str) -> str:
    return f"sideman.{name}.ask"


def audio_subject(name: str, stream: int) -> str:
    return f"sideman.{name}.audio.{stream}"


class NatsLine:
    """A `Line`."""

    def __init__(self, address: Address, link: NatsLink) -> None:
        self._address = address
        self._link = link
        self._inbox = link.new_inbox()
        self._hear: Hear | None = None
        self._wish: wire.Subscribe | None = None
        self._answered = False
        self._streams: dict[int, Callable[[], Awaitable[None]]] = {}

    @staticmethod
    async def open(address: Address) -> NatsLine:
        """Raises DeviceError."""
        link = NatsLink(address)
        await link.open()
        line = NatsLine(address, link)
        try:
            await link.listen(line._inbox, line._take)
            await link.listen(text_subject(address.name), line._take)
            await line.hear_streams(frozenset({wire.MIX}))
        except DeviceError:
            await link.close()
            raise
        return line

    async def run(self, hear: Hear) -> str:
        self._hear = hear
        renewing = asyncio.create_task(self._renew())
        try:
            return await asyncio.shield(self._link.ended)
        finally:
            renewing.cancel()

    async def send(self, message: wire.ClientMessage) -> None:
        if self._link.ended.done():
            raise DeviceError(f"{self._address.shown}: {self._link.ended.result()}")
        if isinstance(message, wire.Subscribe):
            self._wish = wire.Subscribe(stems=message.stems)
        self._link.publish(ask_subject(self._address.name), wire.encode(message), self._inbox)

    async def hear_streams(self, numbers: frozenset[int]) -> None:
        for number in numbers - self._streams.keys():
            self._streams[number] = await self._link.listen(audio_subject(self._address.name, number),
                                                            self._take_audio, audio=True)
        for number in self._streams.keys() - numbers:
            await self._streams.pop(number)()

    async def close(self) -> None:
        await self._link.close()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            if self._wish is not None:
                self._link.publish(ask_subject(self._address.name), wire.encode(self._wish), self._inbox)

    def _take(self, heard: Heard) -> None:
        if self._hear is None or self._link.ended.done():
            return
        if heard.nobody:
            if self._answered:  # the NATS server was started again, and we are back before who publishes is
                return
            self._end(f"nobody publishes {self._address.name!r} there: start `sideman relay URL --to "
                      f"{self._address.shown}` beside the engine")
        elif not heard.data:
            self._end("who publishes it has ended, or was started again")
        else:
            self._answered = True
            self._hear(heard.data.decode("utf-8", "replace"))

    def _take_audio(self, heard: Heard) -> None:
        if self._hear is None or self._link.ended.done():
            return
        if heard.missed:
            frames = wire.audio_head(heard.data).frames
            self._hear(wire.encode(wire.Lost(heard.missed, heard.missed * frames)).decode())
        self._hear(heard.data)

    def _end(self, why: str) -> None:
        if not self._link.ended.done():
            self._link.ended.set_result(why)
