"""A relay: hears one upstream, serves clients of its own with the page, the socket and the clock of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from bridge.relay.address import Address
from bridge.relay.follow import follow
from bridge.relay.line import Pass
from bridge.relay.stage import RelayStage
from bridge.relay.upstream import Upstream
from bridge.stream import wire
from bridge.stream.conductor import Forwarder
from bridge.stream.opus import OpusReader
from bridge.stream.server import Server
from instruments.block import AudioBlock

REPEAT_S = 1.0
"""Without an upstream, status is told so often."""
BUFFER_MS = 500
"""Of sound that the upstream keeps for a relay that does not read for a moment."""


def wish(audio_format: wire.SampleFormat = "float32", block: wire.BlockFrames = 128) -> wire.Subscribe:
    """What a relay asks of its upstream. Raises MessageError for Opus where nothing here reads it: clients may want it
    otherwise."""
    if audio_format == "opus":
        OpusReader()
    return wire.Subscribe(audio=True, midi=True, status=True, meters=False, stems=[], format=audio_format, block=block,
                          buffer=BUFFER_MS)


class Relay:
    """An `Ear` with a server. All of it belongs to one event loop.

    addresses  where the music is to be had, the best first
    asked      see wish(): format and block of what comes; clients who want just that get it as it came
    ours       what lets us in there
    serve      makes the server of a stage, with its host, port and tokens
    tell       is given a line when the upstream comes and goes
    """

    def __init__(self, addresses: Sequence[Address], serve: Callable[[Forwarder], Server], *, asked: wire.Subscribe,
                 ours: Pass = Pass(),  # noqa: B008 - a value
                 tell: Callable[[str], None] = lambda _: None) -> None:
        self.stage = RelayStage()
        self.server = serve(self.stage)
        self._addresses = addresses
        self._asked = asked
        self._ours = ours
        self._tell = tell
        self._first = asyncio.Event()
        self._readers: dict[int, OpusReader] = {}
        self._repeating: asyncio.TimerHandle | None = None

    async def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Until it is cancelled; serves from when the upstream is heard first. Raises DeviceError where the port is
        taken, and where the upstream refuses us."""
        following = asyncio.create_task(follow(self._addresses, self, self._asked, self._ours))
        first = asyncio.create_task(self._first.wait())
        try:
            await asyncio.wait({following, first}, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                following.result()
            await self.server.start()
            started()
            await following
        finally:
            if self._repeating is not None:
                self._repeating.cancel()
            for task in (following, first):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(following, first, return_exceptions=True)
            await self.server.stop()

    # --- As an Ear ---

    def joined(self, upstream: Upstream) -> None:
        self._readers.clear()
        self.stage.join(upstream)
        self._tell("the music is here")
        self._first.set()
        self.server.announce()
        self.server.publish_status(self.stage.status())

    def changed(self, hello: wire.Hello) -> None:
        self.stage.change(hello)
        self.server.announce()

    def tell(self, message: wire.Status | wire.Midi | wire.Moved | wire.Lost | wire.Learning) -> None:
        match message:
            case wire.Status():
                self.stage.hear(message)
                self.server.publish_status(message)
            case wire.Midi():
                self.server.publish_midi(message.events)
            case wire.Moved():
                self.server.publish_moves(message.moves)
            case wire.Lost():
                self.server.publish_lost(message)
            case wire.Learning():
                self.server.publish_learning(message)

    def audio(self, head: wire.AudioHead, message: bytes) -> None:
        self.server.pass_on(head, message, partial(self._samples, head, message))

    def left(self, why: str) -> None:
        if self.stage.up or not self.stage.joins:
            self._tell(f"the music is away, tried again until it comes: {why}")
        self.stage.leave(why)
        self._repeat()

    def _repeat(self) -> None:
        if self._repeating is not None:
            self._repeating.cancel()
        if self.stage.joins and not self.stage.up:
            self.server.publish_status(self.stage.status())
            self._repeating = asyncio.get_running_loop().call_later(REPEAT_S, self._repeat)

    def _samples(self, head: wire.AudioHead, message: bytes) -> AudioBlock:
        if head.format != "opus":
            return wire.decode_audio(message).samples
        return self._readers.setdefault(head.stream, OpusReader()).read(wire.decode_packet(message)).samples


